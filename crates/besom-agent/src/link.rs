//! The line between a run and its queue.

mod ear;
#[cfg(test)]
pub(crate) mod fake;
mod passage;
mod says;
mod signal;
mod source;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use besom_store::{End, Lease, Queue, Reply, Row, StoreError};
use serde_json::{Map, Value};

pub use ear::Ear;
pub use signal::Signal;

use source::Source;

use crate::metrics::Said;
use crate::recovery::Watch;
use crate::retry::{Backoff, Patience, RetryingQueue, Trouble};
use crate::{AgentError, AgentOptions, Bridge, Level, MetricsWriter, Passage, RunDir, Shutdown};

/// How many times in a row a store may ask for rows that it was just sent: once more than a healthy store
/// ever does.
const MAX_GAPS: u32 = 3;
/// The maximum number of pieces of the metrics file that one [`Link::pump`] reports, so that it always
/// returns, however fast the program logs.
const MAX_PIECES: usize = 16;
/// The pause between two tries to send the last rows of a run that has ended.
const DRAIN_INTERVAL: Duration = Duration::from_millis(100);

/// The line between a run and its queue: what appears in the metrics file is reported, with its numbers; the
/// queue's replies, and the agent's own shutdown, come back as a [`Signal`]. A store that fails for a while
/// does no harm: the rows are in the file, and are reported once it works again. Where the agent has no directory, its
/// memory takes the place of the file.
pub struct Link<'a> {
    queue: &'a mut dyn Queue,
    lease: Lease,
    ear: Ear,
    slot: u32,
    heartbeat_interval: Duration,
    report_every: Duration,
    patience: Patience,
    source: Source,
    writer: Option<MetricsWriter>,
    unsent: Vec<Row>,
    /// What the run has said besides its rows; of facts, what the store does not have.
    said: Said,
    /// Rows before this one are not reported: the store has them.
    first: u64,
    gaps: u32,
    /// Whether the store knows that the run goes on from a checkpoint.
    resumed: bool,
    last_reply: Instant,
    /// When something of the run was sent last.
    spoke: Option<Instant>,
    /// While the store fails: when to try again.
    retry: Option<(Instant, Backoff)>,
    trouble: Trouble,
    /// The failure of the last call, if it hung and the agent is to stop now.
    hung: Option<AgentError>,
    fatal: Option<AgentError>,
    warnings: Vec<String>,
    /// The end of its output, and its place, if the store did not take it while the run lasted.
    output: Option<(u64, String)>,
    /// Keeps an eye on the heartbeats of other runs meanwhile.
    watch: Option<&'a mut Watch>,
    bridge: Option<Arc<dyn Bridge>>,
    /// The way over the bridge, while the run's code may log.
    passage: Option<Arc<dyn Passage>>,
    /// What it knows of what the run must do.
    told: Signal,
}

impl fmt::Debug for Link<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("lease", &self.lease).field("ear", &self.ear).finish_non_exhaustive()
    }
}

impl<'a> Link<'a> {
    pub(crate) fn new(
        queue: &'a mut dyn Queue,
        lease: &Lease,
        options: &AgentOptions,
        shutdown: &Shutdown,
    ) -> Self {
        Self {
            queue,
            lease: lease.clone(),
            source: Source::new(options, lease),
            ear: Ear::new(options, shutdown),
            slot: options.slot,
            heartbeat_interval: options.safe_heartbeat_interval(),
            report_every: options.report_every,
            patience: Patience::new(options, shutdown),
            writer: None,
            unsent: Vec::new(),
            said: Said::default(),
            first: 1,
            gaps: 0,
            resumed: false,
            last_reply: Instant::now(),
            spoke: None,
            retry: None,
            trouble: Trouble::default(),
            hung: None,
            fatal: None,
            warnings: Vec::new(),
            output: None,
            watch: None,
            bridge: options.bridge.clone(),
            passage: None,
            told: Signal::Continue,
        }
    }

