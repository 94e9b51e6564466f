//! Gradient noise at the minimum, and its tail index.

use thiserror::Error;

use super::walk::Landscape;
use crate::calibrate::calibration::scale_of;
use crate::noise::{Alpha, EmpiricalNoise, NoiseError, Seed, Stream};
use crate::tail::{Centre, Estimator, GaussianSurrogate, IntervalSettings, TailError, TailSample};

/// Values in the estimate of a tail index: whole batches, so that every parameter counts alike.
const POOLED: usize = 200_000;

/// Why the noise at a minimum cannot be described.
#[derive(Debug, Error)]
pub(in crate::calibrate) enum NoiseSampleError {
    /// It has no tail index.
    #[error(transparent)]
    Tail(#[from] TailError),
    /// Its vectors are not finite.
    #[error(transparent)]
    Vectors(#[from] NoiseError),
}

/// Noise vectors, one row a batch, and the tail index of their entries.
#[derive(Clone, Debug)]
pub(in crate::calibrate) struct NoiseSample {
    pub dim: usize,
    /// `g_batch - mean g_batch`, a vector a batch.
    pub vectors: EmpiricalNoise,
    /// `E[g²]` of every parameter.
    pub second_moment: Vec<f64>,
    /// Mean of `log |ξ_i|` over the batches; `-∞` for a parameter whose noise was exactly 0 in one of them.
    pub mean_log: Vec<f64>,
    /// Tail index of the pooled noise, and of its Gaussian surrogate. Above 2 they count as 2.
    pub alpha: [Alpha; 2],
}

impl NoiseSample {
    /// Draws `batches` gradients at the minimum.
    ///
    /// # Errors
    /// [`NoiseSampleError`] if the noise has no tail index.
    pub fn draw(
        landscape: &mut impl Landscape,
        dim: usize,
        batches: usize,
        estimator: Estimator,
        stream: &mut Stream,
    ) -> Result<Self, NoiseSampleError> {
        let (rows, second_moment) = centred(landscape, &vec![0.0; dim], batches, stream);
        let (mut mean_log, share) = (vec![0.0; dim], 1.0 / batches as f64);
        for row in rows.chunks_exact(dim) {
            row.iter().zip(&mut mean_log).for_each(|(x, log)| *log += share * x.abs().ln());
        }
        let pooled = &rows[..(POOLED / dim).clamp(2, batches) * dim];
        let surrogate = GaussianSurrogate::of_rows(pooled, dim)?.draw(Seed(rand::Rng::next_u64(stream)));
        let alpha = [index(estimator, pooled)?, index(estimator, &surrogate)?];
        Ok(NoiseSample { dim, vectors: EmpiricalNoise::new(dim, rows)?, second_moment, mean_log, alpha })
    }

    /// SαS scales of the parameters.
    pub fn scales(&self, alpha: Alpha) -> Vec<f64> {
        self.mean_log.iter().map(|log| scale_of(*log, alpha)).collect()
    }
}

/// Noise `g_batch - mean g_batch` at `at`, a row a batch, and `E[g²]` of every parameter.
pub(in crate::calibrate) fn centred(
    landscape: &mut impl Landscape,
    at: &[f64],
    batches: usize,
    stream: &mut Stream,
) -> (Vec<f64>, Vec<f64>) {
    let dim = at.len();
    let (mut rows, mut second_moment, mut mean) = (Vec::new(), vec![0.0; dim], vec![0.0; dim]);
    let (mut gradient, mut first) = (vec![0.0; dim], Vec::new());
    let share = 1.0 / batches as f64;
    for _ in 0..batches {
        landscape.gradient(at, stream, &mut gradient);
        if first.is_empty() {
            first.clone_from(&gradient);
        }
        for (((v, m), g), first) in second_moment.iter_mut().zip(&mut mean).zip(&mut gradient).zip(&first) {
            *v += share * *g * *g;
            // From the first gradient, so that the noise of a parameter that never varies is 0 and not a rounding error.
            *g -= first;
            *m += share * *g;
        }
        rows.extend_from_slice(&gradient);
    }
    for row in rows.chunks_exact_mut(dim) {
        row.iter_mut().zip(&mean).for_each(|(x, m)| *x -= m);
    }
    (rows, second_moment)
}

/// Tail index of the data; an estimate above 2 counts as 2.
pub(in crate::calibrate) fn index(estimator: Estimator, data: &[f64]) -> Result<Alpha, TailError> {
    let sample = TailSample::new(data, Centre::Zero)?;
    let settings = IntervalSettings::default();
    let found = estimator.estimate(&sample, &settings)?.alpha.value;
    Alpha::new(found.min(2.0)).map_err(|_| TailError::NotFinite { index: 0, value: found })
}
