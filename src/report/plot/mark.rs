//! What is drawn between the axes of a panel.

use plotters::style::RGBColor;
use plotters_backend::DrawingBackend;

use super::backend::Drawn;
use super::canvas::Canvas;
use super::lettering::{Align, TextStyle};
use super::placement::Obstacles;
use super::style::SMALL_SIZE;
use super::{Axis, Fill, Layer, Look, Rect, Stroke};
use super::{clip, text};

/// Radius of markers.
const RADIUS: f64 = 2.1;
/// Length of the arrow of a lower limit, and of its head.
const ARROW: f64 = 11.0;
const HEAD: f64 = 2.4;

/// A value with its 95 % interval; `lo` and `hi` equal `y`, or are NaN, where there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Place on the horizontal axis.
    pub x: f64,
    /// The value.
    pub y: f64,
    /// Lower end of its interval.
    pub lo: f64,
    /// Upper end of its interval; an infinite one is drawn to the edge.
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
    /// Points drawn next to their place, shifted by a share of the horizontal axis.
    Aside(Vec<Point>, f64, Look),
    /// Points with horizontal intervals in the row `x` of a vertical axis with names, shifted down by a share of a row. One without a value
    /// whose interval is open above is a lower limit, drawn as an arrow.
    Across(Vec<Point>, f64, Look),
    /// A line through its vertices.
    Line(Vec<(f64, f64)>, Stroke),
    /// The area between two curves, as `(x, lower, upper)`, and its opacity.
    Band(Vec<(f64, f64, f64)>, RGBColor, f64),
    /// All of the panel but a closed area, and the opacity.
    Outside(Vec<(f64, f64)>, RGBColor, f64),
    /// Rectangles whose colour shows a value.
    Tiles(Vec<Tile>),
    /// A text near a place, where it covers least.
    Label(String, (f64, f64), RGBColor),
}

/// A rectangle of a heat map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tile {
    /// The pair of values that it stands for.
    pub at: (f64, f64),
    /// The value that its colour shows.
    pub value: f64,
    /// Its ends along the horizontal axis.
    pub across: (f64, f64),
    /// Its ends along the vertical axis.
    pub up: (f64, f64),
    /// Its colour.
    pub color: RGBColor,
}

impl Mark {
    /// The points of the mark, the shift with which they are drawn, and their look.
    pub fn points(&self) -> Option<(&[Point], f64, Look)> {
        match self {
            Mark::Points(points, look) => Some((points, 0.0, *look)),
            Mark::Aside(points, shift, look) => Some((points, *shift, *look)),
            _ => None,
        }
    }
}

/// The frame of a panel with its axes.
pub struct Plot<'a> {
    pub x: &'a Axis,
    pub y: &'a Axis,
    pub frame: Rect,
}

