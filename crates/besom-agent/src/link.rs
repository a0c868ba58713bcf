//! The line between a run and its store.

use std::fmt;
use std::fs::File;
use std::time::{Duration, Instant};

use besom_core::RunState;
use besom_store::{Lease, Queue, Reply, Row, StopKind, StoreError};
use serde_json::{Map, Value};

use crate::metrics::{self, Tail};
use crate::patience::{Backoff, may_pass};
use crate::{AgentError, AgentOptions, Level, RunDir, Shutdown};

/// How many times in a row a store may ask for rows that it was just sent.
const MAX_GAPS: u32 = 3;
/// How many pieces of the metrics file are reported in one [`Link::pump`], so that it always comes to an end.
const MAX_PIECES: usize = 16;

/// What a runner is told while it executes a run. A later one includes the earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Signal {
    /// Go on.
    #[default]
    GoOn,
    /// The agent is to go, at least as soon as [`Level::Terminate`]: end the run, it will be handed out again.
    Shutdown(Level),
    /// End the run: a stopping rule or the owner wants it.
    Stop {
        /// Who.
        kind: StopKind,
        /// Why.
        reason: String,
    },
    /// The lease is over: end the run at once, nobody wants to hear of it.
    Lost,
}

impl Signal {
    /// The state in which a run ends that was ended because of this signal; `None` if it says to go on, or nobody wants
    /// to hear of the end.
    pub fn end_state(&self) -> Option<RunState> {
        match self {
            Self::GoOn | Self::Lost => None,
            Self::Shutdown(_) => Some(RunState::Preempted),
            Self::Stop { kind: StopKind::Early, .. } => Some(RunState::Finished),
            Self::Stop { kind: StopKind::Cancel, .. } => Some(RunState::Killed),
        }
    }

    /// Which signal overrides which.
    pub(crate) fn weight(&self) -> u8 {
        match self {
            Self::GoOn => 0,
            Self::Shutdown(_) => 1,
            Self::Stop { kind: StopKind::Early, .. } => 2,
            Self::Stop { kind: StopKind::Cancel, .. } => 3,
            Self::Lost => 4,
        }
    }
}

/// The line between a run and its store: what appears in the metrics file is reported, with its numbers; the store's
/// answers, and the agent's own shutdown, come back as a [`Signal`]. A store that fails for a while does no harm: the
/// rows are in the file, and are reported when it works again.
pub struct Link<'a> {
    queue: &'a mut dyn Queue,
    lease: Lease,
    dir: RunDir,
    shutdown: Shutdown,
    heartbeat: Duration,
    patience: Duration,
    tail: Tail,
    writer: Option<File>,
    unsent: Vec<Row>,
    /// Rows before this one are not reported: the store has them.
    from: u64,
    gaps: u32,
    said: Signal,
    heard: Instant,
    pause: Option<(Instant, Backoff)>,
    fatal: Option<AgentError>,
    warnings: Vec<String>,
}

impl fmt::Debug for Link<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("lease", &self.lease).field("said", &self.said).finish_non_exhaustive()
    }
}

impl<'a> Link<'a> {
    pub(crate) fn new(
        queue: &'a mut dyn Queue,
        lease: &Lease,
        options: &AgentOptions,
        shutdown: &Shutdown,
    ) -> Self {
        let dir = RunDir::new(&options.directory, lease);
        Self {
            queue,
            lease: lease.clone(),
            tail: Tail::new(dir.metrics()),
            dir,
            shutdown: shutdown.clone(),
            heartbeat: options.heartbeat_now(),
            patience: options.patience,
            writer: None,
            unsent: Vec::new(),
            from: 1,
            gaps: 0,
            said: Signal::GoOn,
            heard: Instant::now(),
            pause: None,
            fatal: None,
            warnings: Vec::new(),
        }
    }

    /// The right under which the run is executed.
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// The files of the run.
    pub fn dir(&self) -> &RunDir {
        &self.dir
    }

    /// How soon the agent is to go.
    pub fn level(&self) -> Level {
        self.shutdown.level()
    }

    /// How many rows of the metrics file were read so far.
    pub fn rows(&self) -> u64 {
        self.tail.seq()
    }

    /// Whether the run has said that it is about to be preempted, as far as its metrics file was read.
    pub fn is_preempting(&self) -> bool {
        self.tail.is_preempting()
    }

    /// Adds a warning to what people will read of the run's end.
    pub fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// Appends a row to the run's metrics file, for runners whose runs do not do so themselves. The store hears of it
    /// with the next [`Link::pump`].
    pub fn log(&mut self, row: &Map<String, Value>) -> Result<(), AgentError> {
        let path = self.dir.metrics();
        let writer = match &self.writer {
            Some(file) => file,
            None => self.writer.insert(metrics::open(&path).map_err(AgentError::io(&path))?),
        };
        metrics::append(writer, row).map_err(AgentError::io(&path))
    }

