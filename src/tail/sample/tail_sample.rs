//! A sample for the estimators: finite, centred, with its zeros counted.

use super::lattice::{lattice, lattice_median};
use super::rounding::spread;
use crate::tail::TailError;

/// The centre of the symmetric law.
///
/// By symmetry the estimate of the location is independent of those of α and scale: to first order, centring at the median does
/// not increase their variance.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Centre {
    /// At 0: the entries are deviations, like gradient noise.
    #[default]
    Zero,
    /// At the median of all entries, zeros included: for an odd number of distinct entries, the midpoint between the neighbours of the middle one. For
    /// rounded entries see [`TailSample`].
    Median,
    /// At a given location.
    At(f64),
}

/// Share of rounded entries in one cell above which the rounding hides the scale.
const HIDDEN: f64 = 0.5;

/// A sample, centred at a location `m`.
///
/// Exact zeros are counted. Their meaning depends on the other entries:
/// - In continuous data a zero (a dead unit, a clipped value) does not come from the continuous law. It is left out for every location, unless
///   [`Mohammadi`](crate::tail::Mohammadi) is set to keep it. The location is the median of all entries, including zeros.
/// - In rounded data, entries on a lattice `hℤ + c` of which a tenth or more are tied, a zero is a value of magnitude at most `h/2`. No
///   entry is left out: all are spread over their cells `[x - h/2, x + h/2]` like the stable law that fits them best. The location is
///   the median entry, unless the counts place the median elsewhere in its cell by three standard errors. If one cell holds more than half of the
///   entries, the rounding hides the scale, which is an error. Rounding is not corrected for fewer than 20 entries.
///
/// # Example
/// ```
/// use levy_escape::tail::{Centre, TailSample};
///
/// let sample = TailSample::new(&[0.0, 3.0, 1.0, 4.0], Centre::Median)?;
/// assert_eq!((sample.zero_share(), sample.location(), sample.values()), (0.25, 2.0, &[1.0, -1.0, 2.0][..]));
/// # Ok::<(), levy_escape::tail::TailError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TailSample {
    /// Entries minus the location in the order of the data, without zeros.
    values: Vec<f64>,
    /// All entries, including zeros, if they differ from the values.
    with_zeros: Option<Vec<f64>>,
    location: f64,
    /// Entries of the data.
    total: usize,
    /// Number of zeros.
    zeros: usize,
    /// Step of the lattice of rounded entries.
    rounding: Option<f64>,
}

impl TailSample {
    /// The sample `data`, in the order in which it was taken.
    ///
    /// # Errors
    /// [`TailError::NotFinite`], [`TailError::AllZero`], [`TailError::Constant`], [`TailError::Location`], [`TailError::TooCoarse`].
    pub fn new(data: &[f64], centre: Centre) -> Result<Self, TailError> {
        if let Some(index) = data.iter().position(|x| !x.is_finite()) {
            return Err(TailError::NotFinite { index, value: data[index] });
        }
        let nonzero: Vec<f64> = data.iter().copied().filter(|x| *x != 0.0).collect();
        let Some(&first) = nonzero.first() else { return Err(TailError::AllZero { n: data.len() }) };
        if nonzero.iter().all(|x| *x == first) {
            return Err(TailError::Constant { n: nonzero.len(), value: first });
        }
        let mut sorted = data.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let lattice = lattice(&sorted);
        if let Some(lattice) = lattice.filter(|lattice| lattice.share > HIDDEN) {
            return Err(TailError::TooCoarse { share: lattice.share, entry: lattice.commonest, step: lattice.step });
        }
        let rounding = lattice.map(|lattice| lattice.step);
        let location = match (centre, rounding) {
            (Centre::Zero, _) => 0.0,
            (Centre::Median, Some(step)) => lattice_median(&sorted, step),
            (Centre::Median, None) => middle(&sorted),
            (Centre::At(location), _) => location,
        };
        if !location.is_finite() {
            return Err(TailError::Location { location });
        }
        let centred = |x: &f64| if *x == 0.0 { 0.0 } else { x - location };
        let zeros = data.len() - nonzero.len();
        let values: Vec<f64> = match rounding {
            Some(step) => spread(data.iter().map(|x| x - location).collect(), step),
            // An entry equal to the location has no logarithm either; under a continuous law there are almost none.
            None => nonzero.iter().map(|x| x - location).filter(|x| *x != 0.0).collect(),
        };
        if let Some(index) = values.iter().position(|x| !x.is_finite()) {
            return Err(TailError::NotFinite { index, value: values[index] });
        }
        if values.is_empty() {
            return Err(TailError::AllZero { n: data.len() });
        }
        let with_zeros = (zeros > 0 || values.len() < data.len()).then(|| data.iter().map(centred).collect());
        Ok(TailSample { values, with_zeros, location, total: data.len(), zeros, rounding })
    }

    /// The entries minus the location in the order of the data: the nonzero ones, or, for rounded data, all of them spread over their cells.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// All entries in the order of the data: zeros, and the others minus the location.
    pub fn entries(&self) -> &[f64] {
        self.with_zeros.as_deref().unwrap_or(&self.values)
    }

    /// Share of exact zeros among the entries.
    pub fn zero_share(&self) -> f64 {
        self.zeros as f64 / self.total as f64
    }

    /// Number of entries of the data, including zeros.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Step of the lattice of rounded entries; `None` for continuous data.
    pub fn rounding(&self) -> Option<f64> {
        self.rounding
    }

    /// The location that was subtracted.
    pub fn location(&self) -> f64 {
        self.location
    }

    /// `|x|` of the entries that are not zero.
    pub(in crate::tail) fn magnitudes(&self) -> Vec<f64> {
        self.values.iter().map(|x| x.abs()).collect()
    }

    /// The values, or an error if they are fewer than `needed`.
    pub(in crate::tail) fn at_least(&self, needed: usize) -> Result<&[f64], TailError> {
        match self.values.len() {
            found if found < needed => Err(TailError::TooFew { found, needed }),
            _ => Ok(&self.values),
        }
    }
}

/// The midpoint of the neighbours of the middle of sorted values: a median that equals an entry only if that entry is tied.
fn middle(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    let (below, above) = (sorted[(n / 2).saturating_sub(1)], sorted[(n / 2 + n % 2).min(n - 1)]);
    let middle = sorted[n / 2];
    // Halved first, because the sum could overflow.
    if n % 2 == 1 && (below == middle || above == middle) { middle } else { 0.5 * below + 0.5 * above }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_tail_is_refused() {
        let refused = |data: &[f64]| TailSample::new(data, Centre::Zero).unwrap_err();
        assert!(matches!(refused(&[1.0, f64::NAN]), TailError::NotFinite { index: 1, .. }));
        assert_eq!(refused(&[]), TailError::AllZero { n: 0 });
        assert_eq!(refused(&[0.0; 5]), TailError::AllZero { n: 5 });
        assert_eq!(refused(&[2.0, 0.0, 2.0]), TailError::Constant { n: 2, value: 2.0 });
        assert!(TailSample::new(&[1.0, 2.0], Centre::At(f64::NAN)).is_err());
        assert!(matches!(TailSample::new(&[f64::MAX, 1.0], Centre::At(-f64::MAX)), Err(TailError::NotFinite { .. })));
    }
}
