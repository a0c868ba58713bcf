//! What a run says besides its metrics: facts and output. Neither is worth a run: what the store does not take is a warning.

use std::time::Instant;

use besom_store::StoreError;
use serde_json::Map;

use super::Link;
use crate::AgentError;

impl Link<'_> {
    /// Hands output of the run over to the store: text that begins at byte `from` of all its output. Returns whether the store
    /// has it, or will never have it.
    pub(crate) fn print(&mut self, from: u64, text: &str) -> bool {
        if !self.is_open() {
            return true;
        }
        if self.is_waiting() {
            return false;
        }
        match self.queue.print(&self.lease, from, text) {
            Ok(reply) => self.note_reply(reply),
            Err(error) => return !error.is_transient(),
        }
        true
    }

    /// Keeps the end of the output, which the store did not take, until the store is back.
    pub(crate) fn print_later(&mut self, from: u64, text: String) {
        self.output = Some((from, text));
    }

    /// Hands over the end of the output, if it waits. A failure that may pass is as one in a report.
    pub(super) fn print_last(&mut self) -> Result<(), AgentError> {
        let Some((from, text)) = self.output.as_ref().filter(|_| self.is_open()) else { return Ok(()) };
        match self.queue.print(&self.lease, *from, text) {
            Err(error) if error.is_transient() => return Err(error.into()),
            // It will never be taken.
            Err(_) => {}
            Ok(reply) => self.note_reply(reply),
        }
        self.output = None;
        Ok(())
    }

    /// Hands over what the run has said about itself. A failure of the store is as one in a report.
    pub(super) fn send_facts(&mut self) -> Result<(), AgentError> {
        if self.said.facts.is_empty() || !self.is_open() {
            return Ok(());
        }
        self.spoke = Some(Instant::now());
        match self.queue.describe(&self.lease, &self.said.facts) {
            Ok(reply) => self.note_reply(reply),
            Err(error @ StoreError::TooLarge { .. }) => self.warn(error.to_string()),
            Err(error) => return Err(error.into()),
        }
        self.said.facts = Map::new();
        Ok(())
    }
}
