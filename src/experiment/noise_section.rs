//! `[noise]`: tail index, level, structure, normalisation and amplitude.

use nalgebra::DMatrix;

use super::finding::{Finding, Findings, Span};
use super::reader::{TableReader, Value};
use super::sweep::sweep;
use crate::noise::{Alpha, Amplitude, LevyNoise, Measure, Structure, epsilon_of_learning_rate};

/// A noise level as it was given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Level {
    Epsilon(f64),
    Eta(f64),
}

impl Level {
    /// `ε`, and `η` where that was given.
    pub fn resolve(self, alpha: Alpha) -> (f64, Option<f64>) {
        match self {
            Level::Epsilon(epsilon) => (epsilon, None),
            Level::Eta(eta) => (epsilon_of_learning_rate(alpha, eta).unwrap_or(f64::NAN), Some(eta)),
        }
    }
}

/// A swept setting with its place.
#[derive(Clone, Debug)]
pub(super) struct Swept<T> {
    pub values: Vec<T>,
    pub span: Span,
}

/// The section, swept values still apart.
#[derive(Clone, Debug)]
pub(super) struct NoiseSection {
    pub alpha: Option<Swept<Alpha>>,
    pub level: Option<Swept<Level>>,
    pub amplitude: Swept<Amplitude>,
    pub structure: Structure,
    pub measure: Measure,
}

/// Reads `[noise]`. Tail index and level may be left to the dynamics.
pub(super) fn read(value: Value<'_>) -> Option<NoiseSection> {
    let table = value.table()?;
    let before = value.findings.len();
    let alpha = read_alpha(&table);
    let level = read_level(&table);
    let amplitude =
        read_amplitude(&table).unwrap_or(Some(Swept { values: vec![Amplitude::default()], span: table.span.clone() }));
    let structure = table.get("structure").map_or(Some(0), |s| s.word(&["independent", "isotropic"]));
    let measure_value = table.get("measure");
    let measure = measure_value.map_or(Some(0), |m| m.word(&["standard", "unit"]));
    table.finish();
    if value.findings.len() > before {
        return None;
    }
    Some(NoiseSection {
        alpha,
        level,
        amplitude: amplitude?,
        structure: if structure? == 1 { Structure::Isotropic } else { Structure::Independent },
        measure: if measure? == 1 { Measure::Unit } else { Measure::Standard },
    })
}

/// `alpha`, if given and right.
pub(super) fn read_alpha(table: &TableReader<'_>) -> Option<Swept<Alpha>> {
    let value = table.get("alpha")?;
    let values = sweep(value)?;
    let alphas: Option<Vec<Alpha>> = values.iter().map(|a| Alpha::new(*a).ok()).collect();
    if alphas.is_none() {
        let bad = values.iter().find(|a| Alpha::new(**a).is_err()).copied().unwrap_or(f64::NAN);
        let finding = value.refuse(format!("tail index α = {bad} is outside (0, 2]"));
        value.findings.push(finding.help("the paper measures 1 < α < 2; α = 2 is Gaussian noise"));
    }
    Some(Swept { values: alphas?, span: value.node.span.clone() })
}

/// `epsilon` or `eta`, if given and right.
pub(super) fn read_level(table: &TableReader<'_>) -> Option<Swept<Level>> {
    let (epsilon, eta) = (table.get("epsilon"), table.get("eta"));
    let (value, wrap): (Value<'_>, fn(f64) -> Level) = match (epsilon, eta) {
        (Some(_), Some(eta)) => {
            eta.findings.push(eta.refuse("give either `epsilon` or `eta`, not both"));
            return None;
        }
        (Some(epsilon), None) => (epsilon, Level::Epsilon),
        (None, Some(eta)) => (eta, Level::Eta),
        (None, None) => return None,
    };
    let values = sweep(value)?;
    if let Some(bad) = values.iter().find(|v| !(**v > 0.0)) {
        value.findings.push(value.refuse(format!("`{}` must be positive, not {bad}", value.key)));
        return None;
    }
    Some(Swept { values: values.into_iter().map(wrap).collect(), span: value.node.span.clone() })
}

/// `amplitude`: a number or a sweep table of numbers, a diagonal, or a matrix. `None` if it is absent.
pub(super) fn read_amplitude(table: &TableReader<'_>) -> Option<Option<Swept<Amplitude>>> {
    let value = table.get("amplitude")?;
    let swept = |values| Some(Swept { values, span: value.node.span.clone() });
    if !value.is_list() {
        return Some(sweep(value).and_then(|values| swept(values.into_iter().map(Amplitude::Scalar).collect())));
    }
    let is_matrix = value.list().is_some_and(|mut items| items.next().is_some_and(|first| first.is_list()));
    if !is_matrix {
        return Some(value.numbers().and_then(|diagonal| swept(vec![Amplitude::Diagonal(diagonal)])));
    }
    Some(value.rows().and_then(|rows| {
        let matrix = DMatrix::from_fn(rows.len(), rows[0].len(), |i, j| rows[i][j]);
        swept(vec![Amplitude::Dense(matrix)])
    }))
}

/// What would fit a basin of dimension `dim`.
pub(super) fn amplitude_help(dim: usize) -> String {
    match dim {
        1 => "give a number other than 0".to_string(),
        _ => format!("give a number, a list of {dim} numbers, or a {dim} × {dim} matrix, not all zero"),
    }
}

/// The noise of one cell.
pub(super) fn noise(
    section: &NoiseSection,
    alpha: Alpha,
    epsilon: f64,
    amplitude: &Amplitude,
    place: &Span,
    findings: &Findings,
) -> Option<LevyNoise> {
    let noise = LevyNoise::new(alpha, epsilon).and_then(|noise| noise.with_measure(section.measure));
    match noise {
        Ok(noise) => Some(noise.with_structure(section.structure).with_amplitude(amplitude.clone())),
        Err(error) => {
            findings.push(Finding::new(place.clone(), error.to_string()));
            None
        }
    }
}
