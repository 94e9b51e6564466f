//! `[[dynamics]]`: SGD or Adam, each with a noise of its own if it wants one.

use super::basin_section::read_label;
use super::calibration_section::{names_calibration, read_gradient_sizes};
use super::finding::{Finding, Span};
use super::noise_section::{AmplitudeSection, Level, Swept, read_alpha, read_amplitude, read_level};
use super::reader::{TableReader, Value};
use crate::dynamics::{Adam, Dynamics, SecondMoment};
use crate::noise::Alpha;

/// A rate of Adam as it was given.
#[derive(Clone, Copy, Debug)]
enum Rate {
    /// Per unit of the SDE's time.
    PerTime(f64),
    /// Decay per step; needs `η`.
    Decay(f64),
}

#[derive(Clone, Debug)]
enum Optimiser {
    Sgd,
    Adam { beta1: Rate, beta2: Rate, stabilizer: f64, second_moment: SecondMoment, gradient_noise: Option<Vec<f64>> },
}

/// One entry.
#[derive(Clone, Debug)]
pub(super) struct DynamicsSection {
    pub label: String,
    optimiser: Optimiser,
    pub alpha: Option<Swept<Alpha>>,
    pub level: Option<Swept<Level>>,
    pub amplitude: Option<Swept<AmplitudeSection>>,
    pub span: Span,
}

impl DynamicsSection {
    /// The dynamics at learning rate `eta`, if that is known.
    pub fn at(&self, eta: Option<f64>) -> Result<Dynamics, Finding> {
        let Optimiser::Adam { beta1, beta2, stabilizer, second_moment, gradient_noise } = &self.optimiser else {
            return Ok(Dynamics::Sgd);
        };
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
            .map_err(|error| Finding::new(self.span.clone(), error.to_string()))?
            .with_second_moment(*second_moment);
        Ok(Dynamics::Adam(match gradient_noise {
            Some(scales) => adam.with_gradient_noise(scales.clone()),
            None => adam,
        }))
    }
}

/// Reads one entry; the label is its `name`, or what it is.
pub(super) fn read(value: Value<'_>) -> Option<DynamicsSection> {
    let table = value.table()?;
    let before = value.findings.len();
    let name = table.get("name").map(read_label);
    let which = table.one_of("a dynamics", &["sgd", "adam"]);
    let alpha = read_alpha(&table);
    let level = read_level(&table);
    let amplitude = read_amplitude(&table);
    table.finish();
    let (kind, settings) = which?;
    let optimiser = match kind {
        0 => {
            settings.table()?.finish();
            Some(Optimiser::Sgd)
        }
        _ => read_adam(settings.table()?),
    };
    let label = match name {
        Some(name) => name?,
        None => ["sgd", "adam"][kind].to_string(),
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
