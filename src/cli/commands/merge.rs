//! `merge`: a run from its shards.

use thiserror::Error;

use super::report::{ReportFailure, render_stored};
use crate::cli::complaint::{Complain, Complaint, Exit, RAISE_ULIMIT};
use crate::cli::console::Console;
use crate::cli::line::options::MergeOptions;
use crate::cli::progress::Meter;
use crate::files::FilesError;
use crate::results::{MergeError, ResultsError, merge as merge_shards};
use crate::store::StoreError;

/// Why shards cannot be merged.
#[derive(Debug, Error)]
pub enum MergeFailure {
    #[error(transparent)]
    Merge(#[from] MergeError),
    #[error(transparent)]
    Report(#[from] ReportFailure),
}

impl Complain for MergeFailure {
    fn complaint(&self) -> Complaint {
        let error = match self {
            MergeFailure::Report(failure) => return failure.complaint(),
            MergeFailure::Merge(error) => error,
        };
        match error {
            MergeError::Store(error) | MergeError::Results(ResultsError::Store(error)) => store_complaint(error),
            MergeError::Files(error) | MergeError::Results(ResultsError::Files(error)) => files_complaint(error),
            MergeError::Results(error) => error.complaint(),
            MergeError::Incomplete { .. } => Complaint::new(error, Exit::Incomplete)
                .or_hint("run those shards with --resume, then merge again; nothing was written"),
            _ => Complaint::new(error, Exit::BadInput),
        }
    }
}

fn files_complaint(error: &FilesError) -> Complaint {
    match error {
        FilesError::Exists { .. } => error.complaint().or_hint(
            "merge writes a new folder: pass another --into; if that run only lacks its tables, \
             `levy-escape report` writes them",
        ),
        _ => error.complaint(),
    }
}

/// SQLite does not report that a process has too many open files, only that it cannot open another.
fn store_complaint(error: &StoreError) -> Complaint {
    let complaint = error.complaint();
    let cannot_open = |cause: &rusqlite::Error| cause.sqlite_error_code() == Some(rusqlite::ErrorCode::CannotOpen);
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        if source.downcast_ref().is_some_and(cannot_open) {
            return complaint.or_hint(RAISE_ULIMIT);
        }
        cause = source.source();
    }
    complaint
}

/// Joins shards and writes the results of the run.
pub fn merge(options: &MergeOptions, console: &Console) -> Result<(), MergeFailure> {
    raise_descriptor_limit();
    let mut meter = Meter::new(console, "merge", "chunks");
    let merged = merge_shards(&options.folders, &options.into, &mut |done, of| {
        // Merging a chunk takes less time than reading the clock.
        if done.is_multiple_of(1000) {
            meter.count(done, of);
        }
    });
    meter.finish();
    let (mut experiment, folder) = merged?;
    options.tables.apply(&mut experiment);
    Ok(render_stored(&experiment, &folder, options.json, console)?)
}

/// Every shard is an open file: the limit becomes the highest that this process may set, which on most systems is above the initial one.
#[cfg(unix)]
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Some systems refuse more than this where the maximum is unlimited.
    for most in [limit.maximum, Some(10_240)] {
        if setrlimit(Resource::Nofile, Rlimit { current: most, ..limit }).is_ok() {
            break;
        }
    }
}

#[cfg(not(unix))]
fn raise_descriptor_limit() {}
