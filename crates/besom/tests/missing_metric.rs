//! A metric that never arrives is noticed by every face of the command.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use command::Desk;

const SWEEP: &str = "\
method: METHOD
metric: {name: val_loss, goal: minimize}
program: train.sh
command: [sh, '${program}']
run_cap: 5
parameters:
  a: {min: 0.0, max: 1.0}
";

const WHY: &str = "run 1 logged epoch and val_los, but not val_loss (did you mean val_los?)";

/// A desk on which a sweep of a program that logs this was run, with what the command answered.
fn ran(method: &str, logs: &str) -> (Desk, command::Answer) {
    let desk = Desk::new();
    desk.file("train.sh", &format!("besom log {logs}"));
    desk.file("sweep.yaml", &SWEEP.replace("METHOD", method));
    let answer = desk.call(&["run", "sweep.yaml"]);
    (desk, answer)
}

#[test]
fn a_misspelled_metric_is_said_after_the_first_run_and_at_the_end_which_fails() {
    let (desk, answer) = ran("random", "epoch=1 val_los=0.5");
    assert_eq!(answer.code, Some(1), "{answer:?}");
    let said = answer.out.clone() + &answer.err;
    assert!(said.contains(&format!("warning: {WHY}")), "{answer:?}");
    let conclusion = format!("none of the 5 finished runs has a value of val_loss: {WHY}");
    assert!(said.contains(&conclusion), "{answer:?}");
    let id = desk.newest();
    assert!(desk.call(&["status", &id]).out.contains(&conclusion));
    assert_eq!(desk.json(&["status", &id, "--json"])["missing_metric"], conclusion);
    let best = desk.call(&["best", &id]);
    assert!(best.code == Some(1) && best.err.contains(&conclusion), "{best:?}");
    for early in [&["show", &id, "best"][..], &["plot", &id, "history"]] {
        let answer = desk.call(early);
        assert_eq!(answer.code, Some(1), "there is nothing to show yet, as for best: {answer:?}");
        assert!(answer.err.contains("no run has logged a number as 'val_loss' yet"), "{answer:?}");
    }
    let shown = desk.call(&["show", &id, "1"]).out;
    assert!(
        shown.contains("no value of val_loss: the run logged epoch and val_los, but not val_loss"),
        "{shown}"
    );
    assert!(shown.contains("\nlogged\n  epoch    1\n  val_los  0.5\n"), "{shown}");
    assert_eq!(desk.json(&["show", &id, "1", "--json"])["logged"][1]["key"], "val_los");
}

#[test]
fn a_sweep_whose_method_needs_the_metric_is_paused_after_three_runs() {
    let (desk, answer) = ran("bayes", "epoch=1 val_los=0.5");
    assert_eq!(answer.code, Some(1), "{answer:?}");
    let next = format!("once the program logs val_loss, continue with: besom resume {}", desk.newest());
    assert!(answer.out.contains(&next), "{answer:?}");
    let status = desk.json(&["status", &desk.newest(), "--json"]);
    assert_eq!(
        (&status["sweep"]["state"], &status["sweep"]["paused_by"]),
        (&"paused".into(), &"metric".into())
    );
    assert_eq!(status["sweep"]["runs"], 3);
    let reason = status["sweep"]["reason"].as_str().unwrap();
    assert_eq!(
        reason,
        format!("none of the 3 finished runs has a value of val_loss: {WHY}; the search method needs it")
    );
}

#[test]
fn text_is_no_value_and_is_warned_of_where_it_is_logged() {
    let (desk, answer) = ran("random", "val_loss=high");
    assert_eq!(answer.code, Some(1), "{answer:?}");
    let why = "logged val_loss as text (\"high\"), which does not count: log a number";
    assert!((answer.out + &answer.err).contains(&format!("run 1 {why}")));
    let output = desk.path().join(".besom/runs").join(desk.newest()).join("1/attempt-1/output.log");
    let output = std::fs::read_to_string(output).unwrap();
    assert_eq!(output, format!("besom: warning: {why}\n"));
}

#[test]
fn a_nested_value_and_a_diverged_one_are_not_warned_of() {
    let (desk, answer) = ran("random", "val_loss=nan");
    let output = desk.path().join(".besom/runs").join(desk.newest()).join("1/attempt-1/output.log");
    assert_eq!(std::fs::read_to_string(output).unwrap(), "");
    assert!(answer.out.contains("run 1 logged val_loss, but no finite number: NaN at last"), "{answer:?}");

    let desk = Desk::new();
    desk.file("train.sh", "echo '{\"val\": {\"loss\": 0.5}}' >> $BESOM_METRICS");
    desk.file("sweep.yaml", &SWEEP.replace("METHOD", "bayes").replace("val_loss", "val.loss"));
    let answer = desk.call(&["run", "sweep.yaml"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.out.contains("best val.loss 0.5 in run 1"), "{answer:?}");
}
