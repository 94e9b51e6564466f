//! A basin: a potential and a domain.

use std::sync::Arc;

use super::domain::check_faces;
use super::minimum::check_minimum;
use super::potential::check_point;
use super::sphere::{average, unit_ball_volume};
use super::{Domain, Form, LandscapeError, Potential};

/// A basin: the potential `F` with its minimum `θ*`, the domain `Ω` and the start `θ_0`.
///
/// The exit time is `Γ = inf { t : θ_t ∉ Ω^(-ρ) }`, where `Ω^(-ρ)` holds the points of `Ω` at distance at least `ρ` from its
/// edge; `ρ = 0` unless [`Basin::with_inset`] sets it.
///
/// # Example
/// ```
/// use levy_escape::landscape::{Basin, Domain, Quadratic};
///
/// let basin = Basin::new(Quadratic::new(vec![4.0])?, Domain::interval(-0.5, 0.5))?;
/// assert_eq!(basin.exit_distance(&[2.0]), 0.25);
/// # Ok::<(), levy_escape::landscape::LandscapeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Basin {
    potential: Arc<dyn Potential>,
    pub(super) region: Region,
    start: Vec<f64>,
    is_well: bool,
}

/// The domain in the form that the schemes use, after the inset.
#[derive(Clone, Debug)]
pub(super) enum Region {
    Box { lo: Vec<f64>, hi: Vec<f64> },
    Ball { radius: f64 },
    Ellipsoid { semi_axes: Vec<f64> },
    Level { height: f64, floor: f64, reach: f64 },
}

/// A volume with the standard error of its quadrature, 0 for a closed form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Volume {
    /// The `d`-dimensional volume of the domain.
    pub value: f64,
    /// Standard error of `value`.
    pub error: f64,
}

impl Basin {
    /// A basin in which paths start at the minimum.
    ///
    /// # Errors
    /// [`LandscapeError`] if the domain is empty, without an edge, of another dimension, or does not contain the minimum, if the only faces are
    /// those of half-lines without a force, or if the minimum of a potential without a closed form has a gradient or, in up to 64 dimensions, a
    /// direction in which the potential falls.
    pub fn new(potential: impl Potential + 'static, domain: Domain) -> Result<Self, LandscapeError> {
        Self::shared(Arc::new(potential), domain)
    }

    /// [`Basin::new`] for a potential that is already shared.
    ///
    /// # Errors
    /// As [`Basin::new`].
    pub fn shared(potential: Arc<dyn Potential>, domain: Domain) -> Result<Self, LandscapeError> {
        let dim = potential.dim();
        if dim == 0 {
            return Err(LandscapeError::NoDimension);
        }
        let minimum = potential.minimum().to_vec();
        check_point("minimum", &minimum, dim)?;
        domain.check(dim)?;
        let is_well = domain == Domain::Well;
        let faces = |sides: &[[f64; 2]]| Region::Box {
            lo: sides.iter().map(|side| side[0]).collect(),
            hi: sides.iter().map(|side| side[1]).collect(),
        };
        let region = match domain {
            Domain::Box(sides) => faces(&sides),
            Domain::Well => {
                let sides = potential.well().ok_or(LandscapeError::NoWell)?;
                check_faces(&sides)?;
                faces(&sides)
            }
            Domain::Ball { radius } => Region::Ball { radius },
            Domain::Ellipsoid { semi_axes } => Region::Ellipsoid { semi_axes },
            Domain::Level { height } => {
                Region::Level { height, floor: potential.value(&minimum), reach: f64::INFINITY }
            }
        };
        let mut basin = Basin { potential, region, start: minimum.clone(), is_well };
        if let Region::Level { height, .. } = basin.region {
            let longest = basin.check_level(height)?;
            if let Region::Level { reach, .. } = &mut basin.region {
                *reach = longest;
            }
        }
        if !basin.contains(&minimum) {
            return Err(LandscapeError::MinimumOutside { minimum });
        }
        basin.check_return()?;
        if matches!(basin.potential.form(), Form::General) {
            check_minimum(&*basin.potential, &|axis, sign| basin.axis_exit_distance(axis, sign))?;
        }
        if dim == 1 && basin.sides().is_none() {
            // In one dimension every domain is an interval, for which the schemes have special code.
            let [left, right] = [[-1.0], [1.0]].map(|side| basin.exit_distance(&side));
            basin.region = Region::Box { lo: vec![minimum[0] - left], hi: vec![minimum[0] + right] };
        }
        Ok(basin)
    }

