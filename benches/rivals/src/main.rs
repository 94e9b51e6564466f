//! Alternates levy-escape and other libraries on one problem in one process.
//!
//! `dX = -X dt + ε dL` on (-1, 1) with α = 1.5 and ε = .5, started at 0; the exact mean exit time is 3.82717. Every other
//! library takes Euler steps of .01 and monitors the edge at steps, as our first row does. Times are processor times of the
//! thread, as the median over the rounds. The means show which rows are correct.
//!
//! `cargo run --release [-- --csv]`, on an otherwise idle machine.

use std::hint::black_box;
use std::ops::Range;

use levy_escape::noise::{LaneStreams, QuantileTable};
use levy_escape::scheme::{PathKernel, StreamSource};
use levy_escape::{
    Alpha, Basin, Domain, Dynamics, Euler, JumpAdapted, LevyNoise, Limits, Monitoring, Problem, Quadratic, Scheme, Seed,
};
use rand::{Rng, SeedableRng};
use rand_distr::{Cauchy, Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use stochastic_rs_distributions::alpha_stable::SimdAlphaStable;
use stochastic_rs_distributions::simd_rng::Deterministic;

const ALPHA: f64 = 1.5;
const EPSILON: f64 = 0.5;
const STEP: f64 = 0.01;
const EXACT: f64 = 3.82717;

const ROUNDS: usize = 11;
/// Paths per round.
const PATHS: u64 = 2_048;
/// Draws per round.
const DRAWS: usize = 1000 * BLOCK;
/// Draws per call for samplers that fill slices; from 1,000 draws on, diffusionx uses more threads.
const BLOCK: usize = 960;

/// Seconds of processor time of this thread.
fn processor_time() -> f64 {
    let mut spent = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock writes into a valid timespec.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut spent) }, 0, "no clock");
    spent.tv_sec as f64 + 1e-9 * spent.tv_nsec as f64
}

/// The result of one library in one round.
#[derive(Default)]
struct Turn {
    /// Units of work: steps, events or draws.
    units: u64,
    times: Vec<f64>,
}

struct Contestant<'a> {
    work: &'static str,
    name: &'static str,
    note: &'static str,
    turn: Box<dyn FnMut(u64) -> Turn + 'a>,
    seconds: Vec<(f64, u64)>,
    times: Vec<f64>,
}

impl<'a> Contestant<'a> {
    fn new(work: &'static str, name: &'static str, note: &'static str, turn: impl FnMut(u64) -> Turn + 'a) -> Self {
        Contestant { work, name, note, turn: Box::new(turn), seconds: Vec::new(), times: Vec::new() }
    }

    fn play(&mut self, round: u64) {
        let start = processor_time();
        let turn = (self.turn)(round);
        self.seconds.push((processor_time() - start, turn.units));
        self.times.extend(turn.times);
    }

    /// Medians over the rounds: nanoseconds per unit and microseconds per path.
    fn figures(&self) -> (f64, f64) {
        let median = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let unit = median(self.seconds.iter().map(|(s, units)| 1e9 * s / *units as f64).collect());
        (unit, median(self.seconds.iter().map(|(s, _)| 1e6 * s / PATHS as f64).collect()))
    }

    /// Mean exit time and its standard error.
    fn mean(&self) -> Option<(f64, f64)> {
        let n = self.times.len() as f64;
        let mean = self.times.iter().sum::<f64>() / n;
        let square = self.times.iter().map(|t| (t - mean) * (t - mean)).sum::<f64>() / n;
        (n > 0.0).then(|| (mean, (square / n).sqrt()))
    }
}

fn problem() -> Problem {
    let basin = Basin::new(Quadratic::new(vec![1.0]).unwrap(), Domain::interval(-1.0, 1.0)).unwrap();
    Problem::new(basin, Dynamics::Sgd, LevyNoise::new(Alpha::new(ALPHA).unwrap(), EPSILON).unwrap()).unwrap()
}

fn ours(kernel: &dyn PathKernel, round: u64) -> Turn {
    let mut records = Vec::new();
    let source = StreamSource { seed: Seed(round), cell: 0 };
    let chunks = (0..PATHS / 256).map(|k| 256 * k..256 * (k + 1));
    chunks.for_each(|chunk: Range<u64>| kernel.run(source, chunk, Limits::default(), &mut records));
    Turn {
        units: records.iter().map(|r| r.events).sum(),
        times: records.iter().filter_map(|r| r.outcome.exit_time()).collect(),
    }
}

/// Textbook Euler with the noise of `draw`.
fn euler(mut draw: impl FnMut() -> f64) -> Turn {
    let scale = EPSILON * STEP.powf(1.0 / ALPHA);
    let mut turn = Turn::default();
    for _ in 0..PATHS {
        let (mut x, mut steps) = (0.0f64, 0u64);
        while x.abs() < 1.0 {
            x += -x * STEP + scale * draw();
            steps += 1;
        }
        turn.units += steps;
        turn.times.push(steps as f64 * STEP);
    }
    turn
}

/// The transformation of Chambers, Mallows and Stuck in its textbook form.
fn textbook(rng: &mut Xoshiro256PlusPlus) -> f64 {
    let unit = |word: u64| ((word >> 11) as f64 + 0.5) * 2f64.powi(-53);
    let v = std::f64::consts::PI * (unit(rng.next_u64()) - 0.5);
    let w = -unit(rng.next_u64()).ln();
    (ALPHA * v).sin() / v.cos().powf(1.0 / ALPHA) * ((v - ALPHA * v).cos() / w).powf((1.0 - ALPHA) / ALPHA)
}

