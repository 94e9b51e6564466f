"""Progress of a run, in terminals and notebooks."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["reporter"]

Report = Callable[[int], object]


@contextmanager
def reporter(progress: bool | Callable[[int, int], object], total: int) -> Iterator[Report | None]:
    """Yield what is called with the number of finished paths, and close the bar afterwards."""
    if callable(progress):
        yield lambda done: progress(done, total)
    elif not progress:
        yield None
    else:
        try:
            from tqdm.auto import tqdm  # type: ignore[import-untyped,unused-ignore]
        except ImportError:
            yield from _line(total)
            return
        with tqdm(total=total, unit="path", unit_scale=True) as bar:
            yield lambda done: bar.update(done - bar.n)
            bar.update(total - bar.n)


def _line(total: int) -> Iterator[Report]:
    """Yield a report that rewrites one line of standard error, twice a second."""
    shown = 0.0

    def report(done: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown > 0.5:
            shown = now
            sys.stderr.write(f"\r{done:,} of {total:,} paths ({done / total:.0%})")
            sys.stderr.flush()

    try:
        yield report
    finally:
        if shown:
            sys.stderr.write("\n")
