//! The generator in piecewise polynomials.
//!
//! For `u` and `v` that are constant beyond the ends of the interval,
//! ```text
//! ∫ v (-Δ)^(α/2) u = κ ∫∫ u'(x) v'(y) |x - y|^(1-α) dx dy,   κ = -1 / (2 Γ(2-α) cos(πα/2)),   1 < α < 2,
//! ```
//! since `|w|^α = w² |w|^(α-2)` and the kernel is the Riesz potential of order `2 - α`; at `α = 2` it is `∫ u' v'`.
//! The basis functions are hats at the edges of the mesh and integrated Legendre polynomials inside the elements. The double
//! integrals are then moments of Legendre polynomials, all integrated to rounding. For one element and for neighbours the
//! singularity is split off (Duffy 1982, SIAM J. Numer. Anal. 19); for separated elements the kernel is analytic.
//!
//! # References
//! - Ros-Oton (2016), *Nonlocal Elliptic Equations in Bounded Domains: a Survey*, Publ. Mat. 60, for the weak problem.
//! - Landkof (1972), *Foundations of Modern Potential Theory*, chapter 1, for the Riesz kernel.

use nalgebra::{DMatrix, DVector};
use statrs::function::gamma::gamma;
use std::cmp::Ordering;
use std::f64::consts::PI;

use super::mesh::{Balance, Mesh};
use super::quadrature::{GaussRule, legendre};

/// The operator `noise (-Δ)^(α/2) u + F' u'` on a mesh; rows are test functions, columns are `u`.
pub(super) struct Galerkin {
    mesh: Mesh,
    /// Minus the generator.
    pub(super) generator: DMatrix<f64>,
    /// The same operator on a step: 0 up to one element, 1 after it, linear between.
    pub(super) step: DVector<f64>,
    step_element: usize,
    /// `∫ v u` over the interval.
    pub(super) mass: DMatrix<f64>,
    /// `∫ v`.
    pub(super) load: DVector<f64>,
    shapes: Vec<Vec<ShapeFunction>>,
}

/// A function on one element, given by its derivative `factor P_k`.
#[derive(Clone, Copy)]
struct ShapeFunction {
    function: usize,
    legendre: usize,
    factor: f64,
}

