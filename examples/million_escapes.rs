//! Times a million escapes from an interval: the best of five runs, in seconds.
//!
//! `cargo run --release --no-default-features --example million_escapes`

use std::time::Instant;

use levy_escape::{Alpha, Basin, Domain, Dynamics, JumpAdapted, LevyNoise, Problem, Quadratic, Seed, escape_records};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let basin = Basin::new(Quadratic::new(vec![4.0])?, Domain::interval(-0.5, 0.5))?;
    let problem = Problem::new(basin, Dynamics::Sgd, LevyNoise::new(Alpha::new(1.5)?, 0.01)?)?;
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let begun = Instant::now();
        let records = escape_records(&problem, &JumpAdapted::default(), 1_000_000, Seed(1))?;
        assert_eq!(records.len(), 1_000_000);
        best = best.min(begun.elapsed().as_secs_f64());
    }
    println!("{best:.3}");
    Ok(())
}
