use super::formula::axis;
use super::*;
use crate::landscape::potential::tests::gradient_agrees_with_value;
use crate::landscape::{Basin, Domain, DoubleWell, GaussianWell, GaussianWells};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::f64::consts::PI;

fn value(text: &str, x: &[f64]) -> f64 {
    read(text, &[]).unwrap_or_else(|error| panic!("{text}: {error}")).tape.value(x)
}

#[test]
fn precedence_is_that_of_mathematics() {
    let (x, y) = (1.7f64, -0.6f64);
    for (text, expected) in [
        ("-x^2", -(x * x)),
        ("2^3^2", 512.0),
        ("x**2", x * x),
        ("2*-x", -2.0 * x),
        ("x^-2", 1.0 / (x * x)),
        ("-x^-2", -1.0 / (x * x)),
        ("1e-3*x + 2.5E2", 0.001 * x + 250.0),
        ("x/2/y", x / 2.0 / y),
        ("x - y - 1", x - y - 1.0),
        (" ( x+y ) * ( x - y ) ", x * x - y * y),
        ("log(cosh(x)) - ln(e)", x.cosh().ln() - 1.0),
        ("max(x, y)*min(x, y)", x * y),
        ("pow(x, 1.5) + pi", x.powf(1.5) + std::f64::consts::PI),
        ("x^0 + 0*y", 1.0),
        ("+x", x),
        ("3", 3.0),
    ] {
        assert!((value(text, &[x, y]) - expected).abs() < 1e-14 * expected.abs().max(1.0), "{text}");
    }
    assert_eq!(
        (axis("x"), axis("z"), axis("x12"), axis("x0"), axis("x01"), axis("q")),
        (Some(0), Some(2), Some(11), None, None, None)
    );
}

#[test]
fn errors_name_their_column() {
    let parameters = [("a", 2.0)];
    for (text, column, message) in [
        ("", 1, "a number, a variable or a function is missing at the end"),
        ("x +", 4, "a number, a variable or a function is missing at the end"),
        ("2x", 2, "expected the end or an operator, found \"x\""),
        ("x^4/4 - (x^2/2", 9, "this parenthesis is not closed"),
        ("x)", 2, "expected the end or an operator, found \")\""),
        ("x * / 2", 5, "expected a number, a variable or a function, found \"/\""),
        ("sinn(x)", 1, "unknown function \"sinn\""),
        ("x + b", 5, "unknown name \"b\""),
        ("exp x", 1, "exp needs its argument in parentheses"),
        ("max(x)", 6, "expected \",\" and a second argument, found \")\""),
        ("F(x) = x^2", 1, "unknown function \"F\""),
        ("x²", 2, "expected the end or an operator, found \"²\""),
        ("α*x", 1, "unknown name \"α\""),
        ("1.2.3*x", 4, "expected the end or an operator, found \".\""),
        (".*x", 1, "\".\" is not a number"),
        ("1e999*x", 1, "\"1e999\" is not a number"),
        ("x + x1", 1, "x, y, z and numbered variables are mixed"),
        ("x^2", 1, "the parameter a does not occur"),
    ] {
        let parameters: &[(&str, f64)] = if text == "x^2" { &parameters } else { &[] };
        let Err(error) = read(text, parameters) else { panic!("{text} is accepted") };
        assert_eq!((error.column, error.message.as_str()), (column, message), "{text}");
    }
    let deep = "(".repeat(100_000);
    assert!(read(&deep, &[]).is_err_and(|error| error.message.contains("levels")));
    let long = "x+".repeat(60_000);
    assert!(read(&long, &[]).is_err_and(|error| error.message.contains("longer")));
}

