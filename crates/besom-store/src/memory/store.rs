//! What controllers and owners see of the store.

use besom_core::{RunNumber, RunState};
use serde_json::{Map, Value};

use super::MemoryStore;
use super::facts::{check, described};
use crate::{
    Added, AgentId, AgentRow, Attempt, Changes, Event, NewRun, NewSweep, Output, PastRun, PausedBy, Row,
    RunQuery, RunRow, Seen, Status, StopKind, Store, StoreError, SweepId, SweepRow, SweepState,
};

impl Store for MemoryStore {
    fn create_with(&mut self, sweep: &NewSweep, past: &[PastRun]) -> Result<(), StoreError> {
        let (mut stock, now) = self.open();
        stock.create_with(sweep, past, now)
    }

    fn set_run_cap(&mut self, id: &SweepId, cap: Option<u64>) -> Result<(), StoreError> {
        let (mut stock, now) = self.open();
        stock.sweep(id)?.set_run_cap(cap, now)
    }

    fn remove_sweep(&mut self, id: &SweepId) -> Result<(), StoreError> {
        let (mut stock, _) = self.open();
        stock.remove(id)
    }

    fn sweep(&mut self, id: &SweepId) -> Result<SweepRow, StoreError> {
        let (mut stock, _) = self.open();
        Ok(stock.sweep(id)?.row.clone())
    }

    fn sweeps(&mut self) -> Result<Vec<SweepRow>, StoreError> {
        let (stock, _) = self.open();
        Ok(stock.sweeps.iter().flatten().map(|sweep| sweep.row.clone()).collect())
    }

    fn set_state(&mut self, id: &SweepId, to: SweepState, reason: Option<&str>) -> Result<(), StoreError> {
        let (mut stock, now) = self.open();
        stock.sweep(id)?.set_state(to, reason, now)
    }

    fn pause(&mut self, id: &SweepId, by: PausedBy, reason: Option<&str>) -> Result<(), StoreError> {
        let (mut stock, now) = self.open();
        stock.sweep(id)?.pause(by, reason, now)
    }

    fn set_label(&mut self, id: &SweepId, key: &str, value: Option<&str>) -> Result<(), StoreError> {
        let (mut stock, _) = self.open();
        let labels = &mut stock.sweep(id)?.row.new.labels;
        match value {
            Some(value) => {
                check("a label", key.len() + value.len())?;
                labels.insert(key.to_owned(), value.to_owned());
            }
            None => drop(labels.remove(key)),
        }
        Ok(())
    }

    fn changes(&mut self, id: &SweepId, since: u64) -> Result<Changes, StoreError> {
        let (mut stock, now) = self.open();
        let sweep = stock.sweep(id)?;
        let changed = sweep.index.changed_after(since).into_iter();
        let runs = changed.map(|at| sweep.runs[at].change(since)).collect();
        let changes = Changes::new(sweep.change, sweep.row.state, runs);
        Ok(changes.run_cap(sweep.row.new.run_cap).held_back(sweep.held_back(now)))
    }

    fn add_runs(
        &mut self,
        id: &SweepId,
        first: RunNumber,
        runs: &[NewRun],
        seen: Option<&Seen>,
    ) -> Result<Added, StoreError> {
        let (mut stock, now) = self.open();
        Ok(stock.sweep(id)?.add_runs(first, runs, seen, now))
    }

    fn request_stops(
        &mut self,
        id: &SweepId,
        stops: &[(RunNumber, String)],
        kind: StopKind,
    ) -> Result<u64, StoreError> {
        let (mut stock, now) = self.open();
        let sweep = stock.sweep(id)?;
        // All must be there before anything changes.
        let places = stops.iter().map(|(run, _)| sweep.place(*run)).collect::<Result<Vec<_>, _>>()?;
        let asked = places.into_iter().zip(stops).map(|(at, (_, reason))| sweep.stop(at, reason, kind, now));
        Ok(asked.map(u64::from).sum())
    }

    fn retry(&mut self, id: &SweepId, states: &[RunState]) -> Result<u64, StoreError> {
        let (mut stock, now) = self.open();
        stock.sweep(id)?.retry(states, now)
    }

    fn retry_runs(&mut self, id: &SweepId, runs: &[RunNumber]) -> Result<u64, StoreError> {
        let (mut stock, now) = self.open();
        let sweep = stock.sweep(id)?;
        let mut places = runs.iter().map(|run| sweep.place(*run)).collect::<Result<Vec<_>, _>>()?;
        places.sort_unstable();
        places.dedup();
        places.retain(|&at| !sweep.runs[at].row.state.is_open());
        sweep.retry_at(&places, now)
    }

