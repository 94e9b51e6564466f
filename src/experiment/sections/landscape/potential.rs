//! `potential` of a basin.

use std::collections::BTreeMap;
use std::sync::Arc;

use nalgebra::DMatrix;

use super::super::calibration::read_curvatures;
use super::domain::DomainSection;
use crate::experiment::toml::diagnostic::Diagnostic;
use crate::experiment::toml::reader::{MATRIX_HELP, TableReader, Value};
use crate::landscape::{
    Asymmetric, DoubleWell, Expression, Flat, GaussianWell, GaussianWells, LandscapeError, MullerBrown, MultiWell,
    Potential, Quadratic, Well,
};

/// Largest dimension of a dense Hessian, whose eigenvalues are computed.
const MOST_DENSE: usize = 1_000;

#[derive(Clone, Copy)]
enum PotentialKind {
    Quadratic,
    Asymmetric,
    DoubleWell,
    MultiWell,
    GaussianWells,
    MullerBrown,
    Expression,
    None,
    Calibrated,
}

const POTENTIALS: [(&str, PotentialKind); 9] = [
    ("quadratic", PotentialKind::Quadratic),
    ("asymmetric", PotentialKind::Asymmetric),
    ("double_well", PotentialKind::DoubleWell),
    ("multi_well", PotentialKind::MultiWell),
    ("gaussian_wells", PotentialKind::GaussianWells),
    ("muller_brown", PotentialKind::MullerBrown),
    ("expression", PotentialKind::Expression),
    ("none", PotentialKind::None),
    ("calibrated", PotentialKind::Calibrated),
];

#[derive(Clone, Copy)]
enum QuadraticKind {
    Curvature,
    Hessian,
}

const QUADRATICS: [(&str, QuadraticKind); 2] =
    [("curvature", QuadraticKind::Curvature), ("hessian", QuadraticKind::Hessian)];

/// A potential with all its settings but the minimum.
#[derive(Clone, Debug)]
pub(in crate::experiment) enum PotentialSettings {
    Quadratic {
        curvature: Vec<f64>,
    },
    Hessian(DMatrix<f64>),
    Asymmetric {
        left: Vec<f64>,
        right: Vec<f64>,
    },
    DoubleWell {
        minima: [f64; 2],
        saddle: f64,
        stiffness: f64,
        transverse: Vec<f64>,
        well: Well,
    },
    MultiWell {
        minima: Vec<f64>,
        saddles: Vec<f64>,
        depths: Vec<f64>,
        heights: Vec<f64>,
    },
    GaussianWells {
        wells: Vec<GaussianWell>,
        curvature: f64,
    },
    MullerBrown {
        scale: f64,
    },
    /// With the blanks of the formula removed.
    Expression {
        formula: String,
        parameters: BTreeMap<String, f64>,
    },
    Flat,
}

/// The settings and the potential that they describe.
#[derive(Debug)]
pub(in crate::experiment::sections) struct PotentialSection {
    pub settings: PotentialSettings,
    pub potential: Arc<dyn Potential>,
}

impl PotentialSection {
    fn new(settings: PotentialSettings, potential: impl Potential + 'static) -> Self {
        PotentialSection { settings, potential: Arc::new(potential) }
    }
}

/// The other keys of the basin that determine its potential.
pub(in crate::experiment::sections) struct Surroundings<'a> {
    /// `dim`.
    pub dim: Option<usize>,
    /// The domain; `None` if it could not be read.
    pub domain: Option<&'a DomainSection>,
    /// `minimum` and its place.
    pub minimum: Option<(Value<'a>, Vec<f64>)>,
    /// `start`, if it could be read.
    pub start: Option<&'a [f64]>,
}

impl Surroundings<'_> {
    /// The dimension, if `dim` or the domain gives it.
    fn known_dim(&self) -> Option<usize> {
        self.dim.or(self.domain.and_then(DomainSection::dim))
    }

    /// A list with a number per axis, or one number for all axes.
    fn per_axis(&self, value: Value<'_>) -> Option<Vec<f64>> {
        if value.is_list() {
            return value.numbers();
        }
        let number = value.number()?;
        // A domain that could not be read may have given the dimension.
        let may_have_given = self.domain.is_none() && !value.reading.without_edge.get();
        let dim = if may_have_given { self.known_dim()? } else { self.known_dim().unwrap_or(1) };
        Some(vec![number; dim])
    }

    /// The minimum in `dim` dimensions, the origin if none is given.
    fn minimum(&self, dim: usize) -> Option<Vec<f64>> {
        match &self.minimum {
            Some((at, minimum)) if minimum.len() != dim => {
                at.report(format!("minimum has {} entries, the landscape has dimension {dim}", minimum.len()));
                None
            }
            Some((_, minimum)) => Some(minimum.clone()),
            None => Some(vec![0.0; dim]),
        }
    }
}

