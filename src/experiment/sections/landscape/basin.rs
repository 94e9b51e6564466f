//! `[[basin]]`: a potential, a domain, a start and an inset.

use std::collections::HashSet;
use std::sync::Arc;

use super::domain;
use super::family::{Family, Member};
use super::potential::{self, PotentialSettings, Surroundings};
use crate::experiment::toml::diagnostic::{Diagnostic, Span};
use crate::experiment::toml::diagnostics::Diagnostics;
use crate::experiment::toml::node::{KeyValue, Kind, Node};
use crate::experiment::toml::reader::Value;
use crate::landscape::{Basin, Domain, LandscapeError};
use crate::theory::RandomBasin;

/// Keys whose plain list is a sweep: `radius = [1, 2, 4]`.
const SCALARS: [&str; 3] = ["radius", "height", "half_width"];
/// Keys of a basin whose values may contain sweeps.
const SWEPT: [&str; 4] = ["potential", "domain", "minimum", "start"];
/// Largest dimension of a basin.
const MOST_DIMENSIONS: u64 = 1_000_000;
/// Largest dimension of a level set, which is searched along every axis.
const MOST_LEVEL_DIMENSIONS: usize = 1_000;
/// Numbers that a member of a family holds: apart from its coordinates, per coordinate, and per entry of a dense Hessian.
const NUMBERS_PER_MEMBER: u64 = 64;
const NUMBERS_PER_COORDINATE: u64 = 8;
const NUMBERS_PER_ENTRY: u64 = 2;

/// How to correct a start that is refused.
const START_HELP: &str = "choose a point inside the domain, or leave `start` out to begin at the minimum";

/// Distance `ρ` kept from the edge.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Inset {
    None,
    Distance(f64),
    /// `ρ = ε^γ`.
    Power(f64),
}

/// Settings of a basin that [`Basin`] does not keep.
#[derive(Clone, Debug)]
pub(in crate::experiment) struct LandscapeSettings {
    pub potential: PotentialSettings,
    /// The domain before the inset.
    pub domain: Domain,
}

impl LandscapeSettings {
    fn dense_entries(&self) -> u64 {
        match &self.potential {
            PotentialSettings::Hessian(hessian) => hessian.len() as u64,
            _ => 0,
        }
    }
}

/// One basin, or one member of a family.
#[derive(Clone, Debug)]
pub(in crate::experiment) struct BasinMember {
    pub label: String,
    /// The name by which figures group basins.
    pub shape: String,
    pub basin: Basin,
    pub settings: Arc<LandscapeSettings>,
    /// Names and values of what is swept.
    pub values: Vec<(String, f64)>,
    start: Option<Vec<f64>>,
    inset: Inset,
    span: Span,
    start_span: Span,
    /// Place of the domain.
    pub domain_span: Span,
}

impl BasinMember {
    /// Member `number` of the family `shape` of random basins, whose paths start at the minimum.
    pub fn random(shape: &str, number: u64, basin: Basin, random: RandomBasin, span: Span) -> Self {
        let settings =
            LandscapeSettings { potential: PotentialSettings::Hessian(random.hessian), domain: random.domain };
        let (start_span, domain_span) = (span.clone(), span.clone());
        BasinMember {
            label: format!("{shape}[number={number}]"),
            shape: shape.to_string(),
            basin,
            settings: Arc::new(settings),
            values: vec![("number".to_string(), number as f64)],
            start: None,
            inset: Inset::None,
            span,
            start_span,
            domain_span,
        }
    }

    /// Entries of the Hessian, if it is dense.
    pub fn dense_entries(&self) -> u64 {
        self.settings.dense_entries()
    }

    /// The distance `ρ` from the edge at noise level `epsilon`.
    pub fn inset(&self, epsilon: f64) -> f64 {
        match self.inset {
            Inset::None => 0.0,
            Inset::Distance(rho) => rho,
            Inset::Power(gamma) => epsilon.powf(gamma),
        }
    }

    /// Place of the start or else the inset, if one of them is given.
    pub fn start_or_inset(&self) -> Option<Span> {
        match (&self.start, self.inset) {
            (Some(_), _) => Some(self.start_span.clone()),
            (None, Inset::None) => None,
            (None, _) => Some(self.span.clone()),
        }
    }

    /// The basin with the inset `rho` and the start.
    pub fn at(&self, rho: f64, diagnostics: &Diagnostics) -> Option<Basin> {
        let mut basin = self.basin.clone();
        if rho > 0.0 {
            basin = diagnostics.check(&self.span, basin.with_inset(rho))?;
        }
        match &self.start {
            Some(start) => diagnostics.check_with_help(&self.start_span, basin.with_start(start.clone()), START_HELP),
            None => Some(basin),
        }
    }
}

