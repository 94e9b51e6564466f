//! What the estimators take for granted, tested: entries that are independent of each other, of one law, and symmetric.
//!
//! Both tests are of ranks and signs and hold for any tail. A p value below [`LEVEL`](Assumptions::LEVEL) is worth a warning: of independent entries of a
//! symmetric law one in a thousand samples gets it from each of the two tests.

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
    /// Independence of the order.
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
    /// Entries depend on those before them.
    Dependent,
    /// They do, and they are in ascending or descending order.
    Sorted,
    /// They do, as the sums of independent steps do.
    UnitRoot,
}

impl Assumptions {
    /// p value below which an assumption counts as rejected.
    pub const LEVEL: f64 = 1e-3;

    /// The tests of a sample; `columns` are those of the rows that a pooled sample was taken from, 1 otherwise.
    pub fn of(sample: &TailSample, settings: &IntervalSettings, columns: usize) -> Self {
        Assumptions {
            symmetry: Skewness::of(sample, settings, columns),
            dependence: SerialDependence::of(sample, columns),
        }
    }

    /// What is rejected.
    pub fn rejections(&self) -> Vec<Rejection> {
        let skewed = self.symmetry.as_ref().is_ok_and(|test| test.p < Assumptions::LEVEL);
        let dependent = self.dependence.as_ref().ok().filter(|test| test.p < Assumptions::LEVEL);
        let dependent = dependent.map(|test| match test.pattern {
            Pattern::Sorted => Rejection::Sorted,
            Pattern::UnitRoot => Rejection::UnitRoot,
            Pattern::Other => Rejection::Dependent,
        });
        // Of a walk or of sorted entries the shape says nothing about the law.
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
