//! The experiment file as a whole: parsed, checked, and planned into cells.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::escapes_format::EscapesFormat;
use super::figures::{FigureChoice, FigureKind, FigureStyle, PlannedFigure, read_figures, read_style};
use super::kept_paths;
use super::plan::{CellPlan, Plan};
use super::sections::dynamics::{self, DynamicsSection};
use super::sections::landscape::basin::{self, BasinMember};
use super::sections::landscape::random_basins;
use super::sections::mean_position;
use super::sections::noise;
use super::sections::occupancy::{self, OccupancySection};
use super::sections::random_problems::{self, RandomProblemsPlan};
use super::sections::scheme::{self, SchemeSection};
use super::toml::diagnostic::{Diagnostic, ExperimentErrors};
use super::toml::diagnostics::Diagnostics;
use super::toml::node::{Kind, Node};
use super::toml::reader::{TableReader, Value};
use super::toml::reading::Reading;
use crate::noise::Seed;

/// Largest number of paths of one cell.
const MOST_PATHS: u64 = Experiment::MOST_PATHS;

/// An experiment: its cells, and the figures of their results.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Name, also that of its results folder.
    pub name: String,
    /// Seed of every random stream.
    pub seed: Seed,
    /// Paths of every cell.
    pub paths: u64,
    /// The first paths of every cell, whose points are written into `trajectories.csv`.
    pub paths_kept: u64,
    /// Paths of every cell in a quick run; by default a tenth of `paths`.
    pub quick_paths: u64,
    /// The cells in the order of scheme, dynamics, basin, amplitude, tail index, noise level. A discrete optimiser takes no scheme and
    /// occurs once.
    pub cells: Vec<CellPlan>,
    /// Random problems to be solved in addition to the cells.
    pub random_problems: Option<RandomProblemsPlan>,
    /// The figures to draw.
    pub figures: Vec<PlannedFigure>,
    /// Whether they were chosen because they fit the experiment, and not named in the file.
    pub auto_figures: bool,
    /// How they are written.
    pub figure_style: FigureStyle,
    /// How single figures are written instead, by their names.
    pub figure_styles: BTreeMap<String, FigureStyle>,
    /// The table with one row per path.
    pub escapes: EscapesFormat,
    /// Warnings about settings that are valid.
    pub warnings: Vec<String>,
    /// The text of the file.
    pub text: Arc<str>,
    /// Hash of every calibration that was read, by its name in the file.
    pub calibrations: BTreeMap<String, String>,
}

impl Experiment {
    /// Largest size of a file in bytes.
    pub const MOST_BYTES: usize = 8 << 20;
    /// Largest number of paths of one cell.
    pub const MOST_PATHS: u64 = 1_000_000_000_000;

    /// The results folder in which calibrations without a path are searched for by default.
    pub const RESULTS: &str = "results";

    /// Parses and checks the text of `file`.
    ///
    /// # Errors
    /// [`ExperimentErrors`] with all errors and their places.
    pub fn parse(file: &str, text: &str) -> Result<Self, ExperimentErrors> {
        Self::parse_with_results(file, text, Path::new(Self::RESULTS))
    }

    /// [`Experiment::parse`] with the results folder in which calibrations without a path are searched for.
    ///
    /// # Errors
    /// [`ExperimentErrors`] with all errors and their places.
    pub fn parse_with_results(file: &str, text: &str, results: &Path) -> Result<Self, ExperimentErrors> {
        if text.len() > Self::MOST_BYTES {
            let message = format!("the file is larger than {} bytes", Self::MOST_BYTES);
            return Err(ExperimentErrors::new(file, "".into(), vec![Diagnostic::new(0..0, message)]));
        }
        let text: Arc<str> = text.into();
        let reading = Reading::with_results(results);
        let tree = Node::parse(&text, &reading.diagnostics);
        let syntax = reading.diagnostics.take();
        let experiment = read(&tree, &text, &reading);
        let mut reported = reading.diagnostics.take();
        if !syntax.is_empty() {
            // On the line of a syntax error the recovered tree is unreliable.
            let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
            let line = |diagnostic: &Diagnostic| ends.partition_point(|end| *end < diagnostic.span().start);
            let broken: HashSet<usize> = syntax.iter().map(line).collect();
            // A value inserted by the recovery has an empty span.
            reported.retain(|diagnostic| !diagnostic.span().is_empty() && !broken.contains(&line(diagnostic)));
            reported.extend(syntax);
        }
        match experiment {
            Some(experiment) if reported.is_empty() => Ok(experiment),
            _ => Err(ExperimentErrors::new(file, text, reported)),
        }
    }
}

impl Experiment {
    /// Whether the experiment records an occupancy, and no escapes.
    pub fn is_occupancy(&self) -> bool {
        self.cells.iter().any(|cell| cell.occupancy.is_some())
    }

