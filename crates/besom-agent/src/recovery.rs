//! What becomes of runs whose agents are gone: their metrics files are read to the end, then they are given
//! up.

mod files;
mod liveness;
mod owner;
mod watch;

use std::fs::{self, File};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use besom_core::RunState;
use besom_store::{AgentId, End, HeldRun, Lease, Reply, Row, StoreError, SweepId};

pub(crate) use files::Files;
pub(crate) use liveness::LivenessLock;
pub use owner::{await_departure, outlast, recover};
pub use watch::Watch;

use crate::metrics::{Said, Tail};
use crate::process::{Exit, LEFTOVER_GRACE, end_all, family};
use crate::record::{self, Recorded};
use crate::retry::RetryingQueue;
use crate::{AgentError, RunDir, cause};

/// How long to wait for the processes of a dead agent to die. Their supervisor kills them at once; longer
/// takes only a process that hangs in the kernel.
const DEATH_TIMEOUT: Duration = Duration::from_secs(10);
/// The interval at which the supervisor's lock is tried; it is usually free within milliseconds.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// What was found in the metrics file of an attempt whose agent is gone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Salvaged {
    /// The number of rows that the store did not have.
    pub(crate) rows: u64,
    /// How it ended, if that is known: its program had ended, or it was being preempted.
    pub(crate) end: Option<End>,
}

/// Reports the rows in the metrics file of a run that are not in the store yet, under the run's lease. What
/// is in the file is acknowledged, so this comes before a run is given up. Nothing is done if the lease is
/// over, or the file is on another machine. A repeated report adds nothing.
pub(crate) fn salvage(
    queue: &mut RetryingQueue<'_>,
    held: &HeldRun,
    dir: &RunDir,
    recorded: Option<Recorded>,
) -> Result<Salvaged, AgentError> {
    let (mut salvaged, mut said) = (0, Said::default());
    let mut tail = Tail::new(dir.metrics());
    loop {
        let mut rows = tail.read().map_err(AgentError::io(tail.path()))?;
        if rows.is_empty() {
            rows.extend(tail.take_unterminated());
        }
        let (news, was_resumed) = (tail.take_said(), said.resumed);
        said.add(news);
        if said.resumed && !was_resumed {
            queue.call(|queue| queue.resume(&held.lease))?;
        }
        if rows.is_empty() {
            let end = known_end(recorded, said.preempting);
            return Ok(Salvaged { rows: salvaged, end });
        }
        // An empty report would be a sign of life.
        rows.retain(|row| row.seq > held.rows);
        if rows.is_empty() {
            continue;
        }
        if !send(queue, &held.lease, &rows)? {
            return Ok(Salvaged { rows: salvaged, end: None });
        }
        salvaged += rows.len() as u64;
    }
}

/// The end of an attempt whose agent is gone, by the record of its supervisor and by what its program has announced. A
/// program that was killed from outside, maybe together with its agent, has not ended by itself.
fn known_end(recorded: Option<Recorded>, preempting: bool) -> Option<End> {
    match recorded {
        Some(Recorded::Exit(exit)) if !exit.is_external() && !exit.is_requested() => {
            let end = ended_by_itself(exit);
            Some(if preempting { preempted(&end) } else { end })
        }
        _ if preempting => Some(lost(RunState::Preempted).keeping_rows()),
        // Only its agent knew of it: the program may begin from scratch.
        Some(Recorded::Preempting) => Some(lost(RunState::Preempted)),
        _ => None,
    }
}

fn ended_by_itself(exit: Exit) -> End {
    let end = match exit {
        Exit::Code(0) => return End::new(RunState::Finished).exit_code(0),
        Exit::Code(code) => End::new(RunState::Failed).exit_code(code),
        Exit::Signal(_) | Exit::Vanished => End::new(RunState::Failed),
    };
    // Nobody saw whether the kernel has killed it for memory.
    end.failure(cause::of_exit(exit, "", false)).message(exit.to_string())
}

/// The end in a state from which a run may be handed out again.
fn lost(state: RunState) -> End {
    let gone = if state == RunState::Preempted { "was being preempted: " } else { "" };
    End::new(state).message(format!("{gone}its agent sent no heartbeat"))
}

