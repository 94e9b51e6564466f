//! The results of one cell: its sample, the prediction of the theory, and its row of the summary.

use std::fmt;

use serde::Serialize;

use super::tally::{AxisCount, Tally};
use crate::exit::{
    Confidence, Estimate, ExitMoments, ExitSample, KolmogorovTest, MeanBasis, exponential_p_value, mean_at_least,
    restricted_mean,
};
use crate::experiment::CellPlan;
use crate::files::digits;
use crate::scheme::{ExitSite, PathRecord, Trajectory};
use crate::theory::Prediction;

/// Columns of `summary.csv`, in order.
pub const SUMMARY_COLUMNS: [&str; 27] = [
    "cell",
    "dynamics",
    "basin",
    "dim",
    "alpha",
    "epsilon",
    "scheme",
    "paths",
    "exited",
    "censored",
    "diverged",
    "mean_time",
    "mean_lo",
    "mean_hi",
    "rate",
    "rate_lo",
    "rate_hi",
    "theory_rate",
    "radon_measure",
    "theta",
    "volume",
    "lambda_mean",
    "lambda_mean_lo",
    "lambda_mean_hi",
    "exact_mean",
    "ks_statistic",
    "ks_p",
];

/// Columns after those of the contract: cost of a path, agreement of the mean with the exact one, basis of the mean, the mean up to
/// `max_time`, the kind of dynamics, the median, the law of the noise, the number of jumps of the prediction, and `λ E Γ` to second order in `ε`.
pub const EXTRA_SUMMARY_COLUMNS: [&str; 9] = [
    "events_per_path",
    "check",
    "mean_basis",
    "restricted_mean",
    "optimiser",
    "median_time",
    "law",
    "jumps",
    "lambda_mean_second_order",
];

/// All columns of `summary.csv`: [`SUMMARY_COLUMNS`], [`EXTRA_SUMMARY_COLUMNS`], and one for every swept parameter.
pub fn summary_columns(parameters: &[String]) -> Vec<&str> {
    let fixed = SUMMARY_COLUMNS.into_iter().chain(EXTRA_SUMMARY_COLUMNS);
    fixed.chain(parameters.iter().map(String::as_str)).collect()
}

/// Whether the measured mean of a cell agrees with the exact one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The interval of the mean, widened by .5 % of the exact mean on both sides, holds the exact mean.
    Ok,
    /// It does not.
    Off,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Check::Ok => "ok",
            Check::Off => "off",
        })
    }
}

/// One cell with its results.
#[derive(Clone, Debug)]
pub struct CellResult {
    /// The cell.
    pub plan: CellPlan,
    /// Counts and sums over all paths.
    pub moments: ExitMoments,
    /// Exit and censoring times, sorted: those of all paths, or of the first ones if the cell has more than figures need.
    pub sample: ExitSample,
    /// Kolmogorov's test of `λΓ` against Exp(1) over all paths, with the predicted rate `λ`.
    pub kolmogorov: Option<KolmogorovTest>,
    /// Median exit time: where the survival curve falls to one half. `None` if it does not.
    pub median: Option<f64>,
    /// Steps and jumps of all paths together.
    pub events: u64,
    /// Exits by a jump, per noise axis.
    pub axes: Vec<AxisCount>,
    /// Exits by the well in which they have landed; empty in a landscape without [wells](crate::landscape::Basin::wells).
    pub landings: Vec<u64>,
    /// The prediction of the theory, if it applies.
    pub prediction: Option<Prediction>,
    /// Exact mean exit time, if the solver applies.
    pub exact_mean: Option<f64>,
    /// `λ E Γ` to [second order](crate::theory::lambda_mean_second_order) in `ε`, where it is known.
    pub second_order: Option<f64>,
    /// Whether the measured mean agrees with the exact one.
    pub check: Option<Check>,
    /// In one dimension, how the first paths left: at most 100.
    pub exits: Vec<ExitSite>,
    /// The kept paths.
    pub kept: Vec<KeptPath>,
    /// `d`-dimensional volume of the domain.
    pub volume: f64,
}

/// A path of a cell with its points.
#[derive(Clone, Debug)]
pub struct KeptPath {
    /// Number of the path.
    pub path: u64,
    /// Its record, which is the one in the store.
    pub record: PathRecord,
    /// Its points.
    pub trajectory: Trajectory,
}

impl CellResult {
    /// The results of a cell from its accumulated paths.
    pub(super) fn new(plan: CellPlan, tally: Tally, sample: ExitSample, prediction: Option<Prediction>) -> Self {
        CellResult {
            moments: tally.moments,
            sample,
            kolmogorov: None,
            median: None,
            events: tally.events,
            axes: tally.axes,
            landings: tally.landings,
            prediction,
            exact_mean: None,
            second_order: None,
            check: None,
            exits: tally.exits,
            kept: Vec::new(),
            volume: plan.problem.basin().volume().value,
            plan,
        }
    }

    /// Whether the other cell has the same basin, and noise of the same law, structure and amplitude at any level.
    pub fn shares_basin_and_noise(&self, other: &CellResult) -> bool {
        let [one, another] = [self, other].map(|cell| cell.plan.problem.noise());
        self.plan.basin == other.plan.basin
            && one.alpha() == another.alpha()
            && one.law() == another.law()
            && one.structure() == another.structure()
            && one.amplitude() == another.amplitude()
    }

    /// Number of paths.
    pub fn paths(&self) -> usize {
        self.moments.paths()
    }

