//! The experiment file as a whole: parsed, checked, and planned into cells.

use std::cell::Cell;
use std::sync::Arc;

use super::basin_section::{self, BasinMember};
use super::dynamics_section::{self, DynamicsSection};
use super::figure_kind::FigureKind;
use super::finding::{ExperimentErrors, Finding, Findings};
use super::node::{Kind, Node};
use super::noise_section::{self, Level, NoiseSection, Swept};
use super::reader::{TableReader, Value};
use super::scheme_section::{self, SchemeSection};
use crate::dynamics::Problem;
use crate::noise::{Alpha, Amplitude, Measure, Seed};
use crate::scheme::{Limits, Scheme};

/// Largest number of cells, and of cells times dimensions, that is taken on.
const MOST_CELLS: usize = 1_000_000;
const MOST_ENTRIES: usize = 200_000_000;
/// Cells whose scheme is asked while the file is read; the others are asked before the first path is run.
const MOST_ASKED: u64 = 200;
/// Largest number of paths of one cell.
const MOST_PATHS: u64 = 1_000_000_000_000;

/// An experiment: what to run, cell by cell, and what to draw of it.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Name, which is the folder of its results.
    pub name: String,
    /// Seed of every random stream.
    pub seed: Seed,
    /// Paths of every cell.
    pub paths: u64,
    /// Paths of every cell in a quick run; a tenth of `paths` unless the file says otherwise.
    pub quick_paths: u64,
    /// The cells in the order of scheme, dynamics, basin, amplitude, tail index, noise level.
    pub cells: Vec<CellPlan>,
    /// The figures asked for.
    pub figures: Vec<FigureKind>,
    /// What a user should know although nothing is wrong.
    pub warnings: Vec<String>,
    /// The file as it was read.
    pub text: Arc<str>,
}

/// One cell: a problem with a scheme and limits.
#[derive(Clone, Debug)]
pub struct CellPlan {
    /// Number of the cell, from 0; with the seed it fixes the random streams.
    pub index: u64,
    /// Name of the dynamics.
    pub dynamics: String,
    /// Name of the basin or family member.
    pub basin: String,
    /// Learning rate, where the noise level was given by one.
    pub eta: Option<f64>,
    /// Normalisation of the Lévy measure.
    pub measure: Measure,
    /// What is simulated.
    pub problem: Problem,
    /// How.
    pub scheme: Arc<dyn Scheme>,
    /// Until when.
    pub limits: Limits,
}

impl Experiment {
    /// Parses and checks the text of `file`.
    ///
    /// # Errors
    /// [`ExperimentErrors`] with everything that is wrong, each with its place.
    pub fn parse(file: &str, text: &str) -> Result<Self, ExperimentErrors> {
        let text: Arc<str> = text.into();
        let findings = Findings::default();
        let tree = Node::parse(&text, &findings);
        let experiment = if findings.len() == 0 { read(&tree, &text, &findings) } else { None };
        let noted = findings.take();
        match experiment {
            Some(experiment) if noted.is_empty() => Ok(experiment),
            _ => Err(ExperimentErrors::new(file, text, noted)),
        }
    }
}

fn read(tree: &Node, text: &Arc<str>, findings: &Findings) -> Option<Experiment> {
    let top = TableReader::new(tree, "file", findings)?;
    let name = top.need("name", "\"my-experiment\"").and_then(read_name);
    let seed = top.get("seed").map_or(Some(0), |seed| seed.integer(0, u64::MAX));
    let paths = top.need("paths", "10_000").and_then(|paths| paths.integer(1, MOST_PATHS));
    let max_time = top.get("max_time").map_or(Some(f64::INFINITY), |time| time.positive());
    let quick = top.get("quick").map(|quick| {
        let quick = quick.table()?;
        let paths = quick.need("paths", "1_000").and_then(|paths| paths.integer(1, MOST_PATHS));
        quick.finish();
        paths
    });
    let noise = top.need("noise", "{ alpha = 1.5, epsilon = 0.1 }").and_then(noise_section::read);
    let dynamics = several(top.get("dynamics"), dynamics_section::read);
    let left = Cell::new(basin_section::MOST_COORDINATES);
    let basins = several(top.get("basin"), |value| Some(basin_section::read(value, &left)));
    if let Some(Value { node: Node { kind: Kind::List(items), .. }, .. }) = top.get("basin") {
        basin_section::refuse_duplicate_names(items, findings);
    }
    let schemes = several(top.get("scheme"), scheme_section::read);
    let figures = read_figures(&top, findings);
    for (key, example, given) in [
        ("dynamics", "[[dynamics]]\nsgd = {}", top.get("dynamics").is_some()),
        ("basin", "[[basin]]\nname = \"…\"", top.get("basin").is_some()),
        ("scheme", "[scheme]\njump_adapted = {}", top.get("scheme").is_some()),
    ] {
        if !given {
            findings.push(Finding::new(0..1, format!("`{key}` is missing")).help(format!("add:\n{example}")));
        }
    }
    top.finish();
    let basins: Vec<BasinMember> = basins?.into_iter().flatten().collect();
    let plan = Plan { noise: noise?, dynamics: dynamics?, basins, schemes: schemes?, max_time: max_time? };
    refuse_duplicate_labels(&plan.dynamics, findings);
    if findings.len() > 0 {
        return None;
    }
    let mut warnings = Vec::new();
    let cells = plan.cells(&mut warnings, findings)?;
    let paths = paths?;
    let quick_paths = match quick {
        Some(quick) => quick?,
        None => (paths / 10).max(1),
    };
    Some(Experiment {
        name: name?,
        seed: Seed(seed?),
        paths,
        quick_paths: quick_paths.min(paths),
        cells,
        figures: figures?,
        warnings,
        text: text.clone(),
    })
}

