//! What the server shows is what the store, the command and the pictures say.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "small whole numbers, and values that must be the very same"
)]

mod sample;
mod stage;

use besom_controller::Step;
use besom_core::{Failure, RunNumber, RunState};
use besom_engine::{Pace, registry, stored_config};
use besom_insight::{Axis, Sample};
use besom_store::{End, NewRun, Row, RunQuery, Store, SweepId, SweepState};
use serde_json::{Value, json};
use stage::Stage;

/// A server of a store with one sweep in which so many runs have ended.
fn staged(runs: usize) -> (Stage, SweepId) {
    Stage::prepared(|store| sample::worked(store, runs))
}

fn run(number: u64) -> RunNumber {
    RunNumber::new(number).unwrap()
}

#[test]
fn a_summary_says_what_the_store_says() {
    let (stage, id) = staged(8);
    let mut store = stage.store();
    let list = stage.get("/v1/sweeps").json();
    let found = &list["sweeps"][0];
    let (sweep, status) = (store.sweep(&id).unwrap(), store.status(&id).unwrap());
    let best = status.best.unwrap();
    assert_eq!(
        (found["best"]["run"].as_u64(), found["best"]["value"].as_f64()),
        (Some(best.run.get()), Some(best.value))
    );
    for (state, count) in &status.counts {
        assert_eq!(found["counts"][state.as_str()], json!(count), "{state}");
    }
    assert_eq!(
        (&found["id"], &found["name"], &found["method"]),
        (&json!(id), &json!("demo"), &json!("bayes"))
    );
    assert_eq!((&found["early_terminate"], &found["run_cap"]), (&json!("median"), &json!(40)));
    assert_eq!(found["metric"], json!({ "name": "loss", "goal": "minimize" }));
    let pace = Pace::of(&sweep, &status, Some(40)).unwrap();
    assert_eq!(found["rate_per_hour"], json!(pace.runs_per_hour));
    assert_eq!((&found["agents"], &found["idle"]), (&json!({ "alive": 2, "all": 2 }), &json!(false)));
    let trend: Vec<f64> = found["trend"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    assert!(trend.is_sorted_by(|a, b| a >= b) && trend.last() == Some(&best.value), "{trend:?}");
}

#[test]
fn a_sweep_in_full_has_its_file_without_secrets() {
    let (stage, id) = staged(3);
    let found = stage.get(&format!("/v1/sweeps/{id}")).json();
    let text = found["text"].as_str().unwrap();
    assert!(text.contains("--hf-token") && text.contains("log_uniform_values"), "{text}");
    assert!(
        !found.to_string().contains("hf_secret_123") && !found.to_string().contains("sk-9-secret"),
        "{found}"
    );
    let names: Vec<&str> =
        found["parameters"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["lr", "momentum", "layers", "optimizer", "noise", "api_key"]);
    let kinds: Vec<(&Value, &Value)> =
        found["parameters"].as_array().unwrap().iter().map(|p| (&p["kind"], &p["scale"])).collect();
    let expected = [
        ("number", "log"),
        ("number", "linear"),
        ("integer", "linear"),
        ("category", "category"),
        ("number", "quantile"),
        ("constant", "category"),
    ];
    assert_eq!(
        kinds,
        expected.each_ref().map(|(kind, scale)| (json!(kind), json!(scale))).each_ref().map(|(k, s)| (k, s))
    );
    assert_eq!(found["parameters"][2]["max"], 4);
    assert_eq!((&found["seed"], &found["description"]), (&json!("7"), &json!("finds a minimum")));
    let metrics: Vec<&Value> = found["metrics"].as_array().unwrap().iter().collect();
    assert_eq!(metrics, ["loss", "epoch", "acc"]);
}

/// The columns of a sweep: the header, and numbers by role or name.
struct Columns {
    header: Value,
    blocks: Vec<Vec<u8>>,
}

impl Columns {
    fn read(bytes: &[u8]) -> Self {
        let length = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
        assert_eq!((4 + length) % 8, 0, "blocks begin at a multiple of eight");
        let header: Value = serde_json::from_slice(&bytes[4..4 + length]).unwrap();
        let runs = header["runs"].as_u64().unwrap() as usize;
        let mut at = 4 + length;
        let size = |form: &Value| match form.as_str().unwrap() {
            "f64" => 8,
            "u8" => 1,
            _ => 4,
        };
        let columns = header["columns"].as_array().unwrap().iter();
        let blocks = columns.map(|column| {
            let len = runs * size(&column["type"]);
            let block = bytes[at..at + len].to_vec();
            at = (at + len).next_multiple_of(8);
            block
        });
        let blocks = blocks.collect();
        assert_eq!(at, bytes.len(), "nothing follows the last block");
        Self { header, blocks }
    }

    fn numbers(&self, key: &str, wanted: &str) -> Vec<f64> {
        let columns = self.header["columns"].as_array().unwrap();
        let place = columns.iter().position(|column| column[key] == wanted).unwrap();
        let block = &self.blocks[place];
        match columns[place]["type"].as_str().unwrap() {
            "f64" => block.chunks(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect(),
            "f32" => block.chunks(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()).into()).collect(),
            "u32" => block.chunks(4).map(|b| u32::from_le_bytes(b.try_into().unwrap()).into()).collect(),
            _ => block.iter().map(|&b| b.into()).collect(),
        }
    }
}

/// Equal, where NaN is NaN.
fn same(found: &[f64], expected: &[f64]) -> bool {
    found.len() == expected.len()
        && found.iter().zip(expected).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()))
}

