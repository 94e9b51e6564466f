//! What is printed: a table for a person, or JSON.

use serde_json::{Value, json};

use crate::cli::columns::aligned;
use crate::cli::line::arguments::TailIndexOptions;
use crate::exit::Estimate;
use crate::tail::{
    Assumptions, Estimator, GoodnessOfFit, HeldOut, Pattern, Series, Settings, StudentFit, TailError, TailIndex,
    TailSample,
};

/// An estimate, and the surrogate's.
pub struct Estimated {
    pub name: &'static str,
    pub index: Result<TailIndex, TailError>,
    pub surrogate: Result<TailIndex, TailError>,
}

/// What was found in one sample.
pub struct Findings {
    pub sample: TailSample,
    pub assumptions: Assumptions,
    pub estimates: Vec<Estimated>,
}

/// The part of the report that exists only for a single sample.
pub struct Fit {
    pub goodness: Result<GoodnessOfFit, TailError>,
    pub student: Result<StudentFit, TailError>,
    pub held_out: Result<[HeldOut; 3], TailError>,
}

/// Samples with one row each.
const MOST_ROWS: usize = 100;

pub fn one_as_json(
    options: &TailIndexOptions,
    series: &Series,
    found: &Findings,
    fit: &Fit,
    warnings: &[String],
) -> String {
    let mut value = sample_as_json(series, found);
    value["data"] = json!(options.data);
    value["goodness_of_fit"] = or_error(&fit.goodness);
    value["student_fit"] = or_error(&fit.student);
    value["held_out"] = or_error(&fit.held_out);
    value["warnings"] = json!(warnings);
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

fn sample_as_json(series: &Series, found: &Findings) -> Value {
    let sample = &found.sample;
    json!({
        "name": series.name, "entries": series.values.len(), "missing": series.missing, "dropped": series.dropped,
        "n": sample.values().len(), "zero_share": sample.zero_share(), "location": sample.location(),
        "rounding": sample.rounding(), "assumptions": found.assumptions, "rejected": found.assumptions.rejections(),
        "estimates": found.estimates.iter().map(Estimated::as_json).collect::<Vec<_>>(),
    })
}

pub fn one_as_table(options: &TailIndexOptions, series: &Series, found: &Findings, fit: &Fit) -> String {
    let sample = &found.sample;
    let mut first = format!(
        "{} entries, {:.2} % zeros, centred at {}",
        series.values.len(),
        100.0 * sample.zero_share(),
        short(sample.location())
    );
    if let Some(step) = sample.rounding() {
        first.push_str(&format!(", rounded to steps of {}", short(step)));
    }
    let mut lines = vec![first];
    if series.missing > 0 {
        let more = if series.dropped > 0 { format!(", with {} in their rows", series.dropped) } else { String::new() };
        let plural = if series.missing == 1 { "" } else { "s" };
        lines.push(format!("{} missing value{plural} left out{more}", series.missing));
    }
    lines.push(String::new());
    let heading = ["estimator", "α", "95 % interval", "scale", "settings", "Gaussian of the same scales"];
    let mut rows = vec![heading.map(str::to_owned)];
    let mut notes = Vec::new();
    for estimated in &found.estimates {
        rows.push(estimated.row(&mut notes));
    }
    lines.extend(aligned(&rows, &[0, 4, 5]));
    lines.extend(notes);
    lines.push(String::new());
    lines.push(match &found.assumptions.symmetry {
        Ok(test) => format!("symmetry: triples test η = {:+.4}, p {}{}", test.triples, equals(test.p), verdict(test.p)),
        Err(error) => format!("symmetry: not tested: {error}"),
    });
    lines.push(match &found.assumptions.dependence {
        Ok(test) => format!(
            "order: rank correlation of neighbours {:+.4}, of their distances from the location {:+.4}, p {}{}{}",
            test.entries.lag_one,
            test.magnitudes.lag_one,
            equals(test.p),
            verdict(test.p),
            match test.pattern {
                Pattern::UnitRoot => ", a unit root is not excluded",
                Pattern::Sorted => ", sorted",
                _ => "",
            }
        ),
        Err(error) => format!("order: not tested: {error}"),
    });
    match &fit.goodness {
        Ok(fit) => lines.push(format!("fit of the stable law (α = {:.4}): {}", fit.alpha, fit.distances)),
        Err(error) => lines.push(format!("fit of the stable law: {error}")),
    }
    match &fit.student {
        Ok(fit) => lines.push(format!("fit of Student's t (ν = {:.3}): {}", fit.freedom, fit.distances)),
        Err(error) => lines.push(format!("fit of Student's t: {error}")),
    }
    match &fit.held_out {
        Ok(laws) => lines.extend(laws.iter().map(held_out_line)),
        Err(error) => lines.push(format!("held-out log likelihood: {error}")),
    }
    if series.columns == 1 && options.axis.is_none() {
        lines.push("The Gaussian has one scale; pooled parameters have many: see --axis pooled.".to_owned());
    }
    lines.join("\n")
}

fn verdict(p: f64) -> &'static str {
    if p < Assumptions::LEVEL { ": rejected" } else { "" }
}

