//! The product of all sweeps: one cell for every combination.

use std::sync::Arc;

use super::sections::basin::BasinMember;
use super::sections::dynamics::DynamicsSection;
use super::sections::noise::{self, AmplitudeSection, Level, NoiseSection, Swept};
use super::sections::scheme::SchemeSection;
use super::toml::diagnostics::{Finding, Findings};
use crate::dynamics::Problem;
use crate::noise::{Alpha, Amplitude, Measure};
use crate::scheme::{Limits, Scheme, SchemeError};

/// Largest number of cells, and of the numbers they hold, that is taken on: 4 GB.
const MOST_CELLS: u64 = 25_000;
const MOST_NUMBERS: u64 = 500_000_000;
/// What a cell holds once it is prepared, in numbers: its tables of quantiles, 134 kB as measured, and for every dimension the vectors of
/// problem, kernel and rendering.
const NUMBERS_PER_CELL: u64 = 17_000;
const VECTORS_PER_CELL: u64 = 40;

/// One cell: a problem with a scheme and limits.
#[derive(Clone, Debug)]
pub struct CellPlan {
    /// Number of the cell, from 0; with the seed it fixes the random streams.
    pub index: u64,
    /// Name of the dynamics, with the amplitude if that is swept.
    pub dynamics: String,
    /// Name of the basin or family member.
    pub basin: String,
    /// Shape of the basin, by which figures group basins: the key `shape`, or the name of the basin.
    pub shape: String,
    /// Learning rate, where the noise level was given by one.
    pub eta: Option<f64>,
    /// Normalisation of the Lévy measure.
    pub measure: Measure,
    /// What is simulated.
    pub problem: Problem,
    /// How.
    pub scheme: Arc<dyn Scheme>,
    /// Until when.
    pub limits: Limits<'static>,
}

/// The sections, before they are multiplied out.
pub(super) struct Plan {
    pub noise: NoiseSection,
    pub dynamics: Vec<DynamicsSection>,
    pub basins: Vec<BasinMember>,
    pub schemes: Vec<SchemeSection>,
    pub max_time: f64,
}

/// Tail indices, levels and amplitudes of one dynamics, its own before the common ones.
struct Axes<'p> {
    alphas: &'p Swept<Alpha>,
    levels: &'p Swept<Level>,
    amplitudes: &'p Swept<AmplitudeSection>,
}

impl Axes<'_> {
    fn len(&self) -> u64 {
        let lengths = [self.alphas.values.len(), self.levels.values.len(), self.amplitudes.values.len()];
        lengths.iter().fold(1, |n: u64, length| n.saturating_mul(*length as u64))
    }

    /// Numbers that the amplitude of one cell holds.
    fn amplitude_size(&self) -> u64 {
        self.amplitudes.values.first().map_or(0, |amplitude| amplitude.size() as u64)
    }
}

impl Plan {
    /// The cells in the order of scheme, dynamics, basin, amplitude, tail index, noise level; discrete optimisers come in the first
    /// round only.
    pub fn cells(&self, warnings: &mut Vec<String>, findings: &Findings) -> Option<Vec<CellPlan>> {
        let axes: Vec<Option<Axes<'_>>> = self.dynamics.iter().map(|d| self.axes(d, findings)).collect();
        let axes: Vec<Axes<'_>> = axes.into_iter().collect::<Option<_>>()?;
        let mut cells = Vec::with_capacity(self.count(&axes, findings)?);
        let steps = SchemeSection::steps();
        for (round, scheme) in self.schemes.iter().enumerate() {
            for (dynamics, axes) in self.dynamics.iter().zip(&axes) {
                let scheme = match dynamics.is_discrete() {
                    true if round > 0 => continue,
                    true => &steps,
                    false => scheme,
                };
                for basin in &self.basins {
                    // The first cell that cannot be built speaks for those like it.
                    let _ = self.append(&mut cells, (scheme, dynamics, basin), axes, findings);
                }
            }
        }
        for (dynamics, axes) in self.dynamics.iter().zip(&axes) {
            let by_eta = axes.levels.values.iter().any(|l| matches!(l, Level::Eta(_)));
            if by_eta && axes.alphas.values.iter().any(|a| a.get() <= 1.0) {
                warnings.push(format!(
                    "{}: at α ≤ 1 the level ε = η^((α-1)/α) does not vanish as η falls, so the limits of the theorems are not approached",
                    dynamics.label
                ));
            }
        }
        Some(cells)
    }

    fn axes<'p>(&'p self, dynamics: &'p DynamicsSection, findings: &Findings) -> Option<Axes<'p>> {
        let alphas = dynamics.alpha.as_ref().or(self.noise.alpha.as_ref());
        let levels = dynamics.level.as_ref().or(self.noise.level.as_ref());
        let amplitudes = dynamics.amplitude.as_ref().unwrap_or(&self.noise.amplitude);
        for (missing, key) in [(alphas.is_none(), "alpha"), (levels.is_none(), "epsilon")] {
            if missing {
                let message = format!("no `{key}` for {:?}", dynamics.label);
                let help = format!("add `{key}` under [noise], or to this dynamics");
                findings.push(Finding::new(dynamics.span.clone(), message).help(help));
            }
        }
        Some(Axes { alphas: alphas?, levels: levels?, amplitudes })
    }

