"""Time a million escapes from Python and from Rust, in turns, a thousand in NumPy, and kinds of custom potentials.

Usage: ``python speed.py PROGRAM``, with the example ``million_escapes`` of the Rust library as PROGRAM.
"""

from __future__ import annotations

import importlib
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np

import levy_escape as le

PROBLEM = le.Problem(le.Quadratic(4), le.Interval(-0.5, 0.5), le.StableNoise(1.5, 0.01))


def python() -> tuple[float, float]:
    """Return the best time of five runs of a million paths, and the processor time of a run, in seconds."""
    best, before = float("inf"), time.process_time()
    for _ in range(5):
        begun = time.perf_counter()
        le.escape_times(PROBLEM, 1_000_000, seed=1)
        best = min(best, time.perf_counter() - begun)
    return best, (time.process_time() - before) / 5


def rust(program: str) -> tuple[float, float]:
    """Return the same of the Rust program."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return float(printed), (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 5


def numpy_euler(paths: int, step: float) -> tuple[float, float]:
    """Return seconds and mean exit time of Euler's scheme written with NumPy."""
    rng = np.random.default_rng(1)
    begun = time.perf_counter()
    x, left, times = np.zeros(paths), np.arange(paths), np.zeros(paths)
    count = 0
    while left.size:
        angle, wait = rng.uniform(-np.pi / 2, np.pi / 2, left.size), rng.exponential(size=left.size)
        noise = np.sin(1.5 * angle) / np.cos(angle) ** (2 / 3) * (np.cos(0.5 * angle) / wait) ** (-1 / 3)
        x = x - 4 * x * step + 0.01 * step ** (2 / 3) * noise
        count += 1
        gone = np.abs(x) >= 0.5
        times[left[gone]] = count * step
        x, left = x[~gone], left[~gone]
    return time.perf_counter() - begun, float(times.mean())


def kinds_of_potentials() -> dict[str, le.Potential]:
    """Return ``x⁴/4 - x²/2`` built in, as a formula, and compiled by numba if it is installed."""
    kinds: dict[str, le.Potential] = {
        "built-in": le.DoubleWell(),
        "formula": le.Expression("x^4/4 - x^2/2", start=[-0.9]),
    }
    try:
        numba: Any = importlib.import_module("numba")
    except ImportError:
        return kinds
    numbers = numba.types.CPointer(numba.float64)

    @numba.cfunc(numba.float64(numbers, numba.int64))  # type: ignore[untyped-decorator]
    def value(x: Any, d: Any) -> Any:
        return 0.25 * x[0] ** 4 - 0.5 * x[0] ** 2

    @numba.cfunc(numba.void(numbers, numbers, numba.int64))  # type: ignore[untyped-decorator]
    def gradient(x: Any, out: Any, d: Any) -> None:
        out[0] = x[0] ** 3 - x[0]

    kinds["numba.cfunc"] = le.potential(value, gradient, [-1.0])
    functions = (lambda x: 0.25 * x[0] ** 4 - 0.5 * x[0] ** 2, lambda x: x**3 - x)
    kinds["compile=True"] = le.potential(*functions, [-1.0], compile=True)
    return kinds


def potentials(paths: int, turns: int) -> None:
    """Print the best processor time of the same paths for each kind, in turns on one thread, and its ratio to the built-in one."""
    kinds = kinds_of_potentials()
    best = dict.fromkeys(kinds, float("inf"))
    for _ in range(turns):
        for name, kind in kinds.items():
            problem = le.Problem(kind, le.Interval(-1.8, -0.2), le.StableNoise(1.5, 0.01))
            begun = time.process_time()
            le.escape_times(problem, paths, seed=1, threads=1)
            best[name] = min(best[name], time.process_time() - begun)
    for name, seconds in best.items():
        rate, ratio = paths / seconds, seconds / best["built-in"]
        print(f"{name:13} {rate:8,.0f} paths per second of processor time, {ratio:.2f} times the built-in gradient")


def main(program: str) -> None:
    """Print both times, and the mean exit times."""
    turns = [(rust(program), python()) for _ in range(8)]
    (rust_wall, rust_cpu), (wall, cpu) = ([min(turn[who][i] for turn in turns) for i in range(2)] for who in range(2))
    print(f"a million escapes: Rust {rust_wall:.3f} s, Python {wall:.3f} s, ratio {wall / rust_wall:.3f}")
    print(f"processor time:    Rust {rust_cpu:.3f} s, Python {cpu:.3f} s, ratio {cpu / rust_cpu:.3f}")
    seconds, mean = numpy_euler(1000, 0.05)
    print(f"a thousand escapes with NumPy: {seconds:.3f} s, {seconds * 1000 / wall:.0f} times slower per escape")
    print(
        f"mean exit time: {le.escape_times(PROBLEM, 1_000_000).mean()}, NumPy {mean:.1f}, exact {le.exact(PROBLEM).mean():.1f}"
    )
    potentials(paths=100, turns=12)


if __name__ == "__main__":
    main(sys.argv[1])
