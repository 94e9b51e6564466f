//! A panel: two axes and what is drawn between them.

use plotters::style::RGBColor;
use plotters_backend::DrawingBackend;

use super::axis::across;
use super::canvas::{Align, Turn, Type};
use super::style::{FAINT, INK, LABEL_SIZE, LEADING, Look, SMALL_SIZE, Stroke};
use super::text::{self, Weight};
use super::{Axis, Canvas, Drawn, Rect, Tick, clip};

/// Radius of markers.
const RADIUS: f64 = 2.1;
const TICK: f64 = 3.0;

/// A value with its 95 % interval; `lo` and `hi` equal `y`, or are NaN, where there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Point {
    pub x: f64,
    pub y: f64,
    pub lo: f64,
    pub hi: f64,
}

impl Point {
    /// A point without an interval.
    pub fn exact(x: f64, y: f64) -> Self {
        Point { x, y, lo: y, hi: y }
    }

    /// The point whose value and interval are `factor` times this one's.
    pub fn scaled(self, factor: f64) -> Self {
        Point { x: self.x, y: factor * self.y, lo: factor * self.lo, hi: factor * self.hi }
    }

    /// Everything that the vertical axis must show.
    pub fn heights(&self) -> [f64; 3] {
        [self.y, self.lo, self.hi]
    }
}

/// One thing drawn in a panel, in the coordinates of its axes. What is not finite is skipped; what lies outside is cut.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// Points with vertical intervals.
    Points(Vec<Point>, Look),
    /// A line through its vertices.
    Line(Vec<(f64, f64)>, Stroke),
    /// The area between two curves, as `(x, lower, upper)`, with its opacity.
    Band(Vec<(f64, f64, f64)>, RGBColor, f64),
    /// A closed area and its opacity.
    Area(Vec<(f64, f64)>, RGBColor, f64),
    /// All of the panel but a closed area, and the opacity.
    Outside(Vec<(f64, f64)>, RGBColor, f64),
    /// A text whose left middle, centre or right middle is this many points from a place.
    Text { label: String, at: (f64, f64), offset: (f64, f64), align: Align, ink: RGBColor },
}

/// Where a note stands in the strip above the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Side {
    Left,
    Right,
}

/// A short text above the frame, where it cannot cover anything.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Note {
    pub text: String,
    pub ink: RGBColor,
    pub side: Side,
}

/// A label to the right of the frame, at the height of the curve's end.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct EndLabel {
    pub text: String,
    pub y: f64,
    pub ink: RGBColor,
}

/// Two axes, marks, and texts around the frame.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Panel {
    pub title: String,
    pub notes: Vec<Note>,
    pub x: Axis,
    pub y: Axis,
    pub marks: Vec<Mark>,
    pub ends: Vec<EndLabel>,
    /// Whether the axes' numbers and labels are shown here, or by the panel below (x) and to the left (y).
    pub numbers: (bool, bool),
    /// Whether a unit is as long on both axes; the shorter range is then widened.
    pub equal_aspect: bool,
}

impl Panel {
    /// An empty panel.
    pub fn new(x: Axis, y: Axis) -> Self {
        Panel {
            title: String::new(),
            notes: Vec::new(),
            x,
            y,
            marks: Vec::new(),
            ends: Vec::new(),
            numbers: (true, true),
            equal_aspect: false,
        }
    }

    /// Adds a mark.
    pub fn mark(&mut self, mark: Mark) {
        self.marks.push(mark);
    }

    /// Adds a horizontal line through the whole panel.
    pub fn level(&mut self, y: f64, stroke: Stroke) {
        self.mark(Mark::Line(vec![(self.x.lo, y), (self.x.hi, y)], stroke));
    }

    /// Adds a vertical line through the whole panel.
    pub fn upright(&mut self, x: f64, stroke: Stroke) {
        self.mark(Mark::Line(vec![(x, self.y.lo), (x, self.y.hi)], stroke));
    }

    /// Room needed to the left of a frame of this height.
    pub fn left(&self, height: f64) -> f64 {
        if !self.numbers.1 {
            return 0.0;
        }
        let labels = self.y_ticks(height).into_iter().filter_map(|t| t.label);
        let widest = labels.map(|l| text::width(&l, SMALL_SIZE)).fold(0.0, f64::max);
        TICK + 2.5 + widest + if self.y.label.is_empty() { 0.0 } else { 1.6 * LABEL_SIZE }
    }

