//! # Stable variates from a quantile table
//!
//! `X = ±x(q)`, where `x(q) = s F̄⁻¹(q)` is the upper quantile of SαS(s) and `q` is uniform on (0, 1/2]. One 64-bit word gives
//! one draw. Read as a signed integer with its last bit set, it becomes a double `d`; the sign of `d` is that of `X`, and
//! `q = |d| 2^-64`. The exponent of `d` and its six leading mantissa bits (seven for α < .85, eight for α < .4) select a cell.
//! On each cell the quantile is a cubic in the distance from the cell's start. Every octave of `q` has the same resolution, so
//! the tail needs no special case, and the error is below 1e-9 of `max(|X|, x(1/4))` everywhere. Near the median, where `X`
//! passes through 0, this bounds the error relative to the quartile: at α = .3 the relative error of a draw of a thousandth of
//! the quartile can reach 1e-6.
//!
//! # Where the tail ends
//! `q` lies on the odd multiples of 2^-64. The largest draw is `x(2^-64)`, about `2^(64/α)`, of probability 2^-62; below
//! `q = 2^-57` neighbouring draws are a cell or more apart. A sweep of 10^12 draws reaches this region with probability 10^12
//! 2^-56 = 1e-5, and the last draw with 2e-7. The truncation does not affect any statistic of such a sweep.
//!
//! # Reproducibility
//! [`QuantileTable::from_word`] defines the draw. Every vector width gives its bits, because no multiplication is fused with an
//! addition. The table is built with the platform's `exp`, `sin` and `pow`, whose last digit can differ between platforms.
//!
//! # References
//! - Hörmann, Leydold (2003), *Continuous Random Variate Generation by Fast Numerical Inversion*, ACM TOMACS 13.

use pulp::Arch;
use rand::Rng;
use rand_distr::Distribution;
use std::f64::consts::PI;
use thiserror::Error;

use super::quantile_kernel::{Cubic, Draws, LaneDraws, TableView};
use super::{Alpha, LaneStreams, StableDensity};

/// A table that maps random words to draws of SαS(s), an order of magnitude faster than the transformation of
/// [`StableLaw`](super::StableLaw).
///
/// It takes 128 KiB (twice as much for α < .85, four times for α < .4), of which most draws use an eighth. Building it takes 1
/// to 20 milliseconds: build it once per α, and change the scale with [`QuantileTable::scaled`].
///
/// # Example
/// ```
/// use levy_escape::noise::{Alpha, QuantileTable, Seed, Stream};
/// use rand_distr::Distribution;
///
/// let table = QuantileTable::new(Alpha::new(1.5)?, 0.1)?;
/// let x: f64 = table.sample(&mut Stream::new(Seed(1), 0, 0));
/// assert!(x.is_finite());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct QuantileTable {
    cells: Box<[Cubic]>,
    /// Mantissa bits below those that select a cell.
    shift: u32,
}

/// Why no table can be built.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum QuantileTableError {
    /// A cubic on these cells does not reach 1e-9; draw with [`StableLaw`](super::StableLaw) instead.
    ///
    /// Just below α = 2 the quantile changes from the Gaussian to the power law within one cell.
    #[error("the quantile table covers 0.3 <= α <= 1.9999 and α = 2, and α = {alpha}")]
    Alpha {
        /// The rejected value.
        alpha: f64,
    },
    /// A scale that is not a positive number.
    #[error("scale {scale} is not a positive finite number")]
    Scale {
        /// The rejected value.
        scale: f64,
    },
}

/// The smallest `α` of a table of Pareto jumps.
const SMALLEST_PARETO: f64 = 0.2;

/// Octaves of `|d|`, from 1 to 2^63.
const OCTAVES: usize = 63;
/// Interpolation nodes of the quantile on an octave, whose nearest singularity is q = 0: error about 5.8^-22.
const NODES: usize = 22;

