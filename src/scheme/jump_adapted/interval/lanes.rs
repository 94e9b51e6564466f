//! Many paths on an interval at a time, in lanes.
//!
//! An event of a path is one stretch of its flow with the small jumps, and the large jump at its end if its clock has run out. It
//! takes a fixed number of words of the path's stream, for clock, normals and jump, each by a quantile table. Only a path that crosses
//! the edge takes more, for the time of the crossing. A path depends on its stream alone, and every vector width gives the same bits.

use std::sync::LazyLock;

use pulp::{Simd, WithSimd};

use super::interval_events::{EventLanes, IntervalEvents};
use crate::noise::{LaneStreams, QuantileTable, Stream, TableView};
use crate::scheme::vector::Vector;
use crate::scheme::{Limits, PathRecord};

static EXPONENTIAL: LazyLock<QuantileTable> = LazyLock::new(QuantileTable::exponential);
static NORMAL: LazyLock<QuantileTable> = LazyLock::new(QuantileTable::normal);

/// The random numbers of an event of every lane.
pub(super) struct EventDraws<'t, const N: usize> {
    exponential: TableView<'t>,
    normal: TableView<'t>,
    jump: TableView<'t>,
    words: [[u64; N]; 5],
}

impl<'t, const N: usize> EventDraws<'t, N> {
    #[inline(always)]
    pub fn new(jump: &'t QuantileTable) -> Self {
        EventDraws { exponential: EXPONENTIAL.view(), normal: NORMAL.view(), jump: jump.view(), words: [[0; N]; 5] }
    }

    /// Draws what an event of these `E` takes.
    #[inline(always)]
    pub fn draw<S: Simd, E: IntervalEvents<K>, const K: usize>(
        &mut self,
        simd: S,
        streams: &mut LaneStreams<N>,
        lanes: &mut EventLanes<K, N>,
    ) {
        let EventDraws { exponential, normal, jump, words } = self;
        streams.fill_words_with(simd, &mut words[..3 + E::MORE_NORMALS + E::EXPONENTIALS]);
        exponential.draw_all(simd, &words[0], &mut lanes.clock_draw);
        normal.draw_all(simd, &words[1], &mut lanes.normals[0]);
        jump.draw_all(simd, &words[2], &mut lanes.jump);
        if E::MORE_NORMALS > 0 {
            normal.draw_all(simd, &words[3], &mut lanes.normals[1]);
        }
        if E::EXPONENTIALS > 0 {
            exponential.draw_all(simd, &words[4], &mut lanes.exponential);
        }
    }

    /// An exponential number of every lane for the bridge of the last event. The table uses the upper bits of the clock's word, so its lower half is
    /// practically independent of the clock.
    #[inline(always)]
    pub fn bridge<S: Simd>(&mut self, simd: S, out: &mut [f64; N]) {
        self.words[0].iter_mut().for_each(|word| *word <<= 32);
        self.exponential.draw_all(simd, &self.words[0], out);
    }
}

/// A path that is still inside.
pub(super) struct EventPath<const K: usize> {
    pub path: u64,
    /// `x`, `t`, the rest of the clock, events so far.
    pub state: [f64; 4],
    pub own: [f64; K],
    pub stream: Stream,
}

/// Advances the paths of `queue` in `N` lanes until at most `rest` are left; returns these.
pub(super) struct AdvanceEvents<'a, E, const K: usize, const N: usize, Q, P> {
    pub events: &'a E,
    pub jump: &'a QuantileTable,
    pub queue: Q,
    pub rest: usize,
    pub limits: Limits<'a>,
    pub put: P,
}

impl<E, const K: usize, const N: usize, Q, P> WithSimd for AdvanceEvents<'_, E, K, N, Q, P>
where
    E: IntervalEvents<K>,
    Q: Iterator<Item = EventPath<K>>,
    P: FnMut(u64, PathRecord),
{
    type Output = Vec<EventPath<K>>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<EventPath<K>> {
        let AdvanceEvents { events, jump, mut queue, rest, limits, mut put } = self;
        let events = *events;
        let interval = *events.interval();
        let mut event_draws = EventDraws::new(jump);
        let mut streams = LaneStreams::<N>::idle();
        let mut lanes = EventLanes::<K, N>::default();
        let mut paths: [Option<u64>; N] = [None; N];
        let mut live = 0;
        let mut enter = |lane: usize, lanes: &mut EventLanes<K, N>, streams: &mut LaneStreams<N>| {
            // The events of an idle lane stay below 0, so it is never marked.
            let Some(EventPath { path, state, own, stream }) = queue.next() else {
                lanes.set(lane, [interval.minimum, 0.0, 0.0, f64::NEG_INFINITY], events.start());
                return None;
            };
            lanes.set(lane, state, own);
            streams.set(lane, &stream);
            Some(path)
        };
        for (lane, path) in paths.iter_mut().enumerate() {
            *path = enter(lane, &mut lanes, &mut streams);
            live += usize::from(path.is_some());
        }
        let mut more = live == N;
        let mut draws = [0.0; N];
        while more || live > rest {
            if limits.is_abandoned() {
                return Vec::new();
            }
            event_draws.draw::<S, E, K>(simd, &mut streams, &mut lanes);
            let mut attention = Vector::splat(simd, 0.0);
            let groups = N / S::F64_LANES;
            let mut g = 0;
            // Two independent chains of operations hide each other's latency.
            while g + 2 <= groups {
                let one = events.stretch(simd, &mut lanes, g);
                let other = events.stretch(simd, &mut lanes, g + 1);
                attention = attention + lanes.conclude(simd, g, one, &interval, limits);
                attention = attention + lanes.conclude(simd, g + 1, other, &interval, limits);
                g += 2;
            }
            if g < groups {
                let stretch = events.stretch(simd, &mut lanes, g);
                attention = attention + lanes.conclude(simd, g, stretch, &interval, limits);
            }
            if !attention.any() {
                continue;
            }
            if lanes.bridged {
                lanes.bridged = false;
                event_draws.bridge(simd, &mut draws);
            }
            let mut called = lanes.called(simd, &draws);
            while called != 0 {
                let lane = called.trailing_zeros() as usize;
                called &= called - 1;
                // An idle lane never calls.
                let Some(path) = paths[lane] else { continue };
                if let Some(record) = lanes.attend(&interval, lane, draws[lane].abs(), &mut streams, limits) {
                    put(path, record);
                    paths[lane] = enter(lane, &mut lanes, &mut streams);
                    if paths[lane].is_none() {
                        live -= 1;
                        more = false;
                    }
                }
            }
        }
        let left = (0..N).filter_map(|lane| {
            let event_path =
                |path| EventPath { path, state: lanes.state(lane), own: lanes.own(lane), stream: streams.stream(lane) };
            paths[lane].map(event_path)
        });
        left.collect()
    }
}
