//! Values of options that clap does not parse by itself.

use std::time::Duration;

use jiff::SignedDuration;

use crate::engine::Shard;

/// `I/N`.
pub fn shard(text: &str) -> Result<Shard, String> {
    let parts = text.split_once('/').and_then(|(i, n)| Shard::new(i.parse().ok()?, n.parse().ok()?));
    parts.ok_or_else(|| format!("expected I/N with 1 <= I <= N <= {}, as in 3/16", Shard::MOST))
}

/// A positive time.
pub fn time(text: &str) -> Result<Duration, String> {
    let time = text.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    time.filter(|time| !time.is_zero()).ok_or_else(|| "expected a time as 3h50m, 90s or 2 days".to_string())
}
