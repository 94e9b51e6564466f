//! A quadratic "network" whose minibatch noise is the mean of `S` independent draws of a known law, so that every scale and exponent is known.

use std::f64::consts::SQRT_2;

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal, StudentT};

use super::scales::{Scales, varying};
use super::settings::ScalingSettings;
use super::study::{ExponentOf, MinimumScaling, Place, ScaleQuantity, StepRule};
use crate::calibrate::calibration::EULER;
use crate::calibrate::escape::{Activation, Landscape, MinimaSettings, Sizes};
use crate::calibrate::training::Optimiser;
use crate::noise::{Alpha, Seed, StableLaw, Stream};
use crate::scheme::StopFlag;
use crate::tail::Estimator;

const BATCHES: [usize; 4] = [1, 4, 16, 64];

#[derive(Clone, Copy, PartialEq)]
enum Law {
    Stable(f64),
    /// Three degrees of freedom.
    Student,
    Gaussian,
}

impl Law {
    fn draw(self, stream: &mut Stream) -> f64 {
        match self {
            Law::Stable(alpha) => StableLaw::new(Alpha::new(alpha).unwrap()).sample(stream),
            Law::Student => StudentT::new(3.0).unwrap().sample(stream),
            Law::Gaussian => stream.sample(StandardNormal),
        }
    }

    /// `E exp(i t ξ)`.
    fn characteristic(self, t: f64) -> f64 {
        match self {
            Law::Stable(alpha) => (-t.powf(alpha)).exp(),
            Law::Student => (1.0 + 3f64.sqrt() * t) * (-(3f64.sqrt()) * t).exp(),
            Law::Gaussian => (-0.5 * t * t).exp(),
        }
    }

    /// `E ln |ξ_S|` of the mean of `S` draws: `∫_0^∞ (1{t < 1} - φ(t/S)^S) dt/t - γ`, from `ln |x| = ∫_0^∞ (1{t < 1} - cos tx) dt/t - γ`, by the
    /// trapezoidal rule in `ln t`.
    fn mean_log(self, batch: usize) -> f64 {
        let (h, n) = (1e-3, 40_000);
        let of = |u: f64| self.characteristic(u.exp() / batch as f64).powi(batch as i32);
        let below: f64 = (0..n).map(|k| 1.0 - of(-h * (f64::from(k) + 0.5))).sum();
        let above: f64 = (0..n).map(|k| of(h * (f64::from(k) + 0.5))).sum();
        h * (below - above) - EULER
    }
}

struct Synthetic {
    law: Law,
    batch: usize,
    /// The noise is `1 + growth |x|²` times as large at `x`.
    growth: f64,
}

impl Landscape for Synthetic {
    fn gradient(&mut self, x: &[f64], stream: &mut Stream, out: &mut [f64]) {
        let factor = 1.0 + self.growth * x.iter().map(|x| x * x).sum::<f64>();
        for (g, x) in out.iter_mut().zip(x) {
            let sum: f64 = (0..self.batch).map(|_| self.law.draw(stream)).sum();
            *g = x + factor * sum / self.batch as f64;
        }
    }

    fn excess(&mut self, x: &[f64]) -> f64 {
        0.5 * x.iter().map(|x| x * x).sum::<f64>()
    }
}

const DIM: usize = 5;

fn settings(noise_batches: usize, radii: [f64; 2]) -> ScalingSettings {
    ScalingSettings {
        minima: MinimaSettings {
            count: 1,
            activation: Activation::Tanh,
            weight_decay: 1.0,
            tolerance: 1e-5,
            descent: 1,
        },
        batches: BATCHES.to_vec(),
        eta_factors: vec![0.5, 1.0, 2.0],
        noise_batches,
        estimator: Estimator::KOUTROUVELIS,
        runs: 100,
        max_steps: 100_000,
        radii: Sizes { from: radii[0], to: radii[1], count: 2 },
        paths: 20,
    }
}

fn measured(law: Law, growth: f64, settings: &ScalingSettings, optimiser: Optimiser) -> MinimumScaling {
    let (stop, optimisers) = (StopFlag::default(), [("sgd".to_owned(), optimiser)]);
    let place = Place { settings, optimisers: &optimisers, images: None, dim: DIM, key: Seed(5), stop: &stop };
    place.measure(1, &|batch| Synthetic { law, batch, growth }).unwrap().unwrap()
}

