//! A client of a server, which says what W&B's client says.

use std::sync::atomic::{AtomicU64, Ordering};

use besom_core::RunNumber;
use besom_store::{RunRow, Store, SweepId};
use serde_json::{Map, Value, json};

use super::stage::{Answer, Stage};

/// A client of a server.
pub(super) struct Client {
    pub(super) stage: Stage,
    pub(super) token: String,
    pub(super) time: AtomicU64,
}

impl Client {
    pub(super) fn new() -> Self {
        let stage = Stage::new();
        let token = stage.tokens().wandb();
        Self { stage, token, time: AtomicU64::new(1) }
    }

    pub(super) fn ask(&self, path: &str, body: &Value) -> Answer {
        self.stage.ask("POST", path, Some(&self.token), Some(body))
    }

    /// The answer to an operation, `query NAME` or `mutation NAME`.
    pub(super) fn operate(&self, operation: &str, variables: &Value) -> Answer {
        self.ask(
            "/graphql",
            &json!({ "query": format!("{operation} {{ project {{ x }} }}"), "variables": variables }),
        )
    }

    pub(super) fn data(&self, operation: &str, variables: &Value) -> Value {
        let answer = self.operate(operation, variables);
        assert_eq!(answer.status, 200, "{operation}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()["data"].clone()
    }

    pub(super) fn sweep(&self, config: &str) -> SweepId {
        let data = self.data("mutation UpsertSweep", &json!({ "config": config, "projectName": "p" }));
        SweepId::new(data["upsertSweep"]["sweep"]["name"].as_str().unwrap())
    }

    pub(super) fn agent(&self, sweep: &SweepId) -> String {
        let data = self.data("mutation CreateAgent", &json!({ "host": "box", "sweep": sweep.as_str() }));
        data["createAgent"]["agent"]["id"].as_str().unwrap().to_owned()
    }

    /// What an agent that runs these is to do.
    pub(super) fn beat(&self, agent: &str, live: &[&str]) -> Vec<Value> {
        let live: Map<String, Value> = live.iter().map(|name| ((*name).to_owned(), json!(true))).collect();
        let variables = json!({ "id": agent, "metrics": "{}", "runState": Value::Object(live).to_string() });
        let data = self.data("mutation Heartbeat", &variables);
        serde_json::from_str(data["agentHeartbeat"]["commands"].as_str().unwrap()).unwrap()
    }

    /// The name of the run that an agent is given.
    pub(super) fn given(&self, agent: &str) -> String {
        let commands = self.beat(agent, &[]);
        assert_eq!(commands[0]["type"], json!("run"), "{commands:?}");
        commands[0]["run_id"].as_str().unwrap().to_owned()
    }

    pub(super) fn init(&self, name: &str) -> Value {
        let config =
            json!({ "lr": { "value": 0.1 }, "extra": { "value": 1 }, "_wandb": { "value": {} } }).to_string();
        let variables =
            json!({ "name": name, "project": "p", "entity": "local", "host": "box", "config": config });
        self.data("mutation UpsertBucket", &variables)["upsertBucket"]["bucket"].clone()
    }

    pub(super) fn stream(&self, name: &str, body: &Value) -> Answer {
        self.ask(&format!("/files/local/p/{name}/file_stream"), body)
    }

    /// Sends history lines from a place on; whether the run is to stop.
    pub(super) fn log(&self, name: &str, offset: u64, lines: &[&str]) -> bool {
        let files = json!({ "wandb-history.jsonl": { "offset": offset, "content": lines } });
        let answer = self.stream(name, &json!({ "files": files }));
        assert_eq!(answer.status, 200);
        answer.json()["stopped"] == json!(true)
    }

    /// Sends lines of output from a place on.
    pub(super) fn print(&self, name: &str, offset: u64, lines: &[&str]) {
        let files = json!({ "output.log": { "offset": offset, "content": lines } });
        assert_eq!(self.stream(name, &json!({ "files": files })).status, 200);
    }

    /// What a run has printed.
    pub(super) fn output(&self, sweep: &SweepId, number: u64) -> String {
        self.store().output(sweep, RunNumber::new(number).unwrap(), None).unwrap().to_string()
    }

    pub(super) fn end(&self, name: &str, code: i32) {
        assert_eq!(self.stream(name, &json!({ "complete": true, "exitcode": code })).status, 200);
    }

    pub(super) fn store(&self) -> Box<dyn Store> {
        self.stage.store()
    }

    /// A time that comes after those before.
    pub(super) fn next(&self) -> u64 {
        self.time.fetch_add(1, Ordering::Relaxed)
    }

    /// The sweep of the runs outside of sweeps.
    pub(super) fn alone(&self) -> SweepId {
        self.store().sweeps().unwrap().pop().unwrap().new.id
    }

    /// What a run has logged.
    pub(super) fn losses(&self, sweep: &SweepId, number: u64) -> Vec<f64> {
        let rows = self.store().rows(sweep, RunNumber::new(number).unwrap(), None).unwrap();
        rows.iter().map(|row| row.values["loss"].as_f64().unwrap()).collect()
    }

    pub(super) fn run(&self, sweep: &SweepId, number: u64) -> RunRow {
        self.store().run(sweep, RunNumber::new(number).unwrap()).unwrap()
    }
}
