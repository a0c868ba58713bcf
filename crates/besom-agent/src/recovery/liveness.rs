//! Which agents on this machine are dead, known at once and for sure.
//!
//! Every agent holds a lock on a file of its own as long as it lives; the system releases it when the process
//! ends, however it ends. Whoever can take the lock of an agent of the same boot knows that the agent is
//! dead, without waiting for a heartbeat timeout.
//!
//! A process that the agent has forked without executing a program (a data loader of an in-process function) has
//! inherited the lock and keeps it. So the file also says which process the agent is: if that is gone, the agent is dead
//! whoever holds the lock.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use besom_store::{AgentId, SweepId};

use crate::process::started;
use crate::{AgentError, private};

fn lock_directory(store: &Path) -> PathBuf {
    store.join("agents")
}

/// What distinguishes this boot of this machine from every other, where the system has it.
fn boot_id() -> Option<String> {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|id| id.trim().to_owned())
}

/// What the lock file of an agent holds: a process of another boot, or another machine with the same disk, is
/// not ours to judge.
fn content(boot: &str, sweep: &SweepId) -> String {
    format!("{boot}\n{sweep}\n")
}

/// The name of an agent's lock file. Stores of several servers may share a directory, and each counts its agents from 1.
fn lock_name(sweep: &SweepId, agent: AgentId) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let sweep: String = sweep.as_str().chars().take(64).map(plain).collect();
    format!("{sweep}-{}.lock", agent.0)
}

/// The lock that an agent holds as long as it lives.
#[derive(Debug)]
pub(crate) struct LivenessLock {
    path: PathBuf,
    _locked: File,
}

impl LivenessLock {
    /// Locks the file of an agent in the store's directory `store`, before the agent's first claim. Returns
    /// `None` where files cannot be locked: then only the heartbeat timeout helps.
    pub(crate) fn acquire(store: &Path, sweep: &SweepId, agent: AgentId) -> Result<Option<Self>, AgentError> {
        let Some(boot) = boot_id() else { return Ok(None) };
        let path = lock_directory(store).join(lock_name(sweep, agent));
        let make = || -> io::Result<Option<File>> {
            private::directory(store, &lock_directory(store))?;
            let mut file = private::create(&path)?;
            if file.lock().is_err() {
                return Ok(None);
            }
            // After locking: a file without this content is nobody's.
            file.write_all(format!("{}{}", content(&boot, sweep), own_process()).as_bytes())?;
            Ok(Some(file))
        };
        let file = make().map_err(AgentError::io(&path))?;
        Ok(file.map(|file| Self { path, _locked: file }))
    }

    /// Deletes the file: the agent has left.
    pub(crate) fn release(self) {
        // If it stays, somebody will find that the agent has left already.
        let _ = fs::remove_file(&self.path);
    }
}

/// An agent that died without leaving. While this exists, nobody else finds it.
#[derive(Debug)]
pub(crate) struct DeadAgent {
    /// The agent.
    pub(crate) agent: AgentId,
    path: PathBuf,
    _locked: File,
}

impl DeadAgent {
    /// Deletes its file, once its runs are recovered.
    pub(crate) fn forget(self) {
        // If it stays, it is found again, and there is nothing to do.
        let _ = fs::remove_file(&self.path);
    }
}

/// The agents of a sweep that died on this machine without leaving, by id.
pub(crate) fn dead_agents(store: &Path, sweep: &SweepId) -> Vec<DeadAgent> {
    let mut dead: Vec<DeadAgent> = agents(store, sweep).into_iter().flatten().collect();
    dead.sort_by_key(|dead| dead.agent);
    dead
}

/// Whether an agent of a sweep lives on this machine.
pub(super) fn is_any_alive(store: &Path, sweep: &SweepId) -> bool {
    agents(store, sweep).iter().any(Option::is_none)
}

/// The agents of a sweep on this machine that have not left; `None` for each that lives.
fn agents(store: &Path, sweep: &SweepId) -> Vec<Option<DeadAgent>> {
    let Some(boot) = boot_id() else { return Vec::new() };
    let expected = content(&boot, sweep);
    let entries = fs::read_dir(lock_directory(store)).into_iter().flatten().flatten();
    entries.filter_map(|entry| examine(entry.path(), &expected)).collect()
}

