//! Playing a script on store and model at once.

use std::fmt::Debug;
use std::mem::take;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use besom_core::{Goal, RunNumber};
use serde_json::{Map, Value, json};

use super::compare::{Sides, agree_at_last, agree_on_runs};
use super::fold::Folded;
use super::removal::removal_is_whole;
use super::script::{FOLLOWERS, Script, Step, Terms, WATCHED};
use super::verdict::{Verdict, expect_ok, same, same_reply};
use super::view::{all_runs, folded};
use crate::{
    AgentId, Claim, Clock, End, Lease, MemoryStore, NewAgent, NewRun, NewSweep, PastRun, Queue, Row, Seen,
    Store, StoreError, SweepId, SweepState, Watched,
};

/// Why a call was refused, if it may be.
#[derive(Debug, PartialEq)]
enum Refusal {
    /// For this edge of the sweep.
    Transition(SweepState, SweepState),
    /// For its size.
    TooLarge(u64),
    /// For an agent of another sweep.
    NoAgent,
}

/// Store and model side by side, with what their users know.
pub(super) struct Stage<S> {
    store: S,
    model: MemoryStore,
    sweeps: Vec<SweepId>,
    agents: Vec<Member>,
    /// All leases that were ever given, oldest first.
    leases: Vec<Lease>,
    followers: Vec<[Folded; FOLLOWERS]>,
    calls: Vec<Call>,
    time: Arc<AtomicU64>,
    added: i64,
}

/// An agent.
#[derive(Clone, Copy)]
struct Member {
    /// Its ids in the store and in the model.
    ids: (AgentId, AgentId),
    /// Its newest claim that got a run.
    request: u64,
}

/// A call of an agent, to be made again.
#[derive(Clone, Debug)]
enum Call {
    Claim(usize, u64),
    Report(Lease, Vec<Row>),
    Describe(Lease, Map<String, Value>),
    Print(Lease, u64, String),
    Resume(Lease),
    Finish(Lease, End),
    Leave(usize),
}

/// Plays a script on a new store.
pub(super) fn play<S: Store>(make: &impl Fn(Clock) -> S, script: &Script) -> Verdict {
    let time = Arc::new(AtomicU64::new(1_000));
    let (theirs, ours) = (Arc::clone(&time), Arc::clone(&time));
    let store = make(Arc::new(move || theirs.load(Ordering::SeqCst)));
    let model = MemoryStore::new(Arc::new(move || ours.load(Ordering::SeqCst)));
    let mut stage = Stage::new(store, model, time, script)?;
    for (place, step) in script.steps.iter().enumerate() {
        let verdict = stage.act(step).and_then(|()| stage.compare(agree_on_runs));
        verdict.map_err(|broken| format!("after step {} ({step:?}): {broken}", place + 1))?;
    }
    stage.follow_all()?;
    stage.compare(agree_at_last)?;
    stage.compare(removal_is_whole)
}

impl<S> Stage<S> {
    /// The same with another store. This one knows nothing any more.
    fn hand_over<T>(&mut self, store: T) -> Stage<T> {
        Stage {
            store,
            model: self.model.clone(),
            sweeps: self.sweeps.clone(),
            agents: take(&mut self.agents),
            leases: take(&mut self.leases),
            followers: take(&mut self.followers),
            calls: take(&mut self.calls),
            time: Arc::clone(&self.time),
            added: self.added,
        }
    }

    /// Takes back what was handed over, with what was learned since.
    fn learn(&mut self, known: Stage<()>) {
        let Stage { agents, leases, followers, calls, added, .. } = known;
        (self.agents, self.leases, self.followers) = (agents, leases, followers);
        (self.calls, self.added) = (calls, added);
    }
}

