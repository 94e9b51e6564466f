//! Distances to a target: a closed box, seen from outside.

/// A closed box `lo_i ≤ x_i ≤ hi_i` in absolute coordinates, which paths run into. Ends may be infinite.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    pub lo: Vec<f64>,
    pub hi: Vec<f64>,
}

impl Target {
    pub fn new(sides: &[[f64; 2]]) -> Self {
        Target { lo: sides.iter().map(|side| side[0]).collect(), hi: sides.iter().map(|side| side[1]).collect() }
    }

    /// Whether `x` lies in the box; `false` for a point that is not a number.
    pub fn holds(&self, x: &[f64]) -> bool {
        x.iter().zip(&self.lo).zip(&self.hi).all(|((x, lo), hi)| lo <= x && x <= hi)
    }

    /// The smallest `s ≥ 0` with `x + s v` in the box; infinite if the ray misses it.
    pub fn entry(&self, x: impl Iterator<Item = f64>, v: impl Iterator<Item = f64>) -> f64 {
        let (mut enters, mut leaves) = (0.0f64, f64::INFINITY);
        for (((x, v), lo), hi) in x.zip(v).zip(&self.lo).zip(&self.hi) {
            if v == 0.0 {
                if !(*lo <= x && x <= *hi) {
                    return f64::INFINITY;
                }
                continue;
            }
            let ends = [(lo - x) / v, (hi - x) / v];
            enters = enters.max(ends[0].min(ends[1]));
            leaves = leaves.min(ends[0].max(ends[1]));
        }
        if enters <= leaves { enters } else { f64::INFINITY }
    }

    /// Distance from `x` to the box, negative inside, and the unit vector from `x` towards it into `normal`.
    pub fn distance(&self, x: &[f64], normal: &mut [f64]) -> f64 {
        let mut square = 0.0;
        for (i, x) in x.iter().enumerate() {
            // Towards the nearest point of the box.
            normal[i] = x.clamp(self.lo[i], self.hi[i]) - x;
            square += normal[i] * normal[i];
        }
        let distance = square.sqrt();
        if distance > 0.0 {
            normal.iter_mut().for_each(|n| *n /= distance);
            return distance;
        }
        let mut nearest = (f64::INFINITY, 0, 1.0);
        for (i, x) in x.iter().enumerate() {
            for (way, inwards) in [(x - self.lo[i], 1.0), (self.hi[i] - x, -1.0)] {
                if way < nearest.0 {
                    nearest = (way, i, inwards);
                }
            }
        }
        normal.fill(0.0);
        normal[nearest.1] = nearest.2;
        -nearest.0
    }

    /// The point of the open box that is nearest to `x`.
    pub fn nearest_inside(&self, x: &[f64]) -> Vec<f64> {
        let inside = |((x, lo), hi): ((&f64, &f64), &f64)| {
            let [lo, hi] = [lo.next_up(), hi.next_down()];
            // A side may be a single point.
            if lo <= hi { x.clamp(lo, hi) } else { lo.next_down() }
        };
        x.iter().zip(&self.lo).zip(&self.hi).map(inside).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rays_and_distances() {
        let target = Target::new(&[[1.0, 3.0], [-1.0, f64::INFINITY]]);
        let entry = |x: [f64; 2], v: [f64; 2]| target.entry(x.into_iter(), v.into_iter());
        assert_eq!(entry([0.0, 0.0], [2.0, 0.0]), 0.5);
        assert_eq!(entry([4.0, -3.0], [-1.0, 1.0]), 2.0);
        assert_eq!(entry([0.0, -5.0], [1.0, 1.0]), f64::INFINITY);
        assert_eq!([entry([0.0, 0.0], [-1.0, 0.0]), entry([0.0, 0.0], [0.0, 1.0])], [f64::INFINITY; 2]);
        let mut normal = [0.0; 2];
        assert_eq!((target.distance(&[-2.0, -5.0], &mut normal), normal), (5.0, [0.6, 0.8]));
        assert_eq!((target.distance(&[1.25, 7.0], &mut normal), normal), (-0.25, [1.0, 0.0]));
        assert!(target.holds(&[1.0, -1.0]) && !target.holds(&[f64::NAN, 0.0]) && !target.holds(&[0.9, 0.0]));
        assert!(target.holds(&target.nearest_inside(&[9.0, -2.0])));
        assert_eq!(target.nearest_inside(&[2.0, 0.0]), [2.0, 0.0]);
    }
}
