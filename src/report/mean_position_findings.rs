//! What mean positions found, in sentences and a table with numbers.

use std::fmt::Write;

use super::findings::findings;
use super::select::{alpha_label, basin_title, distinct, title};
use super::words::{between, extremes, interval};
use crate::results::{MeanPositionResult, RandomProblemsResult, prediction_factor};

/// Most sentences of an answer.
const SENTENCES: usize = 3;

/// The cells of one dynamics, tail index and noise level.
struct Group<'r> {
    name: String,
    results: Vec<&'r MeanPositionResult>,
}

impl<'r> Group<'r> {
    fn all(results: &'r [MeanPositionResult]) -> Vec<Self> {
        let name = |r: &MeanPositionResult| {
            let alpha = alpha_label(r.plan.problem.noise().alpha().get());
            let parts = [title(&r.plan.dynamics), alpha, r.level_label(results)];
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
        };
        let group = |of: String| Group { results: results.iter().filter(|r| name(r) == of).collect(), name: of };
        distinct(results.iter().map(name)).into_iter().map(group).collect()
    }
}

/// Axes with two different sides, and those of them whose interval lies on the flat side and on the steep side.
fn sides<'r>(results: impl IntoIterator<Item = &'r MeanPositionResult>) -> [usize; 3] {
    let mut counts = [0; 3];
    for result in results {
        for axis in 0..result.dim() {
            let Some(direction) = result.flat_side(axis) else { continue };
            counts[0] += 1;
            let Some(mean) = result.mean(axis) else { continue };
            let [lo, hi] = [mean.lo * direction, mean.hi * direction];
            counts[1] += usize::from(lo.min(hi) > 0.0);
            counts[2] += usize::from(lo.max(hi) < 0.0);
        }
    }
    counts
}

/// The least and the largest mean towards the flat side, in stationary scales.
fn reach<'r>(results: impl IntoIterator<Item = &'r MeanPositionResult>) -> Option<[f64; 2]> {
    let of = |result: &MeanPositionResult, axis: usize| {
        Some(result.mean(axis)?.value * result.flat_side(axis)? / result.scales[axis])
    };
    let all = results.into_iter().flat_map(|r| (0..r.dim()).filter_map(move |axis| of(r, axis)));
    all.fold(None, |known: Option<[f64; 2]>, x| Some(known.map_or([x; 2], |[lo, hi]| [lo.min(x), hi.max(x)])))
}

/// On which side of the minimum the paths are, and how far, beside the prediction: a sentence for every dynamics, or for all together if they are
/// more than three. `None` without a result.
pub fn mean_position_answer(results: &[MeanPositionResult]) -> Option<String> {
    let groups = Group::all(results);
    if groups.len() > SENTENCES {
        return all_together(&groups);
    }
    let sentence = |group: Group<'_>| {
        let all = || group.results.iter().copied();
        let mut text = format!("{}: {}", group.name, where_they_are(all())?);
        if let Some(factor) = prediction_factor(all()) {
            let _ = write!(text, "; {} times the predicted one", interval(factor));
        }
        text.push_str(&diverged(all()));
        Some(text + ".")
    };
    let sentences: Vec<String> = groups.into_iter().filter_map(sentence).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// All groups in one sentence, and the dynamics without a prediction by name.
fn all_together(groups: &[Group<'_>]) -> Option<String> {
    let all = || groups.iter().flat_map(|group| group.results.iter().copied());
    let mut text = where_they_are(all())?;
    let factors: Vec<f64> =
        groups.iter().filter_map(|group| Some(prediction_factor(group.results.iter().copied())?.value)).collect();
    if let Some((lo, hi)) = extremes(factors) {
        let _ = write!(text, "; it is {} times the predicted one", between(lo, hi));
        let without = groups.iter().filter(|group| prediction_factor(group.results.iter().copied()).is_none());
        let names = distinct(without.filter_map(|group| Some(title(&group.results.first()?.plan.dynamics))));
        if !names.is_empty() {
            let _ = write!(text, " (no prediction for {})", names.join("; "));
        }
    }
    text.push_str(&diverged(all()));
    let mut letters = text.chars();
    Some(letters.next()?.to_uppercase().chain(letters).chain(['.']).collect())
}

/// `the mean position lies on the flat side on 24 of 24 axes, 0.2 to 1 stationary scales from the minimum`.
fn where_they_are<'r>(results: impl Iterator<Item = &'r MeanPositionResult> + Clone) -> Option<String> {
    let [axes, flat, steep] = sides(results.clone());
    if axes == 0 {
        return None;
    }
    let mut text = format!("the mean position lies on the flat side on {flat} of {axes} axes");
    if steep > 0 {
        let _ = write!(text, ", on the steep side on {steep}");
    }
    if let Some([lo, hi]) = reach(results) {
        let _ = write!(text, ", {} stationary scales from the minimum", between(lo, hi));
    }
    Some(text)
}

fn diverged<'r>(results: impl Iterator<Item = &'r MeanPositionResult>) -> String {
    let diverged: u64 = results.map(|r| r.sums.diverged()).sum();
    if diverged > 0 { format!("; {diverged} paths diverged") } else { String::new() }
}

/// The findings of mean positions, and of random problems in the same file.
pub fn mean_position_findings(results: &[MeanPositionResult], studies: &[RandomProblemsResult]) -> String {
    let mut text = findings(&[], studies, &[]).unwrap_or_else(|| "# Claims, predictions and measurements\n".to_owned());
    let _ = write!(
        text,
        "\n## Mean positions\n\nPositions are clipped, because for α < 2 their variance is infinite. The unit is the stationary scale of a parabola \
         with the flat side's curvature; positive means towards the flat side. The last column is the least-squares factor of the predicted means.\n\n\
         | dynamics | basin | axes with two sides | on the flat side | on the steep side | mean position | measured/predicted |\n\
         |---|---|---|---|---|---|---|\n"
    );
    for group in Group::all(results) {
        for result in group.results {
            let [axes, flat, steep] = sides([result]);
            let _ = writeln!(
                text,
                "| {} | {} | {axes} of {} | {flat} | {steep} | {} | {} |",
                group.name,
                basin_title(&result.plan.basin),
                result.dim(),
                match reach([result]) {
                    Some([lo, hi]) => between(lo, hi),
                    None => "–".to_owned(),
                },
                prediction_factor([result]).map_or("–".to_owned(), interval),
            );
        }
    }
    for result in results.iter().filter(|r| r.sums.diverged() > 0) {
        let _ = write!(
            text,
            "\nCell {}: {} of {} paths diverged, and a mean over the others would be biased.\n",
            result.plan.index,
            result.sums.diverged(),
            result.sums.paths()
        );
    }
    text
}
