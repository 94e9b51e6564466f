//! Tests of the assumptions of the estimators: independent entries of one symmetric law.
//!
//! Both tests use ranks and signs only and are valid for any tail. A p value below [`LEVEL`](Assumptions::LEVEL) causes a warning: for independent
//! entries of a symmetric law, each of the two tests does so in one of a thousand samples.

use serde::{Serialize, Serializer};

use super::serial::{Pattern, SerialDependence};
use super::symmetry::Skewness;
use crate::tail::{IntervalSettings, TailError, TailSample};

/// The two tests of a sample.
///
/// # Example
/// ```
/// use levy_escape::noise::{Alpha, Seed, StableLaw, Stream};
/// use levy_escape::tail::{Assumptions, Centre, IntervalSettings, Rejection, TailSample};
/// use rand_distr::Distribution;
///
/// let mut walk = 0.0;
/// let steps = StableLaw::new(Alpha::new(1.5)?).sample_iter(Stream::new(Seed(1), 0, 0)).take(1000);
/// let sums: Vec<f64> = steps.map(|step: f64| (walk += step, walk).1).collect();
/// let sample = TailSample::new(&sums, Centre::Median)?;
/// let assumptions = Assumptions::of(&sample, &IntervalSettings::default(), 1);
/// assert!(assumptions.rejections().contains(&Rejection::UnitRoot));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Assumptions {
    /// Symmetry about any point.
    #[serde(serialize_with = "or_error")]
    pub symmetry: Result<Skewness, TailError>,
    /// Independence of consecutive entries.
    #[serde(serialize_with = "or_error")]
    pub dependence: Result<SerialDependence, TailError>,
}

/// An assumption that the data contradict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rejection {
    /// The law is skewed.
    Asymmetric,
    /// Entries depend on earlier ones.
    Dependent,
    /// Entries are in ascending or descending order.
    Sorted,
    /// Entries look like sums of independent steps.
    UnitRoot,
}

impl Assumptions {
    /// p value below which an assumption counts as rejected.
    pub const LEVEL: f64 = 1e-3;

    /// Tests a sample; `columns` is the number of columns of the rows that were pooled, 1 otherwise.
    pub fn of(sample: &TailSample, settings: &IntervalSettings, columns: usize) -> Self {
        Assumptions {
            symmetry: Skewness::of(sample, settings, columns),
            dependence: SerialDependence::of(sample, columns),
        }
    }

    /// The rejected assumptions.
    pub fn rejections(&self) -> Vec<Rejection> {
        let skewed = self.symmetry.as_ref().is_ok_and(|test| test.p < Assumptions::LEVEL);
        let dependent = self.dependence.as_ref().ok().filter(|test| test.p < Assumptions::LEVEL);
        let dependent = dependent.map(|test| match test.pattern {
            Pattern::Sorted => Rejection::Sorted,
            Pattern::UnitRoot => Rejection::UnitRoot,
            Pattern::Other => Rejection::Dependent,
        });
        // The shape of a random walk or of sorted entries says nothing about the law.
        let skewed = skewed && !matches!(dependent, Some(Rejection::Sorted | Rejection::UnitRoot));
        skewed.then_some(Rejection::Asymmetric).into_iter().chain(dependent).collect()
    }
}

fn or_error<T: Serialize, S: Serializer>(result: &Result<T, TailError>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Failed {
        error: String,
    }
    match result {
        Ok(value) => value.serialize(serializer),
        Err(error) => Failed { error: error.to_string() }.serialize(serializer),
    }
}
