//! # Minima, saddles and maxima of a landscape in the plane
//!
//! Newton's method for `∇F = 0` is started from all points of a grid and from the landmarks of the potential. The index of the vector field tells whether
//! a point is missing: along a closed curve the gradient turns as often as there are minima and maxima inside, less the saddles. While the
//! numbers differ, the grid is refined. A minimum that is missed together with a saddle is not noticed: a well narrower than the grid needs a landmark.
//!
//! # References
//! - Guillemin, Pollack (1974), *Differential Topology*, chapter 3, on the index of a vector field.

use crate::landscape::{LandscapeError, Potential};

/// Points of the first grid along a side, and how often it is refined by 3/2.
const GRID: usize = 40;
const REFINEMENTS: usize = 4;
/// Margin around the landmarks, as a share of the larger side.
const MARGIN: f64 = 0.1;
/// Newton steps, and their largest length as a share of the larger side.
const MOST_STEPS: usize = 60;
const LONGEST: f64 = 0.1;
/// Points within this distance are one, as a share of the larger side.
const SAME: f64 = 1e-6;
/// Smaller eigenvalue of the Hessian beside the larger one below which a point is degenerate.
const DEGENERATE: f64 = 1e-9;
/// Turn of the gradient between two points of the window's edge beyond which the way between them is halved, and how often.
const TURN: f64 = 0.5;
const HALVINGS: u32 = 24;

/// A point at which the gradient vanishes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CriticalPoint {
    /// The point.
    pub x: [f64; 2],
    /// `F` there.
    pub value: f64,
    /// The eigenvalues of the Hessian, the smaller one first.
    pub curvatures: [f64; 2],
    /// Unit eigenvectors, in the same order.
    pub directions: [[f64; 2]; 2],
}

impl CriticalPoint {
    /// Number of directions in which `F` falls: 0 at a minimum, 1 at a saddle, 2 at a maximum.
    pub fn index(&self) -> usize {
        self.curvatures.iter().filter(|k| **k < 0.0).count()
    }
}

/// A rectangle `[x_lo, x_hi] × [y_lo, y_hi]`.
pub(super) type Window = [[f64; 2]; 2];

/// The gradient at a point.
pub(super) fn gradient(potential: &dyn Potential, x: [f64; 2]) -> [f64; 2] {
    let mut gradient = [0.0; 2];
    potential.gradient(&x, &mut gradient);
    gradient
}

/// `[F_xx, F_xy, F_yy]` at a point.
pub(super) fn hessian(potential: &dyn Potential, x: [f64; 2]) -> [f64; 3] {
    let hessian = potential.hessian(&x);
    [hessian[(0, 0)], hessian[(0, 1)], hessian[(1, 1)]]
}

/// Eigenvalues of a symmetric matrix in ascending order, with unit eigenvectors.
pub(super) fn eigen([xx, xy, yy]: [f64; 3]) -> ([f64; 2], [[f64; 2]; 2]) {
    let (middle, half) = (0.5 * (xx + yy), 0.5 * (xx - yy));
    let spread = half.hypot(xy);
    let angle = 0.5 * xy.atan2(half);
    // The larger eigenvalue belongs to the angle.
    let (sin, cos) = angle.sin_cos();
    ([middle - spread, middle + spread], [[-sin, cos], [cos, sin]])
}

/// All points without a gradient in the window, in no particular order.
///
/// # Errors
/// [`LandscapeError::PotentialNotFinite`], [`LandscapeError::Degenerate`], and [`LandscapeError::MissingPoints`] if the finest grid does not find all.
pub(super) fn critical_points(
    potential: &dyn Potential,
    window: Window,
    landmarks: &[[f64; 2]],
) -> Result<Vec<CriticalPoint>, LandscapeError> {
    let search = Search { potential, window, side: side(window) };
    let turns = search.turns()?;
    let mut found = Vec::new();
    landmarks.iter().try_for_each(|x| search.add(*x, &mut found))?;
    let mut points = GRID;
    for _ in 0..=REFINEMENTS {
        for k in 0..points * points {
            let at = |i: usize, k: usize| {
                let [lo, hi] = window[i];
                lo + (hi - lo) * (k as f64 + 0.5) / points as f64
            };
            search.add([at(0, k % points), at(1, k / points)], &mut found)?;
        }
        let [minima, saddles, maxima] = counts(&found);
        if minima as i64 - saddles as i64 + maxima as i64 == turns {
            return Ok(found);
        }
        points += points / 2;
    }
    let [minima, saddles, maxima] = counts(&found);
    Err(LandscapeError::MissingPoints { minima, saddles, maxima, turns })
}

