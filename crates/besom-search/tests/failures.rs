//! How runs that failed count in the methods that learn from runs.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

use besom_core::{
    Answer, Ask, Curve, Failure, Goal, History, Impute, Metric, Options, Point, Problem, Run, RunNumber,
    RunState, Search, Space, Suggestion, seed,
};
use besom_search::{Bayes, CmaEs, FailedRun, FailedRuns, Tpe};
use rand::RngExt;

fn problem() -> Problem {
    let space = Space::builder().uniform("x", 0.0, 1.0).uniform("y", 0.0, 1.0).build().unwrap();
    Problem::new(space, Metric::new("loss", Goal::Minimize)).seed(7)
}

fn coordinates(point: &Point) -> (f64, f64) {
    (point.f64("x").unwrap(), point.f64("y").unwrap())
}

/// So many runs of random points, of which those fail that `fails` says; it gets a number from 0 to 1 for chance.
fn history(runs: usize, fails: impl Fn(&Point, f64) -> bool) -> History {
    let (problem, mut rng) = (problem(), seed::rng(3, RunNumber::FIRST));
    let mut run = || {
        let point = problem.space.decode(&[rng.random(), rng.random()]);
        let (x, y) = coordinates(&point);
        let failed = fails(&point, rng.random());
        let run = Run::new(point);
        if failed { run.with_state(RunState::Failed) } else { run.finished(x + y) }
    };
    (0..runs).map(|_| run()).collect()
}

fn number(number: u64) -> RunNumber {
    RunNumber::new(number).unwrap()
}

/// How the first failed run of a history counts.
fn first(history: &History) -> FailedRun {
    let (number, _) = history.iter().find(|(_, run)| run.state == RunState::Failed).unwrap();
    FailedRuns::new(&problem(), history).get(number).unwrap()
}

#[test]
fn failures_by_chance_are_left_out_and_those_of_a_region_are_not() {
    for rate in [0.1, 0.3] {
        let counts = first(&history(60, |_, chance| chance < rate));
        assert!(counts.is_left_out(), "{rate}: {counts}");
        assert!(
            counts.to_string().starts_with("left out: failures seem to come by chance (odds of "),
            "{counts}"
        );
    }
    for regions in [
        |x: f64, _: f64| x > 0.7,
        |x: f64, y: f64| x + y > 1.2,
        |x: f64, y: f64| (x - 0.5).hypot(y - 0.5) > 0.4,
    ] {
        let counts = first(&history(40, |point, _| {
            let (x, y) = coordinates(point);
            regions(x, y)
        }));
        assert!(!counts.is_left_out(), "{counts}");
        let text = "counts as the worst value: failures seem to depend on the parameters (odds of ";
        assert!(counts.to_string().starts_with(text), "{counts}");
    }
}

#[test]
fn a_failure_among_successes_is_left_out_where_a_region_fails() {
    let fails = |point: &Point, _| coordinates(point).0 > 0.6;
    let mut history = history(60, fails);
    let lone = history.push(Run::new(problem().space.decode(&[0.2, 0.5])).with_state(RunState::Failed));
    let failed = FailedRuns::new(&problem(), &history);
    let counts = failed.get(lone).unwrap();
    assert!(counts.is_left_out() && counts.to_string().contains("but runs near it fail"), "{counts}");
    assert_eq!(failed.left_out(), 1);
}

#[test]
fn where_all_runs_failed_their_failures_count() {
    let history = history(4, |_, _| false);
    let all: History =
        history.runs().iter().map(|run| Run::new(run.point.clone()).with_state(RunState::Failed)).collect();
    assert_eq!(first(&all), FailedRun::Unknown { log_odds: 0.0, nearby: 1.0 });
}

#[test]
fn the_kind_of_a_failure_decides_where_it_can() {
    let mut runs: Vec<Run> = history(60, |_, chance| chance < 0.2).runs().to_vec();
    let point = runs[0].point.clone();
    let kinds = [
        (Failure::OutOfMemory, false),
        (Failure::TimeLimit, false),
        (Failure::NotFinite, false),
        (Failure::Signal, true),
        (Failure::LostAgent, true),
        (Failure::Machine, true),
        (Failure::Error, true),
    ];
    runs.extend(
        kinds.map(|(failure, _)| Run::new(point.clone()).with_state(RunState::Failed).with_failure(failure)),
    );
    runs.push(Run::new(point.clone()).with_state(RunState::Crashed));
    runs.push(Run::new(point).with_curve(0, Curve::new([f64::NAN])).with_state(RunState::Finished));
    let failed = FailedRuns::new(&problem(), &History::from_iter(runs));
    for ((failure, left_out), place) in
        kinds.into_iter().chain([(Failure::LostAgent, true), (Failure::NotFinite, false)]).zip(61..)
    {
        let counts = failed.get(number(place)).unwrap();
        assert_eq!(counts.is_left_out(), left_out, "{failure}: {counts}");
        assert_eq!(
            matches!(counts, FailedRun::Known(known) if known == failure),
            failure != Failure::Error,
            "{counts:?}"
        );
    }
    assert_eq!(failed.get(number(99)), None);
}

