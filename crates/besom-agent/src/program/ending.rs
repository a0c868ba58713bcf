//! How a running program is ended: SIGTERM, time to save, SIGKILL.

use std::time::{Duration, Instant};

use crate::process::Process;
use crate::{Ended, Level, Signal};

/// What was done to end a program, and why.
#[derive(Debug, Default)]
pub(super) struct Ending {
    signal: Signal,
    terminated_at: Option<Instant>,
    was_killed: bool,
}

impl Ending {
    /// The signal because of which the program was ended; [`Signal::Continue`] if it was not.
    pub(super) fn signal(&self) -> &Signal {
        &self.signal
    }

    /// Notes a signal that came together with the end of the program.
    pub(super) fn note(&mut self, signal: Signal) {
        if signal.weight() > self.signal.weight() {
            self.signal = signal;
        }
    }

    /// The end of a run whose program was ended; `None` as for [`Signal::ended`].
    pub(super) fn ended(&self, grace: Duration) -> Option<Ended> {
        let mut ended = self.signal.ended()?;
        if self.was_killed && self.terminated_at.is_some_and(|at| at.elapsed() >= grace) {
            let late =
                format!("was killed because it did not end within {} s of SIGTERM", grace.as_secs_f64());
            let why = ended.end.message.map(|why| format!("{why}; ")).unwrap_or_default();
            ended.end.message = Some(why + &late);
        }
        Some(ended)
    }

    /// Does what the signal, the level and the time that has passed require.
    pub(super) fn advance(&mut self, signal: Signal, level: Level, grace: Duration, process: &mut Process) {
        let is_urgent = signal == Signal::Lost || level == Level::Kill;
        self.note(signal);
        if self.signal == Signal::Continue {
            return;
        }
        if self.terminated_at.is_none() && !is_urgent {
            self.terminated_at = Some(Instant::now());
            process.terminate();
        }
        let is_late = self.terminated_at.is_some_and(|at| at.elapsed() >= grace);
        if (is_urgent || is_late) && !self.was_killed {
            self.was_killed = true;
            process.kill();
        }
    }
}
