//! The trait to implement for a custom landscape.

use nalgebra::DMatrix;
use std::fmt;
use thiserror::Error;

use super::expression::FormulaError;
use super::{Minima, Wells};

/// A potential `F: R^d -> R` with a minimum `θ*`.
///
/// Four methods are required. [`Potential::form`] lets the schemes use a closed-form flow where one exists; with its default
/// the flow is integrated with adaptive steps.
///
/// # Example
/// ```
/// use levy_escape::landscape::Potential;
///
/// /// `F(x) = x⁴/4`, flatter than any parabola.
/// #[derive(Debug)]
/// struct Quartic;
///
/// impl Potential for Quartic {
///     fn dim(&self) -> usize {
///         1
///     }
///     fn value(&self, x: &[f64]) -> f64 {
///         x[0].powi(4) / 4.0
///     }
///     fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
///         gradient[0] = x[0].powi(3);
///     }
///     fn minimum(&self) -> &[f64] {
///         &[0.0]
///     }
/// }
/// ```
pub trait Potential: fmt::Debug + Send + Sync {
    /// Dimension `d` of the parameters.
    fn dim(&self) -> usize;

    /// `F(x)`, `x` of length `d`.
    fn value(&self, x: &[f64]) -> f64;

    /// `∇F(x)` into `gradient`, both of length `d`.
    fn gradient(&self, x: &[f64], gradient: &mut [f64]);

    /// The minimum `θ*`, of length `d`.
    fn minimum(&self) -> &[f64];

    /// `∇²F(x)`, `d × d`; by default central differences of the gradient.
    fn hessian(&self, x: &[f64]) -> DMatrix<f64> {
        let dim = self.dim();
        let mut hessian = DMatrix::zeros(dim, dim);
        let (mut point, mut ahead, mut behind) = (x.to_vec(), vec![0.0; dim], vec![0.0; dim]);
        for j in 0..dim {
            let step = 6e-6 * x[j].abs().max(1.0);
            point[j] = x[j] + step;
            self.gradient(&point, &mut ahead);
            point[j] = x[j] - step;
            self.gradient(&point, &mut behind);
            point[j] = x[j];
            for i in 0..dim {
                hessian[(i, j)] = (ahead[i] - behind[i]) / (2.0 * step);
            }
        }
        (&hessian + hessian.transpose()) * 0.5
    }

    /// The shape, if it has a closed form.
    fn form(&self) -> Form<'_> {
        Form::General
    }

    /// The well of attraction of `θ*` as a box, `[lo, hi]` per axis, infinite where it is unbounded; `None` if the well is not
    /// known to be a box.
    fn well(&self) -> Option<Vec<[f64; 2]>> {
        None
    }

    /// All wells of a potential in one dimension, if it knows them; otherwise [`Wells::of`] searches for them.
    fn wells(&self) -> Option<Wells> {
        None
    }

    /// The wells by which landing points are named: each is a range of the first coordinate. By default [`Potential::wells`].
    fn landing_wells(&self) -> Option<Wells> {
        self.wells()
    }

    /// Points in whose bounding box all minima, saddles and maxima of a potential in the plane lie, some of them near each that is narrow; `None` if
    /// they are not known. [`PlanarWells::of`](super::PlanarWells::of) searches from them.
    fn landmarks(&self) -> Option<Vec<[f64; 2]>> {
        None
    }

    /// All minima of a potential in several dimensions, if it knows them: landing points are then named by the minimum to which the gradient flow
    /// leads. [`Minima::search`] looks for them. Not used where [`Potential::landing_wells`] names the wells.
    fn minima(&self) -> Option<Minima> {
        None
    }

    /// Whether `x`, with `F(x) < level`, lies in the component of `{F < level}` that contains `θ*`.
    ///
    /// By default the segment from `θ*` to `x` must stay below the level, which is exact for a component that is
    /// star-shaped about `θ*`.
    fn joins_minimum(&self, x: &[f64], level: f64) -> bool {
        let minimum = self.minimum();
        let mut point = vec![0.0; self.dim()];
        (1..64).all(|k| {
            let share = f64::from(k) / 64.0;
            point.iter_mut().zip(minimum).zip(x).for_each(|((p, m), x)| *p = m + share * (x - m));
            self.value(&point) < level
        })
    }
}

