//! Models of one branch of a space: of those runs alone that have a certain value of a category.
//!
//! A model of all runs has one length scale per parameter. Where the values of a category have parameters of
//! their own, as kinds of boosters or optimizers do, the runs of the leading branch, which are most, decide
//! that the parameters of the others do not matter; what a sweep saw of these by then is taken for all there
//! is to them (decision 23).

use std::collections::BTreeSet;

use besom_gp::GpError;
use rand::{Rng, RngExt};

use super::acquire::{CandidateModel, Proposal};
use super::axis::{Key, same_category};
use super::candidates::Candidates;
use super::curves::Forecast;
use super::encode::Encoding;
use super::surrogate::Surrogate;

/// The most branches that are asked, each of which costs a fit (decision 23).
const BRANCHES: usize = 8;

/// A branch's model after a suggestion: it stays the same while the branch has no new run.
#[derive(Debug)]
pub(super) struct CachedBranch {
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
    model: CandidateModel,
}

impl Branch {
    /// The branches beside that of the best run, one for each other value of each category that a run has; of
    /// very many a random choice. `cached` models only make it faster.
    pub(super) fn others(
        encoding: &Encoding,
        whole: &Surrogate,
        candidates: &Candidates,
        mut cached: Vec<CachedBranch>,
        rng: &mut impl Rng,
    ) -> Result<Vec<Self>, GpError> {
        let places = places(encoding, whole, rng);
        let mut branch = |(axis, value)| {
            let this = |cached: &CachedBranch| cached.axis == axis && same_category(cached.value, value);
            let cached = cached.iter().position(this).map(|place| cached.swap_remove(place).surrogate);
            let surrogate = whole.branch(axis, value, cached)?;
            let candidates = candidates.within(axis, value, encoding, &surrogate, rng);
            // Of constraints, it may keep none.
            if candidates.rows.is_empty() {
                return Ok(None);
            }
            let model = CandidateModel::new(surrogate, &candidates)?;
            Ok(Some(Self { axis, value, candidates, model }))
        };
        places.into_iter().filter_map(|place| branch(place).transpose()).collect()
    }

    /// The model, for the next suggestions.
    pub(super) fn into_cached(self) -> CachedBranch {
        CachedBranch { axis: self.axis, value: self.value, surrogate: self.model.surrogate }
    }

    /// Adds a pending point, if it belongs to the branch.
    pub(super) fn add_pending(&mut self, coordinates: &[f64], forecast: Option<Forecast>) {
        if same_category(coordinates[self.axis], self.value) {
            // One that cannot be added (a copy of another, without noise) says nothing new.
            self.model.add_pending(coordinates, forecast).ok();
        }
    }

    /// The untried candidate of the branch that its model expects most of. None is climbed from: where runs
    /// are few, the largest deviations are in the corners of the space, and a climb would end in one of them
    /// (decision 23).
    pub(super) fn acquire(
        &self,
        encoding: &Encoding,
        rng: &mut impl Rng,
        tried: &BTreeSet<Vec<Key>>,
    ) -> Result<Option<Proposal>, GpError> {
        self.model.acquire(encoding, &self.candidates, rng, tried, 0)
    }
}

/// Category and coordinate of each branch to ask. A category that is not always there is left out: the runs without
/// it lie at its first value, but don't have it.
fn places(encoding: &Encoding, whole: &Surrogate, rng: &mut impl Rng) -> Vec<(usize, f64)> {
    let best = &whole.top_points[0];
    let categories = encoding.axes().iter().enumerate();
    let categories = categories.filter(|(k, axis)| axis.is_categorical() && encoding.is_always_active(*k));
    let mut places: Vec<(usize, f64)> = categories
        .flat_map(|(k, axis)| axis.neighbors(best[k]).into_iter().map(move |value| (k, value)))
        .filter(|&(k, value)| whole.has_run_with(k, value))
        .collect();
    while places.len() > BRANCHES {
        places.remove(rng.random_range(0..places.len()));
    }
    places
}
