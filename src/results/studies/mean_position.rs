//! Mean positions at rest, beside those of the stationary law.

use std::path::Path;

use rayon::prelude::*;

use super::super::run::PreparedRun;
use super::super::table::{TableError, write_table};
use super::super::tables::CellReader;
use crate::engine::{Chunks, Done};
use crate::exit::{Confidence, Estimate};
use crate::experiment::{CellPlan, number_labels};
use crate::files::digits;
use crate::noise::Structure;
use crate::scheme::{MeanPosition, PositionSums};
use crate::store::Store;
use crate::theory::{MeanAtRest, mean_at_rest};

/// Columns of `mean_position.csv`: one row per cell and axis.
pub const POSITION_COLUMNS: [&str; 17] = [
    "cell",
    "dynamics",
    "basin",
    "alpha",
    "epsilon",
    "axis",
    "left_curvature",
    "right_curvature",
    "scale_at_rest",
    "clip",
    "mean",
    "lo",
    "hi",
    "predicted",
    "predicted_unclipped",
    "paths",
    "diverged",
];

/// One cell of mean positions with its results.
#[derive(Clone, Debug)]
pub struct MeanPositionResult {
    /// The cell.
    pub plan: CellPlan,
    /// Sums over the paths.
    pub sums: PositionSums,
    /// Curvatures on the left and on the right of the minimum, axis by axis.
    pub curvatures: [Vec<f64>; 2],
    /// Scale at rest of every axis, see [`MeanPosition::scales_at_rest`].
    pub scales: Vec<f64>,
    /// Where the positions along every axis are clipped.
    pub clips: Vec<f64>,
    /// The means of the stationary law, if the theory covers the dynamics.
    pub predicted: Option<Vec<MeanAtRest>>,
}

/// Reads the cells of mean positions that have at least one path, and renders `mean_position.csv`. Of an incomplete cell the paths before the first
/// gap are used.
///
/// # Errors
/// [`TableError`]; an existing table is unchanged.
pub fn render_mean_position(
    run: &PreparedRun<'_>,
    store: &Store,
    chunks: &Chunks,
    done: &Done,
    folder: &Path,
) -> Result<Vec<MeanPositionResult>, TableError> {
    store.check_place()?;
    let mut read: Vec<(&CellPlan, Vec<f64>, PositionSums)> = Vec::new();
    for plan in &run.experiment().cells {
        let (reader, Some(settings)) = (CellReader::new(store, plan, chunks, done), &plan.mean_position) else {
            continue;
        };
        if let Some(clips) = settings.clips(&plan.problem).ok().filter(|_| reader.end > 0) {
            let sums = reader.positions(&clips)?;
            read.push((plan, clips, sums));
        }
    }
    // Predictions take a tenth of a second for every valley that is new.
    let results: Vec<MeanPositionResult> =
        read.into_par_iter().filter_map(|(plan, clips, sums)| MeanPositionResult::new(plan, clips, sums)).collect();
    // The table of another run that has taken the folder must not be replaced.
    store.check_place()?;
    write_table(folder, "mean_position.csv", &POSITION_COLUMNS, results.iter().flat_map(MeanPositionResult::rows))?;
    Ok(results)
}

impl MeanPositionResult {
    /// `None` for a problem without mean positions, of which there is no cell.
    fn new(plan: &CellPlan, clips: Vec<f64>, sums: PositionSums) -> Option<Self> {
        let basin = plan.problem.basin();
        Some(MeanPositionResult {
            plan: plan.clone(),
            sums,
            curvatures: basin.potential().form().axis_curvatures(basin.dim())?,
            scales: MeanPosition::scales_at_rest(&plan.problem).ok()?,
            predicted: mean_at_rest(&plan.problem, &clips),
            clips,
        })
    }

