//! The product of all sweeps: one cell for every combination.

use std::sync::Arc;

use super::sections::dynamics::DynamicsSection;
use super::sections::landscape::basin::{BasinMember, LandscapeSettings};
use super::sections::noise::{AmplitudeSection, Level, NoiseSection};
use super::sections::noise_law::LawSection;
use super::sections::occupancy::OccupancySection;
use super::sections::scheme::{SchemeSection, SchemeSettings};
use super::sections::sweep::Sweep;
use super::toml::diagnostic::{Diagnostic, Span};
use super::toml::diagnostics::Diagnostics;
use crate::dynamics::Problem;
use crate::noise::{Amplitude, LevyNoise, Measure, NoiseLaw};
use crate::scheme::{Limits, MeanPosition, Occupancy, Scheme, SchemeError};

/// Largest number of cells, and of the numbers that they hold: 4 GB.
const MOST_CELLS: u64 = 25_000;
const MOST_NUMBERS: u64 = 500_000_000;
/// Numbers that a prepared cell holds: its tables of quantiles, 134 kB as measured, and per dimension the vectors of the problem, the
/// kernel and the tables.
const NUMBERS_PER_CELL: u64 = 17_000;
const VECTORS_PER_CELL: u64 = 40;
/// Decimal exponent of the largest and smallest exit times, up to factors of the basin.
const MOST_DECADES: f64 = 302.0;

/// One cell of the sweep: a problem with a scheme and limits.
#[derive(Clone, Debug)]
pub struct CellPlan {
    /// Number of the cell, from 0. Seed and number determine the random streams, unless a stored sweep was extended.
    pub index: u64,
    /// Name of the dynamics, with what is swept of law and amplitude.
    pub dynamics: String,
    /// Name of the dynamics alone, as in its entry of the file.
    pub name: String,
    /// Name of the basin or family member.
    pub basin: String,
    /// Shape of the basin, by which figures group basins: the key `shape`, or the name of the basin.
    pub shape: String,
    /// Kind of the dynamics: its key in the experiment file.
    pub optimiser: &'static str,
    /// Settings that differ between dynamics, amplitudes or the members of a family, by their names.
    pub settings: Vec<(String, f64)>,
    /// Learning rate `η`, if the noise level is given by one.
    pub eta: Option<f64>,
    /// Normalisation of the Lévy measure.
    pub measure: Measure,
    /// The problem: basin, dynamics and noise.
    pub problem: Problem,
    /// The scheme that integrates it.
    pub scheme: Arc<dyn Scheme>,
    /// The wells and times of an experiment with `[occupancy]`; it is then the scheme, too.
    pub occupancy: Option<Arc<Occupancy>>,
    /// The times and the clip of an experiment with `[mean_position]`; it is then the scheme, too.
    pub mean_position: Option<Arc<MeanPosition>>,
    /// Time and steps after which a path is censored.
    pub limits: Limits<'static>,
    /// Settings that the basin and the scheme do not keep.
    pub(super) landscape: Arc<LandscapeSettings>,
    pub(super) scheme_settings: SchemeSettings,
    /// Distance `ρ` from the edge of the domain at which a path has left.
    pub(super) inset: f64,
}

/// The sections, before their sweeps are multiplied out.
pub(super) struct Plan {
    pub noise: NoiseSection,
    pub dynamics: Vec<DynamicsSection>,
    pub basins: Vec<BasinMember>,
    pub schemes: Vec<SchemeSection>,
    pub max_time: f64,
    pub occupancy: Option<OccupancySection>,
    pub mean_position: Option<Arc<MeanPosition>>,
}

/// One dynamics with its sweeps: its own, or those of `[noise]`.
struct SweptDynamics<'p> {
    section: &'p DynamicsSection,
    laws: &'p Sweep<LawSection>,
    levels: &'p Sweep<Level>,
    amplitudes: &'p Sweep<AmplitudeSection>,
}

