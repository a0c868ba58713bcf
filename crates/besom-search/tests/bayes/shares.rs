//! Each value of a category gets enough runs to be judged by.

use super::*;

/// A choice of `values` families with a parameter; the loss of all but the first is bad wherever one looks.
fn families(values: usize, probabilities: Option<Vec<f64>>) -> Problem {
    let values = (0..values).map(|k| json!(format!("family{k}"))).collect();
    problem(
        vec![("family", Distribution::Categorical { values, probabilities }), ("x", uniform(0.0, 1.0))],
        3,
    )
}

fn loss(point: &Point) -> f64 {
    let bad = f64::from(point.get(&"family".into()).unwrap() != "family0");
    bad * 10.0 + (number(point, "x") - 0.4).powi(2)
}

/// How many runs of a sweep have each of the families.
fn counts(problem: &Problem, runs: usize) -> Vec<usize> {
    let history = sweep(&mut bayes(problem), problem, runs, loss);
    let count = |k: usize| {
        let family = json!(format!("family{k}"));
        history.runs().iter().filter(|run| run.point.get(&"family".into()) == Some(&family)).count()
    };
    (0..10).map(count).collect()
}

#[test]
fn each_value_gets_runs_that_no_model_would_give_it() {
    let problem = families(4, None);
    let counts = counts(&problem, 36);
    assert!(counts[1..4].iter().all(|&count| count >= 6), "{counts:?}");
    let history = sweep(&mut bayes(&problem), &problem, 20, loss);
    let owed = history.runs().iter().filter(|run| {
        let why = run.note["why"].as_str().unwrap();
        why.starts_with("quasi-random, because too few runs have family = ")
    });
    assert!(owed.clone().count() > 0);
    assert!(owed.clone().all(|run| run.note["kind"] == "initial"));
}

#[test]
fn shares_are_half_of_a_bounded_sweep_at_most() {
    let problem = families(4, None).run_cap(16);
    let counts = counts(&problem, 16);
    assert!(counts[1..4].iter().sum::<usize>() <= 8, "{counts:?}");
}

#[test]
fn shares_follow_the_probabilities() {
    let problem = families(4, Some(vec![0.85, 0.05, 0.05, 0.05]));
    let history = sweep(&mut bayes(&problem), &problem, 30, loss);
    let owed = |run: &&Run| run.note["why"].as_str().unwrap().contains("too few runs");
    assert!(history.runs().iter().filter(owed).count() <= 3, "at most one run in 20 for each");
}

#[test]
fn a_category_of_many_values_has_no_shares() {
    let problem = families(9, None);
    let history = sweep(&mut bayes(&problem), &problem, 40, loss);
    assert!(history.runs().iter().all(|run| !run.note["why"].as_str().unwrap().contains("too few runs")));
}
