//! The syntax of TOML's numbers, for messages that name the rule which a number breaks.

use super::diagnostic::{Diagnostic, Span};

/// Longest word that is examined, on each side of an error. A file can hold millions of errors.
const LONGEST: usize = 64;
/// Longest line of which a value is examined.
const LONGEST_LINE: usize = 250;

/// The word of `text` that contains or touches `offset`, if it is a value that begins like a number.
pub(super) fn number_at(text: &str, offset: usize) -> Option<Span> {
    let offset = text.floor_char_boundary(offset);
    let (before, after) = text.split_at(offset);
    let is_part = |c: &char| !c.is_whitespace() && !"=,[]{}#\"'".contains(*c);
    let length =
        |chars: &mut dyn Iterator<Item = char>| chars.take_while(is_part).take(LONGEST).map(char::len_utf8).sum();
    let (back, ahead): (usize, usize) = (length(&mut before.chars().rev()), length(&mut after.chars()));
    let (start, end) = (offset - back, offset + ahead);
    let is_value = text[..start].trim_end().ends_with(['=', ',', '[']);
    let unsigned = text[start..end].trim_start_matches(['+', '-']);
    let is_number = unsigned.starts_with(|c: char| c.is_ascii_digit() || "._".contains(c));
    (is_value && is_number).then_some(start..end)
}

/// The rule of TOML that `word` breaks as a number; `None` if it is well-formed, or may be a date.
pub(super) fn broken_rule(word: &str) -> Option<String> {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    if unsigned.starts_with(['+', '-']) {
        return Some("a number has only one sign".to_string());
    }
    for (prefix, radix, name) in [("0x", 16, "hexadecimal"), ("0o", 8, "octal"), ("0b", 2, "binary")] {
        let Some((start, digits)) = unsigned.split_at_checked(2) else { continue };
        if !start.eq_ignore_ascii_case(prefix) {
            continue;
        }
        return if start != prefix {
            Some(format!("the prefix must be {prefix} in lower case"))
        } else if unsigned != word {
            Some(format!("a {name} number takes no sign"))
        } else if digits.is_empty() {
            Some(format!("a {name} digit must follow {prefix}"))
        } else if let Some(other) = digits.chars().find(|c| *c != '_' && !c.is_digit(radix)) {
            Some(format!("{other:?} is not a {name} digit"))
        } else {
            misplaced_underscore(digits)
        };
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let parts = [Some(whole), fraction, exponent];
    let is_other = |c: &char| *c != '_' && !c.is_ascii_digit();
    match parts.into_iter().flatten().flat_map(str::chars).find(is_other) {
        Some('-' | ':') => return None,
        Some('.') if exponent.is_some_and(|exponent| exponent.contains('.')) => {
            return Some("the exponent must be a whole number".to_string());
        }
        Some('.') => return Some("a number has only one point".to_string()),
        Some('^' | '*') => return Some("write powers of ten as 1e-3".to_string()),
        Some(other) => return Some(format!("{other:?} is not a digit")),
        None => {}
    }
    let rule = if whole.is_empty() {
        "a digit must precede the point"
    } else if fraction == Some("") {
        "a digit must follow the point"
    } else if exponent == Some("") {
        "a digit must follow the e of the exponent"
    } else if whole.len() > 1 && whole.starts_with('0') {
        "the first of several digits must not be 0"
    } else {
        return parts.into_iter().flatten().find_map(misplaced_underscore);
    };
    Some(rule.to_string())
}

/// The diagnostic of a number that breaks a rule of TOML.
pub(super) fn malformed_number(text: &str, span: Span) -> Option<Diagnostic> {
    let word = text.get(span.clone())?;
    let of_percent = || word.strip_suffix('%')?.parse::<f64>().ok().map(|x| format!("write {}", x / 100.0));
    let rule = of_percent().or_else(|| broken_rule(word))?;
    Some(Diagnostic::new(span, format!("{} is no TOML number: {rule}", shortened(word))))
}

/// The beginning of a long word.
pub(super) fn shortened(word: &str) -> String {
    const MOST: usize = 60;
    match word.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &word[..end]),
        None => word.to_string(),
    }
}

