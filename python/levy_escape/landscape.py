"""Potentials with closed forms."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _native
from ._described import Described, integer, point, vector

__all__ = ["Asymmetric", "DoubleWell", "Expression", "Flat", "MultiWell", "Potential", "Quadratic"]


class Potential(Described):
    """Base of all potentials ``F`` with a minimum ``θ*``."""

    __slots__ = ("_native",)

    _native: _native.Potential

    @property
    def dim(self) -> int:
        """Number of parameters ``d``."""
        return self.minimum.size

    @property
    def minimum(self) -> NDArray[np.float64]:
        """The minimum ``θ*``, shape (d,)."""
        return self._native.minimum

    def value(self, x: ArrayLike) -> float:
        """Return ``F(x)``."""
        return self._native.value(vector(x, "x"))

    def gradient(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return ``∇F(x)``, shape (d,)."""
        return self._native.gradient(vector(x, "x"))


class Quadratic(Potential):
    """``F(x) = ½ (x - θ*)ᵀ H (x - θ*)``.

    Parameters
    ----------
    curvature : array_like, shape (), (d,) or (d, d)
        A number or the diagonal of the Hessian ``H``, or ``H`` itself, which must be symmetric and positive definite.
    minimum : array_like, shape (d,), optional
        The minimum ``θ*``; the origin by default.

    Raises
    ------
    ValueError
        If a curvature or an eigenvalue is not positive and finite.

    Examples
    --------
    >>> bowl = Quadratic([4, 1])
    >>> bowl.value([1, 2])
    4.0
    >>> bowl.gradient([1, 2])
    array([4., 2.])
    """

    __slots__ = ()

    def __init__(self, curvature: ArrayLike, minimum: ArrayLike | None = None) -> None:
        hessian = np.array(curvature, dtype=np.float64, ndmin=1)
        hessian.setflags(write=False)
        centre = point(minimum, "minimum")
        self._describe(curvature=hessian, minimum=centre)
        if hessian.ndim == 1:
            self._native = _native.Potential.quadratic(hessian, centre)
        elif hessian.ndim == 2:
            self._native = _native.Potential.quadratic_form(hessian, centre)
        else:
            raise ValueError(f"curvature has {hessian.ndim} dimensions, not 1 or 2")


class Asymmetric(Potential):
    """``F(x) = ½ Σ k_i (x_i - θ*_i)²`` with ``k_i = left_i`` below the minimum and ``right_i`` above it.

    Parameters
    ----------
    left, right : array_like, shape (d,)
        Curvatures on the two sides of every axis.
    minimum : array_like, shape (d,), optional
        The minimum ``θ*``; the origin by default.

    Examples
    --------
    >>> Asymmetric(left=8, right=0.5).gradient([-1.0])
    array([-8.])
    """

    __slots__ = ()

    def __init__(self, left: ArrayLike, right: ArrayLike, minimum: ArrayLike | None = None) -> None:
        sides = vector(left, "left"), vector(right, "right")
        centre = point(minimum, "minimum")
        self._describe(left=sides[0], right=sides[1], minimum=centre)
        self._native = _native.Potential.asymmetric(*sides, centre)


class DoubleWell(Potential):
    """``F'(x) = stiffness (x - a)(x - s)(x - b)`` along the first axis, ``½ k_j y_j²`` along the others.

    Parameters
    ----------
    minima : (float, float)
        The minima ``a < b``.
    saddle : float
        The saddle ``s`` between them.
    stiffness : float
        The factor of ``F'``.
    transverse : array_like, optional
        Curvatures ``k_j`` of further axes.
    well : {"left", "right"}
        The well in which paths start; its minimum is ``θ*``.

    Examples
    --------
    The defaults are ``x⁴/4 - x²/2``:

    >>> DoubleWell().value([1.0])
    -0.25
    """

    __slots__ = ()

    def __init__(
        self,
        minima: tuple[float, float] = (-1.0, 1.0),
        saddle: float = 0.0,
        stiffness: float = 1.0,
        transverse: ArrayLike | None = None,
        well: str = "left",
    ) -> None:
        if well not in ("left", "right"):
            raise ValueError(f"well = {well!r} is not 'left' or 'right'")
        left, right = minima
        across = np.empty(0) if transverse is None else vector(transverse, "transverse")
        self._describe(
            minima=(float(left), float(right)),
            saddle=float(saddle),
            stiffness=float(stiffness),
            transverse=across if across.size else None,
            well=well,
        )
        self._native = _native.Potential.double_well(
            (float(left), float(right)), float(saddle), float(stiffness), across, well == "right"
        )