    /// Moves the start.
    ///
    /// # Errors
    /// [`LandscapeError::StartOutside`] unless the start is inside the domain (after the inset).
    pub fn with_start(mut self, start: Vec<f64>) -> Result<Self, LandscapeError> {
        check_point("start", &start, self.dim())?;
        if !self.contains(&start) {
            return Err(LandscapeError::StartOutside { start });
        }
        self.start = start;
        Ok(self)
    }

    /// Replaces `Ω` by `Ω^(-ρ)`, the points at distance at least `rho` from the edge. Call it before
    /// [`Basin::with_start`].
    ///
    /// # Errors
    /// [`LandscapeError::Inset`] if the minimum is no longer inside, or for ellipsoids and level sets of `d > 1`, whose inner
    /// parallel sets have no closed form.
    pub fn with_inset(mut self, rho: f64) -> Result<Self, LandscapeError> {
        if !(rho >= 0.0 && rho.is_finite()) {
            return Err(LandscapeError::Inset { rho, reason: "is not a non-negative finite number" });
        }
        match &mut self.region {
            Region::Box { lo, hi } => {
                lo.iter_mut().for_each(|x| *x += rho);
                hi.iter_mut().for_each(|x| *x -= rho);
            }
            Region::Ball { radius } => *radius -= rho,
            _ if rho > 0.0 => {
                return Err(LandscapeError::Inset { rho, reason: "needs an interval, a box or a ball" });
            }
            _ => {}
        }
        // A negative radius has a positive square.
        let empty = matches!(self.region, Region::Ball { radius } if !(radius > 0.0));
        if empty || !self.contains(self.potential.minimum()) {
            return Err(LandscapeError::Inset { rho, reason: "leaves nothing around the minimum" });
        }
        Ok(self)
    }

    /// Checks that a path comes to the faces of at least one axis in a time with a mean: it is between two of them, or the force brings it back
    /// from the open side.
    fn check_return(&self) -> Result<(), LandscapeError> {
        let (Some((lo, hi)), Some([left, right])) = (self.sides(), self.potential.form().axis_curvatures(self.dim()))
        else {
            return Ok(());
        };
        let mut open = None;
        for axis in 0..self.dim() {
            let returns = match (lo[axis].is_finite(), hi[axis].is_finite()) {
                (true, true) => true,
                (true, false) => right[axis] > 0.0,
                (false, true) => left[axis] > 0.0,
                (false, false) => continue,
            };
            if returns {
                return Ok(());
            }
            open = open.or(Some(axis));
        }
        open.map_or(Ok(()), |axis| Err(LandscapeError::NoReturn { axis }))
    }

    /// Checks that a level set is bounded; returns the longest exit distance along an axis.
    fn check_level(&self, height: f64) -> Result<f64, LandscapeError> {
        if matches!(self.potential.form(), Form::Flat) {
            return Err(LandscapeError::LevelOfFlat);
        }
        // Along an axis without curvature the level set has no end.
        if let Some([left, right]) = self.potential.form().axis_curvatures(self.dim())
            && let Some(axis) = left.iter().zip(&right).position(|(left, right)| left.min(*right) == 0.0)
        {
            return Err(LandscapeError::Unbounded { height, axis });
        }
        let mut longest = 0.0f64;
        for axis in 0..self.dim() {
            for sign in [1.0, -1.0] {
                let distance = self.axis_exit_distance(axis, sign);
                if !distance.is_finite() {
                    return Err(LandscapeError::Unbounded { height, axis });
                }
                longest = longest.max(distance);
            }
        }
        Ok(longest)
    }