/// One table or a list of tables.
fn several<'a, T>(value: Option<Value<'a>>, read: impl Fn(Value<'a>) -> Option<T>) -> Option<Vec<T>> {
    let value = value?;
    if value.is_table() {
        return Some(vec![read(value)?]);
    }
    let items: Vec<Option<T>> = value.list()?.map(read).collect();
    if items.is_empty() {
        value.findings.push(value.refuse(format!("`{}` is empty", value.key)));
        return None;
    }
    items.into_iter().collect()
}

/// A name that is one safe component of a path.
fn read_name(value: Value<'_>) -> Option<String> {
    let name = value.text()?;
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > 100 || name.starts_with('.') || !name.chars().all(safe) {
        let finding = value.refuse(format!("the name {name:?} cannot be a folder"));
        value.findings.push(finding.help("use up to 100 letters, digits, '-', '_' and '.', not beginning with '.'"));
        return None;
    }
    Some(name.to_string())
}

/// `figures`, at the top or, where it was written below a header of `[scheme]`, in that section.
fn read_figures(top: &TableReader<'_>, findings: &Findings) -> Option<Vec<FigureKind>> {
    let schemes = match top.get("scheme").map(|scheme| &scheme.node.kind) {
        Some(Kind::List(items)) => items.as_slice(),
        Some(_) => top.get("scheme").map_or(&[][..], |scheme| std::slice::from_ref(scheme.node)),
        None => &[],
    };
    let in_scheme = schemes.iter().filter_map(|scheme| {
        let Kind::Table(entries) = &scheme.kind else { return None };
        let entry = entries.iter().find(|entry| entry.key == "figures")?;
        Some(Value { node: &entry.value, key: &entry.key, findings })
    });
    let mut given = top.get("figures").into_iter().chain(in_scheme);
    let Some(value) = given.next() else { return Some(Vec::new()) };
    if let Some(second) = given.next() {
        findings.push(second.refuse("`figures` is given twice").help("keep one list, best at the top of the file"));
        return None;
    }
    let names = FigureKind::ALL.map(|(_, name)| name);
    let kinds: Vec<Option<FigureKind>> =
        value.list()?.map(|item| item.word(&names).map(|index| FigureKind::ALL[index].0)).collect();
    kinds.into_iter().collect()
}

fn refuse_duplicate_labels(dynamics: &[DynamicsSection], findings: &Findings) {
    for (i, entry) in dynamics.iter().enumerate() {
        if dynamics[..i].iter().any(|other| other.label == entry.label) {
            let message = format!("two dynamics are called \"{}\"", entry.label);
            findings.push(Finding::new(entry.span.clone(), message).help("give each a `name`"));
        }
    }
}

/// The sections, before they are multiplied out.
struct Plan {
    noise: NoiseSection,
    dynamics: Vec<DynamicsSection>,
    basins: Vec<BasinMember>,
    schemes: Vec<SchemeSection>,
    max_time: f64,
}

/// Tail indices, levels and amplitudes of one dynamics, its own before the common ones.
struct Axes<'p> {
    alphas: &'p Swept<Alpha>,
    levels: &'p Swept<Level>,
    amplitudes: &'p Swept<Amplitude>,
}

