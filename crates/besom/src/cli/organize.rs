//! Commands that add to a sweep and to what is said of it: `extend`, `enqueue`, `rename`, `tag`, `note`.

use anyhow::Result;
use besom_controller::Controller;
use besom_core::{Registry, RunNumber, Space, did_you_mean, nearest};
use besom_engine::{Place, build, stored_config};
use besom_store::{Added, NewRun, Store, SweepRow, SweepState};
use serde_json::{Map, Value, json};

use crate::cli::arguments::{EnqueueArguments, NoteArguments, RenameArguments, TagArguments};
use crate::cli::manage::{assignments, refused};
use crate::cli::output::{Outcome, line};
use crate::cli::{describe, table, target};
use crate::error::InputError;

pub(crate) fn extend(registry: &Registry, place: &Place, id: &str, more: u64) -> Result<Outcome> {
    let mut store = place.open()?;
    let sweep = target::sweep(&mut *store, place, id)?;
    let id = sweep.id();
    // A finished sweep may have ended before its cap: what counts then is how many runs it has.
    let from = match sweep.new.run_cap.filter(|_| !sweep.state.is_over()) {
        Some(cap) => cap.max(sweep.runs),
        None if sweep.state.is_over() => sweep.runs,
        None => {
            return Err(InputError::new(format!("sweep {id} has no run_cap and is {}", sweep.state)).into());
        }
    };
    let cap = from.saturating_add(more);
    store.set_run_cap(id, Some(cap)).map_err(|error| refused(&error))?;
    end_if_exhausted(registry, &mut *store, &sweep)?;
    let (now, status) = (store.sweep(id)?, store.status(id)?);
    let next = match now.state {
        SweepState::Finished => {
            let message = format!("sweep {id} cannot have more runs: {}", describe::state(&now, &status));
            return Err(InputError::new(message).into());
        }
        SweepState::Paused => format!("it is paused; resume it with: besom resume {id}"),
        _ if status.agents > 0 => format!("{} at work", table::count(status.agents, "agent")),
        _ => format!("run them with: besom agent {id}"),
    };
    // The store may hold a smaller one than was asked for.
    let cap = now.new.run_cap.unwrap_or(cap);
    line(format!("sweep {id} can now have {}; {next}", table::count(cap, "run")))?;
    Ok(Outcome::Done)
}

/// Ends a sweep again whose target is reached or whose search method has no point left. One whose algorithms are its owner's,
/// and not in the registry, is for its owner to end.
fn end_if_exhausted(registry: &Registry, store: &mut dyn Store, sweep: &SweepRow) -> Result<()> {
    if sweep.state == SweepState::Finished
        && let Ok(built) = build(registry, &stored_config(registry, sweep)?, sweep.new.seed)
    {
        Controller::new(sweep.id().clone(), built).last_step(store)?;
    }
    Ok(())
}

pub(crate) fn enqueue(registry: &Registry, place: &Place, arguments: &EnqueueArguments) -> Result<Outcome> {
    let mut store = place.open()?;
    let sweep = target::sweep(&mut *store, place, &arguments.id)?;
    let config = stored_config(registry, &sweep)?;
    let point = point(&config.space, &arguments.values)?;
    let note = json!({ "why": "enqueued by its owner" }).as_object().cloned().unwrap_or_default();
    let run = NewRun::new(point).note(note);
    let number = add(&mut *store, &sweep, &run)?;
    let id = &sweep.new.id;
    line(format!("added run {number} to sweep {id}; run it with: besom agent {id}"))?;
    Ok(Outcome::Done)
}

/// The point of these values: one of the space, and complete.
fn point(space: &Space, values: &[String]) -> Result<Map<String, Value>> {
    let (given, mut problems) = assignments(values);
    let names: Vec<String> = space.parameters().iter().map(|parameter| parameter.name.to_string()).collect();
    for name in given.keys().filter(|name| !names.contains(name)) {
        let near = did_you_mean(nearest(name, names.iter().map(String::as_str)));
        problems.push(format!("no parameter '{name}'{near}"));
    }
    let middle = space.decode(&vec![0.5; space.dimensions()]);
    let mut values = Vec::new();
    for (parameter, name) in space.parameters().iter().zip(&names) {
        let distribution = &parameter.distribution;
        // Anywhere in the space, a constant has its value.
        let constant = middle.get(&parameter.name).filter(|_| distribution.is_constant());
        match given.get(name).or(constant).cloned() {
            None => problems.push(format!("{name} has no value")),
            Some(value) if !distribution.contains(&value) => {
                problems
                    .push(format!("{name}: {value} is not a possible value of its {}", distribution.name()));
            }
            Some(value) => values.push((parameter.name.clone(), value)),
        }
    }
    if problems.is_empty() {
        return Ok(besom_core::Point::from_iter(values).to_json());
    }
    Err(InputError::new(problems.join("; ")).into())
}

