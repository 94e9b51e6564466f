//! The file of a calibration: data, network, optimisers, and measurements.

use std::path::PathBuf;
use std::sync::Arc;

use super::figures::{FigureStyle, read_style};
use super::file::several;
use super::sections::escape::read_escape;
use super::sections::landscape::basin::read_label;
use super::sections::noise_scaling::read_noise_scaling;
use super::toml::diagnostic::{Diagnostic, ExperimentErrors};
use super::toml::node::Node;
use super::toml::reader::{TableReader, Value};
use super::toml::reading::Reading;
use crate::calibrate::{Architecture, CalibrationSettings, DataSource, DeviceChoice, Optimiser};
use crate::noise::Seed;

/// Largest number of iterations, batches, measurements, coordinates and images.
const MOST_ITERATIONS: u64 = 100_000_000;
const MOST_BATCHES: u64 = 100_000;
const MOST_POINTS: u64 = 200;
/// Coordinates whose curvature is measured. The result file is read whole.
const MOST_COORDINATES: u64 = 1_000;
const MOST_IMAGES: u64 = 10_000_000;

/// A figure of a calibration by its name in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CalibrationFigure {
    /// Tail indices against the iteration.
    TailIndex,
    /// Loss and accuracy against the iteration.
    Training,
    /// The law of the noise at the end.
    NoiseLaw,
    /// Scales of the noise over the parameters.
    Scales,
    /// Mean steps to leave a ball around the minimum against its radius, with the predictions and the local slopes.
    NetworkEscape,
    /// The law of those steps.
    NetworkEscapeLaw,
    /// The noise against batch size, learning rate and distance from the minimum.
    NoiseScaling,
}

impl CalibrationFigure {
    /// Every figure.
    pub const ALL: [CalibrationFigure; 7] = [
        CalibrationFigure::TailIndex,
        CalibrationFigure::Training,
        CalibrationFigure::NoiseLaw,
        CalibrationFigure::Scales,
        CalibrationFigure::NetworkEscape,
        CalibrationFigure::NetworkEscapeLaw,
        CalibrationFigure::NoiseScaling,
    ];

    /// The section of the file without which there is nothing to draw.
    fn section(self) -> Option<&'static str> {
        match self {
            CalibrationFigure::NetworkEscape | CalibrationFigure::NetworkEscapeLaw => Some("escape"),
            CalibrationFigure::NoiseScaling => Some("noise_scaling"),
            _ => None,
        }
    }

    /// The name, which is also the stem of the files.
    pub fn name(self) -> &'static str {
        match self {
            CalibrationFigure::TailIndex => "tail-index",
            CalibrationFigure::Training => "training",
            CalibrationFigure::NoiseLaw => "noise-law",
            CalibrationFigure::Scales => "scales",
            CalibrationFigure::NetworkEscape => "network-escape",
            CalibrationFigure::NetworkEscapeLaw => "network-escape-law",
            CalibrationFigure::NoiseScaling => "noise-scaling",
        }
    }
}

/// A calibration: its measurements, and the figures of their results.
#[derive(Clone, Debug)]
pub struct CalibrationFile {
    /// The measurements.
    pub settings: CalibrationSettings,
    /// The measurements of a quick run.
    pub quick: CalibrationSettings,
    /// The figures asked for.
    pub figures: Vec<CalibrationFigure>,
    /// Their width, size of text and formats.
    pub figure_style: FigureStyle,
    /// The text of the file.
    pub text: Arc<str>,
}

impl CalibrationFile {
    /// Parses and checks the text of `file`.
    ///
    /// # Errors
    /// [`ExperimentErrors`] with all errors and their places.
    pub fn parse(file: &str, text: &str) -> Result<Self, ExperimentErrors> {
        let text: Arc<str> = text.into();
        let reading = Reading::default();
        let tree = Node::parse(&text, &reading.diagnostics);
        let read = if reading.diagnostics.count() == 0 { read(&tree, &text, &reading) } else { None };
        let reported = reading.diagnostics.take();
        match read {
            Some(read) if reported.is_empty() => Ok(read),
            _ => Err(ExperimentErrors::new(file, text, reported)),
        }
    }
}

