//! Another way for a run to log: what speaks the protocol of another tool with the run's code.
//!
//! An agent knows no protocol. It opens a passage of its [`Bridge`] for each attempt, sets the variables that it asks for, and closes
//! it when the code has ended. What comes through a passage is written to the attempt's metrics file like every other row, so that
//! crash safety stays one path.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use besom_core::BoxError;
use besom_store::Lease;
use serde_json::{Map, Value};

use crate::{MetricsWriter, Signal};

/// What speaks the protocol of another tool with the code of runs. One serves all agents of a process.
///
/// [`AgentOptions::bridge`](crate::AgentOptions::bridge) hands one to an agent.
pub trait Bridge: Send + Sync + fmt::Debug {
    /// Opens a passage for one attempt. It is closed when it is dropped: nothing may be written to the attempt after that.
    ///
    /// # Errors
    /// If it cannot be opened, which becomes a warning of the run.
    fn open(&self, attempt: BridgedAttempt) -> Result<Box<dyn Passage>, BoxError>;

    /// The tool, as a warning names it: "what it logs by W&B's client is lost".
    fn tool(&self) -> &str;
}

/// The bridge of one attempt.
pub trait Passage: Send + Sync + fmt::Debug {
    /// The variables that the environment of the run's code needs; `None` for one that it must not have.
    fn variables(&self) -> Vec<(&'static str, Option<OsString>)>;

    /// Passes on what the run must do. Called again only when that has changed.
    fn tell(&self, signal: &Signal);

    /// Whether the run's code has used it.
    fn is_used(&self) -> bool;
}

/// What a passage is for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BridgedAttempt {
    /// Sweep, run and attempt.
    pub lease: Lease,
    /// The parameters, nested as in the sweep file.
    pub point: Map<String, Value>,
    /// The directory of the attempt; `None` if its agent has no directory.
    pub directory: Option<PathBuf>,
    /// Where its rows and facts go.
    pub writer: MetricsWriter,
}

impl BridgedAttempt {
    /// An attempt without a directory.
    pub fn new(lease: Lease, point: Map<String, Value>, writer: MetricsWriter) -> Self {
        Self { lease, point, directory: None, writer }
    }
}
