//! The passage of a run over the agent's bridge.

use std::ffi::OsString;
use std::sync::Arc;

use besom_core::{BoxError, error_chain};
use besom_store::ClaimedRun;

use super::Link;
use crate::{BridgedAttempt, Passage, Signal};

impl Link<'_> {
    /// Opens the agent's [bridge](crate::AgentOptions::bridge) for the run, until the end of its code. Returns the variables that the
    /// environment of that code needs, `None` for those that it must not have; none if the agent has no bridge, or the bridge fails, which
    /// becomes a warning.
    pub fn open_bridge(&mut self, run: &ClaimedRun) -> Vec<(&'static str, Option<OsString>)> {
        match self.passage_of(run) {
            Ok(passage) => self.passage = passage,
            Err(error) => {
                let tool = self.bridge.as_ref().map_or("another tool", |bridge| bridge.tool());
                self.warn(format!("what it logs by {tool} is lost: {}", error_chain(&*error)));
            }
        }
        self.passage.as_ref().map(|passage| passage.variables()).unwrap_or_default()
    }

    fn passage_of(&self, run: &ClaimedRun) -> Result<Option<Arc<dyn Passage>>, BoxError> {
        let Some(bridge) = &self.bridge else { return Ok(None) };
        let mut attempt = BridgedAttempt::new(self.lease.clone(), run.point.clone(), self.writer()?);
        attempt.directory = self.dir().map(|dir| dir.attempt().to_owned());
        bridge.open(attempt).map(|passage| Some(passage.into()))
    }

    /// Has the bridge pass on what the run must do, if that has changed.
    pub(crate) fn tell_bridge(&mut self, signal: &Signal) {
        if let Some(passage) = self.passage.as_ref().filter(|_| self.told != *signal) {
            passage.tell(signal);
            self.told = signal.clone();
        }
    }

    /// The run's passage over the bridge. It is closed when the run ends and nobody else has it.
    pub fn passage(&self) -> Option<Arc<dyn Passage>> {
        self.passage.clone()
    }
}
