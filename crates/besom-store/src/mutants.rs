//! Stores that break a rule of the protocol, to show that tests notice.
//!
//! A mutant is wrapped around a store of any kind and breaks its rule from outside, so that the suite is tested on every store,
//! and no store has code for it.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;
use std::time::Duration;

use besom_core::{LoggedKeys, RunNumber, RunState};
use serde_json::{Map, Value};

use crate::forward::forward_store;
use crate::{
    Added, AgentId, AgentRow, Attempt, Bucket, Changes, Claim, End, Event, HeldRun, Lease, NewRun, NewSweep,
    Output, PastRun, PausedBy, Queue, Reply, Row, RunQuery, RunRow, Seen, Status, StopKind, Store,
    StoreError, SweepId, SweepRow, SweepState, forward_queue,
};

/// A rule of the protocol that a store is made to break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mutant {
    /// Attempts are not compared: the holder of a lost lease can still write to its run.
    NoFencing,
    /// A claim is answered anew, though its reply was only lost.
    NoStoredAnswer,
    /// Metric rows are added whatever their numbers.
    NoSequenceCheck,
    /// A sweep may have one run more than its cap.
    CapOffByOne,
    /// Runs are added also where another controller was first.
    NoCompareAndSet,
    /// The last of several rows is acknowledged and not stored.
    LosesRows,
    /// A requested stop is never answered.
    HidesStops,
    /// Of several stops one is not requested.
    ForgetsStops,
    /// What a stopping rule ends has failed.
    StopsFail,
    /// A run is given up though its agent has sent a heartbeat since.
    IgnoresBeats,
    /// An agent that leaves keeps its runs.
    LeavesRuns,
    /// A crashed run is tried again without end.
    RetriesForEver,
    /// What a preempted run logged is forgotten.
    ForgetsRows,
    /// A program that goes on from a checkpoint is not heard.
    IgnoresResumed,
    /// What a program has gone on from once counts in all later attempts.
    ResumesForEver,
    /// Of changes since a cursor, the last is left out.
    SkipsChanges,
    /// An event is shown on two pages.
    RepeatsEvents,
    /// A failed run may be the best.
    PraisesFailures,
    /// Output is appended wherever it belongs.
    NoPlaceOfOutput,
    /// Facts replace those that are known.
    NoMergeOfFacts,
    /// A canceled sweep lets its running runs go on.
    CancelsSoftly,
    /// The work of a group is done twice.
    RepeatsGroups,
    /// What is reported in a group is acknowledged and not stored.
    LosesInGroups,
    /// Whoever waits for a change is answered that there is none.
    MissesChanges,
    /// The last value of a curve is not in its last bucket.
    CutsBuckets,
    /// An agent that was drained is told to wait.
    HidesDrains,
    /// An agent that is drained loses its run.
    DrainsRuns,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 27] = [
        Self::NoFencing,
        Self::NoStoredAnswer,
        Self::NoSequenceCheck,
        Self::CapOffByOne,
        Self::NoCompareAndSet,
        Self::LosesRows,
        Self::HidesStops,
        Self::ForgetsStops,
        Self::StopsFail,
        Self::IgnoresBeats,
        Self::LeavesRuns,
        Self::RetriesForEver,
        Self::ForgetsRows,
        Self::IgnoresResumed,
        Self::ResumesForEver,
        Self::SkipsChanges,
        Self::RepeatsEvents,
        Self::PraisesFailures,
        Self::NoPlaceOfOutput,
        Self::NoMergeOfFacts,
        Self::CancelsSoftly,
        Self::RepeatsGroups,
        Self::LosesInGroups,
        Self::MissesChanges,
        Self::CutsBuckets,
        Self::HidesDrains,
        Self::DrainsRuns,
    ];
}

/// A store that breaks a rule.
#[derive(Debug)]
pub struct Mutated<S> {
    store: S,
    mutant: Option<Mutant>,
    /// The newest request of each agent, where claims are answered anew.
    requests: BTreeMap<AgentId, u64>,
    /// The runs whose programs have gone on from a checkpoint.
    resumed: BTreeSet<(SweepId, RunNumber)>,
    /// Whether a group is at work.
    is_grouped: bool,
}

