"""Theory: predictions as ε → 0, exact values, and SGD beside Adam."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _native
from ._described import table, vector
from .dynamics import Adam, Sgd
from .problem import Problem

__all__ = ["Comparison", "ExactExit", "Prediction", "compare", "exact", "predict"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Prediction:
    """What theory says about an escape as ``ε → 0``: ``λΓ`` becomes exponential with mean 1."""

    rate: float
    """Escape rate ``λ = Θ m(W)``, per unit time."""
    theta: float
    """``Θ``, the rate of jumps of one noise coordinate beyond ``1/ε``."""
    radon_measure: float
    """Radon measure ``m(W)`` of the escape set."""
    radon_error: float
    """Standard error of `radon_measure`; 0 for a closed form."""
    width: float
    """``(2 m(W))^(-1/α)``, the width of the basin along the noise axes."""
    volume: float
    """Volume of the domain."""
    volume_error: float
    """Standard error of `volume`; 0 for a closed form."""
    side_rates: NDArray[np.float64]
    """Rates of leaving by a jump along noise axis ``i``, downwards and upwards, shape (d, 2); (0, 2) for isotropic noise."""
    preconditioner: NDArray[np.float64]
    """Diagonal of ``Q*``; ones for SGD."""

    @property
    def mean_time(self) -> float:
        """Predicted mean exit time ``1/λ``."""
        return 1.0 / self.rate

    def __repr__(self) -> str:
        return (
            f"<Prediction: λ = {self.rate:.6g}, E Γ = {self.mean_time:.6g}, m(W) = {self.radon_measure:.6g}, "
            f"Θ = {self.theta:.6g}, volume {self.volume:.6g}>"
        )

    def _repr_html_(self) -> str:
        rows = [
            ("escape rate λ", self.rate),
            ("mean time 1/λ", self.mean_time),
            ("Radon measure m(W)", self.radon_measure),
            ("Θ", self.theta),
            ("width", self.width),
            ("volume", self.volume),
        ]
        return table("Prediction as ε → 0", ((name, f"{value:.6g}") for name, value in rows))


def _prediction(found: _native.Prediction, volume: tuple[float, float]) -> Prediction:
    return Prediction(
        rate=found.rate,
        theta=found.theta,
        radon_measure=found.radon_measure,
        radon_error=found.radon_error,
        width=found.width,
        volume=volume[0],
        volume_error=volume[1],
        side_rates=found.side_rates,
        preconditioner=found.preconditioner,
    )


def predict(problem: Problem) -> Prediction:
    """Predict the escape rate as ``ε → 0`` (Zhou et al. 2020, theorem 1).

    Raises
    ------
    ValueError
        At α = 2, for Adam's sampled second moment, for Adam step by step, or if no jump can leave the domain.

    Examples
    --------
    >>> from levy_escape import Interval, Problem, Quadratic, StableNoise
    >>> theory = predict(Problem(Quadratic(1), Interval(-1, 2), StableNoise(1.5, 0.01)))
    >>> round(theory.radon_measure, 6)
    0.676777
    """
    return _prediction(_native.predict(problem._native), problem._native.volume())


@dataclass(frozen=True, slots=True)
class ExactExit:
    """The exact exit from an interval under SGD, from a deterministic solver.

    Every value is converged on finer and finer meshes. Values from other starts: pass `start`.
    """

    problem: Problem
    """The problem that is solved."""

    def _one(self, quantity: str, start: float | None) -> float:
        return float(self._many(quantity, start, 0.0)[0])

    def _many(self, quantity: str, start: float | None, arguments: ArrayLike) -> NDArray[np.float64]:
        origin = float(self.problem.start[0]) if start is None else float(start)
        return _native.exact(self.problem._native, quantity, origin, vector(arguments, "arguments"))

    def mean(self, start: float | None = None) -> float:
        """Return the mean exit time ``E Γ``."""
        return self._one("mean", start)

    def second_moment(self, start: float | None = None) -> float:
        """Return ``E Γ²``."""
        return self._one("second_moment", start)

    def right_probability(self, start: float | None = None) -> float:
        """Return the probability of leaving beyond the right end."""
        return self._one("right_probability", start)

    def decay_rate(self) -> float:
        """Return the limit of ``-log P(Γ > t) / t``."""
        return self._one("decay_rate", None)

    def survival(self, times: ArrayLike, start: float | None = None) -> NDArray[np.float64]:
        """Return ``P(Γ > t)`` at the given times ``t > 0``."""
        return self._many("survival", start, times)

    def laplace(self, s: ArrayLike, start: float | None = None) -> NDArray[np.float64]:
        """Return ``E exp(-sΓ)``, for every ``s`` above minus the decay rate."""
        return self._many("laplace", start, s)


def exact(problem: Problem) -> ExactExit:
    """Return the exact exit of SGD from an interval, for ``1 < α ≤ 2``.

    Raises
    ------
    ValueError
        For Adam, more than one dimension, an unbounded well, ``α ≤ 1``, or a boundary layer that no mesh resolves.

    Examples
    --------
    >>> from levy_escape import Interval, Problem, Quadratic, StableNoise
    >>> round(exact(Problem(Quadratic(1), Interval(-1, 1), StableNoise(1.5, 0.5))).mean(), 5)
    3.82717
    """
    solution = ExactExit(problem)
    solution.mean()
    return solution


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Comparison:
    """SGD and Adam in one basin under one noise (theorem 2)."""

    sgd: Prediction
    """Prediction for SGD."""
    adam: Prediction
    """Prediction for Adam."""
    ratio: float
    """Predicted ``Γ_ADAM / Γ_SGD = m(W_SGD) / m(W_ADAM)``."""
    log_det_q: float
    """``log det Q*``, the logarithm of the ratio of the volumes of the complements of the escape sets."""
    anisotropy: float
    """Largest entry of ``Q*`` divided by the smallest."""
    complement_sgd: float | None
    """Volume of the complement of ``W_SGD``; None for a singular ``Σ``."""
    complement_adam: float | None
    """Volume of the complement of ``W_ADAM``; None for a singular ``Σ``."""
    volume_claim: str
    """What the volume argument claims: ``"adam later"``, ``"adam earlier"`` or ``"nothing"`` at equal volumes."""

    def __repr__(self) -> str:
        return (
            f"<Comparison: Γ_ADAM/Γ_SGD = {self.ratio:.6g} predicted, log det Q = {self.log_det_q:.6g}, "
            f"the volume argument claims {self.volume_claim!r}>"
        )

    def _repr_html_(self) -> str:
        return table(
            "SGD beside Adam as ε → 0",
            [
                ("Γ_ADAM / Γ_SGD by m(W)", f"{self.ratio:.6g}"),
                ("claim of the volumes", self.volume_claim),
                ("log det Q", f"{self.log_det_q:.6g}"),
                ("anisotropy of Q", f"{self.anisotropy:.6g}"),
                ("mean time, SGD", f"{self.sgd.mean_time:.6g}"),
                ("mean time, Adam", f"{self.adam.mean_time:.6g}"),
            ],
        )


def compare(sgd: Problem, adam: Problem) -> Comparison:
    """Compare SGD and Adam in the same basin under the same noise (Zhou et al. 2020, theorem 2).

    Parameters
    ----------
    sgd, adam : Problem
        Problems that differ in their dynamics only.

    Raises
    ------
    ValueError
        If they differ otherwise, or if one has no prediction.

    Examples
    --------
    >>> from levy_escape import Adam, Ball, Problem, Quadratic, Sgd, StableNoise
    >>> noise = StableNoise(1.5, 0.01, amplitude=[4, 0.25])
    >>> sgd = Problem(Quadratic([1, 1]), Ball(1), noise, Sgd())
    >>> both = compare(sgd, sgd.replace(dynamics=Adam(rates=(1, 0.1))))
    >>> round(both.ratio, 3), both.volume_claim
    (4.063, 'nothing')
    """
    if not isinstance(sgd.dynamics, Sgd):
        raise ValueError(f"the first problem must have the dynamics Sgd, not {sgd.dynamics!r}")
    if not isinstance(adam.dynamics, Adam):
        raise ValueError(f"the second problem must have the dynamics Adam, not {adam.dynamics!r}")
    if adam.replace(dynamics=sgd.dynamics) != sgd:
        raise ValueError("the two problems must differ in their dynamics only")
    found = _native.compare(adam._native)
    volume = adam._native.volume()
    return Comparison(
        sgd=_prediction(found.sgd, volume),
        adam=_prediction(found.adam, volume),
        ratio=found.ratio,
        log_det_q=found.log_det_q,
        anisotropy=found.anisotropy,
        complement_sgd=found.complement_sgd,
        complement_adam=found.complement_adam,
        volume_claim=found.volume_claim,
    )