impl QuantileTable {
    /// The table of SαS(`scale`); increments over `h` of a motion of amplitude `ε` have the scale `ε h^(1/α)`.
    ///
    /// # Errors
    /// [`QuantileTableError::Alpha`] outside 0.3 <= α <= 1.9999 unless α = 2, [`QuantileTableError::Scale`] unless `scale`
    /// is positive and finite.
    pub fn new(alpha: Alpha, scale: f64) -> Result<Self, QuantileTableError> {
        check(scale)?;
        let unavailable = QuantileTableError::Alpha { alpha: alpha.get() };
        let Ok(law) = StableDensity::new(alpha) else { return Err(unavailable) };
        let alpha = alpha.get();
        if alpha > 1.9999 && alpha < 2.0 {
            return Err(unavailable);
        }
        // From the tail inwards: each quantile is the starting point of Newton's method for the next.
        let mut last = (2f64.powi(-64), law.upper_quantile(2f64.powi(-64)));
        let quantile = |q: f64| {
            last = (q, law.upper_quantile_near(q, last.1 * (last.0 / q).powf(1.0 / alpha)));
            last.1
        };
        Ok(Self::interpolating(bits_for(alpha), scale, quantile))
    }

    /// The table of a symmetric law whose body resembles SαS, by its upper quantile `x(q)`, which is called for increasing `q`, twice at
    /// most at the same place.
    pub(crate) fn of_upper_quantile(alpha: Alpha, quantile: impl FnMut(f64) -> f64) -> Self {
        Self::interpolating(bits_for(alpha.get()), 1.0, quantile)
    }

    fn interpolating(bits: u32, scale: f64, mut quantile: impl FnMut(f64) -> f64) -> Self {
        let per_octave = 1 << bits;
        let weights = interpolation_weights(per_octave);
        let mut cells = vec![Cubic::default(); 64 * per_octave].into_boxed_slice();
        for octave in 0..OCTAVES {
            let start = 2f64.powi(octave as i32);
            let at = |u: f64| start * u * 2f64.powi(-64);
            // The last two octaves reach q = 1/2, around which x is not analytic for α < 1.
            let values: Vec<[f64; 4]> = if octave + 2 < OCTAVES {
                let nodes = octave_nodes().map(|u| quantile(at(u)));
                weights.iter().map(|w| w.map(|w| w.iter().zip(&nodes).map(|(w, x)| w * x).sum())).collect()
            } else {
                (0..per_octave).map(|cell| cell_nodes(cell, per_octave).map(|u| quantile(at(u)))).collect()
            };
            let inverse_width = per_octave as f64 / start;
            for (cell, values) in values.iter().enumerate() {
                cells[cell_number(start, bits) + cell] = cell_of(values, scale, inverse_width);
            }
        }
        QuantileTable { cells, shift: 52 - bits }
    }

    /// The table of the standard normal law.
    pub(crate) fn normal() -> Self {
        let unit = QuantileTable::new(Alpha::GAUSSIAN, std::f64::consts::FRAC_1_SQRT_2);
        // α = 2 is covered and the scale is positive.
        unit.unwrap_or_else(|_| unreachable!("the table of the Gaussian law"))
    }

    /// The table of the exponential law of mean 1, with an error of 1e-9 of the larger of draw and mean; ignore the sign of a draw.
    pub(crate) fn exponential() -> Self {
        Self::of_quantile(6, |q| -q.ln())
    }

    /// The table of Pareto jumps of either sign, `P(|X| > z δ) = z^-α`, to a relative 1e-9. `None` below `α = .2`, where a cubic does not follow the
    /// quantile, and where from .06 on the largest jumps exceed every `f64`.
    pub(crate) fn pareto(alpha: Alpha, delta: f64) -> Option<Self> {
        let (alpha, bits) = (alpha.get(), bits_for(alpha.get()));
        (alpha >= SMALLEST_PARETO).then(|| Self::of_quantile(bits, |q| delta * q.powf(-1.0 / alpha)))
    }

