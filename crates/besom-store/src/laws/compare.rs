//! What store and model must agree on.

use std::collections::BTreeSet;

use besom_core::{RunNumber, RunState};

use super::fold::{Folded, same_curve};
use super::model::{ANY, Model};
use super::verdict::{Verdict, expect_ok, same};
use crate::{AgentId, AgentRow, Event, Lease, Order, Reply, RunQuery, RunRow, Store, SweepId, SweepRow};

/// Store and model, with what the users of the store know.
pub(super) struct Sides<'a, S> {
    pub(super) store: &'a mut S,
    pub(super) model: &'a Model,
    pub(super) sweeps: &'a [SweepId],
    /// The agents' ids in the store, in the model's order.
    pub(super) agents: &'a [AgentId],
    /// All leases that were ever given.
    pub(super) leases: &'a [(usize, Lease)],
}

/// After each step: the runs, their order and number, the sweep.
pub(super) fn agree_on_runs<S: Store>(sides: &mut Sides<'_, S>) -> Verdict {
    for (at, id) in sides.sweeps.iter().enumerate() {
        let found = expect_ok("runs", sides.store.runs(id, &RunQuery::default()))?;
        let dense = found.iter().enumerate().all(|(index, run)| run.number == RunNumber::from_index(index));
        if !dense {
            return Err(format!("the numbers of runs are not dense: {found:?}"));
        }
        let sweep = &sides.model.sweeps[at];
        if sweep.new.run_cap.is_some_and(|cap| found.len() as u64 > cap) {
            return Err(format!("{} runs are more than the cap {:?}", found.len(), sweep.new.run_cap));
        }
        same_rows(found, sweep.rows())?;
        let row = expect_ok("sweep", sides.store.sweep(id))?;
        let expected = SweepRow {
            state: sweep.state,
            reason: sweep.reason.clone(),
            paused_by: sweep.paused_by,
            ended_ms: sweep.ended_ms,
            runs: sweep.runs.len() as u64,
            ..SweepRow::new(sweep.new.clone(), 1_000)
        };
        same("sweep", &row, &expected)?;
        let finished = expect_ok("has_finished_run", sides.store.has_finished_run(id))?;
        same("has_finished_run", &finished, &sides.model.has_finished_run(at))?;
    }
    for (index, agent) in sides.agents.iter().enumerate() {
        same("held", &expect_ok("held", sides.store.held(*agent))?, &sides.model.held(index))?;
    }
    Ok(())
}

fn same_rows(found: Vec<RunRow>, expected: Vec<RunRow>) -> Verdict {
    same("the number of runs", &found.len(), &expected.len())?;
    for (mut found, expected) in found.into_iter().zip(expected) {
        for (mine, model) in
            [(&mut found.stop_reason, &expected.stop_reason), (&mut found.message, &expected.message)]
        {
            if model.as_deref() == Some(ANY) {
                mine.clone_from(model);
            }
        }
        same("run", &found, &expected)?;
    }
    Ok(())
}

/// At the end: everything.
pub(super) fn agree_at_last<S: Store>(sides: &mut Sides<'_, S>) -> Verdict {
    let sweeps = expect_ok("sweeps", sides.store.sweeps())?;
    let ids: Vec<SweepId> = sweeps.into_iter().map(|sweep| sweep.new.id).collect();
    same("sweeps", &ids.as_slice(), &sides.sweeps)?;
    for at in 0..sides.sweeps.len() {
        agree_on_views(sides, at)?;
        agree_on_curves(sides, at)?;
        agree_on_events(sides, at)?;
        agree_on_order(sides, at)?;
    }
    one_lease_at_most(sides)
}

fn agree_on_views<S: Store>(sides: &mut Sides<'_, S>, at: usize) -> Verdict {
    let id = &sides.sweeps[at];
    let mut whole = Folded::default();
    let metrics = sides.model.sweeps[at].new.metrics.len();
    whole.take(expect_ok("changes", sides.store.changes(id, 0))?, metrics)?;
    if !whole.agrees(&sides.model.sweeps[at].folded()) {
        return Err(format!("changes since 0 are wrong: {whole:?}"));
    }
    same("status", &expect_ok("status", sides.store.status(id))?, &sides.model.status(at))?;
    let agents = expect_ok("agents", sides.store.agents(id))?;
    let known: BTreeSet<AgentId> = sides.agents.iter().copied().collect();
    let ids: BTreeSet<AgentId> = agents.iter().map(|agent| agent.id).collect();
    if ids.len() != agents.len() || !ids.is_subset(&known) {
        return Err(format!("agents have ids that were never given out: {agents:?}"));
    }
    let agents: Vec<AgentRow> =
        agents.into_iter().map(|agent| AgentRow { id: AgentId(0), ..agent }).collect();
    same("agents", &agents, &sides.model.agent_rows(at))
}

