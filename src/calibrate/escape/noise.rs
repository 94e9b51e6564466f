//! Gradient noise at the minimum, and its tail index.

use super::walk::Landscape;
use crate::calibrate::calibration::scale_of;
use crate::noise::{Alpha, Seed, Stream};
use crate::tail::{Centre, Estimator, GaussianSurrogate, IntervalSettings, TailError, TailSample};

/// Values in the estimate of a tail index: whole batches, so that every parameter counts alike.
const POOLED: usize = 200_000;

/// Noise vectors, one row a batch, and the tail index of their entries.
#[derive(Clone, Debug)]
pub(super) struct NoiseSample {
    pub dim: usize,
    /// `g_batch - mean g_batch`, batch by batch.
    pub rows: Vec<f64>,
    /// `E[g²]` of every parameter.
    pub second_moment: Vec<f64>,
    /// Mean of `log |ξ_i|` over the batches; `-∞` for a parameter without noise.
    pub mean_log: Vec<f64>,
    /// Tail index of the pooled noise, and of its Gaussian surrogate. Above 2 they count as 2.
    pub alpha: [Alpha; 2],
}

impl NoiseSample {
    /// Draws `batches` gradients at the minimum.
    ///
    /// # Errors
    /// [`TailError`] if the noise has no tail index.
    pub fn draw(
        landscape: &mut impl Landscape,
        dim: usize,
        batches: usize,
        estimator: Estimator,
        stream: &mut Stream,
    ) -> Result<Self, TailError> {
        let (at, mut gradient) = (vec![0.0; dim], vec![0.0; dim]);
        let (mut rows, mut second_moment, mut mean) = (Vec::new(), vec![0.0; dim], vec![0.0; dim]);
        let share = 1.0 / batches as f64;
        for _ in 0..batches {
            landscape.gradient(&at, stream, &mut gradient);
            for ((v, m), g) in second_moment.iter_mut().zip(&mut mean).zip(&gradient) {
                *v += share * g * g;
                *m += share * g;
            }
            rows.extend_from_slice(&gradient);
        }
        let mut mean_log = vec![0.0; dim];
        for row in rows.chunks_exact_mut(dim) {
            for ((x, m), log) in row.iter_mut().zip(&mean).zip(&mut mean_log) {
                *x -= m;
                *log += share * x.abs().ln();
            }
        }
        let pooled = &rows[..(POOLED / dim).clamp(2, batches) * dim];
        let surrogate = GaussianSurrogate::of_rows(pooled, dim)?.draw(Seed(rand::Rng::next_u64(stream)));
        let alpha = [index(estimator, pooled)?, index(estimator, &surrogate)?];
        Ok(NoiseSample { dim, rows, second_moment, mean_log, alpha })
    }

    /// SαS scales of the parameters.
    pub fn scales(&self, alpha: Alpha) -> Vec<f64> {
        self.mean_log.iter().map(|log| scale_of(*log, alpha)).collect()
    }
}

fn index(estimator: Estimator, data: &[f64]) -> Result<Alpha, TailError> {
    let sample = TailSample::new(data, Centre::Zero)?;
    let settings = IntervalSettings::default();
    let found = estimator.estimate(&sample, &settings)?.alpha.value;
    Alpha::new(found.min(2.0)).map_err(|_| TailError::NotFinite { index: 0, value: found })
}
