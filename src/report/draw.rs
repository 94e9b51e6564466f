//! Draws the figures of an experiment from its results.

use std::f64::consts::TAU;
use std::path::Path;

use super::drawing::{Drawing, drawn};
use super::figures::cost::cost_vs_epsilon;
use super::figures::heat_map::heat_map;
use super::figures::landscapes::landscape::LandscapeFigure;
use super::figures::landscapes::occupancy::OccupancyFigure;
use super::figures::landscapes::sample_paths::SamplePathsFigure;
use super::figures::landscapes::transitions::transitions;
use super::figures::plotted::plotted;
use super::figures::steps::sde_vs_steps;
use super::figures::studies::mean_position::mean_position;
use super::figures::studies::optimisers::OptimisersFigure;
use super::figures::studies::random_problems::random_problems;
use super::figures::studies::which_flatness::which_flatness;
use super::select::{alpha, alpha_label, basin_title, distinct, epsilon, group_by, scheme_title, title};
use super::slopes::{SLOPE_REACH, small_level_slope};
use super::{
    BasinPoint, EpsilonPanel, EpsilonSeries, EscapePlane, EscapeRegion, EscapeSet, ExponentialLaw, FigureError,
    FittedSlope, GammaVsEpsilon, GammaVsVolume, Laplace, LaplacePanel, LaplaceSeries, Point, RatioSeries, Survival,
    SurvivalPanel, TheoremTwo,
};
use crate::dynamics::Dynamics;
use crate::exit::{Confidence, LaplaceTransform, SurvivalCurve, laplace_grid};
use crate::experiment::{FigureKind, FigureStyle, PlannedFigure};
use crate::noise::Amplitude;
use crate::results::{CellResult, FlatnessOrder, MeanPositionResult, OccupancyResult, Pair, RandomProblemsResult};
use crate::theory::{exact_exit, smallest_rho};

/// Most survival panels on a page; with more, the basins of an optimiser share one panel.
const PANELS: usize = 6;
/// Corners of a boundary in the plane.
const CORNERS: usize = 720;

/// The data of an experiment's figures.
#[derive(Clone, Copy, Debug)]
pub struct Material<'r> {
    /// Its cells.
    pub cells: &'r [CellResult],
    /// Its studies of random problems.
    pub studies: &'r [RandomProblemsResult],
    /// Its occupancies.
    pub occupancies: &'r [OccupancyResult],
    /// Its mean positions.
    pub positions: &'r [MeanPositionResult],
    /// Seconds that a path of each cell takes on one thread; empty if not measured.
    pub seconds_per_path: &'r [f64],
}

/// Draws one figure of an experiment's results for a page. With a style, it also writes the figure and the table of its values into `dir`.
///
/// # Errors
/// [`FigureError::Empty`] if the results hold nothing that the figure shows; an error of the file system.
pub fn draw(
    figure: &PlannedFigure,
    material: Material<'_>,
    dir: &Path,
    style: Option<&FigureStyle>,
) -> Result<Drawing, FigureError> {
    let Material { cells: results, studies, occupancies, positions, seconds_per_path } = material;
    let kind = match figure {
        PlannedFigure::Known(kind) => *kind,
        PlannedFigure::Plot(plot) if plot.color.is_some() => return drawn(&heat_map(results, plot), dir, style),
        PlannedFigure::Plot(plot) => return drawn(&plotted(results, plot), dir, style),
    };
    match kind {
        FigureKind::GammaVsEpsilon => drawn(&gamma_vs_epsilon(results), dir, style),
        FigureKind::GammaVsVolume => drawn(&gamma_vs_volume(results), dir, style),
        FigureKind::ExponentialLaw => drawn(&exponential_law(results), dir, style),
        FigureKind::Laplace => drawn(&laplace(results), dir, style),
        FigureKind::EscapeSet => drawn(&escape_set(results), dir, style),
        FigureKind::Theorem2 => drawn(&theorem2(results), dir, style),
        FigureKind::RandomProblems => drawn(&random_problems(studies), dir, style),
        FigureKind::WhichFlatness => drawn(&which_flatness(&FlatnessOrder::all(results)), dir, style),
        FigureKind::Occupancy => drawn(&OccupancyFigure::of(occupancies), dir, style),
        FigureKind::MeanPosition => drawn(&mean_position(positions), dir, style),
        FigureKind::Transitions => drawn(&transitions(results), dir, style),
        FigureKind::SdeVsSteps => drawn(&sde_vs_steps(results), dir, style),
        FigureKind::Landscape => drawn(&LandscapeFigure::of(results), dir, style),
        FigureKind::SamplePaths => drawn(&SamplePathsFigure::of(results), dir, style),
        FigureKind::Optimisers => drawn(&OptimisersFigure::of(results), dir, style),
        FigureKind::CostVsEpsilon => drawn(&cost_vs_epsilon(results, seconds_per_path), dir, style),
    }
}

