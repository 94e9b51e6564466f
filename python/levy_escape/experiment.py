"""Experiments, as the program runs them."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from . import _native
from ._described import MOST_THREADS, integer
from .escape import EscapeWarning
from .progress import reporter
from .results import Results

__all__ = ["run"]


def run(
    experiment: str | os.PathLike[str] | Mapping[str, Any],
    out: str | os.PathLike[str] = "results",
    *,
    existing: Literal["refuse", "resume", "move"] = "refuse",
    seed: int | None = None,
    paths: int | None = None,
    threads: int | None = None,
    progress: bool | Callable[[int, int], object] = False,
) -> Results:
    """Run an experiment and write its results, byte for byte those of ``levy-escape run``.

    Parameters
    ----------
    experiment : path-like or mapping
        An experiment file, or its keys as a mapping.
    out : path-like
        Folder for the results, which go to ``out/<name>``.
    existing : {"refuse", "resume", "move"}
        What happens to existing results of the same name: an error, they are continued, or they are moved to ``<name>.1``.
    seed, paths : int, optional
        Values that replace those of the experiment.
    threads : int, optional
        Number of threads; all cores by default.
    progress : bool or callable
        As in `escape_times`, for the paths of all cells; tables and figures follow.

    Returns
    -------
    Results
        The results folder. After Ctrl-C it is incomplete, which a warning says; ``existing="resume"`` continues it.

    Raises
    ------
    ValueError
        If the experiment is wrong (with all errors, their lines and hints), or if results exist.
    OSError
        If a file cannot be read or written.
    RuntimeError
        If a figure has no data.
    """
    if existing not in ("refuse", "resume", "move"):
        raise ValueError(f"existing = {existing!r} is not 'refuse', 'resume' or 'move'")
    chosen_seed = None if seed is None else integer(seed, "seed", 0, 2**64 - 1)
    count = None if paths is None else integer(paths, "paths", 1, 10**12)
    used = None if threads is None else integer(threads, "threads", 1, MOST_THREADS)
    if isinstance(experiment, Mapping):
        file, text = "experiment", _toml(experiment)
    else:
        file, text = os.fspath(experiment), Path(experiment).read_text(encoding="utf-8")
    if not hasattr(_native, "run"):
        raise ImportError("this build of levy_escape has no experiments: build it with the feature `program`")
    with reporter(progress) as report:
        folder, complete = _native.run(file, text, Path(out), existing, chosen_seed, count, used, report)
    if not complete:
        warnings.warn("interrupted: continue with existing='resume'", EscapeWarning, stacklevel=2)
    return Results(folder)


def _toml(experiment: Mapping[str, Any]) -> str:
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in experiment.items())


def _key(key: str) -> str:
    if not isinstance(key, str):
        raise TypeError(f"keys of an experiment must be text, not {type(key).__name__}")
    return _value(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(entry)}" for key, entry in value.items()) + " }"
    if hasattr(value, "tolist"):
        return _value(value.tolist())
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(entry) for entry in value) + "]"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    raise TypeError(f"an experiment cannot hold a {type(value).__name__}")
