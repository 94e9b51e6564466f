//! Axes: a scale, a range, and ticks where a reader expects them.
//!
//! Logarithmic axes carry decades written as powers of ten, both ends included, with minor ticks at 2 to 9; one that
//! spans less than a decade or so is labelled in plain numbers. Labels thin out before they could touch.

use super::text;

/// How a value becomes a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// In proportion.
    #[default]
    Linear,
    /// In proportion to the logarithm; zero and below cannot be shown.
    Log,
}

impl Scale {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Scale::Linear => "linear",
            Scale::Log => "log",
        }
    }
}

/// A tick.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Its value on the axis.
    pub value: f64,
    /// Its label; a minor tick has none.
    pub label: Option<String>,
}

/// An axis with its label and range, `lo < hi` unless it has names.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What is measured along it.
    pub label: String,
    /// How values become places.
    pub scale: Scale,
    /// Value at the left or bottom end.
    pub lo: f64,
    /// Value at the right or top end.
    pub hi: f64,
    /// Names of the places 0, 1, 2, … from the top of a vertical axis, in place of numbers.
    pub names: Vec<String>,
}

impl Axis {
    /// A vertical axis with a row for every name, the first at the top.
    pub fn named(label: &str, names: Vec<String>) -> Self {
        let lo = names.len() as f64 - 0.5;
        Axis { label: label.to_owned(), scale: Scale::Linear, lo, hi: -0.5, names }
    }

    /// The axis that shows all `values` that its scale can show, with some room on both sides; `None` if there are none.
    pub fn over(label: &str, scale: Scale, values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let usable = values.into_iter().filter(|v| v.is_finite() && (scale == Scale::Linear || *v > f64::MIN_POSITIVE));
        let (lo, hi) = usable.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
        if lo > hi {
            return None;
        }
        let (lo, hi) = match scale {
            Scale::Linear => {
                let room = if hi > lo { 0.05 * (hi - lo) } else { lo.abs().max(1.0) * 0.5 };
                (lo - room, hi + room)
            }
            Scale::Log => {
                let decades = hi.log10() - lo.log10();
                let room = 10f64.powf(if decades > 1e-9 { (0.05 * decades).max(0.03) } else { 0.5 });
                (lo / room, hi * room)
            }
        };
        Some(Self::between(label, scale, within(scale, lo), within(scale, hi)))
    }

    /// The axis with this share of its length added at either end: room for marks that are shifted aside.
    pub fn roomier(self, share: f64) -> Self {
        Axis { lo: self.value(-share), hi: self.value(1.0 + share), ..self }
    }

    /// The same axis with exactly this range.
    pub fn between(label: &str, scale: Scale, lo: f64, hi: f64) -> Self {
        Axis { label: label.to_owned(), scale, lo, hi, names: Vec::new() }
    }

