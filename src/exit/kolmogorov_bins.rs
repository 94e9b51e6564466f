//! # Kolmogorov's distance in two readings
//!
//! If memory does not hold the exit times, they are read twice, in any order. The first pass counts them in `B` bins of equal width in
//! `y = λt/(2 + λt)`, whose edges are known in the probability transform `s = 1 - exp(-λt)`: no bin is wider in it than `2/B`, and `y` takes no
//! exponential function of every time. In a bin `[s_j, s_{j+1}]` with `C_j` times below it and `C_{j+1}` below its end, `F_n` lies between `C_j/n`
//! and `C_{j+1}/n`, so that `|F_n - s|` is at most `max(C_{j+1}/n - s_j, s_{j+1} - C_j/n)` there and takes the value `|C_j/n - s_j|` at its
//! lower edge. The second pass sorts only the times of bins whose bound exceeds the largest value at an edge: about
//! `16 n²/B²` of `n` times. The distance is that of sorting everything. The same reading finds a time of given rank, whose bin is known.

use pulp::{Arch, NullaryFnOnce};

use super::ascending::{Read, Select, ascending};
use super::kolmogorov::{KolmogorovDistance, KolmogorovTest};
use super::{ExitError, ExitMoments};

/// Fewest and most bins, 1 and 128 MB of counts.
const BINS: [u64; 2] = [1 << 17, 1 << 24];
/// Number of times per bin.
const TIMES_PER_BIN: u64 = 500;

/// Exit times counted in bins of `λt/(2 + λt)`.
///
/// # Example
/// ```
/// use levy_escape::exit::{ExitMoments, KolmogorovBins, Select};
/// use levy_escape::scheme::Outcome;
///
/// let times = [0.1, 0.7, 1.9];
/// let mut bins = KolmogorovBins::new(1.0, 3)?;
/// bins.count(&times);
/// let site = levy_escape::scheme::ExitSite {
///     axis: 0, side: levy_escape::scheme::Side::Plus, overshoot: 1.0, by: levy_escape::scheme::Departure::Jump, landed: None,
/// };
/// let mut moments = ExitMoments::default();
/// times.iter().try_for_each(|&time| moments.push(Outcome::Exited { time, site }))?;
/// let mut read = |select: Select<'_>, give: &mut dyn FnMut(&[f64])| {
///     let mut selected = Vec::new();
///     select(&times, &mut selected);
///     Ok::<(), std::convert::Infallible>(give(&selected))
/// };
/// let found = bins.test(&moments, Some(2), &mut read, 1000).unwrap()?;
/// assert!((found.test.statistic - 0.2382).abs() < 1e-4);
/// assert_eq!(found.time_of_rank, Some(0.7));
/// # Ok::<(), levy_escape::exit::ExitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct KolmogorovBins {
    rate: f64,
    counts: Vec<u64>,
}

