//! `[random_problems]`: theorem 2 in many random problems at `det Q = 1`, where the volume argument is silent.

use rayon::prelude::*;

use super::cell_result::digits;
use super::noise_section::{Swept, read_alpha};
use super::reader::Value;
use crate::exit::{Confidence, Estimate, proportion};
use crate::noise::{Alpha, Seed};
use crate::theory::RandomProblems;

/// Largest number of problems of one dimension, and of numbers that all of them hold.
const MOST_PROBLEMS: u64 = 10_000_000;
/// Largest dimension, whose dense matrices are multiplied.
const MOST_DIMENSIONS: u64 = 200;

/// Columns of `random_problems.csv`, in order: the family, how many of its problems have `m(W_ADAM) < m(W_SGD)`, that share with its
/// 95 % interval, and quantiles of the predicted `Γ_ADAM/Γ_SGD`.
pub const RANDOM_PROBLEM_COLUMNS: [&str; 10] =
    ["dim", "alpha", "problems", "adam_later", "share", "share_lo", "share_hi", "ratio_5", "ratio_50", "ratio_95"];

/// Which random problems an experiment looks at.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomProblemsPlan {
    /// Problems of every family.
    pub problems: u64,
    /// Their dimensions.
    pub dims: Vec<usize>,
    /// Their tail indices.
    pub alphas: Vec<Alpha>,
}

/// The predicted ratios of one family.
#[derive(Clone, Debug)]
pub struct RandomProblemsResult {
    /// Dimension and tail index.
    pub family: RandomProblems,
    /// Predicted `Γ_ADAM/Γ_SGD = m(W_SGD)/m(W_ADAM)`, sorted.
    pub ratios: Vec<f64>,
}

/// Reads the section.
pub(super) fn read(value: Value<'_>) -> Option<RandomProblemsPlan> {
    let table = value.table()?;
    let problems = table.need("problems", "20_000").and_then(|problems| problems.integer(1, MOST_PROBLEMS));
    let dims = table.need("dim", "[2, 6, 20]").and_then(read_dims);
    let alpha = read_alpha(&table);
    if table.get("alpha").is_none() {
        table.need("alpha", "1.5");
    }
    table.finish();
    let (problems, dims, Swept { values: alphas, .. }) = (problems?, dims?, alpha??);
    if alphas.iter().any(|alpha| alpha.is_gaussian()) {
        value.findings.push(value.refuse("at α = 2 there are no jumps, and no measure of the escape set"));
        return None;
    }
    let families = (dims.len() * alphas.len()) as u64;
    value.findings.spend(&value.node.span, problems.saturating_mul(families))?;
    Some(RandomProblemsPlan { problems, dims, alphas })
}

fn read_dims(value: Value<'_>) -> Option<Vec<usize>> {
    let dims: Option<Vec<u64>> = match value.is_list() {
        true => value.list()?.map(|item| item.integer(1, MOST_DIMENSIONS)).collect(),
        false => value.integer(1, MOST_DIMENSIONS).map(|dim| vec![dim]),
    };
    Some(dims?.into_iter().map(|dim| dim as usize).collect())
}

impl RandomProblemsPlan {
    /// Solves every problem of every family, tail index after tail index, on the threads of the current Rayon pool.
    pub fn run(&self, seed: Seed) -> Vec<RandomProblemsResult> {
        let families =
            self.alphas.iter().flat_map(|alpha| self.dims.iter().map(|dim| RandomProblems::new(*dim, *alpha)));
        let solve = |family: RandomProblems| {
            let mut ratios: Vec<f64> = (0..self.problems).into_par_iter().map(|n| family.ratio(seed, n)).collect();
            ratios.sort_by(f64::total_cmp);
            RandomProblemsResult { family, ratios }
        };
        families.map(solve).collect()
    }
}

impl RandomProblemsResult {
    /// Problems in which Adam is predicted to leave later.
    pub fn adam_later(&self) -> u64 {
        (self.ratios.len() - self.ratios.partition_point(|ratio| *ratio <= 1.0)) as u64
    }

    /// Their share with its 95 % interval.
    pub fn share(&self) -> Option<Estimate> {
        proportion(self.adam_later(), self.ratios.len() as u64, Confidence::DEFAULT)
    }

    /// The ratio below which the share `p` of the problems lies.
    pub fn quantile(&self, p: f64) -> f64 {
        let rank = (p * self.ratios.len() as f64).ceil() as usize;
        self.ratios[rank.clamp(1, self.ratios.len()) - 1]
    }

    /// The row of `random_problems.csv`: the columns of [`RANDOM_PROBLEM_COLUMNS`].
    pub fn row(&self) -> Vec<String> {
        let mut row = vec![
            self.family.dim().to_string(),
            self.family.alpha().to_string(),
            self.ratios.len().to_string(),
            self.adam_later().to_string(),
        ];
        let share = self.share().map(|share| [share.value, share.lo, share.hi]);
        row.extend(share.into_iter().flatten().map(digits));
        row.extend([0.05, 0.5, 0.95].map(|p| digits(self.quantile(p))));
        row
    }
}
