//! What the schemes know of the wells in the plane: curvatures, zones of linear force, cuts of the jumps.

use super::super::local_wells::Cuts;
use super::super::roam::Roamed;
use nalgebra::{DMatrix, dmatrix};
use rand::RngExt;
use rand_distr::{Exp1, StandardNormal};

use crate::dynamics::Problem;
use crate::landscape::{LandscapeError, PlanarBasins, PlanarWells, Potential};
use crate::noise::{LevyMeasure, Stream, Structure};

/// Radius of the largest zone of linear force in units of the distance to the boundary, and how often it may be halved.
const ZONE: f64 = 0.15;
const HALVINGS: usize = 3;
/// Largest relative deviation of the force from a linear one at the edge of the zone, and the directions that are looked at.
const CURVED: f64 = 0.3;
const DIRECTIONS: usize = 16;
/// Standard deviations at rest that must lie in the zone.
const DEVIATIONS: f64 = 6.0;
/// Largest standard deviation of the noise of a step, in distances to the boundary: over a longer way the curvature changes.
const KICK: f64 = 0.1;
/// Radius of a core in distances to the boundary: a path that reaches it has arrived.
const CORE: f64 = 0.25;

/// One well as a scheme sees it.
pub(in crate::scheme::occupancy) struct PlanarWell {
    pub minimum: [f64; 2],
    /// `∇²F` at the minimum, and its eigenvalues in ascending order.
    pub hessian: DMatrix<f64>,
    pub curvatures: [f64; 2],
    /// `F` at the lowest saddle to another well; infinite without one.
    pub top: f64,
    /// Distance from the minimum to the boundary, or to a nearer target.
    pub reach: f64,
    /// Radius of the core.
    pub core: f64,
    /// Radius of the zone of linear force; 0 if the fluctuations of the small jumps reach beyond it.
    pub zone: f64,
    /// Sizes beyond which jumps along the noise axes are drawn one by one, and their rates; for isotropic noise the first of each.
    cuts: [f64; 2],
    rates: [f64; 2],
    /// Variances per unit time of the other jumps along the noise axes.
    variances: [f64; 2],
    /// `εΣ diag(variances) Σᵀε`.
    pub covariance: DMatrix<f64>,
}

/// Noise whose jumps are drawn one by one beyond a cut, see [`PlanarWell`].
struct CutNoise {
    cuts: [f64; 2],
    rates: [f64; 2],
    variances: [f64; 2],
}

impl PlanarWell {
    /// Variance per unit time of the small jumps along a vector, before `Q⁻¹`.
    pub fn variance(&self, [x, y]: [f64; 2]) -> f64 {
        let along = &self.covariance;
        along[(0, 0)] * x * x + 2.0 * along[(0, 1)] * x * y + along[(1, 1)] * y * y
    }
}

/// A landscape in the plane with its noise.
pub(in crate::scheme::occupancy) struct PlanarLocal {
    problem: Problem,
    pub basins: PlanarBasins,
    pub wells: Vec<PlanarWell>,
    /// The columns of `εΣ`.
    columns: [[f64; 2]; 2],
    structure: Structure,
    measure: LevyMeasure,
}

impl PlanarLocal {
    /// Jumps that move the parameters at rest by more than a share of the distance to the boundary of a well are drawn one by one. `q` is the
    /// preconditioner at rest, and `spread` gives the standard deviation at rest from the smallest curvature and the sum of the variances of the
    /// parameters.
    ///
    /// # Errors
    /// Those of [`PlanarBasins::new`].
    pub fn new(
        problem: &Problem,
        cuts: Cuts<'_, PlanarWells, [f64; 2]>,
        q: [f64; 2],
        spread: impl Fn(f64, f64) -> f64,
    ) -> Result<Self, LandscapeError> {
        let (noise, potential) = (problem.noise(), problem.basin().potential());
        let basins = PlanarBasins::new(potential, cuts.wells)?;
        let columns = [0, 1].map(|k| {
            let column = noise.amplitude().column(2, k);
            [noise.epsilon() * column[0], noise.epsilon() * column[1]]
        });
        let mut local = PlanarLocal {
            problem: problem.clone(),
            basins,
            wells: Vec::new(),
            columns,
            structure: noise.structure(),
            measure: *noise.measure(),
        };
        local.wells = (0..cuts.wells.count()).map(|i| local.well(cuts, i, q, &spread)).collect();
        Ok(local)
    }

