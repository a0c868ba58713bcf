//! Which run of the store a name of the client means.
//!
//! The run of a sweep is called `SWEEP-NUMBER`, as it is elsewhere in besom. When an attempt of it was given up, because nothing was heard of
//! it, the next one is called `SWEEP-NUMBER-2`, then `-3`: an old writer that comes back has the old name, and changes nothing. An
//! attempt that ended in order hands its name on, so that its program finds the run again.

use std::sync::Mutex;

use besom_core::{RunNumber, RunState};
use besom_store::{Lease, RunRow, Store, StoreError, SweepId, SweepRow};

use super::lock;
use super::names::{ENTITY, PROJECT};
use super::run::RunPath;
use crate::recent::Recent;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// The labels of a sweep that say where the client finds it.
pub(super) const ENTITY_LABEL: &str = "entity";
/// See [`ENTITY_LABEL`].
pub(super) const PROJECT_LABEL: &str = "project";
/// The label of a sweep of runs outside of sweeps.
pub(super) const ALONE_LABEL: &str = "wandb.alone";
/// The key in the note of such a run under which its name is.
pub(super) const NAME_NOTE: &str = "wandb";

/// A run, and which of its attempts a name means.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) path: RunPath,
    pub(super) sweep: SweepRow,
    pub(super) run: RunRow,
    pub(super) attempt: u64,
    /// Where the newest attempt of the run stands, also if the run waits for another one.
    pub(super) state: RunState,
}

impl Found {
    pub(super) fn lease(&self) -> Lease {
        Lease { sweep: self.sweep.id().clone(), run: self.run.number, attempt: self.attempt }
    }

    /// Whether the attempt has ended in order: what comes after that is no reason to stop anybody.
    pub(super) fn has_ended(&self) -> bool {
        let is_end = matches!(self.state, RunState::Finished | RunState::Failed | RunState::Preempted);
        self.is_over() && is_end && self.run.stop_kind.is_none()
    }

    /// Whether nobody works on the attempt as far as is known.
    pub(super) fn is_over(&self) -> bool {
        self.attempt == self.run.attempt && self.run.state != RunState::Running
    }
}

/// Runs outside of sweeps, by entity, project and name. It may hold what was not committed in the end, so it is compared with the
/// store, where all of it can be found again. `None` is of a path that means another run, or none, as far as is known.
pub(super) type Alone = Mutex<Recent<RunPath, Option<(SweepId, RunNumber)>>>;

/// The run that a path means.
pub(super) fn find(
    store: &mut dyn Store,
    shared: &Shared,
    path: &RunPath,
) -> Result<Option<Found>, StoreError> {
    if let Some((id, number, generation)) = parsed(&path.name)
        && let Some((sweep, run)) = looked_up(store, &id, number)?
        && let Some(attempt) = attempt(store, &id, &run, generation)?
    {
        let state = stands(store, &id, &run)?;
        return Ok(Some(Found { path: path.clone(), sweep, run, attempt, state }));
    }
    outside(store, shared, path)
}

/// The run that a program under this path logs into: as [`find`], but where the run of a sweep has ended, the one that goes on under its
/// name outside of it, if there is one.
pub(super) fn find_to_log(
    store: &mut dyn Store,
    shared: &Shared,
    path: &RunPath,
) -> Result<Option<Found>, StoreError> {
    match find(store, shared, path)? {
        Some(found) if found.has_ended() && !is_alone(&found.sweep) => {
            Ok(outside(store, shared, path)?.or(Some(found)))
        }
        found => Ok(found),
    }
}

/// The run outside of sweeps that a path means.
fn outside(store: &mut dyn Store, shared: &Shared, path: &RunPath) -> Result<Option<Found>, StoreError> {
    let known = lock(&shared.wandb.alone).get(path).cloned().flatten();
    let mut found = None;
    if let Some((id, number)) = known {
        found = looked_up(store, &id, number)?.filter(|(_, run)| own_name(run) == Some(&path.name));
    }
    if found.is_none()
        && let Some((id, number)) = alone(store, shared, path)?
    {
        found = looked_up(store, &id, number)?;
    }
    let Some((sweep, run)) = found else { return Ok(None) };
    let state = stands(store, sweep.id(), &run)?;
    Ok(Some(Found { path: path.clone(), attempt: run.attempt, sweep, run, state }))
}

/// Where the newest attempt of a run stands. A run that waits to be tried again does not say so itself.
fn stands(store: &mut dyn Store, id: &SweepId, run: &RunRow) -> Result<RunState, StoreError> {
    if run.state != RunState::Pending || run.attempt == 0 {
        return Ok(run.state);
    }
    Ok(store.attempts(id, run.number)?.last().map_or(run.state, |newest| newest.state))
}

/// The parts of `SWEEP-NUMBER` or `SWEEP-NUMBER-GENERATION`.
fn parsed(name: &str) -> Option<(SweepId, RunNumber, u64)> {
    let mut parts = name.split('-');
    let (id, number) = (parts.next()?, parts.next()?.parse().ok()?);
    let generation =
        parts.next().map_or(Some(1), |text| text.parse().ok().filter(|generation| *generation > 1))?;
    parts.next().is_none().then(|| (SweepId::new(id), number, generation))
}

