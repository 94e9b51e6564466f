//! The jump-adapted scheme on an interval with a piecewise linear force, many paths side by side.
//!
//! An event of a path is one stretch of its flow, an Ornstein-Uhlenbeck transition, and the large jump at its end if the wait for
//! one is over. It takes three words of the path's stream (four where two curvatures meet): waiting time, normal and
//! jump by one quantile table each. Only a path that may have crossed the edge takes more, for the bridge, and is looked
//! at by itself. A path depends on its stream alone, and every vector width gives the same bits.

use std::ops::Range;
use std::sync::LazyLock;

use pulp::{Arch, Simd, WithSimd};

use super::barrier::{FAR, earlier, stretch_crossing};
use super::jump_adapted::NEAR;
use super::large_jumps::{EdgeNoise, LargeJumps};
use super::line::Line;
use super::{Departure, Limits, Outcome, PathRecord, Side, Site, StreamSource};
use crate::dynamics::{Dynamics, Problem};
use crate::noise::{LaneStreams, QuantileTable, Stream};

/// Fewer paths than this go on in narrower lanes.
const FEW: usize = 2;

/// What marks a stretch whose bridge comes near an edge.
const BRIDGE: f64 = 2.0;

/// Relaxation times after which a transition has forgotten its start: e^-45 is 3·10⁻²⁰.
const FORGOTTEN: f64 = 45.0;

static EXPONENTIAL: LazyLock<QuantileTable> = LazyLock::new(QuantileTable::exponential);
static NORMAL: LazyLock<QuantileTable> = LazyLock::new(QuantileTable::normal);

/// A problem on a line with the tables of its events.
pub(super) struct EventLine {
    constants: Constants,
    /// Jumps of the parameter, with the sign of the noise where the amplitude is positive.
    jump: QuantileTable,
    arch: Arch,
}

/// What the events of a line have in common. A loop takes a copy of its own, which no store of a record can change.
#[derive(Clone, Copy)]
struct Constants {
    line: Line,
    /// `σ²/(2k)` on either side, 0 without drift.
    at_rest: [f64; 2],
    /// Variance of the small jumps per unit time, where nothing holds it back.
    free: f64,
    face: EdgeNoise,
    near_step: f64,
    spread: f64,
    mean_wait: f64,
}

/// A path on its way.
struct Walker {
    path: u64,
    /// `x`, `t`, what is left of the wait, events so far.
    state: [f64; 4],
    stream: Stream,
}

impl EventLine {
    /// The line of a problem; `None` if it is not one.
    pub fn of(problem: &Problem, jumps: &LargeJumps, face: EdgeNoise, near_step: f64, spread: f64) -> Option<Self> {
        let line = Line::of(problem).filter(|_| *problem.dynamics() == Dynamics::Sgd)?;
        let noise = problem.noise();
        let constants = Constants {
            line,
            at_rest: line.curvatures.map(|k| if k > 0.0 { 0.5 * face.variance / k } else { 0.0 }),
            free: if line.curvatures == [0.0, 0.0] { face.variance } else { 0.0 },
            face,
            near_step,
            spread,
            mean_wait: 1.0 / jumps.rate(),
        };
        Some(EventLine {
            constants,
            jump: QuantileTable::pareto(noise.alpha(), noise.epsilon() * line.amplitude.abs() * jumps.cut(0)),
            arch: Arch::new(),
        })
    }

    /// Appends the records of `range` in path order.
    pub fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>) {
        let (first, start) = (records.len(), range.start);
        let empty = PathRecord { outcome: Outcome::Censored { at: 0.0 }, events: 0 };
        records.resize(first + (range.end - range.start) as usize, empty);
        let mut put = |path: u64, record: PathRecord| records[first + (path - start) as usize] = record;
        let queue = range.map(|path| self.walker(source, path));
        match self.constants.has_kink() {
            true => self.run_all::<true>(queue, limits, &mut put),
            false => self.run_all::<false>(queue, limits, &mut put),
        }
    }

    fn run_all<const KINK: bool>(
        &self,
        queue: impl Iterator<Item = Walker>,
        limits: Limits<'_>,
        put: &mut impl FnMut(u64, PathRecord),
    ) {
        let wide = Advance::<KINK, 16, _, _> { line: self, queue, rest: 8, limits, put: &mut *put };
        let queue = self.arch.dispatch(wide).into_iter();
        let narrow = Advance::<KINK, 8, _, _> { line: self, queue, rest: FEW, limits, put: &mut *put };
        let queue = self.arch.dispatch(narrow).into_iter();
        Arch::Scalar.dispatch(Advance::<KINK, 1, _, _> { line: self, queue, rest: 0, limits, put });
    }

    fn walker(&self, source: StreamSource, path: u64) -> Walker {
        Walker { path, state: [self.constants.line.start, 0.0, 0.0, 0.0], stream: source.stream(path) }
    }
}

