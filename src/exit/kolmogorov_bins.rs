//! # Kolmogorov's distance in two readings
//!
//! If memory does not hold the exit times, they are read twice, in any order. The first pass counts them in bins of the probability transform
//! `s = 1 - exp(-λt)`. In a bin `[s_j, s_{j+1}]` with `C_j` times below it and `C_{j+1}` below its end, `F_n` lies between `C_j/n` and
//! `C_{j+1}/n`, so that `|F_n - s|` is at most `max(C_{j+1}/n - s_j, s_{j+1} - C_j/n)` there and takes the value `|C_j/n - s_j|` at its
//! lower edge. The second pass sorts only the times of bins whose bound exceeds the largest value at an edge: about
//! `4 n²/B²` of `n` times in `B` bins. The distance is that of sorting everything.

use super::ascending::{Read, ascending};
use super::kolmogorov::{KolmogorovDistance, KolmogorovTest};
use super::{ExitError, ExitMoments};

/// Fewest and most bins, 0.5 and 128 MB of counts.
const BINS: [u64; 2] = [1 << 16, 1 << 24];
/// Number of times per bin.
const TIMES_PER_BIN: u64 = 1000;

/// Exit times counted in bins of `1 - exp(-λt)`.
///
/// # Example
/// ```
/// use levy_escape::exit::{ExitMoments, KolmogorovBins};
/// use levy_escape::scheme::Outcome;
///
/// let times = [0.1, 0.7, 1.9];
/// let mut bins = KolmogorovBins::new(1.0, 3)?;
/// times.iter().for_each(|t| bins.count(*t));
/// let site = levy_escape::scheme::ExitSite {
///     axis: 0, side: levy_escape::scheme::Side::Plus, overshoot: 1.0, by: levy_escape::scheme::Departure::Jump, landed: None,
/// };
/// let mut moments = ExitMoments::default();
/// times.iter().try_for_each(|&time| moments.push(Outcome::Exited { time, site }))?;
/// let mut read = |give: &mut dyn FnMut(f64)| Ok::<(), std::convert::Infallible>(times.iter().for_each(|t| give(*t)));
/// let test = bins.test(&moments, &mut read, 1000).unwrap()?;
/// assert!((test.statistic - 0.2382).abs() < 1e-4);
/// # Ok::<(), levy_escape::exit::ExitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct KolmogorovBins {
    rate: f64,
    counts: Vec<u64>,
}

impl KolmogorovBins {
    /// Empty bins for some `times` exit times, for the test of `λΓ ~ Exp(1)` with a given `rate` `λ`.
    ///
    /// # Errors
    /// [`ExitError::Rate`] unless `0 < λ < ∞`.
    pub fn new(rate: f64, times: u64) -> Result<Self, ExitError> {
        if !(rate > 0.0 && rate.is_finite()) {
            return Err(ExitError::Rate { rate });
        }
        let bins = (times / TIMES_PER_BIN).clamp(BINS[0], BINS[1]);
        Ok(KolmogorovBins { rate, counts: vec![0; bins as usize] })
    }

    /// Counts an exit time.
    pub fn count(&mut self, t: f64) {
        let bin = self.bin(t);
        self.counts[bin] += 1;
    }

    fn bin(&self, t: f64) -> usize {
        let share = -(-self.rate * t).exp_m1();
        ((share * self.counts.len() as f64) as usize).min(self.counts.len() - 1)
    }

