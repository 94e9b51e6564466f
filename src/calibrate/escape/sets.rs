//! Nested sets around the minimum.

use super::settings::EscapeSettings;

/// Shape of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetKind {
    /// `|x| ≤ r`.
    Ball,
    /// `max_i |x_i| ≤ b`.
    Box,
    /// `F ≤ F* + h`, looked at every so many steps.
    Level,
}

impl SetKind {
    /// The name used in files.
    pub fn name(self) -> &'static str {
        match self {
            SetKind::Ball => "ball",
            SetKind::Box => "box",
            SetKind::Level => "level",
        }
    }
}

/// Sets of one shape with ascending sizes.
#[derive(Clone, Debug)]
pub(in crate::calibrate) struct Nested {
    pub kind: SetKind,
    pub sizes: Vec<f64>,
}

/// All sets of the settings.
pub(super) fn nested(settings: &EscapeSettings) -> Vec<Nested> {
    let all =
        [(SetKind::Ball, Some(settings.radii)), (SetKind::Box, settings.boxes), (SetKind::Level, settings.levels)];
    all.into_iter().filter_map(|(kind, sizes)| Some(Nested { kind, sizes: sizes?.values() })).collect()
}
