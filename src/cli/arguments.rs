//! The command line, once: help, man page and completions come from here.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;

use crate::engine::Shard;
use crate::experiment::Experiment;

#[cfg(feature = "calibrate")]
use crate::calibrate::DeviceChoice;

/// The end of every help text: examples, then what the exit codes mean.
macro_rules! with_exit_codes {
    ($($line:literal),*) => {
        concat!(
            $($line, "\n",)*
            "Exit codes:
  0    done
  1    a check failed, or a figure had nothing to draw
  2    the command line, an experiment or a data file is wrong
  3    a file could not be read or written
  5    not complete: the time limit came, or shards are missing
  130  stopped by a signal; what was done is kept, and --resume goes on"
        )
    };
}

/// Escape times of SGD and Adam driven by Lévy noise, simulated beside the theory.
#[derive(Debug, Parser)]
#[command(name = "levy-escape", version, after_help = with_exit_codes!(), arg_required_else_help = true)]
pub struct Arguments {
    /// What is said while running.
    #[command(flatten)]
    pub console: TalkOptions,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What is said on standard error.
#[derive(Args, Debug)]
pub struct TalkOptions {
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say more: the scheme, its step and its cost for every cell
    #[arg(short, long, global = true)]
    pub verbose: bool,

    /// How progress is shown; auto is a bar on a terminal and plain lines elsewhere
    #[arg(long, global = true, value_enum, default_value_t = ProgressStyle::Auto)]
    pub progress: ProgressStyle,

    /// Colour in messages; auto heeds NO_COLOR and whether standard error is a terminal
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressStyle {
    /// A bar on a terminal, plain lines elsewhere.
    Auto,
    /// A bar.
    Bar,
    /// A line now and then.
    Plain,
    /// Nothing.
    None,
}

/// When messages have colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run experiments and draw their figures
    ///
    /// Results go to <OUT>/<name>/: run.sqlite (the store), summary.csv (one row a cell), escapes.csv (one row a path),
    /// manifest.json and figures/. The CSV files are the same, byte for byte, on any number of threads and shards, and however often
    /// the run was stopped or killed and resumed.
    #[command(after_help = with_exit_codes!(
        "Examples:",
        "  levy-escape run experiments/theorem1.toml",
        "  levy-escape run my.toml --paths 1000 --threads 4 --force",
        "  levy-escape run my.toml --resume --max-time 3h50m",
        "  levy-escape run my.toml --shard 3/16",
        ""
    ))]
    Run(RunOptions),

    /// Join the shards of a run
    ///
    /// Checks that all are of one run and that every path is there exactly once, and gives the files, byte for byte, that the run
    /// would have given without shards. Nothing is written if anything is missing.
    #[command(after_help = with_exit_codes!(
        "Examples:",
        "  levy-escape merge results/my.shard-*-of-16 --into results/my",
        ""
    ))]
    Merge(MergeOptions),

    /// Render tables and figures of a run anew, from its store
    #[command(after_help = with_exit_codes!("Examples:", "  levy-escape report results/theorem1", ""))]
    Report(ReportOptions),

    /// Write, and submit, Slurm jobs: an array of shards and the merge after it
    ///
    /// The scripts go to <OUT>/<name>.slurm/. A shard that is stopped before the end of its time, killed, or loses its node is queued
    /// again and goes on where it was.
    #[command(after_help = with_exit_codes!(
        "Examples:",
        "  levy-escape slurm my.toml --shards 64 --sbatch-arg=--time=4:00:00 --sbatch-arg=--cpus-per-task=8 --submit",
        ""
    ))]
    Slurm(SlurmOptions),

    /// Run every file in experiments/
    #[command(after_help = with_exit_codes!(
        "Examples:",
        "  levy-escape reproduce --quick",
        "  levy-escape reproduce --force",
        ""
    ))]
    Reproduce(ReproduceOptions),

    /// Check experiment files without running them
    #[command(after_help = with_exit_codes!())]
    Check(CheckOptions),

    /// Print what theory predicts for every cell, without simulating
    #[command(after_help = with_exit_codes!(
        "Examples:",
        "  levy-escape theory experiments/theorem2.toml",
        "  levy-escape theory my.toml --json",
        ""
    ))]
    Theory(TheoryOptions),

    /// Train a network, measure the noise of its gradients, and draw it
    ///
    /// Results go to <OUT>/<name>/: calibration.json, which an experiment can name, the parameters with their noise as .npy, what was
    /// found in words in summary.txt (also on standard output), manifest.json and figures/.
    #[cfg(feature = "calibrate")]
    #[command(after_help = with_exit_codes!(
        "Examples:",
        "  levy-escape calibrate experiments/calibrate_digits.toml",
        "  levy-escape calibrate my.toml --device cpu --seed 2 --out elsewhere",
        ""
    ))]
    Calibrate(CalibrateOptions),

    /// Estimate the tail index of data, beside a Gaussian of the same scales
    ///
    /// DATA is a table of text (.csv, .tsv), a NumPy array (.npy, .npz) or a safetensors file, packed with gzip or not. The output gives five
    /// estimators of the index of a symmetric α-stable law, each with a 95 % interval and with its result on Gaussian data of the same
    /// scales; tests of symmetry and of independence, which the estimators assume; how well the law fits; and how well a
    /// stable, a Gaussian and a Student t law predict entries that they were not fitted to.
    #[command(after_help = with_exit_codes!(
        "Examples:",
        "  levy-escape tail-index prices.csv --column close --log-return --figure law.svg",
        "  levy-escape tail-index returns.csv --axis 0        one sample for every column",
        "  levy-escape tail-index noise.npy --axis pooled     rows are draws, columns parameters",
        "  zcat big.csv.gz | levy-escape tail-index - --json  standard input",
        ""
    ))]
    TailIndex(TailIndexOptions),
}

