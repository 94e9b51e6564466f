//! A sample whose tail is asked for: finite, centred, its zeros counted.

use super::TailError;

/// Where the symmetric law is centred.
///
/// By symmetry a location is estimated independently of α and scale: centring at the median costs nothing in their
/// variance, to first order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Centre {
    /// At 0: the entries are deviations already, as gradient noise is.
    #[default]
    Zero,
    /// At the median of the entries that are not zero; of an odd number of them, half way between the neighbours of the middle one.
    Median,
    /// At a given location.
    At(f64),
}

/// A sample, centred. Its exact zeros (those of the data: a dead unit, a clipped value) belong to no continuous law; they are
/// counted and left out, except where [`Mohammadi`](super::Mohammadi) is told to keep them.
///
/// # Example
/// ```
/// use levy_escape::tail::{Centre, TailSample};
///
/// let sample = TailSample::new(&[0.0, 3.0, 1.0, 4.0], Centre::Median)?;
/// assert_eq!((sample.zero_share(), sample.location(), sample.values()), (0.25, 2.5, &[0.5, -1.5, 1.5][..]));
/// # Ok::<(), levy_escape::tail::TailError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TailSample {
    /// Entries that are not zero, less the location, in the order of the data.
    values: Vec<f64>,
    /// All entries, zeros among them; only where there are zeros.
    with_zeros: Option<Vec<f64>>,
    location: f64,
    /// Entries of the data.
    total: usize,
}

impl TailSample {
    /// The sample `data`, in the order in which it was taken.
    ///
    /// # Errors
    /// [`TailError::NotFinite`], [`TailError::AllZero`], [`TailError::Constant`], [`TailError::Location`].
    pub fn new(data: &[f64], centre: Centre) -> Result<Self, TailError> {
        if let Some(index) = data.iter().position(|x| !x.is_finite()) {
            return Err(TailError::NotFinite { index, value: data[index] });
        }
        let nonzero: Vec<f64> = data.iter().copied().filter(|x| *x != 0.0).collect();
        let Some(&first) = nonzero.first() else { return Err(TailError::AllZero { n: data.len() }) };
        if nonzero.iter().all(|x| *x == first) {
            return Err(TailError::Constant { n: nonzero.len(), value: first });
        }
        let location = match centre {
            Centre::Zero => 0.0,
            Centre::Median => middle(&mut nonzero.clone()),
            Centre::At(location) => location,
        };
        if !location.is_finite() {
            return Err(TailError::Location { location });
        }
        // An entry at the very location has no logarithm either; of a continuous law there are next to none.
        let values: Vec<f64> = nonzero.iter().map(|x| x - location).filter(|x| *x != 0.0).collect();
        if let Some(index) = values.iter().position(|x| !x.is_finite()) {
            return Err(TailError::NotFinite { index, value: values[index] });
        }
        if values.is_empty() {
            return Err(TailError::AllZero { n: data.len() });
        }
        let centred = |x: &f64| if *x == 0.0 { 0.0 } else { x - location };
        let with_zeros = (nonzero.len() < data.len()).then(|| data.iter().map(centred).collect());
        Ok(TailSample { values, with_zeros, location, total: data.len() })
    }

    /// The entries that are not zero, less the location, in the order of the data.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// All entries in the order of the data, zeros among them, the others less the location.
    pub fn entries(&self) -> &[f64] {
        self.with_zeros.as_deref().unwrap_or(&self.values)
    }

    /// Share of exact zeros among the entries.
    pub fn zero_share(&self) -> f64 {
        let zeros = self.with_zeros.iter().flatten().filter(|x| **x == 0.0).count();
        zeros as f64 / self.total as f64
    }

    /// Entries of the data, zeros and all.
    pub fn total(&self) -> usize {
        self.total
    }

    /// What was subtracted.
    pub fn location(&self) -> f64 {
        self.location
    }

    /// `|x|` of the entries that are not zero.
    pub(super) fn magnitudes(&self) -> Vec<f64> {
        self.values.iter().map(|x| x.abs()).collect()
    }

    /// The values, or an error if they are fewer than `needed`.
    pub(super) fn at_least(&self, needed: usize) -> Result<&[f64], TailError> {
        match self.values.len() {
            found if found < needed => Err(TailError::TooFew { found, needed }),
            _ => Ok(&self.values),
        }
    }
}

/// Half way between the neighbours of the middle: the median, but never an entry itself unless entries are tied.
fn middle(values: &mut [f64]) -> f64 {
    let n = values.len();
    values.sort_unstable_by(f64::total_cmp);
    // Halved first: the sum could overflow.
    0.5 * values[(n / 2).saturating_sub(1)] + 0.5 * values[(n / 2 + n % 2).min(n - 1)]
}

/// The middle order statistic; the lower one of two.
pub(super) fn median(values: &mut [f64]) -> f64 {
    let middle = (values.len() - 1) / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// The order statistic with a share `p` of the values below it, by linear interpolation between neighbours.
pub(super) fn quantile(values: &mut [f64], p: f64) -> f64 {
    let place = p * values.len() as f64 - 0.5;
    let below = (place.floor().max(0.0) as usize).min(values.len() - 1);
    let (_, low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    let next = above.iter().copied().fold(f64::INFINITY, f64::min);
    if next.is_finite() { low + (place - below as f64).clamp(0.0, 1.0) * (next - low) } else { low }
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

    #[test]
    fn quantiles_interpolate() {
        let mut values = [4.0, 1.0, 3.0, 2.0];
        assert_eq!(quantile(&mut values, 0.5), 2.5);
        assert_eq!(quantile(&mut values, 0.0), 1.0);
        assert_eq!(quantile(&mut values, 1.0), 4.0);
        assert_eq!(median(&mut values), 2.0);
    }
}
