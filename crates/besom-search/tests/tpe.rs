//! The Parzen estimator keeps the laws and its own contract.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed call is a failed test")]

mod common;

use std::collections::HashSet;

use besom_core::laws::{self, mixed_problem};
use besom_core::{
    Answer, Ask, Distribution, Failure, Goal, History, Metric, Options, Point, Problem, Run, RunState,
    Search, Suggestion,
};
use besom_search::Tpe;
use common::{problem, uniform};
use serde_json::{Value, json};

fn unit() -> Distribution {
    uniform(0.0, 1.0)
}

fn suggest(problem: &Problem, history: &History, count: usize) -> Vec<Suggestion> {
    let ask = Ask::new(problem, history).count(count);
    match Tpe::new(problem, &Options::new()).unwrap().suggest(&ask).unwrap() {
        Answer::Try(suggestions) => suggestions,
        other => panic!("{other:?}"),
    }
}

fn finished(point: Point, value: f64) -> Run {
    let mut run = Run::new(point).with_state(RunState::Finished);
    run.curve_mut(0).values.push(value);
    run
}

fn number(point: &Point, name: &str) -> f64 {
    point.get(&name.into()).and_then(Value::as_f64).unwrap()
}

/// The history of this many runs of a function, one after the other.
fn sweep(problem: &Problem, runs: usize, value: impl Fn(&Point) -> Option<f64>) -> History {
    let mut history = History::new();
    for _ in 0..runs {
        let Suggestion { point, note, .. } = suggest(problem, &history, 1).remove(0);
        let run = match value(&point) {
            Some(value) => finished(point, value),
            None => Run::new(point).with_state(RunState::Failed),
        };
        history.push(run.with_note(note));
    }
    history
}

#[test]
fn tpe_satisfies_the_laws() {
    let options = Options::from_iter([("initial_points".to_owned(), json!(2))]);
    laws::check_search(mixed_problem(), |problem| Ok(Tpe::new(problem, &options)?));
    laws::check_search(mixed_problem(), |problem| Ok(Tpe::new(problem, &Options::new())?));
}

#[test]
fn a_running_run_counts_with_its_best_whichever_way_it_is_imputed() {
    let problem = problem(vec![("x", unit()), ("y", unit())], 3);
    let mut history = sweep(&problem, 12, |point| Some(number(point, "x")));
    let running: Vec<Point> = history.runs()[..3].iter().map(|run| run.point.clone()).collect();
    for point in running {
        let mut run = Run::new(point).with_state(RunState::Running);
        run.curve_mut(0).values.extend([-3.0, 5.0]);
        history.push(run);
    }
    let suggested = |impute_while_running| {
        let mut problem = problem.clone();
        problem.metrics[0].impute_while_running = impute_while_running;
        suggest(&problem, &history, 1).remove(0).point
    };
    use besom_core::ImputeWhileRunning::{Best, False, Latest, Worst};
    let [best, latest, worst] = [Best, Latest, Worst].map(suggested);
    assert_eq!((&latest, &worst), (&best, &best));
    assert_ne!(suggested(False), best, "a run in flight has no value");
}

