//! `[[dynamics]]`: SGD or Adam, as equations or as steps, each with its own noise if given.

use super::basin::read_label;
use super::calibration::{names_calibration, read_gradient_sizes};
use super::noise::{AmplitudeSection, Level, read_alpha, read_amplitude, read_level};
use super::sweep::Sweep;
use crate::dynamics::{Adam, AdamSteps, Dynamics, DynamicsError, SecondMoment, SgdSteps};
use crate::experiment::toml::diagnostic::{Diagnostic, Span};
use crate::experiment::toml::reader::{TableReader, Value};
use crate::noise::Alpha;

/// A rate of Adam as it is given.
#[derive(Clone, Copy, Debug)]
enum Rate {
    /// Per unit of the SDE's time.
    PerTime(f64),
    /// Decay per step; needs `η`.
    Decay(f64),
}

#[derive(Clone, Copy)]
enum DynamicsKind {
    Sgd,
    Adam,
    SgdSteps,
    AdamSteps,
}

impl DynamicsKind {
    /// Every kind by its name in the file.
    const NAMED: [(&str, DynamicsKind); 4] = [
        (DynamicsKind::Sgd.name(), DynamicsKind::Sgd),
        (DynamicsKind::Adam.name(), DynamicsKind::Adam),
        (DynamicsKind::SgdSteps.name(), DynamicsKind::SgdSteps),
        (DynamicsKind::AdamSteps.name(), DynamicsKind::AdamSteps),
    ];

    const fn name(self) -> &'static str {
        match self {
            DynamicsKind::Sgd => "sgd",
            DynamicsKind::Adam => "adam",
            DynamicsKind::SgdSteps => "sgd_steps",
            DynamicsKind::AdamSteps => "adam_steps",
        }
    }
}

#[derive(Clone, Copy)]
enum RateKind {
    Rate,
    Decay,
}

#[derive(Clone, Debug)]
enum OptimiserSection {
    Sgd,
    Adam { beta1: Rate, beta2: Rate, stabilizer: f64, second_moment: SecondMoment, gradient_noise: Option<Vec<f64>> },
    SgdSteps,
    AdamSteps { beta1: Rate, beta2: Rate, stabilizer: f64 },
}

/// One entry.
#[derive(Clone, Debug)]
pub(in crate::experiment) struct DynamicsSection {
    pub label: String,
    optimiser: OptimiserSection,
    pub alpha: Option<Sweep<Alpha>>,
    pub level: Option<Sweep<Level>>,
    pub amplitude: Option<Sweep<AmplitudeSection>>,
    pub span: Span,
}

impl DynamicsSection {
    /// Whether it is a discrete optimiser, which needs no scheme.
    pub fn is_discrete(&self) -> bool {
        matches!(self.optimiser, OptimiserSection::SgdSteps | OptimiserSection::AdamSteps { .. })
    }

    /// The dynamics at learning rate `eta`, if one is given.
    ///
    /// # Errors
    /// The diagnostic of a setting that is out of range, or that needs a learning rate.
    pub fn at(&self, eta: Option<f64>) -> Result<Dynamics, Diagnostic> {
        let known = |kind: &str| {
            let missing = || Diagnostic::new(self.span.clone(), format!("`{kind}` needs a learning rate"));
            eta.ok_or_else(|| missing().help("give `eta` in place of `epsilon`, here or under [noise]"))
        };
        let refuse = |error: DynamicsError| Diagnostic::new(self.span.clone(), error.to_string());
        match &self.optimiser {
            OptimiserSection::Sgd => Ok(Dynamics::Sgd),
            OptimiserSection::SgdSteps => Ok(Dynamics::SgdSteps(SgdSteps::new(known("sgd_steps")?).map_err(refuse)?)),
            OptimiserSection::AdamSteps { beta1, beta2, stabilizer } => {
                let eta = known("adam_steps")?;
                let decay = |rate: &Rate| match *rate {
                    Rate::PerTime(rate) => (-rate * eta).exp(),
                    Rate::Decay(decay) => decay,
                };
                let adam = AdamSteps::new(eta, decay(beta1), decay(beta2));
                let adam = adam.and_then(|adam| adam.with_stabilizer(*stabilizer)).map_err(refuse)?;
                Ok(Dynamics::AdamSteps(adam))
            }
            OptimiserSection::Adam { beta1, beta2, stabilizer, second_moment, gradient_noise } => {
                let rate = |rate: &Rate, name: &str| match (*rate, eta) {
                    (Rate::PerTime(rate), _) => Ok(rate),
                    (Rate::Decay(decay), Some(eta)) => Ok(-decay.ln() / eta),
                    (Rate::Decay(_), None) => {
                        Err(Diagnostic::new(self.span.clone(), format!("the decay `{name}` needs a learning rate"))
                            .help(format!("give `eta` in place of `epsilon`, or `{name}_rate` per unit of time")))
                    }
                };
                let adam = Adam::new(rate(beta1, "beta1")?, rate(beta2, "beta2")?)
                    .and_then(|adam| adam.with_stabilizer(*stabilizer))
                    .map_err(refuse)?
                    .with_second_moment(*second_moment);
                Ok(Dynamics::Adam(match gradient_noise {
                    Some(scales) => adam.with_gradient_noise(scales.clone()),
                    None => adam,
                }))
            }
        }
    }
}

