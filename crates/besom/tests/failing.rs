//! Algorithms that fail when a sweep has begun: the command says why and ends.
//!
//! This file is its own command: with `TEST_AS_COMMAND` in its environment it is `besom` with those algorithms.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use std::process::{Command, ExitCode, Stdio};

use besom::core::{Answer, Ask, BoxError, History, Point, Problem, RunState, Search, Stop, Stopper};
use command::{Answer as Said, Desk};

const AS_COMMAND: &str = "TEST_AS_COMMAND";

/// Fails as soon as a run has finished.
struct Failing;

fn fail_late(history: &History, what: &str) -> Result<(), BoxError> {
    if history.count(RunState::Finished) > 0 {
        Err(format!("{what} is out of its depth").into())
    } else {
        Ok(())
    }
}

impl Search for Failing {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        fail_late(ask.history, "the search")?;
        let middle = vec![0.5; ask.problem.space.dimensions()];
        Ok(Answer::Try(vec![ask.problem.space.decode(&middle).into()]))
    }
}

impl Stopper for Failing {
    fn stop(&mut self, _: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        fail_late(history, "the rule")?;
        Ok(Vec::new())
    }
}

/// Calls the command, whose sweep must not be waited for for ever.
fn call(desk: &Desk, arguments: &[&str]) -> Said {
    let mut command = Command::new("timeout");
    command.arg("30").arg(std::env::current_exe().unwrap()).args(arguments);
    command.current_dir(desk.path()).env(AS_COMMAND, "1").env_remove("BESOM_STORE").stdin(Stdio::null());
    Said::from(command.output().unwrap())
}

fn a_failure_ends_the_command_with_its_reason(algorithms: &str, reason: &str) {
    let desk = Desk::new();
    desk.file("sweep.yaml", &sweep_file(algorithms));
    for jobs in ["1", "2"] {
        let said = call(&desk, &["run", "sweep.yaml", "-j", jobs]);
        assert_eq!(said.code, Some(1), "{algorithms}, {jobs} jobs: {said:?}");
        assert!(said.out.contains("is paused: ") && said.out.contains(reason), "{said:?}");
        assert!(said.out.contains("continue with: besom resume "), "what to type is said: {said:?}");
    }
}

/// Suggests one good point, then breaks its contract in some way.
struct Breaks(String);

impl Search for Breaks {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        let good = |u: f64| -> besom::core::Suggestion {
            ask.problem.space.decode(&vec![u; ask.problem.space.dimensions()]).into()
        };
        if ask.history.is_empty() && !self.0.starts_with("first") {
            return Ok(Answer::Try(vec![good(0.0)]));
        }
        let point = |name: &str, value: f64| -> besom::core::Suggestion {
            Point::from_iter([(name.into(), value.into())]).into()
        };
        Ok(match self.0.as_str() {
            "foreign" => Answer::Try(vec![point("zzz", 3.0)]),
            "outside" => Answer::Try(vec![point("a", 1e9)]),
            "more" => Answer::Try(vec![good(0.0); ask.count + 1]),
            "nothing" => Answer::Try(Vec::new()),
            "note" => Answer::Try(vec![good(0.5).note("why", "x".repeat(100_000))]),
            "wait" | "first-wait" => Answer::Wait,
            _ => panic!("it cannot count to {}", ask.history.len()),
        })
    }
}

/// Stops runs that it must not.
struct Overzealous;

impl Stopper for Overzealous {
    fn stop(&mut self, _: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        let ended = history.iter().filter(|(_, run)| !run.state.is_open());
        Ok(ended.map(|(run, _)| Stop::new(run, "late")).collect())
    }
}

fn a_broken_contract_is_shown_and_no_run_is_made_of_it() {
    for (how, reason, runs) in [
        ("foreign", "the space has no parameter zzz; it has a; a is missing", 1),
        ("outside", "a is 1000000000.0, allowed is one of 1, 2, 3, 4", 1),
        ("more", "it made 2 suggestions where 1 to 1 were asked for", 1),
        ("nothing", "it made 0 suggestions", 1),
        ("note", "more than 65536", 1),
        ("wait", "it waits, but none of the 1 runs is open", 1),
        ("first-wait", "it waits, but none of the 0 runs is open", 0),
    ] {
        let desk = Desk::new();
        desk.file("sweep.yaml", &sweep_file(&format!("method: {{name: breaks, how: {how}}}")));
        let said = call(&desk, &["run", "sweep.yaml"]);
        assert_eq!(said.code, Some(1), "{how}: {said:?}");
        assert!(said.out.contains("the search method 'breaks' broke its contract: "), "{how}: {said:?}");
        assert!(said.out.contains(reason), "{how}: {said:?}");
        assert!(said.out.contains("continue with: besom resume "), "{how}: {said:?}");
        assert_eq!(finished(&desk, &said), runs, "{how}: no run is wasted");
        let shown = call(&desk, &["status"]);
        assert!(shown.out.contains(reason), "{how}: the reason is shown: {shown:?}");
    }
}

