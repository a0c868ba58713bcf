//! A sweep in the background, for programs that have more to do: a service, a window.

use std::thread::{self, JoinHandle};

use besom_agent::RunContext;
use besom_core::BoxError;
use besom_store::{Status, Store, StoreError, SweepId, SweepRow, SweepState};

use crate::run::{create_sweep, work};
use crate::{EngineError, Place, Ran, RunOptions, end_sweep, total};

/// Creates a sweep as [`run`](crate::run()) does and runs it in threads of its own. What is returned shows how it goes and
/// can pause and cancel it; neither waits for the search method to think, nor for `train`, because both meet only in
/// the store.
///
/// ```
/// use besom_engine::{RunOptions, start};
/// use besom_store::SweepState;
/// use serde_json::json;
///
/// let text = "{method: random, metric: {name: loss}, parameters: {x: {min: -1.0, max: 1.0}}}"; // without end
/// let sweep = start(text, RunOptions::in_memory().jobs(2), |run| {
///     let x = run.params()["x"].as_f64().ok_or("x is not a number")?;
///     Ok(run.log_json(json!({"loss": x * x}))?)
/// })?;
/// while sweep.status()?.best.is_none() {
///     std::thread::yield_now(); // serve requests, draw a window
/// }
/// sweep.cancel("good enough")?;
/// let ran = sweep.wait()?;
/// assert_eq!(ran.sweep.state, SweepState::Canceled);
/// # Ok::<(), besom_engine::EngineError>(())
/// ```
///
/// # Errors
/// If the configuration is invalid, an algorithm refuses it, or the store fails. What fails later is returned by
/// [`Started::wait`].
pub fn start<F>(text: &str, options: RunOptions, train: F) -> Result<Started, EngineError>
where
    F: Fn(&mut RunContext<'_>) -> Result<(), BoxError> + Send + Sync + 'static,
{
    let (id, config) = create_sweep(text, &options)?;
    let total = total(&config);
    let place = options.place.clone();
    let thread = {
        let id = id.clone();
        thread::spawn(move || work(&id, &options, &train))
    };
    Ok(Started { id, place, total, thread })
}

/// A sweep that runs in the background; see [`start`]. It runs on if this is dropped. Raise the level of the shutdown in
/// [`RunOptions::crew`] to make its agents leave without an end of the sweep.
#[derive(Debug)]
#[must_use = "the sweep's own errors are returned by `wait`"]
pub struct Started {
    id: SweepId,
    place: Place,
    total: Option<u64>,
    thread: JoinHandle<Result<Ran, EngineError>>,
}

impl Started {
    /// Its id in the store.
    pub fn id(&self) -> &SweepId {
        &self.id
    }

    /// How many runs it will have, if that is known beforehand.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// A store of one's own to look at it: its runs, curves, events.
    ///
    /// # Errors
    /// If the store cannot be opened.
    pub fn store(&self) -> Result<Box<dyn Store>, EngineError> {
        self.place.open()
    }

    /// The sweep as it is stored: its state, and the reason for it.
    ///
    /// # Errors
    /// If the store fails.
    pub fn sweep(&self) -> Result<SweepRow, EngineError> {
        Ok(self.store()?.sweep(&self.id)?)
    }

    /// Counts of runs by state, and the best run.
    ///
    /// # Errors
    /// If the store fails.
    pub fn status(&self) -> Result<Status, EngineError> {
        Ok(self.store()?.status(&self.id)?)
    }

    /// Pauses it: running runs go on, none is begun until [`Started::resume`].
    ///
    /// # Errors
    /// If the store fails. A sweep that has ended stays as it is.
    pub fn pause(&self, reason: &str) -> Result<(), EngineError> {
        self.set_state(SweepState::Paused, Some(reason))
    }

    /// Resumes it.
    ///
    /// # Errors
    /// As [`Started::pause`].
    pub fn resume(&self) -> Result<(), EngineError> {
        self.set_state(SweepState::Running, None)
    }

    /// Ends it together with its running runs, each of which learns of it by its next row or check.
    ///
    /// # Errors
    /// As [`Started::pause`].
    pub fn cancel(&self, reason: &str) -> Result<(), EngineError> {
        let (mut store, directory) = (self.store()?, self.place.directory());
        match end_sweep(&mut *store, directory, &self.id, SweepState::Canceled, Some(reason)) {
            Err(EngineError::Store(StoreError::Transition { from, .. })) if from.is_over() => Ok(()),
            done => done.map(drop),
        }
    }

    fn set_state(&self, to: SweepState, reason: Option<&str>) -> Result<(), EngineError> {
        match self.store()?.set_state(&self.id, to, reason) {
            Err(StoreError::Transition { from, .. }) if from.is_over() => Ok(()),
            done => Ok(done?),
        }
    }

    /// Whether its agents have left: [`Started::wait`] returns at once.
    pub fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits until its agents have left.
    ///
    /// # Errors
    /// As [`run`](crate::run()).
    pub fn wait(self) -> Result<Ran, EngineError> {
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}
