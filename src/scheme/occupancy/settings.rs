//! The settings of an occupancy.

use std::sync::Arc;

use crate::landscape::{LandscapeError, PlanarBasins, Potential, WellSet};
use crate::scheme::SchemeError;

/// Where the paths of an occupancy start.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum OccupancyStart {
    /// At the minimum of a well, each with the same probability.
    #[default]
    Uniform,
    /// At one of these points, each with the same probability.
    Positions(Vec<Vec<f64>>),
    /// At the minimum of a well, with probabilities in these proportions.
    Weights(Vec<f64>),
}

impl OccupancyStart {
    /// The points with their probabilities.
    pub(super) fn points(&self, wells: &WellSet) -> Vec<(Vec<f64>, f64)> {
        let minima = || (0..wells.count()).map(|well| wells.minimum(well).to_vec()).collect();
        let (points, weights): (Vec<Vec<f64>>, Vec<f64>) = match self {
            OccupancyStart::Uniform => (minima(), vec![1.0; wells.count()]),
            OccupancyStart::Positions(points) => (points.clone(), vec![1.0; points.len()]),
            OccupancyStart::Weights(weights) => (minima(), weights.clone()),
        };
        let total: f64 = weights.iter().sum();
        points.into_iter().zip(weights.into_iter().map(|w| w / total)).collect()
    }

    /// Probability of every well of a landscape at the start. In the plane it adds up to less than 1 if the gradient flow leads from a position to
    /// none of them.
    ///
    /// # Errors
    /// Those of [`PlanarBasins::new`], for positions in the plane.
    pub fn law(&self, potential: &dyn Potential, wells: &WellSet) -> Result<Vec<f64>, LandscapeError> {
        let points = self.points(wells);
        let OccupancyStart::Positions(_) = self else { return Ok(points.into_iter().map(|(_, p)| p).collect()) };
        let held: Vec<Option<usize>> = match wells {
            WellSet::Line(wells) => points.iter().map(|(x, _)| Some(wells.well_of(x[0]))).collect(),
            WellSet::Plane(planar) => {
                let basins = PlanarBasins::new(potential, planar)?;
                points.iter().map(|(x, _)| basins.well_of(potential, [x[0], x[1]])).collect()
            }
        };
        let mut law = vec![0.0; wells.count()];
        held.iter()
            .zip(&points)
            .filter_map(|(well, (_, p))| Some((*well.as_ref()?, p)))
            .for_each(|(well, p)| law[well] += p);
        Ok(law)
    }
}

/// Follows paths that no edge absorbs, on a line or in the plane, and records at given times which well holds each.
///
/// The equations of SGD and Adam are integrated with Poisson jumps above a cut and a diffusion below it, at `α = 2` with the diffusion alone;
/// steps follow the local curvature, so that no path explodes after a jump. Discrete optimisers take their own steps; a path whose parameters
/// overflow has diverged.
///
/// # Example
/// ```
/// use levy_escape::engine::occupancy;
/// use levy_escape::landscape::{DoubleWell, Wells};
/// use levy_escape::scheme::Occupancy;
/// use levy_escape::{Alpha, Basin, Domain, Dynamics, LevyNoise, Problem, Seed};
///
/// let landscape = DoubleWell::new([-1.0, 2.0], 0.0, 1.0)?;
/// let wells = Wells::of(&landscape, None)?;
/// let basin = Basin::new(landscape, Domain::Well)?;
/// let problem = Problem::new(basin, Dynamics::Sgd, LevyNoise::new(Alpha::new(1.5)?, 0.05)?)?;
/// let counts = occupancy(&problem, &Occupancy::new(wells, vec![1.0, 1_000.0])?, 500, Seed(1))?;
/// // The wider well holds more paths, whatever the depths.
/// assert!(counts.held(1, 1) > counts.held(1, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Occupancy {
    wells: WellSet,
    times: Arc<[f64]>,
    start: OccupancyStart,
    threshold: f64,
    step_cap: f64,
}

impl Occupancy {
    /// Default share `κ` of the narrower width of a well, in the plane of the distance to its boundary, above which jumps are drawn one by one.
    pub const THRESHOLD: f64 = 0.15;
    /// Default longest step outside the zones of linear force, in local relaxation times.
    pub const STEP_CAP: f64 = 0.2;
    /// Largest number of times.
    pub const MOST_TIMES: usize = 1_000;
    /// Largest number of wells.
    pub const MOST_WELLS: usize = 100;

    /// The occupancy of `wells`, on a line or in the plane, at `times`, in ascending order, from the minima.
    ///
    /// # Errors
    /// [`SchemeError::Occupancy`] unless there are 1 to 1,000 positive times in ascending order, and 2 to 100 wells.
    pub fn new(wells: impl Into<WellSet>, times: Vec<f64>) -> Result<Self, SchemeError> {
        let wells = wells.into();
        if !(2..=Self::MOST_WELLS).contains(&wells.count()) {
            return Err(SchemeError::Occupancy("an occupancy needs a landscape with 2 to 100 wells"));
        }
        let ascends = times.windows(2).all(|pair| pair[0] < pair[1]);
        let fits = (1..=Self::MOST_TIMES).contains(&times.len()) && times.iter().all(|t| *t > 0.0 && t.is_finite());
        if !(ascends && fits) {
            return Err(SchemeError::Occupancy("an occupancy needs 1 to 1,000 positive times in ascending order"));
        }
        let (threshold, step_cap) = (Self::THRESHOLD, Self::STEP_CAP);
        Ok(Occupancy { wells, times: times.into(), start: OccupancyStart::Uniform, threshold, step_cap })
    }

