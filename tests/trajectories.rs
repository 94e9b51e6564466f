//! Kept paths: every scheme follows the path that it runs, `trajectories.csv` holds it, and the figures draw it.

mod program;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use levy_escape::dynamics::{AdamSteps, LionSteps, Momentum, SgdSteps};
use levy_escape::experiment::Experiment;
use levy_escape::noise::{NoiseLaw, Structure};
use levy_escape::scheme::{Departure, PointKind, Steps, StreamSource, TrajectoryPoint};
use levy_escape::{
    Adam, Alpha, Amplitude, Asymmetric, Basin, Domain, DoubleWell, Dynamics, Euler, Flat, JumpAdapted, LevyNoise,
    Limits, Monitoring, Outcome, Potential, Problem, Quadratic, Scheme, SecondMoment, Seed,
};
use nalgebra::dmatrix;
use program::{folder, say};

/// A problem with a scheme, whether its points hold every coordinate, and whether it moves by fixed steps.
struct Row {
    name: &'static str,
    problem: Problem,
    scheme: Box<dyn Scheme>,
    is_whole: bool,
    by_steps: bool,
}

fn noise() -> LevyNoise {
    LevyNoise::new(Alpha::new(1.5).unwrap(), 0.2).unwrap()
}

fn basin(potential: impl Potential + 'static, domain: Domain) -> Basin {
    Basin::new(potential, domain).unwrap()
}

fn bowl(curvatures: &[f64]) -> Quadratic {
    Quadratic::new(curvatures.to_vec()).unwrap()
}

fn rows() -> Vec<Row> {
    let row = |name, basin, dynamics, noise, scheme: Box<dyn Scheme>| {
        let by_steps = scheme.name() != "jump_adapted";
        Row { name, problem: Problem::new(basin, dynamics, noise).unwrap(), scheme, is_whole: true, by_steps }
    };
    let jumps = || Box::new(JumpAdapted::default());
    let euler = |monitoring| Box::new(Euler::with_step(0.01).unwrap().monitoring(monitoring));
    let adam = |moment| Dynamics::Adam(Adam::new(1.0, 0.1).unwrap().with_second_moment(moment));
    let valley = || basin(Asymmetric::new(vec![4.0], vec![0.5]).unwrap(), Domain::interval(-0.5, 1.0));
    let line = || basin(bowl(&[1.0]), Domain::interval(-0.5, 1.0));
    let square = || basin(bowl(&[1.0, 2.0]), Domain::Box(vec![[-0.5, 1.0], [-1.0, 0.7]]));
    let ball = || basin(bowl(&[1.0, 2.0]), Domain::ball(0.7));
    let dense = || noise().with_amplitude(Amplitude::Dense(dmatrix![1.0, 0.3; -0.2, 0.8]));
    let isotropic = || noise().with_structure(Structure::Isotropic);
    let wells = DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap().with_transverse(vec![1.0]).unwrap();
    let lazy = |name, basin, dynamics| {
        let small = LevyNoise::new(Alpha::new(1.5).unwrap(), 0.02).unwrap();
        Row { is_whole: false, ..row(name, basin, dynamics, small, jumps()) }
    };
    let sgd = SgdSteps::new(0.05).unwrap();
    let momentum = Dynamics::SgdSteps(sgd.with_momentum(Momentum::Classical(0.5)).unwrap());
    let steps = |name, basin, dynamics| row(name, basin, dynamics, noise(), Box::new(Steps));
    let skewed = || noise().with_law(NoiseLaw::Skewed { beta: 0.5 }).unwrap();
    vec![
        row("line", line(), Dynamics::Sgd, noise(), jumps()),
        row("kink", valley(), Dynamics::Sgd, noise().with_amplitude(Amplitude::Scalar(-1.2)), jumps()),
        row("flat", basin(Flat::new(1).unwrap(), Domain::interval(-1.0, 1.0)), Dynamics::Sgd, noise(), jumps()),
        row("half-line", basin(bowl(&[1.0]), Domain::interval(-0.5, f64::INFINITY)), Dynamics::Sgd, noise(), jumps()),
        row("frozen Adam", line(), adam(SecondMoment::Frozen), noise(), jumps()),
        row("Adam", line(), adam(SecondMoment::MeanField), noise(), jumps()),
        row("Adam at a kink", valley(), adam(SecondMoment::MeanField), noise(), jumps()),
        row("square", square(), Dynamics::Sgd, dense(), jumps()),
        row("ball", ball(), Dynamics::Sgd, isotropic(), jumps()),
        row("wells", basin(wells, Domain::Well), adam(SecondMoment::MeanField), noise(), jumps()),
        lazy("lazy square", square(), Dynamics::Sgd),
        lazy("lazy ball", ball(), adam(SecondMoment::MeanField)),
        row("Euler on a line", valley(), Dynamics::Sgd, noise(), euler(Monitoring::Corrected)),
        row("isotropic Euler on a line", line(), Dynamics::Sgd, isotropic(), euler(Monitoring::Discrete)),
        row("skewed Euler on a line", line(), adam(SecondMoment::Sampled), skewed(), euler(Monitoring::Corrected)),
        row("Euler in a square", square(), Dynamics::Sgd, noise(), euler(Monitoring::Corrected)),
        row("Euler of Adam in a ball", ball(), adam(SecondMoment::Sampled), dense(), euler(Monitoring::Discrete)),
        steps("steps on a line", line(), Dynamics::SgdSteps(sgd)),
        steps("steps with momentum", square(), momentum),
        steps("steps of Adam", line(), Dynamics::AdamSteps(AdamSteps::new(0.05, 0.9, 0.99).unwrap())),
        steps("steps of Lion", ball(), Dynamics::LionSteps(LionSteps::new(0.05, 0.9, 0.99).unwrap())),
    ]
}

