//! Contour lines of values on a grid, by marching squares.
//!
//! A line crosses an edge of the grid where the linear interpolation between its ends has the level. The crossings of a cell are joined in
//! pairs; in a cell with four of them the mean of its corners decides which. Every edge belongs to at most two cells, so the pairs form chains.

use std::collections::BTreeMap;

/// Values `F(x_i, y_j)` on a regular grid over a rectangle.
#[derive(Clone, Debug)]
pub struct Grid {
    x: [f64; 2],
    y: [f64; 2],
    /// Points along `x`, and along `y`.
    count: [usize; 2],
    /// Row by row, from the lowest.
    values: Vec<f64>,
}

type Vertex = (f64, f64);

impl Grid {
    /// The values of `of` at `count` points along each side, at least two.
    pub fn of(x: [f64; 2], y: [f64; 2], count: [usize; 2], of: impl Fn(Vertex) -> f64) -> Self {
        let count = count.map(|n| n.max(2));
        let mut grid = Grid { x, y, count, values: Vec::with_capacity(count[0] * count[1]) };
        for j in 0..count[1] {
            for i in 0..count[0] {
                grid.values.push(of(grid.place(i, j)));
            }
        }
        grid
    }

    /// The finite values at the points that `inside` accepts.
    pub fn values(&self, inside: impl Fn(Vertex) -> bool) -> Vec<f64> {
        let all = (0..self.count[1]).flat_map(|j| (0..self.count[0]).map(move |i| (i, j)));
        all.filter(|&(i, j)| inside(self.place(i, j)))
            .map(|(i, j)| self.value(i, j))
            .filter(|v| v.is_finite())
            .collect()
    }

    fn place(&self, i: usize, j: usize) -> Vertex {
        let at = |[lo, hi]: [f64; 2], k: usize, n: usize| lo + (hi - lo) * k as f64 / (n - 1) as f64;
        (at(self.x, i, self.count[0]), at(self.y, j, self.count[1]))
    }

    fn value(&self, i: usize, j: usize) -> f64 {
        self.values[j * self.count[0] + i]
    }

    /// The lines on which the values have the level. A closed line ends where it begins. Cells with a value that is not finite have none.
    pub fn lines(&self, level: f64) -> Vec<Vec<Vertex>> {
        let mut crossings: BTreeMap<usize, Crossing> = BTreeMap::new();
        for j in 0..self.count[1] - 1 {
            for i in 0..self.count[0] - 1 {
                for [a, b] in self.pairs(i, j, level) {
                    let [place_a, place_b] = [a, b].map(|edge| self.crossing(edge, level));
                    crossings.entry(a).or_insert_with(|| Crossing::at(place_a)).next.push(b);
                    crossings.entry(b).or_insert_with(|| Crossing::at(place_b)).next.push(a);
                }
            }
        }
        // Open lines first, from an end; what is left is closed.
        let ends: Vec<usize> = crossings.iter().filter(|(_, c)| c.next.len() == 1).map(|(edge, _)| *edge).collect();
        let mut lines: Vec<Vec<Vertex>> = ends.into_iter().filter_map(|end| chain(&mut crossings, end)).collect();
        while let Some(&edge) = crossings.keys().next() {
            lines.extend(chain(&mut crossings, edge));
        }
        lines
    }

    /// The edges that are joined in the cell whose lower left corner is `(i, j)`.
    fn pairs(&self, i: usize, j: usize, level: f64) -> Vec<[usize; 2]> {
        // Counterclockwise from the lower left, and the edges from each corner to the next.
        let corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)].map(|(i, j)| self.value(i, j));
        let edges = [self.edge(i, j, 0), self.edge(i + 1, j, 1), self.edge(i, j + 1, 0), self.edge(i, j, 1)];
        if !corners.iter().all(|value| value.is_finite()) {
            return Vec::new();
        }
        let above = corners.map(|value| value > level);
        let crossed: Vec<usize> = (0..4).filter(|k| above[*k] != above[(k + 1) % 4]).collect();
        match crossed[..] {
            [a, b] => vec![[edges[a], edges[b]]],
            [_, _, _, _] => {
                // The line goes around the corners that differ from the middle.
                let middle = corners.iter().sum::<f64>() / 4.0 > level;
                let first = if above[0] == middle { 1 } else { 0 };
                [first, first + 2].map(|k| [edges[(k + 3) % 4], edges[k]]).to_vec()
            }
            _ => Vec::new(),
        }
    }

    /// Number of the edge from a point to its neighbour along `x` (0) or `y` (1).
    fn edge(&self, i: usize, j: usize, along: usize) -> usize {
        2 * (j * self.count[0] + i) + along
    }

    fn crossing(&self, edge: usize, level: f64) -> Vertex {
        let (point, along) = (edge / 2, edge % 2);
        let (i, j) = (point % self.count[0], point / self.count[0]);
        let (next_i, next_j) = if along == 0 { (i + 1, j) } else { (i, j + 1) };
        let (a, b) = (self.value(i, j), self.value(next_i, next_j));
        let (from, to, share) = (self.place(i, j), self.place(next_i, next_j), (level - a) / (b - a));
        (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1))
    }
}