/// Reads one `[[basin]]` with all members of its family.
pub(in crate::experiment) fn read(value: Value<'_>) -> Option<Vec<BasinMember>> {
    if value.reading.budget.is_exhausted() {
        return None;
    }
    let table = value.table()?;
    let name = table.need("name", "\"basin\"").and_then(read_label);
    let shape = optional(table.get("shape"), read_label);
    for key in SWEPT.into_iter().chain(["dim", "inset"]) {
        table.get(key);
    }
    table.need("potential", "{ quadratic = { curvature = [1.0] } }");
    if !value.reading.without_edge.get() {
        table.need("domain", "{ interval = [-1.0, 1.0] }");
    }
    table.finish();
    let family = Family::new(value.node, &SWEPT, &SCALARS, value.reading)?;
    // A basin without a name is checked like the others.
    let label = name.clone().unwrap_or_default();
    let mut basins = Vec::new();
    for index in 0..family.len() {
        let Member { label, tree, values } = family.member(&label, index);
        // The errors of the first wrong member represent those of the family.
        let mut member = read_member(label, Value { node: &tree, ..value })?;
        member.values = values;
        if let Some(shape) = shape.clone()?.or_else(|| name.clone()) {
            member.shape = shape;
        }
        let numbers = NUMBERS_PER_MEMBER
            + NUMBERS_PER_COORDINATE * member.basin.dim() as u64
            + NUMBERS_PER_ENTRY * member.settings.dense_entries();
        value.reading.budget.request(numbers, &value.node.span, &value.reading.diagnostics)?;
        basins.push(member);
    }
    name.map(|_| basins)
}

fn read_member(label: String, value: Value<'_>) -> Option<BasinMember> {
    let table = value.table()?;
    // All parts are read, so that the errors of each are reported.
    let dim = optional(table.get("dim"), |dim| Some((dim, dim.integer(1, MOST_DIMENSIONS)? as usize)));
    let minimum = optional(table.get("minimum"), |minimum| Some((minimum, minimum.numbers()?)));
    let start = optional(table.get("start"), |start| start.numbers());
    let inset = table.get("inset").map_or(Some(Inset::None), read_inset);
    let dim = dim?;
    let known_dim = dim.map(|(_, dim)| dim);
    let domain = domain::read(&table, known_dim);
    let known_start = start.as_ref().and_then(|start| start.as_deref());
    let surroundings = Surroundings { dim: known_dim, domain: domain.as_ref(), minimum: minimum?, start: known_start };
    let potential = potential::read(&table, &surroundings);
    if value.reading.without_edge.get() {
        if let Some(given) = table.get("domain") {
            given.report_with_help("no edge absorbs the paths of a mean position", "leave `domain` out");
            return None;
        }
        let section = potential?;
        let basin = table.get("potential")?.check(Basin::without_edge(section.potential))?;
        let domain = Domain::Box(vec![[f64::NEG_INFINITY, f64::INFINITY]; basin.dim()]);
        check_dim(dim, &basin)?;
        return Some(BasinMember {
            shape: label.clone(),
            label,
            basin,
            settings: Arc::new(LandscapeSettings { potential: section.settings, domain }),
            values: Vec::new(),
            start: start?,
            inset: inset?,
            span: table.span.clone(),
            start_span: table.get("start").map_or(table.span.clone(), |value| value.node.span.clone()),
            domain_span: table.span.clone(),
        });
    }
    let (domain_value, domain, section) = (table.get("domain")?, domain?, potential?);
    let domain = domain.resolve(&*section.potential);
    if matches!(domain, Domain::Level { .. }) && section.potential.dim() > MOST_LEVEL_DIMENSIONS {
        let message = format!("a level set in {} dimensions cannot be searched", section.potential.dim());
        let help = format!("use a ball, or at most {MOST_LEVEL_DIMENSIONS} dimensions");
        domain_value.report_with_help(message, help);
        return None;
    }
    let basin = match Basin::shared(section.potential, domain.clone()) {
        Err(error @ LandscapeError::NoWell) => {
            let help = match domain {
                Domain::Attraction => {
                    "a single minimum attracts from everywhere; give an interval, a box, a ball or a level"
                }
                _ => {
                    "`well` is for a `double_well`, a `multi_well`, or an `expression` in one dimension with a saddle; give an interval, a ball or a level"
                }
            };
            domain_value.report_with_help(error.to_string(), help);
            return None;
        }
        Err(error @ (LandscapeError::NotStationary { .. } | LandscapeError::NotAMinimum { .. })) => {
            let help = "give the minimum of a well, or leave it out and give a `start` in the well";
            table.get("potential")?.report_with_help(error.to_string(), help);
            return None;
        }
        Err(error @ LandscapeError::NoFace) => {
            domain_value.report_with_help(error.to_string(), "give at least one finite end, through which paths leave");
            return None;
        }
        Err(error @ LandscapeError::NoReturn { .. }) => {
            let help = match domain {
                Domain::Until(_) | Domain::UntilWell(_) => "give the axis a curvature",
                _ => "give the axis a curvature, or a finite end on the open side",
            };
            domain_value.report_with_help(error.to_string(), help);
            return None;
        }
        Err(error @ LandscapeError::MinimumInTarget { .. }) => {
            let help = "give a target without it; `well` of a `multi_well` or `double_well` chooses another minimum";
            domain_value.report_with_help(error.to_string(), help);
            return None;
        }
        Err(error @ LandscapeError::NoTargetWell { .. }) => {
            let help = "`theory` lists the wells; give the target as `until = { interval = [lo, hi] }`";
            domain_value.report_with_help(error.to_string(), help);
            return None;
        }
        Err(error @ LandscapeError::PotentialNotFinite { .. }) => {
            let help = "choose a domain on which the potential is defined";
            domain_value.report_with_help(error.to_string(), help);
            return None;
        }
        Err(LandscapeError::Length { found, dim, .. }) if domain_value.has_key("interval") => {
            let message = format!("`interval` has {found} dimension, the potential {dim}");
            domain_value.report_with_help(message, "give a `box` with a side [lo, hi] for every axis");
            return None;
        }
        basin => domain_value.check(basin)?,
    };
    check_dim(dim, &basin)?;
    // An inset, which depends on the noise level, may exclude it later.
    if let Some((at, start)) = table.get("start").zip(start.as_ref()?.as_ref()) {
        at.check_with_help(basin.clone().with_start(start.clone()), START_HELP)?;
    }
    let place = |key| table.get(key).map_or(table.span.clone(), |value| value.node.span.clone());
    let (span, start_span) = (place("inset"), place("start"));
    let settings = Arc::new(LandscapeSettings { potential: section.settings, domain });
    let (shape, start, inset) = (label.clone(), start?, inset?);
    let (domain_span, values) = (domain_value.node.span.clone(), Vec::new());
    Some(BasinMember { label, shape, basin, settings, values, start, inset, span, start_span, domain_span })
}

