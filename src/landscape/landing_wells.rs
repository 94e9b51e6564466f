//! The wells of a landscape, by which landing points are named.

use std::sync::{Arc, OnceLock};

use super::{Basin, LandscapeError, Minima, PlanarWells, Potential, Wells};

/// What is known of the wells of a basin's landscape. Copies of a basin share what was searched for.
#[derive(Clone, Debug, Default)]
pub(super) struct LandingWells {
    /// See [`Basin::wells`].
    on_axis: Option<Arc<Wells>>,
    /// The minima of [`Basin::minima`], searched for when they are first asked for.
    minima: Arc<OnceLock<Option<Minima>>>,
    /// The wells of [`Basin::planar_wells`], likewise.
    planar: Arc<OnceLock<Result<Option<PlanarWells>, LandscapeError>>>,
}

impl LandingWells {
    pub fn of(potential: &dyn Potential) -> Self {
        let on_axis = potential.landing_wells().filter(|wells| wells.count() > 1).map(Arc::new);
        LandingWells { on_axis, ..LandingWells::default() }
    }
}

impl Basin {
    /// The wells of the landscape along its first axis, by which landing points are named; `None` for a landscape with one minimum, one whose wells
    /// are not ranges of this axis, or one that does not know its wells.
    pub fn wells(&self) -> Option<&Wells> {
        self.landing.on_axis.as_deref()
    }

    /// The minima of a landscape in several dimensions, by which landing points are named where [`Basin::wells`] does not name them; `None` for a
    /// landscape with one minimum, or one that does not know them. The first call searches for them.
    pub fn minima(&self) -> Option<&Minima> {
        if self.landing.on_axis.is_some() {
            return None;
        }
        let known = self.landing.minima.get_or_init(|| self.potential().minima().filter(|minima| minima.count() > 1));
        known.as_ref()
    }

    /// The wells of a landscape in the plane that has several: by its [landmarks](Potential::landmarks), or around its [minima](Basin::minima). `None`
    /// for one well, and in other dimensions. The first call searches for them.
    ///
    /// # Errors
    /// Those of the search, see [`PlanarWells::of`].
    pub fn planar_wells(&self) -> Result<Option<&PlanarWells>, LandscapeError> {
        let found = || {
            if self.potential().landmarks().is_some() {
                return PlanarWells::of(self.potential(), None).map(Some);
            }
            self.minima().map(|minima| PlanarWells::around(self.potential(), minima.points())).transpose()
        };
        if self.dim() != 2 {
            return Ok(None);
        }
        match self.landing.planar.get_or_init(found) {
            Ok(wells) => Ok(wells.as_ref().filter(|wells| wells.count() > 1)),
            Err(error) => Err(error.clone()),
        }
    }

    /// Number of wells by which landing points are named; 0 if they are not.
    pub fn well_count(&self) -> usize {
        self.wells().map(Wells::count).or_else(|| self.minima().map(Minima::count)).unwrap_or(0)
    }

    /// The well into which `x` falls, counted from 0: by its first coordinate with [`Basin::wells`], or else the one of [`Basin::minima`] to which
    /// the gradient flow leads. `None` without either, if `x` is not a number, and if the flow does not come to a known minimum.
    pub fn well_of(&self, x: &[f64]) -> Option<usize> {
        match self.wells() {
            Some(wells) => x.first().filter(|x| !x.is_nan()).map(|x| wells.well_of(*x)),
            None => self.minima()?.well_of(self.potential(), x),
        }
    }

    /// The wells along the ray from the minimum in `direction`, with the distances between which each holds it, in units of that vector; `None` where
    /// the flow does not come to a known minimum. Empty without wells.
    pub(crate) fn wells_along(&self, direction: &[f64]) -> Vec<(Option<usize>, [f64; 2])> {
        match (self.wells(), self.minima()) {
            (Some(wells), _) => wells.along(self.minimum()[0], direction[0]),
            (_, Some(minima)) => minima.along(self.potential(), self.minimum(), direction),
            _ => Vec::new(),
        }
    }
}