/// Reads `potential` of the basin `table`.
pub(in crate::experiment::sections) fn read(
    table: &TableReader<'_>,
    basin: &Surroundings<'_>,
) -> Option<PotentialSection> {
    let value = table.get("potential")?;
    let inner =
        value.table_of_text(|text| format!("write a formula as `{{ expression = {{ formula = {text:?} }} }}`"))?;
    let which = inner.one_of("a potential", &POTENTIALS);
    inner.finish();
    let (kind, settings) = which?;
    match kind {
        PotentialKind::Quadratic => read_quadratic(settings, basin),
        PotentialKind::Asymmetric => read_asymmetric(settings, basin),
        PotentialKind::DoubleWell => read_double_well(settings, basin),
        PotentialKind::MultiWell => read_multi_well(settings, basin),
        PotentialKind::GaussianWells => read_gaussian_wells(settings, basin),
        PotentialKind::MullerBrown => read_muller_brown(settings, basin),
        PotentialKind::Expression => read_expression(settings, basin),
        PotentialKind::None => {
            settings.table()?.finish();
            basin.domain?;
            let Some(dim) = basin.known_dim() else {
                value.report_with_help("without a potential the basin must give its `dim`", "add `dim = 2`");
                return None;
            };
            let minimum = basin.minimum(dim)?;
            let flat = value.check(Flat::new(dim).and_then(|flat| flat.centred_at(minimum)))?;
            Some(PotentialSection::new(PotentialSettings::Flat, flat))
        }
        PotentialKind::Calibrated => {
            let curvature = read_curvatures(settings)?;
            let bowl = settings.check(Quadratic::new(curvature.clone()))?;
            let bowl = value.check(bowl.centred_at(basin.minimum(curvature.len())?))?;
            Some(PotentialSection::new(PotentialSettings::Quadratic { curvature }, bowl))
        }
    }
}

fn read_quadratic(value: Value<'_>, basin: &Surroundings<'_>) -> Option<PotentialSection> {
    let table = value.table()?;
    let which = table.one_of("a quadratic", &QUADRATICS);
    table.finish();
    let (kind, numbers) = which?;
    let (settings, bowl) = match kind {
        QuadraticKind::Curvature => {
            let curvature = basin.per_axis(numbers)?;
            let bowl = numbers.check(Quadratic::new(curvature.clone()))?;
            (PotentialSettings::Quadratic { curvature }, bowl)
        }
        QuadraticKind::Hessian => {
            let rows = numbers.rows(MATRIX_HELP)?;
            let (n, m) = (rows.len(), rows[0].len());
            if n > MOST_DENSE {
                numbers.report(format!("a dense Hessian has at most {MOST_DENSE} rows, not {n}"));
                return None;
            }
            let hessian = DMatrix::from_fn(n, m, |i, j| rows[i][j]);
            let help = "give a symmetric matrix whose eigenvalues are all positive";
            let bowl = numbers.check_with_help(Quadratic::with_hessian(hessian.clone()), help)?;
            (PotentialSettings::Hessian(hessian), bowl)
        }
    };
    let minimum = basin.minimum(bowl.dim())?;
    Some(PotentialSection::new(settings, value.check(bowl.centred_at(minimum))?))
}

fn read_asymmetric(value: Value<'_>, basin: &Surroundings<'_>) -> Option<PotentialSection> {
    let table = value.table()?;
    let left = table.need("left", "[4.0]").and_then(|left| basin.per_axis(left));
    let right = table.need("right", "[1.0]").and_then(|right| basin.per_axis(right));
    table.finish();
    let (left, right) = (left?, right?);
    let valley = value.check(Asymmetric::new(left.clone(), right.clone()))?;
    let minimum = basin.minimum(valley.dim())?;
    let valley = value.check(valley.centred_at(minimum))?;
    Some(PotentialSection::new(PotentialSettings::Asymmetric { left, right }, valley))
}