    /// Place of `value`, 0 at `lo` and 1 at `hi`; minus infinity for what a logarithmic axis cannot show.
    pub fn place(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - self.lo) / (self.hi - self.lo),
            Scale::Log if value > 0.0 => (value.ln() - self.lo.ln()) / (self.hi.ln() - self.lo.ln()),
            Scale::Log if value <= 0.0 => f64::NEG_INFINITY,
            Scale::Log => f64::NAN,
        }
    }

    /// The value at a place.
    pub fn value(&self, place: f64) -> f64 {
        let value = match self.scale {
            Scale::Linear => self.lo + place * (self.hi - self.lo),
            Scale::Log => (self.lo.ln() + place * (self.hi.ln() - self.lo.ln())).exp(),
        };
        within(self.scale, value)
    }

    /// Ticks of an axis that is `length` points long; `footprint` is the length that a label takes along it.
    pub fn ticks(&self, length: f64, footprint: impl Fn(&str) -> f64) -> Vec<Tick> {
        if !self.names.is_empty() {
            let tick = |(row, name): (usize, &String)| Tick { value: row as f64, label: Some(name.clone()) };
            return self.names.iter().enumerate().map(tick).collect();
        }
        match self.scale {
            Scale::Linear => self.linear_ticks(length, &footprint),
            Scale::Log => self.log_ticks(length, &footprint),
        }
    }

    fn linear_ticks(&self, length: f64, footprint: &dyn Fn(&str) -> f64) -> Vec<Tick> {
        let mut last = Vec::new();
        let span = self.hi - self.lo;
        let finest = 10f64.powf((span / 12.0).log10().floor());
        for step in [1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 25.0, 50.0, 100.0].map(|m| m * finest) {
            let first = (self.lo / step - 1e-9).ceil() as i64;
            let end = (self.hi / step + 1e-9).floor() as i64;
            let labels: Vec<Tick> = (first..=end)
                .map(|k| Tick { value: k as f64 * step, label: Some(stepped(k as f64 * step, step)) })
                .collect();
            let widest = labels.iter().filter_map(|t| t.label.as_deref()).map(footprint).fold(0.0, f64::max);
            if labels.len() <= 7 && step / span * length >= widest {
                return if labels.len() >= 2 || last.is_empty() { labels } else { last };
            }
            last = labels;
        }
        Vec::new()
    }

    fn log_ticks(&self, length: f64, footprint: &dyn Fn(&str) -> f64) -> Vec<Tick> {
        let (a, b) = (self.lo.log10(), self.hi.log10());
        let decade = length / (b - a);
        let (first, last) = ((a - 1e-9).ceil() as i32, (b + 1e-9).floor() as i32);
        if last <= first || b - a < 1.5 {
            return self.short_log_ticks(length, footprint);
        }
        let widest = (first..=last).map(|n| footprint(&power_of_ten(n))).fold(0.0, f64::max);
        let step = ((widest / decade).ceil() as i32).clamp(1, last - first);
        let mut ticks = Vec::new();
        // Multiples of the step, unless that leaves fewer than two in sight.
        let origin = if last.div_euclid(step) > (first - 1).div_euclid(step) + 1 { 0 } else { first };
        for n in first - 1..=last {
            let labelled = (n - origin).rem_euclid(step) == 0;
            if n >= first {
                ticks.push(Tick { value: 10f64.powi(n), label: labelled.then(|| power_of_ten(n)) });
            }
            if decade >= 12.0 {
                let inner = (2..10).map(|m| f64::from(m) * 10f64.powi(n)).filter(|v| *v >= self.lo && *v <= self.hi);
                ticks.extend(inner.map(|value| Tick { value, label: None }));
            }
        }
        ticks
    }

    /// At most one and a half decades: 1-2-5 steps, or round numbers where these give too few labels.
    fn short_log_ticks(&self, length: f64, footprint: &dyn Fn(&str) -> f64) -> Vec<Tick> {
        let first = self.lo.log10().floor() as i32;
        let all: Vec<(i32, i32)> = (first..=first + 2)
            .flat_map(|n| (1..10).map(move |m| (m, n)))
            .filter(|&(m, n)| (self.lo..=self.hi).contains(&(f64::from(m) * 10f64.powi(n))))
            .collect();
        let value = |&(m, n): &(i32, i32)| f64::from(m) * 10f64.powi(n);
        let sets: [&[i32]; 4] = [&[1, 2, 3, 4, 5, 6, 7, 8, 9], &[1, 2, 3, 5, 7], &[1, 2, 5], &[1, 3]];
        // Round numbers are unevenly spaced on a logarithmic axis, so they are used for short ranges only, where two ticks are too few.
        let fewest = if self.hi > 4.0 * self.lo { [3, 2] } else { [3, 3] };
        for (fewest, kept) in fewest.into_iter().flat_map(|fewest| sets.map(|kept| (fewest, kept))) {
            let shown: Vec<f64> = all.iter().filter(|(m, _)| kept.contains(m)).map(value).collect();
            let fits = shown.windows(2).all(|w| {
                let apart = (self.place(w[1]) - self.place(w[0])) * length;
                apart >= 0.5 * (footprint(&number(w[0])) + footprint(&number(w[1])))
            });
            if fits && (fewest..=5).contains(&shown.len()) {
                let label = |v: f64| shown.contains(&v).then(|| number(v));
                return all.iter().map(value).map(|v| Tick { value: v, label: label(v) }).collect();
            }
        }
        self.linear_ticks(length, footprint)
    }
}

