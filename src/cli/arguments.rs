//! The command line. Help, man page and completions are generated from it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

#[cfg(feature = "calibrate")]
use super::options::CalibrateOptions;
use super::options::{
    CheckOptions, MergeOptions, ReportOptions, ReproduceOptions, RunOptions, SlurmOptions, TheoryOptions,
};

/// The end of every help text: examples and the exit codes.
macro_rules! with_exit_codes {
    ($($line:literal),*) => {
        concat!(
            $($line, "\n",)*
            "Exit codes:
  0    success
  1    a check failed, or a figure had no data
  2    the command line, an experiment or a data file is wrong
  3    a file could not be read or written
  5    incomplete: the time limit was reached, or shards are missing
  130  stopped by a signal; completed paths are kept, and --resume continues"
        )
    };
}

/// Escape times of SGD and Adam driven by Lévy noise: simulation and theory.
#[derive(Debug, Parser)]
#[command(name = "levy-escape", version, after_help = with_exit_codes!(), arg_required_else_help = true)]
pub struct Arguments {
    /// What is written to standard error.
    #[command(flatten)]
    pub console: ConsoleOptions,

    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// What is written to standard error.
#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
pub struct ConsoleOptions {
    /// Print only errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Print the scheme, its step and its cost for every cell
    #[arg(short, long, global = true)]
    pub verbose: bool,

    /// Progress display; auto shows a bar on a terminal and plain lines elsewhere
    #[arg(long, global = true, value_enum, default_value_t = ProgressStyle::Auto)]
    pub progress: ProgressStyle,

    /// Colour in messages; auto uses colour on a terminal unless NO_COLOR is set
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
    /// A line every ten seconds.
    Plain,
    /// Nothing.
    None,
}

/// When messages are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands, in the order of use.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check experiment and calibration files without running them
    #[command(after_help = with_exit_codes!(
        "Examples:",
        "  levy-escape check my.toml",
        "  levy-escape check experiments/*.toml",
        ""
    ))]
    Check(CheckOptions),

    /// Print what theory predicts for every cell, without simulation
    #[command(after_help = with_exit_codes!(
        "Examples:",
        "  levy-escape theory experiments/theorem2.toml",
        "  levy-escape theory my.toml --json",
        ""
    ))]
    Theory(TheoryOptions),

    /// Run experiments and draw their figures
    ///
    /// FILE is an experiment in TOML: noise, dynamics, basins and scheme, with lists for what is swept.
    ///
    /// Results go to <OUT>/<name>/: run.sqlite (the store), summary.csv (one row per cell), escapes.csv (one row per path),
    /// manifest.json and figures/. The CSV files are byte-identical for any number of threads and shards, and after any number of
    /// interruptions and resumes.
    #[command(after_help = with_exit_codes!(
        "Examples:",
        "  levy-escape run experiments/theorem1.toml",
        "  levy-escape run my.toml --paths 1000 --threads 4 --force",
        "  levy-escape run my.toml --resume --max-time 3h50m",
        "  levy-escape run my.toml --shard 3/16",
        ""
    ))]
    Run(RunOptions),

    /// Write the tables and figures of a run again, from its store
    #[command(after_help = with_exit_codes!("Examples:", "  levy-escape report results/theorem1", ""))]
    Report(ReportOptions),

    /// Join the shards of a run
    ///
    /// Checks that all shards belong to one run and that every path is present exactly once. The merged files are byte-identical to
    /// those of a run without shards. Nothing is written if anything is missing.
    #[command(after_help = with_exit_codes!(
        "Examples:",
        "  levy-escape merge results/my.shard-*-of-16 --into results/my",
        ""
    ))]
    Merge(MergeOptions),

    /// Write, and optionally submit, Slurm jobs: an array of shards and the merge after it
    ///
    /// The scripts go to <OUT>/<name>.slurm/. A shard that reaches its time limit, is killed or loses its node is requeued and resumes.
    #[command(after_help = with_exit_codes!(
        "Examples:",
        "  levy-escape slurm my.toml --shards 64 --sbatch-arg=--time=4:00:00 --sbatch-arg=--cpus-per-task=8 --submit",
        ""
    ))]
    Slurm(SlurmOptions),

    /// Run all files in experiments/
    #[command(after_help = with_exit_codes!(
        "Examples:",
        "  levy-escape reproduce --quick",
        "  levy-escape reproduce --force",
        ""
    ))]
    Reproduce(ReproduceOptions),

    /// Train a network and measure the noise of its gradients
    ///
    /// Results go to <OUT>/<name>/: calibration.json, which an experiment can name; the parameters and their noise as .npy;
    /// summary.txt (also on standard output); manifest.json and figures/.
    #[cfg(feature = "calibrate")]
    #[command(after_help = with_exit_codes!(
        "Examples:",
        "  levy-escape calibrate experiments/calibrate_digits.toml",
        "  levy-escape calibrate my.toml --device cpu --seed 2 --out elsewhere",
        ""
    ))]
    Calibrate(CalibrateOptions),

    /// Estimate the tail index of data, and of Gaussian data with the same scales
    ///
    /// DATA is a CSV file or a NumPy array (.npy) of 4- or 8-byte reals. Five estimators of the index of a symmetric α-stable law, each with a
    /// 95 % interval and its value for Gaussian data of the same scales; the goodness of fit; and how well a stable, a Gaussian and a
    /// Student t law predict held-out entries.
    #[command(after_help = with_exit_codes!(
        "Examples:",
        "  levy-escape tail-index returns.csv --column close --figure law.svg",
        "  levy-escape tail-index noise.npy --axis pooled     rows are draws, columns parameters",
        "  levy-escape tail-index noise.npy --axis 0 --json   one sample for every column",
        ""
    ))]
    TailIndex(TailIndexOptions),
}

/// Options of `tail-index`.
#[derive(Args, Debug)]
pub struct TailIndexOptions {
    /// The data: .csv or .npy
    #[arg(value_name = "DATA")]
    pub data: PathBuf,

    /// Column to take as the sample: its name, or its number from 0
    #[arg(long, value_name = "NAME|NUMBER", conflicts_with = "axis")]
    pub column: Option<String>,

    /// What is a sample in a 2-D array: all entries, every column (along axis 0), or every row (along axis 1)
    #[arg(long, value_enum)]
    pub axis: Option<Axis>,

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

/// What is a sample in a 2-D array.
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
