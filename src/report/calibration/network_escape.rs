//! Fills the figures of a network's escape.

use crate::calibrate::{EscapeCell, EscapeRow, NetworkEscape, SetKind};
use crate::report::select::title;
use crate::report::{EscapeCurves, EscapeLaw, NetworkEscapeFigure, NetworkEscapeLaw, OptimiserCurves, Point};

/// Vertices of a survival curve.
const VERTICES: usize = 200;

/// One learning rate and batch of an optimiser.
struct Configuration<'e> {
    eta: f64,
    batch: usize,
    /// One a minimum.
    cells: Vec<&'e EscapeCell>,
}

/// The optimisers in order of appearance, each with its configurations.
fn optimisers(escape: &NetworkEscape) -> Vec<(String, Vec<Configuration<'_>>)> {
    let mut found: Vec<(String, Vec<Configuration>)> = Vec::new();
    for cell in &escape.cells {
        let name = title(&cell.optimiser);
        let place = found.iter().position(|(other, _)| *other == name).unwrap_or_else(|| {
            found.push((name, Vec::new()));
            found.len() - 1
        });
        let configurations = &mut found[place].1;
        match configurations.iter_mut().find(|c| c.eta == cell.eta && c.batch == cell.batch) {
            Some(configuration) => configuration.cells.push(cell),
            None => configurations.push(Configuration { eta: cell.eta, batch: cell.batch, cells: vec![cell] }),
        }
    }
    found
}

/// The setting relative to the largest learning rate of the optimiser, as `0.5 η, batch 32`.
fn setting(configuration: &Configuration, all: &[Configuration]) -> String {
    let largest = all.iter().map(|c| c.eta).fold(0.0, f64::max);
    let factor = round(configuration.eta / largest);
    let eta = if factor == 1.0 { "η".to_owned() } else { format!("{factor} η") };
    format!("{eta}, batch {}", configuration.batch)
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
    let panel = |name: &str, configuration: &Configuration, all: &[Configuration]| {
        let cells = &configuration.cells;
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
            title: format!("{name}, η = {}, batch {}", round(configuration.eta), configuration.batch),
            setting: setting(configuration, all),
            measured: cells.iter().map(|cell| balls(cell).filter_map(point).collect()).collect(),
            predicted,
            slopes: cells.iter().map(|cell| curve(cell, |row| row.slope)).collect(),
            alpha: cells.first().map_or(2.0, |cell| cell.alpha[0]),
        }
    };
    let curves = |(name, all): (String, Vec<Configuration>)| OptimiserCurves {
        settings: all.iter().map(|configuration| panel(&name, configuration, &all)).collect(),
        name,
    };
    NetworkEscapeFigure { optimisers: optimisers(escape).into_iter().map(curves).collect() }
}

pub(super) fn network_escape_law(escape: &NetworkEscape) -> NetworkEscapeLaw {
    let law = |configuration: &Configuration, all: &[Configuration]| {
        let cell = *configuration.cells.first()?;
        let curve = |of: fn(&EscapeRow) -> Option<f64>| -> Vec<(f64, f64)> {
            balls(cell).filter_map(|row| Some((row.size, of(row)?))).collect()
        };
        let all_left = balls(cell).filter(|row| row.variation.is_some()).last();
        Some(EscapeLaw {
            setting: setting(configuration, all),
            survival: all_left.map_or(Vec::new(), survival),
            running: all_left.map_or(Vec::new(), running),
            one_step: curve(|row| row.one_step_share),
            variation: curve(|row| row.variation),
        })
    };
    let laws = |(name, all): (String, Vec<Configuration>)| {
        let found = all.iter().filter_map(|configuration| law(configuration, &all)).collect();
        (name, found)
    };
    NetworkEscapeLaw { optimisers: optimisers(escape).into_iter().map(laws).collect() }
}

/// `P(Γ > t)` against `t` in units of the mean, as a staircase.
fn survival(row: &EscapeRow) -> Vec<(f64, f64)> {
    let mut steps = row.steps.clone();
    steps.sort_by(f64::total_cmp);
    let n = steps.len();
    let mean = steps.iter().sum::<f64>() / n as f64;
    let mut curve = vec![(0.0, 1.0)];
    for i in (0..n).step_by(n.div_ceil(VERTICES).max(1)) {
        let (at, before) = (steps[i] / mean, 1.0 - i as f64 / n as f64);
        curve.push((at, before));
        let after = 1.0 - (i + 1) as f64 / n as f64;
        if after > 0.0 {
            curve.push((at, after));
        }
    }
    curve
}

/// Mean of the first `N` runs over that of all, against `N`.
fn running(row: &EscapeRow) -> Vec<(f64, f64)> {
    let n = row.steps.len();
    let mean = row.steps.iter().sum::<f64>() / n as f64;
    let sums = row.steps.iter().scan(0.0, |sum, step| {
        *sum += step;
        Some(*sum)
    });
    let curve: Vec<(f64, f64)> =
        sums.zip(1u32..).map(|(sum, count)| (f64::from(count), sum / f64::from(count) / mean)).collect();
    // Evenly on the logarithmic axis.
    let mut next = 1.0;
    let chosen = |&(count, _): &(f64, f64)| {
        let shown = count >= next || count == n as f64;
        if shown {
            next = 1.02 * count;
        }
        shown
    };
    curve.into_iter().filter(chosen).collect()
}
