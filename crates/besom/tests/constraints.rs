//! Constraints between parameters from the sweep file to the program and back.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use command::Desk;
use serde_json::{Value, json};

const SWEEP: &str = "\
method: METHOD
metric: {name: loss}
run_cap: 12
seed: 3
program: train.sh
command: [sh, '${program}', '${args}']
parameters:
  warmup: {min: 0, max: 5}
  epochs: {min: 1, max: 4}
  optimizer: {values: [sgd, adam]}
  momentum: {values: [0.5, 0.9], when: {optimizer: sgd}}
parameter_constraints:
  - warmup < epochs
  - not (optimizer == 'adam' and epochs > 2)
  - momentum < 0.8
";

/// A desk with the sweep of a method, whose program writes down its arguments.
fn desk(method: &str) -> Desk {
    let desk = Desk::new();
    desk.file("train.sh", "echo \"$@\" >> seen\nbesom log loss=1\n");
    desk.file("sweep.yaml", &SWEEP.replace("METHOD", method));
    desk
}

/// The arguments of all runs, each of which keeps the constraints.
fn seen(desk: &Desk) -> Vec<String> {
    let text = std::fs::read_to_string(desk.path().join("seen")).unwrap();
    for line in text.lines() {
        let value = |name: &str| {
            let word = line
                .split(' ')
                .find_map(|word| word.strip_prefix("--")?.strip_prefix(name)?.strip_prefix('='));
            word.map(str::to_owned)
        };
        let number = |name: &str| value(name).unwrap().parse::<i64>().unwrap();
        assert!(number("warmup") < number("epochs"), "{line}");
        match value("optimizer").unwrap().as_str() {
            "adam" => assert!(number("epochs") <= 2 && value("momentum").is_none(), "{line}"),
            _ => assert_eq!(value("momentum").as_deref(), Some("0.5"), "{line}"),
        }
    }
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_grid_tries_each_point_that_keeps_its_constraints_once() {
    let desk = desk("grid");
    let answer = desk.call(&["run", "sweep.yaml", "--run-cap", "50"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    // sgd: 1 + 2 + 3 + 4 pairs of warmup and epochs; adam: 1 + 2.
    let seen = seen(&desk);
    assert_eq!(seen.len(), 13, "{seen:?}");
    let id = desk.newest();
    assert!(desk.call(&["status", &id]).out.contains("13 of 13"), "{:?}", desk.call(&["status", &id]));
}

#[test]
fn every_method_keeps_constraints() {
    for method in ["random", "sobol", "tpe", "bayes", "auto"] {
        let desk = desk(method);
        let answer = desk.call(&["run", "sweep.yaml"]);
        assert_eq!(answer.code, Some(0), "{method}: {answer:?}");
        assert_eq!(seen(&desk).len(), 12, "{method}");
    }
    let desk = desk("cma-es");
    let answer = desk.call(&["run", "sweep.yaml"]);
    assert_eq!(answer.code, Some(2), "{answer:?}");
}

#[test]
fn a_plan_shows_constraints_and_how_many_points_keep_them() {
    let desk = desk("grid");
    let plan = desk.call(&["plan", "sweep.yaml", "-n", "2"]).out;
    assert!(plan.contains("grid search over 13 points"), "{plan}");
    assert!(plan.contains("constraints, which 18.0556 % of all points keep:"), "{plan}");
    assert!(plan.contains("\n  warmup < epochs   (41.6667 % of all points)\n"), "{plan}");
    let plan = desk.json(&["plan", "sweep.yaml", "-n", "2", "--json"]);
    assert_eq!((&plan["points"], &plan["constraints"][0]), (&json!("13"), &json!("warmup < epochs")));
}

#[test]
fn a_run_that_breaks_a_constraint_is_not_enqueued() {
    let desk = desk("random");
    assert_eq!(desk.call(&["run", "sweep.yaml"]).code, Some(0));
    let id = desk.newest();
    let refused = desk.call(&["enqueue", &id, "optimizer=adam", "warmup=3", "epochs=3"]);
    assert!(refused.err.contains("they break the constraint warmup < epochs"), "{refused:?}");
}

#[test]
fn wandb_is_said_to_refuse_them() {
    let desk = desk("random");
    let answer = desk.call(&["validate", "--wandb", "sweep.yaml"]);
    assert!(answer.out.contains("parameter_constraints: W&B does not know this key"), "{answer:?}");
}

#[test]
fn ask_and_tell_keep_constraints() {
    let config = json!({"method": "bayes", "metric": {"name": "loss"}, "run_cap": 20,
        "parameters": {"a": {"min": 0.0, "max": 1.0}, "b": {"min": 0.0, "max": 1.0}},
        "parameter_constraints": ["a + b <= 0.3"]});
    let mut lines = vec![json!({"config": config, "seed": 1})];
    for run in 0..8 {
        let params = json!({"a": 0.03 * f64::from(run), "b": 0.02});
        let result =
            json!({"id": format!("mine {run}"), "params": params, "value": -run, "state": "finished"});
        lines.push(json!({ "tell": [result] }));
    }
    lines.push(json!({"ask": 6}));
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let answer = Desk::new().call_with_input(&["ask-tell"], text.as_bytes());
    let last: Value = serde_json::from_str(answer.out.lines().last().unwrap()).unwrap();
    let suggestions = last["suggestions"].as_array().unwrap();
    assert_eq!(suggestions.len(), 6, "{answer:?}");
    for suggestion in suggestions {
        let number = |name: &str| suggestion["params"][name].as_f64().unwrap();
        assert!(number("a") + number("b") <= 0.3, "{suggestion}");
    }
}
