//! Labels: embedded type, measured exactly, with sub- and superscripts.
//!
//! `Γ_{Adam}` and `R^{d}` lower or raise the text in braces and make it smaller; all other text is literal.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, PxScaleFont, ScaleFont};

/// Name of the type in the SVG; Verdana is the common type of nearly the same widths.
pub const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// Size of scripts in units of the text's.
const SCRIPT: f64 = 0.72;

/// Weight of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Regular,
    Bold,
}

/// A stretch of text on one height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Run<'a> {
    pub text: &'a str,
    /// Size in units of the label's.
    pub scale: f64,
    /// Height of its base line above the label's, in units of the label's size.
    pub rise: f64,
}

/// The font of a weight as a TrueType file.
pub fn bytes(weight: Weight) -> &'static [u8] {
    match weight {
        Weight::Regular => dejavu::sans::regular(),
        Weight::Bold => dejavu::sans::bold(),
    }
}

/// The embedded face, `None` only if its bytes do not parse.
pub fn face(weight: Weight) -> Option<&'static FontRef<'static>> {
    static FACES: OnceLock<[Option<FontRef<'static>>; 2]> = OnceLock::new();
    let faces =
        FACES.get_or_init(|| [Weight::Regular, Weight::Bold].map(|weight| FontRef::try_from_slice(bytes(weight)).ok()));
    faces[weight as usize].as_ref()
}

/// The face at `em` drawing units per em.
pub fn scaled(weight: Weight, em: f64) -> Option<PxScaleFont<&'static FontRef<'static>>> {
    let face = face(weight)?;
    let units = face.units_per_em()?;
    Some(face.as_scaled(em as f32 * face.height_unscaled() / units))
}

/// The runs of a label, in reading order.
pub fn runs<'a>(label: &'a str) -> Vec<Run<'a>> {
    let mut runs = Vec::new();
    let mut rest = label;
    let mut push = |text: &'a str, scale, rise| {
        if !text.is_empty() {
            runs.push(Run { text, scale, rise });
        }
    };
    while let Some(at) = next_script(rest) {
        let Some(end) = rest[at..].find('}').map(|end| at + end) else { break };
        push(&rest[..at], 1.0, 0.0);
        push(&rest[at + 2..end], SCRIPT, if rest.as_bytes()[at] == b'_' { -0.17 } else { 0.36 });
        rest = &rest[end + 1..];
    }
    push(rest, 1.0, 0.0);
    runs
}

/// The text of a label on one line: `Γ_Adam`, and `e^(−t/τ)` for a script of more than a word.
pub fn plain(label: &str) -> String {
    let shown = |run: Run<'_>| {
        let sign = match run.rise {
            rise if rise < 0.0 => "_",
            rise if rise > 0.0 => "^",
            _ => return run.text.to_owned(),
        };
        let word = run.text.strip_prefix(['-', '−']).unwrap_or(run.text);
        let is_word = word.chars().all(char::is_alphanumeric);
        if is_word { format!("{sign}{}", run.text) } else { format!("{sign}({})", run.text) }
    };
    runs(label).into_iter().map(shown).collect()
}

fn next_script(text: &str) -> Option<usize> {
    [text.find("_{"), text.find("^{")].into_iter().flatten().min()
}

/// Width of a label set at `size`, in the units of `size`.
pub fn width(label: &str, size: f64) -> f64 {
    width_in(label, size, Weight::Regular)
}

/// Width of a label of the given weight.
pub fn width_in(label: &str, size: f64, weight: Weight) -> f64 {
    runs(label).iter().map(|run| run_width(run.text, size * run.scale, weight)).sum()
}

/// Width of plain text.
pub fn run_width(text: &str, size: f64, weight: Weight) -> f64 {
    // Advances scale linearly, so they are taken at a size where f32 has digits to spare.
    let Some(font) = scaled(weight, 1000.0) else { return 0.6 * size * text.chars().count() as f64 };
    let mut previous = None;
    let mut sum = 0.0;
    for glyph in text.chars().map(|c| font.glyph_id(c)) {
        let kern = previous.map_or(0.0, |before| font.kern(before, glyph));
        sum += f64::from(font.h_advance(glyph) + kern);
        previous = Some(glyph);
    }
    sum * size / 1000.0
}

/// The largest size up to `size` at which `label` is no wider than `room`.
pub fn fit(label: &str, size: f64, room: f64) -> f64 {
    fit_in(label, size, Weight::Regular, room)
}

