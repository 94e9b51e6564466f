//! The values of a figure as a table: what is drawn, from the description that is drawn.

use std::collections::VecDeque;

use crate::files::digits;
use crate::report::plot::{DataName, Mark, Panel, Point, Sheet, text};

/// Columns of `figures/<figure>.csv`, in order.
pub const FIGURE_COLUMNS: [&str; 13] =
    ["panel", "title", "x_quantity", "x_scale", "y_quantity", "y_scale", "series", "kind", "x", "y", "lo", "hi", "z"];

/// Scale of an axis with names.
const NAMES: &str = "names";

/// Values of one series of one panel, in the order in which they are drawn.
struct Group {
    data: DataName,
    points: Vec<Point>,
    /// Values that a heat map shows by colour, one for every point.
    colored: Vec<f64>,
    /// Slices of a band around the points.
    band: VecDeque<(f64, f64, f64)>,
}

/// The table of a figure, with one row per value.
///
/// # Errors
/// [`csv::Error`], which a table in memory does not have.
pub fn table(sheet: &Sheet) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(FIGURE_COLUMNS)?;
    let places = sheet.panels.iter().enumerate().filter_map(|(place, panel)| Some((place, panel.as_ref()?)));
    for (number, (place, panel)) in places.enumerate() {
        let number = number.to_string();
        // The names of rows are the places of values that lie along the horizontal axis.
        let names = panel
            .y
            .names
            .iter()
            .map(|name| name.replace('\\', "\\\\").replace(';', "\\;"))
            .collect::<Vec<_>>()
            .join("; ");
        let [x, y, x_scale, y_scale] = match panel.y.names.is_empty() {
            true => [&panel.x.label, &panel.y.label, panel.x.scale.name(), panel.y.scale.name()],
            false => [&names, &panel.x.label, NAMES, panel.x.scale.name()],
        };
        let [title, x, y] = [title(sheet, place), x, y].map(text::plain);
        for group in groups(panel) {
            let kind = group.data.kind.name();
            let series = text::plain(&group.data.series);
            for (point, z) in group.rows() {
                let values = values(&point, z);
                let names = [&number, &title, &x, x_scale, &y, y_scale, &series, kind].map(|name: &str| name);
                out.write_record(names.into_iter().chain(values.iter().map(String::as_str)))?;
            }
        }
    }
    Ok(out.into_inner().map_err(csv::IntoInnerError::into_error)?)
}

/// The title of a panel: its own, or that of the panel above with which it shares the horizontal axis.
fn title(sheet: &Sheet, place: usize) -> &str {
    let Some(panel) = &sheet.panels[place] else { return "" };
    let above = place.checked_sub(sheet.columns);
    match above
        .filter(|above| panel.title.is_empty() && sheet.panels[*above].as_ref().is_some_and(|p| !p.numbers.below()))
    {
        Some(above) => title(sheet, above),
        None => &panel.title,
    }
}

fn groups(panel: &Panel) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for layer in &panel.layers {
        let Some(data) = &layer.data else { continue };
        let group = group(&mut groups, data);
        match &layer.mark {
            Mark::Points(points, _) | Mark::Aside(points, ..) | Mark::Across(points, ..) => group.points.extend(points),
            Mark::Line(vertices, _) | Mark::Outside(vertices, ..) => {
                group.points.extend(vertices.iter().map(|&(x, y)| Point::exact(x, y)));
            }
            Mark::Band(slices, ..) => group.band.extend(slices),
            Mark::Tiles(tiles) => {
                group.points.extend(tiles.iter().map(|tile| Point::exact(tile.at.0, tile.at.1)));
                group.colored.extend(tiles.iter().map(|tile| tile.value));
            }
            Mark::Label(..) => {}
        }
    }
    for stated in &panel.stated {
        group(&mut groups, &stated.data).points.push(stated.value);
    }
    groups
}

fn group<'g>(groups: &'g mut Vec<Group>, data: &DataName) -> &'g mut Group {
    let at = groups.iter().position(|group| group.data == *data).unwrap_or_else(|| {
        groups.push(Group { data: data.clone(), points: Vec::new(), colored: Vec::new(), band: VecDeque::new() });
        groups.len() - 1
    });
    &mut groups[at]
}

