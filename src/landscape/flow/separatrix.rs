//! The edge of a basin of attraction in the plane.
//!
//! The edge consists of the stable manifolds of saddles. Against the flow a manifold attracts its neighbourhood, so that it is traced accurately
//! upwards from its saddle: to a maximum, to another saddle, or out of sight. Distances are those to a polygon through the traced points.

use nalgebra::{Matrix2, Vector2};

use super::super::Potential;
use super::descent::{Descent, Progress, is_beside_minimum, norm};

type Point = Vector2<f64>;

/// Local error of the flow that leads to a saddle, and of a traced step, in radii of the core.
const TOLERANCE: f64 = 1e-5;
/// Where a trace begins, in radii of the core from its saddle.
const FIRST: f64 = 1e-3;
/// Largest turn and length of a traced step: radians, and a share of the larger of the core and the distance from the minimum.
const TURN: f64 = 0.01;
const LONGEST: f64 = 0.03;
/// Where a trace ends, in radii of the core from the minimum; from there on it is straight.
const FURTHEST: f64 = 1e3;
const BEYOND: f64 = 1e9;
/// The distance beyond which a gradient may overflow, in the same unit.
const OVERFLOWS: f64 = 30.0;
/// Largest numbers of steps of the flow and of a trace.
const MOST_STEPS: u32 = 20_000;
const MOST_POINTS: usize = 10_000;
/// Largest distance from the edge of a point that the flow places on it, as a share of the distance from the minimum.
const AGREES: f64 = 1e-3;
/// Sides of the polygon with a common bounding circle.
const BLOCK: usize = 16;

/// The edge as a polygon, with the side on which the basin lies.
#[derive(Clone, Debug)]
pub(in crate::landscape) struct Separatrix {
    sides: Vec<Side>,
    /// Bounding circles of consecutive blocks of sides.
    circles: Vec<(Point, f64)>,
}

/// One side of the polygon, with outward unit normals at its ends.
#[derive(Clone, Copy, Debug)]
struct Side {
    from: Point,
    to: Point,
    normals: [Point; 2],
    /// Whether the manifold ends here, at the first or the second point.
    ends: [bool; 2],
}

/// The nearest point of the edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::landscape) struct Nearest {
    /// Distance, negative outside.
    pub distance: f64,
    /// Outward unit normal.
    pub normal: [f64; 2],
    /// Whether it is the end of a manifold, where the sign of the distance is not known.
    pub is_end: bool,
}

impl Separatrix {
    /// Traces the edge of the basin around `minimum`, with a core of the radius `core`. `on_edge` are points of the edge, and `holds` tells whether a
    /// point lies in the basin.
    ///
    /// `None` unless the stable manifolds of the saddles to which the flow leads from `on_edge` pass through all of these points.
    pub fn new(
        potential: &dyn Potential,
        core: f64,
        on_edge: &[Point],
        holds: &dyn Fn(&[f64]) -> bool,
    ) -> Option<Self> {
        let minimum = Point::from_column_slice(potential.minimum());
        let mut saddles: Vec<Point> = Vec::new();
        for point in on_edge {
            if let Some(saddle) = saddle_below(potential, core, point)
                && saddles.iter().all(|known| (known - saddle).norm() > 1e-6 * core)
            {
                saddles.push(saddle);
            }
        }
        let mut sides = Vec::new();
        for saddle in saddles {
            let modes = hessian(potential, &saddle).symmetric_eigen();
            let unstable = modes.eigenvalues.imin();
            let [across, along] = [unstable, 1 - unstable].map(|i| modes.eigenvectors.column(i).into_owned());
            let inside = [1.0, -1.0].map(|sign| holds((saddle + across * (sign * FIRST * core)).as_slice()));
            // With the basin on both sides, or on none, the manifold is no edge.
            let outwards = match inside {
                [true, false] => -across,
                [false, true] => across,
                _ => continue,
            };
            for sign in [1.0, -1.0] {
                let trace = Trace { potential, minimum, core };
                let (points, is_open) = trace.upwards(saddle, along * sign)?;
                // The normal is the direction of the trace turned by a right angle, to the side that is outside at the saddle.
                let turned = |v: Point| Point::new(-v.y, v.x);
                let orientation = turned(along * sign).dot(&outwards).signum();
                let normals: Vec<Point> =
                    points.windows(2).map(|pair| turned((pair[1] - pair[0]).normalize()) * orientation).collect();
                let at = |k: usize| {
                    let before = if k == 0 { outwards } else { normals[k - 1] };
                    (before + normals[k.min(normals.len() - 1)]).normalize()
                };
                let last = points.len() - 2;
                sides.extend(points.windows(2).enumerate().map(|(k, pair)| Side {
                    from: pair[0],
                    to: pair[1],
                    normals: [at(k), at(k + 1)],
                    ends: [false, k == last && !is_open],
                }));
            }
        }
        let circles = sides.chunks(BLOCK).map(bounding_circle).collect();
        let edge = Separatrix { sides, circles };
        let agrees = |point: &Point| {
            edge.nearest(point.as_slice()).is_some_and(|it| it.distance.abs() < AGREES * (point - minimum).norm())
        };
        on_edge.iter().all(agrees).then_some(edge)
    }

