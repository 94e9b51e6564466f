//! The figure `which-flatness`.

use crate::report::select::{distinct, title};
use crate::report::{Point, Series, SeriesFigure};
use crate::results::FlatnessOrder;
use crate::theory::FlatnessMeasure;

/// Points of `τ` that are nearer than this cover each other.
const COVERED: f64 = 0.03;

/// Kendall's `τ` between each measure of flatness and the mean exit time against the tail index, a panel for every shape and dynamics.
pub(in crate::report) fn which_flatness(orders: &[FlatnessOrder]) -> SeriesFigure {
    let smallest = |order: &FlatnessOrder| {
        let same = |other: &&FlatnessOrder| {
            (&other.dynamics, &other.shape, other.alpha) == (&order.dynamics, &order.shape, order.alpha)
        };
        orders.iter().filter(same).all(|other| other.epsilon >= order.epsilon)
    };
    // All dimensions together, where there are several.
    let drawn: Vec<&FlatnessOrder> = orders
        .iter()
        .filter(|order| smallest(order))
        .filter(|order| order.dim.is_none() || !orders.iter().any(|o| o.dim.is_none() && o.shape == order.shape))
        .collect();
    let several = distinct(drawn.iter().map(|order| &order.shape)).len() > 1;
    let panels = distinct(drawn.iter().map(|order| (&order.shape, &order.dynamics)));
    let panel = |(shape, dynamics): (&String, &String)| {
        let here = drawn.iter().filter(|order| order.shape == *shape && order.dynamics == *dynamics);
        let [width, radon] =
            [FlatnessMeasure::AxisWidth, FlatnessMeasure::RadonMeasure].map(|measure| measure as usize);
        // The points of the Radon measure cover those of the width where both are nearly the same.
        let same = |order: &&FlatnessOrder| (order.tau[width].value - order.tau[radon].value).abs() < COVERED;
        let is_covered = here.clone().all(same);
        let series = |(index, measure): (usize, &FlatnessMeasure)| {
            let point = |order: &&&FlatnessOrder| {
                let tau = order.tau[index];
                Point { x: order.alpha, y: tau.value, lo: tau.lo, hi: tau.hi }
            };
            let points: Vec<Point> = here.clone().map(|order| point(&order)).collect();
            let note = (is_covered && index == width).then(|| "as the Radon measure".to_owned());
            Series { label: label(*measure).to_owned(), points, joined: true, note, ..Series::default() }
        };
        let name = title(dynamics);
        let name = if several { format!("{name}, {shape}") } else { name };
        (name, FlatnessMeasure::ALL.iter().enumerate().map(series).collect())
    };
    SeriesFigure {
        stem: "which-flatness".to_owned(),
        title: "Which measure of flatness orders the escape times".to_owned(),
        x_label: "tail index α".to_owned(),
        y_label: "Kendall's τ with E Γ".to_owned(),
        panels: panels.into_iter().map(panel).collect(),
        levels: vec![(0.0, "no order".to_owned()), (1.0, "the same order".to_owned())],
        ..SeriesFigure::default()
    }
}

/// The name of a measure.
pub(in crate::report) fn label(measure: FlatnessMeasure) -> &'static str {
    match measure {
        FlatnessMeasure::Trace => "trace of H (inverse)",
        FlatnessMeasure::TopEigenvalue => "top eigenvalue (inverse)",
        FlatnessMeasure::Sharpness => "Keskar's sharpness (inverse)",
        FlatnessMeasure::Volume => "volume",
        FlatnessMeasure::AxisWidth => "width along the noise axes",
        FlatnessMeasure::RadonMeasure => "Radon measure (inverse)",
    }
}
