//! # The escape set and its Radon measure
//!
//! In the limit `ε → 0` a path leaves by the first jump of the noise into the escape set `W = { y : Q*⁻¹ Σ y ∉ Ω }` (here with
//! `θ*` as the origin). Its Radon measure is `m(W) = lim_{u→∞} ν(uW)/ν(|y_1| ≥ u)`, homogeneous of degree `-α`; the tail of one
//! coordinate is `Θ = ν(|y_1| ≥ 1/ε) = (2c/α) ε^α`, the paper's `(2/α) ε^α` in the unit normalisation. The escape rate is
//! `λ = Θ m(W) = ν(W/ε)` and `λΓ → Exp(1)`.
//!
//! Independent coordinates: `m(W) = ½ Σ_i (r_i+^-α + r_i-^-α)` with the exit distances `r_i±` along `± Q*⁻¹ Σ e_i` in units of that
//! vector. Isotropic: `m(W) = E_u[ r(Q*⁻¹Σu)^-α ] / E|u_1|^α` over the unit sphere.
//!
//! Other laws: skewed noise has `c (1 ± β)` on the two sides of every axis. The measures of tempered and truncated noise are not homogeneous, and
//! there is no `m(W)`; the rate is `ν(W/ε)` of one jump. Truncated jumps that are shorter than the way to the edge leave together, see
//! [`Prediction::jumps`]. Student's t and measured vectors are no Lévy noise, and have no prediction.
//!
//! # References
//! - Zhou et al. (2020), section 4 and theorem 1.
//! - Imkeller, Pavlyukevich (2006), *First Exit Times of SDEs Driven by Stable Lévy Processes*.

use thiserror::Error;

use crate::dynamics::{Preconditioner, Problem};
use crate::landscape::sphere;
use crate::noise::{NoiseLaw, Structure, mean_abs_power};
use crate::theory::several_jumps::SeveralJumps;

/// Reasons why a problem has no prediction.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TheoryError {
    /// Gaussian noise has no jumps.
    #[error("at α = 2 there are no jumps and the escape set has measure zero")]
    Gaussian,
    /// Adam's sampled second moment, or steps other than plain SGD.
    #[error("the theory covers neither the sampled second moment nor steps other than plain SGD, so there is no Q*")]
    NoRest,
    /// The noise has no Lévy measure.
    #[error("the theory is about Lévy noise, and {law} noise is drawn once per step")]
    NoMotion {
        /// Name of the law.
        law: &'static str,
    },
    /// Gaussian noise over saddles in the plane, with an amplitude per axis.
    #[error("at α = 2 the rates over saddles in the plane are known for noise of one amplitude in all directions")]
    GaussianAxes,
    /// Wells whose basins cannot be mapped.
    #[error(
        "the flow from a part of the plane ends at none of the known minima, so the basins of attraction are not known"
    )]
    Basins,
    /// The chain of several wells under another law.
    #[error("the chain of the wells is known for SαS and Gaussian noise, and this noise is {law}")]
    Chain {
        /// Name of the law.
        law: &'static str,
    },
    /// One jump is too short. The rate of several is known for SGD on a line whose force points to the minimum, for up to 12 jumps.
    #[error(
        "jumps are cut below the way to the edge: {jumps} are needed along an axis, and only the order η^(α + (α-1)({jumps}-1)) per step is known"
    )]
    SeveralJumps {
        /// `l*`, the smallest number of jumps along a noise axis.
        jumps: u32,
    },
    /// Paths run into a target.
    #[error(
        "paths run until they enter a target, on which there is no rate of leaving; the mean hitting time is that of the chain of the wells"
    )]
    Target,
    /// No jump can reach the edge.
    #[error("no jump of the noise can reach the edge of the basin")]
    Unreachable,
}

/// Escape rates along one noise axis, in both directions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AxisRate {
    /// Rate of escape by jumps in the negative direction.
    pub minus: f64,
    /// Rate of escape by jumps in the positive direction.
    pub plus: f64,
}

