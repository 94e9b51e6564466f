//! # The values behind rounded entries
//!
//! An entry `x` on a lattice of step `h` means `x - h/2 <= X <= x + h/2`. The entries of a cell are spread over it like the best-fitting stable law:
//! the `j`-th of `c` moves to the share `(j + ½)/c` of the law's probability in the cell. Fitting the law and spreading the entries alternate until
//! neither changes. This is the EM algorithm for the likelihood of the cells, `Π [F(x + h/2) - F(x - h/2)]`, except for entries that are
//! alone in a cell far out, where the density hardly changes over it.
//!
//! All estimators then see a continuous sample without zeros. Without spreading, the entries in the middle cell would have no logarithm, and
//! quantiles would jump by `h`.
//!
//! # References
//! - Heitjan (1989), *Inference from Grouped Continuous Data: A Review*, Statist. Sci. 4.
//! - Dempster, Laird, Rubin (1977), *Maximum Likelihood from Incomplete Data via the EM Algorithm*, J. R. Statist. Soc. B 39.

use super::lattice::{LatticeCells, evenly};
use crate::tail::law::{FEWEST, Likelihood, LogTail, StableFit};

/// Largest number of rounds of fitting and spreading.
const ROUNDS: usize = 50;
/// Change of α and of `log s` at which they end: far below a standard error.
const SETTLED: f64 = 2e-4;
/// Number of steps from the centre beyond which the density hardly changes over a cell.
const EVEN: f64 = 32.0;
/// Number of parts of a cell between which positions are interpolated.
const PARTS: usize = 8;

/// Spreads the entries, minus their location, over the cells of their lattice: evenly if no stable law can be fitted.
pub fn spread(entries: Vec<f64>, step: f64) -> Vec<f64> {
    let cells = LatticeCells::new(entries, step);
    let mut values = cells.spread(evenly);
    let mut last: Option<StableFit> = None;
    for _ in 0..ROUNDS {
        let Some(fit) = fit(&values) else { break };
        let Ok(tail) = LogTail::new(fit.alpha) else { break };
        values = cells.spread(|lo, hi, shares| places(&tail, fit.scale, cells.step(), [lo, hi], shares));
        let settled = |last: StableFit| {
            (fit.alpha - last.alpha).abs() < SETTLED && (fit.scale / last.scale - 1.0).abs() < SETTLED
        };
        if last.replace(fit).is_some_and(settled) {
            break;
        }
    }
    values
}

fn fit(values: &[f64]) -> Option<StableFit> {
    (values.len() >= FEWEST).then(|| Likelihood::new(values).fit(values).ok()).flatten()
}

/// Positions at which the law about 0 reaches the given shares of its probability between `lo` and `hi`.
fn places(tail: &LogTail, scale: f64, step: f64, [lo, hi]: [f64; 2], shares: &[f64]) -> Vec<f64> {
    if lo.max(-hi) > EVEN * step {
        return evenly(lo, hi, shares);
    }
    // The negative side is mirrored, so that small probabilities are accurate.
    if hi <= 0.0 {
        let mirrored: Vec<f64> = shares.iter().rev().map(|share| 1.0 - share).collect();
        return places(tail, scale, step, [-hi, -lo], &mirrored).into_iter().rev().map(|x| -x).collect();
    }
    let above = |x: f64| tail.at(x.ln() - scale.ln()).exp();
    let edge = |part: usize| lo + (hi - lo) * part as f64 / PARTS as f64;
    // Probability beyond an edge; below 0 it is 1 minus that beyond the mirrored edge.
    let beyond: Vec<f64> = (0..=PARTS)
        .map(edge)
        .map(|x| match x {
            x if x > 0.0 => above(x),
            x if x < 0.0 => 1.0 - above(-x),
            _ => 0.5,
        })
        .collect();
    let whole = beyond[0] - beyond[PARTS];
    if !(whole > 0.0) {
        return evenly(lo, hi, shares);
    }
    let mut part = 0;
    let mut place = |share: f64| {
        let wanted = beyond[0] - share * whole;
        while part + 1 < PARTS && beyond[part + 1] > wanted {
            part += 1;
        }
        let inside = (beyond[part] - wanted) / (beyond[part] - beyond[part + 1]);
        edge(part) + inside.clamp(0.0, 1.0) * (hi - lo) / PARTS as f64
    };
    shares.iter().map(|share| place(*share)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Alpha, Seed, StableLaw, Stream};
    use rand_distr::Distribution;

    fn draws(alpha: f64, n: usize) -> Vec<f64> {
        StableLaw::new(Alpha::new(alpha).unwrap()).sample_iter(Stream::new(Seed(41), 0, 0)).take(n).collect()
    }

    /// The fit recovers the law from cells as wide as its scale: within four standard errors `1.6/√n` of α, `.9/√n` of the scale.
    #[test]
    fn cells_as_wide_as_the_scale_do_not_move_the_fit() {
        let n = 40_000;
        for alpha in [1.1, 1.5, 1.9] {
            for step in [0.25, 1.0] {
                let rounded: Vec<f64> = draws(alpha, n).iter().map(|x| (x / step).round() * step).collect();
                let fit = fit(&spread(rounded, step)).unwrap();
                assert!((fit.alpha - alpha).abs() < 0.032 && (fit.scale - 1.0).abs() < 0.018, "{alpha} {step} {fit:?}");
            }
        }
    }

    #[test]
    fn places_within_a_cell_are_those_of_the_law() {
        let tail = LogTail::new(1.5).unwrap();
        let shares = [0.0, 0.25, 0.5, 1.0];
        let middle = places(&tail, 2.0, 1.0, [-0.5, 0.5], &shares);
        assert!(middle[0] == -0.5 && middle[2].abs() < 1e-12 && (middle[3] - 0.5).abs() < 1e-12);
        let (right, left) =
            (places(&tail, 2.0, 1.0, [2.5, 3.5], &shares), places(&tail, 2.0, 1.0, [-3.5, -2.5], &shares));
        assert!(right[2] > 2.9 && right[2] < 3.0, "{right:?}");
        // Shares of the mirrored cell are counted from its other end.
        assert!((left[2] + right[2]).abs() < 1e-12 && left.is_sorted());
    }
}
