//! Curves at a glance: a long curve as a few buckets of equal size.

use crate::Bucket;

/// A view of a part of a curve, into which its values are put in order: what [`Store::curve_view`](crate::Store::curve_view)
/// returns, for whoever has the values.
#[derive(Debug)]
pub struct Buckets {
    from: usize,
    to: usize,
    /// How many values each bucket holds, but for the last.
    size: usize,
    found: Vec<Bucket>,
}

impl Buckets {
    /// An empty view of the values from one place to before another, in at most `count` buckets.
    pub fn new(from: usize, to: usize, count: usize) -> Self {
        let to = if count == 0 { from } else { to };
        let size = to.saturating_sub(from).div_ceil(count.max(1)).max(1);
        Self { from, to, size, found: Vec::new() }
    }

    /// Whether a stretch of the curve has values that belong into the view.
    #[cfg(feature = "sqlite")]
    pub(crate) fn needs(&self, from: usize, count: usize) -> bool {
        from < self.to && from + count > self.from
    }

    /// Takes in the values from a place on, which is where the ones before ended, or where the view begins.
    pub fn extend(&mut self, from: usize, values: &[f64]) {
        let wanted = (from..).zip(values).filter(|(place, _)| (self.from..self.to).contains(place));
        for (place, &value) in wanted {
            if (place - self.from).is_multiple_of(self.size) {
                self.found.push(Bucket::new(place));
            }
            let newest = self.found.last_mut().expect("the first value of a view begins a bucket");
            newest.push(value);
        }
    }

    /// The buckets, none of them empty.
    pub fn finish(self) -> Vec<Bucket> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(values: &[f64], (from, to): (usize, usize), count: usize) -> Vec<(usize, usize, f64, f64)> {
        let mut view = Buckets::new(from, to.min(values.len()), count);
        view.extend(0, values);
        view.finish().into_iter().map(|bucket| (bucket.from, bucket.count, bucket.min, bucket.last)).collect()
    }

    #[test]
    fn buckets_are_equal_but_for_the_last_one() {
        let values: Vec<f64> = (0..10).map(f64::from).collect();
        assert_eq!(view(&values, (0, 10), 3), [(0, 4, 0.0, 3.0), (4, 4, 4.0, 7.0), (8, 2, 8.0, 9.0)]);
        assert_eq!(view(&values, (2, 4), 9), [(2, 1, 2.0, 2.0), (3, 1, 3.0, 3.0)]);
        assert_eq!(view(&values, (3, usize::MAX), 1), [(3, 7, 3.0, 9.0)]);
    }

    #[test]
    fn nothing_is_seen_through_no_bucket_of_no_value_and_from_beyond_the_end() {
        assert_eq!(view(&[1.0, 2.0], (0, 2), 0), []);
        assert_eq!(view(&[], (0, 9), 3), []);
        assert_eq!(view(&[1.0], (5, 9), 3), []);
        assert_eq!(view(&[1.0, 2.0], (1, 0), 3), []);
    }

    #[test]
    fn what_is_no_number_counts_and_shows_nothing() {
        let mut view = Buckets::new(0, 3, 1);
        view.extend(0, &[f64::NAN, 2.0, f64::NAN]);
        let bucket = view.finish()[0];
        assert_eq!((bucket.count, bucket.first, bucket.last), (3, 2.0, 2.0));
        let mut view = Buckets::new(0, 1, 1);
        view.extend(0, &[f64::NAN]);
        assert!(view.finish()[0].min.is_nan());
    }
}
