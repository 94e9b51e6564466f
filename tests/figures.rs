//! Every figure from made-up numbers: the files exist, have the printed size, and contain the expected text.
//!
//! The files remain in `target/tmp/figures` for inspection.

use std::fs;
use std::path::{Path, PathBuf};

use levy_escape::experiment::{FigureFormat, FigureStyle, FigureWidth};
use levy_escape::report::{
    BasinPoint, DataKind, EpsilonPanel, EpsilonSeries, EscapePlane, EscapeRegion, EscapeSet, ExponentialLaw,
    FIGURE_COLUMNS, Figure, FigureError, FittedSlope, GammaVsEpsilon, GammaVsVolume, Labelling, Laplace, LaplacePanel,
    LaplaceSeries, Point, RatioSeries, Scale, Series, SeriesFigure, Survival, SurvivalPanel, TheoremTwo, save,
};

const FULL_PIXELS: u32 = 1650;

/// Folder for the figures of one test.
fn folder(test: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("figures").join(test)
}

/// Saves the figure, checks both files, and returns the texts of the SVG, with sub- and superscripts joined to their base.
fn drawn(figure: &impl Figure, test: &str, pixels: u32) -> String {
    let dir = folder(test);
    let files = save(figure, &dir, &FigureStyle::default()).unwrap();
    let [csv, svg, png] = files.as_slice() else { panic!("{files:?}") };
    table(csv);
    assert_eq!(*svg, dir.join(format!("{}.svg", figure.stem())));
    let bytes = fs::read(png).unwrap();
    assert_eq!(&bytes[1..4], b"PNG");
    let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!(word(16), pixels);
    assert!((200..3000).contains(&word(20)), "{}", word(20));
    // Other tests may be writing other figures there.
    let part = format!(".{}.", figure.stem());
    let hidden = |entry: fs::DirEntry| entry.file_name().to_string_lossy().starts_with(&part);
    assert!(!fs::read_dir(&dir).unwrap().any(|entry| hidden(entry.unwrap())), "a part was left behind");
    let svg = fs::read_to_string(svg).unwrap();
    assert!(svg.starts_with("<svg width=\"") && svg.trim_end().ends_with("</svg>"));
    assert!(svg.contains(&format!("viewBox=\"0 0 {} {}\"", 2 * pixels, 2 * word(20))));
    texts(&svg)
}

fn usual(figure: &impl Figure, dir: &Path) -> Result<Vec<PathBuf>, FigureError> {
    save(figure, dir, &FigureStyle::default())
}

/// The rows of a figure's table. Every kind is a known one, and every number reads back.
fn table(csv: &Path) -> Vec<csv::StringRecord> {
    let mut reader = csv::Reader::from_path(csv).unwrap();
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), FIGURE_COLUMNS);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert!(!rows.is_empty());
    for row in &rows {
        assert!(DataKind::ALL.iter().any(|kind| kind.name() == &row[7]), "{row:?}");
        assert!([3, 5].iter().all(|at| ["linear", "log"].contains(&&row[*at])), "{row:?}");
        let numbers = row.iter().skip(8).filter(|cell| !cell.is_empty());
        assert!(
            numbers.clone().all(|number| number.parse::<f64>().is_ok()) && row[0].parse::<usize>().is_ok(),
            "{row:?}"
        );
    }
    rows
}

fn texts(svg: &str) -> String {
    let texts = svg.split("<text").skip(1).filter_map(|part| part.split_once('>')?.1.split_once("</text>"));
    texts.map(|(text, _)| text.trim_matches('\n')).collect::<Vec<_>>().join("|")
}

fn says(texts: &str, expected: &[&str]) {
    for label in expected {
        assert!(texts.contains(label), "{label} is missing from {texts}");
    }
}

/// A number in (-1, 1) that is the same in every run.
fn jitter(i: usize) -> f64 {
    let x = ((i as f64 + 1.0) * 12.9898).sin() * 43758.5453;
    2.0 * (x - x.floor()) - 1.0
}