fn read_double_well(value: Value<'_>, basin: &Surroundings<'_>) -> Option<PotentialSection> {
    if let Some((at, _)) = &basin.minimum {
        at.report_with_help("a double well places its own minima", "set `minima` inside `double_well`");
        return None;
    }
    let table = value.table()?;
    let minima_value = table.need("minima", "[-1.0, 1.0]");
    let saddle = table.get("saddle").map(|saddle| saddle.number());
    let stiffness = table.get("stiffness").map_or(Some(1.0), |stiffness| stiffness.positive());
    let transverse = table.get("transverse").map_or(Some(Vec::new()), |transverse| transverse.numbers());
    let wells = [("left", Well::Left), ("right", Well::Right)];
    let well = table.get("well").map_or(Some(Well::Left), |well| well.word(&wells));
    table.finish();
    let minima_value = minima_value?;
    let minima = minima_value.numbers()?;
    let Ok(minima) = <[f64; 2]>::try_from(minima.as_slice()) else {
        minima_value.report("`minima` needs two positions");
        return None;
    };
    let saddle = match saddle {
        Some(saddle) => saddle?,
        None => 0.5 * (minima[0] + minima[1]),
    };
    let (stiffness, transverse, well) = (stiffness?, transverse?, well?);
    let potential = value.check(DoubleWell::new(minima, saddle, stiffness))?;
    let potential = value.check(potential.with_transverse(transverse.clone()))?.from_well(well);
    let settings = PotentialSettings::DoubleWell { minima, saddle, stiffness, transverse, well };
    Some(PotentialSection::new(settings, potential))
}

fn read_multi_well(value: Value<'_>, basin: &Surroundings<'_>) -> Option<PotentialSection> {
    if let Some((at, _)) = &basin.minimum {
        at.report_with_help("a `multi_well` places its own minima", "set `minima` inside `multi_well`");
        return None;
    }
    let table = value.table()?;
    let minima = table.need("minima", "[-2.0, 0.0, 3.0]").and_then(|minima| minima.numbers());
    let saddles = table.need("saddles", "[-1.5, 1.5]").and_then(|saddles| saddles.numbers());
    let depths = table.need("depths", "[2.0, 1.0, 1.5]").and_then(|depths| depths.numbers());
    let heights = table.get("heights").map(|heights| heights.numbers());
    let well_value = table.get("well");
    table.finish();
    let (minima, saddles, depths) = (minima?, saddles?, depths?);
    let heights = heights.unwrap_or_else(|| Some(vec![0.0; saddles.len()]))?;
    let wells = MultiWell::with_heights(minima.clone(), saddles.clone(), depths.clone(), heights.clone());
    let help = "give minima and saddles in turn from left to right, and for every minimum a depth below its saddles";
    let potential = value.check_with_help(wells, help)?;
    let number = well_value.map_or(Some(1), |well| well.integer(1, minima.len() as u64))?;
    let potential = value.check(potential.from_well(number as usize - 1))?;
    Some(PotentialSection::new(PotentialSettings::MultiWell { minima, saddles, depths, heights }, potential))
}

fn read_gaussian_wells(value: Value<'_>, basin: &Surroundings<'_>) -> Option<PotentialSection> {
    if let Some((at, _)) = &basin.minimum {
        at.report_with_help("`gaussian_wells` have their own minima", "choose one by `well` inside `gaussian_wells`");
        return None;
    }
    let table = value.table()?;
    let positions = table.need("positions", "[[-1.0, 0.0], [1.0, 0.5]]");
    let places = positions.and_then(|positions| positions.rows("write a list of points, `[[x, y], ..]`"));
    let widths = table.need("widths", "[0.3, 0.8]").and_then(|widths| widths.numbers());
    let depths = table.need("depths", "[2.0, 1.0]").and_then(|depths| depths.numbers());
    let curvature = table.need("curvature", "0.1").and_then(|curvature| curvature.positive());
    let well_value = table.get("well");
    table.finish();
    let (positions, places, widths, depths, curvature) = (positions?, places?, widths?, depths?, curvature?);
    if places[0].len() != 2 {
        positions.report_with_help(
            format!("a position has {} coordinates, not 2", places[0].len()),
            "the wells lie in the plane; `multi_well` has wells on a line",
        );
        return None;
    }
    for (what, found) in [("widths", widths.len()), ("depths", depths.len())] {
        if found != places.len() {
            value.report_with_help(
                format!("there are {found} {what}, and {} positions", places.len()),
                "give a position, a width and a depth for every well",
            );
            return None;
        }
    }
    let sizes = widths.into_iter().zip(depths);
    let well = |(place, (width, depth)): (Vec<f64>, _)| GaussianWell { position: [place[0], place[1]], width, depth };
    let wells: Vec<GaussianWell> = places.into_iter().zip(sizes).map(well).collect();
    let number = well_value.map_or(Some(1), |well| well.integer(1, wells.len() as u64))?;
    let help = "make the well deeper or the bowl flatter, or start in another one with `well`";
    let potential = GaussianWells::new(wells.clone(), curvature, number as usize - 1);
    let potential = match potential {
        Err(LandscapeError::LostWell { .. }) => value.check_with_help(potential, help)?,
        potential => value.check(potential)?,
    };
    Some(PotentialSection::new(PotentialSettings::GaussianWells { wells, curvature }, potential))
}

