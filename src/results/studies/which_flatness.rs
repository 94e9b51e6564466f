//! Which measure of flatness orders the mean exit times of many basins.

use super::super::cell::CellResult;
use super::rank_correlation::kendall_tau_within;
use crate::exit::{Confidence, Estimate};
use crate::experiment::{FEWEST_BASINS, FEWEST_OF_A_DIMENSION};
use crate::files::digits;
use crate::theory::FlatnessMeasure;

/// Columns of `which_flatness.csv`, in order: the group of basins, the measure, and Kendall's `τ` between it and the measured mean exit time, with its
/// 95 % interval.
pub const FLATNESS_COLUMNS: [&str; 10] =
    ["dynamics", "shape", "alpha", "epsilon", "dim", "basins", "measure", "tau", "tau_lo", "tau_hi"];

/// The order of the mean exit times of a group of basins, by each measure of flatness.
#[derive(Clone, Debug, PartialEq)]
pub struct FlatnessOrder {
    /// The dynamics.
    pub dynamics: String,
    /// The common shape of the basins.
    pub shape: String,
    /// Tail index `α`.
    pub alpha: f64,
    /// Noise level `ε`.
    pub epsilon: f64,
    /// The dimension; `None` for several, of which only basins of the same are compared: escapes are earlier in more dimensions, and traces larger.
    pub dim: Option<usize>,
    /// Number of basins that are compared.
    pub basins: usize,
    /// Kendall's `τ` of each measure, in the order of [`FlatnessMeasure::ALL`].
    pub tau: [Estimate; 6],
}

/// A basin: its dimension, its measures and its mean exit time.
struct Ordered {
    dim: usize,
    measures: [f64; 6],
    mean: f64,
}

impl FlatnessOrder {
    /// Every group of at least [`FEWEST_BASINS`] basins of one dynamics, shape, tail index and noise level, together and by dimension.
    /// Basins without a Hessian at the minimum, a finite volume, a prediction or a mean are left out.
    pub fn all(results: &[CellResult]) -> Vec<FlatnessOrder> {
        let mut groups: Vec<(&CellResult, Vec<Ordered>)> = Vec::new();
        for result in results {
            let Some(basin) = ordered(result) else { continue };
            match groups.iter_mut().find(|(first, _)| same_group(first, result)) {
                Some((_, members)) => members.push(basin),
                None => groups.push((result, vec![basin])),
            }
        }
        groups.iter().flat_map(|(first, members)| Self::of_group(first, members)).collect()
    }

    fn of_group(first: &CellResult, members: &[Ordered]) -> Vec<FlatnessOrder> {
        let mut dims: Vec<usize> = members.iter().map(|basin| basin.dim).collect();
        dims.sort_unstable();
        dims.dedup();
        let of = |dim: Option<usize>| {
            let of_dim = |d: usize| members.iter().filter(move |basin| basin.dim == d);
            let is_chosen =
                |d: &&usize| dim.is_none_or(|dim| **d == dim) && of_dim(**d).count() >= FEWEST_OF_A_DIMENSION;
            let chosen: Vec<&usize> = dims.iter().filter(is_chosen).collect();
            let basins = chosen.iter().map(|d| of_dim(**d).count()).sum();
            if basins < FEWEST_BASINS {
                return None;
            }
            let tau = |measure: usize| {
                let pairs = |d: &&usize| -> Vec<(f64, f64)> {
                    of_dim(**d).map(|basin| (basin.measures[measure], basin.mean)).collect()
                };
                let groups: Vec<Vec<(f64, f64)>> = chosen.iter().map(pairs).collect();
                kendall_tau_within(&groups, Confidence::DEFAULT)
            };
            let [trace, top, sharpness, volume, width, radon] = std::array::from_fn(tau);
            let noise = first.plan.problem.noise();
            Some(FlatnessOrder {
                dynamics: first.plan.dynamics.clone(),
                shape: first.plan.shape.clone(),
                alpha: noise.alpha().get(),
                epsilon: noise.epsilon(),
                dim,
                basins,
                tau: [trace?, top?, sharpness?, volume?, width?, radon?],
            })
        };
        match dims[..] {
            [dim] => of(Some(dim)).into_iter().collect(),
            _ => std::iter::once(None).chain(dims.iter().copied().map(Some)).filter_map(of).collect(),
        }
    }

    /// The rows of `which_flatness.csv`, one for every measure: the columns of [`FLATNESS_COLUMNS`].
    pub fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        FlatnessMeasure::ALL.iter().zip(&self.tau).map(|(measure, tau)| {
            let mut row = vec![
                self.dynamics.clone(),
                self.shape.clone(),
                digits(self.alpha),
                digits(self.epsilon),
                self.dim.map_or("all".to_owned(), |dim| dim.to_string()),
                self.basins.to_string(),
                measure.name().to_owned(),
            ];
            row.extend([tau.value, tau.lo, tau.hi].map(digits));
            row
        })
    }
}

fn ordered(result: &CellResult) -> Option<Ordered> {
    let problem = &result.plan.problem;
    let dim = problem.basin().dim();
    let form = problem.basin().potential().form();
    let has_kink = form.axis_curvatures(dim).is_some_and(|[left, right]| left != right);
    if has_kink || !result.volume.is_finite() {
        return None;
    }
    let mean = result.supported_mean()?.value;
    let measures = FlatnessMeasure::of(problem, result.prediction.as_ref()?, result.volume)?;
    Some(Ordered { dim, measures, mean })
}

fn same_group(a: &CellResult, b: &CellResult) -> bool {
    let key = |r: &CellResult| {
        let noise = r.plan.problem.noise();
        (noise.alpha().get().to_bits(), noise.epsilon().to_bits())
    };
    a.plan.dynamics == b.plan.dynamics
        && a.plan.shape == b.plan.shape
        && a.plan.scheme.name() == b.plan.scheme.name()
        && key(a) == key(b)
}
