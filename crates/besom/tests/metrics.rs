//! Several metrics from the sweep file to the front.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use command::Desk;
use serde_json::{Value, json};

const SWEEP: &str = "\
method: grid
metrics:
  - {name: loss}
  - {name: latencyTHRESHOLD}
seed: 3
program: train.sh
command: [sh, '${program}', '${args_no_hyphens}']
parameters:
  x: {values: [1, 2, 3, 4, 5, 6]}
";

/// Runs 1 to 3 trade loss for latency, 4 fails, 5 diverges in one of the two, 6 is worse than all.
const TRAIN: &str = "\
x=${1#x=}
case $x in
  4) besom log loss=0 latency=0; exit 1;;
  5) echo '{\"loss\": 0, \"latency\": NaN}' >> $BESOM_METRICS;;
  6) besom log loss=6 latency=9;;
  *) besom log loss=9 latency=9; besom log loss=$x latency=$((7 - x));;
esac
";

fn desk(threshold: &str) -> Desk {
    let desk = Desk::new();
    desk.file("train.sh", TRAIN);
    desk.file("sweep.yaml", &SWEEP.replace("THRESHOLD", threshold));
    desk
}

fn ran(threshold: &str) -> (Desk, String) {
    let desk = desk(threshold);
    let answer = desk.call(&["run", "sweep.yaml", "-j", "1"]);
    let out = &answer.out;
    assert!(out.contains("grid search, 6 runs, minimize loss, minimize latency, seed 3"), "{answer:?}");
    assert!(out.contains("run 2 finished: loss 2, latency 5 (on the front), 2 steps"), "{answer:?}");
    assert!(out.contains("run 6 finished: loss 6, latency 9, 1 step"), "{answer:?}");
    (desk, answer.out)
}

#[test]
fn a_sweep_ends_with_its_front() {
    let (desk, out) = ran("");
    let headline = "front of 3 runs, 2 metrics, hypervolume ";
    assert!(out.contains(headline) && out.contains("more: besom best"), "{out}");
    let id = desk.newest();
    let status = desk.call(&["status", &id]).out;
    assert!(status.contains(headline) && status.contains("up to loss 6, latency 9"), "{status}");
    let best = desk.call(&["best", &id]).out;
    let lines: Vec<&str> = best.lines().collect();
    // (6 - 1)(9 - 6) + (6 - 2) + (6 - 3)
    assert_eq!(lines[0], "front of 3 runs, 2 metrics, hypervolume 22 up to loss 6, latency 9", "{best}");
    let cells = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(cells(lines[1]), ["run", "loss", "latency", "x"]);
    let rows: Vec<Vec<String>> = lines[2..5].iter().map(|line| cells(line)).collect();
    assert_eq!(rows, [["1", "1", "6", "1"], ["2", "2", "5", "2"], ["3", "3", "4", "3"]]);
    let runs = desk.call(&["runs", &id]).out;
    assert_eq!(cells(runs.lines().next().unwrap())[..4], ["run", "state", "loss", "latency"], "{runs}");
    let list = desk.call(&["list"]).out;
    assert!(list.contains("2 metrics"), "{list}");
}

#[test]
fn the_front_is_in_json_and_so_is_whether_a_run_is_on_it() {
    let (desk, _) = ran("");
    let id = desk.newest();
    let best = desk.json(&["best", &id, "--json"]);
    let numbers: Vec<&Value> = best["front"].as_array().unwrap().iter().map(|run| &run["number"]).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(best["front"][0]["values"], json!({"loss": 1.0, "latency": 6.0}));
    assert_eq!((&best["of"], &best["beyond"], &best["hypervolume"]), (&json!(4), &json!(0), &json!(22.0)));
    let status = desk.json(&["status", &id, "--json"]);
    assert_eq!(status["front"]["runs"], json!([1, 2, 3]));
    assert_eq!(status["best_expected"], Value::Null);
    let on = |run: &str| desk.json(&["show", &id, run, "--json"])["on_front"].clone();
    assert_eq!([on("2"), on("5"), on("6")], [true, false, false]);
    assert_eq!(
        desk.json(&["show", &id, "2", "--json"])["curves"],
        json!({"loss": [9.0, 2.0], "latency": [9.0, 5.0]})
    );
    let shown = desk.call(&["show", &id, "6"]).out;
    assert!(
        shown.contains("not on the front: run 1 is better (loss 1, latency 6; this one loss 6, latency 9)"),
        "{shown}"
    );
    let shown = desk.call(&["show", &id, "2"]).out;
    assert!(shown.contains("on the front, 2 of 3: loss 2, latency 5"), "{shown}");
}

