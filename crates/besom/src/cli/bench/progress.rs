//! What `besom bench` says on standard error while it works.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::cli::table;

/// How often it says something, on a terminal and into a file.
const EVERY: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(10)];

/// What was said so far.
pub(super) struct Progress {
    folder: Option<PathBuf>,
    terminal: bool,
    begun: Instant,
    state: Mutex<State>,
}

struct State {
    last: Option<Instant>,
    failed: usize,
}

impl Progress {
    /// Of a benchmark into this folder; on a terminal one line is written over and over.
    pub(super) fn new(folder: Option<&Path>, terminal: bool) -> Self {
        let state = Mutex::new(State { last: None, failed: 0 });
        Self { folder: folder.map(Path::to_owned), terminal, begun: Instant::now(), state }
    }

    pub(super) fn begin(&self, suite: &str, tasks: usize, seeds: usize) {
        let folder = self.folder.as_ref().map(|folder| format!(", kept in {}", folder.display()));
        say(&format!("{suite}: {tasks} tasks with {seeds} seeds each{}\n", folder.unwrap_or_default()));
    }

    /// After a sweep. The first error is said at once.
    pub(super) fn show(&self, so_far: &besom_bench::Progress<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let last = so_far.last;
        if let Some(error) = &last.error {
            state.failed += 1;
            if state.failed == 1 {
                self.clear();
                say(&format!(
                    "{} failed on {} with seed {}: {error}\n",
                    last.method, last.problem, last.seed
                ));
            }
        }
        let every = if self.terminal { EVERY[0] } else { EVERY[1] };
        let soon = state.last.unwrap_or(self.begun).elapsed() < every;
        if soon && so_far.done < so_far.total {
            return;
        }
        state.last = Some(Instant::now());
        let line = line(so_far.done, so_far.total, state.failed, self.begun.elapsed());
        if self.terminal { say(&format!("\r\x1b[K{line}")) } else { say(&format!("{line}\n")) }
    }

    /// The table follows.
    pub(super) fn end(&self) {
        self.clear();
    }

    fn clear(&self) {
        if self.terminal {
            say("\r\x1b[K");
        }
    }
}

fn line(done: usize, total: usize, failed: usize, elapsed: Duration) -> String {
    let span = |time: Duration| table::span(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    let failures = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    let left = elapsed.mul_f64(total.saturating_sub(done) as f64 / done.max(1) as f64);
    let left = if done < total { format!(", about {} left", span(left)) } else { String::new() };
    format!("{done} of {total} sweeps in {}{failures}{left}", span(elapsed))
}

/// Standard error may be gone; that must not end the benchmark.
fn say(text: &str) {
    let mut out = std::io::stderr().lock();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}
