//! `tail-index`: the tail index of data, and what would make it up.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde_json::{Value, json};

use super::tail_index_failure::TailIndexFailure as Failure;
use crate::cli::arguments::{Axis, EstimatorName, TailIndexOptions};
use crate::cli::columns::aligned;
use crate::cli::console::{Console, write_data};
use crate::noise::Seed;
use crate::report::{Format, NoiseLaw, save_as};
use crate::tail::{
    BlockLength, Centre, Estimator, FittedLaw, GaussianSurrogate, GoodnessOfFit, HeldOut, Hill, IntervalSettings,
    Mohammadi, NpyArray, Settings, TailError, TailIndex, TailSample, Zeros, goodness_of_fit, held_out, read_column,
};

/// Prints a table, or JSON, and draws the figure.
pub fn tail_index(options: &TailIndexOptions, console: &Console) -> Result<(), Failure> {
    let figure = options.figure.as_deref().map(|path| open_figure(path, options.force)).transpose()?;
    let centre = centre(&options.centre, &options.data)?;
    let data = Data::read(options)?;
    if figure.is_some() && data.samples.len() > 1 {
        let what = "a figure shows one sample: choose --column, or --axis pooled".to_owned();
        return Err(Failure::Data { path: options.data.clone(), what });
    }
    let estimators = estimators(options, data.samples.len() > 1);
    let settings = IntervalSettings { dependence: options.dependence, ..IntervalSettings::default() };
    let study =
        Study { estimators: &estimators, settings: &settings, centre, columns: data.columns, seed: Seed(options.seed) };
    if let [values] = data.samples.as_slice() {
        return study_one(options, console, &study, values, figure);
    }
    let one =
        |(index, values): (usize, &Vec<f64>)| study.sample(values).map(|sample| study.estimates(&sample, index as u64));
    let results: Vec<Result<Estimates, TailError>> = data.samples.par_iter().enumerate().map(one).collect();
    Ok(write_data(if options.json { many_as_json(options, &results) } else { many_as_table(&estimators, &results) })?)
}

/// One sample: everything that there is to say.
fn study_one(
    options: &TailIndexOptions,
    console: &Console,
    study: &Study<'_>,
    values: &[f64],
    figure: Option<(PathBuf, Format)>,
) -> Result<(), Failure> {
    let failed = |source| Failure::Tail { path: options.data.clone(), source };
    let sample = study.sample(values).map_err(failed)?;
    let estimates = study.estimates(&sample, 0);
    if estimates.iter().all(|e| e.index.is_err())
        && let Some(error) = estimates.iter().find_map(|e| e.index.as_ref().err())
    {
        return Err(failed(error.clone()));
    }
    let goodness = goodness_of_fit(&sample, study.seed);
    let held_out = held_out(&sample, study.settings);
    if let Some((path, format)) = figure {
        let laws = FittedLaw::all(&sample).map_err(failed)?;
        let mut drawn = NoiseLaw::of(&sample, &laws).map_err(failed)?;
        drawn.notes = vec![format!("n = {}", sample.values().len())];
        save_as(&drawn, &path, format).map_err(|source| Failure::Figure { name: "noise-law", source })?;
        console.say(format!("{}", path.display()));
    }
    let report = Report { sample: &sample, entries: values.len(), estimates, goodness, held_out };
    Ok(write_data(if options.json { report.as_json(options) } else { report.as_table(study) })?)
}

/// What is done with every sample.
struct Study<'a> {
    estimators: &'a [Estimator],
    settings: &'a IntervalSettings,
    centre: Centre,
    /// Columns of a pooled array.
    columns: usize,
    seed: Seed,
}

/// An estimate, and the surrogate's.
struct Estimated {
    name: &'static str,
    index: Result<TailIndex, TailError>,
    surrogate: Result<TailIndex, TailError>,
}

type Estimates = Vec<Estimated>;

impl Study<'_> {
    fn sample(&self, values: &[f64]) -> Result<TailSample, TailError> {
        TailSample::new(values, self.centre)
    }

    /// The estimates for sample number `index`.
    fn estimates(&self, sample: &TailSample, index: u64) -> Estimates {
        let seed = Seed(self.seed.0.wrapping_add(index));
        let surrogate = GaussianSurrogate::of_rows(sample.entries(), self.columns)
            .and_then(|surrogate| TailSample::new(&surrogate.draw(seed), Centre::Zero));
        let one = |estimator: &Estimator| Estimated {
            name: estimator.name(),
            index: estimator.estimate(sample, self.settings),
            surrogate: surrogate.clone().and_then(|sample| estimator.estimate(&sample, self.settings)),
        };
        self.estimators.iter().map(one).collect()
    }
}

/// The samples in a file.
struct Data {
    samples: Vec<Vec<f64>>,
    /// Columns of the rows of the one sample, if it is pooled; else 1.
    columns: usize,
}

