//! A basin that contains sweeps is a family, with one member for every combination of their values.

use super::super::sweep::{MOST, read_sweep};
use crate::experiment::number_labels::number_labels;
use crate::experiment::toml::diagnostic::Diagnostic;
use crate::experiment::toml::node::{KeyValue, Kind, Node};
use crate::experiment::toml::reader::Value;
use crate::experiment::toml::reading::Reading;

/// Keys that mark a table as a sweep. No other table of a basin has any of them.
const SWEEP_KEYS: [&str; 5] = ["from", "to", "count", "scale", "values"];

/// The table whose numbers are all scalars, by whatever name.
const PARAMETERS: &str = "parameters";

/// The tree of a basin, and the swept numbers in it in the order of the file.
pub(in crate::experiment) struct Family<'a> {
    tree: &'a Node,
    swept: Vec<SweptNode>,
}

/// A number of the tree that is swept: the path of child indices to it, its name, its values and their labels.
struct SweptNode {
    path: Vec<usize>,
    name: String,
    values: Vec<f64>,
    labels: Vec<String>,
}

/// A member of a family.
pub(in crate::experiment) struct Member {
    pub label: String,
    pub tree: Node,
    /// Names and values of what is swept.
    pub values: Vec<(String, f64)>,
}

impl<'a> Family<'a> {
    /// Finds the sweeps under the keys `swept` of the table `tree`. For the keys in `scalars` a plain list is a sweep.
    pub fn new(tree: &'a Node, swept: &[&str], scalars: &[&str], reading: &Reading) -> Option<Self> {
        let Kind::Table(entries) = &tree.kind else { return None };
        let mut found = Vec::new();
        for (index, entry) in entries.iter().enumerate().filter(|(_, e)| swept.contains(&e.key.as_str())) {
            let key = Key { scalars, last: &entry.key, is_parameter: false, label: entry.key.clone() };
            find(&entry.value, &key, &mut vec![index], &mut found);
        }
        // Every wrong sweep is reported, not only the first.
        let swept: Vec<Option<SweptNode>> = found.into_iter().map(|found| found.read(reading)).collect();
        let family = Family { tree, swept: swept.into_iter().collect::<Option<_>>()? };
        let members = family.len();
        if members > MOST {
            let message = format!("this family has {members} members; at most {MOST} are run");
            reading.diagnostics.report(Diagnostic::new(tree.span.clone(), message).help("shorten a sweep"));
            return None;
        }
        Some(family)
    }

    /// Number of members; saturates.
    pub fn len(&self) -> u64 {
        self.swept.iter().fold(1, |n, node| n.saturating_mul(node.values.len() as u64))
    }

    /// A member; the last sweep varies fastest.
    pub fn member(&self, name: &str, index: u64) -> Member {
        let mut tree = self.tree.clone();
        let (mut labels, mut values) = (Vec::new(), Vec::new());
        let mut rest = index;
        for swept in self.swept.iter().rev() {
            let n = swept.values.len() as u64;
            let at = (rest % n) as usize;
            rest /= n;
            labels.push(swept.labels[at].as_str());
            values.push((swept.name.clone(), swept.values[at]));
            if let Some(node) = descend(&mut tree, &swept.path) {
                node.kind = Kind::Number(swept.values[at]);
            }
        }
        labels.reverse();
        values.reverse();
        let label = if labels.is_empty() { name.to_string() } else { format!("{name}[{}]", labels.join(" ")) };
        Member { label, tree, values }
    }
}

/// The current position of the search: the last key, and the name of a number found here in a label.
struct Key<'k> {
    scalars: &'k [&'k str],
    last: &'k str,
    /// Whether this is a number of a table of parameters.
    is_parameter: bool,
    label: String,
}

