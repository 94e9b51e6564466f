//! # The wells of a landscape in one dimension
//!
//! A well is the set of points from which `dx/dt = -F'(x)` tends to its minimum. On a line the wells are intervals, bounded by the saddles.

use super::{LandscapeError, Potential};

/// Minima and the saddles between them, in ascending order.
///
/// # Example
/// ```
/// use levy_escape::landscape::Wells;
///
/// let wells = Wells::new(vec![-1.0, 2.0], vec![0.5])?;
/// assert_eq!((wells.well_of(-7.0), wells.well_of(0.6)), (0, 1));
/// assert_eq!(wells.widths(0), [f64::INFINITY, 1.5]);
/// # Ok::<(), levy_escape::landscape::LandscapeError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Wells {
    minima: Vec<f64>,
    saddles: Vec<f64>,
}

/// Points of the grid on which critical points are bracketed.
const GRID: usize = 20_000;

impl Wells {
    /// Wells with the given minima and saddles.
    ///
    /// # Errors
    /// [`LandscapeError::WellCount`] unless there is one saddle fewer than minima, and a minimum; [`LandscapeError::WellsOrder`] unless
    /// `x_1 < s_1 < x_2 < …`, all finite.
    pub fn new(minima: Vec<f64>, saddles: Vec<f64>) -> Result<Self, LandscapeError> {
        let expected =
            minima.len().checked_sub(1).ok_or(LandscapeError::WellCount { what: "minima", found: 0, expected: 1 })?;
        if saddles.len() != expected {
            return Err(LandscapeError::WellCount { what: "saddles", found: saddles.len(), expected });
        }
        let points: Vec<f64> =
            minima.iter().zip(&saddles).flat_map(|(m, s)| [*m, *s]).chain(minima.last().copied()).collect();
        if let Some(pair) = points.windows(2).find(|pair| !(pair[0] < pair[1])) {
            return Err(LandscapeError::WellsOrder { before: pair[0], after: pair[1] });
        }
        match points.iter().find(|x| !x.is_finite()) {
            Some(&value) => Err(LandscapeError::NotFinite { what: "list of minima and saddles", value }),
            None => Ok(Wells { minima, saddles }),
        }
    }

    /// The wells of `potential`: those that it describes itself, or those that are found in `range`.
    ///
    /// A search brackets the zeros of `F'` between the points of a fine grid, and looks for a pair of zeros wherever `|F'|` has a minimum
    /// between two of them. The force must point inwards at both ends of the range.
    ///
    /// # Errors
    /// [`LandscapeError::NotOnLine`] in more than one dimension, [`LandscapeError::WellRange`] without a range or with one whose ends are not
    /// on the outer slopes, [`LandscapeError::PotentialNotFinite`].
    pub fn of(potential: &dyn Potential, range: Option<[f64; 2]>) -> Result<Self, LandscapeError> {
        if potential.dim() != 1 {
            return Err(LandscapeError::NotOnLine { dim: potential.dim() });
        }
        match (potential.wells(), range) {
            (Some(wells), _) => Ok(wells),
            (None, Some(range)) => Self::search(potential, range),
            (None, None) => Err(LandscapeError::WellRange { reason: "it is not given" }),
        }
    }

