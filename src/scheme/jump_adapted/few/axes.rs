//! The constants of a problem in few dimensions.

use super::super::axis_steps::SmoothAxis;
use super::super::cut::{Cut, Ladder};
use super::super::path_events::PathEvents;
use super::adam::FewAdam;
use super::dense::DenseNoise;
use crate::dynamics::{Dynamics, Problem};
use crate::landscape::Form;
use crate::noise::{Amplitude, Structure};
use crate::scheme::time_scale::crossing_time;

/// Largest number of dimensions. In more, the lanes of a path no longer fit the first cache.
pub(super) const MOST: usize = 16;

/// One axis with its noise.
#[derive(Clone, Copy)]
pub(super) struct FewAxis {
    pub minimum: f64,
    /// The ends of a box, or the semi-axis of a ball or an ellipsoid.
    pub ends: [f64; 2],
    pub semi_axis: f64,
    /// Smallest distance to a face that limits a step by the drift.
    pub floor: f64,
    /// `εΣ_ii` of a diagonal amplitude, and `ε` and `Σ_ii` themselves, since the order of multiplications decides the last bit.
    pub amplitude: f64,
    pub factors: [f64; 2],
    /// Fluctuations at rest on both sides, the distance of the nearer edge, and the distance that determines the cuts, in units of `L`.
    pub at_rest: [f64; 2],
    pub reach: f64,
    pub cut_reach: f64,
    /// The largest cut near the edge.
    pub near: Cut,
    /// Variance per unit time of the coordinate far from the edge.
    pub far_variance: f64,
    pub curvature: f64,
    pub flow: SmoothAxis,
}

/// The domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Box,
    Ball,
    Ellipsoid,
}

/// A problem in at most `D` dimensions.
pub(super) struct FewAxes<const D: usize> {
    pub axes: [FewAxis; D],
    pub dense: Option<Box<DenseNoise<D>>>,
    pub adam: Option<Box<FewAdam<D>>>,
    pub dim: usize,
    pub shape: Shape,
    pub always_near: bool,
    pub far_rate: f64,
    pub ladder: Ladder,
    pub whole: f64,
    pub shift: f64,
    /// Longest step near the edge.
    pub longest: f64,
}

/// The constants of a problem in a quadratic on separate axes, in a box, a ball or an ellipsoid; `None` for other problems.
pub(super) fn few_axes(problem: &Problem, paths: &PathEvents) -> Option<(Vec<FewAxis>, Shape)> {
    let (basin, noise, jumps) = (problem.basin(), problem.noise(), paths.jumps());
    let dim = basin.dim();
    let is_sgd = matches!(problem.dynamics(), Dynamics::Sgd);
    let has_lanes = match noise.amplitude() {
        Amplitude::Dense(_) => is_sgd && matches!(basin.potential().form(), Form::Diagonal(_) | Form::Flat),
        amplitude => amplitude.is_diagonal(),
    };
    if !(2..=MOST).contains(&dim) || !has_lanes || noise.structure() != Structure::Independent {
        return None;
    }
    let [left, right] = basin.potential().form().axis_curvatures(dim)?;
    // Without a curvature Adam's motion has another formula.
    if left != right || (!is_sgd && !left.iter().all(|k| *k > 0.0)) {
        return None;
    }
    let shape = match (basin.sides(), basin.semi_axes()) {
        (Some(_), _) => Shape::Box,
        (_, Some((_, true))) => Shape::Ball,
        (_, Some((_, false))) => Shape::Ellipsoid,
        _ => return None,
    };
    let floor = SmoothAxis::NOTHING / crossing_time(problem);
    let axis = |i: usize| FewAxis {
        minimum: basin.minimum()[i],
        ends: basin.sides().map_or([f64::NEG_INFINITY, f64::INFINITY], |(lo, hi)| [lo[i], hi[i]]),
        semi_axis: basin.semi_axes().map_or(f64::INFINITY, |(semi_axes, _)| semi_axes[i]),
        floor: Ladder::FLOOR * basin.width(i),
        amplitude: jumps.axis_amplitude(i),
        factors: [noise.epsilon(), noise.amplitude().diagonal_entry(i)],
        at_rest: paths.axis_at_rest(i),
        reach: paths.axis_reach(i),
        cut_reach: paths.cut_reach(i),
        near: jumps.largest_near(i),
        far_variance: jumps.axis_variance(jumps.far(i), i),
        curvature: left[i],
        flow: SmoothAxis::new(left[i], floor),
    };
    Some(((0..dim).map(axis).collect(), shape))
}

impl<const D: usize> FewAxes<D> {
    /// At least one axis and at most `D`.
    pub fn new(
        axes: &[FewAxis],
        shape: Shape,
        dense: Option<DenseNoise<D>>,
        adam: Option<FewAdam<D>>,
        paths: &PathEvents,
    ) -> Self {
        let jumps = paths.jumps();
        FewAxes {
            axes: std::array::from_fn(|i| axes[i.min(axes.len() - 1)]),
            dense: dense.map(Box::new),
            adam: adam.map(Box::new),
            dim: axes.len(),
            shape,
            always_near: paths.is_always_near(),
            far_rate: jumps.cuts_far().rate,
            ladder: *jumps.ladder(),
            whole: jumps.whole(),
            shift: jumps.shift(),
            longest: paths.longest(),
        }
    }
}
