//! Which model proposes: shorter length scales and branches.

use besom_core::{History, Point, Problem, Run};
use serde_json::json;

use super::common::{problem, uniform};
use super::{ask, bayes, best, number, one_of, run, sweep};

#[test]
fn every_other_run_doubts_a_model_that_expects_nothing() {
    let problem = problem(vec![("x", uniform(-1.0, 1.0))], 3);
    let history = sweep(&mut bayes(&problem), &problem, 24, |point| number(point, "x").powi(2));
    let doubted = |run: &Run| run.note.contains_key("doubt");
    assert!(history.runs().iter().any(doubted));
    assert!(history.runs().iter().skip(1).step_by(2).all(|run| !doubted(run)));
    assert!(best(&history) < 1e-4);
    let run = history.runs().iter().rfind(|run| doubted(run)).unwrap();
    assert!(run.note["why"].as_str().unwrap().contains("if length scales are"));
}

/// The model of all runs expects nothing more, so that every other run would be chosen by another one.
#[test]
fn of_the_runs_in_flight_one_doubts() {
    let problem = problem(vec![("x", uniform(-1.0, 1.0))], 3);
    let mut history = sweep(&mut bayes(&problem), &problem, 24, |point| number(point, "x").powi(2));
    let together = ask(&mut bayes(&problem), &problem, &history, 8);
    assert_eq!(together.iter().filter(|suggestion| suggestion.note.contains_key("doubt")).count(), 1);
    for suggestion in &together {
        assert_eq!(&ask(&mut bayes(&problem), &problem, &history, 1)[0], suggestion);
        history.push(run(suggestion.clone()));
    }
}

/// Two algorithms, each of which reads its own two parameters; the second has the optimum, 0, but is poor
/// almost everywhere, and the first is good almost everywhere.
fn branches(seed: u64) -> Problem {
    let names = ["tree_depth", "tree_share", "net_rate", "net_width"];
    let mut parameters = vec![("algorithm", one_of(&[json!("tree"), json!("net")]))];
    parameters.extend(names.map(|name| (name, uniform(0.0, 1.0))));
    problem(parameters, seed)
}

fn branches_loss(point: &Point) -> f64 {
    let squares = |a: &str, b: &str| (number(point, a) - 0.3).powi(2) + (number(point, b) - 0.7).powi(2);
    match point.get(&"algorithm".into()).unwrap().as_str().unwrap() {
        "tree" => 0.2 + 0.1 * squares("tree_depth", "tree_share"),
        _ => 3.0 * squares("net_rate", "net_width"),
    }
}

#[test]
fn branches_with_few_runs_are_not_given_up() {
    let branch = |run: &Run| run.note.contains_key("branch");
    let (mut asked, mut found) = (0, 0);
    for seed in 1..=6 {
        let problem = branches(seed);
        let history = sweep(&mut bayes(&problem), &problem, 50, branches_loss);
        assert!(history.runs().iter().skip(1).step_by(2).all(|run| !branch(run)));
        for (number, run) in history.iter().filter(|(_, run)| branch(run)) {
            asked += 1;
            let algorithm = run.point.get(&"algorithm".into()).unwrap();
            assert_eq!(run.note["branch"], json!({ "algorithm": algorithm }));
            assert!(run.note["why"].as_str().unwrap().contains("by the runs with algorithm"));
            // As an instance that knows nothing but the history has it.
            let mut before = History::new();
            for run in &history.runs()[..number.index()] {
                before.push(run.clone());
            }
            let again = ask(&mut bayes(&problem), &problem, &before, 1).remove(0);
            assert_eq!((&again.point, &again.note), (&run.point, &run.note));
        }
        found += usize::from(best(&history) < 0.1);
    }
    assert!(asked > 0, "no branch was asked");
    assert_eq!(found, 6, "the better algorithm was found in {found} of 6 sweeps");
}
