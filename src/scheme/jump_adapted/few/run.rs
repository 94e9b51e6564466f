//! The kernel of problems in few dimensions.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rand::RngExt;
use rand_distr::{Exp1, StandardNormal};

use super::super::path_events::PathEvents;
use super::adam::FewAdam;
use super::attention::Attention;
use super::axes::{FewAxes, FewAxis, MOST, Shape, few_axes};
use super::dense::DenseNoise;
use super::lanes::{FewLanes, FewPath};
use crate::dynamics::{Dynamics, Problem};
use crate::scheme::vector::Vector;
use crate::scheme::{Limits, Outcome, PathRecord, StreamSource};

/// Lanes, and the number of paths that continue one by one.
const LANES: usize = 16;
const FEW: usize = 2;

/// Dimensions that have lanes of their own: rows of more would fill the first cache with zeros.
const FEWER: usize = 4;

/// A problem in few dimensions.
pub(in super::super) struct FewEvents {
    axes: AnyAxes,
    pub(in super::super) arch: Arch,
}

enum AnyAxes {
    Fewer(Box<FewAxes<FEWER>>),
    Most(Box<FewAxes<MOST>>),
}

impl FewEvents {
    /// The events of the problem of `paths`, if they have lanes.
    pub fn new(problem: &Problem, paths: &PathEvents) -> Option<Self> {
        let (axes, shape) = few_axes(problem, paths)?;
        let axes = if axes.len() <= FEWER {
            AnyAxes::Fewer(Box::new(of_size(problem, &axes, shape, paths)?))
        } else {
            AnyAxes::Most(Box::new(of_size(problem, &axes, shape, paths)?))
        };
        Some(FewEvents { axes, arch: Arch::new() })
    }

    /// Appends the records of `range` in path order.
    pub fn run(
        &self,
        paths: &PathEvents,
        source: StreamSource,
        range: Range<u64>,
        limits: Limits<'_>,
        records: &mut Vec<PathRecord>,
    ) {
        let (first, begin) = (records.len(), range.start);
        let empty = PathRecord { outcome: Outcome::Censored { at: 0.0 }, events: 0 };
        records.resize(first + (range.end - range.start) as usize, empty);
        if limits.max_events == 0 {
            return;
        }
        let mut put = |path: u64, record: PathRecord| records[first + (path - begin) as usize] = record;
        match &self.axes {
            AnyAxes::Fewer(axes) => self.run_all(axes, paths, source, range, limits, &mut put),
            AnyAxes::Most(axes) => self.run_all(axes, paths, source, range, limits, &mut put),
        }
    }

    fn run_all<const D: usize>(
        &self,
        axes: &FewAxes<D>,
        paths: &PathEvents,
        source: StreamSource,
        range: Range<u64>,
        limits: Limits<'_>,
        put: &mut impl FnMut(u64, PathRecord),
    ) {
        let start = paths.problem().basin().start();
        let x: [f64; D] = std::array::from_fn(|i| start.get(i).copied().unwrap_or(0.0));
        let own = axes.adam.as_ref().map_or([[1.0; D]; 3], |adam| adam.start(x));
        let moved = if start == paths.problem().basin().minimum() { 0.0 } else { 1.0 };
        let begin = |path| {
            let mut stream = source.stream(path);
            let clock = stream.sample(Exp1);
            FewPath { path, x, own, moved, t: 0.0, clock, events: 0.0, stream }
        };
        let queue = range.map(begin);
        let wide = Advance::<D, LANES, _, _> { axes, paths, queue, rest: FEW, limits, put: &mut *put };
        let queue = self.arch.dispatch(wide).into_iter();
        Arch::Scalar.dispatch(Advance::<D, 1, _, _> { axes, paths, queue, rest: 0, limits, put });
    }
}

/// The events of a problem in at most `D` dimensions.
fn of_size<const D: usize>(
    problem: &Problem,
    axes: &[FewAxis],
    shape: Shape,
    paths: &PathEvents,
) -> Option<FewAxes<D>> {
    let is_dense = !problem.noise().amplitude().is_diagonal();
    let dense = if is_dense { Some(DenseNoise::of(problem, paths.jumps())?) } else { None };
    let adam = match problem.dynamics() {
        Dynamics::Adam(adam) => {
            let curvatures: Vec<f64> = axes.iter().map(|axis| axis.curvature).collect();
            Some(FewAdam::new(problem, adam, &curvatures, paths.jumps()))
        }
        _ => None,
    };
    Some(FewAxes::new(axes, shape, dense, adam, paths))
}

/// Advances the paths of `queue` in `N` lanes until at most `rest` are left; returns these.
struct Advance<'a, const D: usize, const N: usize, Q, P> {
    axes: &'a FewAxes<D>,
    paths: &'a PathEvents,
    queue: Q,
    rest: usize,
    limits: Limits<'a>,
    put: P,
}

impl<const D: usize, const N: usize, Q, P> WithSimd for Advance<'_, D, N, Q, P>
where
    Q: Iterator<Item = FewPath<D>>,
    P: FnMut(u64, PathRecord),
{
    type Output = Vec<FewPath<D>>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<FewPath<D>> {
        let Advance { axes, paths, mut queue, rest, limits, mut put } = self;
        let dim = axes.dim;
        let mut lanes = FewLanes::<D, N>::idle(axes.axes.map(|axis| axis.minimum));
        let mut attention = Attention::new(axes, paths, limits);
        let mut numbers: [Option<u64>; N] = [None; N];
        let mut live = 0;
        for (lane, number) in numbers.iter_mut().enumerate() {
            if let Some(path) = queue.next() {
                *number = Some(path.path);
                lanes.set(lane, path);
                live += 1;
            }
        }
        let mut more = live == N;
        while more || live > rest {
            if limits.is_abandoned() {
                return Vec::new();
            }
            for g in 0..N / S::F64_LANES {
                axes.look(simd, &mut lanes, g, limits);
            }
            for (lane, number) in numbers.iter().enumerate() {
                match (&axes.dense, &axes.adam) {
                    _ if number.is_none() => {}
                    (Some(dense), _) => dense.draw(dim, &mut lanes, lane),
                    (_, Some(adam)) => adam.advance(&mut lanes, lane),
                    (None, None) => {
                        let stream = &mut lanes.streams[lane];
                        lanes.normals.iter_mut().take(dim).for_each(|row| row[lane] = stream.sample(StandardNormal));
                    }
                }
            }
            let mut marks = Vector::splat(simd, 0.0);
            for g in 0..N / S::F64_LANES {
                marks = marks + axes.finish(simd, &mut lanes, g, limits);
            }
            if !marks.any() {
                continue;
            }
            for (lane, entry) in numbers.iter_mut().enumerate() {
                if lanes.marks[lane] == 0.0 {
                    continue;
                }
                let Some(number) = *entry else { continue };
                let Some(record) = attention.look(&mut lanes, lane) else { continue };
                put(number, record);
                *entry = queue.next().map(|path| {
                    let number = path.path;
                    lanes.set(lane, path);
                    number
                });
                if entry.is_none() {
                    lanes.events[lane] = f64::NEG_INFINITY;
                    lanes.x.iter_mut().zip(&axes.axes).for_each(|(row, axis)| row[lane] = axis.minimum);
                    live -= 1;
                    more = false;
                }
            }
        }
        (0..N).filter_map(|lane| numbers[lane].map(|number| lanes.path(lane, number))).collect()
    }
}
