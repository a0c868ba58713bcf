//! What removing a sweep does, and what it leaves alone.

use std::fmt::Debug;
use std::time::Duration;

use super::compare::Sides;
use super::verdict::{Verdict, expect_ok, same};
use super::view::{all_runs, folded};
use crate::{AgentId, AgentRow, NewAgent, NewSweep, RunQuery, Store, StoreError, SweepId};

/// The first sweep is gone after its removal, and nothing else has changed.
pub(super) fn removal_is_whole<S: Store>(sides: &mut Sides<'_, S>) -> Verdict {
    let [gone, others @ ..] = sides.sweeps else { return Ok(()) };
    let before = views(sides.store, others)?;
    let agents = expect_ok("agents", sides.store.agents(gone))?;
    expect_ok("remove_sweep", sides.store.remove_sweep(gone))?;
    same("what other sweeps show", &views(sides.store, others)?, &before)?;
    let sweeps = expect_ok("sweeps", sides.store.sweeps())?;
    let ids: Vec<SweepId> = sweeps.into_iter().map(|sweep| sweep.new.id).collect();
    same("sweeps", &ids.as_slice(), &others)?;
    is_unknown(sides, gone)?;
    agents.iter().try_for_each(|agent| agent_is_unknown(sides.store, agent.id))?;
    a_new_sweep_begins_afresh(sides)
}

/// All that sweeps show.
fn views(store: &mut dyn Store, ids: &[SweepId]) -> Result<Vec<String>, String> {
    ids.iter().map(|id| view(store, id)).collect()
}

fn view(store: &mut dyn Store, id: &SweepId) -> Result<String, String> {
    let row = expect_ok("sweep", store.sweep(id))?;
    let runs = all_runs(store, id)?;
    let events = expect_ok("events", store.events(id, None, 0, u64::MAX))?;
    let agents = expect_ok("agents", store.agents(id))?;
    let status = expect_ok("status", store.status(id))?;
    let mut parts = Vec::new();
    for run in &runs {
        let facts = expect_ok("facts", store.facts(id, run.number, None))?;
        let output = expect_ok("output", store.output(id, run.number, None))?;
        let logged = expect_ok("logged", store.logged(id, run.number, None))?;
        let attempts = expect_ok("attempts", store.attempts(id, run.number))?;
        parts.push(format!("{facts:?} {output:?} {:?} {attempts:?}", logged.keys()));
    }
    Ok(format!("{row:?} {runs:?} {events:?} {agents:?} {status:?} {parts:?} {:?}", folded(store, id)?))
}

/// Calls about the sweep are refused, by its owner and by those who hold leases of it.
fn is_unknown<S: Store>(sides: &mut Sides<'_, S>, id: &SweepId) -> Verdict {
    let store = &mut *sides.store;
    no_sweep("sweep", &store.sweep(id))?;
    no_sweep("runs", &store.runs(id, &RunQuery::default()))?;
    no_sweep("changes", &store.changes(id, 0))?;
    no_sweep("join", &store.join(id, &NewAgent::new("late", Duration::from_secs(1))))?;
    no_sweep("remove_sweep", &store.remove_sweep(id))?;
    for lease in sides.leases.iter().filter(|lease| lease.sweep == *id) {
        no_sweep("report", &store.report(lease, &[]))?;
    }
    Ok(())
}

fn no_sweep<T: Debug>(call: &str, answer: &Result<T, StoreError>) -> Verdict {
    match answer {
        Err(StoreError::NoSweep { .. }) => Ok(()),
        other => Err(format!("{call} of a removed sweep answered {other:?}")),
    }
}

fn agent_is_unknown(store: &mut dyn Store, id: AgentId) -> Verdict {
    let answers = [
        ("claim", store.claim(id, 1_000_000).map(drop)),
        ("idle", store.idle(id).map(drop)),
        ("held", store.held(id).map(drop)),
        ("leave", store.leave(id)),
    ];
    let known = answers.iter().find(|(_, answer)| !matches!(answer, Err(StoreError::NoAgent(_))));
    known.map_or(Ok(()), |(call, answer)| Err(format!("{call} of a removed agent answered {answer:?}")))
}

/// A sweep that is created next has nothing of the removed one, and no agent has an id that another had.
fn a_new_sweep_begins_afresh<S: Store>(sides: &mut Sides<'_, S>) -> Verdict {
    let new = NewSweep::new("next");
    expect_ok("create_sweep", sides.store.create_sweep(&new))?;
    same("the new sweep", &expect_ok("sweep", sides.store.sweep(&new.id))?.new, &new)?;
    same("the runs of a new sweep", &all_runs(sides.store, &new.id)?, &Vec::new())?;
    let events = expect_ok("events", sides.store.events(&new.id, None, 0, u64::MAX))?;
    same("the number of events of a new sweep", &events.len(), &1)?;
    let id = expect_ok("join", sides.store.join(&new.id, &NewAgent::new("next", Duration::from_secs(1))))?;
    if sides.agents.iter().any(|(other, _)| *other == id) {
        return Err(format!("the id {id:?} of an agent of a removed sweep was given again"));
    }
    let agents: Vec<AgentRow> = expect_ok("agents", sides.store.agents(&new.id))?;
    same("the agents of a new sweep", &agents.len(), &1)
}
