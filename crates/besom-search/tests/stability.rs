//! Every method stands every history: degenerate ones by the thousand, and no panic, no error, no NaN, no
//! point outside the space.
//!
//! The law suites grow histories; here they are there at once and degenerate in one or several ways: points
//! that coincide, losses that are all the same, huge, denormal or not finite, runs of which none or hardly
//! one ended well, notes of another method, spaces of one point and of a hundred parameters. The methods are
//! those of the registry, so one that is added is in this test.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed call is a failed test")]

use std::cell::Cell;

use besom_core::distribution::{Continuous, Step};
use besom_core::laws::{self, distribution, finite_distribution, finite_problem, mixed_problem};
use besom_core::{
    Answer, Ask, Curve, Distribution, Goal, History, Impute, ImputeWhileRunning, Method, Metric, Note,
    Options, Parameter, Point, Problem, Registry, Run, RunState, Space, Suggestion, error_chain,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::Config;
use serde_json::{Value, json};

/// The methods that fit a model at each question, some by way of another.
const SLOW: [&str; 2] = ["auto", "bayes"];

/// Losses at the ends of what a float can be, and those that are no numbers.
const ODD: [f64; 12] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    1e300,
    -1e300,
    f64::MAX,
    f64::MIN,
    1e-300,
    f64::MIN_POSITIVE,
    5e-324,
    0.0,
    -0.0,
];

/// A question at a moment of a sweep.
#[derive(Clone, Debug)]
struct Question {
    problem: Problem,
    history: History,
    count: usize,
}

fn question(most: usize) -> impl Strategy<Value = Question> {
    (problem(), 1_usize..4).prop_flat_map(move |(problem, count)| {
        let history = prop_oneof![7 => degenerate(&problem, most), 1 => laws::history(&problem, most)];
        history.prop_map(move |history| Question { problem: problem.clone(), history, count })
    })
}

/// Problems of every kind, a few with too many parameters or too few points to learn anything.
fn problem() -> impl Strategy<Value = Problem> {
    let problem = prop_oneof![
        10 => mixed_problem(),
        6 => finite_problem(),
        3 => of(vec(single(), 1..4)),
        1 => of(vec(distribution(), 100)),
        1 => of(vec(finite_distribution(), 100)),
    ];
    use ImputeWhileRunning::{Best, False, Latest, Worst};
    let impute = select(vec![Impute::Worst, Impute::Best, Impute::Latest, Impute::Ignore]);
    let running = select(vec![False, Worst, Best, Latest]);
    (problem, option::of(1_u64..30), impute, running).prop_map(|(mut problem, run_cap, impute, running)| {
        problem.run_cap = run_cap;
        for metric in &mut problem.metrics {
            (metric.impute, metric.impute_while_running) = (impute, running);
        }
        problem
    })
}

fn of(distributions: impl Strategy<Value = Vec<Distribution>>) -> impl Strategy<Value = Problem> {
    let goal = select(vec![Goal::Minimize, Goal::Maximize]);
    (distributions, goal, any::<u64>()).prop_map(|(distributions, goal, seed)| {
        let parameters = distributions.into_iter().enumerate();
        let parameters = parameters.map(|(k, distribution)| Parameter::new(format!("x{k}"), distribution));
        let space = Space::new(parameters.collect()).unwrap();
        Problem::new(space, Metric::new("loss", goal)).seed(seed)
    })
}

/// Distributions that are to be varied and have a single level.
fn single() -> impl Strategy<Value = Distribution> {
    let list = |values: &[Value]| Distribution::Categorical { values: values.to_vec(), probabilities: None };
    let coarse = Step { q: 1.0, integer: true };
    select(vec![
        list(&[json!("adam")]),
        list(&[json!(1), json!(1.0), json!(1)]),
        Distribution::Categorical { values: vec![json!(1), json!(2)], probabilities: Some(vec![0.0, 1.0]) },
        Distribution::Quantized(Continuous::Uniform { min: 0.0, max: 0.25 }, coarse),
        Distribution::Continuous(Continuous::Uniform { min: 1.0, max: 1.0_f64.next_up() }),
    ])
}

