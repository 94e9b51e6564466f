//! The differences from plotters' own SVG and bitmap backends, in one place.
//!
//! plotters draws lines, polygons, circles and rectangles. This file changes the following, and no other file depends on the medium:
//! - Lines on a bitmap: plotters leaves gaps at the corners of a wide line; a disc closes each of them ([`polyline`]).
//! - Areas with a hole: plotters has none. The SVG gets one path with a seam; a bitmap would show the seam and is filled row by row
//!   ([`outside`]).
//! - Text in the SVG: plotters divides the size by 1.24 and shifts text by its own estimate of the ascent ([`live_text`]).
//! - Text on a bitmap: plotters rounds each glyph to whole units; the glyphs are placed here with kerning ([`glyphs`]).
//! - The SVG header: plotters gives a size in units; the page needs a size in print and round line joins ([`svg`]).
//! - Bitmaps: plotters does not smooth edges; the page is drawn finer and averaged ([`bitmap`]).

use ab_glyph::{Font, ScaleFont, point};
use plotters::backend::{BitMapBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle};
use plotters_backend::{BackendColor, BackendCoord, DrawingBackend, DrawingErrorKind};
use std::error::Error;

use super::text::{self, Weight};

/// Drawing units in a point: 600 to an inch. Backends draw on whole units, and at this size their rounding is invisible.
pub const UNITS_PER_POINT: f64 = 600.0 / 72.0;
/// Drawing units in a pixel, along each axis: 300 dots per inch.
pub const UNITS_PER_PIXEL: usize = 2;

/// What plotters' SVG backend divides sizes of text by.
pub const SVG_DIVISOR: f64 = 1.24;
/// Its ascent in units of the size.
pub const SVG_ASCENT: f64 = 0.76;

/// What drawing returns: nothing, or the backend's error.
pub type Drawn<DB> = Result<(), DrawingErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// Whether the backend keeps shapes or turns them into pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// Pixels.
    Raster,
    /// Shapes and text.
    Vector,
}

/// Horizontal position of a text relative to its reference point.
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

/// Size in points, colour and position of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextStyle {
    pub size: f64,
    pub ink: RGBColor,
    pub align: Align,
    pub weight: Weight,
    pub turn: Turn,
}

impl TextStyle {
    /// Horizontal text of regular weight.
    pub fn new(size: f64, ink: RGBColor, align: Align) -> Self {
        TextStyle { size, ink, align, weight: Weight::Regular, turn: Turn::Across }
    }
}

/// The nearest whole units of a place in points.
pub fn unit((x, y): (f64, f64)) -> BackendCoord {
    ((x * UNITS_PER_POINT).round() as i32, (y * UNITS_PER_POINT).round() as i32)
}

/// A line with closed corners.
pub fn polyline<DB: DrawingBackend>(
    backend: &mut DB,
    medium: Medium,
    units: Vec<BackendCoord>,
    style: &ShapeStyle,
) -> Drawn<DB> {
    if medium == Medium::Vector {
        return backend.draw_path(units, style);
    }
    for pair in units.windows(2) {
        backend.draw_line(pair[0], pair[1], style)?;
    }
    for joint in units.iter().skip(1).rev().skip(1) {
        backend.draw_circle(*joint, style.stroke_width / 2, style, true)?;
    }
    Ok(())
}

/// The rectangle from `corner` to `opposite` without `hole`, on a bitmap: row by row. Places are in points.
pub fn outside<DB: DrawingBackend>(
    backend: &mut DB,
    hole: &[(f64, f64)],
    [corner, opposite]: [(f64, f64); 2],
    color: BackendColor,
) -> Drawn<DB> {
    let ((left, top), (right, bottom)) = (unit(corner), unit(opposite));
    for y in top..bottom {
        let level = (f64::from(y) + 0.5) / UNITS_PER_POINT;
        let sides = hole.iter().zip(hole.iter().cycle().skip(1)).filter(|(a, b)| (a.1 > level) != (b.1 > level));
        let cross = |(a, b): (&(f64, f64), &(f64, f64))| a.0 + (level - a.1) / (b.1 - a.1) * (b.0 - a.0);
        let mut ends: Vec<i32> = sides.map(cross).map(|x| unit((x, level)).0).chain([left, right]).collect();
        ends.sort_unstable();
        for span in ends.chunks_exact(2).filter(|span| span[1] > span[0]) {
            backend.draw_line((span[0], y), (span[1] - 1, y), &color)?;
        }
    }
    Ok(())
}