    /// Room needed below the frame.
    pub fn below(&self) -> f64 {
        if !self.numbers.0 {
            return 0.0;
        }
        TICK + 2.0 + SMALL_SIZE + if self.x.label.is_empty() { 0.0 } else { 1.6 * LABEL_SIZE }
    }

    /// Room needed above a frame of this width.
    pub fn above(&self, width: f64) -> f64 {
        let title = if self.title.is_empty() { 0.0 } else { LABEL_SIZE * LEADING };
        title + self.note_lines(width) as f64 * SMALL_SIZE * LEADING + 2.0
    }

    /// Room needed to the right of the frame.
    pub fn right(&self) -> f64 {
        let widest = self.ends.iter().map(|end| text::width(&end.text, SMALL_SIZE)).fold(0.0, f64::max);
        if self.ends.is_empty() { 0.0 } else { widest + 5.0 }
    }

    /// Draws the panel with its axes along the edges of `frame`.
    pub fn draw<DB: DrawingBackend>(&self, canvas: &mut Canvas<DB>, frame: &Rect) -> Drawn<DB> {
        if self.equal_aspect {
            return self.widened(frame).draw(canvas, frame);
        }
        let (x_ticks, y_ticks) = (self.x_ticks(frame.width()), self.y_ticks(frame.height()));
        for tick in x_ticks.iter().filter(|t| t.label.is_some()) {
            let x = self.at(frame, (tick.value, self.y.lo)).0;
            canvas.line(&[(x, frame.y0), (x, frame.y1)], Stroke::solid(FAINT, 0.4))?;
        }
        for tick in y_ticks.iter().filter(|t| t.label.is_some()) {
            let y = self.at(frame, (self.x.lo, tick.value)).1;
            canvas.line(&[(frame.x0, y), (frame.x1, y)], Stroke::solid(FAINT, 0.4))?;
        }
        for mark in &self.marks {
            self.draw_mark(canvas, frame, mark)?;
        }
        canvas.frame(frame, Stroke::solid(INK, 0.6))?;
        self.draw_x_axis(canvas, frame, &x_ticks)?;
        self.draw_y_axis(canvas, frame, &y_ticks)?;
        self.draw_heading(canvas, frame)?;
        self.draw_ends(canvas, frame)
    }

    fn x_ticks(&self, width: f64) -> Vec<Tick> {
        self.x.ticks(width, |label| across(label, SMALL_SIZE))
    }

    fn y_ticks(&self, height: f64) -> Vec<Tick> {
        self.y.ticks(height, |_| 1.5 * SMALL_SIZE)
    }

    fn at(&self, frame: &Rect, (x, y): (f64, f64)) -> (f64, f64) {
        (frame.x0 + self.x.place(x) * frame.width(), frame.y1 - self.y.place(y) * frame.height())
    }

    fn widened(&self, frame: &Rect) -> Panel {
        let mut panel = Panel { equal_aspect: false, ..self.clone() };
        let unit = ((self.x.hi - self.x.lo) / frame.width()).max((self.y.hi - self.y.lo) / frame.height());
        for (axis, length) in [(&mut panel.x, frame.width()), (&mut panel.y, frame.height())] {
            let (middle, half) = (0.5 * (axis.lo + axis.hi), 0.5 * unit * length);
            (axis.lo, axis.hi) = (middle - half, middle + half);
        }
        panel
    }

    fn draw_mark<DB: DrawingBackend>(&self, canvas: &mut Canvas<DB>, frame: &Rect, mark: &Mark) -> Drawn<DB> {
        match mark {
            Mark::Points(points, look) => {
                for point in points {
                    self.draw_point(canvas, frame, point, *look)?;
                }
                Ok(())
            }
            Mark::Line(vertices, stroke) => {
                let placed: Vec<_> = vertices.iter().map(|&v| self.at(frame, v)).collect();
                for part in clip::polyline(&placed, frame) {
                    canvas.line(&part, *stroke)?;
                }
                Ok(())
            }
            Mark::Band(slices, color, opacity) => {
                let usable = || slices.iter().filter(|(x, lo, hi)| x.is_finite() && !lo.is_nan() && !hi.is_nan());
                let place = |x, y| self.at(frame, (x, y)).1.clamp(frame.y0 - 1.0, frame.y1 + 1.0);
                let upper = usable().map(|&(x, _, hi)| (self.at(frame, (x, hi)).0, place(x, hi)));
                let lower = usable().rev().map(|&(x, lo, _)| (self.at(frame, (x, lo)).0, place(x, lo)));
                canvas.area(&clip::polygon(&upper.chain(lower).collect::<Vec<_>>(), frame), *color, *opacity)
            }
            Mark::Area(vertices, color, opacity) => {
                let placed: Vec<_> = vertices.iter().map(|&v| self.at(frame, v)).collect();
                canvas.area(&clip::polygon(&placed, frame), *color, *opacity)
            }
            Mark::Outside(vertices, color, opacity) => {
                let placed: Vec<_> = vertices.iter().map(|&v| self.at(frame, v)).collect();
                canvas.area(&keyhole(&clip::polygon(&placed, frame), frame), *color, *opacity)
            }
            Mark::Text { label, at, offset, align, ink } => {
                let (x, y) = self.at(frame, *at);
                let set = Type::new(SMALL_SIZE, *ink, *align);
                canvas.text(label, (x + offset.0, y + offset.1 + 0.36 * SMALL_SIZE), set)
            }
        }
    }

