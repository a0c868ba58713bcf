//! Commands in the form of W&B's engine, which need no store: `next`, `early-stop`.

use std::path::Path;

use anyhow::Result;
use besom_config::{Reader, SweepConfig};
use besom_controller::stateless::{self, Suggested, SweepRun};
use besom_core::Registry;
use serde_json::json;

use crate::cli::input::{read_runs, read_text};
use crate::cli::output::{self, Outcome, line};
use crate::cli::table;
use crate::error::InputError;

pub(crate) fn next(
    registry: &Registry,
    config: &Path,
    runs: &Path,
    n: usize,
    seed: Option<u64>,
    as_json: bool,
) -> Result<Outcome> {
    let (config, runs) = stateless_input(registry, config, runs)?;
    let problem = config.problem().seed(besom_engine::seed(&config, seed));
    let method = &config.method;
    let search = registry.search(&method.name, &problem, &method.options)?;
    let suggestions = stateless::next_runs(&problem, search, &runs, n)?;
    if as_json {
        let with_config =
            |found: &Option<Suggested>| found.as_ref().map(|found| json!({ "config": found.config }));
        output::json(&suggestions.iter().map(with_config).collect::<Vec<_>>())?;
        return Ok(Outcome::Done);
    }
    for suggestion in &suggestions {
        match suggestion {
            Some(Suggested { config, .. }) => {
                let plain =
                    config.iter().map(|(name, value)| (name.clone(), value["value"].clone())).collect();
                line(table::parameters(&plain))?;
            }
            None => line("search space exhausted")?,
        }
    }
    Ok(Outcome::Done)
}

pub(crate) fn stop(registry: &Registry, config: &Path, runs: &Path, as_json: bool) -> Result<Outcome> {
    let (config, runs) = stateless_input(registry, config, runs)?;
    let Some(rule) = &config.early_terminate else {
        return Err(InputError::new(
            "the sweep file has no early_terminate, so no run is ever stopped early",
        )
        .into());
    };
    let problem = config.problem();
    let stopper = registry.stopper(&rule.name, &problem, &rule.options)?;
    let (stop, info) = stateless::stop_runs(&problem, stopper, &runs)?;
    if as_json {
        output::json(&json!({ "stop": stop, "info": info }))?;
    } else if stop.is_empty() {
        line("no runs to stop")?;
    } else {
        line(stop.join("\n"))?;
    }
    Ok(Outcome::Done)
}

fn stateless_input(registry: &Registry, config: &Path, runs: &Path) -> Result<(SweepConfig, Vec<SweepRun>)> {
    if config.as_os_str() == "-" && runs.as_os_str() == "-" {
        return Err(InputError::new("only one of the sweep file and the runs can be read from stdin").into());
    }
    let (text, name) = read_text(config)?;
    // Warnings are about sweeps that will run; nothing runs here.
    let config = Reader::new(registry).read(&text, &name)?.config;
    Ok((config, read_runs(runs)?))
}
