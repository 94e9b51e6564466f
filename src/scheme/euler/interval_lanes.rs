//! Many paths of one recursion on an interval, side by side.
//!
//! Eight to 32 paths fill the vectors of the processor, each with its own random stream. A lane whose path has ended takes
//! the next path of the range when the block of noise is used up. A path takes the same steps, [`IntervalStep::step`], in a lane of
//! any vector width: no operation fuses a multiplication with an addition, so every width gives the same bits.

use std::ops::Range;

use pulp::{Arch, Scalar, Simd, WithSimd};

use crate::noise::{LaneStreams, QuantileTable, Stream};
use crate::scheme::{Limits, PathRecord, StreamSource};

/// Steps for which noise is drawn at once, and their number in all lanes: the words, the noise and the track fit into the L1 cache.
const BLOCK: usize = 32;
const BLOCK_STEPS: usize = 1024;

/// Value of the track for a path that is inside: a sum of two numbers is negative zero only if both are.
const INSIDE: f64 = -0.0;

/// As few paths as this run one by one, which is faster than lanes that are mostly empty.
const FEW: usize = 2;

/// A recursion on an interval with `K` numbers of state, of which the first is the parameter.
pub(super) trait IntervalStep<const K: usize>: Copy {
    /// The state at `t = 0`, which may need draws.
    fn start(self, draw: impl FnMut() -> f64) -> [f64; K];

    /// Advances the state by one step with the noise `xi`, SαS(1). Returns the displacement by the noise, and the lanes whose path is
    /// inside the shifted edge.
    fn step<S: Simd>(self, simd: S, state: &mut [S::f64s; K], xi: S::f64s) -> (S::f64s, S::m64s);
}

/// A path that is still inside.
pub(super) struct StepPath<const K: usize> {
    path: u64,
    state: [f64; K],
    steps: u64,
    stream: Stream,
}

impl<const K: usize> StepPath<K> {
    /// A path at its start.
    pub fn new<R: IntervalStep<K>>(
        recursion: R,
        source: StreamSource,
        path: u64,
        draw: &impl Fn(&mut Stream) -> f64,
    ) -> Self {
        let mut stream = source.stream(path);
        let state = recursion.start(|| draw(&mut stream));
        StepPath { path, state, steps: 0, stream }
    }

    /// Runs to the exit, or to `most` steps in total. Returns the number of steps and, after an exit, the place and the last kick. `see` is
    /// called after every step inside, with the number of steps and the place.
    pub fn run_alone<R: IntervalStep<K>>(
        mut self,
        recursion: R,
        most: u64,
        limits: Limits<'_>,
        draw: &impl Fn(&mut Stream) -> f64,
        mut see: impl FnMut(u64, f64),
    ) -> Ending {
        while self.steps < most && !limits.abandoned(self.steps) {
            let (kick, inside) = recursion.step(Scalar, &mut self.state, draw(&mut self.stream));
            self.steps += 1;
            if !inside {
                return Ending { path: self.path, steps: self.steps, exit: Some((self.state[0], kick)) };
            }
            see(self.steps, self.state[0]);
        }
        Ending { path: self.path, steps: self.steps, exit: None }
    }
}

/// End of a path: `x` and the last kick if it left, `None` if it reached the limit of steps.
pub(super) struct Ending {
    pub path: u64,
    pub steps: u64,
    pub exit: Option<(f64, f64)>,
}

/// Numbers of a block: a vector of the widest kind fits a line of the cache.
#[repr(align(64))]
struct Rows<T, const N: usize>([[T; N]; BLOCK]);

/// Runs the paths of `range` and hands every ending to `finish`, in the order in which they end.
pub(super) struct StepKernel<'a, R> {
    pub recursion: R,
    pub table: &'a QuantileTable,
    pub arch: Arch,
    pub source: StreamSource,
    /// Steps a path may take.
    pub most: u64,
    /// Limits with the flag that abandons the paths.
    pub limits: Limits<'a>,
}

