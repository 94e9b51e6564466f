//! Arithmetic on several paths at a time, written like arithmetic on one.

use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

use pulp::{Scalar, Simd};

/// A vector of numbers, one per lane. No operation fuses a multiplication with an addition, so every width gives the same bits.
#[derive(Clone, Copy)]
pub(super) struct Vector<S: Simd>(S, S::f64s);

/// A condition for every lane.
#[derive(Clone, Copy)]
pub(super) struct Mask<S: Simd>(S, S::m64s);

impl<S: Simd> Vector<S> {
    #[inline(always)]
    pub fn splat(simd: S, value: f64) -> Self {
        Vector(simd, simd.splat_f64s(value))
    }

    /// The same number in every lane of a vector as wide as `self`.
    #[inline(always)]
    pub fn all(self, value: f64) -> Self {
        Self::splat(self.0, value)
    }

    /// Vector `g` of a row of lanes.
    #[inline(always)]
    pub fn load<const N: usize>(simd: S, row: &[f64; N], g: usize) -> Self {
        Vector(simd, S::as_simd_f64s(row).0[g])
    }

    /// Into vector `g` of a row of lanes.
    #[inline(always)]
    pub fn store<const N: usize>(self, row: &mut [f64; N], g: usize) {
        S::as_mut_simd_f64s(row).0[g] = self.1;
    }

    #[inline(always)]
    pub fn abs(self) -> Self {
        Vector(self.0, self.0.abs_f64s(self.1))
    }

    #[inline(always)]
    pub fn sqrt(self) -> Self {
        Vector(self.0, self.0.sqrt_f64s(self.1))
    }

    #[inline(always)]
    pub fn min(self, other: Self) -> Self {
        Vector(self.0, self.0.min_f64s(self.1, other.1))
    }

    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        Vector(self.0, self.0.max_f64s(self.1, other.1))
    }

    #[inline(always)]
    pub fn at_most(self, bound: f64) -> Self {
        self.min(Self::splat(self.0, bound))
    }

    #[inline(always)]
    pub fn at_least(self, bound: f64) -> Self {
        self.max(Self::splat(self.0, bound))
    }

    #[inline(always)]
    pub fn below(self, other: Self) -> Mask<S> {
        Mask(self.0, self.0.less_than_f64s(self.1, other.1))
    }

    #[inline(always)]
    pub fn below_or_at(self, other: Self) -> Mask<S> {
        Mask(self.0, self.0.less_than_or_equal_f64s(self.1, other.1))
    }

    #[inline(always)]
    pub fn is(self, value: f64) -> Mask<S> {
        Mask(self.0, self.0.equal_f64s(self.1, self.0.splat_f64s(value)))
    }

    #[inline(always)]
    pub fn above_number(self, value: f64) -> Mask<S> {
        Self::splat(self.0, value).below(self)
    }

    #[inline(always)]
    pub fn below_number(self, value: f64) -> Mask<S> {
        self.below(Self::splat(self.0, value))
    }

    #[inline(always)]
    pub fn at_or_above_number(self, value: f64) -> Mask<S> {
        Mask(self.0, self.0.greater_than_or_equal_f64s(self.1, self.0.splat_f64s(value)))
    }

    #[inline(always)]
    pub fn at_or_below_number(self, value: f64) -> Mask<S> {
        Mask(self.0, self.0.less_than_or_equal_f64s(self.1, self.0.splat_f64s(value)))
    }

    /// The sum over the lanes, in an order that depends on the width.
    #[inline(always)]
    pub fn total(self) -> f64 {
        self.0.reduce_sum_f64s(self.1)
    }

    /// Whether the sum over the lanes is not 0.
    #[inline(always)]
    pub fn any(self) -> bool {
        self.total() != 0.0
    }
}

/// A vector of one number.
pub(super) type Number = Vector<Scalar>;

impl Number {
    #[inline(always)]
    pub fn of(value: f64) -> Self {
        Vector::splat(Scalar, value)
    }

    /// The number itself.
    #[inline(always)]
    pub fn lane(self) -> f64 {
        self.1
    }
}

/// `e^(-z)`, `1 - e^(-z)` and `1 - e^(-2z)` for `z >= 0`, the differences to 10⁻¹¹ of themselves however small `z` is.
#[derive(Clone, Copy)]
pub(super) struct Decay<S: Simd> {
    pub left: Vector<S>,
    pub lost: Vector<S>,
    pub lost_twice: Vector<S>,
}

/// Relaxation times after which a transition no longer depends on its start: e^-45 is 3·10⁻²⁰.
const FORGOTTEN: f64 = 45.0;

