//! `tail-index`: the tail index of data, and tests of what its estimators assume.

mod data;
pub mod failure;
mod report;
mod warnings;

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::cli::console::{Console, write_data};
use crate::cli::line::arguments::{EstimatorName, TailIndexOptions};
use crate::experiment::FigureFormat;
use crate::noise::Seed;
use crate::report::{NoiseLaw, save_as};
use crate::tail::{
    Assumptions, BlockLength, Centre, Estimator, FittedLaw, GaussianSurrogate, Hill, IntervalSettings, Mohammadi,
    Series, TailError, TailSample, Zeros, goodness_of_fit, held_out, student_fit,
};
use data::LoadedData;
use failure::TailIndexFailure as Failure;
use report::{Estimated, Findings, Fit};

/// Prints a table, or JSON, and draws the figure.
pub fn tail_index(options: &TailIndexOptions, console: &Console) -> Result<(), Failure> {
    let figure = options.figure.as_deref().map(|path| open_figure(path, options.force)).transpose()?;
    let centre = centre(&options.centre)?;
    let LoadedData { samples, notes } = LoadedData::read(options)?;
    notes.iter().for_each(|note| console.say(format!("note: {note}")));
    if figure.is_some() && samples.len() > 1 {
        return Err(Failure::ManySamples { path: options.data.clone(), samples: samples.len() });
    }
    let estimators = estimators(options, samples.len() > 1);
    let settings = IntervalSettings { dependence: options.dependence, ..IntervalSettings::default() };
    let study = Study { estimators: &estimators, settings: &settings, centre, seed: Seed(options.seed) };
    if let [series] = samples.as_slice() {
        return study_one(options, console, &study, series, figure);
    }
    let one = |(index, series): (usize, &Series)| study.findings(series, index as u64);
    let results: Vec<Result<Findings, TailError>> = samples.par_iter().enumerate().map(one).collect();
    if let Some(source) = report::no_estimate(&results) {
        return Err(Failure::NoEstimate { path: options.data.clone(), samples: samples.len(), source });
    }
    let assumptions: Vec<Option<Assumptions>> =
        results.iter().map(|result| result.as_ref().ok().map(|found| found.assumptions.clone())).collect();
    let warnings = warnings::of_many(&samples, &assumptions);
    write_data(if options.json {
        report::many_as_json(options, &samples, &results, &warnings)
    } else {
        report::many_as_table(&estimators, &samples, &results)
    })?;
    warnings.iter().for_each(|warning| console.warn(warning));
    Ok(())
}

/// One sample: everything that there is to say.
fn study_one(
    options: &TailIndexOptions,
    console: &Console,
    study: &Study<'_>,
    series: &Series,
    figure: Option<(PathBuf, FigureFormat)>,
) -> Result<(), Failure> {
    let failed = |source| Failure::Tail { path: options.data.clone(), source };
    let found = study.findings(series, 0).map_err(failed)?;
    if found.estimates.iter().all(|e| e.index.is_err())
        && let Some(error) = found.estimates.iter().find_map(|e| e.index.as_ref().err())
    {
        return Err(failed(error.clone()));
    }
    let sample = &found.sample;
    let fit = Fit {
        goodness: goodness_of_fit(sample, study.seed),
        student: student_fit(sample, study.seed),
        held_out: held_out(sample, study.settings),
    };
    if let Some((path, format)) = figure {
        let laws = FittedLaw::all(sample).map_err(failed)?;
        let mut drawn = NoiseLaw::of(sample, &laws).map_err(failed)?;
        drawn.notes = vec![format!("n = {}", sample.values().len())];
        save_as(&drawn, &path, format).map_err(|source| Failure::Figure { name: "noise-law", source })?;
        console.say(format!("{}", path.display()));
    }
    let warnings = warnings::of_one(series, &found.assumptions);
    write_data(if options.json {
        report::one_as_json(options, series, &found, &fit, &warnings)
    } else {
        report::one_as_table(options, series, &found, &fit)
    })?;
    warnings.iter().for_each(|warning| console.warn(warning));
    Ok(())
}

/// What is done with every sample.
struct Study<'a> {
    estimators: &'a [Estimator],
    settings: &'a IntervalSettings,
    centre: Centre,
    seed: Seed,
}

impl Study<'_> {
    /// What there is to say about sample number `index`.
    fn findings(&self, series: &Series, index: u64) -> Result<Findings, TailError> {
        let sample = TailSample::new(&series.values, self.centre)?;
        let seed = Seed(self.seed.0.wrapping_add(index));
        // The zeros of rounded entries are spread like the others.
        let scales = if sample.rounding().is_some() { sample.values() } else { sample.entries() };
        let surrogate = GaussianSurrogate::of_rows(scales, series.columns)
            .and_then(|surrogate| TailSample::new(&surrogate.draw(seed), Centre::Zero));
        let one = |estimator: &Estimator| Estimated {
            name: estimator.name(),
            index: estimator.estimate(&sample, self.settings),
            surrogate: surrogate.clone().and_then(|sample| estimator.estimate(&sample, self.settings)),
        };
        let estimates = self.estimators.iter().map(one).collect();
        let assumptions = Assumptions::of(&sample, self.settings, series.columns);
        Ok(Findings { sample, assumptions, estimates })
    }
}

fn open_figure(path: &Path, force: bool) -> Result<(PathBuf, FigureFormat), Failure> {
    let format = FigureFormat::of(path).ok_or_else(|| Failure::FigureFormat { path: path.to_owned() })?;
    if path.exists() && !force {
        return Err(Failure::FigureExists { path: path.to_owned() });
    }
    Ok((path.to_owned(), format))
}

fn centre(text: &str) -> Result<Centre, Failure> {
    match text {
        "median" => Ok(Centre::Median),
        "zero" => Ok(Centre::Zero),
        _ => text.parse().map(Centre::At).map_err(|_| Failure::Centre { text: text.to_owned() }),
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
