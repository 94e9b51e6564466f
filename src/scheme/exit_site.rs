//! The exit site of a path.

use super::{Departure, ExitSite, Side};
use crate::landscape::Basin;

/// The site of an exit by a jump of noise coordinate `axis` with the sign of `jump`.
pub(super) fn by_noise_axis(basin: &Basin, x: &[f64], axis: usize, jump: f64) -> ExitSite {
    ExitSite { axis: axis as u32, side: Side::of(jump), overshoot: overshoot(basin, x), by: Departure::Jump }
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
    let overshoot = match by {
        Departure::Jump => overshoot(basin, x),
        Departure::Creep => 1.0,
    };
    ExitSite { axis: axis as u32, side: Side::of(offset), overshoot, by }
}

/// The site of a path that crept out through a face of a box.
pub(super) fn by_face(axis: usize, upper: bool) -> ExitSite {
    let side = if upper { Side::Plus } else { Side::Minus };
    ExitSite { axis: axis as u32, side, overshoot: 1.0, by: Departure::Creep }
}

/// Whether a coordinate overflowed towards a side without a face: such a path is not outside, but it cannot be continued.
pub(super) fn is_lost(basin: &Basin, x: &[f64]) -> bool {
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
