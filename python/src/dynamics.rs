//! The optimisers.

use levy_escape::dynamics::{
    AdagradSteps, AdamSteps, Clipping, DynamicsError, LionSteps, Momentum, RmspropSteps, Schedule, SgdSteps,
    StepSettings, WeightDecay,
};
use levy_escape::{Adam, LevyNoise, SecondMoment};
use numpy::PyReadonlyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::invalid;
use crate::landscape::vector;

/// The settings of every discrete optimiser: the bounds of clipping by norm and by value, weight decay, whether it is decoupled, and
/// the schedule with its steps and its factor or lowest rate.
type Settings = (Option<f64>, Option<f64>, f64, bool, Option<(String, u64, f64)>);

fn step_settings((norm, value, decay, decoupled, schedule): Settings) -> PyResult<StepSettings> {
    let mut settings = StepSettings::default();
    match (norm, value) {
        (Some(_), Some(_)) => return Err(PyValueError::new_err("pass either clip_norm or clip_value")),
        (Some(norm), None) => settings = settings.with_clipping(Clipping::Norm(norm)).map_err(invalid)?,
        (None, Some(value)) => settings = settings.with_clipping(Clipping::Value(value)).map_err(invalid)?,
        (None, None) => {}
    }
    let decay = if decoupled { WeightDecay::Decoupled(decay) } else { WeightDecay::L2(decay) };
    settings = settings.with_weight_decay(decay).map_err(invalid)?;
    let schedule = match schedule {
        None => return Ok(settings),
        Some((kind, every, factor)) if kind == "step" => Schedule::Step { every, factor },
        Some((kind, steps, lowest)) if kind == "cosine" => Schedule::Cosine { steps, lowest },
        Some((kind, ..)) => {
            let message = format!("the schedule {kind:?} is not one of 'step', 'cosine'");
            return Err(PyValueError::new_err(message));
        }
    };
    settings.with_schedule(schedule).map_err(invalid)
}

/// SGD or Adam as an equation, or an optimiser step by step.
#[pyclass(frozen, module = "levy_escape._native")]
pub struct Dynamics {
    inner: levy_escape::Dynamics,
    /// The learning rate at which Adam's second moment is that of the law of the noise, which only a problem knows.
    stable_at: Option<f64>,
}

impl From<levy_escape::Dynamics> for Dynamics {
    fn from(inner: levy_escape::Dynamics) -> Self {
        Dynamics { inner, stable_at: None }
    }
}

impl Dynamics {
    /// The dynamics under a noise in `dim` dimensions.
    pub fn under(&self, noise: &LevyNoise, dim: usize) -> Result<levy_escape::Dynamics, DynamicsError> {
        match (&self.inner, self.stable_at) {
            (levy_escape::Dynamics::Adam(adam), Some(eta)) => {
                adam.clone().with_stable_moment(noise, dim, eta).map(levy_escape::Dynamics::Adam)
            }
            (dynamics, _) => Ok(dynamics.clone()),
        }
    }
}

#[pymethods]
impl Dynamics {
    #[staticmethod]
    fn sgd() -> Self {
        levy_escape::Dynamics::Sgd.into()
    }

