//! Errors: which are the user's to fix, and what helps.

use std::io::ErrorKind;

use besom_bench::BenchError;
use besom_config::{Diagnostics, ReadError};
use besom_core::{RegistryError, error_chain};
use besom_engine::EngineError;
use besom_server::{ServerError, TokenError};
use besom_store::{FileFault, StoreError, SweepState};
use thiserror::Error;

use crate::cli::paint;

/// The input of the user is invalid: exit code 2.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct InputError(String);

impl InputError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// Whether an error is the user's to fix: the input is invalid, or names something that does not exist.
pub(crate) fn is_input(error: &anyhow::Error) -> bool {
    error.is::<InputError>()
        || error.is::<Diagnostics>()
        || error.is::<ReadError>()
        || error.is::<RegistryError>()
        || error.downcast_ref().is_some_and(is_unknown)
        || error.downcast_ref().is_some_and(is_engine_input)
        || error.downcast_ref().is_some_and(is_bench_input)
        || error.downcast_ref().is_some_and(is_server_input)
        || error.downcast_ref().is_some_and(is_token_input)
}

fn is_bench_input(error: &BenchError) -> bool {
    matches!(error, BenchError::Invalid { .. } | BenchError::Unknown(_) | BenchError::Damaged { .. })
}

fn is_engine_input(error: &EngineError) -> bool {
    match error {
        EngineError::NoStore { .. }
        | EngineError::Network { .. }
        | EngineError::NotADirectory
        | EngineError::AtServer { .. }
        | EngineError::InDatabase { .. }
        | EngineError::UnknownKind { .. }
        | EngineError::UnknownAgents { .. }
        | EngineError::Unlimited { .. }
        | EngineError::Exhausted { .. }
        | EngineError::Config(_)
        | EngineError::Registry(_) => true,
        EngineError::Store(error) => is_unknown(error),
        EngineError::Backup { source, .. } => {
            matches!(source.kind(), ErrorKind::AlreadyExists | ErrorKind::InvalidInput)
        }
        _ => false,
    }
}

fn is_server_input(error: &ServerError) -> bool {
    match error {
        ServerError::Elsewhere { .. } | ServerError::Insecure(_) | ServerError::Tls(_) => true,
        ServerError::Store(error) => is_engine_input(error),
        ServerError::Token(error) => is_token_input(error),
        _ => false,
    }
}

fn is_token_input(error: &TokenError) -> bool {
    matches!(error, TokenError::NoToken { .. } | TokenError::Taken { .. } | TokenError::Exposed { .. })
}

fn is_unknown(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::NoSweep { .. }
            | StoreError::NoRun { .. }
            | StoreError::Server { is_transient: false, .. }
    )
}

/// What is wrong with a file, if that is the error; a report of it may have colors.
pub(crate) fn diagnostics(error: &anyhow::Error) -> Option<&Diagnostics> {
    match error.downcast_ref() {
        Some(EngineError::Config(diagnostics)) => Some(diagnostics),
        _ => error.downcast_ref::<Diagnostics>(),
    }
}

/// An error with its causes, and what to do about it where that is known.
pub(crate) fn describe(error: &anyhow::Error) -> String {
    if let Some(diagnostics) = diagnostics(error) {
        return diagnostics.report(paint(&std::io::stderr()));
    }
    let hint = way_out(error);
    format!("{}{hint}", error_chain(error.as_ref()))
}

/// What to type after an error, where that is known, in parentheses.
fn way_out(error: &anyhow::Error) -> String {
    let store = match error.downcast_ref() {
        Some(EngineError::NoStore { .. }) => {
            return " (create one with besom run FILE, or name another with --store or BESOM_STORE)"
                .to_owned();
        }
        Some(EngineError::Network { .. }) => return " (--allow-network-fs does the same)".to_owned(),
        Some(EngineError::Store(error)) => Some(error),
        _ => error.downcast_ref::<StoreError>(),
    };
    match store {
        Some(StoreError::Damaged(_) | StoreError::Contradiction { .. }) => {
            " (besom doctor says what is wrong and saves what can be read; a copy made by besom backup replaces it)"
                .to_owned()
        }
        Some(StoreError::NotAStore { .. }) => {
            " (put a copy made by besom backup in its place, or move it away to begin a new store)".to_owned()
        }
        Some(StoreError::Open { source: FileFault::NotADirectory, .. }) => {
            " (a store is a directory: put a copy made by besom backup into one, as besom.db)".to_owned()
        }
        Some(StoreError::NoSweep { .. }) => {
            " (besom list shows the sweeps of this store; --store or BESOM_STORE names another)".to_owned()
        }
        Some(StoreError::NoRun { sweep, .. }) => format!(" (besom runs {sweep} lists its runs)"),
        Some(StoreError::Transition { sweep, from: SweepState::Finished, .. }) => {
            format!(" (allow more runs with: besom extend {sweep} N)")
        }
        Some(StoreError::Transition { sweep, from, .. }) if from.is_over() => {
            format!(" (a new sweep can learn from its runs: besom run FILE --prior-runs {sweep})")
        }
        Some(StoreError::Transition { sweep, .. }) => format!(" (besom status {sweep} shows what it does)"),
        _ => String::new(),
    }
}
