//! A figure as part of an HTML page: its SVG, with a text at every point that a reader can point at.

use std::fmt::Write;

use super::figure::{Figure, FigureError, vector};
use crate::report::plot::axis::number;
use crate::report::plot::backend::UNITS_PER_POINT;
use crate::report::plot::{
    Axis, DataKind, DataName, Layer, Legend, Look, Mark, Panel, Point, Rect, Sample, Sheet, Stroke, text,
};

/// Distance between two texts on a line, in points.
const SPACING: f64 = 9.0;
/// Radius of the place that shows a text, in points.
const REACH: f64 = 4.0;

/// The SVG of a figure for an HTML page, with the values of its points as `<title>` elements. It has no `id`, so that a page can hold
/// several figures, and no size, so that the page can set it.
///
/// # Errors
/// [`FigureError`].
pub fn inline(figure: &impl Figure) -> Result<String, FigureError> {
    let sheet = figure.sheet()?;
    let svg = vector(figure.stem(), &sheet, 1.0)?;
    let body = svg.split_once("</title>\n").map_or("", |(_, body)| body);
    let shapes = body.rsplit_once("</svg>").map_or(body, |(shapes, _)| shapes);
    let viewed = svg.split_once("viewBox=\"").and_then(|(_, rest)| rest.split_once('"')).map_or("", |(view, _)| view);
    let mut page = format!(
        "<svg class=\"figure\" role=\"img\" aria-label=\"{}\" viewBox=\"{viewed}\" stroke-linejoin=\"round\">\n{shapes}<g fill=\"none\" \
         pointer-events=\"all\">\n",
        escaped(figure.stem())
    );
    for Tip { at, text } in tips(&sheet) {
        let [x, y, r] = [at.0, at.1, REACH].map(|points| (points * UNITS_PER_POINT).round());
        let _ = writeln!(page, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\"><title>{}</title></circle>", escaped(&text));
    }
    page.push_str("</g>\n</svg>");
    Ok(page)
}

/// A text and its place on the sheet, in points.
struct Tip {
    at: (f64, f64),
    text: String,
}

fn tips(sheet: &Sheet) -> Vec<Tip> {
    let mut tips = Vec::new();
    for (panel, frame) in sheet.shown() {
        panel_tips(&panel, &frame, &sheet.legend, &mut tips);
    }
    tips
}

fn panel_tips(panel: &Panel, frame: &Rect, legend: &Legend, tips: &mut Vec<Tip>) {
    let plot = panel.plot(frame);
    let mut add = |at, name: Option<&str>, x: String, y: String| {
        let titles = [panel.title.as_str(), name.unwrap_or_default()].map(text::plain);
        let heading = titles.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
        let value = |axis: &Axis, fallback: &str, value: &str| match text::plain(&axis.label) {
            // A name says what it is.
            label if label.is_empty() && !axis.names.is_empty() => value.to_owned(),
            label if label.is_empty() => format!("{fallback} = {value}"),
            label => format!("{label} = {value}"),
        };
        let values = [value(&panel.x, "x", &x), value(&panel.y, "y", &y)];
        let lines = [heading].into_iter().chain(values).filter(|line| !line.is_empty());
        tips.push(Tip { at, text: lines.collect::<Vec<_>>().join("\n") });
    };
    for Layer { mark, data } in &panel.layers {
        let series = data.as_ref().and_then(series_name);
        let series = series.as_deref();
        match mark {
            Mark::Points(..) | Mark::Aside(..) => {
                let Some((points, shift, look)) = mark.points() else { continue };
                for point in points {
                    let Some((at, _)) = plot.seen(point, shift) else { continue };
                    add(at, series.or(points_name(legend, look)), number(point.x), with_interval(point));
                }
            }
            Mark::Across(points, shift, look) => {
                for point in points {
                    let Some((at, _)) = plot.seen_across(point, *shift) else { continue };
                    let row = panel.y.names.get(point.x as usize).cloned().unwrap_or_default();
                    add(at, series.or(points_name(legend, *look)), with_interval(point), row);
                }
            }
            // Two vertices make a level or a diagonal, which has no values of its own.
            Mark::Line(vertices, stroke) if vertices.len() > 2 => {
                let mut last: Option<(f64, f64)> = None;
                for &(x, y) in vertices {
                    let at = plot.at((x, y));
                    let near = last.is_some_and(|(a, b)| (at.0 - a).hypot(at.1 - b) < SPACING);
                    if !near && plot.shows(at) {
                        last = Some(at);
                        add(at, series.or(line_name(legend, *stroke)), number(x), number(y));
                    }
                }
            }
            Mark::Tiles(tiles) => {
                for tile in tiles.iter().filter(|tile| plot.shows(plot.at(tile.at))) {
                    add(plot.at(tile.at), Some(&number(tile.value)), number(tile.at.0), number(tile.at.1));
                }
            }
            _ => {}
        }
    }
}

