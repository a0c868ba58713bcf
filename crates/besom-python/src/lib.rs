//! besom as a Python package: the native module `besom._besom`.
//!
//! Thin on purpose: search, stopping and storage are the other crates'; here values are converted, the GIL is released,
//! errors become exceptions, and algorithms that are written in Python become a `Search` or a `Stopper`. What people
//! call is Python (`python/besom/`).

mod agents;
mod algorithm;
mod ask_tell;
mod command;
mod controller;
mod error;
mod expected;
mod function;
mod import;
mod insight;
mod laws;
mod log;
mod place;
mod plot;
mod report;
mod serve;
mod spec;
mod stateless;
mod store;
mod value;
mod view;
mod wait;

use pyo3::prelude::*;

/// The native part of besom; use the package `besom`.
#[pymodule]
mod _besom {
    use pyo3::prelude::*;

    /// The version is the workspace's: the wheel gets it from there, and so does the package.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }

    #[pymodule_export]
    use crate::agents::{PyShutdown, run_agents, supervise};
    #[pymodule_export]
    use crate::algorithm::{register_search, register_stopper};
    #[pymodule_export]
    use crate::ask_tell::{AskedRun, PySweep, restore_sweep};
    #[pymodule_export]
    use crate::command::run_command;
    #[pymodule_export]
    use crate::controller::PyController;
    #[pymodule_export]
    use crate::error::{BesomError, ConfigError, RunStopped, StoreError, SweepPaused};
    #[pymodule_export]
    use crate::expected::PyBestExpected;
    #[pymodule_export]
    use crate::insight::{importances, numbers, sample, span, surface};
    #[pymodule_export]
    use crate::laws::{check_search, check_stopper};
    #[pymodule_export]
    use crate::log::RunLog;
    #[pymodule_export]
    use crate::place::{files_directory, id_of_path, store_name};
    #[pymodule_export]
    use crate::plot::draw;
    #[pymodule_export]
    use crate::report::{PyReport, best_line, number, one_line};
    #[pymodule_export]
    use crate::serve::{PyServer, served};
    #[pymodule_export]
    use crate::spec::algorithms;
    #[pymodule_export]
    use crate::stateless::{next_runs, stop_runs, validate_config};
    #[pymodule_export]
    use crate::store::{PyStore, check_config, check_text, create_sweep, create_sweep_from_text, read_yaml};
    #[pymodule_export]
    use crate::view::{AskView, HistoryView, ProblemView, RunView};
}