impl Data {
    fn read(options: &TailIndexOptions) -> Result<Self, Failure> {
        let path = &options.data;
        let wrong = |what: &str| Failure::Data { path: path.clone(), what: what.to_owned() };
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("npy") => Data::of_array(options),
            Some("csv") if options.axis.is_some() => Err(wrong("--axis is for arrays; a CSV file has --column")),
            Some("csv") => {
                let values = read_column(path, options.column.as_deref());
                let values = values.map_err(|source| Failure::Column { path: path.clone(), source })?;
                Ok(Data { samples: vec![values], columns: 1 })
            }
            _ => Err(wrong("the name of a data file ends in .csv or .npy")),
        }
    }

    fn of_array(options: &TailIndexOptions) -> Result<Self, Failure> {
        let path = &options.data;
        let wrong = |what: String| Failure::Data { path: path.clone(), what };
        let array = NpyArray::read(path).map_err(|source| Failure::Array { path: path.clone(), source })?;
        let shape = array.shape().to_vec();
        if let Some(at) = array.values().iter().position(|x| !x.is_finite()) {
            return Err(wrong(format!(
                "entry {:?} is {}: entries must be finite",
                place(&shape, at),
                array.values()[at]
            )));
        }
        let number = |column: &str| {
            let nothing = || wrong(format!("there is no column {column:?} in an array of shape {shape:?}"));
            column.parse().ok().filter(|c: &usize| shape.len() == 2 && *c < shape[1]).ok_or_else(nothing)
        };
        let column = options.column.as_deref().map(number).transpose()?;
        let values = array.into_values();
        match (shape.as_slice(), column, options.axis) {
            ([_] | [], ..) => Ok(Data { samples: vec![values], columns: 1 }),
            ([_, columns], Some(column), _) => {
                Ok(Data { samples: vec![values.into_iter().skip(column).step_by(*columns).collect()], columns: 1 })
            }
            ([_, columns], None, Some(Axis::Pooled)) => Ok(Data { samples: vec![values], columns: *columns }),
            ([_, 0] | [0, _], ..) => Err(wrong(format!("an array of shape {shape:?} holds nothing"))),
            ([_, columns], None, Some(Axis::Rows)) => {
                Ok(Data { samples: values.chunks(*columns).map(<[f64]>::to_vec).collect(), columns: 1 })
            }
            ([_, columns], None, Some(Axis::Columns)) => {
                let column = |c| values.iter().skip(c).step_by(*columns).copied().collect();
                Ok(Data { samples: (0..*columns).map(column).collect(), columns: 1 })
            }
            ([_, _], None, None) => {
                Err(wrong(format!("an array of shape {shape:?} needs --axis pooled, 0 or 1, or --column NUMBER")))
            }
            _ => Err(wrong(format!("an array of shape {shape:?}; one or two dimensions are read"))),
        }
    }
}

/// Indices of the entry number `at` in C order.
fn place(shape: &[usize], at: usize) -> Vec<usize> {
    let mut rest = at;
    let mut indices: Vec<usize> = shape.iter().rev().map(|size| (rest % size, rest /= size).0).collect();
    indices.reverse();
    indices
}

fn open_figure(path: &Path, force: bool) -> Result<(PathBuf, Format), Failure> {
    let format = Format::of(path).ok_or_else(|| Failure::FigureFormat { path: path.to_owned() })?;
    if path.exists() && !force {
        return Err(Failure::FigureExists { path: path.to_owned() });
    }
    Ok((path.to_owned(), format))
}

fn centre(text: &str, path: &Path) -> Result<Centre, Failure> {
    match text {
        "median" => Ok(Centre::Median),
        "zero" => Ok(Centre::Zero),
        _ => match text.parse() {
            Ok(location) => Ok(Centre::At(location)),
            Err(_) => {
                let what = format!("the centre {text:?} is none of median, zero and a number");
                Err(Failure::Data { path: path.to_owned(), what })
            }
        },
    }
}

fn estimators(options: &TailIndexOptions, many: bool) -> Vec<Estimator> {
    use EstimatorName::{Hill as Largest, Koutrouvelis, MaximumLikelihood, McCulloch, Mohammadi as Sums};
    let mut names = options.estimator.clone();
    if names.is_empty() {
        names = vec![Sums, Koutrouvelis, McCulloch, Largest, MaximumLikelihood];
        names.truncate(if many { 3 } else { 5 });
    }
    let block = options.block.map_or(BlockLength::LargestDivisor, BlockLength::Entries);
    let zeros = if options.keep_zeros { Zeros::Floored } else { Zeros::Excluded };
    let of = |name| match name {
        Sums => Estimator::Mohammadi(Mohammadi { block, zeros }),
        Koutrouvelis => Estimator::KOUTROUVELIS,
        McCulloch => Estimator::MCCULLOCH,
        Largest => Estimator::Hill(Hill { order: options.order }),
        MaximumLikelihood => Estimator::MAXIMUM_LIKELIHOOD,
    };
    names.into_iter().map(of).collect()
}

