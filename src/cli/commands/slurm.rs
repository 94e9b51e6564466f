//! `slurm`: writes and submits a job array of shards and the merge that follows it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use thiserror::Error;

use super::slurm_scripts::{ScriptFailure, Scripts};
use crate::cli::complaint::{Complain, Complaint, Exit};
use crate::cli::console::{Console, OutputError, write_data};
use crate::cli::line::command_line::quoted;
use crate::cli::line::options::SlurmOptions;
use crate::cli::load::{LoadFailure, load};
use crate::cli::planned::{OutIsFile, check_out};
use crate::engine::Shard;
use crate::files::{AtomicFile, FilesError};
use crate::results::Request;

/// Why jobs cannot be written or submitted.
#[derive(Debug, Error)]
pub enum SlurmFailure {
    #[error(transparent)]
    Load(#[from] LoadFailure),
    #[error(transparent)]
    Results(FilesError),
    #[error("cannot find the current folder")]
    Here(#[source] io::Error),
    #[error(transparent)]
    Out(#[from] OutIsFile),
    #[error(transparent)]
    Script(#[from] ScriptFailure),
    #[error("{} cannot be written", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("sbatch did not accept the job")]
    Submit(#[source] io::Error),
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl Complain for SlurmFailure {
    fn complaint(&self) -> Complaint {
        match self {
            SlurmFailure::Load(failure) => failure.complaint(),
            SlurmFailure::Results(error) => {
                error.complaint().or_hint("move it away, or pass --out DIR to write elsewhere")
            }
            SlurmFailure::Out(error) => error.complaint(),
            SlurmFailure::Script(failure) => failure.complaint(),
            SlurmFailure::Output(error) => error.complaint(),
            SlurmFailure::Here(_) | SlurmFailure::Write { .. } | SlurmFailure::Submit(_) => {
                Complaint::new(self, Exit::Io)
            }
        }
    }
}

/// Writes the scripts and, with `--submit`, submits them.
pub fn slurm(options: &SlurmOptions, console: &Console) -> Result<(), SlurmFailure> {
    check_out(&options.out)?;
    let experiment = load(&options.file, &options.out)?;
    experiment.warnings.iter().for_each(|warning| console.warn(warning));
    let request = Request { experiment: &experiment, paths: 1, exactly: false, shard: Shard::WHOLE };
    let place = request.place(&options.out);
    if place.symlink_metadata().is_ok() {
        return Err(SlurmFailure::Results(FilesError::Exists { path: place }));
    }
    let here = std::env::current_dir().map_err(SlurmFailure::Here)?;
    let folder = options.out.join(format!("{}.slurm", experiment.name));
    fs::create_dir_all(&folder).map_err(|source| SlurmFailure::Write { path: folder.clone(), source })?;
    let scripts = Scripts { options, name: &experiment.name, here: &here, logs: here.join(&folder) };
    let (shards, merge) = (folder.join("shards.sh"), folder.join("merge.sh"));
    write(&shards, &scripts.shards()?)?;
    write(&merge, &scripts.merge()?)?;
    write_data(format!("{}\n{}", shards.display(), merge.display()))?;
    if options.submit {
        let array = submit(&shards, &[])?;
        write_data(format!("job {array}: {} shards", options.shards))?;
        let waits = submit(&merge, &[format!("--dependency=afterany:{array}")])?;
        write_data(format!("job {waits}: the merge, after job {array}"))?;
    } else {
        console.say(format!(
            "submit with: sbatch --dependency=afterany:$(sbatch --parsable {}) {}",
            quoted(shards),
            quoted(merge)
        ));
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), SlurmFailure> {
    AtomicFile::replace(path, text.as_bytes()).map_err(|source| SlurmFailure::Write { path: path.to_owned(), source })
}

/// Submits a script and returns its job number.
fn submit(script: &Path, more: &[String]) -> Result<String, SlurmFailure> {
    let output = Command::new("sbatch").arg("--parsable").args(more).arg(script).output();
    let output = output.map_err(SlurmFailure::Submit)?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let job = printed.trim().split(';').next().unwrap_or_default();
    if !output.status.success() || job.is_empty() {
        let reason = String::from_utf8_lossy(&output.stderr).trim().to_string();
        return Err(SlurmFailure::Submit(io::Error::other(reason)));
    }
    Ok(job.to_string())
}
