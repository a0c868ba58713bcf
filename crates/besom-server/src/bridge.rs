//! W&B's protocol on loopback, for the runs of the agents of one process: a program with `import wandb` logs into its run, with no
//! account and no server.
//!
//! The protocol is that of [`wandb`](crate::wandb); what differs is where the rows go: to the metrics file of the attempt, which the agent
//! reads anyway, so that no death of program or agent loses what was acknowledged. Each attempt has a key of its own, which ends with it.
//! The listener is opened for the first attempt, and costs a process whose programs do not use it a thread that waits.

mod attempt;
mod choice;
mod door;
mod earlier;
mod login;
mod mention;
mod sessions;
#[cfg(test)]
mod tests;
mod variables;

use std::ffi::OsString;
use std::fmt;
use std::sync::{Arc, Mutex};

use besom_agent::{Bridge, BridgedAttempt, Passage, Signal};
use besom_core::BoxError;

use attempt::Attempt;
pub use choice::{Wandb, WandbMode};
use door::Door;

use crate::lock::lock;

/// Whose protocol it is.
const TOOL: &str = "W&B's client";

/// The bridge of one process.
#[derive(Default)]
pub(crate) struct WandbBridge {
    door: Mutex<Option<Arc<Door>>>,
    /// Whether variables that the user has set are overridden.
    is_insistent: bool,
}

impl fmt::Debug for WandbBridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WandbBridge").finish_non_exhaustive()
    }
}

impl WandbBridge {
    /// A bridge; an insistent one also overrides what the user has set for W&B's client.
    pub(crate) fn new(is_insistent: bool) -> Self {
        Self { door: Mutex::default(), is_insistent }
    }

    fn door(&self) -> Result<Arc<Door>, BoxError> {
        let mut door = lock(&self.door);
        Ok(Arc::clone(match &mut *door {
            Some(door) => door,
            none => none.insert(Arc::new(Door::open()?)),
        }))
    }
}

impl Bridge for WandbBridge {
    fn open(&self, attempt: BridgedAttempt) -> Result<Box<dyn Passage>, BoxError> {
        let door = self.door()?;
        let variables = variables::Given {
            port: door.port(),
            lease: attempt.lease.clone(),
            directory: attempt.directory.clone(),
            is_insistent: self.is_insistent,
        };
        let attempt = Arc::new(Attempt::new(attempt));
        let key = door.admit(&attempt);
        Ok(Box::new(Crossing { door, attempt, key, variables }))
    }

    fn tool(&self) -> &str {
        TOOL
    }
}

/// The bridge of one attempt.
struct Crossing {
    door: Arc<Door>,
    attempt: Arc<Attempt>,
    key: String,
    variables: variables::Given,
}

/// Without the key.
impl fmt::Debug for Crossing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crossing").field("attempt", &self.attempt).finish_non_exhaustive()
    }
}

impl Passage for Crossing {
    fn variables(&self) -> Vec<(&'static str, Option<OsString>)> {
        let set = self.variables.list(&self.key, &outer).into_iter();
        set.map(|(name, value)| (name, Some(value))).collect()
    }

    fn tell(&self, signal: &Signal) {
        self.attempt.tell(signal);
    }

    fn is_used(&self) -> bool {
        self.attempt.is_used()
    }
}

/// A bridge over which nothing comes: a program of a sweep within a run does not log into that run, either.
#[derive(Debug)]
pub(crate) struct ClosedBridge;

impl Bridge for ClosedBridge {
    fn open(&self, _: BridgedAttempt) -> Result<Box<dyn Passage>, BoxError> {
        Ok(Box::new(Closed))
    }

    fn tool(&self) -> &str {
        TOOL
    }
}

#[derive(Debug)]
struct Closed;

impl Passage for Closed {
    fn variables(&self) -> Vec<(&'static str, Option<OsString>)> {
        variables::of_run(&outer).into_iter().map(|name| (name, None)).collect()
    }

    fn tell(&self, _: &Signal) {}

    fn is_used(&self) -> bool {
        false
    }
}

/// The environment of this process.
fn outer(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

impl Drop for Crossing {
    fn drop(&mut self) {
        self.door.forget(&self.key);
        self.attempt.close();
    }
}
