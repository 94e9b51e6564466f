"""Potentials from functions of your own."""

from __future__ import annotations

import ctypes
import importlib
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _native
from ._described import vector
from .landscape import Potential

__all__ = ["CustomPotential", "SlowPotentialWarning", "potential"]

SIGNATURES = ("float64(float64*, int64)", "none(float64*, float64*, int64)")
"""Signatures of compiled functions, as numba writes them."""


FUNCTION_POINTER: Any = ctypes.CFUNCTYPE(None).__base__
"""The type of all functions of ctypes."""


class SlowPotentialWarning(UserWarning):
    """A potential whose gradient runs in the Python interpreter."""


class CustomPotential(Potential):
    """A potential of two functions, made by `potential`."""

    __slots__ = ("_sources", "_threads")

    _sources: tuple[Any, Any] | None
    """The Python functions that were compiled."""
    _threads: int

    def __init__(self, value: Any, gradient: Any, minimum: ArrayLike) -> None:
        centre = vector(minimum, "minimum")
        self._describe(value=value, gradient=gradient, minimum=centre)
        addresses = [_address(function, which) for function, which in ((value, 0), (gradient, 1))]
        if (addresses[0] is None) != (addresses[1] is None):
            raise TypeError("value and gradient must both be Python functions or both be compiled")
        if addresses[0] is not None and addresses[1] is not None:
            self._native = _native.Potential.compiled(addresses[0], addresses[1], centre, (value, gradient))
            self._threads = 0
        else:
            self._native = _native.Potential.python(value, gradient, centre)
            self._threads = 1
        self._sources = None

    def __reduce__(self) -> tuple[Any, ...]:
        if self._sources is None:
            return super().__reduce__()
        # Machine code cannot be pickled: the other process compiles the functions again.
        return _recompiled, (*self._sources, self.minimum)


def potential(
    value: Callable[[NDArray[np.float64]], Any] | Any,
    gradient: Callable[[NDArray[np.float64]], Any] | Any,
    minimum: ArrayLike,
    *,
    compile: bool = False,
    check: bool = True,
) -> CustomPotential:
    """Make a potential of a value ``F(x)`` and its gradient ``∇F(x)``.

    The second derivative is taken from differences of the gradient where a scheme needs it.

    Parameters
    ----------
    value, gradient : callable or compiled function
        Python functions of an array of shape (d,), which return a number and an array of shape (d,). They run in the interpreter, on one
        thread, and are some hundred times slower than compiled functions.

        Or functions compiled by ``numba.cfunc`` or loaded with ctypes, of the types ``double value(double *x, int64_t d)`` and
        ``void gradient(double *x, double *gradient, int64_t d)``. They run without the interpreter and on all threads.
    minimum : array_like, shape (d,)
        The minimum ``θ*``.
    compile : bool
        Whether numba compiles the Python functions. They may use what numba's nopython mode understands.
    check : bool
        Whether the gradient is compared with differences of the value around the minimum, and the minimum with its neighbours.

    Raises
    ------
    ValueError
        If the gradient is not that of the value, or `minimum` is not a minimum.
    TypeError
        If a function returns something else than numbers, or a compiled function has another type.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", SlowPotentialWarning)
    ...     quartic = potential(lambda x: x[0] ** 4 / 4, lambda x: x**3, minimum=[0.0])
    >>> quartic.gradient([2.0])
    array([8.])
    """
    made = _recompiled(value, gradient, minimum) if compile else CustomPotential(value, gradient, minimum)
    if made._threads == 1:
        text = "the potential runs in the Python interpreter, on one thread; compile=True or numba.cfunc is some hundred times faster"
        warnings.warn(text, SlowPotentialWarning, stacklevel=2)
    if check:
        _check(made)
    return made


def _recompiled(value: Callable[..., Any], gradient: Callable[..., Any], minimum: ArrayLike) -> CustomPotential:
    made = CustomPotential(*_compiled(value, gradient), minimum)
    made._sources = value, gradient
    return made


def _address(function: Any, which: int) -> int | None:
    """Return the address of a compiled function, None for a Python function."""
    if hasattr(function, "address") and hasattr(function, "_sig"):
        found = str(function._sig).replace(" ", "")
        text = found[found.rindex("->") + 2 :] + found[: found.rindex("->")] if "->" in found else found
        if text != SIGNATURES[which].replace(" ", ""):
            raise TypeError(f"the compiled function must have the signature {SIGNATURES[which]}, not {function._sig}")
        return int(function.address)
    if isinstance(function, FUNCTION_POINTER):
        return ctypes.cast(function, ctypes.c_void_p).value
    if callable(function):
        return None
    raise TypeError(f"value and gradient must be functions, not {type(function).__name__}")


def _compiled(value: Callable[..., Any], gradient: Callable[..., Any]) -> tuple[Any, Any]:
    """Compile functions of arrays to functions of pointers."""
    try:
        numba: Any = importlib.import_module("numba")
    except ImportError:
        raise ImportError("compile=True needs numba: pip install numba") from None
    numbers, count = numba.types.CPointer(numba.float64), numba.int64
    inner_value, inner_gradient = numba.njit(value), numba.njit(gradient)

    def at(x: Any, d: Any) -> Any:
        return inner_value(numba.carray(x, (d,)))

    def slope(x: Any, out: Any, d: Any) -> None:
        numba.carray(out, (d,))[:] = inner_gradient(numba.carray(x, (d,)))

    return numba.cfunc(numba.float64(numbers, count))(at), numba.cfunc(numba.void(numbers, numbers, count))(slope)


def _check(made: CustomPotential) -> None:
    """Compare the gradient with differences of the value at points around the minimum."""
    minimum = made.minimum
    lowest = made.value(minimum)
    if not np.isfinite(lowest):
        raise ValueError(f"the value at the minimum is {lowest}")
    scale = np.maximum(np.abs(minimum), 1.0)
    rng = np.random.default_rng(20)
    for distance in (0.03, 0.1, 0.3):
        x = minimum + distance * scale * rng.uniform(-1.0, 1.0, minimum.size)
        if made.value(x) < lowest - 1e-12 * max(abs(lowest), 1.0) and distance == 0.03:
            raise ValueError(f"the value at {x.tolist()} is below that at the minimum {minimum.tolist()}")
        gradient = made.gradient(x)
        size = max(float(np.abs(gradient).max()), 1e-3)
        # A random direction checks every axis at once, also in thousands of dimensions.
        for _ in range(min(minimum.size, 3)):
            direction = rng.choice((-1.0, 1.0), minimum.size) * scale
            step = 1e-5 * distance
            ahead, behind = made.value(x + step * direction), made.value(x - step * direction)
            slope, found = (ahead - behind) / (2 * step), float(gradient @ direction)
            rounding = 1e-15 * max(abs(ahead), abs(lowest)) / step
            if not abs(slope - found) <= 1e-4 * size * float(np.abs(direction).sum()) + 10 * rounding:
                raise ValueError(
                    f"the gradient at {x.tolist()} gives the slope {found:.6g} along {direction.tolist()}, "
                    f"differences of the value give {slope:.6g}"
                )