    fn search(potential: &dyn Potential, [lo, hi]: [f64; 2]) -> Result<Self, LandscapeError> {
        if !(lo < hi && lo.is_finite() && hi.is_finite()) {
            return Err(LandscapeError::WellRange { reason: "it is empty or infinite" });
        }
        let slope = |x: f64| {
            let mut g = [0.0];
            potential.gradient(&[x], &mut g);
            if g[0].is_finite() { Ok(g[0]) } else { Err(LandscapeError::PotentialNotFinite { point: vec![x] }) }
        };
        let curvature = |x: f64| potential.hessian(&[x])[(0, 0)];
        if !(slope(lo)? < 0.0 && slope(hi)? > 0.0) {
            return Err(LandscapeError::WellRange { reason: "the force does not point inwards at both of its ends" });
        }
        let at = |k: usize| lo + (hi - lo) * k as f64 / GRID as f64;
        // Zeros of `F'` with their direction: upwards at a minimum.
        let mut zeros: Vec<(f64, bool)> = Vec::new();
        let (mut a, mut left) = (lo, slope(lo)?);
        for k in 1..=GRID {
            let b = if k == GRID { hi } else { at(k) };
            // A zero on the grid is not a bracket: its neighbours are.
            let right = slope(b)?;
            if right == 0.0 && k < GRID {
                continue;
            }
            if (left < 0.0) != (right < 0.0) {
                zeros.push((bisect(a, b, left, &slope)?, left < 0.0));
            } else if let Some(turn) = turn_towards_zero(a, b, left, &curvature)
                && (slope(turn)? < 0.0) != (left < 0.0)
            {
                zeros.push((bisect(a, turn, left, &slope)?, left < 0.0));
                zeros.push((bisect(turn, b, -left, &slope)?, left > 0.0));
            }
            (a, left) = (b, right);
        }
        let of = |minima: bool| zeros.iter().filter(|zero| zero.1 == minima).map(|zero| zero.0).collect();
        Wells::new(of(true), of(false))
    }

    /// The minima `x_i`.
    pub fn minima(&self) -> &[f64] {
        &self.minima
    }

    /// The saddles `s_j`.
    pub fn saddles(&self) -> &[f64] {
        &self.saddles
    }

    /// Number of wells.
    pub fn count(&self) -> usize {
        self.minima.len()
    }

    /// The well that holds `x`, counted from 0. A saddle counts as the well above it.
    #[inline]
    pub fn well_of(&self, x: f64) -> usize {
        self.saddles.iter().position(|saddle| x < *saddle).unwrap_or(self.saddles.len())
    }

    /// The saddles that bound a well, infinite where there is none.
    pub fn bounds(&self, well: usize) -> [f64; 2] {
        let lower = well.checked_sub(1).map_or(f64::NEG_INFINITY, |j| self.saddles[j]);
        [lower, self.saddles.get(well).copied().unwrap_or(f64::INFINITY)]
    }

    /// Height of the lowest saddle of a well above its minimum; infinite if there is none.
    pub fn barrier(&self, potential: &dyn Potential, well: usize) -> f64 {
        let floor = potential.value(&[self.minima[well]]);
        let heights = self.bounds(well).into_iter().filter(|bound| bound.is_finite());
        heights.map(|bound| potential.value(&[bound]) - floor).fold(f64::INFINITY, f64::min)
    }

    /// Every well with the lengths `s` between which it holds `from + s v`.
    pub(super) fn along(&self, from: f64, v: f64) -> Vec<(Option<usize>, [f64; 2])> {
        let stretch = |well: usize| {
            if v == 0.0 {
                return if self.well_of(from) == well { [0.0, f64::INFINITY] } else { [0.0; 2] };
            }
            let [a, b] = self.bounds(well).map(|bound| (bound - from) / v);
            if a < b { [a, b] } else { [b, a] }
        };
        (0..self.count()).map(|well| (Some(well), stretch(well))).collect()
    }

    /// Distances from the minimum of a well to its saddles, on the left and on the right: the widths that Lévy noise has to jump, whatever
    /// the barriers.
    pub fn widths(&self, well: usize) -> [f64; 2] {
        let [lo, hi] = self.bounds(well);
        [self.minima[well] - lo, hi - self.minima[well]]
    }

    /// The core of a well: the points up to a quarter of the way from its minimum to its saddles, and everything beyond the outermost minima. A
    /// path that reaches it has arrived.
    pub fn core(&self, well: usize) -> [f64; 2] {
        let minimum = self.minima[well];
        self.bounds(well).map(|bound| minimum + 0.25 * (bound - minimum))
    }
}

