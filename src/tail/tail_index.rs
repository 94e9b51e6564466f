//! The result of an estimator.

use serde::Serialize;

use crate::exit::Estimate;

/// An estimated tail index.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TailIndex {
    /// Name of the estimator.
    pub estimator: &'static str,
    /// `α̂` with its interval.
    pub alpha: Estimate,
    /// Scale `s` of SαS(s), characteristic function `exp(-s^α |w|^α)`, if the estimator gives one.
    pub scale: Option<f64>,
    /// Location that was subtracted from the entries.
    pub location: f64,
    /// Entries used.
    pub n: usize,
    /// Share of exact zeros in the data.
    pub zero_share: f64,
    /// The settings that the estimator chose.
    pub settings: Settings,
}

/// The settings that an estimator chose.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Settings {
    /// Of Mohammadi's estimator.
    Mohammadi {
        /// `K1`, entries to a sum.
        block: usize,
        /// Sums.
        blocks: usize,
        /// Treatment of zeros.
        zeros: Zeros,
    },
    /// Of Koutrouvelis' estimator.
    Koutrouvelis {
        /// Frequencies of the characteristic function.
        frequencies: usize,
        /// Entries over which dependence is allowed for.
        dependence: usize,
    },
    /// Of McCulloch's estimator.
    McCulloch {
        /// Entries over which dependence is allowed for.
        dependence: usize,
    },
    /// Of Hill's estimator.
    Hill {
        /// `k`, largest entries used.
        order: usize,
    },
    /// Of maximum likelihood.
    MaximumLikelihood {
        /// Entries over which dependence is allowed for.
        dependence: usize,
    },
}

/// What Mohammadi's estimator does with exact zeros, whose logarithm does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Zeros {
    /// Leaves them out.
    #[default]
    Excluded,
    /// Keeps them, with `2^-52 = e^-36.04` added to every `|X|` and `|Y|`, as the code published with the method does: a
    /// share `p0` of zeros then lowers `α̂` as much as a spread of scales does.
    Floored,
}