fn measured(x: f64, y: f64, error: f64, i: usize) -> Point {
    let y = y * (1.0 + 0.5 * error * jitter(i));
    Point { x, y, lo: y * (1.0 - error), hi: y * (1.0 + error) }
}

fn levels() -> Vec<f64> {
    (0..9).map(|i| 0.003 * 100f64.powf(f64::from(i) / 8.0)).collect()
}

fn epsilon_series(label: &str, alpha: f64, scale: f64, shift: usize) -> EpsilonSeries {
    let law = |e: f64| scale * e.powf(-alpha);
    let exact = |e: f64| law(e) * (1.0 + 1.2 * e);
    EpsilonSeries {
        label: label.to_owned(),
        points: levels().iter().enumerate().map(|(i, &e)| measured(e, exact(e), 0.02, i + shift)).collect(),
        theory: levels().iter().map(|&e| (e, law(e))).collect(),
        exact: levels().iter().map(|&e| (e, exact(e))).collect(),
        second_order: levels().iter().map(|&e| (e, law(e) * (1.0 + 1.1 * e))).collect(),
        slope: Some(FittedSlope {
            value: -alpha + 0.003 * jitter(shift),
            half_width: 0.0042,
            straightness: Some(0.314),
            is_bent: false,
            up_to: 0.09,
        }),
    }
}

fn three_alphas(scale: f64) -> Vec<EpsilonSeries> {
    let series = |(i, alpha)| epsilon_series(&format!("α = {alpha}"), alpha, scale * (1.0 + i as f64), 10 * i);
    [1.2, 1.5, 1.8].into_iter().enumerate().map(series).collect()
}

#[test]
fn gamma_vs_epsilon() {
    let panel = |title: &str, scale| EpsilonPanel { title: title.to_owned(), series: three_alphas(scale) };
    let figure = GammaVsEpsilon { panels: vec![panel("SGD, d = 1", 0.8), panel("Adam, d = 1", 2.4)] };
    let texts = drawn(&figure, "usual", FULL_PIXELS);
    says(&texts, &["noise level ε", "mean escape time E Γ", "λ E Γ", "10⁻²", "SGD, d = 1", "Adam, d = 1", "α = 1.5"]);
    says(
        &texts,
        &[
            "theory 1/λ",
            "exact solver",
            "simulation, 95 % interval",
            "slopes ± 95 %, p of a straight line",
            "α = 1.2: −1.19",
            "± 0.004, p = 0.31",
        ],
    );
}

#[test]
fn gamma_vs_epsilon_of_one_panel_and_of_four() {
    let mut series: Vec<EpsilonSeries> = Vec::new();
    for (k, dynamics) in ["SGD", "Adam"].into_iter().enumerate() {
        for s in three_alphas(1.0 + 3.0 * k as f64) {
            series.push(EpsilonSeries { label: format!("{dynamics}, {}", s.label), slope: None, ..s });
        }
    }
    let one = GammaVsEpsilon { panels: vec![EpsilonPanel { title: String::new(), series }] };
    says(&drawn(&one, "one-panel", FULL_PIXELS), &["Adam, α = 1.8", "10⁻²"]);
    let titles = ["SGD, d = 1", "SGD, d = 5", "Adam, d = 1", "Adam, d = 5"];
    let panel = |title: &str| EpsilonPanel { title: title.to_owned(), series: three_alphas(1.0) };
    let four = GammaVsEpsilon { panels: titles.into_iter().map(panel).collect() };
    says(&drawn(&four, "four-panels", FULL_PIXELS), &titles);
}

