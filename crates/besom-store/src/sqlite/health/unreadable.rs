//! What cannot be read of a store, grouped by the reason: one damaged page is in the way of many questions.

use besom_core::error_chain;

use crate::StoreError;
use crate::sqlite::fault::Outcome;

/// What cannot be read, by the reason.
#[derive(Debug, Default)]
pub(super) struct Unreadable(Vec<(String, Vec<&'static str>)>);

impl Unreadable {
    pub(super) fn add(&mut self, what: &'static str, error: StoreError) {
        let why = error_chain(&error);
        match self.0.iter_mut().find(|(known, _)| *known == why) {
            Some((_, places)) if places.contains(&what) => {}
            Some((_, places)) => places.push(what),
            None => self.0.push((why, vec![what])),
        }
    }

    /// The list, or none, if it cannot be made.
    pub(super) fn or_list(&mut self, what: &'static str, list: Outcome<Vec<String>>) -> Vec<String> {
        list.unwrap_or_else(|fault| {
            self.add(what, fault.into());
            Vec::new()
        })
    }

    /// A sentence for each reason.
    pub(super) fn sentences(self) -> Vec<String> {
        let sentence = |(why, what): (String, Vec<_>)| format!("cannot be read ({why}): {}", what.join(", "));
        self.0.into_iter().map(sentence).collect()
    }
}
