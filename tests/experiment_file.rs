//! Errors in an experiment file are reported all at once, each with its place and reason. No file, however broken or large, makes the
//! parser panic or exhaust the memory.

use std::time::Instant;

use levy_escape::dynamics::{
    AdagradSteps, AdamSteps, Clipping, Dynamics, LionSteps, Momentum, RmspropSteps, Schedule, SgdSteps, StepSettings,
    WeightDecay,
};
use levy_escape::engine::Shard;
use levy_escape::experiment::Experiment;
use levy_escape::noise::Seed;
use levy_escape::store::Identity;
use nalgebra::dmatrix;

/// The example of the documentation.
const EXAMPLE: &str = include_str!("data/documented.toml");

/// Every form that is not in the example.
const EVERYTHING: &str = include_str!("data/everything.toml");

fn errors(text: &str) -> String {
    match Experiment::parse("a.toml", text) {
        Ok(experiment) => format!("accepted with {} cells", experiment.cells.len()),
        Err(errors) => errors.to_string(),
    }
}

#[test]
fn the_example_is_read_as_written() {
    let experiment = Experiment::parse("example.toml", EXAMPLE).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(experiment.cells.len(), 3 * 9 * 2);
    assert_eq!((experiment.seed, experiment.paths), (Seed(20_201_206), 20_000));
    assert_eq!(experiment.figures.len(), 3, "`figures` belongs to [scheme] as TOML sees it");
    let levels: Vec<f64> = experiment.cells[..9].iter().map(|cell| cell.problem.noise().epsilon()).collect();
    assert_eq!((levels[0], levels[4], levels[8]), (0.003, 0.03, 0.3));
    assert_eq!(experiment.cells[53].dynamics, "adam");
}

#[test]
fn every_form_is_read() {
    let experiment = Experiment::parse("a.toml", EVERYTHING).unwrap_or_else(|errors| panic!("{errors}"));
    let (plain, adam, basins, schemes) = (2 * 2, 2, 2 + 2 + 2 + 1 + 2, 2);
    // The discrete optimiser occurs once, at the levels given by η.
    assert_eq!(experiment.cells.len(), (plain + adam) * basins * schemes + 8 * basins);
    let first: Vec<(&str, &str)> =
        experiment.cells[..plain + 1].iter().map(|cell| (cell.dynamics.as_str(), cell.basin.as_str())).collect();
    let expected = [
        ("plain[amplitude=0.5]", "dense[hessian.1.1=1]"),
        ("plain[amplitude=0.5]", "dense[hessian.1.1=1]"),
        ("plain[amplitude=1]", "dense[hessian.1.1=1]"),
        ("plain[amplitude=1]", "dense[hessian.1.1=1]"),
        ("plain[amplitude=0.5]", "dense[hessian.1.1=2]"),
    ];
    assert_eq!(first, expected);
    let index: Vec<u64> = experiment.cells.iter().map(|cell| cell.index).collect();
    assert_eq!(index, (0..index.len() as u64).collect::<Vec<_>>());
    let with_rates = experiment.cells.iter().find(|cell| cell.dynamics == "adam").unwrap();
    let Dynamics::Adam(adam) = with_rates.problem.dynamics() else { panic!() };
    assert!((adam.beta1_rate() + 0.9f64.ln() / 0.01).abs() < 1e-9);
    assert_eq!(with_rates.eta, Some(0.01));
}

