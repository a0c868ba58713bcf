//! stub
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use besom_store::ClaimedRun;

use crate::{Ended, Link, Runner};

/// Executes runs as programs in any language.
#[derive(Clone, Debug)]
pub struct ProgramRunner {
    /// The sweep's `command`; W&B's default if none.
    pub command: Option<Vec<String>>,
    /// The sweep's `program`.
    pub program: Option<String>,
    /// The directory in which programs run.
    pub directory: PathBuf,
    /// What programs find in `BESOM_STORE`.
    pub store: OsString,
    /// How to start the supervisor, such as `["/proc/self/exe", "__supervise"]`.
    pub supervisor: Option<Vec<OsString>>,
    /// How long a program may take after SIGTERM; 30 s.
    pub grace: Duration,
}

impl ProgramRunner {
    /// A runner.
    pub fn new(directory: impl Into<PathBuf>, store: impl Into<OsString>) -> Self {
        Self {
            command: None,
            program: None,
            directory: directory.into(),
            store: store.into(),
            supervisor: None,
            grace: Duration::from_secs(30),
        }
    }
}

impl Runner for ProgramRunner {
    fn run(&mut self, run: &ClaimedRun, link: &mut Link<'_>) -> Ended {
        let _ = (run, link);
        unimplemented!()
    }
}
