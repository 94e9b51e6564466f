//! # Many wells on a line
//!
//! Minima `x_1 < … < x_n` and saddles `s_1 < … < s_(n-1)` between them, with `F(x_i) = -depth_i` and `F(s_j) = height_j`. Between two
//! neighbours `a < b` of this list, `F' = t(1-t) (p (1-t) + q t + r t(1-t)) / (b-a)` with `t = (x-a)/(b-a)`, `p = F''(a) (b-a)²`,
//! `q = -F''(b) (b-a)²` and `r = 30 (F(b) - F(a)) - (5/2)(p + q)`, so that `F` is monotone between them and there are no other critical points.
//! The curvature at each of them is the smaller of `6 |F(b) - F(a)|/(b-a)²` on its two sides, and `F''` is continuous everywhere. Beyond the
//! outermost minima `F = -depth + ½ F''(x_i)(x-x_i)²` brings every path back.
//!
//! The widths `x_i - s_(i-1)` and `s_i - x_i`, which Lévy noise sees, and the barriers, which Gaussian noise sees, are chosen independently.

use nalgebra::{DMatrix, dmatrix};

use super::super::{LandscapeError, Potential, Wells};

/// Wells on a line by position, width and depth.
///
/// # Example
/// ```
/// use levy_escape::landscape::{MultiWell, Potential};
///
/// // A sharp deep well and a flat shallow one.
/// let wells = MultiWell::new(vec![0.0, 2.0], vec![0.5], vec![2.0, 1.0])?;
/// assert_eq!(wells.value(&[0.0]), -2.0);
/// assert_eq!(wells.value(&[0.5]), 0.0);
/// # Ok::<(), levy_escape::landscape::LandscapeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct MultiWell {
    wells: Wells,
    depths: Vec<f64>,
    heights: Vec<f64>,
    /// The minima and saddles in ascending order.
    points: Vec<CriticalPoint>,
    /// The polynomials between them.
    slopes: Vec<Slope>,
    well: usize,
    minimum: [f64; 1],
}

#[derive(Clone, Copy, Debug)]
struct CriticalPoint {
    x: f64,
    value: f64,
    curvature: f64,
}

impl MultiWell {
    /// Wells with the given minima, saddles between them and depths `-F(x_i)`; every saddle has the height 0, and `θ*` is the first minimum.
    ///
    /// # Errors
    /// [`LandscapeError::WellCount`], also for a single well, [`LandscapeError::WellsOrder`], and [`LandscapeError::NoBarrier`] for a minimum that is not below its
    /// saddles.
    pub fn new(minima: Vec<f64>, saddles: Vec<f64>, depths: Vec<f64>) -> Result<Self, LandscapeError> {
        let heights = vec![0.0; saddles.len()];
        Self::with_heights(minima, saddles, depths, heights)
    }

