//! Where the exits of a cell have landed, beside the prediction.

use super::super::cell::CellResult;
use crate::exit::{Confidence, Estimate, wilson};
use crate::files::digits;
use crate::theory::landing_shares;

/// Columns of `landings.csv`: one row per cell and well. Wells are counted from 1, from left to right.
pub const LANDING_COLUMNS: [&str; 12] =
    ["cell", "dynamics", "basin", "alpha", "epsilon", "well", "minimum", "landed", "share", "lo", "hi", "predicted"];

/// The exits of one cell by the well in which they have landed.
#[derive(Clone, Debug)]
pub struct Landings<'r> {
    /// The cell.
    pub result: &'r CellResult,
    /// Predicted share of every well, if there is a prediction.
    pub predicted: Option<Vec<f64>>,
}

impl<'r> Landings<'r> {
    /// The landings of every cell in a landscape of several wells, if any of its exits is known to have landed in one.
    pub fn all(results: &'r [CellResult]) -> Vec<Self> {
        let known = results.iter().filter(|result| result.landings.iter().any(|count| *count > 0));
        known.map(|result| Landings { result, predicted: landing_shares(&result.plan.problem) }).collect()
    }

    /// Exits that have landed in a well.
    pub fn total(&self) -> u64 {
        self.result.landings.iter().sum()
    }

    /// Share of the exits that have landed in a well, counted from 0, with Wilson's 95 % interval.
    pub fn share(&self, well: usize) -> Option<Estimate> {
        wilson(*self.result.landings.get(well)?, self.total(), Confidence::DEFAULT)
    }

    /// Whether several wells can be reached, by prediction or as seen.
    pub fn differ(&self) -> bool {
        let reached = |well: &usize| {
            self.result.landings[*well] > 0 || self.predicted.as_ref().is_some_and(|shares| shares[*well] > 0.0)
        };
        (0..self.result.landings.len()).filter(reached).count() > 1
    }

    /// The rows of `landings.csv`: the columns of [`LANDING_COLUMNS`].
    pub fn rows(&self) -> Vec<Vec<String>> {
        let number = |x: Option<f64>| x.filter(|x| x.is_finite()).map_or(String::new(), digits);
        let (plan, noise) = (&self.result.plan, self.result.plan.problem.noise());
        let basin = plan.problem.basin();
        let minimum = |well: usize| match (basin.wells(), basin.minima()) {
            (Some(wells), _) => number(Some(wells.minima()[well])),
            (_, Some(minima)) => minima.points()[well].iter().map(|x| digits(*x)).collect::<Vec<_>>().join(" "),
            _ => String::new(),
        };
        let row = |well: usize| {
            let share = self.share(well);
            vec![
                plan.index.to_string(),
                plan.dynamics.clone(),
                plan.basin.clone(),
                if noise.law().has_motion() { noise.alpha().to_string() } else { String::new() },
                digits(noise.epsilon()),
                (well + 1).to_string(),
                minimum(well),
                self.result.landings[well].to_string(),
                number(share.map(|share| share.value)),
                number(share.map(|share| share.lo)),
                number(share.map(|share| share.hi)),
                number(self.predicted.as_ref().map(|shares| shares[well])),
            ]
        };
        (0..self.result.landings.len()).map(row).collect()
    }
}
