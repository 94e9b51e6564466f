//! What is shown of a basin on a line.

use crate::landscape::Basin;
use crate::report::plot::style::GREY;
use crate::report::{DataKind, Mark, Panel};

use super::plane::{EDGE, SHADE, edge_stroke, piece};

/// What is shown beyond the edges of `Ω`, in units of the longer distance from the minimum.
const MARGIN: f64 = 0.6;
/// What is shown beyond a saddle, in units of its distance from the next minimum, or from this one if the next is not known.
const NEIGHBOUR: f64 = 1.4;

/// A part of the line around a minimum, with the edges of `Ω`.
pub(super) struct Stretch {
    /// The ends of what is shown.
    pub lo: f64,
    pub hi: f64,
    /// The edges of `Ω`.
    pub edges: Vec<f64>,
    /// What is shown outside of `Ω`.
    pub outside: Vec<[f64; 2]>,
}

impl Stretch {
    pub fn of(basin: &Basin) -> Self {
        match basin.target() {
            Some((lo, hi)) => Self::around_target(basin, [lo[0], hi[0]]),
            None => Self::around_interval(basin),
        }
    }

    fn around_target(basin: &Basin, target: [f64; 2]) -> Self {
        let mut edges: Vec<f64> = target.into_iter().filter(|end| end.is_finite()).collect();
        edges.dedup();
        let places = || edges.iter().copied().chain([basin.minimum()[0], basin.start()[0]]);
        let (first, last) = (places().fold(f64::INFINITY, f64::min), places().fold(f64::NEG_INFINITY, f64::max));
        let room = MARGIN * (last - first);
        let (lo, hi) = (first - room, last + room);
        Stretch { lo, hi, outside: vec![[target[0].max(lo), target[1].min(hi)]], edges }
    }

    fn around_interval(basin: &Basin) -> Self {
        let (minimum, sides) = (basin.minimum()[0], [-1.0, 1.0]);
        let reaches = sides.map(|side| basin.exit_distance(&[side]));
        let reach = reaches.into_iter().filter(|r| r.is_finite()).fold(0.0, f64::max);
        let beyond = |edge: f64, side: f64| {
            if !basin.is_well() {
                return MARGIN * reach;
            }
            let minima = basin.potential().wells();
            let away = |other: &f64| side * (other - edge);
            let next = minima.iter().flat_map(|wells| wells.minima()).map(away).filter(|away| *away > 0.0);
            NEIGHBOUR * Some(next.fold(f64::INFINITY, f64::min)).filter(|away| away.is_finite()).unwrap_or(reach)
        };
        // An open side is shown as far as the edge on the other one.
        let end = |k: usize| match reaches[k] {
            r if r.is_finite() => minimum + sides[k] * (r + beyond(minimum + sides[k] * r, sides[k])),
            _ => minimum + sides[k] * reach,
        };
        let (lo, hi) = (end(0), end(1));
        let edges = [0, 1].map(|k| minimum + sides[k] * reaches[k]);
        let outside = [[lo, edges[0]], [edges[1], hi]];
        Stretch {
            lo,
            hi,
            outside: outside.into_iter().filter(|part| part.iter().all(|x| x.is_finite())).collect(),
            edges: edges.into_iter().filter(|edge| edge.is_finite()).collect(),
        }
    }

    /// Shades what is outside along the horizontal axis, and draws the edges.
    pub fn draw_upright(&self, panel: &mut Panel) {
        let (floor, top) = (panel.y.lo, panel.y.hi);
        for part in &self.outside {
            panel.mark(Mark::Band(part.map(|x| (x, floor, top)).to_vec(), GREY, SHADE));
        }
        for (index, &x) in self.edges.iter().enumerate() {
            let line = vec![(x, floor), (x, top)];
            panel.data(piece(EDGE, index), DataKind::Boundary, Mark::Line(line, edge_stroke()));
        }
    }

    /// Shades what is outside along the vertical axis, and draws the edges.
    pub fn draw_level(&self, panel: &mut Panel) {
        let (left, right) = (panel.x.lo, panel.x.hi);
        for [lo, hi] in &self.outside {
            panel.mark(Mark::Band([left, right].map(|x| (x, *lo, *hi)).to_vec(), GREY, SHADE));
        }
        for (index, &y) in self.edges.iter().enumerate() {
            let line = vec![(left, y), (right, y)];
            panel.data(piece(EDGE, index), DataKind::Boundary, Mark::Line(line, edge_stroke()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{Domain, DoubleWell, Quadratic};

    #[test]
    fn edges_and_what_lies_outside() {
        let stretch = |domain| Stretch::of(&Basin::new(Quadratic::new(vec![2.0]).unwrap(), domain).unwrap());
        let both = stretch(Domain::interval(-0.5, 1.0));
        assert_eq!((both.edges, both.outside), (vec![-0.5, 1.0], vec![[-1.1, -0.5], [1.0, 1.6]]));
        let open = stretch(Domain::interval(f64::NEG_INFINITY, 1.0));
        assert_eq!((open.lo, open.edges, open.outside), (-1.0, vec![1.0], vec![[1.0, 1.6]]));
    }

    /// A target is outside `Ω`, and what lies beyond it is not.
    #[test]
    fn a_target_ends() {
        let well = || DoubleWell::new([-1.0, 1.0], 0.0, 1.0).unwrap();
        let stretch = |target| Stretch::of(&Basin::new(well(), Domain::Until(vec![target])).unwrap());
        let target = stretch([0.5, 0.75]);
        assert_eq!((target.edges, target.outside), (vec![0.5, 0.75], vec![[0.5, 0.75]]));
        assert!(target.lo < -1.0 && target.hi > 0.75);
        let endless = stretch([0.5, f64::INFINITY]);
        assert_eq!((endless.edges.clone(), endless.outside.clone()), (vec![0.5], vec![[0.5, endless.hi]]));
    }
}
