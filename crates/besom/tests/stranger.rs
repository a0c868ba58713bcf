//! A stranger's search method has equal rights: registered by one line, with options of its own, and in place of one of
//! besom's names.
//!
//! This file is its own command: with `TEST_AS_COMMAND` in its environment it is `besom` with those methods.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use std::process::{Command, ExitCode, Stdio};

use besom::App;
use besom::core::{
    Answer, Ask, BoxError, Ends, Fault, OptionDefault, OptionKind, OptionReader, OptionSpec, Options,
    Registry, Search, Spec,
};
use command::{Answer as Said, Desk};
use serde_json::json;

const AS_COMMAND: &str = "TEST_AS_COMMAND";

/// Tries points on the diagonal of the space.
struct Diagonal {
    from: f64,
    steps: usize,
}

impl Diagonal {
    const SPEC: Spec = Spec::new("Tries points on the diagonal of the space").ends(Ends::Depends).options(&[
        OptionSpec::new(
            "steps",
            OptionKind::at_least(1),
            OptionDefault::Count(4),
            "How many points there are.",
        ),
        OptionSpec::new("from", OptionKind::not_below(0.0), OptionDefault::Number(0.25), "Where it begins."),
    ]);

    fn new(options: &Options) -> Result<Self, BoxError> {
        let mut read = OptionReader::new(Self::SPEC, options);
        let (from, steps) = (read.number("from"), read.count("steps"));
        if from + steps as f64 / 100.0 > 1.0 {
            read.fault(Fault::of_option("from", format!("{steps} steps lead out of the space")));
        }
        Ok(read.finish(Self { from, steps })?)
    }
}

impl Search for Diagonal {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        let place = ask.history.len();
        if place >= self.steps {
            return Ok(Answer::Done);
        }
        let diagonal = vec![self.from + place as f64 / 100.0; ask.problem.space.dimensions()];
        Ok(Answer::Try(vec![ask.problem.space.decode(&diagonal).into()]))
    }
}

fn call(desk: &Desk, arguments: &[&str]) -> Said {
    let mut command = Command::new("timeout");
    command.arg("60").arg(std::env::current_exe().unwrap()).args(arguments);
    command.current_dir(desk.path()).env(AS_COMMAND, "1").env_remove("BESOM_STORE").stdin(Stdio::null());
    Said::from(command.output().unwrap())
}

/// What every command says of a method that is written so.
fn wrong(method: &str, expected: &str) {
    let desk = Desk::new();
    desk.file(
        "sweep.yaml",
        &format!("method: {method}\nrun_cap: 0\nparameters: {{x: {{min: 0.0, max: 1.0}}}}\n"),
    );
    for (command, code) in [("validate", 1), ("plan", 2), ("run", 2)] {
        let arguments = &[command, "sweep.yaml"];
        let said = call(&desk, arguments);
        assert_eq!(said.code, Some(code), "{arguments:?}: {said:?}");
        let said = format!("{}{}", said.out, said.err);
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert!(said.contains("run_cap: found 0"), "with all other faults of the file: {said}");
    }
}

fn faults_have_line_column_and_the_nearest_spelling() {
    for name in ["diagonal", "bayes"] {
        let with = |options: &str| format!("{{name: {name}, {options}}}");
        let at = |column: usize| column + name.len();
        wrong(
            &with("step: 3"),
            &format!("sweep.yaml:1:{}: method.step: unknown key (did you mean \"steps\"?)", at(18)),
        );
        wrong(
            &with("steps: 0"),
            &format!("sweep.yaml:1:{}: method.steps: found 0, expected a whole number of at least 1", at(25)),
        );
        wrong(
            &with("from: 0.99"),
            &format!("sweep.yaml:1:{}: method.from: found 0.99, 4 steps lead out of the space", at(24)),
        );
    }
}

