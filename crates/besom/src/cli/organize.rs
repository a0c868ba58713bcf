//! Commands that add to a sweep and to what is said of it: `extend`, `enqueue`, `rename`, `tag`, `note`.

use anyhow::Result;
use besom_core::Registry;
use besom_engine::{EngineError, Place, chosen_point, stored_config};
use besom_store::{Added, Store, SweepState};
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
    let now = besom_engine::extend(registry, &mut *store, id, more).map_err(|error| match error {
        EngineError::Store(error) => refused(&error).into(),
        error => anyhow::Error::from(error),
    })?;
    let status = store.status(id)?;
    let next = match now.state {
        SweepState::Paused => format!("it is paused; resume it with: besom resume {id}"),
        _ if status.agents > 0 => format!("{} at work", table::count(status.agents, "agent")),
        _ => format!("run them with: besom agent {id}"),
    };
    let cap = now.new.run_cap.unwrap_or_default();
    line(format!("sweep {id} can now have {}; {next}", table::count(cap, "run")))?;
    Ok(Outcome::Done)
}

pub(crate) fn enqueue(registry: &Registry, place: &Place, arguments: &EnqueueArguments) -> Result<Outcome> {
    let mut store = place.open()?;
    let sweep = target::sweep(&mut *store, place, &arguments.id)?;
    let (given, mut problems) = assignments(&arguments.values);
    if !problems.is_empty() {
        // All that is wrong is said at once, and nothing is added.
        let space = stored_config(registry, &sweep)?.space;
        problems.extend(chosen_point(&space, &given).err().into_iter().flatten());
        return Err(InputError::new(problems.join("; ")).into());
    }
    let added = besom_engine::enqueue(registry, &mut *store, &sweep, &given);
    let number = added.map_err(not_added)?;
    let id = &sweep.new.id;
    line(format!("added run {number} to sweep {id}; run it with: besom agent {id}"))?;
    Ok(Outcome::Done)
}

/// What can be done where a sweep takes no run.
fn not_added(error: EngineError) -> anyhow::Error {
    let EngineError::Refused { sweep: id, refused } = &error else {
        return match error {
            EngineError::Values { .. } => InputError::new(error.to_string()).into(),
            other => other.into(),
        };
    };
    let way_out = match refused {
        Added::Capped | Added::Closed(SweepState::Finished) => {
            format!("; allow one more with: besom extend {id} 1")
        }
        Added::Closed(SweepState::Paused) => format!("; resume it with: besom resume {id}"),
        _ => String::new(),
    };
    InputError::new(format!("{error}{way_out}")).into()
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
