//! How those who run agents tell them to go.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How soon agents are to go. A later level includes the earlier ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Not at all.
    #[default]
    None,
    /// When the runs in hand are over: nothing more is claimed.
    Finish,
    /// Now, but gently: programs get SIGTERM and time to save; their runs are given back as preempted.
    Terminate,
    /// Now: programs get SIGKILL; their runs are given back as preempted.
    Kill,
}

/// A word to all agents that hold a clone of it. It only ever rises.
///
/// This library installs no signal handlers; the command raises the level on each Ctrl-C. [`Shutdown::raise`] and
/// [`Shutdown::raise_to`] touch one atomic number and nothing else, so they may be called from a signal handler.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    level: Arc<AtomicU8>,
}

impl Shutdown {
    /// At level [`Level::None`].
    pub fn new() -> Self {
        Self::default()
    }

    /// The present level.
    pub fn level(&self) -> Level {
        match self.level.load(Ordering::SeqCst) {
            0 => Level::None,
            1 => Level::Finish,
            2 => Level::Terminate,
            _ => Level::Kill,
        }
    }

    /// Raises the level by one step and says the new one.
    pub fn raise(&self) -> Level {
        let next = |level: u8| Some(level.saturating_add(1).min(Level::Kill as u8));
        // The closure never refuses, so both arms of the result hold the old level.
        let _ = self.level.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next);
        self.level()
    }

    /// Raises the level to at least `level` and says the new one.
    pub fn raise_to(&self, level: Level) -> Level {
        self.level.fetch_max(level as u8, Ordering::SeqCst);
        self.level()
    }

    /// Sleeps for `time`, but not on once the level is at least `level`.
    pub(crate) fn sleep_below(&self, level: Level, time: Duration) {
        const SLICE: Duration = Duration::from_millis(20);
        let until = Instant::now() + time;
        while self.level() < level {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::sleep(left.min(SLICE));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_rise_step_by_step_and_never_fall() {
        let shutdown = Shutdown::new();
        assert_eq!(shutdown.level(), Level::None);
        assert_eq!(shutdown.raise(), Level::Finish);
        shutdown.raise_to(Level::Kill);
        shutdown.raise_to(Level::Finish);
        assert_eq!(shutdown.level(), Level::Kill);
        assert_eq!(shutdown.clone().raise(), Level::Kill);
    }
}
