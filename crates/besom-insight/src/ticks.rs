//! Round values beside an axis, and texts that tell values apart.

use crate::number;

/// The most values beside an evenly laid out axis: a label each 25 pixels of a panel 200 pixels high. Of steps of 1, 2 and 5
/// the next is up to 2.5 times as large, so there are hardly ever fewer than four.
const MOST: u32 = 9;

/// The most decades beside a logarithmic axis.
const DECADES: usize = 7;

/// The most values beside a logarithmic axis that are 1, 2 and 5 of each decade; with more, only decades are labeled.
const MOST_OF_DECADES: usize = 9;

/// Steps between decades, the finest of which that leaves few enough labels is taken. The floats span 617 decades.
const STRIDES: [f64; 8] = [1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0];

/// A number that is not always a float: `mantissa · 10^exponent`, so that 3 · 0.1 is 0.3.
#[derive(Clone, Copy)]
struct Decimal {
    mantissa: f64,
    exponent: i32,
}

impl Decimal {
    /// The smallest of 1, 2 and 5 times a power of ten that is at least `x`, a positive number.
    fn round_up(x: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "an exponent of a float")]
        let exponent = x.log10().floor() as i32;
        let share = x / Self { mantissa: 1.0, exponent }.times(1.0);
        // What differs by rounding only is that step.
        match [1.0, 2.0, 5.0].into_iter().find(|mantissa| share <= mantissa * (1.0 + 1e-9)) {
            Some(mantissa) => Self { mantissa, exponent },
            None => Self { mantissa: 1.0, exponent: exponent + 1 },
        }
    }

    /// The float nearest to this times `n`.
    fn times(self, n: f64) -> f64 {
        let product = n * self.mantissa;
        // Powers up to the 22nd are exact; a quotient of exact numbers is the nearest float.
        if self.exponent < 0 && self.exponent >= -300 {
            product / 10_f64.powi(-self.exponent)
        } else {
            product * 10_f64.powi(self.exponent)
        }
    }
}

/// Multiples of a round step from `low` to `high`, in order; with `unit`, of a round multiple of it. None if the range is
/// empty.
pub(crate) fn even(low: f64, high: f64, unit: Option<f64>) -> Vec<f64> {
    // Halves, whose difference is finite.
    let width = (high / 2.0 - low / 2.0) / f64::from(MOST - 1) * 2.0;
    if !(width > 0.0 && width.is_finite()) {
        return Vec::new();
    }
    // There is nothing between the multiples of a unit.
    let (unit, finest) = unit.map_or((1.0, 0.0), |unit| (unit, 1.0));
    let step = Decimal::round_up((width / unit).max(finest));
    multiples(low, high, |n| step.times(n) * unit, step.times(1.0) * unit)
}

/// Whole numbers, as [`even`].
pub(crate) fn whole(low: f64, high: f64) -> Vec<f64> {
    even(low, high, Some(1.0))
}

fn multiples(low: f64, high: f64, multiple: impl Fn(f64) -> f64, step: f64) -> Vec<f64> {
    // The ends of a range that is itself round belong to it.
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    // Adding zero makes 0 of -0.
    let mut values: Vec<f64> = (0..=2 * MOST)
        .map(|k| first + f64::from(k))
        .take_while(|n| *n <= last)
        .map(|n| multiple(n) + 0.0)
        .filter(|value| value.is_finite())
        .collect();
    values.dedup_by(|a, b| *a <= *b);
    values
}

