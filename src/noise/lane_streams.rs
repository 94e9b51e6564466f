//! Random streams of several paths in SIMD lanes.

use pulp::{Arch, Simd, WithSimd};
use rand::Rng;

use super::vectors::{Vectors, vectors_of};
use super::{Seed, Stream};

/// `N` path streams that advance together, one per lane. Their states are interleaved, so one vector instruction advances all of them.
///
/// A lane yields exactly the words of its path's [`Stream`], so a result depends neither on `N` nor on the paths in other
/// lanes. Eight lanes fill the vectors of every supported processor. When a path ends, its lane takes the stream of another
/// path.
///
/// # Example
/// ```
/// use levy_escape::noise::{LaneStreams, Seed, Stream};
/// use rand::Rng;
///
/// let mut lanes = LaneStreams::new(Seed(1), 0, [10, 11, 12, 13]);
/// let mut words = [[0; 4]; 3];
/// lanes.fill_words(&mut words);
/// assert_eq!(words[0][2], Stream::new(Seed(1), 0, 12).next_u64());
/// ```
#[derive(Clone, Debug)]
#[repr(align(64))]
pub struct LaneStreams<const N: usize> {
    state: [[u64; N]; 4],
}

impl<const N: usize> LaneStreams<N> {
    /// Lanes without a stream. Their words are meaningless until [`LaneStreams::set`] assigns one.
    pub fn idle() -> Self {
        LaneStreams { state: [[0; N]; 4] }
    }

    /// The streams of `paths` in cell `cell`, in that order.
    pub fn new(seed: Seed, cell: u64, paths: [u64; N]) -> Self {
        let mut streams = Self::idle();
        for (lane, path) in paths.into_iter().enumerate() {
            streams.set(lane, &Stream::new(seed, cell, path));
        }
        streams
    }

    /// Assigns a stream to a lane; the lane continues at the stream's current position.
    ///
    /// # Panics
    /// If there is no such lane.
    pub fn set(&mut self, lane: usize, stream: &Stream) {
        for (row, word) in self.state.iter_mut().zip(stream.words()) {
            row[lane] = word;
        }
    }

    /// The stream of a lane at its current position.
    ///
    /// # Panics
    /// If there is no such lane.
    pub fn stream(&self, lane: usize) -> Stream {
        Stream::from_words(self.state.map(|row| row[lane]))
    }

    /// The next words of every lane, `words[i][lane]`, with the widest vectors of this machine.
    pub fn fill_words(&mut self, words: &mut [[u64; N]]) {
        Arch::new().dispatch(FillWords { streams: self, words });
    }

    /// [`LaneStreams::fill_words`] inside a loop that is already dispatched.
    #[inline(always)]
    pub(crate) fn fill_words_with<S: Simd>(&mut self, simd: S, words: &mut [[u64; N]]) {
        let vectors = vectors_of(simd);
        let mut lane = 0;
        #[cfg(target_arch = "x86_64")]
        {
            if vectors >= Vectors::Eight {
                while lane + 8 <= N {
                    // SAFETY: the token proves that AVX-512 is available.
                    unsafe { x86::advance_eight(&mut self.state, words, lane) };
                    lane += 8;
                }
            }
            if vectors >= Vectors::Four {
                while lane + 4 <= N {
                    // SAFETY: the token proves that AVX2 is available.
                    unsafe { x86::advance_four(&mut self.state, words, lane) };
                    lane += 4;
                }
            }
        }
        for lane in lane..N {
            let mut stream = self.stream(lane);
            words.iter_mut().for_each(|word| word[lane] = stream.next_u64());
            self.set(lane, &stream);
        }
    }
}

struct FillWords<'a, const N: usize> {
    streams: &'a mut LaneStreams<N>,
    words: &'a mut [[u64; N]],
}