/// The record of a followed path is that of the run, bit for bit, at every limit, and its points lead from the start to its end. Another path
/// has another record.
#[test]
fn every_scheme_follows_the_path_that_it_runs() {
    for Row { name, problem, scheme, is_whole, by_steps } in rows() {
        let (kernel, basin) = (scheme.prepare(&problem).unwrap(), problem.basin());
        let source = StreamSource { seed: Seed(11), cell: 2 };
        let (mut by_jump, mut censored, mut jumps) = (0, 0, 0);
        for limits in
            [Limits { max_time: 100.0, ..Limits::default() }, Limits { max_time: 1.5, max_events: 90, stop: None }]
        {
            let mut records = Vec::new();
            kernel.run(source, 0..40, limits, &mut records);
            for (path, record) in (0..).zip(&records) {
                let (followed, trajectory) = kernel.follow(source, path, limits).unwrap();
                assert_eq!(followed, *record, "{name}: path {path}");
                if record.outcome.site().is_some_and(|site| site.by == Departure::Jump) {
                    assert_ne!(kernel.follow(source, path + 40, limits).unwrap().0, *record, "{name}: path {path}");
                }
                let points: Vec<TrajectoryPoint<'_>> = trajectory.points().collect();
                let (first, last) = (points[0], points[points.len() - 1]);
                assert_eq!((first.time, first.kind, first.x), (0.0, PointKind::Start, basin.start()), "{name}");
                assert!(points.windows(2).all(|pair| pair[0].time <= pair[1].time), "{name}: {points:?}");
                for pair in points.windows(2) {
                    let lands = matches!(pair[1].kind, PointKind::AfterJump)
                        || (pair[1].kind == PointKind::Exit && record.outcome.site().unwrap().by == Departure::Jump);
                    assert_eq!(pair[0].kind == PointKind::BeforeJump, lands, "{name}: {pair:?}");
                    jumps += u32::from(lands);
                }
                match record.outcome {
                    Outcome::Exited { time, site } => {
                        assert_eq!((last.time, last.kind), (time, PointKind::Exit), "{name}");
                        let gauge = basin.gauge(last.x);
                        let is_edge = site.by == Departure::Creep && !by_steps;
                        if is_whole && site.overshoot.is_finite() && (site.by == Departure::Jump || is_edge) {
                            assert!((gauge / site.overshoot - 1.0).abs() < 1e-9, "{name}: {gauge} {site:?}");
                        }
                        by_jump += u32::from(site.by == Departure::Jump);
                    }
                    Outcome::Censored { at } => {
                        assert_eq!((last.time, last.kind), (at, PointKind::Censored), "{name}");
                        assert!(basin.contains(last.x), "{name}: {last:?}");
                        censored += 1;
                    }
                    Outcome::Diverged { .. } => panic!("{name}"),
                }
            }
        }
        let counts = [by_jump, censored, jumps];
        // Adam and Lion move by bounded steps, which are seldom jumps, and lazy paths are those of small noise, which stay long.
        let by_bounded_steps = name.contains("Lion") || name.contains("steps of Adam");
        assert!(censored > 10, "{name}: {counts:?}");
        assert!(by_bounded_steps || by_jump > 5 && jumps > 20, "{name}: {counts:?}");
    }
}

