from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import levy_escape as le

PARTS: list[object] = [
    le.Quadratic(4), le.Quadratic([1, 2], minimum=[0.5, 0]), le.Quadratic([[2, 1], [1, 2]]), le.Asymmetric(8, 0.5),
    le.DoubleWell(), le.DoubleWell((-1, 2), 0.5, 3, [1, 2], "right"), le.Flat(3), le.Flat(2, minimum=[1, 1]),
    le.Expression("x^2/2"), le.Expression("a*x^2", [0.0], parameters={"a": 2}), le.Expression("x^4 - x^2", start=[1]),
    le.MultiWell([0, 2], [1], [1, 2]), le.MultiWell([0, 2], [1], [1, 2], [0.5], well=2),
    le.Interval(-1, 2), le.Box([-1, -1], [1, 2]), le.Ball(1), le.Ellipsoid([1, 2]), le.Level(0.1), le.Well(),
    le.Attraction(), le.Until(well=2), le.Until(le.Interval(1, np.inf)), le.Until(le.Box([1, 0], [2, 3])),
    le.StableNoise(1.5, 0.1), le.StableNoise(1.5, eta=0.1, isotropic=True),
    le.StableNoise(1.2, 0.1, amplitude=[1, 2], measure="unit"), le.StableNoise(1.2, 0.1, amplitude=[[1, 2], [3, 4]]),
    le.StableNoise(1.2, 0.1, amplitude=([1, 1], [[1.0], [2.0]], [[1.0], [2.0]])),
    le.Gaussian(0.1), le.Gaussian(eta=0.1, isotropic=True), le.Skewed(1.5, 0.5, 0.1), le.Tempered(1.5, 3, eta=0.1),
    le.Truncated(1.5, 3, eta=0.1), le.Truncated(1.5, 3, eta=0.1, amplitude=2), le.StudentT(3, eta=0.1),
    le.Empirical([[1, 2], [3, 4]], eta=0.1), le.Empirical([[1, 2], [3, 5]], 0.1),
    le.Adam(eta=0.1, second_moment="stable"),
    le.Sgd(), le.Adam(eta=0.1), le.Adam(rates=(1, 0.1), second_moment="frozen", gradient_noise=[1, 2], stabilizer=0),
    le.SgdSteps(0.1), le.AdamSteps(0.1, 0.8, 0.99, stabilizer=1e-6),
    le.SgdSteps(0.1, momentum=0.9, nesterov=True, weight_decay=0.1, decoupled=True), le.SgdSteps(0.1, clip_norm=1),
    le.SgdSteps(0.1, clip_value=1, schedule=("cosine", 10, 0.01)), le.AdamSteps(0.1, amsgrad=True),
    le.RmspropSteps(0.1, momentum=0.5), le.AdagradSteps(0.1, initial=1, schedule=("step", 10, 0.5)),
    le.LionSteps(0.1, weight_decay=0.1),
    le.JumpAdapted(), le.JumpAdapted(0.2, 0.1), le.Euler(), le.Euler(0.1, discrete=True), le.Steps(),
]  # fmt: skip


@pytest.mark.parametrize("part", PARTS, ids=repr)
def test_parts_are_values(part: object) -> None:
    for twin in (pickle.loads(pickle.dumps(part)), copy.deepcopy(part)):
        assert twin == part
        assert hash(twin) == hash(part)
        assert repr(twin) == repr(part)
    assert part != "another"
    assert sum(part == other for other in PARTS) == 1
    assert "<table>" in part._repr_html_()  # type: ignore[attr-defined]


def test_a_part_prints_the_call_that_makes_it() -> None:
    names = {**vars(le), "array": np.array}
    for part in (
        le.Interval(-1, 2),
        le.StableNoise(1.5, 0.1),
        le.Adam(eta=0.1),
        le.Box([-1, -1], [1, 2]),
        le.Quadratic(4),
        le.Until(le.Interval(0.5, 2)),
        le.Until(well=2),
        le.Truncated(1.5, 3, eta=0.1),
        le.Empirical([[1, 2], [3, 4]], eta=0.1),
    ):
        assert eval(repr(part), names) == part


def test_values_and_gradients() -> None:
    tilted = le.Quadratic([[2, 1], [1, 2]], minimum=[1, 0])
    assert tilted.value([2, 1]) == pytest.approx(0.5 * (2 + 1 + 1 + 2))
    np.testing.assert_allclose(tilted.gradient([2, 1]), [3, 3])
    np.testing.assert_array_equal(tilted.minimum, [1, 0])
    assert tilted.dim == 2
    assert le.DoubleWell((-1, 1)).gradient([0.5]) == pytest.approx(0.5**3 - 0.5)
    assert le.Asymmetric(8, 0.5).value([2.0]) == 1.0
    formula = le.Expression("log(cosh(x)) + y**2", minimum=[0, 0])
    assert formula.value([1, 2]) == pytest.approx(np.log(np.cosh(1)) + 4)
    np.testing.assert_allclose(formula.gradient([1, 2]), [np.tanh(1), 4])


def test_arguments_are_copied() -> None:
    curvature = np.array([1.0, 2.0])
    bowl = le.Quadratic(curvature)
    curvature[0] = 9.0
    assert bowl.gradient([1, 1])[0] == 1.0
    assert repr(bowl) == "Quadratic(curvature=[1., 2.])"


def test_a_problem_knows_its_parts(plane: le.Problem) -> None:
    assert plane.potential == le.Quadratic([1, 2])
    assert plane.domain == le.Ball(1)
    assert plane.noise.alpha == 1.5
    assert plane.dynamics == le.Sgd()
    assert plane.dim == 2
    assert plane.sides is None
    assert plane.volume == pytest.approx(np.pi)
    assert plane.contains([0.9, 0])
    assert not plane.contains([0.9, 0.9])
    np.testing.assert_array_equal(plane.start, [0, 0])
    with pytest.raises(ValueError, match="x has 1 entries"):
        plane.contains([0.1])


def test_the_sides_of_a_box() -> None:
    problem = le.Problem(le.Quadratic([1, 1]), le.Box([-1, -2], [3, 4]), le.StableNoise(1.5, 0.1), inset=0.5)
    assert problem.sides is not None
    np.testing.assert_array_equal(problem.sides, [[-0.5, -1.5], [2.5, 3.5]])


def test_a_level_set_on_a_line_is_an_interval() -> None:
    problem = le.Problem(le.Quadratic(2), le.Level(1), le.StableNoise(1.5, 0.1))
    assert problem.sides is not None
    np.testing.assert_allclose(problem.sides, [[-1], [1]])


def test_replace_keeps_the_rest(plane: le.Problem) -> None:
    other = plane.replace(start=[0.1, 0], inset=0.2)
    assert other != plane
    assert other.replace(start=None, inset=0.0) == plane


def test_the_noise_level_of_a_learning_rate() -> None:
    assert le.StableNoise(1.5, eta=1e-3).epsilon == pytest.approx(0.1)


def test_a_numpy_amplitude_of_one_number_is_a_scalar(plane: le.Problem) -> None:
    noise = le.StableNoise(1.5, 0.1, amplitude=np.float64(2))
    assert le.predict(plane.replace(noise=noise)).radon_measure == pytest.approx(2 * 2**1.5)
