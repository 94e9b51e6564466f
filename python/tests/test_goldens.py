"""The bits of the Rust library: ``examples/golden_escapes.rs`` prints the table."""

from __future__ import annotations

import csv
import os
import struct
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

import levy_escape as le

TABLE = Path(os.environ.get("GOLDEN_ESCAPES", Path(__file__).parent / "golden_escapes.csv"))


def cases() -> dict[str, tuple[le.Problem, str | le.Scheme, int]]:
    interval = (le.Quadratic(4), le.Interval(-0.5, 0.5))
    ball = (le.Quadratic([1, 2]), le.Ball(1))
    anisotropic = le.StableNoise(1.5, 0.05, amplitude=[4, 0.25])
    isotropic = le.StableNoise(1.2, 0.1, isotropic=True, measure="unit")
    valley = (le.Asymmetric(8, 0.5), le.Level(0.2))
    wells = (le.DoubleWell((-1, 1.5), 0.25), le.Well())
    eta = le.StableNoise(1.5, eta=0.1)
    momentum = le.SgdSteps(0.1, momentum=0.9, nesterov=True)
    three = le.MultiWell(minima=[-2, 0, 2], saddles=[-1, 1], depths=[1, 0.5, 1])
    half_line = le.Until(le.Interval(1, np.inf))
    plane = le.Expression("(x^2 - 1)^2 + (y - x/2)^2", minimum=[1, 0.5])
    return {
        "interval": (le.Problem(*interval, le.StableNoise(1.5, 0.01)), "jump_adapted", 1),
        "ball": (le.Problem(*ball, anisotropic, le.Sgd()), le.JumpAdapted(), 2),
        "adam": (le.Problem(*ball, anisotropic, le.Adam(rates=(1, 0.1))), "jump_adapted", 3),
        "well": (le.Problem(*wells, le.StableNoise(1.7, 0.1)), "jump_adapted", 4),
        "valley": (le.Problem(*valley, le.StableNoise(0.9, 0.1), start=0.1), "jump_adapted", 2**64 - 1),
        "isotropic": (le.Problem(*ball, isotropic), "jump_adapted", 6),
        "euler": (le.Problem(*interval, le.StableNoise(1.8, 0.3)), "euler", 7),
        "euler_discrete": (le.Problem(*interval, le.StableNoise(2, 0.3)), le.Euler(0.01, discrete=True), 8),
        "sgd_steps": (le.Problem(*interval, eta, le.SgdSteps(0.1)), "steps", 9),
        "adam_steps": (le.Problem(*interval, eta, le.AdamSteps(0.1)), "steps", 10),
        "truncated": (le.Problem(*interval, le.Truncated(1.5, 6, 0.1)), "jump_adapted", 11),
        "tempered": (le.Problem(*interval, le.Tempered(1.5, 3, 0.1)), "jump_adapted", 12),
        "skewed": (le.Problem(*interval, le.Skewed(1.5, 0.5, eta=0.1), le.SgdSteps(0.1)), "steps", 13),
        "student_t": (le.Problem(*interval, le.StudentT(3, eta=0.1), momentum), "steps", 14),
        "until_well": (le.Problem(three, le.Until(well=3), le.StableNoise(1.4, 0.2)), "jump_adapted", 15),
        "until": (le.Problem(wells[0], half_line, le.StableNoise(1.5, 0.1)), "jump_adapted", 16),
        "attraction": (le.Problem(plane, le.Attraction(), le.StableNoise(1.5, 0.2)), "jump_adapted", 17),
    }


def golden() -> dict[str, list[dict[str, str]]]:
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with TABLE.open(encoding="utf-8") as table:
        for row in csv.DictReader(table):
            rows[row["case"]].append(row)
    return rows


def number(bits: str) -> float:
    value: float = struct.unpack(">d", bytes.fromhex(bits))[0]
    return value


GOLDEN = golden()


def test_every_case_is_compared() -> None:
    assert set(GOLDEN) == set(cases())


@pytest.mark.parametrize("name", list(cases()))
@pytest.mark.parametrize("threads", [1, 3])
def test_bits_are_those_of_the_library(name: str, threads: int) -> None:
    problem, scheme, seed = cases()[name]
    rows = GOLDEN[name]
    result = le.escape_times(problem, len(rows), seed, scheme, threads=threads)
    assert result.complete
    np.testing.assert_array_equal(result.times, [number(row["time"]) for row in rows])
    np.testing.assert_array_equal(result.overshoot, [number(row["overshoot"]) for row in rows])
    np.testing.assert_array_equal(result.axis, [int(row["axis"]) for row in rows])
    np.testing.assert_array_equal(result.side, [float(row["side"]) for row in rows])
    np.testing.assert_array_equal(result.by_jump, [row["by_jump"] == "true" for row in rows])
    np.testing.assert_array_equal(result.events, [int(row["events"]) for row in rows])


@pytest.mark.parametrize("name", ["interval", "adam", "isotropic", "adam_steps"])
def test_another_seed_gives_other_bits(name: str) -> None:
    problem, scheme, seed = cases()[name]
    result = le.escape_times(problem, 300, seed - 1, scheme)
    assert not np.array_equal(result.times, [number(row["time"]) for row in GOLDEN[name]])
