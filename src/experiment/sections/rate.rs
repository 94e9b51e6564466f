//! Rates per unit of time and decays per step of a running average.

use crate::experiment::toml::reader::TableReader;

/// A rate as it is given.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rate {
    /// Per unit of the SDE's time.
    PerTime(f64),
    /// Decay per step; needs `η`.
    Decay(f64),
}

impl Rate {
    /// The decay per step of length `eta`.
    pub fn decay(&self, eta: f64) -> f64 {
        match *self {
            Rate::PerTime(rate) => (-rate * eta).exp(),
            Rate::Decay(decay) => decay,
        }
    }
}

#[derive(Clone, Copy)]
enum RateKind {
    Rate,
    Decay,
}

/// What a decay of 0 means.
#[derive(Clone, Copy)]
pub(super) enum ZeroDecay {
    /// No memory: the average is the present value.
    NoMemory,
    /// Steps of one size; refused.
    SignSteps,
    /// An infinite rate of the SDE; refused.
    NoRate,
}

/// Reads one of the keys `rate` and `decay` of the optimiser `what`.
pub(super) fn read_rate(
    table: &TableReader<'_>,
    what: &str,
    [rate, decay]: [&'static str; 2],
    zero: ZeroDecay,
) -> Option<Rate> {
    let (kind, value) = table.one_of(what, &[(rate, RateKind::Rate), (decay, RateKind::Decay)])?;
    if matches!(kind, RateKind::Rate) {
        return value.positive().map(Rate::PerTime);
    }
    let number = value.number()?;
    let (range, help) = match zero {
        ZeroDecay::NoMemory if number == 0.0 => return Some(Rate::Decay(0.0)),
        ZeroDecay::NoRate if number == 0.0 => {
            let steps = match decay {
                "beta1" => "; `adam_steps` takes `beta1 = 0`",
                _ => "",
            };
            ("(0, 1)", format!("the SDE has no limit without memory: use `{rate}` for a rate per unit of time{steps}"))
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
