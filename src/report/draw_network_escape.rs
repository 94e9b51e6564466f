//! Fills the figures of a network's escape.

use super::select::title;
use super::{EscapeCurves, EscapeLaw, NetworkEscapeFigure, NetworkEscapeLaw, Point};
use crate::calibrate::{EscapeCell, EscapeRow, NetworkEscape, SetKind};

/// Vertices of a survival curve.
const VERTICES: usize = 200;

/// Configurations in order of appearance, each with its cells, one a minimum.
fn configurations(escape: &NetworkEscape) -> Vec<(String, Vec<&EscapeCell>)> {
    let mut found: Vec<(String, Vec<&EscapeCell>)> = Vec::new();
    for cell in &escape.cells {
        let name = format!("{}, η = {}, batch {}", title(&cell.optimiser), round(cell.eta), cell.batch);
        match found.iter_mut().find(|(other, _)| *other == name) {
            Some((_, cells)) => cells.push(cell),
            None => found.push((name, vec![cell])),
        }
    }
    found
}

/// Without the noise of a product of two decimals.
fn round(eta: f64) -> f64 {
    format!("{eta:.6e}").parse().unwrap_or(eta)
}

fn balls(cell: &EscapeCell) -> impl Iterator<Item = &EscapeRow> {
    cell.rows.iter().filter(|row| row.set == SetKind::Ball)
}

pub(super) fn network_escape(escape: &NetworkEscape) -> NetworkEscapeFigure {
    let curve = |cell: &EscapeCell, of: fn(&EscapeRow) -> Option<f64>| -> Vec<(f64, f64)> {
        balls(cell).filter_map(|row| Some((row.size, of(row)?))).collect()
    };
    let panel = |(title, cells): (String, Vec<&EscapeCell>)| {
        let point = |row: &EscapeRow| row.mean.map(|m| Point { x: row.size, y: m.value, lo: m.lo, hi: m.hi });
        let predicted = cells.first().map_or(Vec::new(), |cell| {
            vec![
                ("SαS at α̂".to_owned(), curve(cell, |row| row.predicted.stable)),
                ("SαS at the surrogate's α".to_owned(), curve(cell, |row| row.predicted.surrogate)),
                ("Gaussian, same covariance".to_owned(), curve(cell, |row| row.predicted.gaussian)),
                ("measured noise".to_owned(), curve(cell, |row| row.predicted.empirical)),
                ("1/λ".to_owned(), curve(cell, |row| row.predicted.formula)),
            ]
        });
        EscapeCurves {
            title,
            measured: cells.iter().map(|cell| balls(cell).filter_map(point).collect()).collect(),
            predicted,
            slopes: cells.iter().map(|cell| curve(cell, |row| row.slope)).collect(),
            alpha: cells.first().map_or(2.0, |cell| cell.alpha[0]),
        }
    };
    NetworkEscapeFigure { panels: configurations(escape).into_iter().map(panel).collect() }
}

pub(super) fn network_escape_law(escape: &NetworkEscape) -> NetworkEscapeLaw {
    let series = |(label, cells): (String, Vec<&EscapeCell>)| {
        let cell = *cells.first()?;
        let curve = |of: fn(&EscapeRow) -> Option<f64>| -> Vec<(f64, f64)> {
            balls(cell).filter_map(|row| Some((row.size, of(row)?))).collect()
        };
        let all_left = balls(cell).filter(|row| row.variation.is_some()).last();
        Some(EscapeLaw {
            label,
            survival: all_left.map_or(Vec::new(), survival),
            one_step: curve(|row| row.one_step_share),
            variation: curve(|row| row.variation),
        })
    };
    NetworkEscapeLaw { series: configurations(escape).into_iter().filter_map(series).collect() }
}

/// `P(Γ > t)` against `t` in units of the mean, as a staircase.
fn survival(row: &EscapeRow) -> Vec<(f64, f64)> {
    let n = row.steps.len();
    let mean = row.steps.iter().sum::<f64>() / n as f64;
    let mut curve = vec![(0.0, 1.0)];
    for i in (0..n).step_by(n.div_ceil(VERTICES).max(1)) {
        let (at, before) = (row.steps[i] / mean, 1.0 - i as f64 / n as f64);
        curve.push((at, before));
        let after = 1.0 - (i + 1) as f64 / n as f64;
        if after > 0.0 {
            curve.push((at, after));
        }
    }
    curve
}