fn looked_up(
    store: &mut dyn Store,
    id: &SweepId,
    number: RunNumber,
) -> Result<Option<(SweepRow, RunRow)>, StoreError> {
    let found = store.sweep(id).and_then(|sweep| Ok((sweep, store.run(id, number)?)));
    match found {
        Err(StoreError::NoSweep { .. } | StoreError::NoRun { .. }) => Ok(None),
        found => found.map(Some),
    }
}

/// The attempt that a generation means: the newest that began before the next one was given up.
fn attempt(
    store: &mut dyn Store,
    id: &SweepId,
    run: &RunRow,
    generation: u64,
) -> Result<Option<u64>, StoreError> {
    if run.attempt <= 1 {
        return Ok((generation == 1).then_some(run.attempt));
    }
    let (mut at, mut found) = (1, None);
    for attempt in store.attempts(id, run.number)? {
        if at == generation {
            found = Some(attempt.number);
        }
        at += u64::from(attempt.state == RunState::Crashed);
    }
    Ok(found)
}

/// The name of the newest attempt of a run.
pub(super) fn name(store: &mut dyn Store, sweep: &SweepRow, run: &RunRow) -> Result<String, StoreError> {
    if let Some(name) = own_name(run) {
        return Ok(name.to_owned());
    }
    let mut generation = 1;
    if run.attempt > 1 {
        let before = store.attempts(sweep.id(), run.number)?;
        let is_crashed = |attempt: &&besom_store::Attempt| {
            attempt.number < run.attempt && attempt.state == RunState::Crashed
        };
        generation += before.iter().filter(is_crashed).count();
    }
    let name = sweep.id().run_name(run.number);
    Ok(if generation == 1 { name } else { format!("{name}-{generation}") })
}

/// The name that a run outside of sweeps was given.
pub(super) fn own_name(run: &RunRow) -> Option<&str> {
    run.note.get(NAME_NOTE)?.get("name")?.as_str()
}

/// The newest run outside of sweeps of this path.
fn alone(
    store: &mut dyn Store,
    shared: &Shared,
    path: &RunPath,
) -> Result<Option<(SweepId, RunNumber)>, StoreError> {
    for sweep in of_project(store, shared, path)?.iter().rev() {
        if let Some(number) = shared.wandb.projects.find(store, sweep.id(), &path.name)? {
            let found = (sweep.id().clone(), number);
            lock(&shared.wandb.alone).insert(path.clone(), Some(found.clone()));
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The sweeps of the runs outside of sweeps of a project, the newest last.
fn of_project(store: &mut dyn Store, shared: &Shared, path: &RunPath) -> Result<Vec<SweepRow>, StoreError> {
    let mut sweeps = store.sweeps()?;
    sweeps.retain(|sweep| {
        is_alone(sweep) && place(shared, sweep) == (path.entity.clone(), path.project.clone())
    });
    Ok(sweeps)
}

/// Prepares to look for the run of a path beside those who write, who would have to read the names of all runs.
pub(super) async fn prepare(shared: &Shared, path: &RunPath) -> Result<(), Refusal> {
    if lock(&shared.wandb.alone).get(path).is_some() {
        return Ok(());
    }
    let (clone, sought) = (shared.clone(), path.clone());
    shared.read(move |store| learn(store, &clone, &sought)).await?;
    let mut alone = lock(&shared.wandb.alone);
    if alone.get(path).is_none() {
        alone.insert(path.clone(), None);
    }
    Ok(())
}

/// Reads the names of runs outside of sweeps, if a path may mean one. The store must show what is committed and nothing else.
pub(super) fn learn(store: &mut dyn Store, shared: &Shared, path: &RunPath) -> Result<(), StoreError> {
    if let Some((id, number, _)) = parsed(&path.name)
        && looked_up(store, &id, number)?.is_some()
    {
        return Ok(());
    }
    for sweep in of_project(store, shared, path)? {
        shared.wandb.projects.learn(store, sweep.id())?;
    }
    Ok(())
}

/// Whether the runs of a sweep are those outside of sweeps.
pub(super) fn is_alone(sweep: &SweepRow) -> bool {
    sweep.new.labels.contains_key(ALONE_LABEL)
}

/// The entity and project under which the client finds a sweep.
pub(super) fn place(shared: &Shared, sweep: &SweepRow) -> (String, String) {
    let label = |name: &str| sweep.new.labels.get(name).cloned();
    if let (Some(entity), Some(project)) = (label(ENTITY_LABEL), label(PROJECT_LABEL)) {
        return (entity, project);
    }
    let kept = shared.views.of(&shared.registry, sweep);
    let config = kept.known.config.as_ref();
    let entity = label(ENTITY_LABEL).or_else(|| config?.entity.clone());
    let project = label(PROJECT_LABEL).or_else(|| config?.project.clone());
    (entity.unwrap_or_else(|| ENTITY.to_owned()), project.unwrap_or_else(|| PROJECT.to_owned()))
}