impl<R> StepKernel<'_, R> {
    /// Appends the records of `range` in path order; `finish` makes a record of an ending.
    pub fn run<const K: usize>(
        &self,
        range: Range<u64>,
        records: &mut Vec<PathRecord>,
        mut finish: impl FnMut(&Ending) -> PathRecord,
    ) where
        R: IntervalStep<K>,
    {
        let first = records.len();
        let empty = PathRecord { outcome: crate::scheme::Outcome::Censored { at: 0.0 }, events: 0 };
        records.resize(first + (range.end - range.start) as usize, empty);
        let start = range.start;
        let mut put = |ending: Ending| records[first + (ending.path - start) as usize] = finish(&ending);
        let mut queue = range;
        let (unfinished, lanes) = (Vec::new(), self);
        let widest = AdvanceSteps::<_, _, K, 32> { lanes, unfinished, queue: &mut queue, rest: 16, put: &mut put };
        let unfinished = self.arch.dispatch(widest);
        let wide = AdvanceSteps::<_, _, K, 16> { lanes, unfinished, queue: &mut queue, rest: 8, put: &mut put };
        let unfinished = self.arch.dispatch(wide);
        let narrow = AdvanceSteps::<_, _, K, 8> { lanes, unfinished, queue: &mut queue, rest: FEW, put: &mut put };
        let unfinished = self.arch.dispatch(narrow);
        for path in unfinished {
            let draw = |rng: &mut Stream| self.draw(rng);
            put(path.run_alone(self.recursion, self.most, self.limits, &draw, |_, _| ()));
        }
    }

    fn draw(&self, rng: &mut Stream) -> f64 {
        rand_distr::Distribution::sample(self.table, rng)
    }
}

/// Advances `unfinished` and then the paths of `queue` in `N` lanes until at most `rest` are left; returns these.
struct AdvanceSteps<'a, R, P, const K: usize, const N: usize> {
    lanes: &'a StepKernel<'a, R>,
    unfinished: Vec<StepPath<K>>,
    queue: &'a mut Range<u64>,
    rest: usize,
    put: P,
}

impl<R: IntervalStep<K>, P: FnMut(Ending), const K: usize, const N: usize> WithSimd for AdvanceSteps<'_, R, P, K, N> {
    type Output = Vec<StepPath<K>>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<StepPath<K>> {
        let AdvanceSteps { lanes: shared, unfinished, queue, rest, mut put } = self;
        let (recursion, table, most) = (shared.recursion, shared.table.view(), shared.most);
        let draw = |rng: &mut Stream| shared.draw(rng);
        // One clock counts the steps of all lanes. It begins at the most that any path has taken.
        let mut clock = unfinished.iter().map(|path| path.steps).max().unwrap_or(0);
        let mut waiting = unfinished.into_iter();
        let mut next = || {
            let fresh = || queue.next().map(|path| StepPath::new(shared.recursion, shared.source, path, &draw));
            waiting.next().or_else(fresh)
        };
        let mut streams = LaneStreams::<N>::idle();
        let mut states = [[0.0; N]; K];
        // The path of every lane, and the clock at its start.
        let mut paths: [Option<(u64, u64)>; N] = [None; N];
        let steps_at_once = (BLOCK_STEPS / N).min(BLOCK);
        let mut words = Rows([[0; N]; BLOCK]);
        let [mut kicks, mut track] = [(); 2].map(|()| Rows([[0.0; N]; BLOCK]));
        let [kicks, track] = [&mut kicks, &mut track].map(|rows| &mut rows.0[..steps_at_once]);
        let words = &mut words.0[..steps_at_once];
        let (mut more, mut vacant) = (true, true);
        // The clock when the first path has taken its last step.
        let mut first_end = u64::MAX;
        loop {
            if vacant {
                for lane in 0..N {
                    if paths[lane].is_none() && more {
                        let Some(path) = next() else {
                            more = false;
                            break;
                        };
                        paths[lane] = Some((path.path, clock - path.steps));
                        streams.set(lane, &path.stream);
                        states.iter_mut().zip(path.state).for_each(|(row, value)| row[lane] = value);
                    }
                }
                if !more && paths.iter().flatten().count() <= rest {
                    break;
                }
                first_end =
                    paths.iter().flatten().fold(u64::MAX, |end, (_, begun)| end.min(begun.saturating_add(most)));
                vacant = false;
            }
            if shared.limits.is_abandoned() {
                return Vec::new();
            }
            table.fill_block(simd, &mut streams, words, kicks);
            let block = IntervalBlock { recursion, states: &mut states, kicks: &mut *kicks, track: &mut *track };
            let outside = block.run(simd);
            let before = clock;
            clock += steps_at_once as u64;
            if outside.is_none() && clock <= first_end {
                continue;
            }
            let outside = outside.unwrap_or([0.0; N]);
            for lane in 0..N {
                let Some((path, begun)) = paths[lane] else { continue };
                let steps = before - begun;
                let left = (most - steps).min(steps_at_once as u64) as usize;
                let is_outside = |&row: &usize| track[row][lane].to_bits() != INSIDE.to_bits();
                let exit = if outside[lane] != 0.0 { (0..left).find(is_outside) } else { None };
                if let Some(row) = exit {
                    let exit = Some((track[row][lane], kicks[row][lane]));
                    put(Ending { path, steps: steps + row as u64 + 1, exit });
                } else if left < steps_at_once {
                    put(Ending { path, steps: most, exit: None });
                } else {
                    continue;
                }
                (paths[lane], vacant) = (None, true);
            }
        }
        let left = (0..N).filter_map(|lane| {
            let (path, begun) = paths[lane]?;
            let (state, stream) = (states.map(|row| row[lane]), streams.stream(lane));
            Some(StepPath { path, state, steps: clock - begun, stream })
        });
        left.collect()
    }
}

