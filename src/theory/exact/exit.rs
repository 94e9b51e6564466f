//! # Exact exit time from an interval
//!
//! `dX = -F'(X) dt + ε s dL` in one dimension, `L` a standard SαS Lévy motion with `1 < α ≤ 2`, leaves `(a, b)` at the time
//! `Γ`. Its generator is
//! ```text
//! L u = -(ε s)^α (-Δ)^(α/2) u - F' u',     (ε s)² u'' - F' u'  at α = 2,
//! ```
//! The mean `u = E Γ` solves `L u = -1`, and the second moment solves `L m = -2u`. The Laplace transform is
//! `E exp(-sΓ) = 1 - s v` with `(s - L) v = 1`. The probability of leaving beyond `b` is harmonic with the values 0 and 1
//! outside. `P(Γ > t)` decays at the smallest eigenvalue of `-L`. The solver is deterministic.
//!
//! Each equation is solved by Galerkin's method in piecewise polynomials of growing degree, on a mesh graded into the
//! boundary layers, until two solutions agree. The layers have the thickness `((ε s)^α/v)^(1/(α-1))` for a drift of speed
//! `v` at the edge, and the solution rises there like `d^(α/2)` with the distance `d`. Global bases, such as the eigenbasis
//! `(1-x²)^(α/2) P_n^(α/2,α/2)` of Dyda, Kuznetsov and Kwaśnicki, converge algebraically in the layer; the graded mesh
//! converges exponentially.
//!
//! A half-line is cut off far out, at a distance that grows with the degree. Beyond it the solution is a constant, as if paths that jump there
//! returned at once. They come back in a time that is logarithmic in the distance under a linear force, so the error is of the order of
//! the rate of these jumps, `R^-α`.
//!
//! # References
//! - Getoor (1961), *First Passage Times for Symmetric Stable Processes in Space*, Trans. AMS 101, for no drift.
//! - Dyda, Kuznetsov, Kwaśnicki (2017), *Eigenvalues of the Fractional Laplace Operator in the Unit Ball*, J. London
//!   Math. Soc. 95, for the Jacobi eigenbasis.
//! - Chen, Kim, Song (2012), *Dirichlet Heat Kernel Estimates for Fractional Laplacian with Gradient Perturbation*, Ann.
//!   Probab. 40, for `1 < α < 2`: near the edge noise dominates drift.

use nalgebra::{DVector, Dyn, LU};
use std::fmt;
use std::sync::OnceLock;

use super::ExactError;
use super::galerkin::Galerkin;
use super::krylov::Krylov;
use super::mesh::{Balance, HalfLine, Mesh, SCAN};
use crate::noise::Alpha;

/// Degrees of the successive discretisations.
const DEGREES: [usize; 7] = [8, 10, 12, 14, 16, 18, 20];

/// Where the meshes of a half-line end, in units of its inner scale.
const FAR: [f64; DEGREES.len()] = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// Relative change between two discretisations at which the finer one is returned at once.
const TARGET: f64 = 1e-6;

/// Relative change that is accepted from the last two.
const ACCEPTED: f64 = 1e-4;

/// The exit problem of `dX = -F'(X) dt + ε s dL` on an interval or a half-line.
///
/// Every answer is computed on at least two meshes and returned once they agree to `1e-6`; a change of `1e-4` between the
/// finest two is accepted. Factorisations are cached, so later queries are cheap. The first takes about 20 ms, or seconds if
/// the layers are thinner than `10^-15` or `ε` is below `10^-3`. Times have the units in which `F'` is length per time and
/// `(ε s)^α` is length^α per time.
///
/// A drift with a kink at one of its zeros, as in an asymmetric well, is resolved exactly. A kink elsewhere slows the
/// convergence, and a discontinuity elsewhere can give [`ExactError::Unresolved`].
///
/// # Example
/// An Ornstein-Uhlenbeck process leaves `(-1, 1)`:
/// ```
/// use levy_escape::{noise::Alpha, theory::ExactExit};
///
/// let exit = ExactExit::new(Alpha::new(1.5)?, 0.5, (-1.0, 1.0), |x| x)?;
/// assert!((exit.mean(0.0)? - 3.827170).abs() < 1e-5);
/// assert!((exit.right_probability(0.0)? - 0.5).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ExactExit<F> {
    alpha: f64,
    noise: f64,
    interval: (f64, f64),
    /// The half-line, mirrored if it is open on the right.
    half_line: Option<HalfLine>,
    force: F,
    solutions: [OnceLock<Result<Solution, ExactError>>; DEGREES.len()],
}

