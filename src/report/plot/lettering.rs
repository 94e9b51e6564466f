//! Labels with scripts on the page, at the same place and size in both media.

use plotters_backend::DrawingBackend;

use super::backend::{self, Drawn, Medium};
use super::canvas::Canvas;
use super::text;

pub use super::backend::{Align, TextStyle, Turn};

impl<DB: DrawingBackend> Canvas<'_, DB> {
    /// A label with its base line through `at`.
    pub fn text(&mut self, label: &str, at: (f64, f64), set: TextStyle) -> Drawn<DB> {
        let runs = text::runs(label);
        if let [run] = runs.as_slice() {
            return self.run(run.text, at, TextStyle { size: set.size * run.scale, ..set });
        }
        let total = text::width_in(label, set.size, set.weight);
        let mut along = match set.align {
            Align::Left => 0.0,
            Align::Center => -0.5 * total,
            Align::Right => -total,
        };
        for run in runs {
            let (rise, size) = (run.rise * set.size, run.scale * set.size);
            let start = match set.turn {
                Turn::Across => (at.0 + along, at.1 - rise),
                Turn::Upwards => (at.0 - rise, at.1 - along),
            };
            self.run(run.text, start, TextStyle { size, align: Align::Left, ..set })?;
            along += text::run_width(run.text, size, set.weight);
        }
        Ok(())
    }

    fn run(&mut self, run: &str, at: (f64, f64), set: TextStyle) -> Drawn<DB> {
        match self.medium {
            Medium::Vector => backend::live_text(self.backend, run, at, set),
            Medium::Raster => backend::glyphs(self.backend, run, at, set),
        }
    }
}
