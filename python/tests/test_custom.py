from __future__ import annotations

import ctypes
import pickle
import warnings
from typing import Any

import numpy as np
import pytest

import levy_escape as le

ARRAY = ctypes.POINTER(ctypes.c_double)
VALUE = ctypes.CFUNCTYPE(ctypes.c_double, ARRAY, ctypes.c_int64)
GRADIENT = ctypes.CFUNCTYPE(None, ARRAY, ARRAY, ctypes.c_int64)

NOISE = le.StableNoise(1.5, 0.3)


def value(x: Any) -> Any:
    return 0.25 * x[0] ** 4 - 0.5 * x[0] ** 2


def gradient(x: Any) -> Any:
    return x**3 - x


def write_gradient(x: Any, out: Any, d: int) -> None:
    out[0] = x[0] ** 3 - x[0]


c_value = VALUE(lambda x, d: float(value(x)))
c_gradient = GRADIENT(write_gradient)


def quietly(*arguments: Any, **options: Any) -> le.CustomPotential:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", le.SlowPotentialWarning)
        return le.potential(*arguments, **options)


def exits(potential: le.Potential, paths: int = 40, **options: Any) -> le.EscapeResult:
    return le.escape_times(le.Problem(potential, le.Interval(-1.8, -0.2), NOISE), paths, **options)


def check_against_built_in(potential: le.Potential, paths: int = 40) -> None:
    """The paths are those of the built-in potential up to the rounding of the gradient."""
    built_in, custom = exits(le.DoubleWell(), paths), exits(potential, paths)
    np.testing.assert_allclose(custom.times, built_in.times, rtol=1e-6)
    np.testing.assert_array_equal(custom.by_jump, built_in.by_jump)


def test_python_functions_give_the_same_paths() -> None:
    check_against_built_in(quietly(value, gradient, [-1.0]))


def test_python_functions_say_that_they_are_slow() -> None:
    with pytest.warns(le.SlowPotentialWarning, match="runs in the Python interpreter"):
        le.potential(value, gradient, [-1.0])


def test_compiled_functions_give_the_same_paths() -> None:
    check_against_built_in(le.potential(c_value, c_gradient, [-1.0]))


def test_numba_cfuncs_give_the_same_paths() -> None:
    numba = pytest.importorskip("numba")
    numbers, count = numba.types.CPointer(numba.float64), numba.int64

    @numba.cfunc(numba.float64(numbers, count))  # type: ignore[untyped-decorator]
    def at(x: Any, d: Any) -> Any:
        return 0.25 * x[0] ** 4 - 0.5 * x[0] ** 2

    @numba.cfunc(numba.void(numbers, numbers, count))  # type: ignore[untyped-decorator]
    def slope(x: Any, out: Any, d: Any) -> None:
        out[0] = x[0] ** 3 - x[0]

    check_against_built_in(le.potential(at, slope, [-1.0]), paths=500)
    with pytest.raises(TypeError, match="the compiled function must have the signature"):
        le.potential(slope, at, [-1.0])


def test_numba_compiles_python_functions() -> None:
    pytest.importorskip("numba")
    check_against_built_in(le.potential(value, gradient, [-1.0], compile=True), paths=500)


def test_what_numba_compiled_is_pickled() -> None:
    pytest.importorskip("numba")
    custom = le.potential(value, gradient, [-1.0], compile=True)
    again = pickle.loads(pickle.dumps(le.Problem(custom, le.Interval(-1.8, -0.2), NOISE)))
    np.testing.assert_array_equal(le.escape_times(again, 50).times, exits(custom, 50).times)
    problem = le.Problem(quietly(value, gradient, [-1.0]), le.Interval(-1.8, -0.2), NOISE)
    assert pickle.loads(pickle.dumps(problem)) == problem


def test_two_dimensions() -> None:
    def bowl(x: Any) -> Any:
        return 0.5 * x[0] ** 2 + x[1] ** 2 + 0.5 * x[0] * x[1]

    def slope(x: Any) -> list[float]:
        return [x[0] + 0.5 * x[1], 2 * x[1] + 0.5 * x[0]]

    custom = quietly(bowl, slope, [0.0, 0.0])
    built_in = le.Quadratic([[1, 0.5], [0.5, 2]])
    np.testing.assert_allclose(custom.gradient([1, 2]), built_in.gradient([1, 2]))
    problems = [le.Problem(potential, le.Ball(1), NOISE) for potential in (custom, built_in)]
    times = [le.escape_times(problem, 20, max_time=0.3, scheme=le.Euler(0.003)).times for problem in problems]
    np.testing.assert_allclose(times[0], times[1], rtol=1e-9)