fn gamma_vs_epsilon(results: &[CellResult]) -> GammaVsEpsilon {
    let schemes = distinct(results.iter().map(|r| r.plan.scheme.name()));
    let panels = group_by(results, |r| (r.plan.dynamics.clone(), r.plan.basin.clone()));
    let one_basin = distinct(results.iter().map(|r| r.plan.basin.clone())).len() == 1;
    let panels = panels.into_iter().map(|((dynamics, _), cells)| {
        let series = group_by(cells.iter().copied(), |r| (alpha(r), r.plan.scheme.name()));
        EpsilonPanel {
            title: if one_basin {
                title(&dynamics)
            } else {
                format!("{}, {}", title(&dynamics), basin_title(&cells[0].plan.basin))
            },
            series: series
                .into_iter()
                .map(|((alpha, scheme), cells)| epsilon_series(alpha, (schemes.len() > 1).then_some(scheme), &cells))
                .collect(),
        }
    });
    GammaVsEpsilon { panels: panels.collect() }
}

fn epsilon_series(alpha: f64, scheme: Option<&str>, cells: &[&CellResult]) -> EpsilonSeries {
    let mean = |r: &CellResult| r.supported_mean().map(|m| Point { x: epsilon(r), y: m.value, lo: m.lo, hi: m.hi });
    EpsilonSeries {
        label: scheme.map_or(alpha_label(alpha), |scheme| format!("{}, {}", alpha_label(alpha), scheme_title(scheme))),
        points: cells.iter().filter_map(|r| mean(r)).collect(),
        theory: cells.iter().filter_map(|r| Some((epsilon(r), r.prediction.as_ref()?.mean_time()))).collect(),
        exact: cells.iter().filter_map(|r| Some((epsilon(r), r.exact_mean?))).collect(),
        second_order: cells.iter().filter_map(|r| Some((epsilon(r), r.second_order_mean()?))).collect(),
        slope: small_level_slope(cells, |r| Some(epsilon(r)), SLOPE_REACH).map(FittedSlope::from),
    }
}

fn gamma_vs_volume(results: &[CellResult]) -> GammaVsVolume {
    let point = |r: &CellResult| {
        let mean = r.supported_mean()?;
        Some(BasinPoint {
            volume: r.volume,
            predicted: r.prediction.as_ref()?.mean_time(),
            mean: mean.value,
            lo: mean.lo,
            hi: mean.hi,
            shape: r.plan.shape.clone(),
            dim: r.plan.problem.basin().dim(),
            dynamics: title(&r.plan.dynamics),
        })
    };
    GammaVsVolume { points: results.iter().filter(|r| r.volume.is_finite()).filter_map(point).collect() }
}

/// The scheme of a cell, where schemes differ.
fn scheme_if_several<'r>(cells: impl IntoIterator<Item = &'r CellResult>) -> impl Fn(&CellResult) -> Option<String> {
    let several = distinct(cells.into_iter().map(|r| r.plan.scheme.name())).len() > 1;
    move |r| several.then(|| scheme_title(r.plan.scheme.name()))
}

