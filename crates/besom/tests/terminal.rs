//! What people see: lines and tables that fit the terminal, colors where there are any, and nothing from a run that a
//! terminal would obey.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;
#[path = "command/terminal.rs"]
mod terminal;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use command::{Answer, Desk};
use serde_json::{Value, json};
use terminal::{OnTerminal, plain};

const PROGRAM: &str = r#"
case "$1" in *=3) echo 'cannot allocate' >&2; exit 4;; esac
besom log loss=${1#--a=} accuracy=0.$(( ${1#--a=} * 7 )); exit 0
"#;

const SWEEP: &str = "\
method: grid
metric: {name: loss, goal: maximize}
program: train.sh
command: [sh, '${program}', '${args}']
parameters:
  a: {values: [1, 2, 3, 4, 5]}
  constant: {value: the-same-in-every-run}
  long: {values: [a-rather-long-text-that-takes-much-of-a-line-and-does-not-fit-into-eighty-columns]}
";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.file("train.sh", PROGRAM);
    desk.file("sweep.yaml", SWEEP);
    desk
}

/// A desk with a sweep that has been run, and its id.
fn desk_with_runs() -> (Desk, String) {
    let desk = desk();
    assert_eq!(desk.call(&["run", "sweep.yaml"]).code, Some(0));
    let id = desk.newest();
    (desk, id)
}

fn on_terminal(desk: &Desk, arguments: &[&str], set: impl FnOnce(&mut Command)) -> String {
    let mut command = desk.command(arguments);
    command.env_remove("NO_COLOR");
    set(&mut command);
    let (code, screen) = OnTerminal::start(command, 80, 24).end();
    assert_eq!(code, Some(0), "{screen}");
    screen
}

#[test]
fn a_run_is_one_aligned_line_cut_to_the_width_with_what_varies() {
    let screen = on_terminal(&desk(), &["run", "sweep.yaml"], |_| {});
    let text = plain(&screen);
    let lines: Vec<&str> = text.lines().filter(|line| line.contains(" a=")).collect();
    for run in ["1  finished", "2  finished", "3  failed", "4  finished", "5  finished"] {
        assert!(text.lines().any(|line| line.contains(&format!("   {run}"))), "{run}: {text}");
    }
    let ended: Vec<&&str> = lines.iter().filter(|line| line.contains("finished")).collect();
    assert!(ended.iter().all(|line| line.starts_with("* ")), "each is a new best: {text}");
    let places: Vec<_> = ended.iter().map(|line| line.find("a=")).collect();
    assert!(places.windows(2).all(|pair| pair[0] == pair[1]), "{text}");
    let while_it_works = text.split(" is finished: ").next().unwrap();
    assert!(while_it_works.lines().all(|line| line.chars().count() < 80), "{text}");
    assert!(!while_it_works.contains("constant="), "{text}");
    assert!(text.contains("exit status 4: cannot allocate"), "{text}");
    for color in ["\x1b[32m", "\x1b[1m\x1b[32m", "\x1b[31m", "\x1b[90m"] {
        assert!(screen.contains(color), "{color:?}: {screen:?}");
    }
    assert!(text.contains("[=") || text.contains("[>"), "a bar: {text}");
    assert!(text.contains("elapsed"), "{text}");
}

#[test]
fn the_bar_of_an_extended_sweep_is_that_of_its_present_cap() {
    let desk = desk();
    desk.file("sweep.yaml", &SWEEP.replace("method: grid", "method: random\nrun_cap: 1\nseed: 1"));
    assert_eq!(desk.call(&["run", "sweep.yaml"]).code, Some(0));
    let id = desk.newest();
    assert_eq!(desk.call(&["extend", &id, "1"]).code, Some(0));
    let screen = plain(&on_terminal(&desk, &["agent", &id], |_| {}));
    assert!(screen.contains("100 %  2 of 2: ") && !screen.contains("2 of 1"), "{screen}");
}

#[test]
fn runs_that_other_processes_execute_name_them() {
    let desk = desk();
    let wait = "touch began-$1; case $1 in *=1) while ! test -e go; do sleep 0.01; done;; esac";
    desk.file("train.sh", &format!("{wait}{PROGRAM}"));
    desk.file("sweep.yaml", &SWEEP.replace("[1, 2, 3, 4, 5]", "[1, 2]"));
    assert_eq!(desk.call(&["sweep", "sweep.yaml"]).code, Some(0));
    let id = desk.newest();
    let mut first = desk.command(&["agent", &id]);
    let mut first = first.stdout(std::process::Stdio::piped()).spawn().unwrap();
    desk.await_file("began---a=1", &mut first);
    let second = desk.call(&["agent", &id, "--count", "1"]);
    desk.file("go", "");
    let first = Answer::from(first.wait_with_output().unwrap());
    let line = |answer: &Answer, run: &str| {
        let mut lines = answer.out.lines().filter(|line| line.starts_with(run));
        lines.next().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    };
    assert!(!line(&second, "run 2 finished").contains(" by "), "its own run");
    assert!(!line(&first, "run 1 finished").contains(" by "), "its own run");
    let others = line(&first, "run 2 finished");
    assert!(others.contains(" ms by ") || others.contains(" s by "), "{others}");
}

