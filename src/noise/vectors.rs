//! Selects the SIMD code that a token of `pulp` permits.

use std::any::TypeId;

#[cfg(test)]
use pulp::Arch;
use pulp::Simd;

/// SIMD instruction sets with code in this module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Vectors {
    /// None: the scalar definition.
    One,
    /// AVX2.
    Four,
    /// AVX-512 with its F and DQ parts, and AVX2.
    Eight,
}

/// The vectors that `simd` proves available; a compile-time constant.
#[inline(always)]
pub(super) fn vectors_of<S: Simd>(_simd: S) -> Vectors {
    #[cfg(target_arch = "x86_64")]
    {
        if TypeId::of::<S>() == TypeId::of::<pulp::x86::V4>() {
            return Vectors::Eight;
        }
        if TypeId::of::<S>() == TypeId::of::<pulp::x86::V3>() {
            return Vectors::Four;
        }
    }
    Vectors::One
}

/// The dispatch levels of this machine.
#[cfg(test)]
pub(crate) fn levels() -> Vec<Arch> {
    let mut levels = vec![Arch::Scalar];
    #[cfg(target_arch = "x86_64")]
    {
        levels.extend(pulp::x86::V3::try_new().map(Arch::V3));
        levels.extend(pulp::x86::V4::try_new().map(Arch::V4));
    }
    levels
}