/// Round values between two positive ones, given by their decimal logarithms, for an axis of logarithms: 1, 2 and 5 of
/// each decade where there is room for them, otherwise decades, otherwise each second, third, .. decade. Multiples of a
/// round step where the range holds fewer than three of them.
pub(crate) fn decades(low: f64, high: f64) -> Vec<f64> {
    let within = |log: f64| low - 1e-9 <= log && log <= high + 1e-9;
    let digits = |exponents: &[f64], mantissas: &[f64]| -> Vec<f64> {
        let all = exponents.iter().flat_map(|&e| mantissas.iter().map(move |&m| (m, e)));
        let inside = all.filter(|(m, e)| within(e + m.log10()));
        #[expect(clippy::cast_possible_truncation, reason = "an exponent of a float")]
        let value = |(mantissa, e): (f64, f64)| Decimal { mantissa, exponent: e as i32 }.times(1.0);
        inside.map(value).filter(|value| value.is_finite() && *value > 0.0).collect()
    };
    let exponents: Vec<f64> =
        (-330..=310).map(f64::from).filter(|e| low.floor() <= *e && *e <= high.ceil()).collect();
    let fine = digits(&exponents, &[1.0, 2.0, 5.0]);
    if fine.len() < 3 {
        return even(10_f64.powf(low), 10_f64.powf(high), None);
    }
    if fine.len() <= MOST_OF_DECADES {
        return fine;
    }
    let every = |stride: f64| -> Vec<f64> {
        let some: Vec<f64> = exponents.iter().copied().filter(|e| e % stride == 0.0).collect();
        digits(&some, &[1.0])
    };
    let few_enough = |values: &Vec<f64>| values.len() <= DECADES;
    STRIDES.into_iter().map(every).find(few_enough).unwrap_or(fine)
}

/// Texts of evenly laid out round values: all with as many decimals as it takes to tell them apart, with exponents if
/// those save at least three letters.
pub(crate) fn texts(values: &[f64]) -> Vec<String> {
    let gap = values.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    let gap = if gap.is_finite() { gap } else { values.iter().fold(0.0, |_, v| v.abs()) };
    let is_near = |text: &str, value: f64| text.parse().is_ok_and(|t: f64| (t - value).abs() <= 1e-3 * gap);
    let shortest = |write: fn(f64, usize) -> String| -> Vec<String> {
        let all = |digits| values.iter().map(|&value| write(value, digits)).collect::<Vec<_>>();
        let exact = |texts: &Vec<String>| texts.iter().zip(values).all(|(text, &v)| is_near(text, v));
        (0..=17).map(all).find(exact).unwrap_or_else(|| all(17))
    };
    let plain = shortest(|value, digits| rounded(&format!("{value:.digits$}")).to_string());
    let powers = shortest(|value, digits| match rounded(&format!("{value:.digits$e}")) {
        0.0 => "0".to_owned(),
        value => format!("{value:e}"),
    });
    let longest = |texts: &[String]| texts.iter().map(String::len).max().unwrap_or(0);
    if longest(&plain) >= longest(&powers) + 3 { powers } else { plain }
}

fn rounded(text: &str) -> f64 {
    // Adding zero makes 0 of -0.
    text.parse::<f64>().unwrap_or(f64::NAN) + 0.0
}

/// Texts of values of a logarithmic axis, each as short as it is alone.
pub(crate) fn texts_of_decades(values: &[f64]) -> Vec<String> {
    let short = |&value: &f64| -> Option<String> {
        let text = number(value, 1, 1e-3..1e5);
        text.parse().is_ok_and(|v: f64| (v / value - 1.0).abs() < 1e-9).then_some(text)
    };
    values.iter().map(short).collect::<Option<_>>().unwrap_or_else(|| texts(values))
}

