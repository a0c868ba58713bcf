//! Recovery by those who execute nothing: owners who have just ended a sweep.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use besom_store::{Queue, SweepId};

use super::liveness::{DeadAgent, dead_agents, is_any_alive};
use super::{Files, Watch, recover_dead, recover_overdue};
use crate::retry::{Patience, RetryingQueue};
use crate::{AgentError, Level, Shutdown};

/// How long an owner retries while the store fails.
const STORE_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest pause between two looks: somebody waits for it.
const PAUSE: Duration = Duration::from_millis(250);

/// How often agents that are leaving are looked for.
const DEPARTURE_PACE: Duration = Duration::from_millis(50);

/// Ends the attempts of agents that have died on this machine, after reading what they logged: without this, a run whose last
/// agent was killed before its sweep was canceled would be `running` for ever. Agents that live, and those of other machines,
/// are left alone.
///
/// # Errors
/// If the store fails, or a metrics file cannot be read.
pub fn recover(queue: &mut dyn Queue, sweep: &SweepId, directory: &Path) -> Result<(), AgentError> {
    recover_dead(&mut RetryingQueue::new(queue, Patience::at_most(STORE_TIMEOUT)), sweep, Some(directory))
}

/// Waits until no run of a sweep is running any more, and meanwhile gives up those whose agents are gone: dead on this machine,
/// or without a heartbeat for their whole timeout. Returns early if the shutdown is raised.
///
/// # Errors
/// As [`recover`].
pub fn outlast(
    queue: &mut dyn Queue,
    sweep: &SweepId,
    directory: Option<&Path>,
    shutdown: &Shutdown,
) -> Result<(), AgentError> {
    let mut queue = RetryingQueue::new(queue, Patience::at_most(STORE_TIMEOUT));
    let files = Files { directory, is_served: false };
    let mut watch = Watch::new(PAUSE);
    while shutdown.level() < Level::Finish {
        recover_dead(&mut queue, sweep, directory)?;
        recover_overdue(&mut queue, sweep, &files, &mut watch)?;
        if watch.sees_none() {
            break;
        }
        shutdown.sleep_below(Level::Finish, watch.interval().min(PAUSE));
    }
    Ok(())
}

/// Waits until no agent of a sweep is left on this machine, but at most for `patience`; dead ones leave no trace then. Returns
/// whether none is left. For whoever has removed the sweep: its agents learn of it by their next heartbeat, and until then their
/// programs may write files.
pub fn await_departure(directory: &Path, sweep: &SweepId, patience: Duration) -> bool {
    let until = Instant::now() + patience;
    while is_any_alive(directory, sweep) {
        if Instant::now() >= until {
            return false;
        }
        thread::sleep(DEPARTURE_PACE);
    }
    dead_agents(directory, sweep).into_iter().for_each(DeadAgent::forget);
    true
}