    /// The table of `±x(q)`, `q = |d| 2^-63` uniform on (0, 1].
    fn of_quantile(bits: u32, quantile: impl Fn(f64) -> f64) -> Self {
        let per_octave = 1 << bits;
        let mut cells = vec![Cubic::default(); 64 * per_octave].into_boxed_slice();
        for octave in 0..OCTAVES {
            let start = 2f64.powi(octave as i32);
            for cell in 0..per_octave {
                let values = cell_nodes(cell, per_octave).map(|u| quantile(start * u * 2f64.powi(-63)));
                cells[cell_number(start, bits) + cell] = cell_of(&values, 1.0, per_octave as f64 / start);
            }
        }
        // Words that round to 2^63 have q = 1.
        cells[cell_number(2f64.powi(63), bits)] = Cubic([quantile(1.0), 0.0, 0.0, 0.0]);
        QuantileTable { cells, shift: 52 - bits }
    }

    /// This table with every draw multiplied by `factor`.
    ///
    /// # Errors
    /// [`QuantileTableError::Scale`] unless `factor` is positive and finite.
    pub fn scaled(&self, factor: f64) -> Result<Self, QuantileTableError> {
        check(factor)?;
        let cells = self.cells.iter().map(|cell| Cubic(cell.0.map(|c| factor * c))).collect();
        Ok(QuantileTable { cells, shift: self.shift })
    }

    /// The draw for a random word.
    #[inline]
    pub fn from_word(&self, word: u64) -> f64 {
        self.view().draw(word)
    }

    /// The draws for random words, `out[i] = from_word(words[i])`, with the widest vectors of this machine.
    ///
    /// # Panics
    /// If the slices differ in length.
    pub fn from_words(&self, words: &[u64], out: &mut [f64]) {
        Arch::new().dispatch(Draws { table: self.view(), words, out });
    }

    /// The table for a loop that is already dispatched.
    #[inline]
    pub(crate) fn view(&self) -> TableView<'_> {
        TableView::new(&self.cells, self.shift)
    }

    /// Fills `out` with draws from `rng`, one word each, in order: the result of repeated sampling, computed faster.
    pub fn fill<R: Rng + ?Sized>(&self, rng: &mut R, out: &mut [f64]) {
        let mut words = [0; 256];
        for block in out.chunks_mut(words.len()) {
            let words = &mut words[..block.len()];
            words.fill_with(|| rng.next_u64());
            self.from_words(words, block);
        }
    }

    /// Fills `out` with draws of many paths: `out[i][lane]` belongs to the next word of the path in `lane`.
    ///
    /// Blocks of about 1,024 draws stay in the L1 cache and amortise the dispatch.
    pub fn fill_lanes<const N: usize>(&self, streams: &mut LaneStreams<N>, out: &mut [[f64; N]]) {
        Arch::new().dispatch(LaneDraws { table: self.view(), streams, out });
    }
}

impl Distribution<f64> for QuantileTable {
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        self.from_word(rng.next_u64())
    }
}

fn check(scale: f64) -> Result<(), QuantileTableError> {
    if scale > 0.0 && scale.is_finite() { Ok(()) } else { Err(QuantileTableError::Scale { scale }) }
}

/// Bits that select a cell of an octave. With 64 cells per octave the error of a cubic on q^(-1/α) is 1e-9 at α = .82; at α =
/// .36 the centre needs more than 128.
fn bits_for(alpha: f64) -> u32 {
    match alpha {
        _ if alpha < 0.4 => 8,
        _ if alpha < 0.85 => 7,
        _ => 6,
    }
}

