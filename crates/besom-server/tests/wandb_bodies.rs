//! What two versions of W&B's client have sent, recorded: each body is answered, and the store holds what it says.
//!
//! A line of `wandb_bodies/VERSION.jsonl` is a path and a body, with words in place of the ids that a server gives out.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::fs;
use std::path::Path;

use besom_core::RunState;
use besom_store::{RunQuery, Store};
use serde_json::{Value, json};

use stage::Stage;

/// The words that stand for ids, with the ids, as far as they are known.
struct Ids(Vec<(&'static str, String)>);

impl Ids {
    /// Learns the ids in an answer.
    fn learn(&mut self, data: &Value) {
        let text = |pointer: &str| data.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let commands: Value = text("/agentHeartbeat/commands")
            .map_or(Value::Null, |commands| serde_json::from_str(&commands).unwrap());
        let given = commands.pointer("/0/run_id").and_then(Value::as_str).map(str::to_owned);
        for (word, id) in [
            // The longer word first: it holds the shorter one.
            ("SWEEP_ID", text("/upsertSweep/sweep/id")),
            ("SWEEP", text("/upsertSweep/sweep/name")),
            ("AGENT", text("/createAgent/agent/id")),
            ("RUN_ID", text("/upsertBucket/bucket/id")),
            ("RUN", given),
            ("ARTIFACT", text("/createArtifact/artifact/id")),
        ] {
            if let Some(id) = id {
                self.0.retain(|(known, _)| *known != word);
                self.0.push((word, id));
                self.0.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
            }
        }
    }

    fn put(&self, line: &str) -> Value {
        let put = |line: String, (word, id): &(&str, String)| line.replace(word, id);
        serde_json::from_str(&self.0.iter().fold(line.to_owned(), put)).unwrap()
    }
}

/// Sends all bodies of a version, one after the other.
fn replay(version: &str) -> Stage {
    let stage = Stage::new();
    let token = stage.tokens().wandb();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/wandb_bodies/{version}.jsonl"));
    let mut ids = Ids(Vec::new());
    for line in fs::read_to_string(file).unwrap().lines() {
        let sent = ids.put(line);
        let answer = stage.ask("POST", sent["path"].as_str().unwrap(), Some(&token), Some(&sent["body"]));
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 200, "{said}\n{line}");
        assert!(!said.contains("\"errors\""), "{said}\n{line}");
        ids.learn(&answer.json()["data"]);
    }
    stage
}

/// The only run that a version has made.
fn check(version: &str, rows: u64) {
    let stage = replay(version);
    let mut store = stage.store();
    let sweep = store.sweeps().unwrap().remove(0);
    assert_eq!((sweep.new.name.as_deref(), sweep.new.labels["project"].as_str()), (Some("nested"), "p"));
    let run = store.runs(sweep.id(), &RunQuery::default()).unwrap().remove(0);
    assert_eq!((run.state, run.rows, run.exit_code), (RunState::Finished, rows, Some(0)));
    assert_eq!(run.best, Some(1.0 / 3.0));
    let facts = store.facts(sweep.id(), run.number, None).unwrap();
    assert_eq!(facts["config"], json!({ "extra": 1, "layers": 3 }));
    assert_eq!((&facts["tags"], &facts["summary"]["best"]), (&json!(["a"]), &json!(3)));
    assert_eq!(facts["summary"]["acc"], json!({ "max": 2 }));
    assert!(!facts["artifacts"].as_object().unwrap().is_empty());
    let rows = store.rows(sweep.id(), run.number, None).unwrap();
    assert_eq!((&rows[0].values["nan"], &rows[3].values["h"]["_type"]), (&json!("NaN"), &json!("histogram")));
    assert_eq!(store.output(sweep.id(), run.number, None).unwrap().to_string(), "hello from run\n");
}

#[test]
fn what_0_31_0_says_is_in_the_store() {
    check("0.31.0", 5);
}

#[test]
fn what_0_22_3_says_is_in_the_store() {
    check("0.22.3", 4);
}
