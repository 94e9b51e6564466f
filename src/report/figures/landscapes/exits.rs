//! How exits are drawn in a landscape.

use plotters::style::RGBColor;

use crate::report::{DataKind, Fill, Layer, Look, Marker, Panel};
use crate::scheme::Departure;

/// Both ways to leave.
pub(super) const WAYS: [Departure; 2] = [Departure::Jump, Departure::Creep];

/// The name of exits of a kind.
pub(super) fn name(by: Departure) -> &'static str {
    match by {
        Departure::Jump => "exit by a jump",
        Departure::Creep => "exit by creep",
    }
}

/// The look of exits of a kind, in a colour.
pub(super) fn look(by: Departure, color: RGBColor) -> Look {
    let (marker, fill) = match by {
        Departure::Jump => (Marker::Circle, Fill::Filled),
        Departure::Creep => (Marker::Diamond, Fill::Hollow),
    };
    Look { color, marker, fill }
}

/// Number of exits of a panel, those beyond its frame included.
pub(super) fn count(panel: &Panel) -> usize {
    let of_kind = |layer: &&Layer| layer.data.as_ref().is_some_and(|data| data.kind == DataKind::Exit);
    panel.layers.iter().filter(of_kind).filter_map(|layer| Some(layer.mark.points()?.0.len())).sum()
}
