//! The resolved experiment as a canonical text, by which runs are compared.
//!
//! The text holds every setting that determines a path, one on a line, with numbers in the shortest digits that read back as the same
//! number. It depends neither on the layout of the file nor on the names of types and fields in this program. Names, figures, the seed
//! and the number of paths are not part of it. Nor is `[random_problems]`, whose results are computed when the tables are written and not
//! stored. Any change of its form needs a new [`Experiment::IDENTITY_VERSION`].

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use super::dynamics::write_dynamics;
use super::lines::IdentityLines;
use crate::experiment::file::Experiment;
use crate::experiment::plan::CellPlan;
use crate::experiment::sections::landscape::potential::PotentialSettings;
use crate::experiment::sections::scheme::SchemeSettings;
use crate::files::Fingerprint;
use crate::landscape::{CriticalPoint, Domain, Well, WellSet};
use crate::noise::{Amplitude, Measure, NoiseLaw, Structure};
use crate::scheme::{JumpAdapted, Monitoring, Occupancy, OccupancyStart};

impl Experiment {
    /// Version of the text that [`Experiment::write_identity`] writes.
    pub const IDENTITY_VERSION: u32 = 1;

    /// Writes the canonical text of the resolved experiment.
    ///
    /// # Errors
    /// The error of `out`.
    pub fn write_identity(&self, out: &mut dyn Write) -> fmt::Result {
        let mut lines = IdentityLines::new(out);
        lines.text("identity", &Self::IDENTITY_VERSION.to_string())?;
        lines.text("cells", &self.cells.len().to_string())?;
        self.cells.iter().try_for_each(|cell| write_cell(cell, &mut lines))?;
        // The cells hold only some of the numbers of a calibration.
        let contents: BTreeSet<&String> = self.calibrations.values().collect();
        contents.into_iter().try_for_each(|content| lines.text("calibration", content))
    }
}

impl CellPlan {
    /// Every setting of the cell that determines its paths, a line each, as in [`Experiment::write_identity`], without its number.
    pub fn identity(&self) -> String {
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = write_settings(self, &mut IdentityLines::new(&mut text));
        text
    }

    /// The lines of [`CellPlan::identity`]. Those of more than 400 characters, of vectors in many dimensions, are shortened.
    pub fn resolved(&self) -> Vec<String> {
        const LONGEST: usize = 400;
        let line = |line: &str| match line.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}… ({} characters)", &line[..end], line.chars().count()),
            None => line.to_owned(),
        };
        self.identity().lines().map(line).collect()
    }
}

fn write_cell(cell: &CellPlan, lines: &mut IdentityLines<'_>) -> fmt::Result {
    lines.text("cell", &cell.index.to_string())?;
    write_settings(cell, lines)
}

fn write_settings(cell: &CellPlan, lines: &mut IdentityLines<'_>) -> fmt::Result {
    write_scheme(cell, lines)?;
    write_dynamics(&cell.problem, lines)?;
    write_noise(cell, lines)?;
    write_basin(cell, lines)
}

fn write_occupancy(occupancy: &Occupancy, lines: &mut IdentityLines<'_>) -> fmt::Result {
    lines.text("scheme", "occupancy")?;
    lines.number("threshold", occupancy.threshold())?;
    lines.number("step_cap", occupancy.step_cap())?;
    lines.numbers("times", occupancy.times())?;
    match occupancy.wells() {
        WellSet::Line(wells) => {
            lines.numbers("minima", wells.minima())?;
            lines.numbers("saddles", wells.saddles())?;
        }
        WellSet::Plane(wells) => {
            let axis = |points: &[CriticalPoint], i: usize| points.iter().map(|p| p.x[i]).collect::<Vec<_>>();
            let saddles: Vec<CriticalPoint> = wells.saddles().iter().map(|saddle| saddle.point).collect();
            for i in 0..2 {
                lines.numbers("minima in the plane", &axis(wells.minima(), i))?;
                lines.numbers("saddles in the plane", &axis(&saddles, i))?;
            }
        }
    }
    match occupancy.start() {
        OccupancyStart::Uniform => lines.text("occupancy start", "uniform"),
        OccupancyStart::Positions(points) => lines.numbers("occupancy start positions", &points.concat()),
        OccupancyStart::Weights(weights) => lines.numbers("occupancy start weights", weights),
    }
}