/// A random formula in two variables whose value and derivatives are of order 1.
fn random_formula(rng: &mut Xoshiro256PlusPlus, depth: usize) -> String {
    if depth == 0 {
        return ["x", "y", "0.7", "1.3"][rng.random_range(0..4)].to_owned();
    }
    let mut part = || random_formula(rng, depth - 1);
    let (a, b) = (part(), part());
    match rng.random_range(0..12) {
        0 => format!("({a}+{b})"),
        1 => format!("({a}-{b})"),
        2 => format!("tanh({a})*({b})"),
        3 => format!("({a})/(2+sin({b}))"),
        4 => format!("sin({a})^3"),
        5 => format!("exp(-(sin({a}))^2)"),
        6 => format!("ln(2+cos({a}))*({b})"),
        7 => format!("sqrt(1+({a})^2)"),
        8 => format!("atan({a})"),
        9 => format!("(1.5+sin({a}))^(cos({b}))"),
        10 => format!("cosh(sin({a})) + asin(.5*cos({b}))"),
        _ => format!("-cos({a})*tan(sin({b})) + acos(.3*sin({a})) - sinh(cos({b}))"),
    }
}

/// Of 400 random formulas.
#[test]
fn derivatives_agree_with_differences() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(20);
    for _ in 0..400 {
        let text = random_formula(&mut rng, 3);
        let tape = read(&text, &[]).unwrap().tape;
        let expression = Expression { tape, dim: 2, minimum: vec![0.0; 2], well: None, wells: None };
        let x = [rng.random_range(-1.5..1.5), rng.random_range(-1.5..1.5)];
        gradient_agrees_with_value(&expression, &x);
        let hessian = expression.hessian(&x);
        let gradient = |x: [f64; 2]| {
            let mut gradient = [0.0; 2];
            expression.gradient(&x, &mut gradient);
            gradient
        };
        let size = hessian.amax().max(1.0);
        for axis in 0..2 {
            let mut ends = [x; 2];
            (ends[0][axis], ends[1][axis]) = (x[axis] + 1e-5, x[axis] - 1e-5);
            let [ahead, behind] = ends.map(gradient);
            for i in 0..2 {
                let difference = (ahead[i] - behind[i]) / 2e-5;
                assert!(
                    (difference - hessian[(i, axis)]).abs() < 1e-5 * size,
                    "{text} at {x:?}: {hessian} {difference}"
                );
            }
        }
    }
}

/// Formulas with some bytes changed are read or refused, at a place inside them.
#[test]
fn changed_formulas_do_no_harm() {
    let good = ["x^4/4 - a*x^2/2", "exp(-(x-1)^2/2) + log(cosh(y))*a", "max(x1, 2.5e-3) - a*sin(x2)**2/(1 + x3^2)"];
    let pieces: Vec<char> = "()^*/+-.,0123456789exyzab_ \t²αln{}[]\"=".chars().collect();
    let parameters = [("a", 2.0)];
    let rounds = if cfg!(feature = "slow-tests") { 1_000_000 } else { 20_000 };
    let (mut rng, mut read_well) = (Xoshiro256PlusPlus::seed_from_u64(7), 0);
    for round in 0..rounds {
        let mut text: Vec<char> = good[round % good.len()].chars().collect();
        for _ in 0..rng.random_range(1..6) {
            let at = rng.random_range(0..=text.len());
            let piece = pieces[rng.random_range(0..pieces.len())];
            match rng.random_range(0..3) {
                0 => text.insert(at, piece),
                1 if at < text.len() => text[at] = piece,
                _ if at < text.len() => drop(text.remove(at)),
                _ => {}
            }
        }
        let text: String = text.into_iter().collect();
        match read(&text, &parameters) {
            Ok(formula) => {
                read_well += 1;
                let mut gradient = vec![0.0; formula.dim];
                formula.tape.gradient(&vec![0.3; formula.dim], &mut gradient);
            }
            Err(error) => {
                assert!(text.get(error.span.clone()).is_some() && error.column <= text.chars().count() + 1, "{text}")
            }
        }
    }
    assert!(read_well > rounds / 50, "{read_well}");
}