    /// The potential.
    pub fn potential(&self) -> &dyn Potential {
        &*self.potential
    }

    /// Dimension `d`.
    pub fn dim(&self) -> usize {
        self.start.len()
    }

    /// The minimum `θ*`.
    pub fn minimum(&self) -> &[f64] {
        self.potential.minimum()
    }

    /// The start `θ_0`.
    pub fn start(&self) -> &[f64] {
        &self.start
    }

    /// The two ends per axis if the domain is a box (an interval in one dimension). Ends may be infinite.
    pub fn sides(&self) -> Option<(&[f64], &[f64])> {
        match &self.region {
            Region::Box { lo, hi } => Some((lo, hi)),
            _ => None,
        }
    }

    /// The semi-axes of a ball or an ellipsoid, and whether it is a ball.
    pub(crate) fn semi_axes(&self) -> Option<(Vec<f64>, bool)> {
        match &self.region {
            Region::Ball { radius } => Some((vec![*radius; self.dim()], true)),
            Region::Ellipsoid { semi_axes } => Some((semi_axes.clone(), false)),
            _ => None,
        }
    }

    /// Whether the domain is the well of attraction of the minimum, [`Domain::Well`].
    pub fn is_well(&self) -> bool {
        self.is_well
    }

    /// The length of a side of a box; if one end is infinite, twice the distance from the minimum to the other end.
    pub(crate) fn width(&self, axis: usize) -> f64 {
        let reaches = [-1.0, 1.0].map(|sign| self.axis_exit_distance(axis, sign));
        match &self.region {
            Region::Box { lo, hi } if (hi[axis] - lo[axis]).is_finite() => hi[axis] - lo[axis],
            _ => 2.0 * reaches[0].min(reaches[1]),
        }
    }

    /// Whether noise on an axis without faces can move a path through the faces of other axes: the potential may couple them. In a well the
    /// other axes have a separate force.
    pub(crate) fn couples_open_axes(&self) -> bool {
        !self.is_well && self.potential.form().axis_curvatures(self.dim()).is_none()
    }

    /// Whether the domain is round, `Σ (y_i/r_i±)² < 1` with the ways `r_i±` along the axes, or else a box; `None` if it is neither.
    pub(crate) fn round_axes(&self) -> Option<bool> {
        match &self.region {
            Region::Box { .. } => Some(false),
            Region::Ball { .. } | Region::Ellipsoid { .. } => Some(true),
            Region::Level { .. } => self.potential.form().curvatures_of(0).map(|_| true),
        }
    }

    /// Whether `x` lies in the open domain; `false` for a point that is not finite.
    pub fn contains(&self, x: &[f64]) -> bool {
        match &self.region {
            Region::Box { lo, hi } => x.iter().zip(lo).zip(hi).all(|((x, lo), hi)| lo < x && x < hi),
            Region::Ball { radius } => self.offsets(x).map(|y| y * y).sum::<f64>() < radius * radius,
            Region::Ellipsoid { semi_axes } => {
                self.offsets(x).zip(semi_axes).map(|(y, a)| (y / a) * (y / a)).sum::<f64>() < 1.0
            }
            Region::Level { height, floor, .. } => {
                let level = floor + height;
                self.potential.value(x) < level && self.potential.joins_minimum(x, level)
            }
        }
    }

