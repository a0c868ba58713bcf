//! A sweep is replayed from its store: what each run was suggested from is built again, and the same method suggests the
//! same run from it.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use besom_controller::{Controller, Sweep};
use besom_core::distribution::Continuous;
use besom_core::{
    Answer, Ask, BoxError, Distribution, Goal, History, ImputeWhileRunning, Metric, News, Options, Parameter,
    Problem, Registry, Run, RunNumber, RunState, Search, Space, Stop, Stopper, Suggestion,
};
use besom_store::{
    AgentId, Claim, ClaimedRun, End, Event, NewAgent, NewSweep, Queue, Row, Seen, SqliteStore, Store, SweepId,
};
use serde_json::json;

const RUNS: u64 = 40;

fn id() -> SweepId {
    SweepId::new("replayed")
}

fn problem() -> Problem {
    let x = Distribution::Continuous(Continuous::Uniform { min: -1.0, max: 1.0 });
    let space = Space::new(vec![Parameter::new("x", x)]).unwrap();
    let mut metric = Metric::new("loss", Goal::Minimize);
    metric.impute_while_running = ImputeWhileRunning::Best;
    Problem::new(space, metric).seed(5).run_cap(RUNS)
}

/// A method that learns from all runs that have logged, also from running ones.
fn search() -> Box<dyn Search> {
    let mut registry = Registry::new();
    besom_search::register(&mut registry);
    let options = Options::from_iter([("initial_points".to_owned(), json!(3))]);
    registry.search("tpe", &problem(), &options).unwrap().into_search().unwrap()
}

/// What histories a method was shown, by how many runs they had.
type Shown = Arc<Mutex<BTreeMap<u64, History>>>;

struct Recorded(Box<dyn Search>, Shown);

impl Search for Recorded {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        self.1.lock().unwrap().insert(ask.history.len() as u64, ask.history.clone());
        self.0.suggest(ask)
    }
}

/// Ends runs that were above 0.7 at their third value: some that a method suggests which learns.
struct Above;

impl Stopper for Above {
    fn stop(&mut self, _: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        let is_bad = |run: &Run| {
            run.state == RunState::Running && run.curve(0).values.get(2).is_some_and(|x| *x > 0.7)
        };
        let bad = history.iter().filter(|(_, run)| is_bad(run));
        Ok(bad.map(|(run, _)| Stop::new(run, "above 0.7")).collect())
    }
}

/// Agents that do by chance what agents do: report, finish, fail, are preempted, leave, are given up and return.
struct Stage {
    store: SqliteStore,
    shown: Shown,
    controllers: [Controller; 2],
    chance: u64,
}

struct Agent {
    id: AgentId,
    request: u64,
    run: Option<ClaimedRun>,
    seq: u64,
}

impl Stage {
    fn new() -> Self {
        // It ticks at each look, so that runs that are held back come again.
        let ticks = AtomicU64::new(0);
        let clock = move || ticks.fetch_add(100, Ordering::Relaxed);
        let mut store = SqliteStore::in_memory(Arc::new(clock)).unwrap();
        store.create_sweep(&new_sweep()).unwrap();
        let shown = Shown::default();
        let controllers = [(); 2].map(|()| {
            let search = Recorded(search(), Arc::clone(&shown));
            Controller::new(id(), Sweep::new(problem(), search).with_stopper(Above))
        });
        Self { store, shown, controllers, chance: 1 }
    }

    /// A number below `n`, by a linear congruential generator.
    fn draw(&mut self, n: u64) -> u64 {
        self.chance =
            self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) % n
    }

    fn join(&mut self) -> Agent {
        let new = NewAgent::new("agent", std::time::Duration::from_millis(10));
        Agent { id: self.store.join(&id(), &new).unwrap(), request: 0, run: None, seq: 0 }
    }

    fn play(&mut self) {
        let mut agents: Vec<Agent> = (0..3).map(|_| self.join()).collect();
        for _ in 0..2000 {
            let agent = usize::try_from(self.draw(3)).unwrap();
            self.act(&mut agents[agent]);
        }
    }

    fn act(&mut self, agent: &mut Agent) {
        let Some(run) = &agent.run else {
            let controller = usize::try_from(self.draw(2)).unwrap();
            let want = usize::try_from(self.draw(2)).unwrap() + 1;
            self.controllers[controller].step(&mut self.store, want).unwrap();
            return self.claim(agent);
        };
        let lease = run.lease.clone();
        let end = |state| End::new(state);
        match self.draw(12) {
            0..7 => {
                let x = run.point["x"].as_f64().unwrap();
                let loss = (x - 0.3).powi(2) + 2.0 / (agent.seq + 1) as f64;
                // A row without the metric is a row all the same.
                let values = if agent.seq % 4 == 1 { json!({"note": 1}) } else { json!({ "loss": loss }) };
                agent.seq += 1;
                let row = Row::new(agent.seq, values.as_object().unwrap().clone());
                self.store.report(&lease, &[row]).unwrap();
            }
            7 | 8 => {
                self.store.finish(&lease, &end(RunState::Finished)).unwrap();
                agent.run = None;
            }
            9 => {
                let state = [RunState::Failed, RunState::Preempted, RunState::Killed]
                    [usize::try_from(self.draw(3)).unwrap()];
                self.store.finish(&lease, &end(state)).unwrap();
                agent.run = None;
            }
            10 => {
                self.store.leave(agent.id).unwrap();
                agent.run = None;
            }
            _ => {
                // It is given up, others go on, and it may still return.
                let running = self.store.running(&id()).unwrap();
                let beat = running.iter().find(|held| held.lease == lease).map_or(0, |held| held.beat);
                self.store.give_up(&lease, beat).unwrap();
            }
        }
    }

    fn claim(&mut self, agent: &mut Agent) {
        if let Claim::Run(run) = self.store.claim(agent.id, agent.request + 1).unwrap() {
            (agent.request, agent.seq, agent.run) = (agent.request + 1, 0, Some(run));
        }
    }
}

