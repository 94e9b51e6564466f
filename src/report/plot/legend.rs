//! Legends: a strip under the panels, so that they never cover data.

use plotters_backend::DrawingBackend;

use super::backend::Drawn;
use super::canvas::Canvas;
use super::canvas::Rect;
use super::lettering::{Align, TextStyle};
use super::mark::lower_limit;
use super::style::{GREY, INK, LEADING, Look, SMALL_SIZE, Stroke};
use super::text;
use plotters::style::RGBColor;

/// Width of the sample in front of a label, and the space after it.
const SAMPLE: f64 = 17.0;
const GAP: f64 = 4.0;
/// Space between two columns.
const GUTTER: f64 = 12.0;

/// What an entry explains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sample {
    /// The points of a series.
    Points(Look),
    /// A point with its interval, for all measurements.
    Interval(Look),
    /// A lower limit.
    AtLeast(Look),
    /// A line.
    Line(Stroke),
    /// A shaded area of the given opacity, edged by a line where one is given.
    Band(RGBColor, f64, Option<Stroke>),
}

/// A sample and its meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What is seen in the figure.
    pub sample: Sample,
    /// What it means.
    pub label: String,
}

impl Entry {
    /// A sample with its label.
    pub fn new(sample: Sample, label: impl Into<String>) -> Self {
        Entry { sample, label: label.into() }
    }

    fn width(&self, size: f64) -> f64 {
        SAMPLE + GAP + text::width(&self.label, size)
    }
}

/// Entries that belong together, under an optional heading to their left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// What the entries have in common; may be empty.
    pub heading: String,
    /// In reading order.
    pub entries: Vec<Entry>,
}

/// All groups of a figure; each begins on a new line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Legend {
    /// From top to bottom.
    pub groups: Vec<Group>,
}

impl Legend {
    /// Adds a group without a heading, unless it is empty.
    pub fn with(self, entries: Vec<Entry>) -> Self {
        self.with_heading("", entries)
    }

    /// Adds a group with a heading, unless it is empty.
    pub fn with_heading(mut self, heading: &str, entries: Vec<Entry>) -> Self {
        if !entries.is_empty() {
            self.groups.push(Group { heading: heading.to_owned(), entries });
        }
        self
    }

    /// Height of the strip when it is `width` wide.
    pub(in crate::report) fn height(&self, width: f64) -> f64 {
        let lines: usize = self.groups.iter().map(|group| self.columns(group, width).rows).sum();
        lines as f64 * SMALL_SIZE * LEADING
    }

    /// Draws the strip with its top left corner at that of `rect`.
    pub(in crate::report) fn draw<DB: DrawingBackend>(&self, canvas: &mut Canvas<DB>, rect: &Rect) -> Drawn<DB> {
        let indent = self.indent();
        let blocks: Vec<Columns> = self.groups.iter().map(|group| self.columns(group, rect.width())).collect();
        let widest = blocks.iter().map(|block| block.width).fold(0.0, f64::max);
        let left = rect.x0 + 0.5 * (rect.width() - indent - widest).max(0.0);
        let mut line = rect.y0;
        for (group, block) in self.groups.iter().zip(&blocks) {
            let heading = TextStyle::new(SMALL_SIZE, GREY, Align::Left);
            canvas.text(&group.heading, (left, line + 0.72 * SMALL_SIZE * LEADING), heading)?;
            for (i, entry) in group.entries.iter().enumerate() {
                let (row, column) = (i / block.offsets.len(), i % block.offsets.len());
                let x = left + indent + block.offsets[column];
                let y = line + (row as f64 + 0.5) * SMALL_SIZE * LEADING;
                sample(canvas, entry.sample, x, y)?;
                let set = TextStyle::new(block.size, INK, Align::Left);
                canvas.text(&entry.label, (x + SAMPLE + GAP, y + 0.36 * block.size), set)?;
            }
            line += block.rows as f64 * SMALL_SIZE * LEADING;
        }
        Ok(())
    }

    fn indent(&self) -> f64 {
        let widest = self.groups.iter().map(|g| text::width(&g.heading, SMALL_SIZE)).fold(0.0, f64::max);
        if widest > 0.0 { widest + 8.0 } else { 0.0 }
    }

    /// As many columns as fit, each as wide as its widest entry; one column shrinks its text if it must.
    fn columns(&self, group: &Group, width: f64) -> Columns {
        let room = width - self.indent();
        for count in (1..=group.entries.len()).rev() {
            let rows = group.entries.len().div_ceil(count);
            // A last row that is nearly empty looks like a mistake when fewer columns need as many rows.
            if count > 1 && group.entries.len().div_ceil(count - 1) == rows && rows > 1 {
                continue;
            }
            let wide = |column: usize| {
                group.entries.iter().skip(column).step_by(count).map(|e| e.width(SMALL_SIZE)).fold(0.0, f64::max)
            };
            let (mut offsets, mut end) = (Vec::new(), 0.0);
            for column in 0..count {
                offsets.push(end);
                end += wide(column) + GUTTER;
            }
            let width = end - GUTTER;
            if width <= room {
                return Columns { offsets, rows, width, size: SMALL_SIZE };
            }
        }
        let free = room - SAMPLE - GAP;
        let size = group.entries.iter().map(|e| text::fit(&e.label, SMALL_SIZE, free)).fold(SMALL_SIZE, f64::min);
        Columns { offsets: vec![0.0], rows: group.entries.len(), width: room, size }
    }
}

struct Columns {
    offsets: Vec<f64>,
    rows: usize,
    width: f64,
    size: f64,
}

fn sample<DB: DrawingBackend>(canvas: &mut Canvas<DB>, sample: Sample, x: f64, y: f64) -> Drawn<DB> {
    let middle = x + 0.5 * SAMPLE;
    match sample {
        Sample::Points(look) => canvas.marker((middle, y), 2.2, look),
        Sample::Interval(look) => {
            canvas.line(&[(middle, y - 4.0), (middle, y + 4.0)], Stroke::solid(look.color, 0.7))?;
            canvas.marker((middle, y), 2.2, look)
        }
        Sample::AtLeast(look) => lower_limit(canvas, (x + 3.0, y), x + SAMPLE - 3.0, look),
        Sample::Line(stroke) => canvas.line(&[(x, y), (x + SAMPLE, y)], stroke),
        Sample::Band(color, opacity, edge) => {
            let rect = Rect { x0: x, y0: y - 2.8, x1: x + SAMPLE, y1: y + 2.8 };
            canvas.block(&rect, color, opacity)?;
            edge.map_or(Ok(()), |stroke| canvas.frame(&rect, stroke))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn legend(count: usize, label: &str) -> Legend {
        Legend::default().with((0..count).map(|i| Entry::new(Sample::Points(Look::of(i)), label)).collect())
    }

    #[test]
    fn rows_grow_with_entries_and_never_overflow() {
        assert_eq!(legend(0, "x").height(300.0), 0.0);
        assert_eq!(legend(3, "SGD, α = 1.5").height(300.0), SMALL_SIZE * LEADING);
        for count in 1..15 {
            let legend = legend(count, "Adam, α = 1.2, d = 5");
            let block = legend.columns(&legend.groups[0], 234.0);
            assert!(block.width <= 234.0 && block.rows * block.offsets.len() >= count, "{count}");
        }
        let long = legend(2, "a label that would never fit in the strip that it is given, however one turns it");
        assert!(long.columns(&long.groups[0], 150.0).size < SMALL_SIZE);
    }
}
