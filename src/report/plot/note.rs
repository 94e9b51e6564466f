//! Short texts around the frame of a panel, where they cannot cover anything.

use plotters::style::RGBColor;

use super::style::SMALL_SIZE;
use super::text::{self, Weight};

/// Position of a note in its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteAlign {
    /// After the previous note.
    Left,
    /// At the right end.
    Right,
}

/// A short coloured text.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// What it says.
    pub text: String,
    /// Its colour: that of the series it describes.
    pub ink: RGBColor,
    /// Position in its line.
    pub align: NoteAlign,
}

impl Note {
    /// A note on the left.
    pub fn new(text: impl Into<String>, ink: RGBColor) -> Self {
        Note { text: text.into(), ink, align: NoteAlign::Left }
    }
}

/// A label to the right of the frame, at the height of a curve's end.
#[derive(Clone, Debug, PartialEq)]
pub struct EndLabel {
    /// What it says.
    pub text: String,
    /// Height of the curve's end on the vertical axis.
    pub y: f64,
    /// Its colour.
    pub ink: RGBColor,
}

/// Notes with their line and their distance from the left edge, in lines of the given width. One that is too long for a line is broken, and has
/// its lines to itself.
pub fn flow(notes: impl IntoIterator<Item = Note>, width: f64) -> Vec<(Note, usize, f64)> {
    let (mut line, mut end, mut before_is_broken) = (0, 0.0, false);
    let mut placed = Vec::new();
    for note in notes {
        let parts = text::broken(&note.text, SMALL_SIZE, Weight::Regular, width);
        let is_broken = parts.len() > 1;
        for part in parts {
            // A word wider than all lines is set smaller when it is drawn.
            let taken = text::width(&part, SMALL_SIZE).min(width);
            if end > 0.0 && (is_broken || before_is_broken || end + taken > width) {
                (line, end) = (line + 1, 0.0);
            }
            let offset = if note.align == NoteAlign::Right { (width - taken).max(end) } else { end };
            end = offset + taken + 8.0;
            placed.push((Note { text: part, ..note.clone() }, line, offset));
        }
        before_is_broken = is_broken;
    }
    placed
}

/// The places nearest to the ascending `wanted` that are `apart` from each other.
pub fn spread(wanted: &[f64], apart: f64) -> Vec<f64> {
    // Clusters as (count, middle): neighbours that are too close merge and share their middle.
    let mut clusters: Vec<(usize, f64)> = Vec::new();
    for &place in wanted {
        clusters.push((1, place));
        while let [.., before, last] = clusters.as_slice() {
            let count = before.0 + last.0;
            if last.1 - before.1 >= 0.5 * apart * count as f64 {
                break;
            }
            let middle = (before.0 as f64 * before.1 + last.0 as f64 * last.1) / count as f64;
            clusters.truncate(clusters.len() - 2);
            clusters.push((count, middle));
        }
    }
    let spaced = |(count, middle): (usize, f64)| {
        (0..count).map(move |i| middle + apart * (i as f64 - 0.5 * (count as f64 - 1.0)))
    };
    clusters.into_iter().flat_map(spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::style::GREY;

    #[test]
    fn end_labels_keep_their_distance() {
        let places = spread(&[10.0, 10.5, 11.0, 40.0], 8.0);
        assert!(places.windows(2).all(|w| w[1] - w[0] >= 8.0 - 1e-9), "{places:?}");
        assert_eq!(places[3], 40.0);
        assert!((places[1] - 10.5).abs() < 1e-9);
        assert!(spread(&[], 8.0).is_empty());
    }

    #[test]
    fn notes_break_into_lines() {
        let notes: Vec<Note> = (0..4).map(|_| Note::new("slope −1.50", GREY)).collect();
        let width = text::width("slope −1.50", SMALL_SIZE);
        assert_eq!(flow(notes.clone(), 2.0 * width + 10.0).iter().map(|n| n.1).collect::<Vec<_>>(), [0, 0, 1, 1]);
        let right = Note { align: NoteAlign::Right, ..notes[0].clone() };
        assert!((flow([right], 200.0)[0].2 - (200.0 - width)).abs() < 1e-9);
        let long = Note::new("slope −1.50 ± 0.01, p = 0.66, of a straight line, ε ≤ 0.03", GREY);
        let short = Note::new("p = 1", GREY);
        let lines: Vec<usize> =
            flow([short.clone(), long, short.clone(), short], 1.5 * width).iter().map(|n| n.1).collect();
        let broken = lines.len() - 3;
        assert!(broken > 1 && lines[..2] == [0, 1] && lines[lines.len() - 2..] == [broken + 1; 2], "{lines:?}");
    }
}