    /// Mean exit time, if enough paths left the domain.
    pub fn mean(&self) -> Option<Estimate> {
        self.moments.mean(Confidence::DEFAULT).ok().map(|mean| mean.estimate)
    }

    /// The basis of the mean.
    pub fn mean_basis(&self) -> Option<MeanBasis> {
        self.moments.mean(Confidence::DEFAULT).ok().map(|mean| mean.basis)
    }

    /// The `p` value at which the exits reject the exponential law that the mean of a censored sample assumes; `None` if the mean does not
    /// assume it, or if they do not reject it at the level .001.
    pub fn rejected_exponential(&self) -> Option<f64> {
        const LEVEL: f64 = 1e-3;
        if self.mean_basis() != Some(MeanBasis::Exponential) {
            return None;
        }
        exponential_p_value(&self.moments, self.plan.limits.max_time).filter(|p| *p < LEVEL)
    }

    /// The mean exit time, unless it rests on a law that the data reject: what figures and fitted slopes show.
    pub fn supported_mean(&self) -> Option<Estimate> {
        self.mean().filter(|_| self.rejected_exponential().is_none())
    }

    /// The mean exit time, if it needs no law or at least 30 exits do not reject the one that it assumes.
    pub fn trusted_mean(&self) -> Option<Estimate> {
        const FEWEST: usize = 30;
        let rests_on_law = self.mean_basis() == Some(MeanBasis::Exponential);
        self.supported_mean().filter(|_| !rests_on_law || self.moments.exited() >= FEWEST)
    }

    /// Lower limit of the mean exit time of a censored sample, whatever its law.
    pub fn mean_at_least(&self) -> Option<f64> {
        mean_at_least(&self.moments, self.plan.limits.max_time, Confidence::DEFAULT).filter(|limit| *limit > 0.0)
    }

    /// Exit rate, by maximum likelihood of the exponential law.
    pub fn rate(&self) -> Option<Estimate> {
        self.moments.rate(Confidence::DEFAULT).ok()
    }

    /// The exit rate, unless the data of a censored sample reject the exponential law.
    pub fn supported_rate(&self) -> Option<Estimate> {
        self.rate().filter(|_| self.rejected_exponential().is_none())
    }

    /// Whether the domain is a well, from which an exit is a transition.
    pub fn is_well(&self) -> bool {
        self.plan.problem.basin().is_well()
    }

    /// `λ E Γ`: the mean exit time in units of the predicted mean.
    pub fn lambda_mean(&self) -> Option<Estimate> {
        Some(self.mean()?.scaled(self.prediction.as_ref()?.rate))
    }

    /// `E Γ` to second order in `ε`, where it is known.
    pub fn second_order_mean(&self) -> Option<f64> {
        Some(self.second_order? / self.prediction.as_ref()?.rate)
    }

    /// `E min(Γ, max_time)`.
    pub fn restricted_mean(&self) -> Option<f64> {
        restricted_mean(&self.moments, self.plan.limits.max_time)
    }

    /// Steps and jumps per path.
    pub fn events_per_path(&self) -> f64 {
        self.events as f64 / self.paths().max(1) as f64
    }

    /// The row of `summary.csv`: the columns of [`summary_columns`]; undefined values are empty.
    pub fn summary_row(&self, parameters: &[String]) -> Vec<String> {
        let plan = &self.plan;
        let noise = plan.problem.noise();
        let number = |x: Option<f64>| x.filter(|x| x.is_finite()).map_or(String::new(), digits);
        let three = |e: Option<Estimate>| [e.map(|e| e.value), e.map(|e| e.lo), e.map(|e| e.hi)].map(number);
        let theory = self.prediction.as_ref();
        let test = self.kolmogorov.as_ref();
        let mut row = vec![
            plan.index.to_string(),
            plan.dynamics.clone(),
            plan.basin.clone(),
            plan.problem.basin().dim().to_string(),
            if noise.law().has_motion() { noise.alpha().to_string() } else { String::new() },
            digits(noise.epsilon()),
            plan.scheme.name().to_string(),
            self.paths().to_string(),
            self.moments.exited().to_string(),
            self.moments.censored().to_string(),
            self.moments.diverged().to_string(),
        ];
        row.extend(three(self.mean()));
        row.extend(three(self.rate()));
        row.push(number(theory.map(|t| t.rate)));
        row.push(number(theory.and_then(|t| t.radon_measure)));
        row.push(number(theory.map(|t| t.theta)));
        row.push(number(Some(self.volume)));
        row.extend(three(self.lambda_mean()));
        row.push(number(self.exact_mean));
        row.push(number(test.map(|t| t.statistic)));
        row.push(number(test.map(|t| t.p_value)));
        row.push(number(Some(self.events_per_path())));
        row.push(self.check.map_or(String::new(), |check| check.to_string()));
        row.push(self.mean_basis().map_or(String::new(), |basis| basis.to_string()));
        row.push(number(self.restricted_mean()));
        row.push(plan.optimiser.to_owned());
        row.push(number(self.median));
        row.push(noise.law().to_string());
        row.push(theory.map_or(String::new(), |theory| theory.jumps.to_string()));
        row.push(number(self.second_order));
        row.extend(parameters.iter().map(|name| number(plan.parameter(name))));
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::is_fixed;

    #[test]
    fn no_setting_can_take_the_name_of_a_column() {
        assert!(summary_columns(&[]).into_iter().all(is_fixed));
    }
}
