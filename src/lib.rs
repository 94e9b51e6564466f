//! Escape times of SGD and Adam driven by Lévy noise: simulation and theory.
//!
//! The solution of `dθ = -∇F dt + ε Σ dL` (SGD), or of Adam's equation, leaves a basin `Ω` by one large jump. As `ε → 0` the exit time `Γ`
//! becomes exponential with the rate `λ = Θ m(W)`, where `W` is the escape set and `m` the Radon measure (Zhou et al., NeurIPS 2020).
//! This crate simulates `Γ` at a cost that does not grow as `ε` falls, and computes `λ`.
//!
//! ```
//! use levy_escape::{
//!     Alpha, Basin, Domain, Dynamics, JumpAdapted, LevyNoise, Prediction, Problem, Quadratic, Seed, escape_times,
//! };
//!
//! let basin = Basin::new(Quadratic::new(vec![4.0])?, Domain::interval(-0.5, 0.5))?;
//! let noise = LevyNoise::new(Alpha::new(1.5)?, 0.01)?;
//! let problem = Problem::new(basin, Dynamics::Sgd, noise)?;
//! let times = escape_times(&problem, &JumpAdapted::default(), 4_000, Seed(1))?;
//! let mean = times.iter().sum::<f64>() / times.len() as f64;
//! assert!((mean * Prediction::of(&problem)?.rate - 1.0).abs() < 0.08);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! For a custom landscape, implement [`Potential`]. [`escape_records`] and [`escape_records_within`] return the outcome of every path: its
//! exit time and site, or its censoring by a time limit.
#![warn(missing_docs)]

/// The README's example, compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The examples of the library's page.
#[cfg(doctest)]
#[doc = include_str!("../docs/library.md")]
struct LibraryPage;

#[cfg(feature = "program")]
pub mod calibrate;
#[cfg(feature = "program")]
pub mod cli;
pub mod dynamics;
pub mod engine;
pub mod exit;
#[cfg(feature = "program")]
pub mod experiment;
#[cfg(feature = "program")]
pub mod files;
pub mod landscape;
pub mod noise;
#[cfg(feature = "program")]
pub mod report;
#[cfg(feature = "program")]
pub mod results;
pub mod scheme;
#[cfg(feature = "program")]
pub mod store;
pub mod tail;
pub mod theory;

pub use dynamics::{Adam, Dynamics, Problem, SecondMoment};
pub use engine::{escape_records, escape_records_within, escape_times, mean_position, occupancy};
pub use landscape::{
    Asymmetric, Basin, Domain, DoubleWell, Expression, Flat, GaussianWells, MullerBrown, MultiWell, PlanarWells,
    Potential, Quadratic, Wells,
};
pub use noise::{Alpha, Amplitude, LevyNoise, LowRank, Measure, Seed, Structure};
pub use scheme::{Euler, JumpAdapted, Limits, Monitoring, Occupancy, OccupancyCounts, Outcome, PathRecord, Scheme};
pub use theory::Prediction;
