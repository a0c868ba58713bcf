//! From configurations to sweeps, with algorithms from Python.

use std::ffi::OsString;

use besom_config::{Diagnostic, Reader, SweepConfig};
use besom_controller::{Controller, Sweep};
use besom_core::{Method, Options, Problem, Registry, Rule};
use besom_engine::{Creation, Place, assemble};
use besom_store::{Store, SweepId, SweepRow};
use pyo3::prelude::*;
use serde_json::Value;

use crate::algorithm::{self, Algorithms};
use crate::error::Failure;
use crate::import::{self, RunId};

// Texts, as a `pathlib.Path` makes http:/host of http://host.

/// Return where the store is: the directory or URL that `BESOM_STORE` names, else `.besom` in the working directory.
#[pyfunction]
pub(crate) fn store_name() -> Result<OsString, Failure> {
    Ok(Place::find(None)?.name().map(OsString::from).unwrap_or_default())
}

/// Return the directory for the files of runs: the store's, or one in the working directory for a store behind a server.
#[pyfunction]
pub(crate) fn files_directory() -> Result<OsString, Failure> {
    Ok(Place::find(None)?.directory().map(OsString::from).unwrap_or_default())
}

/// The id at the end of a path as W&B writes it: `entity/project/id`.
#[pyfunction]
pub(crate) fn id_of_path(path: &str) -> &str {
    besom_engine::id_of_path(path)
}

/// The built-in algorithms and those that were registered from Python.
pub(crate) fn registry() -> Registry {
    let mut registry = besom_engine::registry();
    algorithm::register(&mut registry);
    registry
}

/// Checks a configuration that Python has as a dict; `own` names algorithms that its owner brings along.
pub(crate) fn check(config: &Value, own: &[String]) -> Result<(SweepConfig, Vec<Diagnostic>), Failure> {
    let registry = registry();
    let reader = own.iter().fold(Reader::new(&registry), |reader, name| reader.method(name).stopper(name));
    let parsed = reader.read_json(config)?;
    Ok((parsed.config, parsed.warnings))
}

/// Checks a configuration as W&B's engine validates one: what breaks W&B's schema is an error.
pub(crate) fn validate(config: &Value) -> Result<SweepConfig, Failure> {
    Ok(Reader::new(&registry()).validate_json(config)?.config)
}

/// Checks the text of a sweep file, called `name`.
pub(crate) fn check_text(text: &str, name: &str) -> Result<(SweepConfig, Vec<Diagnostic>), Failure> {
    let parsed = Reader::new(&registry()).read(text, name)?;
    Ok((parsed.config, parsed.warnings))
}

/// The configuration of a stored sweep. Names of algorithms that this process does not know are let pass.
pub(crate) fn stored_config(sweep: &SweepRow) -> Result<SweepConfig, Failure> {
    Ok(besom_engine::stored_config(&registry(), sweep)?)
}

/// The sweep that a configuration describes, with no runs yet. Algorithms that Python hands over take the place of those
/// that are named.
pub(crate) fn build(config: &SweepConfig, seed: u64, own: &Algorithms) -> Result<Sweep, Failure> {
    let problem = config.problem().seed(seed);
    let search = search(config, &problem, own)?;
    let stopper = stopper(config, &problem, own)?;
    Ok(assemble(problem, search, stopper))
}

/// The search method of a configuration.
pub(crate) fn search(config: &SweepConfig, problem: &Problem, own: &Algorithms) -> Result<Method, Failure> {
    match own.search(problem, &config.method.options)? {
        Some(search) => Ok(search),
        None => Ok(besom_engine::search(&registry(), config, problem)?),
    }
}

/// The stopping rule of a configuration, if it has one.
pub(crate) fn stopper(
    config: &SweepConfig,
    problem: &Problem,
    own: &Algorithms,
) -> Result<Option<Rule>, Failure> {
    let none = Options::new();
    let options = config.early_terminate.as_ref().map_or(&none, |rule| &rule.options);
    match own.stopper(problem, options)? {
        Some(stopper) => Ok(Some(stopper)),
        None => Ok(besom_engine::stopper(&registry(), config, problem)?),
    }
}

/// A controller of a stored sweep.
pub(crate) fn controller(sweep: &SweepRow, own: &Algorithms) -> Result<Controller, Failure> {
    let config = stored_config(sweep)?;
    Ok(Controller::new(sweep.new.id.clone(), build(&config, sweep.new.seed, own)?))
}

/// Creates a sweep, after its algorithms were found to take the problem.
pub(crate) fn create(
    store: &mut dyn Store,
    creation: Creation<'_>,
    own: &Algorithms,
    prior: &[RunId],
) -> Result<SweepId, Failure> {
    let prior = import::read(store, prior)?;
    build(creation.config, creation.seed, own)?;
    Ok(besom_engine::create_with(store, creation, &prior)?)
}
