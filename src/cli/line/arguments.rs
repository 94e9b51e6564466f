//! The command line. Help, man page and completions are generated from it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

#[cfg(feature = "calibrate")]
use super::options::CalibrateOptions;
use super::options::{
    CheckOptions, GenerateOptions, MergeOptions, NewOptions, ReportOptions, ReproduceOptions, RunOptions, SlurmOptions,
    TheoryOptions,
};
use super::values;

/// The end of every help text: examples and the exit codes.
macro_rules! with_exit_codes {
    ($($line:literal),*) => {
        concat!(
            $($line, "\n",)*
            "Exit codes:
  0    success
  1    a check failed, or a figure had no data; for `reproduce`, also a mean that disagrees with its exact value
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
    /// Write a commented experiment to start from
    #[command(after_help = with_exit_codes!(
        "Examples:",
        "  levy-escape new my",
        "  levy-escape new my-wells --from wells",
        ""
    ))]
    New(NewOptions),

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
    /// trajectories.csv (with paths_kept: its first paths, point by point), manifest.json and figures/. The CSV files are byte-identical for
    /// any number of threads and shards, and after any number of interruptions and resumes.
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
    #[command(after_help = with_exit_codes!(
        "Examples:",
        "  levy-escape report results/theorem1",
        "  levy-escape report results/theorem1 --figures gamma-vs-epsilon --format pdf --width column",
        ""
    ))]
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
    /// report.html, a page for a browser; summary.txt (also on standard output); manifest.json and figures/.
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
    /// DATA is a table of text (.csv, .tsv, .txt, .dat), a NumPy array (.npy, .npz) or a safetensors file, packed with gzip or not. The output gives five
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

    /// Print shell completions, the man page or the schema of a kind of file
    #[command(after_help = with_exit_codes!(
        "Examples:",
        "  levy-escape generate completions bash > ~/.local/share/bash-completion/completions/levy-escape",
        "  levy-escape generate man > levy-escape.1",
        "  levy-escape generate schema > experiment.schema.json",
        "  levy-escape generate schema calibration > calibration.schema.json",
        ""
    ))]
    Generate(GenerateOptions),
}

/// Heading of the options that say how data are read.
const READING: &str = "Reading the data";

fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "tab" | "\\t" => Ok(b'\t'),
        "blank" => Ok(b' '),
        _ => match text.as_bytes() {
            [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\"\r\n.-+".contains(byte) => Ok(*byte),
            _ => Err("expected one character, as ';' or ',', or one of the words tab and blank".to_owned()),
        },
    }
}

/// Options of `tail-index`.
#[derive(Args, Clone, Debug)]
pub struct TailIndexOptions {
    /// The data: .csv, .tsv, .txt, .dat, .npy, .npz or .safetensors, also with .gz; - reads standard input
    #[arg(value_name = "DATA")]
    pub data: PathBuf,

    /// Column to take as the sample, by name or by number from 0; several, as A,B or repeated, are pooled
    #[arg(long, value_name = "NAME|NUMBER")]
    pub column: Vec<String>,

    /// What is a sample: all entries, every column (along axis 0), or every row (along axis 1)
    #[arg(long, value_enum)]
    pub axis: Option<SampleAxis>,

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

    /// What separates the cells of a table: a character, tab, or blank for any number of blanks; detected by default
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

    /// An additional mark of missing values, for instance -999
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help_heading = READING)]
    pub na: Vec<String>,

    /// Estimators to use; all by default, the first three where there are many samples
    #[arg(long, value_enum, value_delimiter = ',')]
    pub estimator: Vec<EstimatorName>,

    /// Where the law is centred: median, zero, or a number
    #[arg(long, value_name = "median|zero|NUMBER", default_value = "median", allow_negative_numbers = true)]
    pub centre: String,

    /// Mohammadi's K1, entries to a sum; by default the largest divisor of their number not above its root
    #[arg(long, value_name = "K1", value_parser = |text: &str| values::count(text, 2))]
    pub block: Option<usize>,

    /// Keep exact zeros in Mohammadi's logarithms, at 2^-52, as the paper's code does
    #[arg(long)]
    pub keep_zeros: bool,

    /// Hill's k, largest entries used; by default the root of their number
    #[arg(long, value_name = "K", value_parser = |text: &str| values::count(text, 2))]
    pub order: Option<usize>,

    /// Consecutive entries that may depend on each other; by default the cube root of their number
    #[arg(long, value_name = "N", value_parser = |text: &str| values::count(text, 1))]
    pub dependence: Option<usize>,

    /// Seed of the Gaussian data and of the bootstrap
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,

    /// Draw the sample against the fitted laws: a .svg, .png or .pdf file
    #[arg(long, value_name = "PATH")]
    pub figure: Option<PathBuf>,

    /// Replace the figure if it is there
    #[arg(long)]
    pub force: bool,
}

/// Formats of data files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DataFormat {
    /// Cells separated by what is detected.
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
pub enum SampleAxis {
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