/// One discretisation and its cached results.
struct Solution {
    galerkin: Galerkin,
    lu: LU<f64, Dyn, Dyn>,
    mean: DVector<f64>,
    krylov: OnceLock<Option<Krylov>>,
}

impl<F: Fn(f64) -> f64> ExactExit<F> {
    /// The exit of `dX = -force(X) dt + noise_scale dL` from `interval`, one end of which may be infinite.
    ///
    /// `noise_scale` is `ε s` for increments `ε s h^(1/α) SαS(1)`; for a Lévy density `c |y|^(-1-α)` multiply by
    /// `(c/c_α)^(1/α)`, which is [`LevyMeasure::scale`](crate::noise::LevyMeasure::scale). At `α = 2` increments are N(0, 2 h
    /// (ε s)²). `force` is `F'`, the slope of the potential.
    ///
    /// # Errors
    /// [`ExactError::TailIndex`] unless `α > 1`; [`ExactError::NoiseScale`], [`ExactError::Interval`] and
    /// [`ExactError::Force`] for numbers that are not finite or out of range; [`ExactError::NoReturn`] for a half-line without a force that leads
    /// back from its open side.
    pub fn new(alpha: Alpha, noise_scale: f64, interval: (f64, f64), force: F) -> Result<Self, ExactError> {
        let alpha = alpha.get();
        if alpha <= 1.0 {
            return Err(ExactError::TailIndex { alpha });
        }
        let noise = noise_scale.powf(alpha);
        if !(noise_scale > 0.0 && noise > 0.0 && noise.is_finite()) {
            return Err(ExactError::NoiseScale { noise_scale });
        }
        let (lo, hi) = interval;
        if lo < hi && (lo.is_finite() != hi.is_finite()) {
            let mirrored = |x: f64| -force(-x);
            let (end, force_to): (f64, &dyn Fn(f64) -> f64) =
                if hi.is_finite() { (hi, &force) } else { (-lo, &mirrored) };
            let at_end = force_to(end);
            if !at_end.is_finite() {
                return Err(ExactError::Force { x: if hi.is_finite() { hi } else { lo }, force: at_end });
            }
            let line = HalfLine::of(end, &Balance { alpha, noise, force: force_to });
            let half_line = Some(line.ok_or(ExactError::NoReturn { lo, hi })?);
            return Ok(ExactExit { alpha, noise, interval, half_line, force, solutions: Default::default() });
        }
        if !(lo < hi && (hi - lo).is_finite()) {
            return Err(ExactError::Interval { lo, hi });
        }
        for i in 0..=SCAN {
            let x = lo + (hi - lo) * i as f64 / SCAN as f64;
            let value = force(x);
            if !value.is_finite() {
                return Err(ExactError::Force { x, force: value });
            }
        }
        Ok(ExactExit { alpha, noise, interval, half_line: None, force, solutions: Default::default() })
    }

    /// Mean exit time `E Γ` from `start`.
    ///
    /// # Errors
    /// [`ExactError::Start`] outside the interval; [`ExactError::BoundaryLayer`] or [`ExactError::Unresolved`] if the
    /// discretisations do not converge.
    pub fn mean(&self, start: f64) -> Result<f64, ExactError> {
        self.check_start(start)?;
        self.converge(|solution| Ok(self.value(solution, &solution.mean, start)))
    }

    /// Second moment `E Γ²` from `start`.
    ///
    /// # Errors
    /// As [`ExactExit::mean`].
    pub fn second_moment(&self, start: f64) -> Result<f64, ExactError> {
        self.check_start(start)?;
        self.converge(|solution| {
            let moment = solution.solve(&(&solution.galerkin.mass * &solution.mean * 2.0))?;
            Ok(self.value(solution, &moment, start))
        })
    }

    /// Laplace transform `E exp(-sΓ)` from `start`, for every `s` above minus the decay rate; negative `s` give
    /// exponential moments. It is computed as a difference from 1, and unresolved below about `10^-8`.
    ///
    /// # Errors
    /// [`ExactError::LaplaceArgument`] if it is infinite; as [`ExactExit::mean`] besides.
    pub fn laplace(&self, s: f64, start: f64) -> Result<f64, ExactError> {
        self.check_start(start)?;
        if !(s >= 0.0 && s.is_finite()) {
            let decay_rate = self.decay_rate()?;
            if !(s > -decay_rate && s.is_finite()) {
                return Err(ExactError::LaplaceArgument { s, decay_rate });
            }
        }
        self.converge(|solution| {
            let galerkin = &solution.galerkin;
            let resolvent = (&galerkin.generator + &galerkin.mass * s).lu();
            let v = resolvent.solve(&galerkin.load).ok_or_else(|| solution.singular())?;
            Ok(1.0 - s * self.value(solution, &v, start))
        })
    }