    /// [`MultiWell::new`] with the heights `F(s_j)` of the saddles.
    ///
    /// # Errors
    /// As [`MultiWell::new`].
    pub fn with_heights(
        minima: Vec<f64>,
        saddles: Vec<f64>,
        depths: Vec<f64>,
        heights: Vec<f64>,
    ) -> Result<Self, LandscapeError> {
        for (what, found, expected) in
            [("depths", depths.len(), minima.len()), ("heights", heights.len(), saddles.len())]
        {
            if found != expected {
                return Err(LandscapeError::WellCount { what, found, expected });
            }
        }
        for (what, values) in [("depths", &depths), ("heights", &heights)] {
            if let Some(&value) = values.iter().find(|value| !value.is_finite()) {
                return Err(LandscapeError::NotFinite { what, value });
            }
        }
        let wells = Wells::new(minima, saddles)?;
        if wells.count() < 2 {
            return Err(LandscapeError::WellCount { what: "wells", found: wells.count(), expected: 2 });
        }
        let (minima, saddles) = (wells.minima(), wells.saddles());
        let mut points = Vec::with_capacity(2 * minima.len() - 1);
        for i in 0..minima.len() {
            points.push(CriticalPoint { x: minima[i], value: -depths[i], curvature: f64::INFINITY });
            if let Some(&x) = saddles.get(i) {
                points.push(CriticalPoint { x, value: heights[i], curvature: f64::INFINITY });
            }
        }
        for k in 1..points.len() {
            let ([a, b], width) = ([points[k - 1], points[k]], points[k].x - points[k - 1].x);
            let rise = if k % 2 == 1 { b.value - a.value } else { a.value - b.value };
            if !(rise > 0.0) {
                return Err(LandscapeError::NoBarrier { well: k / 2, rise });
            }
            let curvature = 6.0 * rise / (width * width);
            if !(curvature > 0.0 && curvature.is_finite()) {
                return Err(LandscapeError::Size { what: "curvature of a well", value: curvature });
            }
            for point in &mut points[k - 1..=k] {
                point.curvature = point.curvature.min(curvature);
            }
        }
        // Odd places are saddles.
        points.iter_mut().skip(1).step_by(2).for_each(|saddle| saddle.curvature = -saddle.curvature);
        let slopes = points.windows(2).map(|pair| Slope::between(&pair[0], &pair[1])).collect();
        let minimum = [minima[0]];
        Ok(MultiWell { wells, depths, heights, points, slopes, well: 0, minimum })
    }

    /// Chooses the well, counted from 0, whose minimum is `θ*`.
    ///
    /// # Errors
    /// [`LandscapeError::NoSuchWell`] if there is no such well.
    pub fn from_well(mut self, well: usize) -> Result<Self, LandscapeError> {
        let count = self.wells.count();
        let Some(&minimum) = self.wells.minima().get(well) else {
            return Err(LandscapeError::NoSuchWell { well: well + 1, count });
        };
        (self.well, self.minimum) = (well, [minimum]);
        Ok(self)
    }

    /// The depths `-F(x_i)`.
    pub fn depths(&self) -> &[f64] {
        &self.depths
    }

    /// The heights `F(s_j)`.
    pub fn heights(&self) -> &[f64] {
        &self.heights
    }

    /// Where `x` is.
    #[inline(always)]
    fn place(&self, x: f64) -> Place<'_> {
        // Few points: a linear search is faster than bisection. NaN is beyond the last.
        let after = self.points.iter().position(|point| x < point.x).unwrap_or(self.points.len());
        match after.checked_sub(1) {
            None => Place::Outside(&self.points[0]),
            Some(before) => match self.slopes.get(before) {
                Some(slope) => Place::Between(slope, (x - slope.start) * slope.inverse),
                None => Place::Outside(&self.points[before]),
            },
        }
    }
}