    /// The noise level in words where it differs among `all`: `η = 0.02`, or `ε = 0.1` without learning rates; else empty.
    pub fn level_label(&self, all: &[MeanPositionResult]) -> String {
        // With a learning rate, ε follows from it and from α.
        let level = |r: &MeanPositionResult| match r.plan.eta {
            Some(eta) => ("η", eta),
            None => ("ε", r.plan.problem.noise().epsilon()),
        };
        let (sign, own) = level(self);
        let levels: Vec<f64> =
            all.iter().map(level).filter(|(other, _)| *other == sign).map(|(_, level)| level).collect();
        if levels.len() == all.len() && levels.iter().all(|level| *level == own) {
            return String::new();
        }
        let labels = number_labels(&levels);
        let label = levels.iter().position(|level| *level == own).map(|at| labels[at].as_str());
        format!("{sign} = {}", label.unwrap_or_default())
    }

    /// Number of axes.
    pub fn dim(&self) -> usize {
        self.scales.len()
    }

    /// Mean of the clipped position along an axis, from the minimum, with its 95 % interval; `None` if a path diverged.
    pub fn mean(&self, axis: usize) -> Option<Estimate> {
        let [mean, error] = self.sums.mean(axis)?;
        Some(Estimate::symmetric(mean, Confidence::DEFAULT.gaussian_width() * error))
    }

    /// The predicted mean of the clipped position.
    pub fn predicted(&self, axis: usize) -> Option<f64> {
        self.predicted.as_ref().map(|predicted| predicted[axis].clipped)
    }

    /// The direction of the flat side of an axis, 1 or -1; `None` if both sides have the same curvature, or if there is no noise.
    pub fn flat_side(&self, axis: usize) -> Option<f64> {
        let [left, right] = [0, 1].map(|side| self.curvatures[side][axis]);
        (left != right && self.scales[axis] > 0.0).then_some(if right < left { 1.0 } else { -1.0 })
    }

    /// Curvature of the steep side over that of the flat one.
    pub fn asymmetry(&self, axis: usize) -> f64 {
        let [left, right] = [0, 1].map(|side| self.curvatures[side][axis]);
        left.max(right) / left.min(right)
    }

    /// Whether the positions on different axes are independent, so that their errors may be added.
    pub fn is_independent(&self) -> bool {
        let noise = self.plan.problem.noise();
        let independent = noise.structure() == Structure::Independent || noise.alpha().is_gaussian();
        self.dim() == 1 || independent && noise.amplitude().is_diagonal()
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let number = |x: Option<f64>| x.filter(|x| x.is_finite()).map_or(String::new(), digits);
        let noise = self.plan.problem.noise();
        let row = |axis: usize| {
            let mean = self.mean(axis);
            vec![
                self.plan.index.to_string(),
                self.plan.dynamics.clone(),
                self.plan.basin.clone(),
                noise.alpha().to_string(),
                digits(noise.epsilon()),
                (axis + 1).to_string(),
                digits(self.curvatures[0][axis]),
                digits(self.curvatures[1][axis]),
                digits(self.scales[axis]),
                digits(self.clips[axis]),
                number(mean.map(|mean| mean.value)),
                number(mean.map(|mean| mean.lo)),
                number(mean.map(|mean| mean.hi)),
                number(self.predicted(axis)),
                number(self.predicted.as_ref().map(|predicted| predicted[axis].whole)),
                self.sums.paths().to_string(),
                self.sums.diverged().to_string(),
            ]
        };
        (0..self.dim()).map(row).collect()
    }
}

/// The least-squares factor of the predicted means, with weights from the errors, and its 95 % interval: 1 if the prediction holds. Over the axes of all
/// `results` on which the two sides differ; `None` without one, if positions are not independent, or if a mean has no error.
pub fn prediction_factor<'r>(results: impl IntoIterator<Item = &'r MeanPositionResult>) -> Option<Estimate> {
    let (mut product, mut square) = (0.0, 0.0);
    for result in results {
        if !result.is_independent() {
            return None;
        }
        for axis in (0..result.dim()).filter(|axis| result.flat_side(*axis).is_some()) {
            let (predicted, [mean, error]) = (result.predicted(axis)?, result.sums.mean(axis)?);
            product += predicted * mean / (error * error);
            square += predicted * predicted / (error * error);
        }
    }
    let factor = product / square;
    factor.is_finite().then(|| Estimate::symmetric(factor, Confidence::DEFAULT.gaussian_width() / square.sqrt()))
}