def test_the_volume_of_a_level_set() -> None:
    pytest.importorskip("numba")

    def bowl(x: Any) -> Any:
        return 0.5 * x[0] ** 2 + x[1] ** 2 + 0.5 * x[0] * x[1]

    def slope(x: Any) -> Any:
        return np.array([x[0] + 0.5 * x[1], 2 * x[1] + 0.5 * x[0]])

    custom = le.potential(bowl, slope, [0.0, 0.0], compile=True)
    volume = le.Problem(le.Quadratic([[1, 0.5], [0.5, 2]]), le.Level(0.5), NOISE).volume
    assert le.Problem(custom, le.Level(0.5), NOISE).volume == pytest.approx(volume, rel=1e-6)


@pytest.mark.parametrize(
    ("functions", "minimum", "message"),
    [
        ((value, lambda x: 2 * gradient(x)), [-1.0], "differences of the value give"),
        ((value, lambda x: -gradient(x)), [-1.0], "differences of the value give"),
        ((value, gradient), [-0.5], "is below that at the minimum"),
        ((lambda x: float("nan"), gradient), [-1.0], "the value at the minimum is nan"),
    ],
)
def test_functions_that_do_not_fit_are_refused(functions: tuple[Any, Any], minimum: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        quietly(*functions, minimum)
    if "nan" not in message:
        quietly(*functions, minimum, check=False)


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        ((lambda x: "text", gradient), "value must return a number, not str"),
        ((value, lambda x: None), "gradient must return 1 numbers, not NoneType"),
        ((value, lambda x: [1.0, 2.0]), "gradient must return 1 numbers, not 2"),
        ((value, 3), "value and gradient must be functions, not int"),
        ((value, c_gradient), "must both be Python functions or both be compiled"),
    ],
)
def test_what_is_no_number_is_refused(functions: tuple[Any, Any], message: str) -> None:
    with pytest.raises(TypeError) as error:
        quietly(*functions, [-1.0])
    assert message in str(error.value)


class Broken:
    """Raises from the given call on."""

    def __init__(self, calls: int) -> None:
        self.calls = calls

    def __call__(self, x: Any) -> Any:
        self.calls -= 1
        if self.calls < 0:
            raise ZeroDivisionError("in the gradient")
        return gradient(x)


@pytest.mark.parametrize("calls", [0, 100, 2000])
def test_an_exception_of_a_function_is_raised(calls: int) -> None:
    broken = quietly(value, Broken(calls), [-1.0], check=False)
    with pytest.raises(ZeroDivisionError, match="in the gradient"):
        exits(broken, 10**6)


def test_an_exception_is_raised_where_theory_calls_the_function() -> None:
    def fail(x: Any) -> Any:
        raise ZeroDivisionError("in the value")

    with pytest.raises(ZeroDivisionError, match="in the value"):
        le.Problem(quietly(fail, gradient, [-1.0], check=False), le.Level(0.1), NOISE)


def test_threads_take_turns_in_the_interpreter() -> None:
    custom = quietly(value, gradient, [-1.0])
    one, two = (exits(custom, 300, threads=threads, max_time=0.2) for threads in (1, 2))
    np.testing.assert_array_equal(one.times, two.times)


def test_the_exact_solution_of_a_custom_potential() -> None:
    custom = le.Problem(le.potential(c_value, c_gradient, [-1.0]), le.Interval(-1.8, -0.2), NOISE)
    built_in = custom.replace(potential=le.DoubleWell())
    assert le.exact(custom).mean() == pytest.approx(le.exact(built_in).mean(), rel=1e-9)
    assert le.predict(custom).rate == pytest.approx(le.predict(built_in).rate, rel=1e-12)


def test_the_code_lives_as_long_as_the_potential() -> None:
    def made() -> le.Problem:
        functions = (
            VALUE(lambda x, d: float(value(x))),
            GRADIENT(write_gradient),
        )
        return le.Problem(le.potential(*functions, [-1.0]), le.Interval(-1.8, -0.2), NOISE)

    problem = made()
    np.testing.assert_allclose(le.escape_times(problem, 20).times, exits(le.DoubleWell(), 20).times, rtol=1e-6)