const EXPERIMENT: &str = r#"
name = "kept"
seed = 5
paths = 600
paths_kept = 3
max_time = 300.0
figures = []
noise = { alpha = 1.5, epsilon = 0.15 }
dynamics = [{ sgd = {} }, { adam = { beta1_rate = 1.0, beta2_rate = 0.1 } }, { name = "steps, of SGD", sgd_steps = {} }]
scheme = { jump_adapted = {} }

[[basin]]
name = "line"
potential = { asymmetric = { left = [2.0], right = [0.5] } }
domain = { interval = [-0.5, 1.0] }

[[basin]]
name = "plane"
potential = { quadratic = { curvature = [1.0, 3.0] } }
domain = { ball = { radius = 1.0 } }

[[basin]]
name = "three"
potential = { quadratic = { curvature = [1.0, 2.0, 3.0] } }
domain = { ball = { radius = 1.0 } }
"#;

fn text() -> String {
    EXPERIMENT.replace("noise = { alpha = 1.5, epsilon = 0.15 }", "noise = { alpha = 1.5, eta = 0.02 }")
}

/// The experiment with its figures.
fn drawn() -> String {
    text().replace("figures = []", "figures = [\"landscape\", \"sample-paths\"]")
}

fn rows_of(path: &Path) -> Vec<csv::StringRecord> {
    csv::Reader::from_path(path).unwrap().records().map(Result::unwrap).collect()
}

fn succeed(folder: &Path, arguments: &[&str]) {
    let said = say(folder, arguments);
    assert_eq!(said.code, 0, "{arguments:?}: {}", said.stderr);
}

