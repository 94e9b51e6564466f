//! # Counts and sums of a stream of outcomes
//!
//! The sums of a sample that the exit rate and the mean need, accumulated path by path without storing the times. Sums have two words
//! (Knuth's exact addition), so that `Σ(t - t̄)² = Σt² - (Σt)²/n` has about 30 digits before the subtraction and 15 after it.
//!
//! # References
//! - Ogita, Rump, Oishi (2005), *Accurate Sum and Dot Product*, SIAM J. Sci. Comput. 26.

use pulp::{Arch, NullaryFnOnce};

use super::ExitError;
use crate::scheme::Outcome;

/// A sum of two words.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sum {
    hi: f64,
    lo: f64,
}

impl Sum {
    #[inline(always)]
    fn add(&mut self, x: f64) {
        let sum = self.hi + x;
        let back = sum - self.hi;
        self.lo += (self.hi - (sum - back)) + (x - back);
        self.hi = sum;
    }

    /// Adds another sum.
    #[inline(always)]
    fn merge(&mut self, other: Sum) {
        self.add(other.hi);
        self.lo += other.lo;
    }

    fn value(self) -> f64 {
        self.hi + self.lo
    }
}

/// Outcomes whose exit times are added together.
const PART: usize = 256;
/// Sums that are computed in parallel.
const LANES: usize = 8;

/// The sum of `n` times, and of their squares in units of `1/scale²`, for a power of two `scale`. The lanes are fixed, so that every
/// processor adds in the same order.
struct Sums<'t> {
    times: &'t [f64],
    scale: f64,
}

impl NullaryFnOnce for Sums<'_> {
    type Output = [Sum; 2];

    #[inline(always)]
    fn call(self) -> [Sum; 2] {
        let [mut times, mut squares] = [[Sum::default(); LANES]; 2];
        let (rows, rest) = self.times.as_chunks::<LANES>();
        for row in rows {
            for lane in 0..LANES {
                times[lane].add(row[lane]);
                let scaled = row[lane] * self.scale;
                let (square, rest) = product(scaled, scaled);
                squares[lane].add(square);
                squares[lane].add(rest);
            }
        }
        for (lane, time) in rest.iter().enumerate() {
            times[lane].add(*time);
            let (square, rest) = product(time * self.scale, time * self.scale);
            squares[lane].add(square);
            squares[lane].add(rest);
        }
        [times, squares].map(|lanes| {
            lanes.into_iter().fold(Sum::default(), |mut sum, lane| {
                sum.merge(lane);
                sum
            })
        })
    }
}

/// The power of two at or below a positive number; the smallest normal one for numbers below it.
fn power_of_two(x: f64) -> f64 {
    const MANTISSA: u64 = (1 << 52) - 1;
    f64::from_bits(x.max(f64::MIN_POSITIVE).to_bits() & !MANTISSA)
}

/// `a b` as a sum of two words.
#[inline(always)]
fn product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    let error = a.mul_add(b, -product);
    (product, if error.is_finite() { error } else { 0.0 })
}

/// Counts, total time and squares of the outcomes pushed so far.
///
/// # Example
/// ```
/// use levy_escape::exit::{Confidence, ExitMoments};
/// use levy_escape::scheme::Outcome;
///
/// let mut moments = ExitMoments::default();
/// moments.push(Outcome::Censored { at: 50.0 })?;
/// assert_eq!((moments.censored(), moments.time_at_risk()), (1, 50.0));
/// # Ok::<(), levy_escape::exit::ExitError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ExitMoments {
    exited: usize,
    censored: usize,
    diverged: usize,
    exit_time: Sum,
    censored_time: Sum,
    /// Power of two near the first positive exit time, 0 before there is one.
    unit: f64,
    /// Sum of the squares of the exit times in units of `unit`, which keeps them finite for times beyond 10^154 and normal for times below
    /// 10^-154. No digit depends on the unit.
    squares: Sum,
    first_censoring_time: Option<f64>,
}

impl ExitMoments {
    /// Adds the outcome of one path.
    ///
    /// # Errors
    /// [`ExitError::Time`] if its time is negative or not finite. The time of a diverged path is ignored.
    pub fn push(&mut self, outcome: Outcome) -> Result<(), ExitError> {
        let valid = |time: f64| if time >= 0.0 && time.is_finite() { Ok(time) } else { Err(ExitError::Time { time }) };
        match outcome {
            Outcome::Exited { time, .. } => self.exit(valid(time)?),
            Outcome::Censored { at } => self.censor(valid(at)?),
            Outcome::Diverged { .. } => self.diverged += 1,
        }
        Ok(())
    }

