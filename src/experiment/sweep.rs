//! Sweeps: a number, a list of numbers, or `{ from, to, count, scale }`.

use super::finding::Finding;
use super::node::{Entry, Kind, Node};
use super::reader::Value;

/// Largest number of values of one sweep.
const MOST: u64 = 100_000;
/// Largest number of values in all the trees of a family together.
const MOST_NODES: usize = 2_000_000;

/// The values of a sweep in the order they are run: one for a plain number.
pub(super) fn sweep(value: Value<'_>) -> Option<Vec<f64>> {
    match &value.node.kind {
        Kind::Table(_) => sweep_table(value),
        Kind::List(_) => value.numbers(),
        _ => value.number().map(|number| vec![number]),
    }
}

/// `{ from, to, count, scale = "log"|"linear" }` or `{ values = [..] }`.
pub(super) fn sweep_table(value: Value<'_>) -> Option<Vec<f64>> {
    let table = value.table()?;
    if let Some(values) = table.get("values") {
        table.finish();
        return values.numbers();
    }
    let (from, to) = (table.need("from", "0.001"), table.need("to", "0.1"));
    let count = table.need("count", "5");
    let scale = table.get("scale").map_or(Some(0), |scale| scale.word(&["linear", "log"]));
    table.finish();
    let (start, end) = (from?.number(), to?.number());
    let count = count?.integer(1, MOST)?;
    let (start, end, log) = (start?, end?, scale? == 1);
    if log && !(start > 0.0 && end > 0.0) {
        value.findings.push(value.refuse("a logarithmic sweep needs positive ends"));
        return None;
    }
    if count == 1 {
        if start != end {
            value.findings.push(value.refuse("a sweep of one value needs `from` and `to` to be the same"));
            return None;
        }
        return Some(vec![start]);
    }
    let last = (count - 1) as f64;
    let at = |i: u64| match (i, log) {
        (0, _) => start,
        (i, _) if i == count - 1 => end,
        (i, true) => (start.ln() + (end.ln() - start.ln()) * i as f64 / last).exp(),
        (i, false) => start + (end - start) * i as f64 / last,
    };
    Some((0..count).map(at).collect())
}

/// Whether a node is the table of a sweep.
fn is_sweep(entries: &[Entry]) -> bool {
    entries.iter().any(|e| matches!(e.key.as_str(), "from" | "to" | "values"))
}

/// One member of a family of trees: the numbers that were put in, by key, and the tree.
pub(super) struct Member {
    pub settings: Vec<(String, f64)>,
    pub tree: Node,
}

/// Replaces every sweep inside `tree` by its values, in the order of the file. A plain list counts as a sweep for the keys
/// in `scalars`.
pub(super) fn family(tree: &Node, scalars: &[&str], findings: &super::finding::Findings) -> Vec<Member> {
    let mut members = vec![Member { settings: Vec::new(), tree: tree.clone() }];
    let most = (MOST as usize).min(MOST_NODES / tree.size());
    loop {
        let mut next = Vec::new();
        let mut expanded = false;
        for member in members {
            let Some((path, key)) = find_sweep(&member.tree, "", scalars) else {
                next.push(member);
                continue;
            };
            expanded = true;
            let node = node_at(&member.tree, &path);
            let value = Value { node, key: &key, findings };
            let values = sweep(value).unwrap_or_default();
            if next.len() + values.len() > most {
                let message = format!("this family has more than {most} members");
                findings.push(Finding::new(node.span.clone(), message).help("shorten a sweep"));
                return Vec::new();
            }
            for number in values {
                let mut tree = member.tree.clone();
                node_at_mut(&mut tree, &path).kind = Kind::Number(number);
                let mut settings = member.settings.clone();
                settings.push((key.clone(), number));
                next.push(Member { settings, tree });
            }
        }
        members = next;
        if !expanded {
            return members;
        }
    }
}

/// Path of child indices to the first sweep, and the key it stands under.
fn find_sweep(node: &Node, key: &str, scalars: &[&str]) -> Option<(Vec<usize>, String)> {
    let found = match &node.kind {
        Kind::Table(entries) if is_sweep(entries) => true,
        Kind::List(_) => scalars.contains(&key),
        _ => false,
    };
    if found {
        return Some((Vec::new(), key.to_string()));
    }
    let deeper = |(index, (child, key)): (usize, (&Node, String))| {
        let (mut path, key) = find_sweep(child, &key, scalars)?;
        path.insert(0, index);
        Some((path, key))
    };
    match &node.kind {
        Kind::Table(entries) => entries.iter().map(|e| (&e.value, e.key.clone())).enumerate().find_map(deeper),
        Kind::List(items) => items.iter().map(|i| (i, key.to_string())).enumerate().find_map(deeper),
        _ => None,
    }
}

fn node_at<'n>(node: &'n Node, path: &[usize]) -> &'n Node {
    path.iter().fold(node, |node, &index| match &node.kind {
        Kind::Table(entries) => &entries[index].value,
        Kind::List(items) => &items[index],
        _ => node,
    })
}

fn node_at_mut<'n>(node: &'n mut Node, path: &[usize]) -> &'n mut Node {
    path.iter().fold(node, |node, &index| match &mut node.kind {
        Kind::Table(entries) => &mut entries[index].value,
        Kind::List(items) => &mut items[index],
        _ => unreachable!("a path leads through tables and lists only"),
    })
}

/// `name[radius=0.5]`: the label of a family member, with as many digits as tell the members apart (four at least).
pub(super) fn label(name: &str, settings: &[(String, f64)], digits: usize) -> String {
    if settings.is_empty() {
        return name.to_string();
    }
    let parts: Vec<String> = settings.iter().map(|(key, number)| format!("{key}={}", short(*number, digits))).collect();
    format!("{name}[{}]", parts.join(" "))
}

/// A number with up to `digits` significant digits and no trailing zeros.
fn short(number: f64, digits: usize) -> String {
    let rounded: f64 = format!("{number:.*e}", digits - 1).parse().unwrap_or(number);
    format!("{rounded}")
}

#[cfg(test)]
mod tests {
    use super::super::finding::Findings;
    use super::*;

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
        assert_eq!(values("x = { from = 0, to = 1, count = 3 }"), Ok(vec![0.0, 0.5, 1.0]));
        let log = values("x = { from = 0.001, to = 0.1, count = 3, scale = \"log\" }").unwrap();
        assert_eq!((log[0], log[2]), (0.001, 0.1));
        assert!((log[1] - 0.01).abs() < 1e-15);
        assert!(values("x = { from = 0, to = 1, count = 3, scale = \"log\" }").unwrap_err().contains("positive"));
        assert!(values("x = { from = 0, to = 1, count = 1e9 }").unwrap_err().contains("between"));
        assert!(values("x = []").unwrap_err().contains("empty"));
        assert!(values("x = \"a\"").unwrap_err().contains("must be a number, not a string"));
    }

    #[test]
    fn families_multiply() {
        let findings = Findings::default();
        let tree = Node::parse("d = { interval = [-1, { values = [1, 2] }] }\nr = { radius = [3, 4, 5] }", &findings);
        let members = family(&tree, &["radius"], &findings);
        assert_eq!(members.len(), 6);
        assert_eq!(label("b", &members[5].settings, 4), "b[interval=2 radius=5]");
        assert_eq!(label("b", &[("k".into(), 0.1234567)], 4), "b[k=0.1235]");
    }
}