impl Key<'_> {
    /// Whether a plain list is a sweep.
    fn is_scalar(&self) -> bool {
        self.is_parameter || self.scalars.contains(&self.last)
    }

    /// Item `index` of a list of `n`: the ends of an interval are `lo` and `hi`, other items are numbered from 0.
    fn item(&self, index: usize, n: usize, is_list: bool) -> Self {
        let end = ["lo", "hi"].get(index);
        let label = match (self.last, self.label.strip_prefix("box"), end) {
            ("interval", _, Some(end)) => end.to_string(),
            // Sides first, then their ends.
            ("box", Some(side), Some(end)) if !is_list => format!("{end}{side}"),
            _ if n == 1 => self.label.clone(),
            _ => format!("{}.{index}", self.label),
        };
        Key { label, ..*self }
    }
}

/// A sweep that was found in the tree.
struct Found<'a> {
    path: Vec<usize>,
    node: &'a Node,
    label: String,
}

impl Found<'_> {
    fn read(self, reading: &Reading) -> Option<SweptNode> {
        let Found { path, node, label } = self;
        let values = read_sweep(Value { node, key: &label, reading })?;
        let labels = number_labels(&values).iter().map(|value| format!("{label}={value}")).collect();
        Some(SweptNode { path, name: label, values, labels })
    }
}

fn find<'a>(node: &'a Node, key: &Key<'_>, path: &mut Vec<usize>, found: &mut Vec<Found<'a>>) {
    let is_sweep = |entries: &[KeyValue]| entries.iter().any(|e| SWEEP_KEYS.contains(&e.key.as_str()));
    let mut deeper = |index: usize, child: &'a Node, key: &Key<'_>| {
        path.push(index);
        find(child, key, path, found);
        path.pop();
    };
    match &node.kind {
        Kind::Table(entries) if !is_sweep(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                let is_parameter = key.last == PARAMETERS;
                deeper(index, &entry.value, &Key { last: &entry.key, is_parameter, label: entry.key.clone(), ..*key });
            }
        }
        Kind::List(items) if !key.is_scalar() => {
            for (index, item) in items.iter().enumerate() {
                let is_list = matches!(item.kind, Kind::List(_));
                deeper(index, item, &key.item(index, items.len(), is_list));
            }
        }
        Kind::Table(_) | Kind::List(_) => {
            found.push(Found { path: path.clone(), node, label: key.label.clone() });
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Vec<String> {
        let reading = Reading::default();
        let tree = Node::parse(text, &reading.diagnostics);
        let family = Family::new(&tree, &["potential", "domain", "start"], &["radius"], &reading).unwrap();
        (0..family.len()).map(|index| family.member("b", index).label).collect()
    }

    #[test]
    fn sweeps_multiply_and_the_last_varies_fastest() {
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
        let reading = Reading::default();
        let tree = Node::parse(text, &reading.diagnostics);
        let family = Family::new(&tree, &["domain", "start"], &[], &reading).unwrap();
        let Member { tree: member, values, .. } = family.member("b", 5);
        assert_eq!(values, [("hi".to_string(), 2.0), ("start".to_string(), 0.1)]);
        let expected = Node::parse("domain = { interval = [-1, 2.0] }\nstart = [0.1]", &reading.diagnostics);
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
            ["b[start.1=1.00001]", "b[start.1=1.00002]"]
        );
        assert_eq!(labels("domain = { box = [[0, 1], [{ values = [1e-9] }, 1]] }"), ["b[lo.1=1e-9]"]);
        let hessian = "potential = { quadratic = { hessian = [[2, 0], [0, { values = [3, 4] }]] } }";
        assert_eq!(labels(hessian), ["b[hessian.1.1=3]", "b[hessian.1.1=4]"]);
        assert_eq!(labels("start = [1, 2]"), ["b"]);
        assert_eq!(labels("start = [{ values = [0.99999, 0.5] }]"), ["b[start=0.99999]", "b[start=0.5]"]);
    }

    #[test]
    fn too_large_a_family_is_refused_before_it_is_built() {
        let reading = Reading::default();
        let many = "{ from = 1, to = 2, count = 50000 }";
        let tree = Node::parse(&format!("start = [{many}, {many}, {many}]"), &reading.diagnostics);
        assert!(Family::new(&tree, &["start"], &[], &reading).is_none());
        assert!(reading.diagnostics.take()[0].message().contains("this family has 125000000000000 members"));
    }
}
