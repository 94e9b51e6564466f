"""Estimates along an axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Curve"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
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

    def __len__(self) -> int:
        return self.x.size

    def __repr__(self) -> str:
        if not self.x.size:
            return "<Curve: no points>"
        ends = f"{self.value[0]:.4g} at {self.x[0]:.4g} to {self.value[-1]:.4g} at {self.x[-1]:.4g}"
        return f"<Curve: {self.x.size:,} points, {ends}>"
