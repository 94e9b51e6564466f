//! `merge` and `report`: a run from its shards, and its tables and figures from its store.

use super::arguments::{MergeOptions, ReportOptions};
use super::failure::Failure;
use super::progress::Talk;
use super::rendering::Rendering;
use super::stopping::Stopping;
use crate::engine::{Chunks, Shard};
use crate::experiment::{
    Experiment, PreparedRun, ResultsError, ResultsFolder, merge as merge_shards, stored_experiment,
};

/// Joins shards and renders the run.
pub fn merge(options: &MergeOptions, talk: &Talk) -> Result<(), Failure> {
    raise_descriptor_limit();
    let mut meter = talk.meter("merge", "chunks");
    let merged = merge_shards(&options.folders, &options.into, &mut |done, of| {
        // A chunk takes less than a look at the clock.
        if done.is_multiple_of(1000) {
            meter.count(done, of);
        }
    });
    meter.finish();
    let (experiment, folder) = merged?;
    render(&experiment, &folder, options.json, talk)
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
pub fn report(options: &ReportOptions, talk: &Talk) -> Result<(), Failure> {
    let folder = ResultsFolder::existing(&options.folder)?;
    let shard = folder.store.identity().shard;
    if shard != Shard::WHOLE {
        return Err(Failure::IsShard { path: options.folder.clone(), shard });
    }
    let experiment = stored_experiment(&folder.store)?;
    render(&experiment, &folder, options.json, talk)
}

fn render(experiment: &Experiment, folder: &ResultsFolder, json: bool, talk: &Talk) -> Result<(), Failure> {
    let run = PreparedRun::new(experiment)?;
    let identity = folder.store.identity();
    let chunks = Chunks::new(vec![identity.paths; experiment.cells.len()], identity.shard);
    let done = folder.store.done(&chunks).map_err(ResultsError::from)?;
    let rendering = Rendering { run: &run, folder, chunks: &chunks, done: &done };
    rendering.render(json, &Stopping::default(), talk).map_err(|failure| match failure {
        Failure::Table(source) => Failure::Unrendered { path: folder.path().to_owned(), source },
        other => other,
    })?;
    if !rendering.is_complete() {
        return Err(Failure::Incomplete { path: folder.path().to_owned() });
    }
    Ok(())
}
