//! Finds processes in /proc, and ends them. Without /proc nothing is found.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, getpid, kill_process};

use crate::UserSignal;

/// The variable by which the processes of an attempt are recognized: the attempt's directory, which no other has.
pub(crate) const MARK: &str = "BESOM_ATTEMPT_DIR";

/// A living process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Living {
    pid: Pid,
    parent: i32,
    group: i32,
}

/// The living children of a process.
pub(crate) fn children(parent: Pid) -> Vec<Pid> {
    let parent = parent.as_raw_nonzero().get();
    processes().filter(|process| process.parent == parent).map(|process| process.pid).collect()
}

/// The children of a process that have ended and were not waited for.
pub(crate) fn dead_children(parent: Pid) -> Vec<Pid> {
    let parent = parent.as_raw_nonzero().get();
    let dead = listed().filter(|(process, is_dead)| process.parent == parent && *is_dead);
    dead.map(|(process, _)| process.pid).collect()
}

/// All living processes below some, whatever their group and session. One of those is left out unless it is below another.
pub(crate) fn descendants(roots: &[Pid]) -> Vec<Pid> {
    let mut children: BTreeMap<i32, Vec<Pid>> = BTreeMap::new();
    for process in processes() {
        children.entry(process.parent).or_default().push(process.pid);
    }
    let mut found: Vec<Pid> = Vec::new();
    let mut next = roots.to_vec();
    while let Some(parent) = next.pop() {
        let below = children.remove(&parent.as_raw_nonzero().get()).unwrap_or_default();
        found.extend(&below);
        next.extend(below);
    }
    found
}

/// All living processes of a process group.
pub(crate) fn group(group: Pid) -> Vec<Pid> {
    let group = group.as_raw_nonzero().get();
    processes().filter(|process| process.group == group).map(|process| process.pid).collect()
}

/// All living processes that have the directory of this attempt in the environment they were started with.
pub(crate) fn marked(attempt: &Path) -> Vec<Pid> {
    let own = getpid();
    let mark = [MARK.as_bytes(), b"=", attempt.as_os_str().as_bytes()].concat();
    let is_marked = |pid: Pid| {
        let Ok(environment) = fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())) else {
            return false;
        };
        environment.split(|&byte| byte == 0).any(|entry| entry == mark)
    };
    processes().map(|process| process.pid).filter(|&pid| pid != own && is_marked(pid)).collect()
}

/// All living processes that have the directory of this attempt in their environment, and all that they have started, whatever
/// those have in theirs.
pub(crate) fn family(attempt: &Path) -> Vec<Pid> {
    with_descendants(marked(attempt))
}

/// These processes and all living ones below them, each once.
pub(crate) fn with_descendants(mut roots: Vec<Pid>) -> Vec<Pid> {
    // At the end of most runs there are none.
    if roots.is_empty() {
        return roots;
    }
    let mut below = descendants(&roots);
    below.retain(|pid| !roots.contains(pid));
    roots.append(&mut below);
    roots
}

/// Sends a signal to all of them. One that is gone already is not an error.
pub(crate) fn signal_all(pids: &[Pid], signal: Signal) {
    for &pid in pids {
        let _ = kill_process(pid, signal);
    }
}

/// Sends a signal to those that handle it, or have blocked it to wait for it. Without /proc nobody gets it.
pub(crate) fn forward(pids: &[Pid], signal: UserSignal) {
    let signal = match signal {
        UserSignal::Usr1 => Signal::USR1,
        UserSignal::Usr2 => Signal::USR2,
    };
    let handling: Vec<Pid> = pids.iter().copied().filter(|&pid| handles(pid, signal)).collect();
    signal_all(&handling, signal);
}

fn handles(pid: Pid, signal: Signal) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).unwrap_or_default();
    status.lines().filter_map(|line| line.strip_prefix("SigCgt:").or(line.strip_prefix("SigBlk:"))).any(
        |mask| {
            let mask = u64::from_str_radix(mask.trim(), 16).unwrap_or(0);
            mask >> (signal.as_raw() - 1) & 1 == 1
        },
    )
}