#[test]
fn colors_are_left_out_on_request_and_elsewhere() {
    let has_color = |screen: &str| {
        ["\x1b[31m", "\x1b[32m", "\x1b[1m", "\x1b[90m"].iter().any(|color| screen.contains(color))
    };
    let desk = desk();
    assert!(has_color(&on_terminal(&desk, &["run", "sweep.yaml"], |_| {})));
    let id = desk.newest();
    for table in [&["runs", &id][..], &["list"]] {
        assert!(has_color(&on_terminal(&desk, table, |_| {})));
        assert!(!has_color(&on_terminal(&desk, &[table, &["--color", "never"]].concat(), |_| {})));
        assert!(!has_color(&on_terminal(&desk, table, |command| {
            command.env("NO_COLOR", "1");
        })));
        assert!(!has_color(&desk.call(table).out));
        assert!(has_color(&desk.call(&[table, &["--color=always"]].concat()).out));
    }
    assert!(!has_color(&on_terminal(&desk, &["run", "sweep.yaml", "--color", "never"], |_| {})));
}

#[test]
fn all_parameters_are_printed_where_there_is_no_terminal() {
    let answer = desk().call(&["run", "sweep.yaml"]);
    assert!(answer.out.contains("run 1 finished: loss 1 (new best), 1 step in "), "{answer:?}");
    assert!(answer.out.contains("constant=the-same-in-every-run"), "{answer:?}");
    assert!(answer.out.contains("\n      cannot allocate\n"), "the end of a failed run's output: {answer:?}");
}

#[test]
fn a_table_fits_the_terminal_and_names_what_it_leaves_out() {
    let (desk, id) = desk_with_runs();
    let screen = plain(&on_terminal(&desk, &["runs", &id], |_| {}));
    assert!(screen.lines().all(|line| line.chars().count() < 80), "{screen}");
    assert!(!screen.contains("constant"), "{screen}");
    let wide = ["runs", &id, "--columns", "a,state,constant,long,message,accuracy,loss,last"];
    let screen = plain(&on_terminal(&desk, &wide, |_| {}));
    assert!(screen.lines().take(6).all(|line| line.chars().count() < 80), "{screen}");
    let piped = desk.call(&["runs", &id]).out;
    assert!(piped.contains("loss") && piped.lines().count() == 6, "{piped}");
}

#[test]
fn runs_are_chosen_by_a_condition_sorted_by_a_column_and_shown_by_columns() {
    let (desk, id) = desk_with_runs();
    let numbers = |arguments: &[&str]| -> Vec<u64> {
        let runs = desk.json(&[&["runs", &id, "--json"], arguments].concat());
        runs.as_array().unwrap().iter().map(|run| run["number"].as_u64().unwrap()).collect()
    };
    assert_eq!(numbers(&["--where", "a > 2 and state = finished"]), [4, 5]);
    assert_eq!(numbers(&["--where", "state = failed or loss < 2"]), [1, 3]);
    assert_eq!(numbers(&["--where", "accuracy <= 0.28 and exit_code == 0"]), [2, 4]);
    assert_eq!(numbers(&["--sort", "-a", "--limit", "2"]), [5, 4]);
    assert_eq!(numbers(&["--sort", "accuracy"]), [2, 4, 5, 1, 3]);
    assert_eq!(numbers(&["--state", "failed,stopped"]), [3]);
    let table = desk.call(&["runs", &id, "--columns", "state,a,accuracy"]).out;
    assert_eq!(table.lines().next(), Some(" run  state     a  accuracy"));
    assert_eq!(table.lines().nth(2), Some("   2  finished  2      0.14"));
    let refused = |arguments: &[&str], message: &str| {
        let answer = desk.call(&[&["runs", &id], arguments].concat());
        assert!(answer.code == Some(2) && answer.err.contains(message), "{answer:?}");
    };
    refused(
        &["--where", "lsos < 1"],
        "column 1: unknown name 'lsos', did you mean 'loss'?\n  lsos < 1\n  ^^^^\n",
    );
    refused(&["--columns", "acuracy"], "unknown column 'acuracy', did you mean 'accuracy'?");
    refused(&["--sort", "loos"], "unknown column 'loos'");
    refused(&["--state", "finishd"], "did you mean 'finished'?");
}

