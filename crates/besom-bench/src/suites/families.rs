//! A choice of model families as real trainings have it: accuracy of five classifiers of scikit-learn on its data sets.
//!
//! Each family was trained once on a grid of its two parameters, by `scripts/families_table.py`; a run gets the number of
//! examples that the nearest of these trainings had right. The space is flat, as in the suite `choice`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use besom_core::{Distribution, Space};
use libm::log;
use serde::Deserialize;

use super::{Function, built, place};
use crate::{Suite, Task};

/// Families of classifiers on data sets of scikit-learn.
pub fn families() -> Suite {
    let task = |name: &'static String| {
        Task::new(format!("families_{name}"), 50, move |_| Ok(table().function(name))).instances(1)
    };
    let tasks = table().data.keys().map(task).collect();
    Suite::new(
        "families",
        "accuracy of five families of classifiers, looked up in a table of real trainings",
        tasks,
    )
}

/// The results of all trainings.
#[derive(Debug, Deserialize)]
struct Table {
    families: BTreeMap<String, [Range; 2]>,
    data: BTreeMap<String, Results>,
}

/// A parameter and its bounds, over a log scale.
type Range = (String, f64, f64);

/// The results on one data set.
#[derive(Debug, Deserialize)]
struct Results {
    /// How many examples were held out.
    examples: f64,
    /// How many of them were right, by family and by the places of its two parameters in the grid.
    right: BTreeMap<String, Vec<Vec<f64>>>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        serde_json::from_str(include_str!("../../data/families.json"))
            .expect("the file is tested to be a table")
    })
}

impl Table {
    fn space(&self) -> Space {
        let space = Space::builder().choice("model", self.families.keys().cloned());
        let own = self.families.values().flatten();
        built(own.fold(space, |space, (name, min, max)| {
            space.parameter(name.clone(), Distribution::log_uniform(*min, *max))
        }))
    }

    fn function(&'static self, name: &str) -> Function {
        let Results { examples, right } = &self.data[name];
        let grids: Vec<_> = self.families.iter().map(|(family, ranges)| (ranges, &right[family])).collect();
        let best =
            right.values().flat_map(|grid| grid.iter().flatten()).fold(0.0, |best: f64, &n| best.max(n));
        let accuracy = move |v: &[f64]| {
            let family = place(v[0]);
            let (ranges, grid) = &grids[family];
            let node = |i: usize, count| nearest(&ranges[i], v[1 + 2 * family + i], count);
            let row = &grid[node(0, grid.len())];
            row[node(1, row.len())] / examples
        };
        Function::new(self.space(), accuracy).maximize("accuracy").best(best / examples)
    }
}

/// The place of the value in a grid of `count` values from bound to bound.
fn nearest((_, min, max): &Range, value: f64, count: usize) -> usize {
    let last = count - 1;
    place((log(value / min) / log(max / min) * last as f64).round()).min(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_a_result_at_each_place_of_its_grid() {
        let Table { families, data } = table();
        for (name, Results { examples, right }) in data {
            assert!(right.keys().eq(families.keys()), "{name}");
            for grid in right.values() {
                assert!(grid.iter().all(|row| row.len() == grid.len()), "{name}");
                assert!(grid.iter().flatten().all(|n| (0.0..=*examples).contains(n)), "{name}");
            }
        }
    }

    #[test]
    fn a_value_is_that_of_the_nearest_training() {
        let range = ("c".to_owned(), 1e-3, 1e3);
        assert_eq!([1e-3, 1.2e-3, 1.0, 900.0, 1e3].map(|c| nearest(&range, c, 13)), [0, 0, 6, 12, 12]);
    }
}
