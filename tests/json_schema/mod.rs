//! A validator for the JSON Schemas of experiment and calibration files.

use levy_escape::experiment::{calibration_schema, experiment_schema, is_calibration};
use serde_json::{Map, Value, json};
use toml::de::{DeTable, DeValue};

fn as_json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::Integer(integer) => {
            i64::from_str_radix(integer.as_str(), integer.radix()).map_or_else(|_| json!(u64::MAX), |i| json!(i))
        }
        // JSON has no infinities.
        DeValue::Float(float) => json!(float.as_str().parse::<f64>().unwrap().clamp(f64::MIN, f64::MAX)),
        DeValue::Boolean(flag) => json!(flag),
        DeValue::String(text) => json!(text),
        DeValue::Datetime(date) => json!(date.to_string()),
        DeValue::Array(items) => items.iter().map(|item| as_json(item.get_ref())).collect(),
        DeValue::Table(table) => of_table(table),
    }
}

fn of_table(table: &DeTable<'_>) -> Value {
    let entries = table.iter().map(|(key, value)| (key.get_ref().to_string(), as_json(value.get_ref())));
    Value::Object(entries.collect::<Map<_, _>>())
}

fn parsed(text: &str) -> Value {
    of_table(DeTable::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}")).get_ref())
}

/// Validates with the keywords that the schema uses; any other keyword panics.
fn validate(value: &Value, schema: &Value, root: &Value) -> Result<(), String> {
    let wrong = |what: String| Err(format!("{value}: {what}"));
    for (keyword, rule) in schema.as_object().unwrap() {
        let passing = || rule.as_array().unwrap().iter().filter(|one| validate(value, one, root).is_ok()).count();
        let (object, array, number) = (value.as_object(), value.as_array(), value.as_f64());
        let compared = |holds: fn(f64, f64) -> bool| number.is_none_or(|number| holds(number, rule.as_f64().unwrap()));
        let counted = |count: Option<usize>, holds: fn(u64, u64) -> bool| {
            count.is_none_or(|count| holds(count as u64, rule.as_u64().unwrap()))
        };
        let holds = match keyword.as_str() {
            "$schema" | "title" | "description" | "definitions" => true,
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/definitions/").unwrap();
                validate(value, &root["definitions"][name], root)?;
                true
            }
            "type" => match rule.as_str().unwrap() {
                "object" => object.is_some(),
                "array" => array.is_some(),
                "boolean" => value.is_boolean(),
                "string" => value.is_string(),
                "number" => number.is_some(),
                "integer" => number.is_some_and(|number| number.fract() == 0.0),
                other => panic!("type {other}"),
            },
            "properties" => {
                for (key, below) in object.into_iter().flatten() {
                    if let Some(rule) = rule.get(key) {
                        validate(below, rule, root)?;
                    }
                }
                true
            }
            "additionalProperties" => {
                let others = object.into_iter().flatten().filter(|(key, _)| schema["properties"].get(key).is_none());
                for (key, other) in others {
                    match rule {
                        Value::Bool(false) => return wrong(format!("unknown key {key}")),
                        rule => validate(other, rule, root)?,
                    }
                }
                true
            }
            "required" => {
                let keys = rule.as_array().unwrap();
                object.is_none_or(|object| keys.iter().all(|key| object.contains_key(key.as_str().unwrap())))
            }
            "items" => {
                array.into_iter().flatten().try_for_each(|item| validate(item, rule, root))?;
                true
            }
            "enum" => rule.as_array().unwrap().contains(value),
            "const" => rule == value,
            "anyOf" => passing() > 0,
            "oneOf" => passing() == 1,
            "allOf" => passing() == rule.as_array().unwrap().len(),
            "minimum" => compared(|number, bound| number >= bound),
            "maximum" => compared(|number, bound| number <= bound),
            "exclusiveMinimum" => compared(|number, bound| number > bound),
            "exclusiveMaximum" => compared(|number, bound| number < bound),
            "minItems" => counted(array.map(Vec::len), |count, bound| count >= bound),
            "maxItems" => counted(array.map(Vec::len), |count, bound| count <= bound),
            "minProperties" => counted(object.map(Map::len), |count, bound| count >= bound),
            "maxProperties" => counted(object.map(Map::len), |count, bound| count <= bound),
            other => panic!("the validator of this test does not know {other}"),
        };
        if !holds {
            return wrong(format!("{keyword} {rule}"));
        }
    }
    Ok(())
}

/// Whether the schema of its kind accepts a file, or what is wrong with it.
pub fn accepts(text: &str) -> Result<(), String> {
    let schema = if is_calibration(text) { calibration_schema() } else { experiment_schema() }.unwrap();
    validate(&parsed(text), &schema, &schema)
}
