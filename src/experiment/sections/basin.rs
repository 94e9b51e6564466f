//! `[[basin]]`: a potential, a domain, and what may be said about them.

use std::collections::HashSet;
use std::sync::Arc;

use nalgebra::DMatrix;

use super::calibration::read_curvatures;
use super::family::Family;
use crate::experiment::toml::diagnostics::{Finding, Findings, Span};
use crate::experiment::toml::node::{Entry, Kind, Node};
use crate::experiment::toml::reader::{MATRIX_HELP, TableReader, Value};
use crate::landscape::{Asymmetric, Basin, Domain, DoubleWell, Flat, LandscapeError, Potential, Quadratic, Well};

/// Keys whose plain list is a family: `radius = [1, 2, 4]`.
const SCALARS: [&str; 3] = ["radius", "height", "half_width"];
/// Largest dimension that is run.
const MOST_DIMENSIONS: u64 = 1_000_000;
/// Largest dimension of a dense Hessian, whose eigenvalues are found, and of a level set, which is searched along every axis.
const MOST_DENSE: usize = 1_000;
/// What a member costs beside its coordinates, in numbers, and what a coordinate costs.
const NUMBERS_PER_MEMBER: u64 = 64;
const NUMBERS_PER_COORDINATE: u64 = 4;

/// What would do in place of a start that is refused.
const START_HELP: &str = "choose a point inside the domain, or leave `start` out to begin at the minimum";

/// Distance `ρ` kept from the edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::experiment) enum Inset {
    None,
    Distance(f64),
    /// `ρ = ε^γ`.
    Power(f64),
}

/// One basin, or one member of a family.
#[derive(Clone, Debug)]
pub(in crate::experiment) struct BasinMember {
    pub label: String,
    /// Groups basins in figures.
    pub shape: String,
    pub basin: Basin,
    pub start: Option<Vec<f64>>,
    pub inset: Inset,
    pub span: Span,
    pub start_span: Span,
}

impl BasinMember {
    /// The basin at noise level `epsilon`: inset first, then the start.
    pub fn at(&self, epsilon: f64, findings: &Findings) -> Option<Basin> {
        let mut basin = self.basin.clone();
        let rho = match self.inset {
            Inset::None => 0.0,
            Inset::Distance(rho) => rho,
            Inset::Power(gamma) => epsilon.powf(gamma),
        };
        if rho > 0.0 {
            basin = findings.note(&self.span, basin.with_inset(rho))?;
        }
        match &self.start {
            Some(start) => findings.note_with_help(&self.start_span, basin.with_start(start.clone()), START_HELP),
            None => Some(basin),
        }
    }
}

/// Reads one `[[basin]]` with all the members of its family.
pub(in crate::experiment) fn read(value: Value<'_>) -> Option<Vec<BasinMember>> {
    if value.findings.exhausted() {
        return None;
    }
    let table = value.table()?;
    let name = table.need("name", "\"basin\"").and_then(read_label);
    let shape = optional(table.get("shape"), read_label);
    // Swept keys live in these three; the rest is the same for the family.
    for key in ["potential", "domain", "start", "dim", "minimum", "inset"] {
        table.get(key);
    }
    table.need("potential", "{ quadratic = { curvature = [1.0] } }");
    table.need("domain", "{ interval = [-1.0, 1.0] }");
    table.finish();
    let family = Family::new(value.node, &["potential", "domain", "minimum", "start"], &SCALARS, value.findings)?;
    // A basin without a name is checked like the others.
    let label = name.clone().unwrap_or_default();
    let mut basins = Vec::new();
    for index in 0..family.len() {
        let (label, tree) = family.member(&label, index);
        // One member's errors stand for the family's.
        let mut member = read_member(label, Value { node: &tree, ..value })?;
        if let Some(shape) = shape.clone()?.or_else(|| name.clone()) {
            member.shape = shape;
        }
        let numbers = NUMBERS_PER_MEMBER + NUMBERS_PER_COORDINATE * member.basin.dim() as u64;
        value.findings.spend(&value.node.span, numbers)?;
        basins.push(member);
    }
    name.map(|_| basins)
}