impl Plot<'_> {
    /// Place of a pair of values on the page.
    pub fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let frame = &self.frame;
        (frame.x0 + self.x.place(x) * frame.width(), frame.y1 - self.y.place(y) * frame.height())
    }

    /// Draws everything; labels last, around what is already there.
    pub fn draw<DB: DrawingBackend>(&self, canvas: &mut Canvas<DB>, layers: &[Layer]) -> Drawn<DB> {
        for Layer { mark, .. } in layers {
            match mark {
                Mark::Points(points, look) => self.points(canvas, points, 0.0, *look)?,
                Mark::Aside(points, shift, look) => self.points(canvas, points, *shift, *look)?,
                Mark::Across(points, shift, look) => self.across(canvas, points, *shift, *look)?,
                Mark::Line(vertices, stroke) => {
                    self.parts(vertices).iter().try_for_each(|part| canvas.line(part, *stroke))?;
                }
                Mark::Band(slices, color, opacity) => canvas.area(&self.band(slices), *color, *opacity)?,
                Mark::Outside(vertices, color, opacity) => {
                    let hole = clip::polygon(&self.placed(vertices), &self.frame);
                    canvas.outside(&hole, &self.frame, *color, *opacity)?;
                }
                Mark::Tiles(tiles) => tiles.iter().try_for_each(|tile| self.tile(canvas, tile))?,
                Mark::Label(..) => {}
            }
        }
        self.labels(canvas, layers)
    }

    /// What a text should not cover.
    pub fn obstacles(&self, layers: &[Layer]) -> Obstacles {
        let mut obstacles = Obstacles::default();
        for Layer { mark, .. } in layers {
            match mark {
                Mark::Points(points, _) => self.avoid(points, 0.0, &mut obstacles),
                Mark::Aside(points, shift, _) => self.avoid(points, *shift, &mut obstacles),
                Mark::Across(points, shift, _) => {
                    for (at, ends) in points.iter().filter_map(|point| self.seen_across(point, *shift)) {
                        obstacles.marker(at, RADIUS);
                        obstacles.line(&[(ends.0, at.1), (ends.1, at.1)]);
                    }
                }
                Mark::Line(vertices, _) => self.parts(vertices).iter().for_each(|part| obstacles.line(part)),
                Mark::Band(slices, ..) => obstacles.line(&self.band(slices)),
                Mark::Outside(..) | Mark::Tiles(..) | Mark::Label(..) => {}
            }
        }
        obstacles
    }

    fn avoid(&self, points: &[Point], shift: f64, obstacles: &mut Obstacles) {
        for (at, ends) in points.iter().filter_map(|point| self.seen(point, shift)) {
            obstacles.marker(at, RADIUS);
            obstacles.line(&[(at.0, ends.0), (at.0, ends.1)]);
        }
    }

    /// The tile inside the frame.
    fn tile<DB: DrawingBackend>(&self, canvas: &mut Canvas<DB>, tile: &Tile) -> Drawn<DB> {
        let (left, bottom) = self.at((tile.across.0, tile.up.0));
        let (right, top) = self.at((tile.across.1, tile.up.1));
        let Rect { x0, y0, x1, y1 } = self.frame;
        let rect =
            Rect { x0: left.clamp(x0, x1), y0: top.clamp(y0, y1), x1: right.clamp(x0, x1), y1: bottom.clamp(y0, y1) };
        canvas.block(&rect, tile.color, 1.0)
    }

    fn labels<DB: DrawingBackend>(&self, canvas: &mut Canvas<DB>, layers: &[Layer]) -> Drawn<DB> {
        let mut obstacles: Option<Obstacles> = None;
        for Layer { mark, .. } in layers {
            let Mark::Label(label, at, ink) = mark else { continue };
            let obstacles = obstacles.get_or_insert_with(|| self.obstacles(layers));
            let size = (text::width(label, SMALL_SIZE), 0.95 * SMALL_SIZE);
            let place = obstacles.beside(self.at(*at), size, &self.frame);
            obstacles.rect(&place);
            let set = TextStyle::new(SMALL_SIZE, *ink, Align::Left);
            canvas.text(label, (place.x0, place.y1 - 0.18 * SMALL_SIZE), set)?;
        }
        Ok(())
    }

    fn placed(&self, vertices: &[(f64, f64)]) -> Vec<(f64, f64)> {
        vertices.iter().map(|&v| self.at(v)).collect()
    }

    fn parts(&self, vertices: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
        clip::polyline(&self.placed(vertices), &self.frame)
    }

    fn band(&self, slices: &[(f64, f64, f64)]) -> Vec<(f64, f64)> {
        let usable = || slices.iter().filter(|(x, lo, hi)| x.is_finite() && !lo.is_nan() && !hi.is_nan());
        let place = |x, y| {
            let at = self.at((x, y));
            (at.0, at.1.clamp(self.frame.y0 - 1.0, self.frame.y1 + 1.0))
        };
        let upper = usable().map(|&(x, _, hi)| place(x, hi));
        let lower = usable().rev().map(|&(x, lo, _)| place(x, lo));
        clip::polygon(&upper.chain(lower).collect::<Vec<_>>(), &self.frame)
    }

    /// Whether a place on the page is inside the frame.
    pub fn shows(&self, (x, y): (f64, f64)) -> bool {
        let Rect { x0, y0, x1, y1 } = self.frame;
        x >= x0 - 0.01 && x <= x1 + 0.01 && y >= y0 - 0.01 && y <= y1 + 0.01
    }

    /// The place of a shifted point and of the ends of its interval, unless it lies outside.
    pub fn seen(&self, point: &Point, shift: f64) -> Option<((f64, f64), (f64, f64))> {
        let (x, y) = self.at((point.x, point.y));
        let x = x + shift * self.frame.width();
        let Rect { y0, y1, .. } = self.frame;
        let end = |value: f64| {
            let height = self.at((point.x, value)).1;
            if height.is_nan() { y } else { height.clamp(y0, y1) }
        };
        self.shows((x, y)).then(|| ((x, y), (end(point.lo), end(point.hi))))
    }

    /// The place of a point of [`Mark::Across`] and of the ends of its interval, or of a lower limit and its arrow; `None` if it lies outside.
    pub fn seen_across(&self, point: &Point, shift: f64) -> Option<((f64, f64), (f64, f64))> {
        let is_limit = is_lower_limit(point);
        let (x, y) = self.at((if is_limit { point.lo } else { point.y }, point.x + shift));
        let Rect { x0, x1, .. } = self.frame;
        let end = |value: f64| {
            let place = self.at((value, point.x)).0;
            if place.is_nan() { x } else { place.clamp(x0, x1) }
        };
        let ends = if is_limit { (x, (x + ARROW).min(x1)) } else { (end(point.lo), end(point.hi)) };
        self.shows((x, y)).then_some(((x, y), ends))
    }

    fn across<DB: DrawingBackend>(
        &self,
        canvas: &mut Canvas<DB>,
        points: &[Point],
        shift: f64,
        look: Look,
    ) -> Drawn<DB> {
        for point in points {
            let Some(((x, y), (lo, hi))) = self.seen_across(point, shift) else { continue };
            if is_lower_limit(point) {
                lower_limit(canvas, (x, y), hi, look)?;
            } else {
                canvas.line(&[(lo, y), (hi, y)], Stroke::solid(look.color, 0.7))?;
                canvas.marker((x, y), RADIUS, look)?;
            }
        }
        Ok(())
    }

    fn points<DB: DrawingBackend>(
        &self,
        canvas: &mut Canvas<DB>,
        points: &[Point],
        shift: f64,
        look: Look,
    ) -> Drawn<DB> {
        for (at, (lo, hi)) in points.iter().filter_map(|point| self.seen(point, shift)) {
            canvas.line(&[(at.0, lo), (at.0, hi)], Stroke::solid(look.color, 0.7))?;
            canvas.marker(at, RADIUS, look)?;
        }
        Ok(())
    }
}

