//! What a run says besides its rows.

use besom_store::rules;
use serde_json::{Map, Value};

use super::line::Line;

/// What a run has said besides its rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Said {
    /// That it is about to be preempted.
    pub(crate) preempting: bool,
    /// That it goes on from a checkpoint.
    pub(crate) resumed: bool,
    /// Facts about itself, as one JSON merge patch.
    pub(crate) facts: Map<String, Value>,
}

impl Said {
    /// Notes what a line says; gives back one that says nothing of this kind.
    pub(super) fn note(&mut self, line: Line) -> Option<Line> {
        match line {
            Line::Preempting => self.preempting = true,
            Line::Resumed => self.resumed = true,
            Line::Facts(facts) => rules::compose(&mut self.facts, &facts),
            other => return Some(other),
        }
        None
    }

    /// Adds what was said later.
    pub(crate) fn add(&mut self, later: Self) {
        self.preempting |= later.preempting;
        self.resumed |= later.resumed;
        rules::compose(&mut self.facts, &later.facts);
    }
}
