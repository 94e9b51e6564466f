//! A custom landscape in two dimensions: a quartic bowl that is narrow along a diagonal, left by SGD.
//!
//! `cargo run --release --no-default-features --example custom_potential`

use levy_escape::exit::{Confidence, ExitSample};
use levy_escape::{
    Alpha, Basin, Domain, Dynamics, JumpAdapted, LevyNoise, Potential, Prediction, Problem, Seed, escape_records,
};

/// `F(x, y) = ½ (x - y)² + ¼ (x + y)⁴ + ½ (x + y)²`, with its minimum at the origin.
#[derive(Debug)]
struct Valley;

impl Potential for Valley {
    fn dim(&self) -> usize {
        2
    }

    fn value(&self, x: &[f64]) -> f64 {
        let (across, along) = (x[0] - x[1], x[0] + x[1]);
        0.5 * across * across + 0.25 * along.powi(4) + 0.5 * along * along
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        let (across, along) = (x[0] - x[1], x[0] + x[1]);
        let common = along.powi(3) + along;
        gradient[0] = across + common;
        gradient[1] = common - across;
    }

    fn minimum(&self) -> &[f64] {
        &[0.0, 0.0]
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let basin = Basin::new(Valley, Domain::level(1.0))?;
    let volume = basin.volume();
    println!("the level set F < 1 has area {:.4} ± {:.4}", volume.value, volume.error);
    println!("epsilon  predicted E Γ  measured E Γ (95 % interval)        λ E Γ");
    for epsilon in [0.1, 0.03, 0.01] {
        let noise = LevyNoise::new(Alpha::new(1.5)?, epsilon)?;
        let problem = Problem::new(basin.clone(), Dynamics::Sgd, noise)?;
        let records = escape_records(&problem, &JumpAdapted::default(), 4_000, Seed(1))?;
        let sample = ExitSample::from_outcomes(records.into_iter().map(|record| record.outcome))?;
        let mean = sample.moments().mean(Confidence::DEFAULT)?.estimate;
        let predicted = Prediction::of(&problem)?;
        println!(
            "{epsilon:<7}  {:>13.3}  {:>10.3} ({:.3} to {:.3})  {:>10.3}",
            predicted.mean_time(),
            mean.value,
            mean.lo,
            mean.hi,
            mean.value * predicted.rate
        );
    }
    Ok(())
}