fn write_scheme(cell: &CellPlan, lines: &mut IdentityLines<'_>) -> fmt::Result {
    if let Some(occupancy) = &cell.occupancy {
        return write_occupancy(occupancy, lines);
    }
    if let Some(positions) = &cell.mean_position {
        lines.text("scheme", "mean_position")?;
        lines.number("clip", positions.clip())?;
        return lines.numbers("times", positions.times());
    }
    match cell.scheme_settings {
        SchemeSettings::JumpAdapted { threshold, step_cap } => {
            lines.text("scheme", "jump_adapted")?;
            match threshold {
                Some(threshold) => lines.number("threshold", threshold)?,
                None => {
                    lines.numbers("threshold default", &[JumpAdapted::THRESHOLD_FAR, JumpAdapted::THRESHOLD_NEAR])?
                }
            }
            lines.number("step_cap", step_cap.unwrap_or(JumpAdapted::STEP_CAP))?;
        }
        SchemeSettings::Euler { step, monitoring } => {
            lines.text("scheme", "euler")?;
            match step {
                Some(step) => lines.number("step", step)?,
                None => lines.text("step", "default")?,
            }
            let monitoring = match monitoring {
                Monitoring::Corrected => "corrected",
                Monitoring::Discrete => "discrete",
            };
            lines.text("monitoring", monitoring)?;
        }
        SchemeSettings::Steps => lines.text("scheme", "steps")?,
    }
    lines.number("max_time", cell.limits.max_time)?;
    lines.text("max_events", &cell.limits.max_events.to_string())
}

fn write_noise(cell: &CellPlan, lines: &mut IdentityLines<'_>) -> fmt::Result {
    let noise = cell.problem.noise();
    lines.number("alpha", noise.alpha().get())?;
    lines.number("epsilon", noise.epsilon())?;
    write_law(noise.law(), lines)?;
    let structure = match noise.structure() {
        Structure::Independent => "independent",
        Structure::Isotropic => "isotropic",
    };
    lines.text("structure", structure)?;
    let measure = match cell.measure {
        Measure::Standard => "standard",
        Measure::Unit => "unit",
    };
    lines.text("measure", measure)?;
    match noise.amplitude() {
        Amplitude::Scalar(scale) => lines.number("amplitude scalar", *scale),
        Amplitude::Diagonal(scales) => lines.numbers("amplitude diagonal", scales),
        Amplitude::Dense(matrix) => {
            lines.text("amplitude", "dense")?;
            matrix.row_iter().try_for_each(|row| lines.numbers("row", row))
        }
        Amplitude::LowRank(sigma) => {
            lines.numbers("amplitude low_rank", sigma.diagonal())?;
            let [left, right] = sigma.factors();
            left.column_iter().try_for_each(|column| lines.numbers("left", column))?;
            right.column_iter().try_for_each(|column| lines.numbers("right", column))
        }
    }
}

/// Nothing for SαS, which has no parameter beside the tail index.
fn write_law(law: &NoiseLaw, lines: &mut IdentityLines<'_>) -> fmt::Result {
    match law {
        NoiseLaw::Stable => return Ok(()),
        _ => lines.text("law", law.name())?,
    }
    match law {
        NoiseLaw::Stable | NoiseLaw::Gaussian => Ok(()),
        NoiseLaw::Skewed { beta } => lines.number("beta", *beta),
        NoiseLaw::Tempered { cutoff } => lines.number("cutoff", *cutoff),
        NoiseLaw::Truncated { at } => lines.number("at", *at),
        NoiseLaw::StudentT { degrees } => lines.number("degrees", *degrees),
        NoiseLaw::Empirical(vectors) => {
            let mut hash = Fingerprint::new();
            vectors.values().iter().try_for_each(|value| write!(hash, "{:x} ", value.to_bits()))?;
            lines.text("vectors", &format!("{} of {}: {hash}", vectors.count(), vectors.dim()))
        }
    }
}