/// Options of `run`.
#[derive(Args, Debug)]
pub struct RunOptions {
    /// Experiment files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Run only part I of N, into <name>.shard-I-of-N; merge joins them
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<Shard>,

    /// Say what it would take, from a pilot of a few paths, and run nothing
    #[arg(long)]
    pub dry_run: bool,

    /// How the runs are made
    #[command(flatten)]
    pub how: RunSettings,
}

fn shard(text: &str) -> Result<Shard, String> {
    let parts = text.split_once('/').and_then(|(i, n)| Shard::new(i.parse().ok()?, n.parse().ok()?));
    parts.ok_or_else(|| format!("expected I/N with 1 <= I <= N <= {}, as in 3/16", Shard::MOST))
}

fn time(text: &str) -> Result<Duration, String> {
    let time = text.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    time.filter(|time| !time.is_zero()).ok_or_else(|| "expected a time as 3h50m, 90s or 2 days".to_string())
}

/// What is taken instead of what the file says.
#[derive(Args, Clone, Copy, Debug)]
pub struct Overrides {
    /// Seed instead of the file's
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Paths of every cell instead of the file's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=Experiment::MOST_PATHS))]
    pub paths: Option<u64>,
}

/// Largest number of threads.
const MOST_THREADS: u64 = 4096;

/// How runs are made.
#[derive(Args, Clone, Debug)]
pub struct RunSettings {
    /// Folder for the results
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub out: PathBuf,

    /// What is taken instead of what the file says
    #[command(flatten)]
    pub instead: Overrides,

    /// Threads; by default one per core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_THREADS))]
    pub threads: Option<u64>,

    /// Go on where the results of the same name end; begin if there are none
    #[arg(long, conflicts_with = "force")]
    pub resume: bool,

    /// Move existing results of the same name aside, to <name>.1, and run
    #[arg(long)]
    pub force: bool,

