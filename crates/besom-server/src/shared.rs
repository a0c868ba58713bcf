//! What all handlers share.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use besom_core::Registry;
use besom_engine::{EngineError, Place, end_sweep};
use besom_store::{Store, SweepId, SweepState};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use crate::ServerOptions;
use crate::agents::Agents;
use crate::guard::{Room, Wrong};
use crate::hub::Hub;
use crate::pool::{Pool, Urgency};
use crate::refusal::Refusal;
use crate::steps::Steps;
use crate::stop::Stop;
use crate::tokens::Tokens;
use crate::views::Views;
use crate::wandb::Memory;

/// How many answers may be streams that last for as long as their reader wants.
const STREAMS: usize = 64;

/// The state of a server. A clone is the same server.
#[derive(Clone, Debug)]
pub(crate) struct Shared(Arc<Parts>);

/// The parts of a server that its handlers use.
#[derive(Debug)]
pub(crate) struct Parts {
    /// Where the store is.
    pub(crate) place: Place,
    /// The algorithms that the server can build.
    pub(crate) registry: Registry,
    /// Who wants to know what changes.
    pub(crate) hub: Hub,
    /// What steps the sweeps of agents elsewhere.
    pub(crate) steps: Steps,
    /// What is known of agents.
    pub(crate) agents: Agents,
    /// Who may do what.
    pub(crate) tokens: Tokens,
    /// How much memory bodies of requests may take.
    pub(crate) room: Room,
    /// Who has tried tokens that are none.
    pub(crate) wrong: Wrong,
    /// How the server listens.
    pub(crate) options: ServerOptions,
    /// What is kept of the sweeps that are looked at.
    pub(crate) views: Views,
    /// What is remembered of W&B's clients.
    pub(crate) wandb: Memory,
    /// How it ends.
    pub(crate) stop: Stop,
    pool: Pool,
    streams: Arc<Semaphore>,
}

impl Deref for Shared {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Shared {
    pub(crate) fn new(
        (place, pool): (Place, Pool),
        registry: Registry,
        hub: Hub,
        tokens: Tokens,
        options: ServerOptions,
    ) -> Self {
        let (steps, agents, wrong) = Default::default();
        let (stop, streams) = (Stop::new(), Arc::new(Semaphore::new(STREAMS)));
        Self(Arc::new(Parts {
            place,
            registry,
            hub,
            steps,
            agents,
            tokens,
            room: Room::default(),
            wrong,
            options,
            views: Views::default(),
            wandb: Memory::default(),
            stop,
            pool,
            streams,
        }))
    }
}

impl Parts {
    /// The algorithms by which the server may step sweeps, if it does.
    pub(crate) fn steppable(&self) -> Option<&Registry> {
        (!self.options.passive).then_some(&self.registry)
    }

    /// Reads on a connection of its own, beside all others. One call of the store sees one state of it.
    pub(crate) async fn read<T, E>(
        &self,
        work: impl FnOnce(&mut dyn Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Refusal>
    where
        T: Send + 'static,
        E: Into<Refusal> + 'static,
    {
        self.pool.read(work).await
    }

    /// Writes; what is done is durable when the answer comes. The work shares a transaction with others, so it must be short.
    pub(crate) async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut dyn Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Refusal>
    where
        T: Send + 'static,
        E: Into<Refusal> + 'static,
    {
        self.write_as(Urgency::First, work).await
    }

    /// As [`Self::write`]; the events of what is done say who asked for it.
    pub(crate) async fn write_for<T, E>(
        &self,
        who: String,
        work: impl FnOnce(&mut dyn Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Refusal>
    where
        T: Send + 'static,
        E: Into<Refusal> + 'static,
    {
        self.write(move |store| asked_by(&who, store, work)).await
    }

    /// As [`Self::write`], behind or before what else waits.
    pub(crate) async fn write_as<T, E>(
        &self,
        urgency: Urgency,
        work: impl FnOnce(&mut dyn Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Refusal>
    where
        T: Send + 'static,
        E: Into<Refusal> + 'static,
    {
        self.pool.write(urgency, work).await
    }

    /// Ends the runs of agents that have died on this machine, after their sweep has ended: that reads their files, and is too slow for the
    /// writer.
    pub(crate) async fn end_dead(&self, sweep: SweepId, to: SweepState, reason: Option<String>) {
        let place = self.place.clone();
        let ending = spawn_blocking(move || {
            let directory = place.directory().map(Path::to_owned);
            end_sweep(&mut *place.open()?, directory.as_deref(), &sweep, to, reason.as_deref())
        });
        let _: Result<Result<usize, EngineError>, _> = ending.await;
    }

    /// The right to an answer that is a stream, for as long as it is held.
    pub(crate) fn stream(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let permit = Arc::clone(&self.streams).try_acquire_owned();
        permit.map_err(|_| Refusal::unavailable(format!("{STREAMS} live views are open already: close one")))
    }

    /// Commits what waits; blocks until that is done.
    pub(crate) fn close(&self) {
        self.hub.close();
        self.pool.close();
    }
}

/// Does work whose events say who asked for it.
pub(crate) fn asked_by<T, E: Into<Refusal>>(
    who: &str,
    store: &mut dyn Store,
    work: impl FnOnce(&mut dyn Store) -> Result<T, E>,
) -> Result<T, Refusal> {
    let (mut work, mut done) = (Some(work), None);
    store.asked_by(who, &mut |store| done = work.take().map(|work| work(store).map_err(Into::into)))?;
    done.unwrap_or_else(|| Err(Refusal::broken()))
}
