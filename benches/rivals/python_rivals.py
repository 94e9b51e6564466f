"""Numba and numpy on the problem of src/main.rs, with the same columns.

    pip install -r requirements.txt && python python_rivals.py [--csv]

dX = -X dt + eps dL on (-1, 1), alpha = 1.5, eps = .5, Euler steps of .01, the edge monitored at steps. Times are processor
times of the thread, as the median over the rounds, without the first call of a compiled function.
"""

import math
import statistics
import sys
import time

import numba
import numpy as np

ALPHA, EPSILON, STEP, EXACT = 1.5, 0.5, 0.01, 3.82717
SCALE = EPSILON * STEP ** (1 / ALPHA)
ROUNDS, PATHS, DRAWS = 11, 2_048, 1 << 20


@numba.njit
def stable():
    """The transformation of Chambers, Mallows and Stuck."""
    v = math.pi * (np.random.random() - 0.5)
    w = -math.log(1.0 - np.random.random())
    return (
        math.sin(ALPHA * v)
        / math.cos(v) ** (1 / ALPHA)
        * (math.cos((1 - ALPHA) * v) / w) ** ((1 - ALPHA) / ALPHA)
    )


@numba.njit
def numba_draws(n):
    out = np.empty(n)
    for i in range(n):
        out[i] = stable()
    return out


@numba.njit
def numba_escapes(paths):
    times, steps = np.empty(paths), 0
    for path in range(paths):
        x, count = 0.0, 0
        while abs(x) < 1.0:
            x += -x * STEP + SCALE * stable()
            count += 1
        times[path] = count * STEP
        steps += count
    return times, steps


def numpy_draws(rng, n):
    v = math.pi * (rng.random(n) - 0.5)
    w = rng.exponential(size=n)
    return (
        np.sin(ALPHA * v)
        / np.cos(v) ** (1 / ALPHA)
        * (np.cos((1 - ALPHA) * v) / w) ** ((1 - ALPHA) / ALPHA)
    )


def numpy_escapes(rng, paths):
    """All paths at once, those that have left taken out."""
    times, steps = np.empty(paths), 0
    index, x, count = np.arange(paths), np.zeros(paths), 0
    while index.size:
        x += -x * STEP + SCALE * numpy_draws(rng, x.size)
        count += 1
        steps += x.size
        inside = np.abs(x) < 1.0
        times[index[~inside]] = count * STEP
        index, x = index[inside], x[inside]
    return times, steps


def main():
    rng = np.random.default_rng(1)
    contestants = [
        ("draw", "numba, CMS", lambda: (None, numba_draws(DRAWS).size)),
        ("draw", "numpy, CMS", lambda: (None, numpy_draws(rng, DRAWS).size)),
        ("euler step", "numba, CMS", lambda: numba_escapes(PATHS)),
        ("euler step", "numpy, CMS", lambda: numpy_escapes(rng, PATHS)),
    ]
    spent = {c[:2]: [] for c in contestants}
    exits = {c[:2]: [] for c in contestants}
    for turn in range(-1, ROUNDS):
        for work, name, play in contestants:
            start = time.thread_time_ns()
            times, units = play()
            elapsed = time.thread_time_ns() - start
            if turn >= 0:
                spent[work, name].append((elapsed / units, 1e-3 * elapsed / PATHS))
                if times is not None:
                    exits[work, name].append(times)
    csv = "--csv" in sys.argv
    if csv:
        print("work,name,note,ns,ratio,us_per_escape,mean,mean_error,exact_mean")
    for work, name, _ in contestants:
        ns, escape = (statistics.median(column) for column in zip(*spent[work, name]))
        if not exits[work, name]:
            print(f'{work},"{name}",,{ns:.3f},,,,,' if csv else f"{work:12} {name:12} {ns:9.2f} ns")
            continue
        times = np.concatenate(exits[work, name])
        mean, error = times.mean(), times.std() / math.sqrt(times.size)
        if csv:
            print(f'{work},"{name}",,{ns:.3f},,{escape:.4f},{mean:.4f},{error:.4f},{EXACT}')
        else:
            print(f"{work:12} {name:12} {ns:9.2f} ns {escape:10.2f} µs/escape   {mean:.3f} ± {error:.3f}, exact {EXACT}")


if __name__ == "__main__":
    main()
