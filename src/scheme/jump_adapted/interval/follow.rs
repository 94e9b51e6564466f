//! One path on an interval, point by point: the loop of [`AdvanceEvents`](super::lanes::AdvanceEvents) for a single lane of scalars, which
//! gives the bits of any number of lanes.

use pulp::Scalar;

use super::interval_events::{EventLanes, IntervalEvents};
use super::lanes::{EventDraws, EventPath};
use crate::landscape::Basin;
use crate::noise::{LaneStreams, QuantileTable};
use crate::scheme::trajectory::{Observer, Recorder};
use crate::scheme::{Departure, Limits, Outcome, PathRecord, PointKind, Side, Trajectory};

/// Runs one path from its start.
pub(super) fn follow<E: IntervalEvents<K>, const K: usize>(
    events: &E,
    jump: &QuantileTable,
    path: EventPath<K>,
    limits: Limits<'_>,
    basin: &Basin,
) -> (PathRecord, Trajectory) {
    let (simd, interval) = (Scalar, *events.interval());
    let mut event_draws = EventDraws::new(jump);
    let (mut streams, mut lanes) = (LaneStreams::<1>::idle(), EventLanes::<K, 1>::default());
    streams.set(0, &path.stream);
    lanes.set(0, path.state, path.own);
    let mut recorder = Recorder::new(basin);
    loop {
        event_draws.draw::<_, E, K>(simd, &mut streams, &mut lanes);
        let [before, begin, ..] = lanes.state(0);
        let stretch = events.stretch(simd, &mut lanes, 0);
        let attention = lanes.conclude(simd, 0, stretch, &interval, limits);
        let [end, after, landed] = lanes.last_event(0);
        let jumped = !landed.is_nan();
        let mut record = None;
        if attention.any() {
            let mut draws = [0.0];
            event_draws.bridge(simd, &mut draws);
            if lanes.called(simd, &draws) != 0 {
                record = lanes.attend(&interval, 0, draws[0].abs(), &mut streams, limits);
            }
        }
        match record.map(|record: PathRecord| record.outcome) {
            Some(Outcome::Exited { site, .. }) if site.by == Departure::Creep => {}
            Some(Outcome::Censored { at }) if at >= limits.max_time => {
                // On a straight line through the stretch that contains the limit.
                let share = ((at - begin) / (end - begin)).min(1.0);
                recorder.see(at, &[before + share * (after - before)], PointKind::Step);
            }
            _ if jumped => recorder.see(end, &[after], PointKind::BeforeJump),
            _ => recorder.see(end, &[after], PointKind::Step),
        }
        let Some(record) = record else {
            if jumped {
                recorder.see(end, &[landed], PointKind::AfterJump);
            }
            continue;
        };
        let place = match record.outcome {
            Outcome::Exited { site, .. } if site.by == Departure::Creep => {
                if site.side == Side::Minus {
                    interval.lo
                } else {
                    interval.hi
                }
            }
            Outcome::Censored { at } => {
                if jumped && at < limits.max_time {
                    recorder.see(end, &[landed], PointKind::AfterJump);
                }
                after
            }
            _ => landed,
        };
        return recorder.end(record, &[place]);
    }
}
