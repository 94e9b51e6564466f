//! Sweeps: a number, a list of numbers, `{ from, to, count, scale }` or `{ values = [..] }`.

use std::collections::HashSet;

use crate::experiment::toml::reader::Value;

/// Largest number of values of one sweep.
pub(in crate::experiment) const MOST: u64 = 100_000;
/// What one value costs: the largest thing made of it is an amplitude.
const NUMBERS_PER_VALUE: u64 = 8;

/// The values of a sweep in the order they are run: one for a plain number. No value comes twice.
pub(in crate::experiment) fn sweep(value: Value<'_>) -> Option<Vec<f64>> {
    let values = if value.is_table() {
        sweep_table(value)?
    } else if value.is_list() {
        value.numbers()?
    } else {
        return value.number().map(|number| vec![number]);
    };
    let mut seen = HashSet::new();
    if let Some(twice) = values.iter().find(|v| !seen.insert(v.to_bits())) {
        value.findings.push(value.refuse(format!("`{}` takes the value {twice:?} twice", value.key)));
        return None;
    }
    Some(values)
}

fn sweep_table(value: Value<'_>) -> Option<Vec<f64>> {
    let table = value.table()?;
    if let Some(values) = table.get("values") {
        table.finish();
        return values.numbers();
    }
    let (from, to) = (table.need("from", "0.001"), table.need("to", "0.1"));
    let count = table.need("count", "5");
    let scale = table.get("scale").map_or(Some(0), |scale| scale.word(&["linear", "log"]));
    table.finish();
    // Every wrong setting is noted, not only the first.
    let (from, to) = (from.and_then(|from| from.number()), to.and_then(|to| to.number()));
    let count = count.and_then(|count| count.integer(1, MOST));
    let (from, to, count, log) = (from?, to?, count?, scale? == 1);
    if log && !(from > 0.0 && to > 0.0) {
        value.findings.push(value.refuse("a logarithmic sweep needs positive ends"));
        return None;
    }
    if count == 1 && from != to {
        value.findings.push(value.refuse("a sweep of one value needs `from` and `to` to be the same"));
        return None;
    }
    value.findings.spend(&value.node.span, count * NUMBERS_PER_VALUE)?;
    let last = count - 1;
    let at = |i: u64| match i {
        0 => from,
        i if i == last => to,
        i => {
            let t = i as f64 / last as f64;
            let mean = |a: f64, b: f64| a * (1.0 - t) + b * t;
            tidy(if log { 10f64.powf(mean(from.log10(), to.log10())) } else { mean(from, to) })
        }
    };
    Some((0..count).map(at).collect())
}

/// The number with 14 digits: .01 and not .010000000000000002, on every platform.
fn tidy(number: f64) -> f64 {
    format!("{number:.13e}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::toml::diagnostics::Findings;
    use crate::experiment::toml::node::{Kind, Node};

    fn values(text: &str) -> Result<Vec<f64>, String> {
        let findings = Findings::default();
        let tree = Node::parse(text, &findings);
        let Kind::Table(entries) = &tree.kind else { panic!() };
        let value = Value { node: &entries[0].value, key: "x", findings: &findings };
        let found = sweep(value);
        let noted = findings.take();
        found.ok_or_else(|| noted[0].message().to_string())
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
    fn what_makes_no_sweep_is_refused() {
        for (text, reason) in [
            ("x = { from = 0, to = 1, count = 3, scale = \"log\" }", "positive ends"),
            ("x = { from = 0, to = 1, count = 1e9 }", "must lie between 1 and 100000"),
            ("x = { from = 0, to = 1, count = 2.5 }", "must be a whole number"),
            ("x = { from = 0, to = 1, count = 1 }", "a sweep of one value"),
            ("x = { from = 0, count = 2 }", "`to` is missing"),
            ("x = { from = 1, to = 1, count = 2 }", "takes the value 1.0 twice"),
            ("x = [1, 2, 1]", "takes the value 1.0 twice"),
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
