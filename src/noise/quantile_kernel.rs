//! Random words to draws: the scalar definition, and SIMD versions selected at run time.
//!
//! The SIMD versions do the same operations in the same order, so they give the same bits. They load whole cells and transpose
//! them, which was faster than a gather on every processor we measured. The shuffles of the transposes limit the speed, so the places of the cells go
//! through memory instead of further shuffles.

use pulp::{Simd, WithSimd};

use super::LaneStreams;
use super::vectors::{Vectors, vectors_of};

/// Coefficients of a cubic in the distance from the start of the cell, in units of `d`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(align(32))]
pub(super) struct Cubic(pub(super) [f64; 4]);

/// Logarithm of the size of a cell in bytes.
const CELL_SHIFT: u32 = size_of::<Cubic>().ilog2();

/// A borrowed table, as the kernels use it.
#[derive(Clone, Copy)]
pub(crate) struct TableView<'a> {
    /// Their number is a power of two, on which the bounds of the SIMD versions rely.
    cells: &'a [Cubic],
    shift: u32,
}

impl<'a> TableView<'a> {
    #[inline(always)]
    pub(super) fn new(cells: &'a [Cubic], shift: u32) -> Self {
        assert!(cells.len().is_power_of_two() && shift >= CELL_SHIFT);
        TableView { cells, shift }
    }

    /// Maps one word to a draw.
    #[inline]
    pub(super) fn draw(self, word: u64) -> f64 {
        draw(self.cells, self.shift, word)
    }

    /// Maps many words to draws, `words[i]` to `out[i]`.
    ///
    /// # Panics
    /// If the slices differ in length.
    #[inline(always)]
    pub fn draw_all<S: Simd>(self, simd: S, words: &[u64], out: &mut [f64]) {
        assert_eq!(words.len(), out.len(), "one draw a word");
        let TableView { cells, shift } = self;
        match vectors_of(simd) {
            // SAFETY: the token proves that AVX-512 is available.
            #[cfg(target_arch = "x86_64")]
            Vectors::Eight => unsafe { x86::draw_all_avx512(cells, shift, words, out) },
            // SAFETY: the token proves that AVX2 is available.
            #[cfg(target_arch = "x86_64")]
            Vectors::Four => unsafe { x86::draw_all_avx2(cells, shift, words, out) },
            _ => draw_each(cells, shift, words, out),
        }
    }

    /// The draws of many paths: `out[i][lane]` belongs to the next word of the path in `lane`.
    #[inline(always)]
    pub fn fill_lanes<S: Simd, const N: usize>(self, simd: S, streams: &mut LaneStreams<N>, out: &mut [[f64; N]]) {
        let mut words = [[0; N]; 32];
        for block in out.chunks_mut(words.len()) {
            self.fill_block(simd, streams, &mut words[..block.len()], block);
        }
    }

    /// The draws of many paths by way of their words.
    #[inline(always)]
    pub fn fill_block<S: Simd, const N: usize>(
        self,
        simd: S,
        streams: &mut LaneStreams<N>,
        words: &mut [[u64; N]],
        out: &mut [[f64; N]],
    ) {
        streams.fill_words_with(simd, words);
        self.draw_all(simd, words.as_flattened(), out.as_flattened_mut());
    }
}

/// [`TableView::draw_all`] as a dispatched operation.
pub(super) struct Draws<'a> {
    pub table: TableView<'a>,
    pub words: &'a [u64],
    pub out: &'a mut [f64],
}

impl WithSimd for Draws<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.table.draw_all(simd, self.words, self.out);
    }
}

/// [`TableView::fill_lanes`] as a dispatched operation.
pub(super) struct LaneDraws<'a, const N: usize> {
    pub table: TableView<'a>,
    pub streams: &'a mut LaneStreams<N>,
    pub out: &'a mut [[f64; N]],
}

impl<const N: usize> WithSimd for LaneDraws<'_, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.table.fill_lanes(simd, self.streams, self.out);
    }
}

#[inline]
fn draw(cells: &[Cubic], shift: u32, word: u64) -> f64 {
    let d = (word | 1).cast_signed() as f64;
    let size = d.abs();
    let Cubic([a, b, c, e]) = cells[(size.to_bits() >> shift) as usize & (cells.len() - 1)];
    let v = size - f64::from_bits(size.to_bits() >> shift << shift);
    let x = a + v * (b + v * (c + v * e));
    f64::from_bits(x.to_bits() ^ (d.to_bits() & 1 << 63))
}