    /// Distance from `θ*` to the edge along `direction`, in units of that vector: `sup { s : θ* + s v ∈ Ω }` over the part
    /// connected to `θ*`. Infinite for the zero vector.
    pub fn exit_distance(&self, direction: &[f64]) -> f64 {
        match &self.region {
            Region::Box { lo, hi } => {
                let mut nearest = f64::INFINITY;
                for (((v, m), lo), hi) in direction.iter().zip(self.minimum()).zip(lo).zip(hi) {
                    if *v > 0.0 {
                        nearest = nearest.min((hi - m) / v);
                    } else if *v < 0.0 {
                        nearest = nearest.min((lo - m) / v);
                    }
                }
                nearest
            }
            Region::Ball { radius } => radius / direction.iter().map(|v| v * v).sum::<f64>().sqrt(),
            Region::Ellipsoid { semi_axes } => {
                direction.iter().zip(semi_axes).map(|(v, a)| (v / a) * (v / a)).sum::<f64>().sqrt().recip()
            }
            Region::Level { height, floor, .. } => self.level_distance(direction, *height, *floor),
        }
    }

    /// [`Basin::exit_distance`] along `v e_axis`, at a cost that does not grow with the dimension, except for level sets of coupled axes.
    pub(crate) fn axis_exit_distance(&self, axis: usize, v: f64) -> f64 {
        match &self.region {
            Region::Box { lo, hi } => {
                let minimum = self.minimum()[axis];
                match v {
                    v if v > 0.0 => (hi[axis] - minimum) / v,
                    v if v < 0.0 => (lo[axis] - minimum) / v,
                    _ => f64::INFINITY,
                }
            }
            Region::Ball { radius } => radius / (v * v).sqrt(),
            Region::Ellipsoid { semi_axes } => ((v / semi_axes[axis]) * (v / semi_axes[axis])).sqrt().recip(),
            Region::Level { height, floor, .. } => {
                if let Some([left, right]) = self.potential.form().curvatures_of(axis) {
                    return (2.0 * height / if v < 0.0 { left } else { right }).sqrt() / v.abs();
                }
                let mut direction = vec![0.0; self.dim()];
                direction[axis] = v;
                self.level_distance(&direction, *height, *floor)
            }
        }
    }

    fn level_distance(&self, direction: &[f64], height: f64, floor: f64) -> f64 {
        let point = |s: f64| -> Vec<f64> { self.minimum().iter().zip(direction).map(|(m, v)| m + s * v).collect() };
        let rise = |s: f64| self.potential.value(&point(s)) - floor;
        if direction.iter().all(|v| *v == 0.0) {
            return f64::INFINITY;
        }
        if !matches!(self.potential.form(), Form::General) {
            // Homogeneous of degree two about the minimum.
            return (height / rise(1.0)).sqrt();
        }
        // Marches outwards, starting with a step far below the first crossing of a parabola, then bisects.
        let norm = direction.iter().map(|v| v * v).sum::<f64>().sqrt();
        let probe = 1e-4 / norm;
        let curvature = 2.0 * rise(probe) / (probe * probe);
        let mut step = if curvature > 0.0 { (2.0 * height / curvature).sqrt() / 16.0 } else { 1e-3 / norm };
        let mut inside = 0.0;
        for _ in 0..4096 {
            if !self.contains(&point(inside + step)) {
                let mut outside = inside + step;
                while outside - inside > 1e-15 * outside {
                    let middle = 0.5 * (inside + outside);
                    if middle <= inside || middle >= outside {
                        break;
                    }
                    if self.contains(&point(middle)) { inside = middle } else { outside = middle }
                }
                return outside;
            }
            inside += step;
            step *= 1.01;
        }
        f64::INFINITY
    }

    /// Gauge of the domain at `x`: `|x - θ*| / r(u)` with the exit radius `r(u)` along `u = (x-θ*)/|x-θ*|`. Below 1 inside, 1 on
    /// the edge; for an exit it is the overshoot, which is Pareto with index α in the limit `ε → 0`.
    pub fn gauge(&self, x: &[f64]) -> f64 {
        let direction: Vec<f64> = self.offsets(x).collect();
        1.0 / self.exit_distance(&direction)
    }