impl Galerkin {
    pub(super) fn new(mesh: Mesh, balance: &Balance) -> Self {
        let (mut shapes, unknowns) = shapes(&mesh);
        // The step is assembled as an additional basis function. It rises over the longest element, because a steep step loses digits.
        let lengths = mesh.lengths.iter().enumerate();
        let step_element = lengths.max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(element, _)| element);
        shapes[step_element].push(ShapeFunction { function: unknowns, legendre: 0, factor: 1.0 });
        let mut galerkin = Galerkin {
            mesh,
            generator: DMatrix::zeros(unknowns + 1, unknowns + 1),
            step: DVector::zeros(unknowns),
            step_element,
            mass: DMatrix::zeros(unknowns + 1, unknowns + 1),
            load: DVector::zeros(unknowns + 1),
            shapes,
        };
        if balance.alpha == 2.0 {
            galerkin.add_diffusion(balance.noise);
        } else {
            galerkin.add_jumps(balance.alpha, balance.noise);
        }
        galerkin.add_drift_and_mass(balance.force);
        galerkin.split_off_step();
        galerkin
    }

    fn split_off_step(&mut self) {
        self.shapes[self.step_element].pop();
        let n = self.load.len() - 1;
        self.step = self.generator.column(n).rows(0, n).into_owned();
        self.generator.resize_mut(n, n, 0.0);
        self.mass.resize_mut(n, n, 0.0);
        self.load.resize_vertically_mut(n, 0.0);
    }

    /// Number of functions.
    pub(super) fn unknowns(&self) -> usize {
        self.load.len()
    }

    /// `u(x)` from its coefficients; NaN beyond an open end.
    pub(super) fn value(&self, coefficients: &DVector<f64>, x: f64) -> f64 {
        if self.mesh.open && x < self.mesh.left[0] {
            return f64::NAN;
        }
        let (element, t) = self.mesh.locate(x);
        let mut values = vec![0.0; self.mesh.degrees[element] + 1];
        legendre(t, &mut values);
        self.shapes[element].iter().map(|s| coefficients[s.function] * s.value(t, &values)).sum()
    }

    /// The step at `x`.
    pub(super) fn step_value(&self, x: f64) -> f64 {
        let (element, t) = self.mesh.locate(x);
        match element.cmp(&self.step_element) {
            Ordering::Less => 0.0,
            Ordering::Equal => t,
            Ordering::Greater => 1.0,
        }
    }

    fn add_diffusion(&mut self, noise: f64) {
        for (shapes, length) in self.shapes.iter().zip(&self.mesh.lengths) {
            for (u, v) in pairs(shapes).filter(|(u, v)| u.legendre == v.legendre) {
                self.generator[(v.function, u.function)] +=
                    noise * u.factor * v.factor / (length * (2.0 * u.legendre as f64 + 1.0));
            }
        }
    }

    fn add_jumps(&mut self, alpha: f64, noise: f64) {
        let largest = self.mesh.degrees.iter().copied().max().unwrap_or(1);
        let kernel = RieszMoments::new(alpha, largest);
        let strength = noise * riesz_constant(alpha);
        let lengths = &self.mesh.lengths;
        for i in 0..self.mesh.len() {
            let mut gap = 0.0;
            for j in i..self.mesh.len() {
                let degrees = (self.mesh.degrees[i], self.mesh.degrees[j]);
                let moments = match j - i {
                    0 => kernel.same(lengths[i], degrees.0),
                    1 => kernel.neighbours(lengths[i], lengths[j], degrees),
                    _ => kernel.apart(lengths[i], gap, lengths[j], degrees),
                };
                for u in &self.shapes[i] {
                    for v in &self.shapes[j] {
                        let entry = strength * u.factor * v.factor * moments[(u.legendre, v.legendre)];
                        self.generator[(v.function, u.function)] += entry;
                        if i != j {
                            self.generator[(u.function, v.function)] += entry;
                        }
                    }
                }
                // A sum of positive lengths keeps the digits that a difference of positions would lose.
                if j > i {
                    gap += lengths[j];
                }
            }
        }
    }

    fn add_drift_and_mass(&mut self, force: &dyn Fn(f64) -> f64) {
        for (element, shapes) in self.shapes.iter().enumerate() {
            let (left, length) = (self.mesh.left[element], self.mesh.lengths[element]);
            let degree = self.mesh.degrees[element];
            let rule = GaussRule::legendre(degree + 8);
            let mut values = vec![0.0; degree + 1];
            for (&t, weight) in rule.nodes.iter().zip(&rule.weights) {
                legendre(t, &mut values);
                let drift = force(left + length * t);
                for v in shapes {
                    self.load[v.function] += weight * length * v.value(t, &values);
                }
                for (u, v) in pairs(shapes) {
                    let test = weight * v.value(t, &values);
                    self.generator[(v.function, u.function)] += test * drift * u.factor * values[u.legendre];
                    self.mass[(v.function, u.function)] += test * length * u.value(t, &values);
                }
            }
        }
    }
}

impl ShapeFunction {
    /// Value at the coordinate `t` of the element, from the Legendre polynomials there.
    fn value(self, t: f64, polynomials: &[f64]) -> f64 {
        match self.legendre {
            0 if self.factor > 0.0 => t,
            0 => 1.0 - t,
            k => self.factor * (polynomials[k + 1] - polynomials[k - 1]) / (2.0 * (2.0 * k as f64 + 1.0)),
        }
    }
}

fn pairs(shapes: &[ShapeFunction]) -> impl Iterator<Item = (ShapeFunction, ShapeFunction)> {
    shapes.iter().flat_map(move |u| shapes.iter().map(move |v| (*u, *v)))
}

