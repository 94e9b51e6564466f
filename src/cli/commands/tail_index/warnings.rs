//! Warnings where the data contradict what the estimators assume.

use super::report::equals;
use crate::tail::{Assumptions, Rejection, Series};

/// One sentence for every assumption that a sample contradicts, with what to do.
pub fn of_one(series: &Series, assumptions: &Assumptions) -> Vec<String> {
    assumptions.rejections().into_iter().filter_map(|rejection| sentence(series, assumptions, rejection)).collect()
}

/// `None` if the test of the assumption failed, which rejects nothing.
fn sentence(series: &Series, assumptions: &Assumptions, rejection: Rejection) -> Option<String> {
    Some(match rejection {
        Rejection::Asymmetric => {
            let test = assumptions.symmetry.as_ref().ok()?;
            format!(
                "the entries are not symmetric (triples test: η = {:+.3}, p {}); all estimators assume a symmetric \
                 law, and their intervals do not hold",
                test.triples,
                equals(test.p)
            )
        }
        Rejection::Sorted => {
            "the entries are sorted: nearly every one lies on the same side of the one before; pass them in the order \
                              in which they were observed, or --difference if they are a running total"
                .to_owned()
        }
        Rejection::UnitRoot => {
            let is_positive = series.values.iter().all(|x| *x > 0.0);
            let remedy =
                if is_positive { "pass --log-return if they are prices, or --difference" } else { "pass --difference" };
            format!(
                "the entries look like a running sum (a unit root is not excluded), and estimates say nothing about its steps; {remedy}"
            )
        }
        _ => {
            let test = assumptions.dependence.as_ref().ok()?;
            format!(
                "the entries depend on their order (rank correlation of neighbours {:+.3}, of their distances from the location {:+.3}, \
                 p {}); intervals allow for little of it: estimate residuals of a model of the order, or raise --dependence",
                test.entries.lag_one,
                test.magnitudes.lag_one,
                equals(test.p)
            )
        }
    })
}

/// Warnings about many samples: in how many each assumption is rejected.
pub fn of_many(series: &[Series], assumptions: &[Option<Assumptions>]) -> Vec<String> {
    let tested = assumptions.iter().flatten().count();
    let rejected = |pick: fn(&Rejection) -> bool| {
        assumptions.iter().flatten().filter(|one| one.rejections().iter().any(pick)).count()
    };
    let chance = Assumptions::LEVEL * tested as f64;
    let mut warnings = Vec::new();
    let mut add = |count: usize, what: &str| {
        if count > 0 {
            warnings.push(format!("{count} of {tested} samples {what}; by chance {chance:.1} would seem to"));
        }
    };
    add(rejected(|r| *r == Rejection::Asymmetric), "are not symmetric, which all estimators assume");
    add(rejected(|r| matches!(r, Rejection::Dependent | Rejection::Sorted)), "depend on their order");
    let positive = series.iter().all(|one| one.values.iter().all(|x| *x > 0.0));
    let remedy = if positive { "pass --log-return or --difference" } else { "pass --difference" };
    add(rejected(|r| *r == Rejection::UnitRoot), &format!("look like running sums: {remedy}"));
    warnings
}
