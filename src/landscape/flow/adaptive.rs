//! A flow of few variables with adaptive steps.

/// A point on a line of the flow `dx/dt = f(x)` of `K` vectors of length `D`, with the step that comes next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AdaptiveFlow<const D: usize, const K: usize> {
    pub x: [[f64; D]; K],
    slope: [[f64; D]; K],
    h: f64,
}

impl<const D: usize, const K: usize> AdaptiveFlow<D, K> {
    /// From `x`, with a first step of about the length `first` in terms of `norm`.
    pub fn from(
        x: [[f64; D]; K],
        first: f64,
        f: impl Fn(&[[f64; D]; K]) -> [[f64; D]; K],
        norm: impl Fn(&[[f64; D]; K]) -> f64,
    ) -> Self {
        let slope = f(&x);
        AdaptiveFlow { x, slope, h: first / norm(&slope) }
    }

    /// One step of the pair of Bogacki and Shampine with a local error of at most `allowed` in terms of `norm`. `false` if the flow leaves the
    /// finite numbers, or if it stands still.
    pub fn step(
        &mut self,
        allowed: f64,
        f: impl Fn(&[[f64; D]; K]) -> [[f64; D]; K],
        norm: impl Fn(&[[f64; D]; K]) -> f64,
    ) -> bool {
        loop {
            if !(self.h > 0.0 && self.h.is_finite()) {
                return false;
            }
            let (x, h, k1) = (self.x, self.h, self.slope);
            let at = |parts: [(f64, [[f64; D]; K]); 3]| {
                let moved = |k: usize, i: usize| parts.iter().map(|(share, slope)| share * slope[k][i]).sum::<f64>();
                each(|k, i| x[k][i] + h * moved(k, i))
            };
            let none = (0.0, [[0.0; D]; K]);
            let k2 = f(&at([(0.5, k1), none, none]));
            let k3 = f(&at([(0.75, k2), none, none]));
            let next = at([(2.0 / 9.0, k1), (1.0 / 3.0, k2), (4.0 / 9.0, k3)]);
            let k4 = f(&next);
            let error =
                norm(&each(|k, i| h * (-5.0 / 72.0 * k1[k][i] + k2[k][i] / 12.0 + k3[k][i] / 9.0 - k4[k][i] / 8.0)));
            if !error.is_finite() {
                self.h *= 0.1;
                continue;
            }
            self.h *= (0.9 * (allowed / error.max(1e-300)).cbrt()).clamp(0.2, 5.0);
            if error <= allowed {
                (self.x, self.slope) = (next, k4);
                return true;
            }
        }
    }
}

fn each<const D: usize, const K: usize>(of: impl Fn(usize, usize) -> f64) -> [[f64; D]; K] {
    std::array::from_fn(|k| std::array::from_fn(|i| of(k, i)))
}