    /// The nearest point of the edge; `None` for a point that is not finite.
    pub fn nearest(&self, x: &[f64]) -> Option<Nearest> {
        let x = Point::new(x[0], x[1]);
        let mut best: Option<(f64, &Side, f64)> = None;
        for (block, (centre, radius)) in self.sides.chunks(BLOCK).zip(&self.circles) {
            if best.is_some_and(|(square, ..)| (x - centre).norm() - radius > square.sqrt()) {
                continue;
            }
            for side in block {
                let (way, length) = (side.to - side.from, (side.to - side.from).norm_squared());
                let share = ((x - side.from).dot(&way) / length).clamp(0.0, 1.0);
                let square = (x - side.from - way * share).norm_squared();
                if best.is_none_or(|(nearest, ..)| square < nearest) && square.is_finite() {
                    best = Some((square, side, share));
                }
            }
        }
        let (square, side, share) = best?;
        let normal = (side.normals[0] * (1.0 - share) + side.normals[1] * share).normalize();
        let place = side.from + (side.to - side.from) * share;
        let is_end = share <= 0.0 && side.ends[0] || share >= 1.0 && side.ends[1];
        let sign = if (x - place).dot(&normal) > 0.0 { -1.0 } else { 1.0 };
        Some(Nearest { distance: sign * square.sqrt(), normal: [normal.x, normal.y], is_end })
    }

    /// The distances from `x` against `direction` and along it at which a ray first meets the edge, in units of that vector.
    pub fn exits(&self, x: &[f64], direction: &[f64]) -> [f64; 2] {
        let (x, v) = (Point::new(x[0], x[1]), Point::new(direction[0], direction[1]));
        let (mut exits, norm) = ([f64::INFINITY; 2], v.norm());
        if norm == 0.0 {
            return exits;
        }
        for (block, (centre, radius)) in self.sides.chunks(BLOCK).zip(&self.circles) {
            if v.perp(&(centre - x)).abs() > radius * norm {
                continue;
            }
            for side in block {
                let way = side.to - side.from;
                let turn = v.perp(&way);
                let (s, share) = ((side.from - x).perp(&way) / turn, (side.from - x).perp(&v) / turn);
                if (0.0..=1.0).contains(&share) {
                    let exit = &mut exits[usize::from(s > 0.0)];
                    *exit = exit.min(s.abs());
                }
            }
        }
        exits
    }
}

/// A circle around the points of some sides.
fn bounding_circle(sides: &[Side]) -> (Point, f64) {
    let centre = sides.iter().map(|side| side.from + side.to).sum::<Point>() / (2 * sides.len()) as f64;
    let away = |side: &Side| (side.from - centre).norm().max((side.to - centre).norm());
    (centre, sides.iter().map(away).fold(0.0, f64::max))
}

fn gradient(potential: &dyn Potential, x: &Point) -> Point {
    let mut gradient = Point::zeros();
    potential.gradient(x.as_slice(), gradient.as_mut_slice());
    gradient
}

fn hessian(potential: &dyn Potential, x: &Point) -> Matrix2<f64> {
    let hessian = potential.hessian(x.as_slice());
    Matrix2::new(hessian[(0, 0)], hessian[(0, 1)], hessian[(1, 0)], hessian[(1, 1)])
}