/// The same for a label of the given weight.
pub fn fit_in(label: &str, size: f64, weight: Weight, room: f64) -> f64 {
    let width = width_in(label, size, weight);
    if width > room && room > 0.0 { size * room / width } else { size }
}

/// Text is made smaller by at most this factor before it is broken into lines.
pub const SMALLEST: f64 = 0.74;

/// The parts of a label between which a line may end: its words, but no formula such as `p = 0.1`, `± 0.02` or `97 %` is broken.
fn unbroken(label: &str) -> Vec<String> {
    let joins_both = |word: &str| matches!(word, "=" | "<" | ">" | "≤" | "≥" | "±" | "×" | "/" | "+" | "−");
    let joins_left = |word: &str| word.starts_with('%');
    let mut parts: Vec<String> = Vec::new();
    let mut before = "";
    for word in label.split(' ') {
        match parts.last_mut() {
            Some(part)
                if joins_both(word)
                    || joins_left(word)
                    || joins_both(before)
                    || matches!(before, "E" | "λ" | "det") =>
            {
                part.push(' ');
                part.push_str(word);
            }
            _ => parts.push(word.to_owned()),
        }
        before = word;
    }
    parts
}

/// The lines of a label that is much wider than `room`, broken between words; one line if it nearly fits.
pub fn broken(label: &str, size: f64, weight: Weight, room: f64) -> Vec<String> {
    if !(SMALLEST * width_in(label, size, weight) > room) {
        return vec![label.to_owned()];
    }
    let mut lines: Vec<String> = Vec::new();
    for word in unbroken(label) {
        match lines.last_mut() {
            Some(line) if width_in(&format!("{line} {word}"), size, weight) <= room => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_are_much_too_long_are_broken() {
        let label = "slow and wide, α = 1.5, d = 10";
        let lines = |room| broken(label, 8.0, Weight::Regular, room);
        let whole = width(label, 8.0);
        assert_eq!(lines(whole), [label]);
        assert_eq!(lines(0.9 * whole), [label]);
        let half = lines(0.6 * whole);
        assert_eq!((half.len(), half.join(" ").as_str()), (2, label));
        assert!(half.iter().all(|line| width(line, 8.0) <= 0.6 * whole));
    }

    #[test]
    fn a_formula_is_not_broken() {
        let parts = unbroken("ε = 0.01, ρ = 0.868; slope −1.2 ± 0.01 in 97 % of E Γ (p < 0.001)");
        let formulas = ["ε = 0.01,", "ρ = 0.868;", "slope", "−1.2 ± 0.01", "in", "97 %", "of", "E Γ", "(p < 0.001)"];
        assert_eq!(parts, formulas);
    }

    #[test]
    fn scripts_are_told_from_text() {
        let texts = |label| runs(label).iter().map(|r| (r.text, r.rise)).collect::<Vec<_>>();
        assert_eq!(texts("Γ_{Adam}/Γ"), [("Γ", 0.0), ("Adam", -0.17), ("/Γ", 0.0)]);
        assert_eq!(plain("Γ_{Adam}/Γ, e^{−t}, P_{a b}, r_{1+}x"), "Γ_Adam/Γ, e^−t, P_(a b), r_(1+)x");
        assert_eq!(texts("R^{d}"), [("R", 0.0), ("d", 0.36)]);
        assert_eq!(texts("snake_case and an open _{brace"), [("snake_case and an open _{brace", 0.0)]);
        assert!(runs("").is_empty());
    }

    /// DejaVu Sans has an advance of 1139/2048 em for the figures, and every symbol the figures use.
    #[test]
    fn widths_are_those_of_the_face() {
        assert!((width("0123", 10.0) - 4.0 * 10.0 * 1303.0 / 2048.0).abs() < 1e-3, "{}", width("0123", 10.0));
        let face = face(Weight::Regular).unwrap();
        for symbol in "ΓλεαρΣΩηθΘ⁰¹²³⁴⁵⁶⁷⁸⁹⁻₁₂±×−≈∞≤∂∉".chars() {
            assert_ne!(face.glyph_id(symbol).0, 0, "{symbol}");
        }
    }

    #[test]
    fn long_labels_shrink_to_their_room() {
        assert_eq!(fit("short", 8.0, 400.0), 8.0);
        let size = fit("a label that is much too long for its panel", 8.0, 50.0);
        assert!((width("a label that is much too long for its panel", size) - 50.0).abs() < 1e-6);
    }
}
