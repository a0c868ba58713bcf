//! `besom store copy`: sweeps with all that is stored of them, from one store to another.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::Result;
use besom_engine::{EngineError, Place, WholeAccess, WholeStore, open_whole};
use besom_store::transfer::{Copied, copy as copy_sweep, digest_of};
use besom_store::{StoreError, SweepRow, SweepState};
use serde_json::{Value, json};

use crate::cli::arguments::CopyArguments;
use crate::cli::output::{self, Outcome, line, notice};
use crate::cli::{table, target};
use crate::error::InputError;

pub(crate) fn copy(arguments: &CopyArguments) -> Result<Outcome> {
    let mut from = open(&arguments.from, WholeAccess::Read)?;
    let sweeps = chosen(&mut *from, arguments)?;
    let mut to = open(&arguments.to, WholeAccess::Write)?;
    refuse(&mut *from, &mut *to, &sweeps, arguments)?;
    let mut copied = Vec::new();
    for sweep in &sweeps {
        let done = copy_sweep(&mut *from, &mut *to, sweep.id())?;
        if arguments.json {
            copied.push(as_json(sweep, &done));
        } else {
            line(said(sweep, &done))?;
        }
    }
    if arguments.json {
        output::json(&Value::Array(copied))?;
    } else if sweeps.is_empty() {
        notice("there are no sweeps to copy");
    }
    say_where_files_are(arguments, &sweeps);
    Ok(Outcome::Done)
}

fn open(name: &Path, access: WholeAccess) -> Result<Box<dyn WholeStore>> {
    open_whole(name.as_os_str(), access).map_err(|error| match error {
        EngineError::AtServer { url } => InputError::new(format!(
            "{url} is a server: run this command on its machine, with the directory or database that it serves"
        ))
        .into(),
        other => other.into(),
    })
}

/// The sweeps that are meant, in the order of the store.
fn chosen(from: &mut dyn WholeStore, arguments: &CopyArguments) -> Result<Vec<SweepRow>> {
    if arguments.sweeps.is_empty() {
        return Ok(from.sweeps()?);
    }
    let place = Place::new(&arguments.from)?;
    let mut sweeps: Vec<SweepRow> = Vec::new();
    for id in &arguments.sweeps {
        let sweep = target::sweep(&mut &mut *from, &place, id)?;
        if sweeps.iter().all(|other| other.id() != sweep.id()) {
            sweeps.push(sweep);
        }
    }
    Ok(sweeps)
}

/// Refuses, before anything is copied, all sweeps that agents work on, and those that the other store has with other content.
fn refuse(
    from: &mut dyn WholeStore,
    to: &mut dyn WholeStore,
    sweeps: &[SweepRow],
    arguments: &CopyArguments,
) -> Result<()> {
    let mut problems = Vec::new();
    for sweep in sweeps {
        let id = sweep.id();
        let busy = if arguments.force { 0 } else { agents_at_work(from, sweep)? };
        if busy > 0 {
            let paused = sweep.state == SweepState::Paused;
            let pause = match paused {
                true => String::new(),
                false => format!("pause it with: besom --store {} pause {id}; and ", shown(&arguments.from)),
            };
            problems.push(format!(
                "sweep {id} has {} at work, which would not know of the copy; {pause}copy it when its runs have ended, or as it is \
                 now with --force",
                table::count(busy, "agent")
            ));
        } else if let Some(there) = digest_of(to, id)?
            && digest_of(from, id)?.is_some_and(|here| here != there)
        {
            let to = shown(&arguments.to);
            let way = match arguments.to.is_file() {
                true => "copy to another file".to_owned(),
                false => format!("remove it there first with: besom --store {to} rm {id}"),
            };
            problems.push(format!("{to} has a sweep {id} with other content; {way}"));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(InputError::new(problems.join("\n")).into()) }
}

/// How many agents change the sweep: of a paused one or one that has ended, those with a run.
fn agents_at_work(from: &mut dyn WholeStore, sweep: &SweepRow) -> Result<u64, StoreError> {
    let hands_out = matches!(sweep.state, SweepState::Pending | SweepState::Running);
    let agents = from.agents(sweep.id())?;
    let busy = agents.iter().filter(|agent| agent.alive && (hands_out || agent.run.is_some()));
    Ok(busy.count() as u64)
}

fn said(sweep: &SweepRow, done: &Copied) -> String {
    let id = sweep.id();
    if done.was_there {
        return format!("sweep {id} is there already");
    }
    let of = |what| done.digest.count(what);
    format!(
        "copied sweep {id}: {}, {}, {}",
        table::count(of("runs"), "run"),
        table::count(of("attempts"), "attempt"),
        table::count(of("events"), "event")
    )
}

fn as_json(sweep: &SweepRow, done: &Copied) -> Value {
    let of = |what| done.digest.count(what);
    json!({
        "id": sweep.id(), "copied": !done.was_there, "runs": of("runs"), "attempts": of("attempts"), "events": of("events"),
    })
}

/// Checkpoints are no part of a store.
fn say_where_files_are(arguments: &CopyArguments, sweeps: &[SweepRow]) {
    let files =
        |name: &Path| Place::new(name).ok().and_then(|place| place.directory().map(|root| root.join("runs")));
    let (Some(from), Some(to)) = (files(&arguments.from), files(&arguments.to)) else { return };
    let has_files = |sweep: &&SweepRow| {
        let id = OsStr::new(sweep.id().as_str());
        from.join(id).is_dir() && !to.join(id).exists()
    };
    if sweeps.iter().any(|sweep| has_files(&sweep)) {
        notice(format!(
            "files of runs (checkpoints) are not copied: they are below {}, and agents of the copy look for them below {}",
            from.display(),
            to.display()
        ));
    }
}

/// A store as it is named, without what may be a secret.
fn shown(name: &Path) -> String {
    Place::new(name).map_or_else(|_| name.display().to_string(), |place| place.to_string())
}