/// The saddle that the flow passes from a point of the edge: Newton's method from where the gradient along the way is smallest.
fn saddle_below(potential: &dyn Potential, core: f64, from: &Point) -> Option<Point> {
    let mut flow = Descent::new(potential, from.as_slice(), 0.1 * core);
    let (mut least, mut place) = (f64::INFINITY, *from);
    for step in 0..MOST_STEPS {
        let away = (Point::from_column_slice(flow.place()) - from).norm();
        match flow.advance(TOLERANCE * core.max(away)) {
            Progress::Lost => break,
            Progress::Rejected => continue,
            Progress::Moved => {}
        }
        let size = Point::from_column_slice(flow.gradient()).norm();
        if size < least {
            (least, place) = (size, Point::from_column_slice(flow.place()));
        }
        // Beyond the saddle the flow gathers speed again.
        if size > 30.0 * least || step % 8 == 0 && is_beside_minimum(potential, flow.place(), flow.gradient(), core) {
            break;
        }
    }
    critical_point(potential, &place, core).filter(|point| hessian(potential, point).determinant() < 0.0)
}

/// The critical point to which Newton's method leads from `from`.
fn critical_point(potential: &dyn Potential, from: &Point, core: f64) -> Option<Point> {
    let mut x = *from;
    for _ in 0..50 {
        let step = hessian(potential, &x).try_inverse()? * gradient(potential, &x);
        x -= step;
        if !(x - from).norm().is_finite() {
            return None;
        }
        if step.norm() < 1e-12 * (core + x.norm()) {
            return Some(x);
        }
    }
    None
}

/// One half of the stable manifold of a saddle.
struct Trace<'p> {
    potential: &'p dyn Potential,
    minimum: Point,
    core: f64,
}