impl Constants {
    fn has_kink(&self) -> bool {
        self.line.curvatures[0] != self.line.curvatures[1]
    }

    /// One event of every lane; whether a lane calls for attention.
    #[inline(always)]
    fn event<S: Simd, const KINK: bool, const N: usize>(
        &self,
        simd: S,
        lanes: &mut EventLanes<N>,
        limits: Limits<'_>,
    ) -> bool {
        let line = &self.line;
        let splat = |x: f64| simd.splat_f64s(x);
        let (zero, one) = (splat(0.0), splat(1.0));
        let (max_time, max_events) = (splat(limits.max_time), splat(limits.max_events as f64));
        let (lo, hi, minimum) = (splat(line.lo), splat(line.hi), splat(line.minimum));
        let (variance, spread) = (splat(self.face.variance), splat(self.spread));
        let [left, right] = line.curvatures;
        let mut any = zero;
        macro_rules! group {
            ($field:ident, $g:expr) => {
                S::as_mut_simd_f64s(&mut lanes.$field).0[$g]
            };
        }
        for g in 0..N / S::F64_LANES {
            let (x, t) = (group!(x, g), group!(t, g));
            let fresh = simd.equal_f64s(group!(wait, g), zero);
            let drawn = simd.abs_f64s(simd.mul_f64s(group!(wait_draw, g), splat(self.mean_wait)));
            let wait = simd.select_f64s(fresh, drawn, group!(wait, g));
            // Steps near the edge are short.
            let distance = simd.min_f64s(simd.sub_f64s(hi, x), simd.sub_f64s(x, lo));
            let reach = simd.mul_f64s(splat(NEAR * NEAR * self.face.variance), simd.min_f64s(wait, spread));
            let near = simd.less_than_f64s(simd.mul_f64s(distance, simd.abs_f64s(distance)), reach);
            let short = simd.min_f64s(wait, splat(self.near_step));
            let mut tau = simd.select_f64s(near, short, wait);
            // The flow.
            let y = simd.sub_f64s(x, minimum);
            let on_right = simd.greater_than_or_equal_f64s(y, zero);
            let k = simd.select_f64s(on_right, splat(right), splat(left));
            let at_rest = simd.select_f64s(on_right, splat(self.at_rest[1]), splat(self.at_rest[0]));
            let normal = group!(normal, g);
            let (mut decay, mut deviation) = transition(simd, k, at_rest, self.free, tau);
            let moved = if KINK {
                let fast = left.max(right);
                let slow = left.min(right);
                // One step while the path stays well on its side, the law at rest if there is time to forget, short
                // steps otherwise.
                let size = simd.mul_f64s(simd.abs_f64s(y), decay);
                let stays = simd.greater_than_f64s(size, simd.mul_f64s(splat(5.0), deviation));
                let forgets = simd.greater_than_f64s(tau, splat(6.0 / slow));
                let whole = simd.or_m64s(stays, forgets);
                tau = simd.select_f64s(whole, tau, simd.min_f64s(tau, splat(0.5 / fast)));
                (decay, deviation) = transition(simd, k, at_rest, self.free, tau);
                let moved = simd.add_f64s(simd.mul_f64s(y, decay), simd.mul_f64s(deviation, normal));
                // The density at rest is continuous at the kink: the sides weigh as their widths.
                let widths = self.at_rest.map(|square| square.sqrt());
                let share = widths[0] / (widths[0] + widths[1]);
                let on_left = simd.less_than_f64s(group!(side, g), splat(share));
                let width = simd.select_f64s(on_left, splat(-widths[0]), splat(widths[1]));
                let rest = simd.mul_f64s(width, simd.abs_f64s(normal));
                let forgets = simd.and_m64s(forgets, simd.not_m64s(stays));
                simd.select_f64s(forgets, rest, moved)
            } else {
                simd.add_f64s(simd.mul_f64s(y, decay), simd.mul_f64s(deviation, normal))
            };
            let after = simd.add_f64s(minimum, moved);
            // Whether the bridge between both ends comes near an edge.
            let bound = simd.mul_f64s(simd.mul_f64s(splat(FAR), variance), simd.min_f64s(tau, spread));
            let (above, below) = (simd.sub_f64s(hi, after), simd.sub_f64s(after, lo));
            let clear_above = simd.greater_than_f64s(simd.mul_f64s(simd.sub_f64s(hi, x), above), bound);
            let clear_below = simd.greater_than_f64s(simd.mul_f64s(simd.sub_f64s(x, lo), below), bound);
            let inside = simd.and_m64s(simd.greater_than_f64s(above, zero), simd.greater_than_f64s(below, zero));
            let clear = simd.and_m64s(simd.and_m64s(clear_above, clear_below), inside);
            // The jump.
            let wait = simd.sub_f64s(wait, tau);
            let jumps = simd.equal_f64s(wait, zero);
            let t = simd.add_f64s(t, tau);
            let jump = group!(jump, g);
            let landed = simd.select_f64s(jumps, simd.add_f64s(after, jump), after);
            let events = simd.add_f64s(group!(events, g), simd.select_f64s(jumps, splat(2.0), one));
            let out = simd.or_m64s(simd.less_than_or_equal_f64s(landed, lo), simd.less_than_or_equal_f64s(hi, landed));
            let calls = simd.or_m64s(
                simd.or_m64s(simd.not_m64s(clear), simd.and_m64s(jumps, out)),
                simd.or_m64s(
                    simd.greater_than_or_equal_f64s(t, max_time),
                    simd.greater_than_or_equal_f64s(events, max_events),
                ),
            );
            let calls = simd.and_m64s(calls, simd.greater_than_f64s(events, zero));
            let reason = simd.select_f64s(clear, one, splat(BRIDGE));
            let attention = simd.select_f64s(calls, reason, zero);
            any = simd.add_f64s(any, attention);
            group!(attention, g) = attention;
            group!(before, g) = x;
            group!(after, g) = after;
            group!(tau, g) = tau;
            group!(x, g) = landed;
            group!(t, g) = t;
            group!(wait, g) = wait;
            group!(events, g) = events;
        }
        simd.reduce_sum_f64s(any) != 0.0
    }

