//! How those who run agents ask them to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// For how long somebody who is to stop waits for an answer, gently or not: a store that works answers much sooner, and whoever has
/// asked sends SIGKILL after ten seconds or thirty.
const LAST_WAIT: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(1)];

/// How urgently agents must stop. A later level includes the earlier ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Not at all.
    #[default]
    None,
    /// After the runs in hand: nothing more is claimed.
    Finish,
    /// Now, but gently: programs get SIGTERM and time to save; their runs end preempted.
    Terminate,
    /// Now: programs get SIGKILL; their runs end preempted.
    Kill,
}

/// A signal that means what its receiver makes of it. Batch systems send one as a warning that time is running out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserSignal {
    /// SIGUSR1.
    Usr1,
    /// SIGUSR2.
    Usr2,
}

/// A level that all agents with a clone of it obey. It only ever rises.
///
/// This library installs no signal handlers; the command raises the level on each Ctrl-C. [`Shutdown::raise`],
/// [`Shutdown::raise_to`] and [`Shutdown::forward`] touch one atomic number and nothing else, so a signal handler may call
/// them.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    level: Arc<AtomicU8>,
    forwarded: Arc<[AtomicU32; 2]>,
}

/// How often each [`UserSignal`] was forwarded.
pub(crate) type Forwarded = [u32; 2];

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

    /// Raises the level by one step and returns the new one.
    pub fn raise(&self) -> Level {
        let next = |level: u8| Some(level.saturating_add(1).min(Level::Kill as u8));
        // The closure never refuses, so both arms of the result hold the old level.
        let _ = self.level.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next);
        self.level()
    }

    /// Raises the level to at least `level` and returns the new one.
    pub fn raise_to(&self, level: Level) -> Level {
        self.level.fetch_max(level as u8, Ordering::SeqCst);
        self.level()
    }

    /// Whether a call that has waited for so long for its answer is to be given up: from [`Level::Terminate`] on, one that hangs.
    ///
    /// Give it to whatever can give up calls, such as a client of a server. Nothing is lost: what runs have logged is in files, and so is how
    /// they have ended, for whoever recovers them.
    pub fn gives_up(&self, waited: Duration) -> bool {
        match self.level() {
            Level::None | Level::Finish => false,
            Level::Terminate => waited >= LAST_WAIT[0],
            Level::Kill => waited >= LAST_WAIT[1],
        }
    }

    /// Passes a signal on to the programs that run now.
    pub fn forward(&self, signal: UserSignal) {
        self.forwarded[signal as usize].fetch_add(1, Ordering::SeqCst);
    }

    /// How often each signal was passed on, for whoever has to do it.
    pub(crate) fn forwarded(&self) -> Forwarded {
        [0, 1].map(|signal| self.forwarded[signal].load(Ordering::SeqCst))
    }

    /// Sleeps for `time`, or until the level is at least `level`.
    pub(crate) fn sleep_below(&self, level: Level, time: Duration) {
        // A person who presses Ctrl-C notices no delay.
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

    #[test]
    fn calls_that_hang_are_given_up_once_runs_are_terminated() {
        let shutdown = Shutdown::new();
        let given_up = || [0, 1, 5, 60].map(|seconds| shutdown.gives_up(Duration::from_secs(seconds)));
        assert_eq!(given_up(), [false; 4]);
        shutdown.raise_to(Level::Finish);
        assert_eq!(given_up(), [false; 4], "runs go on");
        shutdown.raise_to(Level::Terminate);
        assert_eq!(given_up(), [false, false, true, true]);
        shutdown.raise_to(Level::Kill);
        assert_eq!(given_up(), [false, true, true, true]);
    }
}