#[test]
fn gamma_vs_epsilon_at_its_limits() {
    let bare = |points| EpsilonPanel {
        title: "one point".to_owned(),
        series: vec![EpsilonSeries { label: "SGD".to_owned(), points, ..EpsilonSeries::default() }],
    };
    let one = GammaVsEpsilon { panels: vec![bare(vec![Point::exact(0.1, 75.0)])] };
    says(&drawn(&one, "one-point", FULL_PIXELS), &["one point", "SGD"]);

    let holes = [(0.1, f64::NAN, f64::NAN), (0.2, 5.0, f64::INFINITY), (f64::NAN, 3.0, 4.0), (0.3, 2.0, 2.5)];
    let holes = holes.map(|(x, y, hi)| Point { x, y, lo: 0.0, hi }).to_vec();
    drawn(&GammaVsEpsilon { panels: vec![bare(holes)] }, "holes", FULL_PIXELS);

    let many = (0..12).map(|i| {
        let alpha = 1.05 + 0.08 * i as f64;
        let label = format!("SGD, α = {alpha:.2}, d = 10");
        EpsilonSeries { slope: None, ..epsilon_series(&label, alpha, 10f64.powi(i / 3), 7 * i as usize) }
    });
    let twelve = GammaVsEpsilon { panels: vec![EpsilonPanel { title: "twelve".to_owned(), series: many.collect() }] };
    says(&drawn(&twelve, "twelve-series", FULL_PIXELS), &["SGD, α = 1.93, d = 10"]);

    let nothing = GammaVsEpsilon { panels: vec![bare(vec![Point::exact(0.1, f64::NAN)])] };
    let error = usual(&nothing, &folder("nothing")).unwrap_err();
    assert!(matches!(error, FigureError::Empty { .. }));
    assert_eq!(error.to_string(), "figure gamma-vs-epsilon has no finite value of E Γ to draw");
    assert!(!folder("nothing").exists());
}

#[test]
fn gamma_vs_volume() {
    let mut points = Vec::new();
    for (k, (shape, factor)) in [("sharp", 0.5f64), ("flat", 2.0), ("asymmetric", 1.0)].into_iter().enumerate() {
        for dim in [1usize, 2, 10] {
            for (dynamics, slow) in [("SGD", 1.0), ("Adam", 2.2)] {
                for i in 0..7 {
                    let width = 0.1 * 100f64.powf(f64::from(i) / 6.0) * factor;
                    let predicted = 300.0 * slow * width.powf(1.5) / dim as f64 * (1.0 + 0.3 * k as f64);
                    let point = measured(0.0, predicted, 0.03, points.len());
                    points.push(BasinPoint {
                        volume: (2.0 * width).powi(dim as i32),
                        predicted,
                        mean: point.y,
                        lo: point.lo,
                        hi: point.hi,
                        shape: shape.to_owned(),
                        dim,
                        dynamics: dynamics.to_owned(),
                    });
                }
            }
        }
    }
    let texts = drawn(&GammaVsVolume { points }, "usual", FULL_PIXELS);
    says(&texts, &["volume of the basin", "predicted 1/λ", "sharp", "asymmetric", "d = 10", "Adam", "E Γ = 1/λ"]);
    assert!(matches!(usual(&GammaVsVolume::default(), &folder("nothing")), Err(FigureError::Empty { .. })));
    let lone = BasinPoint { volume: 1.0, predicted: 10.0, mean: 11.0, lo: 9.0, hi: 12.0, ..BasinPoint::default() };
    drawn(&GammaVsVolume { points: vec![lone] }, "one-point", FULL_PIXELS);
}

/// Quantiles of a law near Exp(1), with a band of 1.96 binomial standard errors.
fn survival(label: &str, paths: usize, slow: f64) -> Survival {
    let n = paths as f64;
    let step = |i: usize| {
        let s = 1.0 - (i as f64 + 1.0) / n;
        let t = -(1.0 - (i as f64 + 0.5) / n).ln() * slow;
        let error = 1.96 * (s * (1.0 - s) / n).sqrt();
        Point { x: t, y: s, lo: (s - error).max(0.0), hi: s + error }
    };
    let steps = (0..paths).map(step).collect();
    Survival { label: label.to_owned(), steps, ks: Some((0.0123, 0.314)), censored: None }
}

