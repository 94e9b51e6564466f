//! The tree of an experiment file: values with their places and numbers already read.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostics::{Finding, Findings, Span};

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
    Table(Vec<Entry>),
    /// A value that has been reported already.
    Unreadable,
}

/// A key, its place and its value.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::experiment) struct Entry {
    pub key: String,
    pub key_span: Span,
    pub value: Node,
}

impl Node {
    /// Parses a document, or what can be recovered of it; syntax errors are left in `findings`.
    pub fn parse(text: &str, findings: &Findings) -> Node {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            findings.push(Finding::new(span, format!("not valid TOML: {}", error.message())));
            findings.set_recovered();
        }
        Node { span: table.span(), kind: Kind::Table(entries(table.get_ref(), findings)) }
    }

    /// Calls `found` with every string under the key `key`, wherever it stands.
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

    /// Appends every value below this one with its path.
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

    fn shown(&self) -> String {
        match &self.kind {
            Kind::Number(number) => number.to_string(),
            Kind::Integer(integer) => integer.to_string(),
            Kind::Text(text) => format!("{text:?}"),
            Kind::Flag(flag) => flag.to_string(),
            _ => self.kind_name().to_string(),
        }
    }

    /// What the value is, for messages.
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

fn entries(table: &DeTable<'_>, findings: &Findings) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_span: key.span(),
            value: node(value, findings),
        })
        .collect();
    entries.sort_by_key(|e| e.key_span.start);
    entries
}

fn node(value: &Spanned<DeValue<'_>>, findings: &Findings) -> Node {
    let span = value.span();
    let unreadable = |text: &str| {
        findings.push(Finding::new(span.clone(), format!("the number {text} cannot be represented")));
        Kind::Unreadable
    };
    let kind = match value.get_ref() {
        DeValue::String(text) => Kind::Text(text.to_string()),
        DeValue::Integer(integer) => i128::from_str_radix(integer.as_str(), integer.radix())
            .map_or_else(|_| unreadable(integer.as_str()), Kind::Integer),
        DeValue::Float(float) => match float.as_str().parse::<f64>() {
            // `inf` and `nan` are numbers to TOML, and the reader refuses them; 1e999 only overflows to one.
            Ok(number) if number.is_infinite() && !float.as_str().contains("inf") => unreadable(float.as_str()),
            Ok(number) => Kind::Number(number),
            Err(_) => unreadable(float.as_str()),
        },
        DeValue::Boolean(flag) => Kind::Flag(*flag),
        DeValue::Datetime(_) => Kind::Date,
        DeValue::Array(list) => Kind::List(list.iter().map(|item| node(item, findings)).collect()),
        DeValue::Table(table) => Kind::Table(entries(table, findings)),
    };
    Node { span, kind }
}