fn check_columns(stage: &Stage, id: &SweepId) {
    let columns = Columns::read(&stage.get(&format!("/v1/sweeps/{id}/columns")).body);
    let mut store = stage.store();
    let runs = store.runs(id, &RunQuery::default()).unwrap();
    let sweep = store.sweep(id).unwrap();
    let config = stored_config(&registry(), &sweep).unwrap();
    for parameter in config.space.searchable() {
        let axis = Axis::new(parameter);
        let place = |run: &besom_store::RunRow| {
            let point = config.space.read(&run.point);
            f64::from(axis.place(point.get(&parameter.name).unwrap()).unwrap() as f32)
        };
        let expected: Vec<f64> = runs.iter().map(place).collect();
        let name = parameter.name.to_string();
        assert!(same(&columns.numbers("name", &name), &expected), "{name}");
    }
    let number = |x: Option<f64>| x.unwrap_or(f64::NAN);
    let time = |x: Option<u64>| x.map_or(f64::NAN, |x| x as f64);
    let of = |f: &dyn Fn(&besom_store::RunRow) -> f64| runs.iter().map(f).collect::<Vec<f64>>();
    assert!(same(&columns.numbers("role", "value"), &of(&|run| number(run.best))));
    assert!(same(&columns.numbers("role", "last"), &of(&|run| number(run.last))));
    assert!(same(&columns.numbers("role", "started_ms"), &of(&|run| time(run.started_ms))));
    assert!(same(&columns.numbers("role", "ended_ms"), &of(&|run| time(run.ended_ms))));
    assert!(same(&columns.numbers("role", "attempt"), &of(&|run| run.attempt as f64)));
    assert!(same(&columns.numbers("role", "rows"), &of(&|run| run.rows as f64)));
    let states = columns.header["columns"].as_array().unwrap();
    let states = &states.iter().find(|column| column["role"] == "state").unwrap()["states"];
    for (found, run) in columns.numbers("role", "state").iter().zip(&runs) {
        let stopped = run.state == RunState::Finished && run.stop_kind == Some(besom_store::StopKind::Early);
        let expected = if stopped { "stopped" } else { run.state.as_str() };
        assert_eq!(states[*found as usize], expected);
    }
    assert_eq!(columns.header["cursor"], store.changes(id, 0).unwrap().upto.to_string());
}

#[test]
fn columns_are_the_runs_and_stay_so_as_they_change() {
    let (stage, id) = staged(6);
    check_columns(&stage, &id);
    let mut store = stage.store();
    store.retry(&id, &[RunState::Failed]).unwrap();
    let mut hand = sample::Hand::join(&mut *store, &id, "other/1/1");
    let claimed = hand.claim(&mut *store).unwrap();
    sample::report(&mut *store, &claimed, 4);
    sample::controller(&mut *store, &id).step(&mut *store, 2).unwrap();
    store.request_stops(&id, &[(run(7), "worse".into())], besom_store::StopKind::Early).unwrap();
    check_columns(&stage, &id);
}