impl<S: Store> Mutated<S> {
    /// The store, breaking a rule; as it is, if none.
    pub fn new(store: S, mutant: Option<Mutant>) -> Self {
        Self { store, mutant, requests: BTreeMap::new(), resumed: BTreeSet::new(), is_grouped: false }
    }

    fn breaks(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// The lease under which a call is made.
    fn lease(&mut self, lease: &Lease) -> Result<Lease, StoreError> {
        let mut lease = lease.clone();
        if self.breaks(Mutant::NoFencing) {
            lease.attempt = self.store.run(&lease.sweep, lease.run)?.attempt;
        }
        Ok(lease)
    }

    fn reply(&self, reply: Reply) -> Reply {
        match reply {
            Reply::Stop { .. } if self.breaks(Mutant::HidesStops) => Reply::Continue,
            reply => reply,
        }
    }

    /// Whether a stopping rule wants the end of a run.
    fn is_stopped(&mut self, lease: &Lease) -> Result<bool, StoreError> {
        Ok(self.store.run(&lease.sweep, lease.run)?.stop_kind == Some(StopKind::Early))
    }

    fn shown(&self, mut row: SweepRow) -> SweepRow {
        if self.breaks(Mutant::CapOffByOne) {
            row.new.run_cap = row.new.run_cap.map(|cap| cap - 1);
        }
        row
    }
}

impl<S: Store> Queue for Mutated<S> {
    forward_queue!([join, idle, held, running, give_back, quarantine] | self, call | call(&mut self.store));

    fn claim(&mut self, agent: AgentId, request: u64) -> Result<Claim, StoreError> {
        if !self.breaks(Mutant::NoStoredAnswer) {
            let claim = self.store.claim(agent, request)?;
            if let Claim::Run(run) = &claim
                && self.breaks(Mutant::ResumesForEver)
                && self.resumed.contains(&(run.lease.sweep.clone(), run.lease.run))
            {
                self.store.resume(&run.lease)?;
            }
            return Ok(match claim {
                Claim::Drained if self.breaks(Mutant::HidesDrains) => Claim::Nothing(SweepState::Running),
                claim => claim,
            });
        }
        let next = self.requests.get(&agent).copied().unwrap_or_default() + 1;
        let claim = self.store.claim(agent, next)?;
        if matches!(claim, Claim::Run(_)) {
            self.requests.insert(agent, next);
        }
        Ok(claim)
    }

    fn report(&mut self, lease: &Lease, rows: &[Row]) -> Result<Reply, StoreError> {
        let lease = self.lease(lease)?;
        let mut rows = rows.to_vec();
        if self.breaks(Mutant::NoSequenceCheck) {
            let run = self.store.run(&lease.sweep, lease.run)?;
            rows = (run.rows - run.kept + 1..).zip(rows).map(|(seq, row)| Row { seq, ..row }).collect();
        }
        if self.breaks(Mutant::LosesRows) && rows.len() > 1 {
            rows.pop();
        }
        if self.breaks(Mutant::LosesInGroups) && self.is_grouped {
            rows.clear();
        }
        let reply = self.store.report(&lease, &rows)?;
        Ok(self.reply(reply))
    }

    fn describe(&mut self, lease: &Lease, facts: &Map<String, Value>) -> Result<Reply, StoreError> {
        let mut facts = facts.clone();
        if self.breaks(Mutant::NoMergeOfFacts) {
            let known = self.store.facts(&lease.sweep, lease.run, Some(lease.attempt))?;
            for (key, _) in known {
                facts.entry(key).or_insert(Value::Null);
            }
        }
        let reply = self.store.describe(lease, &facts)?;
        Ok(self.reply(reply))
    }

    fn print(&mut self, lease: &Lease, from: u64, text: &str) -> Result<Reply, StoreError> {
        let from = match self.breaks(Mutant::NoPlaceOfOutput) {
            true => self.store.output(&lease.sweep, lease.run, Some(lease.attempt))?.total.max(from),
            false => from,
        };
        let reply = self.store.print(lease, from, text)?;
        Ok(self.reply(reply))
    }

    fn resume(&mut self, lease: &Lease) -> Result<Reply, StoreError> {
        let reply = match self.breaks(Mutant::IgnoresResumed) {
            true => self.store.report(lease, &[])?,
            false => self.store.resume(lease)?,
        };
        self.resumed.insert((lease.sweep.clone(), lease.run));
        Ok(self.reply(reply))
    }

