//! When positions are recorded, and where they are clipped.

use std::sync::Arc;

use crate::dynamics::{Dynamics, Problem};
use crate::noise::NoiseLaw;
use crate::scheme::SchemeError;

/// The scheme that follows paths around a minimum without an edge, and records their mean positions.
///
/// Along every axis the position is clipped at `c` on both sides of the minimum: the mean of the clipped position has an interval, that of the position
/// has none, because its variance is infinite for `α < 2`. `c` is `clip` times the scale at rest of a parabola with the curvature of the flatter side,
/// `ε s/(α k)^(1/α)` with the scale `s` of the axis' row of `Σ L_1`, whatever the optimiser.
///
/// For SGD as an equation and for all discrete optimisers, in a potential that is a sum of (asymmetric) parabolas over the axes, with SαS noise,
/// `α > 1`, or Gaussian noise. The domain of the basin has no meaning.
///
/// # Example
/// ```
/// use levy_escape::scheme::MeanPosition;
/// use levy_escape::theory::mean_at_rest;
/// use levy_escape::{Alpha, Asymmetric, Basin, Domain, Dynamics, LevyNoise, Problem, Seed, mean_position};
///
/// let basin = Basin::new(Asymmetric::new(vec![9.0], vec![1.0])?, Domain::interval(-1.0, 1.0))?;
/// let problem = Problem::new(basin, Dynamics::Sgd, LevyNoise::new(Alpha::new(1.5)?, 0.1)?)?;
/// let settings = MeanPosition::new(vec![8.0, 12.0, 16.0])?;
/// let sums = mean_position(&problem, &settings, 300, Seed(1))?;
/// let [mean, deviation] = sums.mean(0).unwrap();
/// let predicted = mean_at_rest(&problem, &settings.clips(&problem)?).unwrap()[0];
/// assert!(predicted.clipped > 0.0 && (mean - predicted.clipped).abs() < 4.5 * deviation);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MeanPosition {
    times: Arc<[f64]>,
    clip: f64,
}

impl MeanPosition {
    /// Default of the clip in stationary scales.
    pub const CLIP: f64 = 10.0;
    /// Largest number of times.
    pub const MOST_TIMES: usize = 1_000;
    /// Largest number of axes.
    pub const MOST_AXES: usize = 1_000;

    /// Positions at `times`, in ascending order; paths start at the minimum.
    ///
    /// # Errors
    /// [`SchemeError::MeanPosition`] unless there are 1 to 1,000 positive times in ascending order.
    pub fn new(times: Vec<f64>) -> Result<Self, SchemeError> {
        let ascends = times.windows(2).all(|pair| pair[0] < pair[1]);
        let fits = (1..=Self::MOST_TIMES).contains(&times.len()) && times.iter().all(|t| *t > 0.0 && t.is_finite());
        if !(ascends && fits) {
            return Err(SchemeError::MeanPosition(
                "a mean position needs 1 to 1,000 positive times in ascending order".to_owned(),
            ));
        }
        Ok(MeanPosition { times: times.into(), clip: Self::CLIP })
    }

    /// Sets where positions are clipped, in stationary scales.
    ///
    /// # Errors
    /// [`SchemeError::Setting`] unless `clip` is in `[0.1, 1000]`.
    pub fn with_clip(mut self, clip: f64) -> Result<Self, SchemeError> {
        if !(0.1..=1e3).contains(&clip) {
            return Err(SchemeError::Setting { name: "clip", value: clip, expected: "is outside [0.1, 1000]" });
        }
        self.clip = clip;
        Ok(self)
    }

    /// The recorded times.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// The clip in stationary scales.
    pub fn clip(&self) -> f64 {
        self.clip
    }

    /// The scale at rest of every axis, `ε s/(α k)^(1/α)` with the smaller curvature `k` of its two sides.
    ///
    /// # Errors
    /// [`SchemeError`] if the problem has no mean position.
    pub fn scales_at_rest(problem: &Problem) -> Result<Vec<f64>, SchemeError> {
        let [left, right] = curvatures(problem)?;
        let (noise, alpha) = (problem.noise(), problem.noise().alpha().get());
        let rows = noise.amplitude().row_scales(left.len(), alpha, noise.structure());
        let unit = noise.increment_scale(1.0);
        let scale = |((l, r), row): ((&f64, &f64), f64)| unit * row / (alpha * l.min(*r)).powf(1.0 / alpha);
        Ok(left.iter().zip(&right).zip(rows).map(scale).collect())
    }

    /// Where the positions along every axis are clipped.
    ///
    /// # Errors
    /// [`SchemeError`] if the problem has no mean position.
    pub fn clips(&self, problem: &Problem) -> Result<Vec<f64>, SchemeError> {
        Ok(Self::scales_at_rest(problem)?.into_iter().map(|scale| self.clip * scale).collect())
    }

    /// Refuses a problem whose paths have no mean position.
    pub(super) fn check_problem(problem: &Problem) -> Result<(), SchemeError> {
        let (law, alpha) = (problem.noise().law(), problem.noise().alpha().get());
        if !(law.is_stable() || *law == NoiseLaw::Gaussian) {
            return Err(SchemeError::Law {
                scheme: "mean_position", takes: "SαS and Gaussian noise", law: law.name()
            });
        }
        if !(alpha > 1.0) {
            return Err(SchemeError::NoMean { alpha });
        }
        let [left, right] = curvatures(problem)?;
        let steepest = left.iter().chain(&right).fold(0.0, |most: f64, k| most.max(*k));
        match problem.dynamics() {
            Dynamics::Adam(_) => Err(adams_equation()),
            Dynamics::SgdSteps(sgd) if sgd.is_plain() && !(sgd.eta() * steepest < 2.0) => {
                Err(SchemeError::Unstable { eta: sgd.eta(), curvature: steepest })
            }
            _ => Ok(()),
        }
    }
}

/// The error of Adam's equation, whose momentum no splitting of flow and noise integrates.
pub(super) fn adams_equation() -> SchemeError {
    SchemeError::MeanPosition(
        "mean positions are measured for SGD's equation, and for optimisers step by step".to_owned(),
    )
}

/// The curvatures on the two sides of every axis.
pub(super) fn curvatures(problem: &Problem) -> Result<[Vec<f64>; 2], SchemeError> {
    let basin = problem.basin();
    let Some([left, right]) = basin.potential().form().axis_curvatures(basin.dim()) else {
        return Err(SchemeError::MeanPosition(
            "mean positions are measured on separate axes, and this potential is no sum of parabolas over them"
                .to_owned(),
        ));
    };
    if left.len() > MeanPosition::MOST_AXES {
        return Err(SchemeError::MeanPosition(format!(
            "mean positions are measured along at most {} axes, not {}",
            MeanPosition::MOST_AXES,
            left.len()
        )));
    }
    if let Some(k) = left.iter().chain(&right).find(|k| !(**k > 0.0)) {
        return Err(SchemeError::MeanPosition(format!(
            "without a force nothing rests: the curvature {k} is not positive"
        )));
    }
    Ok([left, right])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_do_not_fit_are_refused() {
        for times in [vec![], vec![0.0], vec![2.0, 1.0], vec![1.0, f64::INFINITY], vec![f64::NAN]] {
            assert!(MeanPosition::new(times).is_err());
        }
        let settings = MeanPosition::new(vec![1.0]).unwrap();
        for clip in [0.0, -1.0, 1e4, f64::NAN] {
            assert!(settings.clone().with_clip(clip).is_err(), "{clip}");
        }
    }
}
