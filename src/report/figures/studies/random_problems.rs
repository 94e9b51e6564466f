//! The figure `random-problems`.

use crate::exit::Estimate;
use crate::report::select::{alpha_label, distinct};
use crate::report::{DataKind, Scale, Series, SeriesFigure, Stated};
use crate::results::RandomProblemsResult;

/// Quantiles drawn of every family.
const QUANTILES: u32 = 200;

/// Quantiles of the predicted `Γ_ADAM/Γ_SGD` at `det Q = 1`, one curve a dimension, a panel for every ensemble and tail index.
pub(in crate::report) fn random_problems(results: &[RandomProblemsResult]) -> SeriesFigure {
    let several = distinct(results.iter().map(|result| result.family.ensemble())).len() > 1;
    let mut panels: Vec<(String, Vec<Series>)> = Vec::new();
    for result in results {
        let family = &result.family;
        let tail = alpha_label(family.alpha().get());
        let title = if several {
            format!("{}, {tail}", ensemble_title(family.ensemble().name()))
        } else {
            format!("{tail}, det Q = 1")
        };
        let quantile = |k: u32| {
            let p = f64::from(k) / f64::from(QUANTILES);
            (p, result.quantile(p))
        };
        let share = result.share().map_or(String::new(), |share| {
            format!("{:.2} % ({:.2}–{:.2})", 100.0 * share.value, 100.0 * share.lo, 100.0 * share.hi)
        });
        let label = format!("d = {}", result.family.dim());
        let stated = |share: Estimate| Stated::within(&label, DataKind::Share, [share.value, share.lo, share.hi]);
        let series = Series {
            stated: result.share().map(stated).into_iter().collect(),
            label: label.clone(),
            predicted: (1..QUANTILES).map(quantile).collect(),
            note: Some(share),
            ..Series::default()
        };
        match panels.iter_mut().find(|(t, _)| *t == title) {
            Some((_, panel)) => panel.push(series),
            None => panels.push((title, vec![series])),
        }
    }
    SeriesFigure {
        stem: "random-problems".to_owned(),
        title: "Random problems at equal volumes: share in which Adam escapes later".to_owned(),
        x_label: "share of problems below".to_owned(),
        y_label: "m(W_{SGD}) / m(W_{ADAM}), predicted Γ_{ADAM}/Γ_{SGD}".to_owned(),
        x_scale: Scale::Linear,
        y_scale: Scale::Log,
        panels,
        levels: vec![(1.0, "volume argument: no difference".to_owned())],
        ..SeriesFigure::default()
    }
}

/// `scaled_wishart` → `Scaled Wishart`.
fn ensemble_title(name: &str) -> String {
    let words = name.replace('_', " ").replace("wishart", "Wishart").replace("gaussian", "Gaussian");
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ensembles_are_named_in_words() {
        assert_eq!(ensemble_title("scaled_wishart"), "Scaled Wishart");
        assert_eq!(ensemble_title("inverse_square"), "Inverse square");
    }
}
