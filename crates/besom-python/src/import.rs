//! Runs of other sweeps, for a new one to learn from.

use std::path::PathBuf;

use besom_core::{RunNumber, RunState};
use besom_store::{
    Added, Claim, End, NewAgent, NewRun, Queue, Row, RunRow, SqliteStore, Store, SweepId, SweepState,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::{BesomError, Failure};
use crate::place;

/// Copies runs (`SWEEP-NUMBER`) into a sweep that has none yet: their parameters, rows and ends. To the store they are
/// runs like any other, executed by an agent called `prior runs`.
#[pyfunction]
pub(crate) fn import_runs(py: Python<'_>, store: PathBuf, id: String, runs: Vec<String>) -> PyResult<()> {
    let runs = runs.iter().map(|run| parse(run)).collect::<PyResult<Vec<_>>>()?;
    Ok(py.detach(|| import(&mut place::open(&store)?, &SweepId::new(id), &runs))?)
}

fn parse(run: &str) -> PyResult<(SweepId, RunNumber)> {
    let id = run.rsplit('/').next().unwrap_or(run);
    let (sweep, number) = id.rsplit_once('-').unwrap_or((id, ""));
    match number.parse().ok().and_then(RunNumber::new) {
        Some(number) => Ok((SweepId::new(sweep), number)),
        None => Err(PyValueError::new_err(format!("the id of a run is SWEEP-NUMBER, not '{run}'"))),
    }
}

fn import(store: &mut SqliteStore, id: &SweepId, runs: &[(SweepId, RunNumber)]) -> Result<(), Failure> {
    let mut prior = Vec::new();
    for (sweep, number) in runs {
        let run = store.run(sweep, *number)?;
        if run.state.is_open() {
            let message =
                format!("run {sweep}-{number} is {}: only runs that are over can be learned from", run.state);
            return Err(PyValueError::new_err(message).into());
        }
        let rows = store.rows(sweep, *number, None)?;
        prior.push((run, rows));
    }
    let new: Vec<_> =
        prior.iter().map(|(run, _)| NewRun { point: run.point.clone(), note: run.note.clone() }).collect();
    match store.add_runs(id, RunNumber::FIRST, &new)? {
        Added::Added(added) if added == new.len() => {}
        other => {
            return Err(
                BesomError::new_err(format!("the prior runs do not fit into the sweep: {other:?}")).into()
            );
        }
    }
    let agent = store.join(id, &NewAgent { name: "prior runs".to_owned(), silence_ms: 60_000 })?;
    for (request, (run, rows)) in (1..).zip(&prior) {
        replay(store, agent, request, run, rows)?;
    }
    store.leave(agent)?;
    Ok(())
}

/// Lets a run happen once more as it happened.
fn replay(
    store: &mut SqliteStore,
    agent: besom_store::AgentId,
    request: u64,
    run: &RunRow,
    rows: &[Row],
) -> Result<(), Failure> {
    let claim = store.claim(agent, request)?;
    let Claim::Run(claimed) = claim else {
        let state = if let Claim::Nothing(state) = claim { state } else { SweepState::Pending };
        return Err(BesomError::new_err(format!("the sweep is {state} and takes no prior runs")).into());
    };
    for rows in rows.chunks(1000) {
        store.report(&claimed.lease, rows)?;
    }
    let state = if run.state == RunState::Crashed { RunState::Failed } else { run.state };
    store.finish(&claimed.lease, &End { state, exit_code: run.exit_code, message: run.message.clone() })?;
    Ok(())
}