/// Text as text, with its base line through `at`.
pub fn live_text<DB: DrawingBackend>(backend: &mut DB, run: &str, at: (f64, f64), set: TextStyle) -> Drawn<DB> {
    let style = if set.weight == Weight::Bold { FontStyle::Bold } else { FontStyle::Normal };
    let transform = if set.turn == Turn::Upwards { FontTransform::Rotate270 } else { FontTransform::None };
    let align = match set.align {
        Align::Left => HPos::Left,
        Align::Center => HPos::Center,
        Align::Right => HPos::Right,
    };
    let size = SVG_DIVISOR * (set.size * UNITS_PER_POINT);
    let mut typeset = FontDesc::new(FontFamily::Name(text::FAMILY), size, style).transform(transform).color(&set.ink);
    typeset.pos = Pos::new(align, VPos::Top);
    let hang = SVG_ASCENT * set.size;
    let place = match set.turn {
        Turn::Across => (at.0, at.1 - hang),
        Turn::Upwards => (at.0 - hang, at.1),
    };
    backend.draw_text(run, &typeset, unit(place))
}

/// Text as pixels, with its base line through `at`.
pub fn glyphs<DB: DrawingBackend>(backend: &mut DB, run: &str, at: (f64, f64), set: TextStyle) -> Drawn<DB> {
    let Some(font) = text::scaled(set.weight, set.size * UNITS_PER_POINT) else { return Ok(()) };
    let shift = match set.align {
        Align::Left => 0.0,
        Align::Center => -0.5,
        Align::Right => -1.0,
    };
    let (x, y) = unit(at);
    let mut along = (shift * text::run_width(run, set.size * UNITS_PER_POINT, set.weight)) as f32;
    let mut previous = None;
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
            backend.draw_pixel(place, set.ink.mix(f64::from(cover.min(1.0))).to_backend_color())?;
        }
    }
    Ok(())
}

/// A failure of either backend.
pub type BackendFailure = Box<dyn Error + Send + Sync>;

/// The SVG of a page of this many units, which is enlarged by `scale`.
pub fn svg(
    title: &str,
    [width, height]: [u32; 2],
    scale: f64,
    draw: impl FnOnce(&mut SVGBackend<'_>) -> Result<(), DrawingErrorKind<std::io::Error>>,
) -> Result<String, BackendFailure> {
    let mut drawn = String::new();
    let mut backend = SVGBackend::with_string(&mut drawn, (width, height));
    draw(&mut backend)?;
    backend.present()?;
    drop(backend);
    let Some((_, shapes)) = drawn.split_once('\n') else { return Ok(drawn) };
    let points = |units: u32| (scale * f64::from(units) / UNITS_PER_POINT * 100.0).round() / 100.0;
    Ok(format!(
        "<svg width=\"{}pt\" height=\"{}pt\" viewBox=\"0 0 {width} {height}\" stroke-linejoin=\"round\" \
         xmlns=\"http://www.w3.org/2000/svg\">\n<title>{title}</title>\n{shapes}",
        points(width),
        points(height)
    ))
}

/// The RGB pixels of a page of this many units, [`UNITS_PER_PIXEL`] of which make a pixel.
pub fn bitmap<E: Error + Send + Sync + 'static>(
    [width, height]: [u32; 2],
    draw: impl FnOnce(&mut BitMapBackend<'_>) -> Result<(), DrawingErrorKind<E>>,
) -> Result<Vec<u8>, BackendFailure> {
    let mut fine = vec![0; 3 * width as usize * height as usize];
    let mut backend = BitMapBackend::with_buffer(&mut fine, (width, height));
    draw(&mut backend)?;
    backend.present()?;
    drop(backend);
    Ok(averaged(&fine, width as usize))
}

/// Means over squares of [`UNITS_PER_PIXEL`] units: smooth edges.
fn averaged(fine: &[u8], width: usize) -> Vec<u8> {
    let side = UNITS_PER_PIXEL;
    let mut coarse = Vec::with_capacity(fine.len() / (side * side));
    for rows in fine.chunks_exact(3 * width * side) {
        for x in 0..width / side {
            for channel in 0..3 {
                let dots = (0..side * side).map(|i| 3 * ((i / side) * width + x * side + i % side) + channel);
                let sum: u32 = dots.map(|at| u32::from(rows[at])).sum();
                coarse.push((sum / (side * side) as u32) as u8);
            }
        }
    }
    coarse
}
