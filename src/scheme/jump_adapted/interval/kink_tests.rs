//! Adam across a kink: lanes against the path by itself, by their laws.

use crate::dynamics::{Adam, Dynamics, Problem, SecondMoment};
use crate::landscape::{Asymmetric, Basin, Domain};
use crate::noise::{Alpha, LevyNoise, NoiseLaw, Seed};
use crate::scheme::jump_adapted::kernel::JumpAdaptedKernel;
use crate::scheme::{Departure, JumpAdapted, Limits, Outcome, PathKernel, PathRecord, Side, StopFlag, StreamSource};

/// A valley `[left, right]` on an interval, and Adam's rates.
#[derive(Clone, Copy, Debug)]
struct Valley {
    alpha: f64,
    epsilon: f64,
    curvatures: [f64; 2],
    ends: [f64; 2],
    start: f64,
    betas: [f64; 2],
    moment: SecondMoment,
}

const VALLEY: Valley = Valley {
    alpha: 1.5,
    epsilon: 0.03,
    curvatures: [4.0, 0.5],
    ends: [-0.6, 1.0],
    start: 0.0,
    betas: [1.0, 0.1],
    moment: SecondMoment::MeanField,
};

/// Swings and slow approaches, steep and flat sides, starts at the minimum, far from it and near the edge.
const VALLEYS: [Valley; 8] = [
    VALLEY,
    Valley { epsilon: 0.003, curvatures: [5.0, 0.5], ends: [-0.3, 1.0], ..VALLEY },
    Valley { alpha: 1.2, epsilon: 0.02, curvatures: [0.5, 3.0], start: 0.5, betas: [1.0, 0.5], ..VALLEY },
    Valley { alpha: 1.8, moment: SecondMoment::Frozen, betas: [2.0, 0.1], ..VALLEY },
    Valley { epsilon: 0.01, curvatures: [9.0, 1.0], start: -0.4, betas: [0.3, 0.3], ..VALLEY },
    Valley { alpha: 1.7, epsilon: 0.02, curvatures: [1.0, 4.0], start: 0.97, betas: [8.0, 1.0], ..VALLEY },
    Valley { alpha: 1.4, epsilon: 0.01, curvatures: [2.0, 0.3], ends: [-0.5, f64::INFINITY], ..VALLEY },
    Valley { alpha: 0.9, epsilon: 1e-3, curvatures: [3.0, 2.0], moment: SecondMoment::Frozen, ..VALLEY },
];

impl Valley {
    fn problem(self) -> Problem {
        let Valley { alpha, epsilon, curvatures: [left, right], ends: [lo, hi], start, betas, moment } = self;
        let basin = Basin::new(Asymmetric::new(vec![left], vec![right]).unwrap(), Domain::interval(lo, hi)).unwrap();
        let adam = Adam::new(betas[0], betas[1]).unwrap().with_second_moment(moment);
        let noise = LevyNoise::new(Alpha::new(alpha).unwrap(), epsilon).unwrap();
        Problem::new(basin.with_start(vec![start]).unwrap(), Dynamics::Adam(adam), noise).unwrap()
    }

    fn kernel(self) -> JumpAdaptedKernel {
        kernel(&self.problem())
    }

    fn lanes(self) -> JumpAdaptedKernel {
        let kernel = self.kernel();
        assert!(kernel.interval.is_some(), "{self:?} runs path by path");
        kernel
    }
}

fn kernel(problem: &Problem) -> JumpAdaptedKernel {
    JumpAdaptedKernel::new(&JumpAdapted::default(), problem).unwrap()
}

fn records(kernel: &JumpAdaptedKernel, cell: u64, paths: u64, limits: Limits<'_>) -> Vec<PathRecord> {
    let mut records = Vec::new();
    kernel.run(StreamSource { seed: Seed(5), cell }, 0..paths, limits, &mut records);
    records
}

fn time(record: &PathRecord) -> f64 {
    match record.outcome {
        Outcome::Exited { time, .. } => time,
        Outcome::Censored { at } | Outcome::Diverged { at } => at,
    }
}

/// A value of a record, where it has one.
type Value<'a> = (&'a str, &'a dyn Fn(&PathRecord) -> Option<f64>);

/// Means: time, its square, and the shares of jumps, of the upper side and of paths that creep there.
const MEANS: [Value<'static>; 5] = [
    ("time", &|r| Some(time(r))),
    ("square of the time", &|r| Some(time(r) * time(r))),
    ("jumps", &|r| Some(f64::from(u8::from(r.outcome.site()?.by == Departure::Jump)))),
    ("upper side", &|r| Some(f64::from(u8::from(r.outcome.site()?.side == Side::Plus)))),
    ("creeps at the upper side", &|r| {
        let site = r.outcome.site()?;
        Some(f64::from(u8::from(site.side == Side::Plus && site.by == Departure::Creep)))
    }),
];

