//! `[scheme]`: how paths are advanced.

use crate::experiment::toml::diagnostics::Span;
use crate::experiment::toml::reader::Value;
use crate::scheme::{Euler, JumpAdapted, Limits, Monitoring, Scheme, Steps};
use std::sync::Arc;

/// One scheme with its step budget.
#[derive(Clone, Debug)]
pub(in crate::experiment) struct SchemeSection {
    pub scheme: Arc<dyn Scheme>,
    pub max_events: u64,
    pub span: Span,
}

impl SchemeSection {
    /// What a discrete optimiser runs by, whatever the file says of the others.
    pub fn steps() -> Self {
        SchemeSection { scheme: Arc::new(Steps), max_events: Limits::default().max_events, span: 0..0 }
    }
}

/// Reads one scheme.
pub(in crate::experiment) fn read(value: Value<'_>) -> Option<SchemeSection> {
    let table = value.table()?;
    let which = table.one_of("a scheme", &["jump_adapted", "euler"]);
    // Written last in the file, `figures` belongs to this table as TOML sees it; the experiment reads it.
    table.get("figures");
    table.finish();
    let (kind, settings) = which?;
    let inner = settings.table()?;
    let budget = if kind == 0 { "max_events" } else { "max_steps" };
    let max_events = inner.get(budget).map_or(Some(Limits::default().max_events), |m| m.integer(1, u64::MAX >> 1));
    let scheme: Option<Arc<dyn Scheme>> = if kind == 0 {
        let (threshold, cap) = (inner.get("threshold"), inner.get("step_cap"));
        inner.finish();
        let mut scheme = JumpAdapted::default();
        if let Some(value) = threshold {
            scheme = value.findings.note(&value.node.span, scheme.threshold(value.number()?))?;
        }
        if let Some(value) = cap {
            scheme = value.findings.note(&value.node.span, scheme.step_cap(value.number()?))?;
        }
        Some(Arc::new(scheme))
    } else {
        let (step, monitoring) = (inner.get("step"), inner.get("monitoring"));
        inner.finish();
        let monitoring = monitoring.map_or(Some(0), |m| m.word(&["corrected", "discrete"]));
        let euler = match step {
            Some(value) => value.findings.note(&value.node.span, Euler::with_step(value.number()?))?,
            None => Euler::default(),
        };
        let monitoring = if monitoring? == 1 { Monitoring::Discrete } else { Monitoring::Corrected };
        Some(Arc::new(euler.monitoring(monitoring)))
    };
    Some(SchemeSection { scheme: scheme?, max_events: max_events?, span: settings.node.span.clone() })
}
