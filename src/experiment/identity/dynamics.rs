//! The dynamics in the canonical text.
//!
//! A setting that an optimiser does not use writes no line, so that the text of older files stays the same.

use std::fmt;

use super::lines::IdentityLines;
use crate::dynamics::{
    AdamSteps, Clipping, Dynamics, Momentum, Problem, Schedule, SecondMoment, SgdSteps, StepSettings, WeightDecay,
};

pub(super) fn write_dynamics(problem: &Problem, lines: &mut IdentityLines<'_>) -> fmt::Result {
    match problem.dynamics() {
        Dynamics::Sgd => lines.text("dynamics", "sgd"),
        Dynamics::SgdSteps(sgd) => write_sgd_steps(sgd, lines),
        Dynamics::AdamSteps(adam) => write_adam_steps(adam, lines),
        Dynamics::RmspropSteps(rmsprop) => {
            lines.text("dynamics", "rmsprop_steps")?;
            lines.number("eta", rmsprop.eta())?;
            lines.number("decay", rmsprop.decay())?;
            lines.number("stabilizer", rmsprop.stabilizer())?;
            lines.number("momentum", rmsprop.momentum())?;
            write_settings(rmsprop.settings(), lines)
        }
        Dynamics::AdagradSteps(adagrad) => {
            lines.text("dynamics", "adagrad_steps")?;
            lines.number("eta", adagrad.eta())?;
            lines.number("initial", adagrad.initial())?;
            lines.number("stabilizer", adagrad.stabilizer())?;
            write_settings(adagrad.settings(), lines)
        }
        Dynamics::LionSteps(lion) => {
            lines.text("dynamics", "lion_steps")?;
            lines.number("eta", lion.eta())?;
            lines.numbers("decays", &lion.decays())?;
            write_settings(lion.settings(), lines)
        }
        Dynamics::Adam(adam) => {
            lines.text("dynamics", "adam")?;
            lines.numbers("rates", &[adam.beta1_rate(), adam.beta2_rate()])?;
            lines.number("stabilizer", adam.stabilizer())?;
            let second_moment = match adam.second_moment() {
                SecondMoment::Frozen => "frozen",
                SecondMoment::MeanField => "mean_field",
                SecondMoment::Stable => "stable",
                SecondMoment::Sampled => "sampled",
            };
            lines.text("second_moment", second_moment)?;
            lines.numbers("gradient_noise", &adam.noise_scales(problem.noise(), problem.basin().dim()))
        }
    }
}

fn write_sgd_steps(sgd: &SgdSteps, lines: &mut IdentityLines<'_>) -> fmt::Result {
    lines.text("dynamics", "sgd_steps")?;
    lines.number("eta", sgd.eta())?;
    match sgd.momentum() {
        Some(Momentum::Classical(decay)) => lines.number("momentum", decay)?,
        Some(Momentum::Nesterov(decay)) => lines.number("momentum nesterov", decay)?,
        None => {}
    }
    write_settings(sgd.settings(), lines)
}

fn write_adam_steps(adam: &AdamSteps, lines: &mut IdentityLines<'_>) -> fmt::Result {
    lines.text("dynamics", "adam_steps")?;
    lines.number("eta", adam.eta())?;
    lines.numbers("decays", &adam.decays())?;
    lines.number("stabilizer", adam.stabilizer())?;
    if adam.is_amsgrad() {
        lines.text("amsgrad", "true")?;
    }
    write_settings(adam.settings(), lines)
}

