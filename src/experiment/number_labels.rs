//! Numbers in labels: short, and different where the numbers are.

use std::collections::HashSet;

/// Significant digits up to which a number is written as it is. More are often those of arithmetic, as in .30000000000000004.
const WRITTEN: usize = 6;
/// Significant digits of a longer number, unless more are needed.
const ROUNDED: usize = 4;
/// Digits that distinguish all numbers.
const ALL: usize = 17;
/// Relative error of arithmetic.
const NOISE: f64 = 1e-12;

/// The number in the shortest digits that read back, or with `digits` significant digits if these are more than six.
pub fn number_label(number: f64, digits: usize) -> String {
    if significant(number) <= WRITTEN {
        return written(number);
    }
    let rounded = |digits: usize| format!("{number:.*e}", digits - 1).parse().unwrap_or(number);
    // .9999999 is not 1: a number must not look rounder than it is.
    let is_fair = |digits: usize| {
        let rounded: f64 = rounded(digits);
        significant(rounded) + 2 > digits || (rounded - number).abs() <= NOISE * number.abs()
    };
    let digits = (digits..ALL).find(|digits| is_fair(*digits)).unwrap_or(ALL);
    written(rounded(digits))
}

/// The labels of the values of one sweep: of longer numbers at least four significant digits, or as many as distinguish the values.
pub fn number_labels(numbers: &[f64]) -> Vec<String> {
    let values: HashSet<u64> = numbers.iter().map(|number| number.to_bits()).collect();
    for digits in ROUNDED..ALL {
        let labels: Vec<String> = numbers.iter().map(|number| number_label(*number, digits)).collect();
        if labels.iter().collect::<HashSet<_>>().len() == values.len() {
            return labels;
        }
    }
    numbers.iter().map(|number| written(*number)).collect()
}

/// The number in the shortest digits that read back.
pub fn written(number: f64) -> String {
    let is_usual = number == 0.0 || !number.is_finite() || (1e-5..1e7).contains(&number.abs());
    if is_usual { format!("{number}") } else { format!("{number:e}") }
}

/// Significant digits of the shortest form that reads back.
fn significant(number: f64) -> usize {
    let text = format!("{number:e}");
    text.split('e').next().unwrap_or_default().bytes().filter(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_differ_where_the_numbers_do() {
        for (numbers, labels) in [
            (&[0.1 + 0.2, 0.5][..], &["0.3", "0.5"][..]),
            (&[1.50001, 1.50002], &["1.50001", "1.50002"]),
            (&[0.99999], &["0.99999"]),
            (&[0.9999999], &["0.9999999"]),
            (&[1.0, 1.000_000_001], &["1", "1.000000001"]),
            (&[0.003_162_277_660_168_4, 0.01], &["0.003162", "0.01"]),
            (&[1.234_567_1, 1.234_567_2], &["1.2345671", "1.2345672"]),
            (&[1e-9, 2.5e7, 123_456.0], &["1e-9", "2.5e7", "123456"]),
            (&[-0.25, f64::INFINITY], &["-0.25", "inf"]),
        ] {
            assert_eq!(number_labels(numbers), labels);
        }
        let next = 1.0 + f64::EPSILON;
        assert_eq!(number_labels(&[1.0, next]), ["1", "1.0000000000000002"]);
    }
}
