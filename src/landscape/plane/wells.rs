//! # The wells of a landscape in the plane
//!
//! A well is the basin of attraction of a minimum: the points from which `dx/dt = -∇F` tends to it. Basins are bounded by the lines of the flow that
//! end in a saddle. From every saddle two lines lead downhill, to the minima that it joins.

use super::critical_points::{CriticalPoint, Window, critical_points, distance, side, window_of};
use super::descent::Descent;
use crate::landscape::flow::in_order;
use crate::landscape::{LandscapeError, Minima, Potential};

/// How far from a saddle the lines downhill begin, as a share of the larger side of the window.
const BESIDE: f64 = 1e-5;
/// Local error of the flow and radius within which it has come to a minimum, as shares of the larger side.
const TOLERANCE: f64 = 1e-7;
const ARRIVED: f64 = 1e-4;
const MOST_STEPS: usize = 1_000_000;
/// Margins around the window of known minima, as shares of its larger side, in which saddles and maxima are searched for.
const MARGINS: [f64; 5] = [0.3, 0.7, 1.5, 3.0, 6.0];

/// A saddle and the minima that it joins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlanarSaddle {
    /// The saddle.
    pub point: CriticalPoint,
    /// The minima to which the two lines downhill lead, the smaller number first; the same twice if both lead to one.
    pub joins: [usize; 2],
}

/// All minima, saddles and maxima of a landscape in the plane.
///
/// # Example
/// ```
/// use levy_escape::landscape::{MullerBrown, PlanarWells};
///
/// let wells = PlanarWells::of(&MullerBrown::new(1.0, 0)?, None)?;
/// assert_eq!((wells.count(), wells.saddles().len()), (3, 2));
/// // The valley leads from the left minimum to the middle one, and on to the right one.
/// assert_eq!([wells.saddles()[0].joins, wells.saddles()[1].joins], [[0, 1], [1, 2]]);
/// # Ok::<(), levy_escape::landscape::LandscapeError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PlanarWells {
    minima: Vec<CriticalPoint>,
    saddles: Vec<PlanarSaddle>,
    maxima: Vec<CriticalPoint>,
    window: Window,
}

impl PlanarWells {
    /// The wells of `potential`: from its [landmarks](Potential::landmarks), or in the square `range × range`.
    ///
    /// # Errors
    /// [`LandscapeError::NotInPlane`] in another dimension; [`LandscapeError::WellRange`] without a range for a potential that needs one, or for an
    /// empty one; the errors of the search, [`LandscapeError::Degenerate`], [`LandscapeError::MissingPoints`],
    /// [`LandscapeError::PotentialNotFinite`] and [`LandscapeError::LostFlow`].
    pub fn of(potential: &dyn Potential, range: Option<[f64; 2]>) -> Result<Self, LandscapeError> {
        if potential.dim() != 2 {
            return Err(LandscapeError::NotInPlane { dim: potential.dim() });
        }
        let (window, landmarks) = match (potential.landmarks(), range) {
            (Some(landmarks), _) => (window_of(&landmarks), landmarks),
            (None, Some([lo, hi])) if lo < hi && lo.is_finite() && hi.is_finite() => ([[lo, hi]; 2], Vec::new()),
            (None, Some(_)) => return Err(LandscapeError::WellRange { reason: "it is empty or infinite" }),
            (None, None) => return Err(LandscapeError::WellRange { reason: "it is not given" }),
        };
        Self::within(potential, window, &landmarks)
    }