/// Returns whether the rows are stored.
fn send(queue: &mut RetryingQueue<'_>, lease: &Lease, rows: &[Row]) -> Result<bool, AgentError> {
    match queue.call(|queue| queue.report(lease, rows))? {
        // Somebody else was faster, or the file was cut: what is stored stays stored.
        Reply::Lost | Reply::Gap { .. } => Ok(false),
        // Stored, whatever else the reply says.
        _ => Ok(true),
    }
}

/// The first run whose files could not be read, which does not keep others from being recovered.
#[derive(Default)]
struct Unreadable(Option<AgentError>);

impl Unreadable {
    /// What came of a run; `None` if its files could not be read.
    fn skip<T>(&mut self, recovered: Result<T, AgentError>) -> Result<Option<T>, AgentError> {
        match recovered {
            Err(error @ AgentError::Io { .. }) => {
                self.0.get_or_insert(error);
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    fn result(self) -> Result<(), AgentError> {
        self.0.map_or(Ok(()), Err)
    }
}

/// Gives up the runs of agents that died on this machine, at once; of an agent without a directory nobody can tell. A run whose
/// files cannot be read stays for others, who may have the right to; all others come first.
pub(crate) fn recover_dead(
    queue: &mut RetryingQueue<'_>,
    sweep: &SweepId,
    directory: Option<&Path>,
) -> Result<(), AgentError> {
    let Some(directory) = directory else { return Ok(()) };
    let mut unreadable = Unreadable::default();
    for dead in liveness::dead_agents(directory, sweep) {
        if unreadable.skip(recover_agent(queue, dead.agent, directory))?.is_some() {
            dead.forget();
        }
    }
    unreadable.result()
}

/// Whether an agent of the sweep has died on this machine.
pub(crate) fn is_any_dead(directory: Option<&Path>, sweep: &SweepId) -> bool {
    directory.is_some_and(|directory| !liveness::dead_agents(directory, sweep).is_empty())
}

fn recover_agent(queue: &mut RetryingQueue<'_>, agent: AgentId, directory: &Path) -> Result<(), AgentError> {
    let held = match queue.call(|queue| queue.held(agent)) {
        // It belonged to another store in this directory, which was deleted.
        Err(StoreError::NoAgent(_)) => return Ok(()),
        held => held?,
    };
    let mut unreadable = Unreadable::default();
    for run in held {
        unreadable.skip(recover_run(queue, &run, directory))?;
    }
    unreadable.result()?;
    Ok(queue.call(|queue| queue.leave(agent))?)
}

fn recover_run(queue: &mut RetryingQueue<'_>, held: &HeldRun, directory: &Path) -> Result<(), AgentError> {
    let dir = RunDir::new(directory, &held.lease);
    wait_for_death(&dir);
    match salvage(queue, held, &dir, record::read(dir.attempt()))?.end {
        Some(end) => finish(queue, &held.lease, &end),
        None => Ok(()),
    }
}

/// Waits until no process of an attempt is alive, so that nobody adds to its metrics file.
fn wait_for_death(dir: &RunDir) {
    let deadline = Instant::now() + DEATH_TIMEOUT;
    while File::open(dir.lock()).is_ok_and(|file| file.try_lock().is_err()) && Instant::now() < deadline {
        thread::sleep(POLL_INTERVAL);
    }
    end_processes(dir, Duration::ZERO);
    // The lock file is of no more use. If it stays, it does no harm.
    let _ = fs::remove_file(dir.lock());
}

/// Ends all processes of an attempt on this machine.
fn end_processes(dir: &RunDir, grace: Duration) {
    end_all(|| family(dir.attempt()), grace, DEATH_TIMEOUT);
}

/// Gives up runs whose agents have sent no heartbeat for too long, wherever they are, as far as that is not the matter of a server.
/// Without a directory there is no file to read before, as if it were on another machine. A run whose files cannot be read stays as
/// in [`recover_dead`].
pub(crate) fn recover_overdue(
    queue: &mut RetryingQueue<'_>,
    sweep: &SweepId,
    files: &Files<'_>,
    watch: &mut Watch,
) -> Result<(), AgentError> {
    if !files.looks(sweep) {
        return Ok(());
    }
    if queue.take_trouble() {
        // While the store failed, nobody's heartbeat could move.
        watch.forget();
    }
    let running = queue.call(|queue| queue.running(sweep))?;
    watch.look(Instant::now(), running);
    let mut unreadable = Unreadable::default();
    for held in watch.overdue() {
        if files.concern(&held.lease) {
            unreadable.skip(give_up(queue, &held, files.directory))?;
        }
    }
    unreadable.result()
}

fn give_up(
    queue: &mut RetryingQueue<'_>,
    held: &HeldRun,
    directory: Option<&Path>,
) -> Result<(), AgentError> {
    let lease = &held.lease;
    let salvaged = match directory {
        Some(directory) => {
            let dir = RunDir::new(directory, lease);
            let recorded = record::read(dir.attempt());
            // Its agent may only have been stopped, and its program still run: two copies of a run must not meet.
            end_processes(&dir, LEFTOVER_GRACE);
            salvage(queue, held, &dir, recorded)?
        }
        None => Salvaged::default(),
    };
    if let Some(end) = salvaged.end {
        finish(queue, lease, &end)?;
    } else if salvaged.rows > 0 {
        // Our own report was a sign of life, which keeps the run from being given up.
        finish(queue, lease, &lost(RunState::Crashed))?;
    } else {
        queue.call(|queue| queue.give_up(lease, held.beat))?;
    }
    Ok(())
}

/// Ends an attempt whose agent is gone.
fn finish(queue: &mut RetryingQueue<'_>, lease: &Lease, end: &End) -> Result<(), AgentError> {
    // If the lease is over, somebody else was faster.
    queue.call(|queue| queue.finish(lease, end))?;
    Ok(())
}

/// The end of an attempt whose program had announced its preemption: a failure after that is not its own fault, and what it logged
/// counts when it goes on.
pub(crate) fn preempted(end: &End) -> End {
    match end.state {
        RunState::Failed | RunState::Crashed => {}
        RunState::Preempted => return end.clone().keeping_rows(),
        _ => return end.clone(),
    }
    let why = end.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
    let mut preempted = End::new(RunState::Preempted).message(format!("was being preempted{why}"));
    preempted.exit_code = end.exit_code;
    preempted.keeping_rows()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::mpsc;

    use besom_core::RunNumber;

    use super::*;

    #[test]
    fn the_end_of_an_attempt_is_awaited_as_long_as_its_supervisor_holds_the_lock() {
        let store = tempfile::tempdir().unwrap();
        let lease = Lease { sweep: SweepId::new("s"), run: RunNumber::FIRST, attempt: 1 };
        let dir = RunDir::new(store.path(), &lease);
        dir.create().unwrap();
        let supervisor = File::create(dir.lock()).unwrap();
        supervisor.lock().unwrap();
        let (ended, awaited) = mpsc::channel();
        let waiting = thread::spawn(move || {
            wait_for_death(&dir);
            ended.send(()).unwrap();
        });
        assert!(awaited.recv_timeout(Duration::from_millis(50)).is_err());
        drop(supervisor);
        awaited.recv_timeout(DEATH_TIMEOUT).unwrap();
        waiting.join().unwrap();
    }

    #[test]
    fn an_end_is_known_only_if_the_program_ended_by_itself_or_was_preempted() {
        use RunState::{Failed, Finished, Preempted};
        let state = |recorded, preempting| known_end(recorded, preempting).map(|end| end.state);
        let exit = |exit| Some(Recorded::Exit(exit));
        assert_eq!(state(None, false), None);
        assert_eq!(state(None, true), Some(Preempted));
        assert_eq!(state(Some(Recorded::Preempting), false), Some(Preempted));
        assert_eq!(state(exit(Exit::Code(0)), false), Some(Finished));
        assert_eq!(state(exit(Exit::Code(0)), true), Some(Finished), "it has finished all the same");
        assert_eq!(state(exit(Exit::Code(3)), false), Some(Failed));
        assert_eq!(state(exit(Exit::Code(3)), true), Some(Preempted));
        assert_eq!(state(exit(Exit::Signal(11)), false), Some(Failed));
        for signal in [9, 15, 1, 2] {
            assert_eq!(state(exit(Exit::Signal(signal)), false), None, "the machine may have gone down");
        }
    }
}
