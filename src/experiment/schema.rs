//! The JSON Schemas of experiment and calibration files, for editors, from the tables of keys in `docs/experiments.md`. A test compares those
//! tables with the keys that the readers accept.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use thiserror::Error;

use super::figures::FigureKind;
use crate::theory::Ensemble;

const DOCUMENT: &str = include_str!("../../docs/experiments.md");
/// The heading after which the document describes the calibration file.
const CALIBRATION: &str = "\n# The calibration file";
/// Tables of which exactly one of these keys is given.
const ONE_OF: [(&str, &[&str]); 7] = [
    ("dynamics", &["sgd", "adam", "sgd_steps", "adam_steps", "rmsprop_steps", "adagrad_steps", "lion_steps"]),
    ("schedule", &["step", "cosine"]),
    ("start", &["positions", "weights"]),
    ("scheme", &["jump_adapted", "euler"]),
    ("optimiser", &["sgd", "adam"]),
    ("network", &["mlp", "lenet", "alexnet"]),
    ("data", &["digits", "idx", "cifar10"]),
];
/// Tables with several forms, of which no key is required in all.
const FORMS: [&str; 2] = ["sweep", "amplitude"];

/// A type in the documentation that has no counterpart in the schema.
#[derive(Debug, Error)]
#[error("the schema has no counterpart of the type {form:?} of the key `{key}`")]
pub struct UnknownType {
    key: String,
    form: String,
}

/// A row of a table of keys.
struct Key<'d> {
    /// The key of the table that holds this one; empty for the top level.
    owner: &'d str,
    name: &'d str,
    meaning: &'d str,
    form: &'d str,
    default: &'d str,
    /// Whether a number can be replaced by a sweep table without saying so: in a basin.
    sweeps: bool,
}

/// The JSON Schema (draft 7) of the experiment file.
///
/// # Errors
/// [`UnknownType`]
pub fn experiment_schema() -> Result<Value, UnknownType> {
    schema("levy-escape experiment", DOCUMENT.split(CALIBRATION).next().unwrap_or_default())
}

/// The JSON Schema (draft 7) of the calibration file.
///
/// # Errors
/// [`UnknownType`]
pub fn calibration_schema() -> Result<Value, UnknownType> {
    schema("levy-escape calibration", DOCUMENT.split(CALIBRATION).nth(1).unwrap_or_default())
}

fn schema(title: &str, document: &str) -> Result<Value, UnknownType> {
    let keys = keys(document);
    let mut tables: BTreeMap<&str, Vec<&Key<'_>>> = BTreeMap::new();
    for key in &keys {
        tables.entry(key.owner).or_default().push(key);
    }
    let mut definitions = Map::new();
    for (owner, rows) in &tables {
        definitions.insert((*owner).to_owned(), table(owner, rows, &keys)?);
    }
    let top = definitions.remove("");
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title,
    });
    for (key, value) in top.as_ref().and_then(Value::as_object).into_iter().flatten() {
        schema[key] = value.clone();
    }
    schema["definitions"] = Value::Object(definitions);
    Ok(schema)
}

/// The rows of all tables whose first column is called `key`.
fn keys(document: &str) -> Vec<Key<'_>> {
    let (mut keys, mut section, mut inside) = (Vec::new(), "", false);
    for line in document.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading.trim_start_matches("Calibration: ").trim_matches(['`', '[', ']']);
        }
        let cells: Vec<&str> = line.split(" |").map(|cell| cell.trim_matches([' ', '|'])).collect();
        match cells[..] {
            ["key", ..] => inside = true,
            [key, meaning, form, default, ..] if inside && key.starts_with('`') => {
                let path = key.trim_matches('`');
                let top = if ["Sweeps", "Top level", "top level"].contains(&section) { "" } else { section };
                let (owner, name) = path.split_once('.').unwrap_or((top, path));
                // The numbers of a basin's tables, but not of the basin itself.
                let sweeps = section == "basin" && (owner != "basin" || ["minimum", "start"].contains(&name));
                keys.push(Key { owner, name, meaning, form, default, sweeps: sweeps && owner != "inset" });
            }
            _ => inside = inside && line.starts_with('|'),
        }
    }
    keys
}

fn table(owner: &str, rows: &[&Key<'_>], keys: &[Key<'_>]) -> Result<Value, UnknownType> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for key in rows {
        let unknown = || UnknownType { key: format!("{owner}.{}", key.name), form: key.form.to_owned() };
        let mut value = value(key, keys).ok_or_else(unknown)?;
        if value.get("$ref").is_some() {
            // Draft 7 ignores what stands beside a reference.
            value = json!({ "allOf": [value] });
        }
        let is_value = !key.default.is_empty() && !key.default.contains("required");
        let default = if is_value { format!("\n\nDefault: {}", key.default) } else { String::new() };
        value["description"] = format!("{}{default}", key.meaning).into();
        properties.insert(key.name.to_owned(), value);
        if (key.default == "required" || key.default == "required in `quick`") && !FORMS.contains(&owner) {
            required.push(key.name);
        }
    }
    let mut table = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if !required.is_empty() {
        table["required"] = json!(required);
    }
    if ["potential", "domain"].contains(&owner) {
        (table["minProperties"], table["maxProperties"]) = (json!(1), json!(1));
    }
    if let Some((_, choices)) = ONE_OF.iter().find(|(table, _)| *table == owner) {
        table["oneOf"] = choices.iter().map(|key| json!({ "required": [key] })).collect();
    }
    if owner == "sweep" {
        table["anyOf"] = json!([{ "required": ["from", "to", "count"] }, { "required": ["values"] }]);
    }
    Ok(table)
}

