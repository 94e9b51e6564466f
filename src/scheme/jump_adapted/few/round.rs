//! The place of a path beside a round edge.

use pulp::Simd;

use super::axes::FewAxes;
use crate::scheme::vector::Vector;

pub(super) struct Round<S: Simd, const D: usize> {
    /// Offsets in units of the semi-axes, the sum of their squares, and its root.
    pub parts: [Vector<S>; D],
    pub square: Vector<S>,
    pub gauge: Vector<S>,
}

impl<S: Simd, const D: usize> Round<S, D> {
    #[inline(always)]
    pub fn of(axes: &FewAxes<D>, offsets: &[Vector<S>; D]) -> Self {
        let zero = offsets[0].all(0.0);
        let (mut parts, mut square) = ([zero; D], zero);
        for (j, axis) in axes.axes.iter().enumerate().take(axes.dim) {
            parts[j] = over(offsets[j], axis.semi_axis);
            square = square + parts[j] * parts[j];
        }
        Round { parts, square, gauge: square.sqrt() }
    }

    /// The gradient of the gauge.
    #[inline(always)]
    pub fn normal(&self, axes: &FewAxes<D>) -> [Vector<S>; D] {
        let scale = self.gauge.above_number(0.0).select(1.0 / self.gauge, self.gauge.all(0.0));
        let mut normal = self.parts;
        for (n, axis) in normal.iter_mut().zip(&axes.axes).take(axes.dim) {
            *n = over(*n, axis.semi_axis) * scale;
        }
        normal
    }
}

/// Division by a number that is often 1.
#[inline(always)]
fn over<S: Simd>(vector: Vector<S>, number: f64) -> Vector<S> {
    if number == 1.0 { vector } else { vector / vector.all(number) }
}
