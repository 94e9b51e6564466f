//! Tidy data: the tables beside figures agree with the summary, swept parameters are columns, and any column can be drawn.

mod program;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use program::{folder, manifest, names, say};

/// A table as rows by column.
type Rows = Vec<HashMap<String, String>>;

fn rows(path: impl AsRef<Path>) -> Rows {
    let mut reader =
        csv::Reader::from_path(path.as_ref()).unwrap_or_else(|e| panic!("{}: {e}", path.as_ref().display()));
    reader.deserialize().map(Result::unwrap).collect()
}

fn columns(path: impl AsRef<Path>) -> Vec<String> {
    csv::Reader::from_path(path).unwrap().headers().unwrap().iter().map(String::from).collect()
}

const SWEEP: &str = r#"
name = "sweep"
paths = 400
figures = [
  "gamma-vs-epsilon", "gamma-vs-volume", "exponential-law", "laplace",
  { plot = { x = "eta", y = "mean_time", group = "optimiser" } },
  { plot = { x = "eta", y = "half_width", color = "lambda_mean" } },
  { plot = { name = "cost", x = "volume", y = "events_per_path" } },
]
[noise]
alpha = 1.5
eta = [0.001, 0.003, 0.01]
[[dynamics]]
sgd = {}
[[dynamics]]
adam = { beta1_rate = 1.0, beta2_rate = 0.1 }
[[dynamics]]
name = "slow"
adam = { beta1_rate = 0.5, beta2_rate = 0.1 }
[[basin]]
name = "b"
potential = { quadratic = { curvature = [1.0] } }
domain = { interval = { half_width = [0.5, 1.0] } }
[scheme]
jump_adapted = {}
"#;

