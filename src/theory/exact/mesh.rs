//! A mesh of the interval that resolves the solution near the ends and around equilibria.
//!
//! Noise and drift balance at the length `ℓ` from a point `p` where `|F'(p ± ℓ)| ℓ^(α-1) = (ε s)^α`. At an end of the
//! interval this is the thickness of the boundary layer, `(ε^α/v)^(1/(α-1))` for a drift of speed `v`; at a zero of the
//! drift it is the width over which noise rounds the flow. Elements shrink geometrically towards the ends and the zeros
//! down to that length, and at the ends below it, where the solution is a series in powers `d^(α/2 + k(α-1))` of the
//! distance `d`: on such a mesh piecewise polynomials converge exponentially for every `ε`.
//!
//! On a half-line the mesh ends far out, at an end that is open: no layer forms there, since the drift leads inwards and the solution continues
//! as a constant.
//!
//! # References
//! - Schwab (1998), *p- and hp-Finite Element Methods*, chapter 3, for geometric meshes and linear degrees.

/// Elements of the interval from left to right.
#[derive(Clone, Debug, Default)]
pub(super) struct Mesh {
    /// Left edges.
    pub(super) left: Vec<f64>,
    /// Lengths; next to an end they may be far below the spacing of floating-point numbers there.
    pub(super) lengths: Vec<f64>,
    /// Polynomial degrees.
    pub(super) degrees: Vec<usize>,
    /// Whether the left end is open.
    pub(super) open: bool,
}

/// Samples of the drift in which its zeros are sought.
pub(super) const SCAN: usize = 2048;

/// Ratio of the distances of neighbouring edges from the point towards which the mesh is graded.
const GRADING: f64 = 0.2;

/// The part of the problem that the mesh depends on: `noise = (ε s)^α` in `noise (-Δ)^(α/2) u + F' u' = …`.
pub(super) struct Balance<'a> {
    pub(super) alpha: f64,
    pub(super) noise: f64,
    pub(super) force: &'a dyn Fn(f64) -> f64,
}

impl Balance<'_> {
    /// The largest length `reach 2^-k` from `point` at which noise dominates drift.
    fn length(&self, point: f64, reach: f64) -> f64 {
        let mut length = reach.abs();
        while length > 0.0
            && (self.force)(point + length.copysign(reach)).abs() * length.powf(self.alpha - 1.0) > self.noise
        {
            length *= 0.5;
        }
        length
    }

    /// Points in `(lo, hi)` where the drift changes its sign.
    fn zeros(&self, lo: f64, hi: f64) -> Vec<f64> {
        self.zeros_between((1..SCAN).map(|i| lo + (hi - lo) * i as f64 / SCAN as f64))
    }

    /// Points between ascending samples where the drift changes its sign.
    fn zeros_between(&self, samples: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut zeros = Vec::new();
        let mut last: Option<(f64, f64)> = None;
        for x in samples {
            let force = (self.force)(x);
            if force == 0.0 {
                continue;
            }
            if let Some((before, sign)) = last
                && sign != force.signum()
            {
                zeros.push(self.bisect(before, x, sign));
            }
            last = Some((x, force.signum()));
        }
        zeros
    }

    fn bisect(&self, mut lo: f64, mut hi: f64, sign_at_lo: f64) -> f64 {
        loop {
            let mid = 0.5 * (lo + hi);
            let force = (self.force)(mid);
            if force == 0.0 || mid <= lo || mid >= hi {
                return mid;
            }
            if force.signum() == sign_at_lo { lo = mid } else { hi = mid }
        }
    }
}

/// The inner scale of a half-line `(-∞, hi)`.
#[derive(Clone, Debug)]
pub(super) struct HalfLine {
    /// The zeros of the drift, ascending.
    zeros: Vec<f64>,
    /// The larger of the distance from the first zero to the end and the length at which the drift beyond that zero balances the noise.
    scale: f64,
}

impl HalfLine {
    /// `None` if no drift leads back from `-∞`.
    pub(super) fn of(hi: f64, balance: &Balance) -> Option<Self> {
        // Distances from the end that grow by 2 %, from 10⁻³⁰ to 10³⁰. A smaller one may round to the end itself.
        let distances = (-32 * 100..=32 * 100).map(|k| (f64::from(k) / 32.0).exp2());
        let places = distances.map(|distance| hi - distance).filter(|x| *x < hi);
        let samples: Vec<f64> = places.take_while(|x| (balance.force)(*x).is_finite()).collect();
        let zeros = balance.zeros_between(samples.iter().rev().copied());
        let outermost = *zeros.first()?;
        let leads_back = |x: f64| (balance.force)(x) < 0.0;
        if !leads_back(*samples.last()?) {
            return None;
        }
        let mut scale = hi - outermost;
        while leads_back(outermost - scale)
            && -(balance.force)(outermost - scale) * scale.powf(balance.alpha - 1.0) < balance.noise
        {
            scale *= 2.0;
        }
        scale.is_finite().then_some(HalfLine { zeros, scale })
    }

    /// The end of a mesh that reaches `times` the scale.
    pub(super) fn end(&self, times: f64) -> f64 {
        self.zeros[0] - times * self.scale
    }
}

impl Mesh {
    /// Largest number of elements that a mesh may have.
    const LARGEST: f64 = 160.0;

