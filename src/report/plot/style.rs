//! One palette, one set of markers and dashes, one type scale.
//!
//! Colours are those of Okabe and Ito, less the yellow that vanishes on paper; every colour comes with a marker of
//! its own, so that a figure survives colour blindness and a grey printer. Lengths are points, 1/72 inch.
//!
//! # References
//! - Okabe, Ito (2008), *Color Universal Design*, <https://jfly.uni-koeln.de/color/>.

use plotters::style::RGBColor;

/// Text width of a NeurIPS or JMLR page.
pub const FULL_WIDTH: f64 = 396.0;
/// Width of a figure in one column, or next to another.
pub const COLUMN_WIDTH: f64 = 234.0;

/// Size of titles and axis labels.
pub const LABEL_SIZE: f64 = 8.0;
/// Size of tick labels, legends and notes.
pub const SMALL_SIZE: f64 = 7.0;
/// Height of a line of text in units of its size.
pub const LEADING: f64 = 1.45;

/// Text and frames.
pub const INK: RGBColor = RGBColor(0x20, 0x20, 0x20);
/// Theory that belongs to no series, notes, keys.
pub const GREY: RGBColor = RGBColor(0x60, 0x60, 0x60);
/// Grid lines.
pub const FAINT: RGBColor = RGBColor(0xE4, 0xE4, 0xE4);
/// The page.
pub const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);

/// Blue, vermilion, green, purple, orange, sky blue, black, brown.
pub const PALETTE: [RGBColor; 8] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xAA, 0x4A, 0x88),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0x10, 0x10, 0x10),
    RGBColor(0x80, 0x50, 0x28),
];

/// Shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// ●
    Circle,
    /// ■
    Square,
    /// ▲
    Triangle,
    /// ◆
    Diamond,
    /// ▼
    Wedge,
    /// ⬟
    Pentagon,
    /// ✖
    Cross,
    /// ✚
    Plus,
}

/// All markers, in the order in which series receive them.
pub const MARKERS: [Marker; 8] = [
    Marker::Circle,
    Marker::Square,
    Marker::Triangle,
    Marker::Diamond,
    Marker::Wedge,
    Marker::Cross,
    Marker::Pentagon,
    Marker::Plus,
];

impl Marker {
    /// Outline around the origin, `y` upwards, of about the area of a circle of radius 1; `None` for the circle.
    pub fn outline(self) -> Option<Vec<(f64, f64)>> {
        let regular = |corners: u32, turn: f64, radius: f64| {
            let corner = |k| {
                let angle = (turn + 360.0 * f64::from(k) / f64::from(corners)).to_radians();
                (radius * angle.cos(), radius * angle.sin())
            };
            (0..corners).map(corner).collect()
        };
        let star = |turn: f64| {
            let (long, short) = (1.3, 0.4);
            let arm = [(long, -short), (long, short), (short, short)];
            let corner = |k: u32| {
                let angle = (turn + 90.0 * f64::from(k / 3)).to_radians();
                let (x, y) = arm[k as usize % 3];
                (x * angle.cos() - y * angle.sin(), x * angle.sin() + y * angle.cos())
            };
            (0..12).map(corner).collect()
        };
        Some(match self {
            Marker::Circle => return None,
            Marker::Square => regular(4, 45.0, 1.25),
            Marker::Triangle => regular(3, 90.0, 1.45),
            Marker::Diamond => regular(4, 0.0, 1.35),
            Marker::Wedge => regular(3, 270.0, 1.45),
            Marker::Pentagon => regular(5, 90.0, 1.2),
            Marker::Cross => star(45.0),
            Marker::Plus => star(0.0),
        })
    }
}

/// Inside of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// In full colour.
    Filled,
    /// White within a rim.
    Hollow,
    /// Hollow with a dot.
    Dotted,
    /// A larger rim that hides nothing.
    Open,
}

/// All fills, in the order in which a second distinction receives them.
pub const FILLS: [Fill; 3] = [Fill::Filled, Fill::Open, Fill::Dotted];

/// Colour, marker and fill of the points of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Colour of the rim, the inside and the interval.
    pub color: RGBColor,
    /// Shape.
    pub marker: Marker,
    /// Inside.
    pub fill: Fill,
}

impl Look {
    /// The look of series number `index`: 64 pairs of colour and marker before one returns.
    pub fn of(index: usize) -> Self {
        let marker = MARKERS[(index + index / PALETTE.len()) % MARKERS.len()];
        Look { color: color(index), marker, fill: Fill::Filled }
    }
}

/// Colour number `index`.
pub fn color(index: usize) -> RGBColor {
    PALETTE[index % PALETTE.len()]
}

/// How a line is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dash {
    /// Unbroken.
    Solid,
    /// Dashes.
    Dashed,
    /// Dots.
    Dotted,
    /// Dashes and dots in turn.
    DashDot,
}

impl Dash {
    /// Lengths drawn and left out in turn; empty for an unbroken line.
    pub fn pattern(self) -> &'static [f64] {
        match self {
            Dash::Solid => &[],
            Dash::Dashed => &[3.6, 2.0],
            Dash::Dotted => &[0.9, 1.5],
            Dash::DashDot => &[4.2, 1.5, 0.9, 1.5],
        }
    }
}

/// A pen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// Colour of the line.
    pub color: RGBColor,
    /// Width in points.
    pub width: f64,
    /// Its breaks.
    pub dash: Dash,
}

impl Stroke {
    /// An unbroken line.
    pub fn solid(color: RGBColor, width: f64) -> Self {
        Stroke { color, width, dash: Dash::Solid }
    }

    /// A dashed line: theory, everywhere.
    pub fn dashed(color: RGBColor, width: f64) -> Self {
        Stroke { color, width, dash: Dash::Dashed }
    }

    /// A dotted line: no effect.
    pub fn dotted(color: RGBColor, width: f64) -> Self {
        Stroke { color, width, dash: Dash::Dotted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_series_look_different() {
        let looks: Vec<Look> = (0..12).map(Look::of).collect();
        for (i, a) in looks.iter().enumerate() {
            assert!(looks[..i].iter().all(|b| (a.color, a.marker) != (b.color, b.marker)), "{i}");
        }
    }
}
