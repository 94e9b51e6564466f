//! # Measures of the flatness of a basin
//!
//! Measures that the literature holds against generalisation, each turned so that a larger value means flatter, beside the one that theorem 1
//! predicts to order the escape times.
//!
//! # References
//! - Hochreiter, Schmidhuber (1997), *Flat Minima*, Neural Computation 9: the volume.
//! - Keskar et al. (2017), *On Large-Batch Training for Deep Learning: Generalization Gap and Sharp Minima*, ICLR: the sharpness.
//! - Zhou et al. (2020): the Radon measure of the escape set.

use nalgebra::DMatrix;

use super::prediction::Prediction;
use crate::dynamics::Problem;
use crate::noise::Amplitude;

/// Half the width of Keskar's box for a parameter of size 0: `ε (|θ_i| + 1)` with their `ε`.
const BOX: f64 = 1e-3;

/// A measure of flatness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlatnessMeasure {
    /// `1/tr H`.
    Trace,
    /// `1/λ_max(H)`.
    TopEigenvalue,
    /// The inverse of Keskar's sharpness `100 max (F(θ*+y) - F(θ*)) / (1 + F(θ*))` over the box `|y_i| <= 10⁻³ (|θ*_i| + 1)`.
    Sharpness,
    /// `vol(Ω)^(1/d)`.
    Volume,
    /// `(Σ r_i±^-α)^(-1/α)` with the lengths `r_i±` from the minimum to the edge along `±Σe_i`.
    AxisWidth,
    /// `m(W)^(-1/α)` of the escape set.
    RadonMeasure,
}

impl FlatnessMeasure {
    /// All measures.
    pub const ALL: [FlatnessMeasure; 6] = [
        FlatnessMeasure::Trace,
        FlatnessMeasure::TopEigenvalue,
        FlatnessMeasure::Sharpness,
        FlatnessMeasure::Volume,
        FlatnessMeasure::AxisWidth,
        FlatnessMeasure::RadonMeasure,
    ];

    /// Name in files.
    pub fn name(self) -> &'static str {
        match self {
            FlatnessMeasure::Trace => "trace",
            FlatnessMeasure::TopEigenvalue => "top_eigenvalue",
            FlatnessMeasure::Sharpness => "sharpness",
            FlatnessMeasure::Volume => "volume",
            FlatnessMeasure::AxisWidth => "axis_width",
            FlatnessMeasure::RadonMeasure => "radon_measure",
        }
    }

    /// Every measure of a problem in the order of [`FlatnessMeasure::ALL`]; larger is flatter. The prediction is that of the problem, and the
    /// volume that of its domain. `None` if one of them is not positive and finite, or if the noise has no Radon measure.
    pub fn of(problem: &Problem, prediction: &Prediction, volume: f64) -> Option<[f64; 6]> {
        let basin = problem.basin();
        let hessian = basin.potential().hessian(basin.minimum());
        let top = hessian.clone().symmetric_eigen();
        let level = basin.potential().value(basin.minimum());
        let alpha = problem.noise().alpha().get();
        let measures = [
            1.0 / hessian.trace(),
            1.0 / top.eigenvalues.max(),
            (1.0 + level) / (100.0 * highest_rise(&hessian, &top.eigenvectors, basin.minimum())),
            volume.powf(1.0 / basin.dim() as f64),
            axis_width(problem),
            prediction.radon_measure?.powf(-1.0 / alpha),
        ];
        measures.iter().all(|m| *m > 0.0 && m.is_finite()).then_some(measures)
    }
}

/// Largest `½ yᵀHy` over Keskar's box. A convex function is largest at a corner; the search starts at the corners nearest the eigenvectors and
/// changes single signs while that helps. For large matrices this is a lower bound, as is the local search of Keskar et al.
fn highest_rise(hessian: &DMatrix<f64>, eigenvectors: &DMatrix<f64>, minimum: &[f64]) -> f64 {
    let dim = hessian.nrows();
    let sides: Vec<f64> = minimum.iter().map(|x| BOX * (x.abs() + 1.0)).collect();
    let scaled = DMatrix::from_fn(dim, dim, |i, j| sides[i] * hessian[(i, j)] * sides[j]);
    let climb = |start: usize| {
        let mut signs = eigenvectors.column(start).map(f64::signum);
        loop {
            let pull = &scaled * &signs;
            // Another sign of `i` changes `sᵀAs` by `-4 s_i (As)_i + 4 A_ii`.
            let gain = |i: usize| scaled[(i, i)] - signs[i] * pull[i];
            let best = (0..dim).map(|i| (gain(i), i)).max_by(|a, b| a.0.total_cmp(&b.0));
            match best.filter(|(gain, _)| *gain > 1e-12 * scaled.amax()) {
                Some((_, i)) => signs[i] = -signs[i],
                None => return 0.5 * signs.dot(&pull),
            }
        }
    };
    (0..dim).map(climb).fold(0.0, f64::max)
}