/// Histories that are degenerate in their points, losses and states.
fn degenerate(problem: &Problem, most: usize) -> impl Strategy<Value = History> + use<> {
    let problem = problem.clone();
    (0..=most).prop_flat_map(move |n| {
        let lengths = vec(prop_oneof![1 => Just(0), 6 => Just(1), 1 => Just(3)], n);
        let notes = vec(prop_oneof![12 => Just(Note::new()), 1 => note(&problem)], n);
        let parts = (points(&problem, n), losses(n), states(n), lengths, notes);
        parts.prop_map(|(points, losses, states, lengths, notes)| {
            let parts = points.into_iter().zip(losses).zip(states).zip(lengths).zip(notes);
            let run = |((((point, loss), state), length), note)| {
                Run::new(point)
                    .with_curve(0, Curve::new(vec![loss; length]))
                    .with_state(state)
                    .with_note(note)
            };
            parts.map(run).collect()
        })
    })
}

/// Points that coincide all or in groups, lie in corners, or along a line through the space.
fn points(problem: &Problem, n: usize) -> impl Strategy<Value = Vec<Point>> + use<> {
    let dimensions = problem.space.dimensions();
    let cube = move || vec(0.0..1.0, dimensions);
    let among = move |cubes: Vec<Vec<f64>>| vec(select(cubes), n);
    let cubes = prop_oneof![
        vec(cube(), 1).prop_flat_map(among),
        vec(cube(), 2..4).prop_flat_map(among),
        vec(vec(select(vec![0.0, 1.0]), dimensions), n),
        vec(0.0..1.0, n).prop_map(move |us| us.into_iter().map(|u| vec![u; dimensions]).collect()),
        vec(cube(), n),
    ];
    let space = problem.space.clone();
    let decoded = cubes.prop_map(move |cubes| cubes.iter().map(|cube| space.decode(cube)).collect());
    prop_oneof![8 => decoded, 1 => vec(laws::point(&problem.space), n)]
}

/// Losses that are equal, nearly equal, huge, denormal, not finite, or all of that together.
fn losses(n: usize) -> impl Strategy<Value = Vec<f64>> {
    let times = |unit: f64| vec((-5..5).prop_map(move |k| f64::from(k) * unit), n);
    prop_oneof![
        2 => select(ODD.to_vec()).prop_map(move |loss| vec![loss; n]),
        1 => Just(vec![0.5; n]),
        2 => vec(select(ODD.to_vec()), n),
        2 => vec(prop_oneof![3 => -1.0..1.0, 1 => select(ODD.to_vec())], n),
        1 => times(f64::EPSILON).prop_map(|ks| ks.iter().map(|k| 1.0 + k).collect()),
        1 => times(2e307),
        1 => times(1e300),
        1 => times(1e-300),
        1 => times(5e-324),
        2 => vec((-300..300, -1.0..1.0).prop_map(|(exponent, x)| x * 10_f64.powi(exponent)), n),
        2 => vec(-1.0..1.0, n),
    ]
}

/// Runs of one state, of two, of any, and mostly finished ones.
fn states(n: usize) -> impl Strategy<Value = Vec<RunState>> {
    let all = || select(RunState::ALL.to_vec());
    prop_oneof![
        2 => Just(vec![RunState::Finished; n]),
        1 => all().prop_map(move |state| vec![state; n]),
        1 => vec(all(), 2).prop_flat_map(move |two| vec(select(two), n)),
        1 => vec(all(), n),
        3 => vec(prop_oneof![8 => Just(RunState::Finished), 1 => all()], n),
    ]
}

