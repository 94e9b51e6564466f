"""Domains: the region around the minimum whose exit is timed."""

from __future__ import annotations

from numpy.typing import ArrayLike

from . import _native
from ._described import Described, vector

__all__ = ["Ball", "Box", "Domain", "Ellipsoid", "Interval", "Level", "Well"]


class Domain(Described):
    """Base of all domains. Balls, ellipsoids and level sets are centred at the minimum."""

    __slots__ = ("_native",)

    _native: _native.Domain


class Interval(Domain):
    """The open interval ``lo < x < hi`` in one dimension.

    Parameters
    ----------
    lo, hi : float
        The ends, in the coordinates of the potential. One of them may be infinite.

    Examples
    --------
    >>> Interval(-0.5, 0.5)
    Interval(lo=-0.5, hi=0.5)
    """

    __slots__ = ()

    def __init__(self, lo: float, hi: float) -> None:
        self._describe(lo=float(lo), hi=float(hi))
        self._native = _native.Domain.sides(vector(lo, "lo"), vector(hi, "hi"))


class Box(Domain):
    """The open box ``lo[i] < x[i] < hi[i]``.

    Parameters
    ----------
    lo, hi : array_like, shape (d,)
        The ends on every axis, in the coordinates of the potential. All but one may be infinite.

    Examples
    --------
    >>> Box([-1, -2], [1, 2])
    Box(lo=[-1., -2.], hi=[1., 2.])
    """

    __slots__ = ()

    def __init__(self, lo: ArrayLike, hi: ArrayLike) -> None:
        ends = vector(lo, "lo"), vector(hi, "hi")
        self._describe(lo=ends[0], hi=ends[1])
        self._native = _native.Domain.sides(*ends)


class Ball(Domain):
    """The ball ``|x - θ*| < radius`` around the minimum ``θ*``.

    Examples
    --------
    >>> Ball(2)
    Ball(radius=2.0)
    """

    __slots__ = ()

    def __init__(self, radius: float) -> None:
        self._describe(radius=float(radius))
        self._native = _native.Domain.ball(float(radius))


class Ellipsoid(Domain):
    """The ellipsoid ``Σ ((x_i - θ*_i) / a_i)² < 1`` around the minimum ``θ*``.

    Parameters
    ----------
    semi_axes : array_like, shape (d,)
        The semi-axes ``a_i``.

    Examples
    --------
    >>> Ellipsoid([0.5, 2])
    Ellipsoid(semi_axes=[0.5, 2. ])
    """

    __slots__ = ()

    def __init__(self, semi_axes: ArrayLike) -> None:
        axes = vector(semi_axes, "semi_axes")
        self._describe(semi_axes=axes)
        self._native = _native.Domain.ellipsoid(axes)


class Level(Domain):
    """The component of the level set ``F(x) < F(θ*) + height`` that holds the minimum ``θ*``.

    Examples
    --------
    >>> Level(0.2)
    Level(height=0.2)
    """

    __slots__ = ()

    def __init__(self, height: float) -> None:
        self._describe(height=float(height))
        self._native = _native.Domain.level(float(height))


class Well(Domain):
    """The well of attraction of the minimum of a `DoubleWell`: an exit is a transition to the other well.

    Examples
    --------
    >>> Well()
    Well()
    """

    __slots__ = ()

    def __init__(self) -> None:
        self._describe()
        self._native = _native.Domain.well()
