//! The wells and saddles of landscapes in the plane, as `theory` prints them.

use serde_json::json;

use crate::cli::columns::aligned;
use crate::dynamics::Preconditioner;
use crate::experiment::CellPlan;
use crate::landscape::{CriticalPoint, PlanarBasins, PlanarWells};

/// The wells of a landscape in the plane, and the widths of their basins along the noise axes of a cell.
struct PlanarPlan {
    wells: PlanarWells,
    /// Unit vectors along the noise axes, `Q*⁻¹ Σ e_k`.
    axes: [[f64; 2]; 2],
    /// Per well and axis, backwards and forwards; empty if the basins cannot be mapped.
    widths: Vec<[[f64; 2]; 2]>,
}

impl PlanarPlan {
    /// Those of an occupancy, or of a landscape that knows where they are.
    fn of(plan: &CellPlan) -> Option<Self> {
        let potential = plan.problem.basin().potential();
        let wells = match &plan.occupancy {
            Some(occupancy) => occupancy.wells().plane()?.clone(),
            None if potential.dim() == 2 && potential.landmarks().is_some() => PlanarWells::of(potential, None).ok()?,
            None => return None,
        };
        let rest = plan.problem.preconditioner().unwrap_or_else(Preconditioner::identity);
        let axes = [0, 1].map(|k| {
            let direction = plan.problem.jump_direction(&rest, k);
            let length = direction[0].hypot(direction[1]);
            [direction[0] / length, direction[1] / length]
        });
        let widths = PlanarBasins::new(potential, &wells).map_or(Vec::new(), |basins| {
            // An axis without noise has no direction.
            let of = |well: usize, axis: [f64; 2]| {
                if axis[0].is_finite() { basins.widths(potential, well, axis) } else { [f64::INFINITY; 2] }
            };
            (0..wells.count()).map(|well| axes.map(|axis| of(well, axis))).collect()
        });
        Some(PlanarPlan { wells, axes, widths })
    }

    fn rows(&self) -> Vec<String> {
        let finite = |x: f64| if x.is_finite() { format!("{x:.4}") } else { "–".to_string() };
        let place = |point: &CriticalPoint| {
            let numbers = [point.x[0], point.x[1], point.value, point.curvatures[0], point.curvatures[1]];
            numbers.map(|x| format!("{x:.4}"))
        };
        let heading =
            ["well", "x1", "x2", "F", "curvature", "curvature", "-axis 1", "+axis 1", "-axis 2", "+axis 2", "barrier"];
        let mut rows = vec![heading.map(String::from).to_vec()];
        for (well, minimum) in self.wells.minima().iter().enumerate() {
            let widths = self.widths.get(well).map_or([f64::INFINITY; 4], |[[a, b], [c, d]]| [*a, *b, *c, *d]);
            let mut row = vec![(well + 1).to_string()];
            row.extend(place(minimum).into_iter().chain(widths.map(finite)));
            row.push(finite(self.wells.barrier(well)));
            rows.push(row);
        }
        let [first, second] = self.axes.map(|[x, y]| format!("({x:.4}, {y:.4})"));
        let mut lines = vec![format!("widths of the basins along the noise axes {first} and {second}")];
        lines.extend(aligned(&rows, &[]));
        if !self.wells.saddles().is_empty() {
            let heading = ["saddle", "x1", "x2", "F", "curvature", "curvature", "joins", "height above each"];
            let mut rows = vec![heading.map(String::from).to_vec()];
            for (number, saddle) in self.wells.saddles().iter().enumerate() {
                let mut row = vec![(number + 1).to_string()];
                row.extend(place(&saddle.point));
                let heights = saddle.joins.map(|well| finite(saddle.point.value - self.wells.minima()[well].value));
                row.push(format!("{}–{}", saddle.joins[0] + 1, saddle.joins[1] + 1));
                row.push(heights.join(", "));
                rows.push(row);
            }
            lines.extend(aligned(&rows, &[]));
        }
        lines
    }
}

/// The minima and saddles of every landscape in the plane, once for every direction of the noise axes.
pub(super) fn listed(cells: &[CellPlan]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut seen: Vec<(&str, Vec<String>)> = Vec::new();
    for plan in cells {
        let Some(planar) = PlanarPlan::of(plan) else { continue };
        let rows = planar.rows();
        if seen.iter().any(|(basin, known)| *basin == plan.basin && *known == rows) {
            continue;
        }
        lines.push(format!("wells of {}", plan.basin));
        lines.extend(rows.iter().cloned());
        seen.push((&plan.basin, rows));
    }
    lines
}

/// The same for one cell.
pub(super) fn as_json(plan: &CellPlan) -> Option<serde_json::Value> {
    let PlanarPlan { wells, axes, widths } = PlanarPlan::of(plan)?;
    let point = |p: &CriticalPoint| json!({ "x": p.x, "value": p.value, "curvatures": p.curvatures });
    let minima: Vec<_> = (0..wells.count())
        .map(|well| {
            let mut minimum = point(&wells.minima()[well]);
            // An infinite width is null.
            minimum["widths"] = json!(widths.get(well));
            minimum["barrier"] = json!(Some(wells.barrier(well)).filter(|height| height.is_finite()));
            minimum
        })
        .collect();
    let saddles: Vec<_> = wells
        .saddles()
        .iter()
        .map(|saddle| {
            let mut object = point(&saddle.point);
            object["joins"] = json!(saddle.joins.map(|well| well + 1));
            object
        })
        .collect();
    let maxima: Vec<_> = wells.maxima().iter().map(point).collect();
    Some(json!({ "minima": minima, "saddles": saddles, "maxima": maxima, "noise_axes": axes }))
}
