//! Commands that need no store: `validate`, `plan`, `next`, `stop --runs`.

use std::path::Path;

use anyhow::Result;
use besom_config::{Problems, SweepConfig};
use besom_controller::stateless::{self, Suggested, SweepRun};
use besom_core::distribution::{Continuous, Quantum};
use besom_core::{Answer, Distribution, Registry};
use serde_json::{Map, Value, json};

use crate::cli::place::Place;
use crate::cli::{InputError, Outcome, agents, line, table};
use crate::setup;

pub(crate) fn validate(registry: &Registry, file: &Path, as_json: bool, wandb: bool) -> Result<Outcome> {
    let (text, name) = setup::read_text(file)?;
    let reader = besom_setup::reader(registry);
    let read = reader.read(&text, &name).map(|parsed| (check_algorithms(registry, &parsed.config), parsed));
    let for_wandb = wandb.then(|| reader.wandb_problems(&text, &name));
    let valid = matches!(&read, Ok((Ok(()), _)));
    if as_json {
        crate::cli::json(&verdict(&read, for_wandb.as_ref()))?;
    } else {
        print_verdict(&name, &read, for_wandb.as_ref())?;
    }
    let taken = valid && for_wandb.is_none_or(|problems| problems.is_empty());
    Ok(if taken { Outcome::Done } else { Outcome::Failed })
}

/// A file that is right may still hold options that an algorithm refuses. W&B's method `custom` names none.
fn check_algorithms(registry: &Registry, config: &SweepConfig) -> Result<()> {
    if config.method.name == "custom" {
        return Ok(());
    }
    setup::build(registry, config, 0).map(drop)
}

type Checked = Result<(Result<()>, besom_config::Parsed), Problems>;

fn verdict(read: &Checked, for_wandb: Option<&Problems>) -> Value {
    let mut verdict = match read {
        Ok((Ok(()), parsed)) => json!({
            "valid": true, "violations": [], "warnings": parsed.warnings, "config": parsed.config.filled,
        }),
        Ok((Err(error), _)) => json!({ "valid": false, "violations": [{ "message": error.to_string() }] }),
        Err(problems) => json!({ "valid": false, "violations": problems }),
    };
    if let Some(problems) = for_wandb {
        verdict["wandb"] = json!({ "valid": problems.is_empty(), "violations": problems });
    }
    verdict
}

fn print_verdict(name: &str, read: &Checked, for_wandb: Option<&Problems>) -> Result<()> {
    match read {
        Ok((Ok(()), parsed)) => {
            for warning in &parsed.warnings {
                line(warning)?;
            }
            line(format!("{name}: valid"))?;
        }
        Ok((Err(error), _)) => line(format!("{name}: {error}"))?,
        Err(problems) => line(problems)?,
    }
    match for_wandb {
        Some(problems) if problems.is_empty() => line(format!("{name}: valid for W&B too"))?,
        Some(problems) => line(format!("W&B would not take this file as it is meant:\n{problems}"))?,
        None => {}
    }
    Ok(())
}

pub(crate) fn plan(
    registry: &Registry,
    place: &Place,
    file: &Path,
    n: usize,
    as_json: bool,
) -> Result<Outcome> {
    let file = setup::read_sweep_file(registry, file)?;
    let config = &file.config;
    let seed = config.seed.unwrap_or(0);
    let mut sweep = setup::build(registry, config, seed)?;
    let mut points = Vec::new();
    while points.len() < n {
        let Answer::Try(suggestions) = sweep.suggest(n - points.len())? else { break };
        for suggestion in suggestions {
            points.push(suggestion.point.to_json());
            let run = besom_core::Run::new(suggestion.point);
            sweep.import(besom_core::Run { note: suggestion.note, ..run });
        }
    }
    let commands = points.iter().map(|point| agents::preview(place, config, point));
    let commands = commands.collect::<Result<Vec<_>>>()?;
    if as_json {
        crate::cli::json(&plan_json(config, seed, &points, &commands))?;
        return Ok(Outcome::Done);
    }
    line(parameters_table(config))?;
    line("")?;
    line(size(config))?;
    if config.seed.is_none() && config.method.name != "grid" {
        line(
            "no seed is given: a sweep will draw its own, so its points differ from these (shown for seed 0)",
        )?;
    }
    for (index, (point, command)) in points.iter().zip(&commands).enumerate() {
        line(format!("\nrun {}: {}\n  {}", index + 1, table::parameters(point), command.text))?;
        for warning in &command.warnings {
            line(format!("  warning: {warning}"))?;
        }
    }
    Ok(Outcome::Done)
}

fn plan_json(
    config: &SweepConfig,
    seed: u64,
    points: &[Map<String, Value>],
    commands: &[agents::Preview],
) -> Value {
    let parameters = config.problem.space.parameters().iter().map(|p| {
        json!({ "name": p.name.path(), "distribution": p.distribution.name(), "range": range(&p.distribution) })
    });
    let runs =
        points.iter().zip(commands).map(|(point, command)| json!({ "params": point, "argv": command.argv }));
    json!({
        "method": config.method.name,
        "seed": seed,
        "parameters": parameters.collect::<Vec<_>>(),
        "points": setup::points(config).map(|size| size.to_string()),
        "runs": runs.collect::<Vec<_>>(),
    })
}