/// A place between two critical points, as a share of the way, or outside the outermost minimum.
enum Place<'w> {
    Between(&'w Slope, f64),
    Outside(&'w CriticalPoint),
}

/// The polynomial between two critical points.
#[derive(Clone, Copy, Debug)]
struct Slope {
    /// Position and value of the lower critical point.
    start: f64,
    value: f64,
    /// Inverse of the distance to the upper one.
    inverse: f64,
    p: f64,
    q: f64,
    r: f64,
}

impl Slope {
    fn between(a: &CriticalPoint, b: &CriticalPoint) -> Self {
        let width = b.x - a.x;
        let (p, q) = (a.curvature * width * width, -b.curvature * width * width);
        let r = 30.0 * (b.value - a.value) - 2.5 * (p + q);
        Slope { start: a.x, value: a.value, inverse: 1.0 / width, p, q, r }
    }

    fn value(&self, t: f64) -> f64 {
        let Slope { p, q, r, .. } = *self;
        // ∫ t(1-t)², ∫ t²(1-t), ∫ t²(1-t)².
        let t2 = t * t;
        self.value
            + p * t2 * (0.5 - t * (2.0 / 3.0) + 0.25 * t2)
            + q * t2 * t * (1.0 / 3.0 - 0.25 * t)
            + r * t2 * t * (1.0 / 3.0 - 0.5 * t + 0.2 * t2)
    }

    #[inline(always)]
    fn gradient(&self, t: f64) -> f64 {
        let u = 1.0 - t;
        t * u * (self.p * u + self.q * t + self.r * t * u) * self.inverse
    }

    fn curvature(&self, t: f64) -> f64 {
        let (u, Slope { inverse, p, q, r, .. }) = (1.0 - t, *self);
        let derivative = p * u * (u - 2.0 * t) + q * t * (2.0 * u - t) + 2.0 * r * t * u * (u - t);
        derivative * inverse * inverse
    }
}

impl Potential for MultiWell {
    fn dim(&self) -> usize {
        1
    }

    fn value(&self, x: &[f64]) -> f64 {
        match self.place(x[0]) {
            Place::Between(slope, t) => slope.value(t),
            Place::Outside(end) => end.value + 0.5 * end.curvature * (x[0] - end.x).powi(2),
        }
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        gradient[0] = match self.place(x[0]) {
            Place::Between(slope, t) => slope.gradient(t),
            Place::Outside(end) => end.curvature * (x[0] - end.x),
        };
    }

    fn minimum(&self) -> &[f64] {
        &self.minimum
    }

    fn hessian(&self, x: &[f64]) -> DMatrix<f64> {
        let curvature = match self.place(x[0]) {
            Place::Between(slope, t) => slope.curvature(t),
            Place::Outside(end) => end.curvature,
        };
        dmatrix![curvature]
    }

    fn well(&self) -> Option<Vec<[f64; 2]>> {
        let sides = self.wells.bounds(self.well);
        sides.iter().any(|side| side.is_finite()).then(|| vec![sides])
    }

    fn wells(&self) -> Option<Wells> {
        Some(self.wells.clone())
    }

    fn joins_minimum(&self, x: &[f64], level: f64) -> bool {
        // The barriers on the way decide: `F` is monotone between them.
        let here = self.wells.well_of(x[0]);
        let between = self.well.min(here)..self.well.max(here);
        self.heights[between].iter().all(|height| *height < level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Seed, Stream};
    use rand::RngExt;

    /// A random number of wells of random width, depth and asymmetry.
    fn random(rng: &mut Stream) -> MultiWell {
        let n = rng.random_range(2..6);
        let mut at = 4.0 * rng.random::<f64>() - 2.0;
        let (mut minima, mut saddles) = (vec![at], Vec::new());
        for k in 0..2 * (n - 1) {
            at += 0.05 * 60f64.powf(rng.random::<f64>());
            if k % 2 == 0 { saddles.push(at) } else { minima.push(at) }
        }
        let heights = (1..n).map(|_| rng.random::<f64>()).collect();
        let depths = (0..n).map(|_| 0.1 * 30f64.powf(rng.random::<f64>())).collect();
        let wells = MultiWell::with_heights(minima, saddles, depths, heights).unwrap();
        wells.from_well(rng.random_range(0..n)).unwrap()
    }

    /// Gradient and Hessian are the derivatives, at random points of random landscapes.
    #[test]
    fn derivatives_agree_with_differences() {
        let mut rng = Stream::new(Seed(20), 0, 0);
        for _ in 0..200 {
            let wells = random(&mut rng);
            let [first, last] = [wells.points[0].x, wells.points[wells.points.len() - 1].x];
            for _ in 0..20 {
                let x = first - 1.0 + (last - first + 2.0) * rng.random::<f64>();
                let slope = |x: f64| {
                    let mut g = [0.0];
                    wells.gradient(&[x], &mut g);
                    g[0]
                };
                // Narrow wells bend within the step of the common check.
                let (h, exact) = (1e-6, slope(x));
                let found = (wells.value(&[x + h]) - wells.value(&[x - h])) / (2.0 * h);
                assert!((found - exact).abs() < 1e-6 * exact.abs().max(1.0), "{wells:?} at {x}: {found} {exact}");
                let (h, exact) = (1e-6, wells.hessian(&[x])[(0, 0)]);
                // A third derivative that jumps within the step, and rounding, add a little.
                let sharpest = wells.points.iter().map(|p| p.curvature.abs()).fold(1.0, f64::max);
                let found = (slope(x + h) - slope(x - h)) / (2.0 * h);
                assert!((found - exact).abs() < 1e-3 * sharpest, "{wells:?} at {x}: {found} {exact}");
            }
        }
    }

    /// Minima, saddles, depths and heights are as given, `F` is monotone between them and `F''` is continuous.
    #[test]
    fn the_landscape_is_as_described() {
        let mut rng = Stream::new(Seed(21), 0, 0);
        for _ in 0..200 {
            let wells = random(&mut rng);
            for (k, point) in wells.points.iter().enumerate() {
                assert!((wells.value(&[point.x]) - point.value).abs() < 1e-12);
                // The third derivative beside the point is at most 160 |F(b) - F(a)|/(b-a)^3.
                let bend = |pair: &[CriticalPoint]| {
                    160.0 * (pair[1].value - pair[0].value).abs() / (pair[1].x - pair[0].x).powi(3)
                };
                let beside = wells.points[k.saturating_sub(1)..(k + 2).min(wells.points.len())].windows(2);
                let most = 1.01e-9 * beside.map(bend).fold(0.0, f64::max) + 1e-12 * point.curvature.abs();
                for x in [point.x - 1e-9, point.x + 1e-9] {
                    let curvature = wells.hessian(&[x])[(0, 0)];
                    assert!((curvature - point.curvature).abs() < most, "{curvature} {point:?}");
                }
            }
            for pair in wells.points.windows(2) {
                let rises = pair[1].value > pair[0].value;
                for k in 1..200 {
                    let x = pair[0].x + (pair[1].x - pair[0].x) * f64::from(k) / 200.0;
                    let mut g = [0.0];
                    wells.gradient(&[x], &mut g);
                    assert!(if rises { g[0] > 0.0 } else { g[0] < 0.0 }, "{wells:?} at {x}");
                }
            }
        }
    }

    #[test]
    fn wells_that_are_none_are_refused() {
        let refused = |minima: &[f64], saddles: &[f64], depths: &[f64]| {
            MultiWell::new(minima.to_vec(), saddles.to_vec(), depths.to_vec()).unwrap_err()
        };
        assert!(matches!(refused(&[0.0, 1.0], &[2.0], &[1.0, 1.0]), LandscapeError::WellsOrder { .. }));
        assert!(matches!(refused(&[0.0, 1.0], &[0.5], &[1.0, 0.0]), LandscapeError::NoBarrier { well: 1, .. }));
        assert!(matches!(refused(&[0.0, 1.0], &[0.5], &[1.0]), LandscapeError::WellCount { what: "depths", .. }));
        assert!(matches!(refused(&[0.0, 1.0], &[], &[1.0, 1.0]), LandscapeError::WellCount { what: "saddles", .. }));
        assert!(matches!(refused(&[0.0, 1.0], &[0.5], &[1.0, f64::NAN]), LandscapeError::NotFinite { .. }));
    }

    #[test]
    fn a_level_set_is_that_of_the_chosen_well() {
        let wells = MultiWell::with_heights(vec![0.0, 2.0, 4.0], vec![1.0, 3.0], vec![1.0; 3], vec![0.0, 0.5]);
        let wells = wells.unwrap().from_well(1).unwrap();
        assert_eq!(wells.well(), Some(vec![[1.0, 3.0]]));
        assert!(!wells.joins_minimum(&[0.0], -0.1) && wells.joins_minimum(&[0.0], 0.2));
        assert!(!wells.joins_minimum(&[4.0], 0.2) && wells.joins_minimum(&[1.5], 0.0));
    }
}
