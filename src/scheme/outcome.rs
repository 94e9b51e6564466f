//! # How one path ended
//!
//! A path leaves its basin, is still inside at the time limit, or diverges numerically. All three are data: a
//! path that has not left is neither dropped nor redrawn, since either would bias every mean downwards.

use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};

/// Outcome of one path started inside a basin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The path left at `time = Γ`.
    Exited {
        /// First exit time `Γ`, in units of the SDE's time.
        time: f64,
        /// The exit site.
        site: ExitSite,
    },
    /// The path was still inside at the time limit: only `Γ > at` is known.
    Censored {
        /// The time limit.
        at: f64,
    },
    /// The state is no longer finite: the scheme failed, and nothing is known about `Γ`.
    Diverged {
        /// Time of the first value that was not finite.
        at: f64,
    },
}

impl Outcome {
    /// The exit time `Γ`, if the path left.
    pub fn exit_time(&self) -> Option<f64> {
        match *self {
            Outcome::Exited { time, .. } => Some(time),
            Outcome::Censored { .. } | Outcome::Diverged { .. } => None,
        }
    }

    /// The exit site, if the path left.
    pub fn site(&self) -> Option<ExitSite> {
        match *self {
            Outcome::Exited { site, .. } => Some(site),
            Outcome::Censored { .. } | Outcome::Diverged { .. } => None,
        }
    }
}

/// Where and how a path left its basin.
///
/// Distances are measured from the minimum `θ*` along the ray through the landing point `θ_Γ`, whose direction is
/// `u = (θ_Γ - θ*)/|θ_Γ - θ*|`, in units of the exit radius `r(u)`, the distance from `θ*` to the edge along `u`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExitSite {
    /// Index of the noise coordinate whose jump crossed the edge. For a path that crept out and for an isotropic jump, which
    /// belongs to no single coordinate: index of the parameter coordinate of the face that was crossed.
    pub axis: u32,
    /// Direction along `axis`: the sign of the jump, or the side of the face that was crossed.
    pub side: Side,
    /// `z = |θ_Γ - θ*|/r(u)`, at least 1 outside a star-shaped domain. As `ε → 0` it is Pareto, `P(z > x) = x^-α`; a
    /// path that creeps out has `z = 1`.
    pub overshoot: f64,
    /// Part of the motion that carried the path across the edge.
    pub by: Departure,
    /// Well into which `θ_Γ` falls, counted from 1; for a path that crept out, the one just outside the edge. `None` in a landscape without
    /// [wells](crate::landscape::Basin::wells), and for a jump beyond the finite numbers in several coordinates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landed: Option<NonZeroU16>,
}

/// Direction along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Towards `-∞`.
    Minus,
    /// Towards `+∞`.
    Plus,
}

impl Side {
    /// The side on which `x` lies; zero counts as [`Side::Plus`].
    pub fn of(x: f64) -> Self {
        if x < 0.0 { Side::Minus } else { Side::Plus }
    }

    /// `-1.0` or `1.0`.
    pub fn sign(self) -> f64 {
        match self {
            Side::Minus => -1.0,
            Side::Plus => 1.0,
        }
    }
}

/// Part of the motion that carried a path across the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Departure {
    /// One jump, the only way to leave in the limit `ε → 0`.
    Jump,
    /// The continuous part of the motion: small jumps or diffusion.
    Creep,
}

/// Outcome and cost of one path.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathRecord {
    /// The outcome.
    pub outcome: Outcome,
    /// Number of steps or jumps.
    pub events: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Millions of records are held at a time: the well takes none of their room.
    #[test]
    fn the_well_lies_in_the_padding() {
        assert_eq!((size_of::<ExitSite>(), size_of::<PathRecord>()), (16, 32));
    }

    #[test]
    fn only_an_exit_has_a_time_and_a_site() {
        let site = ExitSite { axis: 1, side: Side::of(-2.0), overshoot: 1.5, by: Departure::Jump, landed: None };
        let exited = Outcome::Exited { time: 3.0, site };
        assert_eq!((exited.exit_time(), exited.site()), (Some(3.0), Some(site)));
        assert_eq!(site.side.sign(), -1.0);
        for inside in [Outcome::Censored { at: 3.0 }, Outcome::Diverged { at: 3.0 }] {
            assert_eq!((inside.exit_time(), inside.site()), (None, None));
        }
    }
}
