//! The kernel of problems on an interval.

use std::ops::Range;

use pulp::Arch;

use super::adam_events::AdamEvents;
use super::adam_kink_events::AdamKink;
use super::follow::follow;
use super::interval_events::IntervalEvents;
use super::lanes::{AdvanceEvents, EventPath};
use super::sgd_events::{KinkEvents, SmoothEvents};
use crate::landscape::Basin;
use crate::noise::QuantileTable;
use crate::scheme::{Limits, Outcome, PathRecord, StreamSource, Trajectory};

/// Fewer paths than this continue in narrower lanes.
const FEW: usize = 2;

/// The events of every kind of problem.
pub(in crate::scheme::jump_adapted) enum AnyEvents {
    Smooth(SmoothEvents),
    Kink(KinkEvents),
    FrozenAdam(AdamEvents<false>),
    MeanFieldAdam(AdamEvents<true>),
    FrozenAdamKink(AdamKink<false>),
    MeanFieldAdamKink(AdamKink<true>),
}

/// A problem on an interval with the tables of its events.
pub(in crate::scheme::jump_adapted) struct EventKernel {
    events: AnyEvents,
    /// Pareto numbers of either sign, with the sign of the noise where the amplitude is positive.
    jump: QuantileTable,
    pub(in crate::scheme::jump_adapted) arch: Arch,
}

impl EventKernel {
    pub fn new(events: AnyEvents, jump: QuantileTable) -> Self {
        EventKernel { events, jump, arch: Arch::new() }
    }

    /// Appends the records of `range` in path order.
    pub fn run(&self, source: StreamSource, range: Range<u64>, limits: Limits<'_>, records: &mut Vec<PathRecord>) {
        let (first, start) = (records.len(), range.start);
        let empty = PathRecord { outcome: Outcome::Censored { at: 0.0 }, events: 0 };
        records.resize(first + (range.end - range.start) as usize, empty);
        let mut put = |path: u64, record: PathRecord| records[first + (path - start) as usize] = record;
        match &self.events {
            AnyEvents::Smooth(events) => self.run_all(events, source, range, limits, &mut put),
            AnyEvents::Kink(events) => self.run_all(events, source, range, limits, &mut put),
            AnyEvents::FrozenAdam(events) => self.run_all(events, source, range, limits, &mut put),
            AnyEvents::MeanFieldAdam(events) => self.run_all(events, source, range, limits, &mut put),
            AnyEvents::FrozenAdamKink(kink) => self.run_all(&kink.events(), source, range, limits, &mut put),
            AnyEvents::MeanFieldAdamKink(kink) => self.run_all(&kink.events(), source, range, limits, &mut put),
        }
    }

    /// One path, point by point.
    pub fn follow(
        &self,
        basin: &Basin,
        source: StreamSource,
        path: u64,
        limits: Limits<'_>,
    ) -> (PathRecord, Trajectory) {
        match &self.events {
            AnyEvents::Smooth(events) => self.follow_one(events, basin, source, path, limits),
            AnyEvents::Kink(events) => self.follow_one(events, basin, source, path, limits),
            AnyEvents::FrozenAdam(events) => self.follow_one(events, basin, source, path, limits),
            AnyEvents::MeanFieldAdam(events) => self.follow_one(events, basin, source, path, limits),
            AnyEvents::FrozenAdamKink(kink) => self.follow_one(&kink.events(), basin, source, path, limits),
            AnyEvents::MeanFieldAdamKink(kink) => self.follow_one(&kink.events(), basin, source, path, limits),
        }
    }

    fn follow_one<const K: usize>(
        &self,
        events: &impl IntervalEvents<K>,
        basin: &Basin,
        source: StreamSource,
        path: u64,
        limits: Limits<'_>,
    ) -> (PathRecord, Trajectory) {
        follow(events, &self.jump, start(events, source, path), limits, basin)
    }

    fn run_all<const K: usize>(
        &self,
        events: &impl IntervalEvents<K>,
        source: StreamSource,
        range: Range<u64>,
        limits: Limits<'_>,
        put: &mut impl FnMut(u64, PathRecord),
    ) {
        let event_path = |path| start(events, source, path);
        let jump = &self.jump;
        let queue = range.map(event_path);
        let widest = AdvanceEvents::<_, K, 32, _, _> { events, jump, queue, rest: 16, limits, put: &mut *put };
        let queue = self.arch.dispatch(widest).into_iter();
        let wide = AdvanceEvents::<_, K, 16, _, _> { events, jump, queue, rest: 8, limits, put: &mut *put };
        let queue = self.arch.dispatch(wide).into_iter();
        let narrow = AdvanceEvents::<_, K, 8, _, _> { events, jump, queue, rest: FEW, limits, put: &mut *put };
        let queue = self.arch.dispatch(narrow).into_iter();
        Arch::Scalar.dispatch(AdvanceEvents::<_, K, 1, _, _> { events, jump, queue, rest: 0, limits, put });
    }
}