    /// Signed distance to the edge of a smooth domain near `x`, positive inside, and the outward unit normal there.
    ///
    /// Measured along the gradient of the gauge: exact for balls, second order in the distance otherwise. Boxes have
    /// corners; use [`Basin::sides`] for them.
    pub(crate) fn edge(&self, x: &[f64], normal: &mut [f64]) -> f64 {
        match &self.region {
            Region::Ball { radius } => {
                let norm = self.offsets(x).map(|y| y * y).sum::<f64>().sqrt();
                if norm == 0.0 {
                    return self.centre_distance(normal);
                }
                normal.iter_mut().zip(self.offsets(x)).for_each(|(n, y)| *n = y / norm);
                radius - norm
            }
            Region::Ellipsoid { semi_axes } => {
                normal.iter_mut().zip(self.offsets(x)).zip(semi_axes).for_each(|((n, y), a)| *n = y / (a * a));
                let norm = normal.iter().map(|n| n * n).sum::<f64>().sqrt();
                if norm == 0.0 {
                    return self.centre_distance(normal);
                }
                let (mut a, mut b, mut c) = (0.0, 0.0, -1.0);
                for ((n, y), axis) in normal.iter_mut().zip(self.offsets(x)).zip(semi_axes) {
                    *n /= norm;
                    a += (*n / axis) * (*n / axis);
                    b += *n * y / (axis * axis);
                    c += (y / axis) * (y / axis);
                }
                ((b * b - a * c).max(0.0).sqrt() - b) / a
            }
            Region::Level { height, floor, reach } => {
                self.potential.gradient(x, normal);
                let norm = normal.iter().map(|n| n * n).sum::<f64>().sqrt();
                if norm == 0.0 {
                    return self.centre_distance(normal);
                }
                normal.iter_mut().for_each(|n| *n /= norm);
                let below = floor + height - self.potential.value(x);
                if below == 0.0 {
                    return 0.0;
                }
                // The curvature along the normal comes from a second gradient at the current estimate, which is exact for
                // quadratics. Near the minimum the first estimate would lie far outside.
                let mut distance = (below / norm).clamp(-reach, *reach);
                let mut gradient = vec![0.0; x.len()];
                let guesses = if matches!(self.potential.form(), Form::General) { 3 } else { 1 };
                for _ in 0..guesses {
                    let ahead: Vec<f64> = x.iter().zip(normal.iter()).map(|(x, n)| x + distance * n).collect();
                    self.potential.gradient(&ahead, &mut gradient);
                    let slope: f64 = gradient.iter().zip(normal.iter()).map(|(g, n)| g * n).sum();
                    let curvature = (slope - norm) / distance;
                    // The root of ½ curvature s² + norm s = below with the sign of `below`, in its numerically stable form.
                    let root = (norm * norm + 2.0 * curvature * below).max(0.0).sqrt();
                    distance = (2.0 * below / (norm + root)).clamp(-reach, *reach);
                }
                distance
            }
            Region::Box { lo, hi } => {
                let mut nearest = f64::INFINITY;
                let mut face = (0, 1.0);
                for i in 0..x.len() {
                    for (distance, sign) in [(hi[i] - x[i], 1.0), (x[i] - lo[i], -1.0)] {
                        if distance < nearest {
                            (nearest, face) = (distance, (i, sign));
                        }
                    }
                }
                normal.fill(0.0);
                normal[face.0] = face.1;
                nearest
            }
        }
    }

    /// The nearest exit along the axes, for a path at the minimum, where the gauge has no gradient.
    fn centre_distance(&self, normal: &mut [f64]) -> f64 {
        let mut nearest = (f64::INFINITY, 0);
        for axis in 0..normal.len() {
            normal.fill(0.0);
            normal[axis] = 1.0;
            let distance = self.exit_distance(normal);
            if distance < nearest.0 {
                nearest = (distance, axis);
            }
        }
        normal.fill(0.0);
        normal[nearest.1] = 1.0;
        nearest.0
    }

