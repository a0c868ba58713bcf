//! How a running program is brought to its end: SIGTERM, time to save, SIGKILL.

use std::time::{Duration, Instant};

use crate::process::Process;
use crate::{Level, Signal};

/// What was done to end a program, and because of what.
#[derive(Debug, Default)]
pub(super) struct Ending {
    signal: Signal,
    asked: Option<Instant>,
    was_killed: bool,
}

impl Ending {
    /// Because of what the program was ended; [`Signal::GoOn`] if it was not.
    pub(super) fn signal(&self) -> &Signal {
        &self.signal
    }

    /// What people should know of it.
    pub(super) fn message(&self, grace: Duration) -> Option<String> {
        let late = self.was_killed && self.asked.is_some_and(|asked| asked.elapsed() >= grace);
        late.then(|| format!("was killed because it did not end within {} s of SIGTERM", grace.as_secs_f64()))
    }

    /// Does what is due.
    pub(super) fn follow(&mut self, signal: Signal, level: Level, grace: Duration, process: &mut Process) {
        let at_once = signal == Signal::Lost || level == Level::Kill;
        if signal.weight() > self.signal.weight() {
            self.signal = signal;
        }
        if self.signal == Signal::GoOn {
            return;
        }
        if self.asked.is_none() && !at_once {
            self.asked = Some(Instant::now());
            process.terminate();
        }
        let is_late = self.asked.is_some_and(|asked| asked.elapsed() >= grace);
        if (at_once || is_late) && !self.was_killed {
            self.was_killed = true;
            process.kill();
        }
    }
}