/// A path at its start.
fn start<const K: usize>(events: &impl IntervalEvents<K>, source: StreamSource, path: u64) -> EventPath<K> {
    let state = [events.interval().start, 0.0, 0.0, 0.0];
    EventPath { path, state, own: events.start(), stream: source.stream(path) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::{Adam, Dynamics, Problem, SecondMoment};
    use crate::landscape::{Asymmetric, Basin, Domain, Flat, Potential, Quadratic};
    use crate::noise::{Alpha, Amplitude, LevyNoise, Seed, levels};
    use crate::scheme::jump_adapted::kernel::JumpAdaptedKernel;
    use crate::scheme::{Departure, Side};
    use crate::scheme::{JumpAdapted, PathKernel};

    const SOURCE: StreamSource = StreamSource { seed: Seed(3), cell: 1 };

    fn kernel(potential: impl Potential + 'static, dynamics: Dynamics, epsilon: f64) -> JumpAdaptedKernel {
        kernel_in(Basin::new(potential, Domain::interval(-0.6, 1.0)).unwrap(), dynamics, epsilon)
    }

    fn kernel_in(basin: Basin, dynamics: Dynamics, epsilon: f64) -> JumpAdaptedKernel {
        let noise = LevyNoise::new(Alpha::new(1.5).unwrap(), epsilon).unwrap();
        let noise = noise.with_amplitude(Amplitude::Scalar(-1.25));
        let problem = Problem::new(basin, dynamics, noise).unwrap();
        JumpAdaptedKernel::new(&JumpAdapted::default(), &problem).unwrap()
    }

    fn kernels() -> Vec<JumpAdaptedKernel> {
        let adam = |moment| Dynamics::Adam(Adam::new(1.0, 0.1).unwrap().with_second_moment(moment));
        let bowl = || Quadratic::new(vec![2.0]).unwrap();
        let valley = |start| {
            let potential = Asymmetric::new(vec![4.0], vec![0.5]).unwrap();
            Basin::new(potential, Domain::interval(-0.6, 1.0)).unwrap().with_start(vec![start]).unwrap()
        };
        let off = Basin::new(bowl(), Domain::interval(-0.6, 1.0)).unwrap().with_start(vec![0.7]).unwrap();
        vec![
            kernel(bowl(), Dynamics::Sgd, 0.3),
            kernel(Asymmetric::new(vec![4.0], vec![0.5]).unwrap(), Dynamics::Sgd, 0.3),
            kernel(Flat::new(1).unwrap(), Dynamics::Sgd, 1.0),
            kernel(bowl(), adam(SecondMoment::MeanField), 0.3),
            kernel(bowl(), adam(SecondMoment::MeanField), 0.05),
            kernel(bowl(), adam(SecondMoment::Frozen), 0.2),
            kernel_in(off, adam(SecondMoment::MeanField), 0.3),
            kernel_in(valley(0.999), adam(SecondMoment::MeanField), 0.03),
            kernel_in(valley(-0.5999), adam(SecondMoment::MeanField), 0.015),
            kernel_in(valley(0.999), adam(SecondMoment::Frozen), 0.03),
        ]
    }

    /// The number of lanes, the paths in other lanes and the width of the vectors do not change a bit. A path that runs alone uses
    /// one lane of scalars.
    #[test]
    fn a_path_is_the_same_in_any_company() {
        for kernel in kernels() {
            let mut interval = kernel.interval.unwrap();
            for limits in [Limits::default(), Limits { max_time: 6.0, max_events: 30, stop: None }] {
                let mut alone = Vec::new();
                for path in 0..300 {
                    interval.run(SOURCE, path..path + 1, limits, &mut alone);
                }
                for arch in levels() {
                    interval.arch = arch;
                    let mut together = Vec::new();
                    interval.run(SOURCE, 0..12, limits, &mut together);
                    interval.run(SOURCE, 12..300, limits, &mut together);
                    assert!(alone == together, "{arch:?}");
                }
                let exits = alone.iter().filter(|r| r.outcome.exit_time().is_some()).count();
                assert!(exits > 2 && (limits.max_events != 30 || exits < 300), "{exits}");
            }
        }
    }

    /// The law equals that of the general scheme: means, shares of jumps and of the upper side within 4.5 standard errors of
    /// 60,000 paths each, 30 comparisons, false-positive rate below 3e-4. Power: mean times of problems 3 % apart differ.
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
            kernel.interval = None;
            let general = figures(&kernel, 1);
            for ((a, square_a), (b, square_b)) in lanes.into_iter().zip(general) {
                let error = (square_a + square_b).sqrt();
                assert!((a - b).abs() < 4.5 * error, "{a} {b} ± {error}");
            }
            let [(mean, square), ..] = lanes;
            assert!((1.05 * mean - general[0].0).abs() > 4.5 * (2.0 * square).sqrt());
        }
    }
}