    /// Volume of the domain, infinite if a side is: a closed form, or `V_d E_u[r(u)^d]` with its standard error.
    pub fn volume(&self) -> Volume {
        let dim = self.dim();
        let exact = |value| Volume { value, error: 0.0 };
        match &self.region {
            Region::Box { lo, hi } => exact(lo.iter().zip(hi).map(|(lo, hi)| hi - lo).product()),
            Region::Ball { radius } => exact(unit_ball_volume(dim) * radius.powi(dim as i32)),
            Region::Ellipsoid { semi_axes } => exact(unit_ball_volume(dim) * semi_axes.iter().product::<f64>()),
            Region::Level { height, .. } => {
                let axis = |k: f64| (2.0 * height / k).sqrt();
                match self.potential.form() {
                    Form::Diagonal(k) => exact(unit_ball_volume(dim) * k.iter().map(|k| axis(*k)).product::<f64>()),
                    Form::Dense(h) => {
                        let product = h.symmetric_eigenvalues().iter().map(|k| axis(*k)).product::<f64>();
                        exact(unit_ball_volume(dim) * product)
                    }
                    // In every orthant the level set is part of another ellipsoid.
                    Form::Asymmetric { left, right } => {
                        let mean = left.iter().zip(right).map(|(l, r)| 0.5 * (axis(*l) + axis(*r)));
                        exact(unit_ball_volume(dim) * mean.product::<f64>())
                    }
                    _ => {
                        let ball = unit_ball_volume(dim);
                        let (value, error) = average(dim, |u| self.exit_distance(u).powi(dim as i32));
                        Volume { value: ball * value, error: ball * error }
                    }
                }
            }
        }
    }

    pub(super) fn offsets<'a>(&'a self, x: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        x.iter().zip(self.minimum()).map(|(x, m)| x - m)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{Asymmetric, DoubleWell, Flat, Quadratic, Well};
    use nalgebra::DMatrix;
    use std::f64::consts::PI;

    fn all_shapes() -> Vec<Basin> {
        let bowl = || Quadratic::new(vec![4.0, 1.0]).unwrap().centred_at(vec![0.2, -0.1]).unwrap();
        let dense = Quadratic::with_hessian(DMatrix::from_row_slice(2, 2, &[2.0, 0.5, 0.5, 1.0])).unwrap();
        let valley = Asymmetric::new(vec![4.0, 1.0], vec![1.0, 0.25]).unwrap();
        let wells = DoubleWell::new([-1.0, 1.5], 0.0, 1.0).unwrap().with_transverse(vec![2.0]).unwrap();
        vec![
            Basin::new(bowl(), Domain::Box(vec![[-0.5, 1.0], [-2.0, 1.0]])).unwrap(),
            Basin::new(bowl(), Domain::ball(0.7)).unwrap(),
            Basin::new(bowl(), Domain::Ellipsoid { semi_axes: vec![0.5, 2.0] }).unwrap(),
            Basin::new(bowl(), Domain::Level { height: 0.8 }).unwrap(),
            Basin::new(dense, Domain::Level { height: 0.8 }).unwrap(),
            Basin::new(valley, Domain::Level { height: 0.5 }).unwrap(),
            Basin::new(wells, Domain::Level { height: 0.3 }).unwrap(),
        ]
    }

    #[test]
    fn exit_distance_is_where_contains_ends() {
        for basin in all_shapes() {
            for k in 0..24 {
                let angle = 0.1 + PI * f64::from(k) / 12.0;
                let v = [3.0 * angle.cos(), 3.0 * angle.sin()];
                let r = basin.exit_distance(&v);
                let at = |s: f64| -> Vec<f64> { basin.minimum().iter().zip(&v).map(|(m, v)| m + s * v).collect() };
                assert!(basin.contains(&at(r * (1.0 - 1e-9))), "{basin:?} {v:?}");
                assert!(!basin.contains(&at(r * (1.0 + 1e-9))), "{basin:?} {v:?}");
                assert!((basin.gauge(&at(0.5 * r)) - 0.5).abs() < 1e-9);
            }
        }
    }