fn counts(points: &[CriticalPoint]) -> [usize; 3] {
    [0, 1, 2].map(|index| points.iter().filter(|point| point.index() == index).count())
}

/// The larger side of a window.
pub(super) fn side(window: Window) -> f64 {
    window.iter().map(|[lo, hi]| hi - lo).fold(0.0, f64::max)
}

/// The rectangle around some points, with a margin.
pub(super) fn window_of(points: &[[f64; 2]]) -> Window {
    let bounds = [0, 1].map(|i| {
        let coordinates = points.iter().map(|x| x[i]);
        coordinates.fold([f64::INFINITY, f64::NEG_INFINITY], |[lo, hi], x| [lo.min(x), hi.max(x)])
    });
    let margin = MARGIN * side(bounds);
    bounds.map(|[lo, hi]| [lo - margin, hi + margin])
}

struct Search<'p> {
    potential: &'p dyn Potential,
    window: Window,
    side: f64,
}

impl Search<'_> {
    fn holds(&self, x: [f64; 2]) -> bool {
        x.iter().zip(self.window).all(|(x, [lo, hi])| lo <= *x && *x <= hi)
    }

    /// Adds the point to which Newton's method leads from `x`, if it is in the window and new.
    fn add(&self, x: [f64; 2], found: &mut Vec<CriticalPoint>) -> Result<(), LandscapeError> {
        let Some(x) = self.newton(x)? else { return Ok(()) };
        let is_same = |point: &CriticalPoint| distance(point.x, x) < SAME * self.side;
        if found.iter().any(is_same) {
            return Ok(());
        }
        let (curvatures, directions) = eigen(hessian(self.potential, x));
        let [small, large] = curvatures.map(f64::abs);
        if small.min(large) <= DEGENERATE * small.max(large) {
            return Err(LandscapeError::Degenerate { point: x });
        }
        found.push(CriticalPoint { x, value: self.potential.value(&x), curvatures, directions });
        Ok(())
    }

    /// The zero of the gradient to which Newton's method leads; `None` if it does not converge in the window.
    fn newton(&self, mut x: [f64; 2]) -> Result<Option<[f64; 2]>, LandscapeError> {
        for _ in 0..MOST_STEPS {
            let [gx, gy] = gradient(self.potential, x);
            let [xx, xy, yy] = hessian(self.potential, x);
            if ![gx, gy, xx, xy, yy].iter().all(|z| z.is_finite()) {
                return Err(LandscapeError::PotentialNotFinite { point: x.to_vec() });
            }
            let determinant = xx * yy - xy * xy;
            let step = [(yy * gx - xy * gy) / determinant, (xx * gy - xy * gx) / determinant];
            let length = step[0].hypot(step[1]);
            if !length.is_finite() {
                return Ok(None);
            }
            let share = (LONGEST * self.side / length).min(1.0);
            x = [x[0] - share * step[0], x[1] - share * step[1]];
            if !self.holds(x) {
                return Ok(None);
            }
            // The next step is of the order of the square of this one.
            if length < 1e-9 * self.side {
                return Ok(Some(self.polished(x)));
            }
        }
        Ok(None)
    }

    /// The last Newton step, if it brings the gradient down.
    fn polished(&self, x: [f64; 2]) -> [f64; 2] {
        let ([gx, gy], [xx, xy, yy]) = (gradient(self.potential, x), hessian(self.potential, x));
        let determinant = xx * yy - xy * xy;
        let next = [x[0] - (yy * gx - xy * gy) / determinant, x[1] - (xx * gy - xy * gx) / determinant];
        let [hx, hy] = gradient(self.potential, next);
        if hx.hypot(hy) < gx.hypot(gy) { next } else { x }
    }

    /// How often the gradient turns along the edge of the window.
    fn turns(&self) -> Result<i64, LandscapeError> {
        let [[x0, x1], [y0, y1]] = self.window;
        let corners = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]];
        let mut turned = 0.0;
        for pair in corners.windows(2) {
            let at = |share: f64| [0, 1].map(|i| pair[0][i] + share * (pair[1][i] - pair[0][i]));
            for k in 0..GRID {
                let ends = [k, k + 1].map(|k| at(k as f64 / GRID as f64));
                turned += self.turn(ends[0], ends[1], HALVINGS)?;
            }
        }
        Ok((turned / std::f64::consts::TAU).round() as i64)
    }

    /// The angle by which the gradient turns on the way from `a` to `b`.
    fn turn(&self, a: [f64; 2], b: [f64; 2], halvings: u32) -> Result<f64, LandscapeError> {
        let [from, to] = [a, b].map(|x| gradient(self.potential, x));
        if !from.iter().chain(&to).all(|g| g.is_finite()) {
            return Err(LandscapeError::PotentialNotFinite { point: a.to_vec() });
        }
        let turn = (from[0] * to[1] - from[1] * to[0]).atan2(from[0] * to[0] + from[1] * to[1]);
        let middle = [0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1])];
        // A turn by π cannot be told from one by -π: the way is halved until it is a small one.
        if turn.abs() < TURN || halvings == 0 {
            return Ok(turn);
        }
        Ok(self.turn(a, middle, halvings - 1)? + self.turn(middle, b, halvings - 1)?)
    }
}

