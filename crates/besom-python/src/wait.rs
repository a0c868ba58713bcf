//! Waiting with the GIL released, so that Ctrl-C works at once.

use std::time::Duration;

use pyo3::prelude::*;

/// Sleeps for a moment and lets Python see its signals.
pub(crate) fn pause(py: Python<'_>, time: Duration) -> PyResult<()> {
    py.detach(|| std::thread::sleep(time));
    py.check_signals()
}