/// The last point of a path is its row of `escapes.csv`, to the last digit; threads, shards and a later report write the same bytes.
#[test]
fn the_table_ends_where_the_stored_paths_end() {
    let folder = folder(&text());
    let path = folder.path();
    succeed(path, &["run", "my.toml", "-q", "--threads", "1"]);
    let results = path.join("results/kept");
    let table = fs::read(results.join("trajectories.csv")).unwrap();
    let header = csv::Reader::from_reader(&table[..]).headers().unwrap().clone();
    assert_eq!(header.iter().collect::<Vec<_>>(), ["cell", "dynamics", "path", "time", "kind", "x1", "x2", "x3"]);
    let mut last: BTreeMap<(String, String), csv::StringRecord> = BTreeMap::new();
    for row in rows_of(&results.join("trajectories.csv")) {
        last.insert((row[0].to_owned(), row[2].to_owned()), row);
    }
    assert_eq!(last.len(), 9 * 3);
    let (mut exits, mut lines) = (0, 0);
    for row in rows_of(&results.join("escapes.csv")) {
        let Some(end) = last.get(&(row[0].to_owned(), row[1].to_owned())) else { continue };
        assert_eq!((&end[3], &end[4]), (&row[3], if &row[2] == "exited" { "exit" } else { "censored" }));
        exits += u32::from(&row[2] == "exited");
        // Cells 0, 3 and 6 are on the line, where the place is the overshoot in units of the distance to the edge.
        if ["0", "3", "6"].contains(&&row[0]) && &row[7] == "true" {
            let x: f64 = end[5].parse().unwrap();
            let overshoot = if x < 0.0 { x / -0.5 } else { x };
            assert_eq!((overshoot as f32).to_string(), row[6], "{row:?}");
            assert_eq!(if x < 0.0 { "-" } else { "+" }, &row[5]);
            assert_eq!((&end[6], &end[7]), ("", ""));
            lines += 1;
        }
    }
    assert!(exits > 15 && lines > 4, "{exits} {lines}");
    succeed(path, &["run", "my.toml", "-q", "--threads", "2", "--out", "two"]);
    assert!(fs::read(path.join("two/kept/trajectories.csv")).unwrap() == table);
    fs::remove_file(results.join("trajectories.csv")).unwrap();
    succeed(path, &["report", "results/kept", "-q"]);
    assert!(fs::read(results.join("trajectories.csv")).unwrap() == table);
    for shard in ["1/2", "2/2"] {
        succeed(path, &["run", "my.toml", "-q", "--shard", shard, "--out", &shard.replace('/', "-")]);
    }
    let shards = ["1-2/kept", "2-2/kept"].map(|shard| {
        let found = fs::read_dir(path.join(shard.split('/').next().unwrap())).unwrap().next().unwrap().unwrap().path();
        found.to_string_lossy().into_owned()
    });
    succeed(path, &["merge", &shards[0], &shards[1], "--into", "merged", "-q"]);
    assert!(fs::read(path.join("merged/trajectories.csv")).unwrap() == table);
    fs::write(path.join("my.toml"), drawn()).unwrap();
    succeed(path, &["run", "my.toml", "-q", "--resume"]);
    let figures = ["sample-paths", "landscape"].map(|name| rows_of(&results.join(format!("figures/{name}.csv"))));
    the_figures_show_them(&last, &figures[0], &figures[1]);
    // Without the key an earlier table is removed: it may hold other paths.
    fs::write(path.join("my.toml"), text().replace("paths_kept = 3", "")).unwrap();
    succeed(path, &["run", "my.toml", "-q", "--resume"]);
    assert!(!results.join("trajectories.csv").exists());
}

/// The exits of `sample-paths` are the last points of the table; `landscape` has contours, edges, widths and exits.
fn the_figures_show_them(
    last: &BTreeMap<(String, String), csv::StringRecord>,
    paths: &[csv::StringRecord],
    landscape: &[csv::StringRecord],
) {
    let kinds = |rows: &[csv::StringRecord], panel: &str, kind: &str| {
        rows.iter().filter(|row| &row[0] == panel && &row[7] == kind).cloned().collect::<Vec<_>>()
    };
    // Panels are in the order of cells: SGD on the line, in the plane, in three dimensions, and so on.
    for (panel, cell) in [("0", "0"), ("1", "1")] {
        for exit in kinds(paths, panel, "exit") {
            let end = &last[&(cell.to_owned(), exit[6].strip_prefix("path ").unwrap().to_owned())];
            let wanted = if cell == "0" { [&end[3], &end[5]] } else { [&end[5], &end[6]] };
            assert_eq!([&exit[8], &exit[9]], wanted);
        }
        assert!(kinds(paths, panel, "path").len() > 10);
    }
    assert!(kinds(paths, "1", "contour").len() > 100 && kinds(paths, "0", "contour").is_empty());
    assert!(paths.iter().all(|row| &row[3] == "linear" && &row[5] == "linear"));
    assert!(kinds(landscape, "0", "potential").len() > 100);
    let widths: Vec<String> = kinds(landscape, "0", "exit_distance").iter().map(|row| row[8].to_owned()).collect();
    assert_eq!(widths, ["-0.5", "1"]);
    assert_eq!(kinds(landscape, "1", "exit_distance").len(), 4);
    assert!(kinds(landscape, "1", "boundary").len() > 100 && kinds(landscape, "1", "contour").len() > 100);
    assert!(kinds(landscape, "0", "exit").len() > 10 && !kinds(landscape, "1", "exit").is_empty());
    assert!(!landscape.iter().any(|row| &row[0] == "2"), "three dimensions have no picture");
}

