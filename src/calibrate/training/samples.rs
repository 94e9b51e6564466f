//! Storage of gradient noise: selected coordinates of selected batches, and sums over all batches for every coordinate.

use std::ops::Range;

use rand::seq::index;

use super::network::LayerRange;
use crate::calibrate::data::batches::Purpose;
use crate::noise::Seed;

/// Coordinates in the pooled table, and the least number per layer.
const WIDE: usize = 2_000;
const PER_LAYER: usize = 200;
/// Coordinates in the table that is read by column.
const LONG: usize = 128;
/// Rows in the pooled table.
const WIDE_ROWS: usize = 50;

/// Gradient noise at the end of a training.
#[derive(Clone, Debug, PartialEq)]
pub struct NoiseSamples {
    /// Noise of many parameters, one row per batch.
    pub pooled: Vec<f64>,
    /// The same for their Gaussian surrogate.
    pub surrogate: Vec<f64>,
    /// Noise of single parameters, each divided by its scale.
    pub single: Vec<f64>,
}

/// The watched coordinates. They are drawn once, so that all measurements use the same.
///
/// Both tables together hold at most `50 × (2,000 + 200 layers) + 128 × batches` numbers, for any size of the network.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    /// Ascending: a uniform sample, plus more coordinates of underrepresented layers.
    pub wide: Vec<usize>,
    /// Whether a coordinate of `wide` belongs to the uniform sample.
    pub pooled: Vec<bool>,
    /// Ascending: a uniform sample.
    pub long: Vec<usize>,
}

impl Watch {
    pub fn new(seed: Seed, dim: usize, layers: &[LayerRange]) -> Self {
        let draw = |path: u64, count: usize, range: Range<usize>| {
            let mut stream = Purpose::Coordinates.stream(seed, path);
            let chosen = index::sample(&mut stream, range.len(), count.min(range.len()));
            let mut chosen: Vec<usize> = chosen.into_iter().map(|i| range.start + i).collect();
            chosen.sort_unstable();
            chosen
        };
        let uniform = draw(0, WIDE, 0..dim);
        let mut wide = uniform.clone();
        for (i, layer) in layers.iter().enumerate() {
            if uniform.iter().filter(|c| layer.range.contains(c)).count() < PER_LAYER.min(layer.range.len()) {
                wide.extend(draw(2 + i as u64, PER_LAYER, layer.range.clone()));
            }
        }
        wide.sort_unstable();
        wide.dedup();
        let pooled = wide.iter().map(|c| uniform.binary_search(c).is_ok()).collect();
        Watch { wide, pooled, long: draw(1, LONG, 0..dim) }
    }
}

/// Values at some coordinates, one row per vector.
#[derive(Clone, Debug, Default)]
pub(super) struct SampleTable {
    columns: usize,
    values: Vec<f32>,
}

impl SampleTable {
    pub fn push(&mut self, vector: &[f32], coordinates: &[usize]) {
        self.columns = coordinates.len();
        self.values.extend(coordinates.iter().map(|&c| vector[c]));
    }

    pub fn columns(&self) -> usize {
        self.columns
    }

    pub fn rows(&self) -> usize {
        self.values.len() / self.columns.max(1)
    }

    /// Column `i` from the first row to the last.
    pub fn column(&self, i: usize) -> impl Iterator<Item = f64> + '_ {
        self.values.iter().skip(i).step_by(self.columns.max(1)).map(|&x| f64::from(x))
    }

    pub fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.columns..(i + 1) * self.columns]
    }

    /// The columns for which `keep` is true, row by row.
    pub fn pooled(&self, keep: impl Fn(usize) -> bool) -> Vec<f64> {
        let kept: Vec<usize> = (0..self.columns).filter(|&i| keep(i)).collect();
        (0..self.rows()).flat_map(|r| kept.iter().map(move |&i| f64::from(self.row(r)[i]))).collect()
    }
}

/// Both tables, for one kind of noise.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples {
    pub wide: SampleTable,
    pub long: SampleTable,
}

