//! The law of the noise, in `[noise]` or in a dynamics: `alpha` for SαS, or one table of another law; in `[noise]` also a list of them.

use std::sync::Arc;

use super::calibration::{Vectors, names_calibration, read_alphas, read_vectors};
use super::sweep::{Sweep, read_sweep};
use crate::experiment::toml::diagnostic::Diagnostic;
use crate::experiment::toml::reader::{TableReader, Value};
use crate::noise::{Alpha, EmpiricalNoise, NoiseError, NoiseLaw};

/// A law as it is given, with its tail index.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::experiment) struct LawSection {
    pub alpha: Alpha,
    law: GivenLaw,
    /// Factor of the amplitude under this law.
    pub scale: f64,
    /// The calibration and the optimiser whose noise was measured; empty for the other laws.
    pub source: String,
}

#[derive(Clone, Debug, PartialEq)]
enum GivenLaw {
    Law(NoiseLaw),
    /// Truncated where a jump displaces the parameters by this much, before the amplitude.
    Displacement(f64),
}

impl LawSection {
    fn new(alpha: Alpha, law: GivenLaw) -> Self {
        LawSection { alpha, law, scale: 1.0, source: String::new() }
    }

    /// The law, if the noise `ξ = 1` displaces the parameters by `unit`, before the amplitude.
    pub fn at(&self, unit: f64) -> NoiseLaw {
        match &self.law {
            GivenLaw::Law(law) => law.clone(),
            GivenLaw::Displacement(longest) => NoiseLaw::Truncated { at: longest / unit },
        }
    }

    /// Whether it is SαS.
    pub fn is_stable(&self) -> bool {
        self.law == GivenLaw::Law(NoiseLaw::Stable)
    }

    /// The name of the law.
    pub fn name(&self) -> &'static str {
        self.at(1.0).name()
    }

    /// Whether the other is the same law with another factor of the amplitude.
    pub fn is_rescaled(&self, other: &LawSection) -> bool {
        self.alpha == other.alpha && self.law == other.law && self.source == other.source && self.scale != other.scale
    }

    /// Name and value of the parameter beside the tail index.
    pub fn parameter(&self) -> Option<(&'static str, f64)> {
        match self.law {
            GivenLaw::Law(NoiseLaw::Skewed { beta }) => Some(("beta", beta)),
            GivenLaw::Law(NoiseLaw::Tempered { cutoff }) => Some(("cutoff", cutoff)),
            GivenLaw::Law(NoiseLaw::Truncated { at }) => Some(("at", at)),
            GivenLaw::Law(NoiseLaw::StudentT { degrees }) => Some(("degrees", degrees)),
            GivenLaw::Displacement(longest) => Some(("displacement", longest)),
            GivenLaw::Law(_) => None,
        }
    }
}

#[derive(Clone, Copy)]
enum LawKind {
    Stable,
    Gaussian,
    Skewed,
    Tempered,
    Truncated,
    StudentT,
    Empirical,
}

/// Every law by its key.
const NAMED: [(&str, LawKind); 7] = [
    ("alpha", LawKind::Stable),
    ("gaussian", LawKind::Gaussian),
    ("skewed", LawKind::Skewed),
    ("tempered", LawKind::Tempered),
    ("truncated", LawKind::Truncated),
    ("student_t", LawKind::StudentT),
    ("empirical", LawKind::Empirical),
];

/// `alpha`, if it is given; `None` if it is wrong.
pub(in crate::experiment) fn read_alpha(table: &TableReader<'_>) -> Option<Option<Sweep<Alpha>>> {
    let Some(value) = table.get("alpha") else { return Some(None) };
    let values = if names_calibration(value) { read_alphas(value)? } else { read_sweep(value)? };
    let values = Sweep::new(values, value);
    let help = "the paper measures 1 < α < 2; α = 2 is Gaussian noise";
    let alpha = |number: &f64| Alpha::new(*number).map_err(|error| (*number, error));
    match values.values.iter().map(alpha).collect() {
        Ok(alphas) => Some(Some(Sweep::new(alphas, value))),
        Err((number, error)) => {
            let error = Diagnostic::new(values.place_of(&number).clone(), error.to_string());
            value.reading.diagnostics.report(error.help(help));
            None
        }
    }
}

