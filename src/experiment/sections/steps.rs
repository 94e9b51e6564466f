//! The discrete optimisers of `[[dynamics]]`: `sgd_steps`, `adam_steps`, `rmsprop_steps`, `adagrad_steps`, `lion_steps`.

use super::rate::{Rate, ZeroDecay, read_rate};
use crate::dynamics::{
    AdagradSteps, AdamSteps, Clipping, Dynamics, DynamicsError, LionSteps, Momentum, RmspropSteps, Schedule, SgdSteps,
    StepSettings, WeightDecay,
};
use crate::experiment::toml::reader::{TableReader, Value};

/// A discrete optimiser, whose learning rate is not known yet.
#[derive(Clone, Debug)]
pub(super) struct StepsSection {
    optimiser: StepsOptimiser,
    settings: StepSettings,
}

#[derive(Clone, Debug)]
enum StepsOptimiser {
    Sgd { momentum: Option<Momentum> },
    Adam { beta1: Rate, beta2: Rate, stabilizer: f64, amsgrad: bool },
    Rmsprop { decay: Rate, stabilizer: f64, momentum: f64 },
    Adagrad { initial: f64, stabilizer: f64 },
    Lion { beta1: Rate, beta2: Rate },
}

/// A discrete optimiser by its name in the file.
#[derive(Clone, Copy)]
pub(super) enum StepsKind {
    Sgd,
    Adam,
    Rmsprop,
    Adagrad,
    Lion,
}

impl StepsKind {
    pub const fn name(self) -> &'static str {
        match self {
            StepsKind::Sgd => "sgd_steps",
            StepsKind::Adam => "adam_steps",
            StepsKind::Rmsprop => "rmsprop_steps",
            StepsKind::Adagrad => "adagrad_steps",
            StepsKind::Lion => "lion_steps",
        }
    }

    /// Reads the table of this optimiser.
    pub fn read(self, table: TableReader<'_>) -> Option<StepsSection> {
        let optimiser = self.read_optimiser(&table);
        let settings = self.read_settings(&table);
        table.finish();
        Some(StepsSection { optimiser: optimiser?, settings: settings? })
    }

    fn read_optimiser(self, table: &TableReader<'_>) -> Option<StepsOptimiser> {
        let rate = |keys, zero| read_rate(table, self.name(), keys, zero);
        let (first, second) = (["beta1_rate", "beta1"], ["beta2_rate", "beta2"]);
        let stabilizer = |default| table.get("stabilizer").map_or(Some(default), |s| s.positive());
        match self {
            StepsKind::Sgd => Some(StepsOptimiser::Sgd { momentum: read_sgd_momentum(table)? }),
            StepsKind::Adam => {
                let (beta1, beta2) = (rate(first, ZeroDecay::NoMemory), rate(second, ZeroDecay::SignSteps));
                let (stabilizer, amsgrad) = (stabilizer(1e-8), read_flag(table, "amsgrad"));
                Some(StepsOptimiser::Adam { beta1: beta1?, beta2: beta2?, stabilizer: stabilizer?, amsgrad: amsgrad? })
            }
            StepsKind::Rmsprop => {
                let decay = rate(["decay_rate", "decay"], ZeroDecay::SignSteps);
                let (stabilizer, momentum) = (stabilizer(1e-8), read_momentum(table));
                Some(StepsOptimiser::Rmsprop { decay: decay?, stabilizer: stabilizer?, momentum: momentum? })
            }
            StepsKind::Adagrad => {
                let (initial, stabilizer) = (read_not_negative(table, "initial"), stabilizer(1e-10));
                Some(StepsOptimiser::Adagrad { initial: initial?, stabilizer: stabilizer? })
            }
            StepsKind::Lion => {
                let (beta1, beta2) = (rate(first, ZeroDecay::NoMemory), rate(second, ZeroDecay::NoMemory));
                Some(StepsOptimiser::Lion { beta1: beta1?, beta2: beta2? })
            }
        }
    }

    fn read_settings(self, table: &TableReader<'_>) -> Option<StepSettings> {
        let clipping = read_clipping(table);
        let weight_decay = self.read_weight_decay(table);
        let schedule = table.get("schedule").map(|value| (value, read_schedule(value)));
        let mut settings = StepSettings::default();
        if let Some((value, clipping)) = clipping? {
            settings = value.check(settings.with_clipping(clipping))?;
        }
        if let Some((value, decay)) = weight_decay? {
            settings = value.check(settings.with_weight_decay(decay))?;
        }
        if let Some((value, schedule)) = schedule {
            settings = value.check(settings.with_schedule(schedule?))?;
        }
        Some(settings)
    }

    /// The weight decay, if there is one. That of Lion is decoupled.
    fn read_weight_decay<'t>(self, table: &TableReader<'t>) -> Option<Option<(Value<'t>, WeightDecay)>> {
        let value = table.get("weight_decay");
        let coefficient = read_not_negative(table, "weight_decay");
        let flag = if matches!(self, StepsKind::Lion) { None } else { table.get("decoupled") };
        let decoupled = flag.map_or(Some(matches!(self, StepsKind::Lion)), |flag| flag.flag());
        let decay = if decoupled? { WeightDecay::Decoupled } else { WeightDecay::L2 };
        let Some(value) = value else {
            if let Some(flag) = flag {
                flag.report_with_help("`decoupled` needs a weight decay", "add `weight_decay = 0.01`");
                return None;
            }
            return Some(None);
        };
        Some(Some((value, decay(coefficient?))))
    }
}

