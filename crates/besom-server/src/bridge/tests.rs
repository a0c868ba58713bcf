//! What W&B's client sends, as it was recorded, arrives in the metrics file of the attempt.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use besom_agent::{Level, MetricsWriter};
use besom_core::RunNumber;
use besom_store::{Lease, StopKind, SweepId};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use super::*;

const UPSERT: &str = "mutation UpsertBucket($id: String, $name: String) { upsertBucket(input: {id: $id, name: $name}) { bucket { id name } inserted } }";

/// A bridge with an attempt in a directory of its own.
struct World {
    home: tempfile::TempDir,
    bridge: WandbBridge,
}

impl World {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("there is room for a directory");
        Self { home, bridge: WandbBridge::new(false) }
    }

    fn attempt(&self, attempt: u64) -> Client<'_> {
        let directory = self.home.path().join(format!("attempt-{attempt}"));
        fs::create_dir_all(&directory).expect("a new directory");
        let writer = MetricsWriter::open(&directory.join("metrics.jsonl")).expect("a new file");
        let lease = Lease { sweep: SweepId::new("abc"), run: RunNumber::FIRST, attempt };
        let point = json!({ "lr": 0.5, "model": { "width": 3 } });
        let mut bridged = BridgedAttempt::new(lease, object(point), writer);
        bridged.directory = Some(directory);
        let passage = self.bridge.open(bridged).expect("loopback is there");
        Client {
            world: self,
            passage,
            attempt,
            path: "/files/local/uncategorized/abc-1/file_stream".to_owned(),
        }
    }
}

/// A client of one attempt, with what its environment says.
struct Client<'a> {
    world: &'a World,
    passage: Box<dyn Passage>,
    attempt: u64,
    path: String,
}