fn read_muller_brown(value: Value<'_>, basin: &Surroundings<'_>) -> Option<PotentialSection> {
    if let Some((at, _)) = &basin.minimum {
        at.report_with_help("`muller_brown` has its own minima", "choose one by `well` inside `muller_brown`");
        return None;
    }
    let table = value.table()?;
    let scale = table.get("factor").map_or(Some(1.0), |factor| factor.positive());
    let well = table.get("well").map_or(Some(1), |well| well.integer(1, 3));
    table.finish();
    let (scale, well) = (scale?, well?);
    let potential = value.check(MullerBrown::new(scale, well as usize - 1))?;
    Some(PotentialSection::new(PotentialSettings::MullerBrown { scale }, potential))
}

fn read_expression(value: Value<'_>, basin: &Surroundings<'_>) -> Option<PotentialSection> {
    if let Some((at, _)) = &basin.minimum {
        at.report_with_help(
            "an expression has its minimum inside",
            "move `minimum` into `expression`, or leave it out",
        );
        return None;
    }
    let table = value.table_of_text(|text| format!("write `expression = {{ formula = {text:?} }}`"))?;
    let text = table.need("formula", "\"x^4/4 - x^2/2\"");
    let parameters = table.get("parameters").map_or(Some(BTreeMap::new()), |parameters| read_parameters(&parameters));
    let minimum = table.get("minimum").map_or(Some(None), |minimum| Some(Some((minimum, minimum.numbers()?))));
    table.finish();
    let (text_value, parameters, minimum) = (text?, parameters?, minimum?);
    let text = text_value.text()?;
    // The dimension is that of the domain or of `dim`, which may be larger than the number of variables.
    let inside = basin.domain.and_then(DomainSection::inside);
    let inside = inside.or_else(|| basin.known_dim().map(|dim| vec![0.0; dim]));
    let start = basin.start.or(inside.as_deref());
    let given = minimum.as_ref().map(|(_, minimum)| minimum.as_slice());
    let named: Vec<(&str, f64)> = parameters.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let potential = match Expression::new(text, &named, given, start) {
        Ok(potential) => potential,
        Err(LandscapeError::Formula(error)) => {
            // Without escapes the string is the formula between two quotes, and the place can be shown.
            let string = text_value.node.span.clone();
            let exact = string.len() == text.len() + 2;
            let place = |at: usize| (string.start + 1 + at).min(string.end - 1);
            let span = if exact { place(error.span.start)..place(error.span.end) } else { string };
            let diagnostic = Diagnostic::new(span, error.to_string());
            let diagnostic = match &error.help {
                Some(help) => diagnostic.help(help.clone()),
                None => diagnostic,
            };
            value.reading.diagnostics.report(diagnostic);
            return None;
        }
        Err(LandscapeError::Length { found, dim, .. }) if minimum.is_none() && basin.start.is_none() => {
            let message = format!("the formula has {dim} variables, the basin dimension {found}");
            text_value.report_with_help(
                message,
                format!("give a domain of {dim} dimensions, such as a `box` of {dim} sides"),
            );
            return None;
        }
        Err(LandscapeError::NoDimension) => {
            text_value
                .report_with_help("the formula has no variable", "write a formula of `x`, such as \"x^4/4 - x^2/2\"");
            return None;
        }
        Err(error) => {
            let help = match &error {
                LandscapeError::NoMinimum { .. } => "give `minimum` inside `expression`, or a `start` near it",
                LandscapeError::AnotherMinimum { .. } => "correct `minimum`, or leave it out to search from `start`",
                LandscapeError::PotentialNotFinite { .. } => {
                    "correct the formula, or give a `start` at which it is finite"
                }
                _ if minimum.is_none() => "give `start` as many entries as the formula has variables",
                _ => "give `minimum` as many entries as the formula has variables",
            };
            minimum.map_or(value, |(minimum, _)| minimum).report_with_help(error.to_string(), help);
            return None;
        }
    };
    let formula = text.chars().filter(|c| !c.is_whitespace()).collect();
    Some(PotentialSection::new(PotentialSettings::Expression { formula, parameters }, potential))
}

fn read_parameters(value: &Value<'_>) -> Option<BTreeMap<String, f64>> {
    let numbers: Vec<Option<(String, f64)>> =
        value.entries()?.map(|entry| Some((entry.key.to_owned(), entry.number()?))).collect();
    numbers.into_iter().collect()
}