/// `= .5`, or `< 1e-100`.
pub fn equals(p: f64) -> String {
    let text = probability(p);
    if text.starts_with('<') { text } else { format!("= {text}") }
}

fn probability(p: f64) -> String {
    match p {
        // Far below 10^-100 the digits of the tail are those of its approximation.
        p if p < 1e-100 => "< 1e-100".to_owned(),
        p if p < 1e-3 => format!("{p:.1e}"),
        _ => format!("{p:.3}"),
    }
}

fn held_out_line(law: &HeldOut) -> String {
    // Adding 0 turns -0 into 0.
    let digits = |x: f64| format!("{:.4}", (x * 1e4).round() / 1e4 + 0.0);
    let ahead = law.stable_ahead_by.map_or(String::new(), |e| {
        // The law with the larger likelihood is the subject, so that the difference is positive.
        let (leader, [value, lo, hi]) = match e.value >= 0.0 {
            true => ("the stable law", [e.value, e.lo, e.hi]),
            false => (law.law, [-e.value, -e.hi, -e.lo]),
        };
        format!(", {leader} is ahead by {} ({} to {})", digits(value), digits(lo), digits(hi))
    });
    format!("held-out log likelihood of an entry, {}: {}{ahead}", law.law, digits(law.mean_log_likelihood))
}

impl Estimated {
    fn row(&self, notes: &mut Vec<String>) -> [String; 6] {
        let surrogate = match &self.surrogate {
            Ok(index) => {
                let [value, lo, hi] = digits(&index.alpha, 3);
                format!("{value} ({})", range(&lo, &hi))
            }
            Err(_) => "–".to_owned(),
        };
        match &self.index {
            Ok(index) => {
                let [value, lo, hi] = digits(&index.alpha, 4);
                let scale = index.scale.map_or("–".to_owned(), short);
                [self.name.to_owned(), value, range(&lo, &hi), scale, described(&index.settings), surrogate]
            }
            Err(error) => {
                notes.push(format!("{}: {error}", self.name));
                let dash = || "–".to_owned();
                [self.name.to_owned(), dash(), dash(), dash(), dash(), surrogate]
            }
        }
    }

    fn as_json(&self) -> Value {
        json!({ "estimator": self.name, "estimate": or_error(&self.index), "gaussian_surrogate": or_error(&self.surrogate) })
    }
}

/// Estimate and interval in as many decimals, at least `fewest`, as tell the ends apart.
fn digits(estimate: &Estimate, fewest: usize) -> [String; 3] {
    let Estimate { value, lo, hi } = estimate;
    let width = hi - lo;
    let needed = if width > 0.0 { (-width.log10()).ceil().clamp(0.0, 15.0) as usize + 1 } else { 0 };
    [value, lo, hi].map(|x| format!("{x:.decimals$}", decimals = fewest.max(needed)))
}

/// The ends of an interval; one without an upper end is `1.2 or more`.
fn range(lo: &str, hi: &str) -> String {
    if hi == "inf" { format!("{lo} or more") } else { format!("{lo} to {hi}") }
}

fn or_error<T: serde::Serialize>(result: &Result<T, TailError>) -> Value {
    match result {
        Ok(value) => serde_json::to_value(value).unwrap_or_default(),
        Err(error) => json!({ "error": error.to_string() }),
    }
}

fn described(settings: &Settings) -> String {
    match settings {
        Settings::Mohammadi { block, blocks, .. } => format!("{blocks} sums of K1 = {block}"),
        Settings::Hill { order } => format!("k = {order}"),
        Settings::Koutrouvelis { dependence, .. }
        | Settings::McCulloch { dependence }
        | Settings::MaximumLikelihood { dependence } => format!("dependence {dependence}"),
    }
}

fn short(x: f64) -> String {
    let size = x.abs();
    if size == 0.0 || (1e-3..1e5).contains(&size) { format!("{x:.4}") } else { format!("{x:.4e}") }
}

pub fn many_as_json(
    options: &TailIndexOptions,
    series: &[Series],
    results: &[Result<Findings, TailError>],
    warnings: &[String],
) -> String {
    let one = |(series, result): (&Series, &Result<Findings, TailError>)| match result {
        Ok(found) => sample_as_json(series, found),
        Err(error) => json!({ "name": series.name, "missing": series.missing, "error": error.to_string() }),
    };
    let samples: Vec<Value> = series.iter().zip(results).map(one).collect();
    json!({ "data": options.data, "samples": samples, "warnings": warnings }).to_string()
}

/// A row for every sample, unless there are very many, then quantiles over all.
pub fn many_as_table(estimators: &[Estimator], series: &[Series], results: &[Result<Findings, TailError>]) -> String {
    let mut lines = Vec::new();
    if results.len() <= MOST_ROWS {
        lines.extend(each(estimators, series, results));
        lines.push(String::new());
    }
    lines.extend(over_all(estimators, results));
    lines.join("\n")
}

