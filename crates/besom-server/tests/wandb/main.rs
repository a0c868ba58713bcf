//! What W&B's client says, and what the store holds then. The real client is in the tests of the Python package.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod ids;
#[path = "../stage/mod.rs"]
mod stage;

use besom_core::{RunNumber, RunState};
use besom_store::{StopKind, SweepState};
use serde_json::{Value, json};

use client::Client;
use stage::Stage;

const GRID: &str =
    "method: grid\nmetric: {name: loss, goal: minimize}\nparameters: {lr: {values: [0.1, 0.2]}}\n";

#[test]
fn a_run_is_claimed_reported_on_and_ended() {
    let client = Client::new();
    let sweep = client.sweep(GRID);
    let agent = client.agent(&sweep);
    let name = client.given(&agent);
    assert_eq!(name, format!("{sweep}-1"));
    assert_eq!(client.given(&agent), name, "the first answer may have been lost");
    let bucket = client.init(&name);
    assert_eq!(bucket["historyLineCount"], json!(0));
    assert!(!client.log(&name, 0, &["{\"loss\":1}", "{\"loss\":NaN}"]));
    assert!(
        !client.log(&name, 1, &["{\"loss\":NaN}", "{\"loss\":0.5}"]),
        "a line that was sent is not counted again"
    );
    assert_eq!(client.beat(&agent, &[&name]), Vec::<Value>::new());
    client.end(&name, 0);
    let run = client.run(&sweep, 1);
    assert_eq!((run.state, run.rows, run.best, run.exit_code), (RunState::Finished, 3, Some(0.5), Some(0)));
    let facts = client.store().facts(&sweep, run.number, Some(1)).unwrap();
    assert_eq!((&facts["config"], &facts["host"]), (&json!({ "extra": 1 }), &json!("box")));
    let other = client.given(&agent);
    client.init(&other);
    client.end(&other, 0);
    assert_eq!(client.beat(&agent, &[])[0]["type"], json!("exit"));
    assert_eq!(client.store().sweep(&sweep).unwrap().state, SweepState::Finished);
}

#[test]
fn an_agent_that_is_drained_exits_after_its_run() {
    let client = Client::new();
    let sweep = client.sweep(GRID);
    let agent = client.agent(&sweep);
    let name = client.given(&agent);
    client.init(&name);
    let id = client.store().agents(&sweep).unwrap()[0].id;
    client.store().drain(&sweep, &[id]).unwrap();
    assert_eq!(client.beat(&agent, &[&name]), Vec::<Value>::new(), "its run goes on");
    client.end(&name, 0);
    for _ in 0..2 {
        assert_eq!(client.beat(&agent, &[]), [json!({ "type": "exit" })], "the answer may have been lost");
        assert!(client.store().agents(&sweep).unwrap()[0].left);
    }
    assert_eq!(client.store().sweep(&sweep).unwrap().state, SweepState::Running);
}

#[test]
fn a_stop_reaches_the_program_first() {
    let client = Client::new();
    let sweep = client.sweep(GRID);
    let agent = client.agent(&sweep);
    let name = client.given(&agent);
    client.init(&name);
    client
        .store()
        .request_stops(&sweep, &[(RunNumber::FIRST, "enough".to_owned())], StopKind::Early)
        .unwrap();
    assert_eq!(client.beat(&agent, &[&name]), Vec::<Value>::new(), "the agent would kill it with its rows");
    assert!(client.log(&name, 0, &["{\"loss\":1}"]));
    client.end(&name, 255);
    let run = client.run(&sweep, 1);
    assert_eq!((run.state, run.stop_kind, run.rows), (RunState::Finished, Some(StopKind::Early), 1));
}

