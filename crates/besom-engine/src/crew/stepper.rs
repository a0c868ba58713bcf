//! The sweep, stepped by the agents that have nothing to do and between.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use besom_agent::Idle;
use besom_controller::{Controller, ControllerError, Step, Sweep};
use besom_core::BoxError;
use besom_store::{Store, SweepId};

/// A controller with a store of its own: agents see a queue only.
pub(super) struct Stepper {
    controller: Controller,
    store: Box<dyn Store>,
}

impl Stepper {
    pub(super) fn new(id: &SweepId, sweep: Sweep, store: Box<dyn Store>) -> Self {
        Self { controller: Controller::new(id.clone(), sweep), store }
    }
}

impl fmt::Debug for Stepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stepper").field("controller", &self.controller).finish_non_exhaustive()
    }
}

pub(super) fn step(stepper: &Mutex<Stepper>, want: usize) -> Result<Step, ControllerError> {
    let stepper = &mut *stepper.lock().unwrap_or_else(PoisonError::into_inner);
    stepper.controller.step(&mut *stepper.store, want)
}

/// The last step of agents that leave before the sweep has ended: perhaps they have executed its last run.
pub(super) fn last_step(stepper: &Mutex<Stepper>) -> Result<(), ControllerError> {
    let stepper = &mut *stepper.lock().unwrap_or_else(PoisonError::into_inner);
    match stepper.controller.last_step(&mut *stepper.store) {
        // Whoever looks at the sweep next meets the same.
        Err(error) if is_transient(&error) => Ok(()),
        done => done.map(drop),
    }
}

/// What an agent does when there is nothing to claim: it steps the sweep, if this process does.
pub(super) fn idle(stepper: Option<&Mutex<Stepper>>) -> Result<Idle, BoxError> {
    let Some(stepper) = stepper else { return Ok(Idle::Waiting) };
    match step(stepper, 1) {
        Ok(Step::Ready(_)) => Ok(Idle::Worked),
        Ok(Step::Wait | Step::Paused | Step::Over) => Ok(Idle::Waiting),
        // The agent's next claim meets the same, and is retried for as long as the agent's timeout allows.
        Err(error) if is_transient(&error) => Ok(Idle::Waiting),
        Err(error) => Err(error.into()),
    }
}

/// Whether a step that failed so is worth repeating, as while the disk is full.
pub(super) fn is_transient(error: &ControllerError) -> bool {
    matches!(error, ControllerError::Store(error) if error.is_transient())
}
