//! The results of a run as an HTML page, and an index of several runs.
//!
//! A page is one file: styles, script and figures are inside, and nothing is loaded. Every value is escaped by [`maud`].

mod answer;
mod calibration;
mod document;
mod experiment_text;
mod index;
mod markdown;
mod parts;
mod shell;
mod table;

pub use answer::answer;
pub use calibration::{CalibrationPage, calibration_page};
pub use document::{Page, Provenance, page};
pub use experiment_text::first_comment;
pub use index::{IndexEntry, index, is_index};
