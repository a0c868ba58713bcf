//! Which agents on this machine are dead, known at once and for sure.
//!
//! Every agent holds a lock on a file of its own as long as it lives; the system lets it go when the process ends,
//! however it ends. Who can take the lock of an agent of the same boot knows that it is dead, and need not wait for its
//! silence to grow long.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use besom_store::{AgentId, SweepId};

use crate::AgentError;

fn directory(store: &Path) -> PathBuf {
    store.join("agents")
}

/// What tells this run of this machine's system from every other, if anything does.
fn boot() -> Option<String> {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|id| id.trim().to_owned())
}

/// The sign of life of an agent: as long as this exists, it lives.
#[derive(Debug)]
pub(crate) struct Sign {
    path: PathBuf,
    _locked: File,
}

impl Sign {
    /// Gives a sign of life in the store's directory `store`, before the first claim. `None` where files cannot be
    /// locked: then only silence tells.
    pub(crate) fn give(store: &Path, sweep: &SweepId, agent: AgentId) -> Result<Option<Self>, AgentError> {
        let Some(boot) = boot() else { return Ok(None) };
        let path = directory(store).join(format!("{}.lock", agent.0));
        let make = || -> io::Result<Option<File>> {
            fs::create_dir_all(directory(store))?;
            let mut file = File::options().create(true).truncate(true).write(true).open(&path)?;
            if file.lock().is_err() {
                return Ok(None);
            }
            // Last: without these words the file says nothing of anybody.
            file.write_all(format!("{boot}\n{sweep}\n").as_bytes())?;
            Ok(Some(file))
        };
        let file = make().map_err(AgentError::io(&path))?;
        Ok(file.map(|file| Self { path, _locked: file }))
    }

    /// Takes it back: the agent has left in order.
    pub(crate) fn withdraw(self) {
        // If it stays, somebody will find that the agent has left already.
        let _ = fs::remove_file(&self.path);
    }
}

/// An agent that died without leaving. While this exists, nobody else finds it.
#[derive(Debug)]
pub(crate) struct Dead {
    /// The agent.
    pub(crate) agent: AgentId,
    path: PathBuf,
    _locked: File,
}

impl Dead {
    /// Forgets it, once all is in order.
    pub(crate) fn bury(self) {
        // If it stays, it is found again, and there is nothing to do.
        let _ = fs::remove_file(&self.path);
    }
}

/// The agents of a sweep that died on this machine without leaving.
pub(crate) fn dead(store: &Path, sweep: &SweepId) -> Vec<Dead> {
    let Some(boot) = boot() else { return Vec::new() };
    let expected = format!("{boot}\n{sweep}\n");
    let entries = fs::read_dir(directory(store)).into_iter().flatten().flatten();
    let mut dead: Vec<Dead> = entries.filter_map(|entry| examine(entry.path(), &expected)).collect();
    dead.sort_by_key(|dead| dead.agent);
    dead
}

fn examine(path: PathBuf, expected: &str) -> Option<Dead> {
    let agent = AgentId(path.file_stem()?.to_str()?.parse().ok()?);
    let mut file = File::open(&path).ok()?;
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    (text == expected && file.try_lock().is_ok()).then_some(Dead { agent, path, _locked: file })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn found(store: &Path, sweep: &SweepId) -> String {
        dead(store, sweep).iter().map(|dead| dead.agent.0.to_string()).collect()
    }

    #[test]
    fn only_who_died_without_leaving_is_found_dead() {
        let store = tempfile::tempdir().unwrap();
        let (sweep, other) = (SweepId::new("mine"), SweepId::new("other"));
        let path = store.path();
        assert_eq!(found(path, &sweep), "");

        let living = Sign::give(path, &sweep, AgentId(1)).unwrap().unwrap();
        drop(Sign::give(path, &sweep, AgentId(2)).unwrap());
        drop(Sign::give(path, &other, AgentId(3)).unwrap());
        Sign::give(path, &sweep, AgentId(4)).unwrap().unwrap().withdraw();
        fs::write(path.join("agents/5.lock"), "another boot\nmine\n").unwrap();
        fs::write(path.join("agents/6.lock"), "").unwrap();
        assert_eq!(found(path, &sweep), "2");

        let both = dead(path, &sweep);
        assert_eq!(found(path, &sweep), "", "one finds it at a time");
        both.into_iter().for_each(Dead::bury);
        assert_eq!(found(path, &sweep), "");
        drop(living);
        assert_eq!(found(path, &sweep), "1");
    }
}
