//! `besom rm`: sweeps with all that is stored of them, and the directories of their runs.

use std::io::{self, BufRead, IsTerminal};

use anyhow::Result;
use besom_engine::Place;
use besom_store::{Store, SweepRow};

use crate::cli::arguments::RemoveArguments;
use crate::cli::output::{Outcome, ask, line, notice};
use crate::cli::{describe, table, target};
use crate::error::InputError;

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
        let id = sweep.id();
        if !besom_engine::remove(place, &mut *store, id)? {
            notice(format!("an agent of sweep {id} does not end; the next besom rm removes what it leaves"));
        }
        line(format!("removed sweep {id}"))?;
    }
    if let Some(url) = place.url() {
        notice(format!(
            "files of their runs on other machines and on that of {url} stay: remove them there, below runs/ID"
        ));
    } else if place.is_elsewhere() {
        notice("files of their runs on other machines stay: remove them there, below runs/ID");
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