#[test]
fn runs_come_by_number_and_page_by_page() {
    let (stage, id) = staged(6);
    let numbers = |path: &str| -> Vec<u64> {
        let found = stage.get(&format!("/v1/sweeps/{id}/runs?{path}")).json();
        found["runs"].as_array().unwrap().iter().map(|run| run["number"].as_u64().unwrap()).collect()
    };
    assert_eq!(numbers("numbers=5,2,99"), [2, 5]);
    assert_eq!(numbers("after=3&limit=2"), [4, 5]);
    assert_eq!(numbers(""), [1, 2, 3, 4, 5, 6, 7]);
    let wrong = stage.get(&format!("/v1/sweeps/{id}/runs?numbers=1,x"));
    assert_eq!((wrong.status, wrong.json()["error"]["code"].as_str()), (400, Some("query")));
    assert_eq!(stage.get("/v1/sweeps/nothing1/runs").status, 404);
}

#[test]
fn a_run_in_full_says_what_the_store_has_of_it() {
    let (stage, id) = staged(6);
    let mut store = stage.store();
    let found = stage.get(&format!("/v1/sweeps/{id}/runs/5")).json();
    let row = store.run(&id, run(5)).unwrap();
    assert_eq!(
        (&found["state"], &found["value"], &found["exit_code"]),
        (&json!("failed"), &json!(row.best), &json!(3))
    );
    assert_eq!(found["params"]["lr"], row.point["lr"]);
    assert_eq!(found["params"]["api_key"], "***");
    assert_eq!(found["facts"]["config"], json!({ "wandb_token": "***", "width": 3 }));
    let attempt = &found["attempts"][0];
    assert_eq!(
        (&attempt["state"], &attempt["exit_code"], &attempt["message"]),
        (&json!("failed"), &json!(3), &json!("exit status 3"))
    );
    assert_eq!(found["logged"]["epoch"]["last"], 10);
    assert_eq!(found["why"]["sentence"], row.note["why"]);
    let page = stage.get(&format!("/v1/sweeps/{id}/runs/5/rows?after=4&limit=3")).json();
    assert_eq!((page["rows"][0]["seq"].as_u64(), page["rows"].as_array().map(Vec::len)), (Some(5), Some(3)));
    assert_eq!(page["more"], true);
    assert_eq!(stage.get(&format!("/v1/sweeps/{id}/runs/99")).json()["error"]["code"], "no_run");
}

#[test]
fn a_failed_run_says_how_it_counts_in_the_search() {
    let (stage, id) = Stage::prepared(|store| {
        let id = sample::worked(store, 3);
        let mut hand = sample::Hand::join(store, &id, "host/2/1");
        for failure in [Failure::OutOfMemory, Failure::Machine] {
            assert!(matches!(sample::controller(store, &id).step(store, 1).unwrap(), Step::Ready(_)));
            let run = hand.claim(store).unwrap();
            store.finish(&run.lease, &End::new(RunState::Failed).failure(failure)).unwrap();
        }
        id
    });
    let found = |run: u64| stage.get(&format!("/v1/sweeps/{id}/runs/{run}")).json();
    assert_eq!(found(1)["counts"], Value::Null);
    let expected = [(5, false, "it ran out of memory"), (6, true, "it lost its machine")];
    for (run, left_out, why) in expected {
        let found = found(run);
        assert_eq!(found["counts"]["left_out"], left_out, "{found}");
        assert!(found["counts"]["why"].as_str().unwrap().contains(why), "{found}");
    }
}

