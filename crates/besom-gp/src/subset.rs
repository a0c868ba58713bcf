//! Which observations stand for all where there are too many.

/// The places of the losses, best first; the earlier one first at a tie.
pub fn by_loss(losses: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..losses.len()).collect();
    order.sort_by(|&a, &b| losses[a].total_cmp(&losses[b]));
    order
}

/// All places if they are at most `most`, else `count` of them: half of them the best, the others evenly from the rest. `order`
/// has the places best first, see [`by_loss`]; the answer is in rising order.
///
/// ```
/// use besom_gp::{by_loss, subset};
///
/// let order = by_loss(&[5.0, 0.5, 4.0, 0.25, 3.0, 2.0]);
/// assert_eq!(subset(&order, 5, 4), [0, 1, 3, 4]);
/// assert_eq!(subset(&order, 6, 4), [0, 1, 2, 3, 4, 5]);
/// ```
pub fn subset(order: &[usize], most: usize, count: usize) -> Vec<usize> {
    let mut chosen = if order.len() <= most {
        order.to_vec()
    } else {
        let (best, rest) = order.split_at(count / 2);
        let mut rest = rest.to_vec();
        rest.sort_unstable();
        let share = count - best.len();
        let evenly = (0..share).map(|k| rest[k * rest.len() / share]);
        best.iter().copied().chain(evenly).collect()
    };
    chosen.sort_unstable();
    chosen
}