impl<S: Store> Stage<S> {
    fn new(
        mut store: S,
        mut model: MemoryStore,
        time: Arc<AtomicU64>,
        script: &Script,
    ) -> Result<Self, String> {
        let sweeps: Vec<NewSweep> = ["first", "other"].into_iter().zip(&script.sweeps).map(sweep).collect();
        for (sweep, terms) in sweeps.iter().zip(&script.sweeps) {
            create(&mut store, &mut model, sweep, &past(terms))?;
        }
        let ids: Vec<SweepId> = sweeps.iter().map(|sweep| sweep.id.clone()).collect();
        let again = store.create_sweep(&sweeps[0]);
        if !matches!(&again, Err(StoreError::SweepExists(id)) if *id == ids[0]) {
            return Err(format!("the same sweep was created twice: {again:?}"));
        }
        Ok(Self {
            store,
            model,
            sweeps: ids,
            agents: Vec::new(),
            leases: Vec::new(),
            followers: vec![Default::default(), Default::default()],
            calls: Vec::new(),
            time,
            added: 0,
        })
    }

    fn compare(&mut self, agree: impl FnOnce(&mut Sides<'_, S>) -> Verdict) -> Verdict {
        let agents: Vec<_> = self.agents.iter().map(|agent| agent.ids).collect();
        let Self { store, model, sweeps, leases, .. } = self;
        agree(&mut Sides { store, model, sweeps, agents: &agents, leases })
    }

    fn act(&mut self, step: &Step) -> Verdict {
        match step {
            Step::Pass { ms } => {
                self.pass(*ms);
                Ok(())
            }
            Step::Join { sweep, timeout_ms } => self.join(*sweep, Duration::from_millis(*timeout_ms)),
            Step::Follow { sweep, follower } => self.follow(*sweep, *follower),
            Step::Group { steps } => self.group(steps),
            Step::Add { sweep, offset, count } => self.add(*sweep, *offset, *count),
            Step::SetState { sweep, to, reason } => {
                self.refusable("set_state", *sweep, |store, id| store.set_state(id, *to, reason.as_deref()))
            }
            Step::Pause { sweep, by } => {
                self.refusable("pause", *sweep, |store, id| store.pause(id, *by, Some("broken")))
            }
            Step::Label { sweep, key, value } => {
                let key = ["project", "tags"][*key];
                self.refusable("set_label", *sweep, |store, id| store.set_label(id, key, value.as_deref()))
            }
            Step::Annotate { sweep, run, facts } => {
                let count = self.count(*sweep)?;
                let Some(run) = run.checked_rem(count).map(RunNumber::from_index) else { return Ok(()) };
                self.refusable("annotate", *sweep, |store, id| store.annotate(id, run, facts))
            }
            Step::GiveBack { lease, lost } => match self.lease(*lease) {
                Some(lease) => (0..=u32::from(*lost)).try_for_each(|_| self.give_back(&lease)),
                None => Ok(()),
            },
            Step::Quarantine { agent, lost } => {
                (0..=u32::from(*lost)).try_for_each(|_| self.quarantine(*agent))
            }
            Step::Drain { sweep, agents } => self.drain(*sweep, agents),
            Step::Cap { sweep, cap } => {
                self.refusable("set_run_cap", *sweep, |store, id| store.set_run_cap(id, *cap))
            }
            Step::Retry { sweep, states } => {
                self.refusable("retry", *sweep, |store, id| store.retry(id, states))
            }
            Step::RetryRuns { sweep, runs } => {
                let count = self.count(*sweep)?;
                let chosen = runs.iter().filter(|_| count > 0).map(|run| RunNumber::from_index(run % count));
                let runs: Vec<RunNumber> = chosen.collect();
                self.refusable("retry_runs", *sweep, |store, id| store.retry_runs(id, &runs))
            }
            Step::Stops { sweep, runs, kind } => {
                let count = self.count(*sweep)?;
                let chosen = runs.iter().filter(|_| count > 0).map(|run| RunNumber::from_index(run % count));
                let stops: Vec<_> = chosen.map(|run| (run, format!("rule {run}"))).collect();
                self.refusable("request_stops", *sweep, |store, id| store.request_stops(id, &stops, *kind))
            }
            Step::GiveUpAll { sweep, later } => self.give_up_all(*sweep, *later),
            Step::GiveUp { lease, beat } => {
                self.lease(*lease).map_or(Ok(()), |lease| self.give_up(&lease, *beat))
            }
            Step::Claim { .. }
            | Step::Report { .. }
            | Step::Describe { .. }
            | Step::Print { .. }
            | Step::Resume { .. }
            | Step::Finish { .. }
            | Step::Idle { .. }
            | Step::Leave { .. }
            | Step::Again { .. } => self.act_as_agent(step),
        }
    }

    /// Takes steps in one group, of which each may be refused; within it, all is as it is without.
    fn group(&mut self, steps: &[Step]) -> Verdict {
        let mut known = self.hand_over(());
        let mut verdicts = Vec::new();
        let grouped = self.store.group(&mut |store| {
            let mut stage = known.hand_over(store);
            verdicts.push(
                steps.iter().try_for_each(|step| stage.act(step).and_then(|()| stage.compare(agree_on_runs))),
            );
            known = stage.hand_over(());
        });
        self.learn(known);
        expect_ok("group", grouped)?;
        same("the number of times that the work of a group was done", &verdicts.len(), &1)?;
        verdicts.remove(0)
    }

    fn pass(&mut self, ms: i64) {
        let now = self.time.load(Ordering::SeqCst).saturating_add_signed(ms);
        self.time.store(now, Ordering::SeqCst);
    }

    fn join(&mut self, sweep: usize, timeout: Duration) -> Verdict {
        let new = NewAgent::new(format!("agent {}", self.agents.len()), timeout);
        let id = expect_ok("join", self.store.join(&self.sweeps[sweep], &new))?;
        if self.agents.iter().any(|agent| agent.ids.0 == id) {
            return Err(format!("the id {id:?} was given to two agents"));
        }
        let models = expect_ok("join", self.model.join(&self.sweeps[sweep], &new))?;
        self.agents.push(Member { ids: (id, models), request: 0 });
        Ok(())
    }

    /// Makes a call on both, which may be refused for the state of the sweep.
    fn refusable<T: PartialEq + Debug>(
        &mut self,
        what: &str,
        sweep: usize,
        call: impl Fn(&mut dyn Store, &SweepId) -> Result<T, StoreError>,
    ) -> Verdict {
        let id = &self.sweeps[sweep];
        let found = refusal(call(&mut self.store, id))?;
        same(what, &found, &refusal(call(&mut self.model, id))?)
    }

    fn act_as_agent(&mut self, step: &Step) -> Verdict {
        let agents = self.agents.len();
        let (call, lost) = match step {
            Step::Claim { agent, age, lost } if agents > 0 => {
                let request = (self.agents[agent % agents].request + 1).saturating_sub(*age);
                (Call::Claim(agent % agents, request), *lost)
            }
            Step::Leave { agent, lost } if agents > 0 => (Call::Leave(agent % agents), *lost),
            Step::Idle { agent } if agents > 0 => {
                let (id, models) = self.agents[agent % agents].ids;
                let found = expect_ok("idle", self.store.idle(id))?;
                return same("idle", &found, &expect_ok("idle", self.model.idle(models))?);
            }
            Step::Report { lease, offset, rows, lost } => match self.lease(*lease) {
                Some(lease) => {
                    let run = expect_ok("run", self.model.run(&lease.sweep, lease.run))?;
                    let first = (run.rows - run.kept).saturating_add_signed(*offset + 1);
                    let rows = (first..).zip(rows).map(|(seq, values)| Row::new(seq, values.clone()));
                    (Call::Report(lease, rows.collect()), *lost)
                }
                None => return Ok(()),
            },
            Step::Describe { lease, facts, lost } => match self.lease(*lease) {
                Some(lease) => (Call::Describe(lease, facts.clone()), *lost),
                None => return Ok(()),
            },
            Step::Print { lease, offset, text, lost } => match self.lease(*lease) {
                Some(lease) => {
                    let output = expect_ok("output", self.model.output(&lease.sweep, lease.run, None))?;
                    let from = output.total.saturating_add_signed(*offset);
                    (Call::Print(lease, from, text.clone()), *lost)
                }
                None => return Ok(()),
            },
            Step::Resume { lease, lost } => match self.lease(*lease) {
                Some(lease) => (Call::Resume(lease), *lost),
                None => return Ok(()),
            },
            Step::Finish { lease, end, lost } => match self.lease(*lease) {
                Some(lease) => (Call::Finish(lease, end.clone()), *lost),
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
            Call::Claim(agent, request) => return self.claim(*agent, *request),
            Call::Report(lease, rows) => {
                let found = expect_ok("report", self.store.report(lease, rows))?;
                same_reply("report", &found, &expect_ok("report", self.model.report(lease, rows))?)?;
            }
            Call::Describe(lease, facts) => {
                let found = refusal(self.store.describe(lease, facts))?;
                match (&found, &refusal(self.model.describe(lease, facts))?) {
                    (Ok(found), Ok(expected)) => same_reply("describe", found, expected)?,
                    (found, expected) => same("describe", found, expected)?,
                }
            }
            Call::Print(lease, from, text) => {
                let found = expect_ok("print", self.store.print(lease, *from, text))?;
                same_reply("print", &found, &expect_ok("print", self.model.print(lease, *from, text))?)?;
            }
            Call::Resume(lease) => {
                let found = expect_ok("resume", self.store.resume(lease))?;
                same_reply("resume", &found, &expect_ok("resume", self.model.resume(lease))?)?;
            }
            Call::Finish(lease, end) => {
                match (self.store.finish(lease, end), self.model.finish(lease, end)) {
                    (Err(StoreError::NotAnEnd(state)), Err(_)) if state == end.state => {}
                    (found, Ok(expected)) => same_reply("finish", &expect_ok("finish", found)?, &expected)?,
                    (found, Err(_)) => {
                        return Err(format!("finish accepted the state {}: {found:?}", end.state));
                    }
                }
            }
            Call::Leave(agent) => {
                let (id, models) = self.agents[*agent].ids;
                expect_ok("leave", self.model.leave(models))?;
                expect_ok("leave", self.store.leave(id))?;
            }
        }
        Ok(true)
    }

    fn claim(&mut self, agent: usize, request: u64) -> Result<bool, String> {
        let (id, models) = self.agents[agent].ids;
        let found = expect_ok("claim", self.store.claim(id, request))?;
        same("claim", &found, &expect_ok("claim", self.model.claim(models, request))?)?;
        let Claim::Run(run) = found else { return Ok(false) };
        self.agents[agent].request = request;
        if !self.leases.contains(&run.lease) {
            self.leases.push(run.lease);
        }
        Ok(true)
    }

    fn add(&mut self, sweep: usize, offset: i64, count: usize) -> Verdict {
        let next = self.count(sweep)? as u64 + 1;
        let first = RunNumber::new(next.saturating_add_signed(offset)).unwrap_or(RunNumber::FIRST);
        let runs: Vec<NewRun> = (0..count).map(|_| self.new_run()).collect();
        let rows = (1..next).filter_map(RunNumber::new).zip(0..).collect();
        let seen = (count > 1).then_some(Seen::new(next * 7, next - 1, rows));
        self.refusable("add_runs", sweep, |store, id| store.add_runs(id, first, &runs, seen.as_ref()))
    }

    /// How many runs a sweep has.
    fn count(&mut self, sweep: usize) -> Result<usize, String> {
        Ok(all_runs(&mut self.model, &self.sweeps[sweep])?.len())
    }

    /// A run unlike all others, with a number that does not survive careless printing.
    fn new_run(&mut self) -> NewRun {
        self.added += 1;
        let point =
            json!({"id": self.added, "lr": 0.1 + 0.2 * self.added as f64, "opt": {"name": "\u{1F9F9}\n"}});
        let note = json!({"why": format!("run {}", self.added)});
        let object = |value: serde_json::Value| value.as_object().cloned().unwrap_or_else(Map::new);
        NewRun::new(object(point)).note(object(note))
    }

    /// Gives up all that runs as it is seen, or as it was seen before a sign of life.
    fn give_up_all(&mut self, sweep: usize, later: bool) -> Verdict {
        let id = &self.sweeps[sweep];
        let running = expect_ok("running", self.store.running(id))?;
        same("running", &running, &expect_ok("running", self.model.running(id))?)?;
        for held in running {
            if later {
                expect_ok("report", self.model.report(&held.lease, &[]))?;
                expect_ok("report", self.store.report(&held.lease, &[]))?;
            }
            self.give_up(&held.lease, held.beat)?;
        }
        Ok(())
    }

    fn give_up(&mut self, lease: &Lease, beat: u64) -> Verdict {
        let found = expect_ok("give_up", self.store.give_up(lease, beat))?;
        same("give_up", &found, &expect_ok("give_up", self.model.give_up(lease, beat))?)
    }

    fn give_back(&mut self, lease: &Lease) -> Verdict {
        let found = expect_ok("give_back", self.store.give_back(lease, "bad luck"))?;
        same("give_back", &found, &expect_ok("give_back", self.model.give_back(lease, "bad luck"))?)
    }

    fn quarantine(&mut self, agent: usize) -> Verdict {
        if self.agents.is_empty() {
            return Ok(());
        }
        let (id, models) = self.agents[agent % self.agents.len()].ids;
        let found = expect_ok("quarantine", self.store.quarantine(id, "all fails here"))?;
        same("quarantine", &found, &expect_ok("quarantine", self.model.quarantine(models, "all fails here"))?)
    }

    fn drain(&mut self, sweep: usize, agents: &[usize]) -> Verdict {
        let chosen = agents.iter().filter(|_| !self.agents.is_empty());
        let (ids, models): (Vec<_>, Vec<_>) =
            chosen.map(|agent| self.agents[agent % self.agents.len()].ids).unzip();
        let id = &self.sweeps[sweep];
        let found = refusal(self.store.drain(id, &ids))?;
        same("drain", &found, &refusal(self.model.drain(id, &models))?)
    }

    fn follow(&mut self, sweep: usize, follower: usize) -> Verdict {
        let id = &self.sweeps[sweep];
        let metrics = expect_ok("sweep", self.model.sweep(id))?.new.metrics.len();
        let follower = &mut self.followers[sweep][follower];
        let cursor = follower.cursor;
        let waited = expect_ok("wait", self.store.wait(id, cursor, Duration::ZERO))?;
        let changes = expect_ok("changes", self.store.changes(id, cursor))?;
        same("wait", &waited, &changes.upto)?;
        let models = expect_ok("changes", self.model.changes(id, 0))?.held_back;
        same("the number of runs held back", &changes.held_back, &models)?;
        follower.take(changes, metrics)?;
        let expected = folded(&mut self.model, id)?;
        if !follower.agrees(&expected) {
            return Err(format!("changes since {cursor} lead to {follower:#?}\nand not to {expected:#?}"));
        }
        let none = expect_ok("changes", self.store.changes(id, follower.cursor))?;
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

    fn lease(&self, back: usize) -> Option<Lease> {
        let count = self.leases.len();
        (count > 0).then(|| self.leases[count - 1 - back % count].clone())
    }
}

/// Creates a sweep with past runs; without them, where both refuse them.
fn create(store: &mut dyn Store, model: &mut MemoryStore, sweep: &NewSweep, past: &[PastRun]) -> Verdict {
    let (found, expected) = (store.create_with(sweep, past), model.create_with(sweep, past));
    let text = |answer: Result<(), StoreError>| answer.map_err(|error| error.to_string());
    let (found, expected) = (text(found), text(expected));
    same("create_with", &found, &expected)?;
    if expected.is_ok() {
        return Ok(());
    }
    same("sweep", &store.sweep(&sweep.id).is_err(), &true)?;
    expect_ok("create_sweep", store.create_sweep(sweep))?;
    expect_ok("create_sweep", model.create_sweep(sweep))
}

fn past(terms: &Terms) -> Vec<PastRun> {
    let run = |(end, rows): &(End, Vec<Map<String, Value>>)| {
        PastRun::new(NewRun::new(Map::new()), end.clone()).rows(rows.clone())
    };
    terms.past.iter().map(run).collect()
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
        labels: [("project".to_owned(), id.to_owned())].into(),
    }
}

fn refusal<T>(answer: Result<T, StoreError>) -> Result<Result<T, Refusal>, String> {
    match answer {
        Ok(done) => Ok(Ok(done)),
        Err(StoreError::Transition { from, to, .. }) => Ok(Err(Refusal::Transition(from, to))),
        Err(StoreError::TooLarge { bytes, .. }) => Ok(Err(Refusal::TooLarge(bytes))),
        Err(StoreError::NoAgent(_)) => Ok(Err(Refusal::NoAgent)),
        Err(other) => Err(other.to_string()),
    }
}
