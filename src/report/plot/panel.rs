//! A panel: two axes, what is drawn between them, and the texts around them.

use plotters_backend::DrawingBackend;

use super::axis::across;
use super::backend::Drawn;
use super::canvas::Canvas;
use super::lettering::{Align, TextStyle, Turn};
use super::mark::Plot;
use super::note::{flow, spread};
use super::style::{FAINT, GREY, INK, LABEL_SIZE, LEADING, SMALL_SIZE, Stroke};
use super::text::{self, Weight};
use super::{Axis, DataKind, DataName, EndLabel, Layer, Mark, Note, Rect, Stated, Tick};

const TICK: f64 = 3.0;
const LINE: f64 = SMALL_SIZE * LEADING;
/// Points by which a label may be longer than its side of the frame; frames are further apart.
const BEYOND_A_FRAME: f64 = 8.0;

/// Which axes carry numbers and labels; the others share those of the panel below or to the left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Numbers {
    /// Both axes.
    #[default]
    Both,
    /// The horizontal axis only.
    Below,
    /// The vertical axis only.
    Left,
    /// Neither.
    Neither,
}

impl Numbers {
    /// Numbers below, on the left, or both.
    pub fn new(below: bool, left: bool) -> Self {
        match (below, left) {
            (true, true) => Numbers::Both,
            (true, false) => Numbers::Below,
            (false, true) => Numbers::Left,
            (false, false) => Numbers::Neither,
        }
    }

    /// Whether the horizontal axis has numbers.
    pub(in crate::report) fn below(self) -> bool {
        matches!(self, Numbers::Both | Numbers::Below)
    }

    /// Whether the vertical axis has numbers.
    pub(in crate::report) fn left(self) -> bool {
        matches!(self, Numbers::Both | Numbers::Left)
    }
}

/// How long a unit is on the two axes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aspect {
    /// Each axis fills its side of the frame.
    #[default]
    Free,
    /// As long on one as on the other; the range of one axis is widened to that end.
    Equal,
}

/// Position of the notes of [`Panel::corner`]; the same in all panels of a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Corner {
    /// In a corner of the frame.
    Free,
    /// In the strip above, since some panel has no free corner.
    Taken,
}

/// Where the title of a panel begins, its size, and the position of the notes.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct Heading {
    pub top: f64,
    pub size: f64,
    pub corner: Corner,
}

/// Two axes, marks, and texts around the frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Bold, above everything.
    pub title: String,
    /// Notes in a strip above the frame.
    pub notes: Vec<Note>,
    /// Notes below each other in a free corner of the frame; in the strip if a panel of the sheet has no free corner.
    pub corner: Vec<Note>,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn, in order.
    pub layers: Vec<Layer>,
    /// Values that its notes state.
    pub stated: Vec<Stated>,
    /// Labels to the right of the frame.
    pub ends: Vec<EndLabel>,
    /// Which axes carry numbers.
    pub numbers: Numbers,
    /// How long a unit is.
    pub aspect: Aspect,
}

/// Room that the lines of an axis label take.
fn room_of(lines: &[String]) -> f64 {
    let between = lines.len().saturating_sub(1) as f64 * LEADING;
    if lines.iter().all(String::is_empty) { 0.0 } else { (1.6 + between) * LABEL_SIZE }
}

/// The size at which the lines of an axis label fit a side of this length.
fn fitting(lines: &[String], side: f64) -> f64 {
    lines.iter().map(|line| text::fit(line, LABEL_SIZE, side + BEYOND_A_FRAME)).fold(LABEL_SIZE, f64::min)
}

impl Panel {
    /// An empty panel.
    pub fn new(x: Axis, y: Axis) -> Self {
        Panel {
            title: String::new(),
            notes: Vec::new(),
            corner: Vec::new(),
            x,
            y,
            layers: Vec::new(),
            stated: Vec::new(),
            ends: Vec::new(),
            numbers: Numbers::Both,
            aspect: Aspect::Free,
        }
    }

    /// Adds a mark without values of its own.
    pub fn mark(&mut self, mark: Mark) {
        self.layers.push(Layer { mark, data: None });
    }