/// Reports a `dim` that is not that of the potential.
fn check_dim(dim: Option<(Value<'_>, usize)>, basin: &Basin) -> Option<()> {
    let Some((at, dim)) = dim.filter(|(_, dim)| *dim != basin.dim()) else { return Some(()) };
    at.report(format!("`dim` is {dim}, the potential has dimension {}", basin.dim()));
    None
}

/// An optional value: `None` only if it is given and wrong.
fn optional<'a, T>(value: Option<Value<'a>>, read: impl Fn(Value<'a>) -> Option<T>) -> Option<Option<T>> {
    match value {
        Some(value) => read(value).map(Some),
        None => Some(None),
    }
}

fn read_inset(value: Value<'_>) -> Option<Inset> {
    if !value.is_table() {
        return value.positive().map(Inset::Distance);
    }
    let table = value.table()?;
    let gamma = table.need("gamma", "1.0").and_then(|gamma| gamma.positive());
    table.finish();
    gamma.map(Inset::Power)
}

/// A name for tables, legends and terminals.
pub(in crate::experiment) fn read_label(value: Value<'_>) -> Option<String> {
    let name = value.text()?;
    // Brackets enclose the values that distinguish the members of a family.
    if name.is_empty() || name.len() > 100 || name.contains(|c: char| c.is_control() || c == '[' || c == ']') {
        let help = "use up to 100 characters, without brackets and control characters";
        value.report_with_help(format!("`{}` cannot be {name:?}", value.key), help);
        return None;
    }
    Some(name.to_string())
}

/// Reports basins of the same name, which tables could not distinguish.
pub(in crate::experiment) fn refuse_duplicate_names(basins: &[&Node], diagnostics: &Diagnostics) {
    let mut seen = HashSet::new();
    for basin in basins {
        let Kind::Table(entries) = &basin.kind else { continue };
        let name = |e: &&KeyValue| e.key == "name";
        if let Some(KeyValue { value: Node { span, kind: Kind::Text(name) }, .. }) = entries.iter().find(name)
            && !seen.insert(name.as_str())
        {
            diagnostics.report(Diagnostic::new(span.clone(), format!("two basins are named {name:?}")));
        }
    }
}