/// What is wrong with a value of several words or of no digit, or with a number that a comma ends, at a syntax error of TOML at `span`; and
/// the place of that value.
pub(super) fn broken_value(text: &str, span: &Span) -> Option<(Span, String)> {
    let at = text.floor_char_boundary(span.start);
    let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line_end = at + text[at..].find('\n').unwrap_or(text.len() - at);
    if line_end - line_start > LONGEST_LINE {
        return None;
    }
    let before = &text[line_start..at];
    let start = line_start + before.rfind(['=', '[', ',']).map_or(0, |sign| sign + 1);
    // `epsilon = 0,1`: the error is at the comma.
    let is_decimal_comma = text[at..].starts_with(',') && before.trim_end().ends_with(|c: char| c.is_ascii_digit());
    let rest = &text[at..line_end];
    let ends: &[char] = if is_decimal_comma { &['#', ']', '}', ' '] } else { &['#', ',', ']', '}'] };
    let end = at + rest.find(ends).unwrap_or(rest.len());
    let value = text[start..end].trim();
    let start = start + text[start..end].len() - text[start..end].trim_start().len();
    let place = start..start + value.len();
    let is_number = |word: &str| word.parse::<f64>().is_ok() && word.starts_with(|c: char| !c.is_alphabetic());
    if is_decimal_comma {
        let groups: Vec<&str> = value.split(',').collect();
        let is_group = |group: &&str| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit());
        if matches!(groups.as_slice(), [first, rest @ ..] if *first != "0" && first.len() <= 3 && rest.iter().all(is_group))
        {
            let [whole, fraction] = [groups.join("_"), value.replacen(',', ".", 1)];
            let or = if groups.len() == 2 { format!(" if it is whole, or {fraction} if not") } else { String::new() };
            return Some((place, format!("{value} is no TOML number: write {whole}{or}")));
        }
        let pointed = value.replacen(',', ".", 1);
        return is_number(&pointed)
            .then(|| (place, format!("{value} is no TOML number: write {pointed}, with a point")));
    }
    let words: Vec<&str> = value.split_whitespace().collect();
    let message = match words.as_slice() {
        // The next pair of an inline table.
        [first, next, ..] if is_number(first) && before.contains('{') && value.contains('=') => {
            let key = next.split('=').next().unwrap_or_default();
            format!("a comma is missing between {first} and {key}")
        }
        [first, .., last] if words.iter().all(|word| is_number(word)) => {
            let is_grouped = words[1..].iter().all(|word| word.len() == 3 && word.bytes().all(|b| b.is_ascii_digit()));
            if before.contains('[') {
                format!("a comma is missing between {first} and {last}")
            } else if is_grouped {
                format!("{value} is no TOML number: write {}", words.join("_"))
            } else {
                format!("{value} is no TOML number: write one number without blanks")
            }
        }
        [first, unit] if is_number(first) => {
            format!("{value} is no TOML number: leave out {unit}, numbers have no unit")
        }
        [] if before.trim_end().ends_with('=') => "a value is missing after `=`".to_owned(),
        [word] if *word != ascii(word) && is_number(&ascii(word)) => {
            format!("{word} is no TOML number: write {}", ascii(word))
        }
        [word] if ["true", "false"].contains(&word.to_ascii_lowercase().as_str()) => {
            "booleans are written `true` and `false`".to_owned()
        }
        [word] if ["none", "null", "nil"].contains(&word.to_ascii_lowercase().as_str()) => {
            format!("TOML has no {word}: leave out the key")
        }
        [word] if word.starts_with(['π', '∞', '½']) => format!("{word} is no TOML number: write its digits"),
        _ => return None,
    };
    Some((place, message))
}

/// A number with the minus sign and the digits of typesetting as those of a keyboard.
fn ascii(word: &str) -> String {
    let plain = |c: char| match c {
        '−' | '–' => '-',
        '０'..='９' => char::from(b'0' + (u32::from(c) - u32::from('０')) as u8),
        _ => c,
    };
    word.chars().map(plain).collect()
}

/// Says that an underscore of `digits` does not separate two digits.
fn misplaced_underscore(digits: &str) -> Option<String> {
    let misplaced = digits.split('_').any(str::is_empty) && !digits.is_empty();
    misplaced.then(|| "an underscore must separate two digits".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_broken_rule_is_named() {
        for (word, rule) in [
            ("1.e-1", "a digit must follow the point"),
            ("1.", "a digit must follow the point"),
            ("-1.", "a digit must follow the point"),
            (".5", "a digit must precede the point"),
            ("+.5", "a digit must precede the point"),
            ("1e", "a digit must follow the e of the exponent"),
            ("1e+", "a digit must follow the e of the exponent"),
            ("1.5E-", "a digit must follow the e of the exponent"),
            ("1e5.2", "the exponent must be a whole number"),
            ("1.5.2", "a number has only one point"),
            ("01", "the first of several digits must not be 0"),
            ("00.5", "the first of several digits must not be 0"),
            ("--1", "a number has only one sign"),
            ("10^-3", "write powers of ten as 1e-3"),
            ("1.5f", "'f' is not a digit"),
            ("5%", "'%' is not a digit"),
            ("1_", "an underscore must separate two digits"),
            ("_1", "an underscore must separate two digits"),
            ("1__0", "an underscore must separate two digits"),
            ("1._5", "an underscore must separate two digits"),
            ("1e_5", "an underscore must separate two digits"),
            ("0x", "a hexadecimal digit must follow 0x"),
            ("0xfg", "'g' is not a hexadecimal digit"),
            ("0b2", "'2' is not a binary digit"),
            ("0o_7", "an underscore must separate two digits"),
            ("0XF", "the prefix must be 0x in lower case"),
            ("-0x1", "a hexadecimal number takes no sign"),
        ] {
            assert_eq!(broken_rule(word).as_deref(), Some(rule), "{word}");
        }
        for word in ["0", "-0.5", "1_000", "6.02E+23", "1e1_0", "0xdead_beef", "0b10", "2020-12-06", "07:32:00"] {
            assert_eq!(broken_rule(word), None, "{word}");
        }
    }

    #[test]
    fn only_values_are_taken_for_numbers() {
        let found = |text: &str, at| number_at(text, at).map(|span| text[span].to_string());
        assert_eq!(found("a = 1.e-1 # .5", 6).as_deref(), Some("1.e-1"));
        assert_eq!(found("a = 1.", 6).as_deref(), Some("1."));
        assert_eq!(found("a = [.5, -2.]", 5).as_deref(), Some(".5"));
        assert_eq!(found("a = [.5, -2.]", 12).as_deref(), Some("-2."));
        for (text, at) in [("1.x = 3", 2), ("a = x5", 5), ("a = \"1.\"", 6), ("", 0), ("ä = §", 5)] {
            assert_eq!(found(text, at), None, "{text}");
        }
    }
}