/// A shape for which the gradient flow, or the level set, has a closed form.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Form<'a> {
    /// No closed form.
    General,
    /// `F = 0`.
    Flat,
    /// `F = ½ Σ k_i (x_i - θ*_i)²` with the curvatures `k`.
    Diagonal(&'a [f64]),
    /// `F = ½ (x-θ*)ᵀ H (x-θ*)` with a full Hessian.
    Dense(&'a DMatrix<f64>),
    /// `F = ½ Σ k_i± (x_i - θ*_i)²`, one curvature on each side of every axis.
    Asymmetric {
        /// Curvatures where `x_i < θ*_i`.
        left: &'a [f64],
        /// Curvatures where `x_i > θ*_i`.
        right: &'a [f64],
    },
}

impl Form<'_> {
    /// Curvatures left and right of `θ*` on `dim` uncoupled axes; `None` if the axes may be coupled.
    pub(crate) fn axis_curvatures(&self, dim: usize) -> Option<[Vec<f64>; 2]> {
        match self {
            Form::Flat => Some([vec![0.0; dim], vec![0.0; dim]]),
            Form::Diagonal(k) => Some([k.to_vec(), k.to_vec()]),
            Form::Asymmetric { left, right } => Some([left.to_vec(), right.to_vec()]),
            Form::Dense(_) | Form::General => None,
        }
    }

    /// Curvatures left and right of `θ*` on one axis of a potential that is a sum over the axes; `None` for the others.
    pub(crate) fn curvatures_of(&self, axis: usize) -> Option<[f64; 2]> {
        match self {
            Form::Flat => Some([0.0; 2]),
            Form::Diagonal(k) => Some([k[axis]; 2]),
            Form::Asymmetric { left, right } => Some([left[axis], right[axis]]),
            Form::Dense(_) | Form::General => None,
        }
    }
}

