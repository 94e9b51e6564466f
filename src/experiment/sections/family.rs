//! A basin with sweeps in it is a family: one member for every combination of their values.

use super::sweep::{MOST, sweep};
use crate::experiment::toml::diagnostics::{Finding, Findings};
use crate::experiment::toml::node::{Entry, Kind, Node};
use crate::experiment::toml::reader::Value;

/// Keys that mark a table as a sweep. No other table of a basin has one of them.
const SWEEP_KEYS: [&str; 5] = ["from", "to", "count", "scale", "values"];

/// The tree of a basin, and the sweeps in it in the order of the file.
pub(in crate::experiment) struct Family<'a> {
    tree: &'a Node,
    sweeps: Vec<Axis>,
}

/// One sweep: the path of child indices that leads to it, its values and their labels.
struct Axis {
    path: Vec<usize>,
    values: Vec<f64>,
    labels: Vec<String>,
}

impl<'a> Family<'a> {
    /// Finds the sweeps under the keys `swept` of the table `tree`. A plain list counts as a sweep for the keys in `scalars`.
    pub fn new(tree: &'a Node, swept: &[&str], scalars: &[&str], findings: &Findings) -> Option<Self> {
        let Kind::Table(entries) = &tree.kind else { return None };
        let mut found = Vec::new();
        for (index, entry) in entries.iter().enumerate().filter(|(_, e)| swept.contains(&e.key.as_str())) {
            let key = Key { scalars, last: &entry.key, label: entry.key.clone() };
            find(&entry.value, &key, &mut vec![index], &mut found);
        }
        let mut sweeps = Vec::new();
        let mut wrong = false;
        for (path, node, label) in found {
            match sweep(Value { node, key: &label, findings }) {
                Some(values) => {
                    let labels = distinct(&values).iter().map(|value| format!("{label}={value}")).collect();
                    sweeps.push(Axis { path, values, labels });
                }
                None => wrong = true,
            }
        }
        if wrong {
            return None;
        }
        let family = Family { tree, sweeps };
        let members = family.len();
        if members > MOST {
            let message = format!("this family has {members} members; at most {MOST} are run");
            findings.push(Finding::new(tree.span.clone(), message).help("shorten a sweep"));
            return None;
        }
        Some(family)
    }

    /// Number of members; saturates.
    pub fn len(&self) -> u64 {
        self.sweeps.iter().fold(1, |n, axis| n.saturating_mul(axis.values.len() as u64))
    }

    /// Label and tree of a member; the last sweep runs fastest.
    pub fn member(&self, name: &str, index: u64) -> (String, Node) {
        let mut tree = self.tree.clone();
        let mut labels = Vec::new();
        let mut rest = index;
        for axis in self.sweeps.iter().rev() {
            let n = axis.values.len() as u64;
            let at = (rest % n) as usize;
            rest /= n;
            labels.push(axis.labels[at].as_str());
            if let Some(node) = descend(&mut tree, &axis.path) {
                node.kind = Kind::Number(axis.values[at]);
            }
        }
        if labels.is_empty() {
            return (name.to_string(), tree);
        }
        labels.reverse();
        (format!("{name}[{}]", labels.join(" ")), tree)
    }
}

/// Where the search stands: the last key, and what a number found here is called in a label.
struct Key<'k> {
    scalars: &'k [&'k str],
    last: &'k str,
    label: String,
}

impl Key<'_> {
    /// Item `index` of a list of `n`: ends of an interval are `lo` and `hi`, other items are counted from 1.
    fn item(&self, index: usize, n: usize, is_list: bool) -> Self {
        let end = ["lo", "hi"].get(index);
        let label = match (self.last, self.label.strip_prefix("box"), end) {
            ("interval", _, Some(end)) => end.to_string(),
            // Sides first, then their ends.
            ("box", Some(side), Some(end)) if !is_list => format!("{end}{side}"),
            _ if n == 1 => self.label.clone(),
            _ => format!("{}.{}", self.label, index + 1),
        };
        Key { label, ..*self }
    }
}

fn find<'a>(node: &'a Node, key: &Key<'_>, path: &mut Vec<usize>, found: &mut Vec<(Vec<usize>, &'a Node, String)>) {
    let is_sweep = |entries: &[Entry]| entries.iter().any(|e| SWEEP_KEYS.contains(&e.key.as_str()));
    let mut deeper = |index: usize, child: &'a Node, key: &Key<'_>| {
        path.push(index);
        find(child, key, path, found);
        path.pop();
    };
    match &node.kind {
        Kind::Table(entries) if !is_sweep(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                deeper(index, &entry.value, &Key { last: &entry.key, label: entry.key.clone(), ..*key });
            }
        }
        Kind::List(items) if !key.scalars.contains(&key.last) => {
            for (index, item) in items.iter().enumerate() {
                let is_list = matches!(item.kind, Kind::List(_));
                deeper(index, item, &key.item(index, items.len(), is_list));
            }
        }
        Kind::Table(_) | Kind::List(_) => found.push((path.clone(), node, key.label.clone())),
        _ => {}
    }
}

