//! The running averages of one Adam path.

use super::Adam;

/// Bias-corrected averages `m̂`, `v̂` and the resulting preconditioner `Q = diag(√v̂ + ϵ)`, each of length `d`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Averages {
    pub m: Vec<f64>,
    pub v: Vec<f64>,
    pub q: Vec<f64>,
    square: Vec<f64>,
    stabilizer: f64,
    moves: bool,
}

impl Averages {
    /// Allocates `scales.len()` coordinates with the gradient-noise scales `s_i`.
    pub fn new(adam: &Adam, scales: &[f64]) -> Self {
        let zero = vec![0.0; scales.len()];
        Averages {
            m: zero.clone(),
            v: zero.clone(),
            q: zero,
            square: scales.iter().map(|s| s * s).collect(),
            stabilizer: adam.stabilizer(),
            moves: !adam.second_moment().is_constant(),
        }
    }

    /// The limits at `t = 0`: `m̂_0 = ∇F(θ_0)`, and `v̂_0` the square of the stochastic gradient, with the noise `sample` if
    /// the second moment is sampled.
    pub fn start(&mut self, gradient: &[f64], sample: Option<&[f64]>) {
        self.m.copy_from_slice(gradient);
        for i in 0..self.m.len() {
            self.v[i] = match (sample, self.moves) {
                (Some(z), _) => (gradient[i] + z[i]) * (gradient[i] + z[i]),
                (None, true) => self.target(i, gradient[i]),
                (None, false) => self.square[i],
            };
        }
        self.set_preconditioner();
    }

    /// `(∇F)_i² + s_i²`.
    pub fn target(&self, i: usize, gradient: f64) -> f64 {
        gradient * gradient + self.square[i]
    }

    /// Moves `v̂` towards `(∇F)² + s²`, or towards the squares of `gradient` if they are `sampled`, with the given weight, and
    /// updates `Q`.
    #[inline(always)]
    pub fn move_second_moment(&mut self, weight: f64, gradient: &[f64], sampled: bool) {
        let stabilizer = self.stabilizer;
        let rows = self.v.iter_mut().zip(&mut self.q).zip(gradient.iter().zip(&self.square));
        rows.for_each(|((v, q), (g, square))| {
            let target = if sampled { g * g } else { g * g + square };
            *v += weight * (target - *v);
            *q = v.sqrt() + stabilizer;
        });
    }

    /// Computes `Q` from `v̂`.
    pub fn set_preconditioner(&mut self) {
        self.q.iter_mut().zip(&self.v).for_each(|(q, v)| *q = v.sqrt() + self.stabilizer);
    }

    /// Whether `v̂` changes in time.
    pub fn moves(&self) -> bool {
        self.moves
    }
}