impl Group {
    /// The points, each with the slice of the band at its place; slices without a point have rows of their own.
    fn rows(mut self) -> Vec<(Point, f64)> {
        if !self.colored.is_empty() {
            return self.points.into_iter().zip(self.colored).collect();
        }
        let mut rows = Vec::new();
        for point in self.points {
            let fits = |(x, lo, hi): &(f64, f64, f64)| *x == point.x && *lo <= point.y && point.y <= *hi;
            match self.band.iter().position(fits) {
                Some(at) => {
                    rows.extend(self.band.drain(..at).map(slice));
                    let within = self.band.pop_front().map(|(_, lo, hi)| Point { lo, hi, ..point });
                    rows.push(within.unwrap_or(point));
                }
                None => rows.push(point),
            }
        }
        rows.extend(self.band.into_iter().map(slice));
        rows.into_iter().map(|point| (point, f64::NAN)).collect()
    }
}

fn slice((x, lo, hi): (f64, f64, f64)) -> Point {
    Point { x, y: f64::NAN, lo, hi }
}

/// Place, value and interval; empty where there is none.
fn values(point: &Point, z: f64) -> [String; 5] {
    let number = |value: f64| match value {
        value if value.is_nan() => String::new(),
        value if value.is_finite() => digits(value),
        value => value.to_string(),
    };
    let interval = !(point.lo == point.y && point.hi == point.y);
    let end = |value: f64| if interval { number(value) } else { String::new() };
    [number(point.x), number(point.y), end(point.lo), end(point.hi), number(z)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::style::GREY;
    use crate::report::plot::{Axis, DataKind, Look, Numbers, Scale, Stated, Stroke};

    #[test]
    fn every_value_has_a_row_and_a_band_joins_its_curve() {
        let axis = |label| Axis::between(label, Scale::Linear, 0.0, 1.0);
        let survival = Axis::between("P_{t}", Scale::Log, 0.1, 1.0);
        let mut upper = Panel { title: "SGD, d = 1".to_owned(), ..Panel::new(axis("t"), survival) };
        upper.numbers = Numbers::Left;
        upper.data("a", DataKind::Measured, Mark::Band(vec![(0.0, 0.9, 1.0), (0.5, 0.2, 0.4)], GREY, 0.2));
        upper.data("a", DataKind::Measured, Mark::Line(vec![(0.0, 1.0), (0.5, 0.3)], Stroke::solid(GREY, 1.0)));
        upper.level(0.5, Stroke::solid(GREY, 1.0));
        let mut lower = Panel::new(axis("t"), axis("ratio"));
        let open = Point { x: 0.1, y: 2.0, lo: 0.0, hi: f64::INFINITY };
        let points = vec![open, Point::exact(0.2, f64::NAN)];
        lower.data("a", DataKind::Measured, Mark::Points(points, Look::of(0)));
        lower.stated.push(Stated::within("a", DataKind::Slope, [-1.5, -1.6, -1.4]));
        let mut sheet = Sheet::new(200.0, 1);
        sheet.row(50.0, [upper]);
        sheet.row(50.0, [lower]);
        let text = String::from_utf8(table(&sheet).unwrap()).unwrap();
        let rows = [
            "panel,title,x_quantity,x_scale,y_quantity,y_scale,series,kind,x,y,lo,hi,z",
            "0,\"SGD, d = 1\",t,linear,P_t,log,a,measured,0,1,0.9,1,",
            "0,\"SGD, d = 1\",t,linear,P_t,log,a,measured,0.5,0.3,0.2,0.4,",
            "1,\"SGD, d = 1\",t,linear,ratio,linear,a,measured,0.1,2,0,inf,",
            "1,\"SGD, d = 1\",t,linear,ratio,linear,a,measured,0.2,,,,",
            "1,\"SGD, d = 1\",t,linear,ratio,linear,a,slope,,-1.5,-1.6,-1.4,",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), rows);
    }

    #[test]
    fn rows_with_names_are_places_and_the_horizontal_axis_is_the_value() {
        let mut panel = Panel::new(
            Axis::between("ratio", Scale::Log, 1.0, 100.0),
            Axis::named("", vec!["SGD".into(), "Lion".into()]),
        );
        let points = vec![
            Point { x: 0.0, y: 2.0, lo: 1.5, hi: 3.0 },
            Point { x: 1.0, y: f64::NAN, lo: 40.0, hi: f64::INFINITY },
        ];
        panel.data("law", DataKind::Measured, Mark::Across(points, 0.1, Look::of(0)));
        let mut sheet = Sheet::new(200.0, 1);
        sheet.row(50.0, [panel]);
        let text = String::from_utf8(table(&sheet).unwrap()).unwrap();
        let rows: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            rows,
            [
                "0,,SGD; Lion,names,ratio,log,law,measured,0,2,1.5,3,",
                "0,,SGD; Lion,names,ratio,log,law,measured,1,,40,inf,"
            ]
        );
    }
}