impl SweptDynamics<'_> {
    /// Number of combinations; saturates.
    fn len(&self) -> u64 {
        self.lengths().iter().fold(1, |n: u64, (length, _)| n.saturating_mul(*length as u64))
    }

    /// Length and place of every sweep.
    fn lengths(&self) -> [(usize, &Span); 3] {
        [
            (self.laws.values.len(), &self.laws.span),
            (self.levels.values.len(), &self.levels.span),
            (self.amplitudes.values.len(), &self.amplitudes.span),
        ]
    }

    /// Numbers that the amplitudes of one cell in every basin hold; saturates.
    fn amplitude_size(&self, basins: &[BasinMember]) -> u64 {
        let Some(amplitude) = self.amplitudes.values.first() else { return 0 };
        basins.iter().fold(0, |n: u64, basin| n.saturating_add(amplitude.size(basin.dense_entries())))
    }

    /// Label of the cells with this law and amplitude: that of the dynamics, with those of their parameters that are swept.
    fn label(&self, law: &LawSection, amplitude: &Amplitude) -> String {
        let mut swept = Vec::new();
        let any = |differs: &dyn Fn(&LawSection) -> bool| self.laws.values.iter().any(differs);
        if any(&|other| other.name() != law.name()) {
            swept.push(format!("law={}", law.name()));
        }
        if let Some((name, value)) = law.parameter()
            && any(&|other| other.name() == law.name() && other.parameter() != law.parameter())
        {
            swept.push(format!("{name}={value}"));
        }
        if !law.source.is_empty() && any(&|other| !other.source.is_empty() && other.source != law.source) {
            swept.push(format!("from={}", law.source));
        }
        if any(&|other| other.is_rescaled(law)) {
            swept.push(format!("scale={}", law.scale));
        }
        if let Amplitude::Scalar(scale) = amplitude
            && self.amplitudes.values.len() > 1
        {
            swept.push(format!("amplitude={scale}"));
        }
        let label = &self.section.label;
        if swept.is_empty() { label.clone() } else { format!("{label}[{}]", swept.join(" ")) }
    }
}

/// Scheme, dynamics and basin of a cell.
#[derive(Clone, Copy)]
struct Combination<'p> {
    scheme: &'p SchemeSection,
    dynamics: &'p SweptDynamics<'p>,
    basin: &'p BasinMember,
}

/// One value of every sweep.
#[derive(Clone, Copy)]
struct SweepPoint<'p> {
    law: &'p LawSection,
    level: Level,
    amplitude: &'p AmplitudeSection,
}

impl Plan {
    /// The cells in the order of scheme, dynamics, basin, amplitude, tail index, noise level. Discrete optimisers come in the first
    /// round only.
    pub fn cells(&self, warnings: &mut Vec<String>, diagnostics: &Diagnostics) -> Option<Vec<CellPlan>> {
        let swept: Vec<Option<SweptDynamics<'_>>> =
            self.dynamics.iter().map(|dynamics| self.sweeps(dynamics, diagnostics)).collect();
        let swept: Vec<SweptDynamics<'_>> = swept.into_iter().collect::<Option<_>>()?;
        let mut cells = Vec::with_capacity(self.count(&swept, diagnostics)?);
        let steps = SchemeSection::steps();
        for (round, scheme) in self.schemes.iter().enumerate() {
            for dynamics in &swept {
                let is_discrete = dynamics.section.is_discrete();
                if is_discrete && round > 0 {
                    continue;
                }
                let scheme = if is_discrete { &steps } else { scheme };
                for basin in &self.basins {
                    // The errors of the first wrong cell represent those of the others.
                    let _ = self.append(&mut cells, Combination { scheme, dynamics, basin }, diagnostics);
                }
            }
        }
        for dynamics in &swept {
            if self.max_time.is_infinite() && dynamics.section.steps_vanish() {
                warnings.push(format!(
                    "{}: the steps shrink to 0, so paths may never leave; set `max_time` to end them",
                    dynamics.section.label
                ));
            }
            let by_eta = dynamics.levels.values.iter().any(|level| level.eta().is_some());
            if by_eta && dynamics.laws.values.iter().any(|law| law.alpha.get() <= 1.0) {
                warnings.push(format!(
                    "{}: at α ≤ 1 the level ε = η^((α-1)/α) does not vanish as η falls, so the limits of the theorems are not approached",
                    dynamics.section.label
                ));
            }
        }
        Some(cells)
    }

