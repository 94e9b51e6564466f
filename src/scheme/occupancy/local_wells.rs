//! What the schemes know of the wells of a landscape: curvatures, zones of linear force, cuts of the jumps.

use crate::dynamics::Problem;
use crate::landscape::{Potential, Wells};

/// Share of the narrower width of a well, around its minimum, in which the force counts as linear.
const ZONE: f64 = 0.15;
/// Largest relative deviation of the force from a linear one at the ends of the zone.
const CURVED: f64 = 0.3;
/// Standard deviations at rest that must lie in the zone.
const DEVIATIONS: f64 = 6.0;
/// Largest standard deviation of the noise of a step, in narrower widths of the well: over a longer way the curvature changes.
const KICK: f64 = 0.1;
/// Cells of the table of curvatures.
const CELLS: usize = 4096;

/// One well as a scheme sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct LocalWell {
    pub minimum: f64,
    /// `F''` at the minimum.
    pub curvature: f64,
    /// `F` at the lowest saddle of the well; infinite without one.
    pub top: f64,
    /// The narrower width.
    pub width: f64,
    /// Half-width of the zone of linear force; 0 if the fluctuations of the small jumps reach beyond it.
    pub zone: f64,
    /// Size beyond which jumps of the noise are drawn one by one, and their rate.
    pub cut: f64,
    pub jump_rate: f64,
    /// Variance per unit time of the other jumps, times `(εΣ)²`.
    pub variance: f64,
}

/// Widths of the wells `W` as the cuts see them: the narrower one on a line, in the plane the distance from the minimum to the boundary.
pub(super) struct Cuts<'w, W, P> {
    pub wells: &'w W,
    /// Share of the width of a well above which jumps are drawn one by one.
    pub kappa: f64,
    /// Width used for the cut, from the minimum and the width of its well.
    pub width: &'w dyn Fn(P, f64) -> f64,
    /// Largest number of drawn jumps per relaxation time that a width below that of the well may ask for.
    pub densest: f64,
}

// Derived, these would ask the same of `W`.
impl<W, P> Clone for Cuts<'_, W, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W, P> Copy for Cuts<'_, W, P> {}

impl<'w, W, P> Cuts<'w, W, P> {
    /// Cuts by the widths of the wells.
    pub fn of_wells(wells: &'w W, kappa: f64) -> Self {
        Cuts { wells, kappa, width: &|_, width| width, densest: f64::INFINITY }
    }
}

/// A one-dimensional landscape with its noise.
pub(super) struct LocalWells {
    problem: Problem,
    wells: Vec<LocalWell>,
    pub curvatures: CurvatureTable,
    /// `εΣ`.
    pub amplitude: f64,
}

impl LocalWells {
    /// Jumps that move the parameters at rest by more than a share of the width of a well are drawn one by one. `q` is the preconditioner at
    /// rest, and `spread` gives the standard deviation at rest from the curvature and the variance.
    pub fn new(problem: &Problem, cuts: Cuts<'_, Wells, f64>, q: f64, spread: impl Fn(f64, f64) -> f64) -> Self {
        let Cuts { wells, kappa, width: counted, densest } = cuts;
        let (noise, potential) = (problem.noise(), problem.basin().potential());
        let amplitude = noise.epsilon() * noise.amplitude().column(1, 0)[0].abs();
        let measure = noise.measure();
        let well = |i: usize| {
            let minimum = wells.minima()[i];
            let curvature = potential.hessian(&[minimum])[(0, 0)];
            let is_gaussian = noise.alpha().is_gaussian();
            let narrower = wells.widths(i).into_iter().fold(f64::INFINITY, f64::min);
            let slope = |y: f64| {
                let mut slope = [0.0];
                potential.gradient(&[minimum + y], &mut slope);
                slope[0]
            };
            let asked = counted(minimum, narrower);
            // Jumps beyond this width come `densest` times per relaxation time. The secant slope also serves a minimum without curvature, as that of
            // `x⁴`.
            let dense = if is_gaussian || densest.is_infinite() {
                0.0
            } else {
                let stiffness = [-asked, asked].map(|y| slope(y) / y).into_iter().fold(curvature, f64::max);
                let cut = (measure.tail_mass(1.0) * q / (stiffness * densest)).powf(noise.alpha().get().recip());
                cut * amplitude / (kappa * q)
            };
            let width = asked.max(dense.min(narrower));
            let cut = kappa * width * q / amplitude;
            let jump_rate = if is_gaussian { 0.0 } else { measure.tail_mass(cut) };
            // The square of the amplitude may leave the range of numbers, its product does not.
            let deviation = amplitude * measure.variance_below(cut).sqrt();
            let variance = deviation * deviation;
            let reach = ZONE * width;
            // A well with two sides has no zone: its curvature at the minimum is that of one of them.
            let is_linear = [-reach, reach].iter().all(|y| (slope(*y) / (curvature * y) - 1.0).abs() < CURVED);
            let fits = curvature > 0.0 && is_linear && DEVIATIONS * spread(curvature, variance) < reach;
            let zone = if fits { reach } else { 0.0 };
            let top = potential.value(&[minimum]) + wells.barrier(potential, i);
            LocalWell { minimum, curvature, top, width, zone, cut, jump_rate, variance }
        };
        let wells_here = (0..wells.count()).map(well).collect();
        LocalWells {
            problem: problem.clone(),
            wells: wells_here,
            curvatures: CurvatureTable::new(potential, wells),
            amplitude,
        }
    }