/// Laws: the time with the sign of the side, and the overshoot of jumps with that sign.
const LAWS: [Value<'static>; 2] = [
    ("signed time", &|r| Some(r.outcome.site()?.side.sign() * time(r))),
    ("signed overshoot", &|r| {
        let site = r.outcome.site().filter(|site| site.by == Departure::Jump)?;
        Some(site.side.sign() * site.overshoot)
    }),
];

/// The names of the differences of two samples, means in standard errors and scaled Kolmogorov distances, each with its bound.
fn differences(a: &[PathRecord], b: &[PathRecord]) -> Vec<(&'static str, f64, f64)> {
    let mut found = Vec::new();
    for (name, value) in MEANS {
        let [(a, a_square), (b, b_square)] = [a, b].map(|records| {
            let values: Vec<f64> = records.iter().filter_map(value).collect();
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            (mean, values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n * (n - 1.0)))
        });
        let error = (a_square + b_square).sqrt();
        let off = if a == b { 0.0 } else { (a - b) / error };
        found.push((name, off.abs(), ERRORS));
    }
    for (name, value) in LAWS {
        let [a, b] = [a, b].map(|records| {
            let mut values: Vec<f64> = records.iter().filter_map(value).collect();
            values.sort_by(f64::total_cmp);
            values
        });
        let (n, m) = (a.len() as f64, b.len() as f64);
        let (mut i, mut j, mut distance) = (0, 0, 0.0f64);
        while i < a.len() && j < b.len() {
            let at = a[i].min(b[j]);
            i += a[i..].iter().take_while(|v| **v == at).count();
            j += b[j..].iter().take_while(|v| **v == at).count();
            distance = distance.max((i as f64 / n - j as f64 / m).abs());
        }
        found.push((name, distance * (n * m / (n + m)).sqrt(), KOLMOGOROV));
    }
    found
}

/// Standard errors of two means, exceeded with probability 7·10⁻⁶.
const ERRORS: f64 = 4.5;
/// Kolmogorov distance times `√(nm/(n + m))`, exceeded with probability 2 e^(-2·2.5²) = 7·10⁻⁶.
const KOLMOGOROV: f64 = 2.5;

fn rejected(a: &[PathRecord], b: &[PathRecord]) -> Vec<(&'static str, f64, f64)> {
    differences(a, b).into_iter().filter(|(_, off, bound)| !(off <= bound)).collect()
}

/// 40,000 paths each: 7 comparisons of 8 problems, false-positive rate below 4·10⁻⁴. Power: lanes with 5 % more noise are rejected, and so are an
/// end that is 10 % further away, by the sides, and a kink that is turned round.
#[test]
fn lanes_have_the_law_of_the_path_by_itself() {
    let n = if cfg!(feature = "slow-tests") { 1_000_000 } else { 40_000 };
    for (cell, valley) in (0..).zip(VALLEYS) {
        let (lanes, alone) = (valley.lanes(), valley.kernel().paths_alone());
        let exact = records(&alone, 100 + cell, n, Limits::default());
        let by_lanes = records(&lanes, cell, n, Limits::default());
        assert!(rejected(&by_lanes, &exact).is_empty(), "{valley:?}: {:?}", rejected(&by_lanes, &exact));
        let noisier = Valley { epsilon: 1.05 * valley.epsilon, ..valley };
        assert!(!rejected(&records(&noisier.lanes(), cell, n, Limits::default()), &exact).is_empty(), "{valley:?}");
        if cell == 0 {
            let against = |other: Valley| rejected(&records(&other.lanes(), cell, n, Limits::default()), &exact);
            let longer = against(Valley { ends: [1.1 * valley.ends[0], valley.ends[1]], ..valley });
            assert!(longer.iter().any(|(name, ..)| *name == "upper side"), "{longer:?}");
            let [left, right] = valley.curvatures;
            let turned = against(Valley { curvatures: [right, left], ..valley });
            assert!(turned.iter().any(|(name, ..)| *name != "time"), "{turned:?}");
        }
    }
}