    fn sweeps<'p>(&'p self, section: &'p DynamicsSection, diagnostics: &Diagnostics) -> Option<SweptDynamics<'p>> {
        let laws = section.laws.as_ref().or(self.noise.laws.as_ref());
        let levels = section.level.as_ref().or(self.noise.level.as_ref());
        let amplitudes = section.amplitude.as_ref().unwrap_or(&self.noise.amplitude);
        for (missing, key) in [(laws.is_none(), "alpha"), (levels.is_none(), "epsilon")] {
            if missing {
                let message = format!("no `{key}` for {:?}", section.label);
                let help = format!("add `{key}` under [noise], or to this dynamics");
                diagnostics.report(Diagnostic::new(section.span.clone(), message).help(help));
            }
        }
        Some(SweptDynamics { section, laws: laws?, levels: levels?, amplitudes })
    }

    /// Number of cells. More than fit into memory are refused before any is built.
    fn count(&self, swept: &[SweptDynamics<'_>], diagnostics: &Diagnostics) -> Option<usize> {
        let basins = self.basins.len() as u64;
        // A discrete optimiser takes no scheme.
        let rounds = |dynamics: &SweptDynamics<'_>| {
            if dynamics.section.is_discrete() { 1 } else { self.schemes.len() as u64 }
        };
        let (mut per_basin, mut amplitudes) = (0u64, 0u64);
        for dynamics in swept {
            let cells = dynamics.len().saturating_mul(rounds(dynamics));
            per_basin = per_basin.saturating_add(cells);
            amplitudes = amplitudes.saturating_add(cells.saturating_mul(dynamics.amplitude_size(&self.basins)));
        }
        let cells = per_basin.saturating_mul(basins);
        let coordinates = self.basins.iter().fold(0, |n: u64, b| n.saturating_add(b.basin.dim() as u64));
        let vectors = per_basin.saturating_mul(coordinates).saturating_mul(VECTORS_PER_CELL);
        let numbers = vectors.saturating_add(amplitudes);
        let numbers = numbers.saturating_add(cells.saturating_mul(NUMBERS_PER_CELL));
        if cells > MOST_CELLS || numbers > MOST_NUMBERS {
            let megabytes = numbers / 125_000;
            let message = format!("the sweeps multiply to {cells} cells, which need {megabytes} MB");
            let help = format!("at most {MOST_CELLS} cells and {} MB; shorten a sweep", MOST_NUMBERS / 125_000);
            let lengths = swept.iter().flat_map(SweptDynamics::lengths);
            let longest = lengths.max_by_key(|(length, _)| *length).filter(|(length, _)| *length > 1);
            let span = longest.map_or(0..0, |(_, span)| span.clone());
            diagnostics.report(Diagnostic::new(span, message).help(help));
            return None;
        }
        usize::try_from(cells).ok()
    }

    /// Appends the cells of one scheme, dynamics and basin.
    fn append(&self, cells: &mut Vec<CellPlan>, combination: Combination<'_>, diagnostics: &Diagnostics) -> Option<()> {
        let SweptDynamics { laws, levels, amplitudes, .. } = combination.dynamics;
        let mut checked = None;
        for amplitude in &amplitudes.values {
            for law in &laws.values {
                for &level in &levels.values {
                    let point = SweepPoint { law, level, amplitude };
                    let mut cell = self.cell(combination, point, diagnostics)?;
                    cell.index = cells.len() as u64;
                    // Noise that is drawn once per step needs the step of its level.
                    if checked != Some((law, level)) {
                        if let Err(error) = cell.scheme.check(&cell.problem) {
                            diagnostics.report(match &self.occupancy {
                                Some(_) => occupancy_refusal(combination.dynamics.section, &error),
                                None if self.mean_position.is_some() => mean_position_refusal(combination, &error),
                                None => refusal(combination.scheme, &error),
                            });
                            return None;
                        }
                        checked = Some((law, level));
                    }
                    cells.push(cell);
                }
            }
        }
        Some(())
    }

