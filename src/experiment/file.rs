//! The experiment file as a whole: parsed, checked, and planned into cells.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::figure_kind::FigureKind;
use super::plan::{CellPlan, Plan};
use super::sections::basin::{self, BasinMember};
use super::sections::dynamics::{self, DynamicsSection};
use super::sections::noise;
use super::sections::random_problems::{self, RandomProblemsPlan};
use super::sections::scheme::{self, SchemeSection};
use super::toml::diagnostics::{ExperimentErrors, Finding, Findings};
use super::toml::node::{Kind, Node};
use super::toml::reader::{TableReader, Value};
use crate::noise::Seed;

/// Largest number of paths of one cell.
const MOST_PATHS: u64 = Experiment::MOST_PATHS;

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
    /// The cells in the order of scheme, dynamics, basin, amplitude, tail index, noise level; a discrete optimiser, which is its own
    /// scheme, comes once.
    pub cells: Vec<CellPlan>,
    /// Random problems to be solved beside the cells.
    pub random_problems: Option<RandomProblemsPlan>,
    /// The figures asked for.
    pub figures: Vec<FigureKind>,
    /// What a user should know although nothing is wrong.
    pub warnings: Vec<String>,
    /// The file as it was read.
    pub text: Arc<str>,
    /// Hash of every calibration that was read for it, by the name that the file gives it.
    pub calibrations: BTreeMap<String, String>,
}

impl Experiment {
    /// Largest size of a file in bytes.
    pub const MOST_BYTES: usize = 8 << 20;
    /// Largest number of paths of one cell.
    pub const MOST_PATHS: u64 = 1_000_000_000_000;

    /// Folder of results where a calibration that is named without a path lies, unless another is given.
    pub const RESULTS: &str = "results";

    /// Parses and checks the text of `file`.
    ///
    /// # Errors
    /// [`ExperimentErrors`] with everything that is wrong, each with its place.
    pub fn parse(file: &str, text: &str) -> Result<Self, ExperimentErrors> {
        Self::parse_with_results(file, text, Path::new(Self::RESULTS))
    }

    /// Like [`Experiment::parse`], with calibrations that lie in the folder `results`.
    ///
    /// # Errors
    /// [`ExperimentErrors`] with everything that is wrong, each with its place.
    pub fn parse_with_results(file: &str, text: &str, results: &Path) -> Result<Self, ExperimentErrors> {
        if text.len() > Self::MOST_BYTES {
            let message = format!("the file is larger than {} bytes", Self::MOST_BYTES);
            return Err(ExperimentErrors::new(file, "".into(), vec![Finding::new(0..0, message)]));
        }
        let text: Arc<str> = text.into();
        let findings = Findings::with_results(results);
        let tree = Node::parse(&text, &findings);
        let syntax = findings.take();
        let experiment = read(&tree, &text, &findings);
        let mut noted = findings.take();
        if !syntax.is_empty() {
            // On the line of a syntax error the tree is guesswork.
            let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
            let line = |finding: &Finding| ends.partition_point(|end| *end < finding.span().start);
            let broken: HashSet<usize> = syntax.iter().map(line).collect();
            // What was put in place of a value that is not there has no extent.
            noted.retain(|finding| !finding.span().is_empty() && !broken.contains(&line(finding)));
            noted.extend(syntax);
        }
        match experiment {
            Some(experiment) if noted.is_empty() => Ok(experiment),
            _ => Err(ExperimentErrors::new(file, text, noted)),
        }
    }
}

