"""Estimates along an axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Curve"]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Estimates along an axis. Where there is no estimate the values are NaN."""

    x: NDArray[np.float64]
    """Times, or arguments."""
    value: NDArray[np.float64]
    """The estimates."""
    lo: NDArray[np.float64]
    """Lower limits."""
    hi: NDArray[np.float64]
    """Upper limits."""