impl Client<'_> {
    fn variable(&self, name: &str) -> String {
        let variables = self.passage.variables();
        let found = variables.iter().find(|(known, _)| *known == name);
        found.and_then(|(_, value)| value.as_ref()?.to_str()).unwrap_or_default().to_owned()
    }

    fn post(&self, path: &str, body: &[u8], key: &str) -> (u16, Value) {
        let address = self.variable("WANDB_BASE_URL").replace("http://", "");
        let mut stream = TcpStream::connect(address).expect("the bridge listens");
        let mut zipped = GzEncoder::new(Vec::new(), Compression::fast());
        zipped.write_all(body).and_then(|()| zipped.flush()).expect("memory takes it");
        let body = zipped.finish().expect("memory takes it");
        let token = STANDARD.encode(format!("api:{key}"));
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\
             Authorization: Basic {token}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), &body].concat()).expect("the bridge reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the bridge answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, serde_json::from_str(body).unwrap_or_default())
    }

    fn graphql(&self, query: &str, variables: &Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let (status, answer) = self.post("/graphql", body.as_bytes(), &self.variable("WANDB_API_KEY"));
        assert_eq!(status, 200, "{answer}");
        answer["data"].clone()
    }

    fn stream(&self, body: &Value) -> Value {
        let (status, answer) =
            self.post(&self.path, body.to_string().as_bytes(), &self.variable("WANDB_API_KEY"));
        assert_eq!(status, 200, "{answer}");
        answer
    }

    fn history(&self, offset: u64, lines: &[&str]) -> Value {
        self.stream(&json!({ "files": { "wandb-history.jsonl": { "offset": offset, "content": lines } } }))
    }

    /// The lines of the metrics file.
    fn lines(&self) -> Vec<Value> {
        let path = self.world.home.path().join(format!("attempt-{}/metrics.jsonl", self.attempt));
        let text = fs::read_to_string(path).expect("it was made");
        text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

#[test]
fn rows_and_facts_arrive_in_the_metrics_file() {
    let world = World::new();
    let client = world.attempt(1);
    let config =
        json!({ "lr": { "value": 0.5 }, "depth": { "value": 2 }, "_wandb": { "value": {} } }).to_string();
    let bucket = client
        .graphql(UPSERT, &json!({ "name": "abc-1", "config": config, "tags": ["big"], "sweep": "abc" }));
    assert_eq!(bucket["upsertBucket"]["bucket"]["name"], "abc-1");
    assert_eq!(client.history(0, &[r#"{"loss":NaN,"_step":0}"#, r#"{"loss":0.5,"_step":1}"#]), json!({}));
    assert_eq!(client.history(0, &[r#"{"loss":NaN,"_step":0}"#]), json!({}), "a repeat after a lost answer");
    let expected = [
        json!({ "_besom": { "tags": ["big"], "config": { "depth": 2 } } }),
        json!({ "loss": "NaN", "_step": 0 }),
        json!({ "loss": 0.5, "_step": 1 }),
    ];
    assert_eq!(client.lines(), expected);
    assert!(client.passage.is_used());
}

#[test]
fn what_stands_in_the_summary_alone_is_the_last_row() {
    let world = World::new();
    let client = world.attempt(1);
    client.history(0, &[r#"{"loss":2,"_step":0}"#]);
    let summary =
        r#"{"loss":2,"acc":{"max":0.9},"best":7,"_runtime":1,"image":{"_type":"image-file"},"_wandb":{}}"#;
    client.stream(&json!({ "files": { "wandb-summary.json": { "offset": 0, "content": [summary] } } }));
    assert_eq!(client.lines().len(), 1, "it may change until the end");
    client.stream(&json!({ "complete": true, "exitcode": 0 }));
    client.stream(&json!({ "complete": true, "exitcode": 0 }));
    assert_eq!(client.lines()[1..], [json!({ "acc": { "max": 0.9 }, "best": 7 })]);
}

#[test]
fn a_configuration_of_any_size_begins_a_run_which_says_what_is_left_out() {
    let world = World::new();
    let client = world.attempt(1);
    let config: Map<String, Value> =
        (0..200).map(|key| (format!("k{key:03}"), json!({ "value": "x".repeat(12 << 10) }))).collect();
    let variables = json!({ "name": "abc-1", "config": Value::from(config).to_string(), "tags": ["a"] });
    client.graphql(UPSERT, &variables);
    let facts = client.lines()[0]["_besom"].clone();
    assert_eq!(facts["tags"], json!(["a"]));
    let kept = facts["config"].as_object().map_or(0, Map::len);
    let left_out = facts["too_large_to_keep"].as_array().expect("it says so");
    assert!(kept == 5 && left_out.last() == Some(&json!("and 95 others")), "{kept}: {left_out:?}");
}

#[test]
fn a_run_that_is_to_end_learns_it_from_its_stream() {
    let world = World::new();
    let client = world.attempt(1);
    assert_eq!(client.stream(&json!({})), json!({}));
    client.passage.tell(&Signal::Shutdown(Level::Terminate));
    assert_eq!(client.stream(&json!({})), json!({}), "it saves its state");
    client.passage.tell(&Signal::Stop { kind: StopKind::Early, reason: "hyperband".to_owned() });
    assert_eq!(client.stream(&json!({})), json!({ "stopped": true }));
    let query = "query RunStoppedStatus($runId: String!) { project { run(name: $runId) { stopped } } }";
    assert_eq!(
        client.graphql(query, &json!({ "runId": "abc-1" })),
        json!({ "project": { "run": { "stopped": true } } })
    );
}

#[test]
fn a_key_is_valid_for_its_attempt_only() {
    let world = World::new();
    let (first, second) = (world.attempt(1), world.attempt(2));
    let key = first.variable("WANDB_API_KEY");
    assert_eq!(key.len(), 40);
    assert_ne!(key, second.variable("WANDB_API_KEY"));
    first.history(0, &[r#"{"loss":1}"#]);
    assert_eq!((first.lines().len(), second.lines().len()), (1, 0));
    drop(first);
    for stranger in [key.as_str(), "", "0123456789012345678901234567890123456789"] {
        let (status, answer) = second.post(&second.path, b"{}", stranger);
        let message = answer["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(status == 401 && message.contains("--wandb off"), "{answer}");
    }
}

#[test]
fn a_program_that_resumes_goes_on_from_the_attempt_before() {
    const QUERY: &str = "query RunResumeStatus($name: String!) { model(name: \"p\") { bucket(name: $name) { historyTail } } }";
    let world = World::new();
    let first = world.attempt(1);
    let asked = json!({ "name": "abc-1" });
    assert_eq!(first.graphql(QUERY, &asked)["model"]["bucket"], Value::Null, "there is nothing to resume");
    first.history(0, &[r#"{"loss":1,"_step":41}"#]);
    drop(first);
    let second = world.attempt(2);
    let bucket = second.graphql(QUERY, &asked)["model"]["bucket"].clone();
    assert_eq!(bucket["historyLineCount"], 0, "lines of an attempt are counted from 0");
    assert!(bucket["historyTail"].as_str().is_some_and(|tail| tail.contains("41")), "{bucket}");
    assert_eq!(second.lines(), [json!({ "_besom": "resumed" })]);
}

#[test]
fn a_preemption_is_announced_and_a_row_too_large_keeps_its_numbers() {
    let world = World::new();
    let client = world.attempt(1);
    client.stream(&json!({ "preempting": true }));
    let large = json!({ "loss": 1.5, "text": "x".repeat(2 << 20), "bins": [1, 2] }).to_string();
    client.history(0, &[&large]);
    assert_eq!(client.lines(), [json!({ "_besom": "preempting" }), json!({ "loss": 1.5 })]);
}

#[test]
fn telemetry_is_dropped_and_what_is_not_known_is_no_server_error() {
    let world = World::new();
    let client = world.attempt(1);
    assert_eq!(client.post("/sdk/otel/v1/traces", b"anything", "").0, 200);
    let key = client.variable("WANDB_API_KEY");
    for (body, status) in [
        (json!({ "query": "mutation New { newThing { x } }" }), 400),
        (json!({ "query": "query New { newThing { x } }" }), 200),
        (json!({ "query": "{ viewer { id entity } }" }), 200),
        (json!("no request"), 400),
    ] {
        assert_eq!(client.post("/graphql", body.to_string().as_bytes(), &key).0, status, "{body}");
    }
}
