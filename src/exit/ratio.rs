//! # Ratio of two mean exit times
//!
//! `R = a/b` of two independent positive estimates, such as the mean exit times of Adam and SGD. On the logarithmic scale it
//! is a difference, whose limits follow from those of the parts by adding distances in squares,
//! `ln R - √((ln a - ln a_lo)² + (ln b_hi - ln b)²)` below and likewise above. Asymmetric intervals stay asymmetric, and
//! for symmetric ones this is the Gaussian interval.
//!
//! # References
//! - Zou, Donner (2008), *Construction of Confidence Limits about Effect Measures: A General Approach*, Stat. Med. 27.

use super::{Estimate, ExitError};

/// `numerator / denominator`, at the level their intervals have in common.
///
/// # Errors
/// [`ExitError::NoLogarithm`] unless both intervals are positive and finite.
pub fn ratio_of_means(numerator: Estimate, denominator: Estimate) -> Result<Estimate, ExitError> {
    let (a, b) = (numerator.ln()?, denominator.ln()?);
    let value = a.value - b.value;
    let lo = value - (a.value - a.lo).hypot(b.hi - b.value);
    let hi = value + (a.hi - a.value).hypot(b.value - b.lo);
    Ok(Estimate { value: value.exp(), lo: lo.exp(), hi: hi.exp() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_ratio_has_the_inverse_interval() {
        let (a, b) = (Estimate { value: 2.0, lo: 1.5, hi: 3.0 }, Estimate { value: 5.0, lo: 4.0, hi: 5.5 });
        let (there, back) = (ratio_of_means(a, b).unwrap(), ratio_of_means(b, a).unwrap().reciprocal());
        for (x, y) in [(there.value, back.value), (there.lo, back.lo), (there.hi, back.hi)] {
            assert!((x / y - 1.0).abs() < 1e-14);
        }
        let known = Estimate { value: 4.0, lo: 4.0, hi: 4.0 };
        let scaled = ratio_of_means(a, known).unwrap();
        assert!((scaled.lo - 0.375).abs() < 1e-14 && (scaled.hi - 0.75).abs() < 1e-14);
        assert!(ratio_of_means(a, Estimate { lo: 0.0, ..b }).is_err());
    }
}
