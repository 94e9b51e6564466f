//! `[random_problems]`: theorem 2 in many random problems with `det Q = 1`, for which the volume argument predicts nothing.

use rayon::prelude::*;

use crate::exit::{Confidence, Estimate, proportion};
use crate::experiment::RandomProblemsPlan;
use crate::files::digits;
use crate::noise::Seed;
use crate::theory::RandomProblems;

/// Columns of `random_problems.csv`, in order: the family, how many of its problems have `m(W_ADAM) < m(W_SGD)`, that share with its
/// 95 % interval, quantiles of the predicted `Γ_ADAM/Γ_SGD`, and the ensemble.
pub const RANDOM_PROBLEM_COLUMNS: [&str; 11] = [
    "dim",
    "alpha",
    "problems",
    "adam_later",
    "share",
    "share_lo",
    "share_hi",
    "gamma_ratio_5",
    "gamma_ratio_50",
    "gamma_ratio_95",
    "ensemble",
];

/// The predicted ratios of one family of problems.
#[derive(Clone, Debug)]
pub struct RandomProblemsResult {
    /// Dimension, tail index and ensemble.
    pub family: RandomProblems,
    /// Predicted `Γ_ADAM/Γ_SGD = m(W_SGD)/m(W_ADAM)`, sorted.
    pub ratios: Vec<f64>,
}

impl RandomProblemsResult {
    /// Solves every problem of every family, ensemble after ensemble and tail index after tail index, on the threads of the current Rayon pool.
    pub fn solve(plan: &RandomProblemsPlan, seed: Seed) -> Vec<RandomProblemsResult> {
        let families = plan.ensembles.iter().flat_map(|ensemble| {
            let family = |alpha, dim| RandomProblems::new(dim, alpha).with_ensemble(*ensemble);
            plan.alphas.iter().flat_map(move |alpha| plan.dims.iter().map(move |dim| family(*alpha, *dim)))
        });
        let solve = |family: RandomProblems| {
            let mut ratios: Vec<f64> = (0..plan.problems).into_par_iter().map(|n| family.ratio(seed, n)).collect();
            ratios.sort_by(f64::total_cmp);
            RandomProblemsResult { family, ratios }
        };
        families.map(solve).collect()
    }

    /// Number of problems in which Adam is predicted to leave later.
    pub fn adam_later(&self) -> u64 {
        (self.ratios.len() - self.ratios.partition_point(|ratio| *ratio <= 1.0)) as u64
    }

    /// Their share with its 95 % interval.
    pub fn share(&self) -> Option<Estimate> {
        proportion(self.adam_later(), self.ratios.len() as u64, Confidence::DEFAULT)
    }

    /// The `p`-quantile of the ratios.
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
        row.push(self.family.ensemble().to_string());
        row
    }
}