/// Errors in a landscape.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum LandscapeError {
    /// A problem without dimensions.
    #[error("a landscape needs at least one dimension")]
    NoDimension,
    /// The potential has one well, or its wells are not boxes.
    #[error("the potential has no saddle that bounds a well")]
    NoWell,
    /// Curvatures that are all zero.
    #[error("all curvatures are 0: the flat potential is `none = {{}}` in a file and `Flat` in the library")]
    NoCurvature,
    /// A curvature that is negative or not finite, or 0 where it must be positive.
    #[error("curvature {value} of axis {axis} is not a {} finite number", if *.value == 0.0 { "positive" } else { "non-negative" })]
    Curvature {
        /// The axis, counted from 0.
        axis: usize,
        /// The rejected value.
        value: f64,
    },
    /// A matrix that is not square or not symmetric.
    #[error("the Hessian must be a symmetric {dim} × {dim} matrix")]
    HessianShape {
        /// Expected dimension.
        dim: usize,
    },
    /// A Hessian with an eigenvalue that is not positive.
    #[error("the Hessian is not positive definite: its smallest eigenvalue is {smallest:.6}")]
    NotPositiveDefinite {
        /// The smallest eigenvalue.
        smallest: f64,
    },
    /// Wells and saddle in the wrong order.
    #[error("a double well needs left minimum < saddle < right minimum, not {left}, {saddle}, {right}")]
    WellOrder {
        /// Left minimum.
        left: f64,
        /// Saddle.
        saddle: f64,
        /// Right minimum.
        right: f64,
    },
    /// Minima and saddles that do not alternate.
    #[error("minima and saddles must alternate in ascending order, but {before} comes before {after}")]
    WellsOrder {
        /// A minimum or saddle.
        before: f64,
        /// The next one.
        after: f64,
    },
    /// Lists of wells whose lengths do not fit.
    #[error("there are {found} {what}, not {expected}")]
    WellCount {
        /// What was counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A well of which there is none.
    #[error("there is no well {well}: the wells are 1 to {count}")]
    NoSuchWell {
        /// The well, counted from 1.
        well: usize,
        /// How many there are.
        count: usize,
    },
    /// A minimum that is not below a saddle beside it.
    #[error("the minimum of well {} is not below the saddles beside it: the barrier is {rise}", well + 1)]
    NoBarrier {
        /// The well, counted from 0.
        well: usize,
        /// Height of the saddle above the minimum.
        rise: f64,
    },
    /// Wells of a landscape with more than one dimension.
    #[error("wells are found in one dimension, and the landscape has {dim}")]
    NotOnLine {
        /// The dimension.
        dim: usize,
    },
    /// Wells of a landscape that is not a plane.
    #[error("wells are found in one and two dimensions, and the landscape has {dim}")]
    NotInPlane {
        /// The dimension.
        dim: usize,
    },
    /// A well that is too shallow for its place.
    #[error("there is no minimum within a width of the position {position:?} of well {}: a descent ends at {found:?}", well + 1)]
    LostWell {
        /// The well, counted from 0.
        well: usize,
        /// Its position.
        position: [f64; 2],
        /// The minimum that a descent from there finds.
        found: Vec<f64>,
    },
    /// A minimum, saddle or maximum at which a curvature vanishes.
    #[error("the curvature along one direction vanishes at {point:?}, where there is no gradient")]
    Degenerate {
        /// The point.
        point: [f64; 2],
    },
    /// A search for minima and saddles that does not find all of them.
    #[error(
        "{minima} minima, {saddles} saddles and {maxima} maxima were found, but the gradient turns {turns} times around them: some are missing"
    )]
    MissingPoints {
        /// Minima found.
        minima: usize,
        /// Saddles found.
        saddles: usize,
        /// Maxima found.
        maxima: usize,
        /// Turns of the gradient around the window, which is `minima - saddles + maxima`.
        turns: i64,
    },
    /// A flow that ends at none of the known minima.
    #[error("the gradient flow from {point:?} does not end at a known minimum")]
    LostFlow {
        /// Where it begins.
        point: [f64; 2],
    },
    /// A range that does not hold all wells.
    #[error("the range in which wells are searched for is unusable: {reason}")]
    WellRange {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Two lengths that must agree do not.
    #[error("{what} has {found} entries, the landscape has dimension {dim}")]
    Length {
        /// What was given.
        what: &'static str,
        /// How many entries it has.
        found: usize,
        /// How many it should have.
        dim: usize,
    },
    /// A number that is not finite.
    #[error("{what} holds {value}, which is not a finite number")]
    NotFinite {
        /// What was given.
        what: &'static str,
        /// The rejected value.
        value: f64,
    },
    /// An empty interval.
    #[error("the interval [{lo}, {hi}] of axis {axis} is empty")]
    EmptyInterval {
        /// The axis, counted from 0.
        axis: usize,
        /// Lower end.
        lo: f64,
        /// Upper end.
        hi: f64,
    },
    /// A box without any face.
    #[error("the domain has no edge: all its ends are infinite")]
    NoFace,
    /// Faces that the noise alone must find again after every excursion to the open side.
    #[error("no force brings a path back from the open side of axis {axis}, so the exit time has no finite mean")]
    NoReturn {
        /// The first axis with a face on one side only and without a force.
        axis: usize,
    },
    /// A radius, semi-axis or height that is not positive.
    #[error("{what} {value} is not a positive finite number")]
    Size {
        /// Radius, semi-axis or height.
        what: &'static str,
        /// The rejected value.
        value: f64,
    },
    /// A level set of the flat potential.
    #[error("a level set needs a potential: this one is flat")]
    LevelOfFlat,
    /// An unbounded level set.
    #[error("the level set of height {height} is not bounded along axis {axis}")]
    Unbounded {
        /// The height above the minimum.
        height: f64,
        /// The axis along which it is unbounded.
        axis: usize,
    },
    /// The minimum is not inside the domain.
    #[error("the minimum {minimum:?} is not inside the domain")]
    MinimumOutside {
        /// The minimum.
        minimum: Vec<f64>,
    },
    /// A minimum to which no flow leads.
    #[error(
        "the gradient flow does not lead to {minimum:?} from everywhere around it, so it has no basin of attraction"
    )]
    NoCore {
        /// The minimum.
        minimum: Vec<f64>,
    },
    /// A basin of attraction in very many dimensions.
    #[error("the basin of attraction is followed in up to {most} dimensions, and the landscape has {dim}")]
    TooManyDimensions {
        /// The largest number of dimensions.
        most: usize,
        /// The dimension of the landscape.
        dim: usize,
    },
    /// The minimum lies in the target.
    #[error("the target holds the minimum {minimum:?}, around which the paths begin")]
    MinimumInTarget {
        /// The minimum.
        minimum: Vec<f64>,
    },
    /// A target well that the potential does not have.
    #[error("there is no well {} to run into: {count} wells are known", well + 1)]
    NoTargetWell {
        /// The well, counted from 0.
        well: usize,
        /// Number of known wells.
        count: usize,
    },
    /// The start is not inside the domain.
    #[error("the start {start:?} is not inside the domain")]
    StartOutside {
        /// The start.
        start: Vec<f64>,
    },
    /// A formula that cannot be read.
    #[error(transparent)]
    Formula(Box<FormulaError>),
    /// A minimum with a gradient.
    #[error("{minimum:?} is not a minimum: the gradient there has the length {gradient:e}")]
    NotStationary {
        /// The point given as the minimum.
        minimum: Vec<f64>,
        /// The length of its gradient.
        gradient: f64,
    },
    /// A given minimum, and the one that a descent from there finds.
    #[error("{given:?} is not a minimum: a descent from there ends at {found:?}")]
    AnotherMinimum {
        /// The point given as the minimum.
        given: Vec<f64>,
        /// The minimum that was found.
        found: Vec<f64>,
    },
    /// A saddle or a maximum given as the minimum.
    #[error(
        "{point:?} is not a minimum: the potential falls along {direction:?}, where its curvature is {curvature:.4}"
    )]
    NotAMinimum {
        /// The point given as the minimum.
        point: Vec<f64>,
        /// The direction in which the potential falls.
        direction: Vec<f64>,
        /// The curvature in this direction.
        curvature: f64,
    },
    /// A descent without end.
    #[error("no minimum is found from {start:?}: at {at:?} the potential still falls, or is not finite")]
    NoMinimum {
        /// Where the descent began.
        start: Vec<f64>,
        /// Where it ended.
        at: Vec<f64>,
    },
    /// A value or gradient inside the domain that is not finite.
    #[error("the potential or its gradient is not finite at {point:?}, inside the domain")]
    PotentialNotFinite {
        /// The point.
        point: Vec<f64>,
    },
    /// An inner parallel set that is empty or not available.
    #[error("the inset ρ = {rho} {reason}")]
    Inset {
        /// The distance kept from the edge.
        rho: f64,
        /// Why it is rejected.
        reason: &'static str,
    },
}

