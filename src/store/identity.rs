//! What a run is: two stores with the same identity may be joined.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::error::Difference;
use crate::engine::Shard;
use crate::experiment::Experiment;
use crate::files::Fingerprint;

/// What fixes the outcome of every path, and what part of them is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Version of the program: another may give other bits.
    pub version: String,
    /// Seed of every random stream.
    pub seed: u64,
    /// Hash of the resolved cells and of the calibrations that they were taken from.
    pub fingerprint: String,
    /// Paths of every cell.
    pub paths: u64,
    /// The part of the run.
    pub shard: Shard,
    /// The experiment file as it was read.
    pub text: String,
    /// Hash of every calibration that was read, by the name that the file gives it.
    pub calibrations: BTreeMap<String, String>,
}

impl Identity {
    /// The run of `paths` paths a cell, or a part of it.
    pub fn of(experiment: &Experiment, paths: u64, shard: Shard) -> Self {
        Identity {
            version: env!("CARGO_PKG_VERSION").to_string(),
            seed: experiment.seed.0,
            fingerprint: fingerprint(experiment),
            paths,
            shard,
            text: experiment.text.to_string(),
            calibrations: experiment.calibrations.clone(),
        }
    }

    /// In what the stored run is another one, whatever its number of paths and its shard; empty if in nothing.
    pub fn differences(&self, asked: &Identity) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut compare = |what: &str, stored: &str, asked: &str| {
            if stored != asked {
                let (stored, asked) = (stored.to_string(), asked.to_string());
                found.push(Difference { what: what.to_string(), stored, asked });
            }
        };
        compare("program version", &self.version, &asked.version);
        compare("seed", &self.seed.to_string(), &asked.seed.to_string());
        if self.fingerprint != asked.fingerprint {
            let before = found.len();
            found.extend(settings_that_differ(&self.text, &asked.text));
            found.extend(calibrations_that_differ(&self.calibrations, &asked.calibrations));
            if found.len() == before {
                // A file that the experiment names, or a default that the program changed.
                let (stored, asked) = (self.fingerprint.clone(), asked.fingerprint.clone());
                found.push(Difference { what: "fingerprint of the cells".to_string(), stored, asked });
            }
        }
        found
    }
}

/// Keys of the file that change no path.
fn is_outside(key: &str) -> bool {
    ["name", "seed", "paths", "figures"].contains(&key) || key.starts_with("quick") || key.ends_with(".figures")
}

fn settings_that_differ(stored: &str, asked: &str) -> Vec<Difference> {
    let settings = |text: &str| Experiment::settings(text).into_iter().filter(|(key, _)| !is_outside(key));
    let stored: BTreeMap<String, String> = settings(stored).collect();
    let asked: BTreeMap<String, String> = settings(asked).collect();
    entries_that_differ(&stored, &asked).collect()
}

fn calibrations_that_differ(stored: &BTreeMap<String, String>, asked: &BTreeMap<String, String>) -> Vec<Difference> {
    let name = |found: Difference| Difference { what: format!("content of the calibration {}", found.what), ..found };
    entries_that_differ(stored, asked).map(name).collect()
}

fn entries_that_differ<'m>(
    stored: &'m BTreeMap<String, String>,
    asked: &'m BTreeMap<String, String>,
) -> impl Iterator<Item = Difference> + 'm {
    let keys: BTreeSet<&String> = stored.keys().chain(asked.keys()).collect();
    let value = |entries: &BTreeMap<String, String>, key: &String| {
        entries.get(key).map_or("nothing".to_string(), |value| shortened(value))
    };
    let differ = keys.into_iter().filter(|key| stored.get(*key) != asked.get(*key));
    differ.map(move |key| Difference { what: shortened(key), stored: value(stored, key), asked: value(asked, key) })
}

fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text[..end].escape_debug()),
        None => text.escape_debug().to_string(),
    }
}

/// Hash of everything that is simulated: the cells as they were resolved, from which comments, layout and order of keys are gone, and the
/// calibrations, of which more than the cells tells what was measured.
fn fingerprint(experiment: &Experiment) -> String {
    let mut hash = Fingerprint::new();
    for cell in &experiment.cells {
        let limits = (cell.limits.max_time, cell.limits.max_events);
        // Writing into a hash cannot fail.
        let _ = writeln!(
            hash,
            "{}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}|{limits:?}",
            cell.index, cell.dynamics, cell.basin, cell.eta, cell.measure, cell.problem, cell.scheme
        );
    }
    for content in experiment.calibrations.values() {
        let _ = writeln!(hash, "calibration|{content}");
    }
    hash.to_string()
}
