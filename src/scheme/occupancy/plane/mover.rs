//! How the state of a path in the plane moves.

use crate::noise::Stream;

/// The part of the state that jumps, and how it moves.
pub(super) trait PlanarMover {
    fn x(&self) -> [f64; 2];
    /// Moves at time `t` for at most `most`; returns for how long.
    fn step(&mut self, well: usize, span: [f64; 2], rng: &mut Stream) -> f64;
    /// Displaces the parameters by a jump of the noise, before `Q⁻¹`.
    fn jump(&mut self, displacement: [f64; 2]);
}
