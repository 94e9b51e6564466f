//! # Held-out log likelihood
//!
//! The laws of [`FittedLaw`] are fitted to one half of the sample and scored on the other, both ways: `1/n Σ log f(x_i)` over entries that were
//! not used in the fit. More parameters alone therefore do not raise the score of a law. The halves are alternate blocks of consecutive entries, as
//! long as the assumed dependence. The density has the unit 1/x, so only differences between laws are meaningful.
//! For a heavy tail the Gaussian score has infinite variance, and the interval of its difference is unreliable.

use serde::Serialize;

use super::{FittedLaw, IntervalSettings, TailError, TailSample};
use crate::exit::Estimate;

/// Score of a law on entries that it was not fitted to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeldOut {
    /// Name of the law.
    pub law: &'static str,
    /// Mean log likelihood of an entry; minus infinity if the law excludes an entry.
    pub mean_log_likelihood: f64,
    /// Excess of the stable law's score with its interval; `None` for the stable law itself and if it is infinite.
    pub stable_ahead_by: Option<Estimate>,
}

/// The three laws' held-out log likelihoods: stable, Gaussian, Student's.
///
/// # Errors
/// [`TailError`] if a law cannot be fitted to a half.
pub fn held_out(sample: &TailSample, settings: &IntervalSettings) -> Result<[HeldOut; 3], TailError> {
    let values = sample.at_least(40)?;
    let length = settings.length(values.len());
    if length < 1 || length > values.len() / 4 {
        return Err(TailError::Dependence { length, n: values.len() });
    }
    let half = |odd: usize| -> Vec<f64> { values.chunks(length).skip(odd).step_by(2).flatten().copied().collect() };
    let fits = [FittedLaw::of_values(&half(1))?, FittedLaw::of_values(&half(0))?];
    let mut scores: [Vec<f64>; 3] = Default::default();
    for (law, scores) in scores.iter_mut().enumerate() {
        // Each half is scored with the fit to the other half; the scores are then put into the order of the data.
        let [even, odd] = [fits[0][law].log_density(&half(0))?, fits[1][law].log_density(&half(1))?];
        let mut odd = odd.chunks(length);
        for block in even.chunks(length) {
            scores.extend(block);
            scores.extend(odd.next().unwrap_or_default());
        }
    }
    let mean = |scores: &[f64]| scores.iter().sum::<f64>() / scores.len() as f64;
    let one = |law: usize| -> Result<HeldOut, TailError> {
        let ahead: Vec<f64> = scores[0].iter().zip(&scores[law]).map(|(stable, other)| stable - other).collect();
        let half_width = settings.confidence.gaussian_width() * settings.standard_error(&ahead)?;
        let ahead = Estimate::symmetric(mean(&ahead), half_width);
        Ok(HeldOut {
            law: fits[0][law].name(),
            mean_log_likelihood: mean(&scores[law]),
            stable_ahead_by: Some(ahead).filter(|ahead| law > 0 && ahead.lo.is_finite() && ahead.hi.is_finite()),
        })
    };
    Ok([one(0)?, one(1)?, one(2)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Alpha, Seed, StableLaw, Stream};
    use crate::tail::Centre;
    use rand_distr::{Distribution, StudentT};

    fn ahead(data: Vec<f64>) -> [Option<Estimate>; 3] {
        let sample = TailSample::new(&data, Centre::Zero).unwrap();
        held_out(&sample, &IntervalSettings::default()).unwrap().map(|law| law.stable_ahead_by)
    }

    #[test]
    fn the_law_that_made_the_data_is_ahead() {
        let stream = || Stream::new(Seed(31), 0, 0);
        let stable = StableLaw::new(Alpha::new(1.6).unwrap()).sample_iter(stream()).take(20_001).collect();
        let [itself, gaussian, student] = ahead(stable);
        assert_eq!(itself, None);
        assert!(gaussian.unwrap().value > 0.1 && student.unwrap().lo > 0.0);
        let student = StudentT::new(4.0).unwrap().sample_iter(stream()).take(20_001).collect();
        let [_, gaussian, student] = ahead(student);
        assert!(gaussian.unwrap().lo > 0.0 && student.unwrap().hi < 0.0);
    }
}
