//! Optimisers step by step against plain SGD in the same basin and noise, and their rows of `optimisers.csv`.

use super::super::cell::CellResult;
use crate::dynamics::Dynamics;
use crate::exit::{Estimate, ratio_of_means};
use crate::files::digits;

/// Columns of `optimisers.csv`, in order: the cells, the mean exit time with its 95 % interval, and its ratio to that of SGD, in time and in steps.
pub const OPTIMISER_COLUMNS: [&str; 18] = [
    "cell",
    "cell_sgd",
    "optimiser",
    "basin",
    "law",
    "alpha",
    "eta",
    "paths",
    "exited",
    "mean_time",
    "mean_lo",
    "mean_hi",
    "gamma_ratio",
    "gamma_ratio_lo",
    "gamma_ratio_hi",
    "step_ratio",
    "step_ratio_lo",
    "step_ratio_hi",
];

/// A mean exit time, or what is known of one that most paths were not followed to, relative to that of SGD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stay {
    /// Measured.
    Mean(Estimate),
    /// At least this long, at the level of the intervals.
    AtLeast(f64),
}

impl Stay {
    /// The value and its interval: an infinite end and no value for a lower limit.
    pub fn interval(self) -> [f64; 3] {
        match self {
            Stay::Mean(mean) => [mean.value, mean.lo, mean.hi],
            Stay::AtLeast(limit) => [f64::NAN, limit, f64::INFINITY],
        }
    }

    /// `factor` times this.
    pub fn scaled(self, factor: f64) -> Self {
        match self {
            Stay::Mean(mean) => Stay::Mean(mean.scaled(factor)),
            Stay::AtLeast(limit) => Stay::AtLeast(factor * limit),
        }
    }
}

/// An optimiser step by step, and plain SGD in the same basin under the same noise.
#[derive(Clone, Copy, Debug)]
pub struct OptimiserRow<'r> {
    /// The optimiser's cell.
    pub cell: &'r CellResult,
    /// Plain SGD's: at the same learning rate if there is one, otherwise the only one.
    pub sgd: &'r CellResult,
}

impl<'r> OptimiserRow<'r> {
    /// Every cell of a discrete optimiser that has an SGD cell, SGD itself included, in the order of the plan. None if no optimiser but
    /// plain SGD is among them.
    pub fn all(results: &'r [CellResult]) -> Vec<OptimiserRow<'r>> {
        let row = |cell: &'r CellResult| {
            cell.plan.problem.dynamics().learning_rate()?;
            let same = || results.iter().filter(|sgd| is_plain_sgd(sgd) && cell.shares_basin_and_noise(sgd));
            let sgd = match same().find(|sgd| sgd.plan.eta == cell.plan.eta) {
                Some(sgd) => sgd,
                None => same().next().filter(|_| same().count() == 1)?,
            };
            Some(OptimiserRow { cell, sgd })
        };
        let rows: Vec<OptimiserRow<'r>> = results.iter().filter_map(row).collect();
        if rows.iter().all(|row| is_plain_sgd(row.cell)) { Vec::new() } else { rows }
    }

    /// Whether the row is that of plain SGD.
    pub fn is_sgd(&self) -> bool {
        is_plain_sgd(self.cell)
    }

    /// `E Γ`, in time.
    pub fn stay(&self) -> Option<Stay> {
        self.cell.trusted_mean().map(Stay::Mean).or_else(|| self.cell.mean_at_least().map(Stay::AtLeast))
    }

    /// `E Γ / E Γ_SGD` in time; `None` for SGD itself, or where the mean of SGD is not known.
    pub fn time_ratio(&self) -> Option<Stay> {
        let sgd = self.sgd.trusted_mean().filter(|_| self.cell.plan.index != self.sgd.plan.index)?;
        match self.stay()? {
            Stay::Mean(mean) => ratio_of_means(mean, sgd).ok().map(Stay::Mean),
            // The error of the limit is that of a 95 % interval, and so is that of the upper end of SGD's mean.
            Stay::AtLeast(limit) => Some(Stay::AtLeast(limit / sgd.hi)),
        }
    }

    /// The ratio in steps, `t/η` each.
    pub fn step_ratio(&self) -> Option<Stay> {
        Some(self.time_ratio()?.scaled(learning_rate(self.sgd) / self.eta()))
    }

    /// Base learning rate of the optimiser.
    pub fn eta(&self) -> f64 {
        learning_rate(self.cell)
    }

    /// The row of `optimisers.csv`: the columns of [`OPTIMISER_COLUMNS`], undefined values are empty.
    pub fn row(&self) -> Vec<String> {
        let plan = &self.cell.plan;
        let noise = plan.problem.noise();
        let number = |x: f64| if x.is_finite() { digits(x) } else { String::new() };
        let three = |stay: Option<Stay>| stay.map_or([f64::NAN; 3], Stay::interval).map(number);
        let mut row = vec![
            plan.index.to_string(),
            self.sgd.plan.index.to_string(),
            plan.name.clone(),
            plan.basin.clone(),
            noise.law().to_string(),
            if noise.law().has_motion() { noise.alpha().to_string() } else { String::new() },
            number(self.eta()),
            self.cell.paths().to_string(),
            self.cell.moments.exited().to_string(),
        ];
        row.extend([self.stay(), self.time_ratio(), self.step_ratio()].into_iter().flat_map(three));
        row
    }
}

/// NaN for an equation, which has no row.
fn learning_rate(cell: &CellResult) -> f64 {
    cell.plan.problem.dynamics().learning_rate().unwrap_or(f64::NAN)
}

fn is_plain_sgd(cell: &CellResult) -> bool {
    matches!(cell.plan.problem.dynamics(), Dynamics::SgdSteps(sgd) if sgd.is_plain())
}
