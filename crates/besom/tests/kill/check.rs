//! Compares a finished sweep with what should have come of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use besom_agent::RunDir;
use besom_core::{RunNumber, RunState};
use besom_store::{Attempt, Event, Lease, RunQuery, Store, SweepId};
use serde_json::{Map, Value};

/// The least time from the last sign of a halted agent's program to its being given up for silence, which takes 1 s
/// from the last heartbeat.
const HEARTBEAT_TIMEOUT_MS: u64 = 500;

/// What programs noted: the steps that were acknowledged, by run and attempt.
pub(crate) type Notes = BTreeMap<(u64, u64), Vec<u64>>;

/// What happened outside the store.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) notes: Notes,
    pub(crate) halts: Vec<Halt>,
    /// Whether there was a server, which gives up silent agents without reading what their programs logged at last.
    pub(crate) is_served: bool,
}

/// An agent was stopped or killed.
pub(crate) struct Halt {
    pub(crate) pid: u32,
    pub(crate) at_ms: u64,
    /// What was noted then.
    pub(crate) noted: Notes,
    /// Whether its programs were killed with it, so that no row came later.
    pub(crate) is_still: bool,
}

/// Says how many rows there are, or what is wrong.
pub(crate) fn check(
    store: &mut dyn Store,
    sweep: &SweepId,
    directory: &Path,
    cells: u64,
    record: &Record,
) -> Result<usize, String> {
    let runs = store.runs(sweep, &RunQuery::default()).map_err(|error| error.to_string())?;
    let numbers: Vec<u64> = runs.iter().map(|run| run.number.get()).collect();
    require(numbers == (1..=cells).collect::<Vec<_>>(), || format!("the runs are {numbers:?}"))?;
    let points: BTreeSet<u64> = runs.iter().filter_map(|run| run.point["a"].as_u64()).collect();
    require(points == (1..=cells).collect(), || format!("the points are {points:?}"))?;
    let events = store.events(sweep, None, 0, u64::MAX).map_err(|error| error.to_string())?;
    check_claims(&events)?;
    let mut rows = 0;
    for run in &runs {
        require(run.state == RunState::Finished, || format!("run {} is {}", run.number, run.state))?;
        let events: Vec<&Event> = events.iter().filter(|event| event.run == Some(run.number)).collect();
        rows += check_run(store, sweep, directory, run.number, &events, record)?;
    }
    Ok(rows)
}

