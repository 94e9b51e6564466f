//! What the values of a figure are, for the table that is written beside it.

use super::{Mark, Point};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataKind {
    /// A measurement, with its 95 % interval where it has one.
    Measured,
    /// A prediction of the theory.
    Predicted,
    /// A value of the exact solver.
    Exact,
    /// A prediction to second order in `ε`.
    SecondOrder,
    /// A law: that of theorem 1, or one that was fitted to the data.
    Law,
    /// The bounds of theorem 1, in `lo` and `hi`.
    Bounds,
    /// Gaussian data with the same scales.
    Surrogate,
    /// The curve of a potential.
    Potential,
    /// A line on which a potential has one value.
    Contour,
    /// The outline of a set.
    Boundary,
    /// Where a noise axis enters the escape set.
    ExitDistance,
    /// A point of a path.
    Path,
    /// Where a path left.
    Exit,
    /// A fitted slope.
    Slope,
    /// The p-value of a straight line.
    SlopeP,
    /// The largest abscissa of a fit.
    SlopeUpTo,
    /// A Kolmogorov-Smirnov distance.
    KsStatistic,
    /// Its p-value.
    KsP,
    /// The deviation `ρ` of theorem 1's bounds.
    Rho,
    /// A share.
    Share,
    /// Half the distance between the 16 % and 84 % quantiles of logarithms.
    Spread,
    /// Number of points that cannot be shown.
    LeftOut,
}

impl DataKind {
    /// Every kind.
    pub const ALL: [DataKind; 22] = [
        DataKind::Measured,
        DataKind::Predicted,
        DataKind::Exact,
        DataKind::SecondOrder,
        DataKind::Law,
        DataKind::Bounds,
        DataKind::Surrogate,
        DataKind::Potential,
        DataKind::Contour,
        DataKind::Boundary,
        DataKind::ExitDistance,
        DataKind::Path,
        DataKind::Exit,
        DataKind::Slope,
        DataKind::SlopeP,
        DataKind::SlopeUpTo,
        DataKind::KsStatistic,
        DataKind::KsP,
        DataKind::Rho,
        DataKind::Share,
        DataKind::Spread,
        DataKind::LeftOut,
    ];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            DataKind::Measured => "measured",
            DataKind::Predicted => "predicted",
            DataKind::Exact => "exact",
            DataKind::SecondOrder => "second_order",
            DataKind::Law => "law",
            DataKind::Bounds => "bounds",
            DataKind::Surrogate => "surrogate",
            DataKind::Potential => "potential",
            DataKind::Contour => "contour",
            DataKind::Boundary => "boundary",
            DataKind::ExitDistance => "exit_distance",
            DataKind::Path => "path",
            DataKind::Exit => "exit",
            DataKind::Slope => "slope",
            DataKind::SlopeP => "slope_p",
            DataKind::SlopeUpTo => "slope_up_to",
            DataKind::KsStatistic => "ks_statistic",
            DataKind::KsP => "ks_p",
            DataKind::Rho => "rho",
            DataKind::Share => "share",
            DataKind::Spread => "spread",
            DataKind::LeftOut => "left_out",
        }
    }
}

/// The series of values, and what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataName {
    /// The series, as in the legend; may be empty.
    pub series: String,
    /// What its values are.
    pub kind: DataKind,
}

/// A mark with the name of its values. Without a name it has none: a reference line, or values that another mark has.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// What is drawn.
    pub mark: Mark,
    /// What its values are.
    pub data: Option<DataName>,
}

/// A value that a panel states in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Stated {
    /// What it is.
    pub data: DataName,
    /// The value and its interval; `x` is NaN.
    pub value: Point,
}

impl Stated {
    /// A value without an interval.
    pub fn new(series: impl Into<String>, kind: DataKind, value: f64) -> Self {
        Self::within(series, kind, [value; 3])
    }

    /// A value with the ends of its 95 % interval.
    pub fn within(series: impl Into<String>, kind: DataKind, [y, lo, hi]: [f64; 3]) -> Self {
        let value = Point { x: f64::NAN, y, lo, hi };
        Stated { data: DataName { series: series.into(), kind }, value }
    }
}
