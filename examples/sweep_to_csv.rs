//! A sweep over the tail index and the noise level, written as CSV to standard output.
//!
//! `cargo run --release --no-default-features --example sweep_to_csv > sweep.csv`

use std::io;

use levy_escape::exit::{Confidence, ExitSample};
use levy_escape::theory::exact_exit;
use levy_escape::{
    Alpha, Basin, Domain, Dynamics, JumpAdapted, LevyNoise, Prediction, Problem, Quadratic, Seed, escape_records,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let basin = Basin::new(Quadratic::new(vec![1.0])?, Domain::interval(-1.0, 1.0))?;
    let mut table = csv::Writer::from_writer(io::stdout().lock());
    table.write_record(["alpha", "epsilon", "mean_time", "mean_lo", "mean_hi", "exact_mean", "predicted_mean"])?;
    for alpha in [1.2, 1.5, 1.8] {
        for epsilon in [0.5, 0.2, 0.1] {
            let noise = LevyNoise::new(Alpha::new(alpha)?, epsilon)?;
            let problem = Problem::new(basin.clone(), Dynamics::Sgd, noise)?;
            let records = escape_records(&problem, &JumpAdapted::default(), 5_000, Seed(7))?;
            let sample = ExitSample::from_outcomes(records.into_iter().map(|record| record.outcome))?;
            let mean = sample.moments().mean(Confidence::DEFAULT)?.estimate;
            let exact = exact_exit(&problem).and_then(|exit| exit.mean(0.0).ok());
            let predicted = Prediction::of(&problem)?.mean_time();
            table.serialize((alpha, epsilon, mean.value, mean.lo, mean.hi, exact, predicted))?;
        }
    }
    table.flush()?;
    Ok(())
}