/// Where a line crosses an edge of the grid, and the edges that it crosses next.
struct Crossing {
    place: Vertex,
    next: Vec<usize>,
}

impl Crossing {
    fn at(place: Vertex) -> Self {
        Crossing { place, next: Vec::with_capacity(2) }
    }
}

/// Removes the chain that begins at `edge`; closes it if it comes back.
fn chain(crossings: &mut BTreeMap<usize, Crossing>, edge: usize) -> Option<Vec<Vertex>> {
    let first = crossings.remove(&edge)?;
    let mut line = vec![first.place];
    let (mut at, mut last) = (first.next.first().copied(), edge);
    while let Some((here, crossing)) = at.and_then(|here| Some((here, crossings.remove(&here)?))) {
        line.push(crossing.place);
        let next = crossing.next.iter().copied().find(|next| *next != last);
        if next == Some(edge) {
            line.push(first.place);
        }
        (at, last) = (next, here);
    }
    (line.len() > 1).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(line: &[Vertex]) -> f64 {
        line.windows(2).map(|w| (w[1].0 - w[0].0).hypot(w[1].1 - w[0].1)).sum()
    }

    /// The contour of `x² + 4y²` is one ellipse, whose vertices lie on it within the error of the interpolation.
    #[test]
    fn a_bowl_has_closed_ellipses() {
        let bowl = |(x, y): Vertex| x * x + 4.0 * y * y;
        let grid = Grid::of([-2.0, 2.0], [-2.0, 2.0], [81, 81], bowl);
        let lines = grid.lines(1.0);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].first(), lines[0].last());
        assert!(lines[0].iter().all(|v| (bowl(*v) - 1.0).abs() < 0.01), "{:?}", lines[0]);
        // The circumference of an ellipse with semi-axes 1 and ½.
        assert!((length(&lines[0]) - 4.844).abs() < 0.02, "{}", length(&lines[0]));
        assert!(grid.lines(-1.0).is_empty());
    }

    #[test]
    fn lines_end_at_the_rim_and_at_holes() {
        let plane = Grid::of([0.0, 1.0], [0.0, 1.0], [11, 6], |(x, _)| x);
        let lines = plane.lines(0.55);
        assert_eq!((lines.len(), lines[0].len()), (1, 6));
        assert!((length(&lines[0]) - 1.0).abs() < 1e-12);
        let hole = Grid::of([0.0, 1.0], [0.0, 1.0], [11, 11], |(x, y)| if y == 0.5 { f64::NAN } else { x });
        assert_eq!(hole.lines(0.55).len(), 2);
    }

    /// At the saddle of `xy` the lines of both levels have two branches, which do not cross.
    #[test]
    fn branches_at_a_saddle_do_not_cross() {
        let grid = Grid::of([-1.0, 1.0], [-1.0, 1.0], [10, 10], |(x, y)| x * y);
        for (level, sign) in [(1e-4, 1.0), (-1e-4, -1.0)] {
            let lines = grid.lines(level);
            assert_eq!(lines.len(), 2, "{level}");
            for line in lines {
                let quadrants = line.iter().map(|(x, y)| (x * sign > 0.0, *y > 0.0));
                let [(first, ..), ..] = [(line[0].0 * sign > 0.0, line[0].1 > 0.0)];
                assert!(quadrants.clone().all(|(x, _)| x == first), "{line:?}");
            }
        }
    }
}