    /// Sets where paths start.
    ///
    /// # Errors
    /// [`SchemeError::Occupancy`] for positions that are empty, not finite, or of another dimension, and for weights that are not one per well, not
    /// negative and not all 0.
    pub fn with_start(mut self, start: OccupancyStart) -> Result<Self, SchemeError> {
        match &start {
            OccupancyStart::Uniform => {}
            OccupancyStart::Positions(points) => {
                if points.is_empty() || points.iter().flatten().any(|x| !x.is_finite()) {
                    return Err(SchemeError::Occupancy("the start needs at least one position, and finite ones"));
                }
                if points.iter().any(|x| x.len() != self.wells.dim()) {
                    return Err(SchemeError::Occupancy(
                        "a position has one coordinate on a line, `[-1, 0.2]`, and two in the plane, `[[-1, 0], [0.2, 1]]`",
                    ));
                }
            }
            OccupancyStart::Weights(weights) => {
                if weights.len() != self.wells.count() {
                    return Err(SchemeError::Occupancy("the start needs one weight for every well"));
                }
                let total: f64 = weights.iter().sum();
                if !(weights.iter().all(|w| *w >= 0.0) && total > 0.0 && total.is_finite()) {
                    return Err(SchemeError::Occupancy("the weights of the start must be numbers ≥ 0, and not all 0"));
                }
            }
        }
        self.start = start;
        Ok(self)
    }

    /// Draws one by one the jumps that move the parameters by more than `kappa` of the narrower width of the well.
    ///
    /// # Errors
    /// [`SchemeError::Setting`] unless `0 < kappa <= 0.5`.
    pub fn with_threshold(mut self, kappa: f64) -> Result<Self, SchemeError> {
        if !(kappa > 0.0 && kappa <= 0.5) {
            return Err(SchemeError::Setting { name: "threshold", value: kappa, expected: "is outside (0, 0.5]" });
        }
        self.threshold = kappa;
        Ok(self)
    }

    /// Sets the longest step of SGD's equation in local relaxation times.
    ///
    /// # Errors
    /// [`SchemeError::Setting`] unless `0 < cap <= 1`.
    pub fn with_step_cap(mut self, cap: f64) -> Result<Self, SchemeError> {
        if !(cap > 0.0 && cap <= 1.0) {
            return Err(SchemeError::Setting { name: "step_cap", value: cap, expected: "is outside (0, 1]" });
        }
        self.step_cap = cap;
        Ok(self)
    }

    /// The wells.
    pub fn wells(&self) -> &WellSet {
        &self.wells
    }

    /// The recorded times.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// Where paths start.
    pub fn start(&self) -> &OccupancyStart {
        &self.start
    }

    /// Share `κ` of the width of a well above which jumps are drawn one by one.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Longest step in local relaxation times.
    pub fn step_cap(&self) -> f64 {
        self.step_cap
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{Expression, PlanarWells, Wells};

    #[test]
    fn settings_that_do_not_fit_are_refused() {
        let wells = Wells::new(vec![0.0, 2.0], vec![1.0]).unwrap();
        for times in [vec![], vec![0.0], vec![2.0, 1.0], vec![1.0, f64::INFINITY]] {
            assert!(Occupancy::new(wells.clone(), times).is_err());
        }
        assert!(Occupancy::new(Wells::new(vec![0.0], vec![]).unwrap(), vec![1.0]).is_err());
        let occupancy = Occupancy::new(wells.clone(), vec![1.0, 2.0]).unwrap();
        for start in [
            OccupancyStart::Positions(vec![]),
            OccupancyStart::Positions(vec![vec![f64::NAN]]),
            OccupancyStart::Positions(vec![vec![0.5], vec![0.5, 1.0]]),
            OccupancyStart::Weights(vec![1.0]),
            OccupancyStart::Weights(vec![0.0, 0.0]),
            OccupancyStart::Weights(vec![2.0, -1.0]),
        ] {
            assert!(occupancy.clone().with_start(start).is_err());
        }
        let line = Expression::new("(x*(x - 2))^2", &[], Some(&[0.0]), None).unwrap();
        assert_eq!(OccupancyStart::Weights(vec![1.0, 3.0]).law(&line, occupancy.wells()).unwrap(), [0.25, 0.75]);
        let points = OccupancyStart::Positions([0.5, 0.9, 1.5, 7.0].map(|x| vec![x]).to_vec());
        assert_eq!(points.law(&line, occupancy.wells()).unwrap(), [0.5, 0.5]);
    }

    /// The wells of `(x² - 1)² + y²` are the half-planes.
    #[test]
    fn positions_in_the_plane_start_in_the_well_to_which_the_flow_leads() {
        let plane = Expression::new("(x^2 - 1)^2 + y^2", &[], Some(&[-1.0, 0.0]), None).unwrap();
        let wells = WellSet::from(PlanarWells::of(&plane, Some([-2.0, 2.0])).unwrap());
        let at = |points: &[[f64; 2]]| OccupancyStart::Positions(points.iter().map(|x| x.to_vec()).collect());
        let start = at(&[[-0.1, 3.0], [-2.0, -1.0], [0.2, -4.0], [-0.3, 0.0]]);
        assert_eq!(start.law(&plane, &wells).unwrap(), [0.75, 0.25]);
        assert_eq!(OccupancyStart::Uniform.law(&plane, &wells).unwrap(), [0.5, 0.5]);
        assert_eq!(OccupancyStart::Weights(vec![1.0, 4.0]).law(&plane, &wells).unwrap(), [0.2, 0.8]);
        let occupancy = Occupancy::new(wells, vec![1.0]).unwrap();
        assert!(occupancy.clone().with_start(start).is_ok());
        assert!(occupancy.with_start(OccupancyStart::Positions(vec![vec![0.0]])).is_err());
    }
}
