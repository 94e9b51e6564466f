//! Findings, the comparison of optimisers, and what `theory` prints.

use std::fs;

use crate::program::{folder, say};
use crate::{EXAMPLE, SMALL};
use serde_json::Value;

/// `findings.md` gives claim, prediction and measurement for each regime of theorem 2, and the results of the random problems.
#[test]
fn findings_are_told_regime_by_regime() {
    let text = r#"
name = "regimes"
paths = 300
figures = ["theorem2", "random-problems"]
[random_problems]
problems = 500
dim = [2, 6]
alpha = 1.5
[noise]
alpha = 1.5
epsilon = 0.003
amplitude = { values = [0.5, 2.0] }
[[dynamics]]
name = "SGD"
sgd = {}
[[dynamics]]
name = "Adam"
adam = { beta1_rate = 1.0, beta2_rate = 0.1 }
[[dynamics]]
name = "SGD, diag"
sgd = {}
amplitude = [2.0, 0.5]
[[dynamics]]
name = "Adam, diag"
adam = { beta1_rate = 1.0, beta2_rate = 0.1 }
amplitude = [2.0, 0.5]
[[basin]]
name = "disc"
dim = 2
potential = { quadratic = { curvature = 1.0 } }
domain = { ball = { radius = 1.0 } }
[scheme]
jump_adapted = {}
"#;
    let folder = folder(text);
    let said = say(folder.path(), &["run", "my.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let results = folder.path().join("results/regimes");
    let findings = fs::read_to_string(results.join("findings.md")).unwrap();
    for line in [
        "| det Q > 1, Q a multiple of I | 1 | Adam escapes later | 2.828 |",
        "| det Q = 1, Q anisotropic | 1 | nothing: the volumes are equal | 1.591 |",
        "| det Q < 1, Q a multiple of I | 1 | Adam escapes earlier | 0.354 |",
        "- scaled_wishart, d = 6, α = 1.5: m(W_ADAM) < m(W_SGD) in 99.",
    ] {
        assert!(findings.contains(line), "{line}\n{findings}");
    }
    let table = fs::read_to_string(results.join("random_problems.csv")).unwrap();
    assert!(table.starts_with(
        "dim,alpha,problems,adam_later,share,share_lo,share_hi,gamma_ratio_5,gamma_ratio_50,gamma_ratio_95,ensemble\n2,1.5,500,"
    ));
    assert!(results.join("figures/random-problems.svg").exists() && results.join("figures/theorem2.png").exists());

    fs::write(
        folder.path().join("my.toml"),
        text.replace("[random_problems]\nproblems = 500\ndim = [2, 6]\nalpha = 1.5\n", ""),
    )
    .unwrap();
    let said = say(folder.path(), &["check", "my.toml"]);
    assert!(said.code == 2 && said.stderr.contains("needs [random_problems]"), "{}", said.stderr);
}

/// Discrete optimisers are compared with their SDEs, once for any number of schemes; they need a learning rate and no scheme.
#[test]
fn steps_stand_beside_their_equations() {
    let text = r#"
name = "steps"
paths = 200
figures = ["sde-vs-steps"]
[noise]
alpha = 1.5
eta = [0.1, 0.3]
[[dynamics]]
sgd = {}
[[dynamics]]
sgd_steps = {}
[[dynamics]]
adam = { beta1 = 0.9, beta2 = 0.999 }
[[dynamics]]
adam_steps = { beta1 = 0.9, beta2 = 0.999 }
[[basin]]
name = "unit"
potential = { quadratic = { curvature = 1.0 } }
domain = { interval = [-1.0, 1.0] }
[[scheme]]
jump_adapted = {}
[[scheme]]
euler = {}
"#;
    let folder = folder(text);
    let said = say(folder.path(), &["run", "my.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let results = folder.path().join("results/steps");
    let summary = fs::read_to_string(results.join("summary.csv")).unwrap();
    let rows: Vec<Vec<&str>> = summary.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let count = |dynamics: &str, scheme: &str| rows.iter().filter(|row| row[1] == dynamics && row[6] == scheme).count();
    for (dynamics, scheme, cells) in [
        ("sgd", "jump_adapted", 2),
        ("sgd", "euler", 2),
        ("adam", "euler", 2),
        ("sgd_steps", "steps", 2),
        ("adam_steps", "steps", 2),
    ] {
        assert_eq!(count(dynamics, scheme), cells, "{summary}");
    }
    // The theory is about the SDE. SGD's steps converge to it; Adam's have no Q*.
    assert!(rows.iter().all(|row| row[17].is_empty() == (row[1] == "adam_steps")), "{summary}");
    let findings = fs::read_to_string(results.join("findings.md")).unwrap();
    assert!(findings.contains("moves each coordinate of Adam by at most 31.77 η"), "{findings}");
    assert!(fs::read_to_string(results.join("figures/sde-vs-steps.svg")).unwrap().contains("Steps of the optimisers"));

    fs::write(folder.path().join("my.toml"), text.replace("eta = [0.1, 0.3]", "epsilon = 0.1")).unwrap();
    let said = say(folder.path(), &["check", "my.toml"]);
    assert!(said.code == 2 && said.stderr.contains("`sgd_steps` needs a learning rate"), "{}", said.stderr);
}

/// The table of theorem 2 for one pair, with Σ = 2 I in the plane: det Q = 4, complements π r²/4 and π r², and Adam later by 2^α.
#[test]
fn sgd_and_adam_are_compared() {
    let text = r#"
name = "pair"
paths = 400
[noise]
alpha = 1.5
epsilon = 0.003
amplitude = 2.0
[[dynamics]]
sgd = {}
[[dynamics]]
adam = { beta1_rate = 1.0, beta2_rate = 0.1 }
[[basin]]
name = "disc"
dim = 2
potential = { quadratic = { curvature = 1.0 } }
domain = { ball = { radius = 1.0 } }
[scheme]
jump_adapted = {}
"#;
    let folder = folder(text);
    let said = say(folder.path(), &["run", "my.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let table = fs::read_to_string(folder.path().join("results/pair/comparison.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 2);
    let value = |column: &str| rows[1][rows[0].iter().position(|c| *c == column).unwrap()];
    let number = |column: &str| value(column).parse::<f64>().unwrap();
    assert_eq!(value("volume_claim"), "adam_later");
    let exact = [
        ("det_q", 4.0),
        ("complement_sgd", std::f64::consts::PI / 4.0),
        ("complement_adam", std::f64::consts::PI),
        ("predicted_ratio", 2f64.powf(1.5)),
    ];
    for (column, expected) in exact {
        assert!((number(column) / expected - 1.0).abs() < 1e-6, "{column}: {}", value(column));
    }
    assert!(
        number("gamma_ratio_lo") < number("predicted_ratio") && number("predicted_ratio") < number("gamma_ratio_hi")
    );
}

#[test]
fn theory_prints_every_prediction() {
    let folder = folder(EXAMPLE);
    let said = say(folder.path(), &["theory", "my.toml"]);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    let table: Vec<&str> = said.stdout.lines().collect();
    assert!(table[0].contains("standard") && table[0].contains("c_α"), "{}", table[0]);
    for column in ["theta", "m(W)", "lambda", "E Gamma", "volume"] {
        assert!(table[1].contains(column), "{}", table[1]);
    }
    assert_eq!(table.len(), 2 + 54);

    let said = say(folder.path(), &["theory", "my.toml", "--json"]);
    let object: Value = serde_json::from_str(&said.stdout).unwrap();
    let cells = object["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 54);
    for cell in cells {
        assert_eq!(cell["measure"], "standard");
        let number = |key: &str| cell[key].as_f64().unwrap_or_else(|| panic!("{key} in {cell}"));
        assert!((number("theta") * number("radon_measure") / number("rate") - 1.0).abs() < 1e-12);
        assert!((number("mean_time") * number("rate") - 1.0).abs() < 1e-12);
        assert_eq!(number("volume"), 1.0);
    }
}

/// λ = Σ_i (c/α) ε^α [r_-^-α + r_+^-α] with r = 1/2 on both sides, in both normalisations.
#[test]
fn theory_agrees_with_the_formula() {
    for (measure, c) in [("standard", 0.299_206_710_300_107_6), ("unit", 1.0)] {
        let text = SMALL.replace("epsilon = 0.1", &format!("epsilon = 0.1\nmeasure = \"{measure}\""));
        let said = say(folder(&text).path(), &["theory", "my.toml", "--json"]);
        let cell = &serde_json::from_str::<Value>(&said.stdout).unwrap()["cells"][0];
        let expected = 2.0 * c / 1.5 * 0.1f64.powf(1.5) * 0.5f64.powf(-1.5);
        assert!((cell["rate"].as_f64().unwrap() / expected - 1.0).abs() < 1e-9, "{measure}: {cell}");
        assert_eq!(cell["measure"], measure);
    }
}

/// The findings are about the experiment at hand: its family of basins, its schemes, its levels. What holds as `ε → 0` is held against the smallest
/// level alone. Σ r^-1.5 is .2^-1.5 + 1.8^-1.5 = 11.594 off the centre and 2 at it.
#[test]
fn findings_are_about_the_experiment() {
    let text = r#"
name = "family"
seed = 5
paths = 300
[noise]
alpha = 1.5
epsilon = [0.03, 0.3]
[[dynamics]]
sgd = {}
[[basin]]
name = "shifted"
potential = { quadratic = { curvature = [1.0] } }
domain = { interval = [-1.0, 1.0] }
minimum = [{ values = [0.0, 0.8] }]
[[scheme]]
jump_adapted = {}
[[scheme]]
euler = { step = 0.01, monitoring = "discrete" }
"#;
    let folder = folder(text);
    let said = say(folder.path(), &["run", "my.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let findings = fs::read_to_string(folder.path().join("results/family/findings.md")).unwrap();
    for part in ["\n| SGD | 0.03 | 4 |", "\n| shifted | 1 | SGD | 1.5 | jump_adapted | 0.03 | 2 | 2 |", "| 5.797 |"] {
        assert!(findings.contains(part), "{part}\n{findings}");
    }
    let section = |title: &str| findings.split("\n## ").find(|part| part.starts_with(title)).unwrap();
    assert!(!section("λ E Γ at the smallest noise level").contains("0.3 "), "{findings}");
    let costs = section("Cost of the schemes");
    assert!(
        costs.contains("| jump_adapted | 1.5 | 0.3 to 0.03 |") && costs.contains("| euler_discrete | 1.5 |"),
        "{costs}"
    );
    assert!(!findings.contains("Theorem 1"), "{findings}");
}

/// Three optimisers under two laws. The ratios are those of the means in `summary.csv`; where too few paths left, limits stand in their place.
#[test]
fn optimisers_are_compared_with_plain_sgd_under_every_law() {
    const TEXT: &str = "name = 'o'\npaths = 100\nmax_time = 200\nfigures = ['optimisers']\n[noise]\neta = 0.1\n\
        laws = [{ alpha = 1.5 }, { gaussian = {}, scale = 0.2 }, { gaussian = {}, scale = 0.9 }]\n\
        [[dynamics]]\nname = 'Nesterov'\nsgd_steps = { momentum = 0.5, nesterov = true }\neta = 0.05\n\
        [[dynamics]]\nsgd_steps = {}\n[[dynamics]]\nname = 'clipped'\nsgd_steps = { clip_norm = 1 }\n\
        [[basin]]\nname = 'b'\npotential = { quadratic = { curvature = [1] } }\ndomain = { interval = [-0.6, 0.6] }\n";
    let folder = folder(TEXT);
    let said = say(folder.path(), &["run", "my.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let results = folder.path().join("results/o");
    let table = |name: &str| -> Vec<csv::StringRecord> {
        csv::Reader::from_path(results.join(name)).unwrap().records().map(Result::unwrap).collect()
    };
    let (summary, rows) = (table("summary.csv"), table("optimisers.csv"));
    assert_eq!(rows.len(), 9);
    let number = |text: &str| text.parse::<f64>().ok();
    for row in &rows {
        let cell = &summary[row[0].parse::<usize>().unwrap()];
        let sgd = &summary[row[1].parse::<usize>().unwrap()];
        let what = format!("{row:?}");
        assert_eq!((&row[3], &row[4], &sgd[1][..9]), ("b", &cell[33], "sgd_steps"), "{what}");
        let [mean, low, high] = [9, 10, 11].map(|i| number(&row[i]));
        let still = cell[33].starts_with("gaussian") && cell[8].parse::<f64>().unwrap() < 30.0;
        if still {
            // Nobody leaves a basin that is a hundred standard deviations deep.
            assert_eq!((&cell[8], mean, high), ("0", None, None), "{what}");
            assert!((low.unwrap() - 200.0 * 0.0125f64.powf(0.01)).abs() < 1e-4, "{what}");
            continue;
        }
        assert_eq!([mean, low, high], [11, 12, 13].map(|i| number(&cell[i])), "{what}");
        let [ratio, from, to] = [12, 13, 14].map(|i| number(&row[i]));
        if &row[2] == "sgd_steps" {
            assert_eq!((ratio, &row[0]), (None, &row[1]), "{what}");
            continue;
        }
        let of_sgd = number(&sgd[11]).unwrap();
        let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
        assert!(near(ratio.unwrap(), mean.unwrap() / of_sgd), "{what}");
        // The interval of a ratio is wider than that of either mean.
        assert!(to.unwrap() / from.unwrap() > high.unwrap() / low.unwrap(), "{what}");
        let steps = if &row[2] == "Nesterov" { 2.0 } else { 1.0 };
        assert!(near(number(&row[15]).unwrap(), steps * ratio.unwrap()), "{what}");
    }
    // Clipping keeps the path inside under SαS noise.
    let clipped = rows.iter().find(|row| &row[2] == "clipped" && &row[4] == "stable").unwrap();
    assert!(number(&clipped[13]).unwrap() > 2.0, "{clipped:?}");
    let findings = fs::read_to_string(results.join("findings.md")).unwrap();
    assert!(
        findings.contains("## Optimisers step by step against plain SGD") && findings.contains("at least 191"),
        "{findings}"
    );
    let values = table("figures/optimisers.csv");
    assert!(values.iter().all(|row| &row[2] == "Nesterov; clipped" && &row[3] == "names"), "{values:?}");
    assert_eq!(values.len(), 4);

    let lonely = TEXT.replace("sgd_steps = {}", "sgd_steps = { momentum = 0.1 }");
    fs::write(folder.path().join("lonely.toml"), lonely).unwrap();
    let said = say(folder.path(), &["check", "lonely.toml"]);
    assert!(said.code == 2 && said.stderr.contains("needs plain `sgd_steps`"), "{}", said.stderr);
}
