//! What store and model must agree on, and what holds within each.

use std::collections::{BTreeMap, BTreeSet};

use besom_core::{RunNumber, RunState};
use serde_json::{Map, Value};

use super::fold::{Folded, same_curve};
use super::outlines::{agree_on_choices, agree_on_outlines};
use super::verdict::{Verdict, expect_ok, same};
use super::view::{all_runs, curves, folded};
use crate::memory::is_own_text;
use crate::{
    AgentId, AgentRow, Attempt, Bucket, Event, Lease, MemoryStore, Order, Queue, Reply, Row, RunQuery,
    RunRow, Store, StoreError, SweepId, SweepRow, derived,
};

/// Store and model, with what the users of the store know.
pub(super) struct Sides<'a, S> {
    pub(super) store: &'a mut S,
    pub(super) model: &'a mut MemoryStore,
    pub(super) sweeps: &'a [SweepId],
    /// The agents' ids in the store and in the model.
    pub(super) agents: &'a [(AgentId, AgentId)],
    /// All leases that were ever given.
    pub(super) leases: &'a [Lease],
}

/// After each step: the runs, their order and number, the sweep, its status.
pub(super) fn agree_on_runs<S: Store>(sides: &mut Sides<'_, S>) -> Verdict {
    for id in sides.sweeps {
        let found = all_runs(sides.store, id)?;
        let dense = found.iter().enumerate().all(|(index, run)| run.number == RunNumber::from_index(index));
        if !dense {
            return Err(format!("the numbers of runs are not dense: {found:?}"));
        }
        let row = expect_ok("sweep", sides.store.sweep(id))?;
        same_rows(&found, all_runs(sides.model, id)?)?;
        same("sweep", &row, &expect_ok("sweep", sides.model.sweep(id))?)?;
        agree_on_status(sides, &row, &found)?;
        agree_on_order(sides.store, &row, found)?;
    }
    for (agent, models) in sides.agents {
        let held = expect_ok("held", sides.store.held(*agent))?;
        same("held", &held, &expect_ok("held", sides.model.held(*models))?)?;
    }
    Ok(())
}

fn same_rows(found: &[RunRow], expected: Vec<RunRow>) -> Verdict {
    same("the number of runs", &found.len(), &expected.len())?;
    for (mut found, expected) in found.iter().cloned().zip(expected) {
        choose_text(&mut found.stop_reason, expected.stop_reason.as_ref());
        choose_text(&mut found.message, expected.message.as_ref());
        same("run", &found, &expected)?;
    }
    Ok(())
}

/// Takes the model's text where a store may choose one.
fn choose_text(found: &mut Option<String>, expected: Option<&String>) {
    if expected.is_some_and(|text| is_own_text(text)) {
        *found = expected.cloned();
    }
}

/// At the end: everything.
pub(super) fn agree_at_last<S: Store>(sides: &mut Sides<'_, S>) -> Verdict {
    let sweeps = expect_ok("sweeps", sides.store.sweeps())?;
    let ids: Vec<SweepId> = sweeps.into_iter().map(|sweep| sweep.new.id).collect();
    same("sweeps", &ids.as_slice(), &sides.sweeps)?;
    for id in sides.sweeps {
        agree_on_views(sides, id)?;
        agree_on_outlines(sides.store, id)?;
        agree_on_choices(sides.store, id)?;
        agree_on_curves(sides, id)?;
        agree_on_events(sides, id)?;
        refuses_what_is_not_there(sides.store, id)?;
    }
    one_lease_at_most(sides)
}