    /// The same, looking at the heartbeats of all runs while this one runs.
    pub(crate) fn watching(mut self, watch: Option<&'a mut Watch>) -> Self {
        self.watch = watch;
        self
    }

    /// The lease under which the run is executed.
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// The files of the run; `None` if its agent has no directory.
    pub fn dir(&self) -> Option<&RunDir> {
        self.source.dir()
    }

    /// The slot of the agent: [`AgentOptions::slot`].
    pub fn slot(&self) -> u32 {
        self.slot
    }

    /// Where the run logs, for runners whose runs do so from another thread. What is written is reported by the
    /// next [`Link::pump`].
    ///
    /// # Errors
    /// If the metrics file cannot be opened.
    pub fn writer(&self) -> Result<MetricsWriter, AgentError> {
        self.source.writer()
    }

    /// The agent's shutdown level.
    pub fn level(&self) -> Level {
        self.ear.level()
    }

    /// What this run is asked to do, for another thread than the one that calls [`Self::pump`].
    pub fn ear(&self) -> Ear {
        self.ear.clone()
    }

    /// The number of rows that the run has logged, as far as they were read.
    pub fn rows(&self) -> u64 {
        self.source.seq()
    }

    /// Whether the run has announced its preemption, as far as its metrics file was read.
    pub fn is_preempting(&self) -> bool {
        self.said.preempting
    }

    /// Adds a warning to the message of the run's end.
    pub fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// Appends a row to the run's metrics file, for runners whose runs do not do so themselves. The next
    /// [`Link::pump`] reports it.
    pub fn log(&mut self, row: &Map<String, Value>) -> Result<(), AgentError> {
        let writer = match &self.writer {
            Some(writer) => writer,
            None => self.writer.insert(self.source.writer()?),
        };
        writer.append(row)
    }

    /// Reports what is new in the metrics file, or sends a heartbeat if one is due. Returns what the runner
    /// must do. Call it often; it does little if there is nothing to do.
    pub fn pump(&mut self) -> Signal {
        let is_soon = self.spoke.is_some_and(|spoke| spoke.elapsed() < self.report_every);
        if self.is_open() && !self.is_waiting() && !is_soon {
            let begun = Instant::now();
            match self.send_new() {
                Ok(()) => self.note_success(),
                Err(error) => self.note_failure(error, begun),
            }
            self.look_around();
        }
        self.signal()
    }

    /// Whether the store has failed a moment ago, and is not asked again yet.
    fn is_waiting(&self) -> bool {
        self.retry.is_some_and(|(at, _)| Instant::now() < at)
    }

    /// A look that fails is made up for by the next one.
    fn look_around(&mut self) {
        let Some(watch) = &mut self.watch else { return };
        if self.trouble.lasts() {
            // The heartbeats of others cannot move either.
            watch.forget();
            return;
        }
        let now = Instant::now();
        if watch.is_due(now)
            && let Ok(running) = self.queue.running(&self.lease.sweep)
        {
            watch.look(now, running);
        }
    }

    /// What the runner must do, as far as is known without asking the queue.
    pub fn signal(&self) -> Signal {
        self.ear.signal()
    }

    /// Reports all that is left in the metrics file, including an unterminated last line, once nobody writes
    /// it any more. Retries as long as the agent does.
    pub(crate) fn drain(&mut self) -> Result<(), AgentError> {
        self.passage = None;
        let mut is_read = false;
        loop {
            if let Some(error) = self.fatal.take().or(self.hung.take()) {
                return Err(error);
            }
            if !self.is_open() {
                return Ok(());
            }
            let (before, begun) = (self.source.seq(), Instant::now());
            match self.send_new().and_then(|()| self.print_last()) {
                Err(AgentError::Store(error)) if error.is_transient() => {
                    if !self.trouble.note(&error, begun, &self.patience) {
                        return Err(error.into());
                    }
                    thread::sleep(DRAIN_INTERVAL);
                    continue;
                }
                Err(error) => return Err(error),
                Ok(()) => self.note_success(),
            }
            if self.source.seq() > before || !self.unsent.is_empty() {
                continue;
            }
            match self.source.take_unterminated() {
                Some(row) => self.unsent.push(row),
                None if is_read => return Ok(()),
                // The last line may have been no row, but something else to pass on.
                None => is_read = true,
            }
        }
    }