fn read_member(label: String, value: Value<'_>) -> Option<BasinMember> {
    let table = value.table()?;
    // Every part is read before the first that is wrong ends it.
    let dim = optional(table.get("dim"), |dim| Some((dim, dim.integer(1, MOST_DIMENSIONS)? as usize)));
    let minimum = optional(table.get("minimum"), |minimum| Some((minimum, minimum.numbers()?)));
    let start = optional(table.get("start"), |start| start.numbers());
    let inset = table.get("inset").map_or(Some(Inset::None), read_inset);
    let known_dim = dim?.map(|(_, dim)| dim);
    let domain = read_domain(&table, known_dim);
    let potential = read_potential(&table, known_dim, domain.as_ref().map(|(_, domain)| domain), minimum?);
    let ((domain_value, domain), potential) = (domain?, potential?);
    let domain = domain.resolve(&*potential);
    if matches!(domain, Domain::Level { .. }) && potential.dim() > MOST_DENSE {
        let message = format!("a level set in {} dimensions cannot be searched", potential.dim());
        let help = format!("use a ball, or at most {MOST_DENSE} dimensions");
        value.findings.push(domain_value.refuse(message).help(help));
        return None;
    }
    let basin = match Basin::shared(potential, domain) {
        Err(error @ LandscapeError::NoWell) => {
            let finding = domain_value.refuse(error.to_string());
            value.findings.push(finding.help("`well` is for a `double_well`; give an interval, a ball or a level"));
            return None;
        }
        basin => value.findings.note(&domain_value.node.span, basin)?,
    };
    if let Some((at, dim)) = dim?.filter(|(_, dim)| *dim != basin.dim()) {
        let message = format!("`dim` is {dim}, the potential has dimension {}", basin.dim());
        value.findings.push(at.refuse(message));
        return None;
    }
    // An inset, which depends on the noise level, may exclude it later.
    if let Some((at, start)) = table.get("start").zip(start.as_ref()?.as_ref()) {
        value.findings.note_with_help(&at.node.span, basin.clone().with_start(start.clone()), START_HELP)?;
    }
    let place = |key| table.get(key).map_or(table.span.clone(), |value| value.node.span.clone());
    let (span, start_span) = (place("inset"), place("start"));
    Some(BasinMember { shape: label.clone(), label, basin, start: start?, inset: inset?, span, start_span })
}

/// What may be absent: `None` only if it is there and wrong.
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

/// A domain whose centre is not known before the potential is.
enum DomainSection {
    Fixed(Domain),
    /// `half_width` of an interval or a box around the minimum.
    HalfWidth(f64),
}

impl DomainSection {
    fn resolve(self, potential: &dyn Potential) -> Domain {
        match self {
            DomainSection::Fixed(domain) => domain,
            DomainSection::HalfWidth(w) => Domain::Box(potential.minimum().iter().map(|m| [m - w, m + w]).collect()),
        }
    }

    fn dim(&self) -> Option<usize> {
        match self {
            DomainSection::Fixed(Domain::Box(sides)) => Some(sides.len()),
            DomainSection::Fixed(Domain::Ellipsoid { semi_axes }) => Some(semi_axes.len()),
            _ => None,
        }
    }
}