#[test]
fn exponential_law() {
    let panel = |title: &str, off: f64, paths| SurvivalPanel {
        title: title.to_owned(),
        series: [1.2, 1.5, 1.8]
            .map(|alpha| survival(&format!("α = {alpha}"), paths, 1.0 + off * (alpha - 1.5)))
            .to_vec(),
    };
    let figure = ExponentialLaw {
        title: "ε = 0.003".to_owned(),
        panels: vec![panel("SGD", 0.1, 5_000), panel("Adam", -0.2, 5_000)],
    };
    let texts = drawn(&figure, "usual", FULL_PIXELS);
    says(&texts, &["P(λΓ &gt; t)", "Theorem 1: exp(−t)", "α = 1.8: KS 0.012, p = 0.314", "Adam"]);
    drawn(&ExponentialLaw { title: String::new(), panels: vec![panel("", 0.0, 9)] }, "nine-paths", FULL_PIXELS);
    let names = (0..8).map(|i| survival(&format!("basin[width={i}], α = 1.5"), 500, 1.0 + 0.01 * f64::from(i)));
    let many = SurvivalPanel { title: "SGD".to_owned(), series: names.collect() };
    let title = "α = 1.5, ε = 0.003".to_owned();
    let many = ExponentialLaw { title, panels: vec![many.clone(), SurvivalPanel { title: "Adam".to_owned(), ..many }] };
    drawn(&many, "many-series", FULL_PIXELS);
    assert!(matches!(usual(&ExponentialLaw::default(), &folder("nothing")), Err(FigureError::Empty { .. })));
}

#[test]
fn laplace() {
    let places: Vec<f64> = (0..13).map(|i| -0.8 + 0.4 * f64::from(i)).collect();
    let series = |label: &str, off: f64, shift: usize| LaplaceSeries {
        label: label.to_owned(),
        points: places
            .iter()
            .enumerate()
            .map(|(i, u)| measured(*u, 1.0 / (1.0 + u + off * u), 0.012, i + shift))
            .collect(),
        exact: places.iter().map(|u| (*u, 1.0 / (1.0 + u + off * u))).collect(),
    };
    let panel = |epsilon: f64, off: f64| LaplacePanel {
        title: format!("ε = {epsilon}"),
        rho: Some(0.05),
        series: vec![series("SGD, α = 1.5", off, 3), series("Adam, α = 1.5", -off, 40)],
    };
    let figure = Laplace { panels: vec![panel(0.1, 0.06), panel(0.01, 0.02), panel(0.003, 0.004)] };
    let texts = drawn(&figure, "usual", FULL_PIXELS);
    says(
        &texts,
        &[
            "E exp(−uλΓ)",
            "(1 + u) E exp(−uλΓ)",
            "ε = 0.003",
            "Theorem 1 with the smallest ρ that fits, ρ = 0.05",
            "1/(1 + u)",
            "Adam, α = 1.5",
        ],
    );
    let one = LaplacePanel { rho: None, series: vec![series("SGD", 0.0, 1)], title: String::new() };
    drawn(&Laplace { panels: vec![one] }, "one-panel", FULL_PIXELS);
    assert!(matches!(usual(&Laplace::default(), &folder("nothing")), Err(FigureError::Empty { .. })));
}

fn ring(shape: impl Fn(f64) -> (f64, f64)) -> Vec<(f64, f64)> {
    (0..180).map(|i| shape(f64::from(i).to_radians() * 2.0)).collect()
}