#[test]
fn rows_after_lines_that_never_come_are_kept() {
    for missing in [2, 20_000] {
        let client = Client::new();
        let sweep = client.sweep(GRID);
        let name = client.given(&client.agent(&sweep));
        client.log(&name, 0, &[r#"{"loss":3,"_timestamp":1}"#]);
        client.log(&name, missing, &[r#"{"loss":1,"_timestamp":2}"#]);
        client.log(&name, missing, &[r#"{"loss":1,"_timestamp":2}"#, r#"{"loss":2,"_timestamp":3}"#]);
        client.log(&name, missing + 2, &[r#"{"loss":4,"_timestamp":4}"#]);
        assert_eq!(client.losses(&sweep, 1), [3.0, 1.0, 2.0, 4.0], "{missing} lines");
    }
}

#[test]
fn a_failed_run_says_what_its_program_said_last() {
    let client = Client::new();
    let sweep = client.sweep(GRID);
    let name = client.given(&client.agent(&sweep));
    let lines = ["2026-11-27T20:12:46.699985 hello", "ERROR 2026-11-27T20:12:47.699985 ValueError: diverged"];
    client.stream(&name, &json!({ "files": { "output.log": { "offset": 0, "content": lines } } }));
    client.stream(&name, &json!({ "files": { "output.log": { "offset": 1, "content": &lines[1..] } } }));
    client.end(&name, 1);
    let run = client.run(&sweep, 1);
    assert_eq!((run.state, run.message.as_deref()), (RunState::Failed, Some("ValueError: diverged")));
    let output = client.store().output(&sweep, run.number, None).unwrap();
    assert_eq!(output.to_string(), "hello\nValueError: diverged\n");
}

#[test]
fn a_metric_in_the_summary_alone_becomes_a_row() {
    let client = Client::new();
    let sweep = client.sweep(GRID);
    let name = client.given(&client.agent(&sweep));
    let summary = ["{\"loss\": {\"min\": 0.25}, \"x\": 1}"];
    client.stream(&name, &json!({ "files": { "wandb-summary.json": { "offset": 0, "content": summary } } }));
    client.end(&name, 0);
    assert_eq!((client.run(&sweep, 1).best, client.run(&sweep, 1).rows), (Some(0.25), 1));
}

#[test]
fn a_controller_schedules_runs_stops_them_and_ends_the_sweep() {
    let client = Client::new();
    let sweep = client.sweep(&format!("{GRID}controller: {{type: local}}\n"));
    let agent = client.agent(&sweep);
    assert_eq!(client.beat(&agent, &[]), Vec::<Value>::new(), "nothing is suggested");
    let update = |text: &Value| {
        client.data("mutation UpsertSweep", &json!({ "id": sweep.as_str(), "controller": text.to_string() }));
    };
    let first = json!({ "id": "abc", "data": { "args": { "lr": { "value": 0.3 } } } });
    update(&json!({ "schedule": [first] }));
    update(&json!({ "schedule": [first] }));
    let name = client.given(&agent);
    assert_eq!(client.run(&sweep, 1).point, *json!({ "lr": 0.3 }).as_object().unwrap());
    let shown = client.data("query SweepWithRuns", &json!({ "sweep": sweep.as_str(), "specs": "{}" }));
    let scheduler: Value =
        serde_json::from_str(shown["project"]["sweep"]["scheduler"].as_str().unwrap()).unwrap();
    assert_eq!(scheduler, json!({ "scheduled": [{ "id": "abc", "runid": name }] }));
    client.init(&name);
    update(&json!({ "schedule": [first], "earlystop": [name] }));
    assert!(client.log(&name, 0, &["{\"loss\":1}"]));
    update(&json!({ "schedule": [first, { "id": "end", "data": { "args": null } }] }));
    assert_eq!(client.store().sweep(&sweep).unwrap().state, SweepState::Running, "a run is open");
    client.end(&name, 0);
    let row = client.store().sweep(&sweep).unwrap();
    assert_eq!((row.state, row.runs), (SweepState::Finished, 1));
}

#[test]
fn a_run_outside_of_sweeps_is_kept_in_its_project() {
    let client = Client::new();
    for name in ["fold-1", "fold-2"] {
        let bucket = client.init(name);
        assert_eq!((&bucket["name"], &bucket["sweepName"]), (&json!(name), &Value::Null));
        client.log(name, 0, &["{\"loss\":1}"]);
        client.print(name, 0, &["hello", "you"]);
    }
    let client = Client { stage: client.stage.restart(), ..client };
    for name in ["fold-1", "fold-2"] {
        client.log(name, 1, &["{\"loss\":2}"]);
        // The answer was lost in the restart.
        client.print(name, 1, &["you", "there"]);
        client.end(name, 0);
    }
    let sweeps = client.store().sweeps().unwrap();
    assert_eq!((sweeps.len(), sweeps[0].runs), (1, 2));
    assert_eq!(client.output(sweeps[0].id(), 1), "hello\nyou\nthere\n");
    let run = client.run(sweeps[0].id(), 2);
    assert_eq!((run.state, run.rows, &run.point["lr"]), (RunState::Finished, 2, &json!(0.1)));
    let found = client.data(
        "query Runs",
        &json!({ "entity": "local", "project": "p", "filters": "{\"state\": \"finished\"}" }),
    );
    assert_eq!(found["project"]["runCount"], json!(2));
}

#[test]
fn a_page_of_a_history_has_the_rows_of_its_steps() {
    let client = Client::new();
    client.init("one");
    let rows = |steps: &[u64]| -> Vec<String> {
        let row = |step| json!({ "_step": step, "_timestamp": client.next(), "loss": step }).to_string();
        steps.iter().map(row).collect()
    };
    let log = |offset: u64, steps: &[u64]| {
        let rows = rows(steps);
        client.log("one", offset, &rows.iter().map(String::as_str).collect::<Vec<_>>());
    };
    let page = |least: u64, before: u64, size: u64| -> Vec<u64> {
        let variables = json!({ "entity": "local", "project": "p", "name": "one", "minStep": least, "maxStep": before, "pageSize": size });
        let run = client.data("query HistoryPage", &variables)["project"]["run"].clone();
        let rows = run["history"].as_array().unwrap().clone();
        let row = |text: &Value| serde_json::from_str::<Value>(text.as_str().unwrap()).unwrap();
        rows.iter().map(|text| row(text)["_step"].as_u64().unwrap()).collect()
    };
    log(0, &[0, 10, 20, 30, 40]);
    assert_eq!(page(10, 40, 9), [10, 20, 30]);
    assert_eq!(page(10, 40, 2), [10, 20]);
    // Another history under the same id goes back.
    log(0, &[5, 15, 25]);
    log(3, &[35, 500]);
    assert_eq!(page(10, 31, 9), [10, 20, 30, 15, 25]);
    assert_eq!(page(100, 1000, 9), [500]);
    let variables = json!({ "entity": "local", "project": "p", "name": "one", "samples": 2 });
    let run = client.data("query RunFullHistory", &variables)["project"]["run"].clone();
    assert_eq!(run["history"].as_array().unwrap().len(), 2);
    let live = |keys: &[&str]| -> Vec<Value> {
        let variables = json!({ "entity": "local", "project": "p", "runName": "one", "liveKeys": keys });
        let run = client.data("query RunParquetHistory", &variables)["project"]["run"].clone();
        run["parquetHistory"]["liveData"].as_array().unwrap().clone()
    };
    assert_eq!(
        live(&["_step"]),
        [json!({ "_step": 0 }), json!({ "_step": 500 })],
        "the client reads the least"
    );
    assert_eq!((live(&["loss"]).len(), &live(&["loss"])[5]), (10, &json!({ "loss": 5 })));
    let keys = client.data("query RunHistoryKeys", &variables)["project"]["run"]["historyKeys"].clone();
    assert_eq!(
        (&keys["lastStep"], &keys["keys"]["loss"]["typeCounts"][0]["type"]),
        (&json!(500), &json!("number"))
    );
}

#[test]
fn pages_of_runs_are_the_same_whatever_finds_them() {
    let client = Client::new();
    let sweep =
        client.sweep("{method: grid, metric: {name: loss}, parameters: {lr: {values: [1, 2, 3, 4, 5]}}}");
    let agent = client.agent(&sweep);
    for number in 0..5 {
        let name = client.given(&agent);
        client.log(&name, 0, &[&json!({ "loss": 7 - number }).to_string()]);
        client.end(&name, 0);
    }
    let page = |order: &str, filter: &Value, cursor: Option<&str>| -> (Value, Vec<String>) {
        let variables = json!({
            "entity": "local", "project": "p", "perPage": 2, "order": order, "filters": filter.to_string(), "cursor": cursor,
        });
        let project = client.data("query Runs", &variables)["project"].clone();
        let edges = project["runs"]["edges"].as_array().unwrap().clone();
        let summary = |edge: &Value| edge["node"]["summaryMetrics"].as_str().unwrap().to_owned();
        (json!([project["runCount"], project["runs"]["pageInfo"]]), edges.iter().map(summary).collect())
    };
    let of_sweep = json!({ "$and": [{ "sweep": sweep.as_str() }] });
    let of_state = json!({ "state": "finished" });
    for order in ["+created_at", "-created_at"] {
        for cursor in [None, Some("2"), Some("4")] {
            assert_eq!(page(order, &of_sweep, cursor), page(order, &json!({}), cursor));
        }
    }
    assert_eq!(page("-created_at", &of_sweep, None).1, ["{\"loss\":3}", "{\"loss\":4}"]);
    assert_eq!(page("+summary_metrics.loss", &of_sweep, None).1, ["{\"loss\":3}", "{\"loss\":4}"]);
    assert_eq!(page("+created_at", &of_state, Some("4")).1, ["{\"loss\":3}"]);
    assert_eq!(page("+created_at", &json!({ "sweep": "other" }), None).1.len(), 0);
}

#[test]
fn all_problems_of_a_sweep_are_in_one_answer() {
    let client = Client::new();
    let text = "method: bayse\nmetric: {name: loss}\nparameters: {lr: {min: 2.0, max: 1.0}}\n";
    let answer = client.operate("mutation UpsertSweep", &json!({ "config": text }));
    let message = answer.json()["errors"][0]["message"].as_str().unwrap().to_owned();
    assert_eq!(answer.status, 400);
    for part in ["bayse", "bayes", "parameters.lr"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn a_sweep_is_changed_until_it_has_begun() {
    let client = Client::new();
    let sweep = client.sweep(GRID);
    let update =
        |text: &str| client.operate("mutation UpsertSweep", &json!({ "id": sweep.as_str(), "config": text }));
    assert_eq!(
        update("method: random\nrun_cap: 2\nmetric: {name: loss}\nparameters: {lr: {min: 0.1, max: 1.0}}\n")
            .status,
        200
    );
    let row = client.store().sweep(&sweep).unwrap();
    assert_eq!((row.new.run_cap, row.new.labels["project"].as_str()), (Some(2), "p"));
    client.given(&client.agent(&sweep));
    assert_eq!(update(GRID).status, 400);
}

#[test]
fn what_is_not_known_is_no_server_error() {
    let client = Client::new();
    assert_eq!(client.data("query SomethingNew", &json!({})), json!({ "project": null }));
    let refused = client.operate("mutation DeleteRun", &json!({ "id": "x" }));
    assert_eq!(refused.status, 400);
    assert!(refused.json()["errors"][0]["message"].as_str().unwrap().contains("DeleteRun"));
    assert_eq!(client.operate("mutation Heartbeat", &json!({ "id": "nobody" })).status, 404);
    assert_eq!(client.stream("nothing", &json!({})).status, 404);
    assert_eq!(client.ask("/graphql", &json!({ "query": "nonsense" })).status, 400);
}

#[test]
fn links_that_the_client_prints_lead_into_the_dashboard() {
    let stage = Stage::new();
    for (path, target) in [
        ("/local/p/sweeps/abcd1234", "/#/s/abcd1234"),
        ("/local/p/runs/abcd1234-12", "/#/s/abcd1234/runs/12"),
        ("/local/p/runs/abcd1234-12-2", "/#/s/abcd1234/runs/12"),
        ("/local/p", "/"),
        ("/authorize", "/"),
    ] {
        let answer = stage.get(path);
        assert_eq!((answer.status, answer.header("location")), (303, Some(target)), "{path}");
    }
    for path in ["/v1/nothing", "/local/p/sweeps/%3Cscript%3E", "/local/p/other/x"] {
        assert_eq!(stage.get(path).status, 404, "{path}");
    }
}

#[test]
fn the_log_names_the_token_of_the_client_that_asked() {
    let client = Client::new();
    let sweep = client.sweep(GRID);
    client.data("mutation UpsertSweep", &json!({ "id": sweep.as_str(), "state": "PAUSED" }));
    let events = client.stage.store().events(&sweep, None, 0, 10).unwrap();
    let found: Vec<_> =
        events.iter().map(|event| (event.kind.as_str(), event.detail["by"].as_str())).collect();
    assert_eq!(found, [("created", Some("wandb/wandb")), ("paused", Some("wandb/wandb"))]);
}
