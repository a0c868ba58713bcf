//! The task that steps one sweep, and those who wait for what it finds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use besom_core::error_chain;
use besom_store::{StoreError, SweepId};
use tokio::sync::{Notify, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use super::stepper::{Standing, StepError, Stepper};
use crate::hub::Seen;
use crate::log;
use crate::shared::Shared;

/// How often a sweep is stepped for its stopping rule alone, as crews do.
const PACE: Duration = Duration::from_millis(250);
/// How often it is stepped because something has changed that may help those who wait.
const HASTE: Duration = Duration::from_millis(25);
/// How often those who wait are thought of though nothing has changed: a run that was held back may be free.
const TICK: Duration = Duration::from_secs(1);
/// How many ticks in a row without a reason to step let the task end.
const QUIET: u32 = 60;

/// One sweep that agents elsewhere work on.
#[derive(Debug)]
pub(super) struct Driver {
    pub(super) id: SweepId,
    /// How many wait for a run.
    pub(super) waiting: AtomicUsize,
    /// Whether an agent has left since the last round.
    pub(super) last: AtomicBool,
    /// Rung by whoever wants a round now.
    pub(super) bell: Notify,
    /// Wakes those who wait, one for each run, or all if the state has changed.
    ready: Notify,
    /// How many rounds have begun, and have ended.
    begun: AtomicU64,
    ended: watch::Sender<u64>,
}

impl Driver {
    pub(super) fn new(id: SweepId) -> Self {
        Self {
            id,
            waiting: AtomicUsize::new(0),
            last: AtomicBool::new(false),
            bell: Notify::new(),
            ready: Notify::new(),
            begun: AtomicU64::new(0),
            ended: watch::Sender::new(0),
        }
    }

    /// Wakes those who can be served now.
    fn wake(&self, standing: Standing, is_news: bool) {
        if is_news {
            self.ready.notify_waiters();
        } else if let Standing::Ready(runs) = standing {
            (0..runs.min(self.waiting.load(Ordering::SeqCst))).for_each(|_| self.ready.notify_one());
        }
    }
}

/// One who waits for a run of a sweep, counted for as long as it lives.
#[derive(Debug)]
pub(crate) struct Waiting(Arc<Driver>);

impl Waiting {
    pub(super) fn new(driver: Arc<Driver>) -> Self {
        driver.waiting.fetch_add(1, Ordering::SeqCst);
        Self(driver)
    }

    /// Asks for a step and returns when there may be something to claim, or the sweep's state has changed.
    pub(crate) async fn ready(&self) {
        let mut ready = std::pin::pin!(self.0.ready.notified());
        ready.as_mut().enable();
        self.0.bell.notify_one();
        ready.await;
    }

    /// Asks for a step and returns after it, whatever it has found.
    pub(crate) async fn round(&self) {
        let mut ended = self.0.ended.subscribe();
        let mine = self.0.begun.load(Ordering::SeqCst) + 1;
        self.0.bell.notify_one();
        // Without a sender there are no more rounds.
        let _ = ended.wait_for(|ended| *ended >= mine).await;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Why a round may be due.
enum Cause {
    Asked,
    Changed,
    Tick,
    End,
}

/// Steps a sweep until it is gone, the server ends, or nobody works on it any more.
pub(super) async fn drive(driver: Arc<Driver>, shared: Shared) {
    let mut watch = shared.hub.watch(&driver.id);
    let (mut stepper, mut standing, mut quiet) = (None, None, 0);
    let mut last = Instant::now() - PACE;
    loop {
        let cause = tokio::select! {
            () = driver.bell.notified() => Cause::Asked,
            seen = watch.changed() => if let Seen::At(_) = seen { Cause::Changed } else { Cause::End },
            () = sleep_until(Instant::now() + TICK) => Cause::Tick,
        };
        let waits = driver.waiting.load(Ordering::SeqCst) > 0;
        match cause {
            Cause::End => break,
            Cause::Asked => {}
            Cause::Changed => {
                let due = last + if waits { HASTE } else { PACE };
                tokio::select! { () = sleep_until(due) => {}, () = driver.bell.notified() => {} }
            }
            Cause::Tick if waits => {}
            Cause::Tick => {
                quiet += 1;
                if quiet >= QUIET && shared.steps.forget(&driver, false) {
                    return;
                }
                continue;
            }
        }
        quiet = 0;
        last = Instant::now();
        let (kept, found) = round(&driver, &shared, stepper.take()).await;
        stepper = kept;
        match found {
            Ok(now) => {
                let is_news = standing.is_some_and(|before| !now.is_like(before));
                driver.wake(now, is_news);
                standing = Some(now);
            }
            Err(StepError::Store(StoreError::NoSweep { .. })) => break,
            Err(error) => {
                log::say(&shared, format_args!("stepping sweep {}: {}", driver.id, error_chain(&error)));
            }
        }
        driver.ended.send_replace(driver.begun.load(Ordering::SeqCst));
    }
    shared.steps.forget(&driver, true);
    driver.ended.send_replace(u64::MAX);
    driver.ready.notify_waiters();
}

/// One step on a thread where it may take its time.
async fn round(
    driver: &Driver,
    shared: &Shared,
    stepper: Option<Stepper>,
) -> (Option<Stepper>, Result<Standing, StepError>) {
    let turn = shared.steps.threads.acquire().await;
    driver.begun.fetch_add(1, Ordering::SeqCst);
    let want = driver.waiting.load(Ordering::SeqCst);
    let is_last = driver.last.swap(false, Ordering::SeqCst);
    let (id, shared) = (driver.id.clone(), shared.clone());
    let step = spawn_blocking(move || {
        let mut stepper = match stepper {
            Some(stepper) => stepper,
            None => match Stepper::open(&shared.place, shared.steppable(), &id) {
                Ok(stepper) => stepper,
                Err(error) => return (None, Err(error)),
            },
        };
        match stepper.step(want, is_last) {
            Ok(standing) => (Some(stepper), Ok(standing)),
            // Its connection may be the reason.
            Err(error) => (None, Err(error)),
        }
    });
    let done = step.await;
    drop(turn);
    done.unwrap_or_else(|panic| (None, Err(StepError::Store(StoreError::permanent(panic.to_string())))))
}
