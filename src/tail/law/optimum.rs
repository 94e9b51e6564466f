//! Maxima and level crossings of smooth functions of one variable.

use crate::tail::TailError;

/// Position and value of the maximum of `f` on `[lo, hi]` by Brent's method, to `tolerance`.
///
/// # References
/// - Brent (1973), *Algorithms for Minimization without Derivatives*, chapter 5.
pub fn maximum(
    lo: f64,
    hi: f64,
    tolerance: f64,
    mut f: impl FnMut(f64) -> Result<f64, TailError>,
) -> Result<(f64, f64), TailError> {
    const GOLDEN: f64 = 0.381_966_011_250_105;
    let (mut lo, mut hi) = (lo, hi);
    let mut best = lo + GOLDEN * (hi - lo);
    let mut value = f(best)?;
    // The three best positions so far.
    let (mut second, mut third) = ((best, value), (best, value));
    let (mut step, mut before) = (0.0f64, 0.0f64);
    for _ in 0..100 {
        let middle = 0.5 * (lo + hi);
        if (best - middle).abs() <= 2.0 * tolerance - 0.5 * (hi - lo) {
            break;
        }
        let r = (best - second.0) * (value - third.1);
        let q = (best - third.0) * (value - second.1);
        let (p, q) = ((best - third.0) * q - (best - second.0) * r, 2.0 * (q - r));
        let parabolic = -p / q;
        let next = best + parabolic;
        if q != 0.0 && parabolic.abs() < 0.5 * before.abs() && next > lo && next < hi {
            (before, step) = (step, parabolic);
            if next - lo < 2.0 * tolerance || hi - next < 2.0 * tolerance {
                step = tolerance.copysign(middle - best);
            }
        } else {
            before = if best < middle { hi - best } else { lo - best };
            step = GOLDEN * before;
        }
        let next = best + if step.abs() < tolerance { tolerance.copysign(step) } else { step };
        let found = f(next)?;
        if found >= value {
            if next < best {
                hi = best
            } else {
                lo = best
            }
            (third, second) = (second, (best, value));
            (best, value) = (next, found);
        } else {
            if next < best {
                lo = next
            } else {
                hi = next
            }
            if found >= second.1 || second.0 == best {
                (third, second) = (second, (next, found));
            } else if found >= third.1 || third.0 == best || third.0 == second.0 {
                third = (next, found);
            }
        }
    }
    Ok((best, value))
}

/// The point at which `f`, 0 at `inside` and above `level` at `outside`, crosses `level`, to a thousandth of the distance.
///
/// The secant method is applied to `√f`, which is linear if `f` is a parabola.
pub fn crossing(
    inside: f64,
    outside: f64,
    level: f64,
    guess: f64,
    mut f: impl FnMut(f64) -> Result<f64, TailError>,
) -> Result<f64, TailError> {
    let (mut near, mut far) = (inside, outside);
    let mut at = guess;
    for _ in 0..60 {
        if !(at > near.min(far) && at < near.max(far)) {
            at = 0.5 * (near + far);
        }
        let root = (f(at)?.max(0.0) / level).sqrt();
        if (root - 1.0).abs() < 1e-3 {
            break;
        }
        if root < 1.0 {
            near = at
        } else {
            far = at
        }
        at = inside + (at - inside) / root.max(0.1);
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maxima_inside_and_at_the_end() {
        let (at, value) = maximum(0.0, 3.0, 1e-9, |x| Ok(x.sin())).unwrap();
        assert!((at - std::f64::consts::FRAC_PI_2).abs() < 1e-7 && (value - 1.0).abs() < 1e-14);
        let (at, _) = maximum(0.0, 3.0, 1e-6, Ok).unwrap();
        assert!(at > 3.0 - 1e-5);
    }

    #[test]
    fn crossings_of_a_skewed_parabola() {
        let f = |x: f64| Ok(x * x * (1.0 + 0.3 * x));
        let at = crossing(0.0, 5.0, 2.0, 0.5, f).unwrap();
        assert!((f(at).unwrap() - 2.0).abs() < 0.01);
        let at = crossing(0.0, -1.0, 0.3, -0.1, f).unwrap();
        assert!((f(at).unwrap() - 0.3).abs() < 0.002);
    }
}
