"""Laws of the noise other than the symmetric stable one."""

from __future__ import annotations

from typing import Any

import numpy as np

from .calibration import Calibration
from .noise import Amplitude, Noise
from .tail import as_array

__all__ = ["Empirical", "Gaussian", "Skewed", "StudentT", "Tempered", "Truncated"]


class Gaussian(Noise):
    """Gaussian noise of variance 1 per unit time, half that of `StableNoise` at ``α = 2``.

    Parameters
    ----------
    epsilon : float, optional
        Noise level ``ε > 0``. A coordinate of an increment over ``h`` has the standard deviation ``ε √h`` before ``Σ``.
    eta : float, optional
        Learning rate instead of the noise level: ``ε = √η``. Pass either `epsilon` or `eta`.
    amplitude : array_like or tuple, optional
        ``Σ``, as for `StableNoise`.
    isotropic : bool
        Whether the noise is drawn as one isotropic vector, which has the same law as independent coordinates.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> Gaussian(eta=0.01)
    Gaussian(eta=0.01)
    >>> Gaussian(eta=0.01).epsilon
    0.1
    """

    __slots__ = ()

    def __init__(
        self,
        epsilon: float | None = None,
        *,
        eta: float | None = None,
        amplitude: Amplitude = 1.0,
        isotropic: bool = False,
    ) -> None:
        self._native = self._describe_level(2.0, epsilon, eta, amplitude, isotropic=isotropic).with_law("gaussian", 0.0)


class Skewed(Noise):
    """Strictly stable noise with the Lévy density ``c_α (1 ± β) |y|^(-1-α)`` on the two sides, for Euler and step optimisers.

    Parameters
    ----------
    alpha : float
        Tail index in [0.1, 1.999], not within 0.001 of 1.
    beta : float
        Skewness in [-1, 1]; at 1 all large jumps are positive.
    epsilon, eta : float, optional
        Noise level, or the learning rate that gives it; as for `StableNoise`.
    amplitude : array_like or tuple, optional
        ``Σ``, as for `StableNoise`.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> Skewed(1.5, 0.5, eta=0.01)
    Skewed(alpha=1.5, beta=0.5, eta=0.01)
    """

    __slots__ = ()

    def __init__(
        self,
        alpha: float,
        beta: float,
        epsilon: float | None = None,
        *,
        eta: float | None = None,
        amplitude: Amplitude = 1.0,
    ) -> None:
        level = self._describe_level(alpha, epsilon, eta, amplitude, alpha=float(alpha), beta=float(beta))
        self._native = level.with_law("skewed", beta)


class Tempered(Noise):
    """Noise with the Lévy density ``c_α e^(-|y|/cutoff) |y|^(-1-α)``.

    A step of an optimiser draws the increment over unit time, which ``η Σ`` multiplies if the level is given by `eta`; so `cutoff` is in
    units of the gradient noise. Otherwise it is in units of ``L``, before ``ε Σ``.

    Parameters
    ----------
    alpha : float
        Tail index in [0.4, 1.95] of the law before tempering.
    cutoff : float
        Length over which tempering reduces the density by a factor of ``e``; at least 0.001.
    epsilon, eta : float, optional
        Noise level, or the learning rate that gives it; as for `StableNoise`.
    amplitude : array_like or tuple, optional
        ``Σ``, as for `StableNoise`.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> Tempered(1.5, 20, eta=0.01)
    Tempered(alpha=1.5, cutoff=20.0, eta=0.01)
    """

    __slots__ = ()

    def __init__(
        self,
        alpha: float,
        cutoff: float,
        epsilon: float | None = None,
        *,
        eta: float | None = None,
        amplitude: Amplitude = 1.0,
    ) -> None:
        level = self._describe_level(alpha, epsilon, eta, amplitude, alpha=float(alpha), cutoff=float(cutoff))
        self._native = level.with_law("tempered", cutoff)


