//! `run`, `sweep`, `agent`, `controller`: commands that make a sweep or work on one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use besom_agent::CommandPattern;
use besom_config::SweepConfig;
use besom_controller::{Controller, Step};
use besom_core::{Registry, RunState};
use besom_engine::{
    Creation, Crew, CrewOptions, MissingMetric, Place, PriorRun, Steps, planned, program_directory,
    stored_config,
};
use besom_store::{Store, SweepId, SweepRow, SweepState};

use crate::cli::agents::Terms;
use crate::cli::arguments::{AgentArguments, RunArguments, SweepArguments};
use crate::cli::conclusion::conclusion;
use crate::cli::gpus::Jobs;
use crate::cli::input::{SweepFile, read_runs, read_sweep_file};
use crate::cli::output::{self, Outcome, line, notice};
use crate::cli::resume::{self, Found};
use crate::cli::{agents, describe, input, serve, signals, table, target, wandb};
use crate::error::InputError;

/// How often a controller without agents steps its sweep. A step with no news costs a query.
const PACE: Duration = Duration::from_millis(250);

pub(crate) fn run(registry: &Registry, place: &Place, arguments: &RunArguments) -> Result<Outcome> {
    let file = read_sweep_file(registry, &arguments.file, arguments.strict)?;
    let cap = arguments.run_cap.map(|cap| ("run_cap", cap.into()));
    let file = input::replaced(registry, file, cap.as_slice())?;
    check_program(&file)?;
    let jobs = Jobs::new(arguments.work.jobs, &arguments.work.gpus)?;
    let mut store = place.open_or_create()?;
    let id = match arguments.resume {
        true => match resume::resume(registry, &mut *store, &file, arguments.run_cap)? {
            Found::Unfinished(sweep) => sweep.new.id,
            Found::Ended(sweep) => return nothing_to_resume(&sweep),
            Found::Nothing => {
                notice("no sweep of this file in the store; creating a new one");
                new_sweep(registry, place, &mut *store, &file, arguments.seed, &arguments.prior_runs)?
            }
        },
        false => {
            let newest = resume::newest_of(&mut *store, &file)?;
            if let Some(sweep) = newest.filter(|sweep| !sweep.state.is_over()) {
                notice(format!(
                    "note: sweep {} of this file is unfinished; use --resume to continue it",
                    sweep.new.id
                ));
            }
            new_sweep(registry, place, &mut *store, &file, arguments.seed, &arguments.prior_runs)?
        }
    };
    let sweep = store.sweep(&id)?;
    line(beginning(&sweep, &file.config))?;
    let _server = match arguments.serve {
        true => serve::beside(registry, place)?,
        false => {
            serve::show_link(place);
            None
        }
    };
    let options = crew_options(arguments.work.count, arguments.heartbeat_timeout, Steps::Always);
    let cap = arguments.run_cap.map(|cap| format!(" --run-cap {cap}")).unwrap_or_default();
    let again = match &file.path {
        Some(_) => format!("besom run {} --resume{cap}", arguments.file.display()),
        None => format!("besom agent {id}"),
    };
    let terms = Terms {
        jobs: &jobs,
        grace: Duration::from_secs(arguments.grace),
        allowed: Vec::new(),
        wandb: arguments.work.wandb,
    };
    finish_with(registry, place, &id, &terms, options, &again)
}

/// Checks that the program exists, before anything is stored.
fn check_program(file: &SweepFile) -> Result<()> {
    if file.config.program.is_none() && file.config.command.is_none() {
        let message = "the sweep file names no program: add 'program: train.py' or a 'command'";
        return Err(InputError::new(message).into());
    }
    let Some(program) = &file.config.program else { return Ok(()) };
    let directory = directory(file)?;
    if file.config.command.is_none() && !directory.join(program).exists() {
        let message = format!("program '{program}' not found in {}", directory.display());
        return Err(InputError::new(message).into());
    }
    Ok(())
}

/// Where the programs of a sweep file run.
fn directory(file: &SweepFile) -> Result<PathBuf> {
    program_directory(&file.config, file.path.as_deref()).context("the working directory no longer exists")
}

