//! Arithmetic of several paths at a time, written as that of one.

use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

use pulp::Simd;

/// A vector of numbers, one a lane. Nothing fuses a multiplication with an addition, so every width gives the same bits.
#[derive(Clone, Copy)]
pub(super) struct Vector<S: Simd>(S, S::f64s);

/// Where something holds, lane by lane.
#[derive(Clone, Copy)]
pub(super) struct Mask<S: Simd>(S, S::m64s);

impl<S: Simd> Vector<S> {
    #[inline(always)]
    pub fn splat(simd: S, value: f64) -> Self {
        Vector(simd, simd.splat_f64s(value))
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

    /// Whether the lanes sum up to something.
    #[inline(always)]
    pub fn any(self) -> bool {
        self.0.reduce_sum_f64s(self.1) != 0.0
    }
}

#[cfg(test)]
impl Vector<pulp::Scalar> {
    /// The number itself.
    pub fn lane(self) -> f64 {
        self.1
    }
}

impl<S: Simd> Mask<S> {
    #[inline(always)]
    pub fn select(self, yes: Vector<S>, no: Vector<S>) -> Vector<S> {
        Vector(self.0, self.0.select_f64s(self.1, yes.1, no.1))
    }

    /// `yes` where it holds, and `no` elsewhere.
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
