//! `[mean_position]`: paths around a minimum that no edge absorbs, and the times at which their positions are recorded.

use std::sync::Arc;

use super::landscape::basin::BasinMember;
use super::occupancy::read_times;
use crate::dynamics::Dynamics;
use crate::experiment::plan::CellPlan;
use crate::experiment::toml::diagnostic::{Diagnostic, Span};
use crate::experiment::toml::diagnostics::Diagnostics;
use crate::experiment::toml::reader::Value;
use crate::scheme::MeanPosition;

/// Relaxation times after which a path has come to rest: its scale is then less than 1 % short of that at rest.
const AT_REST: f64 = 5.0;

/// The section.
#[derive(Clone, Debug)]
pub(in crate::experiment) struct MeanPositionSection {
    pub settings: Arc<MeanPosition>,
}

/// Reads the section.
pub(in crate::experiment) fn read(value: Value<'_>) -> Option<MeanPositionSection> {
    let table = value.table()?;
    let times = table.need("times", "{ from = 10, to = 30, count = 21 }");
    let clip = table.get("clip");
    table.finish();
    let settings = times.and_then(|value| value.check(MeanPosition::new(read_times(value)?)));
    let settings = match clip {
        None => settings,
        Some(value) => {
            let number = value.number();
            // A wrong number is reported, whether or not the times are right.
            let any = MeanPosition::new(vec![1.0]).ok();
            number.zip(any).and_then(|(clip, any)| value.check(any.with_clip(clip)))?;
            settings?.with_clip(number?).ok()
        }
    };
    Some(MeanPositionSection { settings: Arc::new(settings?) })
}

/// Reports a scheme, a time limit, and a start, which these paths cannot have. `scheme`, `max_time`: where they are given.
pub(in crate::experiment) fn check(
    scheme: Option<Value<'_>>,
    max_time: Option<Value<'_>>,
    basins: &[BasinMember],
    diagnostics: &Diagnostics,
) -> Option<()> {
    if let Some(value) = scheme {
        let help = "leave [scheme] out; `sgd_steps` and the other optimisers take their own steps";
        value.report_with_help("a mean position takes no scheme", help);
    }
    if let Some(value) = max_time {
        let help = "leave it out, or choose the last of `times` under [mean_position]";
        value.report_with_help("the paths of a mean position end at the last recorded time", help);
    }
    let started: Option<Span> = basins.iter().find_map(BasinMember::start_or_inset);
    if let Some(span) = &started {
        let diagnostic =
            Diagnostic::new(span.clone(), "paths of a mean position start at the minimum, and have no edge");
        diagnostics.report(diagnostic.help("leave out `start` and `inset`"));
    }
    (scheme.is_none() && max_time.is_none() && started.is_none()).then_some(())
}

/// Warns of paths that are recorded before they are at rest.
pub(in crate::experiment) fn warn(cells: &[CellPlan], warnings: &mut Vec<String>) {
    let late = |cell: &&CellPlan| {
        matches!(cell.problem.dynamics(), Dynamics::Sgd | Dynamics::SgdSteps(_)) && first_time(cell) < rest_time(cell)
    };
    if let Some(cell) = cells.iter().find(late) {
        warnings.push(format!(
            "{}: `times` begin at {}, before paths are at rest; begin at {:.3}, five relaxation times of the flattest side, or later",
            cell.basin,
            first_time(cell),
            rest_time(cell)
        ));
    }
}

fn first_time(cell: &CellPlan) -> f64 {
    cell.mean_position.as_ref().and_then(|settings| settings.times().first().copied()).unwrap_or(f64::INFINITY)
}

fn rest_time(cell: &CellPlan) -> f64 {
    let basin = cell.problem.basin();
    let sides = basin.potential().form().axis_curvatures(basin.dim());
    let flattest = sides.iter().flatten().flatten().fold(f64::INFINITY, |least: f64, k| least.min(*k));
    AT_REST / flattest
}