    fn well(
        &self,
        cuts: Cuts<'_, PlanarWells, [f64; 2]>,
        i: usize,
        q: [f64; 2],
        spread: &impl Fn(f64, f64) -> f64,
    ) -> PlanarWell {
        let Cuts { wells, kappa, width, densest } = cuts;
        let (point, whole) = (wells.minima()[i], self.basins.reach(i));
        let asked = width(point.x, whole);
        // As on a line: jumps beyond this distance come `densest` times per relaxation time.
        let dense = if self.problem.noise().alpha().is_gaussian() || densest.is_infinite() {
            0.0
        } else {
            let stiffness = self.stiffness(point.x, asked).max(point.curvatures[1]) / q[0].min(q[1]);
            let rate: f64 = self.cut_noise(kappa * asked, q).rates.iter().sum();
            asked * (rate / (stiffness * densest)).powf(self.problem.noise().alpha().get().recip())
        };
        let reach = asked.max(dense.min(whole));
        let CutNoise { cuts, rates, variances } = self.cut_noise(kappa * reach, q);
        let root = DMatrix::from_fn(2, 2, |row, k| self.columns[k][row] * variances[k].sqrt());
        let covariance = &root * root.transpose();
        let hessian = self.problem.basin().potential().hessian(&point.x);
        let moving = covariance[(0, 0)] / (q[0] * q[0]) + covariance[(1, 1)] / (q[1] * q[1]);
        let deviation = spread(point.curvatures[0], moving);
        let zones = (0..=HALVINGS).map(|k| ZONE * reach * 0.5f64.powi(k as i32));
        let zone = zones
            .take_while(|zone| DEVIATIONS * deviation < *zone)
            .find(|zone| self.is_linear(point.x, &hessian, *zone));
        PlanarWell {
            minimum: point.x,
            hessian,
            curvatures: point.curvatures,
            top: point.value + wells.barrier(i),
            reach,
            core: CORE * reach,
            zone: zone.unwrap_or(0.0),
            cuts,
            rates,
            variances,
            covariance,
        }
    }

    /// The noise in which jumps that move the parameters by more than a distance are drawn one by one.
    fn cut_noise(&self, distance: f64, q: [f64; 2]) -> CutNoise {
        let measure = &self.measure;
        // What a unit jump along a noise axis, or in the longest direction, displaces.
        let moved = self.columns.map(|column| (column[0] / q[0]).hypot(column[1] / q[1]));
        let longest = moved[0].hypot(moved[1]);
        let is_gaussian = self.problem.noise().alpha().is_gaussian();
        match self.structure {
            Structure::Isotropic => {
                let cut = distance / longest;
                let rate = if is_gaussian { 0.0 } else { measure.isotropic_tail_mass(2, cut) };
                let variance =
                    if is_gaussian { measure.variance_below(cut) } else { measure.isotropic_variance_below(2, cut) };
                CutNoise { cuts: [cut; 2], rates: [rate, 0.0], variances: [variance; 2] }
            }
            Structure::Independent => {
                // An axis without noise has neither jumps nor a variance.
                let cuts = moved.map(|moved| if moved > 0.0 { distance / moved } else { 0.0 });
                let of = |f: &dyn Fn(f64) -> f64| cuts.map(|cut| if cut > 0.0 { f(cut) } else { 0.0 });
                let rates = of(&|cut| if is_gaussian { 0.0 } else { measure.tail_mass(cut) });
                CutNoise { cuts, rates, variances: of(&|cut| measure.variance_below(cut)) }
            }
        }
    }

    /// The largest slope of the force at a distance from a minimum, per distance.
    fn stiffness(&self, minimum: [f64; 2], radius: f64) -> f64 {
        let slope = |[cos, sin]: [f64; 2]| {
            let [gx, gy] = self.slope([minimum[0] + radius * cos, minimum[1] + radius * sin]);
            gx.hypot(gy) / radius
        };
        directions().map(slope).fold(0.0, f64::max)
    }

    /// Takes the zones of linear force from some wells, in which steps are then short everywhere.
    pub fn drop_zones(&mut self, wells: &[usize]) {
        wells.iter().for_each(|well| self.wells[*well].zone = 0.0);
    }

