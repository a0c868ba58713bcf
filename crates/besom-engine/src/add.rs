//! What the owner of a sweep adds to it: a run of chosen parameters, room for more runs.

use besom_controller::Controller;
use besom_core::{Distribution, Point, Registry, RunNumber, Space, did_you_mean, nearest};
use besom_store::{Added, NewRun, Store, SweepRow, SweepState};
use serde_json::{Map, Value, json};

use crate::{EngineError, build, leaf, leaves, stored_config};

/// Adds a run of these parameters behind all others, whoever else adds some meanwhile. Names of nested ones may be joined by dots or be
/// nested; constants may be left out.
///
/// # Errors
/// [`EngineError::Values`] with all that is wrong with them; [`EngineError::Refused`] if the sweep takes no runs.
pub fn enqueue(
    registry: &Registry,
    store: &mut dyn Store,
    sweep: &SweepRow,
    params: &Map<String, Value>,
) -> Result<RunNumber, EngineError> {
    let config = stored_config(registry, sweep)?;
    let point = chosen_point(&config.space, params).map_err(|problems| EngineError::Values { problems })?;
    let note = json!({ "why": "enqueued by its owner" }).as_object().cloned().unwrap_or_default();
    let run = NewRun::new(point).note(note);
    let mut next = RunNumber::from_index(usize::try_from(sweep.runs).unwrap_or(usize::MAX - 1));
    loop {
        match store.add_runs(sweep.id(), next, std::slice::from_ref(&run), None)? {
            Added::Added(_) => return Ok(next),
            Added::Lost(other) => next = other,
            refused => return Err(EngineError::Refused { sweep: sweep.id().clone(), refused }),
        }
    }
}

/// The point of these values: one of the space, and complete. As in [`enqueue`].
///
/// # Errors
/// All that is wrong with them.
pub fn chosen_point(space: &Space, params: &Map<String, Value>) -> Result<Map<String, Value>, Vec<String>> {
    let names: Vec<String> = space.parameters().iter().map(|parameter| parameter.name.to_string()).collect();
    let mut problems = Vec::new();
    // A value may be an object itself: then its name is known, and what is in it is not looked at.
    let given = |name: &str| params.get(name).or_else(|| leaf(params, name));
    let unknown = params.keys().filter(|name| !names.contains(name)).flat_map(|name| {
        let below = leaves(&Map::from_iter([(name.clone(), params[name].clone())]));
        below.into_iter().map(|(name, _)| name).filter(|name| !names.contains(name)).collect::<Vec<_>>()
    });
    for name in unknown {
        let near = did_you_mean(nearest(&name, names.iter().map(String::as_str)));
        problems.push(format!("no parameter '{name}'{near}"));
    }
    let constant = |distribution: &Distribution| match distribution {
        Distribution::Constant(value) => Some(value.clone()),
        _ => None,
    };
    let value = |place: usize| {
        given(&names[place]).cloned().or_else(|| constant(&space.parameters()[place].distribution))
    };
    let mut values = Vec::new();
    for (place, (parameter, active)) in space.parameters().iter().zip(space.active(value)).enumerate() {
        let (name, distribution) = (&names[place], &parameter.distribution);
        if !active {
            let when = parameter.when.as_ref().map(ToString::to_string).unwrap_or_default();
            if given(name).is_some() {
                problems.push(format!("{name} has a value, and exists only when {when}"));
            }
            continue;
        }
        match value(place) {
            None => problems.push(format!("{name} has no value")),
            Some(value) if !distribution.contains(&value) => {
                problems.push(format!("{name}: {value} is no value that its {} gives", distribution.name()));
            }
            Some(value) => values.push((parameter.name.clone(), value)),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let point = Point::from_iter(values);
    let broken = space.constraints().iter().filter(|constraint| !constraint.holds(&point));
    problems.extend(broken.map(|constraint| format!("they break the constraint {constraint}")));
    if problems.is_empty() { Ok(point.to_json()) } else { Err(problems) }
}

/// Sets how many runs a sweep may have, and ends it again if its target is reached or its search method has no point left. One whose
/// algorithms are its owner's, and not in the registry, is for its owner to end.
///
/// # Errors
/// [`StoreError::Transition`](besom_store::StoreError::Transition) if it is canceled.
pub fn set_run_cap(
    registry: &Registry,
    store: &mut dyn Store,
    sweep: &SweepRow,
    cap: Option<u64>,
) -> Result<(), EngineError> {
    store.set_run_cap(sweep.id(), cap)?;
    if sweep.state == SweepState::Finished
        && let Ok(config) = stored_config(registry, sweep)
        && let Ok(built) = build(registry, &config, sweep.new.seed)
    {
        Controller::new(sweep.id().clone(), built).last_step(store)?;
    }
    Ok(())
}

/// Why a store has added no run.
pub(crate) fn refusal(refused: &Added) -> String {
    match refused {
        Added::Capped => "has all the runs that its run_cap allows".to_owned(),
        Added::Closed(state) => format!("is {state} and takes no runs"),
        other => format!("took no run: {other:?}"),
    }
}
