//! `report.html` of a run and `index.html` of a folder of runs.

mod program;

use std::fs;
use std::path::Path;

use program::{folder, names, say};

const SMALL: &str = include_str!("data/small.toml");

/// Three noise levels, a figure, a question and a name that would be a script if it were not escaped.
fn hostile() -> String {
    let text = SMALL
        .replace("epsilon = 0.1", "epsilon = [0.3, 0.1, 0.05]")
        .replace("\"sharp\"", "\"<script>alert(1)</script>\"");
    let figures = "figures = [\"gamma-vs-epsilon\", \"exponential-law\"]\n";
    format!(
        "# Does <b>λΓ</b> & its \"law\" hold?\n#\n# More.\n{}",
        text.replace("\n[noise]", &format!("{figures}\n[noise]"))
    )
}

/// The page without what is written as it is: the style and the script.
fn markup(page: &str) -> String {
    let mut rest = page;
    let mut kept = String::new();
    while let Some(start) = ["<style>", "<script>"].iter().filter_map(|tag| rest.find(tag)).min() {
        let end = ["</style>", "</script>"].iter().filter_map(|tag| rest[start..].find(tag)).min().unwrap();
        kept.push_str(&rest[..start]);
        rest = &rest[start + end..];
    }
    kept + rest
}

/// Refuses everything that a browser would load or run, but for what the program itself writes.
fn loads_nothing(page: &str) {
    for tag in ["<script", "<style"] {
        assert_eq!(page.matches(tag).count(), 1, "{tag}");
    }
    for loaded in
        ["src=", "href=\"http", "href=\"//", "@import", "url(", "<link", "<iframe", "<img", "<object", "onload="]
    {
        assert!(!page.contains(loaded), "{loaded}");
    }
    assert!(!markup(page).contains("://"), "an address");
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_page_has_every_row_and_escapes_every_text() {
    let folder = folder(&hostile());
    let said = say(folder.path(), &["run", "my.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let results = folder.path().join("results/small");
    let page = read(&results.join("report.html"));
    loads_nothing(&page);
    assert!(
        page.contains("<p class=\"question\">Does &lt;b&gt;λΓ&lt;/b&gt; &amp; its &quot;law&quot; hold?</p>"),
        "{page}"
    );
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !page.contains("<script>alert"));
    assert!(!page.contains("<b>"));
    let mut summary = csv::Reader::from_path(results.join("summary.csv")).unwrap();
    let header = summary.headers().unwrap().clone();
    let table = page.split_once("data-table=\"summary\"").unwrap().1.split_once("</table>").unwrap().0;
    for name in &header {
        assert!(table.contains(&format!("data-column=\"{name}\"")), "{name}");
    }
    let rows: Vec<&str> = table.split("<tr").skip(2).collect();
    let records: Vec<csv::StringRecord> = summary.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), records.len());
    for (row, record) in rows.iter().zip(&records) {
        for value in record.iter().filter(|value| !value.is_empty()) {
            let value = value.replace('<', "&lt;").replace('>', "&gt;");
            let cells = [format!(">{value}</td>"), format!("data-value=\"{value}\"")];
            assert!(cells.iter().any(|cell| row.contains(cell)), "{value} is not in {row}");
        }
    }
    // One figure per kind, with the values of the points.
    assert_eq!(page.matches("<svg").count(), 2);
    assert!(page.contains("<title>") && page.contains("ε = 0.05\n"), "no values");
    assert!(page.contains("levy-escape run FILE --seed 7 --paths 300"));
    let manifest = program::manifest(&results);
    let answer = manifest["answer"].as_str().unwrap();
    assert!(
        answer.starts_with("At ε = 0.05, the smallest noise level, the mean escape time is ") && page.contains(answer),
        "{answer}"
    );
}

#[test]
fn every_command_that_renders_writes_the_same_page() {
    let folder = folder(&hostile());
    let page = |name: &str| read(&folder.path().join("results").join(name).join("report.html"));
    assert_eq!(say(folder.path(), &["run", "my.toml"]).code, 0);
    let first = page("small");
    assert_eq!(say(folder.path(), &["report", "results/small"]).code, 0);
    assert_eq!(page("small"), first, "report");
    fs::remove_file(folder.path().join("results/small/report.html")).unwrap();
    assert_eq!(say(folder.path(), &["report", "results/small"]).code, 0);
    assert_eq!(page("small"), first, "report after the page was deleted");
    // Resuming is one more session; a merge has its own sessions. Everything above the provenance is the same.
    let results = |page: &str| page.split_once("<section id=\"provenance\">").unwrap().0.to_owned();
    assert_eq!(say(folder.path(), &["run", "--resume", "my.toml"]).code, 0);
    assert_eq!(results(&page("small")), results(&first), "run --resume");
    for shard in ["1/2", "2/2"] {
        assert_eq!(say(folder.path(), &["run", "my.toml", "--shard", shard]).code, 0);
    }
    let shards = ["results/small.shard-1-of-2", "results/small.shard-2-of-2"];
    assert_eq!(say(folder.path(), &["merge", shards[0], shards[1], "--into", "results/joined"]).code, 0);
    assert_eq!(results(&page("joined")), results(&first), "merge");
    assert!(!folder.path().join(shards[0]).join("report.html").exists());
}

#[test]
fn an_index_lists_every_run_and_replaces_no_other_file() {
    let folder = folder(&hostile());
    fs::write(folder.path().join("other.toml"), SMALL.replace("\"small\"", "\"other\"")).unwrap();
    let index = folder.path().join("results/index.html");
    assert_eq!(say(folder.path(), &["run", "my.toml"]).code, 0);
    assert_eq!(names(&folder.path().join("results")), ["small"]);
    let said = say(folder.path(), &["run", "--resume", "my.toml", "other.toml"]);
    assert!(said.code == 0 && said.stderr.contains("all results: results/index.html"), "{}", said.stderr);
    let text = read(&index);
    loads_nothing(&text);
    for link in ["href=\"./small/report.html\"", "href=\"./other/report.html\"", "Does &lt;b&gt;λΓ&lt;/b&gt;"] {
        assert!(text.contains(link), "{link} is not in {text}");
    }
    // A later run is added.
    fs::write(folder.path().join("third.toml"), SMALL.replace("\"small\"", "\"third\"")).unwrap();
    assert_eq!(say(folder.path(), &["run", "third.toml"]).code, 0);
    assert!(read(&index).contains("./third/report.html"));
    assert_eq!(names(&folder.path().join("results")), ["index.html", "other", "small", "third"]);
    fs::write(&index, "mine").unwrap();
    let said = say(folder.path(), &["run", "--resume", "my.toml", "other.toml"]);
    assert!(said.code == 0 && said.stderr.contains("was not replaced"), "{}", said.stderr);
    assert_eq!(read(&index), "mine");
}

#[test]
fn an_incomplete_run_says_so() {
    let text = SMALL.replace("paths = 300", "paths = 400_000_000");
    let folder = folder(&text);
    let said = say(folder.path(), &["run", "my.toml", "--max-time", "1s"]);
    assert_eq!(said.code, 5, "{}", said.stderr);
    let page = read(&folder.path().join("results/small/report.html"));
    assert!(page.contains("<strong>Partial: </strong>"), "{page}");
}