impl Samples {
    /// Adds vector number `row` of `rows`.
    pub fn push(&mut self, vector: &[f32], watch: &Watch, row: usize, rows: usize) {
        self.long.push(vector, &watch.long);
        // The rows of the pooled table are spaced evenly.
        let due = |row: usize| row * WIDE_ROWS.min(rows) / rows.max(1);
        if due(row + 1) > due(row) {
            self.wide.push(vector, &watch.wide);
        }
    }
}

/// Sums over all batches, for every coordinate.
#[derive(Clone, Debug)]
pub(super) struct Moments {
    batches: u64,
    log_sum: Vec<f64>,
    nonzero: Vec<u64>,
    square_sum: Vec<f64>,
}

impl Moments {
    pub fn new(dim: usize) -> Self {
        Moments { batches: 0, log_sum: vec![0.0; dim], nonzero: vec![0; dim], square_sum: vec![0.0; dim] }
    }

    /// Adds one batch: its gradient and its noise.
    pub fn push(&mut self, gradient: &[f32], noise: &[f32]) {
        self.batches += 1;
        for (i, (&g, &x)) in gradient.iter().zip(noise).enumerate() {
            self.square_sum[i] += f64::from(g).powi(2);
            if x != 0.0 {
                self.log_sum[i] += f64::from(x).abs().ln();
                self.nonzero[i] += 1;
            }
        }
    }

    /// Mean of `log |noise|` over the batches where it is not zero; `None` if it is always zero.
    pub fn mean_log(&self, i: usize) -> Option<f64> {
        (self.nonzero[i] > 0).then(|| self.log_sum[i] / self.nonzero[i] as f64)
    }

    /// Share of batches without noise at coordinate `i`.
    pub fn zero_share(&self, i: usize) -> f64 {
        1.0 - self.nonzero[i] as f64 / self.batches.max(1) as f64
    }

    /// Mean of the squared gradient of a batch, the limit of Adam's `v`.
    pub fn second_moment(&self, i: usize) -> f64 {
        self.square_sum[i] / self.batches.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_is_watched_and_memory_is_bounded() {
        let layer = |range: Range<usize>| LayerRange { name: String::new(), range };
        let layers = [layer(0..1_000_000), layer(1_000_000..1_000_050), layer(1_000_050..1_002_000)];
        let watch = Watch::new(Seed(1), 1_002_000, &layers);
        for layer in &layers {
            let watched = watch.wide.iter().filter(|c| layer.range.contains(c)).count();
            assert!(watched >= 50 && watched >= PER_LAYER.min(layer.range.len()), "{watched}");
        }
        assert!(watch.wide.len() <= WIDE + 3 * PER_LAYER && watch.long.len() == LONG);
        assert_eq!(watch.pooled.iter().filter(|p| **p).count(), WIDE);
        let small = Watch::new(Seed(1), 50, &[layer(0..50)]);
        assert_eq!((small.wide.len(), small.long.len()), (50, 50));
    }

    #[test]
    fn tables_take_rows_and_give_columns() {
        let watch = Watch { wide: vec![0, 2], pooled: vec![true, false], long: vec![1] };
        let mut samples = Samples::default();
        for row in 0..50 {
            samples.push(&[row as f32, 10.0 * row as f32, -1.0], &watch, row, 50);
        }
        assert_eq!((samples.wide.rows(), samples.long.rows()), (50, 50));
        assert_eq!(samples.long.column(0).nth(49), Some(490.0));
        let pooled = samples.wide.pooled(|i| watch.pooled[i]);
        assert_eq!((pooled.len(), pooled[0], pooled[24]), (50, 0.0, 24.0));
    }

    #[test]
    fn moments_leave_zeros_out_of_logarithms() {
        let mut moments = Moments::new(2);
        moments.push(&[3.0, 0.0], &[2.0, 0.0]);
        moments.push(&[1.0, 0.0], &[0.0, 0.0]);
        assert_eq!((moments.mean_log(0), moments.mean_log(1)), (Some(2f64.ln()), None));
        assert_eq!((moments.zero_share(0), moments.second_moment(0)), (0.5, 5.0));
    }
}
