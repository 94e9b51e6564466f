//! `[[dynamics]]`: SGD or Adam, as equations or as steps, each with a noise of its own if it wants one.

use super::basin::read_label;
use super::calibration::{names_calibration, read_gradient_sizes};
use super::noise::{AmplitudeSection, Level, Swept, read_alpha, read_amplitude, read_level};
use crate::dynamics::{Adam, AdamSteps, Dynamics, DynamicsError, SecondMoment, SgdSteps};
use crate::experiment::toml::diagnostics::{Finding, Span};
use crate::experiment::toml::reader::{TableReader, Value};
use crate::noise::Alpha;

/// A rate of Adam as it was given.
#[derive(Clone, Copy, Debug)]
enum Rate {
    /// Per unit of the SDE's time.
    PerTime(f64),
    /// Decay per step; needs `η`.
    Decay(f64),
}

/// Names of the kinds in the file, in the order of [`Optimiser`].
const KINDS: [&str; 4] = ["sgd", "adam", "sgd_steps", "adam_steps"];

#[derive(Clone, Debug)]
enum Optimiser {
    Sgd,
    Adam { beta1: Rate, beta2: Rate, stabilizer: f64, second_moment: SecondMoment, gradient_noise: Option<Vec<f64>> },
    SgdSteps,
    AdamSteps { beta1: Rate, beta2: Rate, stabilizer: f64 },
}

/// One entry.
#[derive(Clone, Debug)]
pub(in crate::experiment) struct DynamicsSection {
    pub label: String,
    optimiser: Optimiser,
    pub alpha: Option<Swept<Alpha>>,
    pub level: Option<Swept<Level>>,
    pub amplitude: Option<Swept<AmplitudeSection>>,
    pub span: Span,
}

impl DynamicsSection {
    /// Whether it goes step by step, which takes no scheme.
    pub fn is_discrete(&self) -> bool {
        matches!(self.optimiser, Optimiser::SgdSteps | Optimiser::AdamSteps { .. })
    }

    /// The dynamics at learning rate `eta`, if that is known.
    pub fn at(&self, eta: Option<f64>) -> Result<Dynamics, Finding> {
        let known = |kind: &str| {
            let finding = || Finding::new(self.span.clone(), format!("`{kind}` needs a learning rate"));
            eta.ok_or_else(|| finding().help("give `eta` in place of `epsilon`, here or under [noise]"))
        };
        let refuse = |error: DynamicsError| Finding::new(self.span.clone(), error.to_string());
        match &self.optimiser {
            Optimiser::Sgd => Ok(Dynamics::Sgd),
            Optimiser::SgdSteps => Ok(Dynamics::SgdSteps(SgdSteps::new(known("sgd_steps")?).map_err(refuse)?)),
            Optimiser::AdamSteps { beta1, beta2, stabilizer } => {
                let eta = known("adam_steps")?;
                let decay = |rate: &Rate| match *rate {
                    Rate::PerTime(rate) => (-rate * eta).exp(),
                    Rate::Decay(decay) => decay,
                };
                let adam = AdamSteps::new(eta, decay(beta1), decay(beta2));
                let adam = adam.and_then(|adam| adam.with_stabilizer(*stabilizer)).map_err(refuse)?;
                Ok(Dynamics::AdamSteps(adam))
            }
            Optimiser::Adam { beta1, beta2, stabilizer, second_moment, gradient_noise } => {
                let rate = |rate: &Rate, name: &str| match (*rate, eta) {
                    (Rate::PerTime(rate), _) => Ok(rate),
                    (Rate::Decay(decay), Some(eta)) => Ok(-decay.ln() / eta),
                    (Rate::Decay(_), None) => {
                        Err(Finding::new(self.span.clone(), format!("the decay `{name}` needs a learning rate"))
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

/// Reads one entry; the label is its `name`, or what it is.
pub(in crate::experiment) fn read(value: Value<'_>) -> Option<DynamicsSection> {
    let table = value.table()?;
    let before = value.findings.len();
    let name = table.get("name").map(read_label);
    let which = table.one_of("a dynamics", &KINDS);
    let alpha = read_alpha(&table);
    let level = read_level(&table);
    let amplitude = read_amplitude(&table);
    table.finish();
    let (kind, settings) = which?;
    let settings_table = settings.table()?;
    let optimiser = match KINDS[kind] {
        "adam" => read_adam(settings_table),
        "adam_steps" => read_adam_steps(settings_table),
        steps => {
            settings_table.finish();
            Some(if steps == "sgd" { Optimiser::Sgd } else { Optimiser::SgdSteps })
        }
    };
    let label = match name {
        Some(name) => name?,
        None => KINDS[kind].to_string(),
    };
    if value.findings.len() > before {
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

fn read_adam(table: TableReader<'_>) -> Option<Optimiser> {
    let beta1 = read_rate(&table, "beta1_rate", "beta1");
    let beta2 = read_rate(&table, "beta2_rate", "beta2");
    let stabilizer = table.get("stabilizer").map_or(Some(1e-8), |s| s.number());
    let moments = ["mean_field", "frozen", "sampled"];
    let moment = table.get("second_moment").map_or(Some(0), |m| m.word(&moments));
    let gradient_noise =
        table.get("gradient_noise").map(|g| if names_calibration(g) { read_gradient_sizes(g) } else { g.numbers() });
    table.finish();
    let second_moment = match moment? {
        0 => SecondMoment::MeanField,
        1 => SecondMoment::Frozen,
        _ => SecondMoment::Sampled,
    };
    let gradient_noise = match gradient_noise {
        Some(scales) => Some(scales?),
        None => None,
    };
    Some(Optimiser::Adam { beta1: beta1?, beta2: beta2?, stabilizer: stabilizer?, second_moment, gradient_noise })
}

fn read_adam_steps(table: TableReader<'_>) -> Option<Optimiser> {
    let beta1 = read_rate(&table, "beta1_rate", "beta1");
    let beta2 = read_rate(&table, "beta2_rate", "beta2");
    let stabilizer = table.get("stabilizer").map_or(Some(1e-8), |s| s.positive());
    table.finish();
    Some(Optimiser::AdamSteps { beta1: beta1?, beta2: beta2?, stabilizer: stabilizer? })
}

fn read_rate(table: &TableReader<'_>, rate: &'static str, decay: &'static str) -> Option<Rate> {
    let (which, value) = table.one_of("adam", &[rate, decay])?;
    let number = value.positive()?;
    match which {
        0 => Some(Rate::PerTime(number)),
        _ if number < 1.0 => Some(Rate::Decay(number)),
        _ => {
            let finding = value.refuse(format!("the decay `{decay}` must lie inside (0, 1), not {number}"));
            value.findings.push(finding.help(format!("a rate per unit of time is `{rate}`")));
            None
        }
    }
}