#[test]
fn a_best_run_is_not_named_where_there_are_several_metrics() {
    let (desk, _) = ran("");
    let id = desk.newest();
    let refused = desk.call(&["show", &id, "best"]);
    assert_eq!(refused.code, Some(2));
    let unordered = desk.call(&["runs", &id, "--sort", "best"]);
    assert_eq!(unordered.code, Some(2));
    let expected = "has 2 metrics; sort by one of them, as by --sort loss, or see besom best";
    assert!(unordered.err.contains(expected), "{unordered:?}");
    let ordered = desk.call(&["runs", &id, "--sort", "latency", "--columns", "latency"]);
    let first = ordered.out.lines().nth(1).map(str::trim_start).unwrap_or_default();
    assert!(first.starts_with('4'), "{ordered:?}");
    assert!(
        refused
            .err
            .contains(&format!("has 2 metrics, and so a front in place of a best run: see besom best {id}")),
        "{refused:?}"
    );
}

#[test]
fn runs_that_are_worse_than_a_threshold_are_not_on_the_front() {
    let desk = desk(", threshold: 5");
    assert_eq!(desk.call(&["run", "sweep.yaml", "-j", "1"]).code, Some(0));
    let best = desk.call(&["best"]).out;
    assert!(
        best.starts_with("front of 2 runs, 2 metrics, hypervolume 3 up to loss 6, latency 5\n"),
        "{best}"
    );
    assert!(best.contains("2 finished runs are worse than a threshold, and not on the front"), "{best}");
    let plan = desk.call(&["plan", "sweep.yaml"]).out;
    assert!(
        plan.contains("front of 2 metrics: minimize loss, minimize latency (nothing above 5 counts)"),
        "{plan}"
    );
}

#[test]
fn a_metric_that_no_run_logs_is_named_whichever_it_is() {
    let desk = desk("");
    desk.file("train.sh", "besom log loss=1 latncy=2\n");
    let answer = desk.call(&["run", "sweep.yaml", "-j", "1"]);
    let expected = "none of the 6 finished runs has a value of latency: run 1 logged loss and latncy, but not latency (did you mean latncy?)";
    assert!(answer.out.contains(expected), "{answer:?}");
    let best = desk.call(&["best"]);
    assert_eq!(best.code, Some(1));
    assert!(best.err.contains(expected), "{best:?}");
}

#[test]
fn a_target_is_reached_by_one_run_in_all_metrics_that_have_one() {
    let desk = desk(", target: 5");
    desk.file(
        "sweep.yaml",
        &SWEEP.replace("THRESHOLD", ", target: 5").replace("name: loss", "name: loss, target: 2"),
    );
    let answer = desk.call(&["run", "sweep.yaml", "-j", "1"]);
    assert!(
        answer.out.contains("run 2 reached the targets: loss 2 (target 2), latency 5 (target 5)"),
        "{answer:?}"
    );
}

#[test]
fn methods_that_take_one_metric_are_refused_with_those_that_take_more() {
    let desk = desk("");
    desk.file("sweep.yaml", &SWEEP.replace("THRESHOLD", "").replace("grid", "cma-es"));
    let refused = desk.call(&["run", "sweep.yaml"]);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.err.contains("metrics: method cma-es takes one metric only, and there are 2"),
        "{refused:?}"
    );
    let wandb = desk.call(&["validate", "--wandb", "sweep.yaml"]);
    assert!(wandb.out.contains("metrics: W&B takes several metrics with method: custom only"), "{wandb:?}");
}

#[test]
fn ask_and_tell_take_values_by_the_names_of_metrics() {
    let config = json!({"method": "random", "metrics": [{"name": "acc", "goal": "maximize"}, {"name": "ms"}],
        "parameters": {"a": {"min": 0.0, "max": 1.0}}, "early_terminate": {"type": "threshold", "metric": "ms", "upper": 50}});
    let tell = |id: &str, rest: Value| {
        let mut tell = json!({"id": id, "params": {}, "state": "finished"});
        tell.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        json!({"tell": [tell]})
    };
    let lines = [
        json!({"config": config, "seed": 1}),
        json!({"ask": 4}),
        json!({"report": [{"id": "1", "step": 3, "values": {"acc": 0.5, "ms": 20}}, {"id": "2", "values": {"ms": 80}}]}),
        tell("1", json!({"values": {"acc": 0.9, "ms": 12.0, "other": 1}})),
        tell("3", json!({"values": {"acc": 0.9}})),
        tell("3", json!({"value": 0.9})),
        json!({"report": [{"id": "3", "value": 0.9}]}),
        json!({"report": [{"id": "3", "values": {"acd": 0.9}}]}),
        json!({"tell": [{"id": "3", "params": {}, "values": null, "state": "failed"}]}),
    ];
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let answer = Desk::new().call_with_input(&["ask-tell"], text.as_bytes());
    let replies: Vec<Value> = answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (&replies[2], &replies[3], &replies[8]),
        (&json!({"stop": ["2"]}), &json!({"ok": true}), &json!({"ok": true}))
    );
    let error = |place: usize| replies[place]["error"].as_str().unwrap().to_owned();
    assert_eq!(error(4), "run '3': `values` has no 'ms', of the sweep's metrics");
    assert_eq!(
        error(5),
        "run '3': the sweep has several metrics, so give `values` with acc, ms, not `value`"
    );
    assert_eq!(error(6), error(5));
    assert_eq!(error(7), "run '3': a report must hold `value`, or `values` with a metric of the sweep");
}