pub(crate) fn require(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn attempt_of(event: &Event) -> Option<u64> {
    event.detail.get("attempt")?.as_u64()
}

/// Whether an attempt ended with this event.
fn is_end(event: &Event) -> bool {
    ["finished", "failed", "killed", "preempted", "crashed"].contains(&event.kind.as_str())
}

/// An agent has at most one run at a time, and gets none while the sweep is paused.
fn check_claims(events: &[Event]) -> Result<(), String> {
    let mut held = BTreeMap::new();
    let mut open = BTreeSet::new();
    let mut is_paused = false;
    for event in events {
        match event.kind.as_str() {
            "paused" => is_paused = true,
            "resumed" => is_paused = false,
            "claimed" if is_paused => return Err(format!("{event:?} while the sweep is paused")),
            _ => {}
        }
        let (Some(run), Some(attempt)) = (event.run, attempt_of(event)) else { continue };
        let attempt = (run.get(), attempt);
        match event.kind.as_str() {
            "claimed" => {
                let agent = event.detail["agent"].to_string();
                let before = held.insert(agent.clone(), attempt).filter(|before| open.contains(before));
                require(before.is_none(), || {
                    format!("{agent} claimed {attempt:?} while it held {before:?}")
                })?;
                open.insert(attempt);
            }
            "returned" => drop(open.insert(attempt)),
            "given_back" => drop(open.remove(&attempt)),
            _ if is_end(event) => drop(open.remove(&attempt)),
            _ => {}
        }
    }
    Ok(())
}

fn check_run(
    store: &mut dyn Store,
    sweep: &SweepId,
    directory: &Path,
    run: RunNumber,
    events: &[&Event],
    record: &Record,
) -> Result<usize, String> {
    let numbers = |kind: &str| -> Vec<u64> {
        events.iter().filter(|event| event.kind == kind).filter_map(|event| attempt_of(event)).collect()
    };
    let attempts = store.attempts(sweep, run).map_err(|error| error.to_string())?;
    let last = attempts.len() as u64;
    let (claimed, finished) = (numbers("claimed"), numbers("finished"));
    require(claimed == (1..=last).collect::<Vec<_>>(), || format!("run {run} was claimed as {claimed:?}"))?;
    require(finished == [last], || format!("run {run} of {last} attempts finished in {finished:?}"))?;
    let mut rows = 0;
    for attempt in &attempts {
        let key = (run.get(), attempt.number);
        let lease = Lease { sweep: sweep.clone(), run, attempt: attempt.number };
        let file = lines(&RunDir::new(directory, &lease).metrics());
        let noted = record.notes.get(&key).map(Vec::as_slice).unwrap_or_default();
        let steps: Vec<u64> = file.iter().filter_map(|row| row["loss"].as_u64()).collect();
        require(steps.starts_with(noted), || format!("run {key:?}: noted {noted:?}, file {steps:?}"))?;
        let stored = store.rows(sweep, run, Some(attempt.number)).map_err(|error| error.to_string())?;
        let dense = stored.iter().zip(1..).all(|(row, seq)| row.seq == seq);
        let stored: Vec<Map<String, Value>> = stored.into_iter().map(|row| row.values).collect();
        let least = least(attempt, key, events, record).unwrap_or(file.len());
        require(dense && file.starts_with(&stored) && stored.len() >= least, || {
            let in_file = file.len();
            let ends =
                events.iter().filter(|event| is_end(event) && attempt_of(event) == Some(attempt.number));
            let ends: Vec<_> = ends.map(|end| (end.at_ms, &end.kind, &end.detail)).collect();
            let agent = &attempt.agent;
            let halts: Vec<_> = record
                .halts
                .iter()
                .filter(|halt| agent.contains(&format!("/{}/", halt.pid)))
                .map(|halt| (halt.at_ms, halt.is_still, halt.noted.get(&key)))
                .collect();
            format!(
                "run {key:?} by {agent}: {least} of {in_file} rows are due, the file has {file:?}, the store \
                 {stored:?}; it began at {}, its ends are {ends:?}, the agent's halts {halts:?}",
                attempt.started_ms
            )
        })?;
        rows += stored.len();
    }
    Ok(rows)
}

/// How many rows of an attempt must be stored at least, if not all that are in its file.
///
/// Whoever gives an attempt up reads its file to the end first. The programs of a stopped agent may append rows after
/// that, which belong to nobody; so may those that it starts when it goes on, having claimed before it was stopped. What
/// was appended before its heartbeats ended must be there; and all, if the program had begun and nobody was left to append
/// more.
fn least(attempt: &Attempt, key: (u64, u64), events: &[&Event], record: &Record) -> Option<usize> {
    let end = events.iter().rfind(|event| is_end(event) && attempt_of(event) == Some(attempt.number))?;
    let is_overdue = end.detail.get("message").is_some_and(|text| text.to_string().contains("heartbeat"));
    if !is_overdue {
        return None;
    }
    if record.is_served {
        // Nothing can be said to be due. A server knows nothing of the files, so it has what was reported until the silence began, and
        // which report was the last that came through is noted nowhere: one is sent each half second, as far as the machine and a server
        // that is killed as well allow it, so the whole program may have run since. That what was acknowledged stays is checked
        // all the same: no report is answered before its rows are committed, and each attempt that ends otherwise, also one that
        // comes back after this, must have its whole file.
        return Some(0);
    }
    let before: Vec<&Halt> = record
        .halts
        .iter()
        .filter(|halt| attempt.agent.contains(&format!("/{}/", halt.pid)))
        .filter(|halt| halt.at_ms >= attempt.started_ms && halt.at_ms + HEARTBEAT_TIMEOUT_MS <= end.at_ms)
        .collect();
    if before.iter().any(|halt| halt.is_still && halt.noted.contains_key(&key)) {
        return None;
    }
    Some(before.iter().filter_map(|halt| halt.noted.get(&key)).map(Vec::len).max().unwrap_or(0))
}

/// The rows in a metrics file; none if there is none.
fn lines(path: &Path) -> Vec<Map<String, Value>> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
