//! Every bit of some escapes, as CSV on standard output: what other front ends of the library must reproduce.
//!
//! `cargo run --release --no-default-features --example golden_escapes > python/tests/golden_escapes.csv`

use std::io;

use levy_escape::dynamics::{AdamSteps, Momentum, SgdSteps};
use levy_escape::landscape::{Expression, MultiWell};
use levy_escape::noise::{Measure, NoiseLaw, Structure};
use levy_escape::scheme::{Departure, Steps};
use levy_escape::{
    Adam, Alpha, Amplitude, Asymmetric, Basin, Domain, DoubleWell, Dynamics, Euler, JumpAdapted, LevyNoise, Monitoring,
    Outcome, Problem, Quadratic, Scheme, Seed, escape_records,
};

type Case = (&'static str, Problem, Box<dyn Scheme>, u64);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut table = csv::Writer::from_writer(io::stdout().lock());
    table.write_record(["case", "path", "time", "axis", "side", "overshoot", "by_jump", "events"])?;
    for (name, problem, scheme, seed) in cases()? {
        for (path, record) in escape_records(&problem, &*scheme, 300, Seed(seed))?.iter().enumerate() {
            let Outcome::Exited { time, site } = record.outcome else { return Err("a path did not leave".into()) };
            let bits = |x: f64| format!("{:016x}", x.to_bits());
            let by_jump = site.by == Departure::Jump;
            let place = (site.axis, site.side.sign(), bits(site.overshoot), by_jump, record.events);
            table.serialize((name, path, bits(time), place))?;
        }
    }
    table.flush()?;
    Ok(())
}

fn cases() -> Result<Vec<Case>, Box<dyn std::error::Error>> {
    let noise = |alpha: f64, epsilon: f64| LevyNoise::new(Alpha::new(alpha)?, epsilon);
    let interval = Basin::new(Quadratic::new(vec![4.0])?, Domain::interval(-0.5, 0.5))?;
    let ball = Basin::new(Quadratic::new(vec![1.0, 2.0])?, Domain::ball(1.0))?;
    let anisotropic = noise(1.5, 0.05)?.with_amplitude(Amplitude::Diagonal(vec![4.0, 0.25]));
    let adam = Dynamics::Adam(Adam::new(1.0, 0.1)?);
    let wells = Basin::new(DoubleWell::new([-1.0, 1.5], 0.25, 1.0)?, Domain::Well)?;
    let valley = Basin::new(Asymmetric::new(vec![8.0], vec![0.5])?, Domain::level(0.2))?.with_start(vec![0.1])?;
    let isotropic = noise(1.2, 0.1)?.with_structure(Structure::Isotropic).with_measure(Measure::Unit)?;
    let steps = |eta: f64| LevyNoise::from_learning_rate(Alpha::new(1.5)?, eta);
    let sgd_steps = Dynamics::SgdSteps(SgdSteps::new(0.1)?);
    let adam_steps = Dynamics::AdamSteps(AdamSteps::new(0.1, 0.9, 0.999)?);
    let student = LevyNoise::from_learning_rate(Alpha::GAUSSIAN, 0.1)?.with_law(NoiseLaw::StudentT { degrees: 3.0 })?;
    let momentum = Dynamics::SgdSteps(SgdSteps::new(0.1)?.with_momentum(Momentum::Nesterov(0.9))?);
    let three = MultiWell::new(vec![-2.0, 0.0, 2.0], vec![-1.0, 1.0], vec![1.0, 0.5, 1.0])?;
    let third = Basin::new(three, Domain::UntilWell(2))?;
    let half_line = Basin::new(DoubleWell::new([-1.0, 1.5], 0.25, 1.0)?, Domain::Until(vec![[1.0, f64::INFINITY]]))?;
    let plane = Expression::new("(x^2 - 1)^2 + (y - x/2)^2", &[], Some(&[1.0, 0.5]), None)?;
    let attraction = Basin::new(plane, Domain::Attraction)?;
    let jumps = || Box::new(JumpAdapted::default());
    Ok(vec![
        ("interval", Problem::new(interval.clone(), Dynamics::Sgd, noise(1.5, 0.01)?)?, jumps(), 1),
        ("ball", Problem::new(ball.clone(), Dynamics::Sgd, anisotropic.clone())?, jumps(), 2),
        ("adam", Problem::new(ball.clone(), adam, anisotropic)?, jumps(), 3),
        ("well", Problem::new(wells, Dynamics::Sgd, noise(1.7, 0.1)?)?, jumps(), 4),
        ("valley", Problem::new(valley, Dynamics::Sgd, noise(0.9, 0.1)?)?, jumps(), u64::MAX),
        ("isotropic", Problem::new(ball, Dynamics::Sgd, isotropic)?, jumps(), 6),
        ("euler", Problem::new(interval.clone(), Dynamics::Sgd, noise(1.8, 0.3)?)?, Box::new(Euler::default()), 7),
        (
            "euler_discrete",
            Problem::new(interval.clone(), Dynamics::Sgd, noise(2.0, 0.3)?)?,
            Box::new(Euler::with_step(0.01)?.monitoring(Monitoring::Discrete)),
            8,
        ),
        ("sgd_steps", Problem::new(interval.clone(), sgd_steps.clone(), steps(0.1)?)?, Box::new(Steps), 9),
        ("adam_steps", Problem::new(interval.clone(), adam_steps, steps(0.1)?)?, Box::new(Steps), 10),
        (
            "truncated",
            Problem::new(interval.clone(), Dynamics::Sgd, noise(1.5, 0.1)?.with_law(NoiseLaw::Truncated { at: 6.0 })?)?,
            jumps(),
            11,
        ),
        (
            "tempered",
            Problem::new(
                interval.clone(),
                Dynamics::Sgd,
                noise(1.5, 0.1)?.with_law(NoiseLaw::Tempered { cutoff: 3.0 })?,
            )?,
            jumps(),
            12,
        ),
        (
            "skewed",
            Problem::new(interval.clone(), sgd_steps, steps(0.1)?.with_law(NoiseLaw::Skewed { beta: 0.5 })?)?,
            Box::new(Steps),
            13,
        ),
        ("student_t", Problem::new(interval, momentum, student)?, Box::new(Steps), 14),
        ("until_well", Problem::new(third, Dynamics::Sgd, noise(1.4, 0.2)?)?, jumps(), 15),
        ("until", Problem::new(half_line, Dynamics::Sgd, noise(1.5, 0.1)?)?, jumps(), 16),
        ("attraction", Problem::new(attraction, Dynamics::Sgd, noise(1.5, 0.2)?)?, jumps(), 17),
    ])
}