    /// The wells of `potential`, some minima of which are known, in the smallest of several rectangles around them in which the numbers of minima,
    /// saddles and maxima agree.
    ///
    /// # Errors
    /// Those of the search in the largest rectangle, see [`PlanarWells::of`], or [`LandscapeError::WellRange`] if it misses known minima.
    pub(in crate::landscape) fn around(potential: &dyn Potential, minima: &[Vec<f64>]) -> Result<Self, LandscapeError> {
        let landmarks: Vec<[f64; 2]> = minima.iter().map(|x| [x[0], x[1]]).collect();
        let bounds = window_of(&landmarks);
        let mut failure = LandscapeError::WellRange { reason: "minima of the landscape are missing" };
        for margin in MARGINS {
            let margin = margin * side(bounds);
            match Self::within(potential, bounds.map(|[lo, hi]| [lo - margin, hi + margin]), &landmarks) {
                Ok(wells) if wells.count() >= minima.len() => return Ok(wells),
                Ok(_) => failure = LandscapeError::WellRange { reason: "minima of the landscape are missing" },
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn within(potential: &dyn Potential, window: Window, landmarks: &[[f64; 2]]) -> Result<Self, LandscapeError> {
        let mut points = critical_points(potential, window, landmarks)?;
        // The gradient turns once around a window in which the force points inwards everywhere on the edge.
        let count = |index: usize| points.iter().filter(|point| point.index() == index).count();
        if count(0) + count(2) != count(1) + 1 {
            return Err(LandscapeError::WellRange { reason: "the force does not point inwards around it" });
        }
        let minima = points.iter().filter(|point| point.index() == 0).flat_map(|point| point.x);
        let order = in_order(minima.fold(0.0, |largest: f64, x| largest.max(x.abs())));
        points.sort_by(|a, b| order(&a.x, &b.x));
        let of = |index: usize| points.iter().filter(move |point| point.index() == index).copied();
        let mut wells = PlanarWells { minima: of(0).collect(), saddles: Vec::new(), maxima: of(2).collect(), window };
        if wells.minima.is_empty() {
            return Err(LandscapeError::WellRange { reason: "there is no minimum in it" });
        }
        wells.saddles = of(1).map(|saddle| wells.joined(potential, saddle)).collect::<Result<_, _>>()?;
        Ok(wells)
    }

    /// The saddle with the minima that it joins.
    fn joined(&self, potential: &dyn Potential, saddle: CriticalPoint) -> Result<PlanarSaddle, LandscapeError> {
        let side = side(self.window);
        let downhill = saddle.directions[0];
        let mut joins = [0; 2];
        for (end, sign) in joins.iter_mut().zip([1.0, -1.0]) {
            let start = [0, 1].map(|i| saddle.x[i] + sign * BESIDE * side * downhill[i]);
            *end = self.descended(potential, start).ok_or(LandscapeError::LostFlow { point: start })?;
        }
        joins.sort_unstable();
        Ok(PlanarSaddle { point: saddle, joins })
    }

    /// The minimum to which the flow leads from a point of the window.
    fn descended(&self, potential: &dyn Potential, start: [f64; 2]) -> Option<usize> {
        let side = side(self.window);
        let mut flow = Descent::from(potential, start, TOLERANCE * side);
        for _ in 0..MOST_STEPS {
            let arrived = self.minima.iter().position(|minimum| distance(minimum.x, flow.x()) < ARRIVED * side);
            if arrived.is_some() {
                return arrived;
            }
            if !flow.step(potential, TOLERANCE * side) {
                return None;
            }
        }
        None
    }

    /// The minima of a potential that knows its [landmarks](Potential::landmarks), to name the wells in which paths land.
    pub(in crate::landscape) fn landing_minima(potential: &dyn Potential) -> Option<Minima> {
        let wells = Self::of(potential, None).ok()?;
        Minima::new(potential, wells.minima.iter().map(|minimum| minimum.x.to_vec()).collect()).ok()
    }

    /// The minima, from left to right.
    pub fn minima(&self) -> &[CriticalPoint] {
        &self.minima
    }

    /// The saddles, from left to right.
    pub fn saddles(&self) -> &[PlanarSaddle] {
        &self.saddles
    }

    /// The maxima, from left to right.
    pub fn maxima(&self) -> &[CriticalPoint] {
        &self.maxima
    }

    /// Number of wells.
    pub fn count(&self) -> usize {
        self.minima.len()
    }

    /// The saddles of a well that join it to another one, with the number of the other and the height of the saddle above the minimum.
    pub fn passes(&self, well: usize) -> impl Iterator<Item = (&PlanarSaddle, usize, f64)> {
        let floor = self.minima[well].value;
        self.saddles.iter().filter_map(move |saddle| {
            let other = match saddle.joins {
                [a, b] if a == b => return None,
                [a, b] if a == well => b,
                [a, b] if b == well => a,
                _ => return None,
            };
            Some((saddle, other, saddle.point.value - floor))
        })
    }

    /// Height of the lowest saddle to another well above the minimum of this one; infinite if there is none.
    pub fn barrier(&self, well: usize) -> f64 {
        self.passes(well).map(|(_, _, height)| height).fold(f64::INFINITY, f64::min)
    }

    /// A rectangle that holds all minima, saddles and maxima.
    pub(super) fn window(&self) -> Window {
        self.window
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{DoubleWell, Expression, GaussianWell, GaussianWells, Quadratic};
    use crate::noise::{Seed, Stream};
    use rand::RngExt;

    /// Random landscapes with a known number of narrow wells: every one is found, and the saddles join them all.
    #[test]
    fn every_gaussian_well_is_found() {
        let mut rng = Stream::new(Seed(40), 0, 0);
        for n in [1, 2, 3, 5, 8] {
            // On a spiral, far enough from each other, and deep beside the slope of the bowl there.
            let place = |k: usize| {
                let (angle, r) = (2.4 * k as f64, 1.2 * (k as f64 + 0.3).sqrt());
                [r * angle.cos(), r * angle.sin()]
            };
            let wells: Vec<GaussianWell> = (0..n)
                .map(|k| GaussianWell {
                    position: place(k),
                    width: 0.02 * 10f64.powf(rng.random::<f64>()),
                    depth: 1.0 + rng.random::<f64>(),
                })
                .collect();
            let landscape = GaussianWells::new(wells.clone(), 0.2, 0).unwrap();
            let found = PlanarWells::of(&landscape, None).unwrap();
            for well in &wells {
                assert!(found.minima().iter().any(|m| distance(m.x, well.position) < well.width), "{well:?} {found:?}");
            }
            // The minimum of the bowl is the last one, unless a well is there.
            assert!(found.count() == n || found.count() == n + 1, "{n}: {found:?}");
            let mut reached = vec![0];
            for _ in 0..found.count() {
                for saddle in found.saddles() {
                    let [a, b] = saddle.joins;
                    let known = [a, b].map(|well| reached.contains(&well));
                    match known {
                        [true, false] => reached.push(b),
                        [false, true] => reached.push(a),
                        _ => {}
                    }
                }
            }
            assert!(reached.len() == found.count(), "{found:?}");
        }
    }

    /// `F' = (x+1) x (x-2)` along `x`, and a bowl along `y`.
    #[test]
    fn a_double_well_has_its_saddle() {
        let landscape = DoubleWell::new([-1.0, 2.0], 0.0, 1.0).unwrap().with_transverse(vec![3.0]).unwrap();
        let wells = PlanarWells::of(&landscape, None).unwrap();
        assert_eq!((wells.count(), wells.saddles().len(), wells.maxima().len()), (2, 1, 0));
        let saddle = wells.saddles()[0];
        assert!(saddle.joins == [0, 1] && distance(saddle.point.x, [0.0; 2]) < 1e-12);
        assert!((saddle.point.curvatures[0] + 2.0).abs() < 1e-9 && (saddle.point.curvatures[1] - 3.0).abs() < 1e-9);
        // F(-1) = -5/12 and F(2) = -8/3.
        assert!((wells.barrier(0) - 5.0 / 12.0).abs() < 1e-12 && (wells.barrier(1) - 8.0 / 3.0).abs() < 1e-12);
        assert_eq!(wells.passes(1).map(|(_, other, _)| other).collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn landscapes_without_wells_are_refused() {
        let of = |text: &str, range| {
            let landscape = Expression::new(text, &[], None, Some(&[0.3, 0.3])).unwrap();
            PlanarWells::of(&landscape, range)
        };
        assert!(matches!(of("x^2 + y^2", None), Err(LandscapeError::WellRange { .. })));
        assert!(matches!(of("x^2 + y^2", Some([1.0, -1.0])), Err(LandscapeError::WellRange { .. })));
        assert!(matches!(of("x^2 + y^2", Some([1.0, 2.0])), Err(LandscapeError::WellRange { .. })));
        assert!(of("(x - y)^2", Some([-1.0, 1.0])).is_err());
        assert_eq!(of("x^2 + y^2", Some([-1.0, 1.5])).unwrap().count(), 1);
        let line = Quadratic::new(vec![1.0]).unwrap();
        assert_eq!(PlanarWells::of(&line, None), Err(LandscapeError::NotInPlane { dim: 1 }));
    }
}