    /// Whether the force at a distance from a minimum is nearly that of its Hessian.
    fn is_linear(&self, minimum: [f64; 2], hessian: &DMatrix<f64>, radius: f64) -> bool {
        directions().all(|[cos, sin]| {
            let linear = hessian * dmatrix![radius * cos; radius * sin];
            let [gx, gy] = self.slope([minimum[0] + radius * cos, minimum[1] + radius * sin]);
            (gx - linear[0]).hypot(gy - linear[1]) < CURVED * linear.norm()
        })
    }

    /// `F(x)`.
    pub fn value(&self, x: [f64; 2]) -> f64 {
        self.potential().value(&x)
    }

    /// `∇F(x)`.
    #[inline]
    pub fn slope(&self, x: [f64; 2]) -> [f64; 2] {
        let mut gradient = [0.0; 2];
        self.potential().gradient(&x, &mut gradient);
        gradient
    }

    fn potential(&self) -> &dyn Potential {
        self.problem.basin().potential()
    }

    /// Upper estimate of the norm of the Hessian around `x`, at least that of the well.
    pub fn local_curvature(&self, x: [f64; 2], well: &PlanarWell) -> f64 {
        // The norm squares the entries, and far out overflows; twice the largest bounds it.
        let here = self.basins.curvature(x).unwrap_or_else(|| 2.0 * self.potential().hessian(&x).amax());
        here.max(well.curvatures[1])
    }

    /// Longest step whose noise, divided by `q`, is small beside the well.
    #[inline]
    pub fn longest_step(&self, well: &PlanarWell, q: [f64; 2]) -> f64 {
        let variance = well.covariance[(0, 0)] / (q[0] * q[0]) + well.covariance[(1, 1)] / (q[1] * q[1]);
        let kick = KICK * well.reach;
        kick * kick / variance
    }

    /// The displacement of the small jumps over a time `tau`, before `Q⁻¹`.
    pub fn kick(&self, well: &PlanarWell, tau: f64, rng: &mut Stream) -> [f64; 2] {
        let normals: [f64; 2] = [rng.sample(StandardNormal), rng.sample(StandardNormal)];
        let sizes = [0, 1].map(|k| (well.variances[k] * tau).sqrt() * normals[k]);
        self.displaced(sizes)
    }

    /// The displacement of a jump of the noise axes, before `Q⁻¹`.
    pub fn displaced(&self, sizes: [f64; 2]) -> [f64; 2] {
        // Zero times an infinite size is no displacement.
        let part = |i: usize, k: usize| if self.columns[k][i] == 0.0 { 0.0 } else { self.columns[k][i] * sizes[k] };
        [part(0, 0) + part(0, 1), part(1, 0) + part(1, 1)]
    }
}

/// Unit vectors all around.
fn directions() -> impl Iterator<Item = [f64; 2]> {
    (0..DIRECTIONS).map(|k| {
        let (sin, cos) = (std::f64::consts::TAU * k as f64 / DIRECTIONS as f64).sin_cos();
        [cos, sin]
    })
}

impl Roamed<[f64; 2]> for PlanarLocal {
    #[inline]
    fn well_of(&self, x: [f64; 2]) -> Option<usize> {
        self.basins.well_of(self.potential(), x)
    }

    fn wait(&self, well: usize, rng: &mut Stream) -> f64 {
        let rate = self.wells[well].rates[0] + self.wells[well].rates[1];
        if rate > 0.0 { rng.sample::<f64, _>(Exp1) / rate } else { f64::INFINITY }
    }

    fn draw_jump(&self, well: usize, rng: &mut Stream) -> [f64; 2] {
        let PlanarWell { cuts, rates, .. } = &self.wells[well];
        match self.structure {
            Structure::Independent => {
                let axis = usize::from(rng.random::<f64>() * (rates[0] + rates[1]) >= rates[0]);
                let size = self.measure.jump_above(cuts[axis], rng);
                if axis == 0 { [size, 0.0] } else { [0.0, size] }
            }
            Structure::Isotropic => {
                let size = self.measure.jump_size_above(cuts[0], rng);
                let (sin, cos) = (std::f64::consts::TAU * rng.random::<f64>()).sin_cos();
                [size * cos, size * sin]
            }
        }
    }
}
