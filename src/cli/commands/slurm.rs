//! `slurm`: the scripts of an array of shards and of the merge that waits for it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::arguments::SlurmOptions;
use crate::cli::console::{Console, write_data};
use crate::cli::failure::{Failure, load};
use crate::cli::stopping::quoted;
use crate::engine::Shard;
use crate::files::AtomicFile;
use crate::results::Request;

/// Seconds before the end of a job's time at which it is told to stop: enough to commit and to be queued again.
const WARNING: u32 = 120;
/// Times that a shard that has come to the end of its time is queued again before it is given up.
const REQUEUES: u32 = 1000;
/// The same of one that failed or was killed.
const RETRIES: u32 = 20;

/// Writes the scripts and, if asked for, submits them.
pub fn slurm(options: &SlurmOptions, console: &Console) -> Result<(), Failure> {
    let experiment = load(&options.file, &options.out)?;
    experiment.warnings.iter().for_each(|warning| console.warn(warning));
    let request = Request { experiment: &experiment, paths: 1, exactly: false, shard: Shard::WHOLE };
    let place = request.place(&options.out);
    if place.symlink_metadata().is_ok() {
        return Err(crate::files::FilesError::Exists { path: place }.into());
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
        write_data(format!("job {array}: {} shards", options.shards))?;
        let waits = submit(&merge, &[format!("--dependency=afterany:{array}")])?;
        write_data(format!("job {waits}: the merge, after them"))?;
    } else {
        console.say(format!(
            "submit with: sbatch --dependency=afterany:$(sbatch --parsable {}) {}",
            quoted(shards),
            quoted(merge)
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
    /// The head of both scripts.
    fn head(&self, job: &str, log: &str, more: &[String]) -> Result<String, Failure> {
        let mut lines = vec!["#!/bin/bash".to_string()];
        // In the name of a log, `%` begins what Slurm puts in.
        let folder = self.logs.display().to_string().replace('%', "%%");
        let given = [format!("--job-name={job}"), "--open-mode=append".to_string(), format!("--output={folder}/{log}")];
        for argument in given.iter().chain(more) {
            lines.push(directive(argument)?);
        }
        for argument in &self.options.sbatch_arg {
            let key = argument.split(['=', ' ']).next().unwrap_or_default();
            // The scripts depend on these.
            if ["-", "--", "--array", "-a", "--output", "-o", "--dependency", "-d"].contains(&key) {
                return Err(Failure::SbatchArgument { argument: argument.clone() });
            }
            lines.push(directive(argument)?);
        }
        lines.push(format!("cd {} || exit 3", quoted(self.here)));
        Ok(lines.join("\n"))
    }

    fn program(&self) -> Result<String, Failure> {
        let program = std::env::current_exe().map_err(|source| Failure::Read { path: "levy-escape".into(), source })?;
        Ok(quoted(program))
    }

    fn shards(&self) -> Result<String, Failure> {
        let SlurmOptions { file, out, shards, instead, threads, .. } = self.options;
        let array = [format!("--array=1-{shards}"), "--requeue".to_string(), format!("--signal=B:USR1@{WARNING}")];
        let mut run = format!("{} run {}", self.program()?, quoted(file));
        run += &format!(" --out {} --resume --progress plain", quoted(out));
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
again=no child=
# Before the end of the time the run commits what it has, and goes on in the next life of the task.
trap 'again=yes; [ -z \"$child\" ] || kill -TERM \"$child\"' USR1
# A task that is cancelled is not begun anew. Slurm tells the run itself, too, and twice would be at once.
trap 'again=never' TERM
# The shard goes on where its store ends, whatever happened to the task before it.
{run} &
child=$!
[ \"$again\" = no ] || kill -TERM \"$child\"
# A signal ends the wait and not the run.
while :; do
    wait \"$child\"
    code=$?
    kill -0 \"$child\" 2>/dev/null || break
done
case $again:$code in
*:0 | never:*) exit \"$code\" ;;
yes:130) [ \"${{SLURM_RESTART_COUNT:-0}}\" -lt {REQUEUES} ] || exit \"$code\" ;;
# The disk failed, the task is still running on a node that the controller has lost, or the run was killed, as for want of memory.
*:3 | *:130 | *:137 | *:143)
    retries={logs}/shard-$SLURM_ARRAY_TASK_ID.$SLURM_ARRAY_JOB_ID.retries
    if echo \"$code\" >>\"$retries\"; then
        count=$(wc -l <\"$retries\")
    else
        count=${{SLURM_RESTART_COUNT:-0}}
    fi
    [ \"$count\" -le {RETRIES} ] || exit \"$code\"
    sleep 10
    ;;
*) exit \"$code\" ;;
esac
# The controller ends this task; until then it must not be taken for one that has ended. It is called by its place in the array: for one
# task the number of the job is that of all.
scontrol requeue \"${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID\" && sleep 60
exit \"$code\"
",
            self.head(&format!("{}-shards", self.name), "shard-%a.log", &array)?,
            logs = quoted(&self.logs),
        ))
    }

    fn merge(&self) -> Result<String, Failure> {
        let SlurmOptions { out, shards, .. } = self.options;
        let place = quoted(out.join(self.name));
        Ok(format!(
            "{}
# A merge that was broken off while it wrote the tables left the run itself whole.
if [ -e {place}/run.sqlite ]; then
    exec {program} report {place}
fi
exec {program} merge {place}.shard-*-of-{shards} --into {place}
",
            self.head(&format!("{}-merge", self.name), "merge.log", &[])?,
            program = self.program()?,
        ))
    }
}

/// A line of a script that Slurm reads and no shell: words are held together by double quotes, `#` begins a comment, and what a quote or a
/// backslash means differs from version to version.
fn directive(argument: &str) -> Result<String, Failure> {
    let refused = |c: char| c.is_control() || "\"\\".contains(c);
    if argument.contains(refused) || !argument.starts_with('-') {
        return Err(Failure::SbatchArgument { argument: argument.to_string() });
    }
    let plain = |c: char| c.is_alphanumeric() || "-_./:,+@%=[]*".contains(c);
    Ok(match argument.split_once('=') {
        Some((key, value)) if !value.chars().all(plain) => format!("#SBATCH {key}=\"{value}\""),
        _ => format!("#SBATCH {argument}"),
    })
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    AtomicFile::replace(path, text.as_bytes()).map_err(|source| Failure::Script { path: path.to_owned(), source })
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