/// The nearest finite number, positive for a logarithmic scale: room around values near the largest number may lie beyond it.
fn within(scale: Scale, value: f64) -> f64 {
    value.clamp(if scale == Scale::Log { f64::MIN_POSITIVE } else { f64::MIN }, f64::MAX)
}

/// Room that a label takes along a horizontal axis.
pub fn across(label: &str, size: f64) -> f64 {
    text::width(label, size) + 0.9 * size
}

/// `10ⁿ`.
pub fn power_of_ten(n: i32) -> String {
    let digits = n.to_string();
    let raised = digits.chars().map(|c| match c.to_digit(10) {
        Some(d) => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][d as usize],
        None => '⁻',
    });
    "10".chars().chain(raised).collect()
}

/// A number to three significant digits as a figure prints it: `0.05`, `−2`, `1.5×10⁻⁵`.
pub fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".to_owned() } else { value.to_string() };
    }
    let scientific = format!("{value:.2e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    let text = if (-3..5).contains(&exponent) {
        let decimals = trimmed.trim_start_matches('-').len().saturating_sub(2) as i32 - exponent;
        format!("{:.*}", decimals.max(0) as usize, scientific.parse().unwrap_or(value))
    } else {
        match trimmed {
            "1" => power_of_ten(exponent),
            "-1" => format!("-{}", power_of_ten(exponent)),
            mantissa => format!("{mantissa}×{}", power_of_ten(exponent)),
        }
    };
    text.replace('-', "−")
}

/// `value ± half`, both to the first digit of `half`, or to the second if that is a 1.
pub fn with_error(value: f64, half: f64) -> String {
    let decimals = if half > 0.0 { (-(half / 1.95).log10().floor()).clamp(0.0, 6.0) as usize } else { 3 };
    format!("{value:.decimals$} ± {half:.decimals$}").replace('-', "−")
}

