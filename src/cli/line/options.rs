//! Options of the commands that read experiments and calibrations.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValue;
use clap::{Args, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::values;
#[cfg(feature = "calibrate")]
use crate::calibrate::DeviceChoice;
use crate::engine::Shard;
use crate::experiment::{EscapesFormat, Experiment, FigureFormat, FigureNameError, FigureWidth};

/// Largest number of threads.
const MOST_THREADS: u64 = 4096;

/// Options of `run`.
#[derive(Args, Debug)]
pub struct RunOptions {
    /// Experiment files (TOML); `-` reads standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Run only part I of N, into <name>.shard-I-of-N; merge joins the parts
    #[arg(long, value_name = "I/N", value_parser = values::shard)]
    pub shard: Option<Shard>,

    /// Estimate time, memory and disk from a pilot of a few paths, and run nothing
    #[arg(long)]
    pub dry_run: bool,

    /// How experiments are run
    #[command(flatten)]
    pub settings: RunSettings,
}

/// Values that replace those of the file.
#[derive(Args, Clone, Copy, Debug)]
pub struct Overrides {
    /// Seed, instead of the one in the file
    #[arg(long, value_name = "N", value_parser = values::seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,

    /// Paths per cell, instead of the number in the file
    #[arg(long, value_name = "N", value_parser = values::paths, allow_negative_numbers = true)]
    pub paths: Option<u64>,
}

/// How the tables are written.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct TableOptions {
    /// The table with one row per path, instead of the one in the file
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub escapes: Option<EscapesFormat>,
}

impl TableOptions {
    /// Replaces the settings of the file where the command line gives others.
    pub fn apply(self, experiment: &mut Experiment) {
        experiment.escapes = self.escapes.unwrap_or(experiment.escapes);
    }
}

impl ValueEnum for EscapesFormat {
    fn value_variants<'a>() -> &'a [Self] {
        EscapesFormat::WRITTEN
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

/// How experiments are run.
#[derive(Args, Clone, Debug)]
pub struct RunSettings {
    /// Folder for the results
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub out: PathBuf,

    /// Values that replace those of the file
    #[command(flatten)]
    pub overrides: Overrides,

    /// How the tables are written
    #[command(flatten)]
    pub tables: TableOptions,

    /// Number of threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_THREADS))]
    pub threads: Option<u64>,

    /// Continue existing results of the same name, or start if there are none
    #[arg(long, conflicts_with = "force")]
    pub resume: bool,

    /// Move existing results of the same name to <name>.1, and run
    #[arg(long)]
    pub force: bool,

    /// Stop after this time, as 3h50m or 1-12:00:00, with exit code 5
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub max_time: Option<Duration>,

    /// Print one JSON object per experiment to standard output at the end
    #[arg(long)]
    pub json: bool,
}

/// Options of `reproduce`.
#[derive(Args, Debug)]
pub struct ReproduceOptions {
    /// Run fewer paths: one to two minutes in all, with wider intervals
    #[arg(long)]
    pub quick: bool,

    /// Folder of the experiment files
    #[arg(long, value_name = "DIR", default_value = "experiments")]
    pub experiments: PathBuf,

    /// How experiments are run
    #[command(flatten)]
    pub settings: RunSettings,
}

/// Options of `merge`.
#[derive(Args, Debug)]
pub struct MergeOptions {
    /// Folders of the shards
    #[arg(required = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,

    /// Folder for the merged run; it must not exist
    #[arg(long, value_name = "DIR")]
    pub into: PathBuf,

    /// How the tables are written
    #[command(flatten)]
    pub tables: TableOptions,

    /// Print one JSON object to standard output at the end
    #[arg(long)]
    pub json: bool,
}

/// Options of `report`.
#[derive(Args, Debug)]
pub struct ReportOptions {
    /// Results folder of a run
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,

    /// How the tables are written
    #[command(flatten)]
    pub tables: TableOptions,

    /// How figures are written
    #[command(flatten)]
    pub figures: FigureOptions,

    /// Print one JSON object to standard output at the end
    #[arg(long)]
    pub json: bool,
}

/// How figures are written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Figures")]
pub struct FigureOptions {
    /// Draw these figures only, even if the experiment does not name them, and leave the files of all others as they are [default: all of the
    /// experiment]
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = values::FigureName, hide_possible_values = true)]
    pub figures: Vec<String>,

    /// Formats, instead of those in the file; a file in another format that is there already is drawn again and keeps its width and size of text
    #[arg(long, value_name = "FORMAT", value_enum, value_delimiter = ',')]
    pub format: Vec<FigureFormat>,

    /// Width on paper, instead of the one in the file: a column is 84 mm wide, a page 174 mm
    #[arg(long, value_enum)]
    pub width: Option<FigureWidth>,