/// What another version, another method or a person may have left in a note: the keys are right, the values
/// are not.
fn note(problem: &Problem) -> impl Strategy<Value = Note> + use<> {
    let names: Vec<String> = problem.space.searchable().map(|p| p.name.to_string()).collect();
    let number = || select(vec![json!(0.5), json!(0), json!(-1.0), json!(1e300), json!(5e-324), json!(null)]);
    let runs = select(vec![json!(0), json!(3), json!(u64::MAX), json!(-1), json!("many")]);
    (vec(number(), names.len()), number(), runs).prop_map(move |(scales, number, runs)| {
        let scales: serde_json::Map<String, Value> = names.iter().cloned().zip(scales).collect();
        Note::from_iter([
            ("kind".to_owned(), json!("model")),
            (
                "fit".to_owned(),
                json!({"runs": runs, "cold": runs, "signal_variance": number, "noise_variance": number}),
            ),
            ("length_scales".to_owned(), Value::Object(scales)),
            ("generation".to_owned(), runs.clone()),
            ("starts".to_owned(), runs.clone()),
            ("step".to_owned(), number.clone()),
            ("x".to_owned(), json!([number])),
            ("learned_from".to_owned(), json!({"runs": [runs], "valued": runs})),
        ])
    })
}

/// Whether a number of the note was not finite: null stands for it there. A value of a branch may be null itself.
fn has_null(note: &Note) -> bool {
    fn is_in(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Array(items) => items.iter().any(is_in),
            Value::Object(members) => members.values().any(is_in),
            _ => false,
        }
    }
    note.iter().any(|(key, value)| key != "branch" && is_in(value))
}

/// Asks until the history has grown by two answers.
fn check(method: &str, search: &mut Method, question: &Question) -> Result<(), TestCaseError> {
    let Question { problem, history, count } = question;
    let mut history = history.clone();
    for _ in 0..2 {
        let answer = search.suggest(&Ask::new(problem, &history).count(*count));
        let answer =
            answer.map_err(|error| TestCaseError::fail(format!("{method}: {}", error_chain(&error))))?;
        let Answer::Try(suggestions) = answer else { return Ok(()) };
        for Suggestion { point, note, .. } in suggestions {
            let cube = problem.space.encode(&point);
            prop_assert!(
                cube.is_some_and(|cube| cube.iter().all(|u| u.is_finite())),
                "{} gave {:?}",
                method,
                point
            );
            let text = serde_json::to_string(&note).unwrap();
            prop_assert!(!text.contains("NaN"), "{} gave NaN: {}", method, text);
            prop_assert!(!has_null(&note), "{} gave what is not finite: {}", method, text);
            history.push(Run::new(point).with_state(RunState::Running).with_note(note));
        }
    }
    Ok(())
}

/// Asks these methods this many questions; each must be able to answer at least a quarter of them.
fn check_all(cases: u32, most: usize, chosen: impl Fn(&str) -> bool) {
    let mut registry = Registry::new();
    besom_search::register(&mut registry);
    let methods: Vec<(&str, Cell<u32>)> =
        registry.searches().filter(|name| chosen(name)).map(|name| (name, Cell::new(0))).collect();
    assert!(!methods.is_empty());
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let result = laws::runner(config).run(&question(most), |question| {
        for (method, answered) in &methods {
            // A method may refuse a problem: grid one that is endless, a model one without a metric.
            if let Ok(mut search) = registry.search(method, &question.problem, &Options::new()) {
                check(method, &mut search, &question)?;
                answered.set(answered.get() + 1);
            }
        }
        Ok(())
    });
    if let Err(failed) = result {
        panic!("{failed}");
    }
    for (method, answered) in &methods {
        assert!(answered.get() >= cases / 4, "{method} was built for {} of {cases} problems", answered.get());
    }
}

#[test]
fn methods_without_a_model_stand_every_history() {
    check_all(10_000, 30, |name| !SLOW.contains(&name));
}

#[test]
fn model_based_methods_stand_every_history() {
    check_all(400, 30, |name| SLOW.contains(&name));
}

/// `cargo test -p besom-search --test stability -- --ignored`: four minutes.
#[test]
#[ignore = "takes minutes"]
fn model_based_methods_stand_ten_thousand_histories() {
    check_all(10_000, 60, |name| SLOW.contains(&name));
}
