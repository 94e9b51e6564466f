from __future__ import annotations

import copy
import inspect
import math
import multiprocessing
import os
import pickle
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

import levy_escape as le
from levy_escape.progress import reporter


def fields(result: le.EscapeResult) -> list[np.ndarray[tuple[int, ...], np.dtype[np.generic]]]:
    names = ("times", "axis", "side", "overshoot", "by_jump", "landed", "status", "events")
    return [getattr(result, name) for name in names]


def test_columns_have_their_types(problem: le.Problem) -> None:
    result = le.escape_times(problem, 500)
    assert [str(column.dtype) for column in fields(result)] == [
        "float64", "int32", "int8", "float64", "bool", "uint16", "uint8", "uint64",
    ]  # fmt: skip
    assert len(result) == 500
    assert result.complete
    assert result.exited.all()
    assert not result.censored.any()
    assert not result.diverged.any()
    assert (result.overshoot >= 1).all()
    assert set(result.side.tolist()) == {-1, 1}


def test_arrays_are_read_only(problem: le.Problem) -> None:
    result = le.escape_times(problem, 10)
    for column in fields(result):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 0


def test_more_paths_begin_with_the_same_ones(problem: le.Problem) -> None:
    few, many = le.escape_times(problem, 300), le.escape_times(problem, 3000)
    np.testing.assert_array_equal(few.times, many.times[:300])


def test_a_time_limit_censors(problem: le.Problem) -> None:
    free, limited = le.escape_times(problem, 1000), le.escape_times(problem, 1000, max_time=500.0)
    stayed = limited.censored
    assert 0 < stayed.sum() < 1000
    assert (limited.times[stayed] == 500).all()
    assert (free.times[stayed] > 500).all()
    np.testing.assert_array_equal(free.times[~stayed], limited.times[~stayed])
    assert (limited.axis[stayed] == -1).all()
    assert (limited.side[stayed] == 0).all()
    assert np.isnan(limited.overshoot[stayed]).all()
    assert "censored" in repr(limited)


def test_an_event_limit_censors(problem: le.Problem) -> None:
    assert le.escape_times(problem, 1000, max_events=2).censored.any()


def test_mean_and_rate_are_those_of_the_times(problem: le.Problem) -> None:
    result = le.escape_times(problem, 2000)
    mean, rate = result.mean(), result.rate()
    assert mean.value == pytest.approx(result.times.mean(), rel=1e-14)
    assert rate.value == pytest.approx(1 / result.times.mean(), rel=1e-14)
    half = 1.9611 * result.times.std(ddof=1) / math.sqrt(2000)
    assert mean.hi - mean.value == pytest.approx(half, rel=1e-3)
    wider = result.mean(0.99)
    assert wider.lo < mean.lo < mean.value < mean.hi < wider.hi
    with pytest.raises(ValueError, match="confidence level 0.3 is outside"):
        result.mean(0.3)


def test_a_censored_mean_is_that_of_the_exponential_law(problem: le.Problem) -> None:
    result = le.escape_times(problem, 1000, max_time=500.0)
    assert result.mean().value == pytest.approx(result.times.sum() / result.exited.sum(), rel=1e-12)


def test_nothing_left_has_no_mean(problem: le.Problem) -> None:
    result = le.escape_times(problem, 5, max_time=1e-9)
    with pytest.raises(ValueError, match="0 of 5 paths left"):
        result.mean()
    assert result.rate().value == 0
    assert "0 exits" in repr(result)
    assert "0 of 5 paths left" in result._repr_html_()


def test_survival_is_the_empirical_one(problem: le.Problem) -> None:
    result = le.escape_times(problem, 400)
    at = np.array([100.0, 700.0, 2000.0])
    curve = result.survival(at)
    np.testing.assert_allclose(curve.value, [(result.times > t).mean() for t in at], rtol=1e-12)
    assert (curve.lo < curve.value).all()
    assert (curve.value < curve.hi).all()
    steps = result.survival()
    np.testing.assert_array_equal(steps.x, np.sort(result.times))


def test_survival_ends_with_the_observations(problem: le.Problem) -> None:
    curve = le.escape_times(problem, 400, max_time=300.0).survival([200.0, 400.0])
    assert curve.value[0] > 0.5
    assert math.isnan(curve.value[1])


def test_exit_times_are_exponential_with_the_predicted_rate() -> None:
    """False-positive rate 1e-4; twice the rate is rejected."""
    problem = le.Problem(le.Quadratic(4), le.Interval(-0.5, 0.5), le.StableNoise(1.5, 0.001))
    rate = le.predict(problem).rate
    result = le.escape_times(problem, 4000, seed=5)
    assert result.kolmogorov(rate).p_value > 1e-4
    assert result.kolmogorov(2 * rate).p_value < 1e-12
    u = np.array([0.0, 0.5, 2.0])
    curve = result.laplace(u, rate)
    np.testing.assert_allclose(curve.value, 1 / (1 + u), rtol=0.05)


