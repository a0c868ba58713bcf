//! What a command prints, and how it ends.

use std::fmt::Display;
use std::io::Write;

use anyhow::Result;

/// How a command ended that did not fail: code 0, or 1 if what it looked at is not well, or 2 if it is an invalid file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Failed,
}

/// Prints a line to standard output; a closed pipe is an error that ends the command quietly.
pub(crate) fn line(text: impl Display) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}

/// Prints a value as JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<()> {
    line(serde_json::to_string_pretty(value)?)
}