    fn finish(&mut self, lease: &Lease, end: &End) -> Result<Reply, StoreError> {
        let (lease, mut end) = (self.lease(lease)?, end.clone());
        if self.breaks(Mutant::StopsFail) && end.state != RunState::Failed && self.is_stopped(&lease)? {
            end.state = RunState::Failed;
        }
        end.keeps_rows &= !self.breaks(Mutant::ForgetsRows);
        let reply = self.store.finish(&lease, &end)?;
        if self.breaks(Mutant::RetriesForEver) && end.state == RunState::Crashed {
            let _ = self.store.retry(&lease.sweep, &[RunState::Crashed])?;
        }
        Ok(reply)
    }

    fn leave(&mut self, agent: AgentId) -> Result<(), StoreError> {
        match self.breaks(Mutant::LeavesRuns) {
            true => self.store.idle(agent).map(drop),
            false => self.store.leave(agent),
        }
    }

    fn give_up(&mut self, lease: &Lease, beat: u64) -> Result<bool, StoreError> {
        let is_same = |held: &&HeldRun| held.lease == *lease;
        let beat = match self.breaks(Mutant::IgnoresBeats) {
            true => self.store.running(&lease.sweep)?.iter().find(is_same).map_or(beat, |held| held.beat),
            false => beat,
        };
        self.store.give_up(lease, beat)
    }

    fn wait(&mut self, sweep: &SweepId, since: u64, at_most: Duration) -> Result<u64, StoreError> {
        let cursor = self.store.wait(sweep, since, at_most)?;
        Ok(if self.breaks(Mutant::MissesChanges) { since } else { cursor })
    }
}

impl<S: Store> Store for Mutated<S> {
    fn create_with(&mut self, sweep: &NewSweep, past: &[PastRun]) -> Result<(), StoreError> {
        let mut sweep = sweep.clone();
        if self.breaks(Mutant::CapOffByOne) {
            sweep.run_cap = sweep.run_cap.map(|cap| cap + 1);
        }
        self.store.create_with(&sweep, past)
    }

    fn set_run_cap(&mut self, id: &SweepId, cap: Option<u64>) -> Result<(), StoreError> {
        let more = u64::from(self.breaks(Mutant::CapOffByOne));
        self.store.set_run_cap(id, cap.map(|cap| cap + more))
    }

    fn remove_sweep(&mut self, id: &SweepId) -> Result<(), StoreError> {
        self.store.remove_sweep(id)
    }

    fn sweep(&mut self, id: &SweepId) -> Result<SweepRow, StoreError> {
        let row = self.store.sweep(id)?;
        Ok(self.shown(row))
    }

    fn sweeps(&mut self) -> Result<Vec<SweepRow>, StoreError> {
        let rows = self.store.sweeps()?;
        Ok(rows.into_iter().map(|row| self.shown(row)).collect())
    }

    fn set_state(&mut self, id: &SweepId, to: SweepState, reason: Option<&str>) -> Result<(), StoreError> {
        let is_soft = to == SweepState::Canceled && self.breaks(Mutant::CancelsSoftly);
        self.store.set_state(id, if is_soft { SweepState::Finished } else { to }, reason)
    }

    fn changes(&mut self, id: &SweepId, since: u64) -> Result<Changes, StoreError> {
        let mut changes = self.store.changes(id, since)?;
        if self.breaks(Mutant::SkipsChanges) && since > 0 {
            changes.runs.pop();
        }
        Ok(changes)
    }

    fn add_runs(
        &mut self,
        id: &SweepId,
        first: RunNumber,
        runs: &[NewRun],
        seen: Option<&Seen>,
    ) -> Result<Added, StoreError> {
        match self.store.add_runs(id, first, runs, seen)? {
            Added::Lost(next) if self.breaks(Mutant::NoCompareAndSet) => {
                self.store.add_runs(id, next, runs, seen)
            }
            added => Ok(added),
        }
    }

    fn request_stops(
        &mut self,
        id: &SweepId,
        stops: &[(RunNumber, String)],
        kind: StopKind,
    ) -> Result<u64, StoreError> {
        let forgotten = usize::from(self.breaks(Mutant::ForgetsStops) && stops.len() > 1);
        self.store.request_stops(id, &stops[forgotten..], kind)
    }