    /// Whether the event of a lane ended its path. `elsewhere` are the same constants for calls, so that the loop may keep its own
    /// in registers.
    #[inline(always)]
    fn attend<const N: usize>(
        &self,
        elsewhere: &Constants,
        lanes: &mut EventLanes<N>,
        lane: usize,
        streams: &mut LaneStreams<N>,
        limits: Limits<'_>,
    ) -> Option<PathRecord> {
        let line = &self.line;
        let (before, after, tau) = (lanes.before[lane], lanes.after[lane], lanes.tau[lane]);
        let jumped = lanes.wait[lane] == 0.0;
        let (t, events) = (lanes.t[lane], lanes.events[lane] as u64);
        let record = |outcome, events| Some(PathRecord { outcome, events });
        let flow_events = events - u64::from(jumped);
        if !after.is_finite() {
            return record(Outcome::Diverged { at: t }, flow_events);
        }
        let mut crossing = None;
        if lanes.attention[lane] == BRIDGE {
            let mut stream = streams.stream(lane);
            crossing = elsewhere.crossing(before, after, tau, &mut stream);
            streams.set(lane, &stream);
        }
        // A limit ends a path and changes nothing before it: the stretch that spans it is made in full.
        let exit = crossing.map_or(t, |delay| (t - tau) + delay);
        if exit >= limits.max_time {
            return record(Outcome::Censored { at: limits.max_time }, flow_events);
        }
        if crossing.is_some() {
            let side = Side::of(after - line.minimum);
            let site = Site { axis: 0, side, overshoot: 1.0, by: Departure::Creep };
            return record(Outcome::Exited { time: exit, site }, flow_events);
        }
        let x = lanes.x[lane];
        if jumped && !(line.lo < x && x < line.hi) {
            if !x.is_finite() {
                return record(Outcome::Diverged { at: t }, events);
            }
            let end = if x < line.minimum { line.lo } else { line.hi };
            let overshoot = ((x - line.minimum) / (end - line.minimum)).max(1.0);
            let side = Side::of(line.noise_of(lanes.jump[lane]));
            let site = Site { axis: 0, side, overshoot, by: Departure::Jump };
            return record(Outcome::Exited { time: t, site }, events);
        }
        if events >= limits.max_events {
            return record(Outcome::Censored { at: t }, events);
        }
        None
    }

