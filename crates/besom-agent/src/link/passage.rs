//! The passage of a run over the agent's bridge.

use std::ffi::OsString;

use besom_core::{BoxError, error_chain};
use besom_store::ClaimedRun;

use super::Link;
use crate::{BridgedAttempt, Passage, Signal};

impl Link<'_> {
    /// Opens the agent's [bridge](crate::AgentOptions::bridge) for the run, until the end of its code. Returns the variables that the
    /// environment of that code needs; none if the agent has no bridge, or the bridge fails, which becomes a warning.
    pub fn open_bridge(&mut self, run: &ClaimedRun) -> Vec<(&'static str, OsString)> {
        match self.passage_of(run) {
            Ok(passage) => self.passage = passage,
            Err(error) => {
                self.warn(format!("what it logs by another tool is lost: {}", error_chain(&*error)));
            }
        }
        self.passage.as_ref().map(|passage| passage.variables()).unwrap_or_default()
    }

    fn passage_of(&self, run: &ClaimedRun) -> Result<Option<Box<dyn Passage>>, BoxError> {
        let Some(bridge) = &self.bridge else { return Ok(None) };
        let mut attempt = BridgedAttempt::new(self.lease.clone(), run.point.clone(), self.writer()?);
        attempt.directory = self.dir().map(|dir| dir.attempt().to_owned());
        bridge.open(attempt).map(Some)
    }

    /// Has the bridge pass on what the run must do, if that has changed.
    pub fn tell_bridge(&mut self, signal: &Signal) {
        if let Some(passage) = self.passage.as_ref().filter(|_| self.told != *signal) {
            passage.tell(signal);
            self.told = signal.clone();
        }
    }

    /// Whether the run's code has used the bridge.
    pub fn is_bridged(&self) -> bool {
        self.passage.as_ref().is_some_and(|passage| passage.is_used())
    }
}
