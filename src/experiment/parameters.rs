//! The parameters of cells by name: columns of the summary, and axes of figures.

use std::collections::HashSet;

use super::columns::is_fixed;
use super::plan::CellPlan;

/// Parameters that every summary has; the other names are those of settings.
const COMMON: [&str; 3] = ["alpha", "epsilon", "dim"];

impl CellPlan {
    /// The value of a parameter: `dim`, `alpha`, `epsilon`, `eta`, or a setting of the dynamics, the noise or the basin by its name, such as
    /// `amplitude`, `beta1_rate` or `radius`. `None` if the cell does not have it.
    pub fn parameter(&self, name: &str) -> Option<f64> {
        let noise = self.problem.noise();
        match name {
            "dim" => Some(self.problem.basin().dim() as f64),
            "alpha" => noise.law().has_motion().then(|| noise.alpha().get()),
            "epsilon" => Some(noise.epsilon()),
            "eta" => self.eta,
            _ => {
                let setting = self.settings.iter().find(|(setting, _)| setting_name(setting) == name);
                setting.map(|(_, value)| *value)
            }
        }
    }
}

/// The name of a setting as a parameter. A name that a column of the summary has is `setting.NAME`.
fn setting_name(setting: &str) -> String {
    if is_fixed(setting) { format!("setting.{setting}") } else { setting.to_owned() }
}

/// The parameters of the cells that have columns of their own: `eta` if a cell has it, and every setting with several values, in the order in
/// which they first appear.
pub fn swept_parameters<'c>(cells: impl IntoIterator<Item = &'c CellPlan, IntoIter: Clone>) -> Vec<String> {
    let cells = cells.into_iter();
    let mut names: Vec<&str> = Vec::new();
    let mut seen = HashSet::new();
    for (name, _) in cells.clone().flat_map(|cell| &cell.settings) {
        if seen.insert(name) {
            names.push(name);
        }
    }
    let has_several = |name: &&str| {
        let mut values =
            cells.clone().flat_map(|cell| &cell.settings).filter(|(n, _)| n == name).map(|(_, value)| value);
        values.next().is_some_and(|first| values.any(|value| value != first))
    };
    let settings = names.into_iter().filter(has_several).map(setting_name);
    cells.clone().any(|cell| cell.eta.is_some()).then(|| "eta".to_owned()).into_iter().chain(settings).collect()
}

/// The parameters that a figure can show: those of [`swept_parameters`], `alpha`, `epsilon` and `dim`.
pub(super) fn plot_parameters(cells: &[CellPlan]) -> Vec<String> {
    swept_parameters(cells).into_iter().chain(COMMON.map(String::from)).collect()
}
