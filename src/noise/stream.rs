//! Random streams that belong to a path, not to a thread.

use rand::rand_core::utils::fill_bytes_via_next_word;
use rand::{Rng, TryRng};
use std::convert::Infallible;

/// Seed of an experiment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seed(pub u64);

/// The random stream of one path: xoshiro256++ seeded by a hash of (seed, cell, path).
///
/// Paths share no state, so a result is a function of the seed only, on any thread, chunk or machine. Four rounds of
/// the MurmurHash3 finaliser over a sponge of the three words fill the 256-bit state; `n` paths collide with probability about
/// `n² 2^-257`.
///
/// The generator is implemented here, because [`LaneStreams`](super::LaneStreams) needs its state.
///
/// # References
/// - Blackman, Vigna (2021), *Scrambled Linear Pseudorandom Number Generators*, ACM TOMS 47.
#[derive(Clone, Debug)]
pub struct Stream([u64; 4]);

impl Stream {
    /// The stream of path `path` in cell `cell`.
    #[inline]
    pub fn new(seed: Seed, cell: u64, path: u64) -> Self {
        let mut state = 0x243f_6a88_85a3_08d3;
        for word in [seed.0, cell, path] {
            state = mix(state ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
        }
        Stream::from_words(std::array::from_fn(|lane| {
            // The path enters every word again: a collision needs all four words to agree.
            let word = mix(state
                ^ path.rotate_left(17 * lane as u32 + 1)
                ^ (lane as u64 + 1).wrapping_mul(0xd1b5_4a32_d192_ed03));
            state = state.wrapping_add(word | 1);
            word
        }))
    }

    /// The stream whose generator is in the given state.
    pub(super) fn from_words(words: [u64; 4]) -> Self {
        Stream(words)
    }

    /// The state of the generator.
    pub(super) fn words(&self) -> [u64; 4] {
        self.0
    }

    /// A uniform number on the open interval (0, 1) that resolves the neighbourhood of 0.
    ///
    /// The mantissa has 53 bits at every scale down to 2^-64, so `u^(-1/α)` is not truncated early. Uniforms with 53 fixed bits
    /// truncate the tail at `2^(53/α)` and put the jumps near that end on a grid.
    pub fn open01(&mut self) -> f64 {
        let word = self.next_u64();
        // Shifting out the leading zeros keeps 64 significant bits; the second word supplies the missing ones.
        let zeros = word.leading_zeros();
        if zeros < 11 {
            return middle(word);
        }
        let fine = self.next_u64() >> 11;
        (word as f64 + (fine as f64 + 0.5) * 2f64.powi(-53)) * 2f64.powi(-64)
    }
}

/// Uniform on (0, 1): the middles of 2^53 cells.
pub(super) fn middle(word: u64) -> f64 {
    ((word >> 11) as f64 + 0.5) * 2f64.powi(-53)
}

/// Finaliser of MurmurHash3 (Stafford's variant 13).
#[inline]
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.next_u64() >> 32) as u32)
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let [a, b, c, d] = &mut self.0;
        let word = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        Ok(word)
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        fill_bytes_via_next_word(dst, || self.try_next_u64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;
    use std::collections::HashSet;

    #[test]
    fn the_generator_is_xoshiro256plusplus() {
        let mut stream = Stream::new(Seed(5), 6, 7);
        let bytes: Vec<u8> = stream.words().iter().flat_map(|word| word.to_le_bytes()).collect();
        let mut reference = Xoshiro256PlusPlus::from_seed(bytes.try_into().unwrap());
        let mut filled = [[0; 13]; 2];
        for _ in 0..1000 {
            assert_eq!(stream.next_u64(), reference.next_u64());
            assert_eq!(stream.next_u32(), reference.next_u32());
            stream.fill_bytes(&mut filled[0]);
            reference.fill_bytes(&mut filled[1]);
            assert_eq!(filled[0], filled[1]);
        }
    }

    #[test]
    fn streams_differ_in_every_argument() {
        let mut first = HashSet::new();
        for seed in 0..10 {
            for cell in 0..10 {
                for path in 0..100 {
                    assert!(first.insert(Stream::new(Seed(seed), cell, path).next_u64()));
                }
            }
        }
    }

    /// Consecutive paths must not be correlated: mean and variance of first draws, and the
    /// correlation of neighbours. Each bound is 4.5 standard errors: false-positive rate 2e-5.
    #[test]
    fn neighbouring_streams_are_independent() {
        let n = 200_000u64;
        let draws: Vec<f64> = (0..n).map(|path| Stream::new(Seed(1), 0, path).open01() - 0.5).collect();
        let mean = draws.iter().sum::<f64>() / n as f64;
        let lag = draws.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / (n - 1) as f64;
        assert!(mean.abs() < 4.5 * (1.0 / 12.0f64).sqrt() / (n as f64).sqrt(), "{mean}");
        assert!(lag.abs() < 4.5 / 12.0 / (n as f64).sqrt(), "{lag}");
    }

    #[test]
    fn uniforms_stay_inside_the_open_interval() {
        let mut stream = Stream::new(Seed(3), 0, 0);
        assert!((0..100_000).map(|_| stream.open01()).all(|u| u > 0.0 && u < 1.0));
    }

    #[test]
    fn the_first_words_are_pinned() {
        let mut stream = Stream::new(Seed(20201206), 1, 2);
        assert_eq!([stream.next_u64(), stream.next_u64()], PINNED);
    }

    const PINNED: [u64; 2] = [11672081589873924122, 16442407754586170213];
}