/// A block of steps. The kicks replace the noise, and the track marks the steps after which a path was outside.
struct IntervalBlock<'a, R, const K: usize, const N: usize> {
    recursion: R,
    states: &'a mut [[f64; N]; K],
    kicks: &'a mut [[f64; N]],
    track: &'a mut [[f64; N]],
}

impl<R: IntervalStep<K>, const K: usize, const N: usize> IntervalBlock<'_, R, K, N> {
    /// Marks of the lanes that were outside after any of the steps; `None` if no lane was.
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) -> Option<[f64; N]> {
        let mut outside = [0.0; N];
        let groups = N / S::F64_LANES;
        let mut first = 0;
        let mut any = simd.splat_f64s(0.0);
        // Independent chains of operations hide each other's latency: four if the registers hold their states, otherwise two.
        while K == 1 && S::F64_LANES >= 8 && first + 4 <= groups {
            any = self.strip::<S, 4>(simd, first, &mut outside, any);
            first += 4;
        }
        while first + 2 <= groups {
            any = self.strip::<S, 2>(simd, first, &mut outside, any);
            first += 2;
        }
        while first < groups {
            any = self.strip::<S, 1>(simd, first, &mut outside, any);
            first += 1;
        }
        (simd.reduce_sum_f64s(any) != 0.0).then_some(outside)
    }

    /// `G` vectors of lanes from vector `first` on. Returns the sum of their marks and `any`.
    #[inline(always)]
    fn strip<S: Simd, const G: usize>(
        &mut self,
        simd: S,
        first: usize,
        outside: &mut [f64; N],
        any: S::f64s,
    ) -> S::f64s {
        let mut states = [[simd.splat_f64s(0.0); K]; G];
        for (g, state) in states.iter_mut().enumerate() {
            for (value, row) in state.iter_mut().zip(self.states.iter()) {
                *value = S::as_simd_f64s(row).0[first + g];
            }
        }
        let (zero, one, inside_mark) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0), simd.splat_f64s(INSIDE));
        let mut marks = [zero; G];
        for (kicks, track) in self.kicks.iter_mut().zip(self.track.iter_mut()) {
            let kicks = &mut S::as_mut_simd_f64s(kicks).0[first..first + G];
            let track = &mut S::as_mut_simd_f64s(track).0[first..first + G];
            for g in 0..G {
                let (kick, inside) = self.recursion.step(simd, &mut states[g], kicks[g]);
                kicks[g] = kick;
                track[g] = simd.select_f64s(inside, inside_mark, states[g][0]);
                marks[g] = simd.select_f64s(inside, marks[g], one);
            }
        }
        let outside = &mut S::as_mut_simd_f64s(outside).0[first..first + G];
        outside.copy_from_slice(&marks);
        for (g, state) in states.iter().enumerate() {
            for (value, row) in state.iter().zip(self.states.iter_mut()) {
                S::as_mut_simd_f64s(row).0[first + g] = *value;
            }
        }
        marks.into_iter().fold(any, |sum, mark| simd.add_f64s(sum, mark))
    }
}
