//! `domain` of a basin.

use crate::experiment::toml::reader::{TableReader, Value};
use crate::landscape::{Domain, Potential};

#[derive(Clone, Copy)]
enum DomainKind {
    Interval,
    Box,
    Ball,
    Ellipsoid,
    Level,
    Well,
    Attraction,
    Until,
}

const DOMAINS: [(&str, DomainKind); 8] = [
    ("interval", DomainKind::Interval),
    ("box", DomainKind::Box),
    ("ball", DomainKind::Ball),
    ("ellipsoid", DomainKind::Ellipsoid),
    ("level", DomainKind::Level),
    ("well", DomainKind::Well),
    ("attraction", DomainKind::Attraction),
    ("until", DomainKind::Until),
];

#[derive(Clone, Copy)]
enum TargetKind {
    Interval,
    Box,
    Well,
}

const TARGETS: [(&str, TargetKind); 3] =
    [("interval", TargetKind::Interval), ("box", TargetKind::Box), ("well", TargetKind::Well)];

/// A domain as it is given. The centre of a half width is known with the potential.
pub(in crate::experiment::sections) enum DomainSection {
    Fixed(Domain),
    /// `half_width` of an interval or a box around the minimum.
    HalfWidth(f64),
}

impl DomainSection {
    /// The domain around the minimum of `potential`.
    pub fn resolve(self, potential: &dyn Potential) -> Domain {
        match self {
            DomainSection::Fixed(domain) => domain,
            DomainSection::HalfWidth(w) => Domain::Box(potential.minimum().iter().map(|m| [m - w, m + w]).collect()),
        }
    }

    /// A point inside, if the domain is given in absolute coordinates: the middle of every side, or next to the finite end of a half-line.
    pub fn inside(&self) -> Option<Vec<f64>> {
        let DomainSection::Fixed(Domain::Box(sides)) = self else { return None };
        let middle = |[lo, hi]: &[f64; 2]| match (lo.is_finite(), hi.is_finite()) {
            (true, true) => lo + 0.5 * (hi - lo),
            (true, false) => lo + 1.0,
            (false, true) => hi - 1.0,
            (false, false) => 0.0,
        };
        Some(sides.iter().map(middle).collect())
    }

    /// The dimension, if the domain gives it.
    pub fn dim(&self) -> Option<usize> {
        match self {
            DomainSection::Fixed(Domain::Box(sides) | Domain::Until(sides)) => Some(sides.len()),
            DomainSection::Fixed(Domain::UntilWell(_)) => Some(1),
            DomainSection::Fixed(Domain::Ellipsoid { semi_axes }) => Some(semi_axes.len()),
            _ => None,
        }
    }
}

/// Reads `domain` of the basin `table`; `dim` is the dimension that the basin gives.
pub(in crate::experiment::sections) fn read(table: &TableReader<'_>, dim: Option<usize>) -> Option<DomainSection> {
    let inner = table.get("domain")?.table()?;
    let which = inner.one_of("a domain", &DOMAINS);
    inner.finish();
    let (kind, domain) = which?;
    let section = match kind {
        DomainKind::Interval | DomainKind::Box if domain.is_table() => {
            DomainSection::HalfWidth(read_size(domain, "half_width", "1.0")?)
        }
        DomainKind::Interval => {
            if dim.is_some_and(|dim| dim > 1) {
                domain.report_with_help("an interval has one dimension", "use `box` in more");
                return None;
            }
            DomainSection::Fixed(Domain::Box(vec![read_side(domain)?]))
        }
        DomainKind::Box => DomainSection::Fixed(Domain::Box(read_sides(domain)?)),
        DomainKind::Ball => DomainSection::Fixed(Domain::Ball { radius: read_size(domain, "radius", "1.0")? }),
        DomainKind::Ellipsoid => {
            let settings = domain.table()?;
            let semi_axes = settings.need("semi_axes", "[1.0, 2.0]").and_then(|axes| axes.numbers());
            settings.finish();
            DomainSection::Fixed(Domain::Ellipsoid { semi_axes: semi_axes? })
        }
        DomainKind::Level => DomainSection::Fixed(Domain::Level { height: read_size(domain, "height", "0.5")? }),
        DomainKind::Well => {
            domain.table()?.finish();
            DomainSection::Fixed(Domain::Well)
        }
        DomainKind::Attraction => {
            domain.table()?.finish();
            DomainSection::Fixed(Domain::Attraction)
        }
        DomainKind::Until => DomainSection::Fixed(read_target(domain, dim)?),
    };
    Some(section)
}

/// The set into which paths run.
fn read_target(domain: Value<'_>, dim: Option<usize>) -> Option<Domain> {
    let table = domain.table()?;
    let which = table.one_of("a target", &TARGETS);
    table.finish();
    let (kind, target) = which?;
    if !matches!(kind, TargetKind::Box) && dim.is_some_and(|dim| dim > 1) {
        target.report_with_help(format!("a target `{}` has one dimension", target.key), "use `box` in more");
        return None;
    }
    Some(match kind {
        TargetKind::Interval => Domain::Until(vec![bounded(target, read_side(target)?)?]),
        TargetKind::Box => {
            let sides = read_sides(target)?;
            if sides.is_empty() {
                target.report_with_help("the target `box` is empty", "give a side [lo, hi] per axis");
                return None;
            }
            if sides.iter().flatten().all(|end| end.is_infinite()) {
                return everywhere(target);
            }
            Domain::Until(sides)
        }
        TargetKind::Well => Domain::UntilWell(target.integer(1, u64::from(u16::MAX))? as usize - 1),
    })
}

/// A side of a target on a line, which does not fill it.
fn bounded(target: Value<'_>, side: [f64; 2]) -> Option<[f64; 2]> {
    if side.iter().any(|end| end.is_finite()) { Some(side) } else { everywhere(target) }
}

fn everywhere<T>(target: Value<'_>) -> Option<T> {
    target.report_with_help("the target is everywhere: all its ends are infinite", "give at least one finite end");
    None
}

/// A table with one positive number.
fn read_size(domain: Value<'_>, key: &'static str, example: &str) -> Option<f64> {
    let settings = domain.table()?;
    let size = settings.need(key, example).and_then(|size| size.positive());
    settings.finish();
    size
}

/// The sides of a box, a pair of ends for every axis.
fn read_sides(sides: Value<'_>) -> Option<Vec<[f64; 2]>> {
    let items: Vec<Value<'_>> = sides.list()?.collect();
    if items.first().is_some_and(Value::is_number) {
        let message = format!("`{}` needs a side [lo, hi] for every axis, not numbers", sides.key);
        let help = format!("write `{} = [[lo, hi], ..]`, or `interval = [lo, hi]` in one dimension", sides.key);
        sides.report_with_help(message, help);
        return None;
    }
    let sides: Vec<Option<[f64; 2]>> = items.into_iter().map(read_side).collect();
    sides.into_iter().collect()
}

/// The two ends of an interval, which may be infinite.
fn read_side(side: Value<'_>) -> Option<[f64; 2]> {
    let ends: Vec<Option<f64>> = side.list()?.map(|end| end.number_or_infinity()).collect();
    let ends: Vec<f64> = ends.into_iter().collect::<Option<_>>()?;
    let Ok([lo, hi]) = <[f64; 2]>::try_from(ends.as_slice()) else {
        side.report(format!("`{}` needs two ends, [lo, hi]", side.key));
        return None;
    };
    if lo >= hi {
        let help = "give the lower end first, then a larger upper end";
        side.report_with_help(format!("the interval [{lo}, {hi}] is empty"), help);
        return None;
    }
    Some([lo, hi])
}