    /// Reports what is new in the metrics file, or that the run goes on if it is time to say so. Says what the runner
    /// is to do. Call it often; it does little if there is nothing to do.
    pub fn pump(&mut self) -> Signal {
        let waits = self.pause.is_some_and(|(until, _)| Instant::now() < until);
        if self.is_open() && !waits {
            match self.ship() {
                Ok(()) => self.pause = None,
                Err(error) => self.take_trouble(error),
            }
        }
        self.signal()
    }

    /// What the runner is to do, as far as is known without asking the store.
    pub fn signal(&self) -> Signal {
        if self.fatal.is_some() {
            return Signal::Lost;
        }
        match (&self.said, self.level()) {
            (Signal::GoOn, level) if level >= Level::Terminate => Signal::Shutdown(level),
            (said, _) => said.clone(),
        }
    }

    /// Reports all that is left in the metrics file, its unterminated last line too. To be called when nobody writes it
    /// any more. As patient with the store as the agent is.
    pub(crate) fn settle(&mut self) -> Result<(), AgentError> {
        let until = Instant::now() + self.patience;
        loop {
            if let Some(error) = self.fatal.take() {
                return Err(error);
            }
            if !self.is_open() {
                return Ok(());
            }
            let before = self.tail.seq();
            match self.ship() {
                Err(AgentError::Store(error)) if may_pass(&error) && Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                Err(error) => return Err(error),
                Ok(()) if self.tail.seq() > before || !self.unsent.is_empty() => {}
                Ok(()) => match self.tail.take_unterminated() {
                    Some(row) => self.unsent.push(row),
                    None => return Ok(()),
                },
            }
        }
    }

    /// Everything that deserves a plain word.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = self.warnings.clone();
        warnings.extend(self.tail.warnings());
        warnings
    }

    /// Whether the lease stands, as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        self.said != Signal::Lost && self.fatal.is_none()
    }

    fn ship(&mut self) -> Result<(), AgentError> {
        for _ in 0..MAX_PIECES {
            if self.unsent.is_empty() {
                self.unsent = self.tail.read().map_err(AgentError::io(self.tail.path()))?;
                self.unsent.retain(|row| row.seq >= self.from);
            }
            if self.unsent.is_empty() || !self.is_open() {
                break;
            }
            self.report()?;
        }
        if self.is_open() && self.heard.elapsed() >= self.heartbeat {
            self.report()?;
        }
        Ok(())
    }

    /// Sends the rows at hand; none is a heartbeat.
    fn report(&mut self) -> Result<(), AgentError> {
        let reply = self.queue.report(&self.lease, &self.unsent)?;
        self.heard = Instant::now();
        match reply {
            Reply::Gap { expected } => return self.rewind(expected),
            Reply::Continue => {}
            Reply::Stop { reason, kind } => self.hear(Signal::Stop { kind, reason }),
            Reply::Lost => self.hear(Signal::Lost),
        }
        self.gaps = 0;
        self.unsent.clear();
        Ok(())
    }

    fn hear(&mut self, signal: Signal) {
        if signal.weight() >= self.said.weight() {
            self.said = signal;
        }
    }

    /// Begins anew at the row that the store expects next; the file has them all.
    fn rewind(&mut self, expected: u64) -> Result<(), AgentError> {
        self.gaps += 1;
        if self.gaps > MAX_GAPS {
            return Err(AgentError::RowsGone { expected, path: self.tail.path().to_owned() });
        }
        self.unsent.clear();
        self.from = expected;
        self.tail = Tail::new(self.dir.metrics());
        Ok(())
    }

    fn take_trouble(&mut self, error: AgentError) {
        let passes = match &error {
            AgentError::Store(error) => may_pass(error),
            AgentError::Io { .. } => true,
            _ => false,
        };
        if !passes {
            self.fatal = Some(error);
            return;
        }
        let mut backoff = self.pause.map(|(_, backoff)| backoff).unwrap_or_default();
        self.pause = Some((Instant::now() + backoff.next_pause(), backoff));
    }

    /// Ends the attempt in the store.
    pub(crate) fn finish(&mut self, end: &besom_store::End) -> Result<Reply, StoreError> {
        let (queue, lease) = (&mut *self.queue, &self.lease);
        crate::patience::patiently(self.patience, || queue.finish(lease, end))
    }
}

#[cfg(test)]
mod tests;
