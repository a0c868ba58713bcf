//! Which sweep an agent works on, and its newest claim.

use std::collections::BTreeMap;
use std::sync::Mutex;

use besom_store::{AgentId, Store, StoreError, SweepId};
use tokio::sync::oneshot;

use crate::lock::lock;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// What is known of agents. All of it can be found again in the store.
#[derive(Debug, Default)]
pub(crate) struct Agents {
    sweeps: Mutex<BTreeMap<AgentId, SweepId>>,
    claims: Mutex<BTreeMap<AgentId, oneshot::Sender<()>>>,
}

impl Agents {
    /// Remembers an agent that has joined.
    pub(crate) fn joined(&self, agent: AgentId, sweep: SweepId) {
        lock(&self.sweeps).insert(agent, sweep);
    }

    /// The claim that the answer stands for has ended, by an error, when the agent claims again or leaves: whoever waits in the name of
    /// the older claim must not be handed a run that nobody hears of.
    pub(crate) fn newest(&self, agent: AgentId) -> oneshot::Receiver<()> {
        let (hold, held) = oneshot::channel();
        lock(&self.claims).insert(agent, hold);
        held
    }

    /// Ends the claim for which an agent waits.
    pub(crate) fn left(&self, agent: AgentId) {
        lock(&self.claims).remove(&agent);
    }

    /// Ends the claims for which agents of a sweep wait: what they are to do has changed, and they claim again.
    pub(crate) fn recall(&self, sweep: &SweepId) {
        let sweeps = lock(&self.sweeps);
        lock(&self.claims).retain(|agent, _| sweeps.get(agent) != Some(sweep));
    }

    /// The sweep of an agent, if it is known without asking the store.
    pub(crate) fn known(&self, agent: AgentId) -> Option<SweepId> {
        lock(&self.sweeps).get(&agent).cloned()
    }

    /// The sweep of an agent: known since it joined, or looked for once after a start of the server.
    pub(crate) async fn sweep(&self, shared: &Shared, agent: AgentId) -> Result<SweepId, Refusal> {
        if let Some(sweep) = self.known(agent) {
            return Ok(sweep);
        }
        let sweep = shared.read(move |store| find(store, agent)).await?;
        self.joined(agent, sweep.clone());
        Ok(sweep)
    }
}

fn find(store: &mut dyn Store, agent: AgentId) -> Result<SweepId, StoreError> {
    for sweep in store.sweeps()?.into_iter().rev() {
        if store.agents(&sweep.new.id)?.iter().any(|row| row.id == agent) {
            return Ok(sweep.new.id);
        }
    }
    Err(StoreError::NoAgent(agent.0))
}
