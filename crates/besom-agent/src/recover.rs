//! What becomes of runs whose agents are gone.

use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use besom_core::RunState;
use besom_store::{End, HeldRun, Lease, Queue, Reply, Row, StoreError, SweepId};

use crate::liveness;
use crate::metrics::Tail;
use crate::patience::patiently;
use crate::process::{end_all, marked};
use crate::{AgentError, RunDir};

/// How long the processes of a dead agent may take to die; their supervisor kills them at once.
const LAST_BREATH: Duration = Duration::from_secs(10);

/// What was found in the metrics file of an attempt whose agent is gone.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Salvaged {
    /// How many rows the store did not have.
    pub(crate) rows: u64,
    /// Whether the attempt had said that it is about to be preempted.
    pub(crate) preempting: bool,
}

/// Reports what is in the metrics file of a run and not yet in the store, under the run's lease. What is in the file is
/// acknowledged; so this comes before a run is given up. If the lease is over, or the file is on another machine, there
/// is nothing to do. A report that is repeated adds nothing.
pub(crate) fn salvage(
    queue: &mut dyn Queue,
    held: &HeldRun,
    dir: &RunDir,
    patience: Duration,
) -> Result<Salvaged, AgentError> {
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
        rows.retain(|known| known.seq > held.rows);
        if rows.is_empty() {
            continue;
        }
        if !send(queue, &held.lease, &rows, patience)? {
            return Ok(found);
        }
        salvaged += rows.len() as u64;
    }
}

fn send(queue: &mut dyn Queue, lease: &Lease, rows: &[Row], patience: Duration) -> Result<bool, AgentError> {
    match patiently(patience, || queue.report(lease, rows))? {
        Reply::Continue | Reply::Stop { .. } => Ok(true),
        // Somebody else was faster, or the file was cut: what is stored stays stored.
        Reply::Lost | Reply::Gap { .. } => Ok(false),
    }
}

/// Gives up the runs of agents that died on this machine, at once.
pub(crate) fn recover_dead(
    queue: &mut dyn Queue,
    sweep: &SweepId,
    directory: &Path,
    patience: Duration,
) -> Result<(), AgentError> {
    for dead in liveness::dead(directory, sweep) {
        match patiently(patience, || queue.held(dead.agent)) {
            Ok(held) => {
                for held in held {
                    recover_run(queue, &held, directory, patience)?;
                }
                patiently(patience, || queue.leave(dead.agent))?;
            }
            // It belongs to a store that was here before.
            Err(StoreError::NoAgent(_)) => {}
            Err(error) => return Err(error.into()),
        }
        dead.bury();
    }
    Ok(())
}

fn recover_run(
    queue: &mut dyn Queue,
    held: &HeldRun,
    directory: &Path,
    patience: Duration,
) -> Result<(), AgentError> {
    let dir = RunDir::new(directory, &held.lease);
    outlast(&dir, held.lease.attempt);
    if salvage(queue, held, &dir, patience)?.preempting {
        end(queue, &held.lease, RunState::Preempted, patience)?;
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

/// Gives up runs whose agents have been silent for too long, wherever they are.
pub(crate) fn recover_silent(
    queue: &mut dyn Queue,
    sweep: &SweepId,
    directory: &Path,
    patience: Duration,
) -> Result<(), AgentError> {
    for held in patiently(patience, || queue.silent(sweep))? {
        let lease = &held.lease;
        let salvaged = salvage(queue, &held, &RunDir::new(directory, lease), patience)?;
        if salvaged.preempting {
            end(queue, lease, RunState::Preempted, patience)?;
        } else if !patiently(patience, || queue.give_up(lease))? && salvaged.rows > 0 {
            // A report is a sign of life, so that what was salvaged from would not be given up; but it has ended.
            end(queue, lease, RunState::Crashed, patience)?;
        }
    }
    Ok(())
}

/// Ends an attempt whose agent is gone, in a state in which it may be handed out again.
fn end(queue: &mut dyn Queue, lease: &Lease, state: RunState, patience: Duration) -> Result<(), AgentError> {
    let gone = if state == RunState::Preempted { "was being preempted: " } else { "" };
    let end = End { state, exit_code: None, message: Some(format!("{gone}its agent fell silent")) };
    // If the lease is over, somebody else was faster.
    patiently(patience, || queue.finish(lease, &end))?;
    Ok(())
}