#[inline]
fn draw_each(cells: &[Cubic], shift: u32, words: &[u64], out: &mut [f64]) {
    for (out, word) in out.iter_mut().zip(words) {
        *out = draw(cells, shift, *word);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::ptr;

    use super::{CELL_SHIFT, Cubic, draw_each};

    /// Places of four cells in bytes. Processors forward only the lower half of a vector of eight numbers from a write to a read.
    #[repr(align(32))]
    struct Places([u64; 4]);

    impl Places {
        #[inline]
        #[target_feature(enable = "avx2")]
        fn of(vector: __m256i) -> Self {
            let mut places = Places([0; 4]);
            // SAFETY: the array has the size of the vector.
            unsafe { _mm256_storeu_si256((&raw mut places.0).cast(), vector) };
            places
        }

        /// The cell number `k`.
        ///
        /// # Safety
        /// The place is that of one of the `cells`.
        #[inline(always)]
        unsafe fn cell(&self, cells: &[Cubic], k: usize) -> *const f64 {
            // The compiler would replace another read by shuffles.
            // SAFETY: guaranteed by the caller.
            unsafe { cells.as_ptr().byte_add(ptr::read_volatile(&self.0[k]) as usize).cast() }
        }
    }

    /// Four draws at a time.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn draw_all_avx2(cells: &[Cubic], shift: u32, words: &[u64], out: &mut [f64]) {
        let count = _mm_cvtsi32_si128((shift - CELL_SHIFT).cast_signed());
        let mask = _mm256_set1_epi64x((cells.len() as i64 - 1) << CELL_SHIFT);
        let start = _mm256_castsi256_pd(_mm256_set1_epi64x(-1 << shift));
        let sign = _mm256_set1_pd(-0.0);
        let (words, rest) = words.as_chunks::<4>();
        let (out, out_rest) = out.as_chunks_mut::<4>();
        for (word, out) in words.iter().zip(out) {
            // SAFETY: four words are read.
            let word = unsafe { _mm256_loadu_si256(word.as_ptr().cast()) };
            let d = signed_to_double(_mm256_or_si256(word, _mm256_set1_epi64x(1)));
            let size = _mm256_andnot_pd(sign, d);
            let v = _mm256_sub_pd(size, _mm256_and_pd(size, start));
            let place = _mm256_and_si256(_mm256_srl_epi64(_mm256_castpd_si256(size), count), mask);
            // SAFETY: the mask keeps the places below the length, a power of two; a cell is four numbers.
            let [a, b, c, e] = unsafe {
                let places = Places::of(place);
                transpose([0, 1, 2, 3].map(|k| places.cell(cells, k)))
            };
            let x = _mm256_add_pd(c, _mm256_mul_pd(v, e));
            let x = _mm256_add_pd(b, _mm256_mul_pd(v, x));
            let x = _mm256_add_pd(a, _mm256_mul_pd(v, x));
            let x = _mm256_xor_pd(x, _mm256_and_pd(d, sign));
            // SAFETY: four draws are written.
            unsafe { _mm256_storeu_pd(out.as_mut_ptr(), x) };
        }
        draw_each(cells, shift, rest, out_rest);
    }

    /// Converts integers to the nearest doubles. The halves go into the mantissas of 2^84 and 2^52, and one rounded addition joins them.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn signed_to_double(word: __m256i) -> __m256d {
        // 2^84 + 2^63, the latter for the sign; 2^52; and all three.
        let magic_high = _mm256_set1_epi64x(0x4530_0000_8000_0000);
        let magic_low = _mm256_set1_epi64x(0x4330_0000_0000_0000);
        let magic = _mm256_castsi256_pd(_mm256_set1_epi64x(0x4530_0000_8010_0000));
        let high = _mm256_xor_si256(_mm256_srli_epi64::<32>(word), magic_high);
        let low = _mm256_blend_epi32::<0b0101_0101>(magic_low, word);
        _mm256_add_pd(_mm256_sub_pd(_mm256_castsi256_pd(high), magic), _mm256_castsi256_pd(low))
    }

    /// Loads four cells and transposes them: the first vector holds their first numbers, and so on.
    ///
    /// # Safety
    /// Each pointer must be valid for four numbers.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn transpose([p, q, r, s]: [*const f64; 4]) -> [__m256d; 4] {
        // SAFETY: guaranteed by the caller.
        let halves = unsafe {
            [
                _mm256_insertf128_pd::<1>(_mm256_castpd128_pd256(_mm_loadu_pd(p)), _mm_loadu_pd(r)),
                _mm256_insertf128_pd::<1>(_mm256_castpd128_pd256(_mm_loadu_pd(q)), _mm_loadu_pd(s)),
                _mm256_insertf128_pd::<1>(_mm256_castpd128_pd256(_mm_loadu_pd(p.add(2))), _mm_loadu_pd(r.add(2))),
                _mm256_insertf128_pd::<1>(_mm256_castpd128_pd256(_mm_loadu_pd(q.add(2))), _mm_loadu_pd(s.add(2))),
            ]
        };
        [
            _mm256_unpacklo_pd(halves[0], halves[1]),
            _mm256_unpackhi_pd(halves[0], halves[1]),
            _mm256_unpacklo_pd(halves[2], halves[3]),
            _mm256_unpackhi_pd(halves[2], halves[3]),
        ]
    }

    /// Transposes eight cells, given as those of numbers 0 and 2, 1 and 3, 4 and 6, and 5 and 7.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn transpose_eight([p, q, r, s]: [__m512d; 4]) -> [__m512d; 4] {
        let [first, second] = [[p, q], [r, s]].map(|[x, y]| [_mm512_unpacklo_pd(x, y), _mm512_unpackhi_pd(x, y)]);
        [
            _mm512_shuffle_f64x2::<0b10_00_10_00>(first[0], second[0]),
            _mm512_shuffle_f64x2::<0b10_00_10_00>(first[1], second[1]),
            _mm512_shuffle_f64x2::<0b11_01_11_01>(first[0], second[0]),
            _mm512_shuffle_f64x2::<0b11_01_11_01>(first[1], second[1]),
        ]
    }

    /// Eight draws at a time.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx2")]
    pub(super) fn draw_all_avx512(cells: &[Cubic], shift: u32, words: &[u64], out: &mut [f64]) {
        let count = _mm_cvtsi32_si128((shift - CELL_SHIFT).cast_signed());
        let mask = _mm512_set1_epi64((cells.len() as i64 - 1) << CELL_SHIFT);
        let start = _mm512_castsi512_pd(_mm512_set1_epi64(-1 << shift));
        let sign = _mm512_set1_pd(-0.0);
        let (words, rest) = words.as_chunks::<8>();
        let (out, out_rest) = out.as_chunks_mut::<8>();
        for (word, out) in words.iter().zip(out) {
            // SAFETY: eight words are read.
            let word = unsafe { _mm512_loadu_si512(word.as_ptr().cast()) };
            let d = _mm512_cvtepi64_pd(_mm512_or_si512(word, _mm512_set1_epi64(1)));
            let size = _mm512_andnot_pd(sign, d);
            let v = _mm512_sub_pd(size, _mm512_and_pd(size, start));
            let place = _mm512_and_si512(_mm512_srl_epi64(_mm512_castpd_si512(size), count), mask);
            // SAFETY: as in the version for four.
            let [a, b, c, e] = unsafe {
                let lower = Places::of(_mm512_castsi512_si256(place));
                let upper = Places::of(_mm512_extracti64x4_epi64::<1>(place));
                let pair = |places: &Places, k: usize| {
                    let [low, high] = [k, k + 2].map(|k| _mm256_loadu_pd(places.cell(cells, k)));
                    _mm512_insertf64x4::<1>(_mm512_castpd256_pd512(low), high)
                };
                transpose_eight([pair(&lower, 0), pair(&lower, 1), pair(&upper, 0), pair(&upper, 1)])
            };
            let x = _mm512_add_pd(c, _mm512_mul_pd(v, e));
            let x = _mm512_add_pd(b, _mm512_mul_pd(v, x));
            let x = _mm512_add_pd(a, _mm512_mul_pd(v, x));
            let x = _mm512_xor_pd(x, _mm512_and_pd(d, sign));
            // SAFETY: eight draws are written.
            unsafe { _mm512_storeu_pd(out.as_mut_ptr(), x) };
        }
        draw_each(cells, shift, rest, out_rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Seed, Stream, levels};
    use rand::Rng;

    /// Cells of random numbers of either sign: the test concerns only the order of operations.
    fn cells(bits: u32) -> Vec<Cubic> {
        let mut stream = Stream::new(Seed(1), 0, u64::from(bits));
        (0..64 << bits).map(|_| Cubic(std::array::from_fn(|_| stream.open01() - 0.5))).collect()
    }

    fn words() -> Vec<u64> {
        let mut stream = Stream::new(Seed(2), 0, 0);
        let edges = [0, 1, 2, u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1, (1 << 63) - 512, 1 << 53, (1 << 53) + 1];
        // Words of every magnitude reach every octave of the table.
        edges
            .into_iter()
            .chain((0..99_993).map(|k| stream.next_u64().cast_signed() >> (k % 64)).map(i64::cast_unsigned))
            .collect()
    }

    #[test]
    fn vector_twins_give_the_same_bits() {
        let words = words();
        for bits in [6, 7, 8] {
            let (cells, shift) = (cells(bits), 52 - bits);
            let exact: Vec<u64> = words.iter().map(|word| draw(&cells, shift, *word).to_bits()).collect();
            for arch in levels() {
                let mut out = vec![f64::NAN; words.len()];
                arch.dispatch(Draws { table: TableView::new(&cells, shift), words: &words, out: &mut out });
                assert!(out.iter().map(|x| x.to_bits()).eq(exact.iter().copied()), "{arch:?}, {bits} bits");
            }
        }
    }

    #[test]
    fn short_blocks_are_filled_to_the_end() {
        let (cells, words) = (cells(6), words());
        for n in 0..40 {
            let mut out = vec![f64::NAN; n];
            for arch in levels() {
                out.fill(f64::NAN);
                arch.dispatch(Draws { table: TableView::new(&cells, 46), words: &words[..n], out: &mut out });
                assert!(out.iter().zip(&words).all(|(x, word)| *x == draw(&cells, 46, *word)), "{n}");
            }
        }
    }
}