fn write_settings(settings: &StepSettings, lines: &mut IdentityLines<'_>) -> fmt::Result {
    match settings.clipping() {
        Some(Clipping::Norm(bound)) => lines.number("clip_norm", bound)?,
        Some(Clipping::Value(bound)) => lines.number("clip_value", bound)?,
        None => {}
    }
    match settings.weight_decay() {
        Some(WeightDecay::L2(decay)) => lines.number("weight_decay", decay)?,
        Some(WeightDecay::Decoupled(decay)) => lines.number("weight_decay decoupled", decay)?,
        None => {}
    }
    match settings.schedule() {
        Schedule::Constant => Ok(()),
        Schedule::Step { every, factor } => {
            lines.text("schedule step every", &every.to_string())?;
            lines.number("factor", factor)
        }
        Schedule::Cosine { steps, lowest } => {
            lines.text("schedule cosine steps", &steps.to_string())?;
            lines.number("lowest", lowest)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::experiment::Experiment;

    fn identity(dynamics: &str) -> String {
        let text = format!(
            "name = 'a'\npaths = 10\nmax_time = 10\nnoise = {{ alpha = 1.5, eta = 0.1 }}\ndynamics = {{ {dynamics} }}\n\
             basin = {{ name = 'b', potential = {{ none = {{}} }}, domain = {{ interval = [-1, 1] }} }}\n"
        );
        let experiment = Experiment::parse("a.toml", &text).unwrap_or_else(|errors| panic!("{dynamics}: {errors}"));
        let mut out = String::new();
        experiment.write_identity(&mut out).unwrap();
        out
    }

    /// Settings of the steps that differ in one value, or in which optimiser has them.
    #[test]
    fn every_setting_of_the_steps_changes_the_text() {
        let shared = [
            "",
            "clip_norm = 1",
            "clip_norm = 2",
            "clip_value = 1",
            "weight_decay = 0.1",
            "weight_decay = 0.2",
            "schedule = { step = { every = 2, factor = 0.5 } }",
            "schedule = { step = { every = 3, factor = 0.5 } }",
            "schedule = { step = { every = 2, factor = 0.6 } }",
            "schedule = { cosine = { steps = 2 } }",
            "schedule = { cosine = { steps = 3 } }",
            "schedule = { cosine = { steps = 2, lowest = 0.01 } }",
        ];
        let own: [(&str, &[&str]); 12] = [
            ("sgd_steps", &["", "momentum = 0.9", "momentum = 0.8", "momentum = 0.9, nesterov = true"]),
            ("sgd_steps", &["weight_decay = 0.1, decoupled = true"]),
            ("adam_steps", &["beta1 = 0.9, beta2 = 0.99", "beta1 = 0.9, beta2 = 0.99, amsgrad = true"]),
            ("adam_steps", &["beta1 = 0.9, beta2 = 0.99, weight_decay = 0.1, decoupled = true"]),
            ("rmsprop_steps", &["decay = 0.9", "decay = 0.8", "decay = 0.9, momentum = 0.5"]),
            ("rmsprop_steps", &["decay = 0.9, stabilizer = 1e-3"]),
            ("rmsprop_steps", &["decay = 0.9, weight_decay = 0.1, decoupled = true"]),
            ("adagrad_steps", &["", "initial = 1", "initial = 2"]),
            ("adagrad_steps", &["stabilizer = 1e-3"]),
            ("adagrad_steps", &["weight_decay = 0.1, decoupled = true"]),
            ("lion_steps", &["beta1 = 0.9, beta2 = 0.99", "beta1 = 0.8, beta2 = 0.99"]),
            ("lion_steps", &["beta1 = 0.9, beta2 = 0.98"]),
        ];
        let needed = [
            ("sgd_steps", ""),
            ("adam_steps", "beta1 = 0.9, beta2 = 0.99"),
            ("rmsprop_steps", "decay = 0.9"),
            ("adagrad_steps", ""),
            ("lion_steps", "beta1 = 0.9, beta2 = 0.99"),
        ];
        let mut files = BTreeSet::new();
        for (kind, needed) in needed {
            for setting in shared {
                let settings: Vec<&str> = [needed, setting].into_iter().filter(|part| !part.is_empty()).collect();
                files.insert(format!("{kind} = {{ {} }}", settings.join(", ")));
            }
        }
        files.extend(own.iter().flat_map(|(kind, all)| all.iter().map(move |own| format!("{kind} = {{ {own} }}"))));
        let texts: BTreeSet<String> = files.iter().map(|file| identity(file)).collect();
        assert_eq!(texts.len(), files.len());
        assert!(files.len() > 5 * shared.len());
    }

    /// Values that change nothing leave the text as it was before they existed.
    #[test]
    fn settings_that_do_nothing_write_no_line() {
        let nothing = "momentum = 0, nesterov = false, weight_decay = 0";
        assert_eq!(identity(&format!("sgd_steps = {{ {nothing} }}")), identity("sgd_steps = {}"));
        let adam = "beta1 = 0.9, beta2 = 0.99";
        let off = identity(&format!("adam_steps = {{ {adam}, amsgrad = false, weight_decay = 0 }}"));
        assert_eq!(off, identity(&format!("adam_steps = {{ {adam} }}")));
        assert!(!off.contains("amsgrad") && !off.contains("weight_decay") && !off.contains("schedule"));
    }
}