/// What [`KolmogorovBins::test`] finds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BinnedTest {
    /// Kolmogorov's test.
    pub test: KolmogorovTest,
    /// The exit time of the given rank, unless there are fewer exits before or at the first censoring time.
    pub time_of_rank: Option<f64>,
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

    /// Number of bins.
    pub fn bins(&self) -> usize {
        self.counts.len()
    }

    /// Counts exit times.
    pub fn count(&mut self, times: &[f64]) {
        let mut bins = [0; PART];
        for part in times.chunks(PART) {
            Arch::new().dispatch(Bins { of: self.scale(), times: part, bins: &mut bins });
            bins[..part.len()].iter().for_each(|bin| self.counts[*bin as usize] += 1);
        }
    }

    /// Adds the counts of other times, for the same rate and as many times.
    ///
    /// # Panics
    /// For other bins.
    pub fn merge(&mut self, other: &KolmogorovBins) {
        assert_eq!((self.rate, self.counts.len()), (other.rate, other.counts.len()), "other bins");
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
    }

    fn scale(&self) -> Scale {
        Scale { rate: self.rate, bins: self.counts.len() as f64 }
    }

    fn bin(&self, t: f64) -> usize {
        self.scale().bin(t) as usize
    }

    /// `s` at the lower edge of a bin, or at the end of the last.
    fn share(&self, bin: usize) -> f64 {
        let bins = self.counts.len();
        -(-2.0 * bin as f64 / (bins - bin) as f64).exp_m1()
    }

    /// The test of the sample with these `moments`, whose exit times were all counted and are read again by `read`, and the exit time of the
    /// given `rank` from 1 on. About `room` times are held at once; `read` is called once if the relevant ones fit.
    ///
    /// # Errors
    /// The first error of `read`; inside, [`ExitError::NoTimeAtRisk`] if the sample is empty or was censored at time 0.
    pub fn test<E>(
        &self,
        moments: &ExitMoments,
        rank: Option<usize>,
        read: Read<'_, E>,
        room: usize,
    ) -> Result<Result<BinnedTest, ExitError>, E> {
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
        let limit = moments.first_censoring_time().unwrap_or(f64::INFINITY);
        let last = self.bin(limit);
        let mut matters = self.bins_that_matter(&below, moments.followed() as f64, last);
        let of_rank = rank.and_then(|rank| below.partition_point(|below| *below < rank as u64).checked_sub(1));
        if let Some(matters) = of_rank.and_then(|bin| matters.get_mut(bin)) {
            *matters = true;
        }
        let mut time_of_rank = None;
        let mut begin = 0;
        while begin <= last {
            let (end, held) = self.part(&matters[..=last], begin, room);
            let (mut current, mut seen) = (None, 0);
            let mut visit = |t: f64, count: usize| {
                let bin = self.bin(t);
                if current.replace(bin) != Some(bin) {
                    seen = below[bin] as usize;
                    distance.skip_to(seen);
                }
                distance.push(t, count);
                if rank.is_some_and(|rank| (seen + 1..=seen + count).contains(&rank)) {
                    time_of_rank = Some(t).filter(|t| *t <= limit);
                }
                seen += count;
            };
            let select = |times: &[f64], selected: &mut Vec<f64>| {
                let mut bins = [0; PART];
                for part in times.chunks(PART) {
                    Arch::new().dispatch(Bins { of: self.scale(), times: part, bins: &mut bins });
                    let wanted = |bin: u32| (begin..end).contains(&(bin as usize)) && matters[bin as usize];
                    selected.extend(part.iter().zip(&bins).filter(|(_, bin)| wanted(**bin)).map(|(t, _)| *t));
                }
            };
            let mut of_part = |of_them: Select<'_>, give: &mut dyn FnMut(&[f64])| {
                let both = |times: &[f64], selected: &mut Vec<f64>| {
                    let mut relevant = Vec::new();
                    select(times, &mut relevant);
                    of_them(&relevant, selected);
                };
                read(&both, give)
            };
            ascending(&mut of_part, held, room, &mut visit)?;
            begin = end;
        }
        if self.counts[last] == 0 {
            distance.skip_to(below[last] as usize);
        }
        Ok(Ok(BinnedTest { test: distance.test(), time_of_rank }))
    }

    /// The bins that can contain the supremum, for `n` paths; bin `last` always does.
    fn bins_that_matter(&self, below: &[u64], n: f64, last: usize) -> Vec<bool> {
        let bins = self.counts.len();
        let shares: Vec<f64> = (0..=bins).map(|bin| self.share(bin)).collect();
        let at_edge = |bin: usize| (below[bin] as f64 / n - shares[bin]).abs();
        let largest = (0..=last).map(at_edge).fold(0.0, f64::max);
        let bound = |bin: usize| {
            let (lo, hi) = (below[bin] as f64 / n, below[bin + 1] as f64 / n);
            (hi - shares[bin]).max(shares[bin + 1] - lo)
        };
        // The slack is for times that rounding puts into a neighbouring bin, and for the edges, of which `s` is known up to a few units of 1e-16.
        (0..bins).map(|bin| bin == last || bound(bin) >= largest * (1.0 - 1e-12) - 1e-14).collect()
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

/// Times whose bins are computed together.
const PART: usize = 256;

/// From times to bins.
#[derive(Clone, Copy)]
struct Scale {
    rate: f64,
    bins: f64,
}

impl Scale {
    /// Every operation is rounded to a number that does not fall as the time grows, and so the bins are in the order of the times.
    #[inline(always)]
    fn bin(self, t: f64) -> u32 {
        let above = 1.0 - 2.0 / (self.rate * t + 2.0);
        (above * self.bins).min(self.bins - 1.0) as u32
    }
}

/// The bins of up to [`PART`] times, with the widest vectors of the processor.
struct Bins<'t> {
    of: Scale,
    times: &'t [f64],
    bins: &'t mut [u32; PART],
}