fn axis_width(problem: &Problem) -> f64 {
    let (basin, alpha) = (problem.basin(), problem.noise().alpha().get());
    let sigma = match problem.noise().amplitude() {
        Amplitude::Scalar(_) => DMatrix::identity(basin.dim(), basin.dim()),
        amplitude => amplitude.to_matrix(basin.dim()),
    };
    let axes = sigma.column_iter().filter(|column| column.norm() > 0.0);
    let rate = |axis: nalgebra::DVectorView<'_, f64>| {
        let ahead = axis.normalize();
        let side = |direction: &[f64]| basin.exit_distance(direction).powf(-alpha);
        side(ahead.as_slice()) + side((-&ahead).as_slice())
    };
    axes.map(rate).sum::<f64>().powf(-1.0 / alpha)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::Dynamics;
    use crate::landscape::{Basin, Domain, Quadratic};
    use crate::noise::{Alpha, LevyNoise, Seed};
    use crate::theory::{RandomBasins, RandomDomain};

    /// The search finds the best corner of all `2^d` in at least 95 of 100 random problems of up to 10 dimensions, and never claims more.
    #[test]
    fn the_highest_corner_is_found() {
        let domain = RandomDomain::Level([1.0, 2.0]);
        let family = RandomBasins { dims: vec![2, 4, 7, 10], curvature: [0.01, 100.0], domain, seed: Seed(21) };
        let mut found = 0;
        for number in 0..100 {
            let hessian = family.basin(number).hessian;
            let dim = hessian.nrows();
            let minimum: Vec<f64> = (0..dim).map(|i| i as f64 * 0.3 - 1.0).collect();
            let corner = |bits: u32| {
                let side = |i: usize| BOX * (minimum[i].abs() + 1.0) * if bits >> i & 1 == 0 { 1.0 } else { -1.0 };
                let y = nalgebra::DVector::from_fn(dim, |i, _| side(i));
                0.5 * y.dot(&(&hessian * &y))
            };
            let best = (0..1u32 << dim).map(corner).fold(0.0, f64::max);
            let rise = highest_rise(&hessian, &hessian.clone().symmetric_eigen().eigenvectors, &minimum);
            assert!(rise <= best * (1.0 + 1e-12));
            found += u32::from(rise >= best * (1.0 - 1e-12));
        }
        assert!(found >= 95, "{found}");
    }

    /// By hand for `H = diag(4, 1)` and the level 2: half axes 1 and 2.
    #[test]
    fn measures_of_an_ellipse() {
        let basin = Basin::new(Quadratic::new(vec![4.0, 1.0]).unwrap(), Domain::Level { height: 2.0 }).unwrap();
        let noise = LevyNoise::new(Alpha::new(1.5).unwrap(), 0.01).unwrap().with_amplitude(Amplitude::Scalar(3.0));
        let problem = Problem::new(basin, Dynamics::Sgd, noise).unwrap();
        let prediction = Prediction::of(&problem).unwrap();
        let volume = problem.basin().volume().value;
        let measures = FlatnessMeasure::of(&problem, &prediction, volume).unwrap();
        let sum: f64 = 2.0 * (1.0 + 2f64.powf(-1.5));
        let expected = [
            0.2,
            0.25,
            1.0 / (100.0 * 0.5 * 5e-6),
            (2.0 * std::f64::consts::PI).sqrt(),
            sum.powf(-1.0 / 1.5),
            (0.5 * sum * 3f64.powf(1.5)).powf(-1.0 / 1.5),
        ];
        for (measure, expected) in measures.into_iter().zip(expected) {
            assert!((measure / expected - 1.0).abs() < 1e-9, "{measures:?}");
        }
    }
}