    fn runs(&mut self, id: &SweepId, query: &RunQuery) -> Result<Vec<RunRow>, StoreError> {
        let (mut stock, _) = self.open();
        Ok(stock.sweep(id)?.listed(query))
    }

    fn run(&mut self, id: &SweepId, number: RunNumber) -> Result<RunRow, StoreError> {
        let (mut stock, _) = self.open();
        let sweep = stock.sweep(id)?;
        Ok(sweep.runs[sweep.place(number)?].row.clone())
    }

    fn seen(&mut self, id: &SweepId, number: RunNumber) -> Result<Option<Seen>, StoreError> {
        let (mut stock, _) = self.open();
        let sweep = stock.sweep(id)?;
        Ok(sweep.runs[sweep.place(number)?].seen.clone())
    }

    fn attempts(&mut self, id: &SweepId, number: RunNumber) -> Result<Vec<Attempt>, StoreError> {
        let (mut stock, _) = self.open();
        let sweep = stock.sweep(id)?;
        Ok(sweep.runs[sweep.place(number)?].attempts())
    }

    fn facts(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        attempt: Option<u64>,
    ) -> Result<Map<String, Value>, StoreError> {
        let (mut stock, _) = self.open();
        let sweep = stock.sweep(id)?;
        Ok(sweep.runs[sweep.place(number)?].facts(attempt))
    }

    fn annotate(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        facts: &Map<String, Value>,
    ) -> Result<(), StoreError> {
        let (mut stock, _) = self.open();
        let sweep = stock.sweep(id)?;
        let at = sweep.place(number)?;
        sweep.runs[at].annotations = described(&sweep.runs[at].annotations, facts)?;
        Ok(())
    }

    fn output(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        attempt: Option<u64>,
    ) -> Result<Output, StoreError> {
        let (mut stock, _) = self.open();
        let sweep = stock.sweep(id)?;
        Ok(sweep.runs[sweep.place(number)?].output(attempt))
    }

    fn rows(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        attempt: Option<u64>,
    ) -> Result<Vec<Row>, StoreError> {
        let (mut stock, _) = self.open();
        let sweep = stock.sweep(id)?;
        let run = &sweep.runs[sweep.place(number)?];
        let Some(attempt) = attempt else { return Ok(run.rows()) };
        let found = run.attempts.iter().find(|tried| tried.attempt.number == attempt);
        Ok(found.map(|tried| tried.rows.clone()).unwrap_or_default())
    }

    fn curve(&mut self, id: &SweepId, number: RunNumber, metric: usize) -> Result<Vec<f64>, StoreError> {
        let (mut stock, _) = self.open();
        let sweep = stock.sweep(id)?;
        Ok(sweep.runs[sweep.place(number)?].curve(metric))
    }

    fn events(
        &mut self,
        id: &SweepId,
        run: Option<RunNumber>,
        after: u64,
        limit: u64,
    ) -> Result<Vec<Event>, StoreError> {
        let (mut stock, _) = self.open();
        Ok(stock.sweep(id)?.logged(run, after, limit))
    }

    fn asked_by(&mut self, who: &str, work: &mut dyn FnMut(&mut dyn Store)) -> Result<(), StoreError> {
        work(&mut Self { asker: Some(who.into()), ..self.clone() });
        Ok(())
    }

    fn status(&mut self, id: &SweepId) -> Result<Status, StoreError> {
        let (stock, now) = self.open();
        let (sweep, agents) = stock.crew(id)?;
        let alive = agents.filter(|agent| agent.is_alive(now)).count() as u64;
        Ok(Status { agents: alive, ..sweep.status() })
    }

    fn agents(&mut self, id: &SweepId) -> Result<Vec<AgentRow>, StoreError> {
        let (stock, now) = self.open();
        let (sweep, agents) = stock.crew(id)?;
        let held = sweep.held();
        let row = |agent: &super::stock::Agent| AgentRow {
            alive: agent.is_alive(now),
            left: agent.gone,
            draining: agent.draining,
            run: held.get(&agent.id).copied(),
            ..AgentRow::new(agent.id, &agent.new.name, agent.seen_ms)
        };
        Ok(agents.map(row).collect())
    }

    fn drain(&mut self, id: &SweepId, agents: &[AgentId]) -> Result<u64, StoreError> {
        let (mut stock, now) = self.open();
        stock.drain(id, agents, now)
    }
}
