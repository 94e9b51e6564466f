//! The edge as the coordinates that are followed see it.

use super::super::cut::Cut;

/// What a coordinate brings along, in units of its offset.
pub(in super::super) struct AxisEdge {
    /// Distances of the edge from the minimum, backwards and forwards, and the shorter of them.
    pub ends: [f64; 2],
    pub reach: f64,
    /// `εΣ_ii`, and entry `i` of `Q*`.
    pub amplitude: f64,
    pub q: f64,
    /// Cuts far from the edge and the largest near it; their variances are those of the displacement before `Q⁻²`.
    pub far: Cut,
    pub near: Cut,
    /// Square of the standard deviations at rest within which the edge is near, as a share of the way to it from the minimum.
    pub load: f64,
    /// Mean square of the offset at rest, as a share of the way to the edge on its side: what it adds to the square of the gauge.
    pub square: f64,
}

/// A shape by its separate axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `lo_i < y_i < hi_i`.
    Faces,
    /// `Σ (y_i/r_i±)² < 1`: balls, ellipsoids, and level sets of sums of `½ k_i± y_i²`.
    Round,
}

impl AxisEdge {
    /// The way to the edge on the side of `y`.
    #[inline]
    pub fn end(&self, y: f64) -> f64 {
        self.ends[usize::from(y >= 0.0)]
    }

    /// `y` as a share of the way to the edge on its side.
    #[inline]
    pub fn part(&self, y: f64) -> f64 {
        y / self.end(y)
    }

    /// The way from `y` to the nearer face.
    #[inline]
    pub fn to_face(&self, y: f64) -> f64 {
        (self.ends[1] - y).min(self.ends[0] + y).max(0.0)
    }

    /// The way from `y` to the nearer end where the square of the gauge is `1 - depth`.
    #[inline]
    pub fn to_round_edge(&self, y: f64, depth: f64) -> f64 {
        let (own, other) = if y < 0.0 { (self.ends[0], self.ends[1]) } else { (self.ends[1], self.ends[0]) };
        let part = y.abs() / own;
        let root = (part * part + depth).sqrt();
        // In the form that does not cancel on the side of `y`.
        (own * depth / (part + root)).min(y.abs() + other * root)
    }

    /// What the Gaussian part with the largest cut near the edge spreads over per unit time, as a share of the way to the edge.
    pub fn spread(&self) -> f64 {
        if self.near.variance > 0.0 { self.near.variance / (self.reach * self.q).powi(2) } else { 0.0 }
    }
}
