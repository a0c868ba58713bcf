//! The steps of sweeps whose agents are elsewhere.
//!
//! An agent on another machine does not step its sweep; the server does, in one task per sweep, which lives for as long as somebody
//! works on it. It steps when an agent has found nothing to claim, and when something has changed, because a stopping rule may
//! want to end what runs. It then wakes as many of those who wait as there are runs for them.

mod driver;
mod stepper;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use besom_store::SweepId;
use tokio::sync::Semaphore;

use crate::lock::lock;
use crate::shared::Shared;
use driver::Driver;
pub(crate) use driver::Waiting;

/// How many sweeps are stepped at the same time. A search may take all of a core for a while.
const THREADS: usize = 2;

/// The sweeps that agents elsewhere work on.
#[derive(Debug)]
pub(crate) struct Steps {
    drivers: Mutex<BTreeMap<SweepId, Arc<Driver>>>,
    threads: Semaphore,
}

impl Default for Steps {
    fn default() -> Self {
        Self { drivers: Mutex::default(), threads: Semaphore::new(THREADS) }
    }
}

impl Steps {
    /// Says that an agent works on a sweep, which is stepped from now on.
    pub(crate) fn touch(&self, shared: &Shared, id: &SweepId) {
        drop(self.driver(shared, id));
    }

    /// Waits for a run of a sweep, for as long as the answer is held.
    pub(crate) fn wait(&self, shared: &Shared, id: &SweepId) -> Waiting {
        Waiting::new(self.driver(shared, id))
    }

    /// Says that an agent leaves: its last run may have been the last one of the sweep.
    pub(crate) fn leave(&self, shared: &Shared, id: &SweepId) {
        let driver = self.driver(shared, id);
        driver.last.store(true, Ordering::SeqCst);
        driver.bell.notify_one();
    }

    fn driver(&self, shared: &Shared, id: &SweepId) -> Arc<Driver> {
        let mut drivers = lock(&self.drivers);
        if let Some(driver) = drivers.get(id) {
            return Arc::clone(driver);
        }
        let driver = Arc::new(Driver::new(id.clone()));
        drivers.insert(id.clone(), Arc::clone(&driver));
        drop(tokio::spawn(driver::drive(Arc::clone(&driver), shared.clone())));
        driver
    }

    /// Forgets a driver; not one that somebody has come to wait for, unless its sweep is gone.
    fn forget(&self, driver: &Driver, is_gone: bool) -> bool {
        let mut drivers = lock(&self.drivers);
        let free = is_gone || driver.waiting.load(Ordering::SeqCst) == 0;
        if free {
            drivers.remove(&driver.id);
        }
        free
    }
}