fn write_basin(cell: &CellPlan, lines: &mut IdentityLines<'_>) -> fmt::Result {
    match &cell.landscape.potential {
        PotentialSettings::Quadratic { curvature } => lines.numbers("potential quadratic", curvature)?,
        PotentialSettings::Hessian(hessian) => {
            lines.text("potential", "hessian")?;
            hessian.row_iter().try_for_each(|row| lines.numbers("row", row))?;
        }
        PotentialSettings::Asymmetric { left, right } => {
            lines.numbers("potential asymmetric", left)?;
            lines.numbers("right", right)?;
        }
        PotentialSettings::DoubleWell { minima, saddle, stiffness, transverse, well } => {
            lines.numbers("potential double_well", minima)?;
            lines.number("saddle", *saddle)?;
            lines.number("stiffness", *stiffness)?;
            lines.numbers("transverse", transverse)?;
            let well = match well {
                Well::Left => "left",
                Well::Right => "right",
            };
            lines.text("well", well)?;
        }
        PotentialSettings::MultiWell { minima, saddles, depths, heights } => {
            lines.numbers("potential multi_well", minima)?;
            lines.numbers("saddles", saddles)?;
            lines.numbers("depths", depths)?;
            lines.numbers("heights", heights)?;
        }
        PotentialSettings::GaussianWells { wells, curvature } => {
            lines.number("potential gaussian_wells", *curvature)?;
            wells.iter().try_for_each(|well| {
                lines.numbers("well", &[well.position[0], well.position[1], well.width, well.depth])
            })?;
        }
        PotentialSettings::MullerBrown { scale } => lines.number("potential muller_brown", *scale)?,
        PotentialSettings::Expression { formula, parameters } => {
            lines.text("potential expression", formula)?;
            for (name, value) in parameters {
                lines.number(&format!("parameter {name}"), *value)?;
            }
        }
        PotentialSettings::Flat => lines.text("potential", "none")?,
    }
    let basin = cell.problem.basin();
    lines.numbers("minimum", basin.minimum())?;
    match &cell.landscape.domain {
        Domain::Box(sides) => {
            lines.numbers("domain box", sides.iter().map(|[lo, _]| lo))?;
            lines.numbers("upper", sides.iter().map(|[_, hi]| hi))?;
        }
        Domain::Ball { radius } => lines.number("domain ball", *radius)?,
        Domain::Ellipsoid { semi_axes } => lines.numbers("domain ellipsoid", semi_axes)?,
        Domain::Level { height } => lines.number("domain level", *height)?,
        Domain::Well => lines.text("domain", "well")?,
        Domain::Attraction => lines.text("domain", "attraction")?,
        Domain::Until(sides) => {
            lines.numbers("domain until", sides.iter().map(|[lo, _]| lo))?;
            lines.numbers("upper", sides.iter().map(|[_, hi]| hi))?;
        }
        Domain::UntilWell(well) => lines.number("domain until well", *well as f64)?,
    }
    lines.number("inset", cell.inset)?;
    lines.numbers("start", basin.start())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERYTHING: &str = include_str!("../../../tests/data/everything.toml");

    const HEAD: &str = "name = 'a'\npaths = 10\n";

    /// Experiments that together have every kind of dynamics, noise, potential, domain and scheme.
    const EXPERIMENTS: [&str; 6] = [
        "noise = { alpha = 1.5, epsilon = 0.1 }\n\
         dynamics = [{ sgd = {} }, { adam = { beta1_rate = 1, beta2_rate = 0.1, second_moment = 'frozen' } }]\n\
         basin = { name = 'b', potential = { quadratic = { curvature = [4] } }, domain = { interval = [-0.5, 0.5] } }\n\
         scheme = { jump_adapted = {} }\n",
        "noise = { alpha = 1.2, eta = 0.01, structure = 'isotropic', measure = 'unit', amplitude = [[1, 0.5], [0, 2]] }\n\
         dynamics = [{ sgd_steps = {} }, { adam_steps = { beta1 = 0.9, beta2 = 0.999, stabilizer = 1e-6 } }]\n\
         basin = { name = 'b', potential = { quadratic = { hessian = [[2, 0.5], [0.5, 1]] } }, \
         domain = { ellipsoid = { semi_axes = [1, 2] } }, minimum = [0.5, 0] }\n",
        "max_time = 1e6\nnoise = { alpha = 1.9, epsilon = 0.2, amplitude = [1, 0.5] }\n\
         dynamics = { adam = { beta1_rate = 1, beta2_rate = 0.1, second_moment = 'sampled', gradient_noise = [1, 3] } }\n\
         basin = { name = 'b', potential = { asymmetric = { left = 4, right = [1, 2] } }, \
         domain = { box = [[-1, 2], [-3, 4]] }, start = [0.1, 0], inset = 0.25 }\n\
         scheme = { euler = { step = 0.01, monitoring = 'discrete', max_steps = 7 } }\n",
        "noise = { alpha = 2, epsilon = 0.3, amplitude = { diagonal = 1, left = [[1, 2], [0.5, 0]] } }\n\
         dynamics = { sgd = {} }\n\
         basin = { name = 'b', potential = { double_well = { minima = [-1, 1], transverse = [3], well = 'right' } }, \
         domain = { level = { height = 0.1 } } }\n\
         scheme = { euler = {} }\n",
        "noise = { alpha = 1.5, epsilon = 0.1, amplitude = 2 }\n\
         dynamics = [{ name = 'a', sgd = {} }]\n\
         basin = [{ name = 'b', dim = 2, potential = { none = {} }, domain = { ball = { radius = 1 } }, inset = { gamma = 2 } }, \
         { name = 'c', potential = { double_well = { minima = [-1, 1] } }, domain = { well = {} } }]\n\
         scheme = { jump_adapted = { threshold = 0.1, step_cap = 0.5, max_events = 8 } }\n",
        "noise = { alpha = 1.5, epsilon = 0.1 }\n\
         dynamics = { sgd = {} }\n\
         basin = { name = 'b', potential = { multi_well = { minima = [-1, 1], saddles = [0], depths = [2, 3] } }, \
         domain = { well = {} } }\n\
         occupancy = { times = [1, 10], start = { weights = [1, 3] } }\n",
    ];

    fn identity(text: &str) -> String {
        let experiment = Experiment::parse("a.toml", text).unwrap_or_else(|errors| panic!("{errors}"));
        let mut out = String::new();
        experiment.write_identity(&mut out).unwrap();
        out
    }

    /// Another text would orphan every unfinished run: it needs another version.
    #[test]
    fn the_text_of_this_version_does_not_change() {
        let found: String = EXPERIMENTS.iter().map(|text| identity(&format!("{HEAD}{text}"))).collect();
        let expected = include_str!("../../../tests/data/identity.txt");
        let differ = found.lines().zip(expected.lines()).enumerate().find(|(_, (found, expected))| found != expected);
        assert!(found == expected, "line {differ:?} of\n{found}");
        let mut hash = Fingerprint::new();
        hash.write_str(&identity(EVERYTHING)).unwrap();
        assert_eq!(hash.to_string(), "b0ac4629e0c6c5b188c08d50385e9492");
    }

    #[test]
    fn every_setting_that_determines_a_path_changes_the_text() {
        let edits: [&[(&str, &str)]; 6] = [
            &[
                ("alpha = 1.5", "alpha = 1.4"),
                ("epsilon = 0.1", "epsilon = 0.2"),
                ("epsilon = 0.1", "epsilon = 0.1, amplitude = 2"),
                ("epsilon = 0.1", "epsilon = 0.1, measure = 'unit'"),
                ("[{ sgd = {} }, {", "[{"),
                ("beta1_rate = 1", "beta1_rate = 2"),
                ("beta2_rate = 0.1", "beta2_rate = 0.2"),
                ("'frozen'", "'mean_field'"),
                ("'frozen'", "'frozen', stabilizer = 1e-3"),
                ("'frozen'", "'frozen', gradient_noise = [2]"),
                ("curvature = [4]", "curvature = [5]"),
                ("-0.5", "-0.6"),
                ("0.5]", "0.6]"),
                ("domain", "minimum = [0.1], domain"),
                ("domain", "start = [0.1], domain"),
                ("domain", "inset = 0.1, domain"),
                ("jump_adapted = {}", "euler = {}"),
                ("jump_adapted = {}", "jump_adapted = { threshold = 0.3 }"),
                ("jump_adapted = {}", "jump_adapted = { step_cap = 0.2 }"),
                ("jump_adapted = {}", "jump_adapted = { max_events = 9 }"),
                ("noise", "max_time = 5\nnoise"),
            ],
            &[
                ("eta = 0.01", "eta = 0.02"),
                ("'isotropic'", "'independent'"),
                ("'unit'", "'standard'"),
                ("[[1, 0.5]", "[[1, 0.6]"),
                ("beta1 = 0.9", "beta1 = 0.8"),
                ("beta2 = 0.999", "beta2 = 0.99"),
                ("1e-6", "1e-7"),
                ("0.5], [0.5, 1]]", "0.4], [0.4, 1]]"),
                ("semi_axes = [1", "semi_axes = [1.5"),
                ("minimum = [0.5", "minimum = [0.25"),
            ],
            &[
                ("amplitude = [1, 0.5]", "amplitude = [1, 0.25]"),
                ("gradient_noise = [1, 3]", "gradient_noise = [1, 4]"),
                ("left = 4", "left = 5"),
                ("right = [1, 2]", "right = [1, 3]"),
                ("[-3, 4]", "[-3, 5]"),
                ("[-3, 4]", "[-2, 4]"),
                ("start = [0.1", "start = [0.2"),
                ("inset = 0.25", "inset = 0.2"),
                ("step = 0.01", "step = 0.02"),
                ("'discrete'", "'corrected'"),
                ("max_steps = 7", "max_steps = 6"),
                ("1e6", "1e5"),
            ],
            &[
                ("diagonal = 1", "diagonal = 2"),
                ("[0.5, 0]]", "[0.5, 1]]"),
                ("[0.5, 0]]", "[0.5, 0]], right = [[1, 2], [0.5, 1]]"),
                ("minima = [-1, 1]", "minima = [-1, 2], saddle = 0"),
                ("minima = [-1, 1]", "minima = [-1, 1], saddle = 0.1"),
                ("minima = [-1, 1]", "minima = [-1, 1], stiffness = 2"),
                ("transverse = [3]", "transverse = [4]"),
                ("'right'", "'left'"),
                ("height = 0.1", "height = 0.2"),
            ],
            &[
                ("dim = 2", "dim = 3"),
                ("radius = 1", "radius = 2"),
                ("gamma = 2", "gamma = 1"),
                ("threshold = 0.1", "threshold = 0.2"),
                ("step_cap = 0.5", "step_cap = 0.25"),
                ("max_events = 8", "max_events = 9"),
            ],
            &[
                ("minima = [-1, 1]", "minima = [-1, 2]"),
                ("saddles = [0]", "saddles = [0.5]"),
                ("depths = [2, 3]", "depths = [2, 4]"),
                ("depths = [2, 3]", "depths = [2, 3], heights = [1]"),
                ("times = [1, 10]", "times = [1, 11]"),
                ("weights = [1, 3]", "weights = [1, 4]"),
                ("weights = [1, 3]", "positions = [1, 3]"),
                ("{ weights = [1, 3] }", "'uniform'"),
                ("noise", "scheme = { jump_adapted = { threshold = 0.3 } }\nnoise"),
                ("noise", "scheme = { jump_adapted = { step_cap = 0.1 } }\nnoise"),
            ],
        ];
        for (text, edits) in EXPERIMENTS.iter().zip(edits) {
            let reference = identity(&format!("{HEAD}{text}"));
            for (old, new) in edits {
                assert!(text.contains(old), "{old}");
                assert_ne!(identity(&format!("{HEAD}{}", text.replacen(old, new, 1))), reference, "{new}");
            }
        }
    }

    #[test]
    fn layout_names_figures_seed_and_paths_do_not_change_the_text() {
        let reference = identity(EVERYTHING);
        for (old, new) in [
            ("name = \"everything\"", "name = \"other\" # a comment"),
            ("seed = 0xfeed\npaths = 1e3", "paths = 5\n\nseed = 1"),
            ("figures = [\"sde-vs-steps\"]", "figures = []"),
            ("quick = { paths = 10 }", ""),
            ("epsilon = 0.1", "epsilon = 1e-1"),
            ("alpha = { values = [1.2, 1.5] }\neta", "alpha = [1.2, 1.5]\neta"),
            ("left = [1.0, 2.0], right = [2.0, 1.0]", "right = [2, 1], left = [1, 2]"),
            ("name = \"plain\"", "name = \"sgd\""),
            ("name = \"dense\"", "name = \"full\"\nshape = \"round\""),
            ("monitoring = \"discrete\", max_steps = 1000", "max_steps = 1_000, monitoring = 'discrete'"),
        ] {
            assert!(EVERYTHING.contains(old), "{old}");
            assert_eq!(identity(&EVERYTHING.replacen(old, new, 1)), reference, "{new}");
        }
    }
}