impl NullaryFnOnce for Bins<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.bins.iter_mut().zip(self.times).for_each(|(bin, t)| *bin = self.of.bin(*t));
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
            let rank = n.div_ceil(2);
            let of_rank = sample.exit_times().get(rank - 1).copied();
            for room in [n + 1, 1_000] {
                let mut readings = 1;
                let mut bins = KolmogorovBins::new(rate, n as u64).unwrap();
                // The counts of two parts are added.
                let mut others = bins.clone();
                let (first, second) = times.split_at(times.len() / 3);
                bins.count(first);
                others.count(second);
                bins.merge(&others);
                let mut read = |select: Select<'_>, give: &mut dyn FnMut(&[f64])| {
                    readings += 1;
                    let mut selected = Vec::new();
                    select(&times, &mut selected);
                    selected.chunks(1000).for_each(&mut *give);
                    Ok::<(), Infallible>(())
                };
                let found = bins.test(sample.moments(), Some(rank), &mut read, room).unwrap().unwrap();
                assert_eq!(found.test, expected, "{n} {limit:?} {rate} {room}");
                assert_eq!(found.time_of_rank, of_rank, "{n} {limit:?} {rate} {room}");
                assert!(room == 1_000 || readings == 2, "{readings}");
            }
        }
    }

    /// With random censoring some exits come after the first censoring time: a rank up to it has a time, one beyond has none.
    #[test]
    fn ranks_beyond_the_first_censoring_have_no_time() {
        let drawn = exponential_sample(&mut Stream::new(Seed(14), 0, 0), 5_000, 1.0, None);
        let censored: Vec<f64> = (0..10).map(|k| 0.5 + 0.3 * f64::from(k)).collect();
        let sample = crate::exit::ExitSample::new(drawn.exit_times().to_vec(), censored, 0).unwrap();
        let before = sample.exit_times().iter().filter(|t| **t <= 0.5).count();
        for (rank, expected) in
            [(before, sample.exit_times().get(before - 1).copied()), (before + 1, None), (4_000, None)]
        {
            let mut bins = KolmogorovBins::new(1.0, 5_000).unwrap();
            bins.count(sample.exit_times());
            let mut read = |select: Select<'_>, give: &mut dyn FnMut(&[f64])| {
                let mut selected = Vec::new();
                select(sample.exit_times(), &mut selected);
                give(&selected);
                Ok::<(), Infallible>(())
            };
            let found = bins.test(sample.moments(), Some(rank), &mut read, 10_000).unwrap().unwrap();
            assert_eq!((found.time_of_rank, found.test), (expected, kolmogorov_test(&sample, 1.0).unwrap()), "{rank}");
        }
    }

    /// Of 200,000 times that follow the law about `16 n²/B² = 37` are sorted, fewer than 200; with bins of four times the width more.
    #[test]
    fn few_times_are_sorted() {
        let n = 200_000;
        let sample = exponential_sample(&mut Stream::new(Seed(13), 0, 0), n, 1.0, None);
        let mut bins = KolmogorovBins::new(1.0, n as u64).unwrap();
        bins.count(sample.exit_times());
        let sorted = |bins: &KolmogorovBins| {
            let mut below = vec![0];
            below.extend(bins.counts.iter().scan(0, |sum, count| {
                *sum += count;
                Some(*sum)
            }));
            let matters = bins.bins_that_matter(&below, n as f64, bins.counts.len() - 1);
            bins.counts.iter().zip(matters).filter(|(_, matters)| *matters).map(|(count, _)| count).sum::<u64>()
        };
        let wide = KolmogorovBins { rate: 1.0, counts: bins.counts.chunks(4).map(|part| part.iter().sum()).collect() };
        let found = [sorted(&bins), sorted(&wide)];
        assert!(found[0] < 200 && found[1] > 200, "{found:?}");
    }

    /// The edges of the bins in `s`, as the bound uses them: a time just above an edge is in its bin, and the first and the last bins have the ends.
    #[test]
    fn bins_have_the_edges_of_the_bound() {
        let bins = KolmogorovBins::new(0.3, 0).unwrap();
        let edge = |bin: usize| -(-bins.share(bin)).ln_1p() / 0.3;
        for bin in [1, 2, 77, 60_000, 100_000, 110_000] {
            assert_eq!(bins.bin(edge(bin) * (1.0 + 1e-9)), bin);
            assert_eq!(bins.bin(edge(bin) * (1.0 - 1e-9)), bin - 1);
        }
        assert_eq!((bins.bin(0.0), bins.bin(f64::INFINITY), bins.share(0)), (0, bins.counts.len() - 1, 0.0));
        assert_eq!(bins.share(bins.counts.len()), 1.0);
    }

    #[test]
    fn what_has_no_test_is_an_error() {
        assert!(KolmogorovBins::new(f64::NAN, 5).is_err());
        let bins = KolmogorovBins::new(1.0, 5).unwrap();
        let mut read = |_: Select<'_>, _: &mut dyn FnMut(&[f64])| Ok::<(), Infallible>(());
        assert!(bins.test(&ExitMoments::default(), Some(1), &mut read, 10).unwrap().is_err());
    }
}