/// The prediction for one problem as `ε → 0`.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// `Θ = ν(|y_1| ≥ 1/ε)`, the tail mass of one noise coordinate; `(2c/α) ε^α` for stable noise.
    pub theta: f64,
    /// Radon measure `m(W)` of the escape set; `None` for tempered and truncated noise.
    pub radon_measure: Option<f64>,
    /// Standard error of `radon_measure` if it is a quadrature; 0 for a closed form.
    pub radon_error: f64,
    /// Escape rate `λ`, per unit of the SDE's time: `Θ m(W)` for stable noise.
    pub rate: f64,
    /// Number of jumps that an escape takes: 1, or `l* = ⌊r/b⌋ + 1` for jumps cut at `b` below the way `r` to the edge.
    pub jumps: u32,
    /// Rates by noise axis and direction; empty for isotropic noise.
    pub axes: Vec<AxisRate>,
    /// `(Σ r_i±^-α)^(-1/α) = (2 m(W))^(-1/α)`, the width of the basin along the noise axes, in units of the noise; `None` without `m(W)`.
    pub width: Option<f64>,
    /// `Q*`.
    pub preconditioner: Preconditioner,
}

impl Prediction {
    /// Predicts the escape from `problem`.
    ///
    /// # Errors
    /// [`TheoryError`] at `α = 2`, for the sampled second moment, for noise without a Lévy measure, or if no jump can leave the domain.
    ///
    /// # Example
    /// ```
    /// use levy_escape::{Alpha, Basin, Domain, Dynamics, LevyNoise, Prediction, Problem, Quadratic};
    ///
    /// let basin = Basin::new(Quadratic::new(vec![1.0])?, Domain::interval(-1.0, 2.0))?;
    /// let noise = LevyNoise::new(Alpha::new(1.5)?, 0.01)?;
    /// let theory = Prediction::of(&Problem::new(basin, Dynamics::Sgd, noise)?)?;
    /// let exact = 0.5 * (1.0 + 2f64.powf(-1.5));
    /// assert!(theory.radon_measure.is_some_and(|m| (m - exact).abs() < 1e-12));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(problem: &Problem) -> Result<Self, TheoryError> {
        let (basin, noise) = (problem.basin(), problem.noise());
        if !noise.law().has_motion() {
            return Err(TheoryError::NoMotion { law: noise.law().name() });
        }
        if basin.target().is_some() {
            return Err(TheoryError::Target);
        }
        if noise.alpha().is_gaussian() {
            return Err(TheoryError::Gaussian);
        }
        let preconditioner = problem.preconditioner().ok_or(TheoryError::NoRest)?;
        if !noise.law().is_stable() {
            return one_or_several_jumps(problem, preconditioner);
        }
        let alpha = noise.alpha().get();
        let theta = noise.measure().tail_mass(1.0 / noise.epsilon());
        let mut axes = Vec::new();
        let (radon_measure, radon_error) = match noise.structure() {
            Structure::Independent => {
                for i in 0..basin.dim() {
                    let [plus, minus] = if basin.is_followed() {
                        let direction = problem.jump_direction(&preconditioner, i);
                        [1.0, -1.0].map(|sign| {
                            let way: Vec<f64> = direction.iter().map(|v| sign * v).collect();
                            outside(&basin.crossings(&way), alpha)
                        })
                    } else {
                        problem.jump_exits(&preconditioner, i, 1.0).map(|r| 0.5 * r.powf(-alpha))
                    };
                    axes.push(AxisRate { minus: theta * minus, plus: theta * plus });
                }
                (axes.iter().map(|a| a.minus + a.plus).sum::<f64>() / theta, 0.0)
            }
            Structure::Isotropic => {
                let mut v = vec![0.0; basin.dim()];
                let (mean, error) = sphere::average(basin.dim(), |u| {
                    noise.amplitude().apply(u, &mut v);
                    preconditioner.divide(&mut v);
                    if basin.is_followed() {
                        return 2.0 * outside(&basin.crossings(&v), alpha);
                    }
                    basin.exit_distance(&v).powf(-alpha)
                });
                let share = mean_abs_power(basin.dim(), alpha);
                (mean / share, error / share)
            }
        };
        if !(radon_measure > 0.0) {
            return Err(TheoryError::Unreachable);
        }
        Ok(Prediction {
            theta,
            radon_measure: Some(radon_measure),
            radon_error,
            rate: theta * radon_measure,
            jumps: 1,
            axes,
            width: Some((2.0 * radon_measure).powf(-1.0 / alpha)),
            preconditioner,
        })
    }

    /// `1/λ`, the predicted mean escape time.
    pub fn mean_time(&self) -> f64 {
        1.0 / self.rate
    }
}

