//! Reads values out of the tree and notes what does not fit, instead of stopping at the first.

use std::cell::RefCell;

use super::finding::{Finding, Findings, Span};
use super::node::{Entry, Kind, Node};

/// A table being read. Keys that nobody asked for are refused by [`TableReader::finish`].
pub(super) struct TableReader<'a> {
    entries: &'a [Entry],
    pub span: Span,
    findings: &'a Findings,
    asked: RefCell<Vec<&'static str>>,
    missing: RefCell<Vec<(Vec<&'static str>, Finding)>>,
}

/// A value being read.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
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
                let message = format!("`{key}` must be a table, not {}", node.kind_name());
                findings.push(Finding::new(node.span.clone(), message));
                None
            }
        }
    }

    /// The value of a key that may be absent.
    pub fn get(&self, key: &'static str) -> Option<Value<'a>> {
        self.asked.borrow_mut().push(key);
        let entry = self.entries.iter().find(|e| e.key == key)?;
        Some(Value { node: &entry.value, key: &entry.key, findings: self.findings })
    }

    /// The value of a key that must be there.
    pub fn need(&self, key: &'static str, example: &str) -> Option<Value<'a>> {
        let value = self.get(key);
        if value.is_none() {
            let finding = Finding::new(self.place(), format!("`{key}` is missing"));
            self.findings.push(finding.help(format!("add `{key} = {example}`")));
        }
        value
    }

    /// The one of several keys that is given, with its index; notes more than one, and [`TableReader::finish`] notes none.
    pub fn one_of(&self, what: &str, keys: &[&'static str]) -> Option<(usize, Value<'a>)> {
        let given: Vec<(usize, Value<'a>)> =
            keys.iter().enumerate().filter_map(|(i, key)| Some((i, self.get(key)?))).collect();
        let choices = || keys.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
        match given.as_slice() {
            [one] => Some(*one),
            [] => {
                let finding = Finding::new(self.place(), format!("{what} needs one of {}", choices()));
                self.missing.borrow_mut().push((keys.to_vec(), finding));
                None
            }
            [_, (_, second), ..] => {
                let message = format!("{what} takes only one of {}", choices());
                self.findings.push(Finding::new(second.node.span.clone(), message));
                None
            }
        }
    }

    /// Refuses the keys that nobody asked for, and the absence of those that had to be there.
    pub fn finish(self) {
        let asked = self.asked.into_inner();
        let unknown = || self.entries.iter().filter(|e| !asked.contains(&e.key.as_str()));
        for (keys, finding) in self.missing.into_inner() {
            // A misspelt one is reported by itself, with a suggestion.
            if !unknown().any(|e| suggestion(&e.key, &keys).is_some()) {
                self.findings.push(finding);
            }
        }
        for entry in unknown() {
            let help = match suggestion(&entry.key, &asked) {
                Some(known) => format!("did you mean `{known}`?"),
                None if asked.is_empty() => "this table takes no keys".to_string(),
                None => format!("known here: {}", asked.join(", ")),
            };
            self.findings.push(Finding::new(entry.key_span.clone(), format!("unknown key `{}`", entry.key)).help(help));
        }
    }

    /// The beginning of the table, where a missing key is reported.
    fn place(&self) -> Span {
        let start = self.span.start;
        start..self.span.end.min(start + 1).max(start)
    }
}

/// The known word nearest to `word`, if near enough to be meant.
pub(super) fn suggestion<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let nearest = known.iter().map(|k| (strsim::jaro_winkler(word, k), *k)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (nearest.0 > 0.8).then_some(nearest.1)
}

impl<'a> Value<'a> {
    /// Notes a message at this value.
    pub fn refuse(&self, message: impl Into<String>) -> Finding {
        Finding::new(self.node.span.clone(), message)
    }

    fn wrong(&self, expected: &str) {
        self.findings.push(self.refuse(format!("`{}` must be {expected}, not {}", self.key, self.node.kind_name())));
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
        Some(number)
    }

    /// A positive finite number.
    pub fn positive(&self) -> Option<f64> {
        let number = self.number()?;
        if !(number > 0.0) {
            self.findings.push(self.refuse(format!("`{}` must be positive, not {number}", self.key)));
            return None;
        }
        Some(number)
    }

    /// A whole number between `lo` and `hi`. A float such as `2e4` counts if it is whole.
    pub fn integer(&self, lo: u64, hi: u64) -> Option<u64> {
        let integer = match self.node.kind {
            Kind::Integer(integer) => integer,
            Kind::Number(number) if number.fract() == 0.0 && number.abs() < 1e30 => number as i128,
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

    /// A list of lists of numbers, all of one length: the rows of a matrix.
    pub fn rows(&self) -> Option<Vec<Vec<f64>>> {
        let rows: Vec<Option<Vec<f64>>> = self.list()?.map(|row| row.numbers()).collect();
        let rows: Vec<Vec<f64>> = rows.into_iter().collect::<Option<_>>()?;
        let Some(first) = rows.first() else {
            self.findings.push(self.refuse(format!("`{}` is empty", self.key)));
            return None;
        };
        if rows.iter().any(|row| row.len() != first.len()) {
            let finding = self.refuse(format!("the rows of `{}` differ in length", self.key));
            self.findings.push(finding.help("give every row of the matrix as many numbers as there are rows"));
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

    /// Whether the value is a table.
    pub fn is_table(&self) -> bool {
        matches!(self.node.kind, Kind::Table(_))
    }
}
