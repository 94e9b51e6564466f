from __future__ import annotations

from collections.abc import Callable

import pytest

import levy_escape as le


@pytest.fixture
def problem() -> le.Problem:
    return le.Problem(le.Quadratic(4), le.Interval(-0.5, 0.5), le.StableNoise(1.5, 0.01))


@pytest.fixture
def plane() -> le.Problem:
    noise = le.StableNoise(1.5, 0.05, amplitude=[4.0, 0.25])
    return le.Problem(le.Quadratic([1.0, 2.0]), le.Ball(1), noise)


Build = Callable[[], object]
