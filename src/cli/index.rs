//! `index.html` of a folder that holds results.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::columns::counted;
use super::console::Console;
use crate::files::{AtomicFile, FolderLock};
use crate::report::{IndexEntry, first_comment, index, is_index};

const NAME: &str = "index.html";

/// Writes `index.html` into `out`. A file of that name that the program did not write stays. The results do not depend on the index, so a
/// failure is only a warning.
pub fn write_index(out: &Path, console: &Console) {
    if replace_index(out, console) {
        console.say(format!("all results: {}", out.join(NAME).display()));
    }
}

/// Writes the index next to a results folder again, if there is one.
pub fn refresh_index(results: &Path, console: &Console) {
    let out = results.parent().filter(|out| !out.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if is_ours(&out.join(NAME)) {
        replace_index(out, console);
    }
}

fn is_ours(place: &Path) -> bool {
    fs::read_to_string(place).is_ok_and(|text| is_index(&text))
}

/// Whether the index was written.
fn replace_index(out: &Path, console: &Console) -> bool {
    let place = out.join(NAME);
    if place.symlink_metadata().is_ok() && !is_ours(&place) {
        console.warn(format!("{} is not an index of this program and was not replaced", place.display()));
        return false;
    }
    let entries = entries(out);
    if entries.is_empty() {
        return false;
    }
    let written = FolderLock::take(&place)
        .map_err(|error| error.to_string())
        .and_then(|_lock| AtomicFile::replace(&place, index(&entries).as_bytes()).map_err(|error| error.to_string()));
    written.map_err(|reason| console.warn(format!("{} cannot be written: {reason}", place.display()))).is_ok()
}

/// The results folders in `out`, by name.
fn entries(out: &Path) -> Vec<IndexEntry> {
    let folders = fs::read_dir(out).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut entries: Vec<IndexEntry> = folders.filter_map(|folder| entry(&folder)).collect();
    entries.sort_by(|a, b| a.folder.cmp(&b.folder));
    entries
}

fn entry(path: &Path) -> Option<IndexEntry> {
    let folder = path.file_name()?.to_str().filter(|name| !name.starts_with('.'))?.to_owned();
    let manifest: Value = serde_json::from_str(&fs::read_to_string(path.join("manifest.json")).ok()?).ok()?;
    let text = |key: &str| manifest[key].as_str().map(str::to_owned);
    let count = |key: &str| manifest[key].as_array().map_or(0, Vec::len);
    let texts = |key: &str| {
        let texts = manifest[key].as_array().into_iter().flatten();
        texts.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let calibration = text("calibration");
    let size = match (&calibration, manifest["paths_per_cell"].as_u64()) {
        (Some(_), _) => match count("trainings") {
            1 => "calibration, 1 training".to_owned(),
            trainings => format!("calibration, {trainings} trainings"),
        },
        (None, Some(paths)) => format!("{} of {}", counted(count("cells"), "cell"), counted(paths, "path")),
        (None, None) => return None,
    };
    let shown = ["report.html", "summary.txt", "manifest.json"].into_iter().find(|name| path.join(name).is_file());
    Some(IndexEntry {
        page: shown.map(str::to_owned),
        question: text("experiment").or(calibration).and_then(|text| first_comment(&text).into_iter().next()),
        answer: text("answer"),
        size,
        complete: text("stop_reason").is_some_and(|reason| reason == "complete"),
        seconds: manifest["seconds"].as_f64().unwrap_or(0.0),
        warnings: texts("warnings"),
        folder,
    })
}
