//! The run that is expected to be the best, for values of which it is known what is noise in them.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

use besom_core::{Goal, History, Metric, Point, Problem, Rng, Run, RunNumber, RunState, Space, laws};
use besom_insight::{BestExpected, best_expected};
use proptest::prelude::*;

fn problem(goal: Goal) -> Problem {
    let space = Space::builder().uniform("x", -1.0, 1.0).uniform("y", -1.0, 1.0).build().unwrap();
    Problem::new(space, Metric::new("m", goal))
}

/// The i-th of some points that fill the square evenly (Roberts 2018).
fn place(i: u32) -> [f64; 2] {
    [0.754_877_666_246_693, 0.569_840_290_998_053].map(|step| (0.5 + f64::from(i) * step) % 1.0)
}

/// A bowl with its least value, 0, at (0.2, 0).
fn bowl([u, v]: [f64; 2]) -> f64 {
    (2.0 * u - 1.2).powi(2) + (2.0 * v - 1.0).powi(2)
}

fn history(problem: &Problem, runs: u32, f: impl Fn([f64; 2]) -> f64, noise: f64, seed: u64) -> History {
    let mut rng = Rng::new(seed);
    let run = |i| Run::new(problem.space.decode(&place(i))).finished(f(place(i)) + noise * rng.normal());
    (0..runs).map(run).collect()
}

fn found(problem: &Problem, history: &History) -> Option<BestExpected> {
    best_expected(problem, history.iter())
}

#[test]
fn with_noise_the_expected_run_is_better_than_the_luckiest() {
    let problem = problem(Goal::Minimize);
    let (mut observed, mut expected, mut within) = (0.0, 0.0, 0);
    for seed in 0..10 {
        let history = history(&problem, 80, bowl, 0.3, seed);
        let truth = |run: RunNumber| bowl(place(u32::try_from(run.index()).unwrap()));
        let best = found(&problem, &history).unwrap();
        observed += truth(history.best(&problem).unwrap().run);
        expected += truth(best.run);
        within += u32::from((best.value - truth(best.run)).abs() < 2.0 * best.sd);
        assert!((best.noise_sd - 0.3).abs() < 0.1, "{best:?}");
    }
    assert!(expected < 0.6 * observed, "{expected} and {observed}");
    assert!(within >= 8, "{within} of 10");
}

#[test]
fn without_noise_there_is_none() {
    let problem = problem(Goal::Minimize);
    let valley = |[u, v]: [f64; 2]| (u - v).abs() + 0.1 * u;
    let waves = |[u, v]: [f64; 2]| (6.0 * u).sin() * (5.0 * v).cos();
    let cliff = |[u, v]: [f64; 2]| if u > 0.6 { 1e6 } else { v };
    for f in [bowl, valley, waves, cliff] {
        for runs in [9, 12, 30, 100] {
            assert_eq!(found(&problem, &history(&problem, runs, f, 0.0, 0)), None, "{runs} runs");
        }
    }
}

#[test]
fn ripples_are_no_noise_where_runs_are_dense() {
    let problem = Problem::minimize("m").space(Space::builder().uniform("x", 0.0, 1.0).build().unwrap());
    let rippled = |x: f64| (x - 0.5).powi(2) + 0.05 * (60.0 * x).sin();
    let run = |i: u32| f64::from(i) / 120.0;
    let of = |f: &dyn Fn(f64) -> f64| -> History {
        (0..120).map(run).map(|x| Run::new(problem.space.decode(&[x])).finished(f(x))).collect()
    };
    assert_eq!(found(&problem, &of(&rippled)), None);
    let noise: Vec<f64> = (0..120).scan(Rng::new(1), |rng, _| Some(0.035 * rng.normal())).collect();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
    let noisy = |x: f64| (x - 0.5).powi(2) + noise[(x * 120.0).round() as usize];
    assert!(found(&problem, &of(&noisy)).is_some());
}

#[test]
fn repeated_points_have_the_mean_and_deviation_of_their_values() {
    // An independent estimate: with many values at each of few points, a model has nothing to add to their means.
    let problem = problem(Goal::Maximize);
    let mut rng = Rng::new(5);
    let (groups, repeats) = (4, 30);
    let values: Vec<f64> =
        (0..groups * repeats).map(|i| f64::from(i % groups) + 0.3 * rng.normal()).collect();
    let point = |i: usize| problem.space.decode(&place(u32::try_from(i % 4).unwrap()));
    let history: History = values.iter().enumerate().map(|(i, v)| Run::new(point(i)).finished(*v)).collect();
    let group: Vec<f64> = values.iter().skip(3).step_by(4).copied().collect();
    let mean = group.iter().sum::<f64>() / group.len() as f64;
    let best = found(&problem, &history).unwrap();
    assert_eq!(best.run.index() % 4, 3);
    assert!((best.value - mean).abs() < 0.06, "{best:?}, mean {mean}");
    assert!((best.sd - 0.3 / f64::from(repeats).sqrt()).abs() < 0.02, "{best:?}");
    assert!((best.noise_sd - 0.3).abs() < 0.06, "{best:?}");
}