    /// Probability of leaving beyond the right end of the interval, by a jump or by creeping, from `start`.
    ///
    /// # Errors
    /// As [`ExactExit::mean`].
    pub fn right_probability(&self, start: f64) -> Result<f64, ExactError> {
        self.check_start(start)?;
        match self.interval {
            (f64::NEG_INFINITY, _) => return Ok(1.0),
            (_, f64::INFINITY) => return Ok(0.0),
            _ => {}
        }
        self.converge(|solution| {
            let correction = solution.solve(&-&solution.galerkin.step)?;
            Ok(solution.galerkin.step_value(start) + solution.galerkin.value(&correction, start))
        })
    }

    /// Survival probability `P(Γ > t)` from `start`, for `t > 0`. The relative accuracy holds far into the tail; the result is
    /// 0 where it underflows. Times much shorter than the relaxation time can give [`ExactError::Unresolved`], and so can
    /// times of many means on a half-line.
    ///
    /// # Errors
    /// [`ExactError::Time`] unless `t` is positive and finite; as [`ExactExit::mean`] besides.
    pub fn survival(&self, time: f64, start: f64) -> Result<f64, ExactError> {
        self.check_start(start)?;
        if !(time > 0.0 && time.is_finite()) {
            return Err(ExactError::Time { time });
        }
        if self.decay_rate()? * time > -f64::MIN_POSITIVE.ln() {
            return Ok(0.0);
        }
        self.converge(|solution| {
            let survival = solution.krylov()?.survival(time).ok_or_else(|| solution.singular())?;
            Ok(self.value(solution, &survival, start))
        })
    }

    /// Principal decay rate, the limit of `-log P(Γ > t) / t` for every start: the smallest eigenvalue of `-L`.
    ///
    /// # Errors
    /// [`ExactError::BoundaryLayer`] or [`ExactError::Unresolved`] if the discretisations do not converge.
    pub fn decay_rate(&self) -> Result<f64, ExactError> {
        self.converge(|solution| Ok(solution.krylov()?.decay_rate()))
    }

    fn check_start(&self, start: f64) -> Result<(), ExactError> {
        let (lo, hi) = self.interval;
        if !(start > lo && start < hi) {
            return Err(ExactError::Start { start, lo, hi });
        }
        Ok(())
    }

    /// The solution with these coefficients at `x`; NaN beyond the open end of a mesh.
    fn value(&self, solution: &Solution, coefficients: &DVector<f64>, x: f64) -> f64 {
        let x = if self.interval.1.is_infinite() { -x } else { x };
        solution.galerkin.value(coefficients, x)
    }

    /// Evaluates `quantity` on finer and finer discretisations until it converges.
    fn converge(&self, quantity: impl Fn(&Solution) -> Result<f64, ExactError>) -> Result<f64, ExactError> {
        let mut previous = f64::NAN;
        let (mut change, mut unknowns) = (f64::NAN, 0);
        for (cell, (degree, far)) in self.solutions.iter().zip(DEGREES.into_iter().zip(FAR)) {
            let solution = cell.get_or_init(|| self.solve(degree, far)).as_ref().map_err(Clone::clone)?;
            let value = quantity(solution)?;
            change = ((value - previous) / value).abs();
            if change <= TARGET {
                return Ok(value);
            }
            previous = value;
            unknowns = solution.galerkin.unknowns();
        }
        if change <= ACCEPTED { Ok(previous) } else { Err(ExactError::Unresolved { unknowns, change }) }
    }

