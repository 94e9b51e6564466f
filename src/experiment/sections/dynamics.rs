//! `[[dynamics]]`: SGD or Adam as equations, or an optimiser step by step, each with its own noise if given.

use super::calibration::{names_calibration, read_gradient_sizes};
use super::landscape::basin::read_label;
use super::noise::{AmplitudeSection, Level, read_amplitude, read_level};
use super::noise_law::{LawSection, read_laws};
use super::rate::{Rate, ZeroDecay, read_rate};
use super::steps::{StepsKind, StepsSection};
use super::sweep::Sweep;
use crate::dynamics::{Adam, Dynamics, DynamicsError, SecondMoment};
use crate::experiment::toml::diagnostic::{Diagnostic, Span};
use crate::experiment::toml::reader::{TableReader, Value};
use crate::noise::LevyNoise;

#[derive(Clone, Copy)]
enum DynamicsKind {
    Sgd,
    Adam,
    Steps(StepsKind),
}

impl DynamicsKind {
    /// Every kind by its name in the file.
    const NAMED: [(&str, DynamicsKind); 7] = [
        (DynamicsKind::Sgd.name(), DynamicsKind::Sgd),
        (DynamicsKind::Adam.name(), DynamicsKind::Adam),
        (StepsKind::Sgd.name(), DynamicsKind::Steps(StepsKind::Sgd)),
        (StepsKind::Adam.name(), DynamicsKind::Steps(StepsKind::Adam)),
        (StepsKind::Rmsprop.name(), DynamicsKind::Steps(StepsKind::Rmsprop)),
        (StepsKind::Adagrad.name(), DynamicsKind::Steps(StepsKind::Adagrad)),
        (StepsKind::Lion.name(), DynamicsKind::Steps(StepsKind::Lion)),
    ];

    const fn name(self) -> &'static str {
        match self {
            DynamicsKind::Sgd => "sgd",
            DynamicsKind::Adam => "adam",
            DynamicsKind::Steps(kind) => kind.name(),
        }
    }
}

#[derive(Clone, Debug)]
enum OptimiserSection {
    Sgd,
    Adam { beta1: Rate, beta2: Rate, stabilizer: f64, second_moment: SecondMoment, gradient_noise: Option<Vec<f64>> },
    Steps(StepsSection),
}

/// One entry.
#[derive(Clone, Debug)]
pub(in crate::experiment) struct DynamicsSection {
    pub label: String,
    /// The name of its kind in the file.
    pub kind: &'static str,
    /// The numbers of its table by their keys.
    pub settings: Vec<(String, f64)>,
    optimiser: OptimiserSection,
    pub laws: Option<Sweep<LawSection>>,
    pub level: Option<Sweep<Level>>,
    pub amplitude: Option<Sweep<AmplitudeSection>>,
    pub span: Span,
}

impl DynamicsSection {
    /// Whether it is a discrete optimiser, which needs no scheme.
    pub fn is_discrete(&self) -> bool {
        matches!(self.optimiser, OptimiserSection::Steps(_))
    }

    /// Whether its steps shrink to 0, so that a path may never leave.
    pub fn steps_vanish(&self) -> bool {
        matches!(&self.optimiser, OptimiserSection::Steps(steps) if steps.vanish())
    }