/// A limit ends a path and does not change it before: its record is that without the limit, or it is censored at the limit.
#[test]
fn a_limit_only_ends_a_path() {
    for valley in VALLEYS {
        let kernel = valley.lanes();
        let free = records(&kernel, 1, 400, Limits::default());
        let mut times: Vec<f64> = free.iter().map(time).collect();
        times.sort_by(f64::total_cmp);
        let max_time = times[200];
        for (free, record) in free.iter().zip(records(&kernel, 1, 400, Limits { max_time, ..Limits::default() })) {
            if time(free) < max_time {
                assert_eq!(record, *free, "{valley:?}");
            } else {
                assert_eq!(record.outcome, Outcome::Censored { at: max_time }, "{valley:?}");
                assert!(record.events <= free.events, "{valley:?}");
            }
        }
        let mut counts: Vec<u64> = free.iter().map(|r| r.events).collect();
        counts.sort_unstable();
        let max_events = counts[200];
        for (free, record) in free.iter().zip(records(&kernel, 1, 400, Limits { max_events, ..Limits::default() })) {
            if free.events <= max_events {
                assert_eq!(record, *free, "{valley:?}");
            } else if record != *free {
                // A jump and the flow before it count as two events.
                let is_censored = matches!(record.outcome, Outcome::Censored { at } if at <= time(free));
                assert!(is_censored && record.events - max_events <= 1, "{valley:?} {record:?} {free:?}");
            } else {
                assert_eq!(free.events, max_events + 1, "{valley:?}");
            }
        }
    }
}

/// Only the path's number matters: not its chunk, its lane, nor whether it is followed.
#[test]
fn a_path_is_the_same_in_any_chunk_and_followed() {
    let source = StreamSource { seed: Seed(5), cell: 2 };
    for valley in VALLEYS {
        let kernel = valley.lanes();
        let whole = records(&kernel, 2, 150, Limits::default());
        let mut parts = Vec::new();
        for range in [0..1, 1..4, 4..21, 21..100, 100..100, 100..150] {
            kernel.run(source, range, Limits::default(), &mut parts);
        }
        assert_eq!(whole, parts, "{valley:?}");
        for (path, record) in (0..).zip(&whole).take(40) {
            let (followed, trajectory) = kernel.follow(source, path, Limits::default()).unwrap();
            assert_eq!(followed, *record, "{valley:?}");
            let last = trajectory.last().unwrap();
            assert_eq!(last.time, time(record), "{valley:?}");
            let [lo, hi] = valley.ends;
            assert!(last.x[0] <= lo || last.x[0] >= hi, "{valley:?} {}", last.x[0]);
            let start = trajectory.get(0).unwrap();
            assert_eq!((start.time, start.x[0]), (0.0, valley.start), "{valley:?}");
        }
    }
}

/// A stop at the next chunk leaves this one as it is; a stop that abandons it ends paths that never would.
#[test]
fn a_stop_ends_the_lanes() {
    let kernel = VALLEY.lanes();
    let flag = StopFlag::default();
    let limits = Limits { stop: Some(&flag), ..Limits::default() };
    flag.stop();
    assert_eq!(records(&kernel, 3, 50, limits), records(&kernel, 3, 50, Limits::default()));
    flag.abandon();
    let endless = Valley { epsilon: 1e-9, ..VALLEY }.lanes();
    assert_eq!(records(&endless, 3, 50, limits).len(), 50);
}

/// All lanes on an interval take the cap of the steps near the edge: from there, steps of a tenth of it are more.
#[test]
fn the_step_cap_holds_in_lanes() {
    let limits = Limits { max_time: 0.5, ..Limits::default() };
    for curvatures in [[4.0, 0.5], [1.0, 1.0]] {
        let valley = Valley { curvatures, start: 0.97, ..VALLEY };
        let with_adam = valley.problem();
        let sgd = Problem::new(with_adam.basin().clone(), Dynamics::Sgd, with_adam.noise().clone()).unwrap();
        for problem in [with_adam, sgd, Valley { moment: SecondMoment::Frozen, ..valley }.problem()] {
            let events = |settings: JumpAdapted| {
                let kernel = JumpAdaptedKernel::new(&settings, &problem).unwrap();
                assert!(kernel.interval.is_some());
                records(&kernel, 6, 500, limits).iter().map(|r| r.events).sum::<u64>()
            };
            let settings = [JumpAdapted::default(), JumpAdapted::default().step_cap(0.025).unwrap()];
            let [by_default, capped] = settings.map(events);
            assert!(
                capped > by_default + by_default / 10,
                "{curvatures:?} {by_default} {capped} {:?}",
                problem.dynamics()
            );
        }
    }
}

/// The lanes draw stable jumps: tempered and truncated noise runs path by path.
#[test]
fn only_stable_noise_runs_in_lanes() {
    for law in [NoiseLaw::Tempered { cutoff: 100.0 }, NoiseLaw::Truncated { at: 100.0 }] {
        let problem = VALLEY.problem();
        let noise = problem.noise().clone().with_law(law).unwrap();
        let problem = Problem::new(problem.basin().clone(), problem.dynamics().clone(), noise).unwrap();
        assert!(kernel(&problem).interval.is_none());
    }
}