    /// Whether the experiment records mean positions, and no escapes.
    pub fn is_mean_position(&self) -> bool {
        self.cells.iter().any(|cell| cell.mean_position.is_some())
    }
}

impl Experiment {
    /// Every setting of a file by its path, such as `noise.alpha` and `basin.0.name`, whether valid or not.
    pub(crate) fn settings(text: &str) -> Vec<(String, String)> {
        let mut settings = Vec::new();
        Node::parse(text, &Diagnostics::default()).flatten(String::new(), &mut settings);
        settings
    }
}

/// A basin, for a file without one.
const BASIN: &str = "[[basin]]
name = \"basin\"
potential = { quadratic = { curvature = [1.0] } }
domain = { interval = [-1.0, 1.0] }";

fn read(tree: &Node, text: &Arc<str>, reading: &Reading) -> Option<Experiment> {
    let diagnostics = &reading.diagnostics;
    let top = TableReader::new(tree, "file", reading)?;
    let name = top.need_at_top("name", "\"my-experiment\"").and_then(|name| name.file_name());
    let seed = top.get("seed").map_or(Some(0), |seed| seed.integer(0, u64::MAX));
    let paths = top.need_at_top("paths", "10_000").and_then(|paths| paths.integer(1, MOST_PATHS));
    let top_paths_kept = top.get("paths_kept");
    let paths_kept = top_paths_kept.map_or(Some(0), kept_paths::read);
    let max_time = top.get("max_time").map_or(Some(f64::INFINITY), |time| time.positive());
    let top_max_time = top.get("max_time");
    let quick = top.get("quick").map(|quick| {
        let quick = quick.table()?;
        let paths = quick.need("paths", "1_000").and_then(|paths| paths.integer(1, MOST_PATHS));
        quick.finish();
        paths
    });
    let mean_position = top.get("mean_position").map(mean_position::read);
    reading.without_edge.set(mean_position.is_some());
    let noise = top.need_section("noise", "[noise]\nalpha = 1.5\nepsilon = 0.1").and_then(noise::read);
    let dynamics = several(top.get("dynamics"), dynamics::read);
    let random_basins = top.get("random_basins").map(|families| several(Some(families), random_basins::read));
    let basins = match top.get("basin") {
        None if random_basins.is_some() => Some(Vec::new()),
        basins => several(basins, basin::read),
    };
    let names: Vec<&Node> = ["basin", "random_basins"].iter().filter_map(|key| top.get(key)).flat_map(tables).collect();
    basin::refuse_duplicate_names(&names, diagnostics);
    let occupancy = top.get("occupancy").map(occupancy::read);
    let (top_occupancy, top_scheme) = (top.get("occupancy"), top.get("scheme"));
    let schemes = match top_scheme {
        None if occupancy.is_some() || mean_position.is_some() => Some(vec![SchemeSection::steps()]),
        None if all_discrete(dynamics.as_deref()) => Some(vec![SchemeSection::steps()]),
        scheme => several(scheme, scheme::read),
    };
    let random_problems = top.get("random_problems").map(random_problems::read);
    let figures = read_at_end(&top, "figures", read_figures);
    let figure_style = read_at_end(&top, "figure_style", read_style);
    let escapes = read_at_end(&top, "escapes", read_escapes);
    if random_problems.is_none() && figures.as_ref().is_some_and(|figures| figures.names(FigureKind::RandomProblems)) {
        let diagnostic = Diagnostic::new(0..0, "the figure \"random-problems\" needs [random_problems]");
        top.miss(&["random_problems"], diagnostic.help("add `problems`, `dim` and `alpha` under [random_problems]"));
    }
    for (key, lines) in
        [("dynamics", "[[dynamics]]\nsgd = {}"), ("basin", BASIN), ("scheme", "[scheme]\njump_adapted = {}")]
    {
        let is_optional = match key {
            // Dynamics with an error of their own may need no scheme.
            "scheme" => {
                let is_wrong = top.get("dynamics").is_some() && dynamics.is_none();
                occupancy.is_some() || mean_position.is_some() || is_wrong || all_discrete(dynamics.as_deref())
            }
            "basin" => random_basins.is_some(),
            _ => false,
        };
        if !is_optional {
            top.need_section(key, lines);
        }
    }
    top.finish();
    if let Some(dynamics) = &dynamics {
        refuse_duplicate_labels(dynamics, diagnostics);
    }
    let random_basins = random_basins.map_or(Some(Vec::new()), |families| families)?;
    let basins: Vec<BasinMember> = basins?.into_iter().chain(random_basins).flatten().collect();
    if let Some(value) = top_occupancy.filter(|_| mean_position.is_some()) {
        let message = "an experiment has either [occupancy] or [mean_position]";
        value.report_with_help(message, "move one of them into a file of its own");
        return None;
    }
    let occupancy = match occupancy {
        Some(section) => {
            let section = section?;
            let max_time = top_max_time;
            check_occupancy(&section, max_time, schemes.as_deref()?, &basins, diagnostics)?;
            Some(section)
        }
        None => None,
    };
    let mean_position = match mean_position {
        Some(section) => {
            let section = section?;
            mean_position::check(top_scheme, top_max_time, &basins, diagnostics)?;
            Some(section.settings)
        }
        None => None,
    };
    let (schemes, max_time) = (schemes?, max_time?);
    let plan = Plan { noise: noise?, dynamics: dynamics?, basins, schemes, max_time, occupancy, mean_position };
    let mut warnings = Vec::new();
    let cells = plan.cells(&mut warnings, diagnostics)?;
    mean_position::warn(&cells, &mut warnings);
    if diagnostics.count() > 0 {
        return None;
    }
    let (paths, paths_kept) = (paths?, paths_kept?);
    top_paths_kept.map_or(Some(()), |value| kept_paths::check(value, paths_kept, paths, &cells))?;
    let choice = FigureChoice::new(&cells, random_problems.is_some(), paths_kept > 0);
    let (figures, auto_figures) = figures?.resolve(&choice, &cells)?;
    let quick_paths = match quick {
        Some(quick) => quick?,
        None => (paths / 10).max(1),
    };
    Some(Experiment {
        name: name?,
        seed: Seed(seed?),
        paths,
        paths_kept,
        quick_paths: quick_paths.min(paths),
        cells,
        random_problems: match random_problems {
            Some(plan) => Some(plan?),
            None => None,
        },
        figures,
        auto_figures,
        figure_style: figure_style?,
        figure_styles: BTreeMap::new(),
        escapes: escapes?,
        warnings,
        text: text.clone(),
        calibrations: reading.calibrations.borrow().contents(),
    })
}

