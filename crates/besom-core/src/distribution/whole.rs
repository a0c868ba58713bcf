//! Uniform whole numbers, exact up to the whole range of `i64`.

use serde_json::Value;

/// The smallest k in 1 ..= `n` with k / n >= u.
pub(super) fn rank(n: u128, u: f64) -> u128 {
    if u >= 1.0 {
        return n;
    }
    let share = |k: u128| k as f64 / n as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and n, then clamped"
    )]
    let k = ((u * n as f64).ceil() as u128).clamp(1, n);
    // The product is rounded; the definition decides, as long as floats can tell the shares apart.
    if n > 1 << 53 {
        k
    } else if k > 1 && share(k - 1) >= u {
        k - 1
    } else if k < n && share(k) < u {
        k + 1
    } else {
        k
    }
}

pub(super) fn quantile(min: i64, max: i64, u: f64) -> i64 {
    let k = rank(count(min, max), u) - 1;
    i64::try_from(i128::from(min) + k.cast_signed()).unwrap_or(max)
}

/// The probability of numbers up to `value`; `None` if it is not a number.
pub(super) fn cdf(min: i64, max: i64, value: &Value) -> Option<f64> {
    let n = count(min, max) as f64;
    let below = match value.as_i64() {
        Some(x) => (i128::from(x) - i128::from(min) + 1) as f64,
        None => value.as_f64()?.floor() - min as f64 + 1.0,
    };
    Some((below / n).clamp(0.0, 1.0))
}

pub(super) fn contains(min: i64, max: i64, value: &Value) -> bool {
    integer(value).is_some_and(|x| (min..=max).contains(&x))
}

/// The value as an integer, if it is one, be it written as a float.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    const END: f64 = 9_223_372_036_854_775_808.0;
    value.as_i64().or_else(|| {
        let x = value.as_f64()?;
        #[expect(clippy::cast_possible_truncation, reason = "whole and in range")]
        ((-END..END).contains(&x) && x.fract() == 0.0).then_some(x as i64)
    })
}

/// How many whole numbers there are from `min` to `max`; at least 1.
pub(crate) fn count(min: i64, max: i64) -> u128 {
    u128::try_from(i128::from(max) - i128::from(min) + 1).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn a_quantile_is_the_smallest_number_whose_cdf_reaches(a in any::<i64>(), width in 1_i64..5_000_000, u in 0.0..=1.0) {
            let (min, max) = (a.min(i64::MAX - width), a.min(i64::MAX - width) + width);
            let x = quantile(min, max, u);
            prop_assert!((min..=max).contains(&x));
            prop_assert!(cdf(min, max, &json!(x)).is_some_and(|p| p >= u));
            prop_assert!(x == min || cdf(min, max, &json!(x - 1)).is_some_and(|p| p < u));
        }

        #[test]
        fn ranges_up_to_all_integers_are_exact_at_the_ends(a in any::<i64>(), b in any::<i64>()) {
            let (min, max) = (a.min(b), a.max(b));
            prop_assert_eq!(quantile(min, max, 0.0), min);
            prop_assert_eq!(quantile(min, max, 1.0), max);
            prop_assert!((min..=max).contains(&quantile(min, max, 1.0 - f64::EPSILON / 2.0)));
        }
    }

    #[test]
    fn all_integers_are_a_range() {
        assert_eq!(quantile(i64::MIN, i64::MAX, 0.0), i64::MIN);
        assert_eq!(quantile(i64::MIN, i64::MAX, 0.5), -1);
        assert_eq!(quantile(i64::MIN, i64::MAX, 1.0), i64::MAX);
    }

    #[test]
    fn whole_floats_count_as_integers_and_others_do_not() {
        assert_eq!(integer(&json!(-3.0)), Some(-3));
        for other in
            [json!(2.5), json!(9_223_372_036_854_775_808.0), json!(u64::MAX), json!("3"), json!(null)]
        {
            assert_eq!(integer(&other), None, "{other}");
        }
    }
}
