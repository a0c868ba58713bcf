use std::error::Error;
use std::{env, fs};

use serde_json::{Map, Value};

use super::*;

fn text(error: &dyn Error) -> String {
    let cause = error.source().map(text).unwrap_or_default();
    format!("{error}: {cause}")
}

#[test]
fn a_folder_without_scenarios_is_refused_with_their_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = surrogates(folder.path()).expect_err("there is nothing in it");
    assert!(text(&error).contains("has none of the folders lcbench, rbv2_xgboost"), "{error}");
}

#[test]
fn a_file_that_is_missing_or_broken_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = folder.path().join("lcbench");
    fs::create_dir(&scenario).expect("a folder");
    let missing = surrogates(folder.path()).expect_err("no files");
    assert!(text(&missing).contains("lcbench/config_space.json: No such file"), "{}", text(&missing));

    let space = r#"{"hyperparameters": [{"name": "epoch", "type": "uniform_int", "lower": 1, "upper": 52, "log": false}]}"#;
    fs::write(scenario.join("config_space.json"), space).expect("it is written");
    fs::write(scenario.join("encoding.json"), r#"{"OpenML_task_id": {"167168": 10}}"#)
        .expect("it is written");
    fs::write(scenario.join("model.onnx"), "no network").expect("it is written");
    let suite = surrogates(folder.path()).expect("models are read later");
    let broken = suite.tasks[0].objective(0).map(|_| ()).expect_err("it is no network");
    assert!(text(&*broken).contains("lcbench/model.onnx"), "{}", text(&*broken));
}

#[test]
fn what_random_search_reaches_is_stored_for_every_final_loss() {
    let stored: HashMap<String, Reference> = serde_json::from_str(STORED).expect("it is JSON");
    for (scenario, data) in SCENARIOS.iter().flat_map(|s| s.data.iter().map(move |data| (s, data))) {
        let reference = &stored[&format!("{}_{data}", scenario.name)];
        assert_eq!(reference.random.len(), scenario.runs, "{} {data}", scenario.name);
        assert!(reference.random.iter().all(|loss| *loss >= reference.best), "{} {data}", scenario.name);
    }
}

/// The true loss at a point, after this many epochs where there is a curve.
fn loss(task: &Task, params: &Map<String, Value>, epochs: usize) -> f64 {
    let objective = task.objective(0).expect("it loads");
    let point = objective.problem().space.read(params);
    let mut left = epochs;
    let mut log = |_| {
        left -= 1;
        if left == 0 { Keep::Stop } else { Keep::Going }
    };
    match objective.run(&point, &mut Rng::new(0), &mut log) {
        Outcome::Finished { truth, .. } => truth,
        other => panic!("{} at {params:?}: {other:?}", task.name()),
    }
}

#[test]
#[ignore = "needs the models, in the folder that the environment's BESOM_SURROGATES names"]
fn losses_and_curves_are_those_of_onnxruntime() {
    let folder = env::var_os("BESOM_SURROGATES").expect("BESOM_SURROGATES is set");
    let suite = surrogates(Path::new(&folder)).expect("the folder is complete");
    let task = |name: &str| suite.tasks.iter().find(|task| task.name() == name);
    let rows: Vec<Vec<Value>> =
        serde_json::from_str(include_str!("../../../tests/data/surrogates.json")).expect("the table is JSON");
    let close = |name: &str, value: f64, expected: &Value| {
        let expected = expected.as_f64().expect("a loss");
        assert!((value - expected).abs() < 1e-4, "{name}: {value} for {expected}");
    };
    for row in rows {
        let (name, params) = (row[0].as_str().expect("a name"), row[1].as_object().expect("a point"));
        close(name, loss(task(name).expect("it is in the suite"), params, 50), &row[2]);
        let curve = task(&name.replace("lcbench", "lcbench_curve")).filter(|_| row.len() > 3);
        for (i, epochs) in [1, 10, 50].into_iter().enumerate() {
            let Some(curve) = curve else { break };
            close(curve.name(), loss(curve, params, epochs), &row[3][i]);
        }
    }
}
