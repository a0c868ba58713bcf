//! Playing a script on store and model at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use besom_core::{Goal, RunNumber};
use serde_json::{Map, json};

use super::compare::{Sides, agree_at_last, agree_on_runs};
use super::fold::Folded;
use super::model::{Model, Refusal};
use super::script::{FOLLOWERS, Script, Step, Terms, WATCHED};
use super::verdict::{Verdict, expect_ok, same, same_reply};
use crate::{
    AgentId, Claim, Clock, End, Lease, NewAgent, NewRun, NewSweep, Row, Seen, Store, StoreError, SweepId,
    Watched,
};

/// Store and model side by side, with what their users know.
pub(super) struct Stage<S> {
    store: S,
    model: Model,
    sweeps: Vec<SweepId>,
    /// The agents' ids in the store, in the model's order.
    agents: Vec<AgentId>,
    /// All leases that were ever given, oldest first.
    leases: Vec<(usize, Lease)>,
    followers: Vec<[Folded; FOLLOWERS]>,
    calls: Vec<Call>,
    time: Arc<AtomicU64>,
    added: i64,
}

/// A call of an agent, to be made again.
#[derive(Clone, Debug)]
enum Call {
    Claim(usize, u64),
    Report(usize, Lease, Vec<Row>),
    Finish(usize, Lease, End),
    Leave(usize),
}

/// Plays a script on a new store.
pub(super) fn play<S: Store>(make: &impl Fn(Clock) -> S, script: &Script) -> Verdict {
    let time = Arc::new(AtomicU64::new(1_000));
    let clock = Arc::clone(&time);
    let store = make(Arc::new(move || clock.load(Ordering::SeqCst)));
    let mut stage = Stage::new(store, time, script)?;
    for (place, step) in script.steps.iter().enumerate() {
        let verdict = stage.act(step).and_then(|()| agree_on_runs(&mut stage.sides()));
        verdict.map_err(|broken| format!("after step {} ({step:?}): {broken}", place + 1))?;
    }
    stage.follow_all()?;
    agree_at_last(&mut stage.sides())
}

impl<S: Store> Stage<S> {
    fn new(mut store: S, time: Arc<AtomicU64>, script: &Script) -> Result<Self, String> {
        let sweeps: Vec<NewSweep> = ["first", "other"].into_iter().zip(&script.sweeps).map(sweep).collect();
        for sweep in &sweeps {
            store.create_sweep(sweep).map_err(|error| format!("create_sweep: {error}"))?;
        }
        let ids: Vec<SweepId> = sweeps.iter().map(|sweep| sweep.id.clone()).collect();
        let again = store.create_sweep(&sweeps[0]);
        if !matches!(&again, Err(StoreError::SweepExists(id)) if *id == ids[0]) {
            return Err(format!("the same sweep was created twice: {again:?}"));
        }
        Ok(Self {
            store,
            model: Model::new(time.load(Ordering::SeqCst), sweeps),
            sweeps: ids,
            agents: Vec::new(),
            leases: Vec::new(),
            followers: vec![Default::default(), Default::default()],
            calls: Vec::new(),
            time,
            added: 0,
        })
    }

