//! Mean first-passage times of many runs, and the mean that Theorem 1 predicts.

use super::hessian::Quadratic;
use super::noise::NoiseSample;
use super::sets::{Nested, SetKind};
use super::walk::{Passage, Run};
use crate::calibrate::training::Optimiser;
use crate::exit::Estimate;
use crate::noise::{Alpha, LevyMeasure, Measure};

/// Half-width of a 95 % interval in standard errors.
const Z: f64 = 1.96;

/// Mean steps to leave a set by model; `None` where not every run left it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prediction {
    /// Quadratic, independent SαS noise of the measured index.
    pub stable: Option<f64>,
    /// Quadratic, independent SαS noise of the Gaussian surrogate's index.
    pub surrogate: Option<f64>,
    /// Quadratic, Gaussian noise of the measured covariance.
    pub gaussian: Option<f64>,
    /// Quadratic, measured noise vectors.
    pub empirical: Option<f64>,
    /// `1/λ`; `None` at `α = 2`.
    pub formula: Option<f64>,
}

/// The passages of one set.
#[derive(Clone, Debug, PartialEq)]
pub struct EscapeRow {
    /// Shape of the set.
    pub set: SetKind,
    /// Its size.
    pub size: f64,
    /// Runs.
    pub runs: usize,
    /// Steps of the runs that left it, in the order of the runs.
    pub steps: Vec<f64>,
    /// Mean steps with a 95 % interval; `None` if a run was censored. The times have no known law, least of all an exponential one, by which the
    /// mean of a censored sample could be estimated.
    pub mean: Option<Estimate>,
    /// Mean steps of the first half of the runs: how far the mean depends on their number. `None` where `mean` is.
    pub half: Option<f64>,
    /// Standard deviation over mean; `None` if a run was censored, or fewer than two left.
    pub variation: Option<f64>,
    /// Share of the exits whose last step alone is longer than half the size; `None` for level sets.
    pub one_step_share: Option<f64>,
    /// `d log Γ / d log size` between the neighbouring sizes; `None` if one of them has no mean.
    pub slope: Option<f64>,
    /// Mean over the runs of the longest step up to the exit.
    pub largest_step: Option<f64>,
    /// Mean of `F - F*` at the exit; `None` for boxes.
    pub excess: Option<f64>,
    /// The predictions.
    pub predicted: Prediction,
}

/// The rows of one family of sets.
pub(super) fn rows(runs: &[Run], family: usize, nested: &Nested) -> Vec<EscapeRow> {
    let mut rows: Vec<EscapeRow> =
        nested.sizes.iter().enumerate().map(|(i, &size)| row(runs, family, nested.kind, i, size)).collect();
    for i in 0..rows.len() {
        let (below, above) = (i.saturating_sub(1), (i + 1).min(rows.len() - 1));
        let mean = |i: usize| rows[i].mean.map(|mean| (rows[i].size.ln(), mean.value.ln()));
        rows[i].slope = match (mean(below), mean(above), rows[i].mean) {
            (Some(a), Some(b), Some(_)) if below < above => Some((b.1 - a.1) / (b.0 - a.0)),
            _ => None,
        };
    }
    rows
}

fn row(runs: &[Run], family: usize, set: SetKind, i: usize, size: f64) -> EscapeRow {
    let passages: Vec<&Passage> = runs.iter().filter_map(|run| run.passages[family].get(i)).collect();
    let steps: Vec<f64> = passages.iter().map(|p| p.step as f64).collect();
    let average = |of: &dyn Fn(&Passage) -> Option<f64>| {
        let values: Option<Vec<f64>> = passages.iter().map(|p| of(p)).collect();
        values.filter(|v| !v.is_empty()).map(|v| average_of(&v))
    };
    let one_step = |p: &Passage| p.last.map(|last| f64::from(u8::from(last > 0.5 * size)));
    let mean = (steps.len() == runs.len()).then(|| mean_steps(&steps)).flatten();
    EscapeRow {
        set,
        size,
        runs: runs.len(),
        mean: mean.map(|(mean, _)| mean),
        half: mean.map(|_| average_of(&steps[..steps.len().div_ceil(2)])),
        variation: mean.map(|(_, variation)| variation),
        one_step_share: average(&one_step),
        slope: None,
        largest_step: average(&|p| Some(p.largest)),
        excess: average(&|p| p.excess),
        predicted: Prediction::default(),
        steps,
    }
}

