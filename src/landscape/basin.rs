//! A basin: a potential and a domain.

use std::sync::Arc;

use super::attraction::Attraction;
use super::domain::check_faces;
use super::landing_wells::LandingWells;
use super::minimum::check_minimum;
use super::potential::check_point;
use super::target::Target;
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
    pub(super) landing: LandingWells,
}

/// The domain in the form that the schemes use, after the inset.
#[derive(Clone, Debug)]
pub(super) enum Region {
    Box {
        lo: Vec<f64>,
        hi: Vec<f64>,
    },
    Ball {
        radius: f64,
    },
    Ellipsoid {
        semi_axes: Vec<f64>,
    },
    Level {
        height: f64,
        floor: f64,
        reach: f64,
    },
    /// Everything but the target.
    Until(Target),
    /// The basin of attraction, in more than one dimension.
    Attraction(Attraction),
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

    /// A landscape without an edge, for measurements that absorb no path.
    #[cfg_attr(not(feature = "program"), expect(dead_code))]
    pub(crate) fn without_edge(potential: Arc<dyn Potential>) -> Result<Self, LandscapeError> {
        let dim = potential.dim();
        if dim == 0 {
            return Err(LandscapeError::NoDimension);
        }
        let start = potential.minimum().to_vec();
        check_point("minimum", &start, dim)?;
        let region = Region::Box { lo: vec![f64::NEG_INFINITY; dim], hi: vec![f64::INFINITY; dim] };
        Ok(Basin { potential, region, start, is_well: false, landing: LandingWells::default() })
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
        let is_well = domain == Domain::Well || domain == Domain::Attraction && potential.well().is_some();
        let faces = |sides: &[[f64; 2]]| Region::Box {
            lo: sides.iter().map(|side| side[0]).collect(),
            hi: sides.iter().map(|side| side[1]).collect(),
        };
        let known = || potential.landing_wells().filter(|_| dim == 1);
        let until_well = |well: usize| match known() {
            Some(wells) if well < wells.count() => Ok(Region::Until(Target::new(&[wells.bounds(well)]))),
            wells => Err(LandscapeError::NoTargetWell { well, count: wells.map_or(0, |wells| wells.count()) }),
        };
        let region = match domain {
            Domain::Until(sides) => Region::Until(Target::new(&sides)),
            Domain::UntilWell(well) => until_well(well)?,
            Domain::Box(sides) => faces(&sides),
            Domain::Attraction if dim > 1 && potential.well().is_none() => {
                if matches!(potential.form(), Form::General) {
                    check_minimum(&*potential, &|_, _| f64::INFINITY)?;
                }
                Region::Attraction(Attraction::new(&*potential)?)
            }
            Domain::Well | Domain::Attraction => {
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
        let landing = LandingWells::of(&*potential);
        let mut basin = Basin { potential, region, start: minimum.clone(), is_well, landing };
        if let Region::Level { height, .. } = basin.region {
            let longest = basin.check_level(height)?;
            if let Region::Level { reach, .. } = &mut basin.region {
                *reach = longest;
            }
        }
        if !basin.contains(&minimum) {
            return Err(match basin.region {
                Region::Until(_) => LandscapeError::MinimumInTarget { minimum },
                _ => LandscapeError::MinimumOutside { minimum },
            });
        }
        basin.check_return()?;
        if matches!(basin.potential.form(), Form::General) && !basin.is_followed() {
            check_minimum(&*basin.potential, &|axis, sign| basin.axis_exit_distance(axis, sign))?;
        }
        if dim == 1 && basin.sides().is_none() && basin.target().is_none() {
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
    /// from the open side. To a target the force must lead from everywhere.
    fn check_return(&self) -> Result<(), LandscapeError> {
        let Some([left, right]) = self.potential.form().axis_curvatures(self.dim()) else { return Ok(()) };
        if self.target().is_some() {
            let free = left.iter().zip(&right).position(|(left, right)| left.min(*right) == 0.0);
            return free.map_or(Ok(()), |axis| Err(LandscapeError::NoReturn { axis }));
        }
        let Some((lo, hi)) = self.sides() else { return Ok(()) };
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

    /// Whether the domain is a basin of attraction that is known only by the flow, so that distances to its edge are not.
    pub fn is_followed(&self) -> bool {
        matches!(self.region, Region::Attraction(_))
    }

    /// Whether distances to the edge are known: always, except for basins of attraction that are followed. Of these the edge is traced in the plane, if
    /// it consists of stable manifolds of saddles.
    pub fn knows_distances(&self) -> bool {
        match &self.region {
            Region::Attraction(basin) => basin.edge(&*self.potential).is_some(),
            _ => true,
        }
    }

    /// Whether a path at `x` comes to rest at the minimum without coming to the edge. Of a basin of attraction: whether `x` lies in its core; everywhere
    /// in the other domains.
    pub(crate) fn rests_around(&self, x: &[f64]) -> bool {
        match &self.region {
            Region::Attraction(basin) => self.offsets(x).map(|y| y * y).sum::<f64>() < basin.core() * basin.core(),
            _ => true,
        }
    }

    /// A point outside a basin of attraction just beyond the edge that is nearest to `x`; `x` itself if it lies outside.
    pub(crate) fn beyond_separatrix(&self, x: &[f64]) -> Option<Vec<f64>> {
        let Region::Attraction(basin) = &self.region else { return None };
        if !self.contains(x) {
            return Some(x.to_vec());
        }
        let nearest = basin.nearest(&*self.potential, x)?;
        let at = |way: f64| -> Vec<f64> { x.iter().zip(nearest.normal).map(|(x, n)| x + way * n).collect() };
        (0..40).map(|k| at(nearest.distance + 1e-9 * basin.core() * 2f64.powi(k))).find(|point| !self.contains(point))
    }

    /// The two ends per axis of the target that paths run into, for [`Domain::Until`].
    pub fn target(&self) -> Option<(&[f64], &[f64])> {
        match &self.region {
            Region::Until(target) => Some((&target.lo, &target.hi)),
            _ => None,
        }
    }

    /// The target with its distances.
    pub(crate) fn target_box(&self) -> Option<&Target> {
        match &self.region {
            Region::Until(target) => Some(target),
            _ => None,
        }
    }

    /// The point of the open target that is nearest to `x`; `None` without a target.
    pub(crate) fn nearest_in_target(&self, x: &[f64]) -> Option<Vec<f64>> {
        match &self.region {
            Region::Until(target) => Some(target.nearest_inside(x)),
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
            Region::Until(_) | Region::Attraction(_) => None,
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
            Region::Until(target) => x.iter().all(|x| x.is_finite()) && !target.holds(x),
            Region::Attraction(basin) => basin.holds(&*self.potential, x),
        }
    }

    pub(super) fn offsets<'a>(&'a self, x: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        x.iter().zip(self.minimum()).map(|(x, m)| x - m)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::landscape::{Asymmetric, DoubleWell, Flat, Quadratic, Well};
    use nalgebra::DMatrix;

    pub fn all_shapes() -> Vec<Basin> {
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
