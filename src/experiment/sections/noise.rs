//! `[noise]`: law, level, structure, normalisation and amplitude.

use nalgebra::DMatrix;

use super::calibration::{names_calibration, read_mean_logs};
use super::noise_law::{LawSection, read_all_laws};
use super::sweep::{Sweep, read_sweep};
use crate::calibrate::scale_of;
use crate::experiment::toml::diagnostic::Diagnostic;
use crate::experiment::toml::node::Kind;
use crate::experiment::toml::reader::{MATRIX_HELP, TableReader, Value};
use crate::landscape::Basin;
use crate::noise::{Alpha, Amplitude, LowRank, Measure, NoiseError, Structure, epsilon_of_learning_rate};

/// Keys of an amplitude `diag(D) + U Vᵀ`.
const LOW_RANK_KEYS: [&str; 3] = ["diagonal", "left", "right"];

/// A noise level as it is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::experiment) enum Level {
    Epsilon(f64),
    Eta(f64),
}

impl Level {
    /// The noise level `ε` at tail index `alpha`.
    ///
    /// # Errors
    /// [`NoiseError::LearningRate`] for a learning rate that is not positive and finite.
    pub fn epsilon(self, alpha: Alpha) -> Result<f64, NoiseError> {
        match self {
            Level::Epsilon(epsilon) => Ok(epsilon),
            Level::Eta(eta) => epsilon_of_learning_rate(alpha, eta),
        }
    }

    /// The learning rate `η`, if the level is given by one.
    pub fn eta(self) -> Option<f64> {
        match self {
            Level::Epsilon(_) => None,
            Level::Eta(eta) => Some(eta),
        }
    }
}

/// An amplitude as it is given.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::experiment) enum AmplitudeSection {
    Fixed(Amplitude),
    /// Measured means of `log |noise|`, whose scales depend on the tail index.
    Calibrated(Vec<f64>),
    /// The root of the Hessian at the minimum of each basin.
    RootHessian,
}

impl AmplitudeSection {
    /// The amplitude at tail index `alpha` in a basin; `None` if it is the root of a Hessian that is not positive definite, or differs between
    /// the two sides of the minimum.
    pub fn at(&self, alpha: Alpha, basin: &Basin) -> Option<Amplitude> {
        match self {
            AmplitudeSection::Fixed(amplitude) => Some(amplitude.clone()),
            AmplitudeSection::Calibrated(logs) => {
                Some(Amplitude::Diagonal(logs.iter().map(|&mean_log| scale_of(mean_log, alpha)).collect()))
            }
            AmplitudeSection::RootHessian => root_hessian(basin),
        }
    }

    /// Numbers that it holds on the heap, where the Hessian of the basin has `dense_entries`.
    pub fn size(&self, dense_entries: u64) -> u64 {
        match self {
            AmplitudeSection::Fixed(amplitude) => amplitude.size() as u64,
            AmplitudeSection::Calibrated(numbers) => numbers.len() as u64,
            AmplitudeSection::RootHessian => dense_entries,
        }
    }
}

/// `H^½` at the minimum.
fn root_hessian(basin: &Basin) -> Option<Amplitude> {
    match basin.potential().form().axis_curvatures(basin.dim()) {
        Some([left, right]) => {
            let is_positive = left == right && left.iter().all(|k| *k > 0.0);
            is_positive.then(|| Amplitude::Diagonal(left.iter().map(|k| k.sqrt()).collect()))
        }
        None => {
            let mut axes = basin.potential().hessian(basin.minimum()).symmetric_eigen();
            let is_positive = axes.eigenvalues.iter().all(|k| *k > 0.0);
            axes.eigenvalues.apply(|k| *k = k.max(0.0).sqrt());
            is_positive.then(|| Amplitude::Dense(axes.recompose()))
        }
    }
}

/// The section, before its sweeps are multiplied out.
#[derive(Clone, Debug)]
pub(in crate::experiment) struct NoiseSection {
    pub laws: Option<Sweep<LawSection>>,
    pub level: Option<Sweep<Level>>,
    pub amplitude: Sweep<AmplitudeSection>,
    pub structure: Structure,
    pub measure: Measure,
}

/// Reads `[noise]`. Law and level may be left to the dynamics.
pub(in crate::experiment) fn read(value: Value<'_>) -> Option<NoiseSection> {
    let table = value.table()?;
    let before = value.reading.diagnostics.count();
    let laws = read_all_laws(&table);
    let level = read_level(&table);
    let amplitude = read_amplitude(&table);
    let unit = Sweep::of_default(AmplitudeSection::Fixed(Amplitude::default()), table.span.clone());
    let structures = [("independent", Structure::Independent), ("isotropic", Structure::Isotropic)];
    let structure = table.get("structure").map_or(Some(Structure::default()), |s| s.word(&structures));
    let measures = [("standard", Measure::Standard), ("unit", Measure::Unit)];
    let measure = table.get("measure").map_or(Some(Measure::default()), |m| m.word(&measures));
    table.finish();
    if value.reading.diagnostics.count() > before {
        return None;
    }
    Some(NoiseSection {
        laws: laws?,
        level: level?,
        amplitude: amplitude?.unwrap_or(unit),
        structure: structure?,
        measure: measure?,
    })
}

