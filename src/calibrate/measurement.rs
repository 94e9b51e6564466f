//! The measurements of the noise in a calibration.

use serde::{Deserialize, Serialize};

/// The noise that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoiseKind {
    /// Gradient of a minibatch minus full gradient.
    Gradient,
    /// The same, smoothed like Adam's `m`, bias-corrected and divided by `Q`.
    Direction,
}

/// The values that make up a sample.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SamplingAxis {
    /// All parameters and batches in one sample, as in the paper, at fixed parameters.
    Pooled,
    /// All parameters of one layer, and batches.
    Layer(String),
    /// One parameter over batches, at fixed parameters; results are medians over parameters.
    Batches,
    /// One parameter over the last steps of training; results are medians over parameters.
    Iterations,
}

/// Tail indices of one sample, or of one sample per parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// Steps done.
    pub iteration: u64,
    /// The noise that is measured.
    pub noise: NoiseKind,
    /// The values that make up the sample.
    pub axis: SamplingAxis,
    /// Values in a sample.
    pub count: usize,
    /// Number of parameters with their own sample, if the axis is one parameter at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<usize>,
    /// Share of values that are exactly zero.
    pub zero_share: f64,
    /// Results of several estimators.
    pub indices: Vec<IndexPair>,
    /// Goodness of fit, if it was tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit: Option<FitRecord>,
}

/// A tail index, and that of Gaussian noise with the same scales and zeros.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexPair {
    /// Name of the estimator.
    pub estimator: String,
    /// Estimate for the noise.
    pub measured: IndexRecord,
    /// Estimate for the surrogate.
    pub surrogate: IndexRecord,
}

/// An estimated tail index, or the reason why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum IndexRecord {
    /// With its 95 % interval.
    Index {
        /// `α̂`.
        value: f64,
        /// Lower end.
        lo: f64,
        /// Upper end.
        hi: f64,
    },
    /// The reason.
    Undefined(String),
}

impl IndexRecord {
    /// `α̂` with the ends of its interval.
    pub fn index(&self) -> Option<(f64, f64, f64)> {
        match *self {
            IndexRecord::Index { value, lo, hi } => Some((value, lo, hi)),
            IndexRecord::Undefined(_) => None,
        }
    }
}

/// How well three laws describe a sample. If the axis is one parameter at a time, the sample joins all parameters, each divided
/// by its scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitRecord {
    /// Values used.
    pub count: usize,
    /// Tail index of the stable law that fits best.
    pub alpha: f64,
    /// Its scale.
    pub scale: f64,
    /// Kolmogorov-Smirnov distance from it.
    pub kolmogorov: f64,
    /// Its p value, for independent values.
    pub kolmogorov_p: f64,
    /// Anderson-Darling statistic.
    pub anderson_darling: f64,
    /// Its p value, for independent values.
    pub anderson_darling_p: f64,
    /// Scores on held-out values.
    pub held_out: Vec<LawScore>,
    /// The fit of Student's t; none in files of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub student: Option<StudentRecord>,
}

/// How well Student's t describes a sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudentRecord {
    /// Degrees of freedom of the law that fits best.
    pub freedom: f64,
    /// Its scale.
    pub scale: f64,
    /// Kolmogorov-Smirnov distance from it.
    pub kolmogorov: f64,
    /// Its p value, for independent values.
    pub kolmogorov_p: f64,
    /// Anderson-Darling statistic.
    pub anderson_darling: f64,
    /// Its p value, for independent values.
    pub anderson_darling_p: f64,
}

/// The score of one law.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LawScore {
    /// Name of the law.
    pub law: String,
    /// Mean log-likelihood per value, in nats; `None` for minus infinity.
    pub log_likelihood: Option<f64>,
    /// By how much the score of the stable law is higher, paired by held-out values; none for the stable law, and in files of older
    /// versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stable_ahead_by: Option<LeadRecord>,
}

/// A difference of scores in nats, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeadRecord {
    /// The difference.
    pub value: f64,
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}
