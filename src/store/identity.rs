//! The identity of a run. Stores of the same identity can be joined.

use std::collections::{BTreeMap, BTreeSet};

use super::error::Difference;
use crate::engine::Shard;
use crate::experiment::Experiment;
use crate::files::Fingerprint;

/// Everything that determines the outcome of every path, and the part of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Version of the program. Another version may give other results.
    pub version: String,
    /// Seed of all random streams.
    pub seed: u64,
    /// Hash of the [canonical text](Experiment::write_identity) of the resolved experiment.
    pub fingerprint: String,
    /// Paths of every cell.
    pub paths: u64,
    /// The part of the run.
    pub shard: Shard,
    /// The text of the experiment file.
    pub text: String,
    /// Hash of every calibration that was read, by its name in the file.
    pub calibrations: BTreeMap<String, String>,
    /// Of every cell in the order of the plan, the number of its random streams and of its rows in the store. Empty if both are its position
    /// in the plan, as in every run whose sweep was not extended.
    pub streams: Vec<u64>,
}

impl Identity {
    /// The part `shard` of a run with `paths` paths per cell.
    pub fn of(experiment: &Experiment, paths: u64, shard: Shard) -> Self {
        let mut fingerprint = Fingerprint::new();
        // Writing into a hash cannot fail.
        let _ = experiment.write_identity(&mut fingerprint);
        Identity {
            version: env!("CARGO_PKG_VERSION").to_string(),
            seed: experiment.seed.0,
            fingerprint: fingerprint.to_string(),
            paths,
            shard,
            text: experiment.text.to_string(),
            calibrations: experiment.calibrations.clone(),
            streams: Vec::new(),
        }
    }

    /// The number of the random streams, and of the rows in the store, of the cell at a position in the plan.
    pub fn stream(&self, cell: u64) -> u64 {
        usize::try_from(cell).ok().and_then(|cell| self.streams.get(cell)).copied().unwrap_or(cell)
    }

    /// Whether [`Identity::streams`] numbers so many cells.
    pub fn numbers(&self, cells: usize) -> bool {
        let mut seen = vec![false; cells];
        let mut mark = |stream: u64| {
            let seen = usize::try_from(stream).ok().and_then(|stream| seen.get_mut(stream));
            seen.is_some_and(|seen| !std::mem::replace(seen, true))
        };
        self.streams.is_empty() || self.streams.len() == cells && self.streams.iter().all(|stream| mark(*stream))
    }

    /// The differences between the stored run and the requested one, apart from the number of paths and the shard. Empty if both give the
    /// same paths.
    pub fn differences(&self, requested: &Identity) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut compare = |what: &str, stored: &str, requested: &str| {
            if stored != requested {
                let (stored, requested) = (stored.to_string(), requested.to_string());
                found.push(Difference { what: what.to_string(), stored, requested });
            }
        };
        compare("program version", &self.version, &requested.version);
        compare("seed", &self.seed.to_string(), &requested.seed.to_string());
        if self.fingerprint != requested.fingerprint {
            let before = found.len();
            found.extend(settings_that_differ(&self.text, &requested.text));
            found.extend(calibrations_that_differ(&self.calibrations, &requested.calibrations));
            if found.len() == before {
                // A default of the program has changed.
                let (stored, requested) = (self.fingerprint.clone(), requested.fingerprint.clone());
                found.push(Difference { what: "fingerprint of the cells".to_string(), stored, requested });
            }
        }
        found
    }
}

/// Whether a setting of the file, given by its path, has no influence on any path of the process.
fn is_outside(path: &str) -> bool {
    let (first, last) = (path.split('.').next().unwrap_or(path), path.rsplit('.').next().unwrap_or(path));
    ["seed", "paths", "quick", "random_problems"].contains(&first)
        || ["name", "shape"].contains(&last)
        || path.split('.').any(|part| ["figures", "figure_style"].contains(&part))
}

fn settings_that_differ(stored: &str, requested: &str) -> Vec<Difference> {
    let settings = |text: &str| Experiment::settings(text).into_iter().filter(|(path, _)| !is_outside(path));
    let stored: BTreeMap<String, String> = settings(stored).collect();
    let requested: BTreeMap<String, String> = settings(requested).collect();
    entries_that_differ(&stored, &requested).collect()
}

fn calibrations_that_differ<'m>(
    stored: &'m BTreeMap<String, String>,
    requested: &'m BTreeMap<String, String>,
) -> impl Iterator<Item = Difference> + 'm {
    let name = |found: Difference| Difference { what: format!("content of the calibration {}", found.what), ..found };
    entries_that_differ(stored, requested).map(name)
}

fn entries_that_differ<'m>(
    stored: &'m BTreeMap<String, String>,
    requested: &'m BTreeMap<String, String>,
) -> impl Iterator<Item = Difference> + 'm {
    let keys: BTreeSet<&String> = stored.keys().chain(requested.keys()).collect();
    let value = |entries: &BTreeMap<String, String>, key: &String| {
        entries.get(key).map_or("nothing".to_string(), |value| shortened(value))
    };
    let differ = keys.into_iter().filter(|key| stored.get(*key) != requested.get(*key));
    differ.map(move |key| Difference {
        what: shortened(key),
        stored: value(stored, key),
        requested: value(requested, key),
    })
}

fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text[..end].escape_debug()),
        None => text.escape_debug().to_string(),
    }
}