/// The bound by which gradients are clipped, if there is one.
fn read_clipping<'t>(table: &TableReader<'t>) -> Option<Option<(Value<'t>, Clipping)>> {
    match (table.get("clip_norm"), table.get("clip_value")) {
        (Some(_), Some(value)) => {
            value.report_with_help("give either `clip_norm` or `clip_value`", "remove one of them");
            None
        }
        (Some(value), None) => Some(Some((value, Clipping::Norm(value.positive()?)))),
        (None, Some(value)) => Some(Some((value, Clipping::Value(value.positive()?)))),
        (None, None) => Some(None),
    }
}

fn read_schedule(value: Value<'_>) -> Option<Schedule> {
    #[derive(Clone, Copy)]
    enum Kind {
        Step,
        Cosine,
    }
    let steps = |value: Value<'_>| value.integer(1, 1 << 53);
    let table = value.table()?;
    let which = table.one_of("a schedule", &[("step", Kind::Step), ("cosine", Kind::Cosine)]);
    table.finish();
    let (kind, value) = which?;
    let table = value.table()?;
    match kind {
        Kind::Step => {
            let (every, factor) = (table.need("every", "1000"), table.need("factor", "0.5"));
            table.finish();
            let factor = factor.and_then(|value| {
                let factor = value.number()?;
                if !(factor > 0.0 && factor <= 1.0) {
                    let message = format!("`factor` must lie inside (0, 1], not {factor}");
                    value.report_with_help(message, "give the factor of the learning rate after `every` steps");
                    return None;
                }
                Some(factor)
            });
            Some(Schedule::Step { every: every.and_then(steps)?, factor: factor? })
        }
        Kind::Cosine => {
            let length = table.need("steps", "1000");
            let lowest = read_not_negative(&table, "lowest");
            table.finish();
            Some(Schedule::Cosine { steps: length.and_then(steps)?, lowest: lowest? })
        }
    }
}

/// The momentum of SGD: none for 0.
fn read_sgd_momentum(table: &TableReader<'_>) -> Option<Option<Momentum>> {
    let momentum = read_momentum(table);
    let nesterov = read_flag(table, "nesterov");
    let (momentum, nesterov) = (momentum?, nesterov?);
    if nesterov && momentum == 0.0 {
        if let Some(flag) = table.get("nesterov") {
            flag.report_with_help("`nesterov` needs a momentum", "add `momentum = 0.9`");
        }
        return None;
    }
    let kind = if nesterov { Momentum::Nesterov } else { Momentum::Classical };
    Some((momentum > 0.0).then(|| kind(momentum)))
}

