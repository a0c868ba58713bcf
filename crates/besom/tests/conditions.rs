//! Conditions from the sweep file to the program and back.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use std::collections::BTreeSet;

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
  optimizer: {values: [sgd, adam, lion]}
  momentum: {values: [0.5, 0.9], when: {optimizer: sgd}}
  net:
    when: {optimizer: [adam, lion]}
    parameters:
      layers: {min: 1, max: 2}
      width: {values: [8, 16], when: {layers: 2}}
";

/// A desk with the sweep of a method, whose program writes down its arguments.
fn desk(method: &str) -> Desk {
    let desk = Desk::new();
    desk.file("train.sh", "echo \"$@\" >> seen\nbesom log loss=1\n");
    desk.file("sweep.yaml", &SWEEP.replace("METHOD", method));
    desk
}

fn seen(desk: &Desk) -> Vec<String> {
    std::fs::read_to_string(desk.path().join("seen")).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_grid_tries_each_point_of_the_tree_once() {
    let desk = desk("grid");
    let answer = desk.call(&["run", "sweep.yaml"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    // sgd: 2 momenta; adam and lion: one layer, or two of 2 widths.
    let seen = seen(&desk);
    assert_eq!(seen.len(), 2 + 2 * 3, "{seen:?}");
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len(), "{seen:?}");
    assert!(seen.contains(&"--momentum=0.5 --optimizer=sgd".to_owned()), "{seen:?}");
    assert!(seen.iter().all(|line| line.contains("sgd") == line.contains("momentum")), "{seen:?}");
    assert!(seen.iter().all(|line| line.contains("sgd") != line.contains("layers")), "{seen:?}");
    let id = desk.newest();
    assert!(desk.call(&["status", &id]).out.contains("8 of 8"), "{:?}", desk.call(&["status", &id]));
    let table = desk.call(&["runs", &id, "--columns", "optimizer,momentum"]).out;
    assert!(table.lines().any(|line| line.contains("adam") && line.contains('-')), "{table}");
    let best = desk.json(&["best", &id, "--json"]);
    assert!(best["params"].get("net").is_none(), "{best}");
}

#[test]
fn a_plan_shows_conditions_and_commands_of_active_parameters() {
    let desk = desk("grid");
    let plan = desk.call(&["plan", "sweep.yaml", "-n", "8"]).out;
    assert!(plan.contains("grid search over 8 points"), "{plan}");
    assert!(plan.contains("optimizer is sgd") && plan.contains("always"), "{plan}");
    let plan = desk.json(&["plan", "sweep.yaml", "-n", "8", "--json"]);
    assert_eq!(plan["parameters"][3]["when"], "optimizer is adam or lion and net.layers is 2");
}

#[test]
fn methods_that_learn_suggest_active_parameters_only_and_end_with_the_tree() {
    for method in ["bayes", "tpe", "auto", "random", "sobol"] {
        let desk = desk(method);
        let answer = desk.call(&["run", "sweep.yaml"]);
        assert_eq!(answer.code, Some(0), "{method}: {answer:?}");
        let seen = seen(&desk);
        assert!(seen.iter().all(|line| line.contains("sgd") == line.contains("momentum")), "{seen:?}");
        let distinct = seen.iter().collect::<BTreeSet<_>>().len();
        if ["bayes", "auto"].contains(&method) {
            assert_eq!((seen.len(), distinct), (8, 8), "{method}: {seen:?}");
        }
    }
}

#[test]
fn an_enqueued_run_has_exactly_the_active_parameters() {
    let desk = desk("random");
    assert_eq!(desk.call(&["run", "sweep.yaml"]).code, Some(0));
    let id = desk.newest();
    let refused = desk.call(&["enqueue", &id, "optimizer=adam", "momentum=0.5", "net.layers=2"]);
    let expected = "momentum has a value, and exists only when optimizer is sgd";
    assert!(refused.err.contains(expected) && refused.err.contains("net.width has no value"), "{refused:?}");
}

#[test]
fn ask_and_tell_give_and_take_active_parameters() {
    let config = json!({"method": "bayes", "metric": {"name": "loss"}, "run_cap": 20, "parameters": {
        "opt": {"values": ["sgd", "adam"]}, "mom": {"min": 0.0, "max": 0.99, "when": {"opt": "sgd"}},
        "beta": {"min": 0.9, "max": 0.999, "when": {"opt": "adam"}},
    }});
    // What an inactive parameter is said to have makes no difference.
    let told = |inactive: f64| -> Vec<Value> {
        let mut lines = vec![json!({"config": config, "seed": 1})];
        for run in 0..8 {
            let params = match run % 2 {
                0 => json!({"opt": "sgd", "mom": f64::from(run) / 9.0, "beta": 0.9 + inactive}),
                _ => json!({"opt": "adam", "beta": 0.9 + f64::from(run) / 99.0, "mom": inactive}),
            };
            let values = json!({"loss": f64::from(run * run % 5), "other": 1});
            let id = format!("mine {run}");
            lines
                .push(json!({"tell": [{"id": id, "params": params, "values": values, "state": "finished"}]}));
        }
        lines.push(json!({"ask": 3}));
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let answer = Desk::new().call_with_input(&["ask-tell"], text.as_bytes());
        answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let (one, other) = (told(0.01), told(0.09));
    assert_eq!(one, other);
    let left_out = "run 'mine 0': beta is left out, because it exists only when opt is adam";
    assert_eq!(one[1], json!({"ok": true, "warnings": [left_out]}));
    for suggestion in one.last().unwrap()["suggestions"].as_array().unwrap() {
        let params = &suggestion["params"];
        assert_eq!(params.get("mom").is_some(), params["opt"] == "sgd", "{params}");
        assert_eq!(params.get("beta").is_some(), params["opt"] == "adam", "{params}");
    }
}

#[test]
fn a_run_told_with_other_parameters_than_the_active_ones_is_learned_from_with_a_warning() {
    let config = json!({"method": "random", "metric": {"name": "loss"}, "parameters": {
        "opt": {"values": ["sgd", "adam"]}, "net": {"when": {"opt": "adam"}, "parameters": {"beta": {"min": 0.9, "max": 0.99}}},
    }});
    let tell = |id: &str, params: Value| {
        let run = json!({"id": id, "params": params, "values": {"loss": 1.0}, "state": "finished"});
        json!({"tell": [run]})
    };
    let requests = [
        json!({"config": config, "seed": 1}),
        tell("lacks one", json!({"opt": "adam"})),
        tell("lacks its parent", json!({"net": {"beta": 0.95}})),
        tell("sound", json!({"opt": "adam", "net": {"beta": 0.95}})),
        tell("has too many", json!({"opt": "sgd", "net": {"beta": 0.95}})),
    ];
    let text: String = requests.iter().map(|line| format!("{line}\n")).collect();
    let answer = Desk::new().call_with_input(&["ask-tell"], text.as_bytes());
    let replies: Vec<Value> = answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let warnings =
        |reply: &Value| reply.get("warnings").map(|warnings| warnings[0].as_str().unwrap().to_owned());
    assert!(replies.iter().all(|reply| reply["ok"] == true), "{replies:?}");
    assert_eq!(
        replies[1..].iter().map(warnings).collect::<Vec<_>>(),
        [
            Some("run 'lacks one': it has no net.beta, which exists when opt is adam".to_owned()),
            Some(
                "run 'lacks its parent': it has no opt; net.beta is left out, because it exists only when opt is adam"
                    .to_owned()
            ),
            None,
            Some("run 'has too many': net.beta is left out, because it exists only when opt is adam".to_owned()),
        ]
    );
}