    /// The moments of some outcomes. They are those of pushing the outcomes one by one, except for the rounding of the thirtieth digit.
    ///
    /// # Errors
    /// The errors of [`ExitMoments::push`].
    pub fn of(outcomes: &[Outcome]) -> Result<Self, ExitError> {
        let mut moments = ExitMoments::default();
        let mut times = [0.0; PART];
        for part in outcomes.chunks(PART) {
            let mut exits = 0;
            for outcome in part {
                match *outcome {
                    Outcome::Exited { time, .. } if time >= 0.0 && time.is_finite() => {
                        times[exits] = time;
                        exits += 1;
                    }
                    other => moments.push(other)?,
                }
            }
            moments.merge(&Self::of_exits(&times[..exits]));
        }
        Ok(moments)
    }

    /// The moments of exit times.
    fn of_exits(times: &[f64]) -> Self {
        let unit = times.iter().find(|time| **time > 0.0).map_or(0.0, |time| power_of_two(*time));
        let scale = if unit > 0.0 { 1.0 / unit } else { 0.0 };
        let [exit_time, squares] = Arch::new().dispatch(Sums { times, scale });
        ExitMoments { exited: times.len(), exit_time, unit, squares, ..ExitMoments::default() }
    }

    /// Adds the moments of other paths.
    pub fn merge(&mut self, other: &ExitMoments) {
        self.exited += other.exited;
        self.censored += other.censored;
        self.diverged += other.diverged;
        self.exit_time.merge(other.exit_time);
        self.censored_time.merge(other.censored_time);
        let mut squares = other.squares;
        if self.unit == 0.0 {
            self.unit = other.unit;
        } else if other.unit != self.unit {
            // A power of two; its square may be out of range.
            let ratio = other.unit / self.unit;
            squares = Sum { hi: squares.hi * ratio * ratio, lo: squares.lo * ratio * ratio };
        }
        self.squares.merge(squares);
        self.first_censoring_time = match (self.first_censoring_time, other.first_censoring_time) {
            (Some(one), Some(another)) => Some(one.min(another)),
            (one, another) => one.or(another),
        };
    }

    pub(super) fn exit(&mut self, time: f64) {
        self.exited += 1;
        self.exit_time.add(time);
        if self.unit == 0.0 && time > 0.0 {
            self.unit = power_of_two(time);
        }
        let scaled = if time > 0.0 { time / self.unit } else { 0.0 };
        let (square, rest) = product(scaled, scaled);
        self.squares.add(square);
        self.squares.add(rest);
    }

    pub(super) fn censor(&mut self, at: f64) {
        self.censored += 1;
        self.censored_time.add(at);
        self.first_censoring_time = Some(self.first_censoring_time.map_or(at, |first| first.min(at)));
    }

    pub(super) fn diverge(&mut self, paths: usize) {
        self.diverged += paths;
    }

    /// Number of paths that left.
    pub fn exited(&self) -> usize {
        self.exited
    }

    /// Number of paths that were still inside.
    pub fn censored(&self) -> usize {
        self.censored
    }

    /// Number of paths that diverged.
    pub fn diverged(&self) -> usize {
        self.diverged
    }

    /// Number of paths that left or were still inside.
    pub fn followed(&self) -> usize {
        self.exited + self.censored
    }

    /// Number of all paths.
    pub fn paths(&self) -> usize {
        self.followed() + self.diverged
    }

    /// Total time the followed paths spent inside.
    pub fn time_at_risk(&self) -> f64 {
        self.exit_time.value() + self.censored_time.value()
    }

    /// Time up to which every path was followed until it left; `None` if no path was censored.
    pub fn first_censoring_time(&self) -> Option<f64> {
        self.first_censoring_time
    }

    /// Standard error of the mean exit time, from the unbiased variance; `None` for fewer than two exits.
    pub(super) fn standard_error(&self) -> Option<f64> {
        Some((self.scaled_variance()? / self.exited as f64).sqrt() * self.unit)
    }

    /// Unbiased variance of the exit times in units of `unit²`; `None` for fewer than two exits.
    fn scaled_variance(&self) -> Option<f64> {
        let n = self.exited as f64;
        if self.exited < 2 {
            return None;
        }
        if self.unit == 0.0 {
            return Some(0.0);
        }
        let [hi, lo] = [self.exit_time.hi, self.exit_time.lo].map(|sum| sum / self.unit);
        let (square, rest) = product(hi, hi);
        // (hi + lo)²/n with the remainder of the division.
        let quotient = square / n;
        let (product, error) = product(quotient, n);
        let remainder = ((square - product) - error + rest + 2.0 * hi * lo) / n;
        let spread = (self.squares.hi - quotient) + (self.squares.lo - remainder);
        Some(if spread.is_finite() { spread.max(0.0) / (n - 1.0) } else { f64::INFINITY })
    }

