//! A sample against the laws fitted to it: the tail of its magnitudes on logarithmic axes, where a power law is a straight line, and
//! its density.

use crate::report::plot::style::{self, FULL_WIDTH, GREY, INK};
use crate::report::{
    Axis, Dash, DataKind, Entry, Figure, FigureError, Fill, Legend, Look, Mark, Marker, Note, Panel, Point, Sample,
    Scale, Sheet, Stroke,
};
use crate::tail::{FittedLaw, TailError, TailSample};

const STEM: &str = "noise-law";
/// Points of the empirical tail.
const POINTS: usize = 36;
/// Vertices of a curve.
const VERTICES: usize = 200;
/// The density is shown up to this many scales on either side.
const REACH: f64 = 12.0;
const BINS: usize = 96;
/// Opacity of the histogram.
const HISTOGRAM: f64 = 0.35;

/// The figure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NoiseLaw {
    /// Title of the whole; may be empty.
    pub title: String,
    /// `P(|X| > x)` at magnitudes `x` in units of the scale, with its 95 % interval.
    pub tail: Vec<Point>,
    /// Density at the middle of each bin, in units of the scale; bins are of equal width, empty ones 0.
    pub histogram: Vec<(f64, f64)>,
    /// The laws.
    pub laws: Vec<LawCurve>,
    /// Notes on the fits, in a free corner of the tail panel.
    pub notes: Vec<String>,
}

/// A fitted law in units of the scale.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LawCurve {
    /// What the legend says, as `stable, α = 1.5`.
    pub label: String,
    /// `P(|X| > x)`.
    pub tail: Vec<(f64, f64)>,
    /// Density.
    pub density: Vec<(f64, f64)>,
}

impl NoiseLaw {
    /// The figure of a sample and laws fitted to it; the unit is the scale of the stable one, or the sample's median magnitude.
    ///
    /// # Errors
    /// [`TailError`] if a law cannot be computed.
    pub fn of(sample: &TailSample, laws: &[FittedLaw]) -> Result<Self, TailError> {
        let mut magnitudes: Vec<f64> = sample.values().iter().map(|x| x.abs()).collect();
        magnitudes.sort_unstable_by(f64::total_cmp);
        let middle = magnitudes[magnitudes.len() / 2];
        let unit = laws.iter().find_map(|law| match law {
            FittedLaw::Stable { scale, .. } => Some(*scale),
            _ => None,
        });
        let unit = unit.unwrap_or(middle);
        let largest = magnitudes[magnitudes.len() - 1];
        let lowest = 0.05 * middle;
        let spaced = |count: usize| {
            let step = (largest / lowest).ln() / (count - 1) as f64;
            (0..count).map(move |i| lowest * (step * i as f64).exp())
        };
        let mut figure = NoiseLaw { tail: empirical(&magnitudes, spaced(POINTS), unit), ..NoiseLaw::default() };
        figure.histogram = histogram(sample.values(), unit);
        let beyond: Vec<f64> = spaced(VERTICES).chain([2.0 * largest]).collect();
        // The grid avoids 0.
        let centre: Vec<f64> =
            (0..=VERTICES).map(|i| unit * REACH * (2.0 * i as f64 + 0.01) / VERTICES as f64 - unit * REACH).collect();
        for law in laws {
            let tail = beyond.iter().map(|x| x / unit).zip(law.tail(&beyond)?).collect();
            let density = law.log_density(&centre)?.into_iter().map(|log| log.exp() * unit);
            let density = centre.iter().map(|x| x / unit).zip(density).collect();
            figure.laws.push(LawCurve { label: label(law), tail, density });
        }
        Ok(figure)
    }
}

fn label(law: &FittedLaw) -> String {
    match law {
        FittedLaw::Stable { alpha, .. } => format!("stable, α = {alpha:.3}"),
        FittedLaw::Student { freedom, .. } if *freedom > 1e3 => "Student t, ν > 1000".to_owned(),
        FittedLaw::Student { freedom, .. } => format!("Student t, ν = {freedom:.2}"),
        _ => law.name().to_owned(),
    }
}

/// Shares of the sorted magnitudes above places, with Wilson's interval, until the last but one is reached.
fn empirical(sorted: &[f64], places: impl Iterator<Item = f64>, unit: f64) -> Vec<Point> {
    let n = sorted.len() as f64;
    let mut points: Vec<Point> = Vec::new();
    for place in places {
        let above = (sorted.len() - sorted.partition_point(|x| *x <= place)) as f64;
        if above < 1.0 {
            break;
        }
        let (share, z2) = (above / n, 1.96f64.powi(2) / n);
        let middle = (share + 0.5 * z2) / (1.0 + z2);
        let half_width = (z2 * (share * (1.0 - share) + 0.25 * z2)).sqrt() / (1.0 + z2);
        let point = Point { x: place / unit, y: share, lo: middle - half_width, hi: middle + half_width };
        // Repeated shares are left out.
        if points.last().is_none_or(|last| last.y != share) {
            points.push(point);
        }
    }
    points
}

