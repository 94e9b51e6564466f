//! The domain `Ω` around the minimum, as a user specifies it.

use super::LandscapeError;

/// A domain `Ω`; balls, ellipsoids and level sets are centred at the minimum `θ*`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Domain {
    /// `lo_i < x_i < hi_i` on every axis, in absolute coordinates. Ends may be infinite, as long as one face remains.
    Box(Vec<[f64; 2]>),
    /// `|x - θ*| < radius`.
    Ball {
        /// The radius.
        radius: f64,
    },
    /// `Σ ((x_i - θ*_i) / a_i)² < 1`.
    Ellipsoid {
        /// The semi-axes `a_i`.
        semi_axes: Vec<f64>,
    },
    /// The component of `{F < F(θ*) + height}` that contains `θ*`.
    Level {
        /// Height above the minimum.
        height: f64,
    },
    /// The well of attraction of `θ*`, bounded by the saddle and infinite elsewhere. An exit is a transition to another well.
    Well,
    /// The basin of attraction of `θ*`: the points from which the flow `dx/dt = -∇F(x)` tends to it. In one dimension it is the interval between the
    /// neighbouring maxima, in more the flow is followed. An exit is a transition to another basin. No volume is computed.
    Attraction,
    /// Everything but a target, a closed box `lo_i ≤ x_i ≤ hi_i` in absolute coordinates whose ends may be infinite: a path runs until it first
    /// enters the target, by a jump or by creeping, and nothing else absorbs it.
    Until(Vec<[f64; 2]>),
    /// [`Domain::Until`] with one of the [wells](super::Potential::wells) of the potential in one dimension, counted from 0, as the target.
    UntilWell(usize),
}

impl Domain {
    /// The interval `(lo, hi)`, a half-line if one end is infinite.
    pub fn interval(lo: f64, hi: f64) -> Self {
        Domain::Box(vec![[lo, hi]])
    }

    /// The ball of the given radius.
    pub fn ball(radius: f64) -> Self {
        Domain::Ball { radius }
    }

    /// The ellipsoid with the given semi-axes along the coordinate axes.
    pub fn ellipsoid(semi_axes: Vec<f64>) -> Self {
        Domain::Ellipsoid { semi_axes }
    }

    /// The component of the level set `{F < F(θ*) + height}` that holds the minimum.
    pub fn level(height: f64) -> Self {
        Domain::Level { height }
    }

    /// Rejects a domain that is empty, without an edge or of another dimension than `dim`.
    pub(super) fn check(&self, dim: usize) -> Result<(), LandscapeError> {
        let size = |what, value: f64| {
            if value > 0.0 && value.is_finite() { Ok(()) } else { Err(LandscapeError::Size { what, value }) }
        };
        match self {
            Domain::Box(sides) => {
                if sides.len() != dim {
                    return Err(LandscapeError::Length { what: "box", found: sides.len(), dim });
                }
                for (axis, &[lo, hi]) in sides.iter().enumerate() {
                    if !(lo < hi) {
                        return Err(LandscapeError::EmptyInterval { axis, lo, hi });
                    }
                }
                check_faces(sides)
            }
            Domain::Ball { radius } => size("radius", *radius),
            Domain::Ellipsoid { semi_axes } => {
                if semi_axes.len() != dim {
                    return Err(LandscapeError::Length { what: "semi_axes", found: semi_axes.len(), dim });
                }
                semi_axes.iter().try_for_each(|a| size("semi-axis", *a))
            }
            Domain::Level { height } => size("height", *height),
            Domain::Well | Domain::Attraction | Domain::UntilWell(_) => Ok(()),
            Domain::Until(sides) => {
                if sides.len() != dim {
                    return Err(LandscapeError::Length { what: "target", found: sides.len(), dim });
                }
                for (axis, &[lo, hi]) in sides.iter().enumerate() {
                    if !(lo < hi) {
                        return Err(LandscapeError::EmptyInterval { axis, lo, hi });
                    }
                }
                check_faces(sides)
            }
        }
    }
}

/// Rejects a box without any face.
pub(super) fn check_faces(sides: &[[f64; 2]]) -> Result<(), LandscapeError> {
    if sides.iter().flatten().any(|end| end.is_finite()) { Ok(()) } else { Err(LandscapeError::NoFace) }
}