    /// Adam with the rates `β1`, `β2`, or with decays at a learning rate.
    #[staticmethod]
    fn adam(
        beta1: f64,
        beta2: f64,
        eta: Option<f64>,
        stabilizer: f64,
        second_moment: &str,
        gradient_noise: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<Self> {
        let adam = match eta {
            Some(eta) => Adam::from_decays(beta1, beta2, eta),
            None => Adam::new(beta1, beta2),
        };
        let second_moment = match second_moment {
            "frozen" => SecondMoment::Frozen,
            "mean_field" => SecondMoment::MeanField,
            "stable" => SecondMoment::Stable,
            "sampled" => SecondMoment::Sampled,
            other => {
                let known = "'frozen', 'mean_field', 'stable', 'sampled'";
                let message = format!("second_moment = {other:?} is not one of {known}");
                return Err(PyValueError::new_err(message));
            }
        };
        let mut adam = adam.and_then(|adam| adam.with_stabilizer(stabilizer)).map_err(invalid)?;
        adam = adam.with_second_moment(second_moment);
        if let Some(scales) = gradient_noise {
            adam = adam.with_gradient_noise(vector(&scales));
        }
        let stable_at = eta.filter(|_| second_moment == SecondMoment::Stable);
        if second_moment == SecondMoment::Stable && stable_at.is_none() {
            let message = "second_moment = \"stable\" is that of the steps: pass eta, with decays, in place of rates";
            return Err(PyValueError::new_err(message));
        }
        Ok(Dynamics { inner: levy_escape::Dynamics::Adam(adam), stable_at })
    }

    #[staticmethod]
    fn sgd_steps(eta: f64, momentum: f64, nesterov: bool, settings: Settings) -> PyResult<Self> {
        let settings = step_settings(settings)?;
        let sgd = SgdSteps::new(eta).and_then(|sgd| sgd.with_settings(settings)).map_err(invalid)?;
        let momentum = match (momentum == 0.0, nesterov) {
            (true, true) => return Err(PyValueError::new_err("nesterov needs a momentum")),
            (true, false) => return Ok(levy_escape::Dynamics::SgdSteps(sgd).into()),
            (false, true) => Momentum::Nesterov(momentum),
            (false, false) => Momentum::Classical(momentum),
        };
        Ok(levy_escape::Dynamics::SgdSteps(sgd.with_momentum(momentum).map_err(invalid)?).into())
    }

    #[staticmethod]
    fn adam_steps(
        eta: f64,
        beta1: f64,
        beta2: f64,
        stabilizer: f64,
        amsgrad: bool,
        settings: Settings,
    ) -> PyResult<Self> {
        let settings = step_settings(settings)?;
        let adam = AdamSteps::new(eta, beta1, beta2).and_then(|adam| adam.with_stabilizer(stabilizer));
        let adam = adam.and_then(|adam| adam.with_settings(settings)).map_err(invalid)?;
        Ok(levy_escape::Dynamics::AdamSteps(if amsgrad { adam.with_amsgrad() } else { adam }).into())
    }

    #[staticmethod]
    fn rmsprop_steps(eta: f64, decay: f64, stabilizer: f64, momentum: f64, settings: Settings) -> PyResult<Self> {
        let settings = step_settings(settings)?;
        let rmsprop = RmspropSteps::new(eta, decay).and_then(|rmsprop| rmsprop.with_stabilizer(stabilizer));
        let rmsprop = rmsprop.and_then(|rmsprop| rmsprop.with_momentum(momentum)?.with_settings(settings));
        Ok(levy_escape::Dynamics::RmspropSteps(rmsprop.map_err(invalid)?).into())
    }

    #[staticmethod]
    fn adagrad_steps(eta: f64, initial: f64, stabilizer: f64, settings: Settings) -> PyResult<Self> {
        let settings = step_settings(settings)?;
        let adagrad = AdagradSteps::new(eta).and_then(|adagrad| adagrad.with_initial(initial));
        let adagrad = adagrad.and_then(|adagrad| adagrad.with_stabilizer(stabilizer)?.with_settings(settings));
        Ok(levy_escape::Dynamics::AdagradSteps(adagrad.map_err(invalid)?).into())
    }

    #[staticmethod]
    fn lion_steps(eta: f64, beta1: f64, beta2: f64, settings: Settings) -> PyResult<Self> {
        let settings = step_settings(settings)?;
        let lion = LionSteps::new(eta, beta1, beta2).and_then(|lion| lion.with_settings(settings));
        Ok(levy_escape::Dynamics::LionSteps(lion.map_err(invalid)?).into())
    }

    /// `(β1, β2)` of Adam's equation, or the decays of its steps.
    #[getter]
    fn rates(&self) -> Option<[f64; 2]> {
        match &self.inner {
            levy_escape::Dynamics::Adam(adam) => Some([adam.beta1_rate(), adam.beta2_rate()]),
            levy_escape::Dynamics::AdamSteps(adam) => Some(adam.decays()),
            _ => None,
        }
    }

    /// Largest displacement of discrete Adam by one gradient spike.
    #[getter]
    fn spike_bound(&self) -> Option<f64> {
        match &self.inner {
            levy_escape::Dynamics::AdamSteps(adam) => Some(adam.spike_bound()),
            _ => None,
        }
    }
}
