//! Gaussian laws of linear stochastic equations.

use nalgebra::DMatrix;

/// Covariance at rest of `dy = M y dt + dW` with `E dW dWᵀ = D dt`: the solution of `M C + C Mᵀ + D = 0`.
///
/// By doubling: `C(2τ) = C(τ) + e^(Mτ) C(τ) e^(Mτ)ᵀ` from a step of 2·10⁻³ of the fastest time. `None` if `M` is not stable.
pub(super) fn covariance_at_rest(drift: &DMatrix<f64>, diffusion: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    let tau = 2e-3 / drift.norm();
    let mut flow = (drift * tau).exp();
    let mut covariance = (diffusion + &flow * diffusion * flow.transpose()) * (0.5 * tau);
    for _ in 0..64 {
        let carried = &flow * &covariance * flow.transpose();
        let growth = carried.norm();
        covariance += carried;
        if !growth.is_finite() {
            return None;
        }
        if growth <= 1e-9 * covariance.norm() {
            return Some(covariance);
        }
        flow = &flow * &flow;
    }
    None
}

/// The symmetric matrix `B` with `B² = C` for a symmetric, possibly singular `C`. It is the only one, and continuous in `C`: matrices that
/// differ by rounding give paths that differ by rounding.
pub(super) fn square_root(covariance: &DMatrix<f64>) -> DMatrix<f64> {
    let eigen = covariance.clone().symmetric_eigen();
    let roots = eigen.eigenvalues.map(|l| l.max(0.0).sqrt());
    &eigen.eigenvectors * DMatrix::from_diagonal(&roots) * eigen.eigenvectors.transpose()
}

/// `(1 - e^(-rate τ)) / rate`, which is `τ` at rate 0: the variance that a unit diffusion accumulates under decay at half that rate.
pub(super) fn gathered(rate: f64, tau: f64) -> f64 {
    if rate == 0.0 { tau } else { -(-rate * tau).exp_m1() / rate }
}

/// The flow of `y' = -m/q, m' = β(k y - m)` over a time `tau`: the 2 × 2 matrix `[[yy, ym], [my, mm]]`.
pub(super) fn momentum_flow(beta: f64, k: f64, q: f64, tau: f64) -> [[f64; 2]; 2] {
    let half = 0.5 * beta;
    let disc = half * half - beta * k / q;
    let (even, odd) = if disc > 0.0 {
        let omega = disc.sqrt();
        // The slow root in the form that does not cancel.
        let slow = (-(beta * k / q) / (half + omega) * tau).exp();
        let fast = (-(half + omega) * tau).exp();
        let odd = if omega * tau < 1e-6 { tau * slow } else { (slow - fast) / (2.0 * omega) };
        (0.5 * (slow + fast), odd)
    } else {
        let omega = (-disc).sqrt();
        let decay = (-half * tau).exp();
        let odd = if omega * tau < 1e-6 { tau } else { (omega * tau).sin() / omega };
        (decay * (omega * tau).cos(), decay * odd)
    };
    [[even + half * odd, -odd / q], [beta * k * odd, even - half * odd]]
}

/// The next time at which `y`, after it is positive, reaches 0 under [`momentum_flow`]; from `y ≤ 0` it must be increasing. Infinite
/// if there is no such time.
pub(super) fn momentum_return(beta: f64, k: f64, q: f64, [y, m]: [f64; 2]) -> f64 {
    let half = 0.5 * beta;
    let disc = half * half - beta * k / q;
    let slope = half * y - m / q;
    if disc.abs() < 1e-12 * half * half {
        // `y ∝ y + s τ`.
        if y > 0.0 && slope < 0.0 { -y / slope } else { f64::INFINITY }
    } else if disc > 0.0 {
        // `y ∝ (y + s/ω) e^(ωτ) + (y - s/ω) e^(-ωτ)`.
        let omega = disc.sqrt();
        let (rising, falling) = (slope + omega * y, -2.0 * omega * y);
        // The logarithm of their ratio, which may be close to 1.
        if y > 0.0 && rising < 0.0 { (falling / rising).ln_1p() / (2.0 * omega) } else { f64::INFINITY }
    } else {
        // `y ∝ y cos ωτ + s/ω sin ωτ`.
        let omega = (-disc).sqrt();
        let phase = (omega * y).atan2(-slope);
        (if phase > 0.0 { phase } else { phase + std::f64::consts::TAU }) / omega
    }
}

