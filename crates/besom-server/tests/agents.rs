//! Agents elsewhere: the server steps their sweeps, their claims wait, and nothing is handed to somebody who no longer listens.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::io::Write;
use std::thread;
use std::time::Duration;

use besom_config::Reader;
use besom_engine::{Creation, create, registry};
use besom_server::{Scope, ServerOptions};
use besom_store::{RunQuery, Store, SweepId, SweepState};
use serde_json::{Value, json};

use stage::{Answer, Stage};

const SWEEP: &str =
    "{method: random, run_cap: 5, metric: {name: loss}, parameters: {x: {min: 0.0, max: 1.0}}}";

fn new_sweep(store: &mut dyn Store, text: &str) -> SweepId {
    let config = Reader::new(&registry()).any_algorithm().read(text, "a sweep").unwrap().config;
    create(store, Creation::new(&config, 7).text(text)).unwrap()
}

/// An agent that makes each call by a request of its own.
struct Agent<'a> {
    stage: &'a Stage,
    sweep: &'a SweepId,
    id: u64,
    request: u64,
}

impl<'a> Agent<'a> {
    fn join(stage: &'a Stage, sweep: &'a SweepId) -> Self {
        let agent = json!({"name": "elsewhere/1", "heartbeat_timeout_ms": 60_000});
        let joined = stage.post("/v1/store/join", &json!({"sweep": sweep, "agent": agent}));
        Self { stage, sweep, id: joined.json().as_u64().unwrap(), request: 0 }
    }

    fn claim(&mut self, wait: Duration) -> Value {
        let wait_ms = u64::try_from(wait.as_millis()).unwrap();
        let body = json!({"agent": self.id, "request": self.request + 1, "wait_ms": wait_ms});
        let answer = self.stage.post("/v1/store/claim", &body).json();
        self.request += u64::from(answer.get("run").is_some());
        answer
    }

    fn finish(&self, run: &Value) -> Value {
        let body = json!({"lease": run["run"]["lease"], "end": {"state": "finished", "exit_code": null, "message": null, "keeps_rows": false}});
        self.stage.post("/v1/store/finish", &body).json()
    }

    fn leave(&self) {
        assert_eq!(self.stage.post("/v1/store/leave", &json!({"agent": self.id})).status, 200);
    }
}

/// A sweep whose agents wait.
fn paused_sweep(store: &mut dyn Store) -> SweepId {
    let id = new_sweep(store, SWEEP);
    store.set_state(&id, SweepState::Paused, None).unwrap();
    id
}

#[test]
fn a_sweep_is_stepped_for_agents_elsewhere_until_its_cap_and_ends() {
    let (stage, id) = Stage::prepared(|store| new_sweep(store, SWEEP));
    let mut agent = Agent::join(&stage, &id);
    let mut runs = Vec::new();
    loop {
        let answer = agent.claim(Duration::ZERO);
        if answer.get("run").is_none() {
            assert_eq!(answer["nothing"], "finished");
            break;
        }
        runs.push(answer["run"]["lease"]["run"].as_u64().unwrap());
        assert_eq!(agent.finish(&answer), "continue");
    }
    assert_eq!(runs, [1, 2, 3, 4, 5]);
    assert_eq!(stage.store().sweep(&id).unwrap().state, SweepState::Finished);
}

#[test]
fn a_repeated_claim_is_answered_with_the_same_run() {
    let (stage, id) = Stage::prepared(|store| new_sweep(store, SWEEP));
    let mut agent = Agent::join(&stage, &id);
    let first = agent.claim(Duration::ZERO);
    agent.request -= 1;
    assert_eq!(agent.claim(Duration::ZERO), first);
    assert_eq!(stage.store().runs(&id, &RunQuery::default()).unwrap().len(), 1);
}

#[test]
fn a_claim_waits_until_the_owner_resumes() {
    let (stage, id) = Stage::prepared(paused_sweep);
    let mut agent = Agent::join(&stage, &id);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| agent.claim(Duration::from_secs(25)));
        // Also by another process, without a word to the server.
        stage.store().set_state(&id, SweepState::Running, None).unwrap();
        assert_eq!(waiting.join().unwrap()["run"]["lease"]["run"], 1);
    });
}