impl Trace<'_> {
    /// The manifold from the saddle on, against the flow, and whether it goes on beyond its last point; that point is then far away.
    fn upwards(&self, saddle: Point, direction: Point) -> Option<(Vec<Point>, bool)> {
        // The square of a gradient may overflow long before the gradient itself.
        let uphill = |x: &Point| {
            let slope = gradient(self.potential, x);
            let size = norm(slope.as_slice());
            if size.is_finite() { slope / size } else { Point::repeat(f64::NAN) }
        };
        let (mut x, mut h) = (saddle + direction * (FIRST * self.core), FIRST * self.core);
        let (mut points, mut steepest) = (vec![saddle, x], 0.0f64);
        let mut k1 = uphill(&x);
        while points.len() < MOST_POINTS {
            let away = (x - self.minimum).norm();
            if away > FURTHEST * self.core {
                points.push(x + k1 * (BEYOND * self.core));
                return Some((points, true));
            }
            h = h.min(LONGEST * self.core.max(away));
            // The pair of Bogacki and Shampine, by the length of the way.
            let k2 = uphill(&(x + k1 * (0.5 * h)));
            let k3 = uphill(&(x + k2 * (0.75 * h)));
            let next = x + (k1 * (2.0 / 9.0) + k2 / 3.0 + k3 * (4.0 / 9.0)) * h;
            let k4 = uphill(&next);
            let error = h * (k1 * (-5.0 / 72.0) + k2 / 12.0 + k3 / 9.0 - k4 / 8.0).norm();
            if !error.is_finite() {
                // Far out a gradient may overflow: from there on the manifold is taken as straight.
                if away < OVERFLOWS * self.core || !k1.norm().is_finite() {
                    return None;
                }
                points.push(x + k1 * (BEYOND * self.core));
                return Some((points, true));
            }
            let (allowed, turn) = (TOLERANCE * self.core.max(away), k1.perp(&k4).abs().max(1.0 - k1.dot(&k4)));
            let factor = (0.9 * (allowed / error.max(1e-300)).cbrt()).min(0.9 * TURN / turn.max(1e-300));
            if error <= allowed && turn <= TURN {
                (x, k1) = (next, k4);
                points.push(x);
                let slope = gradient(self.potential, &x);
                steepest = steepest.max(norm(slope.as_slice()));
                // A critical point ahead, at a distance of a step: the end.
                if norm(slope.as_slice()) < 0.5 * steepest
                    && let Some(end) = critical_point(self.potential, &x, self.core)
                    && (end - x).norm() < 2.0 * h
                {
                    points.push(end);
                    return Some((points, false));
                }
            }
            h *= factor.clamp(0.2, 5.0);
            if !(h > 1e-9 * self.core) {
                return None;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::landscape::{Basin, Domain, Expression};
    use crate::noise::{Seed, Stream};

    fn basin(formula: &str, minimum: &[f64]) -> Basin {
        let potential = Expression::new(formula, &[], None, Some(minimum)).unwrap();
        Basin::new(potential, Domain::Attraction).unwrap()
    }

    /// The half-plane `u < 0.2` of a turned double well, near and far.
    #[test]
    fn a_straight_edge() {
        let u = "((x + 2*y)/sqrt(5))";
        let formula = format!("{u}^4/4 - 0.2*{u}^3/3 - {u}^2/2 + 0.2*{u} + (2*x - y)^2/2");
        let basin = basin(&formula, &[-0.4, -0.9]);
        assert!(basin.knows_distances());
        let mut stream = Stream::new(Seed(3), 0, 0);
        for k in 0..200 {
            let scale = 10f64.powi(k % 3);
            let [x, y] = [0, 1].map(|_| scale * (2.0 * stream.open01() - 1.0));
            let (ahead, mut normal) = (0.2 - (x + 2.0 * y) / 5f64.sqrt(), [0.0; 2]);
            let distance = basin.edge(&[x, y], &mut normal);
            assert!((distance - ahead).abs() < 2e-5 * (1.0 + scale), "{x} {y}: {distance} {ahead}");
            let slope = (normal[0] + 2.0 * normal[1]) / 5f64.sqrt();
            assert!((slope - 1.0).abs() < 1e-4, "{x} {y}: {normal:?}");
            if ahead > 1e-3 {
                let exits = basin.seen_from(&[x, y]).axis_exits(1, -0.5);
                assert!(
                    exits[0].is_infinite()
                        && (exits[1] * 1.0 / 5f64.sqrt() / ahead - 1.0).abs() < 1e-3 * (1.0 + scale / ahead)
                );
            }
        }
    }

    /// The quadrant of a product: two manifolds that meet in a maximum.
    #[test]
    fn a_corner() {
        let basin = basin("(x^2 - 1)^2 + 2*(y^2 - 1)^2", &[0.9, 0.9]);
        let mut stream = Stream::new(Seed(4), 0, 0);
        for _ in 0..200 {
            let [x, y] = [0, 1].map(|_| 4.0 * stream.open01() - 1.5);
            let inside = x > 0.0 && y > 0.0;
            let exact = if inside { x.min(y) } else { -x.min(0.0).hypot(y.min(0.0)) };
            let found = basin.edge(&[x, y], &mut [0.0; 2]);
            assert!((found - exact).abs() < 1e-4, "{x} {y}: {found} {exact}");
            let exits = basin.seen_from(&[x, y]).axis_exits(0, 2.0);
            assert!(!inside || (exits[0] - 0.5 * x).abs() < 1e-4 && exits[1].is_infinite(), "{x} {y}: {exits:?}");
        }
    }

    /// In Müller and Brown's potential the flow from points on either side of the curved edges ends on that side.
    #[test]
    fn curved_edges() {
        let mueller_brown = "-200*exp(-(x-1)^2 - 10*y^2) - 100*exp(-x^2 - 10*(y-0.5)^2) \
            - 170*exp(-6.5*(x+0.5)^2 + 11*(x+0.5)*(y-1.5) - 6.5*(y-1.5)^2) \
            + 15*exp(0.7*(x+1)^2 + 0.6*(x+1)*(y-1) + 0.7*(y-1)^2)";
        let mut stream = Stream::new(Seed(5), 0, 0);
        for minimum in [[-0.558, 1.442], [-0.05, 0.467], [0.623, 0.028]] {
            let basin = basin(mueller_brown, &minimum);
            assert!(basin.knows_distances(), "{minimum:?}");
            let (mut inside, mut near) = (0, 0);
            for _ in 0..100 {
                let x = [-1.5 + 2.7 * stream.open01(), -0.4 + 2.4 * stream.open01()];
                let mut normal = [0.0; 2];
                let distance = basin.edge(&x, &mut normal);
                let at = |way: f64| [x[0] + way * normal[0], x[1] + way * normal[1]];
                assert_eq!(distance > 0.0, basin.contains(&x), "{minimum:?} {x:?} {distance}");
                inside += usize::from(distance > 0.0);
                if distance.abs() < 0.3 {
                    near += 1;
                    let just = 1e-3 * distance.abs().max(0.1);
                    assert!(basin.contains(&at(distance - just)), "{minimum:?} {x:?} {distance} {normal:?}");
                    assert!(!basin.contains(&at(distance + just)), "{minimum:?} {x:?} {distance} {normal:?}");
                }
            }
            assert!(inside > 10 && near > 10, "{minimum:?} {inside} {near}");
        }
    }
}