/// The tables of a key that takes one table or a list of them.
fn tables(value: Value<'_>) -> &[Node] {
    match &value.node.kind {
        Kind::List(items) => items,
        _ => std::slice::from_ref(value.node),
    }
}

/// Reports what an occupancy cannot have: a time limit, an edge, another scheme.
fn check_occupancy(
    occupancy: &OccupancySection,
    max_time: Option<Value<'_>>,
    schemes: &[SchemeSection],
    members: &[BasinMember],
    diagnostics: &Diagnostics,
) -> Option<()> {
    let limit = max_time.map(|value| {
        let help = "leave it out, or choose the last of `times` under [occupancy]";
        value.report_with_help("the paths of an occupancy end at the last recorded time", help);
    });
    let schemes = occupancy.check_schemes(schemes, diagnostics);
    // The error of the first wrong basin represents those of a family.
    let basins = members.iter().try_for_each(|basin| occupancy.check_basin(basin, diagnostics).ok_or(()));
    let range = occupancy.check_range(members, diagnostics);
    (limit.is_none() && basins.is_ok()).then_some(()).and(range).and(schemes)
}

/// Whether no scheme is needed, because every dynamics is a discrete optimiser.
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
        value.report(format!("`{}` is empty", value.key));
        return None;
    }
    items.into_iter().collect()
}

/// Reads a key of the whole file, also from `[scheme]` and every `[[scheme]]`: at the end of the file TOML assigns it to that table. Its
/// default if it is not given.
fn read_at_end<'a, T: Default>(
    top: &TableReader<'a>,
    key: &'static str,
    read: impl Fn(Value<'a>) -> Option<T>,
) -> Option<T> {
    let schemes: Vec<Value<'a>> = match top.get("scheme") {
        Some(scheme) if scheme.is_list() => scheme.list()?.collect(),
        scheme => scheme.into_iter().collect(),
    };
    let inside = schemes.iter().filter(|scheme| scheme.is_table()).filter_map(|scheme| scheme.table()?.get(key));
    let mut given = top.get(key).into_iter().chain(inside);
    let Some(value) = given.next() else { return Some(T::default()) };
    if let Some(again) = given.next() {
        again.report_with_help(format!("`{key}` is given twice"), "keep one, best at the top of the file");
        return None;
    }
    read(value)
}

fn read_escapes(value: Value<'_>) -> Option<EscapesFormat> {
    let format = value.named(&EscapesFormat::ALL, EscapesFormat::name)?;
    if !EscapesFormat::WRITTEN.contains(&format) {
        value.report_with_help(
            "this build cannot write Parquet",
            "use \"csv\", or a program built with `--features parquet`",
        );
        return None;
    }
    Some(format)
}

/// Reports dynamics of the same name, which tables could not distinguish.
fn refuse_duplicate_labels(dynamics: &[DynamicsSection], diagnostics: &Diagnostics) {
    let mut seen = HashSet::new();
    for entry in dynamics {
        if !seen.insert(entry.label.as_str()) {
            let message = format!("two dynamics are named {:?}", entry.label);
            diagnostics.report(Diagnostic::new(entry.span.clone(), message).help("give each a `name`"));
        }
    }
}