/// Every value that a figure of summary columns shows is in the summary, digit by digit, and every mean of the summary is in the figure.
#[test]
fn the_tables_of_figures_agree_with_the_summary() {
    let folder = folder(SWEEP);
    let said = say(folder.path(), &["run", "my.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let results = folder.path().join("results/sweep");
    let summary = rows(results.join("summary.csv"));
    assert_eq!(summary.len(), 18);
    let figure = |name: &str| rows(results.join(format!("figures/{name}.csv")));
    let set = |rows: &Rows, columns: &[&str]| {
        let mut set: Vec<Vec<String>> =
            rows.iter().map(|row| columns.iter().map(|c| row[*c].clone()).collect()).collect();
        set.sort();
        set
    };
    let of = |rows: Rows, y: &str, kind: &str| -> Rows {
        rows.into_iter().filter(|row| row["y_quantity"] == y && row["kind"] == kind).collect()
    };
    let point = ["x", "y", "lo", "hi"];
    let measured = of(figure("gamma-vs-epsilon"), "mean escape time E Γ", "measured");
    assert_eq!(set(&measured, &point), set(&summary, &["epsilon", "mean_time", "mean_lo", "mean_hi"]));
    let exact = of(figure("gamma-vs-epsilon"), "mean escape time E Γ", "exact");
    let solved: Rows = summary.iter().filter(|row| !row["exact_mean"].is_empty()).cloned().collect();
    assert_eq!(set(&exact, &["x", "y"]), set(&solved, &["epsilon", "exact_mean"]));
    assert_eq!(solved.len(), 6);
    let volume: Rows = figure("gamma-vs-volume").into_iter().filter(|row| row["panel"] == "0").collect();
    assert_eq!(set(&volume, &point), set(&summary, &["volume", "mean_time", "mean_lo", "mean_hi"]));
    let plot = figure("mean_time-vs-eta-by-optimiser");
    let measured = of(plot.clone(), "mean escape time E Γ", "measured");
    assert_eq!(set(&measured, &point), set(&summary, &["eta", "mean_time", "mean_lo", "mean_hi"]));
    let predicted = of(plot, "mean escape time E Γ", "predicted");
    for row in &predicted {
        let found = summary.iter().filter(|cell| cell["eta"] == row["x"]);
        let mean = |cell: &HashMap<String, String>| 1.0 / cell["theory_rate"].parse::<f64>().unwrap();
        let y: f64 = row["y"].parse().unwrap();
        assert!(found.clone().any(|cell| (mean(cell) / y - 1.0).abs() < 1e-12), "{row:?}");
    }
    assert_eq!(predicted.len(), 18);
    let map = figure("lambda_mean-over-eta-and-half_width");
    assert_eq!(set(&map, &["x", "y", "z"]), set(&summary, &["eta", "half_width", "lambda_mean"]));
    assert_eq!(set(&figure("cost"), &["x", "y"]), set(&summary, &["volume", "events_per_path"]));
    // The tests of the survival curves are those of the summary, at the smallest level.
    let lowest: Rows = summary.iter().filter(|row| row["eta"] == "0.001").cloned().collect();
    let tests = of(figure("exponential-law"), "P(λΓ > t)", "ks_p");
    assert_eq!(set(&tests, &["y"]), set(&lowest, &["ks_p"]));
    assert!(of(figure("exponential-law"), "P(λΓ > t)", "measured").iter().all(|row| !row["x"].is_empty()));
    assert!(!of(figure("laplace"), "E exp(−uλΓ)", "bounds").is_empty());
}

#[test]
fn swept_parameters_are_columns() {
    let folder = folder(SWEEP);
    let said = say(folder.path(), &["run", "my.toml", "--quiet"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let results = folder.path().join("results/sweep");
    let table = results.join("summary.csv");
    let ends: Vec<String> = columns(&table).into_iter().skip_while(|name| name != "optimiser").collect();
    let fixed = ["optimiser", "median_time", "law", "jumps", "lambda_mean_second_order"];
    assert_eq!(ends, [&fixed[..], &["eta", "half_width", "beta1_rate"]].concat());
    for row in rows(&table) {
        let adam = row["optimiser"] == "adam";
        assert_eq!(row["beta1_rate"].is_empty(), !adam, "{row:?}");
        assert_eq!(row["beta1_rate"] == "0.5", row["dynamics"] == "slow");
        assert!(row["basin"].ends_with(&format!("[half_width={}]", row["half_width"])));
        // The exponential law has its median at log 2 of its mean.
        let number = |name: &str| row[name].parse::<f64>().unwrap();
        assert!((number("median_time") / number("mean_time") / 2f64.ln() - 1.0).abs() < 0.2, "{row:?}");
    }
    let cell = &manifest(&results)["cells"][17];
    assert_eq!(cell["optimiser"], "adam");
    let resolved: Vec<&str> = cell["resolved"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    for line in ["rates 0.5 0.1", "domain box -1", "potential quadratic 1", "amplitude scalar 1"] {
        assert!(resolved.contains(&line), "{line}: {resolved:?}");
    }
}

/// Paths censored before half of them have left have no median; a setting cannot take the name of a column.
#[test]
fn medians_and_names_that_do_not_exist() {
    let text = r#"
name = "a"
paths = 200
max_time = 20
[noise]
alpha = 1.5
epsilon = [0.01, 0.5]
[[dynamics]]
sgd = {}
[[basin]]
name = "b"
potential = { expression = { formula = "paths*x^2/2", parameters = { paths = [1.0, 2.0] } } }
domain = { interval = [-1, 1] }
[scheme]
euler = { step = 0.1 }
"#;
    let folder = folder(text);
    let said = say(folder.path(), &["run", "my.toml", "--quiet"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let table = folder.path().join("results/a/summary.csv");
    assert_eq!(columns(&table).last().unwrap(), "setting.paths");
    for row in rows(&table) {
        assert_eq!(row["median_time"].is_empty(), row["epsilon"] == "0.01", "{row:?}");
        assert!(["1", "2"].contains(&row["setting.paths"].as_str()) && row["paths"] == "200");
    }
}

/// Means, rates and ratios that rest on an exponential law which the data reject are in no figure, and `summary.csv` keeps them.
#[test]
fn rejected_means_are_in_no_figure() {
    let file = r#"
name = "rejected"
paths = 4000
max_time = 1.0
figures = [
  "theorem2",
  { plot = { name = "rates", x = "epsilon", y = "rate", group = "dynamics" } },
  { plot = { name = "means", x = "epsilon", y = "mean_time", group = "dynamics" } },
]
[noise]
alpha = 1.5
epsilon = [0.5, 0.6, 8.0]
[[dynamics]]
sgd = {}
[[dynamics]]
adam = { beta1_rate = 1.0, beta2_rate = 0.1 }
[[basin]]
name = "b"
potential = { quadratic = { curvature = [1.0] } }
domain = { interval = [-1, 1] }
[scheme]
jump_adapted = {}
"#;
    let folder = folder(file);
    let said = say(folder.path(), &["run", "my.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let results = folder.path().join("results/rejected");
    let warnings = manifest(&results)["warnings"].to_string();
    let is_rejected = |row: &HashMap<String, String>| warnings.contains(&format!("cell {}", row["cell"]));
    let (rejected, kept): (Rows, Rows) = rows(results.join("summary.csv")).into_iter().partition(is_rejected);
    assert!(rejected.len() >= 2 && !kept.is_empty(), "{warnings}");
    for (name, column) in [("rates", "rate"), ("means", "mean_time")] {
        let shown = rows(results.join(format!("figures/{name}.csv")));
        let is_shown = |row: &HashMap<String, String>| {
            shown.iter().any(|shown| shown["kind"] == "measured" && shown["y"] == row[column])
        };
        assert!(
            rejected.iter().all(|row| !row[column].is_empty() && !is_shown(row)) && kept.iter().all(is_shown),
            "{name}"
        );
    }
    let ratios = rows(results.join("figures/theorem2.csv"));
    let ratios = ratios.iter().filter(|row| row["kind"] == "measured" && row["panel"] == "0").count();
    let pairs = ["0.5", "0.6", "8"].iter().filter(|e| rejected.iter().all(|row| row["epsilon"] != **e)).count();
    assert_eq!(ratios, pairs);
}

/// SGD and Adam with a tail index each, as measured on a network, are compared at the same learning rate.
#[test]
fn sgd_and_adam_of_different_tails_are_compared() {
    let text = SWEEP
        .replace("alpha = 1.5\n", "")
        .replace("sgd = {}\n", "sgd = {}\nalpha = 1.2\n")
        .replace("beta2_rate = 0.1 }\n", "beta2_rate = 0.1 }\nalpha = 1.6\n");
    let folder = folder(&text);
    let said = say(folder.path(), &["run", "my.toml", "--quiet"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let results = folder.path().join("results/sweep");
    let (summary, pairs) = (rows(results.join("summary.csv")), rows(results.join("comparison.csv")));
    assert_eq!(pairs.len(), 12);
    for pair in pairs {
        let cell = |name: &str| &summary[pair[name].parse::<usize>().unwrap()];
        let (sgd, adam) = (cell("cell_sgd"), cell("cell_adam"));
        assert_eq!((&sgd["basin"], &sgd["eta"]), (&adam["basin"], &adam["eta"]));
        assert_eq!((pair["alpha"].as_str(), pair["alpha_sgd"].as_str()), ("1.6", "1.2"));
        assert_eq!((&pair["epsilon"], &pair["epsilon_sgd"]), (&adam["epsilon"], &sgd["epsilon"]));
        assert_eq!(pair["volume_claim"], "");
        let number = |row: &HashMap<String, String>, name: &str| row[name].parse::<f64>().unwrap();
        let predicted = number(sgd, "theory_rate") / number(adam, "theory_rate");
        assert!((number(&pair, "predicted_ratio") / predicted - 1.0).abs() < 1e-12);
        let measured = number(adam, "mean_time") / number(sgd, "mean_time");
        assert!((number(&pair, "gamma_ratio") / measured - 1.0).abs() < 1e-12);
        assert!(number(&pair, "gamma_ratio_lo") < measured && measured < number(&pair, "gamma_ratio_hi"));
    }
}

#[test]
fn wrong_plots_and_styles_are_refused_with_a_hint() {
    let figures = |figures: &str| {
        let (head, rest) = SWEEP.split_once("figures = [").unwrap();
        format!("{head}{figures}\n{}", rest.split_once("]\n[noise]").map(|(_, rest)| format!("[noise]{rest}")).unwrap())
    };
    for (line, expected) in [
        (r#"figures = [{ plot = { x = "etta", y = "mean_time" } }]"#, r#"`x` cannot be "etta"#),
        (r#"figures = [{ plot = { x = "etta", y = "mean_time" } }]"#, r#"did you mean "eta"?"#),
        (r#"figures = [{ plot = { x = "eta", y = "meantime" } }]"#, r#"did you mean "mean_time"?"#),
        (
            r#"figures = [{ plot = { x = "beta2_rate", y = "mean_time" } }]"#,
            "`beta2_rate` has one value in this experiment",
        ),
        (
            r#"figures = [{ plot = { x = "eta", y = "mean_time", group = "optimizer" } }]"#,
            r#"did you mean "optimiser"?"#,
        ),
        (r#"figures = [{ plot = { x = "eta", y = "eta", color = "rate" } }]"#, "`x` and `y` are both"),
        (
            r#"figures = [{ plot = { x = "eta", y = "alpha", color = "rate", group = "basin" } }]"#,
            "a heat map has no `group`",
        ),
        (r#"figures = [{ plot = { x = "eta" } }]"#, "`y` is missing"),
        (r#"figures = [{ plt = { x = "eta", y = "rate" } }]"#, "did you mean `plot`?"),
        (
            r#"figures = [{ plot = { x = "eta", y = "rate", name = "laplace" } }]"#,
            r#"another figure has the name "laplace""#,
        ),
        (r#"figure_style = { width = "colum" }"#, r#"did you mean "column"?"#),
        (r#"figure_style = { font_size = 40 }"#, "must lie between 5 and 16 points"),
        (r#"figure_style = { format = ["svg", "eps"] }"#, r#"unknown value "eps""#),
        (r#"figure_style = { format = [] }"#, "`format` is empty"),
    ] {
        let folder = folder(&figures(line));
        let said = say(folder.path(), &["check", "my.toml"]);
        assert!(said.code == 2 && said.stderr.contains(expected), "{line}: {}", said.stderr);
        // The place is that of the line.
        assert!(said.stderr.contains("my.toml:4:"), "{line}: {}", said.stderr);
    }
}

/// A figure for a paper comes from the store of a run that did not draw it; everything else stays as it was.
#[test]
fn report_writes_a_figure_for_a_paper() {
    let folder = folder(&SWEEP.replace("\"gamma-vs-epsilon\", \"gamma-vs-volume\", \"exponential-law\", ", ""));
    assert_eq!(say(folder.path(), &["run", "my.toml", "--quiet"]).code, 0);
    let results = folder.path().join("results/sweep");
    let figures = results.join("figures");
    let before = names(&figures);
    let [summary, laplace] = ["summary.csv", "figures/laplace.svg"].map(|file| fs::read(results.join(file)).unwrap());
    let wanted =
        ["report", "results/sweep", "--figures", "gamma-vs-epsilon,cost", "--format", "pdf", "--width", "column"];
    let said = say(folder.path(), &wanted);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let mut after = before.clone();
    after.extend(["gamma-vs-epsilon.csv", "gamma-vs-epsilon.pdf", "cost.pdf"].map(String::from));
    after.sort();
    assert_eq!(names(&figures), after);
    assert_eq!(fs::read(results.join("summary.csv")).unwrap(), summary);
    assert_eq!(fs::read(figures.join("laplace.svg")).unwrap(), laplace);
    // Neither another figure for the paper nor a plain report changes the first one.
    let file = |name: &str| fs::read(figures.join(name)).unwrap();
    let paper = ["gamma-vs-epsilon.pdf", "cost.pdf", "cost.svg"].map(file);
    for more in [&["--figures", "laplace", "--format", "pdf", "--width", "page", "--font-size", "10"][..], &[]] {
        let said = say(folder.path(), &[&["report", "results/sweep"], more].concat());
        assert_eq!(said.code, 0, "{}", said.stderr);
        assert_eq!(["gamma-vs-epsilon.pdf", "cost.pdf", "cost.svg"].map(file), paper);
    }
    assert_eq!(file("laplace.svg"), laplace);
    let page = fs::read_to_string(results.join("report.html")).unwrap();
    assert!(page.contains("figures/cost.pdf") && page.contains("figures/laplace.pdf"));
    for (name, expected) in [
        ("gamma-vs-epsilo", "hint: did you mean gamma-vs-epsilon?"),
        ("transitions", "the figure \"transitions\" needs a well with a predicted rate"),
    ] {
        let said = say(folder.path(), &["report", "results/sweep", "--figures", name]);
        assert!(said.code == 2 && said.stderr.contains(expected), "{}", said.stderr);
    }
    let said = say(folder.path(), &["report", "results/sweep", "--font-size", "99"]);
    assert!(said.code == 2 && said.stderr.contains("from 5 to 16 points"), "{}", said.stderr);
}

/// Figures and their style do not change the paths: a run is resumed with others.
#[test]
fn a_run_is_resumed_with_another_style() {
    let folder = folder(SWEEP);
    assert_eq!(say(folder.path(), &["run", "my.toml", "--quiet"]).code, 0);
    let styled = SWEEP.replace("paths = 400", "paths = 400\nfigure_style = { width = \"page\", format = \"pdf\" }");
    fs::write(folder.path().join("my.toml"), &styled).unwrap();
    let said = say(folder.path(), &["run", "my.toml", "--resume"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(folder.path().join("results/sweep/figures/laplace.pdf").exists());
    // A difference that matters is named, and no figure is.
    fs::write(folder.path().join("my.toml"), styled.replace("0.5, 1.0", "0.5, 1.1").replace("\"cost\"", "\"expense\""))
        .unwrap();
    let said = say(folder.path(), &["run", "my.toml", "--resume"]);
    assert!(said.code == 2 && said.stderr.contains("half_width"), "{}", said.stderr);
    assert!(!said.stderr.contains("figure") && !said.stderr.contains("expense"), "{}", said.stderr);
}
