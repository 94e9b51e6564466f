//! Scales of noise vectors.

use std::collections::HashSet;

use crate::calibrate::escape::norm;
use crate::exit::{Confidence, Estimate};

/// Three scales of noise vectors.
///
/// - `rms`: `√(E|ξ|²/d)`. For batches of `S` of `n` images without replacement it falls as `S_e^(-1/2)`, `S_e = S (n-1)/(n-S)`, whatever the
///   law: the variance of a mean over a finite population.
/// - `norm`: `exp(E ln |ξ|)`, the typical length of a vector.
/// - `typical`: `exp(E mean_i ln |ξ_i|)`, the typical size of one entry, over the parameters that are kept.
///
/// The mean of `S` vectors of a strictly stable law is `S^(1/α-1)` times one of them in law, so that all but `rms`, which is infinite, fall as
/// `S^(-(α-1)/α)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scales {
    pub rms: Estimate,
    pub norm: Estimate,
    pub typical: Option<Estimate>,
}

impl Scales {
    /// The scales of rows of length `dim`. `kept` names the parameters of `typical`. Intervals are those of means over the rows.
    pub fn of(rows: &[f64], dim: usize, kept: &[usize]) -> Self {
        let of_rows = |of: &dyn Fn(&[f64]) -> f64| rows.chunks_exact(dim).map(of).collect::<Vec<f64>>();
        let (mean, error) = mean(&of_rows(&|row| row.iter().map(|x| x * x).sum::<f64>() / dim as f64));
        let rms = log_estimate(0.5 * mean.ln(), 0.5 * error / mean);
        let logs = |of: &dyn Fn(&[f64]) -> f64| {
            let (mean, error) = self::mean(&of_rows(of));
            log_estimate(mean, error)
        };
        let share = 1.0 / kept.len() as f64;
        let typical = |row: &[f64]| kept.iter().map(|&i| share * row[i].abs().ln()).sum();
        Scales { rms, norm: logs(&|row| norm(row).ln()), typical: (!kept.is_empty()).then(|| logs(&typical)) }
    }
}

/// The parameters whose noise took as many values as that of any: another one in every row, unless small batches were drawn twice. The others are
/// without noise in batches that lack some images: those of a pixel that is seldom set, for instance. None if nothing varies.
pub(super) fn varying(rows: &[f64], dim: usize) -> Vec<usize> {
    let values = |i: usize| rows.iter().skip(i).step_by(dim).map(|x| x.to_bits()).collect::<HashSet<u64>>().len();
    let counts: Vec<usize> = (0..dim).map(values).collect();
    let most = counts.iter().copied().max().filter(|most| *most > 1);
    (0..dim).filter(|i| Some(counts[*i]) == most).collect()
}

/// Mean and standard error.
pub(super) fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// The estimate of a positive number from that of its logarithm.
pub(super) fn log_estimate(mean: f64, error: f64) -> Estimate {
    let width = Confidence::DEFAULT.gaussian_width() * error;
    Estimate { value: mean.exp(), lo: (mean - width).exp(), hi: (mean + width).exp() }
}

/// `exp` of the mean of few logarithms, with Student's limits at the default level; `None` for fewer than two.
pub(super) fn geometric_mean(logs: &[f64]) -> Option<Estimate> {
    if logs.len() < 2 {
        return None;
    }
    let (mean, error) = mean(logs);
    let width = Confidence::DEFAULT.student_width(logs.len() as f64 - 1.0) * error;
    Some(Estimate { value: mean.exp(), lo: (mean - width).exp(), hi: (mean + width).exp() })
}
