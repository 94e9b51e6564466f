//! # Theorem 2: the escape sets of SGD and Adam
//!
//! The paper argues by volume: the complement of `W_ADAM` is `Σ⁻¹QΩ`, that of `W_SGD` is `Σ⁻¹Ω`, so their volumes differ by the
//! factor `det Q`. The escape time depends instead on the Radon measure of `W`, that is, on the widths of the basin along the
//! noise axes. This file computes both. They agree if `det Q` is far from 1 and all axes are equal; they disagree if
//! `det Q = 1` and the axes have different widths.
//!
//! # References
//! - Zhou et al. (2020), theorem 2 and its remark.

use serde::Serialize;

use super::{Prediction, TheoryError};
use crate::dynamics::{Dynamics, Problem};

/// The volume argument's claim about Adam compared with SGD.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VolumeClaim {
    /// `det Q > 1`: the complement of `W_ADAM` is larger, so the argument claims that Adam escapes later.
    AdamLater,
    /// `det Q = 1`: the volumes are equal and the argument makes no claim.
    Nothing,
    /// `det Q < 1`: the argument claims that Adam escapes earlier.
    AdamEarlier,
}

/// SGD and Adam in one basin under one noise.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// `log det Q*`: logarithm of the ratio of the complements' volumes, Adam to SGD.
    pub log_det_q: f64,
    /// Largest entry of `Q*` divided by the smallest.
    pub anisotropy: f64,
    /// Volume of the complement of `W_SGD`, `vol(Ω)/|det Σ|`; `None` for a singular `Σ`.
    pub complement_sgd: Option<f64>,
    complement_adam: Option<f64>,
    /// Prediction for SGD.
    pub sgd: Prediction,
    /// Prediction for Adam.
    pub adam: Prediction,
}

impl Comparison {
    /// Tolerance for equality: the usual stabilizer `ϵ = 10⁻⁸` changes `Q` by far less.
    pub const TIE: f64 = 1e-4;

    /// Compares SGD with the Adam of `problem`.
    ///
    /// # Errors
    /// [`TheoryError`] if either has no prediction.
    pub fn of(problem: &Problem) -> Result<Self, TheoryError> {
        Self::between(&problem.with_dynamics(Dynamics::Sgd), problem)
    }

    /// Compares SGD in `sgd` with Adam in `adam`, which may have another noise: tail index, level and amplitude.
    ///
    /// # Errors
    /// [`TheoryError`] if either has no prediction.
    pub fn between(sgd: &Problem, adam: &Problem) -> Result<Self, TheoryError> {
        let (of_sgd, of_adam) = (Prediction::of(sgd)?, Prediction::of(adam)?);
        let log_det_q = of_adam.preconditioner.log_determinant();
        let complement = |problem: &Problem| {
            let log_sigma = problem.noise().amplitude().log_determinant(problem.basin().dim());
            log_sigma.is_finite().then(|| (problem.basin().volume().value.ln() - log_sigma).exp())
        };
        Ok(Comparison {
            log_det_q,
            anisotropy: of_adam.preconditioner.anisotropy(),
            complement_sgd: complement(sgd),
            complement_adam: complement(adam).map(|volume| volume * log_det_q.exp()),
            sgd: of_sgd,
            adam: of_adam,
        })
    }

    /// Predicted `Γ_ADAM/Γ_SGD = λ_SGD/λ_ADAM`, under one noise `m(W_SGD)/m(W_ADAM)`.
    pub fn predicted_ratio(&self) -> f64 {
        self.sgd.rate / self.adam.rate
    }

    /// Volume of the complement of `W_ADAM`; under one noise `det Q` times that of `W_SGD`.
    pub fn complement_adam(&self) -> Option<f64> {
        self.complement_adam
    }

    /// Whether `det Q` is 1 within [`Comparison::TIE`].
    pub fn volumes_tie(&self) -> bool {
        self.log_det_q.abs() <= Self::TIE
    }

    /// Whether the entries of `Q` are equal within [`Comparison::TIE`].
    pub fn is_isotropic(&self) -> bool {
        self.anisotropy <= 1.0 + Self::TIE
    }

    /// The claim of the volume argument.
    pub fn volume_claim(&self) -> VolumeClaim {
        if self.volumes_tie() {
            VolumeClaim::Nothing
        } else if self.log_det_q > 0.0 {
            VolumeClaim::AdamLater
        } else {
            VolumeClaim::AdamEarlier
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::Adam;
    use crate::landscape::{Basin, Domain, Quadratic};
    use crate::noise::{Alpha, Amplitude, LevyNoise};

    fn comparison(sigma: Vec<f64>) -> Comparison {
        let basin = Basin::new(Quadratic::new(vec![1.0; sigma.len()]).unwrap(), Domain::ball(1.0)).unwrap();
        let noise = LevyNoise::new(Alpha::new(1.5).unwrap(), 0.01).unwrap().with_amplitude(Amplitude::Diagonal(sigma));
        let adam = Adam::new(1.0, 0.1).unwrap().with_stabilizer(0.0).unwrap();
        Comparison::of(&Problem::new(basin, Dynamics::Adam(adam), noise).unwrap()).unwrap()
    }

    #[test]
    fn three_regimes_and_the_effect_of_anisotropy() {
        let slow = comparison(vec![2.0, 2.0]);
        assert_eq!(slow.volume_claim(), VolumeClaim::AdamLater);
        assert!((slow.predicted_ratio() - 2f64.powf(1.5)).abs() < 1e-12);
        let fast = comparison(vec![0.5, 0.5]);
        assert_eq!(fast.volume_claim(), VolumeClaim::AdamEarlier);
        assert!((fast.predicted_ratio() - 0.5f64.powf(1.5)).abs() < 1e-12);
        // det Q = 1: the volumes are equal, but the escape times differ.
        let tie = comparison(vec![4.0, 0.25]);
        assert_eq!(tie.volume_claim(), VolumeClaim::Nothing);
        assert!((tie.predicted_ratio() - (4f64.powf(1.5) + 0.25f64.powf(1.5)) / 2.0).abs() < 1e-12);
        assert!((tie.anisotropy - 16.0).abs() < 1e-12);
        // Complements: the disc under Σ⁻¹, and det Q times that.
        for c in [&slow, &fast, &tie] {
            let sgd = c.complement_sgd.unwrap();
            assert!((c.complement_adam().unwrap() / std::f64::consts::PI - 1.0).abs() < 1e-12);
            assert!((sgd * c.log_det_q.exp() / std::f64::consts::PI - 1.0).abs() < 1e-12);
        }
    }
}
