//! `[[random_basins]]`: a family of random bowls, to compare measures of flatness.

use super::basin::{BasinMember, read_label};
use crate::experiment::toml::reader::Value;
use crate::landscape::{Basin, Quadratic};
use crate::noise::Seed;
use crate::theory::{RandomBasins, RandomDomain};

/// Largest number of basins of one family.
const MOST_BASINS: u64 = 10_000;
/// Largest dimension: the Hessians are dense.
const MOST_DIMENSIONS: u64 = 200;
/// Numbers that a basin holds for every entry of its Hessian.
const NUMBERS_PER_ENTRY: u64 = 4;

/// Reads one family with all its members.
pub(in crate::experiment) fn read(value: Value<'_>) -> Option<Vec<BasinMember>> {
    if value.reading.budget.is_exhausted() {
        return None;
    }
    let table = value.table()?;
    let name = table.need("name", "\"random\"").and_then(read_label);
    let count = table.need("basins", "200").and_then(|count| count.integer(1, MOST_BASINS));
    let dims = table.need("dim", "[2, 6, 20]").and_then(read_dims);
    let curvature = table.need("curvature", "[0.1, 10.0]").and_then(read_range);
    let domain = match (table.get("level"), table.get("ellipsoid")) {
        (Some(_), Some(ellipsoid)) => {
            ellipsoid.report("give either `level` or `ellipsoid`, not both");
            None
        }
        (Some(level), None) => read_range(level).map(RandomDomain::Level),
        (None, Some(ellipsoid)) => read_range(ellipsoid).map(RandomDomain::Ellipsoid),
        (None, None) => {
            table.need("level", "[0.1, 1.0]");
            None
        }
    };
    let seed = table.get("seed").map_or(Some(0), |seed| seed.integer(0, u64::MAX));
    table.finish();
    let (name, count, dims) = (name?, count?, dims?);
    let family = RandomBasins { dims, curvature: curvature?, domain: domain?, seed: Seed(seed?) };
    let mut basins = Vec::new();
    for number in 0..count {
        let random = family.basin(number);
        let entries = random.hessian.len() as u64;
        value.reading.budget.request(NUMBERS_PER_ENTRY * entries, &value.node.span, &value.reading.diagnostics)?;
        let bowl = value.check(Quadratic::with_hessian(random.hessian.clone()))?;
        let basin = value.check(Basin::new(bowl, random.domain.clone()))?;
        basins.push(BasinMember::random(&name, number + 1, basin, random, value.node.span.clone()));
    }
    Some(basins)
}

fn read_dims(value: Value<'_>) -> Option<Vec<usize>> {
    if !value.is_list() {
        return value.integer(1, MOST_DIMENSIONS).map(|dim| vec![dim as usize]);
    }
    let dims: Option<Vec<u64>> = value.list()?.map(|item| item.integer(1, MOST_DIMENSIONS)).collect();
    let dims: Vec<usize> = dims?.into_iter().map(|dim| dim as usize).collect();
    if dims.is_empty() {
        value.report("`dim` is empty");
        return None;
    }
    Some(dims)
}

/// Two positive numbers in order.
fn read_range(value: Value<'_>) -> Option<[f64; 2]> {
    let ends = value.numbers()?;
    match ends[..] {
        [lo, hi] if lo > 0.0 && lo <= hi => Some([lo, hi]),
        _ => {
            let help = format!("write `{} = [0.1, 10.0]`", value.key);
            value.report_with_help(format!("`{}` must be two positive numbers in order", value.key), help);
            None
        }
    }
}