#[test]
fn curves_are_those_of_any_logged_key() {
    let (desk, id) = desk_with_runs();
    let answer = desk.call(&["plot", &id, "curves", "--metric", "accuracy", "-o", "-"]);
    assert!(answer.code == Some(0) && answer.out.contains("accuracy over the steps of 5 runs"), "{answer:?}");
    assert!(answer.out.contains("best run"), "{answer:?}");
    let refused = |arguments: &[&str], message: &str| {
        let answer = desk.call(&[&["plot", &id], arguments].concat());
        assert!(answer.code == Some(2) && answer.err.contains(message), "{answer:?}");
    };
    refused(&["curves", "--metric", "acuracy"], "did you mean 'accuracy'?; logged: accuracy, loss");
    refused(&["slice", "--metric", "accuracy"], "--metric is for curves only");
    assert_eq!(desk.call(&["plot", &id, "slice", "--metric", "loss"]).code, Some(0), "it is the metric");
}

#[test]
fn curves_of_another_key_leave_the_best_run_as_it_is_and_need_no_value_of_the_metric() {
    let desk = Desk::new();
    // Run 1 is the best, although run 2 has the better end.
    let loss = r#"case "$1" in *=1) set 0.1 0.9;; *=2) set 0.5 0.4;; *) set ..;; esac"#;
    desk.file("train.sh", &format!("{loss}; for x; do besom log loss=$x acc=0.3; done"));
    desk.file("sweep.yaml", &SWEEP.replace(", goal: maximize", "").replace("4, 5", "4"));
    assert_eq!(desk.call(&["run", "sweep.yaml"]).code, Some(0));
    let svg = |metric: &str| {
        let answer = desk.call(&["plot", "curves", "--metric", metric, "-o", "-"]);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        answer.out
    };
    for metric in ["loss", "acc"] {
        let svg = svg(metric);
        let best = svg.lines().find(|line| line.contains("stroke=\"#D62728\"")).unwrap();
        assert!(best.contains("<title>run 1: loss 0.1, a 1"), "{best}");
    }
    assert_eq!(svg("acc").matches("<title>run ").count(), 4, "runs without a loss have curves, too");
    desk.file("sweep.yaml", &SWEEP.replace("metric: {name: loss, goal: maximize}\n", ""));
    assert_eq!(desk.call(&["run", "sweep.yaml"]).code, Some(0));
    let without = svg("acc");
    assert!(!without.contains("is better") && !without.contains("#D62728"), "{without}");
}

