//! The gradient flow `dx/dt = -∇F` in the plane, with adaptive steps.

use super::critical_points::gradient;
use crate::landscape::Potential;
use crate::landscape::flow::AdaptiveFlow;

/// A point on a line of the flow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Descent {
    flow: AdaptiveFlow<2, 1>,
}

impl Descent {
    /// From `x`, with a first step of about the length `first`.
    pub fn from(potential: &dyn Potential, x: [f64; 2], first: f64) -> Self {
        Descent { flow: AdaptiveFlow::from([x], first, downhill(potential), length) }
    }

    /// Where the point is.
    pub fn x(&self) -> [f64; 2] {
        self.flow.x[0]
    }

    /// One step with a local error of at most `allowed`. `false` if the flow leaves the finite numbers, or if there is no gradient.
    pub fn step(&mut self, potential: &dyn Potential, allowed: f64) -> bool {
        self.flow.step(allowed, downhill(potential), length)
    }
}

fn downhill(potential: &dyn Potential) -> impl Fn(&[[f64; 2]; 1]) -> [[f64; 2]; 1] {
    |[x]| [gradient(potential, *x).map(|g| -g)]
}

fn length([[x, y]]: &[[f64; 2]; 1]) -> f64 {
    x.hypot(*y)
}

/// The points of a line along `±∇F` from `x`, an arc of `step` apart: uphill for a positive `step`, and downhill for a negative one. It ends when
/// `stop` says so at a point, after `most` points, or where there is no gradient.
///
/// Its parameter is the arc length, so that a steep place costs no more than a flat one. Errors are of the order `step⁴`.
pub(super) fn trace(
    potential: &dyn Potential,
    mut x: [f64; 2],
    step: f64,
    most: usize,
    mut stop: impl FnMut([f64; 2]) -> bool,
) {
    let direction = |x: [f64; 2]| {
        let [gx, gy] = gradient(potential, x);
        let length = gx.hypot(gy);
        [gx / length, gy / length]
    };
    for _ in 0..most {
        if stop(x) {
            return;
        }
        let ahead = |share: f64, k: [f64; 2]| [x[0] + share * step * k[0], x[1] + share * step * k[1]];
        let k1 = direction(x);
        let k2 = direction(ahead(0.5, k1));
        let k3 = direction(ahead(0.5, k2));
        let k4 = direction(ahead(1.0, k3));
        let next = [0, 1].map(|i| x[i] + step / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]));
        if !next.iter().all(|x| x.is_finite()) {
            return;
        }
        x = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::Quadratic;

    /// In `½(x² + 4y²)` the flow is `x e^-t, y e^-4t`: `y` is proportional to `x⁴` on its lines.
    #[test]
    fn lines_of_a_bowl() {
        let bowl = Quadratic::new(vec![1.0, 4.0]).unwrap();
        let mut flow = Descent::from(&bowl, [2.0, 1.0], 0.01);
        while flow.x()[0] > 0.5 {
            assert!(flow.step(&bowl, 1e-7));
            let [x, y] = flow.x();
            assert!((y - (x / 2.0).powi(4)).abs() < 1e-5, "{x} {y}");
        }
        let mut last = [0.0; 2];
        trace(&bowl, [0.5, 0.5f64.powi(8)], 0.02, 1_000, |x| {
            last = x;
            assert!((x[1] - (x[0] / 2.0).powi(4)).abs() < 1e-5, "{x:?}");
            x[0] > 1.5
        });
        assert!(last[0] > 1.5);
    }
}
