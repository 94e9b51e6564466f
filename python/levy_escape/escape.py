"""Simulation of exit times."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Literal

from . import _native
from ._described import MOST_THREADS, integer
from .problem import Problem
from .progress import reporter
from .result import EscapeResult
from .scheme import Scheme, scheme_of

__all__ = ["EscapeWarning", "escape_times"]


class EscapeWarning(UserWarning):
    """A run whose results need care: interrupted, diverged, or with steps that are too large."""


def escape_times(
    problem: Problem,
    paths: int = 10_000,
    seed: int = 1,
    scheme: str | Scheme = "jump_adapted",
    *,
    threads: int | None = None,
    max_time: float | None = None,
    max_events: int | None = None,
    progress: bool | Callable[[int, int], object] = False,
    on_interrupt: Literal["return", "raise"] = "return",
) -> EscapeResult:
    """Simulate paths up to their exit from the domain.

    The result depends on the problem, the scheme and the seed only: it is the same, bit for bit, on any number of threads, and the same
    as that of the Rust library and of the first cell of an experiment of the program.

    Parameters
    ----------
    problem : Problem
        What is simulated.
    paths : int
        Number of paths.
    seed : int
        Seed of the random streams, in [0, 2⁶⁴).
    scheme : {"jump_adapted", "euler", "euler_discrete", "steps"} or Scheme
        The scheme. Gaussian noise (α = 2) needs ``"euler"``, step optimisers need ``"steps"``.
    threads : int, optional
        Number of threads; all cores by default, one for potentials of Python functions.
    max_time, max_events : optional
        Time and number of events after which a path is censored; by default no path is.
    progress : bool or callable
        True shows a progress bar (with tqdm if it is installed). A function is called with the number of finished paths and of all
        paths, some 20 times a second.
    on_interrupt : {"return", "raise"}
        On Ctrl-C the paths being run stop within a second. ``"return"`` warns and returns the finished paths; ``"raise"``
        raises `KeyboardInterrupt`.

    Returns
    -------
    EscapeResult
        One entry per path, in path order.

    Raises
    ------
    ValueError
        If a parameter is out of range, or the scheme cannot integrate the problem.

    Examples
    --------
    >>> from levy_escape import Interval, Problem, Quadratic, StableNoise
    >>> problem = Problem(Quadratic(4), Interval(-0.5, 0.5), StableNoise(1.5, 0.01))
    >>> result = escape_times(problem, paths=2000, seed=1)
    >>> len(result), result.complete
    (2000, True)
    """
    if on_interrupt not in ("return", "raise"):
        raise ValueError(f"on_interrupt = {on_interrupt!r} is not 'return' or 'raise'")
    chosen = scheme_of(scheme)
    limits = (
        float("inf") if max_time is None else float(max_time),
        2**64 - 1 if max_events is None else integer(max_events, "max_events", 1, 2**64 - 1),
    )
    count = integer(paths, "paths", 1, 2**63 - 1)
    used = (
        getattr(problem.potential, "_threads", 0) if threads is None else integer(threads, "threads", 1, MOST_THREADS)
    )
    with reporter(progress) as report:
        found = _native.escapes(
            problem._native, count, integer(seed, "seed", 0, 2**64 - 1), chosen._native, used, limits, report
        )
    if found.interrupted and on_interrupt == "raise":
        raise KeyboardInterrupt
    for text in found.warnings:
        warnings.warn(text, EscapeWarning, stacklevel=2)
    result = EscapeResult(
        problem=problem,
        scheme=chosen.name,
        seed=seed,
        requested=count,
        times=found.times,
        axis=found.axis,
        side=found.side,
        overshoot=found.overshoot,
        by_jump=found.by_jump,
        landed=found.landed,
        status=found.status,
        events=found.events,
    )
    if found.interrupted:
        text = f"interrupted: {len(result)} of {count} paths were finished and are returned"
        warnings.warn(text, EscapeWarning, stacklevel=2)
    diverged = int(result.diverged.sum())
    if diverged:
        text = f"{diverged} of {len(result)} paths diverged: the step is too large for the landscape"
        warnings.warn(text, EscapeWarning, stacklevel=2)
    return result