def test_a_ratio_of_means(plane: le.Problem) -> None:
    sgd = le.escape_times(plane, 3000).mean()
    adam = le.escape_times(plane.replace(dynamics=le.Adam(rates=(1, 0.1))), 3000).mean()
    ratio = le.ratio_of_means(adam, sgd)
    assert ratio.value == pytest.approx(adam.value / sgd.value)
    assert ratio.lo < ratio.value < ratio.hi
    with pytest.raises(ValueError, match="a logarithm needs positive finite limits"):
        le.ratio_of_means(le.Estimate(1, 0, 2), sgd)


def test_large_steps_warn(problem: le.Problem) -> None:
    with pytest.warns(le.EscapeWarning, match="unstable"):
        le.escape_times(problem.replace(noise=le.StableNoise(1.5, 0.5)), 10, scheme=le.Euler(0.51))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda result: pickle.loads(pickle.dumps(result))])
def test_results_are_copied_and_pickled(
    problem: le.Problem, copied: Callable[[le.EscapeResult], le.EscapeResult]
) -> None:
    result = le.escape_times(problem, 100)
    twin = copied(result)
    assert twin.problem == result.problem
    assert twin.mean() == result.mean()
    for one, other in zip(fields(result), fields(twin), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_result_becomes_a_data_frame(problem: le.Problem) -> None:
    pytest.importorskip("pandas")
    result = le.escape_times(problem, 100, max_time=800.0)
    table = result.to_pandas()
    assert list(table.columns) == ["time", "outcome", "axis", "side", "overshoot", "by_jump", "landed", "events"]
    assert (table["outcome"] == "censored").sum() == result.censored.sum()


def test_a_result_becomes_a_polars_frame(problem: le.Problem) -> None:
    pl = pytest.importorskip("polars")
    result = le.escape_times(problem, 100, max_time=800.0)
    table = result.to_polars()
    assert table.columns == ["time", "outcome", "axis", "side", "overshoot", "by_jump", "landed", "events"]
    assert table["time"].to_list() == result.times.tolist()
    assert table.filter(pl.col("outcome") == "censored").height == result.censored.sum() > 0
    assert table["overshoot"].null_count() == result.censored.sum()


def test_a_result_prints_itself(problem: le.Problem) -> None:
    result = le.escape_times(problem, 100)
    assert repr(result).startswith("<EscapeResult: 100 paths, mean exit time ")
    html = result._repr_html_()
    assert "<table>" in html
    assert "left by one jump" in html


def test_a_curve_prints_itself(problem: le.Problem) -> None:
    curve = le.escape_times(problem, 100).survival([10.0, 2000.0])
    assert len(curve) == 2
    assert repr(curve) == f"<Curve: 2 points, {curve.value[0]:.4g} at 10 to {curve.value[1]:.4g} at 2000>"


def test_a_result_is_plotted(problem: le.Problem) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    result = le.escape_times(problem, 3000)
    ax = result.plot()
    legend = ax.get_legend()
    assert legend is not None
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["simulated", r"$e^{-\lambda t}$"]
    assert result.plot(ax, rate=1.0, label="again") is ax
    plt.close("all")
    gaussian = problem.replace(noise=le.StableNoise(2, 1.0))
    assert len(le.escape_times(gaussian, 100, scheme="euler").plot().lines) == 1
    plt.close("all")


def test_progress_is_reported(problem: le.Problem) -> None:
    seen: list[tuple[int, int]] = []
    slow = problem.replace(noise=le.StableNoise(1.5, 0.3))
    le.escape_times(
        slow, 2_000, scheme=le.Euler(1e-4), threads=1, progress=lambda done, total: seen.append((done, total))
    )
    assert all(total == 2_000 for _, total in seen)
    assert seen == sorted(seen)
    assert seen[-1] == (2_000, 2_000)


def test_an_exception_of_the_progress_stops_the_run(problem: le.Problem) -> None:
    def fail(done: int, total: int) -> None:
        raise RuntimeError("enough")

    hours = problem.replace(noise=le.StableNoise(1.5, 1e-6))
    with pytest.raises(RuntimeError, match="enough"):
        le.escape_times(hours, 10**6, scheme=le.Euler(1e-6), progress=fail)


@pytest.mark.parametrize("bar", ["tqdm", "line"])
def test_progress_is_shown_on_standard_error(
    bar: str, problem: le.Problem, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if bar == "tqdm":
        pytest.importorskip("tqdm")
    else:
        monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    le.escape_times(problem.replace(noise=le.StableNoise(1.5, 0.3)), 2_000, scheme=le.Euler(1e-3), progress=True)
    shown = capsys.readouterr().err
    assert "100%" in shown
    assert ("2.00k/2.00k" if bar == "tqdm" else "2,000 of 2,000 paths") in shown


def test_a_resumed_bar_starts_where_the_session_does() -> None:
    """The rate leaves out what an earlier session has done."""
    pytest.importorskip("tqdm")
    with reporter(True) as report:
        assert report is not None
        report(500, 1_000)
        (bar,) = inspect.getclosurevars(report).nonlocals.values()
        assert (bar.initial, bar.n, bar.total) == (500, 500, 1_000)
        report(700, 1_000)
        assert (bar.initial, bar.n) == (500, 700)
    assert bar.n == 700


def test_the_interpreter_runs_on(problem: le.Problem) -> None:
    """While a run is in another thread, this one counts."""
    slow = problem.replace(noise=le.StableNoise(1.5, 0.1))
    done = threading.Event()

    def run() -> None:
        le.escape_times(slow, 500, scheme=le.Euler(1e-4), threads=1)
        done.set()

    thread = threading.Thread(target=run)
    thread.start()
    count = 0
    while not done.wait(0.001):
        count += 1
    thread.join()
    assert count > 10


HOURS = """
import sys, time, warnings
import levy_escape as le
warnings.simplefilter("ignore")
problem = le.Problem(le.Quadratic(4), le.Interval(-0.5, 0.5), le.StableNoise(1.5, {epsilon}))
ready = False
def progress(done, total):
    global ready
    if done >= {finished} and not ready:
        ready = True
        print("ready", flush=True)
try:
    result = le.escape_times(problem, 10**6, scheme=le.Euler({step}), threads=2, on_interrupt={how!r}, progress=progress)
    print(len(result), result.complete, result.exited.all(), flush=True)
except KeyboardInterrupt:
    print("raised", flush=True)
"""


def interrupted(**settings: object) -> tuple[str, float]:
    """Run until some paths are finished, press Ctrl-C, and return what is printed and after how long.

    The tests take the shortest of three waits: another process may hold the machine.
    """
    command = [sys.executable, "-c", HOURS.format(**settings)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tempfile.gettempdir()) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        line = process.stdout.readline().strip()
        return line, time.monotonic() - begun


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_returns_the_finished_paths() -> None:
    waits = []
    for _ in range(3):
        line, seconds = interrupted(epsilon=0.3, step=1e-5, how="return", finished=1)
        count, complete, exited = line.split()
        assert int(count) > 0
        assert (complete, exited) == ("False", "True")
        waits.append(seconds)
    assert min(waits) < 1.0


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize(("how", "line"), [("return", "0 False True"), ("raise", "raised")])
def test_ctrl_c_stops_in_the_middle_of_a_path(how: str, line: str) -> None:
    """No path would be finished for hours."""
    runs = [interrupted(epsilon=1e-9, step=1e-9, how=how, finished=0) for _ in range(3)]
    assert [found for found, _ in runs] == [line] * 3
    assert min(seconds for _, seconds in runs) < 1.0


def _mean(seed: int) -> float:
    problem = le.Problem(le.Quadratic(4), le.Interval(-0.5, 0.5), le.StableNoise(1.5, 0.01))
    return le.escape_times(problem, 500, seed).mean().value


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_processes_give_the_same_means(method: str) -> None:
    here = [_mean(seed) for seed in range(3)]
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(_mean, range(3)) == here


def test_memory_is_flat() -> None:
    """10,000 calls add less than 20 MB, after 500 to warm up."""
    problem = le.Problem(le.Quadratic(4), le.Interval(-0.5, 0.5), le.StableNoise(1.5, 0.1))

    def calls(count: int) -> None:
        for seed in range(count):
            le.predict(problem.replace(start=[0.0]))
            if seed % 10 == 0:
                le.escape_times(problem, 100, seed, threads=1).mean()

    calls(500)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    calls(10_000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_exits_land_in_wells(problem: le.Problem) -> None:
    assert not le.escape_times(problem, 50).landed.any()
    wells = le.Problem(le.DoubleWell((-1, 2), 0.5, 3), le.Interval(-2, 1), noise=le.StableNoise(1.5, 0.05))
    result = le.escape_times(wells, 400)
    # Beyond 1 is the right well; beyond -2 is still the left one.
    np.testing.assert_array_equal(result.landed, np.where(result.side > 0, 2, 1))