    /// Compares volumes with counts of grid points: 1 % for 10^6 cells of a two-dimensional set.
    #[test]
    fn volumes_agree_with_counting() {
        for basin in all_shapes() {
            let (n, reach) = (1000, 4.0);
            let inside = (0..n * n).filter(|k| {
                let x = [(k % n) as f64, (k / n) as f64].map(|i| reach * ((i + 0.5) / n as f64 * 2.0 - 1.0));
                basin.contains(&x)
            });
            let counted = inside.count() as f64 * (2.0 * reach / n as f64).powi(2);
            let volume = basin.volume().value;
            assert!((counted / volume - 1.0).abs() < 0.01, "{basin:?}: {counted} {volume}");
        }
    }

    #[test]
    fn edge_distance_vanishes_on_the_edge_and_has_unit_slope() {
        for basin in all_shapes().into_iter().skip(1) {
            for k in 0..12 {
                let angle = 0.05 + PI * f64::from(k) / 6.0;
                let v = [angle.cos(), angle.sin()];
                let r = basin.exit_distance(&v);
                let on_edge: Vec<f64> = basin.minimum().iter().zip(v).map(|(m, v)| m + r * v).collect();
                let (mut normal, mut other) = ([0.0; 2], [0.0; 2]);
                assert!(basin.edge(&on_edge, &mut normal).abs() < 1e-6, "{basin:?}");
                for depth in [0.01, -0.01] {
                    let inner: Vec<f64> = on_edge.iter().zip(normal).map(|(x, n)| x - depth * n).collect();
                    let distance = basin.edge(&inner, &mut other);
                    assert!((distance - depth).abs() < 1e-3, "{basin:?} {depth} {distance}");
                }
            }
        }
    }

    #[test]
    fn level_of_the_right_well_stays_right() {
        let wells = DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap().from_well(Well::Right);
        let basin = Basin::new(wells, Domain::Level { height: 0.25 }).unwrap();
        assert!(basin.contains(&[0.01]) && !basin.contains(&[-0.5]) && !basin.contains(&[1.5]));
        // F(x) = 0 at 0 and √2.
        assert!((basin.exit_distance(&[1.0]) - (2f64.sqrt() - 1.0)).abs() < 1e-9);
    }