/// The cells of the smallest noise level, one for every dynamics, basin, scheme and tail index.
fn at_smallest_epsilon(results: &[CellResult]) -> Vec<&CellResult> {
    let key = |r: &CellResult| (r.plan.dynamics.clone(), r.plan.basin.clone(), r.plan.scheme.name(), alpha(r));
    let groups = group_by(results, key);
    groups
        .into_iter()
        .filter_map(|(_, cells)| cells.into_iter().min_by(|a, b| epsilon(a).total_cmp(&epsilon(b))))
        .collect()
}

fn exponential_law(results: &[CellResult]) -> ExponentialLaw {
    let cells: Vec<&CellResult> = at_smallest_epsilon(results).into_iter().filter(|r| r.prediction.is_some()).collect();
    let basins = distinct(cells.iter().map(|r| &r.plan.basin)).len();
    let (tails, levels) = (distinct(cells.iter().map(|r| alpha(r))), distinct(cells.iter().map(|r| epsilon(r))));
    let by_basin = group_by(cells.iter().copied(), |r| (r.plan.dynamics.clone(), r.plan.basin.clone()));
    let has_panels_of_basins = by_basin.len() <= PANELS;
    // A value that all curves share is in the title.
    let shared_tail = tails.first().filter(|_| tails.len() == 1 && !has_panels_of_basins);
    let shared_level = levels.first().filter(|_| levels.len() == 1);
    let level = |level: f64| format!("ε = {}", super::number(level));
    let scheme = scheme_if_several(cells.iter().copied());
    let series = |r: &CellResult| {
        let mut label = Vec::new();
        label.extend((!has_panels_of_basins).then(|| basin_title(&r.plan.basin)));
        label.extend(shared_tail.is_none().then(|| alpha_label(alpha(r))));
        label.extend(shared_level.is_none().then(|| level(epsilon(r))));
        label.extend(scheme(r));
        survival(r, label.join(", "))
    };
    let panel = |title: String, cells: Vec<&CellResult>| SurvivalPanel {
        title,
        series: cells.into_iter().filter_map(series).collect(),
    };
    let panels = if has_panels_of_basins {
        let named = |((dynamics, _), cells): ((String, String), Vec<&CellResult>)| {
            let dynamics = title(&dynamics);
            panel(
                if basins > 1 { format!("{dynamics}, {}", basin_title(&cells[0].plan.basin)) } else { dynamics },
                cells,
            )
        };
        by_basin.into_iter().map(named).collect()
    } else {
        let by_dynamics = group_by(cells.iter().copied(), |r| r.plan.dynamics.clone());
        by_dynamics.into_iter().map(|(dynamics, cells)| panel(title(&dynamics), cells)).collect()
    };
    let shared: Vec<String> =
        shared_tail.map(|tail| alpha_label(*tail)).into_iter().chain(shared_level.map(|l| level(*l))).collect();
    ExponentialLaw { title: shared.join(", "), panels }
}

fn survival(result: &CellResult, label: String) -> Option<Survival> {
    let rate = result.prediction.as_ref()?.rate;
    let curve = SurvivalCurve::new(&result.sample, Confidence::DEFAULT).ok()?;
    let step = |s: &crate::exit::SurvivalStep| Point {
        x: rate * s.time,
        y: s.survival.value,
        lo: s.survival.lo,
        hi: s.survival.hi,
    };
    Some(Survival {
        label,
        steps: curve.steps().iter().map(step).collect(),
        ks: result.kolmogorov.as_ref().map(|t| (t.statistic, t.p_value)),
        censored: (result.moments.censored() > 0).then_some(rate * result.plan.limits.max_time),
    })
}

