//! From a configuration to a sweep with its algorithms.

use besom_config::{Diagnostics, Reader, SweepConfig};
use besom_controller::Sweep;
use besom_core::{Method, Problem, Registry, RegistryError, Rule};
use besom_store::SweepRow;

/// The built-in algorithms.
pub fn registry() -> Registry {
    let mut registry = Registry::new();
    besom_search::register(&mut registry);
    besom_stop::register(&mut registry);
    registry
}

/// Whether a registry has the algorithms of a configuration.
pub(crate) fn has_algorithms(registry: &Registry, config: &SweepConfig) -> bool {
    let rule = config.early_terminate.as_ref();
    registry.search_spec(&config.method.name).is_some()
        && rule.is_none_or(|rule| registry.stopper_spec(&rule.name).is_some())
}

/// The configuration of a stored sweep; it was checked when the sweep was created. Its owner may drive it with algorithms
/// that this process does not have: names that are not in the registry pass here, and are an error when they are built.
pub fn stored_config(registry: &Registry, sweep: &SweepRow) -> Result<SweepConfig, Diagnostics> {
    let name = sweep.new.source.clone().unwrap_or_else(|| format!("sweep {}", sweep.new.id));
    Ok(Reader::new(registry).any_algorithm().read(&sweep.new.text, &name)?.config)
}

/// The search method that a configuration names.
pub fn search(registry: &Registry, config: &SweepConfig, problem: &Problem) -> Result<Method, RegistryError> {
    registry.search(&config.method.name, problem, &config.method.options)
}

/// The stopping rule that a configuration names, if it names one.
pub fn stopper(
    registry: &Registry,
    config: &SweepConfig,
    problem: &Problem,
) -> Result<Option<Rule>, RegistryError> {
    let rule = config.early_terminate.as_ref();
    rule.map(|rule| registry.stopper(&rule.name, problem, &rule.options)).transpose()
}

/// A sweep of these parts, with no runs yet.
pub fn assemble(problem: Problem, search: Method, stopper: Option<Rule>) -> Sweep {
    let sweep = Sweep::new(problem, search);
    match stopper {
        Some(stopper) => sweep.with_stopper(stopper),
        None => sweep,
    }
}

/// The sweep that a configuration describes, with no runs yet.
pub fn build(registry: &Registry, config: &SweepConfig, seed: u64) -> Result<Sweep, RegistryError> {
    let problem = config.problem().seed(seed);
    let search = search(registry, config, &problem)?;
    let stopper = stopper(registry, config, &problem)?;
    Ok(assemble(problem, search, stopper))
}
