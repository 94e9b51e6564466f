//! Pairs of SGD and Adam in an experiment, and their rows of `comparison.csv`.

use super::super::cell::CellResult;
use crate::dynamics::Dynamics;
use crate::exit::{Estimate, ratio_of_means};
use crate::files::digits;
use crate::theory::{Comparison, VolumeClaim};

/// Columns of `comparison.csv`, in order: the cells, the quantities and the claim of the volume argument, the prediction of the Radon
/// measure for `Γ_ADAM/Γ_SGD`, and the measured ratio with its 95 % interval.
pub const COMPARISON_COLUMNS: [&str; 18] = [
    "cell_sgd",
    "cell_adam",
    "basin",
    "alpha",
    "epsilon",
    "det_q",
    "anisotropy",
    "complement_sgd",
    "complement_adam",
    "volume_claim",
    "radon_sgd",
    "radon_adam",
    "predicted_ratio",
    "gamma_ratio",
    "gamma_ratio_lo",
    "gamma_ratio_hi",
    "alpha_sgd",
    "epsilon_sgd",
];

/// SGD and Adam in the same basin, with the same start and scheme.
#[derive(Clone, Debug)]
pub struct Pair<'r> {
    /// The SGD cell.
    pub sgd: &'r CellResult,
    /// The Adam cell.
    pub adam: &'r CellResult,
    /// The prediction of the theory.
    pub theory: Comparison,
    /// Whether both have the same noise, as theorem 2 assumes.
    pub same_noise: bool,
}

impl<'r> Pair<'r> {
    /// Every Adam cell that has a matching SGD cell and predictions for both, in the order of the plan.
    pub fn all(results: &'r [CellResult]) -> impl Iterator<Item = Pair<'r>> {
        let is_adam = |r: &CellResult| matches!(r.plan.problem.dynamics(), Dynamics::Adam(_));
        results.iter().filter(move |r| is_adam(r)).filter_map(move |adam| {
            let is_sgd = |r: &CellResult| *r.plan.problem.dynamics() == Dynamics::Sgd;
            let sgd = results.iter().find(|r| is_sgd(r) && same_setting(r, adam))?;
            Some(Pair { sgd, adam, theory: Comparison::of(&adam.plan.problem).ok()?, same_noise: true })
        })
    }

    /// Every Adam cell without an SGD cell of the same noise, with the only SGD cell of the same basin, scheme and level that has another
    /// tail index. The level is the learning rate, or the noise level where no learning rate is given.
    pub fn of_other_tails(results: &'r [CellResult]) -> impl Iterator<Item = Pair<'r>> {
        let is_adam = |r: &CellResult| matches!(r.plan.problem.dynamics(), Dynamics::Adam(_));
        results.iter().filter(move |r| is_adam(r)).filter_map(move |adam| {
            let sgd = || results.iter().filter(|r| *r.plan.problem.dynamics() == Dynamics::Sgd);
            if sgd().any(|r| same_setting(r, adam)) {
                return None;
            }
            let mut candidates = sgd().filter(|r| differs_in_tail(r, adam));
            let sgd = candidates.next().filter(|_| candidates.next().is_none())?;
            let theory = Comparison::between(&sgd.plan.problem, &adam.plan.problem).ok()?;
            Some(Pair { sgd, adam, theory, same_noise: false })
        })
    }

    /// Every pair: those of the same noise, and those that differ in the tail index, in the order of the Adam cells.
    pub fn every(results: &'r [CellResult]) -> Vec<Pair<'r>> {
        let mut pairs: Vec<Pair<'r>> = Pair::all(results).chain(Pair::of_other_tails(results)).collect();
        pairs.sort_by_key(|pair| pair.adam.plan.index);
        pairs
    }

    /// Measured `Γ_ADAM/Γ_SGD`, if enough paths left the domain.
    pub fn gamma_ratio(&self) -> Option<Estimate> {
        ratio_of_means(self.adam.mean()?, self.sgd.mean()?).ok()
    }

    /// The measured ratio, unless one of its means rests on a law that the data reject: what figures show.
    pub fn supported_ratio(&self) -> Option<Estimate> {
        ratio_of_means(self.adam.supported_mean()?, self.sgd.supported_mean()?).ok()
    }

    /// The row of `comparison.csv`: the columns of [`COMPARISON_COLUMNS`], undefined values are empty.
    pub fn row(&self) -> Vec<String> {
        let (noise, noise_sgd) = (self.adam.plan.problem.noise(), self.sgd.plan.problem.noise());
        let number = |x: Option<f64>| x.filter(|x| x.is_finite()).map_or(String::new(), digits);
        let claim = match self.theory.volume_claim() {
            // The argument compares one noise.
            _ if !self.same_noise => "",
            VolumeClaim::AdamLater => "adam_later",
            VolumeClaim::Nothing => "nothing",
            VolumeClaim::AdamEarlier => "adam_earlier",
        };
        let ratio = self.gamma_ratio();
        vec![
            self.sgd.plan.index.to_string(),
            self.adam.plan.index.to_string(),
            self.adam.plan.basin.clone(),
            noise.alpha().to_string(),
            digits(noise.epsilon()),
            number(Some(self.theory.log_det_q.exp())),
            number(Some(self.theory.anisotropy)),
            number(self.theory.complement_sgd),
            number(self.theory.complement_adam()),
            claim.to_string(),
            number(self.theory.sgd.radon_measure),
            number(self.theory.adam.radon_measure),
            number(Some(self.theory.predicted_ratio())),
            number(ratio.map(|r| r.value)),
            number(ratio.map(|r| r.lo)),
            number(ratio.map(|r| r.hi)),
            noise_sgd.alpha().to_string(),
            digits(noise_sgd.epsilon()),
        ]
    }
}

fn differs_in_tail(a: &CellResult, b: &CellResult) -> bool {
    let (first, second) = (a.plan.problem.noise(), b.plan.problem.noise());
    let same_level = match (a.plan.eta, b.plan.eta) {
        (None, None) => first.epsilon() == second.epsilon(),
        (a, b) => a == b,
    };
    a.plan.basin == b.plan.basin
        && a.plan.scheme.name() == b.plan.scheme.name()
        && first.alpha() != second.alpha()
        && same_level
}

fn same_setting(a: &CellResult, b: &CellResult) -> bool {
    a.shares_basin_and_noise(b)
        && a.plan.problem.noise().epsilon() == b.plan.problem.noise().epsilon()
        && a.plan.scheme.name() == b.plan.scheme.name()
}