    /// Adds a mark that shows values.
    pub fn data(&mut self, series: impl Into<String>, kind: DataKind, mark: Mark) {
        self.layers.push(Layer { mark, data: Some(DataName { series: series.into(), kind }) });
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
    pub(in crate::report) fn left(&self, height: f64) -> f64 {
        if !self.numbers.left() {
            return 0.0;
        }
        let labels = self.y_ticks(height).into_iter().filter_map(|t| t.label);
        let widest = labels.map(|l| text::width(&l, SMALL_SIZE)).fold(0.0, f64::max);
        TICK + 2.5 + widest + room_of(&self.y_label_lines(height))
    }

    /// Room needed below a frame of this width.
    pub(in crate::report) fn below(&self, width: f64) -> f64 {
        if !self.numbers.below() {
            return 0.0;
        }
        TICK + 2.0 + SMALL_SIZE + room_of(&self.x_label_lines(width))
    }

    /// The label of the horizontal axis, in lines that end before the label of a panel beside this one.
    fn x_label_lines(&self, width: f64) -> Vec<String> {
        text::broken(&self.x.label, LABEL_SIZE, Weight::Regular, width + BEYOND_A_FRAME)
    }

    fn y_label_lines(&self, height: f64) -> Vec<String> {
        text::broken(&self.y.label, LABEL_SIZE, Weight::Regular, height + BEYOND_A_FRAME)
    }

    /// Room needed above the frame.
    pub(in crate::report) fn above(&self, frame: &Rect, corner: Corner) -> f64 {
        let title = self.title_lines(frame).len() as f64 * LABEL_SIZE * LEADING;
        title + self.strip_lines(frame, corner) as f64 * LINE + 2.0
    }

    /// Room needed to the right of the frame.
    pub(in crate::report) fn right(&self) -> f64 {
        let widest = self.ends.iter().map(|end| text::width(&end.text, SMALL_SIZE)).fold(0.0, f64::max);
        if self.ends.is_empty() { 0.0 } else { widest + 5.0 }
    }

    /// The size at which its title fits the frame.
    pub(in crate::report) fn title_size(&self, frame: &Rect) -> f64 {
        let room = frame.width();
        let fitting =
            self.title_lines(frame).into_iter().map(|line| text::fit_in(&line, LABEL_SIZE, Weight::Bold, room));
        fitting.fold(LABEL_SIZE, f64::min)
    }

    /// Draws the panel with its axes along the edges of `frame`.
    pub(in crate::report) fn draw<DB: DrawingBackend>(
        &self,
        canvas: &mut Canvas<DB>,
        frame: &Rect,
        heading: Heading,
    ) -> Drawn<DB> {
        if self.aspect == Aspect::Equal {
            return self.widened(frame).draw(canvas, frame, heading);
        }
        let plot = self.plot(frame);
        let (x_ticks, y_ticks) = (self.x_ticks(frame.width()), self.y_ticks(frame.height()));
        for tick in x_ticks.iter().filter(|t| t.label.is_some()) {
            let x = plot.at((tick.value, self.y.lo)).0;
            canvas.line(&[(x, frame.y0), (x, frame.y1)], Stroke::solid(FAINT, 0.4))?;
        }
        for tick in y_ticks.iter().filter(|t| t.label.is_some()) {
            let y = plot.at((self.x.lo, tick.value)).1;
            canvas.line(&[(frame.x0, y), (frame.x1, y)], Stroke::solid(FAINT, 0.4))?;
        }
        plot.draw(canvas, &self.layers)?;
        canvas.frame(frame, Stroke::solid(INK, 0.6))?;
        self.draw_x_axis(canvas, frame, &x_ticks)?;
        self.draw_y_axis(canvas, frame, &y_ticks)?;
        self.draw_heading(canvas, frame, heading)?;
        self.draw_ends(canvas, frame)
    }

    fn x_ticks(&self, width: f64) -> Vec<Tick> {
        self.x.ticks(width, |label| across(label, SMALL_SIZE))
    }

    fn y_ticks(&self, height: f64) -> Vec<Tick> {
        self.y.ticks(height, |_| 1.5 * SMALL_SIZE)
    }

    /// Its axes and the frame that they span.
    pub(super) fn plot(&self, frame: &Rect) -> Plot<'_> {
        Plot { x: &self.x, y: &self.y, frame: *frame }
    }

    /// The panel with the ranges that its aspect requires.
    pub(super) fn widened(&self, frame: &Rect) -> Panel {
        if self.aspect == Aspect::Free {
            return self.clone();
        }
        let [x, y] = self.ranges(frame);
        Panel { aspect: Aspect::Free, x, y, ..self.clone() }
    }

    /// Its axes with the ranges that its aspect requires.
    fn ranges(&self, frame: &Rect) -> [Axis; 2] {
        let mut axes = [self.x.clone(), self.y.clone()];
        if self.aspect == Aspect::Equal {
            let unit = ((self.x.hi - self.x.lo) / frame.width()).max((self.y.hi - self.y.lo) / frame.height());
            for (axis, length) in axes.iter_mut().zip([frame.width(), frame.height()]) {
                let (middle, half) = (0.5 * (axis.lo + axis.hi), 0.5 * unit * length);
                (axis.lo, axis.hi) = (middle - half, middle + half);
            }
        }
        axes
    }