    /// The dynamics at learning rate `eta`, if one is given, in `dim` dimensions.
    ///
    /// # Errors
    /// The diagnostic of a setting that is out of range, or that needs a learning rate.
    pub fn at(&self, eta: Option<f64>, noise: &LevyNoise, dim: usize) -> Result<Dynamics, Diagnostic> {
        let refuse = |error: DynamicsError| Diagnostic::new(self.span.clone(), error.to_string());
        match &self.optimiser {
            OptimiserSection::Sgd => Ok(Dynamics::Sgd),
            OptimiserSection::Steps(steps) => {
                let missing =
                    || Diagnostic::new(self.span.clone(), format!("`{}` needs a learning rate", steps.name()));
                let eta =
                    eta.ok_or_else(|| missing().help("give `eta` in place of `epsilon`, here or under [noise]"))?;
                steps.at(eta).map_err(refuse)
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
                let adam = match gradient_noise {
                    Some(scales) => adam.with_gradient_noise(scales.clone()),
                    None => adam,
                };
                match (second_moment, eta) {
                    (SecondMoment::Stable, Some(eta)) => {
                        adam.with_stable_moment(noise, dim, eta).map(Dynamics::Adam).map_err(refuse)
                    }
                    (SecondMoment::Stable, None) => {
                        let message = "the second moment \"stable\" is that of the steps and needs a learning rate";
                        Err(Diagnostic::new(self.span.clone(), message).help("give `eta` in place of `epsilon`"))
                    }
                    _ => Ok(Dynamics::Adam(adam)),
                }
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
    let laws = read_laws(&table);
    let level = read_level(&table);
    let amplitude = read_amplitude(&table);
    table.finish();
    let (kind, settings) = which?;
    let settings_table = settings.table()?;
    let mut numbers = Vec::new();
    settings.node.numbers(String::new(), &mut numbers);
    let optimiser = match kind {
        DynamicsKind::Adam => read_adam(settings_table),
        DynamicsKind::Sgd => {
            settings_table.finish();
            Some(OptimiserSection::Sgd)
        }
        DynamicsKind::Steps(kind) => kind.read(settings_table).map(OptimiserSection::Steps),
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
        kind: kind.name(),
        settings: numbers,
        optimiser: optimiser?,
        laws: laws?,
        level: level?,
        amplitude: amplitude?,
        span: settings.node.span.clone(),
    })
}

fn read_adam(table: TableReader<'_>) -> Option<OptimiserSection> {
    let beta1 = read_rate(&table, "adam", ["beta1_rate", "beta1"], ZeroDecay::NoRate);
    let beta2 = read_rate(&table, "adam", ["beta2_rate", "beta2"], ZeroDecay::NoRate);
    let stabilizer = table.get("stabilizer").map_or(Some(1e-8), |s| s.number());
    let moments = [
        ("mean_field", SecondMoment::MeanField),
        ("frozen", SecondMoment::Frozen),
        ("stable", SecondMoment::Stable),
        ("sampled", SecondMoment::Sampled),
    ];
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

#[cfg(test)]
mod tests {
    use crate::dynamics::{Adam, Dynamics, SecondMoment};
    use crate::engine::kernel_records;
    use crate::experiment::Experiment;
    use crate::noise::Seed;
    use crate::scheme::Limits;

    fn parse(noise: &str, moment: &str, scheme: &str) -> Result<Experiment, String> {
        let text = format!(
            "name = 'm'\npaths = 10\n[noise]\n{noise}\namplitude = 0.5\n\
             [[dynamics]]\nadam = {{ beta1 = 0.9, beta2 = 0.99, second_moment = '{moment}' }}\n[[basin]]\nname = 'b'\n\
             potential = {{ quadratic = {{ curvature = [1] }} }}\ndomain = {{ interval = [-1, 1] }}\n[scheme]\n{scheme}"
        );
        Experiment::parse("m.toml", &text).map_err(|errors| errors.to_string())
    }

    fn adam(experiment: &Experiment) -> Adam {
        match experiment.cells[0].problem.dynamics() {
            Dynamics::Adam(adam) => adam.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// The second moment of the law is a constant: its paths are those of a frozen one with the same scales, in both schemes. At `α = 2` it is the
    /// variance `2 s²`, as `E v̂^(-1)` of so many squares is that of their mean up to `O(1 - b)`.
    #[test]
    fn the_second_moment_of_the_law_is_a_constant() {
        for (scheme, alpha) in [("euler = {}", 1.5), ("jump_adapted = {}", 1.5), ("euler = {}", 2.0)] {
            let experiment = parse(&format!("alpha = {alpha}\neta = 0.1"), "stable", scheme).unwrap();
            let cell = &experiment.cells[0];
            let found = adam(&experiment);
            let scale = found.noise_scales(cell.problem.noise(), 1)[0];
            let frozen = found.with_second_moment(SecondMoment::Frozen);
            let frozen = cell.problem.with_dynamics(Dynamics::Adam(frozen));
            let records = |problem| {
                let kernel = cell.scheme.prepare(problem).unwrap();
                kernel_records(kernel.as_ref(), 50, Seed(1), Limits { max_events: 10_000, ..Limits::default() })
            };
            assert_eq!(format!("{:?}", records(&cell.problem)), format!("{:?}", records(&frozen)));
            if alpha == 2.0 {
                assert!((scale / (0.5 * 2f64.sqrt()) - 1.0).abs() < 0.01, "{scale}");
            } else {
                assert!(scale > 0.5 * 1.5, "{scale}");
            }
        }
    }

    #[test]
    fn the_second_moment_of_the_law_needs_steps_and_stable_noise() {
        let euler = "euler = { step = 0.1, monitoring = 'discrete' }";
        for (noise, expected) in [
            ("alpha = 1.5\nepsilon = 0.1", "needs a learning rate"),
            ("student_t = { degrees = 3 }\neta = 0.1", "not for student_t noise"),
            ("alpha = 0.15\neta = 0.1", "α ≥ 0.2"),
        ] {
            let error = parse(noise, "stable", euler).unwrap_err();
            assert!(error.contains(expected), "{noise}: {error}");
        }
    }
}
