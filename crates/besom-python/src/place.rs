//! The store in its directory, and what becomes of a sweep file before it lies there.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use besom_config::{Diagnostic, Reader, SweepConfig};
use besom_controller::{Controller, Sweep};
use besom_core::{Options, Problem, Registry, Search, Stopper};
use besom_store::{Clock, NewSweep, SqliteStore, Store, StoreError, SweepId, SweepRow, Watched};
use serde_json::Value;

use crate::algorithm::{self, Algorithms};
use crate::error::Failure;

/// Letters of sweep ids.
const LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

fn clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

fn file(directory: &Path) -> PathBuf {
    directory.join("besom.db")
}

/// Opens the store in a directory, made if it was not there.
pub(crate) fn open_or_make(directory: &Path) -> Result<SqliteStore, Failure> {
    Ok(SqliteStore::open(&file(directory), clock())?)
}

/// Opens a store that must be there.
pub(crate) fn open(directory: &Path) -> Result<SqliteStore, Failure> {
    Ok(SqliteStore::open_existing(&file(directory), clock())?)
}

/// Opens a store that must be there, to read.
pub(crate) fn open_to_read(directory: &Path) -> Result<SqliteStore, Failure> {
    Ok(SqliteStore::open_read_only(&file(directory), clock())?)
}

/// The built-in algorithms and those that were registered from Python.
pub(crate) fn registry() -> Registry {
    let mut registry = Registry::new();
    besom_search::register(&mut registry);
    besom_stop::register(&mut registry);
    algorithm::register(&mut registry);
    registry
}

/// A reader of sweep files that knows all algorithms of the registry, and those that `text` names.
///
/// The owner of a sweep may drive it with an algorithm that this process has never heard of. Agents need the rest of the
/// file only.
fn reader(registry: &Registry, names: &[String]) -> Reader {
    let reader = registry.searches().fold(Reader::new(), Reader::method);
    let reader = registry.stoppers().fold(reader, Reader::stopper);
    names.iter().fold(reader, |reader, name| reader.method(name).stopper(name))
}

/// Checks a configuration that Python has as a dict; `own` names algorithms that its owner brings along.
pub(crate) fn check(config: &Value, own: &[String]) -> Result<(SweepConfig, Vec<Diagnostic>), Failure> {
    let parsed = reader(&registry(), own).read_json(config)?;
    Ok((parsed.config, parsed.warnings))
}

/// Checks the text of a sweep file, called `name`.
pub(crate) fn check_text(text: &str, name: &str) -> Result<(SweepConfig, Vec<Diagnostic>), Failure> {
    let parsed = reader(&registry(), &[]).read(text, name)?;
    Ok((parsed.config, parsed.warnings))
}

/// The configuration of a stored sweep. Names of algorithms that this process does not know are let pass.
pub(crate) fn stored_config(sweep: &SweepRow) -> Result<SweepConfig, Failure> {
    let name = sweep.source.clone().unwrap_or_else(|| format!("sweep {}", sweep.id));
    Ok(reader(&registry(), &[]).any_algorithm().read(&sweep.text, &name)?.config)
}

/// The sweep that a configuration describes, with no runs yet. Algorithms that Python hands over take the place of those
/// that are named.
pub(crate) fn build(config: &SweepConfig, seed: u64, own: &Algorithms) -> Result<Sweep, Failure> {
    let mut problem = config.problem.clone();
    problem.seed = seed;
    let search = search(config, &problem, own)?;
    let stopper = stopper(config, &problem, own)?;
    let sweep = Sweep::new(problem, search);
    Ok(match stopper {
        Some(stopper) => sweep.with_stopper(stopper),
        None => sweep,
    })
}

/// The search method of a configuration.
pub(crate) fn search(
    config: &SweepConfig,
    problem: &Problem,
    own: &Algorithms,
) -> Result<Box<dyn Search>, Failure> {
    let method = &config.method;
    match own.search(problem, &method.options)? {
        Some(search) => Ok(search),
        None => Ok(registry().search(&method.name, problem, &method.options)?),
    }
}

/// The stopping rule of a configuration, if it has one.
pub(crate) fn stopper(
    config: &SweepConfig,
    problem: &Problem,
    own: &Algorithms,
) -> Result<Option<Box<dyn Stopper>>, Failure> {
    let rule = config.early_terminate.as_ref();
    let none = Options::new();
    if let Some(stopper) = own.stopper(problem, rule.map_or(&none, |rule| &rule.options))? {
        return Ok(Some(stopper));
    }
    Ok(rule.map(|rule| registry().stopper(&rule.name, problem, &rule.options)).transpose()?)
}

/// A controller of a stored sweep.
pub(crate) fn controller(sweep: &SweepRow, own: &Algorithms) -> Result<Controller, Failure> {
    let config = stored_config(sweep)?;
    Ok(Controller::new(sweep.id.clone(), build(&config, sweep.seed, own)?))
}

/// A sweep to store.
pub(crate) struct Creation<'a> {
    pub(crate) config: &'a SweepConfig,
    pub(crate) text: String,
    pub(crate) source: Option<String>,
    pub(crate) directory: String,
    pub(crate) seed: Option<u64>,
    pub(crate) own: &'a Algorithms,
}

/// Creates a sweep, after its algorithms were found to take the problem.
pub(crate) fn create(store: &mut dyn Store, creation: Creation<'_>) -> Result<SweepId, Failure> {
    let Creation { config, text, source, directory, seed, own } = creation;
    // 32 bits: a person can copy it, and JSON readers of every language keep it exact.
    let seed = seed.or(config.seed).unwrap_or_else(|| rand::random::<u32>().into());
    build(config, seed, own)?;
    let metrics = &config.problem.metrics;
    let mut new = NewSweep {
        id: new_id(),
        name: config.name.clone(),
        text,
        source,
        directory: Some(directory),
        seed,
        metrics: metrics.iter().map(|m| Watched { name: m.name.clone(), goal: m.goal }).collect(),
        run_cap: config.problem.run_cap,
        retry_crashed: config.retry.crashed,
        retry_failed: config.retry.failed,
    };
    loop {
        match store.create_sweep(&new) {
            Err(StoreError::SweepExists(_)) => new.id = new_id(),
            Err(error) => return Err(error.into()),
            Ok(()) => return Ok(new.id),
        }
    }
}

fn new_id() -> SweepId {
    let letter = |_| char::from(LETTERS[usize::from(rand::random::<u8>()) % LETTERS.len()]);
    SweepId::new((0..8).map(letter).collect::<String>())
}
