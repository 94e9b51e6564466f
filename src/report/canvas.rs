//! A page measured in points, over any plotters backend.
//!
//! Backends draw on whole units; one unit is 1/600 inch here, so that rounding cannot be seen. Text is set glyph by
//! glyph on a raster and left as text in a vector file, at the same place and size in both.

use ab_glyph::{Font, ScaleFont, point};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBAColor, RGBColor, ShapeStyle};
use plotters_backend::{BackendCoord, DrawingBackend, DrawingErrorKind};

use super::style::{Fill, Look, PAPER, Stroke};
use super::text::{self, Weight};

/// Drawing units in a point: 600 to an inch.
pub const UNITS_PER_POINT: f64 = 600.0 / 72.0;

/// What drawing returns: nothing, or the backend's error.
pub type Drawn<DB> = Result<(), DrawingErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// A rectangle in points, `y` downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// Left.
    pub x0: f64,
    /// Top.
    pub y0: f64,
    /// Right.
    pub x1: f64,
    /// Bottom.
    pub y1: f64,
}

impl Rect {
    /// Extent along `x`.
    pub fn width(&self) -> f64 {
        self.x1 - self.x0
    }

    /// Extent along `y`.
    pub fn height(&self) -> f64 {
        self.y1 - self.y0
    }
}

/// Whether the backend keeps shapes or turns them into pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// Pixels: joints and glyphs are drawn here, not left to the backend.
    Raster,
    /// Shapes and text.
    Vector,
}

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
pub struct Type {
    pub size: f64,
    pub ink: RGBColor,
    pub align: Align,
    pub weight: Weight,
    pub turn: Turn,
}

impl Type {
    /// Upright text of regular weight.
    pub fn new(size: f64, ink: RGBColor, align: Align) -> Self {
        Type { size, ink, align, weight: Weight::Regular, turn: Turn::Across }
    }
}

/// The page.
pub struct Canvas<'a, DB: DrawingBackend> {
    backend: &'a mut DB,
    medium: Medium,
}

impl<'a, DB: DrawingBackend> Canvas<'a, DB> {
    /// A page on `backend`.
    pub fn new(backend: &'a mut DB, medium: Medium) -> Self {
        Canvas { backend, medium }
    }

