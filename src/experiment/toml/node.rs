//! The tree of an experiment file: values with their places and numbers already read.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, Span};
use super::diagnostics::Diagnostics;
use super::number::{malformed_number, shortened};
use super::syntax;

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::experiment) struct Node {
    pub span: Span,
    pub kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::experiment) enum Kind {
    Number(f64),
    /// A whole number, kept exactly: seeds use all 64 bits.
    Integer(i128),
    Text(String),
    Flag(bool),
    Date,
    List(Vec<Node>),
    Table(Vec<KeyValue>),
    /// A value that has been reported already.
    Unreadable,
}

/// A key, its place and its value.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::experiment) struct KeyValue {
    pub key: String,
    pub key_span: Span,
    pub value: Node,
}

impl Node {
    /// Parses a document, or the part of it that can be recovered; reports its syntax errors.
    pub fn parse(text: &str, diagnostics: &Diagnostics) -> Node {
        let (table, errors) = DeTable::parse_recoverable(text);
        syntax::report(text, &errors, diagnostics);
        Node { span: table.span(), kind: Kind::Table(entries(table.get_ref(), text, diagnostics)) }
    }

    /// Calls `found` with every string that any table below holds under `key`.
    pub fn each_text(&self, key: &str, found: &mut dyn FnMut(&str)) {
        match &self.kind {
            Kind::List(items) => items.iter().for_each(|item| item.each_text(key, found)),
            Kind::Table(entries) => {
                for entry in entries {
                    match &entry.value.kind {
                        Kind::Text(text) if entry.key == key => found(text),
                        _ => entry.value.each_text(key, found),
                    }
                }
            }
            _ => {}
        }
    }

    /// Appends the path and the text of every value below this one.
    pub fn flatten(&self, path: String, out: &mut Vec<(String, String)>) {
        let below = |key: &str| if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
        let value = match &self.kind {
            Kind::Table(entries) if entries.is_empty() => "{}".to_string(),
            Kind::Table(entries) => return entries.iter().for_each(|e| e.value.flatten(below(&e.key), out)),
            Kind::List(items) if items.iter().any(|i| matches!(i.kind, Kind::Table(_) | Kind::List(_))) => {
                return items.iter().enumerate().for_each(|(i, item)| item.flatten(below(&i.to_string()), out));
            }
            Kind::List(items) => format!("[{}]", items.iter().map(Node::shown).collect::<Vec<_>>().join(", ")),
            _ => self.shown(),
        };
        out.push((path, value));
    }

    /// Every number below this table by its path, such as `schedule.step.factor`; not those in lists.
    pub fn numbers(&self, path: String, out: &mut Vec<(String, f64)>) {
        let below = |key: &str| if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
        match &self.kind {
            Kind::Table(entries) => entries.iter().for_each(|e| e.value.numbers(below(&e.key), out)),
            Kind::Number(number) => out.push((path, *number)),
            Kind::Integer(integer) => out.push((path, *integer as f64)),
            _ => {}
        }
    }

    fn shown(&self) -> String {
        match &self.kind {
            Kind::Number(number) => number.to_string(),
            Kind::Integer(integer) => integer.to_string(),
            Kind::Text(text) => format!("{text:?}"),
            Kind::Flag(flag) => flag.to_string(),
            _ => self.kind_name().to_string(),
        }
    }

    /// The type of the value, for messages.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Number(_) => "a number",
            Kind::Integer(_) => "a whole number",
            Kind::Text(_) => "a string",
            Kind::Flag(_) => "a boolean",
            Kind::Date => "a date",
            Kind::List(_) => "a list",
            Kind::Table(_) => "a table",
            Kind::Unreadable => "unreadable",
        }
    }
}

fn entries(table: &DeTable<'_>, text: &str, diagnostics: &Diagnostics) -> Vec<KeyValue> {
    let mut entries: Vec<KeyValue> = table
        .iter()
        .map(|(key, value)| KeyValue {
            key: key.get_ref().to_string(),
            key_span: key.span(),
            value: node(value, text, diagnostics),
        })
        .collect();
    entries.sort_by_key(|e| e.key_span.start);
    entries
}

fn node(value: &Spanned<DeValue<'_>>, text: &str, diagnostics: &Diagnostics) -> Node {
    let span = value.span();
    let unreadable = || {
        let number = shortened(text.get(span.clone()).unwrap_or_default());
        let unrepresentable = || Diagnostic::new(span.clone(), format!("the number {number} cannot be represented"));
        diagnostics.report(malformed_number(text, span.clone()).unwrap_or_else(unrepresentable));
        Kind::Unreadable
    };
    let kind = match value.get_ref() {
        DeValue::String(text) => Kind::Text(text.to_string()),
        DeValue::Integer(integer) => {
            i128::from_str_radix(integer.as_str(), integer.radix()).map_or_else(|_| unreadable(), Kind::Integer)
        }
        DeValue::Float(float) => match float.as_str().parse::<f64>() {
            // TOML has the numbers `inf` and `nan`, which the reader refuses; 1e999 overflows to one.
            Ok(number) if number.is_infinite() && !float.as_str().contains("inf") => unreadable(),
            Ok(0.0) if is_below_all_numbers(float.as_str()) => unreadable(),
            Ok(number) => Kind::Number(number),
            Err(_) => unreadable(),
        },
        DeValue::Boolean(flag) => Kind::Flag(*flag),
        DeValue::Datetime(_) => Kind::Date,
        DeValue::Array(list) => Kind::List(list.iter().map(|item| node(item, text, diagnostics)).collect()),
        DeValue::Table(table) => Kind::Table(entries(table, text, diagnostics)),
    };
    Node { span, kind }
}

/// Whether a number that is read as 0 has another digit: 1e-400.
fn is_below_all_numbers(number: &str) -> bool {
    number.split(['e', 'E']).next().unwrap_or_default().contains(|c: char| ('1'..='9').contains(&c))
}
