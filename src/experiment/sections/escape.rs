//! `[escape]` of a calibration file: how the network's escape from its minimum is measured.

use crate::calibrate::{Activation, EscapeSettings, MinimaSettings, Sizes};
use crate::experiment::toml::reader::{TableReader, Value};
use crate::tail::Estimator;

/// Estimators of a pooled index. The default does not depend on the order of the values.
pub(super) const ESTIMATORS: [Estimator; 3] = [Estimator::KOUTROUVELIS, Estimator::MCCULLOCH, Estimator::MOHAMMADI];
pub(super) const MOST_RUNS: u64 = 1_000_000;
pub(super) const MOST_STEPS: u64 = 1_000_000_000;
const MOST_SIZES: u64 = 200;
const MOST_MINIMA: u64 = 100;
const MOST_RANK: u64 = 1_000;
pub(super) const MOST_IMAGES: u64 = 10_000_000;

/// Reads `[escape]`; `batch` is that of the training.
pub(in crate::experiment) fn read_escape(value: Value<'_>, batch: Option<u64>) -> Option<EscapeSettings> {
    let table = value.table()?;
    let whole = |key, lo, hi, default| table.get(key).map_or(Some(default), |value| value.integer(lo, hi));
    let minima = read_minima(&table);
    let (runs, max_steps) = (whole("runs", 2, MOST_RUNS, 200), whole("max_steps", 1, MOST_STEPS, 10_000));
    let batches = match table.get("batches") {
        Some(value) => read_all(value, |size| size.integer(1, MOST_IMAGES)),
        None => Some(batch.into_iter().collect::<Vec<u64>>()),
    };
    let eta_factors = match table.get("eta_factors") {
        Some(value) => read_factors(value),
        None => Some(vec![1.0]),
    };
    let radii = table.need("radii", "{ from = 0.05, to = 0.5, count = 20 }").and_then(read_sizes);
    let optional = |key| match table.get(key) {
        Some(value) => read_sizes(value).map(Some),
        None => Some(None),
    };
    let (boxes, levels) = (optional("boxes"), optional("levels"));
    let loss_every = whole("loss_every", 1, MOST_STEPS, 10);
    let noise_batches = whole("noise_batches", 10, MOST_RUNS, 400);
    let estimator = table
        .get("estimator")
        .map_or(Some(ESTIMATORS[0]), |value| value.named(&ESTIMATORS, |estimator| estimator.name()));
    let predicted_runs = whole("predicted_runs", 2, MOST_RUNS, 100);
    let rank = whole("rank", 0, MOST_RANK, 20);
    table.finish();
    Some(EscapeSettings {
        minima: minima?,
        runs: runs? as usize,
        max_steps: max_steps?,
        batches: batches?.into_iter().map(|size| size as usize).collect(),
        eta_factors: eta_factors?,
        radii: radii?,
        boxes: boxes?,
        levels: levels?,
        loss_every: loss_every?,
        noise_batches: noise_batches? as usize,
        estimator: estimator?,
        predicted_runs: predicted_runs? as usize,
        rank: rank? as usize,
    })
}

/// The keys that say which minima are measured. Every wrong one is reported.
pub(super) fn read_minima(table: &TableReader<'_>) -> Option<MinimaSettings> {
    let whole = |key, hi, default| table.get(key).map_or(Some(default), |value| value.integer(1, hi));
    let activation =
        table.get("activation").map_or(Some(Activation::Tanh), |value| value.named(&Activation::ALL, Activation::name));
    let weight_decay = table.need("weight_decay", "2e-3").and_then(|value| value.positive());
    let tolerance = table.get("tolerance").map_or(Some(1e-5), |value| {
        let share = value.positive()?;
        if share >= 1.0 {
            value.report_with_help(
                format!("`tolerance` is a share of the gradient's length at the start of the descent, not {share}"),
                "give a small number, such as 1e-5",
            );
            return None;
        }
        Some(share)
    });
    let (count, descent) = (whole("minima", MOST_MINIMA, 3), whole("descent", MOST_STEPS, 20_000));
    Some(MinimaSettings {
        count: count? as usize,
        activation: activation?,
        weight_decay: weight_decay?,
        tolerance: tolerance?,
        descent: descent?,
    })
}

/// A list that is not empty.
pub(super) fn read_all<'a, T>(value: Value<'a>, read: impl Fn(Value<'a>) -> Option<T>) -> Option<Vec<T>> {
    let items: Vec<Option<T>> = value.list()?.map(read).collect();
    if items.is_empty() {
        value.report(format!("`{}` is empty", value.key));
    }
    items.into_iter().collect::<Option<Vec<T>>>().filter(|items| !items.is_empty())
}

/// Factors on the learning rate, each once.
pub(super) fn read_factors(value: Value<'_>) -> Option<Vec<f64>> {
    let factors = read_all(value, |factor| factor.positive())?;
    if let Some((_, twice)) = factors.iter().enumerate().find(|(i, factor)| factors[..*i].contains(factor)) {
        value.report_with_help(format!("`{}` holds {twice} twice", value.key), "give each factor once");
        return None;
    }
    Some(factors)
}

pub(super) fn read_sizes(value: Value<'_>) -> Option<Sizes> {
    let table = value.table()?;
    let from = table.need("from", "0.05").and_then(|value| value.positive());
    let to = table.need("to", "0.5").and_then(|value| value.positive());
    let count = table.get("count").map_or(Some(20), |value| value.integer(2, MOST_SIZES));
    table.finish();
    let (from, to, count) = (from?, to?, count? as usize);
    if !(from < to) {
        value.report_with_help(format!("`from = {from}` must lie below `to = {to}`"), "give the smallest size first");
        return None;
    }
    Some(Sizes { from, to, count })
}