fn agree_on_views<S: Store>(sides: &mut Sides<'_, S>, id: &SweepId) -> Verdict {
    let row = expect_ok("sweep", sides.store.sweep(id))?;
    let mut whole = Folded::default();
    whole.take(expect_ok("changes", sides.store.changes(id, 0))?, row.new.metrics.len())?;
    if !whole.agrees(&folded(sides.model, id)?) {
        return Err(format!("changes since 0 are wrong: {whole:?}"));
    }
    let agents = expect_ok("agents", sides.store.agents(id))?;
    let here = |models: AgentId| sides.agents.iter().find(|ids| ids.1 == models).map_or(models, |ids| ids.0);
    let expected = expect_ok("agents", sides.model.agents(id))?.into_iter();
    let expected: Vec<AgentRow> = expected.map(|row| AgentRow { id: here(row.id), ..row }).collect();
    same("agents", &agents, &expected)
}

fn agree_on_status<S: Store>(sides: &mut Sides<'_, S>, row: &SweepRow, runs: &[RunRow]) -> Verdict {
    let id = row.id();
    let agents = expect_ok("agents", sides.store.agents(id))?;
    let status = expect_ok("status", sides.store.status(id))?;
    same("status", &status, &derived::status(row, runs, &agents))?;
    same("status", &status, &expect_ok("status", sides.model.status(id))?)
}

fn agree_on_curves<S: Store>(sides: &mut Sides<'_, S>, id: &SweepId) -> Verdict {
    let (store, model) = (&mut *sides.store, &mut *sides.model);
    let by_run = expect_ok("logged_by_run", store.logged_by_run(id))?;
    same("logged_by_run", &by_run, &expect_ok("logged_by_run", model.logged_by_run(id))?)?;
    for RunRow { number, attempt, .. } in all_runs(model, id)? {
        same("run", &expect_ok("run", store.run(id, number))?.number, &number)?;
        let seen = expect_ok("seen", store.seen(id, number))?;
        same("seen", &seen, &expect_ok("seen", model.seen(id, number))?)?;
        let attempts = expect_ok("attempts", store.attempts(id, number))?;
        same("attempts", &attempts, &expect_ok("attempts", model.attempts(id, number))?)?;
        // One more than there are: it has no rows.
        for attempt in (1..=attempt + 1).map(Some).chain([None]) {
            let rows = expect_ok("rows", store.rows(id, number, attempt))?;
            same("rows", &rows, &expect_ok("rows", model.rows(id, number, attempt))?)?;
            agree_on_pages(store, id, (number, attempt), &rows)?;
            let logged = expect_ok("logged", store.logged(id, number, attempt))?;
            same("logged", &logged, &derived::logged(&rows))?;
            let facts = expect_ok("facts", store.facts(id, number, attempt))?;
            same("facts", &facts, &expect_ok("facts", model.facts(id, number, attempt))?)?;
            let output = expect_ok("output", store.output(id, number, attempt))?;
            same("output", &output, &expect_ok("output", model.output(id, number, attempt))?)?;
        }
        agree_on_what_counts(store, id, number, &attempts)?;
        counts_as_its_log_says(store, id, number, &attempts)?;
        let owners = expect_ok("facts", store.facts(id, number, Some(0)))?;
        same("the owner's facts", &owners, &expect_ok("facts", model.facts(id, number, Some(0)))?)?;
        for (metric, expected) in curves(model, id, number)?.iter().enumerate() {
            let curve = expect_ok("curve", store.curve(id, number, metric))?;
            if !same_curve(&curve, expected) {
                return Err(format!("the curve of metric {metric} in run {number} is {curve:?}"));
            }
        }
        for (metric, curve) in curves(model, id, number)?.iter().enumerate() {
            agree_on_buckets(store, id, (number, metric), curve)?;
        }
        let none = expect_ok("curve", store.curve(id, number, usize::MAX))?;
        same("the curve of no metric", &none.len(), &0)?;
    }
    Ok(())
}

