//! What a store has of a sweep, to look at.

use besom_config::SweepConfig;
use besom_controller::{Controller, ControllerError, Sweep};
use besom_core::{Answer, Ask, BoxError, Search};
use besom_store::{Store, SweepRow};

/// Suggests nothing: a sweep that is looked at is stepped by its owner's algorithms, which this process need not have.
#[derive(Debug)]
struct Nothing;

impl Search for Nothing {
    fn suggest(&mut self, _: &Ask<'_>) -> Result<Answer, BoxError> {
        Ok(Answer::Wait)
    }
}

/// The controller of a sweep with all its runs as they are now, to be looked at: it suggests nothing and stops nothing.
pub fn past(
    store: &mut dyn Store,
    row: &SweepRow,
    config: &SweepConfig,
) -> Result<Controller, ControllerError> {
    let problem = config.problem().seed(row.new.seed);
    let mut controller = Controller::new(row.new.id.clone(), Sweep::new(problem, Nothing));
    controller.refresh(store)?;
    Ok(controller)
}
