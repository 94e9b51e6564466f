//! Magnitudes on a grid of their logarithms, for likelihoods that are evaluated often.

/// Weights at steps of [`STEP`] in `log|x|`. An entry is divided between the two neighbouring points so that its `log|x|` is preserved.
///
/// The error of the mean of a function `g` of `log|x|` is at most `max|g''|/32768`, and a third less on average. For a stable log density of α < 2 it is
/// below 4e-5, and nearly equal for all neighbouring α, so that it does not move the maximum of a likelihood: see the test.
#[derive(Clone, Debug)]
pub struct LogGrid {
    start: f64,
    weights: Vec<f64>,
    n: usize,
}

const STEP: f64 = 1.0 / 64.0;
/// At `e^-14` of the median all log densities are constant; smaller entries are moved to that point.
const DEPTH: f64 = 14.0;

impl LogGrid {
    /// The grid of the magnitudes `|x| > 0` with the given median.
    pub fn new(magnitudes: impl Iterator<Item = f64> + Clone, median: f64) -> Self {
        let start = median.ln() - DEPTH;
        let largest = magnitudes.clone().fold(median, f64::max).ln();
        let mut weights = vec![0.0; ((largest - start) / STEP) as usize + 2];
        let mut n = 0;
        for x in magnitudes {
            let place = ((x.ln() - start) / STEP).max(0.0);
            let cell = (place as usize).min(weights.len() - 2);
            let share = place - cell as f64;
            weights[cell] += 1.0 - share;
            weights[cell + 1] += share;
            n += 1;
        }
        LogGrid { start, weights, n }
    }

    /// Entries on the grid.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Mean of `g(log|x|)` over the entries.
    pub fn mean(&self, g: impl Fn(f64) -> f64) -> f64 {
        let filled = self.weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
        filled.map(|(i, weight)| weight * g(self.start + STEP * i as f64)).sum::<f64>() / self.n as f64
    }

    /// Largest mean log likelihood over the scale, by Newton's method from `start`, and the logarithm of that scale, for
    /// a law whose log density at `e^u` is `g(u)` at scale 1.
    pub fn best_scale(&self, start: f64, g: impl Fn(f64) -> f64) -> (f64, f64) {
        const STEP: f64 = 1e-3;
        let mean = |scale: f64| self.mean(|u| g(u - scale)) - scale;
        let mut scale = start;
        for _ in 0..50 {
            let [below, here, above] = [-STEP, 0.0, STEP].map(|step| mean(scale + step));
            let (slope, bend) = ((above - below) / (2.0 * STEP), (above - 2.0 * here + below) / (STEP * STEP));
            let step = if bend < 0.0 { -slope / bend } else { slope };
            scale += step.clamp(-1.0, 1.0);
            if step.abs() < 1e-7 {
                break;
            }
        }
        (mean(scale), scale)
    }
}