fn the_command_shows_its_options() {
    let desk = Desk::new();
    for name in ["diagonal", "bayes"] {
        let said = call(&desk, &["methods", name]);
        assert_eq!(said.code, Some(0), "{said:?}");
        for part in [
            "Tries points on the diagonal",
            "steps",
            "a whole number of at least 1; default: 4",
            "Where it begins.",
        ] {
            assert!(said.out.contains(part), "{part} is not in: {}", said.out);
        }
        assert!(said.out.lines().all(|line| line.chars().count() <= 80), "{}", said.out);
    }
    let all = call(&desk, &["methods"]).out;
    assert!(all.contains("diagonal") && !all.contains("which points are promising"), "{all}");
    assert!(all.lines().all(|line| line.chars().count() <= 80), "{all}");
    let said = call(&desk, &["methods", "diagnal"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("did you mean 'diagonal'?"), "{said:?}");
}

fn the_schema_has_it() {
    let mut registry = Registry::new();
    besom::search::register(&mut registry);
    registry.replace_search("bayes", Diagonal::SPEC, |_, options| Diagonal::new(options));
    let schema = besom::config::schema(&registry);
    let forms = schema["properties"]["method"]["anyOf"].as_array().unwrap();
    let bayes = forms.iter().find(|form| form["properties"]["name"]["const"] == "bayes").unwrap();
    assert_eq!(bayes["properties"]["steps"]["minimum"], json!(1));
    assert_eq!(bayes["properties"]["steps"]["default"], json!(4));
    assert!(bayes["properties"].get("beta").is_none(), "the replaced method's options are gone");
}

fn it_runs_with_its_defaults() {
    let desk = Desk::new();
    desk.file(
        "sweep.yaml",
        "method: {name: bayes, steps: 2}\nparameters: {x: {min: 0.0, max: 1.0}}\ncommand: ['true']\n",
    );
    let said = call(&desk, &["run", "sweep.yaml"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(!said.err.contains("will not end"), "{said:?}");
    assert!(said.out.contains("2 finished"), "{said:?}");
}

fn it_is_benchmarked_as_besoms_own() {
    let desk = Desk::new();
    let bench = |more: &[&str]| {
        let common = ["bench", "--suite", "smoke", "--methods", "diagonal,random,long=diagonal:steps=9"];
        call(&desk, &[&common[..], more].concat())
    };
    let said = bench(&["--seeds", "3", "-j", "2", "--out", "results", "--stopper", "none,asha"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    for row in ["| diagonal ", "| random ", "| long ", "| long+asha ", "| diagonal - random "] {
        assert!(said.out.contains(row), "{row} is not in: {}", said.out);
    }
    assert!(said.err.contains("36 of 36 sweeps"), "{said:?}");
    let again = bench(&["--seeds", "0-3", "--out", "results", "--stopper", "none,asha", "--json"]);
    assert!(again.err.contains("12 of 12 sweeps"), "{again:?}");
    assert_eq!(again.out.lines().count(), 48);
    let line: serde_json::Value = serde_json::from_str(again.out.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&line["method"], &line["seed"], &line["key"]),
        (&json!("diagonal"), &json!(0), &json!("bowl_i1"))
    );
    let report = call(&desk, &["bench", "report", "results"]);
    assert!(report.code == Some(0) && report.out.contains("| random+asha "), "{report:?}");
}

fn what_cannot_be_benchmarked_is_said() {
    let desk = Desk::new();
    let cases: [(&[&str], &str); 8] = [
        (&["--suite", "quik"], "unknown suite or task 'quik', did you mean 'quick'?"),
        (&["--methods", "diagnal"], "did you mean 'diagonal'?"),
        (&["--methods", "diagonal:step=3"], "did you mean 'steps'?"),
        (&["--stopper", "ahsa"], "did you mean 'asha'?"),
        (&["--runs", "0"], "runs must be from 1 to 100000, got 0"),
        (&["--seeds", "4-2"], "expected a number of seeds"),
        (&["--seeds", "0"], "expected a number of seeds"),
        (&["--exec", "python mine.py"], "expected LABEL=COMMAND"),
    ];
    for (arguments, expected) in cases {
        let said = call(&desk, &[&["bench"], arguments].concat());
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.err.contains(expected), "{expected} is not in: {}", said.err);
    }
    desk.file("mine.jsonl", "{\"method\": \"mine\", \"problem\": 3}\nrubbish\n");
    let said = call(&desk, &["bench", "report", "mine.jsonl"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("mine.jsonl: 2 lines are damaged") && said.err.contains("line 2:"), "{said:?}");
    let said = call(&desk, &["bench", "report", "nowhere"]);
    assert!(said.code == Some(1) && said.err.contains("cannot read nowhere"), "{said:?}");
}

fn main() -> ExitCode {
    if std::env::var_os(AS_COMMAND).is_some() {
        let app = App::new().search("diagonal", Diagonal::SPEC, |_, options| Diagonal::new(options));
        return app.replace_search("bayes", Diagonal::SPEC, |_, options| Diagonal::new(options)).main();
    }
    faults_have_line_column_and_the_nearest_spelling();
    the_command_shows_its_options();
    the_schema_has_it();
    it_runs_with_its_defaults();
    it_is_benchmarked_as_besoms_own();
    what_cannot_be_benchmarked_is_said();
    ExitCode::SUCCESS
}
