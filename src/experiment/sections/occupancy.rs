//! `[occupancy]`: paths that no edge absorbs, and the times at which their wells are recorded.

use std::sync::Arc;

use super::landscape::basin::BasinMember;
use super::scheme::{SchemeSection, SchemeSettings};
use super::sweep::read_sweep;
use crate::experiment::toml::diagnostic::{Diagnostic, Span};
use crate::experiment::toml::diagnostics::Diagnostics;
use crate::experiment::toml::reader::Value;
use crate::landscape::{Domain, LandscapeError, Potential, WellSet};
use crate::scheme::{Occupancy, OccupancyStart};

/// The section, before its wells are known.
#[derive(Clone, Debug)]
pub(in crate::experiment) struct OccupancySection {
    times: Vec<f64>,
    start: OccupancyStart,
    range: Option<[f64; 2]>,
    span: Span,
    times_span: Span,
    start_span: Span,
    range_span: Span,
}

/// Reads the section.
pub(in crate::experiment) fn read(value: Value<'_>) -> Option<OccupancySection> {
    let table = value.table()?;
    let times_value = table.need("times", "{ from = 1, to = 1000, count = 13, scale = \"log\" }");
    let (start_value, range_value) = (table.get("start"), table.get("range"));
    let span = table.span.clone();
    table.finish();
    let times = times_value.and_then(|times| read_times(times));
    let start = start_value.map_or(Some(OccupancyStart::Uniform), read_start);
    let range = range_value.map_or(Some(None), |range| read_range(range).map(Some));
    let place = |value: Option<Value<'_>>| value.map_or(span.clone(), |value| value.node.span.clone());
    let (times_span, start_span, range_span) = (place(times_value), place(start_value), place(range_value));
    Some(OccupancySection { times: times?, start: start?, range: range?, span, times_span, start_span, range_span })
}

/// Positive times in ascending order.
pub(super) fn read_times(value: Value<'_>) -> Option<Vec<f64>> {
    let times = read_sweep(value)?;
    if times.len() > Occupancy::MOST_TIMES {
        value.report(format!("at most {} times can be recorded, not {}", Occupancy::MOST_TIMES, times.len()));
        return None;
    }
    if let Some(time) = times.iter().find(|time| !(**time > 0.0)) {
        value.report_with_help(format!("the time {time} is not positive"), "paths start at time 0; begin later");
        return None;
    }
    if times.windows(2).any(|pair| pair[0] >= pair[1]) {
        value.report("the times must be in ascending order");
        return None;
    }
    Some(times)
}

fn read_start(value: Value<'_>) -> Option<OccupancyStart> {
    if !value.is_table() {
        if value.is_list() {
            let help = "write `start = { positions = [..] }` for points, or `start = { weights = [..] }` for one number per well";
            value.report_with_help("a list could be positions or weights", help);
            return None;
        }
        return value.word(&[("uniform", ())]).map(|()| OccupancyStart::Uniform);
    }
    #[derive(Clone, Copy)]
    enum Kind {
        Positions,
        Weights,
    }
    let table = value.table()?;
    let which = table.one_of("a start", &[("positions", Kind::Positions), ("weights", Kind::Weights)]);
    table.finish();
    let (kind, value) = which?;
    Some(match kind {
        Kind::Positions if value.list()?.any(|item| item.is_list()) => {
            OccupancyStart::Positions(value.rows("write a list of points, `[[x, y], ..]`")?)
        }
        Kind::Positions => OccupancyStart::Positions(value.numbers()?.into_iter().map(|x| vec![x]).collect()),
        Kind::Weights => OccupancyStart::Weights(value.numbers()?),
    })
}

fn read_range(value: Value<'_>) -> Option<[f64; 2]> {
    let numbers = value.numbers()?;
    match <[f64; 2]>::try_from(numbers.as_slice()) {
        Ok([lo, hi]) if lo < hi => Some([lo, hi]),
        _ => {
            value.report("`range` needs two numbers `[lo, hi]` with `lo < hi`");
            None
        }
    }
}

impl OccupancySection {
    /// Reports the scheme of an occupancy that cannot be one. `None` for more than one scheme, Euler's, and a limit of events.
    pub fn check_schemes(&self, schemes: &[SchemeSection], diagnostics: &Diagnostics) -> Option<()> {
        let report = |span: &Span, message: &str, help: &str| {
            diagnostics.report(Diagnostic::new(span.clone(), message).help(help));
            None
        };
        match schemes {
            [_, second, ..] => report(&second.span, "an occupancy has one scheme", "keep one [scheme], or none"),
            [SchemeSection { settings: SchemeSettings::Euler { .. }, span, .. }] => report(
                span,
                "Euler's steps explode after a large jump, and paths of an occupancy live through such jumps",
                "leave [scheme] out, or use `jump_adapted = {}`; `sgd_steps` takes the steps of SGD itself",
            ),
            [section] if section.max_events != SchemeSection::steps().max_events => {
                report(&section.span, "`max_events` would end paths of an occupancy early", "leave it out")
            }
            _ => Some(()),
        }
    }