/// The rate at which the envelope of `y'' + β y' + β k y = 0` decays.
pub(super) fn slow_rate(beta: f64, k: f64) -> f64 {
    0.5 * (beta - (beta * beta - 4.0 * beta * k).max(0.0).sqrt())
}

/// Covariance at rest of `(y, m)` when `y` also diffuses with `variance` per unit time: `[Var y, Cov(y, m), Var m]`.
pub(super) fn momentum_covariance(beta: f64, k: f64, q: f64, variance: f64) -> [f64; 3] {
    let cross = 0.5 * variance * q;
    [variance * (0.5 * q / k + 0.5 / beta), cross, k * cross]
}

/// The lower triangle `[yy, my, mm]` whose square is the covariance `[Var y, Cov(y, m), Var m]`.
pub(super) fn lower_root([yy, ym, mm]: [f64; 3]) -> [f64; 3] {
    let root = yy.max(0.0).sqrt();
    let cross = if root > 0.0 { ym / root } else { 0.0 };
    [root, cross, (mm - cross * cross).max(0.0).sqrt()]
}

pub(super) fn lower_pair([yy, my, mm]: [f64; 3], normal: [f64; 2]) -> [f64; 2] {
    [yy * normal[0], my * normal[0] + mm * normal[1]]
}

/// The [flow](momentum_flow) over a time `tau`, and the covariance that `(y, m)` accumulate in it from that diffusion, `[Var y, Cov(y, m), Var m]`,
/// without cancellation for short times and very small curvatures.
pub(super) fn momentum_step(beta: f64, k: f64, q: f64, variance: f64, tau: f64) -> ([[f64; 2]; 2], [f64; 3]) {
    let flow = momentum_flow(beta, k, q, tau);
    (flow, gathered_in_flow(flow, beta, k, q, variance, tau))
}

