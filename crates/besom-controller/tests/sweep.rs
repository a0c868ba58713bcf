//! The sweep as a pure type.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

use besom_controller::{ControllerError, Sweep};
use besom_core::{
    AlgorithmError, Answer, Ask, BoxError, Distribution, Goal, History, Metric, Options, Parameter, Point,
    Problem, Registry, Run, RunNumber, RunState, Search, Space, Stop, Stopper,
};
use serde_json::json;

/// A grid of `n` values of `a`, and a metric to minimize.
fn problem(n: i64) -> Problem {
    let a = Distribution::IntUniform { min: 1, max: n };
    let space = Space::new(vec![Parameter::new("a", a)]).unwrap();
    Problem::new(space, Metric::new("loss", Goal::Minimize))
}

fn sweep(problem: Problem, method: &str) -> Sweep {
    let mut registry = Registry::new();
    besom_search::register(&mut registry);
    let search = registry.search(method, &problem, &Options::new()).unwrap();
    Sweep::new(problem, search)
}

fn runs(answer: Answer<RunNumber>) -> Vec<RunNumber> {
    let Answer::Try(runs) = answer else { panic!("runs, not {answer:?}") };
    runs
}

/// Names every running run that has logged.
struct StopAll;
impl Stopper for StopAll {
    fn stop(&mut self, _: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        let logged =
            history.iter().filter(|(_, run)| run.state == RunState::Running && run.curve(0).last().is_some());
        Ok(logged.map(|(run, _)| Stop::new(run, "enough")).collect())
    }
}

/// Answers whatever it was made with, which may break the contract.
struct Says(Answer);
impl Search for Says {
    fn suggest(&mut self, _: &Ask<'_>) -> Result<Answer, BoxError> {
        Ok(self.0.clone())
    }
}

#[test]
fn a_grid_is_done_after_its_last_point() {
    let mut sweep = sweep(problem(3), "grid");
    assert_eq!(runs(sweep.ask(2).unwrap()).len(), 2);
    assert_eq!(runs(sweep.ask(2).unwrap()).len(), 1);
    assert_eq!(sweep.ask(1).unwrap(), Answer::Done);
    assert!(!sweep.is_over(), "three runs are still running");
    for number in 1..=3 {
        sweep.end(RunNumber::new(number).unwrap(), RunState::Finished).unwrap();
    }
    assert!(sweep.is_over());
}

#[test]
fn the_cap_is_exact() {
    let mut sweep = sweep(problem(100).run_cap(5), "random");
    assert_eq!(runs(sweep.ask(3).unwrap()).len(), 3);
    assert_eq!(runs(sweep.ask(3).unwrap()).len(), 2);
    assert_eq!(sweep.ask(3).unwrap(), Answer::Done);
}

#[test]
fn a_target_ends_the_sweep() {
    let mut problem = problem(100);
    problem.metrics[0].target = Some(0.1);
    let mut sweep = sweep(problem, "random");
    let run = runs(sweep.ask(1).unwrap())[0];
    sweep.report(run, 0.5).unwrap();
    assert!(!sweep.target_reached());
    sweep.report(run, 0.1).unwrap();
    assert!(sweep.target_reached());
    assert_eq!(sweep.ask(1).unwrap(), Answer::Done);
}

#[test]
fn the_best_run_is_by_its_best_value_and_failures_do_not_count() {
    let mut sweep = sweep(problem(100), "random");
    let numbers = runs(sweep.ask(3).unwrap());
    for (run, values) in numbers.iter().zip([[3.0, 1.0, 2.0], [1.5, 1.5, 1.5], [0.1, 0.1, f64::NAN]]) {
        values.into_iter().for_each(|value| sweep.report(*run, value).unwrap());
    }
    sweep.end(numbers[2], RunState::Failed).unwrap();
    let best = sweep.best().unwrap();
    assert_eq!((best.run, best.state, best.value), (numbers[0], RunState::Running, 1.0));
}