/// `3.2 (2.9 to 3.5)`, or `at least 40`.
fn with_interval(point: &Point) -> String {
    let Point { y, lo, hi, .. } = *point;
    match y {
        y if y.is_nan() => format!("at least {}", number(lo)),
        y if lo < y || hi > y => format!("{} ({} to {})", number(y), number(lo), number(hi)),
        y => number(y),
    }
}

/// `α = 1.5`, or `α = 1.5, predicted`; `None` without a series.
fn series_name(data: &DataName) -> Option<String> {
    let kind = match data.kind {
        DataKind::Predicted | DataKind::Exact | DataKind::Surrogate => format!(", {}", data.kind.name()),
        DataKind::SecondOrder => ", to second order".to_owned(),
        _ => String::new(),
    };
    (!data.series.is_empty()).then(|| data.series.clone() + &kind)
}

fn points_name(legend: &Legend, look: Look) -> Option<&str> {
    named(legend, |sample| matches!(sample, Sample::Points(other) if *other == look))
}

fn line_name(legend: &Legend, stroke: Stroke) -> Option<&str> {
    named(legend, |sample| match sample {
        Sample::Line(other) | Sample::Band(.., Some(other)) => *other == stroke,
        _ => false,
    })
}

/// The label of the entries that fit, if they share one.
fn named(legend: &Legend, fits: impl Fn(&Sample) -> bool) -> Option<&str> {
    let mut found = legend.groups.iter().flat_map(|group| &group.entries).filter(|entry| fits(&entry.sample));
    let first = found.next()?.label.as_str();
    found.all(|entry| entry.label == first).then_some(first)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::{Entry, Scale};

    struct Example;

    impl Figure for Example {
        fn stem(&self) -> &str {
            "example"
        }

        fn sheet(&self) -> Result<Sheet, FigureError> {
            let (x, y) =
                (Axis::between("ε", Scale::Log, 0.001, 1.0), Axis::between("E Γ_{Adam}", Scale::Log, 1.0, 1e4));
            let mut panel = Panel::new(x, y);
            panel.title = "<script>".to_owned();
            let points = vec![Point { x: 0.01, y: 100.0, lo: 90.0, hi: 110.0 }, Point::exact(0.01, f64::NAN)];
            panel.mark(Mark::Points(points, Look::of(0)));
            let mut sheet = Sheet::new(200.0, 1);
            sheet.legend = Legend::default().with(vec![Entry::new(Sample::Points(Look::of(0)), "α = 1.5")]);
            sheet.row(100.0, [panel]);
            Ok(sheet)
        }
    }

    #[test]
    fn a_shifted_point_shows_its_own_values() {
        let (x, y) = (Axis::between("ε", Scale::Log, 0.001, 1.0), Axis::between("E Γ", Scale::Log, 1.0, 1e4));
        let mut panel = Panel::new(x, y);
        panel.mark(Mark::Aside(vec![Point::exact(0.01, 100.0)], 0.01, Look::of(0)));
        let mut tips = Vec::new();
        panel_tips(&panel, &Rect { x0: 0.0, y0: 0.0, x1: 100.0, y1: 100.0 }, &Legend::default(), &mut tips);
        assert!(tips[0].text.contains("ε = 0.01\n"), "{}", tips[0].text);
    }

    #[test]
    fn a_point_shows_its_series_and_values_as_plain_text() {
        let svg = inline(&Example).unwrap();
        // The point that is not a number is not drawn and has no values.
        assert_eq!(svg.matches("<title>").count(), 1, "{svg}");
        let tip = "<title>&lt;script&gt;: α = 1.5\nε = 0.01\nE Γ_Adam = 100 (90 to 110)</title>";
        assert!(svg.contains(tip), "{svg}");
        assert!(!svg.contains("<script>") && !svg.contains(" id=") && !svg.contains("http"), "{svg}");
    }
}