    /// Stop in time, as by Ctrl-C, and end with exit code 5
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub max_time: Option<Duration>,

    /// Print one JSON object per experiment on standard output when it is done
    #[arg(long)]
    pub json: bool,
}

/// Options of `reproduce`.
#[derive(Args, Debug)]
pub struct ReproduceOptions {
    /// Fewer paths: everything in about a minute, with wider intervals
    #[arg(long)]
    pub quick: bool,

    /// Folder with the experiment files
    #[arg(long, value_name = "DIR", default_value = "experiments")]
    pub experiments: PathBuf,

    /// How the runs are made
    #[command(flatten)]
    pub how: RunSettings,
}

/// Options of `merge`.
#[derive(Args, Debug)]
pub struct MergeOptions {
    /// Folders of the shards
    #[arg(required = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,

    /// Folder for the run, which must not be there
    #[arg(long, value_name = "DIR")]
    pub into: PathBuf,

    /// Print one JSON object on standard output when it is done
    #[arg(long)]
    pub json: bool,
}

/// Options of `report`.
#[derive(Args, Debug)]
pub struct ReportOptions {
    /// Folder of a run
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,

    /// Print one JSON object on standard output when it is done
    #[arg(long)]
    pub json: bool,
}

/// Options of `slurm`.
#[derive(Args, Debug)]
pub struct SlurmOptions {
    /// Experiment file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Tasks of the array
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=Shard::MOST))]
    pub shards: u64,

    /// Folder for the results, on a file system that all nodes share
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub out: PathBuf,

    /// What is taken instead of what the file says
    #[command(flatten)]
    pub instead: Overrides,

    /// Threads of a task; by default as many as it has CPUs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_THREADS))]
    pub threads: Option<u64>,

    /// An option of sbatch for both jobs, as --sbatch-arg=--time=4:00:00
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    pub sbatch_arg: Vec<String>,

    /// Submit the jobs
    #[arg(long)]
    pub submit: bool,
}

/// Options of `check`.
#[derive(Args, Debug)]
pub struct CheckOptions {
    /// Experiment files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Options of `theory`.
#[derive(Args, Debug)]
pub struct TheoryOptions {
    /// Experiment file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

/// Heading of the options that say how data are read.
const READING: &str = "Reading the data";

fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "tab" | "\\t" => Ok(b'\t'),
        _ => match text.as_bytes() {
            [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\"\r\n.-+".contains(byte) => Ok(*byte),
            _ => Err("expected one character, as ';' or ',', or the word tab".to_owned()),
        },
    }
}

/// Options of `tail-index`.
#[derive(Args, Clone, Debug)]
pub struct TailIndexOptions {
    /// The data: .csv, .tsv, .npy, .npz or .safetensors, also with .gz; - reads standard input
    #[arg(value_name = "DATA")]
    pub data: PathBuf,

    /// Column to take as the sample, by name or by number from 0; several, as A,B or repeated, are pooled
    #[arg(long, value_name = "NAME|NUMBER")]
    pub column: Vec<String>,

    /// What is a sample: all entries, every column (along axis 0), or every row (along axis 1)
    #[arg(long, value_enum)]
    pub axis: Option<Axis>,

    /// Take the differences of consecutive entries
    #[arg(long, conflicts_with = "log_return")]
    pub difference: bool,

    /// Take the differences of the logarithms of consecutive entries, as of prices
    #[arg(long)]
    pub log_return: bool,

    /// Array to read from a .npz or .safetensors file
    #[arg(long, value_name = "NAME", help_heading = READING)]
    pub array: Option<String>,

    /// Format of the data; by default the one that the name ends in
    #[arg(long, value_enum, help_heading = READING)]
    pub format: Option<DataFormat>,

    /// What separates the cells of a table: a character, or tab; detected by default
    #[arg(long, value_name = "CHAR", value_parser = delimiter, help_heading = READING)]
    pub delimiter: Option<u8>,