    fn draw_point<DB: DrawingBackend>(
        &self,
        canvas: &mut Canvas<DB>,
        frame: &Rect,
        point: &Point,
        look: Look,
    ) -> Drawn<DB> {
        let (x, y) = self.at(frame, (point.x, point.y));
        let inside = |v: f64, lo: f64, hi: f64| v >= lo - 0.01 && v <= hi + 0.01;
        if !(inside(x, frame.x0, frame.x1) && inside(y, frame.y0, frame.y1)) {
            return Ok(());
        }
        let end = |value: f64| match self.at(frame, (point.x, value)).1 {
            height if height.is_nan() => y,
            height => height.clamp(frame.y0, frame.y1),
        };
        canvas.line(&[(x, end(point.lo)), (x, end(point.hi))], Stroke::solid(look.color, 0.7))?;
        canvas.marker((x, y), RADIUS, look)
    }

    fn draw_x_axis<DB: DrawingBackend>(&self, canvas: &mut Canvas<DB>, frame: &Rect, ticks: &[Tick]) -> Drawn<DB> {
        for tick in ticks {
            let x = self.at(frame, (tick.value, self.y.lo)).0;
            let length = if tick.label.is_some() { TICK } else { 0.55 * TICK };
            canvas.line(&[(x, frame.y1), (x, frame.y1 + length)], Stroke::solid(INK, 0.5))?;
            if let Some(label) = tick.label.as_ref().filter(|_| self.numbers.0) {
                let set = Type::new(SMALL_SIZE, INK, Align::Center);
                canvas.text(label, (x, frame.y1 + TICK + 2.0 + 0.8 * SMALL_SIZE), set)?;
            }
        }
        if self.numbers.0 {
            let size = text::fit(&self.x.label, LABEL_SIZE, frame.width() + 20.0);
            let base = frame.y1 + TICK + 2.0 + SMALL_SIZE + 1.2 * LABEL_SIZE;
            let middle = 0.5 * (frame.x0 + frame.x1);
            canvas.text(&self.x.label, (middle, base), Type::new(size, INK, Align::Center))?;
        }
        Ok(())
    }

    fn draw_y_axis<DB: DrawingBackend>(&self, canvas: &mut Canvas<DB>, frame: &Rect, ticks: &[Tick]) -> Drawn<DB> {
        for tick in ticks {
            let y = self.at(frame, (self.x.lo, tick.value)).1;
            let length = if tick.label.is_some() { TICK } else { 0.55 * TICK };
            canvas.line(&[(frame.x0 - length, y), (frame.x0, y)], Stroke::solid(INK, 0.5))?;
            if let Some(label) = tick.label.as_ref().filter(|_| self.numbers.1) {
                let set = Type::new(SMALL_SIZE, INK, Align::Right);
                canvas.text(label, (frame.x0 - TICK - 2.5, y + 0.36 * SMALL_SIZE), set)?;
            }
        }
        if self.numbers.1 {
            let size = text::fit(&self.y.label, LABEL_SIZE, frame.height() + 16.0);
            let base = frame.x0 - self.left(frame.height()) + LABEL_SIZE;
            let set = Type { turn: Turn::Upwards, ..Type::new(size, INK, Align::Center) };
            canvas.text(&self.y.label, (base, 0.5 * (frame.y0 + frame.y1)), set)?;
        }
        Ok(())
    }

