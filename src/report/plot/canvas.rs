//! A page measured in points, over any plotters backend.

use plotters::style::{Color, RGBAColor, RGBColor, ShapeStyle};
use plotters_backend::{BackendCoord, DrawingBackend};

use super::backend::{self, Drawn, Medium, UNITS_PER_POINT, unit};
use super::style::{Fill, Look, PAPER, Stroke};

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

/// The page.
pub struct Canvas<'a, DB: DrawingBackend> {
    pub(in crate::report) backend: &'a mut DB,
    pub(in crate::report) medium: Medium,
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
            backend::polyline(self.backend, self.medium, units, &style)?;
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

    /// A filled rectangle with a hole inside it.
    pub fn outside(&mut self, hole: &[(f64, f64)], rect: &Rect, color: RGBColor, opacity: f64) -> Drawn<DB> {
        if self.medium == Medium::Vector || hole.len() < 3 {
            return self.area(&keyhole(hole, rect), color, opacity);
        }
        let corners = [(rect.x0, rect.y0), (rect.x1, rect.y1)];
        backend::outside(self.backend, hole, corners, color.mix(opacity).to_backend_color())
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
            Fill::Open => {
                let outline = look.marker.outline().unwrap_or_else(circle);
                let ring = outline
                    .iter()
                    .chain(&outline[..1])
                    .map(|v| (at.0 + OPEN * radius * v.0, at.1 - OPEN * radius * v.1));
                self.line(&ring.collect::<Vec<_>>(), Stroke::solid(look.color, rim))
            }
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
}

/// Radius of an open marker, in units of that of others.
const OPEN: f64 = 1.6;

/// The outline of a circle.
fn circle() -> Vec<(f64, f64)> {
    (0..48).map(|k| (f64::from(k) * 7.5).to_radians()).map(|angle| (angle.cos(), angle.sin())).collect()
}

fn units(length: f64) -> u32 {
    (length * UNITS_PER_POINT).round().max(0.0) as u32
}

fn fill(color: RGBAColor) -> ShapeStyle {
    ShapeStyle { color, filled: true, stroke_width: 0 }
}

/// A rectangle with a hole, as one closed path: around the rectangle from where a level seam leaves its left side for the
/// leftmost corner of the hole, and around the hole in the other direction.
fn keyhole(hole: &[(f64, f64)], rect: &Rect) -> Vec<(f64, f64)> {
    let Rect { x0, y0, x1, y1 } = *rect;
    let Some(leftmost) = (0..hole.len()).min_by(|&i, &j| hole[i].0.total_cmp(&hole[j].0)) else {
        return vec![(x0, y0), (x1, y0), (x1, y1), (x0, y1)];
    };
    let seam = (x0, hole[leftmost].1);
    let mut ring: Vec<(f64, f64)> = hole.iter().cycle().skip(leftmost).take(hole.len() + 1).copied().collect();
    let turn: f64 = ring.windows(2).map(|w| w[0].0 * w[1].1 - w[1].0 * w[0].1).sum();
    if turn > 0.0 {
        ring.reverse();
    }
    let mut path = vec![seam, (x0, y0), (x1, y0), (x1, y1), (x0, y1), seam];
    path.extend(ring);
    path
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
    use plotters::backend::BitMapBackend;

    #[test]
    fn a_keyhole_leaves_out_the_hole() {
        let area = |path: &[(f64, f64)]| -> f64 {
            path.iter().zip(path.iter().cycle().skip(1)).map(|(a, b)| 0.5 * (a.0 * b.1 - b.0 * a.1)).sum()
        };
        let rect = Rect { x0: 0.0, y0: 0.0, x1: 10.0, y1: 10.0 };
        let mut hole = vec![(4.0, 4.0), (6.0, 4.0), (6.0, 7.0), (4.0, 7.0)];
        assert!((area(&keyhole(&hole, &rect)) - 94.0).abs() < 1e-9);
        hole.reverse();
        assert!((area(&keyhole(&hole, &rect)) - 94.0).abs() < 1e-9);
        assert_eq!(area(&keyhole(&[], &rect)), 100.0);
    }

    #[test]
    fn a_raster_is_shaded_outside_the_hole_once() {
        let mut pixels = vec![255; 3 * 100 * 100];
        let mut backend = BitMapBackend::with_buffer(&mut pixels, (100, 100));
        let rect = Rect { x0: 1.2, y0: 1.2, x1: 10.8, y1: 10.8 };
        let hole = [(4.8, 4.8), (7.2, 4.8), (7.2, 7.2), (4.8, 7.2)];
        Canvas::new(&mut backend, Medium::Raster).outside(&hole, &rect, RGBColor(0, 0, 0), 0.2).unwrap();
        drop(backend);
        let at = |x: usize, y: usize| pixels[3 * (100 * y + x)];
        for (x, y, value) in [(5, 50, 255), (20, 50, 204), (50, 20, 204), (50, 50, 255), (70, 50, 204), (50, 95, 255)] {
            assert!(at(x, y).abs_diff(value) <= 1, "{x} {y}: {}", at(x, y));
        }
    }

    #[test]
    fn dashes_run_on_through_corners() {
        let parts = dashes(&[(0.0, 0.0), (3.0, 0.0), (3.0, 10.0)], &[4.0, 2.0]);
        assert_eq!(parts[0], [(0.0, 0.0), (3.0, 0.0), (3.0, 1.0)]);
        assert_eq!(parts[1], [(3.0, 3.0), (3.0, 7.0)]);
        assert_eq!(parts[2], [(3.0, 9.0), (3.0, 10.0)]);
    }
}