    /// When, after the beginning of a stretch, the small-jump part first met its barrier.
    #[inline(never)]
    fn crossing(&self, before: f64, after: f64, tau: f64, rng: &mut Stream) -> Option<f64> {
        let Line { lo, hi, .. } = self.line;
        let gradient = self.line.gradient(before);
        let (above, below) = (self.face.shift(gradient), self.face.shift(-gradient));
        let mut meet = |ends| stretch_crossing(ends, self.face.variance, tau, self.spread, rng);
        let first = meet([hi - before + above, hi - after + above]);
        earlier(first, meet([before - lo + below, after - lo + below]))
    }
}

/// Advances the paths of `queue` in `N` lanes until no more than `rest` are left, which come back.
struct Advance<'a, const KINK: bool, const N: usize, Q, P> {
    line: &'a EventLine,
    queue: Q,
    rest: usize,
    limits: Limits<'a>,
    put: P,
}

impl<const KINK: bool, const N: usize, Q: Iterator<Item = Walker>, P: FnMut(u64, PathRecord)> WithSimd
    for Advance<'_, KINK, N, Q, P>
{
    type Output = Vec<Walker>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<Walker> {
        let Advance { line, mut queue, rest, limits, mut put } = self;
        let constants = line.constants;
        let (waits, normals, jumps) = (EXPONENTIAL.view(), NORMAL.view(), line.jump.view());
        let mut streams = LaneStreams::<N>::idle();
        let mut lanes = EventLanes::<N>::default();
        let mut paths: [Option<u64>; N] = [None; N];
        let mut live = 0;
        let mut enter = |lane: usize, lanes: &mut EventLanes<N>, streams: &mut LaneStreams<N>| {
            // The events of an idle lane stay below 0, and it never calls for attention.
            let walker = queue.next();
            let idle = [constants.line.minimum, 0.0, 0.0, f64::NEG_INFINITY];
            lanes.set(lane, walker.as_ref().map_or(idle, |w| w.state));
            walker.map(|walker| {
                streams.set(lane, &walker.stream);
                walker.path
            })
        };
        for (lane, path) in paths.iter_mut().enumerate() {
            *path = enter(lane, &mut lanes, &mut streams);
            live += usize::from(path.is_some());
        }
        let mut more = live == N;
        let mut words = [[0; N]; 4];
        let used = if KINK { 4 } else { 3 };
        while more || live > rest {
            if limits.is_abandoned() {
                return Vec::new();
            }
            streams.fill_words_with(simd, &mut words[..used]);
            waits.draw_all(simd, &words[0], &mut lanes.wait_draw);
            normals.draw_all(simd, &words[1], &mut lanes.normal);
            jumps.draw_all(simd, &words[2], &mut lanes.jump);
            if KINK {
                // 53 bits, the sign's among them: the side is as good as independent of everything else.
                lanes
                    .side
                    .iter_mut()
                    .zip(&words[3])
                    .for_each(|(side, word)| *side = (word >> 11) as f64 * 2f64.powi(-53));
            }
            if !constants.event::<_, KINK, N>(simd, &mut lanes, limits) {
                continue;
            }
            for (lane, entry) in paths.iter_mut().enumerate() {
                let Some(path) = entry.filter(|_| lanes.attention[lane] != 0.0) else { continue };
                if let Some(record) = constants.attend(&line.constants, &mut lanes, lane, &mut streams, limits) {
                    put(path, record);
                    *entry = enter(lane, &mut lanes, &mut streams);
                    if entry.is_none() {
                        live -= 1;
                        more = false;
                    }
                }
            }
        }
        let left = (0..N).filter_map(|lane| {
            paths[lane].map(|path| Walker { path, state: lanes.state(lane), stream: streams.stream(lane) })
        });
        left.collect()
    }
}