    fn cell(&self, combination: Combination<'_>, point: SweepPoint<'_>, diagnostics: &Diagnostics) -> Option<CellPlan> {
        let Combination { scheme, dynamics, basin } = combination;
        let (eta, section) = (point.level.eta(), dynamics.section);
        if matches!((point.amplitude, self.noise.measure), (AmplitudeSection::Calibrated(_), Measure::Unit)) {
            let message = "a calibrated amplitude is a scale of the standard Lévy motion";
            let diagnostic = Diagnostic::new(dynamics.amplitudes.span.clone(), message);
            diagnostics.report(diagnostic.help("leave out `measure = \"unit\"`"));
            return None;
        }
        if matches!(point.amplitude, AmplitudeSection::Calibrated(_)) && !point.law.is_stable() {
            let message = "a calibrated amplitude is a scale of SαS noise, not of another law";
            let diagnostic = Diagnostic::new(dynamics.amplitudes.span.clone(), message);
            diagnostics.report(diagnostic.help("give `alpha` in place of the law; `empirical` needs no amplitude"));
            return None;
        }
        let alpha = point.law.alpha;
        let epsilon = diagnostics.check(&dynamics.levels.span, point.level.epsilon(alpha))?;
        let magnitude = -alpha.get() * epsilon.log10();
        if magnitude.abs() > MOST_DECADES {
            diagnostics.report(out_of_range(dynamics.levels.place_of(&point.level), point, epsilon, magnitude));
            return None;
        }
        let noise = self.noise(dynamics, point, epsilon, basin, diagnostics);
        let dim = basin.basin.dim();
        let sde = noise
            .as_ref()
            .and_then(|noise| section.at(eta, noise, dim).map_err(|diagnostic| diagnostics.report(diagnostic)).ok());
        let inset = basin.inset(epsilon);
        let landscape = basin.at(inset, diagnostics);
        let (noise, sde, landscape) = (noise?, sde?, landscape?);
        let help = match dim {
            1 => "give one number that is not 0".to_string(),
            _ if matches!(noise.amplitude(), Amplitude::LowRank(_)) => {
                format!("give `left` and `right` vectors of length {dim}, and not only zeros")
            }
            _ => format!("give a number, a list of {dim} numbers, or a {dim} × {dim} matrix, not all zero"),
        };
        diagnostics.check_with_help(&dynamics.amplitudes.span, noise.amplitude().check(dim), &help)?;
        let label = dynamics.label(point.law, noise.amplitude());
        let scale = match noise.amplitude() {
            Amplitude::Scalar(scale) => Some(("amplitude".to_string(), *scale)),
            _ => None,
        };
        let law = point.law.parameter().map(|(name, value)| (name.to_string(), value));
        let settings =
            scale.into_iter().chain(law).chain(section.settings.iter().cloned()).chain(basin.values.iter().cloned());
        let settings = settings.collect();
        let problem = diagnostics.check(&section.span, Problem::new(landscape, sde, noise))?;
        let occupancy = match &self.occupancy {
            Some(occupancy) => Some(occupancy.at(basin, self.schemes[0].settings, diagnostics)?),
            None => None,
        };
        let mean_position = self.mean_position.clone();
        let counted = occupancy.clone().map(|occupancy| occupancy as Arc<dyn Scheme>);
        let counted = counted.or_else(|| mean_position.clone().map(|positions| positions as Arc<dyn Scheme>));
        Some(CellPlan {
            index: 0,
            dynamics: label,
            name: section.label.clone(),
            basin: basin.label.clone(),
            shape: basin.shape.clone(),
            optimiser: section.kind,
            settings,
            eta,
            measure: self.noise.measure,
            problem,
            scheme: counted.unwrap_or_else(|| scheme.scheme.clone()),
            occupancy,
            mean_position,
            limits: Limits { max_time: self.max_time, max_events: scheme.max_events, stop: None },
            landscape: basin.settings.clone(),
            scheme_settings: scheme.settings,
            inset,
        })
    }

    /// The noise of one cell. Errors are reported at the level and at the tail index.
    fn noise(
        &self,
        dynamics: &SweptDynamics<'_>,
        point: SweepPoint<'_>,
        epsilon: f64,
        basin: &BasinMember,
        diagnostics: &Diagnostics,
    ) -> Option<LevyNoise> {
        let (alpha, eta) = (point.law.alpha, point.level.eta());
        let noise = diagnostics.check(&dynamics.levels.span, LevyNoise::new(alpha, epsilon))?;
        let noise = diagnostics.check(&dynamics.laws.span, noise.with_measure(self.noise.measure))?;
        // One unit of the noise of a step displaces by η, one of the motion by ε.
        let unit = if dynamics.section.is_discrete() { eta.unwrap_or(epsilon) } else { epsilon };
        let law = point.law.at(unit);
        if !law.has_motion() && eta.is_none() {
            let message = format!("{} noise is drawn once per step and needs a learning rate", law.name());
            let diagnostic = Diagnostic::new(dynamics.levels.span.clone(), message);
            diagnostics.report(diagnostic.help("give `eta` in place of `epsilon`"));
            return None;
        }
        let noise = if law == NoiseLaw::Stable {
            noise
        } else {
            diagnostics.check(&dynamics.laws.span, noise.with_law(law))?
        };
        let Some(amplitude) = point.amplitude.at(alpha, &basin.basin) else {
            let message =
                format!("the Hessian of {:?} has no root: it is not positive definite at the minimum", basin.label);
            let help = "give `amplitude` as numbers, or use `quadratic` with positive curvatures";
            diagnostics.report(Diagnostic::new(dynamics.amplitudes.span.clone(), message).help(help));
            return None;
        };
        let amplitude = if point.law.scale == 1.0 { amplitude } else { amplitude.scaled(point.law.scale) };
        Some(noise.with_structure(self.noise.structure).with_amplitude(amplitude))
    }
}

