from __future__ import annotations

import math

import numpy as np
import pytest

import levy_escape as le


def test_the_rate_of_an_interval(problem: le.Problem) -> None:
    theory = le.predict(problem)
    density = math.gamma(2.5) * math.sin(0.75 * math.pi) / math.pi
    assert theory.theta == pytest.approx(2 * density / 1.5 * 0.01**1.5)
    assert theory.radon_measure == pytest.approx(0.5**-1.5)
    assert theory.rate == pytest.approx(theory.theta * theory.radon_measure)
    assert theory.mean_time == pytest.approx(1 / theory.rate)
    assert (theory.volume, theory.volume_error, theory.radon_error) == (1.0, 0.0, 0.0)
    np.testing.assert_allclose(theory.side_rates, [[theory.rate / 2] * 2])
    np.testing.assert_array_equal(theory.preconditioner, [1.0])
    assert "λ = " in repr(theory)
    assert "escape rate" in theory._repr_html_()


def test_isotropic_noise_has_no_sides(plane: le.Problem) -> None:
    theory = le.predict(plane.replace(noise=le.StableNoise(1.5, 0.05, isotropic=True)))
    assert theory.side_rates.shape == (0, 2)


def test_adam_has_its_preconditioner(plane: le.Problem) -> None:
    theory = le.predict(plane.replace(dynamics=le.Adam(rates=(1, 0.1))))
    np.testing.assert_allclose(theory.preconditioner, [4, 0.25], rtol=1e-6)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"noise": le.StableNoise(2, 0.1)}, "at α = 2 there are no jumps"),
        ({"dynamics": le.Adam(eta=0.1, second_moment="sampled")}, "neither the sampled second moment"),
        ({"dynamics": le.AdamSteps(0.1)}, "so there is no Q*"),
    ],
)
def test_no_prediction(problem: le.Problem, parts: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError) as error:
        le.predict(problem.replace(**parts))
    assert message in str(error.value)


def test_the_exact_solution() -> None:
    problem = le.Problem(le.Quadratic(1), le.Interval(-1, 1), le.StableNoise(1.5, 0.5))
    exact = le.exact(problem)
    assert exact.mean() == pytest.approx(3.827170, abs=1e-5)
    assert exact.mean(0.5) < exact.mean()
    assert exact.right_probability() == pytest.approx(0.5)
    assert exact.right_probability(0.5) > 0.5
    rate = exact.decay_rate()
    assert exact.second_moment() == pytest.approx(2 / rate**2, rel=0.1)
    survival = exact.survival([1.0, 5.0, 10.0])
    assert (np.diff(survival) < 0).all()
    assert survival[2] / survival[1] == pytest.approx(math.exp(-5 * rate), rel=0.01)
    transform = exact.laplace([0.0, 1.0])
    assert transform[0] == pytest.approx(1.0)
    assert 0 < transform[1] < 1


def test_the_simulation_agrees_with_the_exact_solution() -> None:
    """False-positive rate 6e-5 beside a bias of .5 %, the project's tolerance."""
    problem = le.Problem(le.Quadratic(1), le.Interval(-1, 1), le.StableNoise(1.5, 0.5))
    mean = le.escape_times(problem, 20_000).mean()
    error = (mean.hi - mean.lo) / 3.92
    assert abs(mean.value - le.exact(problem).mean()) < 4 * error + 0.005 * mean.value


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"dynamics": le.Adam(eta=0.1)}, "SGD as an equation in one dimension"),
        ({"noise": le.StableNoise(0.9, 0.1)}, "1 < α"),
    ],
)
def test_no_exact_solution(problem: le.Problem, parts: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match="there is no exact solution") as error:
        le.exact(problem.replace(**parts))
    assert message in str(error.value)


def test_exact_values_outside_are_refused() -> None:
    exact = le.exact(le.Problem(le.Quadratic(1), le.Interval(-1, 1), le.StableNoise(1.5, 0.5)))
    with pytest.raises(ValueError, match="is outside the interval"):
        exact.mean(1.5)
    with pytest.raises(ValueError, match="time t = -1 is not"):
        exact.survival([-1.0])
    with pytest.raises(ValueError, match="is finite for s >"):
        exact.laplace([-100.0])


def test_theorem_two(plane: le.Problem) -> None:
    both = le.compare(plane, plane.replace(dynamics=le.Adam(rates=(1, 0.1))))
    assert both.ratio == pytest.approx((4**1.5 + 0.25**1.5) / 2, rel=1e-6)
    assert both.log_det_q == pytest.approx(0, abs=1e-6)
    assert both.anisotropy == pytest.approx(16, rel=1e-6)
    assert both.volume_claim == "nothing"
    assert both.complement_sgd == pytest.approx(math.pi)
    assert both.complement_adam == pytest.approx(math.pi)
    assert both.sgd.rate / both.adam.rate == pytest.approx(both.ratio)
    assert "4.06" in repr(both)
    louder = plane.replace(noise=le.StableNoise(1.5, 0.05, amplitude=2))
    claim = le.compare(louder, louder.replace(dynamics=le.Adam(rates=(1, 0.1)))).volume_claim
    assert claim == "adam later"


def test_only_the_dynamics_may_differ(plane: le.Problem) -> None:
    adam = plane.replace(dynamics=le.Adam(rates=(1, 0.1)))
    with pytest.raises(ValueError, match="differ in their dynamics only"):
        le.compare(plane, adam.replace(domain=le.Ball(2)))
    with pytest.raises(ValueError, match="the first problem must have the dynamics Sgd"):
        le.compare(adam, adam)
    with pytest.raises(ValueError, match="the second problem must have the dynamics Adam"):
        le.compare(plane, plane)


def test_an_estimate_behaves_like_its_value() -> None:
    mean = le.Estimate(2.0, 1.5, 3.0)
    value, lo, hi = mean
    assert (value, lo, hi) == (float(mean), *mean.interval)
    assert mean.contains(1.5)
    assert not mean.contains(3.1)