impl Plan {
    fn axes<'p>(&'p self, dynamics: &'p DynamicsSection, findings: &Findings) -> Option<Axes<'p>> {
        let alphas = dynamics.alpha.as_ref().or(self.noise.alpha.as_ref());
        let levels = dynamics.level.as_ref().or(self.noise.level.as_ref());
        let amplitudes = dynamics.amplitude.as_ref().unwrap_or(&self.noise.amplitude);
        for (missing, key) in [(alphas.is_none(), "alpha"), (levels.is_none(), "epsilon")] {
            if missing {
                let message = format!("no `{key}` for \"{}\"", dynamics.label);
                let help = format!("add `{key}` under [noise], or to this dynamics");
                findings.push(Finding::new(dynamics.span.clone(), message).help(help));
            }
        }
        Some(Axes { alphas: alphas?, levels: levels?, amplitudes })
    }

    fn cells(&self, warnings: &mut Vec<String>, findings: &Findings) -> Option<Vec<CellPlan>> {
        let axes: Vec<Option<Axes<'_>>> = self.dynamics.iter().map(|d| self.axes(d, findings)).collect();
        let axes: Vec<Axes<'_>> = axes.into_iter().collect::<Option<_>>()?;
        let per_basin: usize = axes
            .iter()
            .map(|a| {
                a.alphas.values.len().saturating_mul(a.levels.values.len()).saturating_mul(a.amplitudes.values.len())
            })
            .fold(0, usize::saturating_add)
            .saturating_mul(self.schemes.len());
        let cells = per_basin.saturating_mul(self.basins.len());
        let dims: usize = self.basins.iter().map(|b| b.basin.dim()).fold(0, usize::saturating_add);
        if cells > MOST_CELLS || per_basin.saturating_mul(dims) > MOST_ENTRIES {
            let message =
                format!("this plan has {cells} cells with {} coordinates in all", per_basin.saturating_mul(dims));
            let help = format!("at most {MOST_CELLS} cells and {MOST_ENTRIES} coordinates; shorten a sweep");
            let sweeps = axes.iter().flat_map(|a| {
                [
                    (a.alphas.values.len(), &a.alphas.span),
                    (a.levels.values.len(), &a.levels.span),
                    (a.amplitudes.values.len(), &a.amplitudes.span),
                ]
            });
            let longest = sweeps.max_by_key(|(length, _)| *length).map_or(0..1, |(_, span)| span.clone());
            findings.push(Finding::new(longest, message).help(help));
            return None;
        }
        let mut plans = Vec::with_capacity(cells);
        for scheme in &self.schemes {
            for (dynamics, axes) in self.dynamics.iter().zip(&axes) {
                for basin in &self.basins {
                    for amplitude in &axes.amplitudes.values {
                        for alpha in &axes.alphas.values {
                            for level in &axes.levels.values {
                                let index = plans.len() as u64;
                                let cell = self.cell(
                                    index,
                                    scheme,
                                    dynamics,
                                    axes,
                                    basin,
                                    (amplitude, *alpha, *level),
                                    findings,
                                );
                                // The first cell that cannot be built speaks for those like it.
                                plans.push(cell?);
                            }
                        }
                    }
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
        Some(plans)
    }

    #[allow(clippy::too_many_arguments)]
    fn cell(
        &self,
        index: u64,
        scheme: &SchemeSection,
        dynamics: &DynamicsSection,
        axes: &Axes<'_>,
        basin: &BasinMember,
        (amplitude, alpha, level): (&Amplitude, Alpha, Level),
        findings: &Findings,
    ) -> Option<CellPlan> {
        let (epsilon, eta) = level.resolve(alpha);
        let noise = noise_section::noise(&self.noise, alpha, epsilon, amplitude, &axes.levels.span, findings);
        let sde = dynamics.at(eta).map_err(|finding| findings.push(finding)).ok();
        let landscape = basin.at(epsilon, findings);
        let (noise, sde, landscape) = (noise?, sde?, landscape?);
        if let Err(error) = noise.amplitude().check(landscape.dim()) {
            let finding = Finding::new(axes.amplitudes.span.clone(), error.to_string());
            findings.push(finding.help(noise_section::amplitude_help(landscape.dim())));
            return None;
        }
        let problem = findings.note(&dynamics.span, Problem::new(landscape, sde, noise))?;
        // A refusal by the scheme is cheap to find for plans and problems of a size that a user gets wrong by hand.
        if index < MOST_ASKED && problem.basin().dim() <= 64 {
            scheme.ask(&problem, findings)?;
        }
        Some(CellPlan {
            index,
            dynamics: dynamics.label.clone(),
            basin: basin.label.clone(),
            eta,
            measure: self.noise.measure,
            problem,
            scheme: scheme.scheme.clone(),
            limits: Limits { max_time: self.max_time, max_events: scheme.max_events },
        })
    }
}
