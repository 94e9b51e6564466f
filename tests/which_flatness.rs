//! Random basins and the measures of flatness that order their escape times.

mod program;

use std::collections::BTreeMap;
use std::fs;

use levy_escape::experiment::Experiment;
use levy_escape::noise::Amplitude;
use program::{folder, say};

const EXPERIMENT: &str = r#"
name = "flatness"
paths = 200
figures = ["which-flatness"]
noise = { alpha = 1.5, epsilon = 0.003 }

[[dynamics]]
sgd = {}

[[random_basins]]
name = "level"
basins = 60
dim = [2, 4]
curvature = [0.1, 10.0]
level = [0.1, 1.0]

[[random_basins]]
name = "ellipsoid"
basins = 60
dim = [2, 4]
curvature = [0.1, 10.0]
ellipsoid = [0.3, 3.0]

[scheme]
jump_adapted = {}
"#;

fn errors(text: &str) -> String {
    Experiment::parse("my.toml", text).unwrap_err().to_string()
}

/// The Radon measure orders the escapes of both families, the curvature only those whose width follows it.
#[test]
fn the_radon_measure_orders_the_escapes() {
    let folder = folder(EXPERIMENT);
    let said = say(folder.path(), &["run", "my.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let results = folder.path().join("results/flatness");
    let mut taus: BTreeMap<(String, String, String), [f64; 3]> = BTreeMap::new();
    for row in csv::Reader::from_path(results.join("which_flatness.csv")).unwrap().records() {
        let row = row.unwrap();
        let number = |i: usize| row[i].parse::<f64>().unwrap();
        assert_eq!(&row[5], if &row[4] == "all" { "60" } else { "30" });
        let key = (row[1].to_owned(), row[4].to_owned(), row[6].to_owned());
        assert!(taus.insert(key, [7, 8, 9].map(number)).is_none());
    }
    assert_eq!(taus.len(), 2 * 3 * 6);
    let tau = |shape: &str, dim: &str, measure: &str| taus[&(shape.into(), dim.into(), measure.into())];
    for dim in ["all", "2", "4"] {
        for shape in ["level", "ellipsoid"] {
            assert!(
                tau(shape, dim, "radon_measure")[0] > 0.85,
                "{shape} {dim}: {:?}",
                tau(shape, dim, "radon_measure")
            );
            // With Σ = I they are the same measure.
            assert_eq!(tau(shape, dim, "radon_measure"), tau(shape, dim, "axis_width"));
        }
        // Independent of the width: within 3.3 standard errors of 0, false-positive rate below .3 % for the three.
        let [value, lo, hi] = tau("ellipsoid", dim, "trace");
        assert!(value.abs() < 1.7 * 0.5 * (hi - lo) && hi < 0.6, "{dim}: {value} {lo} {hi}");
        assert!(tau("level", dim, "trace")[1] > 0.2, "{dim}: {:?}", tau("level", dim, "trace"));
    }
    assert!(fs::read_to_string(results.join("findings.md")).unwrap().contains("Which measure of flatness"));
    assert!(results.join("figures/which-flatness.png").exists());
}

#[test]
fn random_basins_are_cells_like_others() {
    let experiment = Experiment::parse("my.toml", EXPERIMENT).unwrap();
    assert_eq!(experiment.cells.len(), 120);
    let cell = &experiment.cells[61];
    assert_eq!((cell.basin.as_str(), cell.shape.as_str()), ("ellipsoid[number=2]", "ellipsoid"));
    assert_eq!(cell.problem.basin().dim(), 4);
    // A longer family begins with the shorter one.
    let longer = Experiment::parse("my.toml", &EXPERIMENT.replacen("basins = 60", "basins = 61", 1)).unwrap();
    let hessian = |experiment: &Experiment, cell: usize| {
        let basin = experiment.cells[cell].problem.basin();
        basin.potential().hessian(basin.minimum())
    };
    assert_eq!(hessian(&experiment, 59), hessian(&longer, 59));
    assert_ne!(hessian(&experiment, 0), hessian(&experiment, 2));
    let reseeded =
        Experiment::parse("my.toml", &EXPERIMENT.replacen("name = \"level\"", "name = \"level\"\nseed = 1", 1));
    assert_ne!(hessian(&experiment, 0), hessian(&reseeded.unwrap(), 0));
}

#[test]
fn the_root_of_the_hessian_is_its_square_root() {
    let text = EXPERIMENT.replace("epsilon = 0.003", "epsilon = 0.003, amplitude = \"root_hessian\"");
    for cell in &Experiment::parse("my.toml", &text).unwrap().cells {
        let Amplitude::Dense(root) = cell.problem.noise().amplitude() else { panic!() };
        let basin = cell.problem.basin();
        let hessian = basin.potential().hessian(basin.minimum());
        assert!((root * root - &hessian).norm() < 1e-12 * hessian.norm());
    }
    let with_basin = |potential: &str| {
        let basin = format!(
            "[[basin]]\nname = \"b\"\npotential = {{ {potential} }}\ndomain = {{ interval = [-1, 1] }}\n[scheme]"
        );
        text.replace("[scheme]", &basin)
    };
    let diagonal = Experiment::parse("my.toml", &with_basin("quadratic = { curvature = 4 }")).unwrap();
    assert_eq!(*diagonal.cells[0].problem.noise().amplitude(), Amplitude::Diagonal(vec![2.0]));
    for potential in ["asymmetric = { left = 4, right = 1 }", "none = {}", "expression = { formula = \"x^4\" }"] {
        let errors = errors(&with_basin(potential));
        assert!(errors.contains("the Hessian of \"b\" has no root"), "{potential}: {errors}");
    }
}

#[test]
fn wrong_families_are_refused() {
    for (from, to, reason) in [
        (
            "level = [0.1, 1.0]",
            "level = [0.1, 1.0]\nellipsoid = [1, 2]",
            "give either `level` or `ellipsoid`, not both",
        ),
        ("level = [0.1, 1.0]", "", "`level` is missing"),
        ("level = [0.1, 1.0]", "level = [1.0, 0.1]", "`level` must be two positive numbers in order"),
        ("curvature = [0.1, 10.0]", "curvature = [0, 10.0]", "`curvature` must be two positive numbers in order"),
        ("curvature = [0.1, 10.0]", "curvature = 3", "must be a list"),
        ("curvature = [0.1, 10.0]", "curvatur = [0.1, 10.0]", "did you mean `curvature`?"),
        ("basins = 60", "basins = 1e9", "must lie between 1 and 10000"),
        ("dim = [2, 4]", "dim = []", "empty"),
        ("dim = [2, 4]", "dim = 500", "must lie between 1 and 200"),
        ("name = \"level\"", "name = \"ellipsoid\"", "two basins are named \"ellipsoid\""),
    ] {
        let wrong = EXPERIMENT.replacen(from, to, 1);
        assert_ne!(wrong, EXPERIMENT);
        assert!(errors(&wrong).contains(reason), "{to}: {}", errors(&wrong));
    }
    let wrong = EXPERIMENT.replace("epsilon = 0.003", "epsilon = 0.003, amplitude = \"root_hesian\"");
    assert!(errors(&wrong).contains("did you mean \"root_hessian\"?"), "{}", errors(&wrong));
    let few = EXPERIMENT.replace("basins = 60", "basins = 10");
    assert!(errors(&few).contains("\"which-flatness\" needs 20 basins"), "{}", errors(&few));
}