    /// Takes the zones of linear force from some wells, in which steps are then short everywhere.
    pub fn drop_zones(&mut self, wells: &[usize]) {
        wells.iter().for_each(|well| self.wells[*well].zone = 0.0);
    }

    #[inline]
    pub fn well(&self, i: usize) -> &LocalWell {
        &self.wells[i]
    }

    /// `F(x)`.
    pub fn value(&self, x: f64) -> f64 {
        self.problem.basin().potential().value(&[x])
    }

    /// `F'(x)`.
    #[inline]
    pub fn slope(&self, x: f64) -> f64 {
        let mut gradient = [0.0];
        self.problem.basin().potential().gradient(&[x], &mut gradient);
        gradient[0]
    }

    /// Longest step whose noise, divided by `q`, is small beside the well.
    #[inline]
    pub fn longest_step(&self, well: &LocalWell, q: f64) -> f64 {
        let kick = KICK * well.width * q;
        kick * kick / well.variance
    }

    /// Upper estimate of `|F''|` around `x`, at least that of the well.
    #[inline]
    pub fn local_curvature(&self, x: f64, well: &LocalWell) -> f64 {
        let here = self.curvatures.at(x).unwrap_or_else(|| {
            let step = 1e-4 * (x - well.minimum).abs();
            ((self.slope(x + step) - self.slope(x - step)) / (2.0 * step)).abs()
        });
        here.max(well.curvature)
    }
}

/// The largest `|F''|` in and beside each cell of a grid over all wells.
pub(super) struct CurvatureTable {
    lo: f64,
    per_cell: f64,
    largest: Vec<f64>,
}

impl CurvatureTable {
    fn new(potential: &dyn Potential, wells: &Wells) -> Self {
        let [first, last] = [wells.minima()[0], wells.minima()[wells.count() - 1]];
        let widths = [wells.widths(0)[1], wells.widths(wells.count() - 1)[0]];
        let reach = widths
            .into_iter()
            .filter(|w| w.is_finite())
            .fold(0.0, f64::max)
            .max(0.1 * (last - first))
            .max(f64::MIN_POSITIVE);
        let (lo, hi) = (first - 2.0 * reach, last + 2.0 * reach);
        let per_cell = CELLS as f64 / (hi - lo);
        let at: Vec<f64> = (0..=CELLS).map(|k| potential.hessian(&[lo + k as f64 / per_cell])[(0, 0)].abs()).collect();
        let around = |k: usize| at[k.saturating_sub(1)..=(k + 2).min(CELLS)].iter().copied().fold(0.0, f64::max);
        CurvatureTable { lo, per_cell, largest: (0..CELLS).map(around).collect() }
    }

    #[inline]
    fn at(&self, x: f64) -> Option<f64> {
        let cell = (x - self.lo) * self.per_cell;
        // Also for NaN.
        if cell >= 0.0 { self.largest.get(cell as usize).copied() } else { None }
    }
}
