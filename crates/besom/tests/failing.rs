//! Algorithms that fail when a sweep has begun: the command says why and ends.
//!
//! This file is its own command: with `TEST_AS_COMMAND` in its environment it is `besom` with those algorithms.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use std::process::{Command, ExitCode, Stdio};

use besom::core::{Answer, Ask, BoxError, History, Problem, RunState, Search, Stop, Stopper};
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
    desk.file(
        "sweep.yaml",
        &format!(
            "{algorithms}\nmetric: {{name: loss}}\ncommand: [sh, -c, 'true']\n\
             parameters: {{a: {{values: [1, 2, 3, 4]}}}}\n"
        ),
    );
    for jobs in ["1", "2"] {
        let said = call(&desk, &["run", "sweep.yaml", "-j", jobs]);
        assert_eq!(said.code, Some(1), "{algorithms}, {jobs} jobs: {said:?}");
        assert!(said.out.contains("is paused: ") && said.out.contains(reason), "{said:?}");
        assert!(said.out.contains("continue with: besom resume "), "what to type is said: {said:?}");
    }
}

const FAILING: besom::core::Spec = besom::core::Spec::new("Fails");

fn main() -> ExitCode {
    if std::env::var_os(AS_COMMAND).is_some() {
        let app = besom::App::new().search("failing", FAILING, |_, _| Ok(Failing));
        return app.stopper("failing", FAILING, |_, _| Ok(Failing)).main();
    }
    a_failure_ends_the_command_with_its_reason("method: failing", "the search is out of its depth");
    let stopper = "method: grid\nearly_terminate: {type: failing}";
    a_failure_ends_the_command_with_its_reason(stopper, "the rule is out of its depth");
    ExitCode::SUCCESS
}
