//! Models of one branch of a space: of those runs alone that have a certain value of a category.
//!
//! A model of all runs has one length scale per parameter. Where the values of a category have parameters of their own,
//! as kinds of boosters or optimisers do, the runs of the leading branch, which are most, decide that the parameters of
//! the others do not matter; what a sweep saw of these by then is believed to be all there is to them.

use std::collections::BTreeSet;

use besom_gp::GpError;
use rand::{Rng, RngExt};

use super::acquire::{Candidates, Choice, View};
use super::axis::{Key, same_category};
use super::curves::Promise;
use super::encode::Encoding;
use super::surrogate::Surrogate;

/// The most branches that are asked.
const BRANCHES: usize = 8;

/// A branch's model after a suggestion: it stays the same while the branch has no new run.
#[derive(Debug)]
pub(super) struct Known {
    axis: usize,
    value: f64,
    surrogate: Surrogate,
}

/// A branch and its model.
pub(super) struct Branch {
    /// The category, and the coordinate of its value.
    pub(super) axis: usize,
    value: f64,
    candidates: Candidates,
    view: View,
}

impl Branch {
    /// The branches beside that of the best run, one for each other value of each category that a run has; of very many
    /// a random choice. What was `known` of them only makes it faster.
    pub(super) fn others(
        encoding: &Encoding,
        whole: &Surrogate,
        candidates: &Candidates,
        mut known: Vec<Known>,
        rng: &mut impl Rng,
    ) -> Result<Vec<Self>, GpError> {
        let leader = &whole.leaders[0];
        let categories = encoding.axes().iter().enumerate().filter(|(_, axis)| axis.is_categorical());
        let mut places: Vec<(usize, f64)> = categories
            .flat_map(|(k, axis)| axis.neighbours(leader[k]).into_iter().map(move |value| (k, value)))
            .filter(|&(k, value)| whole.knows(k, value))
            .collect();
        while places.len() > BRANCHES {
            places.remove(rng.random_range(0..places.len()));
        }
        let branch = |(axis, value)| {
            let same_branch = |known: &Known| known.axis == axis && same_category(known.value, value);
            let known = known.iter().position(same_branch).map(|place| known.swap_remove(place).surrogate);
            let surrogate = whole.branch(axis, value, known)?;
            let candidates = candidates.within(axis, value, encoding, &surrogate, rng);
            let view = View::new(surrogate, &candidates)?;
            Ok(Self { axis, value, candidates, view })
        };
        places.into_iter().map(branch).collect()
    }

    /// The model, for the next suggestions.
    pub(super) fn into_known(self) -> Known {
        Known { axis: self.axis, value: self.value, surrogate: self.view.surrogate }
    }

    /// Takes note of a run without a value, if it belongs to the branch.
    pub(super) fn believe(&mut self, coordinates: &[f64], promise: Option<Promise>) {
        if same_category(coordinates[self.axis], self.value) {
            // One that cannot be added (a copy of another, without noise) says nothing new.
            self.view.believe(coordinates, promise).ok();
        }
    }

    /// The untried candidate of the branch that its model expects most of. None is climbed from: where runs are few, the
    /// largest deviations are in the corners of the space, and a climb would end in one of them.
    pub(super) fn acquire(
        &self,
        encoding: &Encoding,
        rng: &mut impl Rng,
        tried: &BTreeSet<Vec<Key>>,
    ) -> Result<Option<Choice>, GpError> {
        self.view.acquire(encoding, &self.candidates, rng, tried, 0)
    }
}
