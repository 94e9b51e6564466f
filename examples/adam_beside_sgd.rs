//! Theorem 2 in one problem: SGD and Adam leave the same basin under the same anisotropic noise.
//!
//! `cargo run --release --no-default-features --example adam_beside_sgd`

use levy_escape::theory::Comparison;
use levy_escape::{
    Adam, Alpha, Amplitude, Basin, Domain, Dynamics, JumpAdapted, LevyNoise, Prediction, Problem, Quadratic, Seed,
    escape_times,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // det Q = 4 · ¼ = 1: the complements of the two escape sets have equal volumes, but the Radon measures differ.
    let noise = LevyNoise::new(Alpha::new(1.5)?, 0.01)?.with_amplitude(Amplitude::Diagonal(vec![4.0, 0.25]));
    let basin = Basin::new(Quadratic::new(vec![1.0, 1.0])?, Domain::ball(1.0))?;
    let sgd = Problem::new(basin.clone(), Dynamics::Sgd, noise.clone())?;
    let adam = Problem::new(basin, Dynamics::Adam(Adam::new(1.0, 0.1)?), noise)?;
    let mut means = Vec::new();
    for (name, problem) in [("SGD", &sgd), ("Adam", &adam)] {
        let times = escape_times(problem, &JumpAdapted::default(), 10_000, Seed(3))?;
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        println!("{name:<4}  E Γ = {mean:>8.1}, predicted {:>8.1}", Prediction::of(problem)?.mean_time());
        means.push(mean);
    }
    let comparison = Comparison::of(&adam)?;
    println!(
        "Γ_Adam/Γ_SGD = {:.3} measured, {:.3} predicted",
        means[1] / means[0],
        comparison.sgd.rate / comparison.adam.rate
    );
    Ok(())
}
