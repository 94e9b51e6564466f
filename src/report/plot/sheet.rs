//! A figure's page: panels on a grid, a title above and a legend below.

use plotters_backend::DrawingBackend;

use super::backend::Drawn;
use super::canvas::Canvas;
use super::lettering::{Align, TextStyle};
use super::panel::{Corner, Heading};
use super::style::{INK, LABEL_SIZE, LEADING, PAPER};
use super::text::{self, Weight};
use super::{Legend, Panel, Rect};

/// White around everything.
const EDGE: f64 = 4.0;
/// Room between two columns beyond what their labels take: half of a tick label on either side.
const BETWEEN: f64 = 13.0;

/// Panels of one figure, all measures in points. The height follows from what there is to show.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// Bold, above everything; may be empty.
    pub title: String,
    /// Width of the page.
    pub width: f64,
    /// Panels in a row.
    pub columns: usize,
    /// Height of the frames of each row; there is one for every `columns` panels.
    pub rows: Vec<f64>,
    /// Panels row by row.
    pub panels: Vec<Option<Panel>>,
    /// What colours, markers and lines mean.
    pub legend: Legend,
}

impl Sheet {
    /// A sheet with the given columns and no panels.
    pub fn new(width: f64, columns: usize) -> Self {
        Sheet {
            title: String::new(),
            width,
            columns: columns.max(1),
            rows: Vec::new(),
            panels: Vec::new(),
            legend: Legend::default(),
        }
    }

    /// Adds a row of frames of the given height; what is `None`, or missing on the right, stays blank.
    pub fn row(&mut self, height: f64, panels: impl IntoIterator<Item = impl Into<Option<Panel>>>) {
        self.rows.push(height);
        self.panels.extend(panels.into_iter().map(Into::into).take(self.columns));
        self.panels.resize(self.rows.len() * self.columns, None);
    }

    /// Width and height in points.
    pub fn size(&self) -> (f64, f64) {
        let frames = self.frames();
        let below = |frame: &Rect| self.below(self.rows.len() - 1, frame.width());
        let panels_end = frames.last().map_or(0.0, |frame| frame.y1 + below(frame));
        (self.width, panels_end + self.legend_height() + EDGE)
    }

    /// Draws everything.
    pub(in crate::report) fn draw<DB: DrawingBackend>(&self, canvas: &mut Canvas<DB>) -> Drawn<DB> {
        let (width, height) = self.size();
        // The last pixels of the page may lie beyond its size in points.
        canvas.block(&Rect { x0: 0.0, y0: 0.0, x1: width + 1.0, y1: height + 1.0 }, PAPER, 1.0)?;
        for (i, line) in self.title_lines().iter().enumerate() {
            let size = text::fit_in(line, LABEL_SIZE, Weight::Bold, width - 2.0 * EDGE);
            let set = TextStyle { weight: Weight::Bold, ..TextStyle::new(size, INK, Align::Center) };
            canvas.text(line, (0.5 * width, EDGE + (1.0 + i as f64 * LEADING) * LABEL_SIZE), set)?;
        }
        let frames = self.frames();
        let corner = self.corner(frames.first().map_or(0.0, Rect::width));
        // All titles have one size.
        let panels = self.panels.iter().zip(&frames);
        let sizes = panels.filter_map(|(panel, frame)| Some(panel.as_ref()?.title_size(frame)));
        let size = sizes.fold(LABEL_SIZE, f64::min);
        for (i, (panel, frame)) in self.panels.iter().zip(&frames).enumerate() {
            if let Some(panel) = panel {
                let row = i / self.columns;
                let above = self.above(row, frame, corner);
                panel.draw(canvas, frame, Heading { top: frame.y0 - above, size, corner })?;
            }
        }
        let top = height - EDGE - self.legend.height(width - 2.0 * EDGE);
        self.legend.draw(canvas, &Rect { x0: EDGE, y0: top, x1: width - EDGE, y1: height - EDGE })
    }

    /// The panels as they are drawn, with their frames.
    pub(super) fn shown(&self) -> Vec<(Panel, Rect)> {
        let placed = self.panels.iter().zip(self.frames());
        placed.filter_map(|(panel, frame)| Some((panel.as_ref()?.widened(&frame), frame))).collect()
    }

    fn legend_height(&self) -> f64 {
        let height = self.legend.height(self.width - 2.0 * EDGE);
        if height > 0.0 { height + 7.0 } else { 0.0 }
    }

    fn in_row(&self, row: usize) -> impl Iterator<Item = &Panel> {
        self.panels.iter().skip(row * self.columns).take(self.columns).flatten()
    }

    fn below(&self, row: usize, width: f64) -> f64 {
        self.in_row(row).map(|panel| panel.below(width)).fold(0.0, f64::max)
    }

    /// Room above the frames of a row.
    pub(super) fn above(&self, row: usize, frame: &Rect, corner: Corner) -> f64 {
        self.in_row(row).map(|p| p.above(frame, corner)).fold(0.0, f64::max)
    }

    fn title_lines(&self) -> Vec<String> {
        if self.title.is_empty() {
            return Vec::new();
        }
        text::broken(&self.title, LABEL_SIZE, Weight::Bold, self.width - 2.0 * EDGE)
    }

    /// Whether all panels with notes for a corner have a free one.
    pub(super) fn corner(&self, width: f64) -> Corner {
        let without_corner = |(i, panel): (usize, &Option<Panel>)| {
            let frame = Rect { x0: 0.0, y0: 0.0, x1: width, y1: self.rows[i / self.columns] };
            panel.as_ref().is_some_and(|p| !p.corner.is_empty() && p.free_corner(&frame).is_none())
        };
        if self.panels.iter().enumerate().any(without_corner) { Corner::Taken } else { Corner::Free }
    }

    /// Frames of all places of the grid, row by row. All frames of a column share their left edge, all frames their
    /// width.
    pub(super) fn frames(&self) -> Vec<Rect> {
        let left: Vec<f64> = (0..self.columns).map(|column| self.margin(column, |p, h| p.left(h))).collect();
        let right: Vec<f64> = (0..self.columns).map(|column| self.margin(column, |p, _| p.right())).collect();
        let taken: f64 = left.iter().chain(&right).sum();
        let gaps = BETWEEN * (self.columns - 1) as f64;
        // The last tick label may stick out by half of its width.
        let edge = 2.0 * EDGE + 7.0;
        let wide = ((self.width - edge - taken - gaps) / self.columns as f64).max(20.0);
        let title = self.title_lines().len() as f64 * LABEL_SIZE * LEADING;
        let mut top = EDGE + if title > 0.0 { title + 2.0 } else { 0.0 };
        let corner = self.corner(wide);
        let mut frames = Vec::new();
        for (row, &height) in self.rows.iter().enumerate() {
            let frame = Rect { x0: 0.0, y0: 0.0, x1: wide, y1: height };
            top += self.above(row, &frame, corner);
            let mut x = EDGE;
            for (left, right) in left.iter().zip(&right) {
                x += left;
                frames.push(Rect { x0: x, y0: top, x1: x + wide, y1: top + height });
                x += wide + right + BETWEEN;
            }
            top += height + if row + 1 < self.rows.len() { self.below(row, wide) + 5.0 } else { 0.0 };
        }
        frames
    }

    fn margin(&self, column: usize, of: impl Fn(&Panel, f64) -> f64) -> f64 {
        let panels = self.panels.iter().skip(column).step_by(self.columns);
        let needs = panels.zip(&self.rows).filter_map(|(panel, &height)| panel.as_ref().map(|p| of(p, height)));
        needs.fold(0.0, f64::max)
    }
}