impl<const N: usize> WithSimd for FillWords<'_, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.streams.fill_words_with(simd, self.words);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn advance_four<const N: usize>(state: &mut [[u64; N]; 4], words: &mut [[u64; N]], first: usize) {
        let row = |k: usize| state[k][first..first + 4].as_ptr().cast();
        // SAFETY: a row has four lanes from `first` on.
        let [mut a, mut b, mut c, mut d] = unsafe {
            [
                _mm256_loadu_si256(row(0)),
                _mm256_loadu_si256(row(1)),
                _mm256_loadu_si256(row(2)),
                _mm256_loadu_si256(row(3)),
            ]
        };
        for word in words {
            let sum = _mm256_add_epi64(a, d);
            let turned = _mm256_or_si256(_mm256_slli_epi64::<23>(sum), _mm256_srli_epi64::<41>(sum));
            // SAFETY: as above.
            unsafe {
                let to = word[first..first + 4].as_mut_ptr().cast();
                _mm256_storeu_si256(to, _mm256_add_epi64(turned, a));
            }
            let t = _mm256_slli_epi64::<17>(b);
            c = _mm256_xor_si256(c, a);
            d = _mm256_xor_si256(d, b);
            b = _mm256_xor_si256(b, c);
            a = _mm256_xor_si256(a, d);
            c = _mm256_xor_si256(c, t);
            d = _mm256_or_si256(_mm256_slli_epi64::<45>(d), _mm256_srli_epi64::<19>(d));
        }
        for (row, group) in state.iter_mut().zip([a, b, c, d]) {
            // SAFETY: as above.
            unsafe { _mm256_storeu_si256(row[first..first + 4].as_mut_ptr().cast(), group) };
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn advance_eight<const N: usize>(state: &mut [[u64; N]; 4], words: &mut [[u64; N]], first: usize) {
        let row = |k: usize| state[k][first..first + 8].as_ptr().cast();
        // SAFETY: a row has eight lanes from `first` on.
        let [mut a, mut b, mut c, mut d] = unsafe {
            [
                _mm512_loadu_si512(row(0)),
                _mm512_loadu_si512(row(1)),
                _mm512_loadu_si512(row(2)),
                _mm512_loadu_si512(row(3)),
            ]
        };
        for word in words {
            let next = _mm512_add_epi64(_mm512_rol_epi64::<23>(_mm512_add_epi64(a, d)), a);
            // SAFETY: as above.
            unsafe { _mm512_storeu_si512(word[first..first + 8].as_mut_ptr().cast(), next) };
            let t = _mm512_slli_epi64::<17>(b);
            c = _mm512_xor_si512(c, a);
            d = _mm512_xor_si512(d, b);
            b = _mm512_xor_si512(b, c);
            a = _mm512_xor_si512(a, d);
            c = _mm512_xor_si512(c, t);
            d = _mm512_rol_epi64::<45>(d);
        }
        for (row, group) in state.iter_mut().zip([a, b, c, d]) {
            // SAFETY: as above.
            unsafe { _mm512_storeu_si512(row[first..first + 8].as_mut_ptr().cast(), group) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes_follow_their_paths<const N: usize>() {
        let paths = std::array::from_fn(|lane| 100 + lane as u64);
        let mut lanes = LaneStreams::<N>::new(Seed(7), 3, paths);
        let mut streams = paths.map(|path| Stream::new(Seed(7), 3, path));
        for round in 0..50 {
            let mut words = vec![[0; N]; round];
            lanes.fill_words(&mut words);
            for row in words {
                assert_eq!(row, std::array::from_fn(|lane| streams[lane].next_u64()), "{N} lanes");
            }
            // One lane draws an extra word; another takes a new path.
            let (single, fresh) = (round % N, (3 * round + 1) % N);
            let mut alone = lanes.stream(single);
            assert_eq!(alone.next_u64(), streams[single].next_u64());
            lanes.set(single, &alone);
            streams[fresh] = Stream::new(Seed(7), 3, 1000 + round as u64);
            lanes.set(fresh, &streams[fresh]);
        }
    }

    /// 3 lanes use scalars, 4 and 8 use vectors, 15 use all three.
    #[test]
    fn every_lane_yields_the_words_of_its_path() {
        lanes_follow_their_paths::<1>();
        lanes_follow_their_paths::<3>();
        lanes_follow_their_paths::<4>();
        lanes_follow_their_paths::<8>();
        lanes_follow_their_paths::<15>();
    }
}
