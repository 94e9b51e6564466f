//! `findings.md`: claims of the theory, predictions and measurements.

use std::fmt::Write;

use statrs::distribution::{Binomial, DiscreteCDF};

use super::figures::landscapes::transitions::transition_name;
use super::landing_findings::{hitting, landings};
use super::number;
use super::optimiser_findings::optimisers;
use super::plot::axis::with_error;
use super::select::{alpha, distinct, epsilon, group_by, title};
use super::slopes::{SLOPE_REACH, small_level_slope};
use super::words::{between, extremes, interval, p_value};
use crate::dynamics::{Dynamics, SecondMoment};
use crate::exit::{Estimate, SlopeFit, ratio_of_means};
use crate::noise::NoiseLaw;
use crate::results::{CellResult, FlatnessOrder, Pair, RandomProblemsResult};
use crate::theory::{FlatnessMeasure, VolumeClaim};

/// The findings of an experiment, with the warnings about its means; `None` where nothing is compared.
pub fn findings(results: &[CellResult], studies: &[RandomProblemsResult], warnings: &[String]) -> Option<String> {
    let mut text = String::new();
    list_warnings(&mut text, warnings);
    limit(&mut text, results);
    exact_means(&mut text, results);
    slopes(&mut text, results);
    bounded_jumps(&mut text, results);
    families(&mut text, results);
    costs(&mut text, results);
    theorem2(&mut text, results);
    random_problems(&mut text, studies);
    which_flatness(&mut text, results);
    transitions(&mut text, results);
    landings(&mut text, results);
    hitting(&mut text, results);
    steps(&mut text, results);
    optimisers(&mut text, results);
    (!text.is_empty()).then(|| format!("# Claims, predictions and measurements\n{text}"))
}

pub(super) fn list_warnings(text: &mut String, warnings: &[String]) {
    if !warnings.is_empty() {
        let _ = write!(text, "\n## Warnings\n\n");
        for warning in warnings {
            let _ = writeln!(text, "- {warning}");
        }
    }
}

/// The cells at the smallest noise level of their dynamics, basin, tail index and scheme. A claim about `ε → 0` is held against these alone.
fn at_smallest_level<'r>(results: impl IntoIterator<Item = &'r CellResult>) -> Vec<&'r CellResult> {
    let key = |r: &CellResult| (r.plan.dynamics.clone(), r.plan.basin.clone(), alpha(r), r.plan.scheme.name());
    let smallest = |cells: Vec<&'r CellResult>| cells.into_iter().min_by(|a, b| epsilon(a).total_cmp(&epsilon(b)));
    group_by(results, key).into_iter().filter_map(|(_, cells)| smallest(cells)).collect()
}

/// `λ E Γ` at the smallest noise level of every dynamics, beside the exact value where there is one.
fn limit(text: &mut String, results: &[CellResult]) {
    // The rate of one tempered jump is no limit at a fixed cutoff.
    let is_tempered = |r: &CellResult| matches!(r.plan.problem.noise().law(), NoiseLaw::Tempered { .. });
    let predicted = results.iter().filter(|r| r.lambda_mean().is_some() && !r.is_well() && !is_tempered(r));
    let mut rows = String::new();
    for (dynamics, cells) in group_by(at_smallest_level(predicted), |r| r.plan.dynamics.clone()) {
        let measured: Vec<Estimate> = cells.iter().filter_map(|r| r.lambda_mean()).collect();
        let (Some(ratios), Some(levels)) =
            (extremes(measured.iter().map(|ratio| ratio.value)), extremes(cells.iter().map(|r| epsilon(r))))
        else {
            continue;
        };
        let exact = |r: &&CellResult| Some(r.exact_mean? * r.prediction.as_ref()?.rate);
        let exact = extremes(cells.iter().filter_map(exact)).map_or("–".to_owned(), |(lo, hi)| span(lo, hi));
        let second =
            extremes(cells.iter().filter_map(|r| r.second_order)).map_or("–".to_owned(), |(lo, hi)| span(lo, hi));
        let held = measured.iter().filter(|ratio| ratio.contains(1.0)).count();
        let _ = writeln!(
            rows,
            "| {} | {} | {} | {} | {exact} | {second} | {held} of {} |",
            title(&dynamics),
            between(levels.0, levels.1),
            cells.len(),
            span(ratios.0, ratios.1),
            measured.len()
        );
    }
    if !rows.is_empty() {
        let _ = write!(
            text,
            "\n## λ E Γ at the smallest noise level\n\nλ E Γ tends to 1 as ε → 0. At finite ε it differs from 1: the exact value shows by how \
             much, and the second order in ε predicts it.\n\n\
             | dynamics | ε | cells | λ E Γ | exact | to second order | intervals that contain 1 |\n|---|---|---|---|---|---|---|\n{rows}"
        );
    }
}