fn laplace(results: &[CellResult]) -> Laplace {
    let mut levels = distinct(results.iter().map(epsilon));
    levels.sort_by(|a, b| b.total_cmp(a));
    // The largest level, a middle one, and the smallest, where theorem 1 is closest.
    let chosen = match levels.len() {
        0..=3 => levels,
        n => vec![levels[0], levels[n / 2], levels[n - 1]],
    };
    let basins = distinct(results.iter().map(|r| r.plan.basin.clone()));
    let scheme = scheme_if_several(results);
    let panel = |level: f64| {
        let cells = results.iter().filter(|r| epsilon(r) == level && Some(&r.plan.basin) == basins.first());
        let series: Vec<LaplaceSeries> = cells.filter_map(|r| laplace_series(r, scheme(r))).collect();
        let deviations = series.iter().flat_map(|s| &s.points).map(|p| smallest_rho(p.x, p.y));
        let rho = deviations.filter(|r| r.is_finite()).fold(0.0, f64::max);
        let basin =
            basins.first().filter(|_| basins.len() > 1).map_or(String::new(), |b| format!(", {}", basin_title(b)));
        let title = format!("ε = {}{basin}", super::number(level));
        LaplacePanel { title, rho: (rho > 0.0).then_some(rho), series }
    };
    Laplace { panels: chosen.into_iter().map(panel).collect() }
}

fn laplace_series(result: &CellResult, scheme: Option<String>) -> Option<LaplaceSeries> {
    let rate = result.prediction.as_ref()?.rate;
    let transform = LaplaceTransform::new(&result.sample, rate, Confidence::DEFAULT).ok()?;
    let points = laplace_grid(13).into_iter().filter_map(|u| {
        let e = transform.at(u)?;
        Some(Point { x: u, y: e.value, lo: e.lo, hi: e.hi })
    });
    let names = [title(&result.plan.dynamics), alpha_label(alpha(result))].into_iter().chain(scheme);
    Some(LaplaceSeries {
        label: names.collect::<Vec<_>>().join(", "),
        points: points.collect(),
        exact: exact_transform(result, rate),
    })
}

/// `E exp(-uλΓ)` from the exact solver. Empty if the solver does not cover the problem, or if `λ E Γ` is within .5 % of 1: the curve would
/// coincide with that of the exponential law.
fn exact_transform(result: &CellResult, rate: f64) -> Vec<(f64, f64)> {
    let problem = &result.plan.problem;
    let far = result.exact_mean.is_some_and(|mean| (mean * rate - 1.0).abs() > 0.005);
    let Some(exit) = far.then(|| exact_exit(problem)).flatten() else { return Vec::new() };
    let start = problem.basin().start()[0];
    laplace_grid(25).into_iter().map_while(|u| Some((u, exit.laplace(u * rate, start).ok()?))).collect()
}

fn escape_set(results: &[CellResult]) -> EscapeSet {
    // An unbounded well has no outline.
    let plane = results.iter().filter(|r| r.plan.problem.basin().dim() == 2 && r.volume.is_finite());
    let key = |r: &CellResult| (r.plan.basin.clone(), r.plan.problem.noise().amplitude().clone());
    let groups = group_by(plane, key);
    let basins = distinct(groups.iter().map(|((basin, _), _)| basin.clone())).len();
    let amplitudes = distinct(groups.iter().map(|((_, amplitude), _)| amplitude.clone())).len();
    let planes = groups.into_iter().take(6).map(|((_, amplitude), cells)| {
        let regions = group_by(cells.iter().copied(), |r| r.plan.problem.dynamics().clone());
        let regions: Vec<EscapeRegion> = regions.into_iter().filter_map(|(_, cells)| escape_region(cells[0])).collect();
        let domain = cells[0].plan.problem.basin();
        let boundary = |u: [f64; 2]| {
            let r = domain.exit_distance(&u);
            (r * u[0], r * u[1])
        };
        let det = cells.iter().filter_map(|r| r.prediction.as_ref()).map(|p| p.preconditioner.log_determinant());
        let det = det.fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a }).exp();
        let parts = [
            (basins > 1).then(|| basin_title(&cells[0].plan.basin)),
            amplitude_title(&amplitude).filter(|_| amplitudes > 1),
            Some(format!("det Q = {}", super::number(det))),
        ];
        EscapePlane {
            title: parts.into_iter().flatten().collect::<Vec<_>>().join(", "),
            basin: directions().map(boundary).collect(),
            regions,
        }
    });
    EscapeSet { planes: planes.collect() }
}

