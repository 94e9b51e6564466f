//! # Gradient clipping
//!
//! By norm, `g ← g min(1, c/(|g|₂ + 1e-6))`, or by value, `g_i ← max(-c, min(c, g_i))`: `torch.nn.utils.clip_grad_norm_` and
//! `clip_grad_value_`. The gradient of all coordinates together is clipped, before weight decay.
//!
//! # References
//! - Pascanu, Mikolov, Bengio (2013), *On the difficulty of training recurrent neural networks*, algorithm 1.

use std::fmt;

/// Clipping of the stochastic gradient at the bound `c`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Clipping {
    /// The norm of the gradient.
    Norm(f64),
    /// Every entry.
    Value(f64),
}

/// Keeps a gradient of norm 0 from a division by zero, as in PyTorch.
const NORM_STABILIZER: f64 = 1e-6;

impl Clipping {
    /// The bound `c`.
    pub fn bound(&self) -> f64 {
        match *self {
            Clipping::Norm(bound) | Clipping::Value(bound) => bound,
        }
    }

    /// Clips the gradient in place.
    pub(super) fn apply(&self, gradient: &mut [f64]) {
        match *self {
            Clipping::Norm(bound) => {
                let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
                if norm.is_infinite() {
                    clip_overflowing_norm(gradient, bound);
                } else {
                    let factor = bound / (norm + NORM_STABILIZER);
                    // Not `min`, which would hide a NaN.
                    let factor = if factor > 1.0 { 1.0 } else { factor };
                    gradient.iter_mut().for_each(|g| *g *= factor);
                }
            }
            Clipping::Value(bound) => gradient.iter_mut().for_each(|g| *g = g.clamp(-bound, bound)),
        }
    }
}

/// The limit of the clipped gradient when the norm overflows: jumps of a small `α` do.
fn clip_overflowing_norm(gradient: &mut [f64], bound: f64) {
    let largest = gradient.iter().fold(0.0f64, |largest, g| largest.max(g.abs()));
    let unit = |g: f64| {
        if largest.is_finite() {
            g / largest
        } else if g.is_infinite() {
            g.signum()
        } else {
            0.0
        }
    };
    gradient.iter_mut().for_each(|g| *g = unit(*g));
    let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    gradient.iter_mut().for_each(|g| *g *= bound / norm);
}

impl fmt::Display for Clipping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Clipping::Norm(bound) => write!(f, "gradient norm clipped at {bound}"),
            Clipping::Value(bound) => write!(f, "gradient entries clipped at {bound}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clipped(clipping: Clipping, gradient: [f64; 2]) -> [f64; 2] {
        let mut gradient = gradient;
        clipping.apply(&mut gradient);
        gradient
    }

    #[test]
    fn only_large_gradients_are_clipped() {
        assert_eq!(clipped(Clipping::Norm(6.0), [3.0, -4.0]), [3.0, -4.0]);
        let [a, b] = clipped(Clipping::Norm(1.0), [3.0, -4.0]);
        assert!((a - 0.6).abs() < 1e-6 && (b + 0.8).abs() < 1e-6);
        assert_eq!(clipped(Clipping::Value(3.5), [3.0, -4.0]), [3.0, -3.5]);
        assert_eq!(clipped(Clipping::Norm(1.0), [0.0; 2]), [0.0; 2]);
    }

    #[test]
    fn gradients_beyond_the_finite_numbers_keep_their_direction() {
        let [a, b] = clipped(Clipping::Norm(1.0), [3e200, -4e200]);
        assert!((a - 0.6).abs() < 1e-12 && (b + 0.8).abs() < 1e-12);
        assert_eq!(clipped(Clipping::Norm(2.0), [1.0, f64::NEG_INFINITY]), [0.0, -2.0]);
        assert_eq!(clipped(Clipping::Value(2.0), [1.0, f64::NEG_INFINITY]), [1.0, -2.0]);
        assert!(clipped(Clipping::Norm(2.0), [1.0, f64::NAN]).iter().all(|g| g.is_nan()));
    }
}
