//! The exit site of a path.

use std::num::NonZeroU16;

use super::{Departure, ExitSite, Outcome, Side};
use crate::landscape::Basin;

/// The site of an exit by a jump of noise coordinate `axis` with the sign of `jump`.
pub(super) fn by_noise_axis(basin: &Basin, x: &[f64], axis: usize, jump: f64) -> ExitSite {
    let (side, overshoot, landed) = (Side::of(jump), overshoot(basin, x), landed(basin, x));
    ExitSite { axis: axis as u32, side, overshoot, by: Departure::Jump, landed }
}

/// The site of an exit, with the parameter coordinate that is furthest out as its axis.
pub(super) fn by_coordinate(basin: &Basin, x: &[f64], by: Departure) -> ExitSite {
    let offsets = x.iter().zip(basin.minimum()).map(|(x, m)| x - m).enumerate();
    let (axis, offset, _) = match basin.sides() {
        Some((lo, hi)) => furthest(offsets.map(|(i, y)| {
            let end = if y < 0.0 { lo[i] } else { hi[i] };
            (i, y, (y / (end - basin.minimum()[i])).abs())
        })),
        None => furthest(offsets.map(|(i, y)| (i, y, y.abs()))),
    };
    let side = Side::of(offset);
    let (overshoot, landed) = match by {
        Departure::Jump => (overshoot(basin, x), landed(basin, x)),
        // The nearest point of a target may be on its far side, with an overshoot above 1.
        Departure::Creep => {
            let gauge = basin.nearest_in_target(x).map_or(1.0, |inside| overshoot(basin, &inside));
            (gauge, crept_into(basin, x, axis, side))
        }
    };
    ExitSite { axis: axis as u32, side, overshoot, by, landed }
}

/// The site of a path that crept out through a face of a box, without the well outside.
pub(super) fn by_face(axis: usize, upper: bool) -> ExitSite {
    let side = if upper { Side::Plus } else { Side::Minus };
    ExitSite { axis: axis as u32, side, overshoot: 1.0, by: Departure::Creep, landed: None }
}

/// [`by_face`] with the well outside, for a path near `x`.
pub(super) fn by_face_at(basin: &Basin, x: &[f64], axis: usize, upper: bool) -> ExitSite {
    let site = by_face(axis, upper);
    ExitSite { landed: crept_into(basin, x, axis, site.side), ..site }
}

/// The well into which `x` falls, counted from 1.
pub(super) fn landed(basin: &Basin, x: &[f64]) -> Option<NonZeroU16> {
    NonZeroU16::new(u16::try_from(basin.well_of(x)? + 1).ok()?)
}

/// The well just outside the place at which a path near `x` crept out.
fn crept_into(basin: &Basin, x: &[f64], axis: usize, side: Side) -> Option<NonZeroU16> {
    if basin.well_count() == 0 {
        return None;
    }
    landed(basin, &just_outside(basin, x, axis, side))
}

/// The point just outside the edge at which a path near `x` crept out: through the face of a box on `side` of `axis`, or else along the ray from
/// the minimum.
fn just_outside(basin: &Basin, x: &[f64], axis: usize, side: Side) -> Vec<f64> {
    if let Some(point) = basin.nearest_in_target(x).or_else(|| basin.beyond_separatrix(x)) {
        return point;
    }
    let mut point = x.to_vec();
    match basin.sides() {
        Some((lo, hi)) => {
            point[axis] = match side {
                Side::Minus => lo[axis].next_down(),
                Side::Plus => hi[axis].next_up(),
            };
        }
        None => {
            // The end of the step may lie inside, or in the next well.
            let beyond = (1.0 + f64::EPSILON) / basin.gauge(x);
            if beyond.is_finite() {
                point.iter_mut().zip(basin.minimum()).for_each(|(x, m)| *x = m + beyond * (*x - m));
            }
        }
    }
    point
}

/// The landing point of a path that is at `x` when it ends with `outcome`.
pub(super) fn landing_point(basin: &Basin, x: &[f64], outcome: Outcome) -> Option<Vec<f64>> {
    let site = outcome.site()?;
    Some(match site.by {
        Departure::Jump => x.to_vec(),
        Departure::Creep => just_outside(basin, x, site.axis as usize, site.side),
    })
}

/// Whether a coordinate overflowed towards a side without a face, or anywhere beside a target: such a path is not outside, but it cannot be
/// continued.
pub(super) fn is_lost(basin: &Basin, x: &[f64]) -> bool {
    if basin.target().is_some() {
        return x.iter().any(|x| !x.is_finite());
    }
    basin
        .sides()
        .is_some_and(|(lo, hi)| x.iter().zip(lo).zip(hi).any(|((x, lo), hi)| x.is_infinite() && (x == lo || x == hi)))
}

/// A jump that overflows has an infinite overshoot.
fn overshoot(basin: &Basin, x: &[f64]) -> f64 {
    if x.iter().all(|x| x.is_finite()) { basin.gauge(x).max(1.0) } else { f64::INFINITY }
}

fn furthest(candidates: impl Iterator<Item = (usize, f64, f64)>) -> (usize, f64, f64) {
    candidates.fold((0, 0.0, f64::NEG_INFINITY), |best, c| if c.2 > best.2 { c } else { best })
}
