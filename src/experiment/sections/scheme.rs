//! `[scheme]`: how paths are advanced.

use std::sync::Arc;

use crate::experiment::toml::diagnostic::Span;
use crate::experiment::toml::reader::{TableReader, Value};
use crate::scheme::{Euler, JumpAdapted, Limits, Monitoring, Scheme, Steps};

#[derive(Clone, Copy)]
enum SchemeKind {
    JumpAdapted,
    Euler,
}

const SCHEMES: [(&str, SchemeKind); 2] = [("jump_adapted", SchemeKind::JumpAdapted), ("euler", SchemeKind::Euler)];

/// A scheme with all its settings; `None` is the scheme's own choice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::experiment) enum SchemeSettings {
    JumpAdapted { threshold: Option<f64>, step_cap: Option<f64> },
    Euler { step: Option<f64>, monitoring: Monitoring },
    Steps,
}

/// One scheme with its limit of steps.
#[derive(Clone, Debug)]
pub(in crate::experiment) struct SchemeSection {
    pub settings: SchemeSettings,
    pub scheme: Arc<dyn Scheme>,
    pub max_events: u64,
    pub span: Span,
}

impl SchemeSection {
    /// The scheme of every discrete optimiser. The file does not set it.
    pub fn steps() -> Self {
        let max_events = Limits::default().max_events;
        SchemeSection { settings: SchemeSettings::Steps, scheme: Arc::new(Steps), max_events, span: 0..0 }
    }
}

/// Reads one scheme.
pub(in crate::experiment) fn read(value: Value<'_>) -> Option<SchemeSection> {
    let table = value.table()?;
    let which = table.one_of("a scheme", &SCHEMES);
    // At the end of the file TOML assigns these keys to this table; the experiment reads them.
    table.get("figures");
    table.get("figure_style");
    table.get("escapes");
    table.finish();
    let (kind, scheme) = which?;
    let span = scheme.node.span.clone();
    match kind {
        SchemeKind::JumpAdapted => read_jump_adapted(scheme.table()?, span),
        SchemeKind::Euler => read_euler(scheme.table()?, span),
    }
}

fn read_jump_adapted(table: TableReader<'_>, span: Span) -> Option<SchemeSection> {
    let max_events = read_limit(&table, "max_events");
    let (threshold_value, cap_value) = (table.get("threshold"), table.get("step_cap"));
    table.finish();
    let mut scheme = JumpAdapted::default();
    let (mut threshold, mut step_cap) = (None, None);
    if let Some(value) = threshold_value {
        let kappa = value.number()?;
        scheme = value.check(scheme.threshold(kappa))?;
        threshold = Some(kappa);
    }
    if let Some(value) = cap_value {
        let cap = value.number()?;
        scheme = value.check(scheme.step_cap(cap))?;
        step_cap = Some(cap);
    }
    let settings = SchemeSettings::JumpAdapted { threshold, step_cap };
    Some(SchemeSection { settings, scheme: Arc::new(scheme), max_events: max_events?, span })
}

fn read_euler(table: TableReader<'_>, span: Span) -> Option<SchemeSection> {
    let max_events = read_limit(&table, "max_steps");
    let (step_value, monitoring_value) = (table.get("step"), table.get("monitoring"));
    table.finish();
    let words = [("corrected", Monitoring::Corrected), ("discrete", Monitoring::Discrete)];
    let monitoring = monitoring_value.map_or(Some(Monitoring::default()), |m| m.word(&words));
    let (step, euler) = match step_value {
        Some(value) => {
            let step = value.number()?;
            (Some(step), value.check(Euler::with_step(step))?)
        }
        None => (None, Euler::default()),
    };
    let monitoring = monitoring?;
    let settings = SchemeSettings::Euler { step, monitoring };
    Some(SchemeSection { settings, scheme: Arc::new(euler.monitoring(monitoring)), max_events: max_events?, span })
}

/// The largest number of steps of a path.
fn read_limit(table: &TableReader<'_>, key: &'static str) -> Option<u64> {
    table.get(key).map_or(Some(Limits::default().max_events), |limit| limit.integer(1, u64::MAX >> 1))
}
