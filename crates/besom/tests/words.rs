//! What is printed about what somebody typed or wrote, and W&B's words on the command line.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use command::Desk;
use serde_json::Value;

const GOOD: &str = "method: grid\nprogram: train.sh\nparameters: {x: {values: [1, 2]}}\n";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.file("sweep.yaml", GOOD);
    desk.file("train.sh", "");
    desk
}

#[test]
fn a_problem_of_a_sweep_file_shows_its_line_with_a_caret_and_no_escapes_in_a_pipe() {
    let desk = Desk::new();
    desk.file("wrong.yaml", "method: random\nmetric: {name: loss, goal: max}\nparameters: {x: {value: 1}}\n");
    let excerpt = "\n  |\n2 | metric: {name: loss, goal: max}\n  |                            ^^^\n";
    for (arguments, code) in
        [(["validate", "wrong.yaml"], 1), (["run", "wrong.yaml"], 2), (["plan", "wrong.yaml"], 2)]
    {
        let answer = desk.call(&arguments);
        let text = format!("{}{}", answer.out, answer.err);
        assert_eq!(answer.code, Some(code), "{answer:?}");
        assert!(text.contains(excerpt) && !text.contains('\x1b'), "{text}");
    }
}

#[test]
fn a_warning_is_an_error_to_who_wants_it_strict() {
    let desk = desk();
    desk.file("twice.yaml", &format!("{GOOD}name: a\nname: b\n"));
    for command in ["validate", "plan", "run", "sweep"] {
        let strict = desk.call(&[command, "twice.yaml", "--strict"]);
        assert_eq!(strict.code, Some(if command == "validate" { 1 } else { 2 }), "{strict:?}");
        assert!(
            format!("{}{}", strict.out, strict.err).contains("twice.yaml:5:1: name: this key is in line 4"),
            "{strict:?}"
        );
    }
    assert_eq!(desk.call(&["validate", "twice.yaml"]).code, Some(0));
    assert_eq!(desk.call(&["sweep", "twice.yaml"]).code, Some(0));
}