impl Experiment {
    /// Every setting of a file by its path, as `noise.alpha` and `basin.0.name`, whether it makes sense or not.
    pub(crate) fn settings(text: &str) -> Vec<(String, String)> {
        let mut settings = Vec::new();
        Node::parse(text, &Findings::default()).flatten(String::new(), &mut settings);
        settings
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
    let noise = top.need("noise", "{ alpha = 1.5, epsilon = 0.1 }").and_then(noise::read);
    let dynamics = several(top.get("dynamics"), dynamics::read);
    let basins = several(top.get("basin"), basin::read);
    if let Some(Value { node: Node { kind: Kind::List(items), .. }, .. }) = top.get("basin") {
        basin::refuse_duplicate_names(items, findings);
    }
    let schemes = match top.get("scheme") {
        None if all_discrete(dynamics.as_deref()) => Some(vec![SchemeSection::steps()]),
        scheme => several(scheme, scheme::read),
    };
    let random_problems = top.get("random_problems").map(random_problems::read);
    let figures = read_figures(&top);
    if random_problems.is_none() && figures.as_ref().is_some_and(|kinds| kinds.contains(&FigureKind::RandomProblems)) {
        let finding = Finding::new(0..0, "the figure \"random-problems\" needs [random_problems]");
        top.miss(&["random_problems"], finding.help("add `problems`, `dim` and `alpha` under [random_problems]"));
    }
    for (key, example) in [
        ("dynamics", "[[dynamics]] sgd = {}"),
        ("basin", "[[basin]] with `name`, `potential` and `domain`"),
        ("scheme", "[scheme] jump_adapted = {}"),
    ] {
        if top.get(key).is_none() && !(key == "scheme" && all_discrete(dynamics.as_deref())) {
            top.miss(&[key], Finding::new(0..0, format!("`{key}` is missing")).help(format!("add {example}")));
        }
    }
    top.finish();
    if let Some(dynamics) = &dynamics {
        refuse_duplicate_labels(dynamics, findings);
    }
    let basins: Vec<BasinMember> = basins?.into_iter().flatten().collect();
    let plan = Plan { noise: noise?, dynamics: dynamics?, basins, schemes: schemes?, max_time: max_time? };
    let mut warnings = Vec::new();
    let cells = plan.cells(&mut warnings, findings)?;
    if findings.len() > 0 {
        return None;
    }
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
        random_problems: match random_problems {
            Some(plan) => Some(plan?),
            None => None,
        },
        figures: figures?,
        warnings,
        text: text.clone(),
        calibrations: findings.calibration_contents(),
    })
}

/// Whether no scheme is needed: discrete optimisers are their own.
fn all_discrete(dynamics: Option<&[DynamicsSection]>) -> bool {
    dynamics.is_some_and(|d| d.iter().all(DynamicsSection::is_discrete))
}

/// One table or a list of tables.
pub(super) fn several<'a, T>(value: Option<Value<'a>>, read: impl Fn(Value<'a>) -> Option<T>) -> Option<Vec<T>> {
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
pub(super) fn read_name(value: Value<'_>) -> Option<String> {
    let name = value.text()?;
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > 100 || name.starts_with('.') || !name.chars().all(safe) {
        let finding = value.refuse(format!("the name {name:?} cannot be a folder"));
        value.findings.push(finding.help("use up to 100 letters, digits, '-', '_' and '.', not beginning with '.'"));
        return None;
    }
    Some(name.to_string())
}

/// Reads `figures`, also from `[scheme]` and from every `[[scheme]]`: written last in the file it belongs to that table.
fn read_figures(top: &TableReader<'_>) -> Option<Vec<FigureKind>> {
    let schemes: Vec<Value<'_>> = match top.get("scheme") {
        Some(scheme) if scheme.is_list() => scheme.list()?.collect(),
        scheme => scheme.into_iter().collect(),
    };
    let inside = schemes.iter().filter(|scheme| scheme.is_table()).filter_map(|scheme| scheme.table()?.get("figures"));
    let mut given = top.get("figures").into_iter().chain(inside);
    let Some(value) = given.next() else { return Some(Vec::new()) };
    if let Some(again) = given.next() {
        again
            .findings
            .push(again.refuse("`figures` is given twice").help("keep one list, best at the top of the file"));
        return None;
    }
    value.all_named(&FigureKind::ALL, FigureKind::name)
}

fn refuse_duplicate_labels(dynamics: &[DynamicsSection], findings: &Findings) {
    let mut seen = HashSet::new();
    for entry in dynamics {
        if !seen.insert(entry.label.as_str()) {
            let message = format!("two dynamics are called {:?}", entry.label);
            findings.push(Finding::new(entry.span.clone(), message).help("give each a `name`"));
        }
    }
}