#[test]
fn minima_are_found_corrected_or_refused() {
    let wells = |minimum: Option<&[f64]>, start: &[f64]| Expression::new("x^4/4 - x^2/2", &[], minimum, Some(start));
    assert!((wells(None, &[0.4]).unwrap().minimum()[0] - 1.0).abs() < 1e-12);
    assert!((wells(None, &[0.0]).unwrap().minimum()[0].abs() - 1.0).abs() < 1e-12, "a search leaves the saddle");
    assert!((wells(Some(&[0.9993]), &[0.0]).unwrap().minimum()[0] - 1.0).abs() < 1e-12, "a rounded minimum");
    assert!(matches!(wells(Some(&[0.5]), &[0.0]), Err(LandscapeError::AnotherMinimum { .. })));
    assert!(matches!(Expression::new("x^3", &[], None, Some(&[-1.0])), Err(LandscapeError::NoMinimum { .. })));
    assert!(matches!(
        Expression::new("-x^2 - y^2", &[], None, Some(&[1.0, 0.3])),
        Err(LandscapeError::NoMinimum { .. })
    ));
    let at_pole = Expression::new("1/x", &[], None, Some(&[0.0]));
    assert!(matches!(at_pole, Err(LandscapeError::PotentialNotFinite { point }) if point == [0.0]));
    assert!(matches!(
        Expression::new("x*y", &[], None, Some(&[0.0])),
        Err(LandscapeError::Length { found: 1, dim: 2, .. })
    ));
    assert!(matches!(Expression::new("3", &[], None, Some(&[])), Err(LandscapeError::NoDimension)));

    // A saddle between the wells, given as the minimum, and a maximum in the plane.
    let saddle = wells(Some(&[0.0]), &[0.0]).unwrap();
    let refused = Basin::new(saddle, Domain::interval(-0.5, 0.5)).unwrap_err();
    assert!(
        matches!(refused, LandscapeError::NotAMinimum { curvature, .. } if (curvature + 1.0).abs() < 1e-12),
        "{refused}"
    );
    let hill = Expression::new("x^2 - y^2 + 0*x", &[], Some(&[0.0, 0.0]), None).unwrap();
    assert!(matches!(Basin::new(hill, Domain::ball(1.0)), Err(LandscapeError::NotAMinimum { .. })));
    // x³ has a point without gradient and curvature that is no minimum; x⁴ + y² has one that is.
    let inflection = Expression::new("x^3 + y^2", &[], Some(&[0.0, 0.0]), None).unwrap();
    assert!(matches!(Basin::new(inflection, Domain::ball(1.0)), Err(LandscapeError::NotAMinimum { .. })));
    let flat = Expression::new("x^4 + y^2", &[], Some(&[0.0, 0.0]), None).unwrap();
    Basin::new(flat, Domain::ball(1.0)).unwrap();
}

/// A potential that falls towards a limit ends in a plateau of its digits, which is no minimum; a flat minimum, and a variable that does not occur, are
/// none the worse.
#[test]
fn a_plateau_of_digits_is_no_minimum() {
    for formula in [
        "exp(-x)",
        "0.5^x",
        "exp(-x - y)",
        "exp(-x^2)",
        "exp(-x^2) + y^2",
        "exp(-(x + y)^2) + (x - y)^2",
        "1/(1 + x^2)",
        "5 + exp(-x)",
        "x^3",
    ] {
        for start in [[0.1, 0.2], [1.0, 5.0]] {
            let found = Expression::new(formula, &[], None, Some(&start));
            assert!(matches!(found, Err(LandscapeError::NoMinimum { .. })), "{formula} from {start:?}: {found:?}");
        }
    }
    for (formula, minimum) in [
        ("x^4", [0.0, 0.5]),
        ("x^20 + y^2", [0.0, 0.0]),
        ("max(x, 1) + max(-x, -1)", [1.0, 0.5]),
        ("max(abs(x) - 1, 0)^2 + y^2", [1.0, 0.0]),
        ("(x^2 + y^2 - 1)^2", [0.6f64.sqrt(), 0.4f64.sqrt()]),
        ("exp(-x) + 1e-9*x", [9f64 * 10f64.ln(), 0.5]),
        ("log(1 + x^2)", [0.0, 0.5]),
    ] {
        let found = Expression::new(formula, &[], None, Some(&[3.0, 0.5])).unwrap_or_else(|e| panic!("{formula}: {e}"));
        let value = |point: &[f64]| found.value(point);
        assert!(value(found.minimum()) <= value(&minimum) + 1e-9, "{formula}: {:?}", found.minimum());
    }
}

