"""Plots with matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .curve import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["survival_plot"]

MOST_STEPS = 2000
"""Steps of a curve that are drawn."""


def survival_plot(curve: Curve, paths: int, ax: Axes | None, rate: float | None, style: dict[str, Any]) -> Axes:
    """Draw the survival curve of so many paths with its interval and, for a given rate ``λ``, ``exp(-λt)``."""
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(layout="constrained")
    shown = np.unique(np.linspace(0, curve.x.size - 1, min(curve.x.size, MOST_STEPS)).astype(int))
    x = np.concatenate([[0.0], curve.x[shown]])
    value, lo, hi = (np.concatenate([[1.0], part[shown]]) for part in (curve.value, curve.lo, curve.hi))
    (line,) = ax.step(x, value, where="post", **{"label": "simulated", **style})
    ax.fill_between(x, lo, hi, step="post", alpha=0.25, color=line.get_color(), linewidth=0)
    lowest = 0.5 / paths
    if rate is not None:
        t = np.linspace(0.0, min(float(x[-1]), -float(np.log(lowest)) / rate), 200)
        ax.plot(t, np.exp(-rate * t), color="black", linestyle="--", linewidth=1, label=r"$e^{-\lambda t}$")
    ax.set(yscale="log", xlabel="t", ylabel=r"$P(\Gamma > t)$", xlim=(0, None), ylim=(lowest, 1.2))
    ax.legend()
    return ax