fn new_sweep() -> NewSweep {
    NewSweep::new(id()).seed(5).metric("loss", Goal::Minimize).run_cap(RUNS).retry_crashed(1)
}

/// The history of a sweep as it was when something was suggested from it.
fn history_at(store: &mut dyn Store, problem: &Problem, seen: &Seen) -> History {
    (1..=seen.runs).map(|number| run_at(store, problem, seen, RunNumber::new(number).unwrap())).collect()
}

fn run_at(store: &mut dyn Store, problem: &Problem, seen: &Seen, number: RunNumber) -> Run {
    let row = store.run(&id(), number).unwrap();
    let mut history = History::new();
    history.push(Run::new(problem.space.read(&row.point)).with_note(row.note));
    let events = store.events(&id(), Some(number), 0, u64::MAX).unwrap();
    let (before, after) = events.split_at(events.partition_point(|event| event.seq <= seen.upto));
    let (mut attempt, mut state) = (0, RunState::Pending);
    for event in before {
        attempt = attempt_of(event).unwrap_or(attempt);
        state = match event.kind.as_str() {
            "added" | "retried" | "given_back" => RunState::Pending,
            "claimed" | "returned" => RunState::Running,
            "stop_requested" => {
                let reason = event.detail["reason"].as_str().map(str::to_owned);
                history.record(RunNumber::FIRST, News::Stopped(reason)).unwrap();
                state
            }
            end => end.parse().unwrap(),
        };
    }
    history.record(RunNumber::FIRST, News::State(state)).unwrap();
    let running = seen.rows.iter().find(|(run, _)| *run == number).map(|(_, rows)| *rows);
    let came_back = after
        .iter()
        .find(|event| event.kind == "returned" && attempt_of(event) == Some(attempt))
        .and_then(|event| event.detail["rows"].as_u64());
    assert_eq!(running.is_some(), state == RunState::Running, "run {number} {state} at {seen:?}");
    let rows = store.rows(&id(), number, Some(attempt)).unwrap();
    let until = running.or(came_back).unwrap_or(u64::MAX);
    let values =
        rows.iter().filter(|row| row.seq <= until).filter_map(|row| row.values.get("loss")?.as_f64());
    let values: Vec<f64> = values.collect();
    if !values.is_empty() {
        history.record(RunNumber::FIRST, News::logged(0, values)).unwrap();
    }
    history.runs()[0].clone()
}

fn attempt_of(event: &Event) -> Option<u64> {
    event.detail.get("attempt")?.as_u64()
}

/// Curves that were never logged may be there, empty, or not.
fn compared(history: &History) -> Vec<(RunState, Option<String>, Vec<f64>)> {
    history.runs().iter().map(|run| (run.state, run.stopped.clone(), run.curve(0).values.clone())).collect()
}

#[test]
fn every_suggestion_is_repeated_from_what_the_store_says_it_saw() {
    let mut stage = Stage::new();
    stage.play();
    let (shown, problem) = (stage.shown.lock().unwrap().clone(), problem());
    let store = &mut stage.store;
    let (mut learned, mut kinds) = (0, [0; 3]);
    for number in (1..=RUNS).map(|number| RunNumber::new(number).unwrap()) {
        let row = store.run(&id(), number).unwrap();
        let seen = store.seen(&id(), number).unwrap().unwrap();
        let history = history_at(store, &problem, &seen);
        assert_eq!(compared(&history), compared(&shown[&seen.runs]), "run {number} saw {seen:?}");
        let count = usize::try_from(number.get() - seen.runs).unwrap();
        let ask = Ask::new(&problem, &history).count(count);
        let Answer::Try(suggestions) = search().suggest(&ask).unwrap() else { panic!("{seen:?}") };
        let Suggestion { point, note, .. } = &suggestions[count - 1];
        assert_eq!((&point.to_json(), note), (&row.point, &row.note), "run {number}");
        learned += u32::from(history.count(RunState::Finished) > 3);
        kinds[0] += seen.rows.len();
        kinds[1] += history.runs().iter().filter(|run| run.stopped.is_some()).count();
        kinds[2] += history.count(RunState::Crashed);
    }
    assert!(learned > 10 && kinds.iter().all(|kind| *kind > 0), "{learned} {kinds:?}");
    let returned = store.events(&id(), None, 0, u64::MAX).unwrap();
    assert!(returned.iter().any(|event| event.kind == "returned"));
}