/// Rejects entries that are negative or not finite, and sides without any curvature throughout: that is [`Flat`](super::Flat).
pub(super) fn check_curvatures(sides: &[&[f64]]) -> Result<(), LandscapeError> {
    for curvatures in sides {
        if curvatures.is_empty() {
            return Err(LandscapeError::NoDimension);
        }
        if let Some((axis, &value)) = curvatures.iter().enumerate().find(|(_, k)| !(**k >= 0.0 && k.is_finite())) {
            return Err(LandscapeError::Curvature { axis, value });
        }
    }
    if sides.iter().all(|curvatures| curvatures.iter().all(|k| *k == 0.0)) {
        return Err(LandscapeError::NoCurvature);
    }
    Ok(())
}

/// Rejects entries that are not positive and finite.
pub(super) fn check_positive_curvatures(curvatures: &[f64]) -> Result<(), LandscapeError> {
    match curvatures.iter().enumerate().find(|(_, k)| !(**k > 0.0 && k.is_finite())) {
        Some((axis, &value)) => Err(LandscapeError::Curvature { axis, value }),
        None => Ok(()),
    }
}

/// Rejects a point of the wrong length or with entries that are not finite.
pub(super) fn check_point(what: &'static str, point: &[f64], dim: usize) -> Result<(), LandscapeError> {
    if point.len() != dim {
        return Err(LandscapeError::Length { what, found: point.len(), dim });
    }
    match point.iter().find(|x| !x.is_finite()) {
        Some(&value) => Err(LandscapeError::NotFinite { what, value }),
        None => Ok(()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Central differences of the value against the gradient, relative to the gradient's size.
    pub(in crate::landscape) fn gradient_agrees_with_value(potential: &dyn Potential, x: &[f64]) {
        let dim = potential.dim();
        let mut gradient = vec![0.0; dim];
        potential.gradient(x, &mut gradient);
        let size = gradient.iter().fold(1.0f64, |m, g| m.max(g.abs()));
        let mut point = x.to_vec();
        for i in 0..dim {
            let step = 1e-5;
            point[i] = x[i] + step;
            let ahead = potential.value(&point);
            point[i] = x[i] - step;
            let behind = potential.value(&point);
            point[i] = x[i];
            let difference = (ahead - behind) / (2.0 * step);
            assert!((difference - gradient[i]).abs() < 1e-6 * size, "{potential:?} at {x:?}, axis {i}");
        }
    }

    /// Central differences of the gradient against the Hessian, relative to the Hessian's size.
    pub(in crate::landscape) fn hessian_agrees_with_gradient(potential: &dyn Potential, x: &[f64]) {
        let dim = potential.dim();
        let hessian = potential.hessian(x);
        let size = hessian.amax().max(1.0);
        let (mut point, mut ahead, mut behind) = (x.to_vec(), vec![0.0; dim], vec![0.0; dim]);
        for j in 0..dim {
            let step = 1e-5;
            point[j] = x[j] + step;
            potential.gradient(&point, &mut ahead);
            point[j] = x[j] - step;
            potential.gradient(&point, &mut behind);
            point[j] = x[j];
            for i in 0..dim {
                let difference = (ahead[i] - behind[i]) / (2.0 * step);
                assert!((difference - hessian[(i, j)]).abs() < 1e-5 * size, "{potential:?} at {x:?}, entry {i}, {j}");
            }
        }
    }
}