#[test]
fn a_value_of_its_own_stands_in_where_impute_says_so() {
    let mut history = history(10, |_, _| false);
    let failed = Run::new(history.runs()[0].point.clone()).with_state(RunState::Failed);
    history.push(failed.clone().with_curve(0, Curve::new([0.5])));
    history.push(failed.with_failure(Failure::OutOfMemory));
    let counts = |impute, place| {
        let mut problem = problem();
        problem.metrics[0].impute = impute;
        FailedRuns::new(&problem, &history).get(number(place))
    };
    for impute in [Impute::Best, Impute::Latest] {
        assert_eq!(counts(impute, 11), None);
        assert_eq!(counts(impute, 12), Some(FailedRun::Known(Failure::OutOfMemory)));
    }
    for place in [11, 12] {
        assert_eq!(counts(Impute::Ignore, place), Some(FailedRun::Ignored));
    }
    assert_eq!(counts(Impute::Worst, 1), None);
}

fn suggestions(search: &mut dyn Search, problem: &Problem, history: &History) -> Vec<Suggestion> {
    match search.suggest(&Ask::new(problem, history).count(2)).unwrap() {
        Answer::Try(suggestions) => suggestions,
        other => panic!("{other:?}"),
    }
}

/// Runs that are left out change what is suggested no more than runs of their points that are still to come; for `cma-es`,
/// that it is left out shows in what it learns from.
#[test]
fn what_is_left_out_is_not_learned_from() {
    let (problem, options) = (problem(), Options::new());
    let whole = history(30, |_, _| false);
    let with = |failure| {
        let mut history = whole.clone();
        let point = problem.space.decode(&[0.01, 0.01]);
        history.push(Run::new(point).with_state(RunState::Failed).with_failure(failure));
        history
    };
    let (out, counted) = (with(Failure::Machine), with(Failure::OutOfMemory));
    let bayes = || Bayes::new(&problem, &options).unwrap();
    let near = |suggestion: &Suggestion| {
        let (x, y) = coordinates(&suggestion.point);
        x + y
    };
    assert!(near(&suggestions(&mut bayes(), &problem, &out)[0]) < 0.1, "the best corner is tried again");
    let predicted = |history| {
        let suggestion = &suggestions(&mut bayes(), &problem, history)[0];
        (suggestion.note["why"].clone(), near(suggestion))
    };
    assert_ne!(predicted(&out), predicted(&counted));
    let tpe = || Tpe::new(&problem, &options).unwrap();
    let bad = |history| suggestions(&mut tpe(), &problem, history)[0].note["bad"].clone();
    assert_eq!(bad(&counted).as_u64(), bad(&out).as_u64().map(|bad| bad + 1));
}

#[test]
fn a_generation_of_cma_es_waits_for_as_many_runs_as_count() {
    let (problem, options) = (problem(), Options::new());
    let mut search = CmaEs::new(&problem, &options).unwrap();
    let mut history = History::new();
    let mut learned = Vec::new();
    for place in 0..40 {
        let suggestion = suggestions(&mut search, &problem, &history).remove(0);
        learned
            .extend(suggestion.note.get("learned_from").map(|pool| pool["runs"].as_array().unwrap().clone()));
        let run = Run::new(suggestion.point.clone()).with_note(suggestion.note);
        let (x, y) = coordinates(&suggestion.point);
        let lost = place % 3 == 1;
        history.push(if lost { run.with_state(RunState::Crashed) } else { run.finished(x + y) });
        let fresh = suggestions(&mut CmaEs::new(&problem, &options).unwrap(), &problem, &history);
        assert_eq!(fresh, suggestions(&mut search, &problem, &history));
    }
    let runs: Vec<u64> = learned.concat().iter().map(|run| run.as_u64().unwrap()).collect();
    assert!(!runs.is_empty() && runs.iter().all(|run| (run - 1) % 3 != 1), "{runs:?}");
}