    fn solve(&self, degree: usize, far: f64) -> Result<Solution, ExactError> {
        let (lo, hi) = self.interval;
        let mirrored = |x: f64| -(self.force)(-x);
        let force: &dyn Fn(f64) -> f64 = if hi.is_infinite() { &mirrored } else { &self.force };
        let balance = Balance { alpha: self.alpha, noise: self.noise, force };
        let mesh = match &self.half_line {
            None => Mesh::graded(lo, hi, &balance, degree),
            Some(line) => {
                let end = if hi.is_infinite() { -lo } else { hi };
                Mesh::open(line.end(far), end, line, &balance, degree)
            }
        };
        let mesh = mesh.map_err(|thickness| ExactError::BoundaryLayer { thickness })?;
        let galerkin = Galerkin::new(mesh, &balance);
        let lu = galerkin.generator.clone().lu();
        let mean = lu.solve(&galerkin.load).ok_or(ExactError::Singular { unknowns: galerkin.unknowns() })?;
        // A pole of the force between the samples of `new` is detected here.
        if !mean.iter().all(|u| u.is_finite()) {
            return Err(ExactError::Singular { unknowns: galerkin.unknowns() });
        }
        Ok(Solution { galerkin, lu, mean, krylov: OnceLock::new() })
    }
}

impl Solution {
    fn solve(&self, rhs: &DVector<f64>) -> Result<DVector<f64>, ExactError> {
        self.lu.solve(rhs).ok_or_else(|| self.singular())
    }

    fn krylov(&self) -> Result<&Krylov, ExactError> {
        let krylov = self.krylov.get_or_init(|| Krylov::new(&self.lu, &self.galerkin.mass, &self.mean));
        krylov.as_ref().ok_or_else(|| self.singular())
    }

    fn singular(&self) -> ExactError {
        ExactError::Singular { unknowns: self.galerkin.unknowns() }
    }
}