/// The error of a noise level whose exit times are of the order `10^magnitude`.
fn out_of_range(place: &Span, point: SweepPoint<'_>, epsilon: f64, magnitude: f64) -> Diagnostic {
    let alpha = point.law.alpha.get();
    let message = format!(
        "ε = {epsilon:e} at α = {alpha} gives exit times of the order ε^-α = 10^{magnitude:.0}, which `f64` cannot hold"
    );
    let key = if point.level.eta().is_some() { "eta" } else { "epsilon" };
    let end = (MOST_DECADES / alpha).floor();
    let help = match magnitude > 0.0 {
        true => format!("raise `{key}` until ε is above 1e-{end}: below, mean exit times grow as ε^-α"),
        false => format!("lower `{key}` until ε is below 1e{end}"),
    };
    Diagnostic::new(place.clone(), message).help(help)
}

/// The error of an occupancy, with a way to avoid it.
fn occupancy_refusal(dynamics: &DynamicsSection, error: &SchemeError) -> Diagnostic {
    match error {
        SchemeError::Sampled => {
            let message =
                "an occupancy draws only the large jumps, and the sampled second moment needs the noise of every step";
            let help = "use the second moment \"mean_field\" or \"frozen\", or `adam_steps`";
            Diagnostic::new(dynamics.span.clone(), message).help(help)
        }
        _ => Diagnostic::new(dynamics.span.clone(), error.to_string()),
    }
}

/// The error of a mean position, with a way to avoid it, at the setting that causes it.
fn mean_position_refusal(combination: Combination<'_>, error: &SchemeError) -> Diagnostic {
    let Combination { dynamics, basin, .. } = combination;
    let (span, help) = match error {
        SchemeError::NoMean { .. } => (&dynamics.laws.span, "give `alpha` above 1"),
        SchemeError::Law { .. } => (&dynamics.laws.span, "give `alpha` in place of the law, or `gaussian = {}`"),
        SchemeError::Unstable { .. } => (&dynamics.levels.span, "give a smaller `eta`"),
        _ if dynamics.section.kind == "adam" => (&dynamics.section.span, "use `adam_steps`, or leave `adam` out"),
        _ => (&basin.domain_span, "use `quadratic` or `asymmetric` with positive curvatures"),
    };
    Diagnostic::new(span.clone(), error.to_string()).help(help)
}

/// The error of a scheme, with a way to avoid it.
fn refusal(scheme: &SchemeSection, error: &SchemeError) -> Diagnostic {
    let diagnostic = Diagnostic::new(scheme.span.clone(), error.to_string());
    match error {
        SchemeError::Gaussian => diagnostic.help("use `euler = {}`, or leave 2 out of `alpha`"),
        SchemeError::Matrix { .. } => diagnostic.help(
            "`euler` needs no covariance; a potential of separate axes with a number or a list as `amplitude` needs no matrix",
        ),
        SchemeError::NoDistances { .. } => {
            diagnostic.help("use `euler = { monitoring = \"discrete\" }`, with a small `step`")
        }
        // A target in a landscape whose wells are not found.
        SchemeError::Law { .. } | SchemeError::Target { .. } | SchemeError::Landscape(_) => {
            diagnostic.help("use `euler = {}`")
        }
        SchemeError::NoMotion { eta, .. } => diagnostic.help(format!(
            "use an optimiser step by step, such as `sgd_steps = {}`, or `euler = {{ step = {eta}, monitoring = \"discrete\" }}`", "{}"
        )),
        SchemeError::Sampled => diagnostic.help("use `euler = {}`, or the second moment \"mean_field\""),
        _ => diagnostic,
    }
}
