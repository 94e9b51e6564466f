//! Fills the figure of the scaling of the noise.

use crate::calibrate::{Exponent, ExponentOf, MinimumScaling, NoiseScaling, ScaleQuantity, SizeRow, StayRow};
use crate::exit::{Estimate, ratio_of_means};
use crate::report::select::{distinct, title};
use crate::report::{NoiseScalingFigure, Point, Scale, ScalingPanel, ScalingSeries, number};

const PREDICTED: [&str; 3] = ["Gaussian noise", "SαS at the pooled α̂", "SαS at the α̂ of single parameters"];
/// Vertices of a predicted curve.
const VERTICES: [f64; 2] = [0.0, 1.0];

fn point(x: f64, e: Estimate) -> Point {
    Point { x, y: e.value, lo: e.lo, hi: e.hi }
}

fn scale_label(quantity: ScaleQuantity) -> &'static str {
    match quantity {
        ScaleQuantity::Typical => "typical entry",
        ScaleQuantity::Norm => "typical norm",
        ScaleQuantity::Rms => "root mean square",
    }
}

pub(super) fn noise_scaling(found: Option<&NoiseScaling>) -> NoiseScalingFigure {
    let cells = found.map_or(&[][..], |found| &found.cells);
    let Some(first) = cells.first() else { return NoiseScalingFigure::default() };
    let labels = distinct(first.stays.iter().map(|stay| stay.optimiser.as_str()));
    let mut panels = vec![scales(cells, first), indices(cells), distances(cells)];
    if let Some(&optimiser) = labels.first() {
        panels.push(steps(cells, first, optimiser));
        panels.push(exponents(cells, first, optimiser, true));
        panels.push(exponents(cells, first, optimiser, false));
    }
    NoiseScalingFigure { panels }
}

/// Scales over those of the smallest batch.
fn scales(cells: &[MinimumScaling], first: &MinimumScaling) -> ScalingPanel {
    let series = |(k, quantity): (usize, ScaleQuantity)| {
        let of_cell = |cell: &MinimumScaling| -> Vec<Point> {
            let Some(base) = cell.sizes.first().and_then(|row| row.scales[k]) else { return Vec::new() };
            let ratio = |row: &SizeRow| Some(point(row.effective, ratio_of_means(row.scales[k]?, base).ok()?));
            cell.sizes.iter().skip(1).filter_map(ratio).collect()
        };
        ScalingSeries { label: scale_label(quantity).to_owned(), points: cells.iter().flat_map(of_cell).collect() }
    };
    let ends = first.sizes.first().zip(first.sizes.last());
    let predicted = first.predicted(ExponentOf::Scale(ScaleQuantity::Typical));
    let curve = |power: f64| {
        ends.map_or(Vec::new(), |(a, b)| {
            VERTICES
                .map(|share| (b.effective / a.effective).powf(share))
                .map(|r| (r * a.effective, r.powf(power)))
                .to_vec()
        })
    };
    ScalingPanel {
        title: "scale of the noise".to_owned(),
        heading: "scale".to_owned(),
        x: ("effective batch size".to_owned(), Scale::Log),
        y: ("scale, 1 at the smallest batch".to_owned(), Scale::Log),
        series: ScaleQuantity::ALL.into_iter().enumerate().map(series).collect(),
        predicted: named(predicted, curve),
    }
}

fn named(powers: [Option<f64>; 3], curve: impl Fn(f64) -> Vec<(f64, f64)>) -> Vec<(String, Vec<(f64, f64)>)> {
    PREDICTED.iter().zip(powers).filter_map(|(law, power)| Some(((*law).to_owned(), curve(power?)))).collect()
}

fn indices(cells: &[MinimumScaling]) -> ScalingPanel {
    let names = ["pooled", "Gaussian surrogate", "single parameters"];
    let series = |(k, name): (usize, &str)| {
        let of = |row: &SizeRow| Some(Point::exact(row.batch as f64, row.alpha[k]?));
        let points = cells.iter().flat_map(|cell| cell.sizes.iter().filter_map(of)).collect();
        ScalingSeries { label: name.to_owned(), points }
    };
    ScalingPanel {
        title: "tail index".to_owned(),
        heading: "tail index".to_owned(),
        x: ("batch size S".to_owned(), Scale::Log),
        y: ("α̂".to_owned(), Scale::Linear),
        series: names.into_iter().enumerate().map(series).collect(),
        predicted: Vec::new(),
    }
}

