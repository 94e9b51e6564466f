//! Where a line leaves a set.

/// The first place behind the edge of a set that a line crosses between `a`, inside, and `b`, outside, to the share `precision` of `b`, or to the
/// last digit.
pub(in crate::landscape) fn edge_between(
    mut a: f64,
    mut b: f64,
    precision: f64,
    is_inside: impl Fn(f64) -> bool,
) -> f64 {
    while b - a > precision * b {
        let middle = 0.5 * (a + b);
        if middle <= a || middle >= b {
            break;
        }
        if is_inside(middle) { a = middle } else { b = middle }
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_is_found_to_its_precision() {
        let edge = 1.0 / 3.0;
        assert!((edge_between(0.0, 1.0, 1e-6, |s| s < edge) - edge) / edge < 1e-6);
        let last = edge_between(0.0, 1.0, 0.0, |s| s < edge);
        assert!(last == edge, "{last}");
    }
}