#[test]
fn waiting_claims_are_answered_with_nothing_when_the_server_is_stopped() {
    let (mut stage, id) = Stage::prepared(paused_sweep);
    let agent = Agent::join(&stage, &id);
    let (token, host) = (stage.tokens().owner(), stage.address);
    let body = json!({"agent": agent.id, "request": 1, "wait_ms": 25_000}).to_string();
    let mut sockets: Vec<_> = (0..8).map(|_| stage.connect()).collect();
    // One of the agent's claims is the newest and waits; the older ones are answered at once.
    for socket in &mut sockets {
        let head =
            format!("POST /v1/store/claim HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n");
        let kind = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        socket.write_all(format!("{head}{kind}{body}").as_bytes()).unwrap();
    }
    stage.end();
    for mut socket in sockets {
        let answer = Answer::read(&mut socket);
        // A request that was not read before the end of the server is repeated by its agent.
        assert!(answer.status == 0 || answer.json()["nothing"] == "paused", "{answer:?}");
    }
}

#[test]
fn only_the_newest_claim_of_an_agent_gets_a_run() {
    let (stage, id) = Stage::prepared(paused_sweep);
    let agent = Agent::join(&stage, &id);
    let claim = |wait_ms: u64| {
        let body = json!({"agent": agent.id, "request": 1, "wait_ms": wait_ms});
        stage.post("/v1/store/claim", &body).json()
    };
    thread::scope(|scope| {
        let old = scope.spawn(|| claim(25_000));
        // The older claim ends by this one, whichever comes first.
        let new = scope.spawn(|| claim(25_000));
        while !old.is_finished() && !new.is_finished() {
            thread::yield_now();
        }
        stage.store().set_state(&id, SweepState::Running, None).unwrap();
        let answers = [old.join().unwrap(), new.join().unwrap()];
        assert_eq!(answers.iter().filter(|answer| answer.get("run").is_some()).count(), 1, "{answers:?}");
    });
}

#[test]
fn an_agent_that_leaves_gets_nothing_for_the_claim_that_waits() {
    let (stage, id) = Stage::prepared(paused_sweep);
    let mut agent = Agent::join(&stage, &id);
    let gone = Agent { id: agent.id, request: 0, stage: &stage, sweep: &id };
    thread::scope(|scope| {
        let waiting = scope.spawn(|| agent.claim(Duration::from_secs(25)));
        while !waiting.is_finished() {
            gone.leave();
        }
        assert_eq!(waiting.join().unwrap()["nothing"], "paused");
    });
    assert_eq!(gone.sweep, &id);
}

#[test]
fn a_sweep_whose_owner_steps_it_is_not_stepped_and_its_runs_are_handed_out() {
    let text = SWEEP.replace("{method", "{controller: {type: local}, method");
    let unknown = SWEEP.replace("random", "of_a_notebook");
    let mut ids = Vec::new();
    let stage = Stage::with(ServerOptions::default(), |store| {
        ids = vec![new_sweep(store, &text), new_sweep(store, &unknown)];
    });
    for id in &ids {
        let mut agent = Agent::join(&stage, id);
        assert_eq!(agent.claim(Duration::ZERO)["nothing"], "pending");
        assert!(stage.store().runs(id, &RunQuery::default()).unwrap().is_empty());
        thread::scope(|scope| {
            let waiting = scope.spawn(|| agent.claim(Duration::from_secs(25)));
            let run = besom_store::NewRun::new(serde_json::Map::new());
            stage.store().add_runs(id, besom_core::RunNumber::FIRST, &[run], None).unwrap();
            assert_eq!(waiting.join().unwrap()["run"]["lease"]["run"], 1);
        });
    }
}

#[test]
fn many_agents_get_each_run_once() {
    let text = SWEEP.replace("run_cap: 5", "run_cap: 60");
    let (stage, id) = Stage::prepared(|store| new_sweep(store, &text));
    let work = || {
        let mut agent = Agent::join(&stage, &id);
        let mut runs = Vec::new();
        while let Some(run) = agent.claim(Duration::from_secs(25)).get("run") {
            runs.push(run["lease"]["run"].as_u64().unwrap());
            agent.finish(&json!({ "run": run }));
        }
        runs
    };
    let mut runs: Vec<u64> = thread::scope(|scope| {
        let agents: Vec<_> = (0..12).map(|_| scope.spawn(work)).collect();
        agents.into_iter().flat_map(|agent| agent.join().unwrap()).collect()
    });
    runs.sort_unstable();
    assert_eq!(runs, (1..=60).collect::<Vec<_>>());
}

