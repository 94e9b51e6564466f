//! The wells of a landscape on a line or in the plane.

use std::sync::Arc;

use super::{LandscapeError, PlanarWells, Potential, Wells};

/// All wells of a landscape in one or two dimensions.
#[derive(Clone, Debug, PartialEq)]
pub enum WellSet {
    /// Intervals, bounded by saddles.
    Line(Wells),
    /// Basins of attraction in the plane.
    Plane(Arc<PlanarWells>),
}

impl WellSet {
    /// The wells of `potential`, searched for in `range` where it does not know them; in the plane in the square `range × range`.
    ///
    /// # Errors
    /// Those of [`Wells::of`] in one dimension, and of [`PlanarWells::of`] in others.
    pub fn of(potential: &dyn Potential, range: Option<[f64; 2]>) -> Result<Self, LandscapeError> {
        match potential.dim() {
            1 => Wells::of(potential, range).map(WellSet::from),
            _ => PlanarWells::of(potential, range).map(WellSet::from),
        }
    }

    /// Number of wells.
    pub fn count(&self) -> usize {
        match self {
            WellSet::Line(wells) => wells.count(),
            WellSet::Plane(wells) => wells.count(),
        }
    }

    /// Dimension of the landscape.
    pub fn dim(&self) -> usize {
        match self {
            WellSet::Line(_) => 1,
            WellSet::Plane(_) => 2,
        }
    }

    /// The minimum of a well, as long as the dimension.
    pub fn minimum(&self, well: usize) -> &[f64] {
        match self {
            WellSet::Line(wells) => &wells.minima()[well..=well],
            WellSet::Plane(wells) => &wells.minima()[well].x,
        }
    }

    /// The wells on a line.
    pub fn line(&self) -> Option<&Wells> {
        match self {
            WellSet::Line(wells) => Some(wells),
            WellSet::Plane(_) => None,
        }
    }

    /// The wells in the plane.
    pub fn plane(&self) -> Option<&PlanarWells> {
        match self {
            WellSet::Line(_) => None,
            WellSet::Plane(wells) => Some(wells),
        }
    }
}

impl From<Wells> for WellSet {
    fn from(wells: Wells) -> Self {
        WellSet::Line(wells)
    }
}

impl From<PlanarWells> for WellSet {
    fn from(wells: PlanarWells) -> Self {
        WellSet::Plane(Arc::new(wells))
    }
}
