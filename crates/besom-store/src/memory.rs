//! A store in memory: the whole protocol in about a thousand lines.
//!
//! It is written without [`rules`](crate::rules), on purpose: the laws play each script on a store and on this one, so the
//! two accounts of the protocol check each other (decision 39). Each run keeps its row as it is listed; indexes keep what
//! would else take a pass over all runs, and are renewed in one place ([`sweep::Sweep::edit`]).

mod facts;
mod index;
mod queue;
mod run;
mod stock;
mod store;
mod sweep;
mod view;

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};

use self::stock::Stock;
use crate::{Clock, StoreError, SweepId, system_clock};

/// The message of a run whose agent sent no heartbeat for too long.
const TIMED_OUT: &str = "its agent sent no heartbeat for too long";

/// The message of a run whose agent left.
const LEFT: &str = "its agent left";

/// A complete store in memory, for tests, for services that keep nothing, and to read before writing another.
///
/// A clone is the same store, for another thread. Nothing survives the process. Each call takes a lock for the time of a few
/// map look-ups; nothing else happens under it, so that whoever looks at a sweep waits for no search method and no agent.
/// Calls take O(log n) in the number of runs, and lists what they return.
///
/// ```
/// use std::thread;
/// use std::time::Duration;
///
/// use besom_core::{Goal, RunNumber, RunState};
/// use besom_store::{Claim, End, MemoryStore, NewAgent, NewRun, NewSweep, Queue, Row, Store};
/// use serde_json::json;
///
/// let object = |value: serde_json::Value| value.as_object().cloned().unwrap_or_default();
/// let mut store = MemoryStore::default();
/// let new = NewSweep::new("3k8s0x1q").metric("loss", Goal::Minimize);
/// store.create_sweep(&new)?;
/// let runs: Vec<NewRun> = (0..8).map(|x| NewRun::new(object(json!({ "x": x })))).collect();
/// store.add_runs(&new.id, RunNumber::FIRST, &runs, None)?;
///
/// thread::scope(|scope| {
///     let agent = |mut store: MemoryStore| {
///         let id = store.join(&new.id, &NewAgent::new("agent", Duration::from_secs(60)))?;
///         for request in 1.. {
///             let Claim::Run(run) = store.claim(id, request)? else { break };
///             let x = run.point["x"].as_f64().unwrap_or(f64::NAN);
///             store.report(&run.lease, &[Row::new(1, object(json!({ "loss": (x - 3.0).powi(2) })))])?;
///             store.finish(&run.lease, &End::new(RunState::Finished))?;
///         }
///         store.leave(id)
///     };
///     let agents: Vec<_> = (0..2).map(|_| scope.spawn({ let store = store.clone(); move || agent(store) })).collect();
///     agents.into_iter().try_for_each(|agent| agent.join().expect("an agent does not panic"))
/// })?;
/// let best = store.status(&new.id)?.best.ok_or("no run has a loss")?;
/// assert_eq!((best.run.get(), best.value), (4, 0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    shared: Arc<Shared>,
    clock: Clock,
    /// Who has asked for what is done, if that is known.
    asker: Option<Arc<str>>,
}

/// What all clones of a store have in common.
#[derive(Default)]
struct Shared {
    stock: Mutex<Stock>,
    /// Whoever waits for a change looks again after each call of others.
    called: Condvar,
}

/// All that is stored, for one call.
struct Opened<'a> {
    stock: MutexGuard<'a, Stock>,
    called: &'a Condvar,
    /// Who has asked for the call, and how many events there were of each sweep before it.
    asked: Option<(Arc<str>, Vec<usize>)>,
}

impl Deref for Opened<'_> {
    type Target = Stock;

    fn deref(&self) -> &Stock {
        &self.stock
    }
}

impl DerefMut for Opened<'_> {
    fn deref_mut(&mut self) -> &mut Stock {
        &mut self.stock
    }
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        if let Some((asker, before)) = self.asked.take() {
            self.stock.name_asker(&asker, &before);
        }
        if self.stock.waiting > 0 {
            self.called.notify_all();
        }
    }
}

impl MemoryStore {
    /// A new, empty store that reads the time from this clock.
    pub fn new(clock: Clock) -> Self {
        Self { shared: Arc::default(), clock, asker: None }
    }

    /// All that is stored, and the time.
    fn open(&self) -> (Opened<'_>, u64) {
        let stock = self.shared.stock.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock, so that times grow in the order of the calls.
        let now = (self.clock)();
        let asked = self.asker.clone().map(|asker| (asker, stock.events()));
        (Opened { stock, called: &self.shared.called, asked }, now)
    }

    fn wait_after(&self, sweep: &SweepId, since: u64, at_most: Duration) -> Result<u64, StoreError> {
        let mut stock = self.shared.stock.lock().unwrap_or_else(PoisonError::into_inner);
        stock.waiting += 1;
        let is_old = |stock: &mut Stock| stock.sweep(sweep).is_ok_and(|sweep| sweep.change <= since);
        let waited = self.shared.called.wait_timeout_while(stock, at_most, is_old);
        let (mut stock, _) = waited.unwrap_or_else(PoisonError::into_inner);
        stock.waiting -= 1;
        Ok(stock.sweep(sweep)?.change)
    }
}

impl Default for MemoryStore {
    /// A new, empty store that reads the system's clock, which a browser does not have.
    fn default() -> Self {
        Self::new(system_clock())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

/// The detail of an event: what there is of these.
fn detail<const N: usize>(entries: [(&str, Option<Value>); N]) -> Map<String, Value> {
    entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// Whether this store has chosen a text itself; another may choose another one.
#[cfg(feature = "laws")]
pub(crate) fn is_own_text(text: &str) -> bool {
    use crate::SweepState as S;
    [TIMED_OUT, LEFT].contains(&text)
        || [S::Finished, S::Canceled].iter().any(|&to| sweep::why_ended(to) == text)
}