class MultiWell(Potential):
    """Wells on a line by position, width and depth: ``F(x_i) = -depths[i]`` at the minima, ``F(s_j) = heights[j]`` at the saddles.

    Between neighbours ``F'`` is a polynomial without further zeros, and ``F''`` is continuous. The widths, which Lévy noise sees, and the
    barriers, which Gaussian noise sees, are chosen independently.

    Parameters
    ----------
    minima : array_like, shape (n,)
        The minima in ascending order, two or more.
    saddles : array_like, shape (n - 1,)
        The saddles between them.
    depths : array_like, shape (n,)
        Depths of the minima.
    heights : array_like, shape (n - 1,), optional
        Heights of the saddles; 0 by default.
    well : int
        Number of the well in which paths start, from 1, from left to right; its minimum is ``θ*``.

    Raises
    ------
    ValueError
        If the lengths do not fit together, the points are not in order, or a minimum is not below its saddles.

    Examples
    --------
    A sharp deep well and a flat shallow one:

    >>> wells = MultiWell([0, 2], [0.5], [2, 1])
    >>> wells.value([0.0]), wells.value([0.5]), wells.value([2.0])
    (-2.0, 0.0, -1.0)
    """

    __slots__ = ()

    def __init__(
        self,
        minima: ArrayLike,
        saddles: ArrayLike,
        depths: ArrayLike,
        heights: ArrayLike | None = None,
        *,
        well: int = 1,
    ) -> None:
        number = integer(well, "well", 1, 65_535)
        points = vector(minima, "minima"), vector(saddles, "saddles"), vector(depths, "depths")
        tops = point(heights, "heights")
        self._describe(
            minima=points[0],
            saddles=points[1],
            depths=points[2],
            heights=tops,
            well=None if number == 1 else number,
        )
        self._native = _native.Potential.multi_well(
            *points, np.zeros(points[1].size) if tops is None else tops, number - 1
        )


class Expression(Potential):
    """A potential given by a formula, with exact derivatives.

    Variables are ``x``, ``y`` and ``z``, or ``x1``, ``x2``, …; operators are ``+ - * / ^`` (or ``**``), with ``-x^2 = -(x^2)``;
    functions are exp, ln or log, sqrt, abs, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, min, max and pow; constants
    are ``pi`` and ``e``.

    Parameters
    ----------
    formula : str
        The formula of ``F``.
    minimum : array_like, shape (d,), optional
        The minimum ``θ*``; a rounded one is corrected by up to 1 %. By default a descent searches it.
    start : array_like, shape (d,), optional
        Where the descent begins; the origin by default.
    parameters : mapping of str to float, optional
        Values of the other names in the formula.

    Raises
    ------
    ValueError
        If the formula cannot be read (with the column), or has no minimum there.

    Examples
    --------
    >>> wells = Expression("x^4/4 - a*x^2/2", start=[0.5], parameters={"a": 4})
    >>> wells.minimum
    array([2.])
    >>> wells.value([2.0])
    -4.0
    """

    __slots__ = ()

    def __init__(
        self,
        formula: str,
        minimum: ArrayLike | None = None,
        *,
        start: ArrayLike | None = None,
        parameters: Mapping[str, float] | None = None,
    ) -> None:
        centre, begin = point(minimum, "minimum"), point(start, "start")
        values = {name: float(value) for name, value in (parameters or {}).items()}
        self._describe(formula=formula, minimum=centre, start=begin, parameters=values or None)
        self._native = _native.Potential.expression(formula, values, centre, begin)


class Flat(Potential):
    """``F = 0``: pure Lévy motion. The centre takes the place of the minimum.

    Parameters
    ----------
    dim : int
        Number of parameters.
    minimum : array_like, shape (d,), optional
        The centre; the origin by default.

    Examples
    --------
    >>> Flat(2).value([3, 4])
    0.0
    """

    __slots__ = ()

    def __init__(self, dim: int = 1, minimum: ArrayLike | None = None) -> None:
        centre = np.zeros(dim) if minimum is None else vector(minimum, "minimum")
        if centre.size != dim:
            raise ValueError(f"minimum has {centre.size} entries, the landscape has dimension {dim}")
        self._describe(dim=int(dim), minimum=None if minimum is None else centre)
        self._native = _native.Potential.flat(centre)