fn agree_on_curves<S: Store>(sides: &mut Sides<'_, S>, at: usize) -> Verdict {
    let id = &sides.sweeps[at];
    let sweep = &sides.model.sweeps[at];
    for (index, run) in sweep.runs.iter().enumerate() {
        let number = RunNumber::from_index(index);
        same("seen", &expect_ok("seen", sides.store.seen(id, number))?, &run.seen)?;
        let attempts = expect_ok("attempts", sides.store.attempts(id, number))?;
        same("attempts", &attempts, &run.tried(&sides.model.agents))?;
        for (attempt, tried) in (1..).zip(&run.attempts) {
            let rows = expect_ok("rows", sides.store.rows(id, number, Some(attempt)))?;
            same("rows", &rows, &tried.rows)?;
        }
        let newest = run.attempts.last().map(|tried| tried.rows.clone()).unwrap_or_default();
        same("rows", &expect_ok("rows", sides.store.rows(id, number, None))?, &newest)?;
        for (metric, watched) in sweep.new.metrics.iter().enumerate() {
            let curve = expect_ok("curve", sides.store.curve(id, number, metric))?;
            if !same_curve(&curve, &run.curve(watched)) {
                return Err(format!("the curve of {} in run {number} is {curve:?}", watched.name));
            }
        }
    }
    Ok(())
}

fn agree_on_events<S: Store>(sides: &mut Sides<'_, S>, at: usize) -> Verdict {
    let id = &sides.sweeps[at];
    let all = expect_ok("events", sides.store.events(id, None, 0, u64::MAX))?;
    if !all.is_sorted_by(|a, b| a.seq < b.seq) {
        return Err(format!("the seqs of events do not grow: {all:?}"));
    }
    let kinds: Vec<_> = all.iter().map(|event| (event.run, event.kind.as_str())).collect();
    same("events", &kinds, &sides.model.sweeps[at].events)?;
    let mut paged: Vec<Event> = Vec::new();
    loop {
        let after = paged.last().map_or(0, |event| event.seq);
        let page = expect_ok("events", sides.store.events(id, None, after, 3))?;
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    same("events page by page", &paged, &all)?;
    for (index, run) in sides.model.sweeps[at].runs.iter().enumerate() {
        let number = RunNumber::from_index(index);
        let own = expect_ok("events", sides.store.events(id, Some(number), 0, u64::MAX))?;
        let filtered: Vec<Event> = all.iter().filter(|event| event.run == Some(number)).cloned().collect();
        same("events of a run", &own, &filtered)?;
        let state = own.iter().try_fold(None, |state, event| edge(state, &event.kind))?;
        same("the state after all events", &state, &Some(run.state))?;
    }
    Ok(())
}

/// The state of a run after one more event.
fn edge(from: Option<RunState>, kind: &str) -> Result<Option<RunState>, String> {
    use RunState as S;
    let to = match (from, kind) {
        (None, "added") => S::Pending,
        (Some(S::Pending | S::Preempted), "claimed") | (Some(S::Pending | S::Crashed), "returned") => {
            S::Running
        }
        (Some(S::Running), "stop_requested") => S::Running,
        (Some(S::Running), "finished") => S::Finished,
        (Some(S::Running), "failed") => S::Failed,
        (Some(S::Running), "crashed") => S::Crashed,
        (Some(S::Running), "preempted") => S::Preempted,
        (Some(S::Running | S::Pending | S::Preempted), "killed") => S::Killed,
        (Some(S::Finished | S::Failed | S::Crashed | S::Killed), "retried") => S::Pending,
        _ => return Err(format!("an event '{kind}' in state {from:?}")),
    };
    Ok(Some(to))
}

fn agree_on_order<S: Store>(sides: &mut Sides<'_, S>, at: usize) -> Verdict {
    let id = &sides.sweeps[at];
    let sweep = &sides.model.sweeps[at];
    let numbers = |rows: Vec<RunRow>| rows.iter().map(|row| row.number).collect::<Vec<_>>();
    let mut ranked = sweep.rows();
    let newest: Vec<RunNumber> = numbers(ranked.iter().rev().cloned().collect());
    let rank = |row: &RunRow| match (row.best, row.state) {
        (None, _) => 3,
        (_, RunState::Running | RunState::Finished) => 0,
        (_, RunState::Failed | RunState::Crashed | RunState::Killed) => 1,
        (_, RunState::Pending | RunState::Preempted) => 2,
    };
    let loss = |row: &RunRow| row.best.map_or(0.0, |best| sweep.loss(best));
    ranked.sort_by(|a, b| rank(a).cmp(&rank(b)).then(loss(a).total_cmp(&loss(b))));
    let open = [RunState::Pending, RunState::Running];
    let some: Vec<RunNumber> =
        numbers(ranked.iter().filter(|row| open.contains(&row.state)).skip(1).take(2).cloned().collect());
    let query = |order| RunQuery { order, ..RunQuery::default() };
    let mut ask =
        |query: RunQuery| Ok::<_, String>(numbers(expect_ok("runs", sides.store.runs(id, &query))?));
    same("runs, newest first", &ask(query(Order::Newest))?, &newest)?;
    same("runs, best first", &ask(query(Order::Best))?, &numbers(ranked))?;
    let part = RunQuery { states: open.to_vec(), order: Order::Best, limit: Some(2), offset: 1 };
    same("some runs", &ask(part)?, &some)
}

/// Of all leases that were ever given, at most one of each run is worth something.
fn one_lease_at_most<S: Store>(sides: &mut Sides<'_, S>) -> Verdict {
    let mut live = BTreeSet::new();
    for (at, lease) in sides.leases {
        let reply = expect_ok("report", sides.store.report(lease, &[]))?;
        if reply != Reply::Lost && !live.insert((*at, lease.run)) {
            return Err(format!("run {} is held by two leases", lease.run));
        }
    }
    Ok(())
}
