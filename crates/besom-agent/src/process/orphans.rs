//! What supervisors leave behind that were killed: it becomes the agent's own, if the agent asks for it.

use std::collections::BTreeSet;
use std::io;
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, WaitId, WaitIdOptions, WaitOptions, getpid, waitid, waitpid};

use super::tree;

/// The children of this process that it has started itself; `None` if it adopts no others.
static OWN: Mutex<Option<BTreeSet<i32>>> = Mutex::new(None);

/// Makes this process the parent of what supervisors leave behind that were killed, so that even a child in a session of its
/// own, with an environment of its own, can be found and ended. Call it at the start of a process that does nothing but run
/// agents: whatever other orphan appears below it is taken for a run's and ended. Does nothing where the system cannot.
pub fn adopt_orphans() {
    if become_subreaper().is_ok_and(|is_one| is_one) {
        own().get_or_insert_default();
    }
}

/// Makes this process the parent of all orphans below it. Returns whether the system can do that.
#[cfg(target_os = "linux")]
pub(super) fn become_subreaper() -> io::Result<bool> {
    rustix::process::set_child_subreaper(Some(getpid()))?;
    Ok(true)
}

/// As above, where the system cannot.
#[cfg(not(target_os = "linux"))]
pub(super) fn become_subreaper() -> io::Result<bool> {
    Ok(false)
}

fn own() -> MutexGuard<'static, Option<BTreeSet<i32>>> {
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a child that is no orphan.
pub(crate) fn spawn(command: &mut Command) -> io::Result<Child> {
    // Held meanwhile, so that nobody finds a child that is not entered yet.
    let mut own = own();
    let child = command.spawn()?;
    if let Some(own) = &mut *own {
        own.insert(raw(Pid::from_child(&child)));
    }
    Ok(child)
}

/// A child has ended and was waited for. What it left dead is reaped.
pub(crate) fn forget(child: &Child) {
    if let Some(own) = &mut *own() {
        own.remove(&raw(Pid::from_child(child)));
        reap(own);
    }
}

/// All living orphans, and what is below them. Reaps those that are dead.
pub(super) fn living() -> Vec<Pid> {
    let own = own();
    let Some(own) = &*own else { return Vec::new() };
    reap(own);
    let mut adopted = tree::children(getpid());
    adopted.retain(|&pid| !own.contains(&raw(pid)));
    tree::with_descendants(adopted)
}

fn reap(own: &BTreeSet<i32>) {
    let peek = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    for pid in tree::dead_children(getpid()) {
        // Only children that can be waited for now; `waitid` looks without taking.
        let is_dead = waitid(WaitId::Pid(pid), peek).is_ok_and(|status| status.is_some());
        if is_dead && !own.contains(&raw(pid)) {
            // Somebody else may have been faster.
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
}

fn raw(pid: Pid) -> i32 {
    pid.as_raw_nonzero().get()
}