#[test]
fn a_stop_is_named_once_and_kept_as_the_reason() {
    let mut sweep = sweep(problem(100), "random").with_stopper(StopAll);
    let run = runs(sweep.ask(1).unwrap())[0];
    assert_eq!(sweep.stops().unwrap(), []);
    sweep.report(run, 0.5).unwrap();
    assert_eq!(sweep.stops().unwrap(), [Stop::new(run, "enough")]);
    assert_eq!(sweep.stops().unwrap(), []);
    assert_eq!(sweep.history().get(run).unwrap().stopped.as_deref(), Some("enough"));
}

#[test]
fn nothing_more_is_told_of_a_run_that_is_over() {
    let mut sweep = sweep(problem(100), "random");
    let run = runs(sweep.ask(1).unwrap())[0];
    sweep.end(run, RunState::Finished).unwrap();
    assert!(matches!(sweep.report(run, 1.0), Err(ControllerError::Over(number)) if number == run));
    let unknown = RunNumber::new(99).unwrap();
    assert!(matches!(sweep.report(unknown, 1.0), Err(ControllerError::NoRun(number)) if number == unknown));
}

#[test]
fn imported_runs_use_up_grid_points() {
    let problem = problem(3);
    let point = problem.space.read(json!({ "a": 2 }).as_object().unwrap());
    let mut sweep = sweep(problem, "grid");
    sweep.import(Run::new(point).with_state(RunState::Finished));
    let left = runs(sweep.ask(9).unwrap()).into_iter().map(|run| sweep.params(run).unwrap()["a"].clone());
    assert_eq!(left.collect::<Vec<_>>(), [json!(1), json!(3)]);
}

#[test]
fn a_search_that_breaks_its_contract_is_told_so() {
    for answer in [Answer::Try(vec![]), Answer::Try(vec![problem(9).space.decode(&[0.5]).into(); 3])] {
        let mut sweep = Sweep::new(problem(9), Says(answer));
        let broken = |error: &ControllerError| {
            matches!(error, ControllerError::Search(AlgorithmError::Contract { .. }))
        };
        assert!(sweep.ask(2).is_err_and(|error| broken(&error)));
        assert!(sweep.history().is_empty(), "no run is made of it");
    }
}

#[test]
fn tell_reports_a_value_and_ends_the_run() {
    let mut sweep = sweep(problem(100), "random");
    let numbers = runs(sweep.ask(2).unwrap());
    sweep.tell(numbers[0], 0.5).unwrap();
    sweep.fail(numbers[1]).unwrap();
    let states: Vec<RunState> = sweep.history().runs().iter().map(|run| run.state).collect();
    assert_eq!(states, [RunState::Finished, RunState::Failed]);
    assert_eq!(sweep.best().map(|best| best.value), Some(0.5));
    assert!(matches!(sweep.tell(numbers[0], 0.1), Err(ControllerError::Over(_))), "it has ended");
}

#[test]
fn whether_a_run_is_stopped_is_known_to_everybody() {
    let mut sweep = sweep(problem(100), "random").with_stopper(StopAll);
    let run = runs(sweep.ask(1).unwrap())[0];
    sweep.report(run, 0.5).unwrap();
    assert!(!sweep.is_stopped(run), "nobody has asked the rule yet");
    sweep.stops().unwrap();
    assert!(sweep.is_stopped(run));
    assert!(!sweep.is_stopped(RunNumber::new(99).unwrap()));
}

#[test]
fn optimize_runs_until_the_sweep_is_over() {
    let value = |point: &Point| (point["a"].as_f64().unwrap() - 3.0).abs();
    let best = sweep(problem(5), "grid").optimize(value).unwrap().unwrap();
    assert_eq!((best.run.get(), best.value), (3, 0.0));
    let mut capped = sweep(problem(100).run_cap(7), "random");
    capped.optimize(value).unwrap();
    assert_eq!(capped.history().len(), 7);
}

#[test]
fn optimize_refuses_a_sweep_that_nothing_would_end() {
    let error = sweep(problem(100), "random").optimize(|_| 0.0).unwrap_err();
    assert!(matches!(error, ControllerError::Endless), "{error}");
}
