//! The calibrations that an experiment names. Each is read once.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::calibrate::Calibration;
use crate::files::Fingerprint;

/// Name of the file in the results folder of a calibration.
pub(super) const FILE: &str = "calibration.json";

/// The calibrations read so far, and the reasons why others could not be read.
#[derive(Debug, Default)]
pub(super) struct Calibrations {
    /// The results folder, in which calibrations without a path are searched for.
    results: PathBuf,
    read: HashMap<PathBuf, Result<Rc<Calibration>, String>>,
    /// Hash of every calibration by its name in the file.
    contents: BTreeMap<String, String>,
}

impl Calibrations {
    pub fn new(results: &Path) -> Self {
        Calibrations { results: results.to_owned(), ..Calibrations::default() }
    }

    /// The file of a calibration: in the results folder for a name without a path; a path is relative to the working directory.
    fn path(&self, name: &str) -> PathBuf {
        let bare = !name.contains(['/', '\\']) && !name.ends_with(".json");
        if bare { self.results.join(name).join(FILE) } else { PathBuf::from(name) }
    }

    /// The folder of a calibration, which holds its other files.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.path(name).parent().map_or_else(PathBuf::new, Path::to_owned)
    }

    /// The calibration of that name, or the reason why it cannot be read.
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

    /// Hash of every calibration that was read, by its name in the file.
    pub fn contents(&self) -> BTreeMap<String, String> {
        self.contents.clone()
    }
}

/// Hash of a calibration. It does not depend on the layout of the file.
fn content(calibration: &Calibration) -> Result<String, String> {
    let mut hash = Fingerprint::new();
    let text = serde_json::to_string(calibration).map_err(|error| error.to_string())?;
    // Writing into a hash cannot fail.
    let _ = hash.write_str(&text);
    Ok(hash.to_string())
}
