//! Medians and quantiles.

/// The middle order statistic; the lower one of two.
pub fn median(values: &mut [f64]) -> f64 {
    let middle = (values.len() - 1) / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// The order statistic with a share `p` of the values below it, by linear interpolation between neighbours.
pub fn quantile(values: &mut [f64], p: f64) -> f64 {
    let place = p * values.len() as f64 - 0.5;
    let below = (place.floor().max(0.0) as usize).min(values.len() - 1);
    let (_, low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    let next = above.iter().copied().fold(f64::INFINITY, f64::min);
    if next.is_finite() { low + (place - below as f64).clamp(0.0, 1.0) * (next - low) } else { low }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        let mut values = [4.0, 1.0, 3.0, 2.0];
        assert_eq!(quantile(&mut values, 0.5), 2.5);
        assert_eq!(quantile(&mut values, 0.0), 1.0);
        assert_eq!(quantile(&mut values, 1.0), 4.0);
        assert_eq!(median(&mut values), 2.0);
    }
}
