//! How the scale of the noise differs between parameters. In a pooled sample this looks like a heavy tail.

use crate::report::plot::curve::{labels, multiples, place};
use crate::report::plot::style;
use crate::report::{
    Axis, DataKind, Entry, Figure, FigureError, Legend, Mark, Note, Panel, Sample, Scale, Sheet, Stated, Stroke,
};

const STEM: &str = "scales";
/// Steps of a histogram to a decade.
const PER_DECADE: f64 = 16.0;
/// Share of the parameters that both ends of the axis may leave out together.
const LEFT_OUT: f64 = 0.04;

/// The figure: one panel a kind of noise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScalesFigure {
    /// Titles and distributions.
    pub panels: Vec<(String, Vec<ScaleDistribution>)>,
}

/// The scales of all parameters that have noise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScaleDistribution {
    /// What the legend says.
    pub label: String,
    /// Natural logarithms of the scales.
    pub logs: Vec<f64>,
    /// Share of parameters without any noise.
    pub silent: f64,
}

impl ScaleDistribution {
    /// Half the distance between the 16 % and the 84 % quantile of the logarithms. This is their standard deviation if they are Gaussian,
    /// and it is robust against the few parameters that rarely have noise. `None` if no parameter has noise.
    pub fn spread(&self) -> Option<f64> {
        let logs = self.centred();
        let at = |share: f64| logs.get((share * logs.len() as f64) as usize).copied();
        Some(0.5 * (at(0.8413)? - at(0.1587)?))
    }

    /// Logarithms over the median, ascending.
    fn centred(&self) -> Vec<f64> {
        let mut logs = self.logs.clone();
        logs.sort_by(f64::total_cmp);
        let median = logs.get(logs.len() / 2).copied().unwrap_or(0.0);
        logs.iter().map(|log| log - median).collect()
    }
}

impl Figure for ScalesFigure {
    fn stem(&self) -> &str {
        STEM
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        let empty = || FigureError::Empty { figure: STEM.to_owned(), what: "the scales" };
        let all = || self.panels.iter().flat_map(|(_, distributions)| distributions).filter(|d| !d.logs.is_empty());
        let ends = all().flat_map(|d| {
            let logs = d.centred();
            let skip = (0.5 * LEFT_OUT * logs.len() as f64) as usize;
            [logs[skip], logs[logs.len() - 1 - skip]]
        });
        let label = "scale of the noise over its median";
        let x = Axis::over(label, Scale::Log, ends.map(f64::exp)).ok_or_else(empty)?;
        let stairs: Vec<Vec<Vec<(f64, f64)>>> =
            self.panels.iter().map(|(_, distributions)| distributions.iter().map(staircase).collect()).collect();
        let heights = stairs.iter().flatten().flatten().map(|corner| corner.1);
        let y = Axis::over("parameters, share a decade", Scale::Linear, heights).ok_or_else(empty)?;
        let y = Axis { lo: 0.0, ..y };
        let names = labels(all().map(|d| d.label.as_str()));
        let panels = self.panels.iter().zip(stairs).map(|((title, distributions), stairs)| {
            let mut panel = Panel { title: title.clone(), ..Panel::new(x.clone(), y.clone()) };
            for (distribution, stairs) in distributions.iter().zip(stairs) {
                let color = style::color(place(&names, &distribution.label));
                let label = &distribution.label;
                panel.data(label, DataKind::Measured, Mark::Line(stairs, Stroke::solid(color, 1.0)));
                panel.stated.extend(distribution.spread().map(|tau| Stated::new(label, DataKind::Spread, tau)));
                panel.stated.push(Stated::new(label, DataKind::Share, distribution.silent));
                let tau = distribution.spread().map_or(String::new(), |tau| format!("τ = {tau:.2}, "));
                let silent = 100.0 * distribution.silent;
                panel.notes.push(Note::new(format!("{}: {tau}{silent:.0} % silent", distribution.label), color));
            }
            panel
        });
        let mut sheet = multiples(panels.collect(), [140.0; 2]);
        let entries = names.iter().enumerate();
        let entries =
            entries.map(|(i, name)| Entry::new(Sample::Line(Stroke::solid(style::color(i), 1.2)), *name)).collect();
        sheet.legend = Legend::default().with(entries);
        Ok(sheet)
    }
}

/// Corners of the histogram of the scales over their median.
fn staircase(distribution: &ScaleDistribution) -> Vec<(f64, f64)> {
    let logs = distribution.centred();
    if logs.is_empty() {
        return Vec::new();
    }
    let width = std::f64::consts::LN_10 / PER_DECADE;
    let bin = |log: f64| (log / width).floor() as i64;
    let mut corners = vec![((bin(logs[0]) as f64 * width).exp(), 0.0)];
    let mut next = bin(logs[0]);
    for part in logs.chunk_by(|a, b| bin(*a) == bin(*b)) {
        let at = bin(part[0]);
        if at > next {
            corners.extend([((next as f64 * width).exp(), 0.0), ((at as f64 * width).exp(), 0.0)]);
        }
        let height = part.len() as f64 / logs.len() as f64 * PER_DECADE;
        corners.extend([((at as f64 * width).exp(), height), (((at + 1) as f64 * width).exp(), height)]);
        next = at + 1;
    }
    corners.push(((next as f64 * width).exp(), 0.0));
    corners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_histogram_holds_every_parameter() {
        let logs: Vec<f64> = (0..1000).map(|i| f64::from(i) * 0.01 - 3.0).collect();
        let distribution = ScaleDistribution { label: "a".to_owned(), logs, silent: 0.0 };
        let corners = staircase(&distribution);
        let area: f64 = corners.windows(2).map(|c| 0.5 * (c[0].1 + c[1].1) * (c[1].0 / c[0].0).log10()).sum();
        assert!((area - 1.0).abs() < 1e-9, "{area}");
        let spread = distribution.spread().unwrap();
        assert!((spread - 3.413).abs() < 0.01, "{spread}");
    }
}
