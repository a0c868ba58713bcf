//! The command `besom`, which the wheel brings.

use std::ffi::OsString;
use std::process::ExitCode;

use besom::App;
use pyo3::prelude::*;

/// Run the command `besom` with these arguments, of which the first is its name; return its exit code. `supervisor` is a
/// command that calls `supervise` with the arguments added to it.
#[pyfunction]
pub(crate) fn run_command(py: Python<'_>, arguments: Vec<OsString>, supervisor: Vec<OsString>) -> u8 {
    py.detach(|| number(App::new().supervisor(supervisor).run(arguments)))
}

/// The number of an exit code, which can only be compared.
fn number(code: ExitCode) -> u8 {
    (0..=u8::MAX).find(|&number| ExitCode::from(number) == code).unwrap_or(1)
}