    /// [`ExitError::TooFewExits`] unless `needed` paths left.
    pub(super) fn need_exits(&self, needed: usize) -> Result<(), ExitError> {
        if self.exited < needed {
            return Err(ExitError::TooFewExits { exited: self.exited, followed: self.followed(), needed });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times 10^9 + 0, 1, …, 999 have the variance 1000 · 1001/12, thirteen digits below their squares; and the order of a million
    /// times does not show in the last digit.
    #[test]
    fn no_digit_is_lost_to_cancellation_or_order() {
        let mut moments = ExitMoments::default();
        (0..1000).for_each(|i| moments.exit(1e9 + f64::from(i)));
        let exact = 1000.0 * 1001.0 / 12.0;
        let variance = moments.standard_error().unwrap().powi(2) * 1000.0;
        assert!((variance / exact - 1.0).abs() < 1e-14, "{variance}");
        let times: Vec<f64> = (0..1_000_000).map(|i| (f64::from(i) * 0.618).fract().powi(7)).collect();
        let gather = |times: &mut dyn Iterator<Item = &f64>| {
            let mut moments = ExitMoments::default();
            times.for_each(|t| moments.exit(*t));
            (moments.time_at_risk(), moments.standard_error().unwrap())
        };
        assert_eq!(gather(&mut times.iter()), gather(&mut times.iter().rev()));
    }

    /// Outcomes that are added by parts give the moments of pushing them: the counts, and the sums to the last digit, for any parts, units
    /// and order of magnitude; a part that is left out does not.
    #[test]
    fn parts_add_up_to_the_whole() {
        let site = crate::scheme::ExitSite {
            axis: 0,
            side: crate::scheme::Side::Plus,
            overshoot: 1.0,
            by: crate::scheme::Departure::Jump,
            landed: None,
        };
        let outcomes: Vec<Outcome> = (0..3000)
            .map(|i| match i % 97 {
                0 => Outcome::Censored { at: 3.0 + f64::from(i) },
                1 => Outcome::Diverged { at: f64::NAN },
                2 => Outcome::Exited { time: 0.0, site },
                _ => Outcome::Exited { time: (f64::from(i) * 0.618).fract().powi(1 + i % 40), site },
            })
            .collect();
        let mut pushed = ExitMoments::default();
        outcomes.iter().try_for_each(|outcome| pushed.push(*outcome)).unwrap();
        let seen = |moments: &ExitMoments| {
            let counts = [moments.exited(), moments.censored(), moments.diverged()];
            (counts, moments.time_at_risk(), moments.standard_error(), moments.first_censoring_time())
        };
        for size in [1, 7, 256, 1000, 3000] {
            let mut parts = ExitMoments::default();
            outcomes.chunks(size).for_each(|part| parts.merge(&ExitMoments::of(part).unwrap()));
            assert_eq!(seen(&parts), seen(&pushed), "{size}");
        }
        let few = ExitMoments::of(&outcomes[..2999]).unwrap();
        assert_ne!(seen(&few), seen(&pushed));
        assert!(ExitMoments::of(&[Outcome::Exited { time: f64::NAN, site }]).is_err());
        assert!(ExitMoments::of(&[Outcome::Exited { time: -1.0, site }]).is_err());
    }

    /// The same times in other units give the same error in these units, to the last bit for powers of two, up to 2^±900.
    #[test]
    fn squares_neither_overflow_nor_vanish() {
        let error = |unit: f64| {
            let mut moments = ExitMoments::default();
            (1..1000).for_each(|i| moments.exit((f64::from(i) * 0.618).fract() * unit));
            moments.standard_error().unwrap() / unit
        };
        for exponent in [-900, -600, 600, 900] {
            assert_eq!(error(2f64.powi(exponent)), error(1.0), "{exponent}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for time in [f64::NAN, f64::INFINITY, -1.0] {
            assert!(ExitMoments::default().push(Outcome::Censored { at: time }).is_err());
        }
        let mut moments = ExitMoments::default();
        moments.push(Outcome::Diverged { at: f64::NAN }).unwrap();
        assert_eq!((moments.diverged(), moments.followed(), moments.standard_error()), (1, 0, None));
    }
}