/// `Σ = 2 I`, `Σ = diag(2, 0.5)`; a matrix has no short name.
fn amplitude_title(amplitude: &Amplitude) -> Option<String> {
    match amplitude {
        Amplitude::Scalar(scale) => Some(format!("Σ = {}\u{a0}I", super::number(*scale))),
        Amplitude::Diagonal(scales) if scales.len() <= 3 => {
            let scales: Vec<String> = scales.iter().map(|scale| super::number(*scale)).collect();
            Some(format!("Σ = diag({})", scales.join(",\u{a0}")))
        }
        _ => None,
    }
}

fn escape_region(cell: &CellResult) -> Option<EscapeRegion> {
    let problem = &cell.plan.problem;
    let name = if matches!(problem.dynamics(), Dynamics::Adam(_)) { "ADAM" } else { "SGD" };
    let q = problem.preconditioner()?;
    let distance = |u: [f64; 2]| {
        let mut v = [0.0; 2];
        problem.noise().amplitude().apply(&u, &mut v);
        q.divide(&mut v);
        problem.basin().exit_distance(&v)
    };
    let boundary = directions().map(|u| {
        let r = distance(u);
        (r * u[0], r * u[1])
    });
    Some(EscapeRegion {
        label: format!("W_{{{name}}}"),
        boundary: boundary.collect(),
        radii: [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]].map(distance),
    })
}

fn directions() -> impl Iterator<Item = [f64; 2]> {
    (0..=CORNERS).map(|k| {
        let angle = TAU * k as f64 / CORNERS as f64;
        [angle.cos(), angle.sin()]
    })
}

fn theorem2(results: &[CellResult]) -> TheoremTwo {
    let mut figure = TheoremTwo::default();
    let scheme = scheme_if_several(Pair::all(results).map(|pair| pair.adam));
    let several_levels = distinct(Pair::all(results).map(|pair| epsilon(pair.adam))).len() > 1;
    let mut add = |to_anisotropy: bool, pair: &Pair<'_>, x: f64| {
        let mut label = format!("d = {}, {}", pair.adam.plan.problem.basin().dim(), alpha_label(alpha(pair.adam)));
        let level = several_levels.then(|| format!("ε = {}", super::number(epsilon(pair.adam))));
        level.into_iter().chain(scheme(pair.adam)).for_each(|part| label += &format!(", {part}"));
        let list = if to_anisotropy { &mut figure.anisotropy } else { &mut figure.determinant };
        let index = list.iter().position(|s: &RatioSeries| s.label == label).unwrap_or_else(|| {
            list.push(RatioSeries { label, ..RatioSeries::default() });
            list.len() - 1
        });
        let series = &mut list[index];
        if let Some(ratio) = pair.supported_ratio() {
            series.points.push(Point { x, y: ratio.value, lo: ratio.lo, hi: ratio.hi });
        }
        series.predicted.push((x, pair.theory.predicted_ratio()));
    };
    for pair in Pair::all(results) {
        if pair.theory.is_isotropic() {
            add(false, &pair, pair.theory.log_det_q.exp());
        }
        if pair.theory.volumes_tie() {
            add(true, &pair, pair.theory.anisotropy);
        }
    }
    for series in figure.determinant.iter_mut().chain(&mut figure.anisotropy) {
        series.points.sort_by(|a, b| a.x.total_cmp(&b.x));
        series.predicted.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    figure
}
