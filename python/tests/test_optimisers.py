"""Every optimiser step by step has the paths of the experiment file, which reads its settings by other code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import levy_escape as le

pytest.importorskip("pandas")

STEPS: dict[str, tuple[le.Dynamics, dict[str, Any]]] = {
    "sgd": (le.SgdSteps(0.1), {"sgd_steps": {}}),
    "momentum": (le.SgdSteps(0.1, momentum=0.5), {"sgd_steps": {"momentum": 0.5}}),
    "nesterov": (le.SgdSteps(0.1, momentum=0.5, nesterov=True), {"sgd_steps": {"momentum": 0.5, "nesterov": True}}),
    "weight decay": (le.SgdSteps(0.1, weight_decay=0.7), {"sgd_steps": {"weight_decay": 0.7}}),
    "decoupled": (
        le.SgdSteps(0.1, weight_decay=0.7, momentum=0.3, decoupled=True),
        {"sgd_steps": {"weight_decay": 0.7, "momentum": 0.3, "decoupled": True}},
    ),
    "clip norm": (le.SgdSteps(0.1, clip_norm=4), {"sgd_steps": {"clip_norm": 4.0}}),
    "clip value": (le.SgdSteps(0.1, clip_value=3), {"sgd_steps": {"clip_value": 3.0}}),
    "step schedule": (
        le.SgdSteps(0.1, schedule=("step", 5, 0.5)),
        {"sgd_steps": {"schedule": {"step": {"every": 5, "factor": 0.5}}}},
    ),
    "cosine schedule": (
        le.SgdSteps(0.1, schedule=("cosine", 9, 0.05)),
        {"sgd_steps": {"schedule": {"cosine": {"steps": 9, "lowest": 0.05}}}},
    ),
    "adam": (le.AdamSteps(0.1, 0.8, 0.95), {"adam_steps": {"beta1": 0.8, "beta2": 0.95}}),
    "amsgrad": (
        le.AdamSteps(0.1, 0.8, 0.95, stabilizer=1e-3, amsgrad=True),
        {"adam_steps": {"beta1": 0.8, "beta2": 0.95, "stabilizer": 1e-3, "amsgrad": True}},
    ),
    "adamw": (
        le.AdamSteps(0.1, 0.8, 0.95, weight_decay=0.4, decoupled=True),
        {"adam_steps": {"beta1": 0.8, "beta2": 0.95, "weight_decay": 0.4, "decoupled": True}},
    ),
    "rmsprop": (
        le.RmspropSteps(0.1, 0.9, momentum=0.5, stabilizer=0.1),
        {"rmsprop_steps": {"decay": 0.9, "momentum": 0.5, "stabilizer": 0.1}},
    ),
    "adagrad": (
        le.AdagradSteps(0.1, initial=0.2, stabilizer=0.01),
        {"adagrad_steps": {"initial": 0.2, "stabilizer": 0.01}},
    ),
    "lion": (
        le.LionSteps(0.1, 0.7, 0.9, weight_decay=0.3),
        {"lion_steps": {"beta1": 0.7, "beta2": 0.9, "weight_decay": 0.3}},
    ),
}


def times(dynamics: le.Dynamics) -> Any:
    noise = le.StableNoise(1.5, eta=0.1, amplitude=[1.5, 0.5])
    problem = le.Problem(le.Quadratic([4, 1]), le.Box([-0.5, -np.inf], [0.5, 0.6]), noise, dynamics)
    return le.escape_times(problem, 100, seed=9, scheme="steps", max_time=20.0).times


@pytest.mark.parametrize("name", list(STEPS))
def test_paths_are_those_of_the_experiment_file(name: str, tmp_path: Path) -> None:
    dynamics, table = STEPS[name]
    experiment = {
        "name": "steps",
        "seed": 9,
        "paths": 100,
        "figures": [],
        "noise": {"alpha": 1.5, "eta": 0.1, "amplitude": [1.5, 0.5]},
        "dynamics": table,
        "basin": {
            "name": "half-open box",
            "potential": {"quadratic": {"curvature": [4.0, 1.0]}},
            "domain": {"box": [[-0.5, 0.5], [-np.inf, 0.6]]},
        },
        "scheme": {"jump_adapted": {}},
        "max_time": 20.0,
    }
    found = le.run(experiment, tmp_path).escapes()["time"]
    np.testing.assert_array_equal(found, times(dynamics))


def test_every_setting_changes_the_paths() -> None:
    """Two optimisers that agree would mean a setting that is lost on the way."""
    paths = {name: times(dynamics).tobytes() for name, (dynamics, _) in STEPS.items()}
    assert len(set(paths.values())) == len(STEPS)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: le.SgdSteps(0.1, nesterov=True), "nesterov needs a momentum"),
        (lambda: le.SgdSteps(0.1, momentum=1), "momentum"),
        (lambda: le.SgdSteps(0.1, clip_norm=1, clip_value=1), "pass either clip_norm or clip_value"),
        (lambda: le.SgdSteps(0.1, clip_norm=-1), "-1"),
        (lambda: le.SgdSteps(0.1, weight_decay=-1), "-1"),
        (
            lambda: le.SgdSteps(0.1, schedule=("linear", 5, 0.5)),  # type: ignore[arg-type]
            'the schedule "linear" is not one of',
        ),
        (lambda: le.SgdSteps(0.1, schedule=("step", 0, 0.5)), "0"),
        (lambda: le.RmspropSteps(0.1, 1), "1"),
        (lambda: le.AdagradSteps(0.1, initial=-1), "-1"),
        (lambda: le.LionSteps(0.1, 1.0), "1"),
    ],
)
def test_settings_out_of_range_are_refused(build: Any, message: str) -> None:
    with pytest.raises(ValueError) as error:
        build()
    assert message in str(error.value)


def test_a_half_line_is_that_of_the_exact_solution() -> None:
    """False-positive rate 1e-4: the mean within four standard errors."""
    problem = le.Problem(le.Quadratic(2), le.Interval(-np.inf, 1), le.StableNoise(1.5, 0.1))
    result = le.escape_times(problem, 4000, seed=3)
    assert abs(result.mean().value - le.exact(problem).mean()) < 4 * result.times.std() / np.sqrt(4000)
    assert set(result.side.tolist()) == {1}