/// The cubic of a cell from the values at its nodes.
fn cell_of(values: &[f64; 4], scale: f64, inverse_width: f64) -> Cubic {
    let factors = [1.0, inverse_width, inverse_width.powi(2), inverse_width.powi(3)];
    let cubic = cubic_through(values);
    Cubic([0, 1, 2, 3].map(|k| scale * (cubic[k] * factors[k])))
}

/// Number of the cell that begins at `d`. The biased exponent is taken modulo 64, so no mask is out of bounds.
fn cell_number(d: f64, bits: u32) -> usize {
    (d.to_bits() >> (52 - bits)) as usize & ((64 << bits) - 1)
}

/// Chebyshev nodes on an octave, `1 < u < 2`, from the tail inwards.
fn octave_nodes() -> [f64; NODES] {
    std::array::from_fn(|k| 1.5 - 0.5 * ((2 * k + 1) as f64 * PI / (2 * NODES) as f64).cos())
}

/// Four Chebyshev nodes on a cell of an octave.
fn cell_nodes(cell: usize, per_octave: usize) -> [f64; 4] {
    std::array::from_fn(|k| 1.0 + (cell as f64 + 0.5 - 0.5 * ((2 * k + 1) as f64 * PI / 8.0).cos()) / per_octave as f64)
}

/// Barycentric weights that interpolate from the octave's nodes to the nodes of each cell.
fn interpolation_weights(per_octave: usize) -> Vec<[[f64; NODES]; 4]> {
    let nodes = octave_nodes();
    let barycentric: [f64; NODES] = std::array::from_fn(|k| {
        let sine = ((2 * k + 1) as f64 * PI / (2 * NODES) as f64).sin();
        if k % 2 == 0 { sine } else { -sine }
    });
    let at = |u: f64| {
        if let Some(same) = nodes.iter().position(|&node| node == u) {
            return std::array::from_fn(|k| f64::from(u8::from(k == same)));
        }
        let terms: [f64; NODES] = std::array::from_fn(|k| barycentric[k] / (u - nodes[k]));
        let total: f64 = terms.iter().sum();
        terms.map(|term| term / total)
    };
    (0..per_octave).map(|cell| cell_nodes(cell, per_octave).map(at)).collect()
}