impl<F> fmt::Debug for ExactExit<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ExactExit { alpha, noise, interval, .. } = self;
        f.debug_struct("ExactExit")
            .field("alpha", alpha)
            .field("noise", noise)
            .field("interval", interval)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{LevyMeasure, Measure};
    use crate::theory::exact::jacobi;
    use statrs::function::beta::beta_reg;
    use statrs::function::gamma::gamma;
    use std::f64::consts::PI;

    fn exit<F: Fn(f64) -> f64>(alpha: f64, noise: f64, interval: (f64, f64), force: F) -> ExactExit<F> {
        ExactExit::new(Alpha::new(alpha).unwrap(), noise, interval, force).unwrap()
    }

    fn ornstein_uhlenbeck(alpha: f64, epsilon: f64) -> ExactExit<impl Fn(f64) -> f64> {
        exit(alpha, epsilon, (-1.0, 1.0), |x| x)
    }

    fn close(value: f64, reference: f64, tolerance: f64, what: &str) {
        assert!((value / reference - 1.0).abs() < tolerance, "{what}: {value} against {reference}");
    }

    /// Ornstein-Uhlenbeck on (-1, 1), from an independent computation with Jacobi polynomials, to the digits given.
    #[test]
    fn ornstein_uhlenbeck_table() {
        // α, ε, mean from 0, mean from .5, second moment, decay rate.
        let table = [
            (1.5, 1.0, "0.948764", "0.819817", "1.633541", "1.180526"),
            (1.5, 0.5, "3.82717", "3.56906", "28.1998", "0.272343"),
            (1.5, 0.2, "23.855", "23.562", "1135.4", "0.042022"),
            (1.5, 0.1, "75.126", "74.8", "11285", "0.0133145"),
            (1.8, 0.5, "4.383526", "3.939632", "36.0816", "0.244054"),
            (1.8, 0.1, "326.23", "325.82", "212843", "0.0030655"),
            (1.2, 0.5, "3.1142", "2.965", "18.96", "0.32937"),
        ];
        for (alpha, epsilon, mean, mean_half, second, rate) in table {
            let exit = ornstein_uhlenbeck(alpha, epsilon);
            let values = [exit.mean(0.0), exit.mean(0.5), exit.second_moment(0.0), exit.decay_rate()];
            for (value, reference) in values.into_iter().zip([mean, mean_half, second, rate]) {
                let digits = reference.split_once('.').map_or(0, |(_, fraction)| fraction.len());
                assert_eq!(format!("{:.digits$}", value.unwrap()), reference, "α={alpha} ε={epsilon}");
            }
        }
    }

    /// `α = 2`: mean from 0 is `₂F₂(1,1;3/2,2;z) z`, `z = 1/(2ε²)`; at ε = 1 the eigenfunction is `1 - x²`.
    #[test]
    fn gaussian_ornstein_uhlenbeck() {
        for (epsilon, printed) in [(1.0f64, 0.595749), (0.5, 4.501602), (0.3, f64::NAN)] {
            let z = 0.5 / (epsilon * epsilon);
            let (mut sum, mut pochhammer) = (0.0, 1.0);
            for n in 0..100 {
                sum += z.powi(n + 1) / (f64::from(n + 1) * pochhammer);
                pochhammer *= 1.5 + f64::from(n);
            }
            assert!(printed.is_nan() || (sum - printed).abs() < 5e-7);
            close(ornstein_uhlenbeck(2.0, epsilon).mean(0.0).unwrap(), sum, 1e-8, "mean");
        }
        close(ornstein_uhlenbeck(2.0, 1.0).decay_rate().unwrap(), 2.0, 1e-10, "decay rate");
    }

    /// Strong noise leaves in times whose squares are no numbers; only the unit of time changes.
    #[test]
    fn times_of_any_size_have_their_rate() {
        let plain = exit(1.5, 1.0, (-1.0, 1.0), |_| 0.0);
        for epsilon in [1e100, 1e190, 1e-190] {
            let scaled = exit(1.5, epsilon, (-1.0, 1.0), |_| 0.0);
            let time = epsilon.powf(-1.5);
            close(scaled.decay_rate().unwrap() * time, plain.decay_rate().unwrap(), 1e-9, "rate");
            close(scaled.survival(time, 0.2).unwrap(), plain.survival(1.0, 0.2).unwrap(), 1e-8, "survival");
        }
    }

    #[test]
    fn small_alpha_gap_to_the_gaussian_closes() {
        let gaussian = ornstein_uhlenbeck(2.0, 0.7).mean(0.2).unwrap();
        let gap = |alpha| ornstein_uhlenbeck(alpha, 0.7).mean(0.2).unwrap() / gaussian - 1.0;
        assert!(gap(1.9999).abs() < 2e-4);
        close(gap(1.9999) * 10.0, gap(1.999), 0.02, "the gap is linear in 2 - α");
    }

    /// Getoor: `E_x Γ = Γ(1/2) / (2^α Γ(1+α/2) Γ((1+α)/2)) (r²-x²)^(α/2) / noise^α`.
    #[test]
    fn no_drift_is_getoors_formula() {
        for alpha in [1.05f64, 1.2, 1.5, 1.8, 1.99, 2.0] {
            let exit = exit(alpha, 0.7, (-0.5, 1.5), |_| 0.0);
            let constant = PI.sqrt() / (2f64.powf(alpha) * gamma(1.0 + 0.5 * alpha) * gamma(0.5 * (1.0 + alpha)));
            for start in [-0.499, -0.2, 0.5, 1.3] {
                let getoor = constant * (1.0 - (start - 0.5f64).powi(2)).powf(0.5 * alpha) / 0.7f64.powf(alpha);
                close(exit.mean(start).unwrap(), getoor, 1e-6, &format!("α={alpha} x={start}"));
            }
        }
    }

    /// Blumenthal, Getoor, Ray (1961): the side is a symmetric beta law, `I_((1+x)/2)(α/2, α/2)`.
    #[test]
    fn side_without_drift_is_a_beta_law() {
        for alpha in [1.05, 1.5, 1.8, 2.0] {
            let exit = exit(alpha, 0.3, (-1.0, 1.0), |_| 0.0);
            for start in [-0.9, 0.0, 0.3, 0.99] {
                let exact = beta_reg(0.5 * alpha, 0.5 * alpha, 0.5 * (1.0 + start));
                close(exit.right_probability(start).unwrap(), exact, 1e-5, &format!("α={alpha} x={start}"));
            }
        }
    }

    /// Compares an asymmetric interval with drift with Galerkin in the global eigenbasis, which shares no code with this
    /// solver. That basis converges slowly, so the two must agree to within its own last change.
    #[test]
    fn asymmetric_interval_agrees_with_the_jacobi_basis() {
        for (alpha, epsilon) in [(1.6f64, 0.3f64), (1.3, 0.8)] {
            let exit = exit(alpha, epsilon, (-0.5, 2.0), |x| x);
            // (-.5, 2) = .75 + 1.25 (-1, 1).
            let noise = (epsilon / 1.25).powf(alpha);
            let jacobi = |n| jacobi::moments(alpha, noise, |y| (0.75 + 1.25 * y) / 1.25, n, (0.3 - 0.75) / 1.25);
            let (coarse, fine) = (jacobi(160), jacobi(320));
            for (value, coarse, fine) in
                [(exit.mean(0.3), coarse.0, fine.0), (exit.second_moment(0.3), coarse.1, fine.1)]
            {
                let change = (fine / coarse - 1.0).abs();
                assert!(change < 3e-5);
                close(value.unwrap(), fine, change, &format!("α={alpha}"));
            }
        }
    }

    /// Lengths × r, times × T: noise × r T^(-1/α), force × r/T.
    #[test]
    fn units_do_not_matter() {
        let (r, time) = (1e-3, 50.0);
        let plain = exit(1.4, 0.6, (-0.8, 1.1), |x| x + x * x);
        let scaled = exit(1.4, 0.6 * r * f64::powf(time, -1.0 / 1.4), (-0.8 * r, 1.1 * r), |x| {
            (x / r + (x / r).powi(2)) * r / time
        });
        close(scaled.mean(0.3 * r).unwrap(), time * plain.mean(0.3).unwrap(), 1e-9, "mean");
        close(scaled.decay_rate().unwrap() * time, plain.decay_rate().unwrap(), 1e-9, "rate");
        close(scaled.right_probability(0.0).unwrap(), plain.right_probability(0.0).unwrap(), 1e-9, "side");
    }

    #[test]
    fn a_mirror_changes_nothing_even_with_a_kink() {
        let well = |x: f64| if x > 0.0 { x } else { 4.0 * x };
        let plain = exit(1.5, 0.2, (-0.7, 1.5), well);
        let mirrored = exit(1.5, 0.2, (-1.5, 0.7), |x| -well(-x));
        close(plain.mean(0.4).unwrap(), mirrored.mean(-0.4).unwrap(), 1e-10, "mean");
        close(plain.right_probability(0.4).unwrap(), 1.0 - mirrored.right_probability(-0.4).unwrap(), TARGET, "side");
    }

    /// By symmetry, half of the paths that start on the saddle of a double well leave on either side. A path that starts in one
    /// well leaves `(-2, 2)` later than `(0, 2)`.
    #[test]
    fn double_well() {
        let force = |x: f64| x * x * x - x;
        let (whole, half) = (exit(1.5, 0.2, (-2.0, 2.0), force), exit(1.5, 0.2, (0.0, 2.0), force));
        close(whole.right_probability(0.0).unwrap(), 0.5, 1e-8, "side");
        close(whole.mean(-1.0).unwrap(), whole.mean(1.0).unwrap(), 1e-8, "wells");
        assert!(half.mean(1.0).unwrap() < whole.mean(1.0).unwrap());
    }

    #[test]
    fn laplace_transform_and_moments_agree() {
        let exit = exit(1.6, 0.3, (-0.5, 2.0), |x| x);
        let (mean, second) = (exit.mean(0.3).unwrap(), exit.second_moment(0.3).unwrap());
        let rate = exit.decay_rate().unwrap();
        let s = 1e-3 / mean;
        let (below, above) = (exit.laplace(-s, 0.3).unwrap(), exit.laplace(s, 0.3).unwrap());
        close((below - above) / (2.0 * s), mean, 3e-6, "first derivative");
        close((below + above - 2.0) / (s * s), second, 1e-4, "second derivative");
        assert_eq!(exit.laplace(0.0, 0.3), Ok(1.0));
        // Jensen's inequality. The start lies further inside than the quasi-stationary law, so the path survives longer.
        for u in [-0.5, 0.1, 1.0, 10.0] {
            assert!(exit.laplace(u / mean, 0.3).unwrap() > (-u).exp());
        }
        assert!(second > mean * mean && rate * mean > 1.0);
        // exp(-sΓ) has no mean at the decay rate.
        assert!(exit.laplace(-0.999 * rate, 0.3).unwrap() > 500.0);
        assert!(matches!(exit.laplace(-1.001 * rate, 0.3), Err(ExactError::LaplaceArgument { .. })));
    }

    /// `P(Γ > t)` for Brownian motion: `Σ 4/π (-1)^k/(2k+1) exp(-(2k+1)² π² t/4)` with the generator `d²/dx²`.
    #[test]
    fn survival_of_brownian_motion() {
        let exit = exit(2.0, 1.0, (-1.0, 1.0), |_| 0.0);
        for t in [0.02, 0.1, 0.5, 2.0, 10.0] {
            let term = |k: i32| {
                let m = f64::from(2 * k + 1);
                4.0 / PI * f64::from(1 - 2 * (k % 2)) / m * (-m * m * PI * PI * t / 4.0).exp()
            };
            let exact: f64 = (0..50).map(term).sum();
            close(exit.survival(t, 0.0).unwrap(), exact, 1e-6, &format!("t={t}"));
        }
    }

    /// `∫ P(Γ > t) dt = E Γ` and `∫ s exp(-st) P(Γ > t) dt = 1 - E exp(-sΓ)`, by the trapezoidal rule in log t.
    #[test]
    fn survival_of_a_stable_process() {
        let exit = ornstein_uhlenbeck(1.5, 0.5);
        let (mean, s) = (exit.mean(0.5).unwrap(), 0.3);
        let (mut area, mut transform, step) = (0.0, 0.0, 0.1);
        for i in -70..=45 {
            let t = mean * (step * f64::from(i)).exp();
            let weight = step * t * if i == -70 { 0.5 + 1.0 / step } else { 1.0 } * exit.survival(t, 0.5).unwrap();
            area += weight;
            transform += s * (-s * t).exp() * weight;
        }
        close(area, mean, 2e-5, "area");
        close(transform, 1.0 - exit.laplace(s, 0.5).unwrap(), 2e-5, "transform");
        let (t, rate) = (30.0 * mean, exit.decay_rate().unwrap());
        close(exit.survival(t, 0.0).unwrap() / exit.survival(t + 1.0, 0.0).unwrap(), rate.exp(), 1e-6, "tail");
    }

    /// `λ E Γ → 1` with `λ = (2 c_α/α) ε^α`: at ε = 10^-3 the boundary layers are 10^-6 to 10^-18 thick.
    #[test]
    fn small_noise_reaches_the_asymptote() {
        for alpha in [1.2, 1.5, 1.8] {
            let measure = LevyMeasure::new(Alpha::new(alpha).unwrap(), Measure::Standard).unwrap();
            let rate = measure.tail_mass(1.0 / 1e-3);
            let mean = ornstein_uhlenbeck(alpha, 1e-3).mean(0.0).unwrap();
            close(rate * mean, 1.0, 1e-3, &format!("α={alpha}"));
        }
    }

    /// Against wide intervals, which end in absorption: their mean is early by the share of paths that jump beyond `-R`, `R^-α` at most here.
    #[test]
    fn a_half_line_is_the_limit_of_wide_intervals() {
        for (alpha, epsilon) in [(1.3, 0.5), (1.5, 0.2), (1.8, 0.7)] {
            let line = exit(alpha, epsilon, (f64::NEG_INFINITY, 1.0), |x| x);
            let wide = |reach: f64| exit(alpha, epsilon, (-reach, 1.0), |x| x).mean(0.2).unwrap();
            let mean = line.mean(0.2).unwrap();
            let gaps = [10.0, 100.0].map(|reach| 1.0 - wide(reach) / mean);
            assert!(gaps[0] > 0.0 && gaps[1] > 0.0 && gaps[1] < 2.0 * 100f64.powf(-alpha), "α={alpha}: {gaps:?}");
            // As R^-α, times the remaining life of a path at -R, which grows with log R.
            let fall = gaps[0] / gaps[1] / 10f64.powf(alpha);
            assert!(fall > 0.5 && fall < 1.15, "α={alpha}: {fall}");
        }
    }

    /// `α = 2`: `E_x Γ = ∫_x^b e^(y²/2v) ∫_-∞^y e^(-z²/2v) dz dy / v` with `v = ε²`, by the trapezoidal rule.
    #[test]
    fn a_gaussian_leaves_a_half_line() {
        let (variance, step) = (0.49f64, 1e-4);
        let density = |z: f64| (-0.5 * z * z / variance).exp();
        let (mut area, mut mean, mut y) = (0.0, 0.0, -8.0f64);
        while y < 1.0 {
            let next = y + step;
            let before = area / density(y);
            area += 0.5 * step * (density(y) + density(next));
            if y >= 0.2 {
                mean += 0.5 * step * (before + area / density(next)) / variance;
            }
            y = next;
        }
        let line = exit(2.0, 0.7, (f64::NEG_INFINITY, 1.0), |x| x);
        close(line.mean(0.2).unwrap(), mean, 5e-4, "mean");
    }

    #[test]
    fn half_lines_have_mirrors_units_and_moments() {
        let well = |x: f64| if x > 0.0 { x } else { 0.3 * x };
        let plain = exit(1.5, 0.3, (f64::NEG_INFINITY, 1.2), well);
        let mirrored = exit(1.5, 0.3, (-1.2, f64::INFINITY), |x| -well(-x));
        let mean = plain.mean(0.4).unwrap();
        close(mean, mirrored.mean(-0.4).unwrap(), 1e-10, "mean");
        let small = exit(1.5, 0.3e-6, (f64::NEG_INFINITY, 1.2e-6), well);
        close(mean, small.mean(0.4e-6).unwrap(), TARGET, "units");
        assert_eq!((plain.right_probability(0.4), mirrored.right_probability(0.4)), (Ok(1.0), Ok(0.0)));
        let (s, second) = (1e-2 / mean, plain.second_moment(0.4).unwrap());
        let (below, above) = (plain.laplace(-s, 0.4).unwrap(), plain.laplace(s, 0.4).unwrap());
        close((below - above) / (2.0 * s), mean, 5e-4, "first derivative");
        close((below + above - 2.0) / (s * s), second, 5e-3, "second derivative");
    }

    /// `λ E Γ → 1` with half the rate of the symmetric interval.
    #[test]
    fn a_half_line_has_half_the_rate() {
        for alpha in [1.3, 1.7] {
            let measure = LevyMeasure::new(Alpha::new(alpha).unwrap(), Measure::Standard).unwrap();
            let mean = exit(alpha, 1e-3, (f64::NEG_INFINITY, 1.0), |x| x).mean(0.0).unwrap();
            close(0.5 * measure.tail_mass(1.0 / 1e-3) * mean, 1.0, 1e-3, &format!("α={alpha}"));
        }
    }

    #[test]
    fn a_half_line_needs_a_force_that_leads_back() {
        let alpha = Alpha::new(1.5).unwrap();
        for force in [|_: f64| 0.0, |_: f64| 1.0, |x: f64| -x] {
            let refused = ExactExit::new(alpha, 1.0, (f64::NEG_INFINITY, 1.0), force).err();
            assert_eq!(refused, Some(ExactError::NoReturn { lo: f64::NEG_INFINITY, hi: 1.0 }));
        }
    }

    #[test]
    fn an_unresolved_layer_is_an_error() {
        let thin = ornstein_uhlenbeck(1.02, 0.01);
        let layer = |result| matches!(result, Err(ExactError::BoundaryLayer { thickness }) if thickness < 1e-50);
        assert!(layer(thin.mean(0.0)) && layer(thin.decay_rate()) && layer(thin.survival(1.0, 0.0)));
        // A rare Gaussian exit, E Γ ~ 10^21, is beyond double precision. So is a discontinuous drift without a zero.
        assert!(matches!(ornstein_uhlenbeck(2.0, 0.1).mean(0.0), Err(ExactError::Unresolved { .. })));
        let rough = exit(1.5, 0.2, (-1.0, 1.0), |x| if x > 0.4 { x + 0.3 } else { x });
        assert!(matches!(rough.mean(0.0), Err(ExactError::Unresolved { .. })));
    }

    #[test]
    fn nonsense_is_refused() {
        let alpha = Alpha::new(1.5).unwrap();
        let cauchy = ExactExit::new(Alpha::new(1.0).unwrap(), 1.0, (-1.0, 1.0), |x| x);
        assert_eq!(cauchy.err(), Some(ExactError::TailIndex { alpha: 1.0 }));
        for noise in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(ExactExit::new(alpha, noise, (-1.0, 1.0), |x| x), Err(ExactError::NoiseScale { .. })));
        }
        for interval in [(1.0, -1.0), (0.0, 0.0), (f64::NEG_INFINITY, f64::INFINITY), (f64::NAN, 1.0)] {
            assert!(matches!(ExactExit::new(alpha, 1.0, interval, |x| x), Err(ExactError::Interval { .. })));
        }
        assert!(matches!(ExactExit::new(alpha, 1.0, (-1.0, 1.0), f64::sqrt), Err(ExactError::Force { .. })));
        // Finite at the samples of `new` only.
        let gaps = exit(1.5, 1.0, (-1.0, 1.0), |x| if (x * 1024.0).fract() == 0.0 { x } else { f64::NAN });
        assert!(matches!(gaps.mean(0.0), Err(ExactError::Singular { .. })));
        let exit = ornstein_uhlenbeck(1.5, 1.0);
        for start in [-1.0, 1.0, 2.0, f64::NAN] {
            assert!(matches!(exit.mean(start), Err(ExactError::Start { .. })));
        }
        assert_eq!(exit.survival(1e300, 0.0), Ok(0.0));
        assert!(matches!(exit.survival(0.0, 0.0), Err(ExactError::Time { .. })));
        assert!(matches!(exit.laplace(f64::NAN, 0.0), Err(ExactError::LaplaceArgument { .. })));
    }
}