fn read(tree: &Node, text: &Arc<str>, reading: &Reading) -> Option<CalibrationFile> {
    let top = TableReader::new(tree, "file", reading)?;
    let name = top.need("name", "\"my-calibration\"").and_then(|name| name.file_name());
    let seed = top.get("seed").map_or(Some(0), |seed| seed.integer(0, u64::MAX));
    let device = top
        .get("device")
        .map_or(Some(DeviceChoice::Auto), |device| device.named(&DeviceChoice::ALL, DeviceChoice::name));
    let data = top.get("data").map_or(Some(DataSection::digits()), read_data);
    let network = top.need("network", "{ mlp = { hidden = [64, 32] } }").and_then(read_network);
    let batch = top.need("batch", "100").and_then(|batch| batch.integer(1, MOST_IMAGES));
    let iterations = top.need("iterations", "5_000").and_then(|n| n.integer(1, MOST_ITERATIONS));
    let optimisers = several(top.get("optimiser"), read_optimiser);
    let noise =
        top.get("noise").map_or(Some(Amounts::default()), |noise| read_amounts(noise, Amounts::default(), None));
    let escape = match top.get("escape") {
        Some(escape) => read_escape(escape, batch).map(Some),
        None => Some(None),
    };
    let scaling = match top.get("noise_scaling") {
        Some(scaling) => read_noise_scaling(scaling).map(Some),
        None => Some(None),
    };
    let quick = top.get("quick").map(|quick| read_amounts(quick, noise.unwrap_or_default(), iterations));
    let figures = top.get("figures").map_or(Some(Vec::new()), |figures| {
        let named = figures.all_named(&CalibrationFigure::ALL, CalibrationFigure::name)?;
        let missing = |figure: &CalibrationFigure| figure.section().filter(|section| top.get(section).is_none());
        if let Some((figure, section)) = named.iter().find_map(|figure| Some((figure, missing(figure)?))) {
            let message = format!("the figure {:?} needs `[{section}]`", figure.name());
            figures.report_with_help(message, format!("add `[{section}]`, or leave out the figure"));
            return None;
        }
        Some(named)
    });
    let figure_style = top.get("figure_style").map_or(Some(FigureStyle::default()), read_style);
    if top.get("optimiser").is_none() {
        let diagnostic = Diagnostic::new(0..0, "`optimiser` is missing");
        top.miss(&["optimiser"], diagnostic.help("add [[optimiser]] sgd = { eta = 0.1 }"));
    }
    top.finish();
    let (data, optimisers, noise) = (data?, optimisers?, noise?);
    if let Some(i) = (1..optimisers.len()).find(|&i| optimisers[..i].iter().any(|other| other.0 == optimisers[i].0)) {
        let message = format!("two optimisers are named {:?}", optimisers[i].0);
        reading.diagnostics.report(Diagnostic::new(0..0, message).help("give each a `name`"));
        return None;
    }
    let settings = CalibrationSettings {
        name: name?,
        seed: Seed(seed?),
        device: device?,
        data: data.source,
        train_images: data.train,
        test_images: data.test,
        network: network?,
        batch: batch? as usize,
        optimisers,
        iterations: iterations?,
        measurements: noise.measurements,
        noise_batches: noise.batches,
        window: noise.window,
        coordinates: noise.coordinates,
        escape: escape?,
        scaling: scaling?,
    };
    let mut smaller = settings.clone();
    match quick {
        Some(quick) => {
            let quick = quick?;
            smaller.iterations = quick.iterations.unwrap_or(settings.iterations);
            smaller.measurements = quick.measurements;
            smaller.noise_batches = quick.batches;
            smaller.window = quick.window;
            smaller.coordinates = quick.coordinates;
            smaller.train_images = quick.train.or(settings.train_images);
            smaller.test_images = quick.test.or(settings.test_images);
            if let Some(escape) = &mut smaller.escape {
                escape.minima.count = quick.minima.unwrap_or(escape.minima.count).min(escape.minima.count);
                escape.max_steps = quick.max_steps.map_or(escape.max_steps, |n| escape.max_steps.min(n as u64));
                let fewer = |runs: usize| quick.runs.unwrap_or(runs).min(runs);
                (escape.runs, escape.predicted_runs) = (fewer(escape.runs), fewer(escape.predicted_runs));
            }
            if let Some(scaling) = &mut smaller.scaling {
                scaling.minima.count = quick.minima.unwrap_or(scaling.minima.count).min(scaling.minima.count);
                scaling.max_steps = quick.max_steps.map_or(scaling.max_steps, |n| scaling.max_steps.min(n as u64));
                scaling.runs = quick.runs.unwrap_or(scaling.runs).min(scaling.runs);
            }
        }
        None => smaller.iterations = (settings.iterations / 10).max(1),
    }
    Some(CalibrationFile {
        settings,
        quick: smaller,
        figures: figures?,
        figure_style: figure_style?,
        text: text.clone(),
    })
}

/// `data` as it is given.
struct DataSection {
    source: DataSource,
    train: Option<usize>,
    test: Option<usize>,
}

impl DataSection {
    fn digits() -> Self {
        DataSection { source: DataSource::Digits, train: None, test: None }
    }
}

