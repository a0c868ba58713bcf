//! What a run is asked to do, as far as is known without its store.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::shutdown::Forwarded;
use crate::{AgentOptions, Level, Shutdown, Signal, UserSignal};

/// What a run is asked to do, for a thread that must not wait for the store: a call of one that hangs may take a minute, and a program
/// that is to end must learn of it at once. Made by [`Link::ear`](crate::Link::ear); clones hear the same.
#[derive(Clone, Debug)]
pub struct Ear {
    shutdown: Shutdown,
    /// The strongest signal so far that came from the queue.
    received: Arc<Mutex<Signal>>,
    begun: Instant,
    timeout: Option<Duration>,
    forwarded: Forwarded,
}

impl Ear {
    pub(super) fn new(options: &AgentOptions, shutdown: &Shutdown) -> Self {
        Self {
            shutdown: shutdown.clone(),
            received: Arc::default(),
            begun: Instant::now(),
            timeout: options.timeout,
            forwarded: shutdown.forwarded(),
        }
    }

    /// What is to be done with the run.
    pub fn signal(&self) -> Signal {
        match (&*self.received(), self.level()) {
            (Signal::Continue, level) if level >= Level::Terminate => Signal::Shutdown(level),
            (Signal::Continue, _) => self.late().map_or(Signal::Continue, Signal::Timeout),
            (received, _) => received.clone(),
        }
    }

    /// The timeout, if it has passed. The time that the machine was suspended does not count.
    fn late(&self) -> Option<Duration> {
        self.timeout.filter(|&timeout| self.begun.elapsed() >= timeout)
    }

    /// The agent's shutdown level.
    pub fn level(&self) -> Level {
        self.shutdown.level()
    }

    /// Sleeps for `time`, or until the level is at least `level`.
    pub(crate) fn sleep_below(&self, level: Level, time: Duration) {
        self.shutdown.sleep_below(level, time);
    }

    /// The signals that are to be passed on to the program and were not taken yet.
    pub(crate) fn take_forwarded(&mut self) -> Vec<UserSignal> {
        let before = std::mem::replace(&mut self.forwarded, self.shutdown.forwarded());
        let is_new = |signal: &UserSignal| self.forwarded[*signal as usize] != before[*signal as usize];
        [UserSignal::Usr1, UserSignal::Usr2].into_iter().filter(is_new).collect()
    }

    /// Notes what the queue has answered.
    pub(super) fn receive(&self, signal: Signal) {
        let mut received = self.received();
        if signal.weight() >= received.weight() {
            *received = signal;
        }
    }

    /// Whether the lease is over, as far as is known.
    pub(super) fn is_lost(&self) -> bool {
        *self.received() == Signal::Lost
    }

    fn received(&self) -> MutexGuard<'_, Signal> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