/// `sweep 3k8s0x1q: bayes search, 30 runs, minimize loss, seed 7`; of several metrics all are named.
pub(crate) fn beginning(sweep: &SweepRow, config: &SweepConfig) -> String {
    let name = describe::title(sweep);
    let method = &config.method.name;
    let planned = planned(sweep, config).map(|planned| format!(", {}", table::count(planned, "run")));
    let runs = planned.unwrap_or_default();
    let metrics = sweep.new.metrics.iter().map(|m| format!(", {} {}", m.goal.as_str(), m.name));
    let metrics: String = metrics.collect();
    format!("sweep {}{name}: {method} search{runs}{metrics}, seed {}", sweep.new.id, sweep.new.seed)
}

fn nothing_to_resume(sweep: &SweepRow) -> Result<Outcome> {
    let (id, state) = (&sweep.new.id, sweep.state);
    let reason = sweep.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let more = if state == SweepState::Finished { "allow more runs with --run-cap N; " } else { "" };
    line(format!(
        "sweep {id} of this file is {state}{reason}: nothing to resume; {more}create a new one with: besom run, without --resume"
    ))?;
    Ok(Outcome::Done)
}

fn new_sweep(
    registry: &Registry,
    place: &Place,
    store: &mut dyn Store,
    file: &SweepFile,
    seed: Option<u64>,
    prior_runs: &[String],
) -> Result<SweepId> {
    let config = &file.config;
    let prior = read_prior_runs(store, place, config, prior_runs)?;
    let seed = besom_engine::seed(config, seed);
    // Algorithms may refuse the problem: before anything is stored.
    besom_engine::build(registry, config, seed)?;
    let directory = directory(file)?.display().to_string();
    let mut creation = Creation::new(config, seed).text(file.text.as_str()).directory(directory);
    creation.source = resume::source(file);
    Ok(besom_engine::create_with(store, creation, &prior)?)
}

/// The runs in each of these: an existing file, else a sweep of the store.
fn read_prior_runs(
    store: &mut dyn Store,
    place: &Place,
    config: &SweepConfig,
    names: &[String],
) -> Result<Vec<PriorRun>> {
    let mut prior = Vec::new();
    for name in names {
        let path = Path::new(name);
        if path.is_file() {
            for (place, run) in read_runs(path)?.iter().enumerate() {
                let run = PriorRun::of_wandb(run, place);
                prior.push(run.map_err(|error| InputError::new(format!("{name}: {error}")))?);
            }
        } else {
            let sweep = target::sweep(store, place, name)?;
            prior.extend(PriorRun::all_of_store(store, &sweep.new.id)?);
        }
    }
    match config.run_cap {
        Some(cap) if prior.len() as u64 > cap => {
            let message = format!(
                "there are {} prior runs, but they count toward run_cap, which is {cap}",
                prior.len()
            );
            Err(InputError::new(message).into())
        }
        _ => Ok(prior),
    }
}

pub(crate) fn create(registry: &Registry, place: &Place, arguments: &SweepArguments) -> Result<Outcome> {
    let file = wandb::file(registry, arguments)?;
    let id = new_sweep(
        registry,
        place,
        &mut place.open_or_create()?,
        &file,
        arguments.seed,
        &arguments.prior_runs,
    )?;
    if arguments.wandb.controller {
        return controller(registry, place, id.as_str());
    }
    if arguments.json {
        output::json(&serde_json::json!({ "id": id }))?;
    } else {
        line(format!("created sweep {id}; start an agent with: besom agent {id}"))?;
    }
    Ok(Outcome::Done)
}

pub(crate) fn agent(registry: &Registry, place: &Place, arguments: &AgentArguments) -> Result<Outcome> {
    let mut store = place.open()?;
    let sweep = target::sweep(&mut *store, place, &arguments.id)?;
    if sweep.state.is_over() {
        return outlast(place, &mut *store, &sweep);
    }
    let jobs = Jobs::new(arguments.work.jobs, &arguments.work.gpus)?;
    line(beginning(&sweep, &stored_config(registry, &sweep)?))?;
    let options = crew_options(arguments.work.count, arguments.heartbeat_timeout, Steps::UnlessLocal);
    let id = &sweep.new.id;
    let allowed = arguments.allow_command.iter().map(CommandPattern::new).collect();
    let terms = Terms {
        jobs: &jobs,
        grace: Duration::from_secs(arguments.grace),
        allowed,
        wandb: arguments.work.wandb,
    };
    finish_with(registry, place, id, &terms, options, &format!("besom agent {id}"))
}