/// The zero of `slope` between `a`, where it has the value `left`, and `b`, where it has the other sign.
fn bisect(
    mut a: f64,
    mut b: f64,
    left: f64,
    slope: &dyn Fn(f64) -> Result<f64, LandscapeError>,
) -> Result<f64, LandscapeError> {
    loop {
        let middle = 0.5 * (a + b);
        if middle <= a || middle >= b {
            return Ok(middle);
        }
        let value = slope(middle)?;
        if value == 0.0 {
            return Ok(middle);
        }
        if (value < 0.0) == (left < 0.0) { a = middle } else { b = middle }
    }
}

/// Where `|F'|` is smallest between two points at which `F'` has the sign of `left`; `None` if it falls or rises all the way.
fn turn_towards_zero(mut a: f64, mut b: f64, left: f64, curvature: &dyn Fn(f64) -> f64) -> Option<f64> {
    let towards = |x: f64| curvature(x) * left < 0.0;
    if !towards(a) || towards(b) {
        return None;
    }
    for _ in 0..60 {
        let middle = 0.5 * (a + b);
        if towards(middle) { a = middle } else { b = middle }
    }
    Some(0.5 * (a + b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{DoubleWell, Expression, MultiWell, Quadratic};

    fn near(found: &[f64], expected: &[f64]) {
        assert!(found.len() == expected.len(), "{found:?} {expected:?}");
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?} {expected:?}");
    }

    /// A landscape that hides its wells from the search's shortcut.
    #[derive(Debug)]
    struct Hidden(MultiWell);

    impl Potential for Hidden {
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
            self.0.minimum()
        }
    }

    /// Wells narrower than the grid are found as well.
    #[test]
    fn the_search_finds_every_well() {
        let minima = vec![-3.0, 0.0012, 1.0, 9.0];
        let saddles = vec![0.0005, 0.3, 4.0];
        let wells = MultiWell::new(minima.clone(), saddles.clone(), vec![1.0, 0.2, 3.0, 0.01]).unwrap();
        let found = Wells::of(&Hidden(wells), Some([-20.0, 20.0])).unwrap();
        near(found.minima(), &minima);
        near(found.saddles(), &saddles);
    }

    #[test]
    fn known_wells_and_ranges_that_do_not_hold_them() {
        let double = DoubleWell::new([-1.0, 1.5], 0.25, 3.0).unwrap();
        assert_eq!(Wells::of(&double, None).unwrap(), Wells::new(vec![-1.0, 1.5], vec![0.25]).unwrap());
        let formula = Expression::new("x^4/4 - x^2/2 + 0.1*x", &[], None, Some(&[1.0])).unwrap();
        let found = Wells::of(&formula, Some([-2.0, 2.0])).unwrap();
        assert!(found.count() == 2 && found.well_of(-0.5) == 0 && found.well_of(0.5) == 1);
        for range in [None, Some([-0.5, 2.0]), Some([2.0, -2.0])] {
            assert!(matches!(Wells::of(&formula, range), Err(LandscapeError::WellRange { .. })), "{range:?}");
        }
        let bowl = Quadratic::new(vec![1.0, 2.0]).unwrap();
        assert_eq!(Wells::of(&bowl, None), Err(LandscapeError::NotOnLine { dim: 2 }));
    }

    #[test]
    fn cores_and_widths() {
        let wells = Wells::new(vec![-2.0, 0.0, 4.0], vec![-1.0, 1.0]).unwrap();
        assert_eq!(wells.core(0), [f64::NEG_INFINITY, -1.75]);
        assert_eq!(wells.core(1), [-0.25, 0.25]);
        assert_eq!((wells.widths(1), wells.widths(2)), ([1.0, 1.0], [3.0, f64::INFINITY]));
        assert_eq!([-9.0, -1.0, 0.9, 1.0, 9.0].map(|x| wells.well_of(x)), [0, 1, 1, 2, 2]);
    }
}