/// Texts of any values: four digits, or as many as it takes to tell different ones apart and to show that a value is not a
/// whole number.
///
/// ```
/// use besom_insight::numbers;
///
/// assert_eq!(numbers(&[0.123456, 2.0]), ["0.1235", "2"]);
/// assert_eq!(numbers(&[0.99999, 1.000008]), ["0.99999", "1.00001"]);
/// ```
pub fn numbers(values: &[f64]) -> Vec<String> {
    let all = |digits| values.iter().map(|&value| number(value, digits, 1e-4..1e7)).collect::<Vec<_>>();
    let is_whole = |value: f64| value.fract() == 0.0;
    let distinct = |mut texts: Vec<String>| {
        texts.sort();
        texts.dedup();
        texts.len()
    };
    // What differs in the fourteenth digit differs by rounding.
    let different = distinct(all(13));
    let tells = |texts: &Vec<String>| {
        let honest = |(text, &v): (&String, &f64)| is_whole(v) || !text.parse().is_ok_and(is_whole);
        distinct(texts.clone()) >= different && texts.iter().zip(values).all(honest)
    };
    (4..=17).map(all).find(tells).unwrap_or_else(|| all(17))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The round values from `low` to `high` are labeled so.
    fn check_even(low: f64, high: f64, expected: &[&str]) {
        assert_eq!(texts(&even(low, high, None)), expected, "{low} .. {high}");
    }

    /// The same on a logarithmic axis.
    fn check_decades(low: f64, high: f64, expected: &[&str]) {
        assert_eq!(texts_of_decades(&decades(low.log10(), high.log10())), expected, "{low} .. {high}");
    }

    #[test]
    fn an_even_axis_has_round_values() {
        check_even(0.0, 0.5, &["0", "0.1", "0.2", "0.3", "0.4", "0.5"]);
        check_even(-1.0, 1.0, &["-1", "-0.5", "0", "0.5", "1"]);
        check_even(0.03, 0.98, &["0.2", "0.4", "0.6", "0.8"]);
        check_even(0.0, 1e6, &["0", "2e5", "4e5", "6e5", "8e5", "1e6"]);
        check_even(0.0, 5e4, &["0", "10000", "20000", "30000", "40000", "50000"]);
        check_even(0.0, 3e-7, &["0", "5e-8", "1e-7", "1.5e-7", "2e-7", "2.5e-7", "3e-7"]);
        check_even(1.0, 1.0, &[]);
        check_even(f64::NEG_INFINITY, 1.0, &[]);
        check_even(-1e307, 1e307, &["-1e307", "-5e306", "0", "5e306", "1e307"]);
        check_even(0.04, 1.26, &["0.2", "0.4", "0.6", "0.8", "1", "1.2"]);
    }

    #[test]
    fn values_that_differ_are_labeled_differently() {
        check_even(0.99999, 1.000035, &["0.99999", "1", "1.00001", "1.00002", "1.00003"]);
        check_even(
            -1_234_567.0,
            -1_234_566.1,
            &["-1234567", "-1234566.8", "-1234566.6", "-1234566.4", "-1234566.2"],
        );
        let close = even(1.0, 1.0 + 4.0 * f64::EPSILON, None);
        let mut distinct = texts(&close);
        distinct.dedup();
        assert_eq!(distinct.len(), close.len(), "{distinct:?}");
        assert_eq!(numbers(&[1_234_567.25, 2.0, 0.1]), ["1234567.2", "2", "0.1"]);
        assert_eq!(numbers(&[0.12345, 0.12346]), ["0.12345", "0.12346"]);
    }

    #[test]
    fn a_logarithmic_axis_has_decades() {
        check_decades(1e-8, 1e-2, &["1e-8", "1e-7", "1e-6", "1e-5", "1e-4", "0.001", "0.01"]);
        check_decades(1e-8, 1.0, &["1e-8", "1e-6", "1e-4", "0.01", "1"]);
        check_decades(1e-3, 3.0, &["0.001", "0.01", "0.1", "1"]);
        check_decades(0.1, 1.0, &["0.1", "0.2", "0.5", "1"]);
        check_decades(16.0, 512.0, &["20", "50", "100", "200", "500"]);
        check_decades(0.9, 0.99, &["0.9", "0.92", "0.94", "0.96", "0.98"]);
        check_decades(1e-300, 1e300, &["1e-300", "1e-200", "1e-100", "1", "1e100", "1e200", "1e300"]);
    }

    #[test]
    fn multiples_of_a_unit_are_labeled() {
        assert_eq!(even(16.0, 768.0, Some(64.0)), [128.0, 256.0, 384.0, 512.0, 640.0, 768.0]);
        assert_eq!(even(0.0, 3.0, Some(2.0)), [0.0, 2.0]);
        assert_eq!(whole(1.0, 3.0), [1.0, 2.0, 3.0]);
        assert_eq!(whole(1.0, 60.0), [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]);
    }
}
