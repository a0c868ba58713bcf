//! `besom bench`: methods compared on functions whose optimum is known.

mod progress;
mod report;

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use besom_bench::{Bench, Results, Suite, suites};
use besom_core::Registry;
#[cfg(feature = "surrogates")]
use besom_core::error_chain;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::cli::arguments::{BenchAction, BenchArguments, BenchRun};
use crate::cli::output::{Outcome, line};
use crate::cli::table;
use crate::error::InputError;
use progress::Progress;

pub(crate) fn bench(registry: &Registry, arguments: BenchArguments) -> Result<Outcome> {
    match arguments.action {
        None => run(registry, &arguments.run),
        Some(BenchAction::List { name, surrogates, json }) => {
            list(&all(surrogates.as_deref())?, name.as_deref(), json)
        }
        Some(BenchAction::Report(arguments)) => report::report(&arguments),
    }
}

fn run(registry: &Registry, arguments: &BenchRun) -> Result<Outcome> {
    let suite = Suite::select(&all(arguments.surrogates.as_deref())?, &arguments.suite)?;
    let cancel = canceled_by_signals()?;
    let (tasks, seeds) = (suite.tasks.len(), arguments.seeds.len());
    let progress = Progress::new(arguments.out.as_deref(), std::io::stderr().is_terminal());
    let mut bench = Bench::new(suite)
        .registry(registry)
        .against(&arguments.methods)
        .stoppers(&arguments.stopper)
        .seeds(arguments.seeds.iter().copied())
        .workers(arguments.workers)
        .jobs(arguments.jobs)
        .timeout(Duration::from_secs(arguments.timeout))
        .cancel(&cancel)
        .progress(|so_far| progress.show(so_far));
    for (label, command) in arguments.exec.iter().map(|text| text.split_once('=').unwrap_or((text, ""))) {
        bench = bench.exec(label, command);
    }
    if let Some(runs) = arguments.runs {
        bench = bench.runs(runs);
    }
    if let Some(folder) = &arguments.out {
        bench = bench.folder(folder);
    }
    progress.begin(&arguments.suite.join(","), tasks, seeds);
    let results = bench.run();
    progress.end();
    let results = results?;
    show(&results, arguments.json)?;
    let canceled = cancel.load(Ordering::Relaxed);
    if canceled {
        crate::cli::output::notice("besom: interrupted; these are the results so far");
    }
    let failed = canceled || results.errors().next().is_some();
    Ok(if failed { Outcome::Failed } else { Outcome::Done })
}

fn show(results: &Results, json: bool) -> Result<()> {
    match json {
        true => results.to_jsonl().lines().try_for_each(line),
        false => line(results.table().trim_end()),
    }
}

/// True once Ctrl-C was pressed; pressed again, it ends the process.
fn canceled_by_signals() -> std::io::Result<Arc<AtomicBool>> {
    let cancel = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, 130, Arc::clone(&cancel))?;
        flag::register(signal, Arc::clone(&cancel))?;
    }
    Ok(cancel)
}

/// Every suite, with that of a folder of surrogates if there is one.
fn all(surrogates: Option<&Path>) -> Result<Vec<Suite>> {
    let mut all = suites::all();
    if let Some(folder) = surrogates {
        all.push(from_folder(folder)?);
    }
    Ok(all)
}

#[cfg(feature = "surrogates")]
fn from_folder(folder: &Path) -> Result<Suite> {
    suites::surrogates(folder).map_err(|error| InputError::new(error_chain(&error)).into())
}

#[cfg(not(feature = "surrogates"))]
fn from_folder(_: &Path) -> Result<Suite> {
    Err(InputError::new("--surrogates needs a besom that was built with --features surrogates").into())
}

/// The suites, or the tasks of one.
fn list(all: &[Suite], name: Option<&str>, json: bool) -> Result<Outcome> {
    let Some(name) = name else {
        if json {
            let suites = all.iter().map(|suite| {
                let tasks: Vec<&str> = suite.tasks.iter().map(|task| task.name()).collect();
                serde_json::json!({ "name": suite.name, "summary": suite.summary, "tasks": tasks })
            });
            crate::cli::output::json(&suites.collect::<Vec<_>>())?;
            return Ok(Outcome::Done);
        }
        let mut table = table::table(&["SUITE", "TASKS", "SUMMARY"], &[1]);
        for suite in all {
            table.add_row([&suite.name, &suite.tasks.len().to_string(), &suite.summary]);
        }
        line(table::text(&table))?;
        line("\nthe tasks of one: besom bench list SUITE")?;
        return Ok(Outcome::Done);
    };
    tasks(&Suite::select(all, [name])?, json)?;
    Ok(Outcome::Done)
}

fn tasks(suite: &Suite, json: bool) -> Result<()> {
    let describe = |task: &besom_bench::Task| -> Result<(usize, String)> {
        let objective =
            task.objective(0).map_err(|error| InputError::new(format!("{}: {error}", task.name())))?;
        let optimum = if objective.best().is_some() { "known" } else { "best known" };
        Ok((objective.problem().space.dimensions(), optimum.to_owned()))
    };
    let mut table =
        table::table(&["TASK", "PARAMETERS", "RUNS", "EPOCHS", "INSTANCES", "OPTIMUM"], &[1, 2, 3, 4]);
    let mut rows = Vec::new();
    for task in &suite.tasks {
        let (dimensions, optimum) = describe(task)?;
        let epochs = task.full_epochs();
        rows.push(serde_json::json!({ "name": task.name(), "parameters": dimensions, "runs": task.runs(),
            "epochs": epochs, "instances": task.instance_count(), "optimum": optimum }));
        let shown = if epochs > 1 { epochs.to_string() } else { "-".to_owned() };
        let numbers =
            [dimensions.to_string(), task.runs().to_string(), shown, task.instance_count().to_string()];
        table.add_row(std::iter::once(task.name().to_owned()).chain(numbers).chain([optimum]));
    }
    if json { crate::cli::output::json(&rows) } else { line(table::text(&table)) }
}
