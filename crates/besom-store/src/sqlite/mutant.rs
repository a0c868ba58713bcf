//! Broken stores, to show that tests notice.

use super::{SqliteStore, Tx};

/// A rule of the protocol that a store is made to break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// Attempts are not compared: the holder of a lost lease can still write to its run.
    NoFencing,
    /// A claim is answered anew, though its reply was only lost.
    NoStoredAnswer,
    /// Metric rows are added whatever their numbers.
    NoSequenceCheck,
    /// A sweep may have one run more than its cap.
    CapOffByOne,
    /// Output that is stored already is stored again.
    NoPlaceOfOutput,
    /// Facts replace those that were there.
    NoMergeOfFacts,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::NoFencing,
        Self::NoStoredAnswer,
        Self::NoSequenceCheck,
        Self::CapOffByOne,
        Self::NoPlaceOfOutput,
        Self::NoMergeOfFacts,
    ];
}

impl SqliteStore {
    /// This store, breaking a rule. For tests of tests.
    #[must_use]
    pub fn with_mutant(mut self, mutant: Mutant) -> Self {
        self.mutant = Some(mutant);
        self
    }
}

impl Tx<'_> {
    /// Whether this rule is to be broken.
    pub(super) fn breaks(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }
}