fn a_panic_is_told_with_its_place_and_poisons_nothing() {
    for how in ["panic", "first-panic"] {
        let desk = Desk::new();
        desk.file("sweep.yaml", &sweep_file(&format!("method: {{name: breaks, how: {how}}}")));
        for arguments in [&["run", "sweep.yaml", "-j", "2"] as &[_], &["run", "sweep.yaml", "--resume"]] {
            let said = call(&desk, arguments);
            assert_eq!(said.code, Some(1), "{how}: {said:?}");
            let text = "the search method 'breaks' panicked at crates/besom/tests/failing.rs:";
            assert!(said.out.contains(text) && said.out.contains("it cannot count to"), "{how}: {said:?}");
            assert!(!said.err.contains("thread '"), "{how}: once is enough: {said:?}");
            assert!(call(&desk, &["status"]).out.contains(text), "{how}: it is stored");
        }
    }
}

fn a_rule_that_breaks_its_contract_is_shown() {
    let desk = Desk::new();
    desk.file("sweep.yaml", &sweep_file("method: grid\nearly_terminate: {type: overzealous}"));
    let said = call(&desk, &["run", "sweep.yaml"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let reason = "the stopping rule 'overzealous' broke its contract: it stops run 1, which is finished";
    assert!(said.out.contains(reason), "{said:?}");
}

/// How many runs of the sweep have finished that a command has said how to continue.
fn finished(desk: &Desk, said: &Said) -> usize {
    let id = said.out.split("besom resume ").nth(1).and_then(|rest| rest.split(';').next()).unwrap();
    let runs = call(desk, &["runs", id, "--json"]);
    let runs: serde_json::Value = serde_json::from_str(&runs.out).unwrap();
    runs.as_array().unwrap().iter().filter(|run| run["state"] == "finished").count()
}

fn sweep_file(algorithms: &str) -> String {
    format!(
        "{algorithms}\nmetric: {{name: loss}}\ncommand: [sh, -c, 'true']\n\
         parameters: {{a: {{values: [1, 2, 3, 4]}}}}\n"
    )
}

/// A name that besom has is not replaced by accident.
fn a_taken_name_is_refused() {
    let desk = Desk::new();
    let said = call(&desk, &["taken"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("the name 'bayes' is taken by another search method"), "{said:?}");
    assert!(said.err.contains("`replace_search`"), "{said:?}");
}

const FAILING: besom::core::Spec = besom::core::Spec::new("Fails");

fn main() -> ExitCode {
    if std::env::var_os(AS_COMMAND).is_some() {
        let app = besom::App::new().search("failing", FAILING, |_, _| Ok(Failing));
        let app = app.search("breaks", FAILING.any_options(), |_, options| {
            Ok(Breaks(options["how"].as_str().unwrap_or_default().to_owned()))
        });
        let app = app.stopper("overzealous", FAILING, |_, _| Ok(Overzealous));
        let app = match std::env::args().nth(1).as_deref() {
            Some("taken") => app.search("bayes", FAILING, |_, _| Ok(Failing)),
            _ => app,
        };
        return app.stopper("failing", FAILING, |_, _| Ok(Failing)).main();
    }
    a_taken_name_is_refused();
    a_broken_contract_is_shown_and_no_run_is_made_of_it();
    a_panic_is_told_with_its_place_and_poisons_nothing();
    a_rule_that_breaks_its_contract_is_shown();
    a_failure_ends_the_command_with_its_reason("method: failing", "the search is out of its depth");
    let stopper = "method: grid\nearly_terminate: {type: failing}";
    a_failure_ends_the_command_with_its_reason(stopper, "the rule is out of its depth");
    ExitCode::SUCCESS
}