    fn draw_heading<DB: DrawingBackend>(&self, canvas: &mut Canvas<DB>, frame: &Rect) -> Drawn<DB> {
        let lines = self.note_lines(frame.width());
        let top = frame.y0 - 2.0 - lines as f64 * SMALL_SIZE * LEADING;
        if !self.title.is_empty() {
            let size = text::fit(&self.title, LABEL_SIZE, 0.92 * frame.width());
            let set = Type { weight: Weight::Bold, ..Type::new(size, INK, Align::Center) };
            canvas.text(&self.title, (0.5 * (frame.x0 + frame.x1), top - 0.35 * LABEL_SIZE), set)?;
        }
        for (note, line, offset) in self.placed_notes(frame.width()) {
            let base = top + (line as f64 + 0.72) * SMALL_SIZE * LEADING;
            canvas.text(&note.text, (frame.x0 + offset, base), Type::new(SMALL_SIZE, note.ink, Align::Left))?;
        }
        Ok(())
    }

    fn note_lines(&self, width: f64) -> usize {
        self.placed_notes(width).iter().map(|(_, line, _)| line + 1).max().unwrap_or(0)
    }

    /// Notes with their line and their distance from the left edge; those on the left flow, those on the right end there.
    fn placed_notes(&self, width: f64) -> Vec<(&Note, usize, f64)> {
        let (mut line, mut end) = (0, 0.0);
        let mut placed = Vec::new();
        for note in &self.notes {
            let taken = text::width(&note.text, SMALL_SIZE);
            if end > 0.0 && end + taken > width {
                (line, end) = (line + 1, 0.0);
            }
            let offset = if note.side == Side::Right { (width - taken).max(end) } else { end };
            placed.push((note, line, offset));
            end = offset + taken + 8.0;
        }
        placed
    }

    fn draw_ends<DB: DrawingBackend>(&self, canvas: &mut Canvas<DB>, frame: &Rect) -> Drawn<DB> {
        let height = |end: &EndLabel| self.at(frame, (self.x.hi, end.y)).1;
        let mut ends: Vec<(&EndLabel, f64)> = self.ends.iter().map(|end| (end, height(end))).collect();
        ends.retain(|(_, y)| y.is_finite());
        ends.sort_by(|a, b| a.1.total_cmp(&b.1));
        let apart = 1.15 * SMALL_SIZE;
        let wanted: Vec<f64> = ends.iter().map(|(_, y)| y.clamp(frame.y0, frame.y1)).collect();
        for ((end, _), y) in ends.iter().zip(spread(&wanted, apart)) {
            let at = (frame.x1 + 4.0, y + 0.36 * SMALL_SIZE);
            canvas.text(&end.text, at, Type::new(SMALL_SIZE, end.ink, Align::Left))?;
        }
        Ok(())
    }
}

/// The places nearest to the sorted `wanted` that are `apart` from each other.
fn spread(wanted: &[f64], apart: f64) -> Vec<f64> {
    // Clusters as (first index, count, sum of the wanted places less their offset in the cluster).
    let mut clusters: Vec<(usize, f64)> = Vec::new();
    for &place in wanted {
        clusters.push((1, place));
        while let [.., before, last] = clusters.as_slice() {
            let gap = (last.1 - before.1) - 0.5 * apart * (before.0 + last.0) as f64;
            if gap >= 0.0 {
                break;
            }
            let count = before.0 + last.0;
            let middle = (before.0 as f64 * before.1 + last.0 as f64 * last.1) / count as f64;
            clusters.truncate(clusters.len() - 2);
            clusters.push((count, middle));
        }
    }
    let spaced = |(count, middle): (usize, f64)| {
        (0..count).map(move |i| middle + apart * (i as f64 - 0.5 * (count as f64 - 1.0)))
    };
    clusters.into_iter().flat_map(spaced).collect()
}

/// The frame with a hole, as one closed path whose parts turn in opposite directions.
fn keyhole(hole: &[(f64, f64)], frame: &Rect) -> Vec<(f64, f64)> {
    let corner = (frame.x0, frame.y0);
    let mut path = vec![corner, (frame.x1, frame.y0), (frame.x1, frame.y1), (frame.x0, frame.y1), corner];
    let area: f64 = hole.iter().zip(hole.iter().cycle().skip(1)).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum();
    let mut ring: Vec<_> = hole.to_vec();
    if area > 0.0 {
        ring.reverse();
    }
    if let Some(&first) = ring.first() {
        path.extend(ring);
        path.extend([first, corner]);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn end_labels_keep_their_distance() {
        let places = spread(&[10.0, 10.5, 11.0, 40.0], 8.0);
        assert!(places.windows(2).all(|w| w[1] - w[0] >= 8.0 - 1e-9), "{places:?}");
        assert_eq!(places[3], 40.0);
        assert!((places[1] - 10.5).abs() < 1e-9);
        assert!(spread(&[], 8.0).is_empty());
    }
}
