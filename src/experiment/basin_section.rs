//! `[[basin]]`: a potential, a domain, and what may be said about them.

use nalgebra::DMatrix;
use std::cell::Cell;
use std::sync::Arc;

use super::finding::{Finding, Findings, Span};
use super::node::{Entry, Kind, Node};
use super::reader::{TableReader, Value};
use super::sweep::{family, label};
use crate::landscape::{Asymmetric, Basin, Domain, DoubleWell, Flat, LandscapeError, Potential, Quadratic, Well};

/// Keys whose plain list is a family: `radius = [1, 2, 4]`.
const SCALARS: [&str; 3] = ["radius", "height", "half_width"];
/// Largest dimension that is run.
const MOST_DIMENSIONS: u64 = 1_000_000;
/// Largest sum of the dimensions of all basins, which are held in memory together.
pub(super) const MOST_COORDINATES: usize = 10_000_000;

/// Distance `ρ` kept from the edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Inset {
    None,
    Distance(f64),
    /// `ρ = ε^γ`.
    Power(f64),
}

/// One basin, or one member of a family.
#[derive(Clone, Debug)]
pub(super) struct BasinMember {
    pub label: String,
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
            Some(start) => note_start(&self.start_span, basin.with_start(start.clone()), findings),
            None => Some(basin),
        }
    }
}

fn note_start(place: &Span, result: Result<Basin, LandscapeError>, findings: &Findings) -> Option<Basin> {
    let help = "choose a point inside the domain, or leave `start` out to begin at the minimum";
    result.map_err(|error| findings.push(Finding::new(place.clone(), error.to_string()).help(help))).ok()
}

/// Reads one `[[basin]]` with all the members of its family, and takes their dimensions from `left`.
pub(super) fn read(value: Value<'_>, left: &Cell<usize>) -> Vec<BasinMember> {
    let Some(table) = value.table() else { return Vec::new() };
    let name = table.need("name", "\"basin\"").and_then(|name| name.text().map(str::to_string));
    // Swept keys live in these three; the rest is the same for the family.
    for key in ["potential", "domain", "start", "dim", "minimum", "inset"] {
        table.get(key);
    }
    table.need("potential", "{ quadratic = { curvature = [1.0] } }");
    table.need("domain", "{ interval = [-1.0, 1.0] }");
    table.finish();
    let before = value.findings.len();
    let members = family(value.node, &SCALARS, value.findings);
    let Some(name) = name.filter(|_| value.findings.len() == before) else { return Vec::new() };
    let mut digits = 4;
    let labels = loop {
        let labels: Vec<String> = members.iter().map(|m| label(&name, &m.settings, digits)).collect();
        let mut sorted = labels.clone();
        sorted.sort();
        sorted.dedup();
        if sorted.len() == labels.len() || digits >= 17 {
            break labels;
        }
        digits += 1;
    };
    let mut basins = Vec::new();
    for (member, label) in members.iter().zip(labels) {
        let noted = value.findings.len();
        if let Some(member) = read_member(label, Value { node: &member.tree, ..value }) {
            match left.get().checked_sub(member.basin.dim()) {
                Some(rest) => left.set(rest),
                None => {
                    let message = format!("the basins have more than {MOST_COORDINATES} coordinates in all");
                    value.findings.push(value.refuse(message).help("take fewer members or a smaller dimension"));
                    break;
                }
            }
            basins.push(member);
        }
        // One member's errors stand for the family's.
        if value.findings.len() > noted {
            break;
        }
    }
    basins
}

fn read_member(label: String, value: Value<'_>) -> Option<BasinMember> {
    let table = value.table()?;
    let dim = match table.get("dim") {
        Some(dim) => Some(dim.integer(1, MOST_DIMENSIONS)? as usize),
        None => None,
    };
    let minimum = match table.get("minimum") {
        Some(minimum) => Some((minimum, minimum.numbers()?)),
        None => None,
    };
    let (domain_value, domain) = read_domain(&table, dim)?;
    let potential = read_potential(&table, dim, &domain, minimum)?;
    let domain = domain.resolve(&*potential);
    let basin = value.findings.note(&domain_value.node.span, Basin::shared(potential, domain))?;
    if let Some(dim) = dim.filter(|dim| *dim != basin.dim()) {
        let message = format!("`dim` is {dim}, the potential has dimension {}", basin.dim());
        value
            .findings
            .push(Finding::new(table.get("dim").map_or(table.span.clone(), |d| d.node.span.clone()), message));
        return None;
    }
    let (start, start_span) = match table.get("start") {
        Some(start) => (Some(start.numbers()?), start.node.span.clone()),
        None => (None, table.span.clone()),
    };
    // An inset may still exclude it: that depends on the noise level.
    if let Some(start) = &start {
        note_start(&start_span, basin.clone().with_start(start.clone()), value.findings)?;
    }
    let (inset, span) = match table.get("inset") {
        Some(inset) if inset.is_table() => {
            let inner = inset.table()?;
            let gamma = inner.need("gamma", "1.0").and_then(|gamma| gamma.positive());
            inner.finish();
            (Inset::Power(gamma?), inset.node.span.clone())
        }
        Some(inset) => (Inset::Distance(inset.positive()?), inset.node.span.clone()),
        None => (Inset::None, table.span.clone()),
    };
    Some(BasinMember { label, basin, start, inset, span, start_span })
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
    let chosen = inner.one_of("a domain", &["interval", "box", "ball", "ellipsoid", "level"]);
    inner.finish();
    let (kind, domain) = chosen?;
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
        _ => DomainSection::Fixed(Domain::Level { height: scalar("height", "0.5")? }),
    };
    Some((value, section))
}

