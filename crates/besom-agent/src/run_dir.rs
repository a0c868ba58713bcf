//! Where the files of a run are.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use besom_core::RunNumber;
use besom_store::{Lease, SweepId};
use serde_json::Value;

use crate::{AgentError, private, record, wandb_config};

/// The directory of a run in the store directory `directory`: the same for every attempt, the place for
/// checkpoints.
pub fn run_directory(directory: &Path, sweep: &SweepId, run: RunNumber) -> PathBuf {
    sweep_directory(directory, sweep).join(run.to_string())
}

/// The directory of all runs of a sweep in the store directory `directory`.
pub fn sweep_directory(directory: &Path, sweep: &SweepId) -> PathBuf {
    directory.join("runs").join(sweep.as_str())
}

/// The files of one attempt of a run. Nothing is created before [`RunDir::create`].
///
/// The directory of the run ([`RunDir::path`]) is the same for every attempt. What an attempt is given and what it says lies
/// in a directory of its own below it, `attempt-N`, so that a later attempt mixes with no earlier one (decision 49).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDir {
    store: PathBuf,
    path: PathBuf,
    attempt: PathBuf,
}

impl RunDir {
    /// The files of the attempt that `lease` stands for; `directory` is the store's.
    pub fn new(directory: &Path, lease: &Lease) -> Self {
        let path = run_directory(directory, &lease.sweep, lease.run);
        let attempt = path.join(format!("attempt-{}", lease.attempt));
        Self { store: directory.to_owned(), path, attempt }
    }

    /// The directory of the run, the same for every attempt: the place for checkpoints.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory of this attempt, in which all other files are.
    pub fn attempt(&self) -> &Path {
        &self.attempt
    }

    /// The file to which this attempt appends its metrics, one JSON object per line.
    pub fn metrics(&self) -> PathBuf {
        self.attempt.join("metrics.jsonl")
    }

    /// The output of this attempt, head and tail.
    pub fn output(&self) -> PathBuf {
        self.attempt.join("output.log")
    }

    /// The point as a JSON object.
    pub fn params(&self) -> PathBuf {
        self.attempt.join("params.json")
    }

    /// The file behind the macro `${args_json_file}`.
    pub fn args_json(&self) -> PathBuf {
        self.attempt.join("args.json")
    }

    /// The point in the form of W&B's run configuration.
    pub fn wandb_config(&self) -> PathBuf {
        self.attempt.join("wandb-config.yaml")
    }

    /// The file that the supervisor of this attempt holds a lock on while any process of it may live.
    pub fn lock(&self) -> PathBuf {
        self.attempt.join(record::LOCK)
    }

    /// Creates the directories and an empty metrics file, unless they exist.
    ///
    /// # Errors
    /// If they cannot be created.
    pub fn create(&self) -> Result<(), AgentError> {
        private::directory(&self.store, &self.attempt).map_err(AgentError::io(&self.attempt))?;
        let metrics = self.metrics();
        private::open(fs::File::options().append(true), &metrics).map_err(AgentError::io(&metrics))?;
        Ok(())
    }

    /// Writes the point for code that reads it: [`Self::params`] and [`Self::wandb_config`].
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write_params(&self, point: &serde_json::Map<String, Value>) -> Result<(), AgentError> {
        let mut text = serde_json::to_string_pretty(point).unwrap_or_default();
        text.push('\n');
        replace(&self.params(), &text)?;
        replace(&self.wandb_config(), &yaml_json(&wandb_config(point)))
    }

    /// Writes the file behind `${args_json_file}`.
    pub(crate) fn write_args_json(&self, text: &str) -> Result<(), AgentError> {
        replace(&self.args_json(), text)
    }
}

/// Writes a file so that no reader, not even one of an older attempt, sees half of it.
fn replace(path: &Path, text: &str) -> Result<(), AgentError> {
    let new = path.with_extension("new");
    let write = || -> io::Result<()> {
        private::create(&new)?.write_all(text.as_bytes())?;
        fs::rename(&new, path)
    };
    write().map_err(AgentError::io(path))
}

/// JSON that a YAML 1.1 reader understands the same way: it reads `1e-05` as text, `1.0e-05` as a number.
fn yaml_json(value: &Value) -> String {
    match value {
        Value::Number(number) => {
            let text = number.to_string();
            match text.split_once(['e', 'E']) {
                Some((digits, exponent)) => {
                    let point = if digits.contains('.') { "" } else { ".0" };
                    let sign = if exponent.starts_with(['-', '+']) { "" } else { "+" };
                    format!("{digits}{point}e{sign}{exponent}")
                }
                None => text,
            }
        }
        Value::Array(items) => format!("[{}]", items.iter().map(yaml_json).collect::<Vec<_>>().join(", ")),
        Value::Object(object) => {
            let entry = |(key, item): (&String, &Value)| {
                format!("{}: {}", Value::from(key.as_str()), yaml_json(item))
            };
            format!("{{{}}}", object.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_with_exponent_are_numbers_to_yaml_too() {
        let value = json!({"a": [1e-7, 1e300, 1.5e-9, 2, 0.5, "1e5"], "b \"q\"": {"c": null, "d": true}});
        let text = yaml_json(&value);
        assert_eq!(
            text,
            r#"{"a": [1.0e-7, 1.0e+300, 1.5e-9, 2, 0.5, "1e5"], "b \"q\"": {"c": null, "d": true}}"#
        );
        assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(value));
    }
}