    /// The test of the sample with these `moments`, whose exit times were all counted and are read again by `read`. About `room` of them
    /// are held at a time; `read` is called once if the relevant ones fit.
    ///
    /// # Errors
    /// The first error of `read`; inside, [`ExitError::NoTimeAtRisk`] if the sample is empty or was censored at time 0.
    pub fn test<E>(
        &self,
        moments: &ExitMoments,
        read: Read<'_, E>,
        room: usize,
    ) -> Result<Result<KolmogorovTest, ExitError>, E> {
        let mut distance = match KolmogorovDistance::new(moments, self.rate) {
            Ok(distance) => distance,
            Err(error) => return Ok(Err(error)),
        };
        let mut below = Vec::with_capacity(self.counts.len() + 1);
        below.push(0);
        below.extend(self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        }));
        // The law is tested up to the first censoring time, inside this bin.
        let last = self.bin(moments.first_censoring_time().unwrap_or(f64::INFINITY));
        let matters = self.bins_that_matter(&below, moments.followed() as f64, last);
        let mut begin = 0;
        while begin <= last {
            let (end, held) = self.part(&matters[..=last], begin, room);
            let mut current = None;
            let mut visit = |t: f64, count: usize| {
                let bin = self.bin(t);
                if current.replace(bin) != Some(bin) {
                    distance.skip_to(below[bin] as usize);
                }
                distance.push(t, count);
            };
            let mut of_part = |give: &mut dyn FnMut(f64)| {
                read(&mut |t| {
                    let bin = self.bin(t);
                    if (begin..end).contains(&bin) && matters[bin] {
                        give(t);
                    }
                })
            };
            ascending(&mut of_part, held, room, &mut visit)?;
            begin = end;
        }
        if self.counts[last] == 0 {
            distance.skip_to(below[last] as usize);
        }
        Ok(Ok(distance.test()))
    }

    /// The bins that can contain the supremum, for `n` paths; bin `last` always does.
    fn bins_that_matter(&self, below: &[u64], n: f64, last: usize) -> Vec<bool> {
        let bins = self.counts.len();
        let share = |bin: usize| bin as f64 / bins as f64;
        let at_edge = |bin: usize| (below[bin] as f64 / n - share(bin)).abs();
        let largest = (0..=last).map(at_edge).fold(0.0, f64::max);
        let bound = |bin: usize| {
            let (lo, hi) = (below[bin] as f64 / n, below[bin + 1] as f64 / n);
            (hi - share(bin)).max(share(bin + 1) - lo)
        };
        // The slack is for times that rounding puts into a neighbouring bin.
        (0..bins).map(|bin| bin == last || bound(bin) >= largest * (1.0 - 1e-12) - 1e-15).collect()
    }

    /// The end of the part that begins at bin `begin` and whose times fit into `room`, or of a single relevant bin, and the number of times
    /// in its relevant bins.
    fn part(&self, matters: &[bool], begin: usize, room: usize) -> (usize, usize) {
        let mut held = 0;
        for (bin, matters) in matters.iter().enumerate().skip(begin) {
            let more = if *matters { self.counts[bin] as usize } else { 0 };
            if held > 0 && held + more > room {
                return (bin, held);
            }
            held += more;
        }
        (matters.len(), held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::coverage::exponential_sample;
    use crate::exit::kolmogorov_test;
    use crate::noise::{Seed, Stream};
    use std::convert::Infallible;

    /// The statistic is that of sorting everything, to the last bit, for any rate, censoring, ties and room; two passes are enough if the
    /// sample is close to the law.
    #[test]
    fn two_readings_give_the_statistic_of_sorting() {
        for (cell, (n, limit, rate)) in [
            (200_000, None, 1.0),
            (200_000, Some(0.7), 1.0),
            (50_000, None, 3.0),
            (50_000, Some(0.2), 0.1),
            (3, None, 1.0),
        ]
        .into_iter()
        .enumerate()
        {
            let drawn = exponential_sample(&mut Stream::new(Seed(12), cell as u64, 0), n, 1.0, limit);
            let mut times = drawn.exit_times().to_vec();
            // Ties, and an order that is not the sorted one.
            times.iter_mut().step_by(7).for_each(|t| *t = (*t * 50.0).round() / 50.0);
            times.reverse();
            let late = drawn.censoring_times().to_vec();
            let sample = crate::exit::ExitSample::new(times.clone(), late, 0).unwrap();
            let expected = kolmogorov_test(&sample, rate).unwrap();
            for room in [n + 1, 1_000] {
                let mut readings = 1;
                let mut bins = KolmogorovBins::new(rate, n as u64).unwrap();
                times.iter().for_each(|t| bins.count(*t));
                let mut read = |give: &mut dyn FnMut(f64)| {
                    readings += 1;
                    times.iter().for_each(|t| give(*t));
                    Ok::<(), Infallible>(())
                };
                let found = bins.test(sample.moments(), &mut read, room).unwrap().unwrap();
                assert_eq!(found, expected, "{n} {limit:?} {rate} {room}");
                assert!(room == 1_000 || readings == 2, "{readings}");
            }
        }
    }

    /// Of 200,000 times that follow the law fewer than 2 % are sorted.
    #[test]
    fn few_times_are_sorted() {
        let n = 200_000;
        let sample = exponential_sample(&mut Stream::new(Seed(13), 0, 0), n, 1.0, None);
        let mut bins = KolmogorovBins::new(1.0, n as u64).unwrap();
        sample.exit_times().iter().for_each(|t| bins.count(*t));
        let below: Vec<u64> = std::iter::once(0)
            .chain(bins.counts.iter().scan(0, |sum, count| {
                *sum += count;
                Some(*sum)
            }))
            .collect();
        let matters = bins.bins_that_matter(&below, n as f64, bins.counts.len() - 1);
        let sorted: u64 = bins.counts.iter().zip(matters).filter(|(_, matters)| *matters).map(|(count, _)| count).sum();
        assert!(sorted < n as u64 / 50, "{sorted}");
    }

    #[test]
    fn what_has_no_test_is_an_error() {
        assert!(KolmogorovBins::new(f64::NAN, 5).is_err());
        let bins = KolmogorovBins::new(1.0, 5).unwrap();
        let mut read = |_: &mut dyn FnMut(f64)| Ok::<(), Infallible>(());
        assert!(bins.test(&ExitMoments::default(), &mut read, 10).unwrap().is_err());
    }
}