fn average_of(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Mean and coefficient of variation of at least two times.
pub(in crate::calibrate) fn mean_steps(steps: &[f64]) -> Option<(Estimate, f64)> {
    let n = steps.len() as f64;
    if steps.len() < 2 {
        return None;
    }
    let mean = average_of(steps);
    let variance = steps.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / (n - 1.0);
    Some((Estimate::symmetric(mean, Z * (variance / n).sqrt()), variance.sqrt() / mean))
}

/// Mean steps to leave each set.
pub(super) fn means(runs: &[Run], family: usize, nested: &Nested) -> Vec<Option<f64>> {
    rows(runs, family, nested).iter().map(|row| row.mean.map(|mean| mean.value)).collect()
}

/// `1/λ` in steps, for independent SαS noise of scales `s_i` and one large jump: a jump of `ξ_i` moves `x_i` by `κ_i ξ_i`, with `κ = η` for SGD,
/// `η/(1 - μ)` with momentum, and `η/(√E[g_i²] + ϵ)` for Adam, so that `λ = Σ_i ν(|y| > r_i/(κ_i s_i))` with `r_i` the distance to the boundary
/// along the axis: the size of a ball or box, `√(2h/H_ii)` for a level.
///
/// # References
/// - Zhou et al. (2020), theorem 1, with the Lévy measure on the axes.
pub(super) fn formula(
    noise: &NoiseSample,
    optimiser: Optimiser,
    quadratic: &Quadratic,
    nested: &Nested,
) -> Vec<Option<f64>> {
    let alpha: Alpha = noise.alpha[0];
    let measure = LevyMeasure::new(alpha, Measure::Standard).ok().filter(|_| !alpha.is_gaussian());
    let scales = noise.scales(alpha);
    let reach = |i: usize| match optimiser {
        Optimiser::Sgd { eta, momentum } => eta / (1.0 - momentum),
        Optimiser::Adam { eta, stabilizer, .. } => eta / (noise.second_moment[i].sqrt() + stabilizer),
    };
    let rate = |size: f64| {
        let measure = measure?;
        let axis = |(i, scale): (usize, &f64)| {
            let distance = match nested.kind {
                SetKind::Ball | SetKind::Box => size,
                SetKind::Level if quadratic.diagonal[i] > 0.0 => (2.0 * size / quadratic.diagonal[i]).sqrt(),
                SetKind::Level => return 0.0,
            };
            if *scale > 0.0 { measure.tail_mass(distance / (reach(i) * scale)) } else { 0.0 }
        };
        let rate: f64 = scales.iter().enumerate().map(axis).sum();
        (rate > 0.0).then_some(1.0 / rate)
    };
    nested.sizes.iter().map(|&size| rate(size)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::EmpiricalNoise;

    /// The sums by hand, for two parameters with noise and one without.
    #[test]
    fn the_formula_is_the_sum_over_the_axes() {
        let alpha = Alpha::new(1.5).unwrap();
        let noise = NoiseSample {
            dim: 3,
            vectors: EmpiricalNoise::new(3, vec![1.0; 6]).unwrap(),
            second_moment: vec![4.0, 9.0, 1.0],
            mean_log: vec![0.3, -0.8, f64::NEG_INFINITY],
            alpha: [alpha, Alpha::GAUSSIAN],
        };
        let quadratic = Quadratic::diagonal(vec![2.0, 0.5, 1.0]);
        let scales = noise.scales(alpha);
        assert_eq!(scales[2], 0.0);
        // (2c/α) = .398942 at α = 1.5.
        let mass = |distance: f64| LevyMeasure::new(alpha, Measure::Standard).unwrap().tail_mass(distance);
        assert!((mass(1.0) - 2.0 * 0.29921 / 1.5).abs() < 1e-5);
        let (sgd, momentum) = (Optimiser::Sgd { eta: 0.1, momentum: 0.0 }, Optimiser::Sgd { eta: 0.1, momentum: 0.75 });
        let adam = Optimiser::Adam { eta: 0.1, beta1: 0.9, beta2: 0.99, stabilizer: 0.5 };
        for (optimiser, reach) in [(sgd, [0.1, 0.1]), (momentum, [0.4, 0.4]), (adam, [0.1 / 2.5, 0.1 / 3.5])] {
            for (kind, size, distances) in
                [(SetKind::Ball, 0.7, [0.7, 0.7]), (SetKind::Box, 0.7, [0.7, 0.7]), (SetKind::Level, 0.09, [0.3, 0.6])]
            {
                let rate: f64 = (0..2).map(|i| mass(distances[i] / (reach[i] * scales[i]))).sum();
                let found = formula(&noise, optimiser, &quadratic, &Nested { kind, sizes: vec![size] });
                assert!((found[0].unwrap() * rate - 1.0).abs() < 1e-12, "{optimiser:?} {kind:?}");
            }
        }
    }

    /// A censored run leaves no mean; the mean and variation of complete ones are those of the sample.
    #[test]
    fn censored_runs_leave_no_mean() {
        let passage = |step| Passage { step, last: Some(1.0), largest: 1.0, excess: None };
        let run = |steps: &[u64]| Run {
            passages: vec![steps.iter().map(|step| passage(*step)).collect()],
            steps: 100,
            stopped: false,
        };
        let nested = Nested { kind: SetKind::Ball, sizes: vec![0.5, 1.0, 2.0] };
        let rows = rows(&[run(&[1, 10, 50]), run(&[3, 30]), run(&[2, 20, 80])], 0, &nested);
        let means: Vec<Option<f64>> = rows.iter().map(|row| row.mean.map(|mean| mean.value)).collect();
        assert_eq!(means, [Some(2.0), Some(20.0), None]);
        assert_eq!((rows[2].steps.len(), rows[2].variation, rows[1].variation), (2, None, Some(0.5)));
        let halves: Vec<Option<f64>> = rows.iter().map(|row| row.half).collect();
        assert_eq!((halves, &rows[1].steps[..]), (vec![Some(2.0), Some(20.0), None], &[10.0, 30.0, 20.0][..]));
        // Towards the size without a mean there is no slope.
        assert!((rows[0].slope.unwrap() - 10f64.ln() / 2f64.ln()).abs() < 1e-12 && rows[1].slope.is_none());
    }
}
