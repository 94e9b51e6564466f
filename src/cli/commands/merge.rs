//! `merge` and `report`: a run from its shards, and its tables and figures from its store.

use crate::cli::arguments::{MergeOptions, ReportOptions};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::rendering::Rendering;
use crate::cli::stopping::Stopping;
use crate::engine::{Chunks, Shard};
use crate::experiment::Experiment;
use crate::results::{PreparedRun, ResultsError, ResultsFolder, merge as merge_shards, stored_experiment};

/// Joins shards and renders the run.
pub fn merge(options: &MergeOptions, console: &Console) -> Result<(), Failure> {
    raise_descriptor_limit();
    let mut meter = console.meter("merge", "chunks");
    let merged = merge_shards(&options.folders, &options.into, &mut |done, of| {
        // A chunk takes less than a look at the clock.
        if done.is_multiple_of(1000) {
            meter.count(done, of);
        }
    });
    meter.finish();
    let (experiment, folder) = merged?;
    render(&experiment, &folder, options.json, console)
}

/// Every shard is a file that is open: as many as this process may ever have, which on most systems is more than it begins with.
#[cfg(unix)]
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Where none is set some systems refuse more than this.
    for most in [limit.maximum, Some(10_240)] {
        if setrlimit(Resource::Nofile, Rlimit { current: most, ..limit }).is_ok() {
            break;
        }
    }
}

#[cfg(not(unix))]
fn raise_descriptor_limit() {}

/// Renders a run anew.
pub fn report(options: &ReportOptions, console: &Console) -> Result<(), Failure> {
    let folder = ResultsFolder::existing(&options.folder)?;
    let shard = folder.store.identity().shard;
    if shard != Shard::WHOLE {
        return Err(Failure::IsShard { path: options.folder.clone(), shard });
    }
    let experiment = stored_experiment(&folder.store)?;
    render(&experiment, &folder, options.json, console)
}

fn render(experiment: &Experiment, folder: &ResultsFolder, json: bool, console: &Console) -> Result<(), Failure> {
    let run = PreparedRun::new(experiment)?;
    let identity = folder.store.identity();
    let chunks = Chunks::new(vec![identity.paths; experiment.cells.len()], identity.shard);
    let done = folder.store.done(&chunks).map_err(ResultsError::from)?;
    let rendering = Rendering { run: &run, folder, chunks: &chunks, done: &done };
    rendering.render(json, &Stopping::default(), console).map_err(|failure| match failure {
        Failure::Table(source) => Failure::Unrendered { path: folder.path().to_owned(), source },
        other => other,
    })?;
    if !rendering.is_complete() {
        return Err(Failure::Incomplete { path: folder.path().to_owned() });
    }
    Ok(())
}
