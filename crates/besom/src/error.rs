//! What is wrong with the user's input, in place of the command.

use thiserror::Error;

/// The input of the user is invalid: exit code 2.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct InputError(String);

impl InputError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}