/// Every edit of the example gives exactly these errors: `line:column: beginning of the message`.
#[test]
fn every_error_is_reported_with_its_place() {
    let table: &[(&str, &str, &[&str])] = &[
        // Keys.
        ("paths = 20_000", "pahts = 20_000", &["3:1: unknown key `pahts` (hint: did you mean `paths`?)"]),
        ("alpha = [1.2, 1.5, 1.8]", "alhpa = 1.5", &["7:1: unknown key `alhpa` (hint: did you mean `alpha`?)"]),
        (
            "curvature = [4.0]",
            "curvatura = [4.0]",
            &["20:29: unknown key `curvatura` (hint: did you mean `curvature`?)"],
        ),
        ("sgd = {}", "sgd = { beta1_rate = 1 }", &["14:9: unknown key `beta1_rate` (hint: this table takes no keys)"]),
        ("seed  = 20201206\n", "", &[]),
        ("name  = \"gamma", "nome  = \"gamma", &["1:1: unknown key `nome`"]),
        (
            "potential = {",
            "figures = []\npotential = {",
            &["20:1: unknown key `figures` (hint: move `figures` before the first [section]"],
        ),
        ("epsilon = {", "eta = 0.1\nepsilon = {", &["8:7: give either `epsilon` or `eta`"]),
        ("sgd = {}", "sgd = {}\nsgd = {}", &["15:1: `sgd` is already on line 14"]),
        (
            "interval = [-0.5, 0.5]",
            "interval = [-0.5, 0.5], ball = { radius = 1 }",
            &["21:43: a domain takes only one of"],
        ),
        ("interval = [-0.5, 0.5]", "", &["21:10: a domain needs one of `interval`"]),
        ("domain = { interval = [-0.5, 0.5] }", "", &["18:1: `domain` is missing"]),
        (
            "jump_adapted = {}  ",
            "jump_adaptd = {}",
            &["24:1: unknown key `jump_adaptd` (hint: did you mean `jump_adapted`?)"],
        ),
        // Types.
        ("alpha = [1.2, 1.5, 1.8]", "alpha = \"1.5\"", &["7:9: `alpha` must be a number, not a string"]),
        ("alpha = [1.2, 1.5, 1.8]", "alpha = 2020-12-06", &["7:9: `alpha` must be a number, not a date"]),
        ("alpha = [1.2, 1.5, 1.8]", "alpha = [1.2, true]", &["7:15: `alpha` must be a number, not a boolean"]),
        ("paths = 20_000", "paths = 2.5", &["3:9: `paths` must be a whole number"]),
        ("seed  = 20201206", "seed  = 0xfFfF_ffff_ffff_ffff", &[]),
        (
            "seed  = 20201206",
            "seed  = 0x1ffffffffffffffff",
            &["2:9: `seed` must lie between 0 and 18446744073709551615"],
        ),
        ("sgd = {}", "sgd = 1", &["14:7: `sgd` must be a table, not a whole number"]),
        ("\"laplace\"", "3", &["26:51: `figures` must be a string"]),
        // Numbers out of range.
        ("alpha = [1.2, 1.5, 1.8]", "alpha = 2.5", &["7:9: tail index α = 2.5 is outside (0, 2]"]),
        ("alpha = [1.2, 1.5, 1.8]", "alpha = nan", &["7:9: `alpha` must be a finite number, not NaN"]),
        ("alpha = [1.2, 1.5, 1.8]", "alpha = 1e999", &["7:9: the number 1e999 cannot be represented"]),
        ("from = 0.003", "from = nan", &["8:20: `from` must be a finite number"]),
        ("from = 0.003", "from = -0.0", &["8:11: a logarithmic sweep needs positive ends"]),
        ("count = 9", "count = 1_000_000_000", &["8:45: `count` must lie between 1 and 100000"]),
        ("epsilon = {", "epsilon = -1 #", &["8:11: `epsilon` must be positive"]),
        ("paths = 20_000", "paths = 1_000_000_000_000_000", &["3:9: `paths` must lie between 1 and 1000000000000"]),
        ("paths = 20_000", "paths = 0", &["3:9: `paths` must lie between 1 and"]),
        ("max_time = 1e6", "max_time = inf", &["4:12: `max_time` must be a finite number"]),
        ("[-0.5, 0.5]", "[0.5, 0.5]", &["21:23: the interval [0.5, 0.5] is empty"]),
        ("[-0.5, 0.5]", "[-inf, 0.5]", &[]),
        ("[-0.5, 0.5]", "[-0.5, +inf]", &[]),
        ("interval = [-0.5, 0.5]", "box = [[-inf, 0.5]]", &[]),
        ("[-0.5, 0.5]", "[inf, 1]", &["21:23: the interval [inf, 1] is empty"]),
        ("[-0.5, 0.5]", "[-inf, nan]", &["21:30: `interval` must be a finite number, not NaN"]),
        (
            "[-0.5, 0.5]",
            "[-inf, inf]",
            &["21:10: the domain has no edge: all its ends are infinite (hint: give at least one finite end"],
        ),
        (
            "potential = { quadratic = { curvature = [4.0] } }\ndomain = { interval = [-0.5, 0.5] }",
            "potential = { none = {} }\ndomain = { interval = [-inf, 0.5] }",
            &["21:10: no force brings a path back from the open side of axis 0"],
        ),
        ("[-0.5, 0.5]", "[0.5, 1.5]", &["21:10: the minimum [0.0] is not inside the domain"]),
        ("curvature = [4.0]", "curvature = [-4.0]", &["20:41: curvature -4 of axis 0"]),
        ("beta1_rate = 1.0", "beta1 = 0.9", &["16:8: the decay `beta1` needs a learning rate (hint: give `eta`"]),
        ("beta1_rate = 1.0", "beta1 = 1.9", &["16:18: the decay `beta1` must lie inside (0, 1)"]),
        ("stabilizer = 1e-8", "stabilizer = -1", &["16:8: the stabilizer"]),
        // Words.
        (
            "\"independent\"",
            "\"isotropc\"",
            &["9:13: unknown value \"isotropc\" for `structure` (hint: did you mean \"isotropic\"?)"],
        ),
        (
            "\"mean_field\"",
            "\"frosen\"",
            &["16:81: unknown value \"frosen\" for `second_moment` (hint: did you mean \"frozen\"?)"],
        ),
        (
            "\"laplace\"",
            "\"laplas\"",
            &["26:51: unknown value \"laplas\" for `figures` (hint: did you mean \"laplace\"?)"],
        ),
        // Figures.
        (
            "[\"gamma-vs",
            "\"theorem2\" # ",
            &["26:11: `figures` must be a list, or \"auto\" (hint: write `figures = [\"theorem2\"]`"],
        ),
        (
            "[\"gamma-vs",
            "\"all\" # ",
            &["26:11: unknown value \"all\" for `figures` (hint: write `figures = \"auto\"`, or a list of figures)"],
        ),
        ("[\"gamma-vs", "3 # ", &["26:11: `figures` must be a list, not a whole number"]),
        (
            "\"laplace\"",
            "\"escape-set\", \"transitions\"",
            &[
                "26:51: the figure \"escape-set\" needs a basin of finite volume in two dimensions (hint: leave it out",
                "26:65: the figure \"transitions\" needs a well with a predicted rate",
            ],
        ),
        ("\"gamma-vs-epsilon\"      #", "\"../../x\" #", &["1:9: the name \"../../x\" cannot be a folder"]),
        ("\"gamma-vs-epsilon\"      #", "\"/tmp/x\" #", &["1:9: the name \"/tmp/x\" cannot be a folder"]),
        ("\"gamma-vs-epsilon\"      #", "\"..\" #", &["1:9: the name \"..\" cannot be a folder"]),
        ("name = \"sharp\"", "name = \"\\u001b[31m\"", &["19:8: `name` cannot be"]),
        // Shapes.
        ("amplitude = 1.0", "amplitude = [1.0, 2.0]", &["11:13: amplitude Σ is a diagonal of length 2"]),
        ("amplitude = 1.0", "amplitude = [[1.0, 2.0]]", &["11:13: amplitude Σ is a 1 × 2 matrix"]),
        ("amplitude = 1.0", "amplitude = [[1.0, 2.0], [1.0]]", &["11:13: the rows of `amplitude` differ in length"]),
        (
            "amplitude = 1.0",
            "amplitude = { diagonal = 1.0, left = [[1.0, 2.0]] }",
            &["11:13: amplitude Σ is diag(D) + U Vᵀ with vectors of length 2, the basin has dimension 1"],
        ),
        (
            "amplitude = 1.0",
            "amplitude = { diagonal = [1.0, 2.0], left = [[1.0]] }",
            &["11:26: `diagonal` has 2 entries, the vectors of `left` have 1 (hint: give a number, or a list of 1)"],
        ),
        (
            "amplitude = 1.0",
            "amplitude = { diagonal = 1.0, left = [[1.0]], right = [[1.0], [2.0]] }",
            &["11:55: `right` holds 2 vectors of length 1, `left` 1 vectors of length 1"],
        ),
        (
            "amplitude = 1.0",
            "amplitude = { diagonal = 1.0, left = [[1.0, 2.0], [1.0]] }",
            &["11:38: the rows of `left` differ in length (hint: give the vectors one length"],
        ),
        (
            "amplitude = 1.0",
            "amplitude = { diagonl = 1.0, left = [[1.0]] }",
            &["11:15: unknown key `diagonl` (hint: did you mean `diagonal`?)"],
        ),
        (
            "amplitude = 1.0",
            "amplitude = { left = [[1.0]] }",
            &["11:13: `diagonal` is missing (hint: add `diagonal = 1.0`)"],
        ),
        ("amplitude = 1.0", "amplitude = { diagonal = 0, left = [[0.0]] }", &["11:13: amplitude Σ has the entry 0"]),
        ("curvature = [4.0]", "hessian = [[1.0, 2.0], [2.0, 1.0]]", &["20:39: the Hessian is not positive definite"]),
        (
            "curvature = [4.0]",
            "curvature = [4.0, 1.0]",
            &["21:10: `interval` has 1 dimension, the potential 2 (hint: give a `box`"],
        ),
        ("domain = {", "start = [0.7]\ndomain = {", &["21:9: the start [0.7] is not inside the domain"]),
        ("domain = {", "dim = 3\ndomain = {", &["22:23: an interval has one dimension"]),
        (
            "domain = { interval = [-0.5, 0.5] }",
            "domain = { well = {} }",
            &["21:10: the potential has no saddle that bounds a well (hint: `well` is for a `double_well`"],
        ),
        (
            "curvature = [4.0] } }",
            "curvature = [4.0] } }\ndim = 1_000_000_000",
            &["21:7: `dim` must lie between 1 and 1000000"],
        ),
        // Settings that exclude each other.
        (
            "alpha = [1.2, 1.5, 1.8]",
            "alpha = 2",
            &["24:16: jump_adapted needs α < 2: Gaussian noise has no jumps (hint: use `euler"],
        ),
        ("\"mean_field\"", "\"sampled\"", &["24:16: jump_adapted draws only the large jumps"]),
        (
            "adam = { beta1_rate = 1.0, ",
            "sgd = {}\nadam = { beta1_rate = 1.0, ",
            &["17:8: a dynamics takes only one of"],
        ),
        ("adam = {", "name = \"sgd\"\nadam = {", &["17:8: two dynamics are named \"sgd\" (hint: give each a `name`)"]),
        (
            "[scheme]",
            "[[basin]]\nname = \"sharp\"\npotential = { none = {} }\ndomain = { ball = { radius = 1 } }\ndim = 1\n[scheme]",
            &["24:8: two basins are named \"sharp\""],
        ),
        // Syntax.
        ("epsilon = {", "epsilon = 1.e-1 # {", &["8:11: 1.e-1 is no TOML number: a digit must follow the point"]),
        ("epsilon = {", "epsilon = .5 # {", &["8:11: .5 is no TOML number: a digit must precede the point"]),
        ("epsilon = {", "epsilon = 1e # {", &["8:11: 1e is no TOML number: a digit must follow the e of the exponent"]),
        ("epsilon = {", "epsilon = 0x # {", &["8:11: 0x is no TOML number: a hexadecimal digit must follow 0x"]),
        ("epsilon = {", "epsilon = 05 # {", &["8:11: 05 is no TOML number: the first of several digits must not be 0"]),
        ("[-0.5, 0.5]", "[-.5, 0.5]", &["21:24: -.5 is no TOML number: a digit must precede the point"]),
        ("[noise]", "[noise", &["6:1: `[` is not closed"]),
        ("alpha = [1.2, 1.5, 1.8]", "alpha = ", &["7:18: a value is missing after `=`"]),
    ];
    let mut wrong = Vec::new();
    for (old, new, expected) in table {
        assert_eq!(EXAMPLE.matches(old).count(), 1, "{old} must name one place of the example");
        let found = errors(&EXAMPLE.replacen(old, new, 1));
        let lines: Vec<&str> = found.lines().collect();
        let fits = match expected {
            [] => found.starts_with("accepted"),
            _ => {
                lines.len() == expected.len()
                    && lines.iter().zip(*expected).all(|(line, start)| line.starts_with(&format!("a.toml:{start}")))
            }
        };
        if !fits {
            wrong.push(format!("{new}\n  expected {expected:#?}\n  found\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn errors_in_every_section_are_reported_at_once() {
    let text = EXAMPLE
        .replace("paths = 20_000", "paths = -1")
        .replace("[1.2, 1.5, 1.8]", "[1.2, 3]")
        .replace("beta2_rate = 0.1", "beta2_rate = 0")
        .replace("[4.0]", "[0]")
        .replace("[-0.5, 0.5]", "[0.5, -0.5]")
        .replace("jump_adapted = {}", "jump_adapted = { threshold = 3 }")
        .replace("laplace", "laplas")
        .replace("max_time = 1e6", "max_time = = 1e6");
    let found = errors(&text);
    let places: Vec<&str> = found.lines().map(|line| line.split(": ").next().unwrap()).collect();
    let expected = ["3:9", "4:12", "4:14", "7:15", "16:41", "20:41", "21:23", "24:30", "26:51"];
    assert_eq!(places, expected.map(|place| format!("a.toml:{place}")), "{found}");
}

/// Files that request too much are rejected quickly, without allocating the memory.
#[test]
fn files_that_request_too_much_are_refused_quickly() {
    let sweep = "{ from = 1, to = 2, count = 100_000 }";
    let basin = |extra: &str| EXAMPLE.replace("[scheme]", &format!("{extra}\n[scheme]"));
    let many = |n: usize, entry: &dyn Fn(usize) -> String| (0..n).map(entry).collect::<String>();
    let one = |i: usize, rest: &str| {
        format!("[[basin]]\nname = \"b{i}\"\npotential = {{ quadratic = {{ curvature = 1 }} }}\n{rest}\n")
    };
    let files = [
        ("cells", EXAMPLE.replace("[1.2, 1.5, 1.8]", "{ from = 1.1, to = 1.9, count = 100_000 }")),
        ("levels of one cell each", EXAMPLE.replace("sgd = {}\n", "sgd = {}\nalpha = { from = 1.1, to = 1.9, count = 100_000 }\nepsilon = { from = 1.1, to = 1.9, count = 100_000 }\n")),
        ("members", basin(&one(1, &format!("domain = {{ interval = [-1, {sweep}] }}\nstart = [{sweep}]")))),
        ("dimensions of members", basin(&one(1, &format!("dim = 1_000_000\ndomain = {{ ball = {{ radius = {sweep} }} }}")))),
        ("dimensions of basins", basin(&many(5_000, &|i| one(i, "dim = 1_000_000\ndomain = { ball = { radius = 1 } }")))),
        ("a level set", basin(&one(1, "dim = 1_000_000\ndomain = { level = { height = 1 } }"))),
        ("sweeps of dynamics", EXAMPLE.replace("[[basin]]", &format!("{}[[basin]]", many(20_000, &|i| format!("[[dynamics]]\nname = \"d{i}\"\nsgd = {{}}\nalpha = {sweep}\n"))))),
        ("basins of one name", basin(&many(50_000, &|_| one(1, "domain = { interval = [-1, 1] }")))),
        ("unknown keys", many(500_000, &|i| format!("k{i} = 1\n")) + EXAMPLE),
        ("syntax errors", many(500_000, &|_| "= 1\n".to_string()) + EXAMPLE),
        ("nesting", format!("a = {}", "[".repeat(1_000_000))),
        ("dotted keys", format!("{}a = 1", "a.".repeat(1_000_000))),
        ("bytes", "# \n".repeat(5_000_000)),
        ("a matrix", EXAMPLE.replace("amplitude = 1.0", &format!("amplitude = [{}]", format!("[{}],", "1,".repeat(1_400)).repeat(1_400)))),
        ("a Hessian", basin(&format!("[[basin]]\nname = \"b\"\npotential = {{ quadratic = {{ hessian = [{}] }} }}\ndomain = {{ ball = {{ radius = 1 }} }}", format!("[{}],", "1,".repeat(1_400)).repeat(1_400)))),
    ];
    for (what, text) in files {
        let start = Instant::now();
        let result = Experiment::parse("a.toml", &text);
        let seconds = start.elapsed().as_secs_f64();
        let found = result.map(|experiment| experiment.cells.len()).map_err(|errors| errors.to_string());
        println!("{what}: {seconds:.2} s, {:.150}", found.as_ref().err().map_or("", |lines| lines));
        assert!(found.is_err(), "{what} was accepted");
        assert!(seconds < 20.0, "{what} took {seconds} s");
    }
}

/// A diagonal given as a number or a list, with one or two factors, gives the right matrix, which is part of the fingerprint.
#[test]
fn low_rank_amplitudes_are_read() {
    let of = |amplitude: &str| {
        let text = EXAMPLE.replace("amplitude = 1.0", &format!("amplitude = {amplitude}"));
        let text = text.replace("curvature = [4.0]", "curvature = [4.0, 1.0]");
        let text = text.replace("interval = [-0.5, 0.5]", "box = [[-0.5, 0.5], [-1.0, 1.0]]");
        let experiment = Experiment::parse("a.toml", &text).unwrap();
        let fingerprint = Identity::of(&experiment, 1, Shard::WHOLE).fingerprint;
        (experiment.cells[0].problem.noise().amplitude().to_matrix(2), fingerprint)
    };
    let symmetric = of("{ diagonal = 1, left = [[1, 2], [0.5, 0]] }");
    assert_eq!(symmetric.0, dmatrix![2.25, 2.0; 2.0, 5.0]);
    let twice = of("{ diagonal = [1, 1], left = [[1, 2], [0.5, 0]], right = [[1, 2], [0.5, 0]] }");
    assert_eq!(twice, symmetric);
    let other = of("{ diagonal = [1, 2], left = [[1, 2]], right = [[3, 4]] }");
    assert_eq!(other.0, dmatrix![4.0, 4.0; 6.0, 10.0]);
    assert_ne!(other.1, symmetric.1);
}

fn of_dynamics(dynamics: &str) -> Result<Experiment, String> {
    let text = format!(
        "name = 'a'\npaths = 10\nnoise = {{ alpha = 1.5, eta = 0.1 }}\ndynamics = {{ {dynamics} }}\n\
         basin = {{ name = 'b', potential = {{ quadratic = {{ curvature = [1] }} }}, domain = {{ interval = [-1, 1] }} }}\n"
    );
    Experiment::parse("a.toml", &text).map_err(|errors| errors.to_string())
}

#[test]
fn optimisers_are_read_with_their_settings() {
    let dynamics = |text: &str| of_dynamics(text).unwrap().cells[0].problem.dynamics().clone();
    let sgd = SgdSteps::new(0.1).unwrap();
    assert_eq!(dynamics("sgd_steps = { momentum = 0, weight_decay = 0 }"), Dynamics::SgdSteps(sgd));
    let settings = StepSettings::default().with_clipping(Clipping::Norm(2.0)).unwrap();
    let settings = settings.with_weight_decay(WeightDecay::L2(0.5)).unwrap();
    let cosine = settings.with_schedule(Schedule::Cosine { steps: 100, lowest: 0.01 }).unwrap();
    let nesterov = sgd.with_momentum(Momentum::Nesterov(0.9)).unwrap().with_settings(cosine).unwrap();
    let text = "sgd_steps = { momentum = 0.9, nesterov = true, clip_norm = 2, weight_decay = 0.5, \
                schedule = { cosine = { steps = 100, lowest = 0.01 } } }";
    assert_eq!(dynamics(text), Dynamics::SgdSteps(nesterov));
    let decoupled = StepSettings::default().with_weight_decay(WeightDecay::Decoupled(0.5)).unwrap();
    let adam = AdamSteps::new(0.1, 0.9, 0.99).unwrap();
    let text = "adam_steps = { beta1 = 0.9, beta2 = 0.99, weight_decay = 0.5, decoupled = true }";
    assert_eq!(dynamics(text), Dynamics::AdamSteps(adam.with_settings(decoupled).unwrap()));
    let text = "adam_steps = { beta1 = 0.9, beta2 = 0.99, amsgrad = true }";
    assert_eq!(dynamics(text), Dynamics::AdamSteps(adam.with_amsgrad()));
    let rmsprop = RmspropSteps::new(0.1, 0.99).unwrap().with_momentum(0.5).unwrap().with_stabilizer(0.25).unwrap();
    let text = "rmsprop_steps = { decay = 0.99, momentum = 0.5, stabilizer = 0.25 }";
    assert_eq!(dynamics(text), Dynamics::RmspropSteps(rmsprop));
    let step = StepSettings::default().with_schedule(Schedule::Step { every: 5, factor: 0.5 }).unwrap();
    let adagrad = AdagradSteps::new(0.1).unwrap().with_initial(2.0).unwrap().with_stabilizer(0.5).unwrap();
    let text = "adagrad_steps = { initial = 2, stabilizer = 0.5, schedule = { step = { every = 5, factor = 0.5 } } }";
    assert_eq!(dynamics(text), Dynamics::AdagradSteps(adagrad.with_settings(step).unwrap()));
    let lion = LionSteps::new(0.1, 0.9, 0.99).unwrap().with_settings(decoupled).unwrap();
    assert_eq!(dynamics("lion_steps = { beta1 = 0.9, beta2 = 0.99, weight_decay = 0.5 }"), Dynamics::LionSteps(lion));
}

#[test]
fn wrong_settings_of_optimisers_are_refused() {
    let adam = "beta1 = 0.9, beta2 = 0.99";
    for (dynamics, expected) in [
        ("sgd_steps = { momentum = 1 }", "`momentum` must lie inside [0, 1), not 1 (hint: give the share"),
        ("sgd_steps = { momentum = '0.9' }", "`momentum` must be a number, not a string"),
        ("sgd_steps = { nesterov = true }", "`nesterov` needs a momentum (hint: add `momentum = 0.9`)"),
        ("sgd_steps = { momentum = 0.9, nesterov = 1 }", "`nesterov` must be true or false, not a whole number"),
        ("sgd_steps = { momentun = 0.9 }", "unknown key `momentun` (hint: did you mean `momentum`?)"),
        ("sgd_steps = { weight_decay = -1 }", "`weight_decay` must not be negative, not -1"),
        ("sgd_steps = { decoupled = true }", "`decoupled` needs a weight decay (hint: add `weight_decay"),
        ("sgd_steps = { clip_norm = 0 }", "`clip_norm` must be positive, not 0"),
        ("sgd_steps = { clip_norm = 1, clip_value = 1 }", "give either `clip_norm` or `clip_value`"),
        ("sgd_steps = { schedule = 'cosine' }", "`schedule` must be a table, not a string"),
        ("sgd_steps = { schedule = {} }", "a schedule needs one of `step`, `cosine`"),
        ("sgd_steps = { schedule = { step = { every = 5 } } }", "`factor` is missing (hint: add `factor = 0.5`)"),
        ("sgd_steps = { schedule = { step = { every = 0, factor = 0.5 } } }", "`every` must lie between 1 and"),
        ("sgd_steps = { schedule = { step = { every = 5, factor = 2 } } }", "`factor` must lie inside (0, 1], not 2"),
        ("sgd_steps = { schedule = { cosine = {} } }", "`steps` is missing"),
        ("sgd_steps = { schedule = { cosine = { steps = 5, lowest = -1 } } }", "`lowest` must not be negative"),
        (
            "sgd_steps = { schedule = { cosine = { steps = 5, lowest = 0.2 } } }",
            "the lowest learning rate 0.2 does not lie between 0 and η = 0.1",
        ),
        (&format!("adam_steps = {{ {adam}, amsgrad = 'yes' }}"), "`amsgrad` must be true or false, not a string"),
        (&format!("adam_steps = {{ {adam}, momentum = 0.9 }}"), "unknown key `momentum`"),
        ("rmsprop_steps = {}", "rmsprop_steps needs one of `decay_rate`, `decay`"),
        ("rmsprop_steps = { decay = 1 }", "the decay `decay` must lie inside (0, 1), not 1"),
        ("adagrad_steps = { initial = -1 }", "`initial` must not be negative, not -1"),
        ("adagrad_steps = { stabilizer = 0 }", "`stabilizer` must be positive, not 0"),
        (&format!("lion_steps = {{ {adam}, stabilizer = 1 }}"), "unknown key `stabilizer`"),
        (&format!("lion_steps = {{ {adam}, weight_decay = 0.1, decoupled = true }}"), "unknown key `decoupled`"),
    ] {
        let found = of_dynamics(dynamics).map(|_| ()).expect_err(dynamics);
        assert!(found.contains(expected), "{dynamics}: {found}");
        // Steps need no scheme.
        assert!(!found.contains("`scheme`"), "{dynamics}: {found}");
    }
}

/// Steps that shrink to 0 may never leave, so a file without a time limit is worth a warning.
#[test]
fn vanishing_steps_need_a_time_limit() {
    for (dynamics, vanish) in [
        ("adagrad_steps = {}", true),
        ("adam_steps = { beta1 = 0.9, beta2 = 0.99, amsgrad = true }", true),
        ("adam_steps = { beta1 = 0.9, beta2 = 0.99 }", false),
        ("sgd_steps = { schedule = { step = { every = 5, factor = 0.5 } } }", true),
        ("sgd_steps = { schedule = { cosine = { steps = 5 } } }", false),
        ("sgd_steps = {}", false),
    ] {
        let warnings = of_dynamics(dynamics).unwrap().warnings;
        assert_eq!(
            warnings.iter().any(|warning| warning.contains("set `max_time`")),
            vanish,
            "{dynamics}: {warnings:?}"
        );
    }
}