#[derive(Clone, Copy)]
enum DataKind {
    Digits,
    Idx,
    Cifar10,
}

/// `"digits"`, or a table with `digits`, `idx` or `cifar10`.
fn read_data(value: Value<'_>) -> Option<DataSection> {
    if !value.is_table() {
        return value.word(&[("digits", DataKind::Digits)]).map(|_| DataSection::digits());
    }
    let table = value.table()?;
    let kinds = [("digits", DataKind::Digits), ("idx", DataKind::Idx), ("cifar10", DataKind::Cifar10)];
    let which = table.one_of("data", &kinds);
    let count = |key| match table.get(key) {
        Some(count) => count.integer(1, MOST_IMAGES).map(|n| Some(n as usize)),
        None => Some(None),
    };
    let (train, test) = (count("train"), count("test"));
    let classes = table.get("classes").map_or(Some(10), |classes| classes.integer(2, 256));
    table.finish();
    let (kind, source) = which?;
    let source = match kind {
        DataKind::Digits => source.table().map(|table| table.finish()).map(|()| DataSource::Digits),
        DataKind::Idx => source
            .text()
            .and_then(|folder| Some(DataSource::Idx { folder: PathBuf::from(folder), classes: classes? as usize })),
        DataKind::Cifar10 => source.text().map(|folder| DataSource::Cifar10 { folder: PathBuf::from(folder) }),
    };
    Some(DataSection { source: source?, train: train?, test: test? })
}

#[derive(Clone, Copy)]
enum NetworkKind {
    Mlp,
    LeNet,
    AlexNet,
}

fn read_network(value: Value<'_>) -> Option<Architecture> {
    let table = value.table()?;
    let kinds = [("mlp", NetworkKind::Mlp), ("lenet", NetworkKind::LeNet), ("alexnet", NetworkKind::AlexNet)];
    let which = table.one_of("a network", &kinds);
    table.finish();
    let (kind, settings) = which?;
    let settings = settings.table()?;
    let network = match kind {
        NetworkKind::Mlp => {
            let hidden = settings.need("hidden", "[64, 32]").and_then(|hidden| {
                let widths: Vec<Option<u64>> = hidden.list()?.map(|width| width.integer(1, 1 << 20)).collect();
                widths.into_iter().map(|width| width.map(|w| w as usize)).collect()
            });
            hidden.map(|hidden| Architecture::Mlp { hidden })
        }
        NetworkKind::LeNet => Some(Architecture::LeNet),
        NetworkKind::AlexNet => {
            let channels = settings.get("channels").map_or(Some(64), |channels| channels.integer(1, 1 << 12));
            channels.map(|channels| Architecture::AlexNet { channels: channels as usize })
        }
    };
    settings.finish();
    network
}

#[derive(Clone, Copy)]
enum OptimiserKind {
    Sgd,
    Adam,
}

/// One optimiser; its label is its `name`, or the name of its kind.
fn read_optimiser(value: Value<'_>) -> Option<(String, Optimiser)> {
    let table = value.table()?;
    let name = table.get("name").map(|name| name.file_name().and(read_label(name)));
    let which = table.one_of("an optimiser", &[("sgd", OptimiserKind::Sgd), ("adam", OptimiserKind::Adam)]);
    table.finish();
    let (kind, settings) = which?;
    let inner = settings.table()?;
    let eta = |example| inner.need("eta", example).and_then(|eta| eta.positive());
    let number = |key, default| inner.get(key).map_or(Some(default), |value| value.number());
    let optimiser = match kind {
        OptimiserKind::Sgd => {
            let (eta, momentum) = (eta("0.1"), number("momentum", 0.0));
            inner.finish();
            Optimiser::Sgd { eta: eta?, momentum: momentum? }
        }
        OptimiserKind::Adam => {
            let (eta, beta1, beta2) = (eta("0.001"), number("beta1", 0.9), number("beta2", 0.999));
            let stabilizer = number("stabilizer", 1e-8);
            inner.finish();
            Optimiser::Adam { eta: eta?, beta1: beta1?, beta2: beta2?, stabilizer: stabilizer? }
        }
    };
    settings.check(optimiser.check())?;
    let label = match name {
        Some(name) => name?,
        None => optimiser.name().to_string(),
    };
    Some((label, optimiser))
}

/// Sizes of the training and of the measurements.
#[derive(Clone, Copy, Debug)]
struct Amounts {
    iterations: Option<u64>,
    measurements: usize,
    batches: usize,
    window: u64,
    coordinates: usize,
    train: Option<usize>,
    test: Option<usize>,
    /// Minima, runs and their most steps of the escape.
    minima: Option<usize>,
    runs: Option<usize>,
    max_steps: Option<usize>,
}

