//! A result by colour over two parameters, as an experiment asks for it.

use plotters::style::RGBColor;

use super::plotted::scale_of;
use crate::experiment::{PlotSettings, swept_parameters};
use crate::report::columns::{axis_label, candidates, distinguishing, estimate, label};
use crate::report::plot::curve::multiples;
use crate::report::select::distinct;
use crate::report::{
    Axis, DataKind, Entry, Figure, FigureError, Legend, Mark, Panel, Sample, Scale, Sheet, Tile, number,
};
use crate::results::CellResult;

/// Pairs of places with their values.
type Values = Vec<(f64, f64, f64)>;
/// To a scale, or back.
type Change = fn(f64) -> f64;

/// Colours of the legend.
const SAMPLES: u32 = 6;
/// From low to high: viridis, which is legible in grey and for colour-blind readers.
const COLORS: [RGBColor; 5] =
    [RGBColor(68, 1, 84), RGBColor(59, 82, 139), RGBColor(33, 145, 140), RGBColor(94, 201, 98), RGBColor(253, 231, 37)];

/// The figure: a panel for every combination of what varies besides the two parameters.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::report) struct HeatMap {
    stem: String,
    x: AxisOfTiles,
    y: AxisOfTiles,
    color_label: String,
    /// Titles, and values by places.
    panels: Vec<(String, Values)>,
}

/// The places along an axis, ascending, and its label.
#[derive(Clone, Debug, Default, PartialEq)]
struct AxisOfTiles {
    label: String,
    scale: Scale,
    places: Vec<f64>,
}

impl AxisOfTiles {
    fn new(column: &str, values: impl Iterator<Item = f64> + Clone) -> Self {
        let mut places: Vec<f64> = values.clone().collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        AxisOfTiles { label: axis_label(column).to_owned(), scale: scale_of(values), places }
    }

    /// The ends of the tile at a place: halfway to its neighbours, by the scale.
    fn tile(&self, place: f64) -> (f64, f64) {
        let (to, from): (Change, Change) = match self.scale {
            Scale::Linear => (|v| v, |v| v),
            Scale::Log => (f64::ln, f64::exp),
        };
        let at = self.places.iter().position(|p| *p == place).unwrap_or(0);
        let here = to(place);
        let half = |neighbour: Option<&f64>| neighbour.map(|n| 0.5 * (to(*n) - here).abs());
        let below = half(at.checked_sub(1).and_then(|below| self.places.get(below)));
        let above = half(self.places.get(at + 1));
        let usual = if self.scale == Scale::Log { 0.5 } else { 0.5 * place.abs().max(1.0) };
        let (lo, hi) = (below.or(above).unwrap_or(usual), above.or(below).unwrap_or(usual));
        (from(here - lo), from(here + hi))
    }

    fn axis(&self) -> Option<Axis> {
        let (first, last) = (self.places.first()?, self.places.last()?);
        Some(Axis::between(&self.label, self.scale, self.tile(*first).0, self.tile(*last).1))
    }
}

/// The heat map that a plot with `color` describes.
pub(in crate::report) fn heat_map(results: &[CellResult], plot: &PlotSettings) -> HeatMap {
    let parameters = swept_parameters(results.iter().map(|result| &result.plan));
    let value = |r: &CellResult, column: &str| estimate(r, column).map(|[value, ..]| value);
    let tile = |r: &CellResult| {
        let color = value(r, plot.color.as_deref().unwrap_or_default())?;
        Some((value(r, &plot.x)?, value(r, &plot.y)?, color))
    };
    let all: Vec<&CellResult> = results.iter().filter(|r| tile(r).is_some()).collect();
    let rest = distinguishing(&all, &[&plot.x, &plot.y], &candidates(&parameters));
    let panel = |title: String| {
        let tiles = all.iter().filter(|r| label(r, &rest) == title).filter_map(|r| tile(r)).collect();
        (title, tiles)
    };
    HeatMap {
        stem: plot.name.clone(),
        x: AxisOfTiles::new(&plot.x, all.iter().filter_map(|r| value(r, &plot.x))),
        y: AxisOfTiles::new(&plot.y, all.iter().filter_map(|r| value(r, &plot.y))),
        color_label: axis_label(plot.color.as_deref().unwrap_or_default()).to_owned(),
        panels: distinct(all.iter().map(|r| label(r, &rest))).into_iter().map(panel).collect(),
    }
}

impl Figure for HeatMap {
    fn stem(&self) -> &str {
        &self.stem
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        let empty = || FigureError::Empty { figure: self.stem.clone(), what: "the colour" };
        let (x, y) = (self.x.axis().ok_or_else(empty)?, self.y.axis().ok_or_else(empty)?);
        let values = || self.panels.iter().flat_map(|(_, tiles)| tiles).map(|tile| tile.2);
        // The axis of the colours: where a value lies between the lowest and the highest.
        let (lo, hi) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
        let shades = Axis::between(&self.color_label, scale_of(values()), lo, hi);
        let shade = |value: f64| shade(if hi > lo { shades.place(value) } else { 0.5 });
        let panel = |(title, tiles): &(String, Values)| {
            let mut panel = Panel { title: title.clone(), ..Panel::new(x.clone(), y.clone()) };
            let tile = |&(x, y, value): &(f64, f64, f64)| Tile {
                at: (x, y),
                value,
                across: self.x.tile(x),
                up: self.y.tile(y),
                color: shade(value),
            };
            panel.data(&self.color_label, DataKind::Measured, Mark::Tiles(tiles.iter().map(tile).collect()));
            panel
        };
        let mut sheet = multiples(self.panels.iter().map(panel).collect(), [165.0, 120.0]);
        let samples = if hi > lo { SAMPLES } else { 1 };
        let entry = |i: u32| {
            let value = shades.value(f64::from(i) / f64::from(samples.max(2) - 1));
            Entry::new(Sample::Band(shade(value), 1.0, None), number(value))
        };
        sheet.legend = Legend::default().with_heading(&self.color_label, (0..samples).map(entry).collect());
        Ok(sheet)
    }
}

/// The colour of a place between 0 and 1.
fn shade(place: f64) -> RGBColor {
    let place = place.clamp(0.0, 1.0) * (COLORS.len() - 1) as f64;
    let below = (place as usize).min(COLORS.len() - 2);
    let (a, b, share) = (COLORS[below], COLORS[below + 1], place - below as f64);
    let mix = |a: u8, b: u8| (f64::from(a) + share * (f64::from(b) - f64::from(a))).round() as u8;
    RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_meet_halfway_on_their_scale() {
        let axis = AxisOfTiles::new("eta", [0.1, 0.001, 0.01].into_iter());
        assert_eq!(axis.scale, Scale::Log);
        let (lo, hi) = axis.tile(0.01);
        assert!((lo / 10f64.powf(-2.5) - 1.0).abs() < 1e-12 && (hi / 10f64.powf(-1.5) - 1.0).abs() < 1e-12);
        let axis = AxisOfTiles::new("alpha", [1.2, 1.5, 1.6].into_iter());
        assert_eq!((axis.scale, axis.tile(1.5).1, axis.tile(1.2).0), (Scale::Linear, 1.55, 1.2 - 0.5 * (1.5 - 1.2)));
        assert_eq!(AxisOfTiles::new("alpha", [1.5].into_iter()).tile(1.5), (0.75, 2.25));
    }

    #[test]
    fn colours_run_from_low_to_high() {
        assert_eq!([0.0, 0.25, 1.0, -1.0, 2.0].map(shade), [0, 1, 4, 0, 4].map(|i: usize| COLORS[i]));
    }
}