/// A search that begins at the minimum or beside it finds it, although the potential does not rise by a digit over the way.
#[test]
fn a_start_beside_the_minimum_is_no_plateau() {
    for (formula, start) in [
        ("1 + x^2/2 + 1e-14*x", &[0.0][..]),
        ("3 - cos(x - 1e-15)", &[0.0]),
        ("1e6 + (x - 1)^2", &[1.0 + 1e-9]),
        ("5 + cos(x) + cos(y)", &[PI - 3e-15, PI - 3e-15]),
    ] {
        let found = Expression::new(formula, &[], None, Some(start)).unwrap_or_else(|e| panic!("{formula}: {e}"));
        assert!(found.minimum().iter().zip(start).all(|(x, s)| (x - s).abs() < 1e-6), "{:?}", found.minimum());
    }
    for width in [0.06, 0.08, 0.1, 0.11, 0.12, 0.13] {
        let well = |x: f64| GaussianWell { position: [x, 0.0], width, depth: 1.0 };
        GaussianWells::new(vec![well(0.0), well(1.0)], 0.1, 0).unwrap_or_else(|e| panic!("{width}: {e}"));
    }
}

/// A formula in many dimensions of which few occur: the others stay where they are.
#[test]
fn variables_that_do_not_occur_stay() {
    let found = Expression::new("(x1000 - 1)^4 + x3^2", &[], None, None).unwrap();
    assert!((found.minimum()[999] - 1.0).abs() < 1e-3 && found.minimum()[..999].iter().all(|x| *x == 0.0));
}

/// A saddle or a slope that a library user's potential gives as its minimum.
#[test]
fn every_potential_is_checked() {
    #[derive(Debug)]
    struct At(DoubleWell, Vec<f64>);
    impl Potential for At {
        fn dim(&self) -> usize {
            1
        }
        fn value(&self, x: &[f64]) -> f64 {
            self.0.value(x)
        }
        fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
            self.0.gradient(x, gradient);
        }
        fn minimum(&self) -> &[f64] {
            &self.1
        }
    }
    let basin = |minimum: f64| {
        let wells = DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap();
        Basin::new(At(wells, vec![minimum]), Domain::interval(minimum - 0.4, minimum + 0.4))
    };
    assert!(matches!(basin(0.0), Err(LandscapeError::NotAMinimum { .. })));
    assert!(matches!(basin(0.7), Err(LandscapeError::NotStationary { .. })));
    basin(1.0).unwrap();
    basin(1.0 + 1e-9).unwrap();
}

#[test]
fn saddles_bound_a_well_in_one_dimension() {
    let wells = Expression::new("(x-1)^2*(x+1)^2/4", &[], Some(&[-1.0]), None).unwrap();
    let [lo, hi] = wells.well().unwrap()[0];
    assert!(lo == f64::NEG_INFINITY && hi.abs() < 1e-12, "{lo} {hi}");
    let ripples = Expression::new("1 - cos(x)", &[], None, Some(&[0.1])).unwrap();
    let [lo, hi] = ripples.well().unwrap()[0];
    assert!((lo + std::f64::consts::PI).abs() < 1e-9 && (hi - std::f64::consts::PI).abs() < 1e-9, "{lo} {hi}");
    assert!(Expression::new("x^2", &[], None, Some(&[0.1])).unwrap().well().is_none());
}
