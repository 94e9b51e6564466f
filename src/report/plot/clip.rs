//! The parts of lines and areas inside a panel.

use super::canvas::Rect;

type Vertex = (f64, f64);

/// The parts of a polyline inside `frame` (Liang and Barsky's test, segment by segment). A vertex that is not finite
/// breaks the line.
pub fn polyline(vertices: &[Vertex], frame: &Rect) -> Vec<Vec<Vertex>> {
    let mut parts: Vec<Vec<Vertex>> = Vec::new();
    let mut open = false;
    for pair in vertices.windows(2) {
        let Some((from, to)) = segment(pair[0], pair[1], frame) else {
            open = false;
            continue;
        };
        match parts.last_mut().filter(|part| open && part.last() == Some(&from)) {
            Some(part) => part.push(to),
            None => parts.push(vec![from, to]),
        }
        open = to == pair[1];
    }
    parts
}

fn segment(a: Vertex, b: Vertex, frame: &Rect) -> Option<(Vertex, Vertex)> {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    if !(dx.is_finite() && dy.is_finite()) {
        return None;
    }
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    let edges = [(-dx, a.0 - frame.x0), (dx, frame.x1 - a.0), (-dy, a.1 - frame.y0), (dy, frame.y1 - a.1)];
    for (speed, distance) in edges {
        if speed == 0.0 {
            if distance < 0.0 {
                return None;
            }
        } else if speed < 0.0 {
            enter = enter.max(distance / speed);
        } else {
            leave = leave.min(distance / speed);
        }
    }
    let at = |t: f64| match t {
        0.0 => a,
        1.0 => b,
        t => (a.0 + t * dx, a.1 + t * dy),
    };
    (enter <= leave).then(|| (at(enter), at(leave)))
}

/// The part of a polygon inside `frame` (Sutherland and Hodgman).
pub fn polygon(vertices: &[Vertex], frame: &Rect) -> Vec<Vertex> {
    let mut kept: Vec<Vertex> = vertices.iter().copied().filter(|v| v.0.is_finite() && v.1.is_finite()).collect();
    let edges: [&dyn Fn(Vertex) -> f64; 4] =
        [&|v| v.0 - frame.x0, &|v| frame.x1 - v.0, &|v| v.1 - frame.y0, &|v| frame.y1 - v.1];
    for inside in edges {
        let before = std::mem::take(&mut kept);
        for (i, &to) in before.iter().enumerate() {
            let from = before[(i + before.len() - 1) % before.len()];
            let (p, q) = (inside(from), inside(to));
            if (p >= 0.0) != (q >= 0.0) {
                let t = p / (p - q);
                kept.push((from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1)));
            }
            if q >= 0.0 {
                kept.push(to);
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Rect = Rect { x0: 0.0, y0: 0.0, x1: 10.0, y1: 10.0 };

    #[test]
    fn a_line_is_cut_at_the_frame_and_joined_inside() {
        let parts = polyline(&[(-5.0, 5.0), (5.0, 5.0), (5.0, 20.0), (8.0, 20.0), (8.0, 8.0)], &FRAME);
        assert_eq!(parts, [vec![(0.0, 5.0), (5.0, 5.0), (5.0, 10.0)], vec![(8.0, 10.0), (8.0, 8.0)]]);
        let broken = polyline(&[(1.0, 1.0), (2.0, 2.0), (f64::NAN, 3.0), (4.0, 4.0), (5.0, 5.0)], &FRAME);
        assert_eq!(broken.len(), 2);
        assert!(polyline(&[(1.0, 1.0)], &FRAME).is_empty());
    }

    #[test]
    fn an_area_is_cut_at_the_frame() {
        let cut = polygon(&[(-5.0, -5.0), (15.0, -5.0), (15.0, 5.0), (-5.0, 5.0)], &FRAME);
        assert!(cut.iter().all(|v| (0.0..=10.0).contains(&v.0) && (0.0..=5.0).contains(&v.1)), "{cut:?}");
        assert!(polygon(&[(20.0, 20.0), (30.0, 20.0), (30.0, 30.0)], &FRAME).is_empty());
    }
}
