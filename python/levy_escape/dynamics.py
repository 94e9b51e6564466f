"""SGD and Adam, as stochastic differential equations and step by step."""

from __future__ import annotations

from typing import Literal

from numpy.typing import ArrayLike

from . import _native
from ._described import Described, point

__all__ = ["Adam", "AdamSteps", "Dynamics", "Sgd", "SgdSteps"]


class Dynamics(Described):
    """Base of all optimisers."""

    __slots__ = ("_native",)

    _native: _native.Dynamics


class Sgd(Dynamics):
    """SGD as an equation: ``dθ = -∇F dt + ε Σ dL``.

    Examples
    --------
    >>> Sgd()
    Sgd()
    """

    __slots__ = ()

    def __init__(self) -> None:
        self._describe()
        self._native = _native.Dynamics.sgd()


class Adam(Dynamics):
    """Adam as an equation: ``dθ = -μ Q⁻¹ m dt + ε Q⁻¹ Σ dL`` with averages ``m`` of the gradient and ``v`` of its square.

    Parameters
    ----------
    beta1, beta2 : float
        Decays per step, in (0, 1), as in every deep learning framework; used with `eta`.
    eta : float, optional
        Learning rate, which turns decays into rates ``-ln(β)/η``.
    rates : (float, float), optional
        The rates themselves, per unit of the equation's time. Pass either `eta` or `rates`.
    stabilizer : float
        The stabilizer ``ϵ`` in ``Q = diag(√v + ϵ)``.
    second_moment : {"mean_field", "frozen", "sampled"}
        Model of the squared gradient: ``(∇F)² + s²``, the constant ``s²``, or with the noise of every step (Euler only).
    gradient_noise : array_like, shape (d,), optional
        The scales ``s``; the row norms of ``Σ`` by default.

    Examples
    --------
    >>> [round(rate, 3) for rate in Adam(eta=1e-3).rates]
    [105.361, 1.001]
    >>> Adam(rates=(1, 0.1))
    Adam(rates=(1.0, 0.1))
    """

    __slots__ = ()

    def __init__(
        self,
        beta1: float = 0.9,
        beta2: float = 0.999,
        *,
        eta: float | None = None,
        rates: tuple[float, float] | None = None,
        stabilizer: float = 1e-8,
        second_moment: Literal["mean_field", "frozen", "sampled"] = "mean_field",
        gradient_noise: ArrayLike | None = None,
    ) -> None:
        if (eta is None) == (rates is None):
            raise ValueError("pass either eta, with decays beta1 and beta2, or rates")
        first, second = (beta1, beta2) if rates is None else rates
        scales = point(gradient_noise, "gradient_noise")
        self._describe(
            beta1=float(beta1) if rates is None else None,
            beta2=float(beta2) if rates is None else None,
            eta=None if eta is None else float(eta),
            rates=None if rates is None else (float(first), float(second)),
            stabilizer=None if stabilizer == 1e-8 else float(stabilizer),
            second_moment=None if second_moment == "mean_field" else second_moment,
            gradient_noise=scales,
        )
        self._native = _native.Dynamics.adam(first, second, eta, stabilizer, second_moment, scales)

    @property
    def rates(self) -> tuple[float, float]:
        """``(β1, β2)`` per unit of the equation's time."""
        first, second = self._native.rates or (float("nan"), float("nan"))
        return first, second


class SgdSteps(Dynamics):
    """SGD step by step: ``θ ← θ - η g``. Use it with the scheme ``"steps"``.

    Examples
    --------
    >>> SgdSteps(eta=0.01)
    SgdSteps(eta=0.01)
    """

    __slots__ = ()

    def __init__(self, eta: float) -> None:
        self._describe(eta=float(eta))
        self._native = _native.Dynamics.sgd_steps(eta)


class AdamSteps(Dynamics):
    """Adam step by step (Kingma and Ba's algorithm 1). Use it with the scheme ``"steps"``.

    Parameters
    ----------
    eta : float
        Learning rate.
    beta1, beta2 : float
        Decays per step, in (0, 1).
    stabilizer : float
        The stabilizer ``ϵ > 0``.

    Examples
    --------
    >>> round(AdamSteps(eta=1e-3).spike_bound / 1e-3, 2)
    31.77
    """

    __slots__ = ()

    def __init__(self, eta: float, beta1: float = 0.9, beta2: float = 0.999, *, stabilizer: float = 1e-8) -> None:
        self._describe(
            eta=float(eta),
            beta1=float(beta1),
            beta2=float(beta2),
            stabilizer=None if stabilizer == 1e-8 else float(stabilizer),
        )
        self._native = _native.Dynamics.adam_steps(eta, beta1, beta2, stabilizer)

    @property
    def spike_bound(self) -> float:
        """Largest displacement of a coordinate by one gradient spike of any size."""
        bound = self._native.spike_bound
        return float("nan") if bound is None else bound