/// A curve at a glance shows what the curve holds, for any part of it and any number of buckets.
fn agree_on_buckets(
    store: &mut dyn Store,
    id: &SweepId,
    (number, metric): (RunNumber, usize),
    curve: &[f64],
) -> Verdict {
    let len = curve.len();
    for (from, to, count) in
        [(0, usize::MAX, 1), (0, len, 3), (1, len.saturating_sub(1), 2), (len, len + 1, 9)]
    {
        let found = expect_ok("curve_view", store.curve_view(id, number, metric, from, to, count))?;
        let part = &curve[from.min(len)..to.clamp(from.min(len), len)];
        let size = part.len().div_ceil(count).max(1);
        let starts = (from..).step_by(size);
        let expected: Vec<_> =
            starts.zip(part.chunks(size)).map(|(start, part)| at_a_glance(start, part)).collect();
        let found: Vec<_> = found.iter().map(seen_in).collect();
        same("curve_view", &found, &expected)?;
    }
    Ok(())
}

/// What a bucket must show of these values, as bits.
fn at_a_glance(from: usize, values: &[f64]) -> (usize, usize, [Option<u64>; 4]) {
    let numbers = || values.iter().copied().filter(|value| value.is_finite());
    let shown =
        [numbers().reduce(f64::min), numbers().reduce(f64::max), numbers().next(), numbers().next_back()];
    (from, values.len(), shown.map(|value| value.map(|value| (value + 0.0).to_bits())))
}

fn seen_in(bucket: &Bucket) -> (usize, usize, [Option<u64>; 4]) {
    let shown = [bucket.min, bucket.max, bucket.first, bucket.last];
    // Which zero is the lesser one is nobody's matter.
    (bucket.from, bucket.count, shown.map(|value| (!value.is_nan()).then(|| (value + 0.0).to_bits())))
}

/// The rows of a run are those of the attempts that are kept and of the newest one, in order.
fn agree_on_what_counts(
    store: &mut dyn Store,
    id: &SweepId,
    number: RunNumber,
    attempts: &[Attempt],
) -> Verdict {
    let newest = attempts.len() as u64;
    let mut counted = Vec::new();
    for attempt in attempts.iter().filter(|attempt| attempt.kept || attempt.number == newest) {
        counted.extend(expect_ok("rows", store.rows(id, number, Some(attempt.number)))?);
    }
    let counted: Vec<Row> = (1..).zip(counted).map(|(seq, row)| Row { seq, ..row }).collect();
    same("all rows that count", &expect_ok("rows", store.rows(id, number, None))?, &counted)?;
    let rows = expect_ok("run", store.run(id, number))?.rows;
    same("the number of rows that count", &rows, &(counted.len() as u64))
}

/// Whether earlier attempts count follows from what was said of them: an attempt begins with what the newest announcement kept, and
/// with nothing if there was none; one that goes on from another has what that one had.
fn counts_as_its_log_says(
    store: &mut dyn Store,
    id: &SweepId,
    number: RunNumber,
    attempts: &[Attempt],
) -> Verdict {
    // The attempts that count in each one, itself included.
    let mut counting: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    let mut announced = BTreeSet::new();
    for Event { kind, detail, .. } in expect_ok("events", store.events(id, Some(number), 0, u64::MAX))? {
        let Some(attempt) = detail.get("attempt").and_then(Value::as_u64) else { continue };
        let before = match detail.get("from").and_then(Value::as_u64) {
            _ if kind == "claimed" => announced.clone(),
            Some(from) if kind == "continued" => counting.get(&from).cloned().unwrap_or_default(),
            _ => {
                if detail.contains_key("keeps_rows") {
                    announced = counting.get(&attempt).cloned().unwrap_or_default();
                }
                continue;
            }
        };
        counting.insert(attempt, before.into_iter().chain([attempt]).collect());
    }
    let newest = attempts.len() as u64;
    let says = counting.get(&newest).cloned().unwrap_or_default();
    let logged = attempts.iter().filter(|attempt| attempt.rows > 0);
    for Attempt { number: attempt, kept, .. } in logged.filter(|attempt| attempt.number != newest) {
        same(&format!("whether attempt {attempt} of run {number} counts"), kept, &says.contains(attempt))?;
    }
    Ok(())
}