fn parameters_table(config: &SweepConfig) -> String {
    let mut rows = table::table(&["parameter", "distribution", "values"], &[]);
    for parameter in config.problem.space.parameters() {
        let distribution = &parameter.distribution;
        rows.add_row([parameter.name.to_string(), distribution.name().to_owned(), range(distribution)]);
    }
    table::text(&rows)
}

fn size(config: &SweepConfig) -> String {
    let cap = config.problem.run_cap.map(|cap| format!(", at most {cap} runs")).unwrap_or_default();
    let dimensions = config.problem.space.dimensions();
    let size = match setup::points(config) {
        Some(size) => format!("{size} points"),
        None => format!("{dimensions} dimensions"),
    };
    let stopping =
        config.early_terminate.as_ref().map(|rule| format!(", {} stopping", rule.name)).unwrap_or_default();
    format!("{} search over {size}{cap}{stopping}", config.method.name)
}

/// What values a distribution gives, in one short text.
fn range(distribution: &Distribution) -> String {
    match distribution {
        Distribution::Constant(value) => value.to_string(),
        Distribution::Categorical { values, probabilities } => {
            let shown = if values.len() <= 10 { values.len() } else { 8 };
            let texts: Vec<_> = values.iter().take(shown).map(Value::to_string).collect();
            let more = values.len() - shown;
            let more = if more > 0 { format!(", .. {more} more") } else { String::new() };
            let weights = probabilities.as_ref().map(|_| " with probabilities").unwrap_or_default();
            format!("{}{more}{weights}", texts.join(", "))
        }
        Distribution::IntUniform { min, max } => format!("{min} .. {max}"),
        Distribution::Continuous(shape) => shape_range(shape),
        Distribution::Quantized(shape, Quantum { q, .. }) => {
            format!("{} in steps of {q}", shape_range(shape))
        }
    }
}

fn shape_range(shape: &Continuous) -> String {
    use Continuous::{
        Beta, InvLogUniform, InvLogUniformValues, LogNormal, LogUniform, LogUniformValues, Normal, Uniform,
    };
    match *shape {
        Uniform { min, max } | LogUniformValues { min, max } | InvLogUniformValues { min, max } => {
            format!("{} .. {}", table::number(min), table::number(max))
        }
        LogUniform { min, max } | InvLogUniform { min, max } => {
            format!("e^{} .. e^{}", table::number(min), table::number(max))
        }
        Normal { mu, sigma } | LogNormal { mu, sigma } => {
            format!("mu {}, sigma {}", table::number(mu), table::number(sigma))
        }
        Beta { a, b } => format!("a {}, b {}", table::number(a), table::number(b)),
    }
}

pub(crate) fn next(
    registry: &Registry,
    config: &Path,
    runs: &Path,
    n: usize,
    seed: Option<u64>,
    as_json: bool,
) -> Result<Outcome> {
    let (config, runs) = stateless_input(registry, config, runs)?;
    let mut problem = config.problem.clone();
    problem.seed = seed.or(config.seed).unwrap_or(0);
    let method = &config.method;
    let search = registry.search(&method.name, &problem, &method.options).map_err(InputError::from)?;
    let suggestions = stateless::next_runs(&problem, search, &runs, n)?;
    if as_json {
        let with_config =
            |found: &Option<Suggested>| found.as_ref().map(|found| json!({ "config": found.config }));
        crate::cli::json(&suggestions.iter().map(with_config).collect::<Vec<_>>())?;
        return Ok(Outcome::Done);
    }
    for suggestion in &suggestions {
        match suggestion {
            Some(Suggested { config, .. }) => {
                let plain =
                    config.iter().map(|(name, value)| (name.clone(), value["value"].clone())).collect();
                line(table::parameters(&plain))?;
            }
            None => line("nothing is left to try")?,
        }
    }
    Ok(Outcome::Done)
}

pub(crate) fn stop(registry: &Registry, config: &Path, runs: &Path, as_json: bool) -> Result<Outcome> {
    let (config, runs) = stateless_input(registry, config, runs)?;
    let Some(rule) = &config.early_terminate else {
        return Err(InputError::new(
            "the sweep file has no early_terminate, so nothing is ever stopped early",
        )
        .into());
    };
    let mut stopper =
        registry.stopper(&rule.name, &config.problem, &rule.options).map_err(InputError::from)?;
    let (stop, info) = stateless::stop_runs(&config.problem, &mut *stopper, &runs)?;
    if as_json {
        crate::cli::json(&json!({ "stop": stop, "info": info }))?;
    } else if stop.is_empty() {
        line("no run is to be stopped")?;
    } else {
        line(stop.join("\n"))?;
    }
    Ok(Outcome::Done)
}

fn stateless_input(registry: &Registry, config: &Path, runs: &Path) -> Result<(SweepConfig, Vec<SweepRun>)> {
    if config.as_os_str() == "-" && runs.as_os_str() == "-" {
        return Err(
            InputError::new("only one of the sweep file and the runs can come from standard input").into()
        );
    }
    let (text, name) = setup::read_text(config)?;
    // Warnings are about sweeps that will run; nothing runs here.
    let config = besom_setup::reader(registry).read(&text, &name)?.config;
    Ok((config, setup::read_runs(runs)?))
}