    fn draw_x_axis<DB: DrawingBackend>(&self, canvas: &mut Canvas<DB>, frame: &Rect, ticks: &[Tick]) -> Drawn<DB> {
        let plot = self.plot(frame);
        for tick in ticks {
            let x = plot.at((tick.value, self.y.lo)).0;
            let length = if tick.label.is_some() { TICK } else { 0.55 * TICK };
            canvas.line(&[(x, frame.y1), (x, frame.y1 + length)], Stroke::solid(INK, 0.5))?;
            if let Some(label) = tick.label.as_ref().filter(|_| self.numbers.below()) {
                let set = TextStyle::new(SMALL_SIZE, INK, Align::Center);
                canvas.text(label, (x, frame.y1 + TICK + 2.0 + 0.8 * SMALL_SIZE), set)?;
            }
        }
        if self.numbers.below() {
            let lines = self.x_label_lines(frame.width());
            let set = TextStyle::new(fitting(&lines, frame.width()), INK, Align::Center);
            let first = frame.y1 + TICK + 2.0 + SMALL_SIZE + 1.2 * LABEL_SIZE;
            for (i, line) in lines.iter().enumerate() {
                canvas.text(line, (0.5 * (frame.x0 + frame.x1), first + i as f64 * LEADING * LABEL_SIZE), set)?;
            }
        }
        Ok(())
    }

    fn draw_y_axis<DB: DrawingBackend>(&self, canvas: &mut Canvas<DB>, frame: &Rect, ticks: &[Tick]) -> Drawn<DB> {
        let plot = self.plot(frame);
        for tick in ticks {
            let y = plot.at((self.x.lo, tick.value)).1;
            let length = if tick.label.is_some() { TICK } else { 0.55 * TICK };
            canvas.line(&[(frame.x0 - length, y), (frame.x0, y)], Stroke::solid(INK, 0.5))?;
            if let Some(label) = tick.label.as_ref().filter(|_| self.numbers.left()) {
                let set = TextStyle::new(SMALL_SIZE, INK, Align::Right);
                canvas.text(label, (frame.x0 - TICK - 2.5, y + 0.36 * SMALL_SIZE), set)?;
            }
        }
        if self.numbers.left() {
            let lines = self.y_label_lines(frame.height());
            let size = fitting(&lines, frame.height());
            let set = TextStyle { turn: Turn::Upwards, ..TextStyle::new(size, INK, Align::Center) };
            let first = frame.x0 - self.left(frame.height()) + LABEL_SIZE;
            for (i, line) in lines.iter().enumerate() {
                canvas.text(line, (first + i as f64 * LEADING * LABEL_SIZE, 0.5 * (frame.y0 + frame.y1)), set)?;
            }
        }
        Ok(())
    }

    fn draw_heading<DB: DrawingBackend>(
        &self,
        canvas: &mut Canvas<DB>,
        frame: &Rect,
        Heading { top, size, corner }: Heading,
    ) -> Drawn<DB> {
        let strip = frame.y0 - 2.0 - self.strip_lines(frame, corner) as f64 * LINE;
        for (i, line) in self.title_lines(frame).iter().enumerate() {
            let set = TextStyle { weight: Weight::Bold, ..TextStyle::new(size, INK, Align::Center) };
            let base = top + (1.1 + i as f64 * LEADING) * LABEL_SIZE;
            canvas.text(line, (0.5 * (frame.x0 + frame.x1), base), set)?;
        }
        let notes = self.strip(frame, corner);
        // One size for all: that of the longest.
        let fitting = notes.iter().map(|(note, ..)| text::fit(&note.text, SMALL_SIZE, frame.width()));
        let size = fitting.fold(SMALL_SIZE, f64::min);
        for (note, line, offset) in notes {
            let base = strip + (line as f64 + 0.72) * LINE;
            canvas.text(&note.text, (frame.x0 + offset, base), TextStyle::new(size, note.ink, Align::Left))?;
        }
        let Some(place) = self.free_corner(frame).filter(|_| corner == Corner::Free) else { return Ok(()) };
        for (i, note) in self.corner.iter().enumerate() {
            let base = place.y0 + (i as f64 + 0.72) * LINE;
            canvas.text(&note.text, (place.x0, base), TextStyle::new(SMALL_SIZE, note.ink, Align::Left))?;
        }
        Ok(())
    }

    fn title_lines(&self, frame: &Rect) -> Vec<String> {
        if self.title.is_empty() {
            return Vec::new();
        }
        text::broken(&self.title, LABEL_SIZE, Weight::Bold, frame.width())
    }