    fn drain(&mut self, id: &SweepId, agents: &[AgentId]) -> Result<u64, StoreError> {
        let drained = self.store.drain(id, agents)?;
        if self.breaks(Mutant::DrainsRuns) {
            agents.iter().try_for_each(|agent| self.store.leave(*agent))?;
        }
        Ok(drained)
    }

    fn events(
        &mut self,
        id: &SweepId,
        run: Option<RunNumber>,
        after: u64,
        limit: u64,
    ) -> Result<Vec<Event>, StoreError> {
        let again = u64::from(self.breaks(Mutant::RepeatsEvents));
        self.store.events(id, run, after.saturating_sub(again), limit)
    }

    fn status(&mut self, id: &SweepId) -> Result<Status, StoreError> {
        let mut status = self.store.status(id)?;
        if self.breaks(Mutant::PraisesFailures) {
            status.best = status.better_uncounted.or(status.best);
        }
        Ok(status)
    }

    fn curve_view(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        metric: usize,
        from: usize,
        to: usize,
        buckets: usize,
    ) -> Result<Vec<Bucket>, StoreError> {
        let to = match self.breaks(Mutant::CutsBuckets) {
            true => self.store.curve(id, number, metric)?.len().min(to).saturating_sub(1),
            false => to,
        };
        self.store.curve_view(id, number, metric, from, to, buckets)
    }

    fn asked_by(&mut self, who: &str, work: &mut dyn FnMut(&mut dyn Store)) -> Result<(), StoreError> {
        let Self { mutant, requests, resumed, is_grouped, .. } = self;
        self.store.asked_by(who, &mut |store| {
            let mut asked = Mutated {
                store: &mut *store,
                mutant: *mutant,
                requests: take(requests),
                resumed: take(resumed),
                is_grouped: *is_grouped,
            };
            work(&mut asked);
            (*requests, *resumed) = (asked.requests, asked.resumed);
        })
    }

    fn group(&mut self, work: &mut dyn FnMut(&mut dyn Store)) -> Result<(), StoreError> {
        let (mutant, requests, resumed) = (self.mutant, &mut self.requests, &mut self.resumed);
        let times = if mutant == Some(Mutant::RepeatsGroups) { 2 } else { 1 };
        self.store.group(&mut |store| {
            for _ in 0..times {
                let mut grouped = Mutated {
                    store: &mut *store,
                    mutant,
                    requests: take(requests),
                    resumed: take(resumed),
                    is_grouped: true,
                };
                work(&mut grouped);
                (*requests, *resumed) = (grouped.requests, grouped.resumed);
            }
        })
    }

    forward_store! { @ self call call(&mut self.store);
        pause(id: &SweepId, by: PausedBy, reason: Option<&str>) -> ();
        set_label(id: &SweepId, key: &str, value: Option<&str>) -> ();
        retry(id: &SweepId, states: &[RunState]) -> u64;
        retry_runs(id: &SweepId, runs: &[RunNumber]) -> u64;
        runs(id: &SweepId, query: &RunQuery) -> Vec<RunRow>;
        run(id: &SweepId, number: RunNumber) -> RunRow;
        seen(id: &SweepId, number: RunNumber) -> Option<Seen>;
        attempts(id: &SweepId, number: RunNumber) -> Vec<Attempt>;
        facts(id: &SweepId, number: RunNumber, attempt: Option<u64>) -> Map<String, Value>;
        annotate(id: &SweepId, number: RunNumber, facts: &Map<String, Value>) -> ();
        output(id: &SweepId, number: RunNumber, attempt: Option<u64>) -> Output;
        rows(id: &SweepId, number: RunNumber, attempt: Option<u64>) -> Vec<Row>;
        rows_after(id: &SweepId, number: RunNumber, attempt: Option<u64>, after: u64, limit: u64) -> Vec<Row>;
        logged(id: &SweepId, number: RunNumber, attempt: Option<u64>) -> LoggedKeys;
        curve(id: &SweepId, number: RunNumber, metric: usize) -> Vec<f64>;
        agents(id: &SweepId) -> Vec<AgentRow>;
    }
}
