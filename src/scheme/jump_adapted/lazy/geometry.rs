//! Distances to the edge along the followed coordinates.

use super::super::cut::Cut;

/// The constants of one kind of coordinate, in units of its offset.
pub(in super::super) struct AxisEdge {
    /// Distances of the edge from the minimum, backwards and forwards, and the shorter of them.
    pub ends: [f64; 2],
    pub reach: f64,
    /// `εΣ_ii`, and entry `i` of `Q*`.
    pub amplitude: f64,
    pub q: f64,
    /// The cut far from the edge, and the largest near it, with the variances of the displacement before `Q⁻²`.
    pub far: Cut,
    pub near: Cut,
    /// `(z σ/r)²`: the edge is near within `z` standard deviations `σ` at rest; `r` is its distance from the minimum.
    pub load: f64,
    /// Mean of `(y/r±)²` at rest, the contribution of the coordinate to the squared gauge.
    pub square: f64,
}

/// The shape of a basin with separate axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `lo_i < y_i < hi_i`.
    Faces,
    /// `Σ (y_i/r_i±)² < 1`: balls, ellipsoids, and level sets of sums of `½ k_i± y_i²`.
    Round,
}

impl AxisEdge {
    /// The distance from the minimum to the edge on the side of `y`.
    #[inline]
    pub fn end(&self, y: f64) -> f64 {
        self.ends[usize::from(y >= 0.0)]
    }

    /// `y` divided by the distance from the minimum to the edge on its side.
    #[inline]
    pub fn part(&self, y: f64) -> f64 {
        y / self.end(y)
    }

    /// The distance from `y` to the nearer face.
    #[inline]
    pub fn to_face(&self, y: f64) -> f64 {
        (self.ends[1] - y).min(self.ends[0] + y).max(0.0)
    }

    /// The distance from `y` to the nearer end, if the squared gauge is `1 - depth`.
    #[inline]
    pub fn to_round_edge(&self, y: f64, depth: f64) -> f64 {
        let (own, other) = if y < 0.0 { (self.ends[0], self.ends[1]) } else { (self.ends[1], self.ends[0]) };
        let part = y.abs() / own;
        let root = (part * part + depth).sqrt();
        // This form does not cancel on the side of `y`.
        (own * depth / (part + root)).min(y.abs() + other * root)
    }

    /// Variance per unit time of the Gaussian part with the largest cut near the edge, relative to the squared distance to the edge.
    pub fn spread(&self) -> f64 {
        if self.near.variance > 0.0 { self.near.variance / (self.reach * self.q).powi(2) } else { 0.0 }
    }
}
