//! `reproduce`: every experiment of the project.

use std::fs;
use std::path::PathBuf;

use super::arguments::ReproduceOptions;
use super::failure::{Failure, load_all};
use super::progress::Talk;
use super::run::{Planned, override_seed, run_all};
use crate::engine::Shard;

/// Runs every `.toml` in the folder of experiments, in the order of their names.
pub fn reproduce(options: &ReproduceOptions, talk: &Talk) -> Result<(), Failure> {
    let folder = &options.experiments;
    let entries = fs::read_dir(folder).map_err(|source| Failure::Read { path: folder.clone(), source })?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(Failure::NoExperiments { path: folder.clone() });
    }
    let experiments = load_all(&files)?;
    let plan: Vec<_> = experiments
        .into_iter()
        .map(|mut experiment| {
            override_seed(&mut experiment, &options.how);
            let paths =
                options.how.paths.unwrap_or(if options.quick { experiment.quick_paths } else { experiment.paths });
            Planned { experiment, paths, exactly: options.how.paths.is_some() }
        })
        .collect();
    run_all(&plan, Shard::WHOLE, &options.how, talk)
}