fn gathered_in_flow(f: [[f64; 2]; 2], beta: f64, k: f64, q: f64, variance: f64, tau: f64) -> [f64; 3] {
    let (p, force) = (beta * k / q, beta * k);
    if beta * tau + p * tau * tau < 1e-3 {
        // A unit kick of `y` becomes `1 - p t²/2` in `y` and `β k t (1 - β t/2)` in `m`.
        let yy = variance * tau;
        let cross = yy * force * tau;
        return [
            yy * (1.0 - p * tau * tau / 3.0),
            cross * (0.5 - beta * tau / 6.0),
            cross * force * tau * (1.0 / 3.0 - beta * tau * 0.25),
        ];
    }
    if p < 0.01 * beta * beta {
        // With a slow and a fast mode it becomes `(f e^(-st) - s e^(-ft))/(f - s)` in `y` and `β k (e^(-st) - e^(-ft))/(f - s)` in `m`.
        let omega = (0.25 * beta * beta - p).sqrt();
        let fast = 0.5 * beta + omega;
        let slow = p / fast;
        let [ss, sf, ff] = [2.0 * slow, slow + fast, 2.0 * fast].map(|rate| gathered(rate, tau));
        let scale = variance / ((fast - slow) * (fast - slow));
        return [
            scale * (fast * fast * ss - 2.0 * slow * fast * sf + slow * slow * ff),
            scale * force * (fast * ss - (slow + fast) * sf + slow * ff),
            scale * force * force * (ss - 2.0 * sf + ff),
        ];
    }
    let [a, b, c] = momentum_covariance(beta, k, q, variance);
    let carried = |r: [f64; 2], s: [f64; 2]| r[0] * s[0] * a + (r[0] * s[1] + r[1] * s[0]) * b + r[1] * s[1] * c;
    [a - carried(f[0], f[0]), b - carried(f[0], f[1]), c - carried(f[1], f[1])]
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::dmatrix;

    #[test]
    fn rest_covariance_solves_the_lyapunov_equation() {
        let drift = dmatrix![-1.0, 0.4, 0.0; -0.2, -0.5, 0.1; 0.0, 0.3, -2.0];
        let root = dmatrix![1.0, 0.0, 0.2; 0.3, 0.5, 0.0; 0.0, 0.1, 0.7];
        let diffusion = &root * root.transpose();
        let c = covariance_at_rest(&drift, &diffusion).unwrap();
        let residual = &drift * &c + &c * drift.transpose() + &diffusion;
        assert!(residual.norm() < 1e-5 * diffusion.norm(), "{residual}");
        let b = square_root(&c);
        assert!((&b * b.transpose() - c).norm() < 1e-12);
        assert!(covariance_at_rest(&dmatrix![0.1], &dmatrix![1.0]).is_none());
    }

    /// The time of return is a zero of the flow, and the first one after `y` was positive.
    #[test]
    fn momentum_return_is_the_next_zero() {
        for (beta, k, q) in [(1.0, 4.0, 1.0), (8.0, 1.0, 0.5), (0.3, 2.0, 3.0), (9.0, 0.2, 1.0)] {
            for y in [-0.01, 0.0, 0.5, 1.0] {
                for m in [-3.0, -0.5, 0.0, 0.5, 3.0, 30.0] {
                    if y <= 0.0 && m >= 0.0 {
                        continue;
                    }
                    let at = |tau: f64| {
                        let [row, _] = momentum_flow(beta, k, q, tau);
                        row[0] * y + row[1] * m
                    };
                    let zero = momentum_return(beta, k, q, [y, m]);
                    let end = zero.min(40.0 / slow_rate(beta, k / q));
                    let signs: Vec<bool> = (1..2000).map(|n| at(end * f64::from(n) / 2000.0) > 0.0).collect();
                    let up = signs.iter().position(|above| *above).unwrap();
                    assert!(up < 100 && signs[up..].iter().all(|above| *above), "{beta} {k} {q} {y} {m}: {zero}");
                    assert!(zero.is_infinite() || at(zero).abs() < 1e-9, "{beta} {k} {q} {y} {m}: {zero}");
                    assert!(zero.is_infinite() || at(1.001 * zero) < 0.0, "{beta} {k} {q} {y} {m}: {zero}");
                }
            }
        }
    }

    #[test]
    fn momentum_flow_is_the_matrix_exponential() {
        for (beta, k, q, tau) in
            [(1.0, 4.0, 1.0, 0.7), (8.0, 1.0, 0.5, 1.3), (4.0, 1.0, 1.0, 0.5), (100.0, 1.0, 2.0, 3.0)]
        {
            let flow = momentum_flow(beta, k, q, tau);
            let exact = (dmatrix![0.0, -1.0 / q; beta * k, -beta] * tau).exp();
            for (i, row) in flow.iter().enumerate() {
                for (j, value) in row.iter().enumerate() {
                    assert!((value - exact[(i, j)]).abs() < 1e-9, "{beta} {k} {q} {tau}: {flow:?} {exact}");
                }
            }
            let closed = momentum_covariance(beta, k, q, 0.3);
            let drift = dmatrix![0.0, -1.0 / q; beta * k, -beta];
            let solved = covariance_at_rest(&drift, &dmatrix![0.3, 0.0; 0.0, 0.0]).unwrap();
            for (a, b) in closed.iter().zip([solved[(0, 0)], solved[(0, 1)], solved[(1, 1)]]) {
                assert!((a - b).abs() < 1e-4 * closed[0].max(closed[2]), "{closed:?} {solved}");
            }
        }
    }

    /// Compares the three formulas with a sum over short times.
    #[test]
    fn what_momentum_gathers_is_the_integral_of_its_flow() {
        for (beta, k, q) in [(1.0, 4.0, 1.0), (8.0, 0.1, 0.5), (2.0, 1e-9, 1.0), (1.0, 0.0, 1.0)] {
            for tau in [1e-6, 9e-4, 1.1e-3, 0.4, 7.0] {
                let (steps, mut sum) = (2000, [0.0; 3]);
                for n in 0..steps {
                    let h = tau / f64::from(steps);
                    let flow = momentum_flow(beta, k, q, h * (f64::from(n) + 0.5));
                    let (y, m) = (flow[0][0], flow[1][0]);
                    sum.iter_mut().zip([y * y, y * m, m * m]).for_each(|(s, g)| *s += 0.3 * h * g);
                }
                let closed = momentum_step(beta, k, q, 0.3, tau).1;
                for (a, b) in closed.iter().zip(sum) {
                    assert!(
                        (a - b).abs() <= 2e-5 * b.abs() + 1e-12 * sum[0] * k * k,
                        "{beta} {k} {q} {tau}: {closed:?} {sum:?}"
                    );
                }
            }
        }
    }
}
