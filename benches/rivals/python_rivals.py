"""Python's ways to the problem of src/main.rs, with the same columns, alternating in one process.

    pip install -r requirements.txt && pip install ../../python && python python_rivals.py [--csv]

dX = -X dt + eps dL on (-1, 1), alpha = 1.5, eps = .5, Euler steps of .01, the edge monitored at steps. Times are processor
times of the process on one thread, as the median over the rounds, without the first call of a compiled function. The packages of numba that pip
installs cannot use Intel's vector mathematics (SVML), so its batches gain little.
"""

import math
import os
import statistics
import sys
import time

for variable in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import levy_escape as le  # noqa: E402
import numba  # noqa: E402
import numpy as np  # noqa: E402
from scipy.stats import levy_stable  # noqa: E402

jax.config.update("jax_enable_x64", True)

ALPHA, EPSILON, STEP, EXACT = 1.5, 0.5, 0.01, 3.82717
SCALE = EPSILON * STEP ** (1 / ALPHA)
ROUNDS, PATHS, DRAWS = 7, 2_048, 1 << 20
LANES, JAX_LANES = 256, 64
"""Paths at a time; each lane follows PATHS / LANES paths, one after the other."""
JAX_PATHS = 8 * PATHS
"""More paths, since lanes that are done wait for the last one."""


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


@numba.njit(fastmath=True)
def fill(u, v, out):
    """The transformation of uniform numbers, in a loop that a compiler can vectorise."""
    for i in range(out.size):
        a = math.pi * (u[i] - 0.5)
        w = -math.log(1.0 - v[i])
        out[i] = (
            math.sin(ALPHA * a)
            * math.exp(-math.log(math.cos(a)) / ALPHA)
            * math.exp((1 - ALPHA) / ALPHA * math.log(math.cos((1 - ALPHA) * a) / w))
        )


@numba.njit
def batch_draws(n):
    out = np.empty(n)
    for first in range(0, n, 4096):
        part = out[first : first + 4096]
        fill(np.random.random(part.size), np.random.random(part.size), part)
    return out


@numba.njit
def batch_escapes(paths):
    each = paths // LANES
    times, steps = np.empty((LANES, each)), 0
    lane, x = np.arange(LANES), np.zeros(LANES)
    count, path = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64)
    noise, live = np.empty(LANES), LANES
    while live > 0:
        fill(np.random.random(live), np.random.random(live), noise[:live])
        steps += live
        i = 0
        for i in range(live):
            x[i] += -x[i] * STEP + SCALE * noise[i]
            count[i] += 1
        i = 0
        while i < live:
            if abs(x[i]) < 1.0:
                i += 1
                continue
            times[lane[i], path[i]] = count[i] * STEP
            x[i], count[i], path[i] = 0.0, 0, path[i] + 1
            if path[i] < each:
                i += 1
                continue
            live -= 1
            lane[i], x[i], count[i], path[i] = lane[live], x[live], count[live], path[live]
    return times.ravel(), steps


def numpy_draws(rng, n):
    v = math.pi * (rng.random(n) - 0.5)
    w = rng.exponential(size=n)
    return (
        np.sin(ALPHA * v)
        / np.cos(v) ** (1 / ALPHA)
        * (np.cos((1 - ALPHA) * v) / w) ** ((1 - ALPHA) / ALPHA)
    )


def scipy_draws(rng, n):
    return levy_stable.rvs(ALPHA, 0.0, size=n, random_state=rng)


def array_escapes(draws, rng, paths):
    """All paths at once, without those that have left."""
    times, steps = np.empty(paths), 0
    index, x, count = np.arange(paths), np.zeros(paths), 0
    while index.size:
        x += -x * STEP + SCALE * draws(rng, x.size)
        count += 1
        steps += x.size
        inside = np.abs(x) < 1.0
        times[index[~inside]] = count * STEP
        index, x = index[inside], x[inside]
    return times, steps


def jax_noise(key, n):
    first, second = jax.random.split(key)
    v = math.pi * (jax.random.uniform(first, (n,), jnp.float64) - 0.5)
    w = -jnp.log1p(-jax.random.uniform(second, (n,), jnp.float64))
    power = jnp.exp((1 - ALPHA) / ALPHA * jnp.log(jnp.cos((1 - ALPHA) * v) / w) - jnp.log(jnp.cos(v)) / ALPHA)
    return jnp.sin(ALPHA * v) * power


@jax.jit
def jax_draws(key):
    return jax_noise(key, DRAWS)