const SGD: Optimiser = Optimiser::Sgd { eta: 0.05, momentum: 0.0 };

/// The closed forms: `E ln |N(0, 1)| = -(γ + ln 2)/2`, and for SαS `γ (1/α - 1)`, with a mean of `S` draws smaller by `S^(1/α-1)`.
#[test]
fn the_integral_is_the_mean_of_the_logarithm() {
    assert!((Law::Gaussian.mean_log(1) + 0.5 * (EULER + 2f64.ln())).abs() < 1e-6);
    for batch in BATCHES {
        let exact = EULER * (1.0 / 1.5 - 1.0) + (1.0 / 1.5 - 1.0) * (batch as f64).ln();
        assert!((Law::Stable(1.5).mean_log(batch) - exact).abs() < 1e-5, "{batch}");
    }
}

/// Typical sizes of four batch sizes within 4.5 standard errors of the exact ones for three laws, 12 comparisons: false-positive rate 1e-4.
/// Power: the exact values of twice the batch are far outside.
#[test]
fn typical_sizes_are_those_of_the_law() {
    let settings = settings(4_000, [50.0, 60.0]);
    let settings = ScalingSettings { runs: 2, max_steps: 1, paths: 2, ..settings };
    for law in [Law::Stable(1.5), Law::Student, Law::Gaussian] {
        let found = measured(law, 0.0, &settings, SGD);
        for row in &found.sizes {
            assert_eq!((row.effective, row.varying), (row.batch as f64, DIM));
            let size = row.scales[0].unwrap();
            let error = (size.hi / size.lo).ln() / (2.0 * 1.96);
            let off = |law: Law, batch| (size.value.ln() - law.mean_log(batch)).abs() / error;
            assert!(off(law, row.batch) < 4.5, "{}: {size:?}", row.batch);
            assert!(off(law, 2 * row.batch) > 4.5, "{size:?}");
        }
        // The exponent of SαS noise is (1-α)/α, that of Gaussian noise -½; that of Student's t lies between, and its line is bent.
        let exponent = |quantity| {
            let found = found.exponents.iter().find(|e| e.of == ExponentOf::Scale(quantity)).unwrap();
            (found.fit.slope, found.fit.is_bent(), 4.5 * found.fit.standard_error)
        };
        assert_eq!(found.predicted(ExponentOf::Scale(ScaleQuantity::Rms)), [Some(-0.5); 3]);
        // A step of Adam is of the scale over the root of the mean square: `(S^((1-α)/α) S^½)^(-α)`.
        let batches = ExponentOf::StepsByBatch { rule: StepRule::Normalised, eta: 0.1, radius: 1.0 };
        let scales = found.predicted(ExponentOf::Scale(ScaleQuantity::Typical)).map(Option::unwrap);
        for (steps, scale) in found.predicted(batches).map(Option::unwrap).into_iter().zip(scales) {
            let alpha = 1.0 / (1.0 + scale);
            assert!((steps + alpha * (scale + 0.5)).abs() < 1e-12, "{steps} {scale} {alpha}");
        }
        let [gaussian, pooled, single] = found.predicted(ExponentOf::Scale(ScaleQuantity::Typical)).map(Option::unwrap);
        for quantity in [ScaleQuantity::Typical, ScaleQuantity::Norm] {
            let (slope, is_bent, error) = exponent(quantity);
            match law {
                Law::Stable(_) => {
                    assert!((slope.value + 1.0 / 3.0).abs() < error && slope.hi - gaussian > 3.0 * error, "{slope:?}");
                    assert!(
                        (pooled + 1.0 / 3.0).abs() < 0.02 && (single + 1.0 / 3.0).abs() < 0.02,
                        "{pooled} {single}"
                    );
                    assert!(!is_bent);
                }
                Law::Gaussian => {
                    assert!((slope.value + 0.5).abs() < error && !is_bent, "{slope:?}");
                    assert!((single + 0.5).abs() < 0.02, "{single}");
                }
                Law::Student => {
                    assert!(slope.value > -0.5 + error && slope.value < single - error, "{slope:?} {single}");
                }
            }
        }
        // The variance of a mean falls as 1/S where there is one.
        if law == Law::Gaussian {
            let (slope, _, error) = exponent(ScaleQuantity::Rms);
            assert!((slope.value + 0.5).abs() < error, "{slope:?}");
        }
    }
}

