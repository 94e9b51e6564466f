//! The decimal form of numbers.

use std::fmt::{Display, LowerExp};

/// Appends the shortest decimal that reads back as the number, with an exponent where that is shorter.
pub(crate) fn write_digits<F: zmij::Float + Into<f64> + Display + LowerExp>(out: &mut Vec<u8>, x: F) {
    with_digits(x, |digits| out.extend_from_slice(digits));
}

/// Passes the digits of [`write_digits`] to `take`: at most 24 bytes.
#[inline]
pub(crate) fn with_digits<F: zmij::Float + Into<f64> + Display + LowerExp>(x: F, take: impl FnOnce(&[u8])) {
    let size: f64 = x.into().abs();
    let plain = size == 0.0 || (1e-4..1e15).contains(&size);
    let mut number = zmij::Buffer::new();
    let digits = number.format(x).as_bytes();
    // The letter and at most four bytes after it. Zmij writes none for numbers of usual size.
    let has_exponent = || !(1e-4..1e12).contains(&size) && digits.iter().rev().take(5).any(|byte| *byte == b'e');
    if !plain {
        take(format!("{x:e}").as_bytes());
    } else if has_exponent() {
        take(x.to_string().as_bytes());
    } else {
        take(digits.strip_suffix(b".0").unwrap_or(digits));
    }
}

/// The shortest decimal that reads back as `x`, with an exponent where that is shorter.
pub(crate) fn digits(x: f64) -> String {
    let mut out = Vec::new();
    write_digits(&mut out, x);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Seed, Stream};
    use rand::Rng;

    /// Compared with the standard library, which takes several times as long. Two decimals can be equally short and equally close.
    #[test]
    fn digits_are_the_shortest() {
        let mut rng = Stream::new(Seed(6), 0, 0);
        let mut numbers: Vec<f64> =
            (0..100_000).map(|_| f64::from_bits(rng.next_u64())).filter(|x| !x.is_nan()).collect();
        numbers.extend((0..100_000).map(|_| -rng.open01().ln() * 1e3));
        numbers.extend((0..100_000).map(|_| f64::from(rng.open01().powf(-2.0) as f32)));
        numbers.extend([0.0, -0.0, 5.0, -1e-4, 1e-4f64.next_down(), 1e15, 1e15f64.next_down(), f64::INFINITY, 5e-324]);
        let plain = |size: f64| size == 0.0 || (1e-4..1e15).contains(&size);
        let mut ties = 0;
        let mut check = |found: String, expected: String, x: f64| {
            if found == expected {
                return;
            }
            // The exact decimal then continues the common digits with a single five.
            let significant = |text: &str| {
                let digits: String = text.split('e').next().unwrap().chars().filter(char::is_ascii_digit).collect();
                digits.trim_matches('0').to_string()
            };
            let [short, other, exact] = [&expected, &found, &format!("{x:.1100e}")].map(|text| significant(text));
            assert!(short.len() == other.len() && exact[short.len()..] == *"5", "{found} {expected}");
            ties += 1;
        };
        for &x in &numbers {
            check(digits(x), if plain(x.abs()) { format!("{x}") } else { format!("{x:e}") }, x);
            assert_eq!(digits(x).parse(), Ok(x));
            let (mut out, x) = (Vec::new(), x as f32);
            write_digits(&mut out, x);
            let found = String::from_utf8(out).unwrap();
            assert_eq!(found.parse(), Ok(x));
            check(found, if plain(f64::from(x.abs())) { format!("{x}") } else { format!("{x:e}") }, x.into());
        }
        assert!(ties < numbers.len() / 100, "{ties} of {}", numbers.len());
    }
}