fn is_lower_limit(point: &Point) -> bool {
    point.y.is_nan() && point.hi == f64::INFINITY
}

/// A hollow marker with an arrow to `tip`.
pub fn lower_limit<DB: DrawingBackend>(canvas: &mut Canvas<DB>, at: (f64, f64), tip: f64, look: Look) -> Drawn<DB> {
    canvas.line(&[at, (tip, at.1)], Stroke::solid(look.color, 0.7))?;
    canvas.area(&[(tip, at.1), (tip - HEAD, at.1 - 0.6 * HEAD), (tip - HEAD, at.1 + 0.6 * HEAD)], look.color, 1.0)?;
    canvas.marker(at, RADIUS, Look { fill: Fill::Hollow, ..look })
}

#[cfg(test)]
mod tests {
    use super::super::axis::Scale;
    use super::*;

    #[test]
    fn what_cannot_be_shown_is_skipped_and_open_intervals_reach_the_edge() {
        let (x, y) = (Axis::between("", Scale::Linear, 0.0, 1.0), Axis::between("", Scale::Log, 1.0, 100.0));
        let plot = Plot { x: &x, y: &y, frame: Rect { x0: 0.0, y0: 0.0, x1: 100.0, y1: 100.0 } };
        let open = Point { x: 0.5, y: 10.0, lo: 0.0, hi: f64::INFINITY };
        assert_eq!(plot.seen(&open, 0.0), Some(((50.0, 50.0), (100.0, 0.0))));
        let (at, ends) = plot.seen(&Point { lo: f64::NAN, ..open }, 0.0).unwrap();
        assert_eq!(ends.0, at.1);
        for bad in [Point::exact(0.5, f64::NAN), Point::exact(f64::NAN, 10.0), Point::exact(0.5, -1.0)] {
            assert_eq!(plot.seen(&bad, 0.0), None);
        }
    }

    #[test]
    fn rows_have_horizontal_intervals_and_arrows_for_limits() {
        let (x, y) = (Axis::between("", Scale::Log, 1.0, 100.0), Axis::named("", vec![String::new(); 5]));
        let plot = Plot { x: &x, y: &y, frame: Rect { x0: 0.0, y0: 0.0, x1: 100.0, y1: 100.0 } };
        let measured = Point { x: 1.0, y: 10.0, lo: 1.0, hi: 100.0 };
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        let (at, ends) = plot.seen_across(&measured, 0.25).unwrap();
        assert!(near(at.0, 50.0) && near(at.1, 35.0) && near(ends.0, 0.0) && near(ends.1, 100.0), "{at:?} {ends:?}");
        let (at, ends) =
            plot.seen_across(&Point { y: f64::NAN, lo: 10.0, hi: f64::INFINITY, ..measured }, 0.0).unwrap();
        assert!(near(at.0, 50.0) && near(ends.1, 50.0 + ARROW), "{at:?} {ends:?}");
        assert_eq!(plot.seen_across(&Point { y: f64::NAN, lo: f64::NAN, ..measured }, 0.0), None);
    }
}