class Truncated(Noise):
    """Noise with the Lévy density ``c_α |y|^(-1-α)`` on ``|y| ≤ at``.

    The cut has the units of that of `Tempered`.

    Parameters
    ----------
    alpha : float
        Tail index in [0.4, 1.95] of the law before truncation.
    at : float
        Size of the largest jump, at least 0.001.
    epsilon, eta : float, optional
        Noise level, or the learning rate that gives it; as for `StableNoise`.
    amplitude : array_like or tuple, optional
        ``Σ``, as for `StableNoise`.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> Truncated(1.5, at=50, eta=0.01)
    Truncated(alpha=1.5, at=50.0, eta=0.01)
    """

    __slots__ = ()

    def __init__(
        self,
        alpha: float,
        at: float,
        epsilon: float | None = None,
        *,
        eta: float | None = None,
        amplitude: Amplitude = 1.0,
    ) -> None:
        level = self._describe_level(alpha, epsilon, eta, amplitude, alpha=float(alpha), at=float(at))
        self._native = level.with_law("truncated", at)


class StudentT(Noise):
    """Student's t, drawn once per step; it belongs to no motion.

    It drives step optimisers, and Euler with ``Euler(step=eta, discrete=True)``.

    Parameters
    ----------
    degrees : float
        Degrees of freedom, at least 0.1; also the tail index of the law.
    epsilon, eta : float, optional
        Noise level, or the learning rate that gives it by ``ε = √η``, so that a step of an optimiser with the same
        `eta` adds ``η Σ ξ``.
    amplitude : array_like or tuple, optional
        ``Σ``, as for `StableNoise`.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> StudentT(3, eta=0.01, amplitude=0.5)
    StudentT(degrees=3.0, eta=0.01, amplitude=0.5)
    """

    __slots__ = ()

    def __init__(
        self,
        degrees: float,
        epsilon: float | None = None,
        *,
        eta: float | None = None,
        amplitude: Amplitude = 1.0,
    ) -> None:
        level = self._describe_level(2.0, epsilon, eta, amplitude, degrees=float(degrees))
        self._native = level.with_law("student_t", degrees)


class Empirical(Noise):
    """Measured gradient-noise vectors: every step draws one of them whole, so that its coordinates keep their dependence.

    It belongs to no motion and drives step optimisers, and Euler with ``Euler(step=eta, discrete=True)``.

    Parameters
    ----------
    vectors : Calibration or array_like, shape (n, d)
        A calibration, whose noise vectors at the coordinates of its minimum are taken, or vectors in units of the gradient.
    epsilon, eta : float, optional
        Noise level, or the learning rate that gives it by ``ε = √η``, so that a step of an optimiser with the same
        `eta` adds ``η Σ ξ``. The learning rate of the
        calibration by default.
    amplitude : array_like or tuple, optional
        ``Σ``, as for `StableNoise`.
    label : str, optional
        The run of the calibration, if there are several.

    Raises
    ------
    ValueError
        If there are fewer than two vectors, a value is not finite, all are zero, or the calibration has no noise vectors.

    Examples
    --------
    >>> noise = Empirical([[0.5, -1.0], [-0.5, 1.0]], eta=0.01)
    >>> noise.dim
    2
    """

    __slots__ = ()

    def __init__(
        self,
        vectors: Any,
        epsilon: float | None = None,
        *,
        eta: float | None = None,
        amplitude: Amplitude = 1.0,
        label: str | None = None,
    ) -> None:
        if isinstance(vectors, Calibration):
            if epsilon is None and eta is None:
                eta = vectors.eta(label)
            rows = vectors.noise_vectors(label)
        elif label is not None:
            raise ValueError(f"label = {label!r} chooses a run of a calibration, and vectors is none")
        else:
            rows = np.array(as_array(vectors, "vectors"))
        if rows.ndim != 2:
            raise ValueError(f"vectors have the shape {rows.shape}, not (vectors, coordinates)")
        rows.setflags(write=False)
        level = self._describe_level(2.0, epsilon, eta, amplitude, vectors=rows)
        self._native = level.with_vectors(rows)

    @property
    def dim(self) -> int:
        """Coordinates of a vector."""
        return int(self._arguments["vectors"].shape[1])
