//! Which sweep an agent works on, and its newest claim.

use std::collections::BTreeMap;
use std::sync::Mutex;

use besom_store::{AgentId, Store, StoreError, SweepId};
use tokio::sync::oneshot;

use crate::lock::lock;
use crate::recent::Recent;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// How many claims are noted before those that nobody waits for any longer are forgotten for the first time.
const CLAIMS: usize = 64;

/// What is known of agents. All of it can be found again in the store.
#[derive(Debug, Default)]
pub(crate) struct Agents {
    sweeps: Mutex<Recent<AgentId, SweepId>>,
    claims: Mutex<Claims>,
}

/// The newest claim of each agent.
#[derive(Debug, Default)]
struct Claims {
    held: BTreeMap<AgentId, Held>,
    /// How many there may be before those that nobody waits for are forgotten.
    most: usize,
}

/// A claim for as long as its agent may wait for the answer.
#[derive(Debug)]
struct Held {
    /// `None` if there is no such agent.
    sweep: Option<SweepId>,
    hold: oneshot::Sender<()>,
}

impl Claims {
    fn note(&mut self, agent: AgentId, claim: Held) {
        self.held.insert(agent, claim);
        if self.held.len() > self.most {
            // An agent that is gone never says that it leaves.
            self.held.retain(|_, claim| !claim.hold.is_closed());
            self.most = CLAIMS.max(2 * self.held.len());
        }
    }
}

impl Agents {
    /// Remembers an agent that has joined.
    pub(crate) fn joined(&self, agent: AgentId, sweep: SweepId) {
        lock(&self.sweeps).insert(agent, sweep);
    }

    /// The claim that the answer stands for has ended, by an error, when the agent claims again or leaves: whoever waits in the name of
    /// the older claim must not be handed a run that nobody hears of.
    pub(crate) fn newest(&self, agent: AgentId, sweep: Option<SweepId>) -> oneshot::Receiver<()> {
        let (hold, held) = oneshot::channel();
        lock(&self.claims).note(agent, Held { sweep, hold });
        held
    }

    /// Ends the claim for which an agent waits.
    pub(crate) fn left(&self, agent: AgentId) {
        lock(&self.claims).held.remove(&agent);
    }

    /// Ends the claims for which agents of a sweep wait: what they are to do has changed, and they claim again.
    pub(crate) fn recall(&self, sweep: &SweepId) {
        lock(&self.claims).held.retain(|_, claim| claim.sweep.as_ref() != Some(sweep));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_that_nobody_waits_for_are_forgotten_and_others_end_when_they_are_recalled() {
        let (agents, sweep) = (Agents::default(), SweepId::new("one"));
        let mut waiting = agents.newest(AgentId(0), Some(sweep.clone()));
        let mut other = agents.newest(AgentId(1), Some(SweepId::new("two")));
        for agent in 2..10 * CLAIMS as u64 {
            drop(agents.newest(AgentId(agent), Some(sweep.clone())));
        }
        assert!(lock(&agents.claims).held.len() <= CLAIMS + 1);
        assert_eq!(waiting.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        agents.recall(&sweep);
        assert_eq!(waiting.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        assert_eq!(other.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        drop(agents.newest(AgentId(1), None));
        assert_eq!(other.try_recv(), Err(oneshot::error::TryRecvError::Closed), "it has claimed anew");
    }
}