/// The cubic in `0 <= s < 1` through values at its four Chebyshev nodes.
fn cubic_through(values: &[f64; 4]) -> [f64; 4] {
    let [a, b, c, d]: [f64; 4] = std::array::from_fn(|j| {
        // T_j at the nodes, which run from the end at 0 upwards.
        let cosine = |k: usize| (j as f64 * (PI - (2 * k + 1) as f64 * PI / 8.0)).cos();
        (0..4).map(|k| values[k] * cosine(k)).sum::<f64>() * if j == 0 { 0.25 } else { 0.5 }
    });
    [a - b + c - d, 2.0 * b - 8.0 * c + 18.0 * d, 8.0 * c - 48.0 * d, 32.0 * d]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Seed, StableLaw, Stream};

    fn table(alpha: f64, scale: f64) -> QuantileTable {
        QuantileTable::new(Alpha::new(alpha).unwrap(), scale).unwrap()
    }

    fn law(alpha: f64) -> StableDensity {
        StableDensity::new(Alpha::new(alpha).unwrap()).unwrap()
    }

    /// Starts, ends and extrema of the error in every half cell of every octave, by `x(q̂) - x(q) = (q - F̄(x))/f(x)`.
    fn worst_error(table: &QuantileTable, law: &StableDensity) -> f64 {
        let quartile = law.upper_quantile(0.25);
        let places = (0..512).flat_map(|cell| [0.0, 0.15, 0.5, 0.85].map(|s| 1.0 + (f64::from(cell) + s) / 512.0));
        let words = places.flat_map(|u| (0..63).map(move |octave| (2f64.powi(octave) * u) as u64 | 1));
        words.fold(0.0, |worst: f64, word| {
            let (x, q) = (table.from_word(word), word as f64 * 2f64.powi(-64));
            worst.max((law.sf(x) - q).abs() / law.pdf(x) / x.max(quartile))
        })
    }

    #[test]
    fn quantiles_are_exact_to_a_billionth_and_the_neighbouring_law_is_not() {
        for alpha in [0.3, 0.4, 0.5, 0.8, 0.85, 1.0, 1.2, 1.5, 1.8, 1.95, 1.99, 1.9997, 1.9999, 2.0] {
            let worst = worst_error(&table(alpha, 1.0), &law(alpha));
            assert!(worst <= 1e-9, "α={alpha}: {worst:e}");
        }
        assert!(worst_error(&table(1.5, 1.0), &law(1.5 + 1e-8)) > 1e-9);
        assert!(worst_error(&table(1.5, 1.0 + 1e-8), &law(1.5)) > 1e-9);
    }

    /// Quantiles of the exponential and Pareto tables, at ends and middles of half cells of every octave.
    #[test]
    fn exponential_and_pareto_quantiles_are_exact_to_a_billionth() {
        let places = (0..128).flat_map(|cell| [0.0, 0.3, 0.5, 0.8].map(|s| 1.0 + (f64::from(cell) + s) / 128.0));
        let words: Vec<u64> = places.flat_map(|u| (0..63).map(move |k| (2f64.powi(k) * u) as u64 | 1)).collect();
        let worst = |table: QuantileTable, exact: &dyn Fn(f64) -> f64, floor: f64| {
            let error = |word: &u64| {
                let exact = exact(*word as f64 * 2f64.powi(-63));
                (table.from_word(*word) - exact).abs() / exact.abs().max(floor)
            };
            words.iter().map(error).fold(0.0, f64::max)
        };
        let error = worst(QuantileTable::exponential(), &|q| -q.ln(), 1.0);
        assert!(error < 1e-9, "{error:e}");
        for alpha in [0.2, 0.3, 0.5, 0.8, 0.9, 1.2, 1.8, 1.99] {
            let table = QuantileTable::pareto(Alpha::new(alpha).unwrap(), 0.7).unwrap();
            let error = worst(table, &|q| 0.7 * q.powf(-1.0 / alpha), 0.0);
            assert!(error < 1e-9, "α={alpha}: {error:e}");
        }
        assert!(QuantileTable::pareto(Alpha::new(0.19).unwrap(), 0.7).is_none());
        let table = QuantileTable::pareto(Alpha::new(1.5).unwrap(), 0.7).unwrap();
        assert_eq!((table.from_word(i64::MAX.cast_unsigned()), table.from_word(1 << 63)), (0.7, -0.7));
        let normal = QuantileTable::normal();
        assert!((normal.from_word(((0.158_655_253_931_457_05 * 2f64.powi(64)) as u64) | 1) - 1.0).abs() < 1e-9);
    }

    const DRAWS: u32 = 8_000_000;

    /// `√n sup |F_n - F|` over 999 quantiles of the law, at most the statistic of Kolmogorov and Smirnov.
    fn kolmogorov(law: &StableDensity, mut draw: impl FnMut() -> f64) -> f64 {
        let grid: Vec<f64> = (1..1000).rev().map(|k| law.upper_quantile(f64::from(k) / 1000.0)).collect();
        let mut counts = [0u32; 1000];
        for _ in 0..DRAWS {
            let x = draw();
            counts[grid.partition_point(|g| *g < x)] += 1;
        }
        let n = f64::from(DRAWS);
        let mut below = 0.0;
        let distance = (1..1000).zip(counts).fold(0.0, |worst: f64, (k, count)| {
            below += f64::from(count);
            worst.max((below / n - f64::from(k) / 1000.0).abs())
        });
        distance * n.sqrt()
    }

    /// Rejected above 2.4: false-positive rate `2 exp(-2 · 2.4²) = 2e-5` for each of 6 true laws.
    #[test]
    fn table_and_transformation_draw_the_law_and_no_neighbour() {
        for alpha in [1.2, 1.5, 1.8] {
            let law = law(alpha);
            let mut stream = Stream::new(Seed(23), 0, (alpha * 100.0) as u64);
            let mut statistic = |table: QuantileTable| kolmogorov(&law, || table.sample(&mut stream));
            let exact = statistic(table(alpha, 1.0));
            assert!(exact < 2.4, "α={alpha}: {exact}");
            for (wrong_alpha, scale) in [(alpha + 0.03, 1.0), (alpha, 1.01)] {
                let wrong = statistic(table(wrong_alpha, scale));
                assert!(wrong > 2.4, "α={wrong_alpha}, scale {scale} for α={alpha}: {wrong}");
            }
            let transformation = StableLaw::new(Alpha::new(alpha).unwrap());
            let exact = kolmogorov(&law, || transformation.sample(&mut stream));
            assert!(exact < 2.4, "transformation, α={alpha}: {exact}");
        }
    }

    #[test]
    fn all_ways_to_draw_agree() {
        let table = table(1.5, 0.1);
        let paths = [5, 6, 7, 8, 9, 10, 11, 12];
        let mut rows = vec![[0.0; 8]; 777];
        table.fill_lanes(&mut LaneStreams::new(Seed(4), 1, paths), &mut rows);
        for (lane, path) in paths.into_iter().enumerate() {
            let (mut one, mut block) = (Stream::new(Seed(4), 1, path), Stream::new(Seed(4), 1, path));
            let mut filled = [0.0; 777];
            table.fill(&mut block, &mut filled);
            for (row, x) in rows.iter().zip(filled) {
                assert_eq!(row[lane].to_bits(), x.to_bits());
                assert_eq!(table.sample(&mut one).to_bits(), x.to_bits());
            }
        }
    }

    #[test]
    fn scale_and_sign() {
        let (unit, scaled) = (table(1.2, 1.0), table(1.2, 1.0).scaled(0.25).unwrap());
        for word in [3, 1 << 40, 1 << 62, u64::MAX / 3] {
            // A power of two scales exactly.
            assert_eq!(scaled.from_word(word), 0.25 * unit.from_word(word));
            assert_eq!(unit.from_word((word | 1).wrapping_neg()), -unit.from_word(word));
        }
        assert_eq!(unit.from_word(i64::MAX.cast_unsigned()), 0.0);
        assert!((unit.from_word(0) / law(1.2).upper_quantile(2f64.powi(-64)) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_the_table_does_not_cover_is_refused() {
        for alpha in [0.29, 1.99991, 1.9999999] {
            let refused = QuantileTable::new(Alpha::new(alpha).unwrap(), 1.0).map(|_| ());
            assert_eq!(refused, Err(QuantileTableError::Alpha { alpha }));
        }
        for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(table(1.5, 1.0).scaled(scale).is_err() && QuantileTable::new(Alpha::GAUSSIAN, scale).is_err());
        }
    }

    /// Pinned to 12 digits: the platform's `pow` may change the last ones of the table.
    #[test]
    fn draws_are_pinned() {
        for (alpha, pinned) in PINNED {
            let (table, mut stream) = (table(alpha, 1.0), Stream::new(Seed(20201206), 0, 0));
            for exact in pinned {
                let x = table.sample(&mut stream);
                assert!((x / exact - 1.0).abs() < 1e-12, "α={alpha}: {x:.17e}");
            }
        }
    }

    const PINNED: [(f64, [f64; 4]); 3] = [
        (0.5, [3.9155315641059323, 0.25378610700291104, 0.1258971711895825, 0.359103660024848]),
        (1.5, [1.4584799360775835, 0.4046789752158967, 0.24008073816988407, 0.5062802019533936]),
        (2.0, [1.3765441551990643, 0.40975989266777557, 0.2440402223266092, 0.510907034830286]),
    ];
}