fn examine(path: PathBuf, expected: &str) -> Option<Option<DeadAgent>> {
    let agent = AgentId(path.file_stem()?.to_str()?.rsplit('-').next()?.parse().ok()?);
    let mut file = File::open(&path).ok()?;
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    let process = text.strip_prefix(expected)?;
    let is_dead = file.try_lock().is_ok() || is_gone(process);
    Some(is_dead.then_some(DeadAgent { agent, path, _locked: file }))
}

/// A line by which other processes recognize this one: its id, when it started, and the namespace of ids. Empty where the
/// system does not tell.
fn own_process() -> String {
    let pid = std::process::id();
    let line = || Some(format!("{pid} {} {}\n", started(pid)?, namespace()?));
    line().unwrap_or_default()
}

/// Whether the process of such a line has ended; not if its namespace is another, where ids mean others.
fn is_gone(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [pid, start, space] = words[..] else { return false };
    let (Ok(pid), Ok(start)) = (pid.parse(), start.parse()) else { return false };
    namespace().as_deref() == Some(space) && started(pid) != Some(start)
}

fn namespace() -> Option<String> {
    Some(fs::read_link("/proc/self/ns/pid").ok()?.to_string_lossy().into_owned())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn found(store: &Path, sweep: &SweepId) -> String {
        dead_agents(store, sweep).iter().map(|dead| dead.agent.0.to_string()).collect()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_agent_whose_process_is_gone_is_dead_though_a_child_of_it_holds_the_lock() {
        let store = tempfile::tempdir().unwrap();
        let sweep = SweepId::new("mine");
        let mut process =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let living = LivenessLock::acquire(store.path(), &sweep, AgentId(1)).unwrap().unwrap();
        // As if that process were the agent, and this one its child.
        let pid = process.id();
        let text = fs::read_to_string(&living.path).unwrap();
        let line = format!("{pid} {} {}\n", started(pid).unwrap(), namespace().unwrap());
        fs::write(&living.path, text.replace(&own_process(), &line)).unwrap();
        assert_eq!(found(store.path(), &sweep), "");
        process.kill().unwrap();
        process.wait().unwrap();
        assert_eq!(found(store.path(), &sweep), "1");
    }

    #[test]
    fn only_an_agent_that_died_without_leaving_is_dead() {
        let store = tempfile::tempdir().unwrap();
        let (sweep, other) = (SweepId::new("mine"), SweepId::new("other"));
        let path = store.path();
        assert_eq!(found(path, &sweep), "");

        let living = LivenessLock::acquire(path, &sweep, AgentId(1)).unwrap().unwrap();
        drop(LivenessLock::acquire(path, &sweep, AgentId(2)).unwrap());
        drop(LivenessLock::acquire(path, &other, AgentId(3)).unwrap());
        LivenessLock::acquire(path, &sweep, AgentId(4)).unwrap().unwrap().release();
        fs::write(path.join("agents/mine-5.lock"), "another boot\nmine\n").unwrap();
        fs::write(path.join("agents/mine-6.lock"), "").unwrap();
        assert_eq!(found(path, &sweep), "2");

        let both = dead_agents(path, &sweep);
        assert_eq!(found(path, &sweep), "", "only one finds it at a time");
        both.into_iter().for_each(DeadAgent::forget);
        assert_eq!(found(path, &sweep), "");
        drop(living);
        assert_eq!(found(path, &sweep), "1");
    }

    #[test]
    fn agents_of_two_stores_with_one_number_do_not_wait_for_each_other() {
        let store = tempfile::tempdir().unwrap();
        let sweeps = [SweepId::new("a/../1"), SweepId::new("b")];
        let locks =
            sweeps.clone().map(|sweep| LivenessLock::acquire(store.path(), &sweep, AgentId(1)).unwrap());
        assert!(locks.iter().all(Option::is_some));
        assert_eq!(found(store.path(), &sweeps[0]), "");
        drop(locks);
        assert_eq!(sweeps.map(|sweep| found(store.path(), &sweep)), ["1", "1"]);
    }
}
