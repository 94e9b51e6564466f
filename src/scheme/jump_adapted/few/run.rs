//! The kernel of problems in few dimensions.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rand::RngExt;
use rand_distr::{Exp1, StandardNormal};

use super::super::barrier::{Bridge, crossed};
use super::super::cut::Cut;
use super::super::large_jumps::{Cuts, Jump};
use super::super::path_events::PathEvents;
use super::axes::{FewAxes, MOST, Shape, few_axes};
use super::lanes::{BRIDGE, FewLanes, FewPath};
use crate::dynamics::Problem;
use crate::scheme::exit_site::{by_coordinate, by_face, by_noise_axis, is_lost};
use crate::scheme::vector::{Number, Vector};
use crate::scheme::{Departure, Limits, Outcome, PathRecord, StreamSource};

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
    Fewer(FewAxes<FEWER>),
    Most(Box<FewAxes<MOST>>),
}

impl FewEvents {
    /// The events of the problem of `paths`, if they have lanes.
    pub fn new(problem: &Problem, paths: &PathEvents) -> Option<Self> {
        let (axes, shape) = few_axes(problem, paths)?;
        let axes = if axes.len() <= FEWER {
            AnyAxes::Fewer(FewAxes::new(&axes, shape, paths))
        } else {
            AnyAxes::Most(Box::new(FewAxes::new(&axes, shape, paths)))
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
        let begin = |path| {
            let mut stream = source.stream(path);
            let clock = stream.sample(Exp1);
            FewPath { path, x, t: 0.0, clock, events: 0.0, stream }
        };
        let queue = range.map(begin);
        let wide = Advance::<D, LANES, _, _> { axes, paths, queue, rest: FEW, limits, put: &mut *put };
        let queue = self.arch.dispatch(wide).into_iter();
        Arch::Scalar.dispatch(Advance::<D, 1, _, _> { axes, paths, queue, rest: 0, limits, put });
    }
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
            for (lane, number) in numbers.iter().enumerate() {
                if number.is_some() {
                    let stream = &mut lanes.streams[lane];
                    lanes.normals.iter_mut().take(dim).for_each(|row| row[lane] = stream.sample(StandardNormal));
                }
            }
            let mut marks = Vector::splat(simd, 0.0);
            for g in 0..N / S::F64_LANES {
                marks = marks + axes.step(simd, &mut lanes, g, limits);
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
                    // An idle lane rests at the minimum.
                    lanes.clock[lane] = 1.0;
                    lanes.x.iter_mut().zip(&axes.axes).for_each(|(row, axis)| row[lane] = axis.minimum);
                    live -= 1;
                    more = false;
                }
            }
        }
        (0..N).filter_map(|lane| numbers[lane].map(|number| lanes.path(lane, number))).collect()
    }
}

/// What happens to single paths at the end of a step.
struct Attention<'a, const D: usize> {
    axes: &'a FewAxes<D>,
    paths: &'a PathEvents,
    limits: Limits<'a>,
    far: Cuts,
    near: Cuts,
    kick: Vec<f64>,
    scratch: Vec<f64>,
    /// No bridge crosses with a draw below the least exponent by the logarithm of the number of faces.
    margin: f64,
}

impl<'a, const D: usize> Attention<'a, D> {
    fn new(axes: &'a FewAxes<D>, paths: &'a PathEvents, limits: Limits<'a>) -> Self {
        let cuts = paths.jumps().cuts_far();
        let margin = (2.0 * axes.dim as f64).ln() + 1e-6;
        let zero = vec![0.0; axes.dim];
        Attention { axes, paths, limits, far: cuts.clone(), near: cuts, kick: zero.clone(), scratch: zero, margin }
    }

    /// The end of the path in a lane, if its last step led to it; otherwise the jump at the end of its wait.
    fn look<const N: usize>(&mut self, lanes: &mut FewLanes<D, N>, lane: usize) -> Option<PathRecord> {
        if lanes.marks[lane] < BRIDGE {
            return self.attend(lanes, lane, None);
        }
        let draw = lanes.streams[lane].sample(Exp1);
        let stays = draw < lanes.least[lane] - self.margin;
        if stays && lanes.marks[lane] == BRIDGE { None } else { self.attend(lanes, lane, Some(draw)) }
    }

