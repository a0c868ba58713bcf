//! A store whose replies to agents are sometimes lost, as if the connection to it broke. For tests of tests.

use besom_store::{
    AgentId, Claim, End, HeldRun, Lease, NewAgent, Queue, Reply, Row, SqliteStore, StoreError, SweepId,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How many replies there are for each one that is lost.
const REPLIES_PER_LOSS: u32 = 4;

/// Does what is asked, always; but the answer to an agent that claims, reports or finishes may be an error.
#[derive(Debug)]
pub struct Lossy {
    store: SqliteStore,
    chance: ChaCha8Rng,
}

impl Lossy {
    /// Which replies are lost is a function of `seed` and of how many there were before.
    pub fn new(store: SqliteStore, seed: u64) -> Self {
        Self { store, chance: ChaCha8Rng::seed_from_u64(seed) }
    }

    fn answer<T>(&mut self, reply: T) -> Result<T, StoreError> {
        match self.chance.random_ratio(1, REPLIES_PER_LOSS) {
            true => Err(StoreError::Database("the reply was lost".into())),
            false => Ok(reply),
        }
    }
}

macro_rules! delegated {
    ($($name:ident($($arg:ident: $type:ty),*) -> $out:ty;)*) => {$(
        fn $name(&mut self, $($arg: $type),*) -> Result<$out, StoreError> {
            self.store.$name($($arg),*)
        }
    )*};
}

impl Queue for Lossy {
    fn claim(&mut self, agent: AgentId, request: u64) -> Result<Claim, StoreError> {
        let claim = self.store.claim(agent, request)?;
        self.answer(claim)
    }

    fn report(&mut self, lease: &Lease, rows: &[Row]) -> Result<Reply, StoreError> {
        let reply = self.store.report(lease, rows)?;
        self.answer(reply)
    }

    fn finish(&mut self, lease: &Lease, end: &End) -> Result<Reply, StoreError> {
        let reply = self.store.finish(lease, end)?;
        self.answer(reply)
    }

    delegated! {
        join(sweep: &SweepId, agent: &NewAgent) -> AgentId;
        idle(agent: AgentId) -> ();
        leave(agent: AgentId) -> ();
        held(agent: AgentId) -> Vec<HeldRun>;
        silent(sweep: &SweepId) -> Vec<HeldRun>;
        give_up(lease: &Lease) -> bool;
        has_finished_run(sweep: &SweepId) -> bool;
        report_broken(sweep: &SweepId, reason: &str) -> ();
    }
}
