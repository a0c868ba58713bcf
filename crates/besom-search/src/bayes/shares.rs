//! The shares of categories: how many runs each value of a category gets whatever a model says of it.
//!
//! A family of models is more than the two runs that happen to be among the first points. If both are bad by chance, the
//! model of all runs expects nothing of the family, and a model of its runs alone, which has seen one level, is as sure
//! (decision 89).

use besom_core::{Ask, Point};

use super::axis::same_category;
use super::encode::Encoding;

/// How many runs of a value are enough to judge it by. With 4 a family of which few points are good is missed more
/// often, with 7 too few runs are left for the best one (decision 89).
const ENOUGH: usize = 6;
/// The most values of a category that has shares: more would take most of a sweep.
const VALUES: usize = 8;

/// The values of all categories, with their runs.
pub(super) struct Shares {
    categories: Vec<Category>,
    /// How many runs there are.
    runs: usize,
    /// How many runs of a value are enough in this sweep.
    enough: usize,
}

/// A category.
struct Category {
    axis: usize,
    values: Vec<Share>,
}

/// A value of a category.
struct Share {
    coordinate: f64,
    probability: f64,
    runs: usize,
}

impl Shares {
    /// Of the runs in the history of an ask.
    pub(super) fn new(ask: &Ask<'_>, encoding: &Encoding) -> Self {
        // Of a category that is not always there, the runs without it lie at its first value, but don't have it.
        let axes = encoding.axes().iter().enumerate().filter(|(axis, _)| encoding.is_always_active(*axis));
        let categories = axes.filter_map(|(axis, kind)| {
            let share = |(coordinate, probability)| {
                let probability = encoding.legal_probability(axis, coordinate).unwrap_or(probability);
                Share { coordinate, probability, runs: 0 }
            };
            let values: Vec<Share> = kind.categories().into_iter().map(share).collect();
            (2..=VALUES).contains(&values.len()).then_some(Category { axis, values })
        });
        let mut shares = Self { categories: categories.collect(), runs: 0, enough: ENOUGH };
        let most = shares.categories.iter().map(|category| category.values.len()).max().unwrap_or(1);
        // At most half of a bounded sweep.
        if let Some(cap) = ask.problem.run_cap.and_then(|cap| usize::try_from(cap).ok()) {
            shares.enough = ENOUGH.min(cap / (2 * most));
        }
        for run in ask.history.runs() {
            shares.record(encoding, &run.point);
        }
        shares
    }

    /// Counts the run or suggestion of a point.
    pub(super) fn record(&mut self, encoding: &Encoding, point: &Point) {
        self.runs += 1;
        for Category { axis, values } in &mut self.categories {
            let value = point.get(&encoding.names()[*axis]);
            let Some(coordinate) = value.and_then(|value| encoding.axes()[*axis].encode(value)) else {
                continue;
            };
            let same = |share: &&mut Share| same_category(share.coordinate, coordinate);
            values.iter_mut().filter(same).for_each(|share| share.runs += 1);
        }
    }

    /// The axis and coordinate of the value that lacks most of its share, if one does.
    pub(super) fn owed(&self) -> Option<(usize, f64)> {
        let lacking = |value: &Share| {
            (self.runs as f64 * value.probability).min(self.enough as f64) - value.runs as f64
        };
        let values = self.categories.iter().flat_map(|c| c.values.iter().map(move |value| (c.axis, value)));
        let owed = values.map(|(axis, value)| (lacking(value), axis, value.coordinate));
        let most = owed.filter(|(lacking, ..)| *lacking >= 1.0).reduce(|a, b| if b.0 > a.0 { b } else { a });
        most.map(|(_, axis, coordinate)| (axis, coordinate))
    }
}