#[test]
fn curves_before_anything_is_logged_are_no_bad_input() {
    let desk = desk();
    assert_eq!(desk.call(&["sweep", "sweep.yaml"]).code, Some(0));
    let answer = desk.call(&["plot", "curves", "--metric", "acc"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.err.contains("no run has logged a number as 'acc' yet"), "{answer:?}");
}

#[test]
fn nothing_of_a_run_reaches_the_terminal_as_a_command() {
    let hostile = "\x1b]0;pwned\x07\x1b[2Jx\u{202e}y\u{9b}31m";
    let desk = Desk::new();
    desk.file("train.sh", "printf '\\033[2Jgone\\n' >&2; besom log loss=1; exit 3");
    let sweep = json!({
        "method": "grid", "name": hostile, "metric": {"name": format!("loss{hostile}")}, "program": "train.sh",
        "command": ["sh", "${program}"],
        "parameters": {"a": {"values": [hostile, "=2+5"]}},
    });
    // YAML has no such characters, but JSON's escapes for them.
    desk.file("sweep.yaml", &sweep.to_string().replace('\u{9b}', "\\u009b").replace('\u{202e}', "\\u202e"));
    let is_clean = |text: &str| !text.contains(['\x07', '\u{202e}', '\u{9b}']) && !text.contains("\x1b]");
    let answer = desk.call(&["run", "sweep.yaml"]);
    assert!(is_clean(&answer.out) && !answer.out.contains('\x1b'), "{answer:?}");
    let id = desk.newest();
    let all = [
        &["runs", &id][..],
        &["runs", &id, "--json"],
        &["runs", &id, "--csv"],
        &["show", &id, "1"],
        &["show", &id, "1", "--json"],
        &["status", &id],
        &["list"],
        &["list", "--json"],
    ];
    for arguments in all {
        let screen = on_terminal(&desk, arguments, |_| {});
        assert!(is_clean(&screen) && !screen.contains("\x1b[2J"), "{arguments:?}: {screen:?}");
    }
    let kept = desk.json(&["runs", &id, "--json"]);
    assert_eq!(kept[0]["params"]["a"], hostile, "JSON is escaped, not changed");
}

#[test]
fn csv_is_safe_for_spreadsheets_unless_it_is_raw() {
    let desk = Desk::new();
    desk.file("train.sh", "besom log loss=-1");
    let sweep = "method: grid\nmetric: {name: loss}\nprogram: train.sh\ncommand: [sh, '${program}']\n\
                 parameters: {a: {values: ['=1+1', '@x', '-2', plain]}, b: {values: [-3]}}\n";
    desk.file("sweep.yaml", sweep);
    assert_eq!(desk.call(&["run", "sweep.yaml"]).code, Some(0));
    let id = desk.newest();
    let columns = |more: &[&str]| {
        let csv = desk.call(&[&["runs", &id, "--csv", "--columns", "a,b,best"], more].concat()).out;
        csv.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(columns(&[]), ["'=1+1,-3,-1", "'@x,-3,-1", "'-2,-3,-1", "plain,-3,-1"]);
    assert_eq!(columns(&["--raw"]), ["=1+1,-3,-1", "@x,-3,-1", "-2,-3,-1", "plain,-3,-1"]);
}

#[test]
fn digits_of_a_table_tell_values_apart() {
    let desk = Desk::new();
    desk.file("train.sh", "besom log loss=-1234566.${1#--a=1234567.}");
    let sweep = "method: grid\nmetric: {name: loss}\nprogram: train.sh\ncommand: [sh, '${program}', '${args}']\n\
                 parameters: {a: {values: [1234567.25, 1234567.5]}}\n";
    desk.file("sweep.yaml", sweep);
    assert_eq!(desk.call(&["run", "sweep.yaml"]).code, Some(0));
    let table = desk.call(&["runs", &desk.newest()]).out;
    for text in ["-1234566.2", "-1234566.5", "1234567.2", "1234567.5"] {
        assert!(table.contains(text), "{text}: {table}");
    }
}

#[test]
fn ctrl_c_exits_130_and_says_how_to_continue() {
    let desk = Desk::new();
    // The second run interrupts, and ends once that was said.
    let program = "besom log loss=1; if [ $BESOM_RUN_NUMBER = 2 ]; then
        kill -INT $(cat parent); while ! test -e go; do sleep 0.01; done; fi";
    desk.file("train.sh", program);
    desk.file("sweep.yaml", &SWEEP.replace("method: grid", "method: grid\nrun_cap: 4"));
    let mut command = Command::new("sh");
    command.args(["-c", "echo $$ > parent; exec besom run sweep.yaml"]);
    let path = desk.command(&[]).get_envs().find(|(name, _)| *name == "PATH").unwrap().1.unwrap().to_owned();
    command.current_dir(desk.path()).env("PATH", path).env_remove("BESOM_STORE").stdin(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut notices = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(notices.any(|line| line.contains("Ctrl-C again to terminate")));
    desk.file("go", "");
    let answer = Answer::from(child.wait_with_output().unwrap());
    assert_eq!(answer.code, Some(130), "{answer:?}");
    let said = "interrupted after 2 of 4 runs; continue with: besom run sweep.yaml --resume";
    assert!(answer.out.contains(said) && !answer.out.contains("Ctrl-C"), "{answer:?}");
    let list = desk.json(&["list", "--json"]);
    assert_eq!((&list[0]["state"], &list[0]["idle"]), (&json!("running"), &json!(true)));
    assert!(desk.call(&["list"]).out.contains(" idle "));
    assert!(desk.call(&["status"]).out.contains("idle"));
}

#[test]
fn json_has_objects_and_times_that_people_read() {
    let (desk, id) = desk_with_runs();
    let status = desk.json(&["status", &id, "--json"]);
    assert_eq!(status["status"]["counts"]["finished"], 4);
    assert_eq!(status["status"]["best"]["run"], 5);
    let run = &desk.json(&["show", &id, "5", "--json"])["run"];
    assert_eq!((&run["params"]["a"], &run["stopped"]), (&json!(5), &json!(false)));
    for key in ["created_at", "started_at", "ended_at"] {
        assert!(run[key].as_str().is_some_and(|at| at.ends_with('Z') && at.starts_with("20")), "{run}");
    }
    let events = &desk.json(&["show", &id, "5", "--json"])["events"];
    assert!(events[0]["at"].is_string() && events[0]["at_ms"].is_u64(), "{events}");
    assert!(matches!(&desk.json(&["best", &id, "--json"])["params"], Value::Object(_)));
}
