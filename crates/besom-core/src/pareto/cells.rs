//! What a front leaves to be gained, cut into axis-parallel boxes.
//!
//! In the plane, a front of n points leaves n + 1 strips. With a third loss, a sweep along it from the best value on
//! meets one point after the other: each cuts the strips that it dominates, and those end there. So there are at most
//! 2n + 1 boxes, as in K. Yang, M. Emmerich, A. Deutz, T. Bäck, "Efficient computation of expected hypervolume improvement
//! using box decomposition algorithms", Journal of Global Optimization 75 (2019), section 4.

use super::{better, slabs};

/// An axis-parallel box of losses: those above `lower` and at most `upper`, in each place.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Cell {
    /// Its best corner; minus infinity where nothing bounds it.
    pub lower: Vec<f64>,
    /// Its worst corner.
    pub upper: Vec<f64>,
}

impl Cell {
    /// The cell, unless it is empty.
    fn some(lower: Vec<f64>, upper: Vec<f64>) -> Option<Self> {
        lower.iter().zip(&upper).all(|(l, u)| l < u).then_some(Self { lower, upper })
    }
}

/// The region below the reference that no point of the front dominates, as boxes that are disjoint and cover it: for a
/// front of n points one box for a single loss, n + 1 for two, at most 2n + 1 for three; slabs of these for more.
///
/// ```
/// use besom_core::pareto::cells;
///
/// let cells = cells(&[vec![1.0, 2.0], vec![2.0, 1.0]], &[3.0, 3.0]);
/// let corners: Vec<&[f64]> = cells.iter().map(|cell| &cell.upper[..]).collect();
/// assert_eq!(corners, [[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]]);
/// assert_eq!(cells[0].lower, [f64::NEG_INFINITY; 2]);
/// assert_eq!(cells[1].lower, [1.0, f64::NEG_INFINITY]);
/// ```
pub fn cells(front: &[Vec<f64>], reference: &[f64]) -> Vec<Cell> {
    below(&better(front, reference), reference)
}

/// Of losses as [`better`] gives them.
fn below(losses: &[&[f64]], reference: &[f64]) -> Vec<Cell> {
    match *reference {
        [] => Vec::new(),
        [r] => {
            let least = losses.iter().map(|own| own[0]).fold(r, f64::min);
            Cell::some(vec![f64::NEG_INFINITY], vec![least]).into_iter().collect()
        }
        [r, s] => {
            let mut strips = Strips::below(r, s);
            losses.iter().for_each(|own| drop(strips.cut(own[0], own[1], 0.0)));
            let flat = |cell: Cell| Cell::some(cell.lower[..2].to_vec(), cell.upper[..2].to_vec());
            strips.open(1.0).filter_map(flat).collect()
        }
        [r, s, t] => {
            let mut strips = Strips::below(r, s);
            let mut cells = Vec::new();
            losses.iter().for_each(|own| cells.extend(strips.cut(own[0], own[1], own[2])));
            cells.extend(strips.open(t));
            cells
        }
        [ref others @ .., last] => {
            let first = losses.first().and_then(|own| own.last()).copied().unwrap_or(last);
            let undominated = (Vec::new(), f64::NEG_INFINITY, first);
            let slabs = std::iter::once(undominated).chain(slabs(losses, last));
            let deepen = |from: f64, to: f64, mut cell: Cell| {
                cell.lower.push(from);
                cell.upper.push(to);
                Cell::some(cell.lower, cell.upper)
            };
            slabs
                .flat_map(|(losses, from, to)| {
                    below(&losses, others).into_iter().filter_map(move |cell| deepen(from, to, cell))
                })
                .collect()
        }
    }
}

/// The strips of the plane that are not dominated, at the place of a sweep along a third loss.
struct Strips {
    /// Where the last one ends.
    right: f64,
    /// By the first loss ascending and the top descending; there is always one.
    strips: Vec<Strip>,
}

/// From here to the next one, up to a top, since a place of the sweep.
#[derive(Clone, Copy)]
struct Strip {
    left: f64,
    top: f64,
    since: f64,
}

impl Strips {
    fn below(right: f64, top: f64) -> Self {
        let whole = Strip { left: f64::NEG_INFINITY, top, since: f64::NEG_INFINITY };
        Self { right, strips: vec![whole] }
    }

    /// Takes away what a point dominates, and returns what ends there.
    fn cut(&mut self, x: f64, y: f64, now: f64) -> Vec<Cell> {
        let first = self.strips.partition_point(|strip| strip.left <= x).saturating_sub(1);
        let hit = self.strips[first..].iter().take_while(|strip| strip.top > y).count();
        if hit == 0 {
            return Vec::new();
        }
        let ended = (first..first + hit).filter_map(|k| self.cell(k, now)).collect();
        let whole = self.strips[first];
        let beside = (whole.left < x).then_some(Strip { since: now, ..whole });
        let under = Strip { left: x, top: y, since: now };
        self.strips.splice(first..first + hit, beside.into_iter().chain([under]));
        ended
    }

    /// What is left at the end of the sweep.
    fn open(&self, end: f64) -> impl Iterator<Item = Cell> {
        (0..self.strips.len()).filter_map(move |k| self.cell(k, end))
    }

    /// The `k`-th strip as a box that ends here.
    fn cell(&self, k: usize, end: f64) -> Option<Cell> {
        let Strip { left, top, since } = self.strips[k];
        let right = self.strips.get(k + 1).map_or(self.right, |next| next.left);
        Cell::some(vec![left, f64::NEG_INFINITY, since], vec![right, top, end])
    }
}