    /// At a level just above the saddle, the march does not enter the next well.
    #[test]
    fn level_at_the_saddle_ends_there() {
        let wells = DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap();
        let basin = Basin::new(wells.clone(), Domain::Level { height: 0.25 }).unwrap();
        assert!((basin.exit_distance(&[1.0]) - 1.0).abs() < 1e-9);
        let valley = Basin::new(wells.with_transverse(vec![1.0]).unwrap(), Domain::Level { height: 0.25 }).unwrap();
        assert!((valley.exit_distance(&[1.0, 0.0]) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_well_ends_at_its_saddle_only() {
        let wells = DoubleWell::new([-1.0, 1.5], 0.25, 1.0).unwrap().with_transverse(vec![1.0]).unwrap();
        let basin = Basin::new(wells.from_well(Well::Right), Domain::Well).unwrap();
        assert_eq!(basin.exit_distance(&[-1.0, 0.0]), 1.25);
        assert_eq!(basin.exit_distance(&[1.0, 5.0]), f64::INFINITY);
        assert!(basin.contains(&[1e9, -1e9]) && !basin.contains(&[0.25, 0.0]) && basin.volume().value.is_infinite());
        let bowl = Quadratic::new(vec![1.0]).unwrap();
        assert_eq!(Basin::new(bowl, Domain::Well).unwrap_err(), LandscapeError::NoWell);
    }

    #[test]
    fn a_domain_may_be_open_but_not_on_all_sides() {
        let (inf, bowl) = (f64::INFINITY, || Quadratic::new(vec![1.0, 2.0]).unwrap());
        let half_space = Basin::new(bowl(), Domain::Box(vec![[-inf, inf], [-1.0, inf]])).unwrap();
        assert!(half_space.contains(&[1e300, 1e300]) && !half_space.contains(&[0.0, -1.0]));
        assert!(!half_space.contains(&[inf, 0.0]) && half_space.volume().value == inf);
        assert_eq!((half_space.width(0), half_space.width(1)), (inf, 2.0));
        assert_eq!(half_space.exit_distance(&[3.0, -2.0]), 0.5);
        assert_eq!(half_space.gauge(&[7.0, 5.0]), 0.0);
        let inset = half_space.with_inset(0.25).unwrap();
        assert_eq!(inset.sides(), Some((&[-inf, -0.75][..], &[inf, inf][..])));
        let line = |lo, hi| Basin::new(Quadratic::new(vec![1.0]).unwrap(), Domain::interval(lo, hi)).unwrap_err();
        assert_eq!(line(-inf, inf), LandscapeError::NoFace);
        for (lo, hi) in [(inf, 1.0), (1.0, -inf), (inf, inf), (-1.0, f64::NAN), (f64::NAN, 1.0)] {
            assert!(matches!(line(lo, hi), LandscapeError::EmptyInterval { axis: 0, .. }), "{lo} {hi}");
        }
    }

    /// A flat axis is welcome where another axis limits the exit time.
    #[test]
    fn without_a_force_a_half_line_is_refused() {
        let (inf, half_line) = (f64::INFINITY, [f64::NEG_INFINITY, 1.0]);
        let flat = Basin::new(Flat::new(1).unwrap(), Domain::Box(vec![half_line]));
        assert_eq!(flat.unwrap_err(), LandscapeError::NoReturn { axis: 0 });
        let valley = |sides| Basin::new(Quadratic::new(vec![1.0, 0.0]).unwrap(), Domain::Box(sides));
        assert_eq!(valley(vec![[-inf, inf], half_line]).unwrap_err(), LandscapeError::NoReturn { axis: 1 });
        assert!(valley(vec![half_line, half_line]).is_ok() && valley(vec![[-1.0, 1.0], [-inf, inf]]).is_ok());
    }

    #[test]
    fn one_dimensional_domains_are_intervals() {
        let bowl = || Quadratic::new(vec![2.0]).unwrap().centred_at(vec![0.5]).unwrap();
        for domain in [Domain::ball(0.5), Domain::Ellipsoid { semi_axes: vec![0.5] }, Domain::Level { height: 0.25 }] {
            let basin = Basin::new(bowl(), domain).unwrap();
            assert_eq!(basin.sides(), Some((&[0.0][..], &[1.0][..])));
        }
    }

    #[test]
    fn what_makes_no_basin_is_refused() {
        let bowl = || Quadratic::new(vec![1.0]).unwrap();
        assert!(matches!(
            Basin::new(bowl(), Domain::interval(0.5, 0.5)),
            Err(LandscapeError::EmptyInterval { axis: 0, .. })
        ));
        assert!(matches!(Basin::new(bowl(), Domain::interval(0.5, 1.0)), Err(LandscapeError::MinimumOutside { .. })));
        assert!(matches!(Basin::new(bowl(), Domain::ball(-1.0)), Err(LandscapeError::Size { .. })));
        let basin = Basin::new(bowl(), Domain::interval(-1.0, 1.0)).unwrap();
        assert!(matches!(basin.clone().with_start(vec![1.0]), Err(LandscapeError::StartOutside { .. })));
        for rho in [1.0, 2.0] {
            assert!(basin.clone().with_inset(rho).is_err(), "{rho}");
            let ball = Basin::new(Flat::new(2).unwrap(), Domain::ball(1.0)).unwrap();
            assert!(ball.with_inset(rho).is_err(), "{rho}");
        }
        let inset = basin.with_inset(0.25).unwrap();
        assert_eq!(inset.exit_distance(&[1.0]), 0.75);
        let flat = Flat::new(2).unwrap();
        assert_eq!(Basin::new(flat, Domain::Level { height: 1.0 }).unwrap_err(), LandscapeError::LevelOfFlat);
        assert!(!Basin::new(bowl(), Domain::ball(1.0)).unwrap().contains(&[f64::NAN]));
    }
}