/// The values of a key, by the words of the column `type`. `None` for unknown words.
fn value(key: &Key<'_>, keys: &[Key<'_>]) -> Option<Value> {
    let has_table = |owner: &str| keys.iter().any(|key| key.owner == owner);
    let table = || {
        if has_table(key.name) {
            reference(key.name)
        } else {
            json!({ "type": "object", "additionalProperties": false })
        }
    };
    let any = |forms: Vec<Value>| json!({ "anyOf": forms });
    let list = |items: Value| json!({ "type": "array", "items": items });
    let sweep = || reference("sweep");
    let swept = |number: Value| if key.sweeps { json!({ "anyOf": [number, reference("sweep")] }) } else { number };
    let number = || json!({ "type": "number" });
    let positive = || json!({ "type": "number", "exclusiveMinimum": 0 });
    let not_negative = || json!({ "type": "number", "minimum": 0 });
    let pair = || {
        let mut pair = list(swept(number()));
        (pair["minItems"], pair["maxItems"]) = (json!(2), json!(2));
        pair
    };
    let matrix = || list(list(swept(number())));
    let of_section = |section: &str| keys.iter().find(|other| other.owner == section && other.name == key.name);
    if key.meaning == "as in `[escape]`" {
        return value(of_section("escape")?, keys);
    }
    Some(match key.form {
        "boolean" => json!({ "type": "boolean" }),
        "string" => words(key.meaning),
        "string or table" => any(vec![words(key.meaning), table()]),
        "string or list" => any(vec![words(key.meaning), list(words(key.meaning))]),
        "string, or list of strings" => {
            let ensemble = json!({ "enum": Ensemble::ALL.map(Ensemble::name) });
            any(vec![ensemble.clone(), list(ensemble)])
        }
        "`\"auto\"`, or list of strings and tables" => {
            let named = json!({ "enum": FigureKind::ALL.map(FigureKind::name) });
            any(vec![json!({ "const": "auto" }), list(any(vec![named, reference("figures")]))])
        }
        "table" => table(),
        "list of tables" => list(table()),
        "table or list of tables" => any(vec![table(), list(table())]),
        "table of numbers" => {
            let parameter = any(vec![number(), list(number()), sweep()]);
            json!({ "type": "object", "additionalProperties": parameter })
        }
        "number" => swept(number()),
        "number or list" => any(vec![number(), list(number())]),
        "number ≥ 0" => not_negative(),
        "number ≥ 0 or list" => any(vec![swept(not_negative()), list(swept(not_negative()))]),
        "positive number" | "positive number above `from`" => swept(positive()),
        "positive number, sweep" => any(vec![positive(), list(positive()), sweep()]),
        "number, sweep" => any(vec![number(), list(number()), sweep()]),
        "positive number or table" => any(vec![positive(), table()]),
        "number, sweep, or calibration" => any(vec![number(), list(number()), sweep(), reference("alpha")]),
        "list of numbers" | "list of `d` numbers" => list(swept(number())),
        "list of strings" => list(words(key.meaning)),
        "list of integers" => list(json!({ "type": "integer", "minimum": 1 })),
        "list of positive numbers" => list(swept(positive())),
        "list of two numbers" | "`[lo, hi]`" => pair(),
        "list of numbers, or calibration" => any(vec![list(number()), table()]),
        "list of lists" => matrix(),
        "list of numbers or of lists" => any(vec![list(number()), matrix()]),
        "`[lo, hi]` or table" => any(vec![pair(), table()]),
        "list of `[lo, hi]`" => list(pair()),
        "list of `[lo, hi]` or table" => any(vec![list(pair()), table()]),
        "see left" => {
            any(vec![number(), list(number()), matrix(), sweep(), table(), json!({ "const": "root_hessian" })])
        }
        "see `[noise]`" => {
            return value(of_section("noise")?, keys);
        }
        "integer, or list of integers, 1 to 200" => {
            let integer = || json!({ "type": "integer", "minimum": 1, "maximum": 200 });
            any(vec![integer(), list(integer())])
        }
        form => bounded(form)?,
    })
}

/// `integer, 1 to 10^12`, `integer, 1 to 2^53`, `integer, 1 to 100, at most …`, `integer ≥ 0`, `number in (0, 0.5]`.
fn bounded(form: &str) -> Option<Value> {
    if let Some(least) = form.strip_prefix("integer ≥ ") {
        return Some(json!({ "type": "integer", "minimum": least.parse::<u64>().ok()? }));
    }
    if let Some((least, most)) = form.strip_prefix("integer, ").and_then(|range| range.split_once(" to ")) {
        let most = most.split(", ").next()?;
        let most = match most.split_once('^') {
            Some((base, exponent)) => base.parse::<u64>().ok()?.checked_pow(exponent.parse().ok()?)?,
            None => most.replace(',', "").parse().ok()?,
        };
        return Some(json!({ "type": "integer", "minimum": least.parse::<u64>().ok()?, "maximum": most }));
    }
    let interval = form.strip_prefix("number in ")?;
    let (lo, hi) = interval.trim_matches(['(', '[', ')', ']']).split_once(", ")?;
    let least = if interval.starts_with('(') { "exclusiveMinimum" } else { "minimum" };
    let most = if interval.ends_with(')') { "exclusiveMaximum" } else { "maximum" };
    Some(json!({ "type": "number", least: lo.parse::<f64>().ok()?, most: hi.parse::<f64>().ok()? }))
}

/// A string; one of the words that the meaning quotes, if it quotes any.
fn words(meaning: &str) -> Value {
    let spans = meaning.split('`').skip(1).step_by(2);
    let quoted: Vec<&str> = spans.filter_map(|span| span.strip_prefix('"')?.strip_suffix('"')).collect();
    if quoted.is_empty() { json!({ "type": "string" }) } else { json!({ "enum": quoted }) }
}

fn reference(table: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{table}") })
}