/// Adds the run behind all others, whoever else adds some meanwhile.
fn add(store: &mut dyn Store, sweep: &SweepRow, run: &NewRun) -> Result<RunNumber> {
    let id = &sweep.new.id;
    let mut next = RunNumber::FIRST.plus(usize::try_from(sweep.runs)?);
    loop {
        let refused = match store.add_runs(id, next, std::slice::from_ref(run), None)? {
            Added::Added(_) => return Ok(next),
            Added::Lost(other) => {
                next = other;
                continue;
            }
            Added::Capped => {
                format!(
                    "sweep {id} already has all runs that its run_cap allows; allow one more with: besom extend {id} 1"
                )
            }
            Added::Closed(SweepState::Paused) => {
                format!("sweep {id} is paused and takes no runs; resume it with: besom resume {id}")
            }
            Added::Closed(SweepState::Finished) => {
                format!("sweep {id} is finished and takes no runs; allow one more with: besom extend {id} 1")
            }
            Added::Closed(state) => format!("sweep {id} is {state} and takes no runs"),
            other => format!("the store refused the run: {other:?}"),
        };
        return Err(InputError::new(refused).into());
    }
}

pub(crate) fn rename(place: &Place, arguments: &RenameArguments) -> Result<Outcome> {
    let mut store = place.open()?;
    let sweep = target::sweep(&mut *store, place, &arguments.id)?;
    let name = Some(arguments.name.trim()).filter(|name| !name.is_empty());
    store.set_label(sweep.id(), describe::NAME, name)?;
    line(match name {
        Some(name) => format!("renamed sweep {} to {name}", sweep.new.id),
        None => format!("sweep {} has the name in its file again", sweep.new.id),
    })?;
    Ok(Outcome::Done)
}

pub(crate) fn tag(place: &Place, arguments: &TagArguments) -> Result<Outcome> {
    let mut store = place.open()?;
    let sweep = target::sweep(&mut *store, place, &arguments.id)?;
    let (id, given) = (sweep.id(), &arguments.tags);
    let changed = |mut tags: Vec<String>| {
        tags.retain(|tag| !given.contains(tag));
        if !arguments.remove {
            tags.extend(given.iter().cloned());
        }
        tags
    };
    let (whose, tags) = match arguments.run {
        None => {
            let tags = changed(describe::tags(&sweep));
            // Without tags there is no label.
            let label = (!tags.is_empty()).then(|| json!(tags).to_string());
            store.set_label(id, describe::TAGS, label.as_deref())?;
            (format!("sweep {id}"), tags)
        }
        Some(name) => {
            let run = target::run(&mut *store, &sweep, name)?;
            let facts = store.facts(id, run.number, None)?;
            let tags = changed(texts(facts.get("tags")));
            store.annotate(id, run.number, &Map::from_iter([("tags".to_owned(), json!(tags))]))?;
            (format!("run {} of sweep {id}", run.number), tags)
        }
    };
    let tags = if tags.is_empty() { "none".to_owned() } else { tags.join(", ") };
    line(format!("tags of {whose}: {tags}"))?;
    Ok(Outcome::Done)
}

/// The texts of a list.
fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

pub(crate) fn note(place: &Place, arguments: &NoteArguments) -> Result<Outcome> {
    let mut store = place.open()?;
    let sweep = target::sweep(&mut *store, place, &arguments.id)?;
    let id = sweep.id();
    let text = Some(arguments.text.as_str()).filter(|text| !text.trim().is_empty());
    let whose = match arguments.run {
        None => {
            store.set_label(id, describe::NOTES, text)?;
            format!("sweep {id}")
        }
        Some(name) => {
            let run = target::run(&mut *store, &sweep, name)?;
            store.annotate(id, run.number, &Map::from_iter([("notes".to_owned(), json!(text))]))?;
            format!("run {} of sweep {id}", run.number)
        }
    };
    line(format!("{} the note on {whose}", if text.is_some() { "wrote" } else { "removed" }))?;
    Ok(Outcome::Done)
}
