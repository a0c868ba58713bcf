//! Fronts of several losses: which results no other one beats, the volume that they dominate, and what is left
//! to be gained beside them.
//!
//! All losses are minimized; a metric to maximize enters as its negative ([`Goal::to_loss`](crate::Goal::to_loss)).
//! A *reference* is the corner beyond which a result is worth nothing. A vector of losses with a NaN is no result:
//! it dominates nothing, is on no front and counts nothing.
//!
//! ```
//! use besom_core::pareto;
//!
//! // Loss and latency of four runs.
//! let losses = [vec![0.2, 80.0], vec![0.5, 40.0], vec![0.6, 70.0], vec![0.9, 10.0]];
//! assert!(pareto::dominates(&losses[1], &losses[2]));
//! assert_eq!(pareto::front(&losses), [0, 1, 3]);
//! let volume = pareto::hypervolume(&losses, &[1.0, 100.0]);
//! assert!((volume - 39.0).abs() < 1e-12);
//! ```

mod cells;
mod stairs;
#[cfg(test)]
#[expect(clippy::float_cmp, reason = "volumes of whole numbers are whole numbers")]
mod tests;

use std::cmp::Ordering;

pub use cells::{Cell, cells};
use stairs::Stairs;

/// Whether losses `a` are at most those of `b` everywhere, and less in one; never of vectors of different lengths.
pub fn dominates(a: &[f64], b: &[f64]) -> bool {
    let mut less = false;
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| {
            less |= a < b;
            a <= b
        })
        && less
}

/// The places of those that no other one dominates, in ascending order. Equal ones are all on the front or all not.
///
/// The vectors have one length; of others only those count that have the length of the first. Costs O(n log n) for up to
/// three losses, apart from moves in memory, and O(n f) for more, where f is the size of the front.
pub fn front(losses: &[Vec<f64>]) -> Vec<usize> {
    let Some(metrics) = losses.first().map(Vec::len) else { return Vec::new() };
    let usable = |&i: &usize| losses[i].len() == metrics && !losses[i].iter().any(|x| x.is_nan());
    let mut order: Vec<usize> = (0..losses.len()).filter(usable).collect();
    // What dominates a vector comes before it in this order.
    order.sort_by(|&i, &j| lexicographic(&losses[i], &losses[j]));
    let mut members: Vec<usize> = Vec::new();
    let mut stairs = Stairs::below([f64::INFINITY; 2]);
    for i in order {
        let own = &losses[i];
        let again = members.last().is_some_and(|&last| losses[last] == *own);
        let is_member = again
            || match own[..] {
                [] | [_] => members.is_empty(),
                [_, b] => stairs.insert(b, 0.0).is_some(),
                [_, b, c] => stairs.insert(b, c).is_some(),
                _ => !members.iter().any(|&member| dominates(&losses[member], own)),
            };
        members.extend(is_member.then_some(i));
    }
    members.sort_unstable();
    members
}

/// By the first loss, equal ones by the second, and so on; -0.0 is 0.0, nothing is NaN.
fn lexicographic(a: &[f64], b: &[f64]) -> Ordering {
    a.partial_cmp(b).unwrap_or(Ordering::Equal)
}

/// The volume that these losses dominate below the reference: the *hypervolume*, also S-metric, exactly. Those that are
/// not better than the reference everywhere count nothing, and so do dominated and repeated ones.
///
/// Costs O(n log n) for up to three losses, apart from moves in memory, and n times as much for each one more.
///
/// ```
/// use besom_core::pareto::hypervolume;
///
/// assert_eq!(hypervolume(&[vec![1.0, 2.0], vec![2.0, 1.0]], &[3.0, 3.0]), 3.0);
/// assert_eq!(hypervolume(&[vec![1.0, 4.0]], &[3.0, 3.0]), 0.0);
/// ```
pub fn hypervolume(front: &[Vec<f64>], reference: &[f64]) -> f64 {
    volume(&better(front, reference), reference)
}

/// Those that are better than the reference everywhere, the smallest last loss first.
fn better<'a>(losses: &'a [Vec<f64>], reference: &[f64]) -> Vec<&'a [f64]> {
    let is_better =
        |own: &&[f64]| own.len() == reference.len() && own.iter().zip(reference).all(|(x, r)| x < r);
    let mut better: Vec<&[f64]> = losses.iter().map(Vec::as_slice).filter(is_better).collect();
    better.sort_by(|a, b| a.last().partial_cmp(&b.last()).unwrap_or(Ordering::Equal));
    better
}

/// Of losses as [`better`] gives them.
fn volume(losses: &[&[f64]], reference: &[f64]) -> f64 {
    match *reference {
        [] => 0.0,
        [r] => losses.iter().map(|own| r - own[0]).fold(0.0, f64::max),
        [r, s] => {
            let mut stairs = Stairs::below([r, s]);
            losses.iter().filter_map(|own| stairs.insert(own[0], own[1])).sum()
        }
        [r, s, t] => {
            let mut stairs = Stairs::below([r, s]);
            let (mut sum, mut area) = (0.0, 0.0);
            for (i, own) in losses.iter().enumerate() {
                area += stairs.insert(own[0], own[1]).unwrap_or(0.0);
                let end = losses.get(i + 1).map_or(t, |next| next[2]);
                sum += extent(area, end - own[2]);
            }
            sum
        }
        [ref others @ .., last] => {
            let slab =
                |(losses, from, to): (Vec<&[f64]>, f64, f64)| extent(volume(&losses, others), to - from);
            slabs(losses, last).map(slab).sum()
        }
    }
}

/// The slabs along the last loss up to `end`, each with what was dominated below it: the other losses of those that came
/// before, where it begins, and where it ends. Given losses as [`better`] gives them.
fn slabs<'a>(losses: &[&'a [f64]], end: f64) -> impl Iterator<Item = (Vec<&'a [f64]>, f64, f64)> {
    let last = move |own: &[f64]| own.last().copied().unwrap_or(end);
    (1..=losses.len()).filter_map(move |count| {
        let from = last(losses[count - 1]);
        let to = losses.get(count).map_or(end, |next| last(next));
        let others = || {
            let others = losses[..count].iter().map(|own| &own[..own.len() - 1]);
            let mut others: Vec<&[f64]> = others.collect();
            others.sort_by(|a, b| a.last().partial_cmp(&b.last()).unwrap_or(Ordering::Equal));
            others
        };
        (from < to).then(|| (others(), from, to))
    })
}

/// A product of extents, 0 if one of them is: an infinite one times nothing is nothing.
fn extent(a: f64, b: f64) -> f64 {
    if a > 0.0 && b > 0.0 { a * b } else { 0.0 }
}
