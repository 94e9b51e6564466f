"""Laws of the noise beside the stable one: paths of the experiment file, which reads them by other code, and every error."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import levy_escape as le

SETTINGS: dict[str, tuple[Callable[..., le.Noise], dict[str, Any]]] = {
    "gaussian": (le.Gaussian, {"gaussian": {}}),
    "isotropic gaussian": (
        lambda **level: le.Gaussian(isotropic=True, **level),
        {"gaussian": {}, "structure": "isotropic"},
    ),
    "skewed": (lambda **level: le.Skewed(1.5, -0.5, **level), {"skewed": {"alpha": 1.5, "beta": -0.5}}),
    "tempered": (lambda **level: le.Tempered(1.4, 3, **level), {"tempered": {"alpha": 1.4, "cutoff": 3.0}}),
    "truncated": (lambda **level: le.Truncated(1.4, 6, **level), {"truncated": {"alpha": 1.4, "at": 6.0}}),
    "student_t": (lambda **level: le.StudentT(3, **level), {"student_t": {"degrees": 3.0}}),
}


def experiment(noise: dict[str, Any], dynamics: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {
        "name": "law",
        "seed": 5,
        "paths": 60,
        "figures": [],
        "noise": noise,
        "dynamics": dynamics,
        "basin": {
            "name": "b",
            "potential": {"quadratic": {"curvature": [4.0, 1.0]}},
            "domain": {"box": [[-0.5, 0.5], [-0.4, 0.6]]},
        },
        **others,
    }


def problem(noise: le.Noise, dynamics: le.Dynamics | None = None) -> le.Problem:
    return le.Problem(le.Quadratic([4, 1]), le.Box([-0.5, -0.4], [0.5, 0.6]), noise, dynamics)


def found(content: dict[str, Any], out: Path) -> Any:
    pytest.importorskip("pandas")
    return le.run(content, out).escapes()["time"]


@pytest.mark.parametrize("name", list(SETTINGS))
def test_step_optimisers_take_every_law(name: str, tmp_path: Path) -> None:
    build, settings = SETTINGS[name]
    content = experiment({**settings, "eta": 0.1, "amplitude": [1.5, 0.5]}, {"sgd_steps": {"momentum": 0.5}})
    noise = build(eta=0.1, amplitude=[1.5, 0.5])
    result = le.escape_times(problem(noise, le.SgdSteps(0.1, momentum=0.5)), 60, seed=5, scheme="steps")
    np.testing.assert_array_equal(found(content, tmp_path), result.times)


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("gaussian", "euler"),
        ("skewed", "euler"),
        ("tempered", "euler"),
        ("truncated", "euler"),
        ("tempered", "jump_adapted"),
        ("truncated", "jump_adapted"),
    ],
)
def test_schemes_take_the_laws_of_motions(name: str, scheme: str, tmp_path: Path) -> None:
    build, settings = SETTINGS[name]
    content = experiment({**settings, "epsilon": 0.3}, {"sgd": {}}, scheme={scheme: {}})
    result = le.escape_times(problem(build(epsilon=0.3)), 60, seed=5, scheme=scheme)
    np.testing.assert_array_equal(found(content, tmp_path), result.times)


def test_every_law_has_its_own_paths() -> None:
    """Two laws that agree would mean a parameter that is lost on the way."""
    steps = le.SgdSteps(0.1)
    noises = [build(eta=0.1) for name, (build, _) in SETTINGS.items()]
    noises += [le.StableNoise(2, eta=0.1), le.StableNoise(1.4, eta=0.1), le.Empirical([[1, 2], [-3, 1]], eta=0.1)]
    noises += [le.Skewed(1.5, 0.5, eta=0.1), le.Tempered(1.4, 6, eta=0.1), le.StudentT(4, eta=0.1)]
    paths = [le.escape_times(problem(noise, steps), 30, scheme="steps").times.tobytes() for noise in noises]
    assert len(set(paths)) == len(paths)


def test_levels_and_indices() -> None:
    assert le.StudentT(3, eta=0.01).epsilon == pytest.approx(0.1)
    assert le.Truncated(1.5, 8, eta=1e-3).epsilon == pytest.approx(0.1)
    assert le.Gaussian(0.2).alpha == 2
    assert le.Tempered(1.4, 3, 0.1).alpha == 1.4
    assert le.StudentT(3, 0.1).alpha is None
    assert le.Empirical([[1.0], [2.0]], 0.1).alpha is None


def test_a_step_draws_one_of_the_vectors_whole() -> None:
    """One step out of a small box: the side and axis are those of a vector, each in its share within 4.5 standard errors."""
    vectors = np.array([[9.0, 0.1], [-9.0, 0.1], [0.1, 9.0], [0.1, 9.0]])
    noise = le.Empirical(vectors, eta=0.1)
    box = le.Problem(le.Quadratic([1, 1]), le.Box([-0.5, -0.5], [0.5, 0.5]), noise, le.SgdSteps(0.1))
    n = 4_000
    result = le.escape_times(box, n, scheme="steps")
    assert set(result.events.tolist()) == {1}
    shares = [np.mean((result.axis == axis) & (result.side == side)) for axis, side in ((0, 1), (0, -1), (1, 1))]

    def fits(shares: Any) -> bool:
        bounds = zip(shares, (0.25, 0.25, 0.5), strict=True)
        return all(abs(share - p) < 4.5 * math.sqrt(p * (1 - p) / n) for share, p in bounds)

    assert fits(shares), shares
    # The twin: draws with slightly wrong weights are rejected.
    assert not fits(np.random.default_rng(1).multinomial(n, [0.21, 0.25, 0.54]) / n)


def test_the_measured_vectors_of_a_calibration(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    gradients = rng.standard_t(2, (50, 3)) * [1.0, 0.5, 0.2]
    calibration = le.Calibration.from_gradients(gradients, [4.0, -1.0, 1.0], eta=0.05)
    vectors = calibration.noise_vectors()
    np.testing.assert_array_equal(vectors, (gradients - gradients.mean(axis=0))[:, [0, 2]])
    noise = le.Empirical(calibration)
    assert noise == le.Empirical(vectors, eta=0.05)
    assert noise.dim == 2
    calibration.save(tmp_path / "mine")
    again = le.Calibration.read(tmp_path / "mine")
    assert le.Empirical(again, label="sgd") == noise
    again.save(tmp_path / "copy")
    assert le.Empirical(le.Calibration.read(tmp_path / "copy")) == noise
    source = {"calibration": "mine"}
    content = experiment({"empirical": source, "eta": 0.05}, {"sgd_steps": {}})
    content["basin"] = {"name": "b", "potential": {"calibrated": source}, "domain": {"box": {"half_width": 0.2}}}
    steps = le.SgdSteps(0.05)
    result = le.escape_times(calibration.problem(0.2, steps).replace(noise=noise), 60, seed=5, scheme="steps")
    np.testing.assert_array_equal(found(content, tmp_path), result.times)
    (tmp_path / "copy" / "sgd-noise.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"sgd-noise\.npy"):
        le.Empirical(le.Calibration.read(tmp_path / "copy"))
    np.save(tmp_path / "copy" / "sgd-noise.npy", np.ones((4, 3)))
    with pytest.raises(ValueError, match=r"shape \(4, 3\), not \(batches, 2\)"):
        le.Empirical(le.Calibration.read(tmp_path / "copy"))


def test_a_calibration_without_vectors_says_so(tmp_path: Path) -> None:
    calibration = le.Calibration.from_gradients([[1.0], [2.0], [4.0]], [1.0], eta=0.1)
    minimum = calibration._content["runs"][0]["minimum"]
    del minimum["noise_file"]
    old = le.Calibration(calibration._content)
    with pytest.raises(ValueError, match="holds no noise vectors; make it again"):
        le.Empirical(old)
    minimum["noise_file"] = "../noise.npy"
    with pytest.raises(ValueError, match="is not in the folder of the calibration"):
        le.Calibration(calibration._content, folder=tmp_path).noise_vectors()


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "no level": (lambda: le.StudentT(3), "pass either epsilon or eta"),
    "two levels": (lambda: le.Gaussian(0.1, eta=0.1), "pass either epsilon or eta"),
    "degrees": (lambda: le.StudentT(-1, 0.1), "the degrees of freedom -1 are not a finite number of at least 0.1"),
    "degrees nan": (lambda: le.StudentT(math.nan, 0.1), "the degrees of freedom NaN"),
    "cutoff": (lambda: le.Tempered(1.5, 0, 0.1), "cutoff = 0 is not a finite number of at least 0.001"),
    "at": (lambda: le.Truncated(1.5, -1, 0.1), "at = -1 is not a finite number"),
    "alpha of tempered": (lambda: le.Tempered(1.97, 1, 0.1), "tempered noise: α = 1.97 is outside [0.4, 1.95]"),
    "alpha of truncated": (lambda: le.Truncated(0.3, 1, 0.1), "truncated noise: α = 0.3 is outside [0.4, 1.95]"),
    "beta": (lambda: le.Skewed(1.5, 2, 0.1), "the skewness β = 2 is outside [-1, 1]"),
    "alpha of skewed": (lambda: le.Skewed(1, 0.5, 0.1), "where the law is strictly stable"),
    "amplitude": (lambda: le.StudentT(3, 0.1, amplitude=[[[1.0]]]), "amplitude has 3 dimensions"),
    "one vector": (lambda: le.Empirical([[1.0]], 0.1), "there are fewer than two vectors"),
    "vectors": (lambda: le.Empirical([1.0, 2.0], 0.1), "vectors have the shape (2,), not (vectors, coordinates)"),
    "no coordinates": (lambda: le.Empirical(np.empty((3, 0)), 0.1), "the values are not whole vectors"),
    "zeros": (lambda: le.Empirical([[0.0], [0.0]], 0.1), "all values are zero"),
    "nan": (lambda: le.Empirical([[0.0], [math.nan]], 0.1), "a value is not finite"),
    "label": (lambda: le.Empirical([[1.0], [2.0]], 0.1, label="sgd"), "label = 'sgd' chooses a run of a calibration"),
    "dimension": (
        lambda: problem(le.Empirical([[1.0], [2.0]], eta=0.1), le.SgdSteps(0.1)),
        "empirical noise: the vectors have 1 coordinates, the basin has dimension 2",
    ),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_a_parameter_without_a_law_is_refused(name: str) -> None:
    build, message = REFUSED[name]
    with pytest.raises(ValueError) as error:
        build()
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("noise", "scheme", "message"),
    [
        (le.Skewed(1.5, 0.5, 0.1), "jump_adapted", "jump_adapted takes SαS, tempered and truncated noise, and this noise is skewed"),
        (le.StudentT(3, 0.1), "jump_adapted", "this noise is student_t"),
        (le.Gaussian(0.1), "jump_adapted", "jump_adapted needs α < 2"),
        (le.StudentT(3, eta=0.1), "euler", "euler accepts it with `step = 0.1"),
        (le.StudentT(3, eta=0.1), le.Euler(0.05, discrete=True), "student_t noise is drawn once per step and drives no SDE"),
        (le.Empirical([[1, 1], [2, 2]], eta=0.1), le.Euler(0.1), "and discrete monitoring only"),
        (le.Tempered(1.5, 0.002, 1.0), le.Euler(10), "cutoff = "),
    ],
)  # fmt: skip
def test_a_scheme_says_which_law_it_does_not_take(noise: le.Noise, scheme: str | le.Scheme, message: str) -> None:
    with pytest.raises(ValueError) as error:
        le.escape_times(problem(noise), 10, scheme=scheme)
    assert message in str(error.value)


def test_the_theory_says_which_law_it_does_not_cover() -> None:
    with pytest.raises(ValueError, match="student_t noise is drawn once per step"):
        le.predict(problem(le.StudentT(3, eta=0.1)))
    # Half the jumps of a skewed law with β = 1 are missing on one side, and all are on the other.
    skewed, stable = (le.predict(problem(n)) for n in (le.Skewed(1.5, 1, 0.1), le.StableNoise(1.5, 0.1)))
    np.testing.assert_allclose(skewed.side_rates, stable.side_rates * [0, 2], rtol=1e-12)