    /// Everything that people should know about the run besides its end.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = self.warnings.clone();
        warnings.extend(self.source.warnings());
        warnings
    }

    /// Whether the lease stands, as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        !self.ear.is_lost() && self.fatal.is_none()
    }

    fn send_new(&mut self) -> Result<(), AgentError> {
        for _ in 0..MAX_PIECES {
            if self.unsent.is_empty() {
                self.unsent = self.source.read()?;
                self.unsent.retain(|row| row.seq >= self.first);
            }
            self.said.add(self.source.take_said());
            self.tell_resumed()?;
            if self.unsent.is_empty() || !self.is_open() {
                break;
            }
            self.report()?;
        }
        self.send_facts()?;
        if self.is_open() && self.last_reply.elapsed() >= self.heartbeat_interval {
            self.report()?;
        }
        Ok(())
    }

    /// Passes on that the run goes on from a checkpoint, before the rows that came with it.
    fn tell_resumed(&mut self) -> Result<(), AgentError> {
        if self.said.resumed && !self.resumed && self.is_open() {
            let reply = self.queue.resume(&self.lease)?;
            self.note_reply(reply);
            self.resumed = true;
        }
        Ok(())
    }

    /// Sends the rows at hand; none is a heartbeat.
    fn report(&mut self) -> Result<(), AgentError> {
        self.spoke = Some(Instant::now());
        let reply = self.queue.report(&self.lease, &self.unsent)?;
        self.last_reply = Instant::now();
        if let Reply::Gap { expected } = reply {
            return self.rewind(expected);
        }
        self.note_reply(reply);
        self.gaps = 0;
        self.unsent.clear();
        Ok(())
    }

    /// Notes what a reply asks for that means that all is stored; so do those that this agent does not know.
    fn note_reply(&mut self, reply: Reply) {
        match reply {
            Reply::Stop { reason, kind } => self.ear.receive(Signal::Stop { kind, reason }),
            Reply::Lost => self.ear.receive(Signal::Lost),
            _ => {}
        }
    }

    /// Restarts at the row that the store expects next; the file has them all.
    fn rewind(&mut self, expected: u64) -> Result<(), AgentError> {
        self.gaps += 1;
        if self.gaps > MAX_GAPS {
            return Err(self.source.rows_gone(expected));
        }
        self.unsent.clear();
        self.first = expected;
        self.source.rewind(expected)
    }

    fn note_success(&mut self) {
        (self.retry, self.hung) = (None, None);
        self.trouble.end(&self.patience);
    }

    fn note_failure(&mut self, error: AgentError, begun: Instant) {
        let is_transient = match &error {
            AgentError::Store(error) => {
                self.trouble.note(error, begun, &self.patience);
                error.is_transient()
            }
            AgentError::Io { .. } => true,
            _ => false,
        };
        if !is_transient {
            self.fatal = Some(error);
            // Nothing more can be done for the run here.
            self.ear.receive(Signal::Lost);
            return;
        }
        // It is known that the next call would hang, too.
        self.hung = self.patience.is_over(begun).then_some(error);
        let mut backoff = self.retry.map(|(_, backoff)| backoff).unwrap_or_default();
        self.retry = Some((Instant::now() + backoff.next_pause(), backoff));
    }

    /// Ends the attempt in the store.
    pub(crate) fn finish(&mut self, end: &End) -> Result<Reply, StoreError> {
        let lease = &self.lease;
        RetryingQueue::new(self.queue, self.patience.clone()).call(|queue| queue.finish(lease, end))
    }
}
