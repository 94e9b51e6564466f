//! Selects the problems with lazy events, and computes their constants.

use std::collections::BTreeMap;

use super::super::axis_steps::SmoothAxis;
use super::super::cut::Cut;
use super::super::large_jumps::LargeJumps;
use super::super::sgd_motion::FreeAxis;
use super::adam_axes::{AdamAxes, AdamKind};
use super::axis_choice::AxisChoice;
use super::events::{LazyEvents, LazyRun, Sums};
use super::geometry::{AxisEdge, SURELY, Shape};
use super::motion::AxisMotions;
use super::sgd_axes::{SgdAxes, SgdKind};
use crate::dynamics::{Dynamics, Preconditioner, Problem};
use crate::noise::{QuantileTable, Structure};
use crate::scheme::time_scale::{crossing_time, relaxation_rates};

/// Largest mean square of the gauge at rest for which the mean replaces the gauge; `docs/schemes.md` has the error.
const SMALL: f64 = 0.01;

/// The lazy events of a problem with separate axes whose coordinates at rest stay away from the edge; `None` for other problems. `loads`:
/// `(z σ/r)²` on both sides of every axis, where an edge is near within `z` standard deviations `σ` at rest, and `r` is its distance from the
/// minimum.
pub(in super::super) fn lazy_events(
    problem: &Problem,
    jumps: &LargeJumps,
    rest: &Preconditioner,
    loads: &[[f64; 2]],
    longest: f64,
) -> Option<Box<dyn LazyRun>> {
    let (basin, noise) = (problem.basin(), problem.noise());
    let dim = basin.dim();
    let separate = noise.amplitude().is_diagonal() && noise.structure() == Structure::Independent;
    if dim < 2 || !separate {
        return None;
    }
    let [left, right] = basin.potential().form().axis_curvatures(dim)?;
    let shape = if basin.round_axes()? { Shape::Round } else { Shape::Faces };
    let scales = match problem.dynamics() {
        // A coordinate of Adam with a kink has no law at rest in closed form.
        Dynamics::Adam(_) if left != right => return None,
        Dynamics::Adam(adam) => Some(adam.noise_scales(noise, dim)),
        _ => None,
    };
    if !left.iter().chain(&right).all(|k| *k > 0.0) {
        return None;
    }

    let mut known: BTreeMap<[u64; 7], u32> = BTreeMap::new();
    let (mut examples, mut kinds) = (Vec::new(), Vec::with_capacity(dim));
    for i in 0..dim {
        let ends = [-1.0, 1.0].map(|sign| basin.axis_exit_distance(i, sign));
        let scale = scales.as_ref().map_or(0.0, |scales| scales[i]);
        let traits = [left[i], right[i], ends[0], ends[1], jumps.axis_amplitude(i), rest.entry(i), scale];
        let kind = *known.entry(traits.map(f64::to_bits)).or_insert(examples.len() as u32);
        if kind as usize == examples.len() {
            examples.push((i, ends, scale));
        }
        kinds.push(kind);
    }
    let mut edges: Vec<AxisEdge> = examples
        .iter()
        .map(|&(i, ends, _)| {
            let displaced = |cut: Cut| Cut { variance: jumps.axis_variance(cut, i), ..cut };
            AxisEdge {
                ends,
                reach: ends[0].min(ends[1]),
                amplitude: jumps.axis_amplitude(i),
                q: rest.entry(i),
                far: displaced(jumps.far(i)),
                near: displaced(jumps.largest_near(i)),
                loads: loads[i],
                far_from: [f64::INFINITY; 2],
                square: 0.0,
            }
        })
        .collect();

    let (start, minimum) = (basin.start(), basin.minimum());
    let start = (0..dim).map(|i| (i as u32, kinds[i], start[i] - minimum[i])).filter(|(.., y)| *y != 0.0).collect();
    let common = Common { shape, kinds, jumps, problem, longest, start };
    match (problem.dynamics(), scales) {
        (Dynamics::Adam(adam), Some(_)) => {
            let kind = |(&(i, _, scale), edge): (&(usize, _, f64), &AxisEdge)| AdamKind {
                curvature: left[i],
                scale,
                q: edge.q,
                variance: edge.far.variance,
                reach: edge.reach,
            };
            let motion = AdamAxes::new(adam, relaxation_rates(problem), examples.iter().zip(&edges).map(kind));
            for (kind, edge) in edges.iter_mut().enumerate() {
                edge.square = motion.square_at_rest(kind) / (edge.reach * edge.reach);
            }
            common.events(edges, motion)
        }
        _ => {
            let floor = SmoothAxis::NOTHING / crossing_time(problem);
            for (&(i, ..), edge) in examples.iter().zip(&mut edges) {
                edge.square = square_at_rest([left[i], right[i]], edge);
            }
            let kind = |(&(i, ends, _), edge): (&(usize, [f64; 2], f64), &AxisEdge)| {
                SgdKind::new(FreeAxis::new([left[i], right[i]], ends, floor), edge.reach, edge.far.variance)
            };
            let motion = SgdAxes::new(examples.iter().zip(&edges).map(kind).collect());
            common.events(edges, motion)
        }
    }
}

