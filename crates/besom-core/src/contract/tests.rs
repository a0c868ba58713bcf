//! Each way to break the contract is named, with what to do.

use serde_json::{Map, json};

use super::*;
use crate::distribution::Continuous;
use crate::{Curve, Distribution, Goal, Metric, Parameter, Problem, RunNumber};

fn problem() -> Problem {
    let rate = Distribution::Continuous(Continuous::LogUniformValues { min: 0.5, max: 16.0 });
    let parameter = |name: &str, distribution| Parameter::new(name, distribution);
    let categories =
        Distribution::Categorical { values: vec![json!("sgd"), json!("adam")], probabilities: None };
    let space = Space::new(vec![parameter("lr0", rate), parameter("opt", categories)]).expect("two names");
    Problem::new(space, Metric::new("loss", Goal::Minimize))
}

fn point(entries: &[(&str, serde_json::Value)]) -> Suggestion {
    entries.iter().map(|(name, value)| ((*name).into(), value.clone())).collect::<Point>().into()
}

fn good(rate: f64) -> Suggestion {
    point(&[("lr0", json!(rate)), ("opt", json!("sgd"))])
}

fn check(spec: Spec, history: &History, count: usize, answer: &Answer) -> Result<(), String> {
    let problem = problem();
    let ask = Ask::new(&problem, history).count(count);
    check_answer(&ask, &spec, answer).map_err(|breach| breach.to_string())
}

fn refused(suggestions: Vec<Suggestion>) -> String {
    let count = suggestions.len();
    check(Spec::new("For tests").never_repeats(), &History::new(), count, &Answer::Try(suggestions))
        .expect_err("it is refused")
}

#[test]
fn an_answer_that_keeps_the_contract_passes() {
    let answer = Answer::Try(vec![good(1.0), good(2.0)]);
    assert_eq!(check(Spec::new("For tests").never_repeats(), &History::new(), 2, &answer), Ok(()));
    assert_eq!(check(Spec::new("For tests"), &History::new(), 2, &Answer::Done), Ok(()));
}

#[test]
fn the_number_of_suggestions_is_one_to_count() {
    let spec = Spec::new("For tests");
    let none = check(spec, &History::new(), 2, &Answer::Try(vec![])).expect_err("nothing");
    assert_eq!(
        none,
        "it made 0 suggestions where 1 to 2 were asked for; without a point to try, answer `Wait` or `Done`"
    );
    assert!(check(spec, &History::new(), 1, &Answer::Try(vec![good(1.0), good(2.0)])).is_err());
}

#[test]
fn a_point_is_shown_as_json_with_all_that_is_wrong() {
    assert_eq!(
        refused(vec![point(&[("lr0", json!(16.06)), ("optt", json!(3))])]),
        "it suggested {\"lr0\": 16.06, \"optt\": 3}: the space has no parameter optt, did you mean 'opt'?; it has lr0, opt; \
         lr0 is 16.06, allowed is a number from 0.5 to 16.0; opt is missing; points of the space come from `Space::decode`"
    );
    let unknown = refused(vec![point(&[("lr0", json!(null)), ("opt", json!("rmsprop"))])]);
    assert!(
        unknown.contains("lr0 is null") && unknown.contains("allowed is one of \"sgd\", \"adam\""),
        "{unknown}"
    );
}

#[test]
fn equal_points_are_refused_where_the_spec_excludes_them() {
    let found = refused(vec![good(1.0), good(2.0), good(1.0)]);
    assert!(
        found.starts_with("its suggestions 1 and 3 are both {\"lr0\": 1.0, \"opt\": \"sgd\"}"),
        "{found}"
    );
    assert!(found.contains("`ask.rng(i)`"), "{found}");
    let answer = Answer::Try(vec![good(1.0), good(1.0)]);
    assert_eq!(check(Spec::new("May repeat"), &History::new(), 2, &answer), Ok(()));
}

#[test]
fn a_search_waits_for_open_runs_only() {
    let run = |state| Run::new(Point::default()).with_state(state);
    let spec = Spec::new("For tests");
    for (state, may) in [(RunState::Running, true), (RunState::Pending, true), (RunState::Finished, false)] {
        let history = History::from_iter([run(state)]);
        assert_eq!(check(spec, &history, 1, &Answer::Wait).is_ok(), may, "{state}");
    }
    let found = check(spec, &History::new(), 1, &Answer::Wait).expect_err("nothing is open");
    assert!(found.contains("answer `Done`"), "{found}");
}

#[test]
fn a_note_has_a_limit() {
    let note =
        |bytes: usize| Map::from_iter([("k".to_owned(), json!("x".repeat(bytes - r#"{"k":""}"#.len())))]);
    let noted = |bytes| good(1.0).with_note(note(bytes));
    let spec = Spec::new("For tests");
    assert_eq!(check(spec, &History::new(), 1, &Answer::Try(vec![noted(NOTE_LIMIT)])), Ok(()));
    let found = refused(vec![noted(NOTE_LIMIT + 1)]);
    assert!(found.contains("has 65537 bytes, more than 65536"), "{found}");
}

#[test]
fn stops_are_of_running_runs_each_once_and_with_a_reason() {
    let run = |state, values: &[f64]| {
        Run::new(Point::default()).with_curve(0, Curve::new(values)).with_state(state)
    };
    let history = History::from_iter([
        run(RunState::Running, &[1.0]),
        run(RunState::Finished, &[1.0]),
        run(RunState::Running, &[]),
    ]);
    let stop = |index, reason: &str| Stop::new(RunNumber::from_index(index), reason.to_owned());
    let found = |stops: &[Stop]| check_stops(&history, stops);
    let number = RunNumber::from_index;
    assert_eq!(found(&[stop(0, "worst")]), Ok(()));
    assert_eq!(found(&[stop(0, "a"), stop(0, "b")]), Err(Breach::Twice { run: number(0) }));
    assert_eq!(found(&[stop(1, "a")]), Err(Breach::NotRunning { run: number(1), state: RunState::Finished }));
    assert_eq!(found(&[stop(2, "a")]), Err(Breach::Silent { run: number(2) }));
    assert_eq!(found(&[stop(3, "a")]), Err(Breach::NoRun { run: number(3), runs: 3 }));
    assert_eq!(found(&[stop(0, " ")]), Err(Breach::NoReason { run: number(0) }));
    let long = "x".repeat(REASON_LIMIT + 1);
    assert!(matches!(found(&[stop(0, &long)]), Err(Breach::LongReason { .. })));
}