#[test]
fn what_cannot_be_kept_is_refused_with_a_remedy() {
    let refused =
        |change: &dyn Fn(String) -> String| Experiment::parse("my.toml", &change(drawn())).unwrap_err().to_string();
    let kept = |value: &str| {
        let line = format!("paths_kept = {value}");
        refused(&move |text| text.replace("paths_kept = 3", &line))
    };
    for (value, says) in
        [("101", "must lie between 0 and 100"), ("[1, 2]", "whole number"), ("-1", "between"), ("0.5", "whole number")]
    {
        assert!(kept(value).contains(says), "{value}: {}", kept(value));
    }
    let few = refused(&|text| text.replace("paths = 600", "paths = 2"));
    assert!(few.contains("`paths_kept` = 3 is larger than `paths` = 2"), "{few}");
    let wide = refused(&|text| text.replace("[1.0, 2.0, 3.0]", &format!("{:?}", [1.0; 17])));
    assert!(wide.contains("\"three\" has 17"), "{wide}");
    let many = refused(&|text| text.replace("eta = 0.02", "eta = { from = 0.01, to = 0.1, count = 60 }"));
    assert!(many.contains("in 540 cells are more than 1000 paths"), "{many}");
    let none = refused(&|text| text.replace("paths_kept = 3", ""));
    assert!(none.contains("\"sample-paths\" needs `paths_kept`"), "{none}");
    let no_plane = refused(&|text| {
        let basins = text.find("[[basin]]\nname = \"line\"").unwrap();
        text[..basins].to_owned() + &text[text.find("[[basin]]\nname = \"three\"").unwrap()..]
    });
    assert!(no_plane.contains("\"landscape\" needs a basin in one or two dimensions"), "{no_plane}");
    let wells = |line: &str, domain: &str| {
        let text = format!(
            "name = 'wells'\npaths = 100\npaths_kept = 2\nnoise = {{ alpha = 1.5, epsilon = 0.1 }}\ndynamics = {{ sgd = {{}} }}\n{line}\n\
             basin = {{ name = 'two', potential = {{ double_well = {{ minima = [-1.0, 1.0], saddle = 0.0, stiffness = 1.0 }} }}, \
             domain = {{ {domain} }} }}"
        );
        Experiment::parse("my.toml", &text).map(|_| ()).map_err(|errors| errors.to_string())
    };
    let occupancy = wells("occupancy = { times = [1.0, 10.0] }", "well = {}").unwrap_err();
    assert!(occupancy.contains("the paths of an occupancy have none"), "{occupancy}");
    let target = "until = { interval = [0.5, 1.5] }";
    let into = wells("scheme = { jump_adapted = {} }", target).unwrap_err();
    assert!(into.contains("`jump_adapted` does not keep paths into a target"), "{into}");
    assert_eq!(wells("scheme = { euler = {} }", target), Ok(()));
}

/// `"auto"` draws paths only where they are kept, and landscapes only in one or two dimensions.
#[test]
fn automatic_figures_are_those_that_fit() {
    let names = |text: &str| {
        let experiment = Experiment::parse("my.toml", text).unwrap();
        experiment.figures.iter().map(|figure| figure.name().to_owned()).collect::<Vec<_>>()
    };
    let automatic = text().replace("figures = []", "figures = \"auto\"");
    let found = names(&automatic);
    assert!(found.contains(&"landscape".to_owned()) && found.contains(&"sample-paths".to_owned()), "{found:?}");
    let found = names(&automatic.replace("paths_kept = 3", "paths_kept = 0"));
    assert!(found.contains(&"landscape".to_owned()) && !found.contains(&"sample-paths".to_owned()), "{found:?}");
}