fn distances(cells: &[MinimumScaling]) -> ScalingPanel {
    let series = |(k, quantity): (usize, ScaleQuantity)| {
        let points = cells.iter().flat_map(|cell| &cell.distances);
        let points = points.filter_map(|row| Some(point(row.radius, row.ratios[k]?))).collect();
        ScalingSeries { label: scale_label(quantity).to_owned(), points }
    };
    ScalingPanel {
        title: "noise on the way out".to_owned(),
        heading: "scale".to_owned(),
        x: ("radius r".to_owned(), Scale::Log),
        y: ("scale over that at the minimum".to_owned(), Scale::Linear),
        series: ScaleQuantity::ALL.into_iter().enumerate().map(series).collect(),
        predicted: Vec::new(),
    }
}

fn eta_label(eta: f64) -> String {
    format!("η = {}", number(eta))
}

/// Mean steps out of the largest ball that every run left at the first minimum, whatever batch and learning rate.
fn steps(cells: &[MinimumScaling], first: &MinimumScaling, optimiser: &str) -> ScalingPanel {
    let of = |cell: &MinimumScaling, radius: f64| -> Vec<StayRow> {
        cell.stays.iter().filter(|row| row.optimiser == optimiser && row.radius == radius).cloned().collect()
    };
    let radii = distinct(first.stays.iter().map(|row| row.radius));
    let complete = radii.into_iter().rev().find(|&radius| of(first, radius).iter().all(|row| row.mean.is_some()));
    let Some(radius) = complete else { return ScalingPanel::default() };
    let effective = |cell: &MinimumScaling, batch: usize| {
        cell.sizes.iter().find(|row| row.batch == batch).map_or(f64::NAN, |row| row.effective)
    };
    let etas = distinct(first.stays.iter().filter(|row| row.optimiser == optimiser).map(|row| row.eta));
    let series = |&eta: &f64| {
        let of_cell = |cell: &MinimumScaling| -> Vec<Point> {
            let rows = of(cell, radius).into_iter().filter(|row| row.eta == eta);
            rows.filter_map(|row| Some(point(effective(cell, row.batch), row.mean?))).collect()
        };
        ScalingSeries { label: eta_label(eta), points: cells.iter().flat_map(of_cell).collect() }
    };
    ScalingPanel {
        title: format!("{}: steps to r = {}", title(optimiser), number(radius)),
        heading: "learning rate".to_owned(),
        x: ("effective batch size".to_owned(), Scale::Log),
        y: ("mean steps Γ".to_owned(), Scale::Log),
        series: etas.iter().map(series).collect(),
        predicted: Vec::new(),
    }
}

/// Exponents of the mean steps against the radius.
fn exponents(cells: &[MinimumScaling], first: &MinimumScaling, optimiser: &str, by_batch: bool) -> ScalingPanel {
    let place = |exponent: &Exponent| match exponent.of {
        ExponentOf::StepsByBatch { eta, radius, .. } if by_batch => Some((eta_label(eta), radius)),
        ExponentOf::StepsByEta { batch, radius } if !by_batch => Some((format!("S = {batch}"), radius)),
        _ => None,
    };
    let shown = || {
        let exponents = cells.iter().flat_map(|cell| &cell.exponents).filter(|e| e.optimiser == optimiser);
        exponents.filter(|e| place(e).is_some())
    };
    let all = || shown().filter_map(|e| place(e).map(|(name, radius)| (name, point(radius, e.fit.slope))));
    let names = distinct(all().map(|(name, _)| name));
    let series = |label: String| {
        let points = all().filter(|(name, _)| *name == label).map(|(_, point)| point).collect();
        ScalingSeries { label, points }
    };
    let radii = || all().map(|(_, point)| point.x);
    let ends = [radii().fold(f64::INFINITY, f64::min), radii().fold(0.0, f64::max)];
    let predicted = shown().next().map_or([None; 3], |exponent| first.predicted(exponent.of));
    let symbol = if by_batch { "S" } else { "η" };
    ScalingPanel {
        title: format!("exponent in {symbol}"),
        heading: if by_batch { "learning rate" } else { "batch size" }.to_owned(),
        x: ("radius r".to_owned(), Scale::Log),
        y: (format!("d log Γ / d log {symbol}"), Scale::Linear),
        predicted: named(predicted, |power| ends.map(|r| (r, power)).to_vec()),
        series: names.into_iter().map(series).collect(),
    }
}
