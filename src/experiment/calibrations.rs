//! The calibrations that an experiment names, each read once.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::calibrate::Calibration;
use crate::files::Fingerprint;

/// Name of the file in the folder of a calibration.
pub(super) const FILE: &str = "calibration.json";

/// Calibrations that were read, each once; what could not be read is kept as the reason.
#[derive(Debug, Default)]
pub(super) struct Calibrations {
    /// Folder of results, where a calibration that is named without a path lies.
    results: PathBuf,
    read: HashMap<PathBuf, Result<Rc<Calibration>, String>>,
    /// Hash of what was read, by the name that the file gives it.
    contents: BTreeMap<String, String>,
}

impl Calibrations {
    pub fn new(results: &Path) -> Self {
        Calibrations { results: results.to_owned(), ..Calibrations::default() }
    }

    /// A bare name lies in the folder of results; a path is relative to the working directory.
    fn path(&self, name: &str) -> PathBuf {
        let bare = !name.contains(['/', '\\']) && !name.ends_with(".json");
        if bare { self.results.join(name).join(FILE) } else { PathBuf::from(name) }
    }

    pub fn get(&mut self, name: &str) -> Result<Rc<Calibration>, String> {
        let path = self.path(name);
        let entry = self.read.entry(path);
        let path = entry.key().clone();
        let read = entry.or_insert_with(|| Calibration::read(&path).map(Rc::new).map_err(|error| error.to_string()));
        let calibration = read.clone()?;
        if !self.contents.contains_key(name) {
            self.contents.insert(name.to_string(), content(&calibration)?);
        }
        Ok(calibration)
    }

    /// Hash of everything that was read, by the name that the file gives it.
    pub fn contents(&self) -> BTreeMap<String, String> {
        self.contents.clone()
    }
}

/// Hash of a calibration, from which the layout of its file is gone.
fn content(calibration: &Calibration) -> Result<String, String> {
    let mut hash = Fingerprint::new();
    let text = serde_json::to_string(calibration).map_err(|error| error.to_string())?;
    // Writing into a hash cannot fail.
    let _ = hash.write_str(&text);
    Ok(hash.to_string())
}