/// Rows page by page are the rows.
fn agree_on_pages(
    store: &mut dyn Store,
    id: &SweepId,
    (number, attempt): (RunNumber, Option<u64>),
    rows: &[Row],
) -> Verdict {
    let mut paged: Vec<Row> = Vec::new();
    loop {
        let after = paged.last().map_or(0, |row| row.seq);
        let page = expect_ok("rows_after", store.rows_after(id, number, attempt, after, 2))?;
        if page.is_empty() || page.len() > 2 {
            break;
        }
        paged.extend(page);
    }
    same("rows page by page", &paged.as_slice(), &rows)
}

fn agree_on_events<S: Store>(sides: &mut Sides<'_, S>, id: &SweepId) -> Verdict {
    let all = expect_ok("events", sides.store.events(id, None, 0, u64::MAX))?;
    if !all.is_sorted_by(|a, b| a.seq < b.seq) {
        return Err(format!("the seqs of events do not grow: {all:?}"));
    }
    let expected = expect_ok("events", sides.model.events(id, None, 0, u64::MAX))?;
    same("the number of events", &all.len(), &expected.len())?;
    for (found, expected) in all.iter().zip(expected) {
        let mut found = found.clone();
        found.seq = expected.seq;
        found.detail.shift_remove("by");
        choose_texts(&mut found.detail, &expected.detail);
        same("an event", &found, &expected)?;
    }
    agree_page_by_page(sides.store, id, &all)?;
    for RunRow { number, state, .. } in all_runs(sides.store, id)? {
        let own = expect_ok("events", sides.store.events(id, Some(number), 0, u64::MAX))?;
        let filtered: Vec<Event> = all.iter().filter(|event| event.run == Some(number)).cloned().collect();
        same("events of a run", &own, &filtered)?;
        let reached = own.iter().try_fold(None, |state, event| edge(state, &event.kind))?;
        same("the state after all events", &reached, &Some(state))?;
    }
    Ok(())
}

/// As [`choose_text`], in the detail of an event.
fn choose_texts(found: &mut Map<String, Value>, expected: &Map<String, Value>) {
    let own = expected.iter().filter(|(_, value)| value.as_str().is_some_and(is_own_text));
    found.extend(own.map(|(key, value)| (key.clone(), value.clone())));
}

fn agree_page_by_page(store: &mut dyn Store, id: &SweepId, all: &[Event]) -> Verdict {
    let mut paged: Vec<Event> = Vec::new();
    loop {
        let after = paged.last().map_or(0, |event| event.seq);
        let page = expect_ok("events", store.events(id, None, after, 3))?;
        if page.is_empty() {
            break;
        }
        if page[0].seq <= after {
            return Err(format!("events after {after} begin with {:?}", page[0]));
        }
        paged.extend(page);
    }
    same("events page by page", &paged.as_slice(), &all)
}

/// The state of a run after one more event.
fn edge(from: Option<RunState>, kind: &str) -> Result<Option<RunState>, String> {
    use RunState as S;
    let to = match (from, kind) {
        (None, "added") => S::Pending,
        (Some(S::Pending | S::Preempted), "claimed") | (Some(S::Pending | S::Crashed), "returned") => {
            S::Running
        }
        (Some(S::Running), "stop_requested" | "continued") => S::Running,
        (Some(S::Running | S::Pending | S::Preempted), "finished") => S::Finished,
        (Some(S::Running), "failed") => S::Failed,
        (Some(S::Running), "crashed") => S::Crashed,
        (Some(S::Running), "preempted") => S::Preempted,
        (Some(S::Running | S::Failed | S::Pending), "given_back") => S::Pending,
        (Some(S::Running | S::Pending | S::Preempted), "killed") => S::Killed,
        (Some(S::Finished | S::Failed | S::Crashed | S::Killed), "retried") => S::Pending,
        _ => return Err(format!("an event '{kind}' in state {from:?}")),
    };
    Ok(Some(to))
}