    fn sides(&mut self) -> Sides<'_, S> {
        let Self { store, model, sweeps, agents, leases, .. } = self;
        Sides { store, model, sweeps, agents, leases }
    }

    fn act(&mut self, step: &Step) -> Verdict {
        match step {
            Step::Pass { ms } => {
                self.pass(*ms);
                Ok(())
            }
            Step::Join { sweep, timeout_ms } => {
                let timeout = Duration::from_millis(*timeout_ms);
                let new = NewAgent::new(format!("agent {}", self.agents.len()), timeout);
                self.agents.push(expect_ok("join", self.store.join(&self.sweeps[*sweep], &new))?);
                self.model.join(*sweep, new);
                Ok(())
            }
            Step::Follow { sweep, follower } => self.follow(*sweep, *follower),
            Step::Add { sweep, offset, count } => self.add(*sweep, *offset, *count),
            Step::SetState { sweep, to, reason } => {
                let found = self.store.set_state(&self.sweeps[*sweep], *to, reason.as_deref());
                same("set_state", &refusal(found)?, &self.model.set_state(*sweep, *to, reason.as_deref()))
            }
            Step::Pause { sweep, by } => {
                let found = self.store.pause(&self.sweeps[*sweep], *by, Some("broken"));
                same("pause", &refusal(found)?, &self.model.pause(*sweep, *by, Some("broken")))
            }
            Step::ReportBroken { sweep, lost } => self.report_broken(*sweep, *lost),
            Step::Retry { sweep, states } => {
                let found = self.store.retry(&self.sweeps[*sweep], states);
                same("retry", &refusal(found)?, &self.model.retry(*sweep, states))
            }
            Step::Stops { sweep, runs, kind } => {
                let count = self.model.sweeps[*sweep].runs.len();
                let chosen = runs.iter().filter(|_| count > 0).map(|run| RunNumber::from_index(run % count));
                let stops: Vec<_> = chosen.map(|run| (run, format!("rule {run}"))).collect();
                let found = expect_ok(
                    "request_stops",
                    self.store.request_stops(&self.sweeps[*sweep], &stops, *kind),
                )?;
                same("request_stops", &found, &self.model.request_stops(*sweep, &stops, *kind))
            }
            Step::GiveUpSilent { sweep } => self.give_up_silent(*sweep),
            Step::GiveUp { lease, after_ms } => {
                self.pass(*after_ms);
                let lease = self.lease(*lease);
                lease.map_or(Ok(()), |(sweep, lease)| self.give_up(sweep, &lease))
            }
            Step::Claim { .. }
            | Step::Report { .. }
            | Step::Finish { .. }
            | Step::Idle { .. }
            | Step::Leave { .. }
            | Step::Again { .. } => self.act_as_agent(step),
        }
    }

    fn pass(&mut self, ms: i64) {
        self.model.now = self.model.now.saturating_add_signed(ms);
        self.time.store(self.model.now, Ordering::SeqCst);
    }

    fn act_as_agent(&mut self, step: &Step) -> Verdict {
        let agents = self.agents.len();
        let (call, lost) = match step {
            Step::Claim { agent, age, lost } if agents > 0 => {
                let request = (self.model.agents[agent % agents].request + 1).saturating_sub(*age);
                (Call::Claim(agent % agents, request), *lost)
            }
            Step::Leave { agent, lost } if agents > 0 => (Call::Leave(agent % agents), *lost),
            Step::Idle { agent } if agents > 0 => {
                self.model.hear(agent % agents);
                return expect_ok("idle", self.store.idle(self.agents[agent % agents]));
            }
            Step::Report { lease, offset, rows, lost } => match self.lease(*lease) {
                Some((sweep, lease)) => {
                    let first = self.stored(sweep, &lease).saturating_add_signed(*offset + 1);
                    let rows = (first..).zip(rows).map(|(seq, values)| Row { seq, values: values.clone() });
                    (Call::Report(sweep, lease, rows.collect()), *lost)
                }
                None => return Ok(()),
            },
            Step::Finish { lease, end, lost } => match self.lease(*lease) {
                Some((sweep, lease)) => (Call::Finish(sweep, lease, end.clone()), *lost),
                None => return Ok(()),
            },
            Step::Again { call } if !self.calls.is_empty() => {
                (self.calls[self.calls.len() - 1 - call % self.calls.len()].clone(), false)
            }
            _ => return Ok(()),
        };
        let answered = self.call(&call)?;
        if lost {
            self.call(&call).map_err(|broken| format!("repeated after a lost reply, {broken}"))?;
        }
        // A claim that got nothing left no trace, so that its number may get a run later.
        if answered {
            self.calls.push(call);
        }
        Ok(())
    }

    /// Makes a call and compares the answers. Returns whether a repeated call must get the same answer.
    fn call(&mut self, call: &Call) -> Result<bool, String> {
        match call {
            Call::Claim(agent, request) => {
                let found = expect_ok("claim", self.store.claim(self.agents[*agent], *request))?;
                same("claim", &found, &self.model.claim(*agent, *request))?;
                let Claim::Run(run) = found else { return Ok(false) };
                let given = (self.model.agents[*agent].sweep, run.lease);
                if !self.leases.contains(&given) {
                    self.leases.push(given);
                }
            }
            Call::Report(sweep, lease, rows) => {
                let found = expect_ok("report", self.store.report(lease, rows))?;
                same_reply("report", &found, &self.model.report(*sweep, lease, rows))?;
            }
            Call::Finish(sweep, lease, end) => {
                match (self.store.finish(lease, end), self.model.finish(*sweep, lease, end)) {
                    (Err(StoreError::NotAnEnd(state)), None) if state == end.state => {}
                    (found, Some(expected)) => same_reply("finish", &expect_ok("finish", found)?, &expected)?,
                    (found, None) => {
                        return Err(format!("finish accepted the state {}: {found:?}", end.state));
                    }
                }
            }
            Call::Leave(agent) => {
                self.model.leave(*agent);
                expect_ok("leave", self.store.leave(self.agents[*agent]))?;
            }
        }
        Ok(true)
    }

    fn add(&mut self, sweep: usize, offset: i64, count: usize) -> Verdict {
        let next = self.model.sweeps[sweep].runs.len() as u64 + 1;
        let first = RunNumber::new(next.saturating_add_signed(offset)).unwrap_or(RunNumber::FIRST);
        let runs: Vec<NewRun> = (0..count).map(|_| self.new_run()).collect();
        let rows = (1..next).filter_map(RunNumber::new).zip(0..).collect();
        let seen = (count > 1).then_some(Seen { upto: next * 7, runs: next - 1, rows });
        let found =
            expect_ok("add_runs", self.store.add_runs(&self.sweeps[sweep], first, &runs, seen.as_ref()))?;
        same("add_runs", &found, &self.model.add_runs(sweep, first, &runs, seen.as_ref()))
    }

    /// A run unlike all others, with a number that does not survive careless printing.
    fn new_run(&mut self) -> NewRun {
        self.added += 1;
        let point =
            json!({"id": self.added, "lr": 0.1 + 0.2 * self.added as f64, "opt": {"name": "\u{1F9F9}\n"}});
        let note = json!({"why": format!("run {}", self.added)});
        let object = |value: serde_json::Value| value.as_object().cloned().unwrap_or_else(Map::new);
        NewRun { point: object(point), note: object(note) }
    }

    fn give_up_silent(&mut self, sweep: usize) -> Verdict {
        let silent = expect_ok("silent", self.store.silent(&self.sweeps[sweep]))?;
        same("silent", &silent, &self.model.silent(sweep))?;
        silent.iter().try_for_each(|held| self.give_up(sweep, &held.lease))
    }

    fn report_broken(&mut self, sweep: usize, lost: bool) -> Verdict {
        for _ in 0..=u32::from(lost) {
            expect_ok(
                "report_broken",
                self.store.report_broken(&self.sweeps[sweep], "its program is broken"),
            )?;
            self.model.report_broken(sweep, "its program is broken");
        }
        Ok(())
    }

    fn give_up(&mut self, sweep: usize, lease: &Lease) -> Verdict {
        let found = expect_ok("give_up", self.store.give_up(lease))?;
        same("give_up", &found, &self.model.give_up(sweep, lease))
    }

    fn follow(&mut self, sweep: usize, follower: usize) -> Verdict {
        let metrics = self.model.sweeps[sweep].new.metrics.len();
        let cursor = self.followers[sweep][follower].cursor;
        let changes = expect_ok("changes", self.store.changes(&self.sweeps[sweep], cursor))?;
        let follower = &mut self.followers[sweep][follower];
        follower.take(changes, metrics)?;
        let expected = self.model.sweeps[sweep].folded();
        if !follower.agrees(&expected) {
            return Err(format!("changes since {cursor} lead to {follower:#?}\nand not to {expected:#?}"));
        }
        let none = expect_ok("changes", self.store.changes(&self.sweeps[sweep], follower.cursor))?;
        if follower.cursor > 0 && !none.runs.is_empty() {
            return Err(format!("nothing happened, and yet there are changes: {none:?}"));
        }
        Ok(())
    }

    /// Follows all sweeps with all followers.
    fn follow_all(&mut self) -> Verdict {
        let all =
            (0..self.sweeps.len()).flat_map(|sweep| (0..FOLLOWERS).map(move |follower| (sweep, follower)));
        all.into_iter().try_for_each(|(sweep, follower)| self.follow(sweep, follower))
    }

    fn lease(&self, back: usize) -> Option<(usize, Lease)> {
        let count = self.leases.len();
        (count > 0).then(|| self.leases[count - 1 - back % count].clone())
    }

    fn stored(&self, sweep: usize, lease: &Lease) -> u64 {
        let attempts = &self.model.sweeps[sweep].runs[lease.run.index()].attempts;
        attempts.last().map_or(0, |attempt| attempt.rows.len() as u64)
    }
}

fn sweep((id, terms): (&str, &Terms)) -> NewSweep {
    let goals =
        if terms.maximize { [Goal::Maximize, Goal::Minimize] } else { [Goal::Minimize, Goal::Maximize] };
    let watched = WATCHED.into_iter().take(terms.metrics);
    let metrics = watched.zip(goals).map(|(name, goal)| Watched { name: name.to_owned(), goal });
    NewSweep {
        id: SweepId::new(id),
        name: Some(format!("the {id} sweep")),
        text: "method: random\n".to_owned(),
        source: None,
        directory: Some("/somewhere".to_owned()),
        seed: u64::MAX - 1,
        metrics: metrics.collect(),
        run_cap: terms.run_cap,
        retry_crashed: terms.retry_crashed,
        retry_failed: terms.retry_failed,
    }
}

fn refusal<T>(answer: Result<T, StoreError>) -> Result<Result<T, Refusal>, String> {
    match answer {
        Ok(done) => Ok(Ok(done)),
        Err(StoreError::Transition { from, to, .. }) => Ok(Err((from, to))),
        Err(other) => Err(other.to_string()),
    }
}
