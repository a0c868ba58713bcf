//! How long an agent waits when there is nothing to claim.

use std::time::{Duration, Instant};

use super::AgentOptions;

/// Waits that grow while nothing happens, and the heartbeats that are due meanwhile.
#[derive(Debug)]
pub(super) struct Wait {
    min: Duration,
    max: Duration,
    next: Duration,
    heartbeat_interval: Duration,
    last_heartbeat: Instant,
}

impl Wait {
    pub(super) fn new(options: &AgentOptions) -> Self {
        Self {
            min: options.poll_min,
            max: options.poll_max,
            next: options.poll_min,
            heartbeat_interval: options.idle_interval(),
            last_heartbeat: Instant::now(),
        }
    }

    /// Something happened: wait briefly again.
    pub(super) fn reset(&mut self) {
        self.next = self.min;
    }

    /// The time to wait now.
    pub(super) fn next(&mut self) -> Duration {
        let wait = self.next;
        self.next = (wait * 3 / 2).min(self.max);
        wait
    }

    /// Whether a heartbeat is due; a run in hand sends its own.
    pub(super) fn is_heartbeat_due(&mut self) -> bool {
        let is_due = self.last_heartbeat.elapsed() >= self.heartbeat_interval;
        if is_due {
            self.last_heartbeat = Instant::now();
        }
        is_due
    }
}
