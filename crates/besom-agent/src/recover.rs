//! What becomes of runs whose agents are gone.

use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use besom_core::{RunNumber, RunState};
use besom_store::{End, Lease, Reply, Row, Store, SweepId};

use crate::liveness;
use crate::metrics::Tail;
use crate::patience::patiently;
use crate::process::{end_all, marked};
use crate::{AgentError, RunDir};

/// How long the processes of a dead agent may take to die; their supervisor kills them at once.
const LAST_BREATH: Duration = Duration::from_secs(10);

/// Reports what is in the metrics file of an attempt and not yet in the store, under the attempt's lease, and says how
/// many rows that were. What is in the file is acknowledged; so this comes before a run is given up. If the lease is
/// over, or the file is on another machine, there is nothing to do.
pub fn salvage(store: &mut dyn Store, lease: &Lease, dir: &RunDir) -> Result<u64, AgentError> {
    Ok(salvage_patiently(store, lease, dir, Duration::ZERO)?.rows)
}

/// What was found in the metrics file of an attempt whose agent is gone.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Salvaged {
    /// How many rows the store did not have.
    pub(crate) rows: u64,
    /// Whether the attempt had said that it is about to be preempted.
    pub(crate) preempting: bool,
}

/// As [`salvage`], while the store may fail for as long as `patience`. A report that is repeated adds nothing.
pub(crate) fn salvage_patiently(
    store: &mut dyn Store,
    lease: &Lease,
    dir: &RunDir,
    patience: Duration,
) -> Result<Salvaged, AgentError> {
    let row = patiently(patience, || store.run(&lease.sweep, lease.run))?;
    if row.attempt != lease.attempt {
        return Ok(Salvaged::default());
    }
    let mut salvaged = 0;
    let mut tail = Tail::new(dir.metrics());
    loop {
        let mut rows = tail.read().map_err(AgentError::io(tail.path()))?;
        if rows.is_empty() {
            rows.extend(tail.take_unterminated());
        }
        let found = Salvaged { rows: salvaged, preempting: tail.is_preempting() };
        if rows.is_empty() {
            return Ok(found);
        }
        // An empty report would be a sign of life.
        rows.retain(|known| known.seq > row.rows);
        if rows.is_empty() {
            continue;
        }
        if !send(store, lease, &rows, patience)? {
            return Ok(found);
        }
        salvaged += rows.len() as u64;
    }
}

fn send(store: &mut dyn Store, lease: &Lease, rows: &[Row], patience: Duration) -> Result<bool, AgentError> {
    match patiently(patience, || store.report(lease, rows))? {
        Reply::Continue | Reply::Stop { .. } => Ok(true),
        // Somebody else was faster, or the file was cut: what is stored stays stored.
        Reply::Lost | Reply::Gap { .. } => Ok(false),
    }
}

/// Gives up the runs of agents that died on this machine, at once; says how many agents that were.
pub(crate) fn recover_dead(
    store: &mut dyn Store,
    sweep: &SweepId,
    directory: &Path,
    patience: Duration,
) -> Result<usize, AgentError> {
    let dead = liveness::dead(directory, sweep);
    if dead.is_empty() {
        return Ok(0);
    }
    let count = dead.len();
    let agents = patiently(patience, || store.agents(sweep))?;
    for dead in dead {
        let held = agents.iter().find(|agent| agent.id == dead.agent).and_then(|agent| agent.run);
        if let Some(number) = held {
            salvage_dead(store, sweep, number, directory, patience)?;
        }
        if agents.iter().any(|agent| agent.id == dead.agent) {
            patiently(patience, || store.leave(dead.agent))?;
        }
        dead.bury();
    }
    Ok(count)
}

fn salvage_dead(
    store: &mut dyn Store,
    sweep: &SweepId,
    number: RunNumber,
    directory: &Path,
    patience: Duration,
) -> Result<(), AgentError> {
    let row = patiently(patience, || store.run(sweep, number))?;
    if row.state != RunState::Running {
        return Ok(());
    }
    let lease = Lease { sweep: sweep.clone(), run: number, attempt: row.attempt };
    let dir = RunDir::new(directory, &lease);
    outlast(&dir, lease.attempt);
    if salvage_patiently(store, &lease, &dir, patience)?.preempting {
        end(store, &lease, RunState::Preempted, patience)?;
    }
    Ok(())
}

/// Waits until no process of an attempt lives any more, so that nobody adds to its metrics file.
fn outlast(dir: &RunDir, attempt: u64) {
    let until = Instant::now() + LAST_BREATH;
    while File::open(dir.lock()).is_ok_and(|file| file.try_lock().is_err()) && Instant::now() < until {
        thread::sleep(Duration::from_millis(2));
    }
    let run_dir = [b"BESOM_RUN_DIR=", dir.path().as_os_str().as_bytes()].concat();
    let marks = [run_dir, format!("BESOM_ATTEMPT={attempt}").into_bytes()];
    end_all(|| marked(&marks), Duration::ZERO, LAST_BREATH);
    // Its work is done. If it stays, it does no harm.
    let _ = fs::remove_file(dir.lock());
}

/// Gives up runs whose agents have been silent for too long, wherever they are; says how many that were.
pub(crate) fn recover_silent(
    store: &mut dyn Store,
    sweep: &SweepId,
    directory: &Path,
    patience: Duration,
) -> Result<usize, AgentError> {
    let mut count = 0;
    for lease in patiently(patience, || store.silent(sweep))? {
        let salvaged = salvage_patiently(store, &lease, &RunDir::new(directory, &lease), patience)?;
        let ended = if salvaged.preempting {
            end(store, &lease, RunState::Preempted, patience)?
        } else {
            // A report is a sign of life, so that what was salvaged from would not be given up; but it has ended.
            patiently(patience, || store.give_up(&lease))?
                || (salvaged.rows > 0 && end(store, &lease, RunState::Crashed, patience)?)
        };
        count += usize::from(ended);
    }
    Ok(count)
}

/// Ends an attempt whose agent is gone, in a state in which it may be handed out again.
fn end(
    store: &mut dyn Store,
    lease: &Lease,
    state: RunState,
    patience: Duration,
) -> Result<bool, AgentError> {
    let gone = if state == RunState::Preempted { "was being preempted: " } else { "" };
    let end = End { state, exit_code: None, message: Some(format!("{gone}its agent fell silent")) };
    let reply = patiently(patience, || store.finish(lease, &end))?;
    Ok(reply != Reply::Lost)
}