/// `epsilon` or `eta`, if one is given; `None` if it is wrong.
pub(in crate::experiment) fn read_level(table: &TableReader<'_>) -> Option<Option<Sweep<Level>>> {
    let (epsilon, eta) = (table.get("epsilon"), table.get("eta"));
    let (value, wrap): (Value<'_>, fn(f64) -> Level) = match (epsilon, eta) {
        (Some(_), Some(eta)) => {
            eta.report("give either `epsilon` or `eta`, not both");
            return None;
        }
        (Some(epsilon), None) => (epsilon, Level::Epsilon),
        (None, Some(eta)) => (eta, Level::Eta),
        (None, None) => return Some(None),
    };
    let values = read_sweep(value)?;
    let levels = Sweep::new(values, value);
    if let Some(bad) = levels.values.iter().find(|v| !(**v > 0.0)) {
        let message = format!("`{}` must be positive, not {bad}", value.key);
        value.reading.diagnostics.report(Diagnostic::new(levels.place_of(bad).clone(), message));
        return None;
    }
    Some(Some(levels.map(wrap)))
}

/// `amplitude`, if it is given: a number or a sweep table of numbers, a diagonal, a matrix, a diagonal and a matrix of low rank, a calibration,
/// or the root of the Hessian; `None` if it is wrong.
pub(in crate::experiment) fn read_amplitude(table: &TableReader<'_>) -> Option<Option<Sweep<AmplitudeSection>>> {
    let Some(value) = table.get("amplitude") else { return Some(None) };
    let fixed = |amplitude| vec![AmplitudeSection::Fixed(amplitude)];
    let values = if names_calibration(value) {
        vec![AmplitudeSection::Calibrated(read_mean_logs(value)?)]
    } else if matches!(value.node.kind, Kind::Text(_)) {
        value.word(&[("root_hessian", ())])?;
        vec![AmplitudeSection::RootHessian]
    } else if LOW_RANK_KEYS.iter().any(|key| value.has_key(key)) {
        fixed(read_low_rank(value)?)
    } else if !value.is_list() {
        read_sweep(value)?.into_iter().map(|scale| AmplitudeSection::Fixed(Amplitude::Scalar(scale))).collect()
    } else if value.list()?.next().is_some_and(|first| first.is_list()) {
        let rows = value.rows(MATRIX_HELP)?;
        fixed(Amplitude::Dense(DMatrix::from_fn(rows.len(), rows[0].len(), |i, j| rows[i][j])))
    } else {
        fixed(Amplitude::Diagonal(value.numbers()?))
    };
    Some(Some(Sweep::new(values, value)))
}

/// `{ diagonal = .., left = [[..], ..], right = [[..], ..] }`: `diag(D) + U Vᵀ` with the columns of `U` and `V` as the rows of `left`
/// and `right`; without `right` `V = U`.
fn read_low_rank(value: Value<'_>) -> Option<Amplitude> {
    let table = value.table()?;
    let [diagonal_key, left_key, right_key] = LOW_RANK_KEYS;
    let diagonal = table.need(diagonal_key, "1.0");
    let left = table.need(left_key, "[[0.5, 0.5]]");
    let right = table.get(right_key);
    table.finish();
    // All parts are read, so that the errors of each are reported.
    let numbers = |d: Value<'_>| if d.is_list() { d.numbers() } else { d.number().map(|d| vec![d]) };
    let (diagonal, numbers) = (diagonal, diagonal.and_then(numbers));
    let vectors = |value: Value<'_>| value.rows("give the vectors one length, the dimension of the basin");
    let (u, v) = (left.and_then(vectors), right.map(vectors));
    let (diagonal, mut numbers, left, u) = (diagonal?, numbers?, left?, u?);
    let v = v.unwrap_or_else(|| Some(u.clone()))?;
    let (dim, rank) = (u[0].len(), u.len());
    if !diagonal.is_list() {
        numbers = vec![numbers[0]; dim];
    }
    if numbers.len() != dim {
        let message = format!("`diagonal` has {} entries, the vectors of `left` have {dim}", numbers.len());
        diagonal.report_with_help(message, format!("give a number, or a list of {dim}"));
        return None;
    }
    if (v.len(), v[0].len()) != (rank, dim) {
        let of = |rows: &[Vec<f64>]| format!("{} vectors of length {}", rows.len(), rows[0].len());
        let message = format!("`right` holds {}, `left` {}", of(&v), of(&u));
        right.unwrap_or(left).report_with_help(message, "give `right` as many vectors as `left`");
        return None;
    }
    let factor = |rows: &[Vec<f64>]| DMatrix::from_fn(dim, rank, |i, r| rows[r][i]);
    value.check(LowRank::new(numbers, factor(&u), factor(&v))).map(Amplitude::from)
}