fn each(estimators: &[Estimator], series: &[Series], results: &[Result<Findings, TailError>]) -> Vec<String> {
    let heading = ["sample", "entries", "missing", "zeros"].into_iter().map(str::to_owned);
    let heading = heading.chain(estimators.iter().map(|estimator| format!("α: {}", estimator.name())));
    let mut rows = vec![heading.chain(["symmetry p".to_owned(), "order p".to_owned()]).collect::<Vec<_>>()];
    let mut notes = Vec::new();
    for (series, result) in series.iter().zip(results) {
        let mut row = vec![series.name.clone(), series.values.len().to_string(), series.missing.to_string()];
        match result {
            Ok(found) => {
                row.push(format!("{:.2} %", 100.0 * found.sample.zero_share()));
                for estimated in &found.estimates {
                    row.push(match &estimated.index {
                        Ok(index) => {
                            let [value, lo, hi] = digits(&index.alpha, 3);
                            format!("{value} ({})", range(&lo, &hi))
                        }
                        Err(error) => {
                            notes.push((format!("{}: {error}", estimated.name), &series.name));
                            "–".to_owned()
                        }
                    });
                }
                let p = |p: Option<f64>| {
                    p.map_or("–".to_owned(), |p| {
                        format!("{}{}", probability(p), if p < Assumptions::LEVEL { " !" } else { "" })
                    })
                };
                row.push(p(found.assumptions.symmetry.as_ref().ok().map(|test| test.p)));
                row.push(p(found.assumptions.dependence.as_ref().ok().map(|test| test.p)));
            }
            Err(error) => {
                notes.push((error.to_string(), &series.name));
                row.extend(vec!["–".to_owned(); estimators.len() + 3]);
            }
        }
        rows.push(row);
    }
    let mut lines = aligned(&rows, &[0]);
    lines.extend(counted(&notes));
    lines
}

/// Every reason once, with the sample that it concerns or the number of samples.
fn counted(notes: &[(String, &String)]) -> Vec<String> {
    let mut reasons: Vec<(&str, &str, usize)> = Vec::new();
    for (reason, sample) in notes {
        match reasons.iter_mut().find(|(known, ..)| known == reason) {
            Some((_, _, count)) => *count += 1,
            None => reasons.push((reason, sample, 1)),
        }
    }
    let line = |(reason, sample, count): &(&str, &str, usize)| match count {
        1 => format!("{sample}: {reason}"),
        _ => format!("{count} samples: {reason}"),
    };
    reasons.iter().map(line).collect()
}

/// Quantiles of α̂ over the samples, and of the surrogates'.
fn over_all(estimators: &[Estimator], results: &[Result<Findings, TailError>]) -> Vec<String> {
    let heading = [
        "estimator",
        "samples",
        "no estimate",
        "α: 10 %",
        "median",
        "90 %",
        "α = 2 in interval",
        "Gaussian: 10 %, median, 90 %",
    ];
    let mut rows = vec![heading.map(str::to_owned)];
    for (place, estimator) in estimators.iter().enumerate() {
        let of = |pick: fn(&Estimated) -> &Result<TailIndex, TailError>| -> Vec<&TailIndex> {
            results.iter().flatten().filter_map(|found| pick(&found.estimates[place]).as_ref().ok()).collect()
        };
        let (found, surrogate) = (of(|e| &e.index), of(|e| &e.surrogate));
        let gaussian = found.iter().filter(|index| index.alpha.contains(2.0)).count();
        let [low, middle, high] = deciles(&found);
        rows.push([
            estimator.name().to_owned(),
            found.len().to_string(),
            (results.len() - found.len()).to_string(),
            low,
            middle,
            high,
            gaussian.to_string(),
            deciles(&surrogate).join(", "),
        ]);
    }
    aligned(&rows, &[0, 6, 7])
}

/// The most frequent reason why no estimator gives an estimate for any sample; `None` if one does.
pub fn no_estimate(results: &[Result<Findings, TailError>]) -> Option<TailError> {
    let each = results.iter().flat_map(|result| match result {
        Ok(found) => found.estimates.iter().map(|estimated| estimated.index.as_ref().err()).collect(),
        Err(error) => vec![Some(error)],
    });
    let reasons: Vec<&TailError> = each.collect::<Option<_>>()?;
    let mut counts: Vec<(&TailError, usize)> = Vec::new();
    for reason in reasons {
        match counts.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += 1,
            None => counts.push((reason, 1)),
        }
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(reason, _)| reason.clone())
}

fn deciles(indices: &[&TailIndex]) -> [String; 3] {
    let mut values: Vec<f64> = indices.iter().map(|index| index.alpha.value).collect();
    values.sort_unstable_by(f64::total_cmp);
    [0.1, 0.5, 0.9].map(|p| match values.len() {
        0 => "–".to_owned(),
        n => format!("{:.3}", values[(p * (n - 1) as f64).round() as usize]),
    })
}
