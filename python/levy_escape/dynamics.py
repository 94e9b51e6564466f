"""SGD and Adam as stochastic differential equations, and optimisers step by step."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from numpy.typing import ArrayLike

from . import _native
from ._described import Described, point

__all__ = ["AdagradSteps", "Adam", "AdamSteps", "Dynamics", "LionSteps", "RmspropSteps", "Sgd", "SgdSteps"]

_Schedule: TypeAlias = tuple[Literal["step", "cosine"], int, float]


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
    second_moment : {"mean_field", "frozen", "stable", "sampled"}
        Model of the squared gradient. ``"mean_field"``: ``(∇F)² + s²``. ``"frozen"``: the constant ``s²``. ``"stable"``: the constant
        ``v*`` with ``v*^(-α/2) = E v̂^(-α/2)``, which gives single jumps the rate that they have step by step; it needs `eta` and
        symmetric stable noise. ``"sampled"``: with the noise of every step; Euler only.
    gradient_noise : array_like, shape (d,), optional
        The scales ``s``. By default the row norms of ``Σ``; for ``"stable"`` the scales of the noise along the axes.

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
        second_moment: Literal["mean_field", "frozen", "stable", "sampled"] = "mean_field",
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


class _StepOptimiser(Dynamics):
    """Base of the optimisers step by step, with the settings that all of them take.

    `weight_decay` adds ``w θ`` to the gradient, or shrinks ``θ`` by ``1 - η w`` before the step if it is decoupled. `clip_norm` or
    `clip_value` clips the stochastic gradient before that. `schedule` is ``("step", every, factor)`` or
    ``("cosine", steps, lowest)``; the time of a step stays `eta`.
    """

    __slots__ = ()

    def _describe_steps(
        self,
        clip_norm: float | None,
        clip_value: float | None,
        weight_decay: float,
        decoupled: bool,
        schedule: _Schedule | None,
        **arguments: Any,
    ) -> _native._StepSettings:
        """Keep the arguments and return the settings."""
        self._describe(
            **arguments,
            clip_norm=None if clip_norm is None else float(clip_norm),
            clip_value=None if clip_value is None else float(clip_value),
            weight_decay=None if weight_decay == 0 else float(weight_decay),
            decoupled=True if decoupled else None,
            schedule=schedule,
        )
        return clip_norm, clip_value, weight_decay, decoupled, schedule


class SgdSteps(_StepOptimiser):
    """SGD step by step: ``b ← μ b + g``, ``θ ← θ - η b`` as in PyTorch. Use it with the scheme ``"steps"``.

    Parameters
    ----------
    eta : float
        Learning rate.
    momentum : float
        Momentum ``μ`` in [0, 1).
    nesterov : bool
        Whether the step is ``θ ← θ - η (g + μ b)``.
    clip_norm, clip_value : float, optional
        Largest norm of the gradient, or largest size of its entries.
    weight_decay : float
        Weight decay towards the origin.
    decoupled : bool
        Whether the weight decay is decoupled.
    schedule : ("step", every, factor) or ("cosine", steps, lowest), optional
        Learning rate of each step.

    Examples
    --------
    >>> SgdSteps(eta=0.01)
    SgdSteps(eta=0.01)
    >>> SgdSteps(eta=0.01, momentum=0.9, nesterov=True, schedule=("step", 100, 0.5))
    SgdSteps(eta=0.01, momentum=0.9, nesterov=True, schedule=('step', 100, 0.5))
    """

    __slots__ = ()

    def __init__(
        self,
        eta: float,
        *,
        momentum: float = 0,
        nesterov: bool = False,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        weight_decay: float = 0,
        decoupled: bool = False,
        schedule: _Schedule | None = None,
    ) -> None:
        settings = self._describe_steps(
            clip_norm,
            clip_value,
            weight_decay,
            decoupled,
            schedule,
            eta=float(eta),
            momentum=None if momentum == 0 else float(momentum),
            nesterov=True if nesterov else None,
        )
        self._native = _native.Dynamics.sgd_steps(eta, momentum, nesterov, settings)


class AdamSteps(_StepOptimiser):
    """Adam step by step (Kingma and Ba's algorithm 1). Use it with the scheme ``"steps"``.

    Parameters
    ----------
    eta : float
        Learning rate.
    beta1, beta2 : float
        Decays per step, in (0, 1).
    stabilizer : float
        The stabilizer ``ϵ > 0``.
    amsgrad : bool
        Whether the step divides by the largest second moment so far.
    clip_norm, clip_value, weight_decay, schedule
        As in `SgdSteps`.
    decoupled : bool
        Whether the weight decay is decoupled, as in AdamW.

    Examples
    --------
    >>> round(AdamSteps(eta=1e-3).spike_bound / 1e-3, 2)
    31.77
    """

    __slots__ = ()

    def __init__(
        self,
        eta: float,
        beta1: float = 0.9,
        beta2: float = 0.999,
        *,
        stabilizer: float = 1e-8,
        amsgrad: bool = False,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        weight_decay: float = 0,
        decoupled: bool = False,
        schedule: _Schedule | None = None,
    ) -> None:
        settings = self._describe_steps(
            clip_norm,
            clip_value,
            weight_decay,
            decoupled,
            schedule,
            eta=float(eta),
            beta1=float(beta1),
            beta2=float(beta2),
            stabilizer=None if stabilizer == 1e-8 else float(stabilizer),
            amsgrad=True if amsgrad else None,
        )
        self._native = _native.Dynamics.adam_steps(eta, beta1, beta2, stabilizer, amsgrad, settings)

    @property
    def spike_bound(self) -> float:
        """Largest displacement of a coordinate by one gradient spike of any size."""
        bound = self._native.spike_bound
        return float("nan") if bound is None else bound


class RmspropSteps(_StepOptimiser):
    """RMSProp step by step: ``v ← ρ v + (1-ρ) g²``, ``θ ← θ - η g/(√v + ϵ)``. Use it with the scheme ``"steps"``.

    Parameters
    ----------
    eta : float
        Learning rate.
    decay : float
        Decay ``ρ`` of the second moment per step, in (0, 1).
    stabilizer : float
        The stabilizer ``ϵ > 0``.
    momentum : float
        Momentum of the scaled gradient, in [0, 1).
    clip_norm, clip_value, weight_decay, decoupled, schedule
        As in `SgdSteps`.

    Examples
    --------
    >>> RmspropSteps(0.01, clip_norm=1)
    RmspropSteps(eta=0.01, decay=0.99, clip_norm=1.0)
    """

    __slots__ = ()

    def __init__(
        self,
        eta: float,
        decay: float = 0.99,
        *,
        stabilizer: float = 1e-8,
        momentum: float = 0,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        weight_decay: float = 0,
        decoupled: bool = False,
        schedule: _Schedule | None = None,
    ) -> None:
        settings = self._describe_steps(
            clip_norm,
            clip_value,
            weight_decay,
            decoupled,
            schedule,
            eta=float(eta),
            decay=float(decay),
            stabilizer=None if stabilizer == 1e-8 else float(stabilizer),
            momentum=None if momentum == 0 else float(momentum),
        )
        self._native = _native.Dynamics.rmsprop_steps(eta, decay, stabilizer, momentum, settings)


class AdagradSteps(_StepOptimiser):
    """AdaGrad step by step: ``s ← s + g²``, ``θ ← θ - η g/(√s + ϵ)``. Use it with the scheme ``"steps"``.

    Its steps shrink to 0, so a path may never leave: pass `max_time` to `escape_times`.

    Parameters
    ----------
    eta : float
        Learning rate.
    initial : float
        First value of the sum of squares.
    stabilizer : float
        The stabilizer ``ϵ > 0``.
    clip_norm, clip_value, weight_decay, decoupled, schedule
        As in `SgdSteps`.

    Examples
    --------
    >>> AdagradSteps(0.1, initial=1)
    AdagradSteps(eta=0.1, initial=1.0)
    """

    __slots__ = ()

    def __init__(
        self,
        eta: float,
        *,
        initial: float = 0,
        stabilizer: float = 1e-10,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        weight_decay: float = 0,
        decoupled: bool = False,
        schedule: _Schedule | None = None,
    ) -> None:
        settings = self._describe_steps(
            clip_norm,
            clip_value,
            weight_decay,
            decoupled,
            schedule,
            eta=float(eta),
            initial=None if initial == 0 else float(initial),
            stabilizer=None if stabilizer == 1e-10 else float(stabilizer),
        )
        self._native = _native.Dynamics.adagrad_steps(eta, initial, stabilizer, settings)


class LionSteps(_StepOptimiser):
    """Lion step by step: ``θ ← θ - η sign(b1 m + (1-b1) g)``, ``m ← b2 m + (1-b2) g``. Use it with the scheme ``"steps"``.

    Parameters
    ----------
    eta : float
        Learning rate.
    beta1, beta2 : float
        Decays per step, in [0, 1).
    weight_decay : float
        Decoupled weight decay towards the origin.
    clip_norm, clip_value, schedule
        As in `SgdSteps`.

    Examples
    --------
    >>> LionSteps(0.01, weight_decay=0.1)
    LionSteps(eta=0.01, beta1=0.9, beta2=0.99, weight_decay=0.1)
    """

    __slots__ = ()

    def __init__(
        self,
        eta: float,
        beta1: float = 0.9,
        beta2: float = 0.99,
        *,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        weight_decay: float = 0,
        schedule: _Schedule | None = None,
    ) -> None:
        self._describe_steps(
            clip_norm, clip_value, weight_decay, False, schedule, eta=float(eta), beta1=float(beta1), beta2=float(beta2)
        )
        # The weight decay of Lion has no other form.
        settings = (clip_norm, clip_value, weight_decay, True, schedule)
        self._native = _native.Dynamics.lion_steps(eta, beta1, beta2, settings)
