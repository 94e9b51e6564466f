//! Reads values out of the tree. What does not fit is reported, and reading continues.

use std::cell::RefCell;
use std::error::Error;

use super::diagnostic::{Diagnostic, Span};
use super::node::{KeyValue, Kind, Node};
use super::other_names::{correction, suggestion};
use super::reading::Reading;
use crate::experiment::file_name::{FILE_NAME_HELP, is_file_name};
use crate::experiment::number_labels::written;

/// Keys that come before the first `[table]`: after one, TOML assigns them to that table.
const TOP_KEYS: [&str; 8] = ["name", "seed", "paths", "paths_kept", "max_time", "figures", "figure_style", "escapes"];

/// How to correct a matrix whose rows differ in length.
pub(in crate::experiment) const MATRIX_HELP: &str = "give every row of the matrix as many numbers as there are rows";

/// A table being read. [`TableReader::finish`] refuses the keys that were never asked for.
pub(in crate::experiment) struct TableReader<'a> {
    entries: &'a [KeyValue],
    pub span: Span,
    reading: &'a Reading,
    asked: RefCell<Vec<&'static str>>,
    missing: RefCell<Vec<MissingKey>>,
}

/// A list of keys without one that is required, and its diagnostic. It is reported unless a misspelt key explains it.
struct MissingKey {
    keys: Vec<&'static str>,
    diagnostic: Diagnostic,
}

/// A value being read.
#[derive(Clone, Copy)]
pub(in crate::experiment) struct Value<'a> {
    pub node: &'a Node,
    pub key: &'a str,
    pub reading: &'a Reading,
}

impl<'a> TableReader<'a> {
    /// Reads `node` as a table, or reports that it is not a table.
    pub fn new(node: &'a Node, key: &str, reading: &'a Reading) -> Option<Self> {
        match &node.kind {
            Kind::Table(entries) => Some(TableReader {
                entries,
                span: node.span.clone(),
                reading,
                asked: RefCell::default(),
                missing: RefCell::default(),
            }),
            _ => {
                Value { node, key, reading }.report_type("a table");
                None
            }
        }
    }