fn exact_means(text: &mut String, results: &[CellResult]) {
    let exact = results.iter().filter_map(|r| Some(r.mean()?.contains(r.exact_mean?)));
    if let Some(coverage) = coverage_sentence(&exact.collect::<Vec<_>>()) {
        let _ = writeln!(text, "\n## Exact means\n\n{coverage}");
    }
}

/// How many 95 % intervals contain the exact value, the number expected, and whether so few are due to chance.
fn coverage_sentence(contained: &[bool]) -> Option<String> {
    let (count, total) = (contained.iter().filter(|held| **held).count() as u64, contained.len() as u64);
    let few = Binomial::new(0.95, total).ok().filter(|_| total > 0)?.cdf(count);
    let verdict = if few < 0.01 { format!(": fewer than chance explains ({})", p_value(few)) } else { String::new() };
    let expected = 0.95 * total as f64;
    Some(format!("{count} of {total} intervals for E Γ contain the exact value; {expected:.1} are expected{verdict}."))
}

/// Slopes of the mean escape time at small noise levels, and the tests of a straight line.
fn slopes(text: &mut String, results: &[CellResult]) {
    let key = |r: &CellResult| (r.plan.dynamics.clone(), r.plan.basin.clone(), alpha(r), r.plan.scheme.name());
    let mut rows = String::new();
    // The claim is about self-similar noise.
    let claimed = results.iter().filter(|r| r.plan.eta.is_none() && r.plan.problem.noise().law().is_self_similar());
    for ((dynamics, basin, alpha, scheme), cells) in group_by(claimed, key) {
        let Some(fit) = small_level_slope(&cells, |r| Some(epsilon(r)), SLOPE_REACH) else { continue };
        let (Some(p), Some(bend)) = (fit.p_value, fit.curvature) else { continue };
        let _ = writeln!(
            rows,
            "| {} | {basin} | {alpha} | {scheme} | {} to {} ({}) | {} | {:.1} ({}), {} | {}, {} | {} |",
            title(&dynamics),
            number(fit.range[0]),
            number(fit.range[1]),
            fit.degrees_of_freedom + 2,
            with_error(fit.slope.value, 0.5 * (fit.slope.hi - fit.slope.lo)),
            fit.chi_square,
            fit.degrees_of_freedom,
            p_value(p),
            with_error(bend.estimate.value, 0.5 * (bend.estimate.hi - bend.estimate.lo)),
            p_value(bend.p_value),
            slope_verdict(&fit, alpha)
        );
    }
    if !rows.is_empty() {
        let _ = write!(
            text,
            "\n## Slope of log E Γ against log ε\n\nClaim for ε → 0: the slope is −α. Fitted over the lowest one and a half decades, with two tests \
             of a straight line: χ², and the quadratic term c.\n\n\
             | dynamics | basin | α | scheme | ε (levels) | slope | χ² (degrees of freedom) | c | conclusion |\n\
             |---|---|---|---|---|---|---|---|---|\n{rows}"
        );
    }
}

