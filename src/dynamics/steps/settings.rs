//! The settings that every discrete optimiser takes.

use std::fmt;

use super::clipping::Clipping;
use super::schedule::Schedule;
use crate::dynamics::error::DynamicsError;

/// Weight decay with the coefficient `w`. It pulls the parameters to the origin `θ = 0`, wherever the minimum is.
///
/// # References
/// - Loshchilov, Hutter (2019), *Decoupled Weight Decay Regularization*, algorithms 1 and 2.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum WeightDecay {
    /// `g ← g + w θ`, the gradient of the penalty `½ w |θ|²`, after clipping.
    L2(f64),
    /// `θ ← (1 - η_k w) θ` before the step, as in AdamW and Lion.
    Decoupled(f64),
}

impl WeightDecay {
    /// The coefficient `w`.
    pub fn coefficient(&self) -> f64 {
        match *self {
            WeightDecay::L2(coefficient) | WeightDecay::Decoupled(coefficient) => coefficient,
        }
    }

    pub(super) fn apply(&self, theta: &mut [f64], gradient: &mut [f64], eta: f64) {
        match *self {
            WeightDecay::L2(w) => gradient.iter_mut().zip(theta).for_each(|(g, x)| *g += w * *x),
            WeightDecay::Decoupled(w) => theta.iter_mut().for_each(|x| *x *= 1.0 - eta * w),
        }
    }
}

/// Clipping, weight decay and the schedule of a discrete optimiser; none by default.
///
/// # Example
/// ```
/// use levy_escape::dynamics::{AdamSteps, Clipping, Schedule, StepSettings, WeightDecay};
///
/// let settings = StepSettings::default()
///     .with_clipping(Clipping::Norm(1.0))?
///     .with_weight_decay(WeightDecay::Decoupled(0.01))?
///     .with_schedule(Schedule::Cosine { steps: 1000, lowest: 0.0 })?;
/// let adamw = AdamSteps::new(1e-3, 0.9, 0.999)?.with_settings(settings)?;
/// assert_eq!(adamw.settings().schedule().rate(1e-3, 500), 5e-4);
/// # Ok::<(), levy_escape::dynamics::DynamicsError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepSettings {
    clipping: Option<Clipping>,
    weight_decay: Option<WeightDecay>,
    schedule: Schedule,
}

impl StepSettings {
    /// Sets the clipping of the gradient.
    ///
    /// # Errors
    /// [`DynamicsError::ClippingBound`] unless the bound is positive and finite.
    pub fn with_clipping(mut self, clipping: Clipping) -> Result<Self, DynamicsError> {
        let bound = clipping.bound();
        if !(bound > 0.0 && bound.is_finite()) {
            return Err(DynamicsError::ClippingBound { bound });
        }
        self.clipping = Some(clipping);
        Ok(self)
    }

    /// Sets the weight decay.
    ///
    /// # Errors
    /// [`DynamicsError::WeightDecay`] unless the coefficient is finite and not negative. 0 is no weight decay.
    pub fn with_weight_decay(mut self, decay: WeightDecay) -> Result<Self, DynamicsError> {
        let coefficient = decay.coefficient();
        if !(coefficient >= 0.0 && coefficient.is_finite()) {
            return Err(DynamicsError::WeightDecay { coefficient });
        }
        self.weight_decay = Some(decay).filter(|_| coefficient > 0.0);
        Ok(self)
    }

    /// Sets the schedule of the learning rate.
    ///
    /// # Errors
    /// [`DynamicsError::ScheduleSteps`] for a number of steps that is 0 or above 2⁵³, [`DynamicsError::ScheduleFactor`] for a factor
    /// outside (0, 1], [`DynamicsError::LowestRate`] for a lowest learning rate that is negative or not finite.
    pub fn with_schedule(mut self, schedule: Schedule) -> Result<Self, DynamicsError> {
        let steps = |steps: u64| {
            if (1..=1 << 53).contains(&steps) { Ok(()) } else { Err(DynamicsError::ScheduleSteps { steps }) }
        };
        match schedule {
            Schedule::Constant => {}
            Schedule::Step { every, factor } => {
                steps(every)?;
                if !(factor > 0.0 && factor <= 1.0) {
                    return Err(DynamicsError::ScheduleFactor { factor });
                }
            }
            Schedule::Cosine { steps: length, lowest } => {
                steps(length)?;
                if !(lowest >= 0.0 && lowest.is_finite()) {
                    return Err(DynamicsError::LowestRate { lowest, eta: f64::INFINITY });
                }
            }
        }
        self.schedule = schedule;
        Ok(self)
    }

    /// Clipping, if there is any.
    pub fn clipping(&self) -> Option<Clipping> {
        self.clipping
    }

    /// Weight decay, if there is any.
    pub fn weight_decay(&self) -> Option<WeightDecay> {
        self.weight_decay
    }

    /// The schedule of the learning rate.
    pub fn schedule(&self) -> Schedule {
        self.schedule
    }

    /// Refuses a lowest learning rate above the base learning rate.
    pub(super) fn check(self, eta: f64) -> Result<Self, DynamicsError> {
        match self.schedule {
            Schedule::Cosine { lowest, .. } if lowest > eta => Err(DynamicsError::LowestRate { lowest, eta }),
            _ => Ok(self),
        }
    }
}

/// Each setting after a comma; nothing for none.
impl fmt::Display for StepSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(clipping) = self.clipping {
            write!(f, ", {clipping}")?;
        }
        match self.weight_decay {
            Some(WeightDecay::L2(w)) => write!(f, ", L2 weight decay {w}")?,
            Some(WeightDecay::Decoupled(w)) => write!(f, ", decoupled weight decay {w}")?,
            None => {}
        }
        if self.schedule != Schedule::Constant {
            write!(f, ", {}", self.schedule)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::SgdSteps;

    #[test]
    fn settings_without_meaning_are_refused() {
        let settings = StepSettings::default();
        for bound in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(settings.with_clipping(Clipping::Norm(bound)).is_err(), "{bound}");
            assert!(settings.with_clipping(Clipping::Value(bound)).is_err(), "{bound}");
        }
        assert!(settings.with_weight_decay(WeightDecay::L2(-1.0)).is_err());
        assert!(settings.with_weight_decay(WeightDecay::Decoupled(f64::NAN)).is_err());
        for (every, factor) in [(0, 0.5), (u64::MAX, 0.5), (1, 0.0), (1, 1.5), (1, f64::NAN)] {
            assert!(settings.with_schedule(Schedule::Step { every, factor }).is_err(), "{every} {factor}");
        }
        for (steps, lowest) in [(0, 0.0), (1, -0.1), (1, f64::NAN)] {
            assert!(settings.with_schedule(Schedule::Cosine { steps, lowest }).is_err(), "{steps} {lowest}");
        }
        let cosine = settings.with_schedule(Schedule::Cosine { steps: 5, lowest: 0.2 }).unwrap();
        assert!(SgdSteps::new(0.1).unwrap().with_settings(cosine).is_err(), "the lowest rate is above η");
        assert!(SgdSteps::new(0.2).unwrap().with_settings(cosine).is_ok());
        let none = settings.with_weight_decay(WeightDecay::L2(0.0)).unwrap();
        assert_eq!(none, settings);
    }
}