#[test]
fn escape_set() {
    let basin = ring(|a| (1.0 * a.cos(), 0.7 * a.sin()));
    let region = |label: &str, q: (f64, f64)| EscapeRegion {
        label: label.to_owned(),
        boundary: ring(|a| (q.0 * a.cos(), q.1 * 0.7 * a.sin())),
        radii: [q.0, q.0, 0.7 * q.1, 0.7 * q.1],
    };
    let plane = |title: &str, q| EscapePlane {
        title: title.to_owned(),
        basin: basin.clone(),
        regions: vec![region("W_{SGD}", (1.25, 1.6)), region("W_{Adam}", q)],
    };
    let one = EscapeSet { planes: vec![plane("", (2.5, 1.2))] };
    let texts = drawn(&one, "usual", 975);
    says(&texts, &["noise y", "basin Ω", "SGD", "Adam", "1+", "2−"]);
    let titles = ["det Q = 2", "det Q = 1", "det Q = 1/2"];
    let planes = titles.into_iter().zip([(2.5, 2.0), (2.5, 0.8), (0.9, 1.1)]);
    let three = EscapeSet { planes: planes.map(|(title, q)| plane(title, q)).collect() };
    says(&drawn(&three, "three-planes", FULL_PIXELS), &titles);
    assert!(matches!(usual(&EscapeSet::default(), &folder("nothing")), Err(FigureError::Empty { .. })));
}

#[test]
fn theorem_two() {
    let series = |label: &str, exponent: f64, shift: usize, at: [f64; 7]| RatioSeries {
        label: label.to_owned(),
        points: at.iter().enumerate().map(|(i, &x)| measured(x, x.powf(exponent), 0.05, i + shift)).collect(),
        predicted: at.iter().map(|&x| (x, x.powf(exponent))).collect(),
    };
    let determinants = [0.1, 0.22, 0.46, 1.0, 2.2, 4.6, 10.0];
    let shapes = [1.0, 1.8, 3.2, 5.6, 10.0, 18.0, 32.0];
    let sweep = |at, power: f64| {
        let names = [("d = 2, α = 1.2", 0.6), ("d = 2, α = 1.8", 0.9), ("d = 5, α = 1.5, isotropic", 0.3)];
        names.into_iter().enumerate().map(|(i, (n, e))| series(n, power * e, 9 * i, at)).collect::<Vec<_>>()
    };
    let figure = TheoremTwo { determinant: sweep(determinants, 1.0), anisotropy: sweep(shapes, -0.5) };
    let texts = drawn(&figure, "usual", FULL_PIXELS);
    says(&texts, &["det Q", "anisotropy of Q", "slower", "Adam faster", "volume argument: no difference"]);
    let one_sided = TheoremTwo { determinant: sweep(determinants, 1.0), anisotropy: Vec::new() };
    drawn(&one_sided, "one-sided", FULL_PIXELS);
    assert!(matches!(usual(&TheoremTwo::default(), &folder("nothing")), Err(FigureError::Empty { .. })));
}

