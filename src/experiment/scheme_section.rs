//! `[scheme]`: how paths are advanced.

use super::finding::{Finding, Findings, Span};
use super::reader::Value;
use crate::dynamics::Problem;
use crate::scheme::{Euler, JumpAdapted, Limits, Monitoring, Scheme, SchemeError};
use std::sync::Arc;

/// One scheme with its step budget.
#[derive(Clone, Debug)]
pub(super) struct SchemeSection {
    pub scheme: Arc<dyn Scheme>,
    pub max_events: u64,
    pub span: Span,
}

impl SchemeSection {
    /// Notes why the scheme cannot integrate `problem`, if so.
    pub fn ask(&self, problem: &Problem, findings: &Findings) -> Option<()> {
        let error = match self.scheme.prepare(problem) {
            Ok(_) => return Some(()),
            Err(error) => error,
        };
        let finding = Finding::new(self.span.clone(), error.to_string());
        findings.push(match error {
            SchemeError::Gaussian => finding.help("take `euler = {}`, or α below 2"),
            SchemeError::Sampled => finding.help("take `euler = {}`, or `second_moment = \"mean_field\"`"),
            _ => finding,
        });
        None
    }
}

/// Reads one scheme.
pub(super) fn read(value: Value<'_>) -> Option<SchemeSection> {
    let table = value.table()?;
    let chosen = table.one_of("a scheme", &["jump_adapted", "euler"]);
    // A key that follows the header of this section belongs to it; `figures` is read from here too.
    table.get("figures");
    table.finish();
    let (kind, settings) = chosen?;
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
