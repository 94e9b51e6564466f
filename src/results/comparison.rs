//! Pairs of SGD and Adam in an experiment, and their rows of `comparison.csv`.

use super::cell::CellResult;
use crate::dynamics::Dynamics;
use crate::exit::{Estimate, ratio_of_means};
use crate::files::digits;
use crate::theory::{Comparison, VolumeClaim};

/// Columns of `comparison.csv`, in order: the cells, the quantities and the claim of the volume argument, the prediction of the Radon
/// measure for `Γ_ADAM/Γ_SGD`, and the measured ratio with its 95 % interval.
pub const COMPARISON_COLUMNS: [&str; 16] = [
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
    "ratio",
    "ratio_lo",
    "ratio_hi",
];

/// SGD and Adam in the same basin, with the same start, noise and scheme.
#[derive(Clone, Debug)]
pub struct Pair<'r> {
    /// The SGD cell.
    pub sgd: &'r CellResult,
    /// The Adam cell.
    pub adam: &'r CellResult,
    /// The prediction of the theory.
    pub theory: Comparison,
}

impl<'r> Pair<'r> {
    /// Every Adam cell that has a matching SGD cell and predictions for both, in the order of the plan.
    pub fn all(results: &'r [CellResult]) -> impl Iterator<Item = Pair<'r>> {
        let is_adam = |r: &CellResult| matches!(r.plan.problem.dynamics(), Dynamics::Adam(_));
        results.iter().filter(move |r| is_adam(r)).filter_map(move |adam| {
            let is_sgd = |r: &CellResult| *r.plan.problem.dynamics() == Dynamics::Sgd;
            let sgd = results.iter().find(|r| is_sgd(r) && same_setting(r, adam))?;
            Some(Pair { sgd, adam, theory: Comparison::of(&adam.plan.problem).ok()? })
        })
    }

    /// Measured `Γ_ADAM/Γ_SGD`, if enough paths left the domain.
    pub fn ratio(&self) -> Option<Estimate> {
        ratio_of_means(self.adam.mean()?, self.sgd.mean()?).ok()
    }

    /// The row of `comparison.csv`: the columns of [`COMPARISON_COLUMNS`], undefined values are empty.
    pub fn row(&self) -> Vec<String> {
        let noise = self.adam.plan.problem.noise();
        let number = |x: Option<f64>| x.filter(|x| x.is_finite()).map_or(String::new(), digits);
        let claim = match self.theory.volume_claim() {
            VolumeClaim::AdamLater => "adam_later",
            VolumeClaim::Nothing => "nothing",
            VolumeClaim::AdamEarlier => "adam_earlier",
        };
        let ratio = self.ratio();
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
        ]
    }
}

fn same_setting(a: &CellResult, b: &CellResult) -> bool {
    let (first, second) = (&a.plan.problem, &b.plan.problem);
    a.plan.basin == b.plan.basin
        && first.noise().alpha() == second.noise().alpha()
        && first.noise().epsilon() == second.noise().epsilon()
        && first.noise().law() == second.noise().law()
        && first.noise().amplitude() == second.noise().amplitude()
        && a.plan.scheme.name() == b.plan.scheme.name()
}