/// The numbers of `N` paths.
#[repr(align(64))]
struct EventLanes<const N: usize> {
    x: [f64; N],
    t: [f64; N],
    wait: [f64; N],
    events: [f64; N],
    wait_draw: [f64; N],
    normal: [f64; N],
    jump: [f64; N],
    side: [f64; N],
    /// Ends of the stretch just made and its length.
    before: [f64; N],
    after: [f64; N],
    tau: [f64; N],
    /// Not 0 where a path has to be looked at, [`BRIDGE`] where it may have crossed an edge.
    attention: [f64; N],
}

impl<const N: usize> Default for EventLanes<N> {
    fn default() -> Self {
        let zero = [0.0; N];
        EventLanes {
            x: zero,
            t: zero,
            wait: zero,
            events: zero,
            wait_draw: zero,
            normal: zero,
            jump: zero,
            side: zero,
            before: zero,
            after: zero,
            tau: zero,
            attention: zero,
        }
    }
}

impl<const N: usize> EventLanes<N> {
    fn set(&mut self, lane: usize, [x, t, wait, events]: [f64; 4]) {
        (self.x[lane], self.t[lane], self.wait[lane], self.events[lane]) = (x, t, wait, events);
    }

    fn state(&self, lane: usize) -> [f64; 4] {
        [self.x[lane], self.t[lane], self.wait[lane], self.events[lane]]
    }
}

/// `e^(-kτ)` and the standard deviation that the small jumps gather over `τ`.
#[inline(always)]
fn transition<S: Simd>(simd: S, k: S::f64s, at_rest: S::f64s, free: f64, tau: S::f64s) -> (S::f64s, S::f64s) {
    let decay = decay(simd, simd.mul_f64s(k, tau));
    let lost = simd.sub_f64s(simd.splat_f64s(1.0), simd.mul_f64s(decay, decay));
    let held = simd.mul_f64s(at_rest, lost);
    let variance = simd.add_f64s(held, simd.mul_f64s(simd.splat_f64s(free), tau));
    (decay, simd.sqrt_f64s(simd.max_f64s(variance, simd.splat_f64s(0.0))))
}

/// `e^(-z)` for `z >= 0`, to 3·10⁻¹², and e^-45 beyond 45: Taylor's polynomial at `z/256`, squared eight times.
#[inline(always)]
fn decay<S: Simd>(simd: S, z: S::f64s) -> S::f64s {
    let z = simd.min_f64s(z, simd.splat_f64s(FORGOTTEN));
    let r = simd.mul_f64s(z, simd.splat_f64s(-1.0 / 256.0));
    // Estrin's scheme: the pairs wait for one another less than Horner's terms.
    let square = simd.mul_f64s(r, r);
    let fourth = simd.mul_f64s(square, square);
    let join = |low, high, power| simd.add_f64s(low, simd.mul_f64s(high, power));
    let pair = |n: usize| join(simd.splat_f64s(INVERSE_FACTORIALS[n]), simd.splat_f64s(INVERSE_FACTORIALS[n + 1]), r);
    let (low, high) = (join(pair(0), pair(2), square), join(pair(4), pair(6), square));
    let mut sum = join(low, join(high, pair(8), fourth), fourth);
    let mut squarings = 0;
    while squarings < 8 {
        sum = simd.mul_f64s(sum, sum);
        squarings += 1;
    }
    sum
}