/// A multiple of `step` with the decimals that the step needs.
fn stepped(value: f64, step: f64) -> String {
    if value.abs() < 0.5 * step {
        return "0".to_owned();
    }
    if value.abs() >= 1e5 || step < 1e-5 {
        return number(value);
    }
    let decimals = (0..8).find(|&k| ((step * 10f64.powi(k)).round() / (step * 10f64.powi(k)) - 1.0).abs() < 1e-6);
    format!("{value:.*}", decimals.unwrap_or(8) as usize).replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis, length: f64) -> Vec<String> {
        axis.ticks(length, |l| across(l, 7.0)).into_iter().filter_map(|t| t.label).collect()
    }

    #[test]
    fn axes_of_all_finite_numbers_have_few_labels() {
        for [lo, hi] in [[1e-300, 1e300], [1e3, 1e305], [1e-305, 1e-10]] {
            let axis = Axis::over("", Scale::Log, [lo, hi]).unwrap().roomier(0.1);
            assert!(axis.lo > 0.0 && axis.hi < f64::INFINITY && axis.place(lo) > 0.0 && axis.place(hi) <= 1.0);
            let labels = labels(&axis, 150.0);
            assert!((2..=8).contains(&labels.len()), "{labels:?}");
        }
        let axis = Axis::over("", Scale::Linear, [0.0, f64::MAX]).unwrap();
        assert!(axis.hi < f64::INFINITY && labels(&axis, 150.0).len() <= 8);
    }

    #[test]
    fn numbers_are_printed_as_in_a_paper() {
        for (value, text) in [
            (0.05, "0.05"),
            (1.5, "1.5"),
            (-2.0, "−2"),
            (120.0, "120"),
            (1234.0, "1230"),
            (1.5e-5, "1.5×10⁻⁵"),
            (1e4, "10000"),
            (1e5, "10⁵"),
            (0.0, "0"),
            (0.001, "0.001"),
            (9.999, "10"),
            (-1e-7, "−10⁻⁷"),
            (2.25e6, "2.25×10⁶"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn errors_have_a_digit_or_two() {
        assert_eq!(with_error(-1.49812, 0.0043), "−1.498 ± 0.004");
        assert_eq!(with_error(-1.49812, 0.0013), "−1.4981 ± 0.0013");
        assert_eq!(with_error(12.0, 31.0), "12 ± 31");
    }

    #[test]
    fn decades_keep_both_ends() {
        let axis = Axis::between("ε", Scale::Log, 1e-3, 1.0);
        assert_eq!(labels(&axis, 160.0), ["10⁻³", "10⁻²", "10⁻¹", "10⁰"]);
        let minor = axis.ticks(160.0, |l| across(l, 7.0)).iter().filter(|t| t.label.is_none()).count();
        assert_eq!(minor, 24);
    }

    #[test]
    fn names_run_from_the_top_and_all_are_shown() {
        let axis = Axis::named("", ["a", "b", "c"].map(str::to_owned).to_vec());
        assert_eq!(labels(&axis, 1.0), ["a", "b", "c"]);
        let places = [0.0, 1.0, 2.0].map(|row| (6.0 * axis.place(row)).round());
        assert_eq!(places, [5.0, 3.0, 1.0]);
    }

    #[test]
    fn labels_thin_out_when_decades_are_many() {
        for (lo, hi, length) in [(1e-9, 1e9, 60.0), (1e-150, 1e150, 80.0), (1e-3, 1e5, 90.0), (1e-3, 1.0, 30.0)] {
            let shown = labels(&Axis::between("", Scale::Log, lo, hi), length);
            let taken: f64 = shown.iter().map(|l| across(l, 7.0)).sum();
            assert!(shown.len() >= 2 && (taken <= 1.3 * length || shown.len() == 2), "{lo} {hi}: {shown:?}");
        }
    }

    #[test]
    fn short_ranges_get_plain_numbers() {
        assert_eq!(labels(&Axis::between("", Scale::Log, 0.8, 12.0), 120.0), ["1", "2", "5", "10"]);
        assert!(labels(&Axis::between("", Scale::Log, 0.93, 1.08), 120.0).contains(&"1.00".to_owned()));
        assert_eq!(labels(&Axis::between("", Scale::Linear, -0.9, 4.1), 120.0), ["0", "1", "2", "3", "4"]);
        assert_eq!(labels(&Axis::between("", Scale::Linear, 0.9, 1.1), 50.0), ["0.9", "1.0", "1.1"]);
    }

    #[test]
    fn degenerate_ranges_open_and_bad_values_are_skipped() {
        let one = Axis::over("", Scale::Log, [10.0]).unwrap();
        assert!(one.lo < 5.0 && one.hi > 20.0);
        assert!(labels(&one, 100.0).len() >= 2);
        let zero = Axis::over("", Scale::Linear, [0.0, f64::NAN, f64::INFINITY]).unwrap();
        assert_eq!((zero.lo, zero.hi), (-0.5, 0.5));
        assert_eq!(Axis::over("", Scale::Log, [0.0, -1.0, f64::NAN]), None);
        assert_eq!(one.place(0.0), f64::NEG_INFINITY);
        assert!((one.value(one.place(7.0)) - 7.0).abs() < 1e-12);
        assert!(one.place(f64::NAN).is_nan());
    }
}
