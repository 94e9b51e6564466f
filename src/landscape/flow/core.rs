//! A ball around a minimum in which the flow leads to it.

use super::super::Potential;
use super::descent::norm;

/// Growth of the ball while the core is searched for, its smallest radius and its largest, in units of `1 + |θ*|`.
const GROWTH: f64 = 1.05;
const SMALLEST: f64 = 1e-6;
const LARGEST: f64 = 1e6;
/// Share of the largest ball that is used: between the directions that were looked at it might be smaller.
const USED: f64 = 0.8;

/// The ball around a minimum `m` in which `(x - m)·∇F(x) > 0`, so that the flow stays in it and ends at `m`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::landscape) enum Core {
    /// No ball: the point is not a minimum.
    None,
    /// A ball of this radius.
    Ball {
        /// The radius.
        radius: f64,
    },
    /// As far as was looked, the flow leads to the minimum from everywhere.
    Everything,
}

/// The core of a minimum, looked at in the given directions, which are unit vectors.
pub(in crate::landscape) fn core(potential: &dyn Potential, minimum: &[f64], directions: &[Vec<f64>]) -> Core {
    let scale = 1.0 + norm(minimum);
    let (mut point, mut gradient) = (minimum.to_vec(), vec![0.0; minimum.len()]);
    let mut leads_inwards = |radius: f64| {
        directions.iter().all(|u| {
            point.iter_mut().zip(minimum).zip(u).for_each(|((p, m), u)| *p = m + radius * u);
            potential.gradient(&point, &mut gradient);
            gradient.iter().zip(u).map(|(g, u)| g * u).sum::<f64>() > 0.0
        })
    };
    let mut radius = SMALLEST * scale;
    while radius < LARGEST * scale && leads_inwards(radius) {
        radius *= GROWTH;
    }
    match radius {
        radius if radius == SMALLEST * scale => Core::None,
        radius if radius >= LARGEST * scale => Core::Everything,
        radius => Core::Ball { radius: USED * radius / GROWTH },
    }
}