impl<S: Simd> Decay<S> {
    /// Beyond `z = 45` that of 45. Taylor's polynomial of `e^(-z) - 1` at `z/256`, doubled eight times by `m (2 + m)`.
    #[inline(always)]
    pub fn of(z: Vector<S>) -> Self {
        let r = z.at_most(FORGOTTEN) * (-1.0 / 256.0);
        // Estrin's scheme: its chain of dependent operations is shorter than Horner's.
        let square = r * r;
        let fourth = square * square;
        let sum = (pair(r, 1) + pair(r, 3) * square) + (pair(r, 5) + pair(r, 7) * square) * fourth;
        let mut change = r * sum;
        let mut doublings = 0;
        while doublings < 8 {
            change = change * (2.0 + change);
            doublings += 1;
        }
        Decay { left: 1.0 + change, lost: -change, lost_twice: -(change * (2.0 + change)) }
    }
}

/// Terms `n` and `n + 1` of the exponential of `r`, over `r^n`.
#[inline(always)]
fn pair<S: Simd>(r: Vector<S>, n: usize) -> Vector<S> {
    INVERSE_FACTORIALS[n] + INVERSE_FACTORIALS[n + 1] * r
}

const INVERSE_FACTORIALS: [f64; 9] =
    [1.0, 1.0, 1.0 / 2.0, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5040.0, 1.0 / 40320.0];

impl<S: Simd> Mask<S> {
    #[inline(always)]
    pub fn select(self, yes: Vector<S>, no: Vector<S>) -> Vector<S> {
        Vector(self.0, self.0.select_f64s(self.1, yes.1, no.1))
    }

    /// Whether the condition holds in any lane.
    #[inline(always)]
    pub fn any(self) -> bool {
        self.choose(1.0, 0.0).any()
    }

    /// `yes` where the condition holds, `no` elsewhere.
    #[inline(always)]
    pub fn choose(self, yes: f64, no: f64) -> Vector<S> {
        self.select(Vector::splat(self.0, yes), Vector::splat(self.0, no))
    }
}

macro_rules! lane_by_lane {
    ($($operator:ident $method:ident $instruction:ident),*) => {$(
        impl<S: Simd> $operator for Vector<S> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Vector(self.0, self.0.$instruction(self.1, other.1))
            }
        }

        impl<S: Simd> $operator<f64> for Vector<S> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, number: f64) -> Self {
                self.$method(Self::splat(self.0, number))
            }
        }

        impl<S: Simd> $operator<Vector<S>> for f64 {
            type Output = Vector<S>;

            #[inline(always)]
            fn $method(self, vector: Vector<S>) -> Vector<S> {
                Vector::splat(vector.0, self).$method(vector)
            }
        }
    )*};
}

lane_by_lane!(Add add add_f64s, Sub sub sub_f64s, Mul mul mul_f64s, Div div div_f64s);

impl<S: Simd> Neg for Vector<S> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Vector(self.0, self.0.neg_f64s(self.1))
    }
}

impl<S: Simd> BitAnd for Mask<S> {
    type Output = Self;

    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Mask(self.0, self.0.and_m64s(self.1, other.1))
    }
}

impl<S: Simd> BitOr for Mask<S> {
    type Output = Self;

    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Mask(self.0, self.0.or_m64s(self.1, other.1))
    }
}

impl<S: Simd> Not for Mask<S> {
    type Output = Self;

    #[inline(always)]
    fn not(self) -> Self {
        Mask(self.0, self.0.not_m64s(self.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decay_is_the_exponential() {
        for k in 0..4500 {
            let z = f64::from(k) * 0.01;
            let error = Decay::of(Number::of(z)).left.lane() - (-z).exp();
            assert!(error.abs() < 3e-12 * (-z).exp() + 1e-15, "{z}: {error}");
        }
        assert!(Decay::of(Number::of(f64::INFINITY)).left.lane() < 1e-15);
    }

    /// The differences keep their relative accuracy for very small arguments.
    #[test]
    fn what_is_lost_does_not_cancel() {
        for k in -300..3 {
            let z = 10f64.powi(k);
            let Decay { lost, lost_twice, .. } = Decay::of(Number::of(z));
            assert!((lost.lane() / -(-z).exp_m1() - 1.0).abs() < 1e-11, "{z}");
            assert!((lost_twice.lane() / -(-2.0 * z).exp_m1() - 1.0).abs() < 1e-11, "{z}");
        }
        assert_eq!(Decay::of(Number::of(0.0)).lost.lane(), 0.0);
    }
}
