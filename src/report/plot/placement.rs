//! Placement of text where it covers nothing.

use super::canvas::Rect;

/// Distance between two obstacles on a line.
const SPACING: f64 = 1.5;
/// Clearance that suffices.
const ENOUGH: f64 = 2.0;

/// What must stay visible, as dots in points.
#[derive(Clone, Debug, Default)]
pub struct Obstacles(Vec<(f64, f64)>);

impl Obstacles {
    /// Adds a line.
    pub fn line(&mut self, vertices: &[(f64, f64)]) {
        for pair in vertices.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let count = ((b.0 - a.0).hypot(b.1 - a.1) / SPACING).ceil().max(1.0);
            let dot = |i: u32| {
                let share = f64::from(i) / count;
                (a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1))
            };
            self.0.extend((0..=count as u32).map(dot));
        }
    }

    /// Adds the edge of a rectangle and what it holds.
    pub fn rect(&mut self, rect: &Rect) {
        let Rect { x0, y0, x1, y1 } = *rect;
        self.line(&[(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]);
        self.line(&[(x0, 0.5 * (y0 + y1)), (x1, 0.5 * (y0 + y1))]);
    }

    /// Adds a marker.
    pub fn marker(&mut self, at: (f64, f64), radius: f64) {
        self.rect(&Rect { x0: at.0 - radius, y0: at.1 - radius, x1: at.0 + radius, y1: at.1 + radius });
    }

    /// Distance of the nearest obstacle from a rectangle, 0 if it covers one.
    pub fn clearance(&self, rect: &Rect) -> f64 {
        let distance = |&(x, y): &(f64, f64)| {
            let beside = (rect.x0 - x).max(x - rect.x1).max(0.0);
            beside.hypot((rect.y0 - y).max(y - rect.y1).max(0.0))
        };
        self.0.iter().map(distance).fold(f64::INFINITY, f64::min)
    }

    /// The place with the most clearance for a text of this size near a marker at `at`, inside `frame` if possible.
    pub fn beside(&self, at: (f64, f64), size: (f64, f64), frame: &Rect) -> Rect {
        let half = (0.5 * size.0, 0.5 * size.1);
        let mut best: Option<(f64, Rect)> = None;
        for gap in [4.0, 6.5, 9.5] {
            for angle in (0..24).map(|k| f64::from(15 * k + 45).to_radians()) {
                let x = at.0 + angle.cos() * (half.0 + gap);
                let y = at.1 - angle.sin() * (half.1 + gap);
                let rect = Rect { x0: x - half.0, y0: y - half.1, x1: x + half.0, y1: y + half.1 };
                let outside = rect.x0 < frame.x0 || rect.x1 > frame.x1 || rect.y0 < frame.y0 || rect.y1 > frame.y1;
                let score = self.clearance(&rect).min(ENOUGH) - 0.1 * gap - if outside { 100.0 } else { 0.0 };
                if best.is_none_or(|(found, _)| score > found + 1e-9) {
                    best = Some((score, rect));
                }
            }
        }
        best.map_or(*frame, |(_, rect)| rect)
    }

    /// A corner of `frame` where a block of this size covers nothing: top right, bottom left, top left, bottom right.
    pub fn corner(&self, size: (f64, f64), frame: &Rect) -> Option<Rect> {
        let inset = 4.0;
        let (left, right) = (frame.x0 + inset, frame.x1 - inset - size.0);
        let (top, bottom) = (frame.y0 + inset, frame.y1 - inset - size.1);
        [(right, top), (left, bottom), (left, top), (right, bottom)]
            .into_iter()
            .filter(|_| size.0 + 2.0 * inset < frame.width() && size.1 + 2.0 * inset < frame.height())
            .map(|(x, y)| Rect { x0: x, y0: y, x1: x + size.0, y1: y + size.1 })
            .find(|rect| self.clearance(rect) > ENOUGH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Rect = Rect { x0: 0.0, y0: 0.0, x1: 100.0, y1: 100.0 };

    #[test]
    fn a_block_takes_the_corner_that_is_free() {
        let mut obstacles = Obstacles::default();
        assert_eq!(obstacles.corner((30.0, 20.0), &FRAME).unwrap().x1, 96.0);
        obstacles.line(&[(100.0, 0.0), (60.0, 40.0)]);
        assert_eq!(obstacles.corner((30.0, 20.0), &FRAME).unwrap().x0, 4.0);
        obstacles.line(&[(0.0, 0.0), (100.0, 0.0), (100.0, 100.0)]);
        obstacles.rect(&Rect { x0: 2.0, y0: 2.0, x1: 98.0, y1: 70.0 });
        assert_eq!(obstacles.corner((30.0, 40.0), &FRAME), None);
        assert_eq!(Obstacles::default().corner((95.0, 10.0), &FRAME), None);
    }

    #[test]
    fn a_label_avoids_lines_and_the_edge() {
        let mut obstacles = Obstacles::default();
        obstacles.line(&[(90.0, 0.0), (90.0, 100.0)]);
        let place = obstacles.beside((90.0, 50.0), (14.0, 6.0), &FRAME);
        assert!(place.x1 <= 89.0 && obstacles.clearance(&place) > 1.0, "{place:?}");
    }
}
