"""Immutable objects that are described by the arguments they were made from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["MOST_THREADS", "Described", "integer", "point", "table", "vector"]

MOST_THREADS = 4096
"""Largest number of threads, that of the program."""


def integer(value: int, name: str, lowest: int, highest: int) -> int:
    """Return an integer, also one of NumPy, in a range."""
    try:
        number = value.__index__()
    except AttributeError:
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}") from None
    if not lowest <= number <= highest:
        raise ValueError(f"{name} = {number} is outside [{lowest}, {highest}]")
    return number


def vector(value: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return a read-only copy of a number or a sequence as a one-dimensional array."""
    array = np.array(value, dtype=np.float64, ndmin=1)
    if array.ndim != 1:
        raise ValueError(f"{name} has {array.ndim} dimensions, not 1")
    array.setflags(write=False)
    return array


def point(value: ArrayLike | None, name: str) -> NDArray[np.float64] | None:
    """Return `vector(value, name)`, or None for None."""
    return None if value is None else vector(value, name)


class Described:
    """Base of the parts of a problem.

    An object keeps its arguments in ``_arguments`` and is compared, hashed, pickled and printed by them.
    """

    __slots__ = ("_arguments",)

    _arguments: dict[str, Any]

    def _describe(self, **arguments: Any) -> None:
        """Keep the arguments; those that are None have their default."""
        self._arguments = {name: value for name, value in arguments.items() if value is not None}

    def __repr__(self) -> str:
        arguments = (f"{name}={_text(value)}" for name, value in self._arguments.items())
        return f"{type(self).__name__}({', '.join(arguments)})"

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, Described):
            return NotImplemented
        return bool(_key(self._arguments) == _key(other._arguments))

    def __hash__(self) -> int:
        return hash((type(self).__name__, _key(self._arguments)))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self._arguments)

    def _repr_html_(self) -> str:
        rows = ((name, f"<code>{_escaped(value)}</code>") for name, value in self._arguments.items())
        return table(type(self).__name__, rows)


def _rebuild(kind: type[Any], arguments: dict[str, Any]) -> Any:
    return kind(**arguments)


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        if value.ndim == 1 and value.size == 1:
            return repr(float(value[0]))
        return np.array2string(value, separator=", ", threshold=12, edgeitems=3).replace("\n", "")
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))})"
    return repr(value)


def table(caption: str, rows: Iterable[tuple[str, str]]) -> str:
    """Return an HTML table of names and texts."""
    cells = "".join(
        f"<tr><th style='text-align:left'>{name}</th><td style='text-align:left'>{text}</td></tr>"
        for name, text in rows
    )
    return f"<table><caption>{caption}</caption>{cells}</table>"


def _escaped(value: Any) -> str:
    return _text(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _key(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((name, _key(entry)) for name, entry in value.items())
    if isinstance(value, tuple):
        return tuple(_key(entry) for entry in value)
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    return value