/// Single draws from a sampler that fills slices.
fn buffered(mut fill: impl FnMut(&mut [f64])) -> impl FnMut() -> f64 {
    let (mut buffer, mut next) = (vec![0.0; BLOCK], BLOCK);
    move || {
        if next == BLOCK {
            fill(&mut buffer);
            next = 0;
        }
        next += 1;
        buffer[next - 1]
    }
}

fn draws(mut fill: impl FnMut(&mut [f64])) -> Turn {
    let mut buffer = [0.0; BLOCK];
    for _ in 0..DRAWS / BLOCK {
        fill(&mut buffer);
        black_box(&buffer);
    }
    Turn { units: DRAWS as u64, times: Vec::new() }
}

fn main() {
    let problem = problem();
    let discrete = Euler::with_step(STEP).unwrap().monitoring(Monitoring::Discrete).prepare(&problem).unwrap();
    let corrected = Euler::with_step(STEP).unwrap().prepare(&problem).unwrap();
    let jump_adapted = JumpAdapted::default().prepare(&problem).unwrap();
    let table = QuantileTable::new(Alpha::new(ALPHA).unwrap(), 1.0).unwrap();
    let law = levy_escape::noise::StableLaw::new(Alpha::new(ALPHA).unwrap());
    let simd = || SimdAlphaStable::<f64>::new(ALPHA, 0.0, 1.0, 0.0, &Deterministic::new(7));
    let (stochastic, stochastic_draws) = (simd(), simd());
    let diffusionx = |out: &mut [f64]| {
        out.copy_from_slice(&diffusionx::random::stable::sym_standard_rands(ALPHA, out.len()).unwrap());
    };
    let rng = |round: u64| Xoshiro256PlusPlus::seed_from_u64(round);
    let mut contestants = [
        Contestant::new("draw", "levy-escape, table in lanes", "", |round| {
            let mut streams = LaneStreams::<8>::new(Seed(round), 0, std::array::from_fn(|lane| lane as u64));
            draws(|out| table.fill_lanes(&mut streams, out.as_chunks_mut::<8>().0))
        }),
        Contestant::new("draw", "levy-escape, table", "", |round| {
            let mut rng = rng(round);
            draws(|out| table.fill(&mut rng, out))
        }),
        Contestant::new("draw", "levy-escape, transformation", "", |round| {
            let mut rng = rng(round);
            draws(|out| out.iter_mut().for_each(|x| *x = law.sample(&mut rng)))
        }),
        Contestant::new("draw", "textbook CMS", "", |round| {
            let mut rng = rng(round);
            draws(|out| out.iter_mut().for_each(|x| *x = textbook(&mut rng)))
        }),
        Contestant::new("draw", "stochastic-rs 3.0.0-rc.4, fill", "", |_| {
            draws(|out| stochastic_draws.fill_slice(out))
        }),
        Contestant::new("draw", "diffusionx 0.12.1", "another law", |_| draws(diffusionx)),
        Contestant::new("draw", "rand_distr 0.6, Cauchy", "α = 1 only", |round| {
            let (mut rng, law) = (rng(round), Cauchy::new(0.0, 1.0).unwrap());
            draws(|out| out.iter_mut().for_each(|x| *x = law.sample(&mut rng)))
        }),
        Contestant::new("draw", "rand_distr 0.6, normal", "α = 2 only", |round| {
            let mut rng = rng(round);
            draws(|out| out.iter_mut().for_each(|x| *x = StandardNormal.sample(&mut rng)))
        }),
        Contestant::new("euler step", "levy-escape, euler discrete", "", |round| ours(&*discrete, round)),
        Contestant::new("euler step", "levy-escape, euler corrected", "", |round| ours(&*corrected, round)),
        Contestant::new("euler step", "textbook CMS", "", |round| {
            let mut rng = rng(round);
            euler(|| textbook(&mut rng))
        }),
        Contestant::new("euler step", "stochastic-rs 3.0.0-rc.4, fill and scan", "", |_| {
            euler(buffered(|out| stochastic.fill_slice(out)))
        }),
        Contestant::new("euler step", "diffusionx 0.12.1, fill and scan", "wrong law", |_| euler(buffered(diffusionx))),
        Contestant::new("jump-adapted event", "levy-escape, jump_adapted", "", |round| ours(&*jump_adapted, round)),
    ];
    for round in 0..ROUNDS as u64 {
        contestants.iter_mut().for_each(|c| c.play(round));
    }
    report(&contestants, std::env::args().any(|a| a == "--csv"));
}

fn report(contestants: &[Contestant<'_>], csv: bool) {
    if csv {
        println!("work,name,note,ns,ratio,us_per_escape,mean,mean_error,exact_mean");
    } else {
        println!("{:42} {:>9} {:>7} {:>11}   mean exit time, exact {EXACT}", "", "ns", "ratio", "µs/escape");
    }
    for contestant in contestants {
        let (ns, escape) = contestant.figures();
        let first = contestants.iter().find(|c| c.work == contestant.work);
        let ratio = ns / first.map_or(ns, |c| c.figures().0);
        let Contestant { work, name, note, .. } = contestant;
        match (csv, contestant.mean()) {
            (true, Some((mean, error))) => {
                println!("{work},\"{name}\",{note},{ns:.3},{ratio:.2},{escape:.4},{mean:.4},{error:.4},{EXACT}");
            }
            (true, None) => println!("{work},\"{name}\",{note},{ns:.3},{ratio:.2},,,,"),
            (false, Some((mean, error))) => {
                println!("{name:42} {ns:9.2} {ratio:7.1} {escape:11.3}   {mean:.3} ± {error:.3}  {note}");
            }
            (false, None) => println!("{name:42} {ns:9.2} {ratio:7.1} {:11}   {note}", ""),
        }
    }
}
