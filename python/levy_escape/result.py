"""Results of a simulation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _native
from ._described import table, vector
from .curve import Curve
from .estimate import Estimate
from .problem import Problem
from .theory import predict

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    from matplotlib.axes import Axes

__all__ = ["EscapeResult", "KolmogorovTest"]

OUTCOMES = ["exited", "censored", "diverged"]
"""Names of the values of `EscapeResult.status`."""


@dataclass(frozen=True, slots=True)
class KolmogorovTest:
    """Kolmogorov's test of ``λΓ ~ Exp(1)``."""

    statistic: float
    """``D``, the largest distance between the distribution functions."""
    p_value: float
    """Probability of a statistic at least this large under the hypothesis."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class EscapeResult:
    """How every path ended, in path order.

    Arrays are read-only and have one entry per path.
    """

    problem: Problem
    """What was simulated."""
    scheme: str
    """Name of the scheme."""
    seed: int
    """Seed of the random streams."""
    requested: int
    """Number of paths asked for."""
    times: NDArray[np.float64]
    """Exit time ``Γ``; the time reached for a path that was censored or diverged."""
    axis: NDArray[np.int32]
    """Noise coordinate whose jump left, or parameter coordinate of the face that was crossed; -1 without an exit."""
    side: NDArray[np.int8]
    """-1 or +1, the sense along `axis`; 0 without an exit."""
    overshoot: NDArray[np.float64]
    """``|θ_Γ - θ*| / r``, with the distance ``r`` to the edge in that direction: 1 for a path that crept out; NaN without an exit."""
    by_jump: NDArray[np.bool_]
    """Whether one jump carried the path out, rather than many small ones."""
    landed: NDArray[np.uint16]
    """Well into which the path fell, counted from 1; 0 without an exit, and where the potential does not know several wells."""
    status: NDArray[np.uint8]
    """0 for an exit, 1 for a censored path, 2 for one that diverged."""
    events: NDArray[np.uint64]
    """Steps or jumps that the path cost."""

    def __len__(self) -> int:
        return self.times.size

    @property
    def complete(self) -> bool:
        """Whether all paths were run."""
        return len(self) == self.requested

    @property
    def exited(self) -> NDArray[np.bool_]:
        """Whether each path left."""
        return np.equal(self.status, 0)

    @property
    def censored(self) -> NDArray[np.bool_]:
        """Whether each path was still inside at its limit."""
        return np.equal(self.status, 1)

    @property
    def diverged(self) -> NDArray[np.bool_]:
        """Whether each path left the finite numbers, a failure of the scheme."""
        return np.equal(self.status, 2)

    def _sample(self) -> _native.Sample:
        return _native.Sample(self.times, self.status)

    def mean(self, confidence: float = 0.95) -> Estimate:
        """Return the mean exit time: the sample mean with Student's interval, or ``1/λ̂`` if paths were censored.

        Raises
        ------
        ValueError
            If too few paths left.
        """
        interval, _ = self._sample().mean(confidence)
        return Estimate(*interval)

    def rate(self, confidence: float = 0.95) -> Estimate:
        """Return the rate of leaving per unit time by the exponential likelihood, exits over total time at risk."""
        return Estimate(*self._sample().rate(confidence))

    def survival(self, times: ArrayLike | None = None, confidence: float = 0.95) -> Curve:
        """Return the Kaplan-Meier estimate of ``P(Γ > t)``, at every exit time or at the given times.

        Beyond the last observation of a censored sample the curve is NaN.
        """
        return Curve(*self._sample().survival(confidence, None if times is None else vector(times, "times")))

    def laplace(self, u: ArrayLike, rate: float, confidence: float = 0.95) -> Curve:
        """Return the estimate of ``E exp(-u λ Γ)`` for the given rate ``λ``; theorem 1 predicts ``1/(1+u)``."""
        return Curve(*self._sample().laplace(confidence, float(rate), vector(u, "u")))

    def kolmogorov(self, rate: float) -> KolmogorovTest:
        """Test whether ``λΓ`` is exponential with mean 1, for a rate ``λ`` that does not come from this sample."""
        return KolmogorovTest(*self._sample().kolmogorov(float(rate)))

    def to_pandas(self) -> pd.DataFrame:
        """Return a DataFrame with one row per path."""
        import pandas as pd

        outcome = pd.Categorical.from_codes(self.status.astype(np.int8), categories=pd.Index(OUTCOMES))
        return pd.DataFrame(self._columns(outcome))

    def to_polars(self) -> pl.DataFrame:
        """Return a polars DataFrame with one row per path. A missing overshoot is null."""
        import polars as pl

        outcome = pl.Series(np.array(OUTCOMES)[self.status], dtype=pl.Enum(OUTCOMES))
        return pl.DataFrame(self._columns(outcome), nan_to_null=True)

    def _columns(self, outcome: Any) -> dict[str, Any]:
        return {
            "time": self.times,
            "outcome": outcome,
            "axis": self.axis,
            "side": self.side,
            "overshoot": self.overshoot,
            "by_jump": self.by_jump,
            "landed": self.landed,
            "events": self.events,
        }

    def plot(self, ax: Axes | None = None, *, rate: float | None = None, **style: Any) -> Axes:
        """Draw the survival curve on a logarithmic axis, together with the exponential law.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        rate : float, optional
            Rate ``λ`` of the exponential law; the prediction by default, where there is one.
        **style
            Passed to ``Axes.step``.
        """
        from .plot import survival_plot

        if rate is None:
            try:
                rate = predict(self.problem).rate
            except ValueError:
                rate = None
        return survival_plot(self.survival(), len(self), ax, rate, style)

    def __repr__(self) -> str:
        return f"<EscapeResult: {self._summary()}>"

    def _summary(self) -> str:
        parts = [f"{len(self):,} paths" if self.complete else f"{len(self):,} of {self.requested:,} paths"]
        parts += [f"{count:,} {what}" for what, count in self._others() if count]
        try:
            parts.append(f"mean exit time {self.mean()}")
        except ValueError:
            parts.append(f"{int(self.exited.sum())} exits")
        return ", ".join([*parts, self.scheme, f"seed {self.seed}"])

    def _others(self) -> list[tuple[str, int]]:
        return [("censored", int(self.censored.sum())), ("diverged", int(self.diverged.sum()))]

    def _repr_html_(self) -> str:
        rows = [("paths", f"{len(self):,}" if self.complete else f"{len(self):,} of {self.requested:,}")]
        rows += [(what, f"{count:,}") for what, count in self._others() if count]
        for name, estimate in (("mean exit time", self.mean), ("rate", self.rate)):
            try:
                rows.append((f"{name} (95 %)", str(estimate())))
            except ValueError as error:
                rows.append((name, str(error)))
        if self.exited.any():
            rows.append(("left by one jump", f"{self.by_jump[self.exited].mean():.1%}"))
        landed = self.landed[self.landed > 0]
        rows += [(f"landed in well {well}", f"{np.equal(landed, well).mean():.1%}") for well in np.unique(landed)]
        rows += [("events per path", f"{self.events.mean():.4g}"), ("scheme", self.scheme), ("seed", str(self.seed))]
        return table("Escape times", rows)
