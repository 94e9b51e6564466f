//! The minima of a potential in several dimensions, and the well of every point.

use super::super::minimum::descend;
use super::super::sphere::directions;
use super::super::{LandscapeError, Potential};
use super::core::{Core, core};
use super::descent::{Descent, Progress, is_beside_minimum, norm};

/// Largest number of dimensions in which minima are searched for, and largest number of minima: a periodic potential has no end of them.
const MOST_DIMENSIONS: usize = 20;
const MOST_MINIMA: usize = 64;
/// Growth of the distance along a ray on which the search looks at values, and where it ends, in radii of the core.
const OUTWARDS: f64 = 0.08;
const FURTHEST: f64 = 1e3;
/// Distances in radii of the core from which the search descends as well, along the first directions.
const STARTS: [f64; 5] = [1.3, 2.0, 4.0, 8.0, 16.0];
const MOST_STARTS: usize = 48;
/// Local error of the flow, as a share of the distance to the nearest minimum, or of the core.
const TOLERANCE: f64 = 1e-5;
/// Most steps of the flow from one point, and steps between two looks for a minimum that is not in the list.
const MOST_STEPS: u32 = 20_000;
const LOOK_EVERY: u32 = 8;
/// Relative error of the place at which the well along a ray changes.
const PLACED: f64 = 1e-9;
/// Coordinates that agree to this share of the largest are the same for the order of the minima.
const SAME: f64 = 1e-6;

/// The minima of a potential, in the order of their coordinates: by the first one, at equal first ones by the second, and so on.
///
/// The well of a point is the minimum to which the gradient flow `dx/dt = -∇F(x)` leads from it. The flow is followed by adaptive steps until it
/// enters the core of a minimum, a ball in which it cannot leave it. Points within some 10⁻⁵ core radii of the boundary between two wells may be
/// assigned to either.
///
/// # Example
/// ```
/// use levy_escape::landscape::{Expression, Minima};
///
/// let wells = Expression::new("(x^2 - 1)^2 + (y - x)^2", &[], Some(&[1.0, 1.0]), None)?;
/// let minima = Minima::search(&wells).unwrap();
/// assert_eq!(minima.count(), 2);
/// assert_eq!(minima.well_of(&wells, &[0.1, 7.0]), Some(1));
/// assert_eq!(minima.well_of(&wells, &[-40.0, -3.0]), Some(0));
/// # Ok::<(), levy_escape::landscape::LandscapeError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Minima {
    points: Vec<Vec<f64>>,
    cores: Vec<f64>,
}

impl Minima {
    /// The minima at the given points, which are sorted.
    ///
    /// # Errors
    /// [`LandscapeError::Length`] for a point of another dimension, [`LandscapeError::NoCore`] for one to which the flow does not lead from
    /// everywhere around it.
    pub fn new(potential: &dyn Potential, points: Vec<Vec<f64>>) -> Result<Self, LandscapeError> {
        let directions = directions(potential.dim());
        let mut found = Vec::with_capacity(points.len());
        for point in points {
            if point.len() != potential.dim() {
                return Err(LandscapeError::Length { what: "minimum", found: point.len(), dim: potential.dim() });
            }
            match core_radius(potential, &point, &directions) {
                Some(radius) => found.push((point, radius)),
                None => return Err(LandscapeError::NoCore { minimum: point }),
            }
        }
        Ok(Self::sorted(found))
    }