#[test]
fn a_bowl_is_found_and_each_note_says_how() {
    let problem = problem(vec![("x", unit()), ("y", unit())], 3);
    let bowl = |p: &Point| (number(p, "x") - 0.2).powi(2) + (number(p, "y") - 0.7).powi(2);
    let history = sweep(&problem, 60, |point| Some(bowl(point)));
    let kinds: Vec<_> = history.runs().iter().map(|run| run.note["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, [["initial"; 10].as_slice(), &["model"; 50]].concat());
    let late: f64 = history.runs()[40..].iter().map(|run| bowl(&run.point)).sum::<f64>() / 20.0;
    let early: f64 = history.runs()[..10].iter().map(|run| bowl(&run.point)).sum::<f64>() / 10.0;
    assert!(late < early / 3.0, "{late} against {early}");
    let note = &history.runs()[59].note;
    assert_eq!(note["why"], json!("where the best 6 runs are dense and the other 53 are not"));
    assert_eq!((&note["good"], &note["bad"]), (&json!(6), &json!(53)));
}

#[test]
fn maximizing_is_minimizing_the_negative() {
    let minimize = problem(vec![("x", unit())], 5);
    let maximize =
        Problem::new(minimize.space.clone(), Metric::new("loss", Goal::Maximize)).seed(minimize.seed);
    let points = |problem: &Problem, sign: f64| {
        let history = sweep(problem, 20, |point| Some(sign * number(point, "x").sin()));
        history.runs().iter().map(|run| run.point.clone()).collect::<Vec<_>>()
    };
    assert_eq!(points(&minimize, 1.0), points(&maximize, -1.0));
}

#[test]
fn failed_and_running_runs_are_bad_ones_but_for_lost_ones() {
    let problem = problem(vec![("x", unit())], 2);
    let mut history = sweep(&problem, 12, |point| Some(number(point, "x")));
    for state in [RunState::Failed, RunState::Crashed, RunState::Running, RunState::Pending] {
        let mut run = finished(suggest(&problem, &history, 1).remove(0).point, -1.0);
        run.state = state;
        run.failure = (state == RunState::Failed).then_some(Failure::OutOfMemory);
        history.push(run);
    }
    let note = suggest(&problem, &history, 1).remove(0).note;
    assert_eq!((&note["good"], &note["bad"]), (&json!(2), &json!(13)));
}

#[test]
fn a_finite_space_is_seen_whole_before_long() {
    let list = |values: Value| Distribution::Categorical {
        values: values.as_array().cloned().unwrap(),
        probabilities: None,
    };
    let problem = problem(vec![("a", list(json!(["x", "y", "z"]))), ("b", list(json!([1, 2, 4, 8])))], 1);
    let history = sweep(&problem, 30, |point| Some(number(point, "b")));
    let seen: HashSet<String> = history.runs().iter().map(|run| format!("{:?}", run.point)).collect();
    assert_eq!(seen.len(), 12);
}

#[test]
fn a_run_that_lacks_a_parameter_is_learned_from() {
    let problem = problem(vec![("x", unit()), ("y", unit())], 3);
    let run = |k: u32| {
        let x = f64::from(k) / 39.0;
        finished(Point::from_iter([("x".into(), json!(x))]), (x - 0.3).abs())
    };
    let history: History = (0..40).map(run).collect();
    let Suggestion { point, note, .. } = suggest(&problem, &history, 1).remove(0);
    assert_eq!(note["kind"], "model");
    assert!((number(&point, "x") - 0.3).abs() < 0.1 && problem.space.is_complete(&point), "{point:?}");
}

#[test]
fn a_batch_is_diverse_and_begins_as_a_single_answer_does() {
    let problem = problem(vec![("x", unit()), ("y", unit())], 9);
    let history = sweep(&problem, 20, |point| Some(number(point, "x")));
    let batch = suggest(&problem, &history, 8);
    assert_eq!(batch[0], suggest(&problem, &history, 1)[0]);
    let xs: HashSet<u64> = batch.iter().map(|s| number(&s.point, "x").to_bits()).collect();
    assert_eq!(xs.len(), 8);
}

#[test]
fn a_region_where_runs_fail_is_avoided() {
    let problem = problem(vec![("x", unit()), ("y", unit())], 4);
    // The values lead to the edge of the region.
    let value = |p: &Point| (number(p, "x") < 0.5).then(|| (number(p, "x") - 0.45).powi(2) + number(p, "y"));
    let history = sweep(&problem, 100, value);
    let failed = |runs: &[Run]| runs.iter().filter(|run| run.state == RunState::Failed).count();
    // At random it would be 40.
    assert!(failed(&history.runs()[20..]) <= 24, "{} of 80", failed(&history.runs()[20..]));
    // Were failed runs left out, nothing would speak against the region.
    let known: History =
        history.runs().iter().filter(|run| run.state == RunState::Finished).cloned().collect();
    let inside = |history: &History| {
        suggest(&problem, history, 40).iter().filter(|s| number(&s.point, "x") >= 0.5).count()
    };
    assert!(inside(&history) < inside(&known), "{} against {}", inside(&history), inside(&known));
}

#[test]
fn runs_at_work_keep_others_away() {
    let problem = problem(vec![("x", unit()), ("y", unit())], 8);
    let bowl = |p: &Point| (number(p, "x") - 0.3).powi(2) + (number(p, "y") - 0.6).powi(2);
    let history = sweep(&problem, 40, |p| Some(bowl(p)));
    let spread = |points: &[Point]| {
        let distance = |a: &Point, b: &Point| {
            libm::hypot(number(a, "x") - number(b, "x"), number(a, "y") - number(b, "y"))
        };
        let pairs =
            points.iter().enumerate().flat_map(|(k, a)| points[..k].iter().map(move |b| distance(a, b)));
        pairs.sum::<f64>()
    };
    // Eight agents that ask one after the other, each seeing the runs of those before; a batch is the same.
    let batch: Vec<Point> = suggest(&problem, &history, 8).into_iter().map(|s| s.point).collect();
    let mut seen = history.clone();
    for point in &batch {
        let Suggestion { point: next, note, .. } = suggest(&problem, &seen, 1).remove(0);
        assert_eq!(next, *point);
        seen.push(Run::new(next).with_state(RunState::Running).with_note(note));
    }
    // The same draws if each of the eight saw none of the others.
    let blind: Vec<Point> = (0..8)
        .map(|k| {
            let mut unaware = history.clone();
            // Runs far away take the numbers of those unseen.
            for _ in 0..k {
                unaware.push(Run::new(Point::default()));
            }
            suggest(&problem, &unaware, 1).remove(0).point
        })
        .collect();
    assert!(spread(&batch) > 1.2 * spread(&blind), "{} against {}", spread(&batch), spread(&blind));
}

#[test]
fn what_cannot_be_searched_is_refused() {
    let problem =
        Problem::without_metric().space(problem(vec![("x", Distribution::Constant(json!(1)))], 0).space);
    let options = json!({"gama": 0.2, "candidates": 0, "gamma": 1});
    let error = Tpe::new(&problem, options.as_object().unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown option 'gama', did you mean 'gamma'?; known: initial_points, gamma, candidates; \
         option 'gamma' must be a number between 0 and 1, found 1; \
         option 'candidates' must be a whole number of at least 1, found 0; there is no metric to optimize; \
         there is no parameter to search: all are constant"
    );
}