impl Default for Amounts {
    fn default() -> Self {
        Amounts {
            iterations: None,
            measurements: 8,
            batches: 400,
            window: 0,
            coordinates: 8,
            train: None,
            test: None,
            minima: None,
            runs: None,
            max_steps: None,
        }
    }
}

/// Reads `[noise]`, or `[quick]`, which may also shorten the training and use fewer images. The keys of `[quick]` default to `[noise]`.
fn read_amounts(value: Value<'_>, default: Amounts, iterations: Option<u64>) -> Option<Amounts> {
    let table = value.table()?;
    let amount = |key, lo, hi, default| table.get(key).map_or(Some(default), |value| value.integer(lo, hi));
    let optional = |key, lo| match table.get(key) {
        Some(count) => count.integer(lo, MOST_IMAGES).map(|n| Some(n as usize)),
        None => Some(None),
    };
    let shorter = iterations.is_some();
    let of_quick = |key, lo| if shorter { optional(key, lo) } else { Some(None) };
    let amounts = Amounts {
        iterations: match iterations {
            Some(most) => Some(amount("iterations", 1, most, most)?),
            None => None,
        },
        train: of_quick("train", 1)?,
        test: of_quick("test", 1)?,
        minima: of_quick("minima", 1)?,
        runs: of_quick("runs", 2)?,
        max_steps: of_quick("max_steps", 1)?,
        measurements: amount("measurements", 1, MOST_POINTS, default.measurements as u64)? as usize,
        batches: amount("batches", 2, MOST_BATCHES, default.batches as u64)? as usize,
        window: amount("window", 0, MOST_BATCHES, default.window)?,
        coordinates: amount("coordinates", 1, MOST_COORDINATES, default.coordinates as u64)? as usize,
    };
    table.finish();
    Some(amounts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::is_calibration;

    const GOOD: &str = "name = 'c'\nnetwork = { mlp = { hidden = [8] } }\nbatch = 32\niterations = 100\n[[optimiser]]\nsgd = { eta = 0.1 }\n";

    #[test]
    fn missing_keys_have_defaults() {
        let file = CalibrationFile::parse("c.toml", GOOD).unwrap();
        assert_eq!(file.settings.data, DataSource::Digits);
        assert_eq!((file.settings.noise_batches, file.quick.iterations), (400, 10));
        let text = format!(
            "data = {{ idx = 'folder', train = 50 }}\n{GOOD}[quick]\niterations = 7\nbatches = 20\ntrain = 40\n"
        );
        let file = CalibrationFile::parse("c.toml", &text).unwrap();
        assert_eq!(file.settings.data, DataSource::Idx { folder: "folder".into(), classes: 10 });
        assert_eq!((file.settings.train_images, file.quick.train_images), (Some(50), Some(40)));
        assert_eq!((file.quick.iterations, file.quick.noise_batches, file.settings.noise_batches), (7, 20, 400));
        assert!(is_calibration(GOOD) && !is_calibration("name = 'c'\npaths = 3"));
    }

    #[test]
    fn every_error_is_reported() {
        for (from, to, reason) in [
            ("eta = 0.1", "eta = 0", "`eta` must be positive"),
            ("eta = 0.1", "eta = 0.1, momentum = 1", "`momentum` cannot be 1"),
            ("eta = 0.1", "eta = 0.1, beta1 = 0.9", "unknown key `beta1`"),
            ("mlp", "mpl", "unknown key `mpl`"),
            ("[8]", "[0]", "must lie between 1 and"),
            ("batch = 32", "batch = 0", "must lie between 1 and"),
            ("batch = 32", "", "`batch` is missing"),
            ("[[opt", "[noise]\ntrain = 5\n[[opt", "unknown key `train`"),
            ("[[optimiser]]\nsgd = { eta = 0.1 }", "", "`optimiser` is missing"),
            ("name = 'c'", "name = '../c'", "cannot be a folder"),
            ("name = 'c'", "name = 'c'\ndevice = 'gpu'", "unknown value \"gpu\" for `device`"),
            ("name = 'c'", "name = 'c'\ndata = { idx = 'a', cifar10 = 'b' }", "takes only one of"),
            ("name = 'c'", "name = 'c'\nfigures = ['scale']", "did you mean \"scales\"?"),
            ("[[optimiser]]", "[[optimiser]]\nsgd = { eta = 0.2 }\n[[optimiser]]", "two optimisers are named \"sgd\""),
            ("batch = 32", "batch = ", "a value is missing after `=`"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            let error = CalibrationFile::parse("c.toml", &text).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