    /// Searches for the minima around that of `potential`: along rays from it, and along rays from every minimum that is found. A descent begins
    /// wherever the value along a ray has a minimum, and at some points near the core. Wells may be missed that are narrower than a tenth of
    /// their distance from all others.
    ///
    /// `None` in more than 20 dimensions, with more than 64 minima, or if the minimum of the potential is not one.
    pub fn search(potential: &dyn Potential) -> Option<Self> {
        let dim = potential.dim();
        if dim == 0 || dim > MOST_DIMENSIONS {
            return None;
        }
        let directions = directions(dim);
        let first = potential.minimum().to_vec();
        let radius = core_radius(potential, &first, &directions)?;
        let mut found = vec![(first, radius)];
        let mut explored = 0;
        while explored < found.len() {
            let (centre, radius) = found[explored].clone();
            explored += 1;
            if radius.is_infinite() {
                continue;
            }
            for start in starts(potential, &centre, radius, &directions) {
                let known = |x: &[f64]| found.iter().any(|(m, radius)| distance(x, m) < *radius);
                if known(&start) {
                    continue;
                }
                let Ok(point) = descend(potential, &start, true) else { continue };
                if known(&point) {
                    continue;
                }
                if let Some(radius) = core_radius(potential, &point, &directions) {
                    found.push((point, radius));
                }
                if found.len() > MOST_MINIMA {
                    return None;
                }
            }
        }
        Some(Self::sorted(found))
    }

    fn sorted(mut found: Vec<(Vec<f64>, f64)>) -> Self {
        let order = in_order(found.iter().flat_map(|(m, _)| m).fold(0.0, |largest: f64, x| largest.max(x.abs())));
        found.sort_by(|(a, _), (b, _)| order(a, b));
        let (points, cores) = found.into_iter().unzip();
        Minima { points, cores }
    }

    /// The minima, each of length `d`.
    pub fn points(&self) -> &[Vec<f64>] {
        &self.points
    }

    /// Number of minima.
    pub fn count(&self) -> usize {
        self.points.len()
    }

    /// The minimum, counted from 0, to which the flow leads from `x`. `None` for a flow that leaves the finite numbers, that comes to a minimum
    /// which is not in the list, or that has not come to one after 20,000 steps, as on a plateau; and for a point that is not finite.
    pub fn well_of(&self, potential: &dyn Potential, x: &[f64]) -> Option<usize> {
        let nearest = |x: &[f64]| {
            let apart = self.points.iter().map(|m| distance(x, m)).enumerate();
            apart.min_by(|(_, a), (_, b)| a.total_cmp(b))
        };
        let (mut well, mut away) = nearest(x).filter(|(_, away)| away.is_finite())?;
        let mut flow = Descent::new(potential, x, 0.1 * self.cores[well].min(away.max(f64::MIN_POSITIVE)));
        for step in 1..=MOST_STEPS {
            if away < self.cores[well] {
                return Some(well);
            }
            match flow.advance(TOLERANCE * self.cores[well].max(away)) {
                Progress::Lost => return None,
                Progress::Rejected => continue,
                Progress::Moved => {}
            }
            (well, away) = nearest(flow.place())?;
            let is_elsewhere = || is_beside_minimum(potential, flow.place(), flow.gradient(), self.cores[well]);
            if step % LOOK_EVERY == 0 && away > self.cores[well] && is_elsewhere() {
                return None;
            }
        }
        None
    }

    /// The wells along the ray from the minimum at `from`, with the lengths `s` between which each holds `from + s direction`. Parts narrower than a
    /// twelfth of their distance may be missed; what lies beyond a thousand core radii counts as the last.
    pub(in crate::landscape) fn along(
        &self,
        potential: &dyn Potential,
        from: &[f64],
        direction: &[f64],
    ) -> Vec<(Option<usize>, [f64; 2])> {
        let Some(first) = self.well_of(potential, from) else { return Vec::new() };
        let unit = self.cores[first] / norm(direction);
        if !unit.is_finite() {
            return vec![(Some(first), [0.0, f64::INFINITY])];
        }
        let at = |s: f64| {
            let point: Vec<f64> = from.iter().zip(direction).map(|(m, v)| m + s * v).collect();
            self.well_of(potential, &point)
        };
        let (mut wells, mut begins, mut well, mut before) = (Vec::new(), 0.0, Some(first), unit);
        while before < FURTHEST * unit {
            let after = before * (1.0 + OUTWARDS);
            let mut a = before;
            // A step may pass over a boundary into the well before the last of the step.
            loop {
                let there = at(after);
                if there == well {
                    break;
                }
                let (mut inside, mut outside, mut next) = (a, after, there);
                while outside - inside > PLACED * outside {
                    let middle = 0.5 * (inside + outside);
                    let found = at(middle);
                    if found == well { inside = middle } else { (outside, next) = (middle, found) }
                }
                wells.push((well, [begins, outside]));
                (begins, well, a) = (outside, next, outside);
            }
            before = after;
        }
        wells.push((well, [begins, f64::INFINITY]));
        wells
    }
}