fn read_domain<'a>(table: &TableReader<'a>, dim: Option<usize>) -> Option<(Value<'a>, DomainSection)> {
    let value = table.get("domain")?;
    let inner = value.table()?;
    let which = inner.one_of("a domain", &["interval", "box", "ball", "ellipsoid", "level", "well"]);
    inner.finish();
    let (kind, domain) = which?;
    let scalar = |key: &'static str, example: &str| {
        let settings = domain.table()?;
        let size = settings.need(key, example).and_then(|size| size.positive());
        settings.finish();
        size
    };
    let side = |item: Value<'a>| {
        let ends = item.numbers()?;
        let Ok([lo, hi]) = <[f64; 2]>::try_from(ends.as_slice()) else {
            item.findings.push(item.refuse(format!("`{}` needs two ends, [lo, hi]", item.key)));
            return None;
        };
        if lo >= hi {
            let message = format!("the interval [{lo}, {hi}] is empty");
            item.findings.push(item.refuse(message).help("give the lower end first, then a larger upper end"));
            return None;
        }
        Some([lo, hi])
    };
    let section = match kind {
        0 | 1 if domain.is_table() => DomainSection::HalfWidth(scalar("half_width", "1.0")?),
        0 => {
            if dim.is_some_and(|dim| dim > 1) {
                domain.findings.push(domain.refuse("an interval has one dimension").help("use `box` in more"));
                return None;
            }
            DomainSection::Fixed(Domain::Box(vec![side(domain)?]))
        }
        1 => {
            let sides: Vec<Option<[f64; 2]>> = domain.list()?.map(side).collect();
            DomainSection::Fixed(Domain::Box(sides.into_iter().collect::<Option<_>>()?))
        }
        2 => DomainSection::Fixed(Domain::Ball { radius: scalar("radius", "1.0")? }),
        3 => {
            let settings = domain.table()?;
            let semi_axes = settings.need("semi_axes", "[1.0, 2.0]").and_then(|axes| axes.numbers());
            settings.finish();
            DomainSection::Fixed(Domain::Ellipsoid { semi_axes: semi_axes? })
        }
        4 => DomainSection::Fixed(Domain::Level { height: scalar("height", "0.5")? }),
        _ => {
            domain.table()?.finish();
            DomainSection::Fixed(Domain::Well)
        }
    };
    Some((value, section))
}

fn read_potential(
    table: &TableReader<'_>,
    dim: Option<usize>,
    domain: Option<&DomainSection>,
    minimum: Option<(Value<'_>, Vec<f64>)>,
) -> Option<Arc<dyn Potential>> {
    let value = table.get("potential")?;
    let findings = value.findings;
    let span = &value.node.span;
    let inner = value.table()?;
    let which = inner.one_of("a potential", &["quadratic", "asymmetric", "double_well", "none", "calibrated"]);
    inner.finish();
    let (kind, potential) = which?;
    if kind == 4 {
        let bowl = findings.note(&potential.node.span, Quadratic::new(read_curvatures(potential)?))?;
        return match minimum {
            None => Some(Arc::new(bowl)),
            Some((at, minimum)) => Some(Arc::new(findings.note(&at.node.span, bowl.centred_at(minimum))?)),
        };
    }
    let settings = potential.table()?;
    let known_dim = dim.or(domain.and_then(DomainSection::dim));
    // A single number stands for every axis.
    let per_axis = |value: Value<'_>| match value.is_list() {
        true => value.numbers(),
        false => {
            let number = value.number()?;
            // A domain that is wrong may have told the dimension.
            let dim = if domain.is_none() { known_dim? } else { known_dim.unwrap_or(1) };
            Some(vec![number; dim])
        }
    };
    let centre = |built: &mut dyn FnMut(Vec<f64>) -> Option<Arc<dyn Potential>>, dim: usize| match &minimum {
        Some((at, minimum)) if minimum.len() != dim => {
            let message = format!("minimum has {} entries, the landscape has dimension {dim}", minimum.len());
            findings.push(at.refuse(message));
            None
        }
        Some((_, minimum)) => built(minimum.clone()),
        None => built(vec![0.0; dim]),
    };
    match kind {
        0 => {
            let which = settings.one_of("a quadratic", &["curvature", "hessian"]);
            settings.finish();
            let (which, shape) = which?;
            let bowl = if which == 0 {
                findings.note(&shape.node.span, Quadratic::new(per_axis(shape)?))?
            } else {
                let rows = shape.rows(MATRIX_HELP)?;
                let (n, m) = (rows.len(), rows[0].len());
                if n > MOST_DENSE {
                    findings.push(shape.refuse(format!("a dense Hessian has at most {MOST_DENSE} rows, not {n}")));
                    return None;
                }
                let matrix = DMatrix::from_fn(n, m, |i, j| rows[i][j]);
                let help = "give a symmetric matrix whose eigenvalues are all positive";
                findings.note_with_help(&shape.node.span, Quadratic::with_hessian(matrix), help)?
            };
            let dim = bowl.dim();
            centre(&mut |at| Some(Arc::new(findings.note(span, bowl.clone().centred_at(at))?)), dim)
        }
        1 => {
            let left = settings.need("left", "[4.0]").and_then(&per_axis);
            let right = settings.need("right", "[1.0]").and_then(&per_axis);
            settings.finish();
            let valley = findings.note(span, Asymmetric::new(left?, right?))?;
            let dim = valley.dim();
            centre(&mut |at| Some(Arc::new(findings.note(span, valley.clone().centred_at(at))?)), dim)
        }
        2 => {
            if let Some((at, _)) = &minimum {
                findings
                    .push(at.refuse("a double well places its own minima").help("set `minima` inside `double_well`"));
                return None;
            }
            read_double_well(settings, potential).map(|well| Arc::new(well) as Arc<dyn Potential>)
        }
        _ => {
            settings.finish();
            domain?;
            let Some(dim) = known_dim else {
                findings.push(value.refuse("without a potential the basin must give its `dim`").help("add `dim = 2`"));
                return None;
            };
            centre(&mut |at| Some(Arc::new(findings.note(span, Flat::new(dim).and_then(|f| f.centred_at(at)))?)), dim)
        }
    }
}

