//! # Schedules of the learning rate
//!
//! The learning rate `η_k` of step `k = 0, 1, …`. Step: `η_k = η f^⌊k/n⌋` (`torch.optim.lr_scheduler.StepLR`). Cosine:
//! `η_k = η_min + ½ (η - η_min) (1 + cos(π k/T))` (`CosineAnnealingLR`); after `T` steps it rises again, with the period `2T`.
//!
//! # References
//! - Loshchilov, Hutter (2017), *SGDR: Stochastic Gradient Descent with Warm Restarts*, equation (5).

use std::f64::consts::PI;
use std::fmt;

/// The learning rate as a function of the step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Schedule {
    /// `η_k = η`.
    #[default]
    Constant,
    /// `η_k = η f^⌊k/n⌋`.
    Step {
        /// The number `n` of steps with one learning rate, at least 1.
        every: u64,
        /// The factor `f` in (0, 1].
        factor: f64,
    },
    /// `η_k = η_min + ½ (η - η_min) (1 + cos(π k/T))`.
    Cosine {
        /// The number `T` of steps from `η` to `η_min`, at least 1.
        steps: u64,
        /// The lowest learning rate `η_min`, from 0 to `η`.
        lowest: f64,
    },
}

impl Schedule {
    /// The learning rate of step `k`, counted from 0, at the base learning rate `eta`.
    pub fn rate(&self, eta: f64, k: u64) -> f64 {
        match *self {
            Schedule::Constant => eta,
            Schedule::Step { every, factor } => eta * factor.powf((k / every) as f64),
            Schedule::Cosine { steps, lowest } => {
                // The remainder keeps the phase exact at any number of steps.
                let phase = (k % (2 * steps)) as f64 / steps as f64;
                lowest + 0.5 * (eta - lowest) * (1.0 + (PI * phase).cos())
            }
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Schedule::Constant => f.write_str("constant learning rate"),
            Schedule::Step { every, factor } => write!(f, "learning rate times {factor} every {every} steps"),
            Schedule::Cosine { steps, lowest } => write!(f, "cosine learning rate down to {lowest} in {steps} steps"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rates_at_their_corners() {
        let step = Schedule::Step { every: 3, factor: 0.5 };
        assert_eq!([0, 2, 3, 6].map(|k| step.rate(0.8, k)), [0.8, 0.8, 0.4, 0.2]);
        let cosine = Schedule::Cosine { steps: 10, lowest: 0.2 };
        for (k, rate) in [(0, 1.0), (5, 0.6), (10, 0.2), (15, 0.6), (20, 1.0), (20_000_005, 0.6)] {
            assert!((cosine.rate(1.0, k) - rate).abs() < 1e-12, "{k}");
        }
    }
}