fn descend<'n>(node: &'n mut Node, path: &[usize]) -> Option<&'n mut Node> {
    path.iter().try_fold(node, |node, &index| match &mut node.kind {
        Kind::Table(entries) => entries.get_mut(index).map(|e| &mut e.value),
        Kind::List(items) => items.get_mut(index),
        _ => None,
    })
}

/// The numbers with four significant digits, or as many as tell them apart.
fn distinct(numbers: &[f64]) -> Vec<String> {
    for digits in 4..17 {
        let words: Vec<String> = numbers.iter().map(|&n| short(n, digits)).collect();
        let all: std::collections::HashSet<&String> = words.iter().collect();
        if all.len() == words.len() {
            return words;
        }
    }
    numbers.iter().map(|n| format!("{n:?}")).collect()
}

/// A number with up to `digits` significant digits and no trailing zeros.
fn short(number: f64, digits: usize) -> String {
    let rounded: f64 = format!("{number:.*e}", digits - 1).parse().unwrap_or(number);
    let usual = rounded == 0.0 || (1e-5..1e7).contains(&rounded.abs());
    if usual { format!("{rounded}") } else { format!("{rounded:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Vec<String> {
        let findings = Findings::default();
        let tree = Node::parse(text, &findings);
        let family = Family::new(&tree, &["potential", "domain", "start"], &["radius"], &findings).unwrap();
        (0..family.len()).map(|index| family.member("b", index).0).collect()
    }

    #[test]
    fn sweeps_multiply_and_the_last_runs_fastest() {
        let text = "domain = { interval = [-1, { values = [1, 2] }] }\nstart = [{ from = 0, to = 0.1, count = 3 }]";
        let expected = [
            "b[hi=1 start=0]",
            "b[hi=1 start=0.05]",
            "b[hi=1 start=0.1]",
            "b[hi=2 start=0]",
            "b[hi=2 start=0.05]",
            "b[hi=2 start=0.1]",
        ];
        assert_eq!(labels(text), expected);
        let findings = Findings::default();
        let tree = Node::parse(text, &findings);
        let family = Family::new(&tree, &["domain", "start"], &[], &findings).unwrap();
        let (_, member) = family.member("b", 5);
        let expected = Node::parse("domain = { interval = [-1, 2.0] }\nstart = [0.1]", &findings);
        assert_eq!(plain(&member), plain(&expected));
    }

    /// A tree without its places.
    fn plain(node: &Node) -> String {
        match &node.kind {
            Kind::Table(entries) => entries.iter().map(|e| format!("{}: {}; ", e.key, plain(&e.value))).collect(),
            Kind::List(items) => items.iter().map(|item| format!("{}, ", plain(item))).collect(),
            Kind::Integer(integer) => format!("{integer}"),
            Kind::Number(number) => format!("{number}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn labels_are_short_and_differ() {
        assert_eq!(labels("domain = { ball = { radius = [1, 2.5] } }"), ["b[radius=1]", "b[radius=2.5]"]);
        assert_eq!(
            labels("start = [0, { values = [1.00001, 1.00002] }]"),
            ["b[start.2=1.00001]", "b[start.2=1.00002]"]
        );
        assert_eq!(labels("domain = { box = [[0, 1], [{ values = [1e-9] }, 1]] }"), ["b[lo.2=1e-9]"]);
        let hessian = "potential = { quadratic = { hessian = [[2, 0], [0, { values = [3, 4] }]] } }";
        assert_eq!(labels(hessian), ["b[hessian.2.2=3]", "b[hessian.2.2=4]"]);
        assert_eq!(labels("start = [1, 2]"), ["b"]);
    }

    #[test]
    fn a_family_too_large_is_refused_before_it_is_built() {
        let findings = Findings::default();
        let many = "{ from = 1, to = 2, count = 50000 }";
        let tree = Node::parse(&format!("start = [{many}, {many}, {many}]"), &findings);
        assert!(Family::new(&tree, &["start"], &[], &findings).is_none());
        assert!(findings.take()[0].message().contains("this family has 125000000000000 members"));
    }
}
