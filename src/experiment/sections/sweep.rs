//! Sweeps: a number, a list of numbers, `{ from, to, count, scale }` or `{ values = [..] }`.

use std::collections::HashSet;

use crate::experiment::number_labels::written;
use crate::experiment::toml::diagnostic::Span;
use crate::experiment::toml::node::Kind;
use crate::experiment::toml::reader::Value;

/// Largest number of values of one sweep, and of members of one family.
pub(in crate::experiment) const MOST: u64 = 100_000;
/// Numbers that one value takes: at most those of an amplitude.
const NUMBERS_PER_VALUE: u64 = 8;

/// The values that a setting takes, and its place.
#[derive(Clone, Debug)]
pub(in crate::experiment) struct Sweep<T> {
    pub values: Vec<T>,
    pub span: Span,
    /// Places of the values, if they are written as a list.
    places: Vec<Span>,
}

impl<T> Sweep<T> {
    /// The sweep whose values were read from `value`.
    pub fn new(values: Vec<T>, value: Value<'_>) -> Self {
        Sweep { values, span: value.node.span.clone(), places: places(value) }
    }

    /// One value that is not in the file, in place of what is missing at `span`.
    pub fn of_default(value: T, span: Span) -> Self {
        Sweep { values: vec![value], span, places: Vec::new() }
    }

    /// The sweep with its values replaced one by one.
    pub fn map<U>(self, replace: impl Fn(T) -> U) -> Sweep<U> {
        Sweep { values: self.values.into_iter().map(replace).collect(), span: self.span, places: self.places }
    }

    /// Place of a value, or of the whole sweep if it has none of its own.
    pub fn place_of(&self, value: &T) -> &Span
    where
        T: PartialEq,
    {
        let index = self.values.iter().position(|other| other == value);
        let is_listed = self.places.len() == self.values.len();
        index.filter(|_| is_listed).map_or(&self.span, |index| &self.places[index])
    }
}

/// The places of the items of a list, or of the list `values` of a table.
fn places(value: Value<'_>) -> Vec<Span> {
    let list = match &value.node.kind {
        Kind::Table(entries) => entries.iter().find(|entry| entry.key == "values").map(|entry| &entry.value),
        _ => Some(value.node),
    };
    match list.map(|list| &list.kind) {
        Some(Kind::List(items)) => items.iter().map(|item| item.span.clone()).collect(),
        _ => Vec::new(),
    }
}

/// The values of a sweep in the order in which they are run; one for a plain number. No value occurs twice.
pub(in crate::experiment) fn read_sweep(value: Value<'_>) -> Option<Vec<f64>> {
    let values = if value.is_table() {
        sweep_table(value)?
    } else if value.is_list() {
        value.numbers()?
    } else {
        return value.number().map(|number| vec![number]);
    };
    let mut seen = HashSet::new();
    if let Some(twice) = values.iter().find(|v| !seen.insert(v.to_bits())) {
        value.report(format!("`{}` takes the value {} twice", value.key, written(*twice)));
        return None;
    }
    Some(values)
}

#[derive(Clone, Copy, PartialEq)]
enum Spacing {
    Linear,
    Log,
}

fn sweep_table(value: Value<'_>) -> Option<Vec<f64>> {
    let table = value.table()?;
    if let Some(values) = table.get("values") {
        table.finish();
        return values.numbers();
    }
    let (from, to) = (table.need("from", "0.001"), table.need("to", "0.1"));
    let count = table.need("count", "5");
    let scales = [("linear", Spacing::Linear), ("log", Spacing::Log)];
    let scale = table.get("scale").map_or(Some(Spacing::Linear), |scale| scale.word(&scales));
    table.finish();
    // Every wrong setting is reported, not only the first.
    let (from, to) = (from.and_then(|from| from.number()), to.and_then(|to| to.number()));
    let count = count.and_then(|count| count.integer(1, MOST));
    let (from, to, count, scale) = (from?, to?, count?, scale?);
    if scale == Spacing::Log && !(from > 0.0 && to > 0.0) {
        value.report("a logarithmic sweep needs positive ends");
        return None;
    }
    if count == 1 && from != to {
        value.report("a sweep of one value needs equal `from` and `to`");
        return None;
    }
    value.reading.budget.request(count * NUMBERS_PER_VALUE, &value.node.span, &value.reading.diagnostics)?;
    let last = count - 1;
    let at = |i: u64| match i {
        0 => from,
        i if i == last => to,
        i => {
            let t = i as f64 / last as f64;
            let mean = |a: f64, b: f64| a * (1.0 - t) + b * t;
            tidy(match scale {
                Spacing::Linear => mean(from, to),
                Spacing::Log => 10f64.powf(mean(from.log10(), to.log10())),
            })
        }
    };
    Some((0..count).map(at).collect())
}

/// The number rounded to 14 significant digits: .01 instead of .010000000000000002, on every platform.
fn tidy(number: f64) -> f64 {
    format!("{number:.13e}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::toml::node::Node;
    use crate::experiment::toml::reading::Reading;

    fn values(text: &str) -> Result<Vec<f64>, String> {
        let reading = Reading::default();
        let tree = Node::parse(text, &reading.diagnostics);
        let Kind::Table(entries) = &tree.kind else { panic!() };
        let value = Value { node: &entries[0].value, key: "x", reading: &reading };
        let found = read_sweep(value);
        let reported = reading.diagnostics.take();
        found.ok_or_else(|| reported[0].message().to_string())
    }

    #[test]
    fn all_forms() {
        assert_eq!(values("x = 3"), Ok(vec![3.0]));
        assert_eq!(values("x = [1, 2.5]"), Ok(vec![1.0, 2.5]));
        assert_eq!(values("x = { values = [4, 5] }"), Ok(vec![4.0, 5.0]));
        assert_eq!(values("x = { from = 2, to = 2, count = 1 }"), Ok(vec![2.0]));
        assert_eq!(values("x = { from = 0, to = 0.3, count = 4 }"), Ok(vec![0.0, 0.1, 0.2, 0.3]));
        assert_eq!(values("x = { from = 1, to = 0.001, count = 4, scale = \"log\" }"), Ok(vec![1.0, 0.1, 0.01, 0.001]));
    }

    #[test]
    fn wrong_sweeps_are_refused() {
        for (text, reason) in [
            ("x = { from = 0, to = 1, count = 3, scale = \"log\" }", "positive ends"),
            ("x = { from = 0, to = 1, count = 1e9 }", "must lie between 1 and 100000"),
            ("x = { from = 0, to = 1, count = 2.5 }", "must be a whole number"),
            ("x = { from = 0, to = 1, count = 1 }", "a sweep of one value"),
            ("x = { from = 0, count = 2 }", "`to` is missing"),
            ("x = { from = 1, to = 1, count = 2 }", "takes the value 1 twice"),
            ("x = [1, 2, 1]", "takes the value 1 twice"),
            ("x = { from = 1, to = 1.00000000000001, count = 99 }", "twice"),
            ("x = []", "empty"),
            ("x = [[1]]", "must be a number, not a list"),
            ("x = \"a\"", "must be a number, not a string"),
        ] {
            let found = values(text).unwrap_err();
            assert!(found.contains(reason), "{text}: {found}");
        }
    }
}