#[test]
fn a_model_and_what_it_predicted_are_shown_beside_what_came() {
    let (stage, id) = staged(20);
    let mut store = stage.store();
    let modeled = store.runs(&id, &RunQuery::default()).unwrap();
    let modeled: Vec<_> = modeled.iter().filter(|run| run.note.contains_key("predicted_mean")).collect();
    assert!(!modeled.is_empty());
    let found = stage.get(&format!("/v1/sweeps/{id}/runs/{}", modeled[0].number)).json();
    assert_eq!(found["why"]["predicted"]["mean"], modeled[0].note["predicted_mean"]);
    let calibration = stage.get(&format!("/v1/sweeps/{id}/calibration")).json();
    let ended = modeled.iter().filter(|run| !run.state.is_open()).count();
    assert_eq!(calibration["points"].as_array().map(Vec::len), Some(ended));
    assert_eq!(calibration["points"][0]["observed"], json!(modeled[0].best));
}

#[test]
fn importances_and_slices_are_those_of_the_pictures() {
    let (stage, id) = staged(16);
    let mut store = stage.store();
    let sweep = store.sweep(&id).unwrap();
    let config = stored_config(&registry(), &sweep).unwrap();
    let past = besom_engine::past(&mut *store, &sweep, &config).unwrap();
    let (problem, history) = (past.sweep().problem(), past.sweep().history());
    let sample = Sample::new(problem, history, &[]).unwrap();
    let found = stage.get(&format!("/v1/sweeps/{id}/importance")).json();
    assert_eq!(found["samples"], sample.runs.len());
    for importance in sample.importances().unwrap() {
        let name = importance.parameter.to_string();
        let found =
            found["importance"].as_array().unwrap().iter().find(|one| one["parameter"] == name).unwrap();
        assert_eq!(found["value"].as_f64(), Some(importance.total), "{name}");
    }
    let slice = stage.get(&format!("/v1/sweeps/{id}/slice?x=lr")).json();
    let of_lr = Sample::new(problem, history, &["lr".into()]).unwrap();
    let surface = of_lr.surface(&[0]).unwrap();
    let cells = slice["grid"].as_u64().unwrap() as usize;
    let expected: Vec<f64> =
        surface.cells(cells).unwrap().iter().map(|&score| surface.value(score)).collect();
    let mean: Vec<f64> = slice["mean"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    assert_eq!(mean, expected);
    assert!(slice["sd"].as_array().unwrap().iter().all(|sd| sd.as_f64().unwrap() >= 0.0));
    let over = stage.get(&format!("/v1/sweeps/{id}/surface?x=lr&y=momentum")).json();
    assert_eq!(over["mean"].as_array().unwrap().len() as u64, over["grid"].as_u64().unwrap().pow(2));
    assert_eq!(stage.get(&format!("/v1/sweeps/{id}/slice?x=lrr")).status, 400);
    let few = staged(1);
    let note = few.0.get(&format!("/v1/sweeps/{}/importance", few.1)).json()["note"].clone();
    assert!(note.as_str().unwrap().contains("at least"), "{note}");
}

#[test]
fn the_best_expected_run_is_named_where_values_are_noisy() {
    for noise in [0.3, 0.0] {
        let (stage, id) = Stage::prepared(|store| sample::noisy(store, 80, noise));
        let mut store = stage.store();
        let sweep = store.sweep(&id).unwrap();
        let config = stored_config(&registry(), &sweep).unwrap();
        let best = besom_engine::best_expected(&mut *store, &sweep, &config).unwrap();
        let found = stage.get(&format!("/v1/sweeps/{id}/expected")).json();
        let params = best.map(|best| store.run(&id, best.run).unwrap().point);
        assert_eq!(found, json!({ "best_expected": best, "params": params }));
        assert_eq!(best.is_some(), noise > 0.0);
    }
}

#[test]
fn curves_are_those_of_the_store_in_buckets() {
    let (stage, id) = staged(4);
    let mut store = stage.store();
    let found = stage.get(&format!("/v1/sweeps/{id}/curves?metric=loss&runs=1,2&buckets=4")).json();
    let curve = store.curve(&id, run(1), 0).unwrap();
    let points = found["curves"][0]["points"].as_array().unwrap();
    let last = points.last().unwrap();
    assert_eq!((found["curves"][0]["steps"].as_u64(), last[0].as_u64()), (Some(10), Some(10)));
    assert_eq!(last[3].as_f64(), curve.last().copied());
    assert_eq!(points[0][2].as_f64(), Some(curve[0]));
    // A metric that is not watched is read from the rows, and is the same where it is the same.
    let logged = stage.get(&format!("/v1/sweeps/{id}/curves?metric=epoch&runs=1&buckets=4")).json();
    let steps: Vec<&Value> = points.iter().map(|point| &point[0]).collect();
    let logged: Vec<(&Value, &Value)> = logged["curves"][0]["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| (&point[0], &point[3]))
        .collect();
    assert_eq!(logged.iter().map(|(step, _)| *step).collect::<Vec<_>>(), steps);
    assert!(logged.iter().all(|(step, last)| step.as_f64() == last.as_f64()), "{logged:?}");
    let best = stage.get(&format!("/v1/sweeps/{id}/curves?runs=best:2")).json();
    assert_eq!(best["curves"][0]["run"].as_u64(), store.status(&id).unwrap().best.map(|best| best.run.get()));
}

#[test]
fn the_stopping_rule_shows_its_thresholds() {
    let (stage, id) = staged(5);
    let mut store = stage.store();
    let mut controller = sample::controller(&mut *store, &id);
    controller.refresh(&mut *store).unwrap();
    let view = controller.show_stopper().unwrap();
    let found = stage.get(&format!("/v1/sweeps/{id}/stopper")).json();
    assert_eq!((&found["rule"], &found["view"]), (&json!("median"), &Value::from(view.clone())));
    for threshold in found["thresholds"].as_array().unwrap() {
        let step = threshold["step"].as_f64().unwrap().to_string();
        assert_eq!(threshold["value"], view["medians"][&step], "{step}");
    }
    assert!(!found["thresholds"].as_array().unwrap().is_empty(), "{found}");
}

#[test]
fn agents_and_their_timeline_are_those_of_the_attempts() {
    let (stage, id) = staged(6);
    let agents = stage.get(&format!("/v1/sweeps/{id}/agents")).json();
    let agents = agents["agents"].as_array().unwrap();
    let facts: Vec<_> =
        agents.iter().map(|a| (&a["name"], &a["runs_done"], &a["alive"], &a["left"])).collect();
    let (done, yes, no) = (json!(3), json!(true), json!(false));
    let names = [json!("host/1/1"), json!("host/1/2")];
    assert_eq!(facts, [(&names[0], &done, &yes, &no), (&names[1], &done, &yes, &no)]);
    assert_eq!(agents[0]["host"], "host");
    let timeline = stage.get(&format!("/v1/sweeps/{id}/timeline")).json();
    let mut store = stage.store();
    let mut spans = 0;
    for agent in timeline["agents"].as_array().unwrap() {
        for span in agent["spans"].as_array().unwrap() {
            let attempts = store.attempts(&id, run(span["run"].as_u64().unwrap())).unwrap();
            assert_eq!(
                (attempts[0].agent.as_str().into(), json!(attempts[0].started_ms as f64)),
                (agent["name"].clone(), span["from_ms"].clone())
            );
            spans += 1;
        }
    }
    assert_eq!(spans, 7);
}

#[test]
fn output_is_plain_text_of_the_newest_attempt() {
    let (stage, id) = staged(2);
    let found = stage.get(&format!("/v1/sweeps/{id}/runs/1/output")).json();
    assert_eq!(found["head"], "epoch 1\nred\n");
    assert_eq!((&found["attempt"], &found["missing"], &found["tail"]), (&json!(1), &json!(0), &json!("")));
    let directory = stage.directory().join("runs").join(id.as_str()).join("2/attempt-1");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("output.log"), "from the file\n").unwrap();
    assert_eq!(stage.get(&format!("/v1/sweeps/{id}/runs/2/output")).json()["head"], "from the file\n");
    let text = stage.follow(&format!("/v1/sweeps/{id}/runs/2/output/follow?from=5"));
    assert!(
        text.contains("event: output\ndata: {\"from\":5,\"total\":14,\"text\":\"the file\\n\"}\n\n"),
        "{text}"
    );
    assert!(text.contains("event: end\ndata: {\"total\":14}\n\n"), "{text}");
}

#[test]
fn events_come_page_by_page() {
    let (stage, id) = staged(3);
    let mut store = stage.store();
    let all = store.events(&id, None, 0, 1000).unwrap();
    let first = stage.get(&format!("/v1/sweeps/{id}/events?limit=4")).json();
    assert_eq!((first["events"].as_array().map(Vec::len), &first["more"]), (Some(4), &json!(true)));
    let after = first["events"][3]["seq"].as_str().unwrap();
    let rest = stage.get(&format!("/v1/sweeps/{id}/events?after={after}")).json();
    assert_eq!(rest["events"].as_array().map(Vec::len), Some(all.len() - 4));
    let own = stage.get(&format!("/v1/sweeps/{id}/runs/1/events")).json();
    assert!(own["events"].as_array().unwrap().iter().all(|event| event["run"] == 1));
}

#[test]
fn a_csv_is_what_the_command_prints_without_secrets() {
    let (stage, id) = staged(3);
    let mut store = stage.store();
    let runs = store.runs(&id, &RunQuery::default()).unwrap();
    let mut fields = besom_engine::Fields::new(store.sweep(&id).unwrap(), &runs);
    let mut expected = Vec::new();
    besom_engine::write_csv(&mut *store, &mut fields, &runs, &[], false, &mut expected).unwrap();
    let expected = String::from_utf8(expected).unwrap().replace("sk-9-secret", "***");
    let found = stage.get(&format!("/v1/sweeps/{id}.csv"));
    assert_eq!(String::from_utf8(found.body.clone()).unwrap(), expected);
    assert!(found.header("content-disposition").unwrap().contains(&format!("{id}.csv")));
}

#[test]
fn a_csv_of_many_runs_is_written_page_by_page_and_is_the_same() {
    let text = "method: random\nparameters: {x: {min: 0, max: 9}}";
    let (stage, id) = Stage::prepared(|store| {
        let id = sample::created(store, text);
        // A parameter and a metric that only a run on the last page has.
        let points =
            (1..=2_100).map(|x| if x == 2_050 { json!({ "x": x, "late": 1 }) } else { json!({ "x": x }) });
        let runs: Vec<_> = points.map(|point| NewRun::new(sample::object(point))).collect();
        store.add_runs(&id, RunNumber::FIRST, &runs, None).unwrap();
        let work = &mut |store: &mut dyn Store| {
            let mut hand = sample::Hand::join(store, &id, "host/1/1");
            for place in 1..=1_501 {
                let run = hand.claim(store).unwrap();
                if place % 500 == 1 {
                    let row = Row::new(1, sample::object(json!({ format!("metric{place}"): place })));
                    store.report(&run.lease, &[row]).unwrap();
                }
            }
        };
        store.group(work).unwrap();
        id
    });
    let mut store = stage.store();
    let runs = store.runs(&id, &RunQuery::default()).unwrap();
    let mut fields = besom_engine::Fields::new(store.sweep(&id).unwrap(), &runs);
    let mut expected = Vec::new();
    besom_engine::write_csv(&mut *store, &mut fields, &runs, &[], false, &mut expected).unwrap();
    let found = stage.get(&format!("/v1/sweeps/{id}.csv")).body;
    assert_eq!(String::from_utf8(found).unwrap(), String::from_utf8(expected).unwrap());
}

#[test]
fn a_sweep_that_has_ended_and_one_without_a_metric_have_all_views() {
    let (stage, id) = Stage::prepared(|store| {
        let id = sample::created(store, "method: grid\nparameters: {x: {values: [1, 2]}}");
        store.set_state(&id, SweepState::Canceled, None).unwrap();
        id
    });
    let views = [
        "",
        "/columns",
        "/runs",
        "/events",
        "/importance",
        "/slice?x=x",
        "/calibration",
        "/expected",
        "/stopper",
        "/timeline",
        "/agents",
        ".csv",
        ".html",
    ];
    for view in views {
        assert_eq!(stage.get(&format!("/v1/sweeps/{id}{view}")).status, 200, "{view}");
    }
    assert_eq!(stage.get(&format!("/v1/sweeps/{id}/curves")).status, 400);
    assert_eq!(stage.get(&format!("/v1/sweeps/{id}")).json()["grid_size"], 2);
}