    /// Read 1,5 as 1.5 and 1.234 as 1234; detected by default
    #[arg(long, conflicts_with = "thousands_comma", help_heading = READING)]
    pub decimal_comma: bool,

    /// Read 1,234 as 1234
    #[arg(long, help_heading = READING)]
    pub thousands_comma: bool,

    /// The first row names the columns; detected by default
    #[arg(long, conflicts_with = "no_header", help_heading = READING)]
    pub header: bool,

    /// The first row holds entries
    #[arg(long, help_heading = READING)]
    pub no_header: bool,

    /// What to do with missing values: an empty cell, NA, NaN, null
    #[arg(long, value_enum, default_value_t = MissingValues::Omit, help_heading = READING)]
    pub missing: MissingValues,

    /// A further text that stands for a missing value, as -999
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help_heading = READING)]
    pub na: Vec<String>,

    /// Estimators to use; all by default, the first three where there are many samples
    #[arg(long, value_enum, value_delimiter = ',')]
    pub estimator: Vec<EstimatorName>,

    /// Where the law is centred: median, zero, or a number
    #[arg(long, value_name = "median|zero|NUMBER", default_value = "median", allow_negative_numbers = true)]
    pub centre: String,

    /// Mohammadi's K1, entries to a sum; by default the largest divisor of their number not above its root
    #[arg(long, value_name = "K1")]
    pub block: Option<usize>,

    /// Keep exact zeros in Mohammadi's logarithms, at 2^-52, as the paper's code does
    #[arg(long)]
    pub keep_zeros: bool,

    /// Hill's k, largest entries used; by default the root of their number
    #[arg(long, value_name = "K")]
    pub order: Option<usize>,

    /// Consecutive entries that may depend on each other; by default the cube root of their number
    #[arg(long, value_name = "N")]
    pub dependence: Option<usize>,

    /// Seed of the Gaussian data and of the bootstrap
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,

    /// Draw the sample against the fitted laws: a .svg or .png file
    #[arg(long, value_name = "PATH")]
    pub figure: Option<PathBuf>,

    /// Replace the figure if it is there
    #[arg(long)]
    pub force: bool,
}

/// Formats of data files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DataFormat {
    /// Cells separated by a comma, or by what is detected.
    Csv,
    /// Cells separated by tabs.
    Tsv,
    /// A NumPy array.
    Npy,
    /// Several NumPy arrays.
    Npz,
    /// Several tensors.
    Safetensors,
}

/// What is done with missing values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MissingValues {
    /// Leave them out and count them.
    Omit,
    /// Stop with an error that says where the first is.
    Refuse,
}

/// What is a sample in a table or an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Axis {
    /// All entries together.
    Pooled,
    /// Every column.
    #[value(name = "0")]
    Columns,
    /// Every row.
    #[value(name = "1")]
    Rows,
}

/// An estimator by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EstimatorName {
    /// Growth of sums; the paper's.
    Mohammadi,
    /// Characteristic function.
    Koutrouvelis,
    /// Quantiles.
    #[value(name = "mcculloch")]
    McCulloch,
    /// Largest entries.
    Hill,
    /// Likelihood of the stable law.
    MaximumLikelihood,
}

/// Options of `calibrate`.
#[cfg(feature = "calibrate")]
#[derive(Args, Debug)]
pub struct CalibrateOptions {
    /// File of a calibration
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Folder for the results
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub out: PathBuf,

    /// Seed instead of the file's
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Device instead of the file's; auto takes a GPU where this build can use one, and says so
    #[arg(long, value_enum)]
    pub device: Option<DeviceName>,

    /// Move existing results of the same name aside, to <name>.1, and run
    #[arg(long)]
    pub force: bool,
}

/// Where the network is trained.
#[cfg(feature = "calibrate")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeviceName {
    /// A GPU, else the processor.
    Auto,
    /// The processor.
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
