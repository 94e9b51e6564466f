//! Values of options that clap does not parse by itself.

use std::ffi::OsStr;
use std::time::Duration;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::error::Error;
use clap::{Arg, Command};
use jiff::SignedDuration;

use crate::engine::Shard;
use crate::experiment::{Experiment, FigureKind, FigureStyle};

/// `I/N`.
pub fn shard(text: &str) -> Result<Shard, String> {
    let parts = text.split_once('/').and_then(|(i, n)| Shard::new(i.parse().ok()?, n.parse().ok()?));
    parts.ok_or_else(|| format!("expected I/N with 1 <= I <= N <= {}, as in 3/16", Shard::MOST))
}

/// A number of paths, as `1000000`, `1_000_000` or `1e6`.
pub fn paths(text: &str) -> Result<u64, String> {
    let most = Experiment::MOST_PATHS;
    let number = whole(text).filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| format!("expected a whole number from 1 to {most}, as 1000000 or 1e6"))
}

/// A whole number of at least `least`.
pub fn count(text: &str, least: usize) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number >= least);
    number.ok_or_else(|| format!("expected a whole number from {least} on"))
}

/// A seed.
pub fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("expected a whole number from 0 to {}", u64::MAX))
}

/// A name of a figure. Shells complete those of the program; an experiment may have others, so every text is accepted here.
#[derive(Clone, Copy, Debug)]
pub struct FigureName;

impl TypedValueParser for FigureName {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(FigureKind::ALL.into_iter().map(|kind| PossibleValue::new(kind.name()))))
    }
}

/// A size of text in points.
pub fn font_size(text: &str) -> Result<f64, String> {
    let [least, most] = FigureStyle::FONT_SIZES;
    let size = text.parse().ok().filter(|size| (least..=most).contains(size));
    size.ok_or_else(|| format!("expected a size from {least} to {most} points, as 8"))
}

fn whole(text: &str) -> Option<u64> {
    let digits = text.replace('_', "");
    if let Ok(number) = digits.parse() {
        return Some(number);
    }
    // Above 2^53 a float may not be the number that was written.
    let number = digits.parse::<f64>().ok().filter(|x| x.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(x));
    number.map(|x| x as u64)
}

/// A positive time: `3h50m` and the like, or as Slurm writes it, `1-00:00:00` (days-hours:minutes:seconds) and `3:50:00`.
pub fn time(text: &str) -> Result<Duration, String> {
    if text.parse::<f64>().is_ok() {
        return Err(format!("{text} has no unit: write {text}s, {text}m or {text}h"));
    }
    if !text.contains('-') && text.split(':').count() == 2 {
        return Err("ambiguous between hours and minutes: write 3h50m or 3:50:00".to_string());
    }
    let time = slurm_time(text).or_else(|| time_with_units(text)).filter(|time| !time.is_zero());
    time.ok_or_else(|| "expected a time as 3h50m, 90s, 2 days or 1-12:00:00".to_string())
}

/// `3h50m`, `90s`, `2 days 4 h`. A day has 24 hours here; jiff, which reads the rest, has none of fixed length.
fn time_with_units(text: &str) -> Option<Duration> {
    let number = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let unit = text[number..].trim_start();
    let day = ["days", "day", "d"].iter().find_map(|day| unit.strip_prefix(day));
    // Another letter begins another word.
    let Some(rest) = day.filter(|rest| !rest.starts_with(char::is_alphabetic)) else {
        return Duration::try_from(text.parse::<SignedDuration>().ok()?).ok();
    };
    let days = text[..number].parse::<u64>().ok()?.checked_mul(86_400).map(Duration::from_secs)?;
    match rest.trim_start_matches([' ', ',']) {
        "" => Some(days),
        rest => days.checked_add(Duration::try_from(rest.parse::<SignedDuration>().ok()?).ok()?),
    }
}

/// `D-H`, `D-H:M`, `D-H:M:S` and `H:M:S`.
fn slurm_time(text: &str) -> Option<Duration> {
    let (days, clock) = match text.split_once('-') {
        Some((days, clock)) => (days.parse::<u64>().ok()?, clock),
        None => (0, text),
    };
    let fields = clock.split(':').map(|field| field.parse::<u64>().ok()).collect::<Option<Vec<u64>>>()?;
    let (hours, minutes, seconds) = match fields.as_slice() {
        [hours] if text.contains('-') => (*hours, 0, 0),
        [hours, minutes] if text.contains('-') => (*hours, *minutes, 0),
        [hours, minutes, seconds] => (*hours, *minutes, *seconds),
        _ => return None,
    };
    let hours = days.checked_mul(24)?.checked_add(hours)?;
    let seconds = hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(seconds)?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_paths() {
        for (text, number) in [("300", 300), ("1e6", 1_000_000), ("2.5e3", 2500), ("1_000", 1000)] {
            assert_eq!(paths(text), Ok(number), "{text}");
        }
        for text in ["0", "-1", "1.5", "1e30", "1000000000000000", "nan", "inf", "many", ""] {
            assert!(paths(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times() {
        for (text, seconds) in [
            ("90s", 90),
            ("3h50m", 13_800),
            ("2 days", 172_800),
            ("1d 12h", 129_600),
            ("1 day, 30 min", 88_200),
            ("1-00:00:00", 86_400),
            ("1-12", 129_600),
            ("0-01:30", 5400),
            ("3:50:00", 13_800),
        ] {
            assert_eq!(time(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(time("90").unwrap_err(), "90 has no unit: write 90s, 90m or 90h");
        assert!(time("3:50").unwrap_err().contains("3:50:00"));
        for text in [
            "soon",
            "0s",
            "-5s",
            "0-00:00:00",
            "1-",
            "1-x",
            "99999999999999999999-00",
            "99999999999999999999d",
            "2 dogs",
            "-2 days",
            "",
        ] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