    /// The notes above the frame: those of the strip, and those of the corner if it is taken.
    fn strip(&self, frame: &Rect, corner: Corner) -> Vec<(Note, usize, f64)> {
        let displaced = if corner == Corner::Taken { self.corner.as_slice() } else { &[] };
        flow(self.notes.iter().cloned().chain(self.exits_beyond(frame)).chain(displaced.iter().cloned()), frame.width())
    }

    /// How many exits lie outside the frame, which depends on its shape.
    fn exits_beyond(&self, frame: &Rect) -> Option<Note> {
        let [x, y] = &self.ranges(frame);
        let plot = Plot { x, y, frame: *frame };
        let exits =
            self.layers.iter().filter(|layer| layer.data.as_ref().is_some_and(|data| data.kind == DataKind::Exit));
        let points = exits
            .filter_map(|layer| layer.mark.points())
            .flat_map(|(points, shift, _)| points.iter().map(move |p| (p, shift)));
        match points.filter(|(point, shift)| plot.seen(point, *shift).is_none()).count() {
            0 => None,
            1 => Some(Note::new("1 exit beyond the frame", GREY)),
            count => Some(Note::new(format!("{count} exits beyond the frame"), GREY)),
        }
    }

    fn strip_lines(&self, frame: &Rect, corner: Corner) -> usize {
        self.strip(frame, corner).last().map_or(0, |(_, line, _)| line + 1)
    }

    /// Where the notes of the corner would cover nothing.
    pub(in crate::report) fn free_corner(&self, frame: &Rect) -> Option<Rect> {
        let widest = self.corner.iter().map(|note| text::width(&note.text, SMALL_SIZE)).fold(0.0, f64::max);
        let size = (widest, self.corner.len() as f64 * LINE);
        self.plot(frame).obstacles(&self.layers).corner(size, frame)
    }

    fn draw_ends<DB: DrawingBackend>(&self, canvas: &mut Canvas<DB>, frame: &Rect) -> Drawn<DB> {
        let plot = self.plot(frame);
        let height = |end: &EndLabel| plot.at((self.x.hi, end.y)).1;
        let mut ends: Vec<(&EndLabel, f64)> = self.ends.iter().map(|end| (end, height(end))).collect();
        ends.retain(|(_, y)| y.is_finite());
        ends.sort_by(|a, b| a.1.total_cmp(&b.1));
        let apart = 1.15 * SMALL_SIZE;
        let wanted: Vec<f64> = ends.iter().map(|(_, y)| y.clamp(frame.y0, frame.y1)).collect();
        for ((end, _), y) in ends.iter().zip(spread(&wanted, apart)) {
            let at = (frame.x1 + 4.0, y + 0.36 * SMALL_SIZE);
            canvas.text(&end.text, at, TextStyle::new(SMALL_SIZE, end.ink, Align::Left))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Fill, Look, Marker, Point, Scale};

    /// Where units are as long on both axes, a wide frame shows more of the horizontal one.
    #[test]
    fn exits_beyond_the_frame_depend_on_its_shape() {
        let axis = || Axis::between("θ", Scale::Linear, -1.0, 1.0);
        let mut panel = Panel { aspect: Aspect::Equal, ..Panel::new(axis(), axis()) };
        let look = Look { color: INK, marker: Marker::Circle, fill: Fill::Filled };
        let exits = [(1.5, 0.0), (0.0, -1.5), (9.0, 0.0), (0.5, 0.5)].map(|(x, y)| Point::exact(x, y)).to_vec();
        panel.data("path 0", DataKind::Exit, Mark::Points(exits.clone(), look));
        panel.data("path 0", DataKind::Path, Mark::Points(exits, look));
        let note = |panel: &Panel, width: f64, height: f64| {
            let frame = Rect { x0: 0.0, y0: 0.0, x1: width, y1: height };
            panel.exits_beyond(&frame).map(|note| note.text)
        };
        let found = [(100.0, 100.0), (200.0, 100.0), (1000.0, 100.0)].map(|(w, h)| note(&panel, w, h));
        let expected = ["3 exits beyond the frame", "2 exits beyond the frame", "1 exit beyond the frame"];
        assert_eq!(found, expected.map(|text| Some(text.to_owned())));
        assert_eq!(
            note(&panel, 1000.0, 100.0),
            note(&panel.widened(&Rect { x0: 0.0, y0: 0.0, x1: 1000.0, y1: 100.0 }), 1000.0, 100.0)
        );
        panel.aspect = Aspect::Free;
        assert_eq!(note(&panel, 1000.0, 100.0).unwrap(), expected[0]);
    }
}