/// A momentum in [0, 1); 0 by default.
fn read_momentum(table: &TableReader<'_>) -> Option<f64> {
    let Some(value) = table.get("momentum") else { return Some(0.0) };
    let momentum = value.number()?;
    if !(0.0..1.0).contains(&momentum) {
        let message = format!("`momentum` must lie inside [0, 1), not {momentum}");
        value.report_with_help(message, "give the share of the last step that is kept, for instance 0.9");
        return None;
    }
    Some(momentum)
}

/// A finite number that is not negative; 0 by default.
fn read_not_negative(table: &TableReader<'_>, key: &'static str) -> Option<f64> {
    let Some(value) = table.get(key) else { return Some(0.0) };
    let number = value.number()?;
    if number < 0.0 {
        value.report(format!("`{key}` must not be negative, not {number}"));
        return None;
    }
    Some(number)
}

/// A flag; false by default.
fn read_flag(table: &TableReader<'_>, key: &'static str) -> Option<bool> {
    table.get(key).map_or(Some(false), |value| value.flag())
}

impl StepsSection {
    /// The name of the optimiser in the file.
    pub fn name(&self) -> &'static str {
        match self.optimiser {
            StepsOptimiser::Sgd { .. } => StepsKind::Sgd.name(),
            StepsOptimiser::Adam { .. } => StepsKind::Adam.name(),
            StepsOptimiser::Rmsprop { .. } => StepsKind::Rmsprop.name(),
            StepsOptimiser::Adagrad { .. } => StepsKind::Adagrad.name(),
            StepsOptimiser::Lion { .. } => StepsKind::Lion.name(),
        }
    }

    /// Whether the steps shrink to 0: a sum or the largest of heavy-tailed squares grows for ever.
    pub fn vanish(&self) -> bool {
        matches!(self.optimiser, StepsOptimiser::Adagrad { .. } | StepsOptimiser::Adam { amsgrad: true, .. })
            || matches!(self.settings.schedule(), Schedule::Step { factor, .. } if factor < 1.0)
    }

    /// The optimiser at the learning rate `eta`.
    ///
    /// # Errors
    /// [`DynamicsError`] for a setting that is out of range at this learning rate.
    pub fn at(&self, eta: f64) -> Result<Dynamics, DynamicsError> {
        let settings = self.settings;
        match &self.optimiser {
            StepsOptimiser::Sgd { momentum } => {
                let sgd = SgdSteps::new(eta)?.with_settings(settings)?;
                Ok(Dynamics::SgdSteps(match momentum {
                    Some(momentum) => sgd.with_momentum(*momentum)?,
                    None => sgd,
                }))
            }
            StepsOptimiser::Adam { beta1, beta2, stabilizer, amsgrad } => {
                let adam = AdamSteps::new(eta, beta1.decay(eta), beta2.decay(eta))?;
                let adam = adam.with_stabilizer(*stabilizer)?.with_settings(settings)?;
                Ok(Dynamics::AdamSteps(if *amsgrad { adam.with_amsgrad() } else { adam }))
            }
            StepsOptimiser::Rmsprop { decay, stabilizer, momentum } => {
                let rmsprop = RmspropSteps::new(eta, decay.decay(eta))?.with_stabilizer(*stabilizer)?;
                Ok(Dynamics::RmspropSteps(rmsprop.with_momentum(*momentum)?.with_settings(settings)?))
            }
            StepsOptimiser::Adagrad { initial, stabilizer } => {
                let adagrad = AdagradSteps::new(eta)?.with_initial(*initial)?.with_stabilizer(*stabilizer)?;
                Ok(Dynamics::AdagradSteps(adagrad.with_settings(settings)?))
            }
            StepsOptimiser::Lion { beta1, beta2 } => {
                let lion = LionSteps::new(eta, beta1.decay(eta), beta2.decay(eta))?;
                Ok(Dynamics::LionSteps(lion.with_settings(settings)?))
            }
        }
    }
}
