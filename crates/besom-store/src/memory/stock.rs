//! All that is stored.

use std::collections::HashMap;
use std::time::Duration;

use besom_core::nearest;

use super::facts::check;
use super::sweep::Sweep;
use crate::{AgentId, NewAgent, NewSweep, PastRun, StoreError, SweepId};

/// Why a place has a sweep.
const THERE: &str = "an id that has a place is that of a sweep";

#[derive(Debug, Default)]
pub(super) struct Stock {
    /// Oldest first; nothing in the place of a removed one.
    pub(super) sweeps: Vec<Option<Sweep>>,
    places: HashMap<SweepId, usize>,
    /// The agent with id n is the n-th.
    agents: Vec<Agent>,
    /// How many threads wait for a change.
    pub(super) waiting: usize,
}

#[derive(Debug)]
pub(super) struct Agent {
    pub(super) id: AgentId,
    /// The place of its sweep.
    pub(super) sweep: usize,
    pub(super) new: NewAgent,
    pub(super) seen_ms: u64,
    pub(super) gone: bool,
    /// Whether it gets no more runs.
    pub(super) draining: bool,
    /// Its newest claim that got a run.
    pub(super) request: u64,
    /// The place and the attempt of that run.
    pub(super) answer: Option<(usize, u64)>,
}

impl Agent {
    /// Notes a sign of life.
    pub(super) fn hear(&mut self, now: u64) {
        self.seen_ms = now;
        self.gone = false;
    }

    pub(super) fn is_alive(&self, now: u64) -> bool {
        !self.gone && now.saturating_sub(self.seen_ms) <= self.new.heartbeat_timeout_ms
    }
}

impl Stock {
    pub(super) fn create_with(
        &mut self,
        new: &NewSweep,
        past: &[PastRun],
        now: u64,
    ) -> Result<(), StoreError> {
        PastRun::all_ended(past)?;
        if self.places.contains_key(&new.id) {
            return Err(StoreError::SweepExists(new.id.clone()));
        }
        new.labels.iter().try_for_each(|(key, value)| check("a label", key.len() + value.len()))?;
        let runs = past.len() as u64;
        if let Some(cap) = new.run_cap.filter(|cap| runs > *cap) {
            return Err(StoreError::TooManyRuns { runs, cap });
        }
        self.places.insert(new.id.clone(), self.sweeps.len());
        self.sweeps.push(Some(Sweep::new(new.clone(), now)));
        if !past.is_empty() {
            let name = NewAgent::new("prior runs", Duration::from_secs(60));
            let id = self.join(&new.id, &name, now)?;
            let (agent, sweep) = self.agent(id)?;
            sweep.begin_with(agent, past, now);
            agent.gone = true;
        }
        Ok(())
    }

    /// The place of the sweep of this id.
    pub(super) fn place(&self, id: &SweepId) -> Result<usize, StoreError> {
        self.places.get(id).copied().ok_or_else(|| {
            let ids = self.sweeps.iter().flatten().map(|sweep| sweep.row.new.id.as_str());
            let nearest = nearest(id.as_str(), ids).map(str::to_owned);
            StoreError::NoSweep { id: id.as_str().to_owned(), nearest }
        })
    }

    pub(super) fn sweep(&mut self, id: &SweepId) -> Result<&mut Sweep, StoreError> {
        let place = self.place(id)?;
        Ok(self.sweeps[place].as_mut().expect(THERE))
    }

    pub(super) fn remove(&mut self, id: &SweepId) -> Result<(), StoreError> {
        let place = self.place(id)?;
        self.places.remove(id);
        self.sweeps[place] = None;
        Ok(())
    }

    pub(super) fn join(&mut self, sweep: &SweepId, new: &NewAgent, now: u64) -> Result<AgentId, StoreError> {
        let id = AgentId(self.agents.len() as u64 + 1);
        let sweep = self.place(sweep)?;
        self.sweeps[sweep].as_mut().expect(THERE).agents.push(id);
        let new = new.clone();
        let (gone, draining) = (false, false);
        self.agents.push(Agent { id, sweep, new, seen_ms: now, gone, draining, request: 0, answer: None });
        Ok(id)
    }

    /// The agent of this id, and its sweep.
    pub(super) fn agent(&mut self, id: AgentId) -> Result<(&mut Agent, &mut Sweep), StoreError> {
        let place = id.0.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        let agent = place.and_then(|place| self.agents.get_mut(place)).ok_or(StoreError::NoAgent(id.0))?;
        let sweep = self.sweeps[agent.sweep].as_mut().ok_or(StoreError::NoAgent(id.0))?;
        Ok((agent, sweep))
    }

    /// The sweep of this id, and its agents.
    pub(super) fn crew(&self, id: &SweepId) -> Result<(&Sweep, impl Iterator<Item = &Agent>), StoreError> {
        let sweep = self.sweeps[self.place(id)?].as_ref().expect(THERE);
        // Their ids were given out by `join`, one after the other.
        let agent = |id: &AgentId| &self.agents[usize::try_from(id.0 - 1).unwrap_or(usize::MAX)];
        Ok((sweep, sweep.agents.iter().map(agent)))
    }

    /// Drains agents of a sweep. All must be there before anything changes.
    pub(super) fn drain(&mut self, id: &SweepId, agents: &[AgentId], now: u64) -> Result<u64, StoreError> {
        let place = self.place(id)?;
        for &id in agents {
            if self.agent(id)?.0.sweep != place {
                return Err(StoreError::NoAgent(id.0));
            }
        }
        let mut drained = 0;
        for &id in agents {
            let (agent, sweep) = self.agent(id)?;
            if !std::mem::replace(&mut agent.draining, true) {
                sweep.note_drain(&agent.new.name, now);
                drained += 1;
            }
        }
        Ok(drained)
    }

    /// How many events there are of each sweep.
    pub(super) fn events(&self) -> Vec<usize> {
        self.sweeps.iter().map(|sweep| sweep.as_ref().map_or(0, |sweep| sweep.events.len())).collect()
    }

    /// Names who has asked for what has happened since there were so many events.
    pub(super) fn name_asker(&mut self, asker: &str, before: &[usize]) {
        for (place, sweep) in self.sweeps.iter_mut().enumerate() {
            let known = before.get(place).copied().unwrap_or(0);
            for event in sweep.iter_mut().flat_map(|sweep| sweep.events.iter_mut().skip(known)) {
                event.detail.insert("by".to_owned(), asker.into());
            }
        }
    }

    /// Notes a sign of life of an agent.
    pub(super) fn hear(&mut self, id: AgentId, now: u64) {
        if let Ok((agent, _)) = self.agent(id) {
            agent.hear(now);
        }
    }
}
