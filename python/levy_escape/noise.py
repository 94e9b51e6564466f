"""The noise that drives an optimiser."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from . import _native
from ._described import Described, vector
from ._native import Noise as NativeNoise

__all__ = ["Amplitude", "Noise", "StableNoise"]

_Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Amplitude: TypeAlias = ArrayLike | tuple[ArrayLike, ArrayLike, ArrayLike]
"""``Σ``: a number, a diagonal, a matrix, or ``(diagonal, U, V)``."""


class Noise(Described):
    """Base of all noises: the driving term ``ε Σ dL``, or ``ε Σ`` times a vector drawn once per step."""

    __slots__ = ("_native",)

    _native: _native.Noise

    def _describe_level(
        self,
        alpha: float,
        epsilon: float | None,
        eta: float | None,
        amplitude: Amplitude,
        /,
        *,
        isotropic: bool = False,
        measure: Literal["standard", "unit"] = "standard",
        **arguments: Any,
    ) -> NativeNoise:
        """Keep the arguments, those of the law first, and return SαS noise of this level."""
        if (epsilon is None) == (eta is None):
            raise ValueError("pass either epsilon or eta")
        if measure not in ("standard", "unit"):
            raise ValueError(f"measure = {measure!r} is not 'standard' or 'unit'")
        sigma = _sigma(amplitude)
        self._describe(
            **arguments,
            epsilon=None if epsilon is None else float(epsilon),
            eta=None if eta is None else float(eta),
            amplitude=None if isinstance(sigma, float) and sigma == 1.0 else sigma,
            isotropic=True if isotropic else None,
            measure="unit" if measure == "unit" else None,
        )
        return _native.Noise(alpha, epsilon, eta, sigma, bool(isotropic), measure == "unit")

    @property
    def alpha(self) -> float | None:
        """Tail index ``α`` of the motion; None for noise that is drawn once per step and belongs to no motion."""
        return self._native.alpha

    @property
    def epsilon(self) -> float:
        """Noise level ``ε``."""
        return self._native.epsilon


class StableNoise(Noise):
    """The driving term ``ε Σ dL`` with a symmetric α-stable Lévy motion ``L``.

    Parameters
    ----------
    alpha : float
        Tail index, ``0 < α ≤ 2``; 2 is Gaussian noise.
    epsilon : float, optional
        Noise level ``ε > 0``. A coordinate of an increment over ``h`` has the scale ``ε h^(1/α)`` before ``Σ``.
    eta : float, optional
        Learning rate instead of the noise level: ``ε = η^((α-1)/α)``. Pass either `epsilon` or `eta`.
    amplitude : array_like or tuple, optional
        ``Σ``: a number, the diagonal of shape (d,), a matrix of shape (d, d), or a tuple ``(diagonal, U, V)`` for
        ``diag(diagonal) + U Vᵀ`` with ``U`` and ``V`` of shape (d, k). The identity by default.
    isotropic : bool
        Whether one jump moves all coordinates in a uniformly distributed direction. Otherwise coordinates are independent.
    measure : {"standard", "unit"}
        Normalisation: increments that are standard SαS, or the paper's Lévy density ``|y|^(-1-α)``.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> StableNoise(1.5, epsilon=0.01)
    StableNoise(alpha=1.5, epsilon=0.01)
    >>> round(StableNoise(1.5, eta=1e-3).epsilon, 6)
    0.1
    """

    __slots__ = ()

    def __init__(
        self,
        alpha: float,
        epsilon: float | None = None,
        *,
        eta: float | None = None,
        amplitude: Amplitude = 1.0,
        isotropic: bool = False,
        measure: Literal["standard", "unit"] = "standard",
    ) -> None:
        self._native = self._describe_level(
            alpha, epsilon, eta, amplitude, isotropic=isotropic, measure=measure, alpha=float(alpha)
        )

    @property
    def alpha(self) -> float:
        """Tail index ``α``."""
        return float(self._arguments["alpha"])


def _sigma(amplitude: Amplitude) -> float | _Array | tuple[_Array, _Array, _Array]:
    if isinstance(amplitude, tuple) and len(amplitude) == 3 and np.ndim(amplitude[1]) == 2:
        diagonal, left, right = amplitude
        return vector(diagonal, "the diagonal of amplitude"), _matrix(left), _matrix(right)
    array = np.array(amplitude, dtype=np.float64)
    array.setflags(write=False)
    if array.ndim == 0:
        return float(array)
    if array.ndim > 2:
        raise ValueError(f"amplitude has {array.ndim} dimensions, not 0, 1 or 2")
    return array


def _matrix(value: ArrayLike) -> _Array:
    array = np.array(value, dtype=np.float64)
    if array.ndim != 2:
        raise ValueError(f"a factor of amplitude has {array.ndim} dimensions, not 2")
    array.setflags(write=False)
    return array
