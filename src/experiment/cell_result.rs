//! What one cell gave: its sample, what theory says about it, and its row of the summary.

use super::CellPlan;
use crate::exit::{
    Confidence, Estimate, ExitError, ExitSample, KolmogorovTest, exit_rate, kolmogorov_test, mean_exit_time,
};
use crate::scheme::{Departure, Outcome, PathRecord, Side};
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
    "ratio",
    "ratio_lo",
    "ratio_hi",
    "exact_mean",
    "ks_statistic",
    "ks_p",
];

/// The column after the contract's: what a path costs.
pub const EVENTS_COLUMN: &str = "events_per_path";

/// How many jumps left by one noise axis, against it and along it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AxisCount {
    /// Exits by a jump against the axis.
    pub minus: u64,
    /// Exits by a jump along the axis.
    pub plus: u64,
}

/// One cell with its results.
#[derive(Clone, Debug)]
pub struct CellResult {
    /// What was run.
    pub plan: CellPlan,
    /// Exit and censoring times, sorted.
    pub sample: ExitSample,
    /// Steps and jumps of all paths.
    pub events: u64,
    /// Exits by a jump, by axis.
    pub axes: Vec<AxisCount>,
    /// What theory predicts, where it says anything.
    pub prediction: Option<Prediction>,
    /// Exact mean, where the solver reaches.
    pub exact_mean: Option<f64>,
    /// Volume of the domain.
    pub volume: f64,
}

impl CellResult {
    /// Joins a plan with the records of its paths.
    ///
    /// # Errors
    /// [`ExitError`] if a record holds a time that is none.
    pub fn new(plan: CellPlan, records: &[PathRecord], exact_mean: Option<f64>) -> Result<Self, ExitError> {
        let dim = plan.problem.basin().dim();
        let mut axes = vec![AxisCount::default(); dim];
        for site in records.iter().filter_map(|r| r.outcome.site()).filter(|s| s.by == Departure::Jump) {
            match site.side {
                Side::Minus => axes[site.axis as usize].minus += 1,
                Side::Plus => axes[site.axis as usize].plus += 1,
            }
        }
        Ok(CellResult {
            sample: ExitSample::from_outcomes(records.iter().map(|r| r.outcome))?,
            events: records.iter().map(|r| r.events).sum(),
            axes,
            prediction: Prediction::of(&plan.problem).ok(),
            exact_mean,
            volume: plan.problem.basin().volume().value,
            plan,
        })
    }

    /// Paths that were run.
    pub fn paths(&self) -> usize {
        self.sample.followed() + self.sample.diverged()
    }

    /// Mean exit time, if enough paths left.
    pub fn mean(&self) -> Option<Estimate> {
        mean_exit_time(&self.sample, Confidence::DEFAULT).ok().map(|mean| mean.estimate)
    }

    /// Exit rate by the exponential likelihood.
    pub fn rate(&self) -> Option<Estimate> {
        exit_rate(&self.sample, Confidence::DEFAULT).ok()
    }

    /// `λ E Γ`: the mean in units of the predicted one.
    pub fn ratio(&self) -> Option<Estimate> {
        Some(self.mean()?.scaled(self.prediction.as_ref()?.rate))
    }

    /// Kolmogorov's test of `λΓ` against Exp(1), with the predicted rate.
    pub fn kolmogorov(&self) -> Option<KolmogorovTest> {
        kolmogorov_test(&self.sample, self.prediction.as_ref()?.rate).ok()
    }

    /// Steps and jumps per path.
    pub fn events_per_path(&self) -> f64 {
        self.events as f64 / self.paths().max(1) as f64
    }

    /// The row of `summary.csv`: the columns of [`SUMMARY_COLUMNS`], then [`EVENTS_COLUMN`]; empty where not defined.
    pub fn summary_row(&self) -> Vec<String> {
        let plan = &self.plan;
        let noise = plan.problem.noise();
        let number = |x: Option<f64>| x.filter(|x| x.is_finite()).map_or(String::new(), digits);
        let three = |e: Option<Estimate>| [e.map(|e| e.value), e.map(|e| e.lo), e.map(|e| e.hi)].map(number);
        let theory = self.prediction.as_ref();
        let test = self.kolmogorov();
        let mut row = vec![
            plan.index.to_string(),
            plan.dynamics.clone(),
            plan.basin.clone(),
            plan.problem.basin().dim().to_string(),
            noise.alpha().to_string(),
            digits(noise.epsilon()),
            plan.scheme.name().to_string(),
            self.paths().to_string(),
            self.sample.exited().to_string(),
            self.sample.censored().to_string(),
            self.sample.diverged().to_string(),
        ];
        row.extend(three(self.mean()));
        row.extend(three(self.rate()));
        row.push(number(theory.map(|t| t.rate)));
        row.push(number(theory.map(|t| t.radon_measure)));
        row.push(number(theory.map(|t| t.theta)));
        row.push(number(Some(self.volume)));
        row.extend(three(self.ratio()));
        row.push(number(self.exact_mean));
        row.push(number(test.as_ref().map(|t| t.statistic)));
        row.push(number(test.as_ref().map(|t| t.p_value)));
        row.push(number(Some(self.events_per_path())));
        row
    }
}

/// Columns of `escapes.csv`, in order.
pub const ESCAPE_COLUMNS: [&str; 8] = ["cell", "path", "outcome", "time", "axis", "side", "overshoot", "by_jump"];

/// The row of `escapes.csv` for one path; the place is empty for a path that did not leave.
pub fn escape_row(cell: u64, path: u64, record: &PathRecord) -> [String; 8] {
    let (outcome, time, site) = match record.outcome {
        Outcome::Exited { time, site } => ("exited", time, Some(site)),
        Outcome::Censored { at } => ("censored", at, None),
        Outcome::Diverged { at } => ("diverged", at, None),
    };
    let place = site.map_or([String::new(), String::new(), String::new(), String::new()], |site| {
        let side = if site.side == Side::Minus { "-" } else { "+" };
        let by_jump = site.by == Departure::Jump;
        [site.axis.to_string(), side.to_string(), digits(site.overshoot), by_jump.to_string()]
    });
    let [axis, side, overshoot, by_jump] = place;
    [cell.to_string(), path.to_string(), outcome.to_string(), digits(time), axis, side, overshoot, by_jump]
}

/// The shortest decimal that reads back as `x`, with an exponent where that is shorter.
pub(super) fn digits(x: f64) -> String {
    if x == 0.0 || (1e-4..1e15).contains(&x.abs()) { x.to_string() } else { format!("{x:e}") }
}
