//! The limit of open files.

use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limit before it was raised.
static ORIGINAL: OnceLock<Rlimit> = OnceLock::new();

/// Raises this process's soft limit of open files to the hard one: each run takes about a dozen files, so that a hundred in
/// parallel exceed the usual 1024. Programs of runs get the limit that was there before: some close every file that they
/// might have open, which takes minutes below a limit of a billion.
pub fn raise_file_limit() {
    let before = getrlimit(Resource::Nofile);
    if setrlimit(Resource::Nofile, Rlimit { current: before.maximum, ..before }).is_ok() {
        // The first one counts: a second call finds the raised limit.
        let _ = ORIGINAL.set(before);
    }
}

/// What programs get back; `None` if nothing was raised.
pub(super) fn original() -> Option<Rlimit> {
    ORIGINAL.get().copied()
}
