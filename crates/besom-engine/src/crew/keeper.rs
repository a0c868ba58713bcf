//! The thread beside the agents.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use besom_agent::{CrashLoopGuard, Level, Notice, Shutdown};
use besom_controller::{ControllerError, MissingMetric};
use besom_core::{RunState, error_chain};
use besom_store::{PausedBy, RunQuery, Store, StoreError, SweepId, SweepRow, SweepState};

use super::Event;
use super::stepper::{Stepper, is_transient, step};
use crate::{EngineError, News};

/// How often the stopping rule looks at running runs. A step reads only what is new, so this is cheap; no training
/// program logs so fast that it would be stopped later than it should.
const PACE: Duration = Duration::from_millis(250);

/// Steps the sweep for its stopping rule while all agents are busy, and makes them leave where a pause is not their owner's.
pub(super) struct Keeper<'a> {
    store: Box<dyn Store>,
    id: &'a SweepId,
    stepper: Option<&'a Mutex<Stepper>>,
    guard: &'a CrashLoopGuard,
    events: Sender<Event>,
    notices: Sender<Notice>,
    news: News,
    /// Whether the last step met a store that fails.
    failing: bool,
    /// Whether the sweep was found paused before.
    paused: bool,
    /// Whether a run has finished, and the absence of the metric was reported if no value of it had arrived.
    knows_metric: bool,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(
        store: Box<dyn Store>,
        id: &'a SweepId,
        stepper: Option<&'a Mutex<Stepper>>,
        guard: &'a CrashLoopGuard,
        (events, notices): (Sender<Event>, Sender<Notice>),
        news: News,
    ) -> Self {
        let (failing, paused, knows_metric) = (false, false, false);
        Self { store, id, stepper, guard, events, notices, news, failing, paused, knows_metric }
    }

    /// Keeps at it until all agents are done; unpark the thread to have it notice at once. Once they terminate their runs, there is
    /// nothing to keep, and nobody waits for a store that hangs.
    pub(super) fn keep(mut self, over: &AtomicBool, shutdown: &Shutdown) -> Result<(), EngineError> {
        let mut result = Ok(());
        while !over.load(Ordering::SeqCst) && shutdown.level() < Level::Terminate {
            if result.is_ok() {
                result = self.step();
            }
            // A store that cannot be read is the agents' trouble.
            if self.news.may_have_changed() && self.look().is_err() {
                self.news.look_again();
            }
            thread::park_timeout(PACE);
        }
        if shutdown.level() < Level::Terminate {
            let _ = self.notice_missing_metric();
        }
        Ok(result?)
    }

    fn look(&mut self) -> Result<(), StoreError> {
        let now = self.store.sweep(self.id)?;
        self.notice_pause(&now);
        self.notice_end(&now);
        self.notice_missing_metric()
    }

    fn notice_missing_metric(&mut self) -> Result<(), StoreError> {
        let finished = RunQuery::default().states([RunState::Finished]).limit(1);
        if self.knows_metric || self.store.runs(self.id, &finished)?.is_empty() {
            return Ok(());
        }
        let missing = MissingMetric::of(&mut *self.store, self.id)?;
        missing.into_iter().for_each(|missing| self.report(Event::MetricMissing(missing)));
        self.knows_metric = true;
        Ok(())
    }

    /// A step that adds no runs. After a transient error it is repeated.
    fn step(&mut self) -> Result<(), ControllerError> {
        let Some(stepper) = self.stepper else { return Ok(()) };
        match step(stepper, 0) {
            Ok(_) if self.failing => self.say(Notice::StoreWorks),
            Ok(_) => {}
            Err(error) if is_transient(&error) => self.say(Notice::StoreFails(error_chain(&error))),
            Err(error) => {
                self.report(Event::SteppingFailed { message: error_chain(&error) });
                return Err(error);
            }
        }
        Ok(())
    }

    fn notice_pause(&mut self, now: &SweepRow) {
        let is_paused = now.state == SweepState::Paused;
        if is_paused {
            match now.paused_by {
                Some(by) if by != PausedBy::Owner => {
                    self.guard.trip(now.reason.as_deref().unwrap_or(by.as_str()));
                }
                _ if self.paused => {}
                _ => self.report(Event::PausedByOwner),
            }
        }
        self.paused = is_paused;
    }

    fn notice_end(&self, now: &SweepRow) {
        if now.state.is_over() {
            self.guard.end(now.state);
        }
    }

    fn say(&mut self, notice: Notice) {
        self.failing = notice != Notice::StoreWorks;
        // As for events.
        drop(self.notices.send(notice));
    }

    fn report(&self, event: Event) {
        // The receiver outlives this thread; if it did not, nobody would want to know.
        drop(self.events.send(event));
    }
}
