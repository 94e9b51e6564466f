//! Operations on curves that several figures share: ratios to a prediction, and one look for each label.

use super::style::FULL_WIDTH;
use super::{Axis, Look, Numbers, Panel, Point, Scale, Sheet};

/// Different labels in order of appearance.
pub fn labels<'a>(all: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut labels = Vec::new();
    for label in all {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}

/// Place of a label among all labels of the figure.
pub fn place(labels: &[&str], label: &str) -> usize {
    labels.iter().position(|l| *l == label).unwrap_or(labels.len())
}

/// The look of a series by its label's place.
pub fn look(labels: &[&str], label: &str) -> Look {
    Look::of(place(labels, label))
}

/// Columns of so many small multiples.
pub fn columns(panels: usize) -> usize {
    if panels == 4 { 2 } else { panels.clamp(1, 3) }
}

/// Small multiples with common axes and frames of one height: `alone` in a single column, otherwise `beside`.
pub fn multiples(panels: Vec<Panel>, [alone, beside]: [f64; 2]) -> Sheet {
    let columns = columns(panels.len());
    let mut sheet = Sheet::new(FULL_WIDTH, columns);
    for row in panels.chunks(columns) {
        let numbered = |(i, panel): (usize, &Panel)| Panel { numbers: Numbers::new(true, i == 0), ..panel.clone() };
        sheet.row(if columns == 1 { alone } else { beside }, row.iter().enumerate().map(numbered));
    }
    sheet
}

/// The shift along the axis for series `i` of `count`, so that overlapping series stay visible, as a share of the axis; all shifts together
/// take the share `room`.
pub fn aside(i: usize, count: usize, room: f64) -> f64 {
    (room / count as f64).min(0.018) * (i as f64 - 0.5 * (count as f64 - 1.0))
}

/// The intervals of points as slices of a band.
pub fn band(points: &[Point]) -> Vec<(f64, f64, f64)> {
    points.iter().map(|p| (p.x, p.lo, p.hi)).collect()
}

/// `count` places from `lo` to `hi`, both included.
pub fn grid(lo: f64, hi: f64, count: u32) -> impl Iterator<Item = f64> {
    (0..count).map(move |i| lo + (hi - lo) * f64::from(i) / f64::from(count - 1))
}

/// The vertices in ascending order: a line drawn through a sweep in the order of its cells.
pub fn sorted(line: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut line = line.to_vec();
    line.sort_by(|a, b| a.0.total_cmp(&b.0));
    line
}

/// The points divided by the prediction at their `x`; points outside the prediction's range are left out.
pub fn ratios(points: &[Point], prediction: &[(f64, f64)]) -> impl Iterator<Item = Point> {
    let mut prediction = sorted(prediction);
    prediction.retain(|(x, y)| *x > 0.0 && *y > 0.0);
    points.iter().filter_map(move |p| power_law(&prediction, p.x).map(|y| p.scaled(1.0 / y)))
}

/// Interpolation linear in the logarithms, which is exact where the prediction is a power of `x`.
fn power_law(sorted: &[(f64, f64)], x: f64) -> Option<f64> {
    let same = |a: f64| (a / x - 1.0).abs() < 1e-9;
    if let Some(hit) = sorted.iter().find(|v| same(v.0)) {
        return Some(hit.1);
    }
    let next = sorted.iter().position(|v| v.0 > x).filter(|&i| i > 0)?;
    let (a, b) = (sorted[next - 1], sorted[next]);
    let share = (x / a.0).ln() / (b.0 / a.0).ln();
    Some((a.1.ln() + share * (b.1 / a.1).ln()).exp())
}

/// Room above and below ratios: the panels are low, and a marker would lie on the frame.
const ROOM: f64 = 0.06;

/// An axis for ratios, always with 1 in sight, that turns logarithmic when they leave [1/3, 3].
pub fn ratio_axis(label: &str, points: impl Iterator<Item = Point>) -> Option<Axis> {
    let points: Vec<Point> = points.filter(|p| p.y.is_finite() && p.y > 0.0).collect();
    if points.is_empty() {
        return None;
    }
    let wide = points.iter().any(|p| !(1.0 / 3.0..=3.0).contains(&p.y));
    let values = points.iter().flat_map(Point::heights);
    if wide {
        return Axis::over(label, Scale::Log, values.chain([1.0])).map(|axis| axis.roomier(ROOM));
    }
    // Intervals that reach far beyond the ratios themselves would flatten all else; they are cut at the frame.
    let values = values.map(|v| v.clamp(0.0, 4.0)).chain([0.98, 1.02]);
    Axis::over(label, Scale::Linear, values).map(|axis| axis.roomier(ROOM))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_follow_a_power_law_between_its_points() {
        let law: Vec<(f64, f64)> = [0.001f64, 0.1].map(|x| (x, x.powf(-1.5))).to_vec();
        let points = [Point::exact(0.01, 2000.0), Point::exact(0.5, 1.0), Point::exact(0.001, 1.0)];
        let found: Vec<Point> = ratios(&points, &law).collect();
        assert_eq!(found.len(), 2);
        assert!((found[0].y - 2.0).abs() < 1e-9);
    }

    #[test]
    fn the_ratio_axis_shows_one() {
        let axis = ratio_axis("", [Point::exact(1.0, 1.3)].into_iter()).unwrap();
        assert!(axis.lo < 1.0 && axis.hi > 1.3 && axis.scale == Scale::Linear);
        assert_eq!(ratio_axis("", [Point::exact(1.0, 8.0)].into_iter()).unwrap().scale, Scale::Log);
        assert_eq!(ratio_axis("", [Point::exact(1.0, f64::NAN)].into_iter()), None);
    }
}