/// Orders and parts of the list are those of the whole list.
fn agree_on_order(store: &mut dyn Store, row: &SweepRow, mut ranked: Vec<RunRow>) -> Verdict {
    let (id, goal) = (row.id(), row.goal());
    let numbers = |rows: &[RunRow]| rows.iter().map(|row| row.number).collect::<Vec<_>>();
    let newest: Vec<RunNumber> = ranked.iter().rev().map(|row| row.number).collect();
    let rank = |row: &RunRow| match (row.best, row.state) {
        (None, _) => 3,
        (_, RunState::Running | RunState::Finished) => 0,
        (_, RunState::Failed | RunState::Crashed | RunState::Killed) => 1,
        (_, RunState::Pending | RunState::Preempted) => 2,
    };
    let loss = |row: &RunRow| row.best.map_or(0.0, |best| goal.to_loss(best) + 0.0);
    ranked.sort_by(|a, b| rank(a).cmp(&rank(b)).then(loss(a).total_cmp(&loss(b))));
    let open = [RunState::Pending, RunState::Running];
    let chosen = ranked.iter().filter(|row| open.contains(&row.state)).skip(1).take(2);
    let some: Vec<RunNumber> = chosen.map(|row| row.number).collect();
    let mut ask = |query: &RunQuery| Ok::<_, String>(numbers(&expect_ok("runs", store.runs(id, query))?));
    same("runs, newest first", &ask(&RunQuery::default().order(Order::Newest))?, &newest)?;
    same("runs, best first", &ask(&RunQuery::default().order(Order::Best))?, &numbers(&ranked))?;
    same("some runs", &ask(&RunQuery::default().states(open).order(Order::Best).limit(2).offset(1))?, &some)
}

/// What is not there is an error, and nothing is done.
fn refuses_what_is_not_there(store: &mut dyn Store, id: &SweepId) -> Verdict {
    let next = RunNumber::from_index(all_runs(store, id)?.len());
    let before = expect_ok("changes", store.changes(id, 0))?.upto;
    let stops = [(RunNumber::FIRST, "why".to_owned()), (next, "why".to_owned())];
    let answers = [
        ("run", store.run(id, next).map(drop)),
        ("attempts", store.attempts(id, next).map(drop)),
        ("retry_runs", store.retry_runs(id, &[RunNumber::FIRST, next]).map(drop)),
        ("request_stops", store.request_stops(id, &stops, crate::StopKind::Cancel).map(drop)),
    ];
    for (call, answer) in answers {
        if !matches!(&answer, Err(StoreError::NoRun { .. })) {
            return Err(format!("{call} of run {next}, which does not exist, answered {answer:?}"));
        }
    }
    same("the cursor after refused calls", &expect_ok("changes", store.changes(id, 0))?.upto, &before)?;
    let nowhere = store.sweep(&SweepId::new("no such sweep"));
    if !matches!(&nowhere, Err(StoreError::NoSweep { .. })) {
        return Err(format!("a sweep that does not exist was answered with {nowhere:?}"));
    }
    match store.idle(AgentId(u64::MAX)) {
        Err(StoreError::NoAgent(_)) => Ok(()),
        other => Err(format!("an agent that never joined was answered with {other:?}")),
    }
}

/// Of all leases that were ever given, at most one of each run is worth something.
fn one_lease_at_most<S: Store>(sides: &mut Sides<'_, S>) -> Verdict {
    let mut live = BTreeSet::new();
    for lease in sides.leases {
        let reply = expect_ok("report", sides.store.report(lease, &[]))?;
        if reply != Reply::Lost && !live.insert((&lease.sweep, lease.run)) {
            return Err(format!("run {} is held by two leases", lease.run));
        }
    }
    Ok(())
}
