//! The times at which the paths of a cell have hit a target, beside the prediction.

use super::super::cell::CellResult;
use crate::exit::Estimate;
use crate::files::digits;
use crate::theory::mean_hitting_time;

/// Columns of `hitting.csv`: one row per cell with a target. Wells are counted from 1, from left to right.
pub const HITTING_COLUMNS: [&str; 16] = [
    "cell",
    "dynamics",
    "basin",
    "alpha",
    "epsilon",
    "from",
    "target_lo",
    "target_hi",
    "exited",
    "mean_time",
    "lo",
    "hi",
    "predicted",
    "ratio",
    "ratio_lo",
    "ratio_hi",
];

/// The hitting times of one cell.
#[derive(Clone, Debug)]
pub struct Hitting<'r> {
    /// The cell.
    pub result: &'r CellResult,
    /// Mean first-passage time of the predicted chain, if there is one.
    pub predicted: Option<f64>,
}

impl<'r> Hitting<'r> {
    /// The hitting times of every cell with a target.
    pub fn all(results: &'r [CellResult]) -> Vec<Self> {
        let targets = results.iter().filter(|result| result.plan.problem.basin().target().is_some());
        targets.map(|result| Hitting { result, predicted: mean_hitting_time(&result.plan.problem) }).collect()
    }

    /// The mean in units of the predicted one.
    pub fn ratio(&self) -> Option<Estimate> {
        Some(self.result.mean()?.scaled(1.0 / self.predicted?))
    }

    /// The target as `lo to hi`, axis by axis.
    pub fn target(&self) -> String {
        let Some((lo, hi)) = self.result.plan.problem.basin().target() else { return String::new() };
        let sides: Vec<String> =
            lo.iter().zip(hi).map(|(lo, hi)| format!("{} to {}", digits(*lo), digits(*hi))).collect();
        sides.join(", ")
    }

    /// The row of `hitting.csv`: the columns of [`HITTING_COLUMNS`].
    pub fn row(&self) -> Vec<String> {
        let number = |x: Option<f64>| x.filter(|x| x.is_finite()).map_or(String::new(), digits);
        let three = |e: Option<Estimate>| [e.map(|e| e.value), e.map(|e| e.lo), e.map(|e| e.hi)].map(number);
        let (plan, noise) = (&self.result.plan, self.result.plan.problem.noise());
        let basin = plan.problem.basin();
        let ends = |of: &[f64]| of.iter().map(|x| digits(*x)).collect::<Vec<_>>().join(" ");
        let (lo, hi) = basin.target().map_or((String::new(), String::new()), |(lo, hi)| (ends(lo), ends(hi)));
        let mut row = vec![
            plan.index.to_string(),
            plan.dynamics.clone(),
            plan.basin.clone(),
            if noise.law().has_motion() { noise.alpha().to_string() } else { String::new() },
            digits(noise.epsilon()),
            basin.well_of(basin.start()).map_or(String::new(), |well| (well + 1).to_string()),
            lo,
            hi,
            self.result.moments.exited().to_string(),
        ];
        row.extend(three(self.result.mean()));
        row.push(number(self.predicted));
        row.extend(three(self.ratio()));
        row
    }
}
