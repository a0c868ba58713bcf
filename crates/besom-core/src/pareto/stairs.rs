//! A front of two losses that grows point by point.

use super::extent;

/// What points dominate below a corner in the plane: the stairs that they form, the first loss ascending and the second
/// descending.
#[derive(Debug)]
pub(super) struct Stairs {
    corner: [f64; 2],
    steps: Vec<(f64, f64)>,
}

impl Stairs {
    /// Of no point yet.
    pub(super) fn below(corner: [f64; 2]) -> Self {
        Self { corner, steps: Vec::new() }
    }

    /// Adds a point, and returns by how much the dominated area grows; `None` if one before is at least as good
    /// everywhere.
    pub(super) fn insert(&mut self, x: f64, y: f64) -> Option<f64> {
        let Self { corner, steps } = self;
        let at = steps.partition_point(|step| step.0 <= x);
        let before = at.checked_sub(1).map(|k| steps[k]);
        if before.is_some_and(|before| before.1 <= y) {
            return None;
        }
        let first = at - usize::from(before.is_some_and(|before| before.0 >= x));
        let (mut last, mut left, mut level, mut gain) =
            (at, x, before.map_or(corner[1], |before| before.1), 0.0);
        loop {
            let next = steps.get(last).copied();
            let right = next.map_or(corner[0], |next| next.0);
            gain += extent(right - left, level - y);
            match next {
                Some(next) if next.1 >= y => (left, level, last) = (right, next.1, last + 1),
                _ => break,
            }
        }
        steps.splice(first..last, [(x, y)]);
        Some(gain)
    }
}