#[test]
fn a_program_that_repeats_its_values_has_no_noise() {
    let problem = problem(Goal::Minimize);
    let mut noisy = history(&problem, 80, bowl, 0.3, 0);
    assert!(found(&problem, &noisy).is_some());
    let again = noisy.runs()[7].clone();
    noisy.push(again.clone());
    assert_eq!(found(&problem, &noisy), None, "the same value again");
    noisy.push(Run::new(again.point).finished(0.1));
    assert!(found(&problem, &noisy).is_some(), "another value");
}

#[test]
fn only_runs_that_ended_by_themselves_with_a_value_count() {
    let problem = problem(Goal::Minimize);
    let mut history = history(&problem, 80, bowl, 0.3, 0);
    let before = found(&problem, &history);
    let at = |i| Run::new(problem.space.decode(&place(i)));
    for state in [RunState::Running, RunState::Failed, RunState::Crashed, RunState::Killed, RunState::Pending]
    {
        history.push(at(3).finished(-9.0).with_state(state));
    }
    let mut stopped = at(4).finished(-9.0);
    stopped.stopped = Some("hyperband".to_owned());
    history.push(stopped);
    history.push(at(5).finished(f64::NAN));
    assert!(before.is_some());
    assert_eq!(found(&problem, &history), before);
}

#[test]
fn categories_alone_have_no_model() {
    let space = Space::builder().choice("a", ["u", "v", "w"]).choice("b", ["u", "v"]).build().unwrap();
    let problem = Problem::minimize("m").space(space);
    let mut rng = Rng::new(0);
    let run = |i: u32| Run::new(problem.space.decode(&place(i))).finished(rng.normal());
    assert_eq!(found(&problem, &(0..60).map(run).collect()), None);
    assert_eq!(found(&Problem::without_metric(), &History::new()), None);
    let empty = Problem::minimize("m");
    assert_eq!(
        found(&empty, &(0..20).map(|i| Run::new(Point::default()).finished(f64::from(i))).collect()),
        None
    );
}

#[test]
fn of_many_runs_the_best_and_the_newest_decide() {
    let problem = problem(Goal::Minimize);
    let history = history(&problem, 2500, bowl, 0.3, 0);
    let mut by_value: Vec<usize> = (0..2500).collect();
    let value = |i: usize| history.runs()[i].curve(0).last().unwrap();
    by_value.sort_by(|&a, &b| value(a).total_cmp(&value(b)));
    let (best, mut others) = (&by_value[..250], by_value[250..].to_vec());
    others.sort_unstable();
    let kept = |i: usize| best.contains(&i) || others[others.len() - 250..].contains(&i);
    let few = history.iter().filter(|(number, _)| kept(number.index()));
    let found = found(&problem, &history);
    assert!(found.is_some());
    assert_eq!(best_expected(&problem, few), found);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn neither_the_goal_nor_the_unit_matters(seed in 0_u64..1000, unit in 1e-3..1e3_f64, origin in -5.0..5.0_f64) {
        let (least, most) = (problem(Goal::Minimize), problem(Goal::Maximize));
        let plain = history(&least, 50, bowl, 0.3, seed);
        let turned = |run: &Run| {
            Run::new(run.point.clone()).finished(-unit * (run.curve(0).last().unwrap() + origin))
        };
        let turned: History = plain.runs().iter().map(turned).collect();
        match (found(&least, &plain), found(&most, &turned)) {
            (Some(plain), Some(turned)) => {
                prop_assert_eq!(plain.run, turned.run);
                prop_assert!((-unit * (plain.value + origin) - turned.value).abs() < 1e-3 * unit);
                prop_assert!((unit * plain.sd - turned.sd).abs() < 1e-3 * unit);
            }
            (plain, turned) => prop_assert_eq!(plain, turned),
        }
    }

    #[test]
    fn of_any_history_the_answer_is_finite_and_the_same_again(
        (problem, history) in laws::any_problem().prop_flat_map(|problem| {
            let history = laws::history(&problem, 40);
            (Just(problem), history)
        }),
    ) {
        let best = found(&problem, &history);
        prop_assert_eq!(best, found(&problem, &history));
        if let Some(best) = best {
            prop_assert!([best.value, best.sd, best.noise_sd].iter().all(|number| number.is_finite()));
            prop_assert!(best.sd >= 0.0 && best.noise_sd > 0.0);
            prop_assert_eq!(history.get(best.run).unwrap().state, RunState::Finished);
        }
    }
}
