//! The gradient flow over a time, far out as well.

/// Smallest step that is still refined, in units of the time asked for.
const SMALLEST_STEP: f64 = 1e-30;
/// Local error in units of the distance from the origin, where that is more than the tolerance.
const FAR_TOLERANCE: f64 = 1e-6;

/// `y(tau)` of `y' = f(y)` by the pair of Bogacki and Shampine, with local errors below `tolerance`; not a number if it leaves the finite ones.
pub(super) fn flow<const D: usize>(
    f: impl Fn([f64; D]) -> [f64; D],
    mut y: [f64; D],
    tau: f64,
    tolerance: f64,
) -> [f64; D] {
    let norm = |y: [f64; D]| y.into_iter().fold(0.0, f64::hypot);
    let each = |of: &dyn Fn(usize) -> f64| std::array::from_fn(of);
    let (mut left, mut h) = (tau, tau);
    let mut k1 = f(y);
    while left > 0.0 {
        h = h.min(left);
        let k2 = f(each(&|i| y[i] + 0.5 * h * k1[i]));
        let k3 = f(each(&|i| y[i] + 0.75 * h * k2[i]));
        let next = each(&|i| y[i] + h * (2.0 / 9.0 * k1[i] + k2[i] / 3.0 + 4.0 / 9.0 * k3[i]));
        let k4 = f(next);
        let error = norm(each(&|i| h * (-5.0 / 72.0 * k1[i] + k2[i] / 12.0 + k3[i] / 9.0 - k4[i] / 8.0)));
        let is_smallest = !(h > SMALLEST_STEP * tau);
        if !error.is_finite() {
            if is_smallest {
                return [f64::NAN; D];
            }
            h *= 0.1;
            continue;
        }
        let allowed = tolerance.max(FAR_TOLERANCE * norm(y));
        if error <= allowed || is_smallest {
            (y, k1) = (next, k4);
            left -= h;
            if left <= 0.0 {
                break;
            }
        }
        h *= (0.9 * (allowed / error.max(1e-300)).cbrt()).clamp(0.2, 5.0);
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `y' = -|y|² y` from far out: `|y(t)| = (|y_0|^-2 + 2t)^(-1/2)`, in the direction of the start; it hardly depends on the distance. An explicit
    /// step would explode.
    #[test]
    fn a_steep_potential_is_survived() {
        for far in [2.0, 1e3, 1e12] {
            let exact = (1.0 / (far * far) + 0.5f64).powf(-0.5);
            let [line] = flow(|[y]| [-y * y * y], [far], 0.25, 1e-5);
            assert!((line - exact).abs() < 1e-3, "{far}: {line}");
            let force = |y: [f64; 2]| y.map(|z| -z * (y[0] * y[0] + y[1] * y[1]));
            let plane = flow(force, [0.6 * far, -0.8 * far], 0.25, 1e-5);
            assert!((plane[0] - 0.6 * exact).hypot(plane[1] + 0.8 * exact) < 1e-3, "{far}: {plane:?}");
        }
    }
}
