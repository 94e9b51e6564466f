"""The tail index of data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from . import _native

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["as_array", "tail_index"]

ESTIMATORS = ("mohammadi", "koutrouvelis", "mcculloch", "hill", "maximum-likelihood")
"""All estimators."""


def tail_index(
    data: Any,
    axis: int | None = None,
    *,
    estimators: str | Sequence[str] | None = None,
    centre: float | Literal["median", "zero"] = "median",
    confidence: float = 0.95,
    dependence: int | None = None,
    block: int | None = None,
    keep_zeros: bool = False,
    order: int | None = None,
    seed: int = 0,
) -> pd.DataFrame | dict[str, NDArray[Any]]:
    """Estimate the index α of a symmetric α-stable law.

    Every estimate comes with that of a Gaussian of the same scales, its surrogate: an estimate that the surrogate shares says nothing about
    heavy tails.

    Parameters
    ----------
    data : array_like
        Anything with ``__array__``, DLPack or the buffer protocol: arrays, DataFrames, tensors of PyTorch or JAX in the memory of the CPU.
    axis : int, optional
        Axis along which the entries of a sample lie: one sample for every index of the other axes. By default all entries are one
        sample, and the last of several axes holds the parameters, each of which keeps its scale in the surrogate.
    estimators : str or sequence of str, optional
        Any of ``"mohammadi"``, ``"koutrouvelis"``, ``"mcculloch"``, ``"hill"`` and ``"maximum-likelihood"``. All by default; the
        first three for many samples.
    centre : {"median", "zero"} or float
        What is subtracted from the entries.
    confidence : float
        Level of the intervals, in [0.5, 1).
    dependence : int, optional
        Number of consecutive entries over which dependence is allowed for; ``n^(1/3)`` by default.
    block : int, optional
        ``K1``, the entries of a sum in Mohammadi's estimator.
    keep_zeros : bool
        Whether Mohammadi's estimator keeps exact zeros, as the paper's code does.
    order : int, optional
        ``k``, the largest entries that Hill's estimator uses.
    seed : int
        Seed of the surrogates.

    Returns
    -------
    pandas.DataFrame or dict
        One row per sample and estimator: a DataFrame if pandas is installed, else a dict of arrays with the same columns: ``sample``,
        ``estimator``, ``alpha``, ``lo``, ``hi``, ``scale``, ``surrogate``, ``surrogate_lo``, ``surrogate_hi``, ``entries``, ``zero_share``,
        ``location``, ``rounding``, ``symmetry_p``, ``order_p`` (p values of the two tests of what the estimators assume) and ``error``.
        An estimate that does not exist is NaN, and ``error`` says why.

    Raises
    ------
    ValueError
        If a single sample cannot be used: empty, constant, or with entries that are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> found = tail_index(rng.standard_cauchy(10_000), estimators="koutrouvelis")
    >>> bool(abs(found["alpha"][0] - 1) < 0.05)
    True
    """
    array = as_array(data)
    if axis is None or array.ndim == 1:
        if axis not in (None, 0, -1):
            raise ValueError(f"axis = {axis} is outside the {array.ndim} dimensions of the data")
        columns = array.shape[-1] if array.ndim > 1 else 1
        samples = [np.ascontiguousarray(array).reshape(-1)]
        names: list[Any] = ["all"]
    else:
        if not -array.ndim <= axis < array.ndim:
            raise ValueError(f"axis = {axis} is outside the {array.ndim} dimensions of the data")
        columns = 1
        moved = np.moveaxis(array, axis, -1)
        indices = list(np.ndindex(moved.shape[:-1]))
        samples = [np.ascontiguousarray(moved[index]) for index in indices]
        names = [index[0] if len(index) == 1 else index for index in indices]
    if estimators is None:
        estimators = ESTIMATORS if len(samples) == 1 else ESTIMATORS[:3]
    chosen = [estimators] if isinstance(estimators, str) else list(estimators)
    rows: list[dict[str, Any]] = []
    for number, (name, sample) in enumerate(zip(names, samples, strict=True)):
        try:
            found = _native.tail_index(
                sample,
                columns,
                centre if isinstance(centre, str) else float(centre),
                chosen,
                confidence,
                dependence,
                (block, keep_zeros),
                order,
                (seed + number) % 2**64,
            )
        except ValueError as error:
            if len(samples) == 1 or "estimator" in str(error) or "centre" in str(error):
                raise
            rows += [_row(name, estimator, None, None, str(error)) for estimator in chosen]
            continue
        rows += [_row(name, one.estimator, found, one, one.error or "") for one in found.estimates]
    table = {column: [row[column] for row in rows] for column in rows[0]} if rows else {}
    return _framed(table)


def _row(
    name: Any,
    estimator: str,
    found: _native.TailFindings | None,
    one: _native.Estimated | None,
    error: str,
) -> dict[str, Any]:
    nan = float("nan")
    return {
        "sample": name,
        "estimator": estimator,
        "alpha": one.alpha if one else nan,
        "lo": one.lo if one else nan,
        "hi": one.hi if one else nan,
        "scale": one.scale if one else nan,
        "surrogate": one.surrogate if one else nan,
        "surrogate_lo": one.surrogate_lo if one else nan,
        "surrogate_hi": one.surrogate_hi if one else nan,
        "entries": found.entries if found else 0,
        "zero_share": found.zero_share if found else nan,
        "location": found.location if found else nan,
        "rounding": nan if found is None or found.rounding is None else found.rounding,
        "symmetry_p": found.symmetry_p if found else nan,
        "order_p": found.order_p if found else nan,
        "error": error,
    }


def _framed(table: dict[str, list[Any]]) -> pd.DataFrame | dict[str, NDArray[Any]]:
    try:
        import pandas as pd
    except ImportError:
        return {name: _column(values) for name, values in table.items()}
    return pd.DataFrame(table)


def _column(values: list[Any]) -> NDArray[Any]:
    if values and isinstance(values[0], tuple):
        column = np.empty(len(values), dtype=object)
        column[:] = values
        return column
    return np.asarray(values)


def as_array(data: Any, name: str = "data") -> NDArray[np.float64]:
    """Return data as an array of floats, without a copy where they are floats already; `name` stands in errors.

    Raises
    ------
    TypeError
        If the data are no array of real numbers.
    """
    if hasattr(data, "detach"):
        # A tensor that records gradients exports neither an array nor DLPack.
        data = data.detach()
    if not hasattr(data, "__array__") and hasattr(data, "__dlpack__"):
        data = np.from_dlpack(data)
    array = np.asarray(data)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must be real numbers, not {array.dtype}")
    if array.ndim == 0:
        raise TypeError(f"{name} must be an array, not a single number")
    return np.asarray(array, dtype=np.float64)