fn read_double_well(settings: TableReader<'_>, value: Value<'_>) -> Option<DoubleWell> {
    let findings = value.findings;
    let minima_value = settings.need("minima", "[-1.0, 1.0]");
    let saddle = settings.get("saddle").map(|s| s.number());
    let stiffness = settings.get("stiffness").map_or(Some(1.0), |s| s.positive());
    let transverse = settings.get("transverse").map_or(Some(Vec::new()), |t| t.numbers());
    let well = settings.get("well").map_or(Some(0), |w| w.word(&["left", "right"]));
    settings.finish();
    let minima_value = minima_value?;
    let minima = minima_value.numbers()?;
    let Ok(minima) = <[f64; 2]>::try_from(minima.as_slice()) else {
        findings.push(minima_value.refuse("`minima` needs two positions"));
        return None;
    };
    let saddle = match saddle {
        Some(saddle) => saddle?,
        None => 0.5 * (minima[0] + minima[1]),
    };
    let wells = findings.note(&value.node.span, DoubleWell::new(minima, saddle, stiffness?))?;
    let wells = findings.note(&value.node.span, wells.with_transverse(transverse?))?;
    Some(wells.from_well(if well? == 1 { Well::Right } else { Well::Left }))
}

/// A name that goes into tables, legends and terminals.
pub(in crate::experiment) fn read_label(value: Value<'_>) -> Option<String> {
    let name = value.text()?;
    // Brackets enclose what tells the members of a family apart.
    if name.is_empty() || name.len() > 100 || name.contains(|c: char| c.is_control() || c == '[' || c == ']') {
        let finding = value.refuse(format!("`{}` cannot be {name:?}", value.key));
        value.findings.push(finding.help("use up to 100 characters, without brackets and control characters"));
        return None;
    }
    Some(name.to_string())
}

/// Whether two basins carry the same name, which tables could not tell apart.
pub(in crate::experiment) fn refuse_duplicate_names(basins: &[Node], findings: &Findings) {
    let mut seen = HashSet::new();
    for basin in basins {
        let Kind::Table(entries) = &basin.kind else { continue };
        let name = |e: &&Entry| e.key == "name";
        if let Some(Entry { value: Node { span, kind: Kind::Text(name) }, .. }) = entries.iter().find(name)
            && !seen.insert(name.as_str())
        {
            findings.push(Finding::new(span.clone(), format!("two basins are named {name:?}")));
        }
    }
}
