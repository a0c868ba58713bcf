//! What holds for every task of every suite.

use std::collections::HashMap;

use besom_bench::suites::{all, mixed};
use besom_bench::{Keep, Objective, Outcome, Rng, Task};
use besom_core::{Point, Problem, Space};
use serde_json::{Map, Value};

/// Every task once, but for the functions of BBOB in high dimensions, which are the same code.
fn tasks() -> impl Iterator<Item = Task> {
    let high = |name: &str| ["_d10", "_d20", "_d40"].iter().any(|end| name.ends_with(end));
    let tasks: HashMap<String, Task> =
        all().into_iter().flat_map(|suite| suite.tasks).map(|task| (task.name().to_owned(), task)).collect();
    tasks.into_values().filter(move |task| !high(task.name()))
}

fn objective(task: &Task, seed: u64) -> (Problem, Box<dyn Objective>) {
    let objective = task.objective(seed).expect("tasks of this crate need no files");
    (objective.problem(), objective)
}

fn drawn(space: &Space, rng: &mut Rng) -> Point {
    space.decode(&(0..space.dimensions()).map(|_| rng.f64()).collect::<Vec<_>>())
}

/// The outcome and what was logged on the way.
fn run(objective: &dyn Objective, point: &Point, seed: u64) -> (Outcome, Vec<f64>) {
    let mut logged = Vec::new();
    let mut log = |value| {
        logged.push(value);
        Keep::Going
    };
    let outcome = objective.run(point, &mut Rng::new(seed), &mut log);
    (outcome, logged)
}

/// The true value as a loss.
fn loss(problem: &Problem, outcome: Outcome) -> Option<f64> {
    let goal = problem.metric().expect("every task has a metric").goal;
    match outcome {
        Outcome::Finished { truth, .. } => Some(goal.to_loss(truth)),
        _ => None,
    }
}