/// Mean of `(y/r±)²` at rest. The density is continuous at the minimum, so the weight of a side is proportional to its width.
fn square_at_rest(curvatures: [f64; 2], edge: &AxisEdge) -> f64 {
    let widths = curvatures.map(|k| (0.5 * edge.far.variance / k).sqrt());
    let total = widths[0] + widths[1];
    if total == 0.0 {
        return 0.0;
    }
    (0..2).map(|side| widths[side] / total * (widths[side] / edge.ends[side]).powi(2)).sum()
}

/// The constants that do not depend on the dynamics.
struct Common<'a> {
    shape: Shape,
    kinds: Vec<u32>,
    jumps: &'a LargeJumps,
    problem: &'a Problem,
    longest: f64,
    start: Vec<(u32, u32, f64)>,
}

impl Common<'_> {
    /// The events, if coordinates at rest stay away from the edge.
    fn events<M: AxisMotions + 'static>(self, mut edges: Vec<AxisEdge>, motion: M) -> Option<Box<dyn LazyRun>> {
        let growth = motion.least_growth(&edges);
        edges.iter_mut().for_each(|edge| edge.far_from = edge.far_from(growth));
        let sum = |of: &dyn Fn(&AxisEdge) -> f64| self.kinds.iter().map(|kind| of(&edges[*kind as usize])).sum::<f64>();
        let square = sum(&|edge| edge.square);
        let gathering = sum(&|edge| edge.far.variance / (edge.q * edge.reach).powi(2));
        let sums = Sums {
            far_rate: sum(&|edge| edge.far.rate),
            near_rate: sum(&|edge| edge.near.rate),
            load: sum(&AxisEdge::load),
            most_load: SURELY * 4.0 * sum(&AxisEdge::load) / growth.min(1.0).powi(2),
            square,
            spread: sum(&AxisEdge::spread),
            quiver: sum(&|edge| edge.square * edge.spread()),
        };
        let stays = match self.shape {
            Shape::Faces => edges.iter().all(|edge| edge.load() < 1.0),
            Shape::Round => sums.load < 1.0 && square <= SMALL,
        };
        if !stays {
            return None;
        }
        let jump = QuantileTable::pareto(self.problem.noise().alpha(), 1.0)?;
        let rates: Vec<f64> = edges.iter().map(|edge| edge.far.rate).collect();
        Some(Box::new(LazyEvents {
            shape: self.shape,
            dim: self.kinds.len(),
            choice: AxisChoice::new(&self.kinds, &rates),
            jump,
            ladder: *self.jumps.ladder(),
            sums,
            settling: if square > 0.0 { gathering / square } else { f64::INFINITY },
            whole: self.jumps.whole(),
            pareto_root: self.jumps.pareto_root(),
            shift: self.jumps.shift(),
            longest: self.longest,
            start: self.start,
            kinds: edges,
            motion,
        }))
    }
}
