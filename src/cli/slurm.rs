//! `slurm`: the scripts of an array of shards and of the merge that waits for it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::arguments::SlurmOptions;
use super::failure::{Failure, load};
use super::progress::{Talk, write_data};
use super::stopping::quoted;
use crate::engine::Shard;
use crate::experiment::Request;

/// Seconds before the end of a job's time at which it is told to stop: enough to commit and to be queued again.
const WARNING: u32 = 120;
/// Times that a shard is queued again before it is given up.
const REQUEUES: u32 = 1000;
/// The same after errors of the file system.
const RETRIES: u32 = 20;

/// Writes the scripts and, if asked for, submits them.
pub fn slurm(options: &SlurmOptions, talk: &Talk) -> Result<(), Failure> {
    let experiment = load(&options.file, &options.out)?;
    experiment.warnings.iter().for_each(|warning| talk.warn(warning));
    let request = Request { experiment: &experiment, paths: 1, exactly: false, shard: Shard::WHOLE };
    let place = request.place(&options.out);
    if place.symlink_metadata().is_ok() {
        return Err(crate::experiment::ResultsError::Exists { path: place }.into());
    }
    let here = std::env::current_dir().map_err(|source| Failure::Read { path: ".".into(), source })?;
    let folder = options.out.join(format!("{}.slurm", experiment.name));
    let failed = |source| Failure::Script { path: folder.clone(), source };
    fs::create_dir_all(&folder).map_err(failed)?;
    let scripts = Scripts { options, name: &experiment.name, here: &here, logs: here.join(&folder) };
    let (shards, merge) = (folder.join("shards.sh"), folder.join("merge.sh"));
    write(&shards, &scripts.shards()?)?;
    write(&merge, &scripts.merge()?)?;
    write_data(format!("{}\n{}", shards.display(), merge.display()))?;
    if options.submit {
        let array = submit(&shards, &[])?;
        let waits = submit(&merge, &[format!("--dependency=afterany:{array}")])?;
        write_data(format!("job {array}: {} shards\njob {waits}: the merge, after them", options.shards))?;
    } else {
        talk.say(format!(
            "submit with: sbatch --dependency=afterany:$(sbatch --parsable {}) {}",
            quoted(&shards.display().to_string()),
            quoted(&merge.display().to_string())
        ));
    }
    Ok(())
}

struct Scripts<'s> {
    options: &'s SlurmOptions,
    name: &'s str,
    here: &'s Path,
    logs: PathBuf,
}

impl Scripts<'_> {
    /// The head of both scripts. A line of it is read by Slurm and not by a shell, so that no word can be quoted there.
    fn head(&self, job: &str, log: &str, more: &[String]) -> Result<String, Failure> {
        let mut lines = vec!["#!/bin/bash".to_string()];
        let log = format!("--output={}/{log}", self.logs.display());
        let given = [format!("--job-name={job}"), "--open-mode=append".to_string(), log];
        for argument in given.iter().chain(more).chain(&self.options.sbatch_arg) {
            if argument.contains(['\n', '\r']) || !argument.starts_with('-') {
                return Err(Failure::SbatchArgument { argument: argument.clone() });
            }
            let (key, value) = argument.split_once('=').unwrap_or((argument, ""));
            lines.push(match value.contains(|c: char| c.is_whitespace()) {
                true => format!("#SBATCH {key}=\"{value}\""),
                false => format!("#SBATCH {argument}"),
            });
        }
        lines.push(format!("cd {} || exit 3", quoted(&self.here.display().to_string())));
        Ok(lines.join("\n"))
    }

    fn program(&self) -> Result<String, Failure> {
        let program = std::env::current_exe().map_err(|source| Failure::Read { path: "levy-escape".into(), source })?;
        Ok(quoted(&program.display().to_string()))
    }

    fn shards(&self) -> Result<String, Failure> {
        let SlurmOptions { file, out, shards, instead, threads, .. } = self.options;
        let array = [format!("--array=1-{shards}"), "--requeue".to_string(), format!("--signal=B:TERM@{WARNING}")];
        let mut run = format!("{} run {}", self.program()?, quoted(&file.display().to_string()));
        run += &format!(" --out {} --resume --progress plain", quoted(&out.display().to_string()));
        run += &format!(" --shard \"$SLURM_ARRAY_TASK_ID/{shards}\"");
        let given = [("--seed", instead.seed), ("--paths", instead.paths)];
        for (option, value) in given.iter().filter_map(|(option, value)| Some((option, (*value)?))) {
            run += &format!(" {option} {value}");
        }
        run += &match threads {
            Some(threads) => format!(" --threads {threads}"),
            None => " --threads \"${SLURM_CPUS_PER_TASK:-1}\"".to_string(),
        };
        Ok(format!(
            "{}
# The shard goes on where its store ends, whatever happened to the task before it.
{run} &
child=$!
trap 'kill -TERM \"$child\"' TERM
wait \"$child\"
code=$?
# A signal ends the wait and not the run, which commits what it has first.
while kill -0 \"$child\" 2>/dev/null; do
    wait \"$child\"
    code=$?
done
case $code in
# Stopped before the end of the time, or killed: again, from where it is. The same when the disk failed, or when the task is still
# running on a node that the controller has lost; then not for ever.
130 | 137 | 143) most={REQUEUES} ;;
3) most={RETRIES} ;;
*) most=0 ;;
esac
if [ \"${{SLURM_RESTART_COUNT:-0}}\" -lt \"$most\" ]; then
    sleep $((code == 3 ? 10 : 0))
    # The controller ends this job; until then it must not be taken for one that has ended.
    scontrol requeue \"$SLURM_JOB_ID\" && sleep 60
fi
exit $code
",
            self.head(&format!("{}-shards", self.name), "shard-%a.log", &array)?
        ))
    }

    fn merge(&self) -> Result<String, Failure> {
        let SlurmOptions { out, shards, .. } = self.options;
        let place = quoted(&out.join(self.name).display().to_string());
        Ok(format!(
            "{}
exec {} merge {place}.shard-*-of-{shards} --into {place}
",
            self.head(&format!("{}-merge", self.name), "merge.log", &[])?,
            self.program()?
        ))
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let part = path.with_extension("sh.part");
    let written = fs::write(&part, text).and_then(|()| fs::rename(&part, path));
    written.map_err(|source| Failure::Script { path: path.to_owned(), source })
}

/// Hands a script to Slurm and returns the number of its job.
fn submit(script: &Path, more: &[String]) -> Result<String, Failure> {
    let failed = |source| Failure::Submit { source };
    let output = Command::new("sbatch").arg("--parsable").args(more).arg(script).output().map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stdout);
    let job = said.trim().split(';').next().unwrap_or_default();
    if !output.status.success() || job.is_empty() {
        let reason = String::from_utf8_lossy(&output.stderr).trim().to_string();
        return Err(failed(io::Error::other(reason)));
    }
    Ok(job.to_string())
}
