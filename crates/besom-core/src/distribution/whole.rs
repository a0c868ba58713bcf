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
    // The product is rounded; the definition decides.
    if k > 1 && share(k - 1) >= u {
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

/// The probability of numbers up to `value`; `None` if it is no number.
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
