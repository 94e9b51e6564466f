//! Reads values out of the tree and notes what does not fit, instead of stopping at the first.

use std::cell::RefCell;

use super::diagnostics::{Finding, Findings, Span};
use super::node::{Entry, Kind, Node};

/// Keys that stand before the first `[table]`: behind one, TOML gives them to that table.
const TOP_KEYS: [&str; 5] = ["name", "seed", "paths", "max_time", "figures"];

/// What would do in place of a ragged matrix.
pub(in crate::experiment) const MATRIX_HELP: &str = "give every row of the matrix as many numbers as there are rows";

/// A table being read. Keys that nobody asked for are refused by [`TableReader::finish`].
pub(in crate::experiment) struct TableReader<'a> {
    entries: &'a [Entry],
    pub span: Span,
    findings: &'a Findings,
    asked: RefCell<Vec<&'static str>>,
    missing: RefCell<Vec<Missing>>,
}

/// Keys of which one should be there, and what to say unless a misspelling explains it.
struct Missing {
    keys: Vec<&'static str>,
    finding: Finding,
}

/// A value being read.
#[derive(Clone, Copy)]
pub(in crate::experiment) struct Value<'a> {
    pub node: &'a Node,
    pub key: &'a str,
    pub findings: &'a Findings,
}

impl<'a> TableReader<'a> {
    /// Reads `node` as a table, or notes that it is none.
    pub fn new(node: &'a Node, key: &str, findings: &'a Findings) -> Option<Self> {
        match &node.kind {
            Kind::Table(entries) => Some(TableReader {
                entries,
                span: node.span.clone(),
                findings,
                asked: RefCell::default(),
                missing: RefCell::default(),
            }),
            _ => {
                Value { node, key, findings }.wrong("a table");
                None
            }
        }
    }