#[test]
fn the_verdict_on_a_file_has_the_same_keys_whatever_it_is() {
    let desk = desk();
    desk.file("good.yaml", GOOD);
    desk.file("wrong.yaml", "method: random\n");
    let keys = |file: &str| {
        let verdict: Value = serde_json::from_str(&desk.call(&["validate", file, "--json"]).out).unwrap();
        verdict.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(keys("good.yaml"), ["valid", "violations", "warnings", "config"]);
    assert_eq!(keys("wrong.yaml"), keys("good.yaml"));
}

#[test]
fn all_errors_have_one_prefix() {
    let desk = desk();
    for arguments in [&["run", "--no-such-flag"][..], &["rum"], &["run", "missing.yaml"], &["show", "x", "1"]]
    {
        let answer = desk.call(arguments);
        assert!(answer.err.starts_with("besom: ") && answer.code == Some(2), "{answer:?}");
    }
}

#[test]
fn what_is_wrong_with_a_list_of_runs_is_told_in_words_of_json() {
    let desk = desk();
    for (text, expected) in [
        ("{\"a\": 1}", "runs.json: expected a list of runs, such as"),
        ("[{\"config\": {}}, 5]", "runs.json: run 2 of the list: found 5, expected an object"),
        ("[{\"history\": 1}]", "runs.json: run 1 of the list: found 1, expected a list"),
        ("[{]", "runs.json:1:3: not JSON: "),
        ("\u{feff}[5]", "runs.json: run 1 of the list: found 5, expected an object"),
    ] {
        desk.file("runs.json", text);
        let answer = desk.call(&["next", "sweep.yaml", "--runs", "runs.json"]);
        assert!(answer.err.contains(expected) && answer.code == Some(2), "{text}: {answer:?}");
    }
}

#[test]
fn a_picture_in_a_directory_that_is_not_there_is_refused_without_a_temporary_name() {
    let desk = desk();
    desk.file(
        "sweep.yaml",
        "method: grid\ncommand: ['true', '${args}']\nmetric: {name: loss}\nparameters: {x: {values: [1]}}\n",
    );
    desk.call(&["run", "sweep.yaml"]);
    let sweeps = desk.json(&["list", "--json"]);
    let id = sweeps[0]["id"].as_str().unwrap_or_default().to_owned();
    let answer = desk.call(&["plot", &id, "parallel", "-o", "nowhere/x.png"]);
    assert!(!answer.err.contains(".besom-plot"), "{answer:?}");
}

/// The id in "created sweep ID; ..".
fn created(desk: &Desk, arguments: &[&str]) -> String {
    let answer = desk.call(arguments);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let id = answer.out.split("created sweep ").nth(1).unwrap().split(';').next().unwrap();
    id.to_owned()
}

#[test]
fn flags_of_wandbs_sweep_are_taken() {
    let desk = desk();
    desk.file("other.sh", "");
    let flags = ["sweep", "--name", "mine", "-p", "proj", "-e", "me", "--program", "other.sh", "sweep.yaml"];
    let id = created(&desk, &flags);
    let status = desk.call(&["status", &id]).out;
    assert!(status.contains("mine"), "{status}");
    for (flag, state) in [("--pause", "paused"), ("--resume", "resumed"), ("--stop", "stopped")] {
        let path = format!("me/proj/{id}");
        let answer = desk.call(&["sweep", flag, &path]);
        assert!(answer.code == Some(0) && answer.out.contains(state), "{flag}: {answer:?}");
    }
    let id = created(&desk, &["sweep", "sweep.yaml"]);
    assert!(desk.call(&["sweep", "--cancel", &id]).out.contains("canceled"));
    let both = desk.call(&["sweep", "--stop", "--pause", &id]);
    assert_eq!(both.code, Some(2), "{both:?}");
}

#[test]
fn a_program_given_with_the_sweep_is_what_its_agents_run() {
    let desk = Desk::new();
    desk.file("sweep.yaml", "method: grid\ncommand: [sh, '${program}', '${args}']\nprogram: a.sh\nparameters: {x: {values: [1]}}\n");
    desk.file("a.sh", "exit 1");
    desk.file("b.sh", "echo $1 > seen");
    let id = created(&desk, &["sweep", "--program", "b.sh", "sweep.yaml"]);
    let path = format!("me/proj/{id}");
    let answer = desk.call(&["agent", "-p", "proj", "-e", "me", "-f", "--count", "1", &path]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!(std::fs::read_to_string(desk.path().join("seen")).unwrap().trim(), "--x=1");
}

#[test]
fn what_wandb_runs_besom_runs() {
    let desk = Desk::new();
    desk.file(
        "sweep.yaml",
        "method: grid\nentity:\nearly_terminate: ~\ncount: 20\nx-mine: 1\ncommand: [sh, -c, 'echo \"$*\" >> seen', '${args_no_hyphens}']\n\
         parameters:\n  z: {values: [1]}\n  ++b.c: {value: 2}\n  z: {values: [3]}\n",
    );
    let answer = desk.call(&["run", "sweep.yaml"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    // `sh -c` takes the first word as its name.
    assert_eq!(std::fs::read_to_string(desk.path().join("seen")).unwrap().trim(), "z=3");
}

#[test]
fn a_grid_says_how_many_runs_it_will_have() {
    let desk = desk();
    let id = created(&desk, &["sweep", "sweep.yaml"]);
    let status = desk.call(&["status", &id]).out;
    assert!(status.contains("0 of 2"), "{status}");
    let list = desk.call(&["list"]).out;
    assert!(list.contains("0 of 2"), "{list}");
}

#[test]
fn what_cannot_be_names_the_way_out() {
    let desk = desk();
    let id = created(&desk, &["sweep", "sweep.yaml"]);
    assert!(desk.call(&["cancel", &id]).code == Some(0));
    let answer = desk.call(&["resume", &id]);
    assert!(answer.err.contains(&format!("--prior-runs {id}")), "{answer:?}");
    let answer = desk.call(&["status", "nosuchid"]);
    assert!(answer.err.contains("besom list") && answer.code == Some(2), "{answer:?}");
}