/// The order of wells by the coordinates of their minima, of which `largest` is the largest absolute value. It does not depend on rounding where the
/// first coordinates agree.
pub(in crate::landscape) fn in_order(largest: f64) -> impl Fn(&[f64], &[f64]) -> std::cmp::Ordering {
    let place = move |x: &f64| (x / (SAME * largest.max(f64::MIN_POSITIVE))).round();
    move |a, b| {
        let pairs = a.iter().map(place).zip(b.iter().map(place));
        pairs.map(|(a, b)| a.total_cmp(&b)).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    }
}

/// Where the descents of a search around one minimum begin.
fn starts(potential: &dyn Potential, centre: &[f64], radius: f64, directions: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let at = |u: &[f64], s: f64| -> Vec<f64> { centre.iter().zip(u).map(|(m, u)| m + s * u).collect() };
    let stride = directions.len().div_ceil(MOST_STARTS);
    let mut starts: Vec<Vec<f64>> =
        directions.iter().step_by(stride).flat_map(|u| STARTS.map(|share| at(u, share * radius))).collect();
    for u in directions {
        let [mut before, mut here] = [f64::NEG_INFINITY, potential.value(centre)];
        let mut s = radius;
        while s < FURTHEST * radius {
            let next = s * (1.0 + OUTWARDS);
            let ahead = potential.value(&at(u, next));
            if before > here && here <= ahead {
                starts.push(at(u, s));
            }
            (before, here, s) = (here, ahead, next);
        }
    }
    starts
}

/// The radius of the core, infinite where the flow leads to the point from everywhere; `None` if it is not a minimum.
fn core_radius(potential: &dyn Potential, point: &[f64], directions: &[Vec<f64>]) -> Option<f64> {
    match core(potential, point, directions) {
        Core::None => None,
        Core::Ball { radius } => Some(radius),
        Core::Everything => Some(f64::INFINITY),
    }
}