#[test]
fn any_series() {
    let series = |label: &str, power: f64, scale: f64| Series {
        label: label.to_owned(),
        points: levels().iter().enumerate().map(|(i, &e)| measured(e, scale * e.powf(power), 0.1, i)).collect(),
        joined: true,
        ..Series::default()
    };
    let figure = SeriesFigure {
        stem: "cost-vs-epsilon".to_owned(),
        title: "Cost of an escape".to_owned(),
        x_label: "noise level ε".to_owned(),
        y_label: "steps per escape".to_owned(),
        x_scale: Scale::Log,
        y_scale: Scale::Log,
        panels: vec![(
            String::new(),
            vec![series("Euler", -1.5, 30.0), series("jump-adapted", 0.0, 12.0), series("κ = 0.05", 0.0, 15.0)],
        )],
        levels: vec![(8.0, "fewest possible".to_owned())],
        labelling: Labelling::AtEnds,
        ..SeriesFigure::default()
    };
    says(&drawn(&figure, "usual", FULL_PIXELS), &["Cost of an escape", "steps per escape", "Euler", "fewest possible"]);
    let legend = SeriesFigure { stem: "with-legend".to_owned(), labelling: Labelling::Legend, ..figure.clone() };
    says(&drawn(&legend, "usual", FULL_PIXELS), &["jump-adapted"]);

    let level = Series {
        label: "all equal".to_owned(),
        points: levels().iter().map(|&e| Point::exact(e, 4.0)).collect(),
        ..Series::default()
    };
    let flat = SeriesFigure {
        stem: "flat".to_owned(),
        y_scale: Scale::Linear,
        panels: vec![(String::new(), vec![level])],
        ..legend.clone()
    };
    drawn(&flat, "limits", FULL_PIXELS);
    let far = Series {
        label: "eight decades".to_owned(),
        points: (0..9).map(|i| Point::exact(10f64.powi(i - 4), 10f64.powi(2 * i - 8))).collect(),
        ..Series::default()
    };
    let wide = SeriesFigure {
        stem: "wide".to_owned(),
        panels: vec![(String::new(), vec![far])],
        levels: Vec::new(),
        ..legend
    };
    drawn(&wide, "limits", FULL_PIXELS);
    let none = SeriesFigure { panels: Vec::new(), ..wide };
    assert!(matches!(usual(&none, &folder("nothing")), Err(FigureError::Empty { .. })));
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let figure = GammaVsEpsilon { panels: vec![EpsilonPanel { title: String::new(), series: three_alphas(1.0) }] };
    assert!(matches!(usual(&figure, &file.path().join("figures")), Err(FigureError::Write { .. })));
}

/// The table has the very values of the description.
#[test]
fn the_table_of_a_figure_has_its_values() {
    let panel = |title: &str, scale| EpsilonPanel { title: title.to_owned(), series: three_alphas(scale) };
    let figure = GammaVsEpsilon { panels: vec![panel("SGD, d = 1", 0.8), panel("Adam, d = 1", 2.4)] };
    let files = usual(&figure, &folder("table")).unwrap();
    let rows = table(&files[0]);
    let select = |panel: &str, y: &str, series: &str, kind: &str| -> Vec<[f64; 4]> {
        let fits = |row: &&csv::StringRecord| &row[1] == panel && &row[4] == y && &row[6] == series && &row[7] == kind;
        let number = |cell: &str| cell.parse().unwrap_or(f64::NAN);
        rows.iter().filter(fits).map(|row| [8, 9, 10, 11].map(|at| number(&row[at]))).collect()
    };
    for panel in &figure.panels {
        for series in &panel.series {
            let of = |y: &str, kind: &str| select(&panel.title, y, &series.label, kind);
            let points: Vec<[f64; 4]> = series.points.iter().map(|p| [p.x, p.y, p.lo, p.hi]).collect();
            assert_eq!(of("mean escape time E Γ", "measured"), points);
            let lines = |kind: &str| of("mean escape time E Γ", kind).iter().map(|v| (v[0], v[1])).collect::<Vec<_>>();
            assert_eq!((lines("predicted"), lines("exact")), (series.theory.clone(), series.exact.clone()));
            assert_eq!(of("λ E Γ", "measured").len(), points.len());
            let slope = series.slope.unwrap();
            let [_, value, lo, hi] = of("mean escape time E Γ", "slope")[0];
            assert_eq!([value, lo, hi], [slope.value, slope.value - slope.half_width, slope.value + slope.half_width]);
            assert_eq!(of("mean escape time E Γ", "slope_up_to")[0][1], slope.up_to);
        }
    }
    // The style changes the picture and not the table.
    let before = fs::read(&files[0]).unwrap();
    let style = FigureStyle { width: Some(FigureWidth::Column), ..FigureStyle::default() };
    assert_eq!(fs::read(&save(&figure, &folder("table"), &style).unwrap()[0]).unwrap(), before);
}

/// Width and height of the page of a PDF in points.
fn media_box(pdf: &[u8]) -> [f64; 2] {
    let text = String::from_utf8_lossy(pdf);
    let (_, rest) = text.split_once("/MediaBox [").unwrap();
    let numbers: Vec<f64> = rest.split(']').next().unwrap().split_whitespace().map(|n| n.parse().unwrap()).collect();
    assert_eq!(numbers[..2], [0.0, 0.0]);
    [numbers[2], numbers[3]]
}

