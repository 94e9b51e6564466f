//! A potential given by a formula.

mod formula;
mod tape;

use nalgebra::DMatrix;

use self::formula::read;
use self::tape::Tape;
use super::minimum::descend;
use super::{LandscapeError, Minima, Potential, Wells};

pub use self::formula::FormulaError;

/// How far a given minimum may be from the exact one, as a share of `|θ*|`: a rounded number is made exact, another point is an error.
const ROUNDED: f64 = 0.01;

/// The same at the origin: rounding errors of the descent.
const ZERO: f64 = 1e-9;

/// Where the search for the saddles beside a minimum in one dimension begins and ends.
const NEAREST: f64 = 1e-6;
const FURTHEST: f64 = 1e6;
/// Largest number of minima and saddles that are listed on either side: a periodic potential has no end of them.
const MOST_TURNS: usize = 200;

/// A potential given by a formula, with its gradient by reverse accumulation.
///
/// Variables are `x`, `y` and `z`, or `x1`, `x2`, …; `parameters` give other names a value. Operators are `+ - * / ^` (also `**`) with the
/// precedence of mathematics, `-x^2 = -(x^2)`; functions are `exp`, `ln` or `log`, `sqrt`, `abs`, `sin`, `cos`, `tan`, `asin`, `acos`, `atan`,
/// `sinh`, `cosh`, `tanh`, `min`, `max` and `pow`; constants are `pi` and `e`. An evaluation takes some nanoseconds for every operation.
///
/// # Example
/// ```
/// use levy_escape::landscape::{Expression, Potential};
///
/// let wells = Expression::new("x^4/4 - a*x^2/2", &[("a", 1.0)], None, Some(&[0.9]))?;
/// assert_eq!(wells.minimum(), [1.0]);
/// # Ok::<(), levy_escape::landscape::LandscapeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Expression {
    tape: Tape,
    dim: usize,
    minimum: Vec<f64>,
    well: Option<[f64; 2]>,
    wells: Option<Wells>,
}

impl Expression {
    /// The potential with the formula `text`. Its minimum is the given one, corrected by up to 1 % where it is rounded, or else the one that a
    /// descent from `start` finds, by default from the origin.
    ///
    /// # Errors
    /// [`LandscapeError::Formula`]; [`LandscapeError::Length`] if the formula has more variables than the points;
    /// [`LandscapeError::AnotherMinimum`] if the given point is not one, [`LandscapeError::NoMinimum`] if none is found.
    pub fn new(
        text: &str,
        parameters: &[(&str, f64)],
        minimum: Option<&[f64]>,
        start: Option<&[f64]>,
    ) -> Result<Self, LandscapeError> {
        let formula = read(text, parameters).map_err(|error| LandscapeError::Formula(Box::new(error)))?;
        let from = match minimum.or(start) {
            Some(point) => point.to_vec(),
            None => vec![0.0; formula.dim],
        };
        let dim = from.len();
        if dim == 0 || formula.dim == 0 {
            return Err(LandscapeError::NoDimension);
        }
        if formula.dim > dim {
            let what = if minimum.is_some() { "the minimum" } else { "the start" };
            return Err(LandscapeError::Length { what, found: dim, dim: formula.dim });
        }
        let mut expression = Expression { tape: formula.tape, dim, minimum: from.clone(), well: None, wells: None };
        let found = descend(&expression, &from, minimum.is_none()).map_err(|error| match error {
            LandscapeError::NoMinimum { .. } if !expression.value(&from).is_finite() => {
                LandscapeError::PotentialNotFinite { point: from.clone() }
            }
            error => error,
        })?;
        if minimum.is_some() {
            let moved = from.iter().zip(&found).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
            let size = found.iter().map(|x| x * x).sum::<f64>().sqrt();
            if moved > ROUNDED * size + ZERO {
                return Err(LandscapeError::AnotherMinimum { given: from, found });
            }
        }
        expression.minimum = found;
        if dim == 1 {
            let [left, right] = [-1.0, 1.0].map(|sign| expression.turns(sign));
            expression.well = Some([
                left.first().copied().unwrap_or(f64::NEG_INFINITY),
                right.first().copied().unwrap_or(f64::INFINITY),
            ]);
            expression.wells = listed(expression.minimum[0], &left, &right);
        }
        Ok(expression)
    }

    /// The points on one side of the minimum at which the slope turns, outwards: a saddle, a minimum, and so on; in one dimension. Steps are a
    /// hundredth of the way from the minimum, so that nearer pairs may be missed.
    fn turns(&self, sign: f64) -> Vec<f64> {
        let minimum = self.minimum[0];
        let slope = |distance: f64| {
            let mut slope = [0.0];
            self.gradient(&[minimum + sign * distance], &mut slope);
            sign * slope[0]
        };
        let (mut inside, mut step, mut turns) = (0.0, NEAREST, Vec::new());
        while inside < FURTHEST && turns.len() <= MOST_TURNS {
            let next = slope(inside + step);
            if !next.is_finite() {
                break;
            }
            // The slope rises from a minimum until the first turn.
            let rose = turns.len() % 2 == 0;
            if (next > 0.0) != rose && inside > 0.0 {
                let mut outside = inside + step;
                while outside - inside > 1e-15 * outside {
                    let middle = 0.5 * (inside + outside);
                    if middle <= inside || middle >= outside {
                        break;
                    }
                    if (slope(middle) > 0.0) == rose { inside = middle } else { outside = middle }
                }
                turns.push(minimum + sign * outside);
            }
            inside += step;
            step *= 1.01;
        }
        turns
    }
}

/// The wells around a minimum, from the turning points of the slope on its two sides; `None` if they have no end, or if the potential falls
/// beyond the last of them.
fn listed(minimum: f64, left: &[f64], right: &[f64]) -> Option<Wells> {
    let ends = |turns: &[f64]| turns.len().is_multiple_of(2) && turns.len() <= MOST_TURNS;
    if !(ends(left) && ends(right)) {
        return None;
    }
    let points: Vec<f64> = left.iter().rev().chain(&[minimum]).chain(right).copied().collect();
    let every_other = |first: usize| points.iter().skip(first).step_by(2).copied().collect();
    Wells::new(every_other(0), every_other(1)).ok()
}

impl Potential for Expression {
    fn dim(&self) -> usize {
        self.dim
    }

    fn value(&self, x: &[f64]) -> f64 {
        self.tape.value(x)
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        self.tape.gradient(x, gradient);
    }

    fn minimum(&self) -> &[f64] {
        &self.minimum
    }

    fn hessian(&self, x: &[f64]) -> DMatrix<f64> {
        let mut hessian = DMatrix::zeros(self.dim, self.dim);
        let axes = self.tape.axes();
        for axis in axes {
            self.tape.hessian_column(x, *axis, hessian.column_mut(*axis).as_mut_slice());
        }
        for (count, i) in axes.iter().enumerate() {
            for j in &axes[..count] {
                let mean = (hessian[(*i, *j)] + hessian[(*j, *i)]) * 0.5;
                (hessian[(*i, *j)], hessian[(*j, *i)]) = (mean, mean);
            }
        }
        hessian
    }

    fn well(&self) -> Option<Vec<[f64; 2]>> {
        self.well.filter(|sides| sides.iter().any(|side| side.is_finite())).map(|sides| vec![sides])
    }

    fn landing_wells(&self) -> Option<Wells> {
        self.wells.clone()
    }

    fn minima(&self) -> Option<Minima> {
        if self.dim > 1 { Minima::search(self) } else { None }
    }
}

#[cfg(test)]
mod tests;