/// The laws, if any are given; `None` if they are wrong.
pub(in crate::experiment) fn read_laws(table: &TableReader<'_>) -> Option<Option<Sweep<LawSection>>> {
    let given: Vec<(&str, LawKind, Value<'_>)> =
        NAMED.iter().filter_map(|(key, kind)| Some((*key, *kind, table.get(key)?))).collect();
    let (kind, value) = match given.as_slice() {
        [] => return Some(None),
        [(_, kind, value)] => (*kind, *value),
        [(first, ..), (second, _, value), ..] => {
            let message = format!("give either `{first}` or `{second}`, not both");
            value.report_with_help(message, "a law has its own `alpha` inside its table");
            return None;
        }
    };
    let laws = match kind {
        LawKind::Stable => {
            let Sweep { values, .. } = read_alpha(table)??;
            values.into_iter().map(|alpha| LawSection::new(alpha, GivenLaw::Law(NoiseLaw::Stable))).collect()
        }
        LawKind::Gaussian => {
            value.table()?.finish();
            vec![LawSection::new(Alpha::GAUSSIAN, GivenLaw::Law(NoiseLaw::Gaussian))]
        }
        LawKind::Skewed => read_two(value, "beta", "0.5", |beta| NoiseLaw::Skewed { beta })?,
        LawKind::Tempered => read_two(value, "cutoff", "5.0", |cutoff| NoiseLaw::Tempered { cutoff })?,
        LawKind::Truncated => read_truncated(value)?,
        LawKind::StudentT => {
            let inside = value.table()?;
            let degrees = inside.need("degrees", "3.0");
            inside.finish();
            let law = |degrees| NoiseLaw::StudentT { degrees };
            checked(degrees?, vec![Alpha::GAUSSIAN], read_sweep(degrees?)?, law)?
        }
        LawKind::Empirical => {
            let Vectors { dim, values, source } = read_vectors(value)?;
            let vectors: EmpiricalNoise = value.check(EmpiricalNoise::new(dim, values))?;
            let law = GivenLaw::Law(NoiseLaw::Empirical(Arc::new(vectors)));
            vec![LawSection { source, ..LawSection::new(Alpha::GAUSSIAN, law) }]
        }
    };
    Some(Some(Sweep::new(laws, value)))
}

/// The laws of `laws`, a list of tables with a law each, or the law that is given in its place; `None` if they are wrong.
pub(in crate::experiment) fn read_all_laws(table: &TableReader<'_>) -> Option<Option<Sweep<LawSection>>> {
    let single = read_laws(table);
    let Some(list) = table.get("laws") else { return single };
    if single?.is_some() {
        list.report_with_help("give either `laws` or a single law, not both", "add the law to the list");
        return None;
    }
    let entries: Vec<Option<Vec<LawSection>>> = list.list()?.map(read_scaled).collect();
    let laws: Vec<LawSection> = entries.into_iter().collect::<Option<Vec<_>>>()?.concat();
    if laws.is_empty() {
        list.report_with_help("`laws` is empty", "add a law, such as `{ alpha = 1.5 }`");
        return None;
    }
    if let Some((_, twice)) = laws.iter().enumerate().find(|(i, law)| laws[..*i].contains(law)) {
        list.report_with_help(format!("`laws` holds the same {} law twice", twice.name()), "remove one of them");
        return None;
    }
    Some(Some(Sweep::new(laws, list)))
}

/// One entry of `laws`, with its factor of the amplitude.
fn read_scaled(entry: Value<'_>) -> Option<Vec<LawSection>> {
    let table = entry.table()?;
    let laws = read_laws(&table);
    let scale = table.get("scale").map_or(Some(1.0), |scale| scale.positive());
    table.finish();
    let Some(laws) = laws? else {
        entry.report_with_help("an entry of `laws` names no law", "add one, such as `alpha = 1.5` or `gaussian = {}`");
        return None;
    };
    let scale = scale?;
    Some(laws.values.into_iter().map(|law| LawSection { scale, ..law }).collect())
}

/// A law of a tail index and one more parameter, for every combination of both sweeps.
fn read_two(
    value: Value<'_>,
    key: &'static str,
    example: &str,
    law: impl Fn(f64) -> NoiseLaw,
) -> Option<Vec<LawSection>> {
    let table = value.table()?;
    let alpha = read_needed_alpha(&table);
    let parameter = table.need(key, example);
    table.finish();
    let values = parameter.map(read_sweep);
    let alphas = alpha?;
    checked(parameter?, alphas, values??, law)
}

fn read_truncated(value: Value<'_>) -> Option<Vec<LawSection>> {
    let table = value.table()?;
    let alpha = read_needed_alpha(&table);
    let cut = table.one_of("truncated noise", &[("at", false), ("displacement", true)]);
    table.finish();
    let (is_displacement, cut) = cut?;
    let (alphas, values) = (alpha?, read_sweep(cut)?);
    if !is_displacement {
        return checked(cut, alphas, values, |at| NoiseLaw::Truncated { at });
    }
    if let Some(bad) = values.iter().find(|length| !(**length > 0.0)) {
        cut.report(format!("`displacement` must be positive, not {bad}"));
        return None;
    }
    // The tail index is checked with a cut that is valid for every law.
    checked(value, alphas.clone(), vec![1.0], |at| NoiseLaw::Truncated { at })?;
    let laws = |alpha: Alpha| values.iter().map(move |&length| LawSection::new(alpha, GivenLaw::Displacement(length)));
    Some(alphas.into_iter().flat_map(laws).collect())
}

fn read_needed_alpha(table: &TableReader<'_>) -> Option<Vec<Alpha>> {
    table.need("alpha", "1.5")?;
    Some(read_alpha(table)??.values)
}

/// The laws of all combinations. Parameters out of range are reported at `value`.
fn checked(
    value: Value<'_>,
    alphas: Vec<Alpha>,
    parameters: Vec<f64>,
    law: impl Fn(f64) -> NoiseLaw,
) -> Option<Vec<LawSection>> {
    let mut laws = Vec::with_capacity(alphas.len() * parameters.len());
    for &alpha in &alphas {
        for &parameter in &parameters {
            let law = law(parameter);
            let result: Result<(), NoiseError> = law.check(alpha);
            value.check(result)?;
            laws.push(LawSection::new(alpha, GivenLaw::Law(law)));
        }
    }
    Some(laws)
}

#[cfg(test)]
mod tests {
    use crate::experiment::Experiment;
    use crate::noise::NoiseLaw;

    fn parse(noise: &str, dynamics: &str, scheme: &str) -> Result<Experiment, String> {
        let text = format!(
            "name = 'l'\npaths = 10\n[noise]\n{noise}\n[[dynamics]]\n{dynamics}\n[[basin]]\nname = 'b'\n\
             potential = {{ quadratic = {{ curvature = [1] }} }}\ndomain = {{ interval = [-1, 1] }}\n{scheme}"
        );
        Experiment::parse("l.toml", &text).map_err(|errors| errors.to_string())
    }

    fn laws(noise: &str) -> Vec<String> {
        let experiment = parse(noise, "sgd_steps = {}", "").unwrap_or_else(|errors| panic!("{errors}"));
        let law = |cell: &crate::experiment::CellPlan| {
            format!("{} {} {}", cell.dynamics, cell.problem.noise().alpha(), cell.problem.noise().law())
        };
        experiment.cells.iter().map(law).collect()
    }

    #[test]
    fn every_law_is_read_and_swept() {
        assert_eq!(laws("gaussian = {}\neta = 0.1"), ["sgd_steps 2 gaussian"]);
        assert_eq!(laws("student_t = { degrees = 3 }\neta = 0.1"), ["sgd_steps 2 student_t (degrees = 3)"]);
        assert_eq!(
            laws("truncated = { alpha = [1.2, 1.5], at = 8 }\neta = 0.1"),
            ["sgd_steps 1.2 truncated (at = 8)", "sgd_steps 1.5 truncated (at = 8)"]
        );
        assert_eq!(
            laws("tempered = { alpha = 1.5, cutoff = [2, 4] }\neta = 0.1"),
            ["sgd_steps[cutoff=2] 1.5 tempered (cutoff = 2)", "sgd_steps[cutoff=4] 1.5 tempered (cutoff = 4)"]
        );
        assert_eq!(laws("skewed = { alpha = 1.5, beta = -0.5 }\neta = 0.1"), ["sgd_steps 1.5 skewed (beta = -0.5)"]);
        // A displacement is a cut in units of the steps of every learning rate.
        assert_eq!(
            laws("truncated = { alpha = 1.5, displacement = 0.5 }\neta = [0.5, 0.25]"),
            ["sgd_steps 1.5 truncated (at = 1)", "sgd_steps 1.5 truncated (at = 2)"]
        );
    }

    /// In the SDE a unit of the noise displaces by ε.
    #[test]
    fn a_displacement_of_the_equation_is_in_units_of_its_level() {
        let noise = "truncated = { alpha = 1.5, displacement = 0.5 }\nepsilon = 0.125";
        let experiment = parse(noise, "sgd = {}", "[scheme]\neuler = {}").unwrap();
        assert_eq!(*experiment.cells[0].problem.noise().law(), NoiseLaw::Truncated { at: 4.0 });
    }

    /// Several laws are cells of one experiment; each has its factor of the amplitude.
    #[test]
    fn laws_of_a_list_are_swept() {
        let noise = "laws = [{ alpha = [1.5, 1.8] }, { gaussian = {}, scale = 3 }, { gaussian = {}, scale = 4 }, \
                     { student_t = { degrees = [3, 4] } }]\neta = 0.1\namplitude = 2";
        assert_eq!(
            laws(noise),
            [
                "sgd_steps[law=stable] 1.5 stable",
                "sgd_steps[law=stable] 1.8 stable",
                "sgd_steps[law=gaussian scale=3] 2 gaussian",
                "sgd_steps[law=gaussian scale=4] 2 gaussian",
                "sgd_steps[law=student_t degrees=3] 2 student_t (degrees = 3)",
                "sgd_steps[law=student_t degrees=4] 2 student_t (degrees = 4)",
            ]
        );
        let experiment = parse(noise, "sgd_steps = {}", "").unwrap();
        let amplitudes = experiment.cells.iter().map(|cell| cell.problem.noise().amplitude().diagonal_entry(0));
        assert_eq!(amplitudes.collect::<Vec<_>>(), [2.0, 2.0, 6.0, 8.0, 2.0, 2.0]);
        assert!(experiment.cells.iter().all(|cell| cell.name == "sgd_steps"));
        // One kind of law needs no name.
        assert_eq!(laws("laws = [{ alpha = 1.5 }]\neta = 0.1"), ["sgd_steps 1.5 stable"]);
    }

    #[test]
    fn bad_laws_are_refused_where_they_stand() {
        let euler = "[scheme]\neuler = {}";
        let at_step = "[scheme]\neuler = { step = 0.1, monitoring = \"discrete\" }";
        let at_step_of_ten = "[scheme]\neuler = { step = 10 }";
        for (noise, dynamics, scheme, expected) in [
            ("alpha = 1.5\ngaussian = {}\neta = 0.1", "sgd_steps = {}", "", "either `alpha` or `gaussian`"),
            ("student_t = { degree = 3 }\neta = 0.1", "sgd_steps = {}", "", "did you mean `degrees`"),
            ("student_t = { degrees = -1 }\neta = 0.1", "sgd_steps = {}", "", "degrees of freedom -1"),
            ("student_t = { degrees = 3 }\nepsilon = 0.1", "sgd = {}", euler, "needs a learning rate"),
            ("student_t = { degrees = 3 }\neta = 0.1", "sgd = {}", euler, "drives no SDE"),
            // The step is that of the first learning rate only.
            ("student_t = { degrees = 3 }\neta = [0.1, 0.05]", "sgd = {}", at_step, "drives no SDE"),
            // A cut of too few scales of a step.
            ("tempered = { alpha = 1.5, cutoff = 0.002 }\nepsilon = 1", "sgd = {}", at_step_of_ten, "cutoff = "),
            ("tempered = { alpha = 1.5 }\neta = 0.1", "sgd_steps = {}", "", "`cutoff` is missing"),
            ("tempered = { alpha = 1.97, cutoff = 1 }\neta = 0.1", "sgd_steps = {}", "", "outside [0.4, 1.95]"),
            ("truncated = { alpha = 1.5, at = 0 }\neta = 0.1", "sgd_steps = {}", "", "at = 0 is not"),
            ("truncated = { alpha = 1.5, at = 2, displacement = 1 }\neta = 0.1", "sgd_steps = {}", "", "only one of"),
            ("skewed = { alpha = 1, beta = 0.5 }\neta = 0.1", "sgd_steps = {}", "", "strictly stable"),
            ("skewed = { alpha = 1.5, beta = 2 }\neta = 0.1", "sgd_steps = {}", "", "outside [-1, 1]"),
            (
                "skewed = { alpha = 1.5, beta = 0.5 }\nepsilon = 0.1",
                "sgd = {}",
                "[scheme]\njump_adapted = {}",
                "takes SαS, tempered and truncated noise, and this noise is skewed",
            ),
            (
                "tempered = { alpha = 1.5, cutoff = 2 }\nepsilon = 0.1\nmeasure = 'unit'",
                "sgd = {}",
                euler,
                "unit density",
            ),
            (
                "tempered = { alpha = 1.5, cutoff = 2 }\nepsilon = 0.1\nstructure = 'isotropic'",
                "sgd = {}",
                euler,
                "isotropic",
            ),
            ("gausian = {}\neta = 0.1", "sgd_steps = {}", "", "did you mean `gaussian`"),
            ("laws = []\neta = 0.1", "sgd_steps = {}", "", "`laws` is empty"),
            ("laws = [{ scale = 2 }]\neta = 0.1", "sgd_steps = {}", "", "names no law"),
            ("laws = [{ gaussian = {} }]\nalpha = 1.5\neta = 0.1", "sgd_steps = {}", "", "`laws` or a single law"),
            ("laws = [{ alpha = 1.5 }, { alpha = [1.2, 1.5] }]\neta = 0.1", "sgd_steps = {}", "", "stable law twice"),
            ("laws = [{ alpha = 1.5, scale = 0 }]\neta = 0.1", "sgd_steps = {}", "", "`scale` must be positive"),
        ] {
            let error = parse(noise, dynamics, scheme).unwrap_err();
            assert!(error.contains(expected), "{noise}: {error}");
        }
    }

    /// Student's t has no SDE, but Euler's step h = η is that of SGD.
    #[test]
    fn euler_takes_noise_without_a_motion_over_the_learning_rate_only() {
        let noise = "student_t = { degrees = 3 }\neta = 0.1";
        let euler = |step: &str| {
            parse(noise, "sgd = {}", &format!("[scheme]\neuler = {{ step = {step}, monitoring = 'discrete' }}"))
        };
        assert!(euler("0.1").is_ok());
        assert!(euler("0.05").unwrap_err().contains("drives no SDE"));
    }

    /// A dynamics can have its own law.
    #[test]
    fn a_law_of_a_dynamics_replaces_that_of_the_section() {
        let experiment =
            parse("alpha = 1.5\neta = 0.1", "sgd_steps = {}\ntruncated = { alpha = 1.2, at = 3 }", "").unwrap();
        assert_eq!(*experiment.cells[0].problem.noise().law(), NoiseLaw::Truncated { at: 3.0 });
        assert_eq!(experiment.cells[0].problem.noise().alpha().get(), 1.2);
    }
}