/// Finite also where the squares are not.
fn distance(x: &[f64], m: &[f64]) -> f64 {
    let largest = x.iter().zip(m).fold(0.0, |largest: f64, (x, m)| largest.max((x - m).abs()));
    // A maximum passes over what is not a number.
    if !largest.is_finite() || x.iter().any(|x| x.is_nan()) {
        return f64::INFINITY;
    }
    if largest == 0.0 {
        return 0.0;
    }
    largest * x.iter().zip(m).map(|(x, m)| ((x - m) / largest).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::Expression;
    use crate::noise::{Seed, Stream};

    fn expression(formula: &str, minimum: &[f64]) -> Expression {
        Expression::new(formula, &[], None, Some(minimum)).unwrap()
    }

    /// Müller and Brown's three minima, from each of them and in the order of `x`; four wells of a product, in order of `x` and then of `y`; and eight
    /// in three dimensions.
    #[test]
    fn the_search_finds_all_minima() {
        let mueller_brown = "-200*exp(-(x-1)^2 - 10*y^2) - 100*exp(-x^2 - 10*(y-0.5)^2) \
            - 170*exp(-6.5*(x+0.5)^2 + 11*(x+0.5)*(y-1.5) - 6.5*(y-1.5)^2) \
            + 15*exp(0.7*(x+1)^2 + 0.6*(x+1)*(y-1) + 0.7*(y-1)^2)";
        let known = [[-0.558_223_634, 1.441_725_842], [-0.050_010_823, 0.466_694_105], [0.623_499_405, 0.028_037_759]];
        for start in &known {
            let found = Minima::search(&expression(mueller_brown, start)).unwrap();
            assert_eq!(found.count(), 3, "{found:?}");
            for (point, exact) in found.points().iter().zip(&known) {
                assert!(point.iter().zip(exact).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
            }
        }
        let product = Minima::search(&expression("(x^2 - 1)^2 + 9*(y^2 - 1/4)^2", &[1.0, 0.4])).unwrap();
        let signs = [[-1.0, -0.5], [-1.0, 0.5], [1.0, -0.5], [1.0, 0.5]];
        assert!(
            product.points().iter().zip(signs).all(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1]) < 1e-7),
            "{product:?}"
        );
        let cube = expression("(x^2 - 1)^2 + (y^2 - 1)^2 + (z^2 - 1)^2", &[1.0, 1.0, 1.0]);
        assert_eq!(Minima::search(&cube).unwrap().count(), 8);
    }

    /// In a product the well is given by signs, also far out where the force is 10²⁰ times as large.
    #[test]
    fn the_flow_leads_to_the_quadrant() {
        let product = expression("(x^2 - 1)^2 + 9*(y^2 - 1/4)^2", &[1.0, 0.4]);
        let minima = Minima::search(&product).unwrap();
        let mut stream = Stream::new(Seed(2), 0, 0);
        let mut counts = [0; 4];
        for k in 0..200 {
            let scale = 10f64.powi(k % 8 - 1);
            let [x, y] = [0, 1].map(|_| scale * (2.0 * stream.open01() - 1.0));
            let well = minima.well_of(&product, &[x, y]);
            assert_eq!(well, Some(2 * usize::from(x > 0.0) + usize::from(y > 0.0)), "{x} {y}");
            counts[well.unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
    }

    /// A ring of minima and a periodic potential have no list. Points that run off, that stay on a saddle, or that are not finite are in no well.
    #[test]
    fn what_is_in_no_well() {
        assert_eq!(Minima::search(&expression("2 - cos(x) - cos(y)", &[0.1, 0.1])), None);
        let ring = expression("(x^2 + y^2 - 1)^2", &[1.1, 0.0]);
        assert_eq!(Minima::search(&ring), None);
        let open = expression("x^2 - x^3/10 + y^2", &[0.1, 0.1]);
        let minima = Minima::search(&open).unwrap();
        assert_eq!(minima.count(), 1);
        for (point, well) in [([6.0, 3.0], Some(0)), ([7.0, 3.0], None), ([1e9, 0.0], None), ([f64::NAN, 0.0], None)] {
            assert_eq!(minima.well_of(&open, &point), well, "{point:?}");
        }
        assert_eq!(minima.well_of(&open, &[f64::INFINITY, 0.0]), None);
        let two = expression("(x^2 - 1)^2 + y^2", &[1.0, 0.0]);
        assert_eq!(Minima::search(&two).unwrap().well_of(&two, &[0.0, 0.0]), None);
        // Flat beyond the well.
        let plateau = expression("-exp(-x^2 - y^2)", &[0.1, 0.0]);
        assert_eq!(Minima::search(&plateau).unwrap().well_of(&plateau, &[1e3, 0.0]), None);
        let given = Minima::new(&two, vec![vec![1.0, 0.0], vec![-1.0, 0.0]]).unwrap();
        assert_eq!(given.points()[0], [-1.0, 0.0]);
        assert!(matches!(Minima::new(&two, vec![vec![0.0, 0.0]]), Err(LandscapeError::NoCore { .. })));
        assert!(matches!(Minima::new(&two, vec![vec![0.0]]), Err(LandscapeError::Length { .. })));
    }
}