fn read_potential(
    table: &TableReader<'_>,
    dim: Option<usize>,
    domain: &DomainSection,
    minimum: Option<(Value<'_>, Vec<f64>)>,
) -> Option<Arc<dyn Potential>> {
    let value = table.get("potential")?;
    let findings = value.findings;
    let span = &value.node.span;
    let inner = value.table()?;
    let chosen = inner.one_of("a potential", &["quadratic", "asymmetric", "double_well", "none"]);
    inner.finish();
    let (kind, potential) = chosen?;
    let settings = potential.table()?;
    let known_dim = dim.or(domain.dim());
    // A single number stands for every axis.
    let per_axis = |value: Value<'_>| match value.is_list() {
        true => value.numbers(),
        false => {
            let number = value.number()?;
            let dim = known_dim.unwrap_or(1);
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
            let chosen = settings.one_of("a quadratic", &["curvature", "hessian"]);
            settings.finish();
            let (which, shape) = chosen?;
            let bowl = if which == 0 {
                findings.note(&shape.node.span, Quadratic::new(per_axis(shape)?))?
            } else {
                let rows = shape.rows()?;
                let (n, m) = (rows.len(), rows[0].len());
                let matrix = DMatrix::from_fn(n, m, |i, j| rows[i][j]);
                let note = |error: LandscapeError| {
                    let finding = Finding::new(shape.node.span.clone(), error.to_string());
                    findings.push(finding.help("give a symmetric matrix whose eigenvalues are all positive"));
                };
                Quadratic::with_hessian(matrix).map_err(note).ok()?
            };
            let dim = bowl.dim();
            centre(&mut |at| Some(Arc::new(findings.note(span, bowl.clone().centred_at(at))?)), dim)
        }
        1 => {
            let left = settings.need("left", "[4.0]").and_then(per_axis);
            let right = settings.need("right", "[1.0]").and_then(per_axis);
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
            read_double_well(&settings, potential).map(|well| Arc::new(well) as Arc<dyn Potential>)
        }
        _ => {
            settings.finish();
            let Some(dim) = known_dim else {
                findings.push(value.refuse("without a potential the basin must give its `dim`").help("add `dim = 2`"));
                return None;
            };
            centre(&mut |at| Some(Arc::new(findings.note(span, Flat::new(dim).and_then(|f| f.centred_at(at)))?)), dim)
        }
    }
}

fn read_double_well(settings: &TableReader<'_>, value: Value<'_>) -> Option<DoubleWell> {
    let findings = value.findings;
    let minima_value = settings.need("minima", "[-1.0, 1.0]");
    let saddle = settings.get("saddle").map(|s| s.number());
    let stiffness = settings.get("stiffness").map_or(Some(1.0), |s| s.positive());
    let transverse = settings.get("transverse").map_or(Some(Vec::new()), |t| t.numbers());
    let well = settings.get("well").map_or(Some(0), |w| w.word(&["left", "right"]));
    let known = ["minima", "saddle", "stiffness", "transverse", "well"];
    refuse_unknown(value, &known);
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

/// Refuses the keys of a table that are not in `known`.
fn refuse_unknown(value: Value<'_>, known: &[&'static str]) {
    if let (Some(table), Kind::Table(_)) = (value.table(), &value.node.kind) {
        for key in known {
            table.get(key);
        }
        table.finish();
    }
}

/// Whether two basins carry the same name, which tables could not tell apart.
pub(super) fn refuse_duplicate_names(basins: &[Node], findings: &Findings) {
    let mut seen: Vec<&str> = Vec::new();
    for basin in basins {
        let Kind::Table(entries) = &basin.kind else { continue };
        let name = |e: &&Entry| e.key == "name";
        if let Some(Entry { value: Node { span, kind: Kind::Text(name) }, .. }) = entries.iter().find(name) {
            if seen.contains(&name.as_str()) {
                findings.push(Finding::new(span.clone(), format!("two basins are named \"{name}\"")));
            }
            seen.push(name);
        }
    }
}
