//! `[random_problems]`: theorem 2 in many random problems with `det Q = 1`, for which the volume argument predicts nothing.

use super::noise_law::read_alpha;
use super::sweep::Sweep;
use crate::experiment::toml::reader::Value;
use crate::noise::Alpha;
use crate::theory::Ensemble;

/// Largest number of problems of one family.
const MOST_PROBLEMS: u64 = 10_000_000;
/// Largest dimension: the matrices are dense.
const MOST_DIMENSIONS: u64 = 200;

/// The random problems of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomProblemsPlan {
    /// Number of problems of every family; a family is one dimension and one tail index.
    pub problems: u64,
    /// The dimensions.
    pub dims: Vec<usize>,
    /// The tail indices.
    pub alphas: Vec<Alpha>,
    /// How their matrices are drawn.
    pub ensembles: Vec<Ensemble>,
}

/// Reads the section.
pub(in crate::experiment) fn read(value: Value<'_>) -> Option<RandomProblemsPlan> {
    let table = value.table()?;
    let problems = table.need("problems", "20_000").and_then(|problems| problems.integer(1, MOST_PROBLEMS));
    let dims = table.need("dim", "[2, 6, 20]").and_then(read_dims);
    let ensembles = table.get("ensemble").map_or(Some(vec![Ensemble::default()]), read_ensembles);
    let alpha = read_alpha(&table);
    if table.get("alpha").is_none() {
        table.need("alpha", "1.5");
    }
    table.finish();
    let ensembles = ensembles?;
    let (problems, dims, Sweep { values: alphas, .. }) = (problems?, dims?, alpha??);
    if alphas.iter().any(|alpha| alpha.is_gaussian()) {
        value.report("Gaussian noise (α = 2) has no jumps, so the escape set has no Radon measure");
        return None;
    }
    let families = (dims.len() * alphas.len() * ensembles.len()) as u64;
    let numbers = problems.saturating_mul(families);
    value.reading.budget.request(numbers, &value.node.span, &value.reading.diagnostics)?;
    Some(RandomProblemsPlan { problems, dims, alphas, ensembles })
}

fn read_ensembles(value: Value<'_>) -> Option<Vec<Ensemble>> {
    if value.is_list() {
        value.all_named(&Ensemble::ALL, Ensemble::name)
    } else {
        Some(vec![value.named(&Ensemble::ALL, Ensemble::name)?])
    }
}

fn read_dims(value: Value<'_>) -> Option<Vec<usize>> {
    if !value.is_list() {
        return value.integer(1, MOST_DIMENSIONS).map(|dim| vec![dim as usize]);
    }
    let dims: Option<Vec<u64>> = value.list()?.map(|item| item.integer(1, MOST_DIMENSIONS)).collect();
    Some(dims?.into_iter().map(|dim| dim as usize).collect())
}
