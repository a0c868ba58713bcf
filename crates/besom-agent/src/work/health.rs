//! Machines that cannot begin runs: a full or read-only disk, too many open files, no memory.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use crate::private;

/// The bounds of the pause before the machine is tried again; it doubles each time.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// What a try writes, in bytes: about what the files of a run need at first.
const SIZE: usize = 64 << 10;
/// How many files a try has open at once: about as many as a run.
const FILES: usize = 16;

/// How often in a row the machine could not begin a run.
#[derive(Debug, Default)]
pub(super) struct Health {
    faults: u32,
}

impl Health {
    /// The pause after one more fault.
    pub(super) fn next_pause(&mut self) -> Duration {
        // Ten doublings exceed the limit by far.
        let pause = PAUSE.0 * 2_u32.pow(self.faults.min(10));
        self.faults += 1;
        pause.min(PAUSE.1)
    }

    /// A run was begun. Returns whether that is news.
    pub(super) fn recover(&mut self) -> bool {
        std::mem::take(&mut self.faults) > 0
    }
}

/// Tries what a run needs: files in the directory `store`, with content, several of them open.
pub(super) fn probe(store: &Path, agent: u64) -> io::Result<()> {
    let directory = store.join("agents");
    private::directory(store, &directory)?;
    let path = directory.join(format!("{agent}.probe"));
    let write = || -> io::Result<()> {
        let mut file = private::create(&path)?;
        file.write_all(&[0; SIZE])?;
        (0..FILES).map(|_| file.try_clone()).collect::<io::Result<Vec<File>>>()?;
        file.sync_all()
    };
    let written = write();
    // If it stays, the next try overwrites it.
    let _ = fs::remove_file(&path);
    written
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_a_run_is_begun() {
        let mut health = Health::default();
        assert!(!health.recover());
        let seconds = |health: &mut Health| health.next_pause().as_secs();
        assert_eq!([1, 2, 4].map(|_| seconds(&mut health)), [1, 2, 4]);
        assert!(health.recover() && !health.recover());
        assert_eq!((0..9).map(|_| seconds(&mut health)).last(), Some(60));
    }

    #[test]
    fn a_probe_leaves_nothing_behind_and_fails_where_files_cannot_be_made() {
        let dir = tempfile::tempdir().unwrap();
        probe(dir.path(), 7).unwrap();
        assert_eq!(fs::read_dir(dir.path().join("agents")).unwrap().count(), 0);
        let link = dir.path().join("agents/7.probe");
        std::os::unix::fs::symlink(dir.path().join("target"), &link).unwrap();
        assert!(probe(dir.path(), 7).is_err(), "a link that somebody has laid is not followed");
        assert!(!dir.path().join("target").exists());
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(probe(&file, 7).is_err());
    }
}