/// The functions on every element, two hats and the integrals of `P_1, …, P_(degree-1)`, and their number. The ends have no hat, unless the left
/// one is open: its hat continues as a constant.
fn shapes(mesh: &Mesh) -> (Vec<Vec<ShapeFunction>>, usize) {
    let elements = mesh.len();
    let first = usize::from(!mesh.open);
    let mut unknowns = elements - first;
    let shapes = mesh.degrees.iter().enumerate().map(|(element, degree)| {
        let mut here = Vec::with_capacity(degree + 2);
        if element >= first {
            here.push(ShapeFunction { function: element - first, legendre: 0, factor: -1.0 });
        }
        if element + 1 < elements {
            here.push(ShapeFunction { function: element + 1 - first, legendre: 0, factor: 1.0 });
        }
        for k in 1..*degree {
            here.push(ShapeFunction { function: unknowns, legendre: k, factor: 2.0 * k as f64 + 1.0 });
            unknowns += 1;
        }
        here
    });
    (shapes.collect(), unknowns)
}

/// `κ = -1 / (2 Γ(2-α) cos(πα/2))`, positive for `1 < α < 2`.
fn riesz_constant(alpha: f64) -> f64 {
    // cos(πα/2) = -sin(π(α-1)/2), which loses no digits near α = 1.
    0.5 / (gamma(2.0 - alpha) * (0.5 * PI * (alpha - 1.0)).sin())
}

/// Moments `∫∫ P_k P_l |x - y|^(1-α)` of two elements, in the coordinates of the elements.
struct RieszMoments {
    exponent: f64,
    /// The moments of an element of length 1 with itself.
    unit: DMatrix<f64>,
    /// Rule for the weight `x^(2-α)`.
    power: GaussRule,
    /// For every Gauss-Legendre rule, by half its size: weights times polynomials, one row a polynomial.
    weighted: Vec<DMatrix<f64>>,
}

impl RieszMoments {
    fn new(alpha: f64, degree: usize) -> Self {
        let exponent = 1.0 - alpha;
        let weighted = (1..=GaussRule::LARGEST / 2)
            .map(|half| {
                let rule = GaussRule::legendre(2 * half);
                let mut values = vec![0.0; degree];
                let columns: Vec<_> = rule
                    .nodes
                    .iter()
                    .zip(&rule.weights)
                    .map(|(&t, w)| {
                        legendre(t, &mut values);
                        DVector::from_iterator(degree, values.iter().map(|p| w * p))
                    })
                    .collect();
                DMatrix::from_columns(&columns)
            })
            .collect();
        RieszMoments {
            exponent,
            unit: Self::unit(exponent, degree),
            power: GaussRule::power(degree + 1, 1.0 + exponent),
            weighted,
        }
    }

    /// `∫_0^1 t^(1-α) ∫_0^(1-t) [P_k(y+t) P_l(y) + P_k(y) P_l(y+t)] dy dt`; the two terms differ by `(-1)^(k+l)`.
    fn unit(exponent: f64, degree: usize) -> DMatrix<f64> {
        let (outer, inner) = (GaussRule::power(degree + 1, exponent), GaussRule::legendre(degree + 1));
        let mut moments = DMatrix::zeros(degree, degree);
        let (mut near, mut far) = (vec![0.0; degree], vec![0.0; degree]);
        for (t, a) in outer.nodes.iter().zip(&outer.weights) {
            for (s, b) in inner.nodes.iter().zip(&inner.weights) {
                let y = s * (1.0 - t);
                legendre(y, &mut near);
                legendre(y + t, &mut far);
                let weight = 2.0 * a * b * (1.0 - t);
                for k in 0..degree {
                    for l in (k % 2..degree).step_by(2) {
                        moments[(k, l)] += weight * far[k] * near[l];
                    }
                }
            }
        }
        moments
    }

    /// One element with itself.
    fn same(&self, length: f64, degree: usize) -> DMatrix<f64> {
        self.unit.view((0, 0), (degree, degree)) * length.powf(self.exponent)
    }

