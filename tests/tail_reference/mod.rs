//! Estimates from repeated samples of a stable law.

use std::fmt;

use levy_escape::noise::{Alpha, Seed, StableLaw, Stream};
use levy_escape::tail::{Centre, Estimator, IntervalSettings, TailSample};
use rand_distr::Distribution;
use rayon::prelude::*;

/// Errors of an estimator over repeats.
pub struct Errors {
    pub root_mean_square: f64,
    pub bias: f64,
    /// Share of the intervals that contain the index.
    pub coverage: f64,
    /// The same of intervals whose ends are 15 % closer to the estimate.
    #[allow(dead_code, reason = "tail_index does not judge coverage")]
    pub shortened_coverage: f64,
    pub mean_width: f64,
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Errors { root_mean_square, bias, coverage, mean_width, .. } = self;
        write!(
            f,
            "rms error {root_mean_square:.4}, bias {bias:+.4}, interval {mean_width:.4} wide, covers {:.1} %",
            100.0 * coverage
        )
    }
}

/// A sample of SαS(2).
pub fn sample(alpha: Alpha, n: usize, repeat: u64) -> Vec<f64> {
    let stream = Stream::new(Seed(1), (alpha.get() * 1000.0) as u64, repeat);
    StableLaw::new(alpha).sample_iter(stream).take(n).map(|x: f64| 2.0 * x).collect()
}

/// The errors of an estimator on samples of `n`.
pub fn errors(estimator: Estimator, alpha: Alpha, n: usize, repeats: u64) -> Errors {
    let one = |repeat| {
        let sample = TailSample::new(&sample(alpha, n, repeat), Centre::Zero).unwrap();
        estimator.estimate(&sample, &IntervalSettings::default()).unwrap().alpha
    };
    let estimates: Vec<_> = (0..repeats).into_par_iter().map(one).collect();
    let (truth, count) = (alpha.get(), repeats as f64);
    let shortened = |e: &levy_escape::exit::Estimate| {
        let end = |end: f64| e.value + 0.85 * (end - e.value);
        (end(e.lo)..=end(e.hi)).contains(&truth)
    };
    let mean = |of: &dyn Fn(&levy_escape::exit::Estimate) -> f64| estimates.iter().map(of).sum::<f64>() / count;
    Errors {
        root_mean_square: mean(&|e| (e.value - truth).powi(2)).sqrt(),
        bias: mean(&|e| e.value - truth),
        coverage: mean(&|e| f64::from(u8::from(e.contains(truth)))),
        shortened_coverage: mean(&|e| f64::from(u8::from(shortened(e)))),
        mean_width: mean(&|e| e.hi - e.lo),
    }
}
