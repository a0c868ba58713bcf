//! stub
use std::path::Path;

use besom_core::{BoxError, RunNumber};
use besom_store::ClaimedRun;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::{AgentError, Ended, Link, Runner};

/// Executes runs by calling a closure in this process.
#[derive(Debug)]
pub struct FunctionRunner<F> {
    function: F,
}

impl<F: FnMut(&mut RunContext) -> Result<(), BoxError>> FunctionRunner<F> {
    /// A runner that calls `function` for each run.
    pub fn new(function: F) -> Self {
        Self { function }
    }
}

impl<F: FnMut(&mut RunContext) -> Result<(), BoxError>> Runner for FunctionRunner<F> {
    fn run(&mut self, run: &ClaimedRun, link: &mut Link<'_>) -> Ended {
        let _ = (run, link, &mut self.function);
        unimplemented!()
    }
}

/// What a closure sees of its run.
#[derive(Debug)]
pub struct RunContext {}

impl RunContext {
    /// The parameters.
    pub fn params(&self) -> &Map<String, Value> {
        unimplemented!()
    }
    /// The run.
    pub fn number(&self) -> RunNumber {
        unimplemented!()
    }
    /// Which attempt.
    pub fn attempt(&self) -> u64 {
        unimplemented!()
    }
    /// A directory.
    pub fn dir(&self) -> &Path {
        unimplemented!()
    }
    /// Logs one row.
    pub fn log(&mut self, row: &Map<String, Value>) -> Result<(), LogError> {
        let _ = row;
        unimplemented!()
    }
}

/// Why logging ended the run.
#[derive(Debug, Error)]
pub enum LogError {
    /// The run is to end; pass it on with `?`.
    #[error("the run was asked to end: {0}")]
    Stopped(String),
    /// The row could not be written.
    #[error(transparent)]
    Write(#[from] AgentError),
}
