from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import levy_escape as le

REFERENCE = Path(__file__).parents[2] / "results" / "reference" / "calibrate-digits"


def gradients() -> np.ndarray[Any, np.dtype[np.float64]]:
    """400 batches of 6 parameters, the last of them dead, around a full gradient of .1."""
    rng = np.random.default_rng(4)
    return rng.standard_t(1.6, (400, 6)) * [1.0, 0.5, 0.2, 0.1, 0.05, 0.0] + 0.1


def calibrated(**options: Any) -> le.Calibration:
    settings: dict[str, Any] = {
        "curvature": [1, 2, math.nan, -1, 0.5, 1],
        "eta": 0.05,
        "full_gradient": np.full(6, 0.1),
    }
    return le.Calibration.from_gradients(gradients(), **{**settings, **options})


def test_coordinates_are_ordered_by_noise() -> None:
    calibration = calibrated()
    found = calibration.coordinates
    assert [c["parameter"] for c in found] == [0, 1, 4]
    assert [c["curvature"] for c in found] == [1, 2, 0.5]
    noise = gradients()[:, 1] - 0.1
    assert found[1]["mean_log"] == pytest.approx(np.log(np.abs(noise)).mean())
    assert found[1]["second_moment"] == pytest.approx((gradients()[:, 1] ** 2).mean())
    assert found[1]["zero_share"] == 0
    assert "3 coordinates" in repr(calibration)


def test_a_mapping_gives_some_curvatures() -> None:
    calibration = calibrated(curvature={4: 0.5, 1: 2.0}, v=np.arange(6.0))
    assert [(c["parameter"], c["v"]) for c in calibration.coordinates] == [(1, 1.0), (4, 4.0)]


def test_tail_indices_have_their_surrogates() -> None:
    calibration = calibrated()
    noise = gradients() - 0.1
    expected = le.tail_index(noise, centre="zero", estimators=["mohammadi", "mcculloch"])
    assert calibration.alpha() == expected["alpha"][0]
    assert calibration.alpha("mcculloch") == expected["alpha"][1]
    assert calibration.alpha("mcculloch", surrogate=True) == expected["surrogate"][1]
    with pytest.raises(ValueError, match="no estimator 'hill'"):
        calibration.alpha("hill")


def test_a_calibration_prints_itself() -> None:
    calibration = calibrated(network="<mlp>")
    html = calibration._repr_html_()
    assert "&lt;mlp&gt;" in html
    assert "3 of 6 parameters" in html
    surrogate = calibration.alpha(surrogate=True)
    assert f"{calibration.alpha():.3f}; its Gaussian surrogate {surrogate:.3f}" in html


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"curvature": [1, 2]}, "curvature has the shape (2,)"),
        ({"curvature": {9: 1.0}}, "curvature of parameter 9 of 6 parameters"),
        ({"curvature": [-1] * 6}, "no parameter has noise and a positive curvature"),
        ({"v": [1]}, "v has the shape (1,)"),
        ({"full_gradient": [1]}, "full_gradient has the shape (1,)"),
        ({"eta": 0.0}, "learning rate η = 0.0 is not a positive finite number"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as error:
        calibrated(**options)
    assert message in str(error.value)


def test_gradients_are_checked() -> None:
    with pytest.raises(ValueError, match="gradients have the shape"):
        le.Calibration.from_gradients([1.0, 2.0], [1.0], eta=0.1)
    with pytest.raises(ValueError, match="not finite"):
        le.Calibration.from_gradients([[1.0], [math.inf]], [1.0], eta=0.1)


def test_a_file_is_read_back(tmp_path: Path) -> None:
    calibration = calibrated(parameters=np.arange(6.0))
    file = calibration.save(tmp_path / "mine")
    again = le.Calibration.read(file)
    assert again.coordinates == calibration.coordinates
    assert le.Calibration.read(tmp_path / "mine").alpha() == calibration.alpha()
    table = np.load(tmp_path / "mine" / "sgd.npy")
    np.testing.assert_array_equal(table[:, 0], np.arange(6))
    assert math.isnan(table[5, 1])
    file.write_text(json.dumps({"schema": "another"}))
    with pytest.raises(ValueError, match="is not a calibration"):
        le.Calibration.read(file)


def test_the_programs_own_calibration_is_read() -> None:
    calibration = le.Calibration.read(REFERENCE)
    assert calibration.labels[0] == "sgd"
    assert 1 < calibration.alpha(label="sgd") < 2
    problem = calibration.problem(0.1, le.Sgd(), label="sgd")
    assert problem.dim == len(calibration._coordinates("sgd"))
    with pytest.raises(ValueError, match="label = None is not one of"):
        calibration.alpha()


def test_an_experiment_accepts_the_file(tmp_path: Path) -> None:
    """The cells of the experiment are the problems that the calibration builds here."""
    pytest.importorskip("pandas")
    calibration = calibrated()
    calibration.save(tmp_path / "mine")
    source = {"calibration": "mine"}
    experiment: dict[str, Any] = {
        "name": "measured",
        "seed": 3,
        "paths": 300,
        "noise": {"alpha": {**source, "estimator": "mcculloch"}, "eta": 0.05, "amplitude": source},
        "dynamics": [{"sgd": {}}, {"adam": {"beta1": 0.9, "beta2": 0.999, "gradient_noise": source}}],
        "basin": [{"name": "box", "potential": {"calibrated": source}, "domain": {"box": {"half_width": 2.0}}}],
        "scheme": {"jump_adapted": {}},
    }
    results = le.run(experiment, tmp_path)
    problem = calibration.problem(2.0, le.Sgd(), alpha=calibration.alpha("mcculloch"))
    times = le.escape_times(problem, 300, seed=3).times
    np.testing.assert_allclose(results.escapes(cell=0)["time"], times, rtol=1e-9)
    assert le.predict(problem).rate == pytest.approx(results.summary["theory_rate"][0], rel=1e-12)