/// `½ Σ ± r_k^-α` over the distances at which a ray leaves the domain and comes back: the measure of the jumps along it that end outside.
fn outside(crossings: &[f64], alpha: f64) -> f64 {
    let signed = crossings.iter().enumerate().map(|(k, r)| if k % 2 == 0 { r.powf(-alpha) } else { -r.powf(-alpha) });
    0.5 * signed.fold(0.0, |sum, part| sum + part)
}

/// The prediction for independent coordinates of any law with a motion. A ray ends at its first exit, also where it comes back into a basin of attraction.
fn one_or_several_jumps(problem: &Problem, preconditioner: Preconditioner) -> Result<Prediction, TheoryError> {
    // The noise of steps is that of the motion whose increments they are.
    let eta = problem.dynamics().learning_rate();
    let noise = eta.map_or_else(|| problem.noise().clone(), |eta| problem.noise().spread_over(eta));
    let (dim, epsilon) = (problem.basin().dim(), noise.epsilon());
    let exits: Vec<[f64; 2]> = (0..dim).map(|i| problem.jump_exits(&preconditioner, i, 1.0)).collect();
    let longest = match noise.law() {
        NoiseLaw::Truncated { at } => at * epsilon,
        _ => f64::INFINITY,
    };
    let nearest = exits.iter().flatten().fold(f64::INFINITY, |r: f64, exit| r.min(*exit));
    if nearest.is_infinite() {
        return Err(TheoryError::Unreachable);
    }
    let jumps = SeveralJumps::least(nearest, longest);
    if jumps > 1 && !(dim == 1 && preconditioner.is_identity() && jumps <= SeveralJumps::MOST) {
        return Err(TheoryError::SeveralJumps { jumps });
    }
    let sigma = problem.noise().amplitude().column(dim, 0)[0];
    let side = |i: usize, plus: usize| {
        // `jump_exits` begins with the positive direction.
        let width = exits[i][1 - plus];
        // Sides that take more jumps are left at a rate of smaller order.
        if width.is_infinite() || SeveralJumps::least(width, longest) > jumps {
            return 0.0;
        }
        let direction = if plus == 1 { sigma } else { -sigma };
        let speed = |x: f64| {
            let mut gradient = [0.0];
            problem.basin().potential().gradient(&[problem.basin().minimum()[0] + x * direction], &mut gradient);
            let pull = gradient[0] * direction.signum() / sigma.abs();
            // Where the force vanishes or points outwards, paths do not return, and there is no such rate.
            if pull > 0.0 { pull } else { f64::NAN }
        };
        let beyond = |d: f64| noise.side_masses(d / epsilon)[plus];
        SeveralJumps { width, longest, beyond: &beyond, speed: &speed }.rate()
    };
    let axes: Vec<AxisRate> = (0..dim).map(|i| AxisRate { minus: side(i, 0), plus: side(i, 1) }).collect();
    let rate = axes.iter().map(|axis| axis.minus + axis.plus).sum::<f64>();
    if rate.is_nan() {
        return Err(TheoryError::SeveralJumps { jumps });
    }
    if !(rate > 0.0) {
        return Err(TheoryError::Unreachable);
    }
    let theta = noise.side_masses(1.0 / epsilon).iter().sum::<f64>();
    // Skewed measures are homogeneous.
    let radon_measure = noise.law().is_self_similar().then_some(rate / theta);
    let width = radon_measure.map(|measure| (2.0 * measure).powf(-1.0 / noise.alpha().get()));
    Ok(Prediction { theta, radon_measure, radon_error: 0.0, rate, jumps, axes, width, preconditioner })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::{Adam, Dynamics, SecondMoment};
    use crate::landscape::{Basin, Domain, DoubleWell, Flat, Quadratic};
    use crate::noise::{Alpha, Amplitude, LevyNoise, Measure};
    use nalgebra::DMatrix;

    fn noise(alpha: f64, epsilon: f64) -> LevyNoise {
        LevyNoise::new(Alpha::new(alpha).unwrap(), epsilon).unwrap()
    }

    fn ball(dim: usize, radius: f64) -> Basin {
        Basin::new(Quadratic::new(vec![1.0; dim]).unwrap(), Domain::ball(radius)).unwrap()
    }

    #[test]
    fn rate_of_an_interval_in_both_normalisations() {
        let basin = Basin::new(Quadratic::new(vec![1.0]).unwrap(), Domain::interval(-0.5, 2.0)).unwrap();
        let exact = 0.29921 / 1.5 * 0.1f64.powf(1.5) * (0.5f64.powf(-1.5) + 2f64.powf(-1.5));
        let standard = Prediction::of(&Problem::new(basin.clone(), Dynamics::Sgd, noise(1.5, 0.1)).unwrap()).unwrap();
        assert!((standard.rate / exact - 1.0).abs() < 2e-5);
        let unit = noise(1.5, 0.1).with_measure(Measure::Unit).unwrap();
        let unit = Prediction::of(&Problem::new(basin, Dynamics::Sgd, unit).unwrap()).unwrap();
        assert!((unit.theta - 2.0 / 1.5 * 0.1f64.powf(1.5)).abs() < 1e-12);
        assert!((standard.rate / unit.rate - 0.29921).abs() < 1e-5);
        assert_eq!(standard.radon_measure.unwrap(), unit.radon_measure.unwrap());
        assert!((standard.axes[0].plus / standard.axes[0].minus - 4f64.powf(-1.5)).abs() < 1e-12);
    }

    /// A rotation of the noise does not change an isotropic problem, and in one dimension both structures agree.
    #[test]
    fn isotropic_rates() {
        let isotropic = || noise(1.5, 0.1).with_structure(Structure::Isotropic).with_amplitude(Amplitude::Scalar(2.0));
        for dim in [1, 2, 3, 10] {
            let theory = Prediction::of(&Problem::new(ball(dim, 0.7), Dynamics::Sgd, isotropic()).unwrap()).unwrap();
            let exact = (2.0f64 / 0.7).powf(1.5) / mean_abs_power(dim, 1.5);
            assert!((theory.radon_measure.unwrap() / exact - 1.0).abs() < 1e-9, "{dim}");
        }
        let one = Prediction::of(&Problem::new(ball(1, 0.7), Dynamics::Sgd, noise(1.5, 0.1)).unwrap()).unwrap();
        assert!((one.radon_measure.unwrap() - 0.7f64.powf(-1.5)).abs() < 1e-12);
        // An ellipsoid under Σ = I is equivalent to the ball under the inverse axes.
        let axes = vec![0.5, 1.0, 2.0];
        let flat = || Flat::new(3).unwrap();
        let ellipsoid = Basin::new(flat(), Domain::Ellipsoid { semi_axes: axes.clone() }).unwrap();
        let unit_ball = Basin::new(flat(), Domain::ball(1.0)).unwrap();
        let inverse = Amplitude::Diagonal(axes.iter().map(|a| 1.0 / a).collect());
        let iso = |a: Amplitude| noise(1.5, 0.1).with_structure(Structure::Isotropic).with_amplitude(a);
        let a = Prediction::of(&Problem::new(ellipsoid, Dynamics::Sgd, iso(Amplitude::Scalar(1.0))).unwrap()).unwrap();
        let b = Prediction::of(&Problem::new(unit_ball, Dynamics::Sgd, iso(inverse)).unwrap()).unwrap();
        assert!((a.radon_measure.unwrap() / b.radon_measure.unwrap() - 1.0).abs() < 1e-12);
    }

    fn with_law(domain: Domain, law: NoiseLaw, amplitude: f64) -> Problem {
        let basin = Basin::new(Quadratic::new(vec![1.0]).unwrap(), domain).unwrap();
        let noise = noise(1.5, 0.1).with_law(law).unwrap().with_amplitude(Amplitude::Scalar(amplitude));
        Problem::new(basin, Dynamics::Sgd, noise).unwrap()
    }

    /// The side that is far away has its own distance and the constant of its own sign; a negative amplitude swaps the signs of the noise.
    #[test]
    fn sides_of_other_laws_have_their_own_distance_and_sign() {
        let c = 0.29921 / 1.5 * 0.1f64.powf(1.5);
        for (amplitude, [plus, minus]) in [(1.0, [1.6 * 2f64.powf(-1.5), 0.4]), (-1.0, [1.6, 0.4 * 2f64.powf(-1.5)])] {
            let problem = with_law(Domain::interval(-1.0, 2.0), NoiseLaw::Skewed { beta: 0.6 }, amplitude);
            let axis = Prediction::of(&problem).unwrap().axes[0];
            assert!((axis.plus / (c * plus) - 1.0).abs() < 2e-5, "{amplitude}: {axis:?}");
            assert!((axis.minus / (c * minus) - 1.0).abs() < 2e-5, "{amplitude}: {axis:?}");
        }
    }

    /// Twice the basin and twice the amplitude are the same problem, whatever the number of jumps.
    #[test]
    fn several_jumps_scale_with_the_amplitude() {
        for at in [15.0, 7.0, 4.0] {
            let rate = |scale: f64| {
                let domain = Domain::interval(-scale, 3.0 * scale);
                Prediction::of(&with_law(domain, NoiseLaw::Truncated { at }, scale)).unwrap()
            };
            let (one, two, mirrored) =
                (rate(1.0), rate(2.0), with_law(Domain::interval(-3.0, 1.0), NoiseLaw::Truncated { at }, -1.0));
            assert_eq!((one.jumps, two.jumps), ((10.0 / at) as u32 + 1, (10.0 / at) as u32 + 1));
            assert!((two.rate / one.rate - 1.0).abs() < 1e-12);
            assert!((Prediction::of(&mirrored).unwrap().rate / one.rate - 1.0).abs() < 1e-12);
        }
    }

    /// Without a pull towards the minimum, or with very many jumps, the rate of several jumps is not known.
    #[test]
    fn several_jumps_need_a_force() {
        let law = |at: f64| noise(1.5, 0.1).with_law(NoiseLaw::Truncated { at }).unwrap();
        let free = Basin::new(Flat::new(1).unwrap(), Domain::interval(-1.0, 1.0)).unwrap();
        for (at, jumps) in [(7.0, 2), (4.0, 3)] {
            let problem = Problem::new(free.clone(), Dynamics::Sgd, law(at)).unwrap();
            assert_eq!(Prediction::of(&problem), Err(TheoryError::SeveralJumps { jumps }));
        }
        assert!(Prediction::of(&Problem::new(free, Dynamics::Sgd, law(11.0)).unwrap()).is_ok());
        let hill = DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap();
        let beyond = Basin::new(hill, Domain::interval(-1.5, 0.5)).unwrap();
        let problem = Problem::new(beyond, Dynamics::Sgd, law(14.0)).unwrap();
        // The near side is left by one jump, which decides.
        assert_eq!(Prediction::of(&problem).unwrap().jumps, 1);
        let far = Basin::new(DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap(), Domain::interval(-2.6, 0.5)).unwrap();
        let problem = Problem::new(far, Dynamics::Sgd, law(14.0)).unwrap();
        assert_eq!(Prediction::of(&problem), Err(TheoryError::SeveralJumps { jumps: 2 }));
        let many = with_law(Domain::interval(-1.0, 1.0), NoiseLaw::Truncated { at: 0.01 }, 1.0);
        assert_eq!(Prediction::of(&many), Err(TheoryError::SeveralJumps { jumps: 1_001 }));
    }

    #[test]
    fn adam_divides_by_its_preconditioner() {
        let sigma = Amplitude::Dense(DMatrix::from_row_slice(2, 2, &[1.0, 0.4, -0.3, 0.6]));
        let adam = Adam::new(1.0, 0.1).unwrap().with_second_moment(SecondMoment::Frozen);
        let problem = |d| Problem::new(ball(2, 1.0), d, noise(1.5, 0.1).with_amplitude(sigma.clone())).unwrap();
        let theory = Prediction::of(&problem(Dynamics::Adam(adam))).unwrap();
        let (q0, q1) = (1.16f64.sqrt(), 0.45f64.sqrt());
        let column = |a: f64, b: f64| ((a / q0).powi(2) + (b / q1).powi(2)).powf(0.75);
        let exact = column(1.0, -0.3) + column(0.4, 0.6);
        assert!((theory.radon_measure.unwrap() / exact - 1.0).abs() < 1e-7);
        assert!((theory.preconditioner.log_determinant() - (q0 * q1).ln()).abs() < 1e-7);
        let sampled = Adam::new(1.0, 0.1).unwrap().with_second_moment(SecondMoment::Sampled);
        assert_eq!(Prediction::of(&problem(Dynamics::Adam(sampled))), Err(TheoryError::NoRest));
    }
}
