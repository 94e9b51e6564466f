//! A sweep that is extended: by values, by paths, in shards.

use std::fs;

use super::SMALL;
use super::program::{folder, say};

/// Two shards that are each extended by a noise level and by paths, then merged, and reported once more: the tables of the extended run without
/// shards, whose first paths are those of the run before.
#[test]
fn extended_shards_give_the_bytes_of_the_extended_run() {
    let levels = |list: &str| SMALL.replace("epsilon = 0.1", &format!("epsilon = {list}"));
    let folder = folder(SMALL);
    let path = folder.path();
    let succeed = |arguments: &[&str]| {
        let said = say(path, arguments);
        assert_eq!(said.code, 0, "{arguments:?}: {}", said.stderr);
    };
    let shards = ["1/2", "2/2"];
    let out = |shard: &str| format!("parts{}", &shard[..1]);
    let runs = |paths: &str, more: &[&str]| {
        succeed(&[&["run", "my.toml", "-q", "--paths", paths], more].concat());
        for shard in shards {
            succeed(
                &[&["run", "my.toml", "-q", "--paths", paths, "--shard", shard, "--out", &out(shard)], more].concat(),
            );
        }
    };
    fs::write(path.join("my.toml"), levels("[0.2, 0.1]")).unwrap();
    runs("700", &[]);
    let table = |results: &str, name: &str| fs::read_to_string(path.join(results).join(name)).unwrap();
    let before = table("results/small", "escapes.csv");
    fs::write(path.join("my.toml"), levels("[0.15, 0.1, 0.2]")).unwrap();
    runs("1300", &["--resume"]);
    let parts = shards.map(|shard| format!("{}/small.shard-{}-of-2", out(shard), &shard[..1]));
    succeed(&["merge", "-q", &parts[0], &parts[1], "--into", "merged"]);
    for name in ["summary.csv", "escapes.csv"] {
        assert!(table("merged", name) == table("results/small", name), "{name} of the shards");
    }
    let whole = ["summary.csv", "escapes.csv"].map(|name| table("results/small", name));
    succeed(&["report", "results/small", "-q"]);
    succeed(&["report", "merged", "-q"]);
    for (name, whole) in ["summary.csv", "escapes.csv"].into_iter().zip(whole) {
        assert!(table("results/small", name) == whole && table("merged", name) == whole, "{name} of a report");
    }
    // The cells of .2 and .1 are now the last and the one before.
    let rows = |text: &str, cell: &str| {
        let of = text.lines().filter(|line| line.split(',').next() == Some(cell));
        of.take(700).map(|line| line.split_once(',').unwrap().1.to_owned()).collect::<Vec<_>>()
    };
    let after = table("results/small", "escapes.csv");
    for (was, is) in [("0", "2"), ("1", "1")] {
        assert_eq!(rows(&before, was).len(), 700);
        assert_eq!(rows(&before, was), rows(&after, is));
    }
}