@jax.jit
def jax_run(key):
    each = JAX_PATHS // JAX_LANES

    def advance(state):
        key, x, count, path, moments, steps = state
        key, drawn = jax.random.split(key)
        live = path < each
        x = x - STEP * x + SCALE * jax_noise(drawn, JAX_LANES)
        count = count + 1
        left = live & (jnp.abs(x) >= 1.0)
        # Sums instead of times: a scatter would take most of the time.
        time = jnp.where(left, count * STEP, 0.0)
        moments = moments + jnp.array([left.sum(), time.sum(), (time * time).sum()])
        restart = left | ~live
        return key, jnp.where(restart, 0.0, x), jnp.where(restart, 0, count), path + left, moments, steps + live.sum()

    zeros = jnp.zeros(JAX_LANES, jnp.int64)
    start = (key, jnp.zeros(JAX_LANES), zeros, zeros, jnp.zeros(3), jnp.int64(0))
    state = jax.lax.while_loop(lambda state: (state[3] < each).any(), advance, start)
    return state[4], state[5]


class Keys:
    """A new key for every call; the generator `rbg` is the faster one on a processor."""

    def __init__(self):
        self.key = jax.random.key(1, impl="rbg")

    def __call__(self):
        self.key, key = jax.random.split(self.key)
        return key


def jax_escapes(key):
    moments, steps = jax_run(key)
    return np.asarray(moments), int(steps)


def moments(escapes):
    """Number, sum and sum of squares of the times, and the steps."""
    times, steps = escapes
    return np.array([times.size, times.sum(), (times * times).sum()]), steps


def ours(scheme, seed):
    problem = le.Problem(le.Quadratic(1.0), le.Interval(-1.0, 1.0), le.StableNoise(ALPHA, epsilon=EPSILON))
    result = le.escape_times(problem, PATHS, seed, scheme=scheme, threads=1, progress=False)
    return np.asarray(result.times), float(np.sum(np.asarray(result.times))) / STEP


def main():
    rng, keys = np.random.default_rng(1), Keys()
    seeds = iter(range(10_000))
    euler = le.Euler(step=STEP, discrete=True)
    contestants = [
        ("euler step", "levy-escape, Python package", lambda: moments(ours(euler, next(seeds)))),
        ("draw", "numba, CMS", lambda: (None, numba_draws(DRAWS).size)),
        ("draw", "numba in batches, CMS", lambda: (None, batch_draws(DRAWS).size)),
        ("draw", "numpy, CMS", lambda: (None, numpy_draws(rng, DRAWS).size)),
        ("draw", "scipy, levy_stable.rvs", lambda: (None, scipy_draws(rng, DRAWS).size)),
        ("draw", "jax, CMS", lambda: (None, jax_draws(keys()).block_until_ready().size)),
        ("euler step", "numba, CMS", lambda: moments(numba_escapes(PATHS))),
        ("euler step", "numba in batches, CMS", lambda: moments(batch_escapes(PATHS))),
        ("euler step", "numpy, CMS", lambda: moments(array_escapes(numpy_draws, rng, PATHS))),
        ("euler step", "scipy, levy_stable.rvs", lambda: moments(array_escapes(scipy_draws, rng, PATHS))),
        ("euler step", "jax, CMS", lambda: jax_escapes(keys())),
    ]
    spent = {c[:2]: [] for c in contestants}
    exits = {c[:2]: [] for c in contestants}
    for turn in range(-1, ROUNDS):
        for work, name, play in contestants:
            start = time.process_time_ns()
            found, units = play()
            elapsed = time.process_time_ns() - start
            if turn >= 0:
                escapes = PATHS if found is None else found[0]
                spent[work, name].append((elapsed / units, 1e-3 * elapsed / escapes))
                if found is not None:
                    exits[work, name].append(found)
    csv = "--csv" in sys.argv
    if csv:
        print("work,name,note,ns,ratio,us_per_escape,mean,mean_error,exact_mean")
    base = statistics.median(ns for ns, _ in spent["euler step", contestants[0][1]])
    for work, name, _ in contestants:
        ns, escape = (statistics.median(column) for column in zip(*spent[work, name]))
        if not exits[work, name]:
            print(f'{work},"{name}",,{ns:.3f},,,,,' if csv else f"{work:12} {name:28} {ns:9.2f} ns")
            continue
        count, total, squares = np.sum(exits[work, name], axis=0)
        mean = total / count
        error, ratio = math.sqrt((squares / count - mean * mean) / count), ns / base
        if csv:
            print(f'{work},"{name}",,{ns:.3f},{ratio:.2f},{escape:.4f},{mean:.4f},{error:.4f},{EXACT}')
        else:
            shown = f"{ns:9.2f} ns {ratio:7.1f} × {escape:10.2f} µs/escape"
            print(f"{work:12} {name:28} {shown}   {mean:.3f} ± {error:.3f}, exact {EXACT}")


if __name__ == "__main__":
    main()