    /// Two elements with a common edge, from which both coordinates are measured: on the triangle `η = ξτ` the kernel is
    /// `ξ^(1-α) (left + right τ)^(1-α)`; on the other triangle, left and right are exchanged.
    fn neighbours(&self, left: f64, right: f64, degrees: (usize, usize)) -> DMatrix<f64> {
        let mut moments = DMatrix::zeros(degrees.0, degrees.1);
        let mut p = vec![0.0; degrees.0];
        let mut q = vec![0.0; degrees.1];
        for (outer, inner, left_is_outer) in [(left, right, true), (right, left, false)] {
            let degree = degrees.0.max(degrees.1);
            let rule = GaussRule::legendre(GaussRule::points_beside_singularity(degree, outer / inner));
            for (tau, b) in rule.nodes.iter().zip(&rule.weights) {
                let kernel = b * (outer + inner * tau).powf(self.exponent);
                for (xi, a) in self.power.nodes.iter().zip(&self.power.weights) {
                    let (from_left, from_right) = if left_is_outer { (*xi, xi * tau) } else { (xi * tau, *xi) };
                    legendre(1.0 - from_left, &mut p);
                    legendre(from_right, &mut q);
                    for (l, q) in q.iter().enumerate() {
                        let weight = a * kernel * q;
                        for (k, p) in p.iter().enumerate() {
                            moments[(k, l)] += weight * p;
                        }
                    }
                }
            }
        }
        moments
    }

    /// Two elements with a gap between them.
    fn apart(&self, left: f64, gap: f64, right: f64, degrees: (usize, usize)) -> DMatrix<f64> {
        let points = |degree, length| GaussRule::points_beside_singularity(degree, gap / length);
        let x = GaussRule::legendre(points(degrees.0, left));
        let y = GaussRule::legendre(points(degrees.1, right));
        let kernel = DMatrix::from_fn(x.nodes.len(), y.nodes.len(), |i, j| {
            (left * (1.0 - x.nodes[i]) + gap + right * y.nodes[j]).powf(self.exponent)
        });
        let weighted = |rule: &GaussRule, degree| {
            let matrix = &self.weighted[rule.nodes.len() / 2 - 1];
            matrix.view((0, 0), (degree, matrix.ncols()))
        };
        weighted(x, degrees.0) * kernel * weighted(y, degrees.1).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `∫∫_(0,l)² |x - y|^(1-α) = 2 l^(3-α) / ((2-α)(3-α))`, computed as a whole and assembled from the nine blocks of three
    /// elements of very different lengths.
    #[test]
    fn blocks_of_the_kernel_add_up_to_the_whole() {
        for alpha in [1.01f64, 1.2, 1.5, 1.8, 1.99] {
            let moments = RieszMoments::new(alpha, 10);
            let (a, b, c) = (1.0, 0.2, 0.04);
            let sum = [
                a * a * moments.same(a, 10)[(0, 0)],
                b * b * moments.same(b, 10)[(0, 0)],
                c * c * moments.same(c, 10)[(0, 0)],
                2.0 * a * b * moments.neighbours(a, b, (10, 10))[(0, 0)],
                2.0 * b * c * moments.neighbours(b, c, (10, 10))[(0, 0)],
                2.0 * a * c * moments.apart(a, b, c, (10, 10))[(0, 0)],
            ];
            let exact = 2.0 * (a + b + c).powf(3.0 - alpha) / ((2.0 - alpha) * (3.0 - alpha));
            let sum: f64 = sum.iter().sum();
            assert!((sum / exact - 1.0).abs() < 1e-13, "α={alpha}: {sum} {exact}");
        }
    }

    /// `P_1` on an element is a combination of `P_0` and `P_1` on its halves, so the blocks of the halves give the
    /// moments of the whole: `P_1 = P_1'/2 ∓ P_0'/2`.
    #[test]
    fn higher_moments_are_consistent() {
        let moments = RieszMoments::new(1.4, 6);
        let (whole, half) = (moments.same(1.0, 6), moments.same(0.5, 6));
        let between = moments.neighbours(0.5, 0.5, (6, 6));
        let combine =
            |m: &DMatrix<f64>, s: f64, t: f64| 0.25 * (m[(1, 1)] + s * m[(0, 1)] + t * m[(1, 0)] + s * t * m[(0, 0)]);
        let sum = combine(&half, -1.0, -1.0) + combine(&half, 1.0, 1.0) + 2.0 * combine(&between, -1.0, 1.0);
        assert!((0.25 * sum / whole[(1, 1)] - 1.0).abs() < 1e-13);
    }
}