#[test]
fn a_name_means_one_task_in_all_suites() {
    let mut runs: HashMap<String, (usize, usize)> = HashMap::new();
    for suite in all() {
        let mut names: Vec<&str> = suite.tasks.iter().map(Task::name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{} has a task twice", suite.name);
        for task in &suite.tasks {
            let budget = (task.runs(), task.full_epochs());
            assert_eq!(*runs.entry(task.name().to_owned()).or_insert(budget), budget, "{}", task.name());
        }
    }
}

#[test]
fn the_same_task_seed_point_and_chance_give_the_same_outcome_in_any_order() {
    for task in tasks() {
        let (problem, one) = objective(&task, 2);
        let (_, other) = objective(&task, 2);
        let points: Vec<Point> = (0..4).map(|i| drawn(&problem.space, &mut Rng::new(i))).collect();
        let text =
            |objective: &dyn Objective, i: usize| format!("{:?}", run(objective, &points[i], i as u64));
        let forward: Vec<String> = (0..4).map(|i| text(&*one, i)).collect();
        let mut backward: Vec<String> = (0..4).rev().map(|i| text(&*other, i)).collect();
        backward.reverse();
        assert_eq!(forward, backward, "{}", task.name());
    }
}

#[test]
fn values_are_finite_and_full_runs_log_every_epoch() {
    for task in tasks() {
        for seed in 0..6 {
            let (problem, objective) = objective(&task, seed);
            let mut rng = Rng::new(seed);
            for i in 0..20 {
                let (outcome, logged) = run(&*objective, &drawn(&problem.space, &mut rng), i);
                let Outcome::Finished { observed, truth } = outcome else { continue };
                assert!(observed.is_finite() && truth.is_finite(), "{} {seed}", task.name());
                let epochs = if task.full_epochs() > 1 { task.full_epochs() } else { 0 };
                assert_eq!(logged.len(), epochs, "{} {seed}", task.name());
            }
        }
    }
}

#[test]
fn points_of_another_space_fail_without_a_panic() {
    for task in tasks() {
        let (_, objective) = objective(&task, 0);
        let strange = Point::from_iter([("x0".into(), Value::from("much")), ("lr".into(), Value::Null)]);
        for point in [Point::default(), strange] {
            assert_eq!(run(&*objective, &point, 0).0, Outcome::Failed, "{}", task.name());
        }
    }
}

#[test]
fn instances_differ() {
    for task in tasks().filter(|task| task.instance(1) != task.instance(0)) {
        let values = |seed| {
            let (problem, objective) = objective(&task, seed);
            let mut rng = Rng::new(1);
            let points: Vec<Point> = (0..3).map(|_| drawn(&problem.space, &mut rng)).collect();
            points.iter().map(|point| format!("{:?}", run(&*objective, point, 0))).collect::<Vec<_>>()
        };
        assert_ne!(values(0), values(1), "{}", task.name());
    }
}

/// The least loss of many random points and of local searches from the best of them in each fifth of the first coordinate,
/// which is the family where there are any.
fn searched(problem: &Problem, objective: &dyn Objective, worst: &mut f64) -> f64 {
    let mut rng = Rng::new(3);
    let space = &problem.space;
    let value = |cube: &[f64]| {
        // Failures by chance pass on another try.
        (0..6).find_map(|i| loss(problem, run(objective, &space.decode(cube), i).0)).unwrap_or(f64::INFINITY)
    };
    let cube = |rng: &mut Rng| (0..space.dimensions()).map(|_| rng.f64()).collect::<Vec<_>>();
    let mut starts: Vec<(f64, Vec<f64>)> =
        (0..400).map(|_| cube(&mut rng)).map(|cube| (value(&cube), cube)).collect();
    starts.sort_by(|a, b| a.0.total_cmp(&b.0));
    *worst = starts[200].0;
    let mut least = f64::INFINITY;
    let fifth = |cube: &[f64]| (1..5).filter(|&i| cube[0] * 5.0 > f64::from(i)).count();
    let mut left = [3; 5];
    let mut taken = |cube: &[f64]| {
        left[fifth(cube)] -= 1;
        left[fifth(cube)] >= 0
    };
    for (start, cube) in starts.into_iter().filter(|(_, cube)| taken(cube)) {
        let (mut best, mut at, mut width) = (start, cube, 0.2);
        for _ in 0..1500 {
            let mut moved: Vec<f64> = at.iter().map(|&x| step(x, width, &mut rng)).collect();
            if fifth(&moved) != fifth(&at) {
                moved[0] = at[0];
            }
            let found = value(&moved);
            (width, best) = if found < best {
                at = moved;
                ((width * 1.5).min(0.3), found)
            } else {
                ((width * 0.985).max(1e-6), best)
            };
        }
        least = least.min(best);
    }
    least
}

/// A coordinate that is mostly kept, else moved a little, or drawn anew, as categories want it.
fn step(x: f64, width: f64, rng: &mut Rng) -> f64 {
    match rng.below(20) {
        0 => rng.f64(),
        1..=8 => (x + width * rng.normal()).clamp(0.0, 1.0),
        _ => x,
    }
}

#[test]
fn no_value_is_better_than_the_best_and_a_long_search_comes_near_it() {
    for task in tasks().filter(|task| !task.name().starts_with("bbob")) {
        for seed in [0, 7] {
            let (problem, objective) = objective(&task, seed);
            let goal = problem.metric().expect("every task has a metric").goal;
            let best = goal.to_loss(objective.best().expect("the best is known"));
            let mut median = f64::NAN;
            let found = searched(&problem, &*objective, &mut median);
            let above = (found - best) / (median - best);
            assert!(
                found >= best - 1e-9 && above < 0.05,
                "{} {seed}: {found}, best {best}, {above}",
                task.name()
            );
        }
    }
}

#[test]
fn runs_fail_as_often_as_the_task_says() {
    for (start, low, high) in [("failing10_", 0.05, 0.15), ("failing30_", 0.24, 0.36), ("failing_", 0.1, 0.8)]
    {
        for task in tasks().filter(|task| task.name().starts_with(start)) {
            let (problem, objective) = objective(&task, 0);
            let mut rng = Rng::new(5);
            let failed = (0..1000)
                .filter(|&i| run(&*objective, &drawn(&problem.space, &mut rng), i).0 == Outcome::Failed)
                .count();
            assert!((low..=high).contains(&(failed as f64 / 1000.0)), "{}: {failed} of 1000", task.name());
        }
    }
}

/// The values of scripts/mixed_reference.py: kind, instance, best, point, value.
#[test]
fn mixed_problems_are_those_of_the_first_benchmark() {
    type Row = (String, u64, Option<f64>, Map<String, Value>, f64);
    let rows: Vec<Row> = serde_json::from_str(include_str!("data/mixed.json")).expect("the table is JSON");
    let tasks: HashMap<String, Task> =
        mixed().tasks.into_iter().map(|task| (task.name().to_owned(), task)).collect();
    for (kind, instance, best, params, expected) in rows {
        let (problem, objective) = objective(&tasks[&format!("mix_{kind}")], instance - 1);
        let point = problem.space.read(&params);
        assert!(problem.space.contains(&point) && problem.space.is_complete(&point), "{kind}: {params:?}");
        let value = loss(&problem, run(&*objective, &point, 0).0).expect("it finishes");
        assert!((value - expected).abs() <= 1e-12 * (1.0 + expected.abs()), "{kind}: {value} for {expected}");
        if let Some(best) = best {
            assert!((objective.best().expect("it is known") - best).abs() < 1e-12, "{kind}");
        }
    }
}
