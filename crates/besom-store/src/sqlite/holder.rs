//! Who keeps a store locked, where the system says so.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::schema::beside;

/// The files that a writer locks, SQLite's before ours: while it waits for somebody who does not take turns, such as another
/// program, a writer of ours holds the turn.
const LOCKED: [&str; 4] = ["-shm", "", ".lock", ".queue"];

/// The other process that holds a lock to write, such as `process 4711 (python3)`; `None` if it cannot be known, as in another
/// container.
pub(super) fn holder(store: &Path) -> Option<String> {
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let ids = LOCKED.iter().filter_map(|suffix| Some(fs::metadata(beside(store, suffix)).ok()?.ino()));
    let process = ids.into_iter().find_map(|inode| writer(&locks, inode, std::process::id()))?;
    let name = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Some(format!("process {process} ({})", name.trim()))
}

/// The process, other than this one, that holds a lock to write on the file with this inode; the lines are those of
/// proc_locks(5). Those with an arrow wait.
fn writer(locks: &str, inode: u64, this: u32) -> Option<u32> {
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, _, _, "WRITE", process, file, ..] = words[..] else { return None };
        let found = file.rsplit(':').next()?.parse::<u64>().ok()?;
        let process = process.parse().ok()?;
        (found == inode && process != this).then_some(process)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_that_holds_a_lock_is_named_and_not_one_that_waits() {
        let locks = "1: FLOCK  ADVISORY  WRITE 4711 08:02:1234 0 EOF\n\
                     1: -> FLOCK  ADVISORY  WRITE 9 08:02:1234 0 EOF\n\
                     2: POSIX  ADVISORY  READ 12 08:02:99 128 128\n\
                     2: POSIX  ADVISORY  WRITE 6 08:02:99 120 120\n\
                     2: POSIX  ADVISORY  WRITE 12 08:02:99 123 123\n\
                     3: POSIX  ADVISORY  WRITE -1 08:02:98 128 128\n";
        assert_eq!(writer(locks, 1234, 6), Some(4711));
        assert_eq!(writer(locks, 1234, 4711), None);
        assert_eq!(writer(locks, 99, 6), Some(12), "whoever asks waits for another one");
        assert_eq!(writer(locks, 97, 6), None);
        assert_eq!(writer(locks, 98, 6), None, "a process of another container");
    }
}
