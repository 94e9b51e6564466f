"""Domains: the region around the minimum whose exit is timed."""

from __future__ import annotations

from numpy.typing import ArrayLike

from . import _native
from ._described import Described, integer, vector

__all__ = ["Attraction", "Ball", "Box", "Domain", "Ellipsoid", "Interval", "Level", "Until", "Well"]


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
    """The well of the minimum of a `DoubleWell`, a `MultiWell` or an `Expression` on a line: an exit is a transition to another well.

    Examples
    --------
    >>> Well()
    Well()
    """

    __slots__ = ()

    def __init__(self) -> None:
        self._describe()
        self._native = _native.Domain.well()


class Attraction(Domain):
    """The basin of attraction of the minimum ``θ*``: the points from which the flow ``dx/dt = -∇F(x)`` tends to it.

    A well that is an interval or a box, as on a line or of a `DoubleWell`, is used as one. For other potentials in several dimensions the
    flow is followed: ``"jump_adapted"`` takes the plane, ``Euler(discrete=True)`` and step optimisers take any basin, and the volume
    is NaN.

    Examples
    --------
    >>> Attraction()
    Attraction()
    """

    __slots__ = ()

    def __init__(self) -> None:
        self._describe()
        self._native = _native.Domain.attraction()


class Until(Domain):
    """Everything but a target: a path runs until it first enters the target, by a jump or by creeping, and nothing else absorbs it.

    The time of a path is its hitting time.

    Parameters
    ----------
    target : Interval or Box, optional
        The target with its ends, which may be infinite.
    well : int, optional
        Instead of `target`, the number of a well of a potential on a line, from 1, from left to right: a path has hit it when the gradient
        flow leads it there.

    Raises
    ------
    ValueError
        If neither or both of `target` and `well` are given, or `well` is not positive.

    Examples
    --------
    >>> Until(Interval(0.5, float("inf")))
    Until(target=Interval(lo=0.5, hi=inf))
    >>> Until(well=2)
    Until(well=2)
    """

    __slots__ = ()

    def __init__(self, target: Interval | Box | None = None, *, well: int | None = None) -> None:
        if (target is None) == (well is None):
            raise ValueError("pass either target or well")
        number = None if well is None else integer(well, "well", 1, 65_535)
        self._describe(target=target, well=number)
        if number is not None:
            self._native = _native.Domain.until_well(number - 1)
        elif isinstance(target, (Interval, Box)):
            ends = (vector(target._arguments[end], end) for end in ("lo", "hi"))
            self._native = _native.Domain.until(*ends)
        else:
            raise TypeError(f"target must be an Interval or a Box, not {type(target).__name__}")
