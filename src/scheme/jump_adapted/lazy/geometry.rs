//! Distances to the edge along the followed coordinates.

use super::super::cut::Cut;

/// A factor above rounding errors: what is beyond a bound by it needs no exact comparison.
pub(super) const SURELY: f64 = 1.0 + 1e-6;

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
    /// `(z σ/r)²` of both sides: an edge is near within `z` standard deviations `σ` at rest; `r` is its distance from the minimum.
    pub loads: [f64; 2],
    /// Both faces are far at more than these distances.
    pub far_from: [f64; 2],
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

    /// The distance between the ends; if one is infinite, twice the distance of the other.
    pub fn width(&self) -> f64 {
        let width = self.ends[0] + self.ends[1];
        if width.is_finite() { width } else { 2.0 * self.reach }
    }

    /// The larger load, at the minimum.
    pub fn load(&self) -> f64 {
        self.loads[0].max(self.loads[1])
    }

    /// The larger load at given distances from both ends.
    #[inline]
    pub fn load_at(&self, ways: [f64; 2]) -> f64 {
        let load = |side: usize| {
            let share = ways[side] / self.ends[side];
            if self.loads[side] > 0.0 { self.loads[side] / (share * share) } else { 0.0 }
        };
        load(0).max(load(1))
    }

    /// The distances beyond which the [load](Self::load_at) is below the square of any `Q` relative to that at rest; `growth` is the smallest.
    pub fn far_from(&self, growth: f64) -> [f64; 2] {
        [0, 1].map(|side| {
            if self.loads[side] > 0.0 { SURELY * self.ends[side] * self.loads[side].sqrt() / growth } else { 0.0 }
        })
    }

    /// The distances from `y` to both faces.
    #[inline]
    pub fn to_faces(&self, y: f64) -> [f64; 2] {
        [self.ends[0] + y, self.ends[1] - y].map(|way| way.max(0.0))
    }

    /// The distances from `y` to both ends, if the squared gauge is `1 - depth`.
    #[inline]
    pub fn to_round_edge(&self, y: f64, depth: f64) -> [f64; 2] {
        let (own, other) = if y < 0.0 { (self.ends[0], self.ends[1]) } else { (self.ends[1], self.ends[0]) };
        let part = y.abs() / own;
        let root = (part * part + depth).sqrt();
        // This form does not cancel on the side of `y`.
        let [onward, back] = [own * depth / (part + root), y.abs() + other * root];
        if y < 0.0 { [onward, back] } else { [back, onward] }
    }

    /// Variance per unit time of the Gaussian part with the largest cut near the edge, relative to the squared distance to the edge.
    pub fn spread(&self) -> f64 {
        if self.near.variance > 0.0 { self.near.variance / (self.reach * self.q).powi(2) } else { 0.0 }
    }
}