    /// The mesh of `(lo, hi)`, or the thickness of a boundary layer that would need too many elements.
    ///
    /// The degree grows from 2 at the ends to `degree` inside. The last element at an end is `10^-degree` of the layer,
    /// so that the error there falls with the other errors. At `α = 2` the solution is smooth and one element suffices.
    pub(super) fn graded(lo: f64, hi: f64, balance: &Balance, degree: usize) -> Result<Self, f64> {
        Self::through(lo, &balance.zeros(lo, hi), hi, balance, degree, false)
    }

    /// The mesh of a half-line, from an open end at `lo`.
    pub(super) fn open(lo: f64, hi: f64, line: &HalfLine, balance: &Balance, degree: usize) -> Result<Self, f64> {
        Self::through(lo, &line.zeros, hi, balance, degree, true)
    }

    fn through(lo: f64, zeros: &[f64], hi: f64, balance: &Balance, degree: usize, open: bool) -> Result<Self, f64> {
        let mut points = vec![lo];
        points.extend(zeros);
        points.push(hi);
        let last = points.len() - 1;
        let reach = |i: usize| 0.5 * (points[i + 1] - points[i]);
        let layers: Vec<f64> = (0..=last)
            .map(|i| match i {
                0 if open => reach(0),
                0 => balance.length(lo, reach(0)),
                i if i == last => balance.length(hi, -reach(i - 1)),
                // One length for both sides of an equilibrium: the mesh must not jump from tiny to large elements.
                i => balance.length(points[i], reach(i)).min(balance.length(points[i], -reach(i - 1))),
            })
            .collect();
        let thinnest = layers[0].min(layers[last]);
        let mut mesh = Mesh { open, ..Mesh::default() };
        for i in 0..last {
            for (point, reach) in [(i, reach(i)), (i + 1, -reach(i))] {
                let singular = balance.alpha < 2.0 && (point == last || (point == 0 && !open));
                let tip = if singular { layers[point] * 10f64.powi(-(degree as i32)) } else { layers[point] };
                let elements = 1.0 + ((reach.abs() / tip).ln() / -GRADING.ln()).ceil();
                if !(tip > 0.0 && mesh.len() as f64 + elements <= Self::LARGEST) {
                    return Err(thinnest);
                }
                mesh.push_half(points[point], reach, elements as i32, degree, singular);
            }
        }
        Ok(mesh)
    }

    /// Number of elements.
    pub(super) fn len(&self) -> usize {
        self.lengths.len()
    }

    /// The element that contains `x` and the coordinate of `x` in it, from 0 to 1.
    pub(super) fn locate(&self, x: f64) -> (usize, f64) {
        let element = self.left.partition_point(|left| *left <= x).saturating_sub(1);
        (element, ((x - self.left[element]) / self.lengths[element]).clamp(0.0, 1.0))
    }

    /// Elements between `point` and `point + reach`, in ascending order, shrinking towards `point`.
    fn push_half(&mut self, point: f64, reach: f64, elements: i32, degree: usize, singular: bool) {
        let distance = |edge: i32| if edge == 0 { 0.0 } else { reach.abs() * GRADING.powi(elements - edge) };
        let ascending = reach > 0.0;
        for i in 0..elements {
            let element = if ascending { i } else { elements - 1 - i };
            let (near, far) = (distance(element), distance(element + 1));
            self.left.push(if ascending { point + near } else { point - far });
            self.lengths.push(far - near);
            self.degrees.push(if singular { degree.min(element as usize + 2) } else { degree });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mesh(alpha: f64, noise: f64, force: &dyn Fn(f64) -> f64, degree: usize) -> Result<Mesh, f64> {
        Mesh::graded(-1.0, 2.0, &Balance { alpha, noise, force }, degree)
    }

    #[test]
    fn elements_tile_the_interval_and_shrink_geometrically() {
        let mesh = mesh(1.5, 0.01, &|x| x * (x - 1.0), 8).unwrap();
        assert!((mesh.lengths.iter().sum::<f64>() - 3.0).abs() < 1e-14);
        for i in 1..mesh.len() {
            assert!((mesh.left[i] - mesh.left[i - 1] - mesh.lengths[i - 1]).abs() < 1e-14);
            let ratio = mesh.lengths[i] / mesh.lengths[i - 1];
            assert!((0.03..30.0).contains(&ratio), "{ratio}");
        }
        for zero in [0.0, 1.0] {
            assert!(mesh.left.iter().any(|left| (left - zero).abs() < 1e-15), "{zero}");
        }
    }

    /// At an end the layer has the thickness `(noise/v)^(1/(α-1))`, here with v = 2 at the right.
    #[test]
    fn the_last_element_lies_far_inside_the_boundary_layer() {
        let mesh = mesh(1.2, 0.1, &|x| x, 6).unwrap();
        let layer = 0.05f64.powi(5);
        let last = mesh.lengths[mesh.len() - 1];
        assert!(last < layer * 1e-6 && last > layer * 1e-6 * 0.1, "{last}");
    }

    #[test]
    fn a_layer_that_is_too_thin_is_reported_with_its_thickness() {
        let layer = mesh(1.02, 1e-3, &|x| x, 6).unwrap_err();
        assert!(layer > 0.0 && layer < 1e-140, "{layer}");
    }

    #[test]
    fn a_point_is_found_in_its_element() {
        let mesh = mesh(1.5, 1.0, &|_| 0.0, 6).unwrap();
        for x in [-1.0, -0.999, 0.3, 0.5, 1.999_999, 2.0] {
            let (element, t) = mesh.locate(x);
            assert!((mesh.left[element] + t * mesh.lengths[element] - x).abs() < 1e-15, "{x}");
        }
    }
}