/// SαS noise of α = 1.5 and balls that one jump leaves: Γ ~ S^(α-1) η^-α; the line of each radius within 4.5 standard errors and .1, since the ball is
/// 20 to 25 times as large as the fluctuations only. Diffusion would give 1 and -2. 14 fits: false-positive rate 1e-4.
#[test]
fn steps_out_of_large_balls_have_the_exponents_of_one_jump() {
    let settings = ScalingSettings { batches: vec![1, 2, 4], runs: 200, paths: 2, ..settings(3_000, [5.0, 6.0]) };
    let found = measured(Law::Stable(1.5), 0.0, &settings, SGD);
    let mut fits = 0;
    for exponent in &found.exponents {
        let [gaussian, _, _] = found.predicted(exponent.of).map(Option::unwrap);
        let exact = match exponent.of {
            ExponentOf::Scale(_) => continue,
            ExponentOf::StepsByBatch { .. } => 0.5,
            ExponentOf::StepsByEta { .. } => -1.5,
        };
        let (slope, error) = (exponent.fit.slope.value, 4.5 * exponent.fit.standard_error);
        assert!((slope - exact).abs() < error + 0.1, "{exponent:?}");
        fits += usize::from((slope - gaussian).abs() > error + 0.1);
    }
    // Power: the same bound excludes the exponents of diffusion for most lines.
    assert!(fits > 6, "{fits}");
}

/// The same noise everywhere has ratios of 1 within 4.5 standard errors of 20 paths; noise that is `1 + |x|²/4` times as large does not, and its ratio
/// at a ball of radius `r` is near `1 + r²/4`: a step is about .2 long.
#[test]
fn noise_on_the_way_out_is_compared_with_that_at_the_minimum() {
    let settings = ScalingSettings { runs: 2, batches: vec![1], ..settings(2_000, [1.0, 1.1]) };
    let sgd = Optimiser::Sgd { eta: 0.1, momentum: 0.0 };
    let ratio = |growth: f64| {
        let found = measured(Law::Gaussian, growth, &settings, sgd);
        let row = found.distances.iter().find(|row| row.radius == 1.0).unwrap();
        assert_eq!(row.paths, 20);
        row.ratios.map(Option::unwrap)
    };
    for ratio in ratio(0.0) {
        let error = 4.5 / 1.96 * (ratio.hi / ratio.lo).ln() / 2.0;
        // The noise at the minimum is one sample for all paths.
        assert!(ratio.value.ln().abs() < error + 4.5 / (2.0 * 10_000f64).sqrt(), "{ratio:?}");
    }
    for ratio in ratio(0.25) {
        assert!(ratio.lo > 1.2 && ratio.hi < 1.5, "{ratio:?}");
    }
}

/// Two rows of two entries by hand.
#[test]
fn scales_are_those_of_the_rows() {
    let rows = [3.0, 4.0, 6.0, 8.0];
    let scales = Scales::of(&rows, 2, &[0, 1]);
    let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-12;
    assert!(near(scales.rms.value, (125.0 / 4.0f64).sqrt()) && near(scales.norm.value, 5.0 * SQRT_2));
    assert!(near(scales.typical.unwrap().value, (3.0 * 4.0 * 6.0 * 8.0f64).powf(0.25)));
    assert_eq!(Scales::of(&rows, 2, &[]).typical, None);
}

/// A batch that was drawn twice removes no parameter; one that is the same in different batches does not vary.
#[test]
fn repeated_batches_remove_no_parameter() {
    assert_eq!(varying(&[1.0, 2.0, 1.0, 3.0, 4.0, 5.0], 2), [1]);
    assert_eq!(varying(&[1.0, 2.0, 0.0, 3.0, 4.0, 0.0, 1.0, 2.0, 0.0], 3), [0, 1]);
    assert!(varying(&[1.0, 2.0, 1.0, 2.0], 2).is_empty());
}