    /// Size of titles and axis labels in points, instead of the one in the file
    #[arg(long, value_name = "POINTS", value_parser = values::font_size)]
    pub font_size: Option<f64>,
}

impl FigureOptions {
    /// Replaces the settings of the file where the command line gives others.
    pub fn apply(&self, experiment: &mut Experiment) -> Result<(), FigureNameError> {
        let mut style = experiment.figure_style.clone();
        if !self.format.is_empty() {
            style.formats.clone_from(&self.format);
        }
        style.width = self.width.or(style.width);
        style.font_size = self.font_size.unwrap_or(style.font_size);
        experiment.restyle(&self.figures, style)
    }
}

impl ValueEnum for FigureFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &FigureFormat::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

impl ValueEnum for FigureWidth {
    fn value_variants<'a>() -> &'a [Self] {
        &FigureWidth::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

/// Options of `slurm`.
#[derive(Args, Debug)]
pub struct SlurmOptions {
    /// Experiment file (TOML)
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Number of shards, each a task of the job array
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=Shard::MOST))]
    pub shards: u64,

    /// Folder for the results, on a file system that all nodes share
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub out: PathBuf,

    /// Values that replace those of the file
    #[command(flatten)]
    pub overrides: Overrides,

    /// How the merge writes the tables
    #[command(flatten)]
    pub tables: TableOptions,

    /// Threads per task [default: one per CPU of the task]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_THREADS))]
    pub threads: Option<u64>,

    /// Option of sbatch for both jobs, as --sbatch-arg=--time=4:00:00
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    pub sbatch_arg: Vec<String>,

    /// Submit the jobs
    #[arg(long)]
    pub submit: bool,
}

/// Options of `new`.
#[derive(Args, Debug)]
pub struct NewOptions {
    /// Name of the experiment; the file is NAME.toml in the working directory
    #[arg(value_name = "NAME", allow_hyphen_values = false)]
    pub name: String,

    /// What the experiment is about
    #[arg(long, value_name = "KIND", value_enum, default_value_t = Template::Sweep)]
    pub from: Template,
}

/// Experiments to start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Template {
    /// SGD and Adam in two basins, over noise levels and tail indices.
    Sweep,
    /// Transitions between the wells of a double well.
    Wells,
    /// Boxes of equal and of different volume.
    Box,
    /// Isotropic noise in balls.
    Isotropic,
    /// Training of a network and measurement of its gradient noise.
    #[cfg(feature = "calibrate")]
    Calibration,
}

/// Options of `generate`.
#[derive(Args, Debug)]
pub struct GenerateOptions {
    /// What is generated
    #[command(subcommand)]
    pub what: Generated,
}

/// What can be generated from the definitions of the command line and of the experiment file.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Generated {
    /// Completions for a shell
    Completions {
        /// The shell
        #[arg(value_name = "SHELL", value_enum)]
        shell: Shell,
    },
    /// The man page
    Man,
    /// The JSON Schema of experiment or calibration files, with which editors complete and check keys
    Schema {
        /// The kind of file
        #[arg(value_name = "KIND", value_enum, default_value_t = SchemaKind::Experiment)]
        kind: SchemaKind,
    },
}

/// A kind of file that has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaKind {
    /// What `run` reads
    Experiment,
    /// What `calibrate` reads
    Calibration,
}

/// Options of `check`.
#[derive(Args, Debug)]
pub struct CheckOptions {
    /// Experiment or calibration files (TOML); `-` reads standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Options of `theory`.
#[derive(Args, Debug)]
pub struct TheoryOptions {
    /// Experiment file (TOML); `-` reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

/// Options of `calibrate`.
#[cfg(feature = "calibrate")]
#[derive(Args, Debug)]
pub struct CalibrateOptions {
    /// Calibration file (TOML)
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Folder for the results
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub out: PathBuf,

    /// Seed, instead of the one in the file
    #[arg(long, value_name = "N", value_parser = values::seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,

    /// Device, instead of the one in the file; auto picks a GPU if this build supports one
    #[arg(long, value_enum)]
    pub device: Option<DeviceName>,

    /// Move existing results of the same name to <name>.1, and run
    #[arg(long)]
    pub force: bool,
}

/// Where the network is trained.
#[cfg(feature = "calibrate")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeviceName {
    /// A GPU if there is one, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// An NVIDIA GPU.
    Cuda,
    /// An Apple GPU.
    Metal,
}

#[cfg(feature = "calibrate")]
impl From<DeviceName> for DeviceChoice {
    fn from(name: DeviceName) -> Self {
        match name {
            DeviceName::Auto => DeviceChoice::Auto,
            DeviceName::Cpu => DeviceChoice::Cpu,
            DeviceName::Cuda => DeviceChoice::Cuda,
            DeviceName::Metal => DeviceChoice::Metal,
        }
    }
}
