//! The errors of this module.

use thiserror::Error;

use crate::noise::StableDensityError;

/// Reasons why a tail index cannot be estimated.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum TailError {
    /// An entry that is not a number, or infinite.
    #[error("entry {index} is {value}: entries must be finite")]
    NotFinite {
        /// Its place in the data, from 0.
        index: usize,
        /// The offending value.
        value: f64,
    },
    /// All entries are zero.
    #[error("all {n} entries are zero: there is no tail")]
    AllZero {
        /// Entries of the data.
        n: usize,
    },
    /// All entries are the same.
    #[error("all {n} entries are {value}: there is no tail")]
    Constant {
        /// Entries of the data.
        n: usize,
        /// Their value.
        value: f64,
    },
    /// Most of the rounded entries are equal.
    #[error("{:.0} % of the entries are {entry}, rounded to steps of {step}: the rounding hides the scale", 100.0 * share)]
    TooCoarse {
        /// Share of the commonest entry.
        share: f64,
        /// That entry.
        entry: f64,
        /// Step of the lattice.
        step: f64,
    },
    /// Too few entries for the statistic.
    #[error("{found} entries are not zero; {needed} are needed")]
    TooFew {
        /// Entries that are not zero.
        found: usize,
        /// Entries needed.
        needed: usize,
    },
    /// The number of entries has no divisor to sum over.
    #[error("{n} entries have no divisor between 2 and their square root: give the number of entries to sum")]
    NoDivisor {
        /// Entries of the sample.
        n: usize,
    },
    /// A block length that gives fewer than two sums, or sums of one entry.
    #[error(
        "blocks of {block} of {n} entries: a block must have at least 2 entries, and there must be at least two blocks"
    )]
    Block {
        /// Entries to a sum.
        block: usize,
        /// Entries of the sample.
        n: usize,
    },
    /// An order of Hill's estimator that the sample does not have.
    #[error("the {order} largest of {n} entries: the order must be at least 2 and below their number")]
    Order {
        /// Order statistics requested.
        order: usize,
        /// Entries of the sample.
        n: usize,
    },
    /// A length of dependence that the sample does not have.
    #[error("dependence over {length} of {n} entries: the length must be at least 1 and at most half of them")]
    Dependence {
        /// The offending length.
        length: usize,
        /// Entries of the sample.
        n: usize,
    },
    /// A location that is not finite.
    #[error("the location {location} is not finite")]
    Location {
        /// The offending value.
        location: f64,
    },
    /// The sample contradicts every stable law.
    #[error(
        "the tails are lighter than Gaussian ({statistic} = {found:.4}, Gaussian {gaussian:.4}): no stable law has them"
    )]
    LighterThanGaussian {
        /// The statistic.
        statistic: &'static str,
        /// Its value.
        found: f64,
        /// Its value at α = 2.
        gaussian: f64,
    },
    /// The tails of the sample are heavier than those of the laws that are computed.
    #[error("the tails are heavier than those of α = {smallest}, the smallest tail index that this estimator covers")]
    TooHeavy {
        /// Smallest α of the estimator.
        smallest: f64,
    },
    /// Ties make a spread zero by which the estimator divides.
    #[error("half of the entries or more have the same distance from the location: {what} is zero")]
    Ties {
        /// The spread that is zero.
        what: &'static str,
    },
    /// The entries repeat, so that the interval has no width.
    #[error("{estimator} gives {value} with an interval of width zero: the entries repeat")]
    NoWidth {
        /// Name of the estimator.
        estimator: &'static str,
        /// Its estimate.
        value: f64,
    },
    /// The estimating equation has no positive finite root.
    #[error("{what} is {value}, which gives no tail index")]
    NoIndex {
        /// The quantity that fails.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// A number of entries that is not a multiple of the number of columns.
    #[error("{entries} entries do not fill rows of {columns} columns")]
    Layout {
        /// Entries of the data.
        entries: usize,
        /// Columns of a row.
        columns: usize,
    },
    /// A scale that is negative or not finite, or scales that are all zero.
    #[error("the scale of column {column} is {scale}: scales must be finite, not negative, and not all zero")]
    Scale {
        /// Its index, from 0.
        column: usize,
        /// The offending value.
        scale: f64,
    },
    /// A share outside [0, 1).
    #[error("the zero share {share} is outside [0, 1)")]
    ZeroShare {
        /// The offending value.
        share: f64,
    },
    /// The law cannot be computed.
    #[error(transparent)]
    Law(#[from] StableDensityError),
}
