//! `besom rm`: sweeps with all that is stored of them, and the directories of their runs.

use std::io::{BufRead, IsTerminal};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use anyhow::{Context, Result};
use besom_agent::await_departure;
use besom_core::RunNumber;
use besom_engine::Place;
use besom_store::{Store, SweepId, SweepRow};

use crate::cli::arguments::RemoveArguments;
use crate::cli::output::{Outcome, ask, line, notice};
use crate::cli::{describe, table, target};
use crate::error::InputError;

/// How long agents of a removed sweep may take to end: a heartbeat, and the end of their programs.
const DEPARTURE: Duration = Duration::from_secs(30);

/// What is appended to the name of a sweep's directory to name the file that stands beside it while it is being removed: whoever
/// finds that file, and no such sweep, may finish the work.
const MARK: &str = "removed";

pub(crate) fn remove(place: &Place, arguments: &RemoveArguments) -> Result<Outcome> {
    let mut store = place.open()?;
    let mut sweeps: Vec<SweepRow> = Vec::new();
    for id in &arguments.ids {
        let sweep = target::sweep(&mut *store, place, id)?;
        if sweeps.iter().all(|other| other.id() != sweep.id()) {
            sweeps.push(sweep);
        }
    }
    if !arguments.force {
        refuse_work(&mut *store, &sweeps)?;
    }
    if !arguments.yes && !is_confirmed(&sweeps)? {
        notice("removed nothing");
        return Ok(Outcome::Failed);
    }
    for sweep in &sweeps {
        remove_one(place, &mut *store, sweep.id())?;
    }
    if let Some(directory) = place.directory() {
        sweep_up(&mut *store, &directory.join("runs"))?;
    }
    if let Some(url) = place.url() {
        notice(format!(
            "files of their runs on other machines and on that of {url} stay: remove them there, below runs/ID"
        ));
    }
    Ok(Outcome::Done)
}

/// Refuses to remove sweeps that agents work on.
fn refuse_work(store: &mut dyn Store, sweeps: &[SweepRow]) -> Result<()> {
    let mut problems = Vec::new();
    for sweep in sweeps {
        let (id, agents) = (sweep.id(), store.status(sweep.id())?.agents);
        if agents > 0 {
            problems.push(format!(
                "sweep {id} has {} at work; end it with: besom cancel {id}; or remove it anyway with --force",
                table::count(agents, "agent")
            ));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(InputError::new(problems.join("\n")).into()) }
}

/// Asks on a terminal; anywhere else only `--yes` is a yes.
fn is_confirmed(sweeps: &[SweepRow]) -> Result<bool> {
    let what: Vec<String> = sweeps.iter().map(described).collect();
    let what = what.join(", ");
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        let message =
            format!("this permanently removes {what} with all files of their runs; confirm it with --yes");
        return Err(InputError::new(message).into());
    }
    ask(format!("permanently remove {what} with all files of their runs? [y/N] "));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

fn described(sweep: &SweepRow) -> String {
    let runs = table::count(sweep.runs, "run");
    format!("sweep {}{} ({runs}, {})", sweep.new.id, describe::title(sweep), sweep.state)
}

/// Removes a sweep from the store, then its directory. If that is interrupted, the next `rm` removes the directory.
fn remove_one(place: &Place, store: &mut dyn Store, id: &SweepId) -> Result<()> {
    let directory = place.directory().and_then(|directory| directory_of(directory, id));
    let directory = directory.filter(|directory| directory.is_dir());
    if let Some(directory) = &directory {
        fs::write(mark(directory), "").with_context(|| cannot_remove(directory))?;
    }
    store.remove_sweep(id)?;
    let is_deserted = place.directory().is_none_or(|files| await_departure(files, id, DEPARTURE));
    if let Some(directory) = &directory {
        remove_directory(directory)?;
        if !is_deserted {
            fs::write(mark(directory), "").with_context(|| cannot_remove(directory))?;
            notice(format!("an agent of sweep {id} does not end; the next besom rm removes what it leaves"));
        }
    }
    line(format!("removed sweep {id}"))
}

fn mark(directory: &Path) -> PathBuf {
    let mut name = directory.as_os_str().to_owned();
    name.push(".");
    name.push(MARK);
    name.into()
}

/// Where the files of a sweep's runs are; nowhere if its id, which may be anything, is no name of a directory.
fn directory_of(store: &Path, id: &SweepId) -> Option<PathBuf> {
    let mut parts = Path::new(id.as_str()).components();
    let is_name = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
    let run = is_name.then(|| besom_agent::run_directory(store, id, RunNumber::FIRST))?;
    Some(run.parent()?.to_owned())
}

/// Removes the directories that an interrupted `rm` has left.
fn sweep_up(store: &mut dyn Store, runs: &Path) -> Result<()> {
    let entries = fs::read_dir(runs).into_iter().flatten().flatten().map(|entry| entry.path());
    let marks: Vec<PathBuf> =
        entries.filter(|path| path.extension() == Some(MARK.as_ref()) && path.is_file()).collect();
    let sweeps = if marks.is_empty() { Vec::new() } else { store.sweeps()? };
    let is_stored =
        |mark: &&PathBuf| sweeps.iter().any(|sweep| mark.file_stem() == Some(sweep.id().as_str().as_ref()));
    let left = marks.iter().filter(|mark| !is_stored(mark));
    left.map(|mark| mark.with_extension("")).try_for_each(|directory| remove_directory(&directory))
}

/// Removes a directory, and then the mark beside it.
fn remove_directory(path: &Path) -> Result<()> {
    let is_gone = |removed: io::Result<()>| match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    is_gone(fs::remove_dir_all(path))
        .and_then(|()| is_gone(fs::remove_file(mark(path))))
        .with_context(|| cannot_remove(path))
}

fn cannot_remove(path: &Path) -> String {
    format!("cannot remove {}", path.display())
}