/// Sends SIGTERM to what `find` returns, waits up to `grace`, and kills what is left. Returns whether nothing
/// is left.
pub(crate) fn end_all(mut find: impl FnMut() -> Vec<Pid>, grace: Duration, timeout: Duration) -> bool {
    let alive = find();
    signal_all(&alive, Signal::TERM);
    // A stopped process receives SIGTERM only once it continues.
    signal_all(&alive, Signal::CONT);
    wait_until_gone(&mut find, grace) || kill_all(find, timeout)
}

/// Kills what `find` returns, and what that forks meanwhile, until it returns nothing. Returns whether
/// nothing is left.
pub(crate) fn kill_all(mut find: impl FnMut() -> Vec<Pid>, timeout: Duration) -> bool {
    // What may not be killed (another user's, by sudo) must not block forever.
    let mut forbidden = BTreeSet::new();
    let mut find = || {
        let mut alive = find();
        alive.retain(|pid| !forbidden.contains(&pid.as_raw_nonzero()));
        for &pid in &alive {
            if kill_process(pid, Signal::KILL) == Err(Errno::PERM) {
                forbidden.insert(pid.as_raw_nonzero());
            }
        }
        alive
    };
    wait_until_gone(&mut find, timeout)
}

fn wait_until_gone(find: &mut dyn FnMut() -> Vec<Pid>, timeout: Duration) -> bool {
    let deadline = Instant::now() + timeout;
    let mut pause = Duration::from_millis(1);
    loop {
        let alive = find();
        if alive.is_empty() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// When a living process started, in ticks since the boot.
pub(crate) fn started(pid: u32) -> Option<u64> {
    let pid = i32::try_from(pid).ok()?;
    let stat = stat(pid)?;
    let (_, looks_dead) = parse_stat(pid, &stat)?;
    let start = fields(&stat)?.nth(19)?.parse().ok()?;
    (!looks_dead || has_threads(pid)).then_some(start)
}

/// Everything alive that /proc lists.
fn processes() -> impl Iterator<Item = Living> {
    listed().filter(|(_, is_dead)| !is_dead).map(|(process, _)| process)
}

/// Everything that /proc lists, and whether it is dead.
fn listed() -> impl Iterator<Item = (Living, bool)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let (process, looks_dead) = parse_stat(pid, &stat(pid)?)?;
        Some((process, looks_dead && !has_threads(pid)))
    })
}

fn stat(pid: i32) -> Option<String> {
    fs::read_to_string(format!("/proc/{pid}/stat")).ok()
}

/// What follows the name in `pid (name) state parent group ..`; the name may contain anything.
fn fields(stat: &str) -> Option<impl Iterator<Item = &str>> {
    Some(stat[stat.rfind(')')? + 1..].split_ascii_whitespace())
}

/// The process of such a line, and whether it is dead.
fn parse_stat(pid: i32, stat: &str) -> Option<(Living, bool)> {
    let mut fields = fields(stat)?;
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    Some((Living { pid: Pid::from_raw(pid)?, parent, group }, matches!(state, "Z" | "X" | "x")))
}

/// A process whose first thread has ended looks dead while its other threads live.
fn has_threads(pid: i32) -> bool {
    fs::read_dir(format!("/proc/{pid}/task")).is_ok_and(|tasks| tasks.count() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_contain_anything() {
        let (process, dead) = parse_stat(7, "7 (a) Z 1 (b)) S 42 41 40 0").expect("a line of /proc");
        assert_eq!((process.parent, process.group, dead), (42, 41, false));
        assert!(parse_stat(7, "7 (x) Z 1 1 1").expect("a line of /proc").1);
        for line in ["", "7 (x", "7 (x) S", "7 (x) S a 1"] {
            assert_eq!(parse_stat(7, line), None, "{line}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_found_below_its_parent() {
        let parent = rustix::process::getppid().expect("tests have a parent");
        assert!(descendants(&[parent]).contains(&getpid()));
    }
}
