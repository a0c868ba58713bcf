//! Medians, quantiles, ranks, a hash.

/// The median; 0 of nothing.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    quantile(values, 0.5)
}

/// The quantile of sorted values, interpolated between two; 0 of nothing.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = q.clamp(0.0, 1.0) * last as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the slice")]
    let below = place as usize;
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    match place - below as f64 {
        // Infinite values must not meet 0 times infinity.
        0.0 => low,
        share => low + (high - low) * share,
    }
}

/// The mean; 0 of nothing.
pub(crate) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// The rank of each value from 1, the smallest first; equal values share the mean of their ranks.
pub(crate) fn ranks(values: &[f64]) -> Vec<f64> {
    let count = |holds: &dyn Fn(f64) -> bool| values.iter().filter(|&&value| holds(value)).count() as f64;
    let rank = |&value: &f64| {
        let (less, equal) = (count(&|other| other < value), count(&|other| other.total_cmp(&value).is_eq()));
        less + (equal + 1.0) / 2.0
    };
    values.iter().map(rank).collect()
}

/// A value as it is ranked: to ten digits after the point, so that rounding errors are ties.
pub(crate) fn for_ranking(value: f64) -> f64 {
    format!("{value:.10}").parse::<f64>().unwrap_or(value) + 0.0
}

/// The FNV-1a hash of a text. It is the same on every machine and in every version, as the seeds made of it must be.
pub(crate) fn digest(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_of_ties_are_shared() {
        assert_eq!(ranks(&[2.0, 1.0, 2.0, 5.0]), [2.5, 1.0, 2.5, 4.0]);
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "these are exact")]
    fn quantiles_are_interpolated() {
        assert_eq!([quantile(&[0.0, 1.0, 3.0], 0.75), median(&mut []), mean(&[])], [2.0, 0.0, 0.0]);
        assert_eq!([median(&mut [f64::INFINITY, 2.0])], [f64::INFINITY]);
    }
}
