//! `[random_problems]`: theorem 2 in many random problems at `det Q = 1`, where the volume argument is silent.

use super::noise::{Swept, read_alpha};
use crate::experiment::toml::reader::Value;
use crate::noise::Alpha;
use crate::theory::Ensemble;

/// Largest number of problems of one dimension, and of numbers that all of them hold.
const MOST_PROBLEMS: u64 = 10_000_000;
/// Largest dimension, whose dense matrices are multiplied.
const MOST_DIMENSIONS: u64 = 200;

/// Which random problems an experiment looks at.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomProblemsPlan {
    /// Problems of every family.
    pub problems: u64,
    /// Their dimensions.
    pub dims: Vec<usize>,
    /// Their tail indices.
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
    let (problems, dims, Swept { values: alphas, .. }) = (problems?, dims?, alpha??);
    if alphas.iter().any(|alpha| alpha.is_gaussian()) {
        value.findings.push(value.refuse("at α = 2 there are no jumps, and no measure of the escape set"));
        return None;
    }
    let families = (dims.len() * alphas.len() * ensembles.len()) as u64;
    value.findings.spend(&value.node.span, problems.saturating_mul(families))?;
    Some(RandomProblemsPlan { problems, dims, alphas, ensembles })
}

fn read_ensembles(value: Value<'_>) -> Option<Vec<Ensemble>> {
    let names = Ensemble::ALL.map(Ensemble::name);
    let one = |item: Value<'_>| item.word(&names).map(|index| Ensemble::ALL[index]);
    if value.is_list() { value.list()?.map(one).collect() } else { Some(vec![one(value)?]) }
}

fn read_dims(value: Value<'_>) -> Option<Vec<usize>> {
    let dims: Option<Vec<u64>> = match value.is_list() {
        true => value.list()?.map(|item| item.integer(1, MOST_DIMENSIONS)).collect(),
        false => value.integer(1, MOST_DIMENSIONS).map(|dim| vec![dim]),
    };
    Some(dims?.into_iter().map(|dim| dim as usize).collect())
}