fn histogram(values: &[f64], unit: f64) -> Vec<(f64, f64)> {
    let width = 2.0 * REACH / BINS as f64;
    let mut counts = [0.0f64; BINS];
    for x in values {
        let place = (x / unit + REACH) / width;
        if (0.0..BINS as f64).contains(&place) {
            counts[place as usize] += 1.0;
        }
    }
    let density = |count: f64| count / (values.len() as f64 * width);
    counts.iter().enumerate().map(|(i, count)| ((i as f64 + 0.5) * width - REACH, density(*count))).collect()
}

impl Figure for NoiseLaw {
    fn stem(&self) -> &str {
        STEM
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        let empty = |what| move || FigureError::Empty { figure: STEM.to_owned(), what };
        let last = self.tail.iter().map(|p| p.y).filter(|y| *y > 0.0).fold(1.0, f64::min);
        let places = self.tail.iter().map(|p| p.x);
        let x = Axis::over("magnitude |x|, in units of s", Scale::Log, places).ok_or_else(empty("|x|"))?;
        let y = Axis::between("P(|X| > x)", Scale::Log, 0.2 * last, 2.0);
        let mut tail = Panel::new(x, y);
        let thinnest = self.histogram.iter().map(|h| h.1).filter(|h| *h > 0.0).fold(f64::INFINITY, f64::min);
        let thickest = self.histogram.iter().map(|h| h.1).fold(0.0, f64::max);
        if !thinnest.is_finite() {
            return Err(empty("the density")());
        }
        let floor = 0.3 * thinnest;
        let across = Axis::between("x, in units of s", Scale::Linear, -REACH, REACH);
        let mut density = Panel::new(across, Axis::between("density", Scale::Log, floor, 2.5 * thickest));
        density.data("histogram", DataKind::Measured, Mark::Band(self.steps(floor), GREY, HISTOGRAM));
        for (i, law) in self.laws.iter().enumerate() {
            tail.data(&law.label, DataKind::Law, Mark::Line(law.tail.clone(), stroke(i)));
            density.data(&law.label, DataKind::Law, Mark::Line(law.density.clone(), stroke(i)));
        }
        tail.data("sample", DataKind::Measured, Mark::Points(self.tail.clone(), sample_look()));
        tail.corner = self.notes.iter().map(|note| Note::new(note.as_str(), INK)).collect();
        let mut sheet = Sheet { title: self.title.clone(), ..Sheet::new(FULL_WIDTH, 2) };
        sheet.row(150.0, [tail, density]);
        let laws = self.laws.iter().enumerate();
        let laws = laws.map(|(i, law)| Entry::new(Sample::Line(stroke(i)), law.label.as_str())).collect();
        let sample = vec![
            Entry::new(Sample::Interval(sample_look()), "sample, with 95 % intervals"),
            Entry::new(Sample::Band(GREY, HISTOGRAM, None), "histogram"),
        ];
        sheet.legend = Legend::default().with(laws).with(sample);
        Ok(sheet)
    }
}

impl NoiseLaw {
    /// The outline of the histogram as slices of a band above `floor`.
    fn steps(&self, floor: f64) -> Vec<(f64, f64, f64)> {
        let [first, second, ..] = self.histogram.as_slice() else { return Vec::new() };
        let half = 0.5 * (second.0 - first.0);
        let step = |(middle, height): &(f64, f64)| {
            let height = height.max(floor);
            [(middle - half, floor, height), (middle + half, floor, height)]
        };
        self.histogram.iter().flat_map(step).collect()
    }
}

fn sample_look() -> Look {
    Look { color: INK, marker: Marker::Circle, fill: Fill::Hollow }
}

fn stroke(index: usize) -> Stroke {
    let dash = [Dash::Solid, Dash::Dashed, Dash::DashDot][index % 3];
    // Vermilion for the stable law, blue for the Gaussian, green for Student's.
    let color = style::color([1, 0, 2][index % 3]);
    Stroke { color, width: 1.2, dash }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tail::Centre;

    #[test]
    fn the_empirical_tail_and_the_histogram_count_right() {
        let data: Vec<f64> = (1..=100).map(f64::from).collect();
        let sample = TailSample::new(&data, Centre::Zero).unwrap();
        let points = empirical(sample.values(), [50.0, 90.0, 99.5, 100.0].into_iter(), 10.0);
        let seen: Vec<(f64, f64)> = points.iter().map(|p| (p.x, p.y)).collect();
        assert_eq!(seen, [(5.0, 0.5), (9.0, 0.1), (9.95, 0.01)]);
        assert!(points.iter().all(|p| p.lo < p.y && p.y < p.hi && p.lo > 0.0));
        let total: f64 = histogram(sample.values(), 10.0).iter().map(|h| h.1 * 0.25).sum();
        assert!((total - 1.0).abs() < 1e-12);
    }
}
