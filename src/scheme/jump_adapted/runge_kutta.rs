//! Adaptive flow for potentials without a closed form.
//!
//! # References
//! - Bogacki, Shampine (1989), *A 3(2) Pair of Runge-Kutta Formulas*, Appl. Math. Lett. 2.

/// Smallest step that is still refined, in units of the time asked for. A jump may land where a quartic potential is steeper than at
/// its minimum by a factor of 10²⁰ and more.
const SMALLEST_STEP: f64 = 1e-30;

/// Scratch of the Bogacki-Shampine pair for vectors of one length, and the last accepted step.
#[derive(Clone, Debug, Default)]
pub(super) struct RungeKutta {
    slopes: [Vec<f64>; 4],
    stage: Vec<f64>,
    step: f64,
}

impl RungeKutta {
    /// Scratch for vectors of length `n`.
    pub fn new(n: usize) -> Self {
        let zero = vec![0.0; n];
        RungeKutta { slopes: std::array::from_fn(|_| zero.clone()), stage: zero, step: 0.0 }
    }

    /// Forgets the last step.
    pub fn restart(&mut self) {
        self.step = 0.0;
    }

    /// Advances `y' = f(y)` by `tau`, keeping the local error of every component below `tolerance`.
    ///
    /// `f` writes the slope to its second argument. A state that leaves the finite numbers is returned as it is.
    pub fn advance(&mut self, y: &mut [f64], tau: f64, tolerance: f64, mut f: impl FnMut(&[f64], &mut [f64])) {
        let mut left = tau;
        let mut h = if self.step > 0.0 { self.step.min(tau) } else { tau };
        let [k1, k2, k3, k4] = &mut self.slopes;
        f(y, k1);
        while left > 0.0 {
            h = h.min(left);
            combine(&mut self.stage, y, h, &[(0.5, k1)]);
            f(&self.stage, k2);
            combine(&mut self.stage, y, h, &[(0.75, k2)]);
            f(&self.stage, k3);
            combine(&mut self.stage, y, h, &[(2.0 / 9.0, k1), (1.0 / 3.0, k2), (4.0 / 9.0, k3)]);
            f(&self.stage, k4);
            let error = (0..y.len()).fold(0.0f64, |worst, i| {
                let e = -5.0 / 72.0 * k1[i] + k2[i] / 12.0 + k3[i] / 9.0 - k4[i] / 8.0;
                worst.max((h * e).abs())
            });
            if !error.is_finite() && h > SMALLEST_STEP * tau {
                h *= 0.1;
                continue;
            }
            if error <= tolerance || !(h > SMALLEST_STEP * tau) {
                y.copy_from_slice(&self.stage);
                std::mem::swap(k1, k4);
                left -= h;
                self.step = h;
            }
            h *= (0.9 * (tolerance / error.max(1e-300)).cbrt()).clamp(0.2, 5.0);
        }
        self.step = self.step.max(h);
    }
}

fn combine(out: &mut [f64], y: &[f64], h: f64, terms: &[(f64, &mut Vec<f64>)]) {
    for (i, out) in out.iter_mut().enumerate() {
        *out = y[i] + h * terms.iter().map(|(weight, slope)| weight * slope[i]).sum::<f64>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `y' = -y³` from far out: `y(t) = (y_0^-2 + 2t)^(-1/2)` hardly depends on the start.
    #[test]
    fn a_steep_potential_is_survived() {
        for far in [1e3, 1e7, 1e12] {
            let (mut solver, mut y) = (RungeKutta::new(1), [far]);
            solver.advance(&mut y, 0.25, 1e-5, |y, k| k[0] = -y[0] * y[0] * y[0]);
            assert!((y[0] - 2f64.sqrt()).abs() < 1e-3, "{far}: {y:?}");
        }
    }

    #[test]
    fn decay_and_rotation_are_followed() {
        let mut solver = RungeKutta::new(2);
        let mut y = [1.0, 0.0];
        for _ in 0..10 {
            solver.advance(&mut y, 0.7, 1e-6, |y, k| {
                k[0] = -y[1] - 0.1 * y[0];
                k[1] = y[0] - 0.1 * y[1];
            });
        }
        let decay = (-0.7f64).exp();
        assert!((y[0] - decay * 7f64.cos()).abs() < 1e-4 && (y[1] - decay * 7f64.sin()).abs() < 1e-4, "{y:?}");
    }
}
