//! Lines of equal height in a grid of numbers, by marching triangles: each square of four nodes is cut into two triangles,
//! in which, unlike in a square, a line can run in one way only.

use std::collections::BTreeMap;

/// An edge between two nodes, the smaller number first.
type Edge = (usize, usize);

/// A square grid of numbers, the first coordinate running fastest, with a border of low nodes around it, which closes all
/// lines.
pub(crate) struct Grid {
    /// Nodes along a side, with the border.
    side: usize,
    values: Vec<f64>,
}

impl Grid {
    /// The grid of `nodes` nodes along each side; the first and the last lie at 0 and 1.
    pub(crate) fn new(nodes: usize, values: &[f64]) -> Self {
        let side = nodes + 2;
        let mut padded = vec![f64::NEG_INFINITY; side * side];
        for (row, found) in values.chunks(nodes).take(nodes).enumerate() {
            let start = (row + 1) * side + 1;
            padded[start..start + found.len()].copy_from_slice(found);
        }
        Self { side, values: padded }
    }

    /// The rings around all that is at least `level`. What lies within an odd number of them is.
    pub(crate) fn rings(&self, level: f64) -> Vec<Vec<(f64, f64)>> {
        let mut next = self.segments(level);
        let mut rings = Vec::new();
        while let Some((&start, _)) = next.first_key_value() {
            let mut ring = Vec::new();
            let mut edge = start;
            while let Some(following) = next.remove(&edge) {
                ring.push(self.crossing(edge, level));
                edge = following;
            }
            rings.push(ring);
        }
        rings
    }

    /// For each edge that a line crosses the edge that it crosses next, with what is high at its left.
    fn segments(&self, level: f64) -> BTreeMap<Edge, Edge> {
        let mut next = BTreeMap::new();
        for square in 0..(self.side - 1) * self.side {
            if square % self.side == self.side - 1 {
                continue;
            }
            let corners = [square, square + 1, square + self.side + 1, square + self.side];
            for triangle in [[corners[0], corners[1], corners[2]], [corners[0], corners[2], corners[3]]] {
                next.extend(self.segment(triangle, level));
            }
        }
        next
    }

    fn segment(&self, nodes: [usize; 3], level: f64) -> Option<(Edge, Edge)> {
        let high = nodes.map(|node| self.values[node] >= level);
        // The node that differs from the other two.
        let odd = (0..3).find(|&k| high[k] != high[(k + 1) % 3] && high[k] != high[(k + 2) % 3])?;
        let edge = |k: usize| {
            let (a, b) = (nodes[odd], nodes[(odd + k) % 3]);
            (a.min(b), a.max(b))
        };
        Some(if high[odd] { (edge(1), edge(2)) } else { (edge(2), edge(1)) })
    }

    fn crossing(&self, (a, b): Edge, level: f64) -> (f64, f64) {
        let (from, to) = (self.values[a], self.values[b]);
        let share = match (from.is_finite(), to.is_finite()) {
            (true, true) => (level - from) / (to - from),
            // The border is no place: lines run along the outermost nodes.
            (true, false) => 0.0,
            (false, _) => 1.0,
        };
        let last = (self.side - 3).max(1) as f64;
        let place = |node: usize| ((node % self.side) as f64 - 1.0, (node / self.side) as f64 - 1.0);
        let mixed = |from: f64, to: f64| (from + share * (to - from)) / last;
        let (from, to) = (place(a), place(b));
        (mixed(from.0, to.0), mixed(from.1, to.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The area within rings, those that run the other way around being holes.
    fn area(rings: &[Vec<(f64, f64)>]) -> f64 {
        let twice = |ring: &Vec<(f64, f64)>| -> f64 {
            let pairs = ring.iter().zip(ring.iter().cycle().skip(1));
            pairs.map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum()
        };
        rings.iter().map(twice).sum::<f64>() / 2.0
    }

    fn grid(nodes: usize, f: impl Fn(f64, f64) -> f64) -> Grid {
        let at = |k: usize| k as f64 / (nodes - 1) as f64;
        let values: Vec<f64> = (0..nodes * nodes).map(|i| f(at(i % nodes), at(i / nodes))).collect();
        Grid::new(nodes, &values)
    }

    #[test]
    fn rings_enclose_what_is_high() {
        let hill = grid(41, |x, y| -((x - 0.5).powi(2) + (y - 0.5).powi(2)));
        let rings = hill.rings(-0.09);
        assert_eq!(rings.len(), 1);
        assert!((area(&rings) - std::f64::consts::PI * 0.09).abs() < 2e-3, "{}", area(&rings));
        let slope = grid(11, |x, _| x).rings(0.25);
        assert!((area(&slope) - 0.75).abs() < 1e-9, "{slope:?}");
    }

    #[test]
    fn a_hole_is_a_ring_of_its_own() {
        let bowl = grid(41, |x, y| (x - 0.5).powi(2) + (y - 0.5).powi(2)).rings(0.09);
        assert_eq!(bowl.len(), 2);
        assert!((area(&bowl) - (1.0 - std::f64::consts::PI * 0.09)).abs() < 2e-3, "{}", area(&bowl));
    }

    #[test]
    fn a_plain_has_one_ring_or_none() {
        let plain = grid(5, |_, _| 1.0);
        assert!((area(&plain.rings(1.0)) - 1.0).abs() < 1e-9);
        assert!(plain.rings(1.5).is_empty());
        assert!(grid(5, |_, _| f64::NAN).rings(0.0).is_empty());
    }
}