#[test]
fn a_token_of_one_sweep_is_worth_nothing_for_another() {
    let mut ids = Vec::new();
    let stage = Stage::with(ServerOptions::default(), |store| {
        ids = vec![new_sweep(store, SWEEP), new_sweep(store, SWEEP)];
    });
    let (mine, other) = (ids[0].clone(), ids[1].clone());
    let (_, token) = stage.tokens().add(Scope::Agent(Some(mine.clone())), None).unwrap();
    let ask = |operation: &str, body: Value| {
        stage.ask("POST", &format!("/v1/store/{operation}"), Some(&token), Some(&body)).status
    };
    let agent = json!({"name": "a", "heartbeat_timeout_ms": 60_000});
    assert_eq!(ask("join", json!({"sweep": mine, "agent": agent})), 200);
    assert_eq!(ask("join", json!({"sweep": other, "agent": agent})), 403);
    assert_eq!(ask("sweep", json!({"id": mine})), 200);
    assert_eq!(ask("sweep", json!({"id": other})), 403);
    assert_eq!(ask("sweeps", json!({})), 403, "it names no sweep");
    assert_eq!(ask("set_state", json!({"id": mine, "to": "canceled", "reason": null})), 403);
    let foreign = Agent::join(&stage, &other);
    assert_eq!(ask("claim", json!({"agent": foreign.id, "request": 1})), 403);
    assert_eq!(ask("leave", json!({"agent": foreign.id})), 403);
    let lease = json!({"sweep": other, "run": 1, "attempt": 1});
    assert_eq!(ask("report", json!({"lease": lease, "rows": []})), 403);
}

#[test]
fn an_agent_goes_on_after_a_restart_of_the_server() {
    let (stage, id) = Stage::prepared(|store| new_sweep(store, SWEEP));
    let mut agent = Agent::join(&stage, &id);
    let run = agent.claim(Duration::ZERO);
    let (agent, request) = (agent.id, agent.request);
    let stage = stage.restart();
    let mut agent = Agent { id: agent, request, stage: &stage, sweep: &id };
    assert_eq!(agent.finish(&run), "continue");
    assert_eq!(agent.claim(Duration::ZERO)["run"]["lease"]["run"], 2, "its sweep is found again and stepped");
}

#[test]
fn the_run_of_a_silent_agent_goes_to_another_one() {
    let text = SWEEP.replace("run_cap: 5", "run_cap: 1");
    let (stage, id) = Stage::prepared(|store| new_sweep(store, &text));
    let silent = json!({"name": "silent/1", "heartbeat_timeout_ms": 300});
    let silent = stage.post("/v1/store/join", &json!({"sweep": id, "agent": silent})).json();
    let claim = json!({"agent": silent, "request": 1});
    assert_eq!(stage.post("/v1/store/claim", &claim).json()["run"]["lease"]["attempt"], 1);
    let run = Agent::join(&stage, &id).claim(Duration::from_secs(25));
    assert_eq!(run["run"]["lease"], json!({"sweep": id, "run": 1, "attempt": 2}));
}

#[test]
fn a_wait_ends_at_a_change_and_at_its_time() {
    let (stage, id) = Stage::prepared(|store| new_sweep(store, SWEEP));
    let wait = |since: &str, at_most: u64| {
        stage.post("/v1/store/wait", &json!({"sweep": id, "since": since, "at_most_ms": at_most})).json()
    };
    let now = wait("0", 25_000);
    let now = now.as_str().unwrap();
    assert_eq!(wait(now, 1), now);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| wait(now, 25_000));
        stage.store().set_state(&id, SweepState::Paused, None).unwrap();
        assert_ne!(waiting.join().unwrap(), now);
    });
}

#[test]
fn an_agent_that_waits_for_a_run_learns_that_it_is_drained() {
    let (stage, id) = Stage::prepared(paused_sweep);
    let (mut agent, mut other) = (Agent::join(&stage, &id), Agent::join(&stage, &id));
    thread::scope(|scope| {
        let body = json!({"id": id, "agents": [agent.id]});
        let waiting = scope.spawn(|| [Duration::from_secs(25); 2].map(|wait| agent.claim(wait)));
        assert_eq!(stage.post("/v1/store/drain", &body).json(), 1);
        let [first, second] = waiting.join().unwrap();
        assert!(first == "drained" || first["nothing"] == "paused", "{first}");
        assert_eq!(second, "drained");
    });
    assert_eq!(stage.post("/v1/store/idle", &json!({"agent": agent.id})).json(), false);
    assert_eq!(other.claim(Duration::ZERO)["nothing"], "paused");
}