/// There is nothing to execute in a sweep that has ended, but runs of agents that are gone may wait for their end.
fn outlast(place: &Place, store: &mut dyn Store, sweep: &SweepRow) -> Result<Outcome> {
    let id = &sweep.new.id;
    let more = match sweep.state {
        SweepState::Finished => format!("; allow more runs with: besom extend {id} N"),
        _ => String::new(),
    };
    line(format!("sweep {id} is already {}{more}", sweep.state))?;
    let running = store.running(id)?.len();
    if running > 0 {
        line(format!("waiting for {running} of its runs to end"))?;
        let shutdown = besom_agent::Shutdown::new();
        signals::listen(&shutdown)?;
        besom_engine::outlast(place, id, &shutdown)?;
    }
    Ok(Outcome::Done)
}

fn crew_options(count: Option<u64>, heartbeat_timeout: u64, steps: Steps) -> CrewOptions {
    let mut options = CrewOptions::default();
    (options.count, options.steps) = (count, steps);
    options.heartbeat_timeout = Duration::from_secs(heartbeat_timeout);
    options
}

/// Works until the sweep has ended or the crew leaves, and prints the outcome. `again` is what to type to continue later.
fn finish_with(
    registry: &Registry,
    place: &Place,
    id: &SweepId,
    terms: &Terms<'_>,
    options: CrewOptions,
    again: &str,
) -> Result<Outcome> {
    let shutdown = options.shutdown.clone();
    let place = &place.clone().heeding(&shutdown);
    let mut crew = Crew::new(place, registry, id, options)?;
    let worked = agents::work(place, &mut crew, terms, &shutdown)?;
    let mut store = place.open()?;
    let sweep = store.sweep(id)?;
    let status = store.status(id)?;
    line("")?;
    let interrupted = signals::exit_code().filter(|_| !sweep.state.is_over());
    let missing = MissingMetric::of(&mut store, id)?;
    let again = interrupted.map(|_| again);
    line(conclusion(&mut *store, &sweep, &status, crew.config(), missing.as_ref(), again)?)?;
    if let Some(code) = interrupted {
        return Ok(Outcome::Interrupted(code));
    }
    let succeeded = describe::count(&status, RunState::Finished) > 0;
    let missing = sweep.state.is_over() && missing.is_some();
    let well = sweep.state != SweepState::Paused && worked.quarantined.is_none();
    let well = well && (succeeded || !sweep.state.is_over()) && !missing;
    Ok(if well { Outcome::Done } else { Outcome::Failed })
}

pub(crate) fn controller(registry: &Registry, place: &Place, id: &str) -> Result<Outcome> {
    let mut store = place.open()?;
    let sweep = target::sweep(&mut *store, place, id)?;
    let config = stored_config(registry, &sweep)?;
    let mut controller =
        Controller::new(sweep.new.id.clone(), besom_engine::build(registry, &config, sweep.new.seed)?);
    let shutdown = besom_agent::Shutdown::new();
    signals::listen(&shutdown)?;
    line(format!("stepping sweep {}; start agents with: besom agent {}", sweep.new.id, sweep.new.id))?;
    let mut before = String::new();
    while shutdown.level() == besom_agent::Level::None {
        let idle =
            store.agents(&sweep.new.id)?.iter().filter(|agent| agent.alive && agent.run.is_none()).count();
        let step = controller.step(&mut store, idle.max(1))?;
        let status = store.status(&sweep.new.id)?;
        let now = store.sweep(&sweep.new.id)?;
        let planned = planned(&now, &config);
        let status_line = format!("{}, runs {}", now.state, describe::counts(planned, &status));
        if status_line != before {
            line(&status_line)?;
            before = status_line;
        }
        if step == Step::Over && status.counts.iter().all(|(state, count)| !state.is_open() || *count == 0) {
            let missing = MissingMetric::of(&mut store, now.id())?;
            line(conclusion(&mut *store, &now, &status, &config, missing.as_ref(), None)?)?;
            return Ok(Outcome::Done);
        }
        std::thread::sleep(PACE);
    }
    notice(format!("stopped stepping sweep {id}; continue with: besom controller {id}", id = sweep.new.id));
    Ok(signals::exit_code().map_or(Outcome::Done, Outcome::Interrupted))
}