/// Everything about one sample.
struct Report<'a> {
    sample: &'a TailSample,
    entries: usize,
    estimates: Estimates,
    goodness: Result<GoodnessOfFit, TailError>,
    held_out: Result<[HeldOut; 3], TailError>,
}

impl Report<'_> {
    fn as_json(&self, options: &TailIndexOptions) -> String {
        let value = json!({
            "data": options.data, "entries": self.entries, "n": self.sample.values().len(),
            "zero_share": self.sample.zero_share(), "location": self.sample.location(),
            "estimates": self.estimates.iter().map(Estimated::as_json).collect::<Vec<_>>(),
            "goodness_of_fit": or_error(&self.goodness), "held_out": or_error(&self.held_out),
        });
        serde_json::to_string_pretty(&value).unwrap_or_default()
    }

    fn as_table(&self, study: &Study<'_>) -> String {
        let sample = self.sample;
        let mut lines = vec![format!(
            "{} entries, {:.2} % zeros, centred at {}",
            self.entries,
            100.0 * sample.zero_share(),
            short(sample.location())
        )];
        lines.push(String::new());
        let heading = ["estimator", "α", "95 % interval", "scale", "settings", "Gaussian of the same scales"];
        let mut rows = vec![heading.map(str::to_owned)];
        let mut notes = Vec::new();
        for estimated in &self.estimates {
            rows.push(estimated.row(&mut notes));
        }
        lines.extend(aligned(&rows, &[0, 4, 5]));
        lines.extend(notes);
        lines.push(String::new());
        match &self.goodness {
            Ok(fit) => lines.push(format!(
                "fit of the stable law (α = {:.4}): Kolmogorov D = {:.4}, p = {:.3}; Anderson-Darling A² = {:.3}, p = {:.3}",
                fit.alpha, fit.kolmogorov, fit.kolmogorov_p, fit.anderson_darling, fit.anderson_darling_p
            )),
            Err(error) => lines.push(format!("fit of the stable law: {error}")),
        }
        match &self.held_out {
            Ok(laws) => lines.extend(laws.iter().map(held_out_line)),
            Err(error) => lines.push(format!("held-out log likelihood: {error}")),
        }
        if study.columns == 1 {
            lines.push("The Gaussian has one scale; pooled parameters have many: see --axis pooled.".to_owned());
        }
        lines.join("\n")
    }
}

fn held_out_line(law: &HeldOut) -> String {
    // Adding 0 turns -0 into 0.
    let digits = |x: f64| format!("{:.4}", (x * 1e4).round() / 1e4 + 0.0);
    let ahead = law.stable_ahead_by.map_or(String::new(), |e| {
        format!(", the stable law is ahead by {} ({} to {})", digits(e.value), digits(e.lo), digits(e.hi))
    });
    format!("held-out log likelihood of an entry, {}: {}{ahead}", law.law, digits(law.mean_log_likelihood))
}

impl Estimated {
    fn row(&self, notes: &mut Vec<String>) -> [String; 6] {
        let surrogate = match &self.surrogate {
            Ok(index) => format!("{:.3} ({:.3} to {:.3})", index.alpha.value, index.alpha.lo, index.alpha.hi),
            Err(_) => "–".to_owned(),
        };
        match &self.index {
            Ok(index) => [
                self.name.to_owned(),
                format!("{:.4}", index.alpha.value),
                format!("{:.4} to {:.4}", index.alpha.lo, index.alpha.hi),
                index.scale.map_or("–".to_owned(), short),
                described(&index.settings),
                surrogate,
            ],
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

fn many_as_json(options: &TailIndexOptions, results: &[Result<Estimates, TailError>]) -> String {
    let one = |result: &Result<Estimates, TailError>| match result {
        Ok(estimates) => json!({ "estimates": estimates.iter().map(Estimated::as_json).collect::<Vec<_>>() }),
        Err(error) => json!({ "error": error.to_string() }),
    };
    json!({ "data": options.data, "samples": results.iter().map(one).collect::<Vec<_>>() }).to_string()
}

/// Quantiles of α̂ over the samples, and of the surrogates'.
fn many_as_table(estimators: &[Estimator], results: &[Result<Estimates, TailError>]) -> String {
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
            results.iter().flatten().filter_map(|estimates| pick(&estimates[place]).as_ref().ok()).collect()
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
    aligned(&rows, &[0, 6, 7]).join("\n")
}

fn deciles(indices: &[&TailIndex]) -> [String; 3] {
    let mut values: Vec<f64> = indices.iter().map(|index| index.alpha.value).collect();
    values.sort_unstable_by(f64::total_cmp);
    [0.1, 0.5, 0.9].map(|p| match values.len() {
        0 => "–".to_owned(),
        n => format!("{:.3}", values[(p * (n - 1) as f64).round() as usize]),
    })
}