    /// The value of an optional key.
    pub fn get(&self, key: &'static str) -> Option<Value<'a>> {
        let mut asked = self.asked.borrow_mut();
        if !asked.contains(&key) {
            asked.push(key);
        }
        let entry = self.entries.iter().find(|e| e.key == key)?;
        Some(Value { node: &entry.value, key: &entry.key, reading: self.reading })
    }

    /// The value of a required key.
    pub fn need(&self, key: &'static str, example: &str) -> Option<Value<'a>> {
        self.need_with_help(key, format!("add `{key} = {example}`"))
    }

    /// [`TableReader::need`] for a key of the whole file.
    pub fn need_at_top(&self, key: &'static str, example: &str) -> Option<Value<'a>> {
        self.need_with_help(key, format!("add `{key} = {example}` at the top of the file, before the first [section]"))
    }

    /// [`TableReader::need`] for a section of the file, with its lines.
    pub fn need_section(&self, key: &'static str, lines: &str) -> Option<Value<'a>> {
        self.need_with_help(key, format!("add at the end of the file:\n{lines}"))
    }

    fn need_with_help(&self, key: &'static str, help: String) -> Option<Value<'a>> {
        let value = self.get(key);
        if value.is_none() {
            self.miss(&[key], Diagnostic::new(self.span.clone(), format!("`{key}` is missing")).help(help));
        }
        value
    }

    /// The value of the one key in `choices` that is given, with the meaning of that key. No key, or more than one, is reported.
    pub fn one_of<T: Copy>(&self, what: &str, choices: &[(&'static str, T)]) -> Option<(T, Value<'a>)> {
        let given: Vec<(T, Value<'a>)> =
            choices.iter().filter_map(|(key, meaning)| Some((*meaning, self.get(key)?))).collect();
        let keys: Vec<&'static str> = choices.iter().map(|(key, _)| *key).collect();
        let listed = || keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        match given.as_slice() {
            [one] => Some(*one),
            [] => {
                let message = format!("{what} needs one of {}", listed());
                self.miss(&keys, Diagnostic::new(self.span.clone(), message));
                None
            }
            [_, (_, second), ..] => {
                second.report(format!("{what} takes only one of {}", listed()));
                None
            }
        }
    }

    /// Reports, when the table is finished, that one of `keys` is missing.
    pub fn miss(&self, keys: &[&'static str], diagnostic: Diagnostic) {
        self.missing.borrow_mut().push(MissingKey { keys: keys.to_vec(), diagnostic });
    }

    /// Reports the keys that were never asked for, and the missing ones that no misspelling explains.
    pub fn finish(self) {
        let diagnostics = &self.reading.diagnostics;
        let asked = self.asked.into_inner();
        let given = |key: &&str| self.entries.iter().any(|e| e.key == *key);
        let absent: Vec<&str> = asked.iter().copied().filter(|key| !given(key)).collect();
        let mut meant = Vec::new();
        for entry in self.entries.iter().filter(|e| !asked.contains(&e.key.as_str())) {
            // A file can hold millions of unknown keys.
            let corrected = if diagnostics.is_full() { None } else { correction(&entry.key, &asked, &absent) };
            meant.extend(corrected.as_ref().and_then(|corrected| corrected.key));
            let help = match corrected {
                _ if TOP_KEYS.contains(&entry.key.as_str()) => {
                    format!("move `{}` before the first [section] of the file", entry.key)
                }
                Some(corrected) => corrected.help,
                None if asked.is_empty() => "this table takes no keys".to_string(),
                None => format!("known here: {}", asked.join(", ")),
            };
            let message = format!("unknown key `{}`", entry.key.escape_debug());
            diagnostics.report(Diagnostic::new(entry.key_span.clone(), message).help(help));
        }
        if !diagnostics.recovered() {
            let unexplained = |missing: &MissingKey| !missing.keys.iter().any(|key| meant.contains(key));
            let missing = self.missing.take().into_iter().filter(unexplained);
            missing.for_each(|missing| diagnostics.report(missing.diagnostic));
        }
    }
}

impl<'a> Value<'a> {
    /// Reports an error at this value.
    pub fn report(&self, message: impl Into<String>) {
        self.reading.diagnostics.report(Diagnostic::new(self.node.span.clone(), message));
    }

    /// Reports an error at this value and how to correct it.
    pub fn report_with_help(&self, message: impl Into<String>, help: impl Into<String>) {
        self.reading.diagnostics.report(Diagnostic::new(self.node.span.clone(), message).help(help));
    }

    /// The value of a result, or `None` after reporting its error here.
    pub fn check<T, E: Error>(&self, result: Result<T, E>) -> Option<T> {
        self.reading.diagnostics.check(&self.node.span, result)
    }

    /// [`Value::check`], with an instruction how to correct the error.
    pub fn check_with_help<T, E: Error>(&self, result: Result<T, E>, help: &str) -> Option<T> {
        self.reading.diagnostics.check_with_help(&self.node.span, result, help)
    }

    fn report_type(&self, expected: &str) {
        if self.node.kind != Kind::Unreadable {
            self.report(self.wrong_type(expected));
        }
    }

    fn wrong_type(&self, expected: &str) -> String {
        format!("`{}` must be {expected}, not {}", self.key, self.node.kind_name())
    }

    /// A table; `help` says how to write what a string holds.
    pub fn table_of_text(&self, help: impl Fn(&str) -> String) -> Option<TableReader<'a>> {
        if let Kind::Text(text) = &self.node.kind {
            self.report_with_help(self.wrong_type("a table"), help(text));
            return None;
        }
        self.table()
    }

    fn item(&self, node: &'a Node) -> Value<'a> {
        Value { node, ..*self }
    }

    /// A finite number.
    pub fn number(&self) -> Option<f64> {
        let number = self.number_or_infinity()?;
        if !number.is_finite() {
            self.report(format!("`{}` must be a finite number, not {number}", self.key));
            return None;
        }
        Some(number)
    }

    /// A number, `inf` or `-inf`.
    pub fn number_or_infinity(&self) -> Option<f64> {
        let number = match self.node.kind {
            Kind::Number(number) => number,
            Kind::Integer(integer) => integer as f64,
            _ => {
                self.report_type("a number");
                return None;
            }
        };
        if number.is_nan() {
            self.report(format!("`{}` must be a finite number, not {number}", self.key));
            return None;
        }
        // No result may depend on the sign of a zero.
        Some(number + 0.0)
    }

    /// A positive finite number.
    pub fn positive(&self) -> Option<f64> {
        let number = self.number()?;
        if !(number > 0.0) {
            self.report(format!("`{}` must be positive, not {}", self.key, written(number)));
            return None;
        }
        Some(number)
    }

    /// A whole number between `lo` and `hi`. A float such as `2e4` is accepted if it is whole.
    pub fn integer(&self, lo: u64, hi: u64) -> Option<u64> {
        let integer = match self.node.kind {
            Kind::Integer(integer) => integer,
            Kind::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => number as i128,
            Kind::Number(number) => {
                self.report(format!("`{}` must be a whole number, not {}", self.key, written(number)));
                return None;
            }
            _ => {
                self.report_type("a whole number");
                return None;
            }
        };
        match u64::try_from(integer) {
            Ok(value) if (lo..=hi).contains(&value) => Some(value),
            _ => {
                self.report(format!("`{}` must lie between {lo} and {hi}, not {integer}", self.key));
                None
            }
        }
    }

    /// `true` or `false`.
    pub fn flag(&self) -> Option<bool> {
        match self.node.kind {
            Kind::Flag(flag) => Some(flag),
            _ => {
                self.report_type("true or false");
                None
            }
        }
    }

    /// A string.
    pub fn text(&self) -> Option<&'a str> {
        match &self.node.kind {
            Kind::Text(text) => Some(text),
            _ => {
                self.report_type("a string");
                None
            }
        }
    }

    /// A string that is a safe component of a path: of a folder or of files.
    pub fn file_name(&self) -> Option<String> {
        let name = self.text()?;
        if !is_file_name(name) {
            self.report_with_help(format!("the name {name:?} cannot be a folder"), FILE_NAME_HELP);
            return None;
        }
        Some(name.to_string())
    }

    /// The meaning of the word in `choices`.
    pub fn word<T: Copy>(&self, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        let found = choices.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            let help = match suggestion(text, &words) {
                Some(word) => format!("did you mean \"{word}\"?"),
                None => format!("one of: {}", words.join(", ")),
            };
            self.report_with_help(format!("unknown value \"{text}\" for `{}`", self.key), help);
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// One of several things by its name.
    pub fn named<T: Copy>(&self, all: &[T], name: fn(T) -> &'static str) -> Option<T> {
        let choices: Vec<(&str, T)> = all.iter().map(|one| (name(*one), *one)).collect();
        self.word(&choices)
    }

    /// A list of things by their names.
    pub fn all_named<T: Copy>(&self, all: &[T], name: fn(T) -> &'static str) -> Option<Vec<T>> {
        let named: Vec<Option<T>> = self.list()?.map(|item| item.named(all, name)).collect();
        named.into_iter().collect()
    }

    /// A list.
    pub fn list(&self) -> Option<impl ExactSizeIterator<Item = Value<'a>> + use<'a>> {
        let value = *self;
        match &self.node.kind {
            Kind::List(items) => Some(items.iter().map(move |item| value.item(item))),
            _ => {
                self.report_type("a list");
                None
            }
        }
    }

    /// A list of finite numbers, at least one.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        let items = self.list()?;
        if items.len() == 0 {
            self.report(format!("`{}` is empty", self.key));
            return None;
        }
        // Every wrong entry is reported, not only the first.
        let numbers: Vec<Option<f64>> = items.map(|item| item.number()).collect();
        numbers.into_iter().collect()
    }

    /// The rows of a matrix, all of one length; `help` says how to correct rows of different lengths.
    pub fn rows(&self, help: &str) -> Option<Vec<Vec<f64>>> {
        let rows: Vec<Option<Vec<f64>>> = self.list()?.map(|row| row.numbers()).collect();
        let rows: Vec<Vec<f64>> = rows.into_iter().collect::<Option<_>>()?;
        let Some(first) = rows.first() else {
            self.report(format!("`{}` is empty", self.key));
            return None;
        };
        if rows.iter().any(|row| row.len() != first.len()) {
            self.report_with_help(format!("the rows of `{}` differ in length", self.key), help);
            return None;
        }
        Some(rows)
    }

    /// The values of a table whose keys are free.
    pub fn entries(&self) -> Option<impl Iterator<Item = Value<'a>> + use<'a>> {
        let value = *self;
        match &self.node.kind {
            Kind::Table(entries) => {
                Some(entries.iter().map(move |entry| Value { node: &entry.value, key: &entry.key, ..value }))
            }
            _ => {
                self.report_type("a table");
                None
            }
        }
    }

    /// A table.
    pub fn table(&self) -> Option<TableReader<'a>> {
        TableReader::new(self.node, self.key, self.reading)
    }

    /// Whether the value is a number.
    pub fn is_number(&self) -> bool {
        matches!(self.node.kind, Kind::Number(_) | Kind::Integer(_))
    }

    /// Whether the value is a list.
    pub fn is_list(&self) -> bool {
        matches!(self.node.kind, Kind::List(_))
    }

    /// Whether the value is a table with this key.
    pub fn has_key(&self, key: &str) -> bool {
        matches!(&self.node.kind, Kind::Table(entries) if entries.iter().any(|entry| entry.key == key))
    }

    /// Whether the value is a table.
    pub fn is_table(&self) -> bool {
        matches!(self.node.kind, Kind::Table(_))
    }
}
