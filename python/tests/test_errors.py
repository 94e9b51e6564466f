"""Every parameter out of range is a ValueError with the library's message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import levy_escape as le

NOISE = le.StableNoise(1.5, 0.1)
BOWL = le.Quadratic([1, 1])

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "alpha too large": (lambda: le.StableNoise(2.5, 0.1), "tail index α = 2.5 is outside (0, 2]"),
    "alpha nan": (lambda: le.StableNoise(float("nan"), 0.1), "tail index α = NaN is outside (0, 2]"),
    "epsilon": (lambda: le.StableNoise(1.5, -1), "noise level ε = -1 is not a positive finite number"),
    "eta": (lambda: le.StableNoise(1.5, eta=0), "learning rate η = 0 is not a positive finite number"),
    "no level": (lambda: le.StableNoise(1.5), "pass either epsilon or eta"),
    "two levels": (lambda: le.StableNoise(1.5, 0.1, eta=0.1), "pass either epsilon or eta"),
    "unit gaussian": (lambda: le.StableNoise(2, 0.1, measure="unit"), "the unit measure needs α < 2"),
    "measure": (lambda: le.StableNoise(1.5, 0.1, measure="other"), "measure = 'other'"),  # type: ignore[arg-type]
    "amplitude of rank 3": (lambda: le.StableNoise(1.5, 0.1, amplitude=[[[1.0]]]), "amplitude has 3 dimensions"),
    "factors": (
        lambda: le.StableNoise(1.5, 0.1, amplitude=([1, 1], [[1.0]], [[1.0], [1.0]])),
        "do not fit a diagonal of length 2",
    ),
    "curvature": (lambda: le.Quadratic([1, -1]), "curvature -1 of axis 1 is not a non-negative finite number"),
    "empty curvature": (lambda: le.Quadratic([]), "a landscape needs at least one dimension"),
    "hessian": (lambda: le.Quadratic([[1, 2], [3, 4]]), "must be a symmetric 2 × 2 matrix"),
    "indefinite": (lambda: le.Quadratic([[1, 2], [2, 1]]), "not positive definite"),
    "curvature of rank 3": (lambda: le.Quadratic([[[1.0]]]), "curvature has 3 dimensions"),
    "minimum": (lambda: le.Quadratic([1, 1], minimum=[0]), "minimum has 1 entries, the landscape has dimension 2"),
    "minimum nan": (lambda: le.Quadratic(1, minimum=[float("nan")]), "minimum holds NaN"),
    "sides": (lambda: le.Asymmetric([1, 1], [1]), "right has 1 entries, the landscape has dimension 2"),
    "well order": (lambda: le.DoubleWell((1, -1)), "left minimum < saddle < right minimum"),
    "stiffness": (lambda: le.DoubleWell(stiffness=0), "stiffness 0 is not a positive finite number"),
    "well": (lambda: le.DoubleWell(well="middle"), "well = 'middle'"),
    "formula": (lambda: le.Expression("x^2 +"), "column 6 of the formula"),
    "name in a formula": (lambda: le.Expression("b*x^2"), 'unknown name "b"'),
    "no minimum": (lambda: le.Expression("x^3", start=[-1]), "no minimum is found"),
    "another minimum": (lambda: le.Expression("x^4/4 - x^2/2", minimum=[0.5]), "is not a minimum"),
    "saddle": (
        lambda: le.Problem(le.Expression("x^4/4 - x^2/2", minimum=[0]), le.Interval(-0.5, 0.5), NOISE),
        "the potential falls along",
    ),
    "flat": (lambda: le.Flat(0), "a landscape needs at least one dimension"),
    "centre": (lambda: le.Flat(2, minimum=[1]), "minimum has 1 entries"),
    "empty interval": (
        lambda: le.Problem(le.Quadratic(1), le.Interval(1, -1), NOISE),
        "the interval [1, -1] of axis 0 is empty",
    ),
    "outside": (
        lambda: le.Problem(le.Quadratic(1), le.Interval(1, 2), NOISE),
        "the minimum [0.0] is not inside the domain",
    ),
    "box": (lambda: le.Problem(BOWL, le.Box([-1], [1]), NOISE), "box has 1 entries, the landscape has dimension 2"),
    "ends": (lambda: le.Box([-1, -1], [1]), "lo has 2 entries, hi has 1"),
    "radius": (lambda: le.Problem(BOWL, le.Ball(0), NOISE), "radius 0 is not a positive finite number"),
    "semi-axes": (lambda: le.Problem(BOWL, le.Ellipsoid([1]), NOISE), "semi_axes has 1 entries"),
    "height": (lambda: le.Problem(BOWL, le.Level(-1), NOISE), "height -1 is not a positive finite number"),
    "flat level": (lambda: le.Problem(le.Flat(2), le.Level(1), NOISE), "a level set needs a potential"),
    "no well": (lambda: le.Problem(BOWL, le.Well(), NOISE), "no saddle that bounds a well"),
    "start": (
        lambda: le.Problem(BOWL, le.Ball(1), NOISE, start=[2, 0]),
        "the start [2.0, 0.0] is not inside the domain",
    ),
    "inset": (lambda: le.Problem(BOWL, le.Ball(1), NOISE, inset=2), "the inset ρ = 2 leaves nothing"),
    "inset of level": (lambda: le.Problem(BOWL, le.Level(1), NOISE, inset=0.1), "needs an interval, a box or a ball"),
    "shape of amplitude": (
        lambda: le.Problem(BOWL, le.Ball(1), le.StableNoise(1.5, 0.1, amplitude=[1, 2, 3])),
        "amplitude Σ is a diagonal of length 3, the basin has dimension 2",
    ),
    "zero amplitude": (
        lambda: le.Problem(BOWL, le.Ball(1), le.StableNoise(1.5, 0.1, amplitude=0)),
        "entries must be finite and not all zero",
    ),
    "decay": (lambda: le.Adam(1.0, eta=0.1), "the decay β1 = 1 is outside its range"),
    "rate": (lambda: le.Adam(rates=(1, 0)), "the rate β2 = 0 is not a positive finite number"),
    "no rate": (le.Adam, "pass either eta"),
    "stabilizer": (lambda: le.Adam(eta=0.1, stabilizer=-1), "the stabilizer ϵ = -1 is negative or not finite"),
    "second moment": (lambda: le.Adam(eta=0.1, second_moment="other"), 'second_moment = "other"'),  # type: ignore[arg-type]
    "gradient noise": (
        lambda: le.Problem(BOWL, le.Ball(1), NOISE, le.Adam(eta=0.1, gradient_noise=[1])),
        "the length of gradient_noise is 1, the basin has dimension 2",
    ),
    "sgd steps": (lambda: le.SgdSteps(0), "the learning rate η = 0 is not a positive finite number"),
    "adam steps": (lambda: le.AdamSteps(0.1, 0.9, 1), "the decay β2 = 1 is outside its range"),
    "stabilizer of steps": (
        lambda: le.AdamSteps(0.1, stabilizer=0),
        "the stabilizer ϵ = 0 is not a positive finite number",
    ),
    "threshold": (lambda: le.JumpAdapted(threshold=0.6), "threshold = 0.6 is outside (0, 0.5]"),
    "step cap": (lambda: le.JumpAdapted(step_cap=2), "step_cap = 2 is outside (0, 1]"),
    "step": (lambda: le.Euler(-0.1), "step = -0.1 is not a positive finite number"),
    "point": (lambda: BOWL.value([1, 2, 3]), "x has 3 entries, the landscape has dimension 2"),
    "points": (lambda: BOWL.gradient([[1, 2]]), "x has 2 dimensions, not 1"),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_a_parameter_out_of_range_is_refused(name: str) -> None:
    build, message = REFUSED[name]
    with pytest.raises(ValueError) as error:
        build()
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"paths": 0}, ValueError, "paths = 0 is outside"),
        ({"paths": 1.5}, TypeError, "paths must be an integer, not float"),
        ({"seed": -1}, ValueError, "seed = -1 is outside"),
        ({"seed": 2**64}, ValueError, "seed = 18446744073709551616 is outside"),
        ({"threads": 0}, ValueError, "threads = 0 is outside"),
        ({"max_time": 0}, ValueError, "max_time = 0 is not positive"),
        ({"max_time": float("nan")}, ValueError, "max_time = NaN is not positive"),
        ({"max_events": 0}, ValueError, "max_events = 0 is outside"),
        ({"scheme": "heun"}, ValueError, "scheme = 'heun' is not"),
        ({"scheme": "steps"}, ValueError, "the SDEs need euler or jump_adapted"),
        ({"on_interrupt": "ignore"}, ValueError, "on_interrupt = 'ignore' is not"),
        ({"paths": 2**60}, MemoryError, "no memory for the records"),
    ],
)
def test_arguments_of_a_run_are_checked(
    problem: le.Problem, arguments: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as error:
        le.escape_times(problem, **{"paths": 10, **arguments})
    assert message in str(error.value)


def test_a_scheme_that_does_not_fit_is_refused(problem: le.Problem) -> None:
    gaussian = problem.replace(noise=le.StableNoise(2, 0.1))
    with pytest.raises(ValueError, match="jump_adapted needs α < 2"):
        le.escape_times(gaussian, 10)
    steps = problem.replace(dynamics=le.SgdSteps(0.1))
    with pytest.raises(ValueError, match="a discrete optimiser takes no scheme"):
        le.escape_times(steps, 10)
    sampled = problem.replace(dynamics=le.Adam(eta=0.1, second_moment="sampled"))
    with pytest.raises(ValueError, match="the sampled second moment needs the noise of every step"):
        le.escape_times(sampled, 10)


def test_parts_of_another_kind_are_refused() -> None:
    with pytest.raises(TypeError, match="domain must be a Domain, not StableNoise"):
        le.Problem(BOWL, NOISE, NOISE)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        le.StableNoise("1.5", 0.1)  # type: ignore[arg-type]