/// What the fit says about the claim of a slope `-α`.
fn slope_verdict(fit: &SlopeFit, alpha: f64) -> String {
    let off = signed(fit.slope.value + alpha);
    match (fit.is_bent(), fit.slope.contains(-alpha)) {
        (true, true) => "not a straight line in this range".to_owned(),
        (true, false) => format!("not a straight line in this range; slope differs from −α by {off}"),
        (false, true) => "consistent with −α".to_owned(),
        (false, false) => format!("slope differs from −α by {off} in this range"),
    }
}

/// `+0.045` or `−0.010`.
fn signed(value: f64) -> String {
    format!("{value:+.3}").replace('-', "−")
}

/// Steps under truncated noise beside those under SαS noise: powers of `η` by basin, and how far the basins are apart at the smallest `η`.
fn bounded_jumps(text: &mut String, results: &[CellResult]) {
    let discrete =
        || results.iter().filter(|r| r.plan.eta.is_some() && r.plan.problem.dynamics().learning_rate().is_some());
    let is_truncated = |r: &&CellResult| matches!(r.plan.problem.noise().law(), NoiseLaw::Truncated { .. });
    if !discrete().any(|r| is_truncated(&r)) {
        return;
    }
    let eta = |r: &CellResult| r.plan.eta.unwrap_or(f64::NAN);
    let smallest = |cells: &[&'_ CellResult]| cells.iter().map(|r| eta(r)).fold(f64::INFINITY, f64::min);
    let mut rows = String::new();
    for ((dynamics, alpha), cells) in group_by(discrete(), |r| (r.plan.dynamics.clone(), alpha(r))) {
        let lowest = smallest(&cells);
        let mut first: Option<&CellResult> = None;
        for (basin, cells) in group_by(cells.iter().copied(), |r| r.plan.basin.clone()) {
            let at_lowest = cells.iter().copied().find(|r| eta(r) == lowest);
            let by_eta = |a: &&&CellResult, b: &&&CellResult| eta(a).total_cmp(&eta(b));
            let ends = cells.iter().min_by(by_eta).zip(cells.iter().max_by(by_eta));
            let predicted = ends.and_then(|(a, b)| {
                let mean = |r: &CellResult| r.prediction.as_ref().map(|theory| theory.mean_time());
                Some((mean(b)? / mean(a)?).ln() / (eta(b) / eta(a)).ln())
            });
            let fit = small_level_slope(&cells, |r| r.plan.eta, f64::INFINITY);
            let measured = fit.as_ref().map_or("–".to_owned(), |fit| {
                let slope = with_error(fit.slope.value, 0.5 * (fit.slope.hi - fit.slope.lo));
                if fit.is_bent() { format!("{slope}, not a straight line") } else { slope }
            });
            let reference = *first.get_or_insert(at_lowest.unwrap_or(cells[0]));
            let mean = |r: &CellResult| r.supported_mean();
            let ratio = at_lowest.and_then(|r| ratio_of_means(mean(r)?, mean(reference)?).ok());
            let _ = writeln!(
                rows,
                "| {} | {alpha} | {basin} | {} | {measured} | {} |",
                title(&dynamics),
                predicted.map_or("–".to_owned(), |power| format!("{power:.2}").replace('-', "−")),
                if at_lowest.is_some_and(|r| std::ptr::eq(r, reference)) {
                    "1".to_owned()
                } else {
                    ratio.map_or("–".to_owned(), interval)
                },
            );
        }
    }
    let eta = discrete().map(eta).fold(f64::INFINITY, f64::min);
    let _ = write!(
        text,
        "\n## Truncated noise: power of η by basin\n\nClaim for η → 0: a basin that takes l jumps of the largest size is left at a rate of order \
         η^(α + (α − 1)(l − 1)) per step, so truncation separates the basins by powers of η. Power: slope of log E Γ in time on log η; the last column is \
         E Γ relative to that of the first basin at η = {}.\n\n\
         | dynamics | α | basin | power predicted | power measured | E Γ relative to the first basin |\n|---|---|---|---|---|---|\n{rows}",
        number(eta)
    );
}

/// The basins of a family, such as an interval with a shifted minimum, at the smallest noise level: volumes and escape times.
fn families(text: &mut String, results: &[CellResult]) {
    let basins = results.iter().filter(|r| r.prediction.is_some() && r.volume.is_finite());
    let key = |r: &CellResult| {
        let dim = r.plan.problem.basin().dim();
        (r.plan.dynamics.clone(), r.plan.shape.clone(), dim, alpha(r), r.plan.scheme.name())
    };
    let mut rows = String::new();
    for ((dynamics, shape, dim, alpha, scheme), cells) in group_by(at_smallest_level(basins), key) {
        let predicted = |r: &CellResult| r.prediction.as_ref().map_or(f64::NAN, |theory| theory.mean_time());
        let by_prediction = |a: &&&CellResult, b: &&&CellResult| predicted(a).total_cmp(&predicted(b));
        let one_level = distinct(cells.iter().map(|r| epsilon(r))).len() == 1;
        let ends = cells.iter().min_by(by_prediction).zip(cells.iter().max_by(by_prediction));
        let Some((shortest, longest)) = ends.filter(|(a, b)| one_level && predicted(b) > 1.001 * predicted(a)) else {
            continue;
        };
        let ratio = longest.mean().zip(shortest.mean()).and_then(|(a, b)| ratio_of_means(a, b).ok());
        let _ = writeln!(
            rows,
            "| {shape} | {dim} | {} | {alpha} | {scheme} | {} | {} | {} | {} to {} | {:.3} | {} |",
            title(&dynamics),
            number(epsilon(shortest)),
            cells.len(),
            extremes(cells.iter().map(|r| r.volume)).map_or("–".to_owned(), |(lo, hi)| between(lo, hi)),
            shortest.plan.basin,
            longest.plan.basin,
            predicted(longest) / predicted(shortest),
            ratio.map_or("–".to_owned(), interval)
        );
    }
    if !rows.is_empty() {
        let _ = write!(
            text,
            "\n## Basins of a family\n\nThe Radon measure orders basins by their widths along the noise; basins of one volume can differ. \
             Predicted: the ratio of the longest to the shortest 1/λ of the family. Measured: the ratio of E Γ in the same two basins.\n\n\
             | family | d | dynamics | α | scheme | ε | basins | volume | shortest to longest | predicted | measured |\n\
             |---|---|---|---|---|---|---|---|---|---|---|\n{rows}"
        );
    }
}

/// Work and bias of every scheme, where an experiment compares several.
fn costs(text: &mut String, results: &[CellResult]) {
    let continuous = || results.iter().filter(|r| r.plan.problem.dynamics().learning_rate().is_none());
    if distinct(continuous().map(|r| r.plan.scheme.name())).len() < 2 {
        return;
    }
    let mut rows = String::new();
    let key = |r: &CellResult| (r.plan.dynamics.clone(), r.plan.basin.clone(), r.plan.scheme.name(), alpha(r));
    for ((dynamics, basin, scheme, alpha), cells) in group_by(continuous(), key) {
        let by_level = |a: &&&CellResult, b: &&&CellResult| epsilon(a).total_cmp(&epsilon(b));
        let Some((small, large)) = cells.iter().min_by(by_level).zip(cells.iter().max_by(by_level)) else { continue };
        let decades = (epsilon(large) / epsilon(small)).ln();
        let power = (large.events_per_path() / small.events_per_path()).ln() / decades;
        let power = if decades > 0.0 { format!("{power:.2}") } else { "–".to_owned() };
        let error = |r: &&CellResult| Some(r.mean()?.scaled(1.0 / r.exact_mean?));
        let worst =
            cells.iter().filter_map(error).max_by(|a, b| (a.value - 1.0).abs().total_cmp(&(b.value - 1.0).abs()));
        let worst = worst.map_or("–".to_owned(), |e| {
            let percent = |x: f64| format!("{:+.1}", 100.0 * (x - 1.0)).replace('-', "−");
            format!("{} % ({} to {})", percent(e.value), percent(e.lo), percent(e.hi))
        });
        let _ = writeln!(
            rows,
            "| {} | {basin} | {scheme} | {alpha} | {} to {} | {} to {} | {power} | {worst} |",
            title(&dynamics),
            number(epsilon(large)),
            number(epsilon(small)),
            number(large.events_per_path()),
            number(small.events_per_path())
        );
    }
    let _ = write!(
        text,
        "\n## Cost of the schemes\n\nEvents are steps and jumps. Power: exponent of ε in the number of events per path, from the largest to the smallest \
         level. The largest deviation of a mean from the exact one contains its noise.\n\n\
         | dynamics | basin | scheme | α | ε | events per path | power | largest deviation (95 % interval) |\n\
         |---|---|---|---|---|---|---|---|\n{rows}"
    );
}

/// A row for each of the regimes of theorem 2, at the smallest noise levels.
fn theorem2(text: &mut String, results: &[CellResult]) {
    let lowest = at_smallest_level(results);
    let is_lowest = |cell: &CellResult| lowest.iter().any(|r| r.plan.index == cell.plan.index);
    let pairs: Vec<Pair<'_>> = Pair::all(results).filter(|pair| is_lowest(pair.adam)).collect();
    let Some(levels) = extremes(pairs.iter().map(|pair| epsilon(pair.adam))) else { return };
    let regime = |pair: &Pair<'_>| (pair.theory.volume_claim(), pair.theory.is_isotropic());
    let regimes = [
        ((VolumeClaim::AdamLater, true), "det Q > 1, Q a multiple of I", "Adam escapes later"),
        ((VolumeClaim::AdamLater, false), "det Q > 1, Q anisotropic", "Adam escapes later"),
        ((VolumeClaim::Nothing, true), "det Q = 1, Q = I", "nothing: the volumes are equal"),
        ((VolumeClaim::Nothing, false), "det Q = 1, Q anisotropic", "nothing: the volumes are equal"),
        ((VolumeClaim::AdamEarlier, true), "det Q < 1, Q a multiple of I", "Adam escapes earlier"),
        ((VolumeClaim::AdamEarlier, false), "det Q < 1, Q anisotropic", "Adam escapes earlier"),
    ];
    let _ = writeln!(text, "\n## Γ_ADAM/Γ_SGD at the smallest noise level, ε = {}\n", between(levels.0, levels.1));
    let _ = writeln!(
        text,
        "| regime | pairs | claim of the volume argument | prediction of the Radon measure | measured | intervals that contain the prediction |"
    );
    let _ = writeln!(text, "|---|---|---|---|---|---|");
    for (key, name, claim) in regimes {
        let members: Vec<&Pair<'_>> = pairs.iter().filter(|pair| regime(pair) == key).collect();
        let measured: Vec<_> =
            members.iter().filter_map(|pair| Some((pair.gamma_ratio()?, pair.theory.predicted_ratio()))).collect();
        let Some((lo, hi)) = extremes(members.iter().map(|pair| pair.theory.predicted_ratio())) else { continue };
        let seen =
            extremes(measured.iter().map(|(ratio, _)| ratio.value)).map_or("–".to_owned(), |(lo, hi)| span(lo, hi));
        let held = measured.iter().filter(|(ratio, predicted)| ratio.contains(*predicted)).count();
        let _ = writeln!(
            text,
            "| {name} | {} | {claim} | {} | {seen} | {held} of {} |",
            members.len(),
            span(lo, hi),
            measured.len()
        );
    }
    let silent = pairs.iter().filter(|pair| regime(pair) == (VolumeClaim::Nothing, false));
    let apart = silent.clone().filter(|pair| pair.gamma_ratio().is_some_and(|ratio| !ratio.contains(1.0))).count();
    if apart > 0 {
        let _ = writeln!(
            text,
            "\nWhere the volumes are equal and Q is anisotropic, the intervals of {apart} of {} measured ratios exclude 1. The volume does not \
             order these escapes; the Radon measure does.",
            silent.count()
        );
    }
}

fn random_problems(text: &mut String, studies: &[RandomProblemsResult]) {
    if studies.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n## Random problems at det Q = 1\n");
    let _ = writeln!(
        text,
        "The volume argument makes no claim here. The Radon measure predicts an order that depends on how Σ and the Hessian are aligned, so each \
         ensemble has its own share:\n"
    );
    for study in studies {
        let Some(share) = study.share() else { continue };
        let _ = writeln!(
            text,
            "- {}, d = {}, α = {}: m(W_ADAM) < m(W_SGD) in {:.2} % ({:.2} to {:.2}) of {} problems; predicted Γ_ADAM/Γ_SGD: median {}, \
             5 % to 95 % quantile {} to {}",
            study.family.ensemble(),
            study.family.dim(),
            study.family.alpha(),
            100.0 * share.value,
            100.0 * share.lo,
            100.0 * share.hi,
            study.ratios.len(),
            number(study.quantile(0.5)),
            number(study.quantile(0.05)),
            number(study.quantile(0.95)),
        );
    }
}

/// Kendall's `τ` of every measure of flatness, group by group.
fn which_flatness(text: &mut String, results: &[CellResult]) {
    let orders = FlatnessOrder::all(results);
    if orders.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n## Which measure of flatness orders the escape times\n");
    let _ = writeln!(
        text,
        "Kendall's τ between each measure, turned so that flatter is larger, and the measured E Γ: 1 is the same order, 0 none.\n"
    );
    let names = FlatnessMeasure::ALL.map(|measure| measure.name().replace('_', " "));
    let _ = writeln!(text, "| dynamics | basins | d | α | ε | {} |", names.join(" | "));
    let _ = writeln!(text, "|---|---|---|---|---|{}", "---|".repeat(names.len()));
    for order in &orders {
        let tau = order.tau.map(|tau| format!("{:.2} ({:.2} to {:.2})", tau.value, tau.lo, tau.hi));
        let _ = writeln!(
            text,
            "| {} | {} {} | {} | {} | {} | {} |",
            title(&order.dynamics),
            order.basins,
            order.shape,
            order.dim.map_or("all".to_owned(), |dim| dim.to_string()),
            number(order.alpha),
            number(order.epsilon),
            tau.join(" | ")
        );
    }
}

/// Every well, at the smallest noise level.
fn transitions(text: &mut String, results: &[CellResult]) {
    let wells: Vec<&CellResult> = results.iter().filter(|r| r.is_well() && r.prediction.is_some()).collect();
    let Some(lowest) = wells.iter().map(|r| epsilon(r)).reduce(f64::min) else { return };
    let _ = writeln!(text, "\n## Transitions between wells, ε = {}\n", number(lowest));
    let _ = writeln!(text, "| from | α | q predicted | q measured | measured / predicted |\n|---|---|---|---|---|");
    let name = transition_name(&wells);
    for cell in wells.iter().filter(|r| epsilon(r) == lowest) {
        let (Some(theory), Some(rate)) = (&cell.prediction, cell.rate()) else { continue };
        let share = rate.scaled(1.0 / theory.rate);
        let _ = writeln!(
            text,
            "| {} | {} | {:.4e} | {:.4e} | {:.3} ({:.3} to {:.3}) |",
            name(cell),
            cell.plan.problem.noise().alpha(),
            theory.rate,
            rate.value,
            share.value,
            share.lo,
            share.hi
        );
    }
}

/// The discrete optimisers and their SDEs, learning rate by learning rate.
fn steps(text: &mut String, results: &[CellResult]) {
    let mut rows = String::new();
    let mut parts = String::new();
    let mut of_laws = String::new();
    for steps in results {
        let like = |fits: fn(&Dynamics, &Dynamics) -> bool| {
            results
                .iter()
                .find(|r| fits(steps.plan.problem.dynamics(), r.plan.problem.dynamics()) && same_cell(steps, r))
        };
        let Some((sde, eta)) = like(is_sde_of).zip(steps.plan.eta) else { continue };
        let mean = |r: &CellResult| r.mean().map_or("–".to_owned(), interval);
        let tail = steps.plan.problem.noise().alpha();
        let (name, eta) = (title(&steps.plan.dynamics), number(eta));
        let _ = writeln!(rows, "| {name} | {tail} | {eta} | {} | {} |", mean(steps), mean(sde));
        let ratio_of =
            |a: &CellResult, b: &CellResult| a.mean().zip(b.mean()).and_then(|(a, b)| ratio_of_means(a, b).ok());
        let ratio = |a: &CellResult, b: &CellResult| ratio_of(a, b).map_or("–".to_owned(), interval);
        if let Some(stable) = like(is_stable_sde_of) {
            let predicted = stable.prediction.as_ref().map_or("–".to_owned(), |theory| number(theory.mean_time()));
            let closed = ratio_of(stable, sde).zip(ratio_of(steps, sde)).map(|(a, b)| a.value.ln() / b.value.ln());
            let closed = closed
                .filter(|share| share.is_finite())
                .map_or("–".to_owned(), |share| format!("{:.0} %", 100.0 * share));
            let (steps, of_law, sde) = (ratio(steps, sde), ratio(stable, sde), mean(sde));
            let _ = writeln!(
                of_laws,
                "| {tail} | {eta} | {sde} | {} | {predicted} | {of_law} | {steps} | {closed} |",
                mean(stable)
            );
        }
        if let Some(sampled) = like(is_sampled_sde_of) {
            let _ = writeln!(
                parts,
                "| {tail} | {eta} | {} | {} | {} |",
                ratio(steps, sde),
                ratio(sampled, sde),
                ratio(steps, sampled)
            );
        }
    }
    if rows.is_empty() {
        return;
    }
    let bound = results.iter().find_map(|r| match r.plan.problem.dynamics() {
        Dynamics::AdamSteps(adam) if adam.is_plain() && adam.spike_bound().is_finite() => {
            Some(adam.spike_bound() / adam.eta())
        }
        _ => None,
    });
    let _ = writeln!(
        text,
        "\n## Steps and SDE: mean escape time\n\n| optimiser | α | η | steps | SDE |\n|---|---|---|---|---|\n{rows}"
    );
    if !parts.is_empty() {
        let _ = writeln!(
            text,
            "The steps of Adam differ from the SDE in two ways: the second moment v contains the noise itself and is larger, and a spike enters v \
             before it moves the parameters, which clips it. The SDE with sampled v has the first difference only, so that the ratio of escape \
             times factors:\n\n| α | η | steps / SDE | size of v: sampled v / SDE | clipping: steps / sampled v |\n|---|---|---|---|---|\n{parts}"
        );
    }
    if !of_laws.is_empty() {
        let _ = writeln!(
            text,
            "The constant second moment of the law of v under the noise has the rate of single jumps that v itself has. The share of the gap that it \
             closes is that of the logarithms of the ratios to the SDE:\n\n| α | η | SDE | v of the law | its 1/λ | v of the law / SDE | steps / SDE | gap \
             closed |\n|---|---|---|---|---|---|---|---|\n{of_laws}"
        );
    }
    if let Some(bound) = bound {
        let _ = writeln!(
            text,
            "One gradient spike of any size moves each coordinate of Adam by at most {bound:.2} η in total, because it also enlarges v; in d \
             dimensions the length of the move is at most √d times that. A jump of the SDE is divided by the Q before the jump and has no \
             bound. Discrete Adam therefore needs several spikes to leave, and its escape time does not follow the SDE's power of η."
        );
    }
}

pub(super) fn same_cell(a: &CellResult, b: &CellResult) -> bool {
    let noise = [a, b].map(|r| (r.plan.problem.noise().alpha(), r.plan.problem.noise().amplitude().clone()));
    a.plan.eta == b.plan.eta && a.plan.basin == b.plan.basin && noise[0] == noise[1] && same_law(a, b)
}

/// Whether two cells have the same law of the motion; cuts of the steps' law are compared over `η`, to rounding.
fn same_law(a: &CellResult, b: &CellResult) -> bool {
    let [a, b] = [a, b].map(|r| {
        let noise = r.plan.problem.noise();
        r.plan
            .problem
            .dynamics()
            .learning_rate()
            .map_or_else(|| noise.law().clone(), |eta| noise.spread_over(eta).law().clone())
    });
    match (&a, &b) {
        (NoiseLaw::Tempered { cutoff: a }, NoiseLaw::Tempered { cutoff: b })
        | (NoiseLaw::Truncated { at: a }, NoiseLaw::Truncated { at: b }) => (a / b - 1.0).abs() < 1e-9,
        _ => a == b,
    }
}

pub(super) fn is_sde_of(steps: &Dynamics, sde: &Dynamics) -> bool {
    match (steps, sde) {
        (Dynamics::SgdSteps(steps), Dynamics::Sgd) => steps.is_plain(),
        (Dynamics::AdamSteps(steps), Dynamics::Adam(adam)) => {
            steps.is_plain() && !matches!(adam.second_moment(), SecondMoment::Sampled | SecondMoment::Stable)
        }
        _ => false,
    }
}

fn is_stable_sde_of(steps: &Dynamics, sde: &Dynamics) -> bool {
    let stable = |sde: &Dynamics| matches!(sde, Dynamics::Adam(adam) if adam.second_moment() == SecondMoment::Stable);
    matches!(steps, Dynamics::AdamSteps(steps) if steps.is_plain()) && stable(sde)
}

fn is_sampled_sde_of(steps: &Dynamics, sde: &Dynamics) -> bool {
    let sampled = |sde: &Dynamics| matches!(sde, Dynamics::Adam(adam) if adam.second_moment() == SecondMoment::Sampled);
    matches!(steps, Dynamics::AdamSteps(steps) if steps.is_plain()) && sampled(sde)
}

/// `0.998 to 1.012`, or one number.
fn span(lo: f64, hi: f64) -> String {
    let (lo, hi) = (format!("{lo:.3}"), format!("{hi:.3}"));
    if lo == hi { lo } else { format!("{lo} to {hi}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::{Confidence, LevelMean, fit_slope};

    /// 190 of 200 is what is expected; 175 has a probability of 2e-5 (binomial) and is reported, 184 has .05 and is not.
    #[test]
    fn coverage_is_compared_with_its_expectation() {
        let sentence = |count: usize| coverage_sentence(&(0..200).map(|i| i < count).collect::<Vec<_>>()).unwrap();
        assert!(sentence(190).starts_with("190 of 200 intervals for E Γ contain the exact value; 190.0 are expected."));
        assert!(!sentence(184).contains("fewer") && sentence(175).contains("fewer than chance explains (p < 0.001)"));
        assert_eq!(coverage_sentence(&[]), None);
    }

    /// A power of -1.2 is consistent with α = 1.2; the slope -1.155 ± .011 of an asymmetric basin is not.
    #[test]
    fn a_slope_that_contradicts_the_claim_is_reported() {
        let fit = |slope: f64| {
            let levels = [0.1f64, 0.03, 0.01, 0.003].map(|e| {
                let mean = Estimate::symmetric(e.powf(slope), 0.03 * e.powf(slope));
                LevelMean::new(e, mean, Confidence::DEFAULT).unwrap()
            });
            fit_slope(&levels, Confidence::DEFAULT).unwrap()
        };
        assert_eq!(slope_verdict(&fit(-1.2), 1.2), "consistent with −α");
        assert_eq!(slope_verdict(&fit(-1.23), 1.2), "slope differs from −α by −0.030 in this range");
        assert_eq!(slope_verdict(&fit(-1.155), 1.2), "slope differs from −α by +0.045 in this range");
    }
}