const INVERSE_FACTORIALS: [f64; 10] =
    [1.0, 1.0, 1.0 / 2.0, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5040.0, 1.0 / 40320.0, 1.0 / 362880.0];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{Asymmetric, Basin, Domain, Flat, Potential, Quadratic};
    use crate::noise::{Alpha, Amplitude, LevyNoise, Seed, levels};
    use crate::scheme::jump_adapted::JumpAdaptedKernel;
    use crate::scheme::{JumpAdapted, PathKernel};
    use pulp::Scalar;

    const SOURCE: StreamSource = StreamSource { seed: Seed(3), cell: 1 };

    fn kernel(potential: impl Potential + 'static, epsilon: f64) -> JumpAdaptedKernel {
        let basin = Basin::new(potential, Domain::interval(-0.6, 1.0)).unwrap();
        let noise = LevyNoise::new(Alpha::new(1.5).unwrap(), epsilon).unwrap();
        let noise = noise.with_amplitude(Amplitude::Scalar(-1.25));
        let problem = Problem::new(basin, Dynamics::Sgd, noise).unwrap();
        JumpAdaptedKernel::new(&JumpAdapted::default(), &problem).unwrap()
    }

    fn kernels() -> Vec<JumpAdaptedKernel> {
        vec![
            kernel(Quadratic::new(vec![2.0]).unwrap(), 0.3),
            kernel(Asymmetric::new(vec![4.0], vec![0.5]).unwrap(), 0.3),
            kernel(Flat::new(1).unwrap(), 1.0),
        ]
    }

    /// The number of lanes, the paths in the others and the vectors do not change a bit: a path that runs alone takes one lane
    /// of scalars.
    #[test]
    fn a_path_is_the_same_in_any_company() {
        for kernel in kernels() {
            let mut line = kernel.line.unwrap();
            for limits in [Limits::default(), Limits { max_time: 1.5, max_events: 30, stop: None }] {
                let mut alone = Vec::new();
                for path in 0..300 {
                    line.run(SOURCE, path..path + 1, limits, &mut alone);
                }
                for arch in levels() {
                    line.arch = arch;
                    let mut together = Vec::new();
                    line.run(SOURCE, 0..12, limits, &mut together);
                    line.run(SOURCE, 12..300, limits, &mut together);
                    assert!(alone == together, "{arch:?}");
                }
                let exits = alone.iter().filter(|r| r.outcome.exit_time().is_some()).count();
                assert!(exits > 20 && (limits.max_events != 30 || exits < 300), "{exits}");
            }
        }
    }

    /// The law is that of the general path: means, shares of jumps and of the upper side within 4.5 standard errors of
    /// 60,000 paths each, 9 comparisons, false-positive rate below 1e-4. Power: mean times of problems 3 % apart differ.
    #[test]
    fn the_law_is_that_of_the_general_path() {
        let figures = |kernel: &JumpAdaptedKernel, cell: u64| {
            let mut records = Vec::new();
            kernel.run(StreamSource { seed: Seed(5), cell }, 0..60_000, Limits::default(), &mut records);
            let of = |value: &dyn Fn(&PathRecord) -> f64| {
                let n = records.len() as f64;
                let (sum, square) = records.iter().map(value).fold((0.0, 0.0), |(s, q), v| (s + v, q + v * v));
                (sum / n, (square / n - (sum / n) * (sum / n)) / n)
            };
            let site = |r: &PathRecord| r.outcome.site().unwrap();
            [
                of(&|r| r.outcome.exit_time().unwrap()),
                of(&|r| f64::from(u8::from(site(r).by == Departure::Jump))),
                of(&|r| f64::from(u8::from(site(r).side == Side::Plus))),
            ]
        };
        for mut kernel in kernels() {
            let lanes = figures(&kernel, 0);
            kernel.line = None;
            let general = figures(&kernel, 1);
            for ((a, square_a), (b, square_b)) in lanes.into_iter().zip(general) {
                let error = (square_a + square_b).sqrt();
                assert!((a - b).abs() < 4.5 * error, "{a} {b} ± {error}");
            }
            let [(mean, square), ..] = lanes;
            assert!((1.05 * mean - general[0].0).abs() > 4.5 * (2.0 * square).sqrt());
        }
    }

    #[test]
    fn decay_is_the_exponential() {
        for k in 0..4500 {
            let z = f64::from(k) * 0.01;
            let error = decay(Scalar, z) / (-z).exp() - 1.0;
            assert!(error.abs() < 3e-12, "{z}: {error}");
        }
        assert_eq!(decay(Scalar, 0.0), 1.0);
        assert!(decay(Scalar, f64::INFINITY) < 1e-19);
    }
}