/// A figure has the width of a column or a page in every format, and its PDF holds the font.
#[test]
fn figures_have_the_width_of_paper() {
    let panel = |title: &str, scale| EpsilonPanel { title: title.to_owned(), series: three_alphas(scale) };
    let figure = GammaVsEpsilon { panels: vec![panel("SGD, d = 1", 0.8), panel("Adam, d = 1", 2.4)] };
    for (width, font_size) in [(FigureWidth::Column, 8.0), (FigureWidth::Column, 10.0), (FigureWidth::Page, 8.0)] {
        let dir = folder(&format!("paper-{}-{font_size}", width.name()));
        let style = FigureStyle { width: Some(width), font_size, formats: FigureFormat::ALL.to_vec() };
        let files = save(&figure, &dir, &style).unwrap();
        let [_, svg, png, pdf] = files.as_slice() else { panic!("{files:?}") };
        let svg = fs::read_to_string(svg).unwrap();
        let points: f64 = svg.split_once("width=\"").unwrap().1.split_once("pt").unwrap().0.parse().unwrap();
        // Whole pixels.
        assert!((points - width.points()).abs() < 0.5, "{points}");
        says(&texts(&svg), &["SGD, d = 1", "Adam, d = 1", "noise level ε", "theory 1/λ"]);
        let pdf = fs::read(pdf).unwrap();
        assert!(pdf.starts_with(b"%PDF-1.4") && (media_box(&pdf)[0] - points).abs() < 0.1, "{:?}", media_box(&pdf));
        for part in ["/FontFile2", "+DejaVuSans", "/ToUnicode", "+DejaVuSans-Bold"] {
            assert!(String::from_utf8_lossy(&pdf).contains(part), "{part}");
        }
        let bytes = fs::read(png).unwrap();
        let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        let dots = bytes.windows(4).position(|part| part == b"pHYs").map(|at| word(at + 4)).unwrap();
        let inches = f64::from(word(16)) / f64::from(dots) / 0.0254;
        assert!((inches * 72.0 - width.points()).abs() < 0.5, "{inches}");
        assert_eq!(fs::read(&save(&figure, &dir, &style).unwrap()[3]).unwrap(), pdf, "the same bytes every time");
    }
}

/// Files in other formats do not show earlier results, and keep their size.
#[test]
fn files_that_are_there_are_written_again() {
    let figure =
        |scale| GammaVsEpsilon { panels: vec![EpsilonPanel { title: String::new(), series: three_alphas(scale) }] };
    let dir = tempfile::tempdir().unwrap();
    usual(&figure(1.0), dir.path()).unwrap();
    let before = fs::read(dir.path().join("gamma-vs-epsilon.svg")).unwrap();
    let style = FigureStyle { formats: vec![FigureFormat::Pdf], ..FigureStyle::default() };
    let files = save(&figure(3.0), dir.path(), &style).unwrap();
    assert_eq!(files.len(), 4);
    assert_ne!(fs::read(dir.path().join("gamma-vs-epsilon.svg")).unwrap(), before);
    // A file of another size, in every format.
    for format in FigureFormat::ALL {
        let style = FigureStyle { width: Some(FigureWidth::Column), font_size: 9.5, formats: vec![format] };
        save(&figure(3.0), dir.path(), &style).unwrap();
        let path = dir.path().join(format!("gamma-vs-epsilon.{}", format.name()));
        let before = fs::read(&path).unwrap();
        let formats = FigureFormat::ALL.into_iter().filter(|other| *other != format).collect();
        save(&figure(3.0), dir.path(), &FigureStyle { formats, ..FigureStyle::default() }).unwrap();
        assert!(fs::read(&path).unwrap() == before, "{}", format.name());
    }
}
