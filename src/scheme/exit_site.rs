//! Where a path left.

use super::{Departure, Side, Site};
use crate::landscape::Basin;

/// The place of an exit by a jump of noise coordinate `axis`, whose sign was that of `jump`.
pub(super) fn by_noise_axis(basin: &Basin, x: &[f64], axis: usize, jump: f64) -> Site {
    Site { axis: axis as u32, side: Side::of(jump), overshoot: basin.gauge(x).max(1.0), by: Departure::Jump }
}

/// The place of an exit named by the parameter coordinate that is furthest out.
pub(super) fn by_coordinate(basin: &Basin, x: &[f64], by: Departure) -> Site {
    let offsets = x.iter().zip(basin.minimum()).map(|(x, m)| x - m).enumerate();
    let (axis, offset, _) = match basin.sides() {
        Some((lo, hi)) => furthest(offsets.map(|(i, y)| {
            let end = if y < 0.0 { lo[i] } else { hi[i] };
            (i, y, (y / (end - basin.minimum()[i])).abs())
        })),
        None => furthest(offsets.map(|(i, y)| (i, y, y.abs()))),
    };
    let overshoot = match by {
        Departure::Jump => basin.gauge(x).max(1.0),
        Departure::Creep => 1.0,
    };
    Site { axis: axis as u32, side: Side::of(offset), overshoot, by }
}

fn furthest(candidates: impl Iterator<Item = (usize, f64, f64)>) -> (usize, f64, f64) {
    candidates.fold((0, 0.0, f64::NEG_INFINITY), |best, c| if c.2 > best.2 { c } else { best })
}
