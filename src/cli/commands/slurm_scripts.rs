//! The scripts of a Slurm array of shards, and of the merge that waits for it.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::cli::complaint::{Complain, Complaint, Exit};
use crate::cli::line::command_line::{path_argument, quoted};
use crate::cli::line::options::SlurmOptions;

/// Seconds before the time limit of a job at which Slurm signals it: enough to commit and to be requeued.
const WARNING: u32 = 120;
/// How often a shard that reaches its time limit is requeued.
const REQUEUES: u32 = 1000;
/// How often a shard that failed or was killed is requeued.
const RETRIES: u32 = 20;

/// Why a script cannot be composed.
#[derive(Debug, Error)]
pub enum ScriptFailure {
    #[error("{argument:?} cannot be written safely into a script as an option of sbatch")]
    SbatchArgument { argument: String },
    #[error("cannot find the path of this program")]
    Program(#[source] io::Error),
}

impl Complain for ScriptFailure {
    fn complaint(&self) -> Complaint {
        match self {
            ScriptFailure::SbatchArgument { .. } => {
                Complaint::new(self, Exit::BadInput).or_hint("write it as --sbatch-arg=--time=4:00:00")
            }
            ScriptFailure::Program(_) => Complaint::new(self, Exit::Io),
        }
    }
}

/// The scripts of one experiment.
pub struct Scripts<'s> {
    pub options: &'s SlurmOptions,
    /// Name of the experiment.
    pub name: &'s str,
    /// The folder that the jobs run in.
    pub here: &'s Path,
    pub logs: PathBuf,
}

impl Scripts<'_> {
    /// The directives of a job, and the change to its folder.
    fn head(&self, job: &str, log: &str, more: &[String]) -> Result<String, ScriptFailure> {
        let mut lines = vec!["#!/bin/bash".to_string()];
        // In the name of a log file, `%` starts a replacement symbol.
        let folder = self.logs.display().to_string().replace('%', "%%");
        let given = [format!("--job-name={job}"), "--open-mode=append".to_string(), format!("--output={folder}/{log}")];
        for argument in given.iter().chain(more) {
            lines.push(directive(argument)?);
        }
        for argument in &self.options.sbatch_arg {
            let key = argument.split(['=', ' ']).next().unwrap_or_default();
            // The scripts set these.
            if ["-", "--", "--array", "-a", "--output", "-o", "--dependency", "-d"].contains(&key) {
                return Err(ScriptFailure::SbatchArgument { argument: argument.clone() });
            }
            lines.push(directive(argument)?);
        }
        lines.push(format!("cd {} || exit 3", quoted(self.here)));
        Ok(lines.join("\n"))
    }

    fn program(&self) -> Result<String, ScriptFailure> {
        let program = std::env::current_exe().map_err(ScriptFailure::Program)?;
        Ok(quoted(program))
    }

    /// The script of the array of shards.
    pub fn shards(&self) -> Result<String, ScriptFailure> {
        let SlurmOptions { file, out, shards, overrides, threads, .. } = self.options;
        let array = [format!("--array=1-{shards}"), "--requeue".to_string(), format!("--signal=B:USR1@{WARNING}")];
        let mut run = format!("{} run {}", self.program()?, path_argument(file));
        run += &format!(" --out {} --resume --progress plain", path_argument(out));
        run += &format!(" --shard \"$SLURM_ARRAY_TASK_ID/{shards}\"");
        let given = [("--seed", overrides.seed), ("--paths", overrides.paths)];
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
# Before the time limit the run commits what it has; the requeued task resumes it.
trap 'again=yes; [ -z \"$child\" ] || kill -TERM \"$child\"' USR1
# A cancelled task is not requeued. Slurm signals the run as well, and a second signal would make it quit at once.
trap 'again=never' TERM
# The shard resumes from its store, however the previous task ended.
{run} &
child=$!
[ \"$again\" = no ] || kill -TERM \"$child\"
# A signal ends the wait, not the run.
while :; do
    wait \"$child\"
    code=$?
    kill -0 \"$child\" 2>/dev/null || break
done
case $again:$code in
*:0 | never:*) exit \"$code\" ;;
yes:130) [ \"${{SLURM_RESTART_COUNT:-0}}\" -lt {REQUEUES} ] || exit \"$code\" ;;
# The disk failed, the shard is still running on a node that the controller has lost, or the run was killed, perhaps for lack of memory.
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
# The controller ends this task; it must not exit before that. The task is named by its index in the array, because the job number of one
# task is that of the whole array.
scontrol requeue \"${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID\" && sleep 60
exit \"$code\"
",
            self.head(&format!("{}-shards", self.name), "shard-%a.log", &array)?,
            logs = quoted(&self.logs),
        ))
    }

    /// The script of the merge.
    pub fn merge(&self) -> Result<String, ScriptFailure> {
        let SlurmOptions { out, shards, tables, .. } = self.options;
        let place = quoted(out.join(self.name));
        let escapes = tables.escapes.map_or(String::new(), |format| format!(" --escapes {}", format.name()));
        Ok(format!(
            "{}
# A merge that was interrupted while writing tables has left a complete run.
if [ -e {place}/run.sqlite ]; then
    exec {program} report {place}{escapes}
fi
exec {program} merge {place}.shard-*-of-{shards} --into {place}{escapes}
",
            self.head(&format!("{}-merge", self.name), "merge.log", &[])?,
            program = self.program()?,
        ))
    }
}

/// A `#SBATCH` line. Slurm parses it, not a shell: double quotes group words, `#` starts a comment, and the meaning of quotes and
/// backslashes inside depends on the version, so they are refused.
fn directive(argument: &str) -> Result<String, ScriptFailure> {
    let refused = |c: char| c.is_control() || "\"\\".contains(c);
    if argument.contains(refused) || !argument.starts_with('-') {
        return Err(ScriptFailure::SbatchArgument { argument: argument.to_string() });
    }
    let plain = |c: char| c.is_alphanumeric() || "-_./:,+@%=[]*".contains(c);
    Ok(match argument.split_once('=') {
        Some((key, value)) if !value.chars().all(plain) => format!("#SBATCH {key}=\"{value}\""),
        _ => format!("#SBATCH {argument}"),
    })
}
