"""Progress of a run, in terminals and notebooks."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["reporter"]

Report = Callable[[int, int], object]
"""What is called with the number of finished paths and of all paths."""


@contextmanager
def reporter(progress: bool | Report) -> Iterator[Report | None]:
    """Yield what is called during a run, and close the bar afterwards."""
    if callable(progress):
        yield progress
    elif not progress:
        yield None
    else:
        try:
            from tqdm.auto import tqdm  # type: ignore[import-untyped,unused-ignore]
        except ImportError:
            yield from _line()
            return
        with tqdm(unit="path", unit_scale=True) as bar:

            def report(done: int, total: int) -> None:
                if bar.total != total:
                    bar.reset(total)
                    # Paths of an earlier session do not count for the rate.
                    bar.initial = bar.n = bar.last_print_n = done
                bar.update(done - bar.n)

            yield report


def _line() -> Iterator[Report]:
    """Yield a report that rewrites one line of standard error, twice a second."""
    shown = 0.0

    def report(done: int, total: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown > 0.5 or done == total:
            shown = now
            sys.stderr.write(f"\r{done:,} of {total:,} paths ({done / total:.0%})")
            sys.stderr.flush()

    try:
        yield report
    finally:
        if shown:
            sys.stderr.write("\n")
