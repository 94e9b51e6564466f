//! The results of a run: tables, findings, figures, manifest, and their agreement with theory.

mod extension;
mod files;
mod findings;
#[path = "../program/mod.rs"]
mod program;
mod warnings;

/// The example of the documentation. Its `figures` are below the header of `[scheme]`.
const EXAMPLE: &str = include_str!("../data/documented.toml");

/// One cell, quick to run.
const SMALL: &str = include_str!("../data/small.toml");