    /// Reports a `range` in which no wells are searched.
    pub fn check_range(&self, basins: &[BasinMember], diagnostics: &Diagnostics) -> Option<()> {
        let knows = |potential: &dyn Potential| potential.wells().is_some() || potential.landmarks().is_some();
        if self.range.is_none() || basins.iter().any(|basin| !knows(basin.basin.potential())) {
            return Some(());
        }
        let diagnostic =
            Diagnostic::new(self.range_span.clone(), "the wells are known, and no others are searched in `range`");
        diagnostics.report(diagnostic.help("leave `range` out"));
        None
    }

    /// Reports settings of a basin that have no meaning without an edge.
    pub fn check_basin(&self, basin: &BasinMember, diagnostics: &Diagnostics) -> Option<()> {
        let is_plane = basin.basin.dim() == 2;
        if basin.settings.domain != Domain::Well && !(is_plane && basin.settings.domain == Domain::Attraction) {
            let message = format!("the basin {:?} has an edge, and paths of an occupancy have none", basin.label);
            let diagnostic = Diagnostic::new(basin.domain_span.clone(), message);
            let domain = if is_plane { "attraction" } else { "well" };
            diagnostics.report(
                diagnostic.help(format!("use `domain = {{ {domain} = {{}} }}`: the wells are those of the landscape")),
            );
            return None;
        }
        if basin.basin.dim() > 2 {
            let message = format!("the landscape {:?} has {} dimensions", basin.label, basin.basin.dim());
            let diagnostic = Diagnostic::new(basin.domain_span.clone(), message);
            diagnostics.report(diagnostic.help("wells are followed on a line and in the plane"));
            return None;
        }
        if let Some(span) = basin.start_or_inset() {
            let diagnostic = Diagnostic::new(span, "paths of an occupancy start where [occupancy] says");
            diagnostics.report(diagnostic.help("leave out `start` and `inset`, and set `start` under [occupancy]"));
            return None;
        }
        Some(())
    }

    /// The occupancy of the wells of one basin.
    pub fn at(&self, basin: &BasinMember, scheme: SchemeSettings, diagnostics: &Diagnostics) -> Option<Arc<Occupancy>> {
        let potential = basin.basin.potential();
        let wells = match WellSet::of(potential, self.range) {
            Err(error @ (LandscapeError::WellRange { .. } | LandscapeError::MissingPoints { .. })) => {
                let diagnostic = Diagnostic::new(self.range_span.clone(), error.to_string());
                let help = match potential.dim() {
                    1 => "give `range = [lo, hi]` under [occupancy], with ends on the outer slopes of the landscape",
                    _ => {
                        "give `range = [lo, hi]` under [occupancy]: all minima and saddles lie in the square of this side"
                    }
                };
                diagnostics.report(diagnostic.help(help));
                return None;
            }
            wells => diagnostics.check(&self.span, wells)?,
        };
        if !(2..=Occupancy::MOST_WELLS).contains(&wells.count()) {
            let message = format!("the landscape {:?} has {} well, not 2 to 100", basin.label, wells.count());
            let diagnostic = Diagnostic::new(basin.domain_span.clone(), message);
            diagnostics.report(
                diagnostic.help("use a landscape with several minima, such as `multi_well` or `gaussian_wells`"),
            );
            return None;
        }
        let occupancy = diagnostics.check(&self.times_span, Occupancy::new(wells, self.times.clone()))?;
        let mut occupancy = diagnostics.check(&self.start_span, occupancy.with_start(self.start.clone()))?;
        let law = diagnostics.check(&self.start_span, self.start.law(potential, occupancy.wells()))?;
        if law.iter().sum::<f64>() < 1.0 - 1e-9 {
            let diagnostic =
                Diagnostic::new(self.start_span.clone(), "from a position the gradient flow leads to no well");
            diagnostics.report(diagnostic.help("move positions away from maxima and plateaus"));
            return None;
        }
        if let SchemeSettings::JumpAdapted { threshold, step_cap } = scheme {
            if let Some(kappa) = threshold {
                occupancy = diagnostics.check(&self.span, occupancy.with_threshold(kappa))?;
            }
            if let Some(cap) = step_cap {
                occupancy = diagnostics.check(&self.span, occupancy.with_step_cap(cap))?;
            }
        }
        Some(Arc::new(occupancy))
    }
}
