//! Euler's step of SGD in a box whose coordinates do not see each other, in one pass over them.

use pulp::Arch;

use crate::dynamics::{Dynamics, Problem};
use crate::landscape::Form;
use crate::noise::{Amplitude, Structure};

use super::line::watched_shift;

/// Constants of every coordinate, each of length `d`.
pub(super) struct AxisSteps {
    minimum: Vec<f64>,
    left: Vec<f64>,
    right: Vec<f64>,
    amplitude: Vec<f64>,
    /// The faces as they are watched.
    lo: Vec<f64>,
    hi: Vec<f64>,
    step: f64,
    scale: f64,
}

impl AxisSteps {
    /// The axes of a problem; `None` if its coordinates see each other. `shift` is that of the edge before the amplitude.
    pub fn of(problem: &Problem, step: f64, scale: f64, shift: f64) -> Option<Self> {
        let (basin, noise) = (problem.basin(), problem.noise());
        let dim = basin.dim();
        if *problem.dynamics() != Dynamics::Sgd || noise.structure() != Structure::Independent {
            return None;
        }
        let (left, right) = match basin.potential().form() {
            Form::Flat => (vec![0.0; dim], vec![0.0; dim]),
            Form::Diagonal(k) => (k.to_vec(), k.to_vec()),
            Form::Asymmetric { left, right } => (left.to_vec(), right.to_vec()),
            _ => return None,
        };
        let amplitude = match noise.amplitude() {
            Amplitude::Scalar(s) => vec![*s; dim],
            Amplitude::Diagonal(s) => s.clone(),
            _ => return None,
        };
        let (lo, hi) = basin.sides()?;
        let watched = |i: usize| watched_shift(shift * amplitude[i].abs(), lo[i], hi[i]);
        Some(AxisSteps {
            lo: (0..dim).map(|i| lo[i] + watched(i)).collect(),
            hi: (0..dim).map(|i| hi[i] - watched(i)).collect(),
            minimum: basin.minimum().to_vec(),
            left,
            right,
            amplitude,
            step,
            scale,
        })
    }

    /// Moves `x` by one step with the noise `xi`, SαS(1) in every coordinate; whether it is inside afterwards.
    pub fn step(&self, arch: Arch, x: &mut [f64], xi: &[f64]) -> bool {
        arch.dispatch(|| self.move_all(x, xi))
    }

    #[inline(always)]
    fn move_all(&self, x: &mut [f64], xi: &[f64]) -> bool {
        let n = x.len();
        let (minimum, left, right) = (&self.minimum[..n], &self.left[..n], &self.right[..n]);
        let (amplitude, lo, hi, xi) = (&self.amplitude[..n], &self.lo[..n], &self.hi[..n], &xi[..n]);
        let mut inside = true;
        for i in 0..n {
            let y = x[i] - minimum[i];
            let gradient = if y < 0.0 { left[i] } else { right[i] } * y;
            let kick = amplitude[i] * xi[i] * self.scale;
            x[i] += kick - gradient * self.step;
            inside &= (lo[i] < x[i]) & (x[i] < hi[i]);
        }
        inside
    }

    /// The displacement by the noise of a step.
    pub fn kick(&self, xi: &[f64], kick: &mut [f64]) {
        kick.iter_mut().zip(xi).zip(&self.amplitude).for_each(|((kick, xi), s)| *kick = s * xi * self.scale);
    }
}