    /// A line through `vertices`, which must be finite.
    pub fn line(&mut self, vertices: &[(f64, f64)], stroke: Stroke) -> Drawn<DB> {
        let width = (stroke.width * UNITS_PER_POINT).round().max(1.0) as u32;
        let style = ShapeStyle { color: stroke.color.to_rgba(), filled: true, stroke_width: width };
        for part in dashes(vertices, stroke.dash.pattern()) {
            let mut units: Vec<BackendCoord> = part.iter().map(|&v| unit(v)).collect();
            units.dedup();
            match self.medium {
                Medium::Vector => self.backend.draw_path(units, &style)?,
                Medium::Raster => {
                    for pair in units.windows(2) {
                        self.backend.draw_line(pair[0], pair[1], &style)?;
                    }
                    for joint in units.iter().skip(1).rev().skip(1) {
                        self.backend.draw_circle(*joint, width / 2, &style, true)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// A filled area of the given opacity.
    pub fn area(&mut self, vertices: &[(f64, f64)], color: RGBColor, opacity: f64) -> Drawn<DB> {
        let mut units: Vec<BackendCoord> = vertices.iter().map(|&v| unit(v)).collect();
        units.dedup();
        if units.len() < 3 {
            return Ok(());
        }
        self.backend.fill_polygon(units, &fill(color.mix(opacity)))
    }

    /// A filled rectangle.
    pub fn block(&mut self, rect: &Rect, color: RGBColor, opacity: f64) -> Drawn<DB> {
        self.backend.draw_rect(unit((rect.x0, rect.y0)), unit((rect.x1, rect.y1)), &fill(color.mix(opacity)), true)
    }

    /// The outline of a rectangle.
    pub fn frame(&mut self, rect: &Rect, stroke: Stroke) -> Drawn<DB> {
        let Rect { x0, y0, x1, y1 } = *rect;
        let middle = 0.5 * (x0 + x1);
        self.line(&[(middle, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0), (middle, y0)], stroke)
    }

    /// A marker of the given radius.
    pub fn marker(&mut self, at: (f64, f64), radius: f64, look: Look) -> Drawn<DB> {
        let rim = 0.8;
        match look.fill {
            Fill::Filled => self.shape(at, radius, look, look.color),
            Fill::Hollow | Fill::Dotted => {
                self.shape(at, radius + 0.5 * rim, look, look.color)?;
                // A polygon's sides lie nearer to its centre than its corners: the rim is as wide as the circle's.
                let inner = match look.marker.outline() {
                    None => radius - 0.5 * rim,
                    Some(outline) => radius + 0.5 * rim - rim / inradius(&outline),
                };
                self.shape(at, inner, look, PAPER)?;
                if look.fill == Fill::Dotted {
                    self.backend.draw_circle(unit(at), units(0.35 * radius), &fill(look.color.to_rgba()), true)?;
                }
                Ok(())
            }
        }
    }

    fn shape(&mut self, at: (f64, f64), radius: f64, look: Look, color: RGBColor) -> Drawn<DB> {
        match look.marker.outline() {
            None => self.backend.draw_circle(unit(at), units(radius), &fill(color.to_rgba()), true),
            Some(outline) => {
                let corners: Vec<_> = outline.iter().map(|v| (at.0 + radius * v.0, at.1 - radius * v.1)).collect();
                self.area(&corners, color, 1.0)
            }
        }
    }

    /// A label with its base line through `at`.
    pub fn text(&mut self, label: &str, at: (f64, f64), set: Type) -> Drawn<DB> {
        let runs = text::runs(label);
        if let [run] = runs.as_slice() {
            return self.run(run.text, at, Type { size: set.size * run.scale, ..set });
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
            self.run(run.text, start, Type { size, align: Align::Left, ..set })?;
            along += text::run_width(run.text, size, set.weight);
        }
        Ok(())
    }

    fn run(&mut self, run: &str, at: (f64, f64), set: Type) -> Drawn<DB> {
        match self.medium {
            Medium::Vector => self.live_text(run, at, set),
            Medium::Raster => self.glyphs(run, at, set),
        }
    }

    /// The SVG backend divides the size by 1.24 and lowers text that hangs from its top by .76 em.
    fn live_text(&mut self, run: &str, at: (f64, f64), set: Type) -> Drawn<DB> {
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

    fn glyphs(&mut self, run: &str, at: (f64, f64), set: Type) -> Drawn<DB> {
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

fn unit((x, y): (f64, f64)) -> BackendCoord {
    ((x * UNITS_PER_POINT).round() as i32, (y * UNITS_PER_POINT).round() as i32)
}

fn units(length: f64) -> u32 {
    (length * UNITS_PER_POINT).round().max(0.0) as u32
}

fn fill(color: RGBAColor) -> ShapeStyle {
    ShapeStyle { color, filled: true, stroke_width: 0 }
}

fn inradius(outline: &[(f64, f64)]) -> f64 {
    let sides = outline.iter().zip(outline.iter().cycle().skip(1));
    sides.map(|(a, b)| (a.0 * b.1 - a.1 * b.0).abs() / (a.0 - b.0).hypot(a.1 - b.1)).fold(f64::INFINITY, f64::min)
}

/// The drawn parts of a line under a dash pattern that runs on through its corners.
fn dashes(vertices: &[(f64, f64)], pattern: &[f64]) -> Vec<Vec<(f64, f64)>> {
    if pattern.is_empty() || vertices.len() < 2 {
        return vec![vertices.to_vec()];
    }
    let (mut turn, mut left) = (0, pattern[0]);
    let mut parts = vec![vec![vertices[0]]];
    for pair in vertices.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            let drawn = turn % 2 == 0;
            if length < left {
                left -= length;
                if let Some(part) = parts.last_mut().filter(|_| drawn) {
                    part.push(to);
                }
                break;
            }
            let share = left / length;
            from = (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1));
            match parts.last_mut().filter(|_| drawn) {
                Some(part) => part.push(from),
                None => parts.push(vec![from]),
            }
            turn += 1;
            left = pattern[turn % pattern.len()];
        }
    }
    parts.retain(|part| part.len() > 1);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_run_on_through_corners() {
        let parts = dashes(&[(0.0, 0.0), (3.0, 0.0), (3.0, 10.0)], &[4.0, 2.0]);
        assert_eq!(parts[0], [(0.0, 0.0), (3.0, 0.0), (3.0, 1.0)]);
        assert_eq!(parts[1], [(3.0, 3.0), (3.0, 7.0)]);
        assert_eq!(parts[2], [(3.0, 9.0), (3.0, 10.0)]);
    }
}
