//! The context of a suggestion: what is known when one point is to be suggested.

use std::collections::BTreeSet;

use besom_core::{Ask, ParamPath, RunNumber, Suggestion};
use rand::Rng;
use serde_json::Value;

use super::axis::Key;
use super::encode::Encoding;
use super::shares::Shares;
use super::{initial, note};

/// What is known when one point is to be suggested; it grows with each point of an answer.
pub(super) struct SuggestContext<'a> {
    pub(super) ask: &'a Ask<'a>,
    pub(super) encoding: &'a Encoding,
    /// The points of all runs and of the suggestions before this one.
    pub(super) tried: BTreeSet<Vec<Key>>,
    /// How many runs, and suggestions before this one, are in the model or pending.
    pub(super) handed_out: usize,
    /// How many runs logged a value.
    pub(super) measured: usize,
    /// How many points come before the model decides.
    pub(super) planned: usize,
    /// The points that the options want tried first, and how many of them were suggested.
    pub(super) given: &'a [Vec<(ParamPath, Value)>],
    pub(super) used: usize,
    /// How many runs the values of categories have.
    pub(super) shares: Shares,
}

impl SuggestContext<'_> {
    /// The next point that the options want tried, if there is one, with what they leave open from the run's
    /// quasi-random point.
    pub(super) fn next_given(&self, run: RunNumber, rng: &mut impl Rng) -> Option<Suggestion> {
        let given = self.given.get(self.used)?;
        let open = initial::open(self.ask.problem, self.encoding, run);
        let point = self.encoding.decode_around(given, &open);
        let space = &self.ask.problem.space;
        let point = match space.allows(&point) {
            true => point,
            false => initial::completed(space, self.encoding, given, rng)
                .or_else(|| initial::completed(space, self.encoding, given, &mut initial::generator()))?,
        };
        Some(Suggestion::new(point).with_note(note::given(self.used + 1, self.given.len())))
    }

    /// Whether all points that are ever suggested were tried.
    pub(super) fn exhausted(&self) -> bool {
        let Some(count) = self.encoding.reachable().filter(|&count| self.tried.len() as u128 >= count) else {
            return false;
        };
        // Others, too, may have been tried where steps have no bounds, or were not legal.
        let all = self.encoding.count().is_some() && !self.encoding.is_constrained();
        all || (0..count).all(|k| self.is_tried(&self.encoding.at(k)))
    }

    fn is_tried(&self, coordinates: &[f64]) -> bool {
        let key = self.encoding.key(&self.encoding.decode(coordinates));
        key.is_some_and(|key| self.tried.contains(&key))
    }

    /// Takes a suggestion into account.
    pub(super) fn record(&mut self, suggestion: &Suggestion) {
        self.tried.extend(self.encoding.key(&suggestion.point));
        self.shares.record(self.encoding, &suggestion.point);
        self.handed_out += 1;
        self.used += usize::from(note::is_given(&suggestion.note));
    }
}