    #[inline(never)]
    fn attend<const N: usize>(
        &mut self,
        lanes: &mut FewLanes<D, N>,
        lane: usize,
        draw: Option<f64>,
    ) -> Option<PathRecord> {
        let basin = self.paths.problem().basin();
        let dim = self.axes.dim;
        let mut place = lanes.place(lane);
        let x = &mut place[..dim];
        let (t, tau, since) = (lanes.t[lane], lanes.tau[lane], lanes.since[lane]);
        let events = lanes.events[lane] as u64;
        let record = |outcome| Some(PathRecord { outcome, events });
        if !x.iter().all(|x| x.is_finite()) {
            return record(Outcome::Diverged { at: t });
        }
        let near = lanes.near[lane] > 0.0;
        let crossing = match draw {
            Some(draw) => self.crossing(lanes, lane, draw),
            None if near => None,
            None => (!basin.contains(x)).then_some((tau, None)),
        };
        if let Some((delay, face)) = crossing {
            let site = match face {
                Some(face) => by_face(face / 2, face % 2 == 1),
                None => by_coordinate(basin, x, Departure::Creep),
            };
            return record(Outcome::Exited { time: since + delay, site });
        }
        if tau >= lanes.left[lane] {
            return record(Outcome::Censored { at: self.limits.max_time });
        }
        if tau < lanes.wait[lane] {
            return if events >= self.limits.max_events { record(Outcome::Censored { at: t }) } else { None };
        }
        let stream = &mut lanes.streams[lane];
        lanes.clock[lane] = stream.sample(Exp1);
        let events = events + 1;
        lanes.events[lane] = events as f64;
        let record = |outcome| Some(PathRecord { outcome, events });
        let cuts = if near {
            let cut = |j: usize| Cut { size: lanes.size[j][lane], variance: f64::NAN, rate: lanes.rates[j][lane] };
            self.near.set((0..dim).map(cut), lanes.rate[lane]);
            &self.near
        } else {
            &self.far
        };
        let jump = self.paths.jumps().draw(cuts, &mut self.kick, &mut self.scratch, stream);
        x.iter_mut().zip(&self.kick).for_each(|(x, d)| *x += d);
        if is_lost(basin, x) {
            return record(Outcome::Diverged { at: t });
        }
        if !basin.contains(x) {
            let site = match jump {
                Jump::Axis { axis, size } => by_noise_axis(basin, x, axis, size),
                Jump::Isotropic => by_coordinate(basin, x, Departure::Jump),
            };
            return record(Outcome::Exited { time: t, site });
        }
        if events >= self.limits.max_events {
            return record(Outcome::Censored { at: t });
        }
        lanes.x.iter_mut().zip(&*x).for_each(|(row, x)| row[lane] = *x);
        None
    }

    /// The crossing of the bridge of the last step, and the number of the face of a box.
    fn crossing<const N: usize>(
        &self,
        lanes: &mut FewLanes<D, N>,
        lane: usize,
        draw: f64,
    ) -> Option<(f64, Option<usize>)> {
        let tau = lanes.tau[lane];
        if self.axes.shape != Shape::Box {
            crossed([lanes.least[lane]], draw)?;
            let [from, to, variance] = lanes.bridge.map(|row| row[lane]);
            let delay = Bridge { from, to }.crossing_time(variance, tau, &mut lanes.streams[lane]);
            return Some((delay, None));
        }
        let exponents = lanes.exponents.iter().take(self.axes.dim).flat_map(|rows| [rows[0][lane], rows[1][lane]]);
        let face = crossed(exponents, draw)?;
        let number = |rows: &[[f64; N]; D]| Number::of(rows[face / 2][lane]);
        let axis = &self.axes.axes[face / 2];
        let [variance, shift] = axis.at_face(number(&lanes.size), number(&lanes.root), self.axes.shift);
        let [from, to] = axis.to_faces(number(&lanes.before), number(&lanes.x), shift)[face % 2].map(Number::lane);
        let delay = Bridge { from, to }.crossing_time(variance.lane(), tau, &mut lanes.streams[lane]);
        Some((delay, Some(face)))
    }
}