/// Reads one entry; its label is its `name`, or the name of its kind.
pub(in crate::experiment) fn read(value: Value<'_>) -> Option<DynamicsSection> {
    let table = value.table()?;
    let before = value.reading.diagnostics.count();
    let name = table.get("name").map(read_label);
    let which = table.one_of("a dynamics", &DynamicsKind::NAMED);
    let alpha = read_alpha(&table);
    let level = read_level(&table);
    let amplitude = read_amplitude(&table);
    table.finish();
    let (kind, settings) = which?;
    let settings_table = settings.table()?;
    let optimiser = match kind {
        DynamicsKind::Adam => read_adam(settings_table),
        DynamicsKind::AdamSteps => read_adam_steps(settings_table),
        DynamicsKind::Sgd => {
            settings_table.finish();
            Some(OptimiserSection::Sgd)
        }
        DynamicsKind::SgdSteps => {
            settings_table.finish();
            Some(OptimiserSection::SgdSteps)
        }
    };
    let label = match name {
        Some(name) => name?,
        None => kind.name().to_string(),
    };
    if value.reading.diagnostics.count() > before {
        return None;
    }
    Some(DynamicsSection {
        label,
        optimiser: optimiser?,
        alpha: alpha?,
        level: level?,
        amplitude: amplitude?,
        span: settings.node.span.clone(),
    })
}

fn read_adam(table: TableReader<'_>) -> Option<OptimiserSection> {
    let beta1 = read_rate(&table, "beta1_rate", "beta1", ZeroDecay::NoRate);
    let beta2 = read_rate(&table, "beta2_rate", "beta2", ZeroDecay::NoRate);
    let stabilizer = table.get("stabilizer").map_or(Some(1e-8), |s| s.number());
    let moments =
        [("mean_field", SecondMoment::MeanField), ("frozen", SecondMoment::Frozen), ("sampled", SecondMoment::Sampled)];
    let second_moment = table.get("second_moment").map_or(Some(SecondMoment::default()), |m| m.word(&moments));
    let gradient_noise =
        table.get("gradient_noise").map(|g| if names_calibration(g) { read_gradient_sizes(g) } else { g.numbers() });
    table.finish();
    let second_moment = second_moment?;
    let gradient_noise = match gradient_noise {
        Some(scales) => Some(scales?),
        None => None,
    };
    Some(OptimiserSection::Adam {
        beta1: beta1?,
        beta2: beta2?,
        stabilizer: stabilizer?,
        second_moment,
        gradient_noise,
    })
}

fn read_adam_steps(table: TableReader<'_>) -> Option<OptimiserSection> {
    let beta1 = read_rate(&table, "beta1_rate", "beta1", ZeroDecay::NoMemory);
    let beta2 = read_rate(&table, "beta2_rate", "beta2", ZeroDecay::SignSteps);
    let stabilizer = table.get("stabilizer").map_or(Some(1e-8), |s| s.positive());
    table.finish();
    Some(OptimiserSection::AdamSteps { beta1: beta1?, beta2: beta2?, stabilizer: stabilizer? })
}

/// What a decay of 0 means.
#[derive(Clone, Copy)]
enum ZeroDecay {
    /// No momentum: the average is the present gradient.
    NoMemory,
    /// Steps of one size; refused.
    SignSteps,
    /// An infinite rate of the SDE; refused.
    NoRate,
}

fn read_rate(table: &TableReader<'_>, rate: &'static str, decay: &'static str, zero: ZeroDecay) -> Option<Rate> {
    let (kind, value) = table.one_of("adam", &[(rate, RateKind::Rate), (decay, RateKind::Decay)])?;
    if matches!(kind, RateKind::Rate) {
        return value.positive().map(Rate::PerTime);
    }
    let number = value.number()?;
    let (range, help) = match zero {
        ZeroDecay::NoMemory if number == 0.0 => return Some(Rate::Decay(0.0)),
        ZeroDecay::NoRate if number == 0.0 => {
            ("(0, 1)", "the SDE has no limit without memory; `adam_steps` takes `beta1 = 0`".into())
        }
        ZeroDecay::NoMemory => ("[0, 1)", format!("use `{rate}` for a rate per unit of time")),
        ZeroDecay::SignSteps | ZeroDecay::NoRate => ("(0, 1)", format!("use `{rate}` for a rate per unit of time")),
    };
    if number > 0.0 && number < 1.0 {
        return Some(Rate::Decay(number));
    }
    value.report_with_help(format!("the decay `{decay}` must lie inside {range}, not {number}"), help);
    None
}