pub(super) fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{Expression, MullerBrown};

    #[test]
    fn eigenvectors_belong_to_their_eigenvalues() {
        for matrix in [[2.0, 0.5, 1.0], [1.0, 0.0, 3.0], [3.0, 0.0, 1.0], [-1.0, -2.0, 4.0], [1.0, 0.0, 1.0]] {
            let ([low, high], [u, v]) = eigen(matrix);
            let [xx, xy, yy] = matrix;
            assert!(low <= high && (low + high - xx - yy).abs() < 1e-12);
            for (value, w) in [(low, u), (high, v)] {
                let applied = [xx * w[0] + xy * w[1], xy * w[0] + yy * w[1]];
                assert!(distance(applied, [value * w[0], value * w[1]]) < 1e-12, "{matrix:?}");
            }
        }
    }

    /// `cos x + cos y` has a minimum, a maximum and two saddles in every period.
    #[test]
    fn a_lattice_is_found_in_full() {
        let egg = Expression::new("cos(x) + cos(y)", &[], None, Some(&[3.0, 3.0])).unwrap();
        let found = critical_points(&egg, [[-1.0, 11.0], [-1.0, 11.0]], &[]).unwrap();
        // Zeros of sin at 0, π, 2π and 3π, minima at odd multiples.
        assert_eq!(counts(&found), [4, 8, 4]);
        let [lo, hi] = [0, 3].map(|k| std::f64::consts::PI * f64::from(k));
        let minimum = found.iter().find(|p| distance(p.x, [hi, hi]) < 1e-9).unwrap();
        assert!(minimum.index() == 0 && found.iter().any(|p| distance(p.x, [lo, lo]) < 1e-9));
    }

    #[test]
    fn the_surface_of_muller_and_brown() {
        let surface = MullerBrown::new(1.0, 0).unwrap();
        let landmarks = surface.landmarks().unwrap();
        let mut found = critical_points(&surface, window_of(&landmarks), &landmarks).unwrap();
        assert_eq!(counts(&found), [3, 2, 0]);
        found.sort_by(|a, b| a.value.total_cmp(&b.value));
        // The published values.
        for (point, value) in found.iter().zip([-146.6995, -108.1667, -80.7678, -72.2489, -40.6648]) {
            assert!((point.value - value).abs() < 1e-4, "{point:?}");
        }
    }

    #[test]
    fn the_gradient_turns_by_the_index() {
        let search = |window: Window| {
            let surface = MullerBrown::new(1.0, 0).unwrap();
            let search = Search { potential: &surface, window, side: side(window) };
            search.turns().unwrap()
        };
        assert_eq!(search([[-1.5, 1.2], [-0.5, 2.2]]), 1);
        // A window around one saddle.
        assert_eq!(search([[0.15, 0.28], [0.23, 0.35]]), -1);
    }
}