    /// Number of cells; refuses more than fit into memory before it is taken.
    fn count(&self, axes: &[Axes<'_>], findings: &Findings) -> Option<usize> {
        let basins = self.basins.len() as u64;
        // A discrete optimiser is its own scheme.
        let rounds = |d: &DynamicsSection| if d.is_discrete() { 1 } else { self.schemes.len() as u64 };
        let runs = || self.dynamics.iter().map(rounds).zip(axes);
        let per_basin = runs().fold(0, |n: u64, (rounds, a)| n.saturating_add(a.len().saturating_mul(rounds)));
        let cells = per_basin.saturating_mul(basins);
        let coordinates = self.basins.iter().fold(0, |n: u64, b| n.saturating_add(b.basin.dim() as u64));
        let amplitude =
            |(rounds, a): (u64, &Axes<'_>)| a.len().saturating_mul(rounds).saturating_mul(a.amplitude_size());
        let amplitudes = runs().map(amplitude).fold(0, u64::saturating_add);
        let vectors = per_basin.saturating_mul(coordinates).saturating_mul(VECTORS_PER_CELL);
        let numbers = vectors.saturating_add(amplitudes.saturating_mul(basins));
        let numbers = numbers.saturating_add(cells.saturating_mul(NUMBERS_PER_CELL));
        if cells > MOST_CELLS || numbers > MOST_NUMBERS {
            let megabytes = numbers / 125_000;
            let message = format!("the sweeps multiply to {cells} cells, which need {megabytes} MB");
            let help = format!("at most {MOST_CELLS} cells and {} MB; shorten a sweep", MOST_NUMBERS / 125_000);
            let sweeps = axes.iter().flat_map(|a| {
                let lengths = [a.alphas.values.len(), a.levels.values.len(), a.amplitudes.values.len()];
                lengths.into_iter().zip([&a.alphas.span, &a.levels.span, &a.amplitudes.span])
            });
            let longest = sweeps.max_by_key(|(length, _)| *length).filter(|(length, _)| *length > 1);
            findings.push(Finding::new(longest.map_or(0..0, |(_, span)| span.clone()), message).help(help));
            return None;
        }
        usize::try_from(cells).ok()
    }

    /// Appends the cells of one scheme, dynamics and basin.
    fn append(
        &self,
        cells: &mut Vec<CellPlan>,
        parts: (&SchemeSection, &DynamicsSection, &BasinMember),
        axes: &Axes<'_>,
        findings: &Findings,
    ) -> Option<()> {
        let mut checked: Option<Alpha> = None;
        for amplitude in &axes.amplitudes.values {
            for &alpha in &axes.alphas.values {
                for &level in &axes.levels.values {
                    let mut cell = self.cell(parts, axes, (amplitude, alpha, level), findings)?;
                    cell.index = cells.len() as u64;
                    if checked != Some(alpha) {
                        if let Err(error) = cell.scheme.check(&cell.problem) {
                            findings.push(refusal(parts.0, &error));
                            return None;
                        }
                        checked = Some(alpha);
                    }
                    cells.push(cell);
                }
            }
        }
        Some(())
    }

    fn cell(
        &self,
        (scheme, dynamics, basin): (&SchemeSection, &DynamicsSection, &BasinMember),
        axes: &Axes<'_>,
        (section, alpha, level): (&AmplitudeSection, Alpha, Level),
        findings: &Findings,
    ) -> Option<CellPlan> {
        let (epsilon, eta) = level.resolve(alpha);
        let places = (&axes.alphas.span, &axes.levels.span);
        if matches!((section, self.noise.measure), (AmplitudeSection::Calibrated(_), Measure::Unit)) {
            let message = "a calibrated amplitude is a scale of the standard Lévy motion";
            let finding = Finding::new(axes.amplitudes.span.clone(), message);
            findings.push(finding.help("leave out `measure = \"unit\"`"));
            return None;
        }
        let amplitude = &section.at(alpha);
        let noise = noise::noise(&self.noise, (alpha, epsilon, amplitude), places, findings);
        let sde = dynamics.at(eta).map_err(|finding| findings.push(finding)).ok();
        let landscape = basin.at(epsilon, findings);
        let (noise, sde, landscape) = (noise?, sde?, landscape?);
        let dim = landscape.dim();
        let help = match dim {
            1 => "give a number other than 0".to_string(),
            _ if matches!(amplitude, Amplitude::LowRank(_)) => {
                format!("give `left` and `right` vectors of length {dim}, and not only zeros")
            }
            _ => format!("give a number, a list of {dim} numbers, or a {dim} × {dim} matrix, not all zero"),
        };
        findings.note_with_help(&axes.amplitudes.span, noise.amplitude().check(dim), &help)?;
        let problem = findings.note(&dynamics.span, Problem::new(landscape, sde, noise))?;
        let label = match amplitude {
            Amplitude::Scalar(scale) if axes.amplitudes.values.len() > 1 => {
                format!("{}[amplitude={scale}]", dynamics.label)
            }
            _ => dynamics.label.clone(),
        };
        Some(CellPlan {
            index: 0,
            dynamics: label,
            basin: basin.label.clone(),
            shape: basin.shape.clone(),
            eta,
            measure: self.noise.measure,
            problem,
            scheme: scheme.scheme.clone(),
            limits: Limits { max_time: self.max_time, max_events: scheme.max_events, stop: None },
        })
    }
}

/// What a scheme refuses, with the way out.
fn refusal(scheme: &SchemeSection, error: &SchemeError) -> Finding {
    let finding = Finding::new(scheme.span.clone(), error.to_string());
    match error {
        SchemeError::Gaussian => finding.help("use `euler = {}`, or leave 2 out of `alpha`"),
        SchemeError::Matrix { .. } => finding.help(
            "`euler` needs no covariance; a potential of separate axes with a number or a list as `amplitude` needs no matrix",
        ),
        SchemeError::Sampled => finding.help("use `euler = {}`, or the second moment \"mean_field\""),
        _ => finding,
    }
}
