"""Targets, basins of attraction, wells, and Adam with the second moment of the law, against the experiment file and closed forms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import levy_escape as le

NOISE = le.StableNoise(1.5, 0.2)
WELLS = le.MultiWell([-1, 0.5, 2], [-0.25, 1], [1, 0.5, 2], well=2)
MULTI = {"minima": [-1.0, 0.5, 2.0], "saddles": [-0.25, 1.0], "depths": [1.0, 0.5, 2.0], "well": 2}
FORMULA = "(x^2-1)^2/4 + (y-x)^2/2"

CASES: dict[str, tuple[le.Potential, le.Domain, dict[str, Any], dict[str, Any], str | le.Scheme]] = {
    "well": (WELLS, le.Until(well=3), {"multi_well": MULTI}, {"until": {"well": 3}}, "jump_adapted"),
    "interval": (
        WELLS,
        le.Until(le.Interval(1.5, 2.5)),
        {"multi_well": MULTI},
        {"until": {"interval": [1.5, 2.5]}},
        "jump_adapted",
    ),
    "box": (
        le.Expression(FORMULA, [-1, -1]),
        le.Until(le.Box([0.5, -1], [1.5, np.inf])),
        {"expression": {"formula": FORMULA, "minimum": [-1.0, -1.0]}},
        {"until": {"box": [[0.5, 1.5], [-1.0, np.inf]]}},
        "euler",
    ),
    "attraction": (
        le.Expression(FORMULA, [-1, -1]),
        le.Attraction(),
        {"expression": {"formula": FORMULA, "minimum": [-1.0, -1.0]}},
        {"attraction": {}},
        le.Euler(0.02, discrete=True),
    ),
    "attraction by jumps": (
        le.Expression(FORMULA, [-1, -1]),
        le.Attraction(),
        {"expression": {"formula": FORMULA, "minimum": [-1.0, -1.0]}},
        {"attraction": {}},
        "jump_adapted",
    ),
    "own well": (WELLS, le.Well(), {"multi_well": MULTI}, {"well": {}}, "jump_adapted"),
}


@pytest.mark.parametrize("name", list(CASES))
def test_paths_are_those_of_the_experiment_file(name: str, tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    potential, domain, potential_table, domain_table, scheme = CASES[name]
    content: dict[str, Any] = {
        "name": "domain",
        "seed": 4,
        "paths": 40,
        "figures": [],
        "noise": {"alpha": 1.5, "epsilon": 0.2},
        "dynamics": {"sgd": {}},
        "basin": {"name": "b", "potential": potential_table, "domain": domain_table},
        "scheme": {scheme: {}} if isinstance(scheme, str) else {"euler": {"step": 0.02, "monitoring": "discrete"}},
    }
    results = le.run(content, tmp_path)
    result = le.escape_times(le.Problem(potential, domain, NOISE), 40, seed=4, scheme=scheme)
    escapes = results.escapes()
    np.testing.assert_array_equal(escapes["time"], result.times)
    np.testing.assert_array_equal(escapes["landed"].fillna(0).astype(int), result.landed)
    if name in ("well", "interval", "box"):
        assert results.hitting["exited"].tolist() == [40]
    if potential == WELLS:
        counts = np.bincount(result.landed, minlength=4)[1:]
        assert results.landings["landed"].tolist() == counts.tolist()


def test_a_target_and_the_wells_of_a_problem() -> None:
    problem = le.Problem(WELLS, le.Until(well=3), NOISE)
    assert problem.target is not None
    assert problem.wells is not None
    np.testing.assert_array_equal(problem.target, [[1.0], [np.inf]])
    np.testing.assert_array_equal(problem.wells[0], [-1, 0.5, 2])
    np.testing.assert_array_equal(problem.wells[1], [-0.25, 1])
    assert problem.sides is None
    assert problem.volume == np.inf
    assert problem.contains([-9])
    assert not problem.contains([1.5])
    result = le.escape_times(problem, 50)
    assert set(result.landed.tolist()) == {3}
    assert "landed in well 3</th><td style='text-align:left'>100.0%" in result._repr_html_()
    closed = problem.replace(domain=le.Interval(-0.2, 0.9))
    assert closed.target is None
    assert le.Problem(le.Quadratic(1), le.Interval(-1, 1), NOISE).wells is None


def test_attraction_on_a_line_lies_between_the_maxima() -> None:
    problem = le.Problem(WELLS, le.Attraction(), NOISE)
    assert problem.sides is not None
    np.testing.assert_array_equal(problem.sides, [[-0.25], [1.0]])
    plane = le.Problem(le.Expression(FORMULA, [-1, -1]), le.Attraction(), NOISE)
    assert np.isnan(plane.volume)
    points = np.random.default_rng(3).uniform(-2, 2, (40, 2))
    flow = points.copy()
    for _ in range(2_000):
        x, y = flow.T
        flow -= 0.01 * np.column_stack([x**3 - x + (x - y), y - x])
    ends_left = flow[:, 0] < 0
    assert 10 < ends_left.sum() < 30
    assert [plane.contains(point) for point in points] == ends_left.tolist()


def test_wells_have_their_positions_and_depths() -> None:
    wells = le.MultiWell([0, 2], [0.5], [2, 1], [0.25], well=2)
    np.testing.assert_array_equal(wells.minimum, [2])
    assert [wells.value([x]) for x in (0.0, 0.5, 2.0)] == pytest.approx([-2, 0.25, -1])
    assert [float(wells.gradient([x])[0]) for x in (0.0, 0.5, 2.0)] == pytest.approx([0, 0, 0], abs=1e-12)


@pytest.mark.parametrize("scheme", ["jump_adapted", "euler"])
def test_the_second_moment_of_the_law(scheme: str, tmp_path: Path) -> None:
    """Paths of the experiment file; the model is that of the steps, so other decays and scales give other paths."""
    pytest.importorskip("pandas")
    content = {
        "name": "stable",
        "seed": 6,
        "paths": 40,
        "figures": [],
        "noise": {"alpha": 1.5, "eta": 0.1, "amplitude": [1.0, 0.5]},
        "dynamics": {"adam": {"beta1": 0.9, "beta2": 0.99, "second_moment": "stable"}},
        "basin": {
            "name": "b",
            "potential": {"quadratic": {"curvature": [1.0, 2.0]}},
            "domain": {"ball": {"radius": 1.0}},
        },
        "scheme": {scheme: {}},
    }
    noise = le.StableNoise(1.5, eta=0.1, amplitude=[1, 0.5])
    adam = le.Adam(0.9, 0.99, eta=0.1, second_moment="stable")
    problem = le.Problem(le.Quadratic([1, 2]), le.Ball(1), noise, adam)
    result = le.escape_times(problem, 40, seed=6, scheme=scheme)
    np.testing.assert_array_equal(le.run(content, tmp_path).escapes()["time"], result.times)
    frozen = problem.replace(dynamics=le.Adam(0.9, 0.99, eta=0.1, second_moment="frozen"))
    assert not np.array_equal(le.escape_times(frozen, 40, seed=6, scheme=scheme).times, result.times)
    # The scales of the noise replace the row norms: at b = .99 they are larger by more than half.
    assert (le.predict(problem).preconditioner > 1.5 * le.predict(frozen).preconditioner).all()


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "no target": (le.Until, "pass either target or well"),
    "two targets": (lambda: le.Until(le.Interval(1, 2), well=2), "pass either target or well"),
    "well zero": (lambda: le.Until(well=0), "well = 0 is outside [1, 65535]"),
    "no such well": (lambda: le.Problem(WELLS, le.Until(well=4), NOISE), "no well 4 to run into: 3 wells are known"),
    "no wells": (
        lambda: le.Problem(le.Quadratic(1), le.Until(well=1), NOISE),
        "no well 1 to run into: 0 wells are known",
    ),
    "empty target": (
        lambda: le.Problem(WELLS, le.Until(le.Interval(2, 1)), NOISE),
        "interval [2, 1] of axis 0 is empty",
    ),
    "target everywhere": (
        lambda: le.Problem(WELLS, le.Until(le.Interval(-np.inf, np.inf)), NOISE),
        "all its ends are infinite",
    ),
    "dimension of a target": (
        lambda: le.Problem(WELLS, le.Until(le.Box([1, 1], [2, 2])), NOISE),
        "target has 2 entries, the landscape has dimension 1",
    ),
    "minimum in the target": (
        lambda: le.Problem(WELLS, le.Until(le.Interval(0, 1)), NOISE),
        "the target holds the minimum [0.5]",
    ),
    "inset of a target": (
        lambda: le.Problem(WELLS, le.Until(well=3), NOISE, inset=0.1),
        "needs an interval, a box or a ball",
    ),
    "no edge of attraction": (
        lambda: le.Problem(le.Quadratic([1, 1]), le.Attraction(), NOISE),
        "no saddle that bounds a well",
    ),
    "start of a multi-well": (
        lambda: le.MultiWell([0, 2], [1], [1, 1], well=3),
        "there is no well 3: the wells are 1 to 2",
    ),
    "well of a multi-well": (lambda: le.MultiWell([0, 2], [1], [1, 1], well=0), "well = 0 is outside [1, 65535]"),
    "order": (lambda: le.MultiWell([0, 2], [3], [1, 1]), "but 3 comes before 2"),
    "depth": (lambda: le.MultiWell([0, 2], [1], [1, -1]), "is not below the saddles beside it"),
    "lengths": (lambda: le.MultiWell([0, 2], [1], [1]), "there are 1 depths, not 2"),
    "stable with rates": (
        lambda: le.Adam(rates=(1, 0.1), second_moment="stable"),
        'second_moment = "stable" is that of the steps: pass eta',
    ),
    "stable under another law": (
        lambda: le.Problem(WELLS, le.Well(), le.StudentT(3, 0.1), le.Adam(eta=0.1, second_moment="stable")),
        "computed for SαS noise, not for student_t noise",
    ),
    "stable at a small index": (
        lambda: le.Problem(WELLS, le.Well(), le.StableNoise(0.1, 0.1), le.Adam(eta=0.1, second_moment="stable")),
        "computed for α ≥ 0.2, not for α = 0.1",
    ),
    "stable with another amplitude": (
        lambda: le.Problem(
            WELLS,
            le.Well(),
            le.StableNoise(1.5, 0.1, amplitude=[1, 2]),
            le.Adam(eta=0.1, second_moment="stable"),
        ),
        "amplitude Σ is a diagonal of length 2, the basin has dimension 1",
    ),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_a_domain_that_does_not_fit_is_refused(name: str) -> None:
    build, message = REFUSED[name]
    with pytest.raises(ValueError) as error:
        build()
    assert message in str(error.value)


def test_a_target_is_an_interval_or_a_box() -> None:
    with pytest.raises(TypeError, match="target must be an Interval or a Box, not Ball"):
        le.Until(le.Ball(1))  # type: ignore[arg-type]


def test_schemes_that_do_not_know_the_edge_say_so() -> None:
    plane = le.Problem(le.Expression(FORMULA, [-1, -1]), le.Attraction(), NOISE)
    assert np.isfinite(le.escape_times(plane.replace(dynamics=le.Adam(0.9, 0.99, eta=0.1)), 10).times).all()
    space = le.Problem(le.Expression(f"{FORMULA} + z^2", [-1, -1, 0]), le.Attraction(), NOISE)
    with pytest.raises(ValueError, match="jump_adapted needs the distance to the edge"):
        le.escape_times(space, 10)
    with pytest.raises(ValueError, match="euler with corrected monitoring needs the distance to the edge"):
        le.escape_times(plane, 10, scheme=le.Euler(0.02))
    target = plane.replace(domain=le.Until(le.Box([0.5, 0.5], [2, 2])))
    assert np.isfinite(le.escape_times(target, 10).times).all()
    space = space.replace(domain=le.Until(le.Box([0.5] * 3, [2] * 3)))
    with pytest.raises(ValueError, match="this landscape has 3 dimensions"):
        le.escape_times(space, 10)
