//! Text on the page: set glyph by glyph on a raster, left as text in a vector file, at the same place and size in both.

use ab_glyph::{Font, ScaleFont, point};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor};
use plotters_backend::DrawingBackend;

use super::canvas::{Canvas, Drawn, Medium, UNITS_PER_POINT, unit};
use super::text::{self, Weight};

/// Which end of a text is placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Center,
    Right,
}

/// Reading direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Across,
    Upwards,
}

/// How a text is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextStyle {
    pub size: f64,
    pub ink: RGBColor,
    pub align: Align,
    pub weight: Weight,
    pub turn: Turn,
}

impl TextStyle {
    /// Upright text of regular weight.
    pub fn new(size: f64, ink: RGBColor, align: Align) -> Self {
        TextStyle { size, ink, align, weight: Weight::Regular, turn: Turn::Across }
    }
}

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
            Medium::Vector => self.live_text(run, at, set),
            Medium::Raster => self.glyphs(run, at, set),
        }
    }

    /// The SVG backend divides the size by 1.24 and lowers text that hangs from its top by .76 em.
    fn live_text(&mut self, run: &str, at: (f64, f64), set: TextStyle) -> Drawn<DB> {
        let em = set.size * UNITS_PER_POINT;
        let style = if set.weight == Weight::Bold { FontStyle::Bold } else { FontStyle::Normal };
        let transform = if set.turn == Turn::Upwards { FontTransform::Rotate270 } else { FontTransform::None };
        let align = match set.align {
            Align::Left => HPos::Left,
            Align::Center => HPos::Center,
            Align::Right => HPos::Right,
        };
        let mut typeset =
            FontDesc::new(FontFamily::Name(text::FAMILY), 1.24 * em, style).transform(transform).color(&set.ink);
        typeset.pos = Pos::new(align, VPos::Top);
        let hang = 0.76 * set.size;
        let place = match set.turn {
            Turn::Across => (at.0, at.1 - hang),
            Turn::Upwards => (at.0 - hang, at.1),
        };
        self.backend.draw_text(run, &typeset, unit(place))
    }

    fn glyphs(&mut self, run: &str, at: (f64, f64), set: TextStyle) -> Drawn<DB> {
        let Some(font) = text::scaled(set.weight, set.size * UNITS_PER_POINT) else { return Ok(()) };
        let shift = text::run_width(run, set.size * UNITS_PER_POINT, set.weight)
            * match set.align {
                Align::Left => 0.0,
                Align::Center => -0.5,
                Align::Right => -1.0,
            };
        let (x, y) = unit(at);
        let (mut along, mut previous) = (shift as f32, None);
        for c in run.chars() {
            let id = font.glyph_id(c);
            along += previous.map_or(0.0, |before| font.kern(before, id));
            previous = Some(id);
            let glyph = id.with_scale_and_position(font.scale(), point(along, 0.0));
            along += font.h_advance(id);
            let Some(outline) = font.font.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            let mut dots = Vec::new();
            outline.draw(|dx, dy, cover| dots.push((corner.x as i32 + dx as i32, corner.y as i32 + dy as i32, cover)));
            for (dx, dy, cover) in dots.into_iter().filter(|dot| dot.2 > 0.0) {
                let place = match set.turn {
                    Turn::Across => (x + dx, y + dy),
                    Turn::Upwards => (x + dy, y - dx),
                };
                self.backend.draw_pixel(place, set.ink.mix(f64::from(cover.min(1.0))).to_backend_color())?;
            }
        }
        Ok(())
    }
}
