//! The controller of one sweep with a connection of its own.

use besom_controller::{Controller, ControllerError, Step};
use besom_core::{Registry, RunState};
use besom_engine::{EngineError, Place, build, stored_config};
use besom_store::{Store, StoreError, SweepId, SweepRow, SweepState};
use thiserror::Error;

/// Why a step failed.
#[derive(Debug, Error)]
pub(super) enum StepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Engine(EngineError),
    #[error(transparent)]
    Controller(ControllerError),
}

impl From<EngineError> for StepError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Store(error) => Self::Store(error),
            other => Self::Engine(other),
        }
    }
}

impl From<ControllerError> for StepError {
    fn from(error: ControllerError) -> Self {
        match error {
            ControllerError::Store(error) => Self::Store(error),
            other => Self::Controller(other),
        }
    }
}

/// Where a sweep stands for those who wait for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// So many runs can be claimed.
    Ready(usize),
    /// None before something happens.
    Wait,
    Paused,
    Over,
}

impl Standing {
    /// Whether both mean the same to those who wait, apart from the number of runs.
    pub(super) fn is_like(self, other: Self) -> bool {
        let is_open = |standing| matches!(standing, Self::Ready(_) | Self::Wait);
        self == other || (is_open(self) && is_open(other))
    }
}

/// What steps a sweep, or looks at one that is stepped elsewhere.
pub(super) struct Stepper {
    id: SweepId,
    store: Box<dyn Store>,
    /// `None` if its owner steps it (`controller: {type: local}`), or its algorithms are another process's.
    controller: Option<Controller>,
    /// Up to where one that is stepped elsewhere was looked at.
    cursor: u64,
}

impl Stepper {
    /// With the algorithms of `registry`; without one, a sweep is never stepped.
    pub(super) fn open(place: &Place, registry: Option<&Registry>, id: &SweepId) -> Result<Self, StepError> {
        let mut store = place.open()?;
        let row = store.sweep(id)?;
        let controller = registry.and_then(|registry| controller(registry, &row));
        Ok(Self { id: id.clone(), store, controller, cursor: 0 })
    }

    /// Steps the sweep for `want` who wait.
    pub(super) fn step(&mut self, want: usize, is_last: bool) -> Result<Standing, StepError> {
        let Some(controller) = &mut self.controller else { return self.look() };
        let step = match is_last && want == 0 {
            true => controller.last_step(&mut *self.store),
            false => controller.step(&mut *self.store, want),
        };
        Ok(match step? {
            Step::Ready(runs) => Standing::Ready(runs),
            Step::Wait => Standing::Wait,
            Step::Paused => Standing::Paused,
            Step::Over => Standing::Over,
        })
    }

    fn look(&mut self) -> Result<Standing, StepError> {
        let changes = self.store.changes(&self.id, self.cursor)?;
        self.cursor = changes.upto;
        match changes.state {
            SweepState::Paused => return Ok(Standing::Paused),
            state if state.is_over() => return Ok(Standing::Over),
            _ => {}
        }
        let counts = self.store.status(&self.id)?.counts;
        let waits = |(state, _): &&(RunState, u64)| matches!(state, RunState::Pending | RunState::Preempted);
        let waiting: u64 = counts.iter().filter(waits).map(|(_, count)| count).sum();
        let free = usize::try_from(waiting.saturating_sub(changes.held_back)).unwrap_or(usize::MAX);
        Ok(if free > 0 { Standing::Ready(free) } else { Standing::Wait })
    }
}

/// What steps a sweep; `None` if that is somebody else's business.
fn controller(registry: &Registry, row: &SweepRow) -> Option<Controller> {
    let config = stored_config(registry, row).ok().filter(|config| !config.controller_local)?;
    let sweep = build(registry, &config, row.new.seed).ok()?;
    Some(Controller::new(row.id().clone(), sweep))
}