    /// The value of a key that may be absent.
    pub fn get(&self, key: &'static str) -> Option<Value<'a>> {
        let mut asked = self.asked.borrow_mut();
        if !asked.contains(&key) {
            asked.push(key);
        }
        let entry = self.entries.iter().find(|e| e.key == key)?;
        Some(Value { node: &entry.value, key: &entry.key, findings: self.findings })
    }

    /// The value of a key that must be there.
    pub fn need(&self, key: &'static str, example: &str) -> Option<Value<'a>> {
        let value = self.get(key);
        if value.is_none() {
            let finding = Finding::new(self.span.clone(), format!("`{key}` is missing"));
            self.miss(&[key], finding.help(format!("add `{key} = {example}`")));
        }
        value
    }

    /// The one of several keys that is given, with its index; notes none or more than one.
    pub fn one_of(&self, what: &str, keys: &[&'static str]) -> Option<(usize, Value<'a>)> {
        let given: Vec<(usize, Value<'a>)> =
            keys.iter().enumerate().filter_map(|(i, key)| Some((i, self.get(key)?))).collect();
        let choices = || keys.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
        match given.as_slice() {
            [one] => Some(*one),
            [] => {
                self.miss(keys, Finding::new(self.span.clone(), format!("{what} needs one of {}", choices())));
                None
            }
            [_, (_, second), ..] => {
                let message = format!("{what} takes only one of {}", choices());
                self.findings.push(Finding::new(second.node.span.clone(), message));
                None
            }
        }
    }

    /// Notes, when the table is finished, that one of `keys` should be there.
    pub fn miss(&self, keys: &[&'static str], finding: Finding) {
        self.missing.borrow_mut().push(Missing { keys: keys.to_vec(), finding });
    }

    /// Refuses the keys that nobody asked for and notes those that are missing, unless one was meant by the other.
    pub fn finish(self) {
        let asked = self.asked.into_inner();
        let given = |key: &&str| self.entries.iter().any(|e| e.key == *key);
        let absent: Vec<&str> = asked.iter().copied().filter(|key| !given(key)).collect();
        let mut meant = Vec::new();
        for entry in self.entries.iter().filter(|e| !asked.contains(&e.key.as_str())) {
            let suggested = suggestion(&entry.key, &absent).or_else(|| suggestion(&entry.key, &asked));
            meant.extend(suggested);
            let help = match suggested {
                _ if TOP_KEYS.contains(&entry.key.as_str()) => {
                    format!("`{}` stands before the first [section] of the file", entry.key)
                }
                Some(known) => format!("did you mean `{known}`?"),
                None if asked.is_empty() => "this table takes no keys".to_string(),
                None => format!("known here: {}", asked.join(", ")),
            };
            let message = format!("unknown key `{}`", entry.key.escape_debug());
            self.findings.push(Finding::new(entry.key_span.clone(), message).help(help));
        }
        if !self.findings.recovered() {
            let unexplained = |missing: &Missing| !missing.keys.iter().any(|key| meant.contains(key));
            self.missing.take().into_iter().filter(unexplained).for_each(|missing| self.findings.push(missing.finding));
        }
    }
}

/// The known word nearest to `word`, if near enough to be meant.
pub(in crate::experiment) fn suggestion<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    // The comparison is quadratic, and no word of ours is long.
    if word.len() > 64 {
        return None;
    }
    let nearest = known.iter().map(|k| (strsim::jaro_winkler(word, k), *k)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (nearest.0 > 0.8).then_some(nearest.1)
}

impl<'a> Value<'a> {
    /// Notes a message at this value.
    pub fn refuse(&self, message: impl Into<String>) -> Finding {
        Finding::new(self.node.span.clone(), message)
    }

    fn wrong(&self, expected: &str) {
        if self.node.kind != Kind::Unreadable {
            self.findings.push(self.refuse(format!(
                "`{}` must be {expected}, not {}",
                self.key,
                self.node.kind_name()
            )));
        }
    }

    fn item(&self, node: &'a Node) -> Value<'a> {
        Value { node, ..*self }
    }

    /// A finite number.
    pub fn number(&self) -> Option<f64> {
        let number = match self.node.kind {
            Kind::Number(number) => number,
            Kind::Integer(integer) => integer as f64,
            _ => {
                self.wrong("a number");
                return None;
            }
        };
        if !number.is_finite() {
            self.findings.push(self.refuse(format!("`{}` must be a finite number, not {number}", self.key)));
            return None;
        }
        // No result may depend on the sign of a zero.
        Some(number + 0.0)
    }

    /// A positive finite number.
    pub fn positive(&self) -> Option<f64> {
        let number = self.number()?;
        if !(number > 0.0) {
            self.findings.push(self.refuse(format!("`{}` must be positive, not {number:?}", self.key)));
            return None;
        }
        Some(number)
    }

    /// A whole number between `lo` and `hi`. A float such as `2e4` counts if it is whole.
    pub fn integer(&self, lo: u64, hi: u64) -> Option<u64> {
        let integer = match self.node.kind {
            Kind::Integer(integer) => integer,
            Kind::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => number as i128,
            Kind::Number(number) => {
                self.findings.push(self.refuse(format!("`{}` must be a whole number, not {number}", self.key)));
                return None;
            }
            _ => {
                self.wrong("a whole number");
                return None;
            }
        };
        match u64::try_from(integer) {
            Ok(value) if (lo..=hi).contains(&value) => Some(value),
            _ => {
                let message = format!("`{}` must lie between {lo} and {hi}, not {integer}", self.key);
                self.findings.push(self.refuse(message));
                None
            }
        }
    }

    /// A string.
    pub fn text(&self) -> Option<&'a str> {
        match &self.node.kind {
            Kind::Text(text) => Some(text),
            _ => {
                self.wrong("a string");
                None
            }
        }
    }

    /// One of several words, by its index.
    pub fn word(&self, words: &[&str]) -> Option<usize> {
        let text = self.text()?;
        let found = words.iter().position(|w| *w == text);
        if found.is_none() {
            let help = match suggestion(text, words) {
                Some(word) => format!("did you mean \"{word}\"?"),
                None => format!("one of: {}", words.join(", ")),
            };
            self.findings.push(self.refuse(format!("`{}` does not know \"{text}\"", self.key)).help(help));
        }
        found
    }

    /// One of several things by its name.
    pub fn named<T: Copy>(&self, all: &[T], name: fn(T) -> &'static str) -> Option<T> {
        let names: Vec<&str> = all.iter().map(|one| name(*one)).collect();
        self.word(&names).map(|index| all[index])
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
                self.wrong("a list");
                None
            }
        }
    }

    /// A list of finite numbers.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        let items = self.list()?;
        if items.len() == 0 {
            self.findings.push(self.refuse(format!("`{}` is empty", self.key)));
            return None;
        }
        // Every wrong entry is noted, not only the first.
        let numbers: Vec<Option<f64>> = items.map(|item| item.number()).collect();
        numbers.into_iter().collect()
    }

    /// A list of lists of numbers, all of one length: the rows of a matrix. `help` says what would do where they are not.
    pub fn rows(&self, help: &str) -> Option<Vec<Vec<f64>>> {
        let rows: Vec<Option<Vec<f64>>> = self.list()?.map(|row| row.numbers()).collect();
        let rows: Vec<Vec<f64>> = rows.into_iter().collect::<Option<_>>()?;
        let Some(first) = rows.first() else {
            self.findings.push(self.refuse(format!("`{}` is empty", self.key)));
            return None;
        };
        if rows.iter().any(|row| row.len() != first.len()) {
            let finding = self.refuse(format!("the rows of `{}` differ in length", self.key));
            self.findings.push(finding.help(help));
            return None;
        }
        Some(rows)
    }

    /// A table.
    pub fn table(&self) -> Option<TableReader<'a>> {
        TableReader::new(self.node, self.key, self.findings)
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
