//! The evolution strategy keeps the laws and its own contract.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed call is a failed test")]

mod common;

use besom_core::laws::{self, mixed_problem};
use besom_core::{
    Answer, Ask, Distribution, Goal, History, Metric, News, Options, Point, Problem, Run, RunNumber,
    RunState, Search, Suggestion,
};
use besom_search::CmaEs;
use common::{problem, uniform};
use proptest::strategy::Strategy;
use serde_json::{Value, json};

fn unit() -> Distribution {
    uniform(0.0, 1.0)
}

fn list(values: &Value) -> Distribution {
    Distribution::Categorical { values: values.as_array().cloned().unwrap(), probabilities: None }
}

fn population(size: usize) -> Options {
    Options::from_iter([("population".to_owned(), json!(size))])
}

fn ask(search: &mut CmaEs, problem: &Problem, history: &History, count: usize) -> Vec<Suggestion> {
    match search.suggest(&Ask::new(problem, history).count(count)).unwrap() {
        Answer::Try(suggestions) => suggestions,
        other => panic!("{other:?}"),
    }
}

/// What a fresh instance suggests.
fn suggest(problem: &Problem, history: &History, count: usize) -> Vec<Suggestion> {
    ask(&mut CmaEs::new(problem, &population(4)).unwrap(), problem, history, count)
}

fn push(history: &mut History, Suggestion { point, note, .. }: Suggestion) -> RunNumber {
    history.push(Run::new(point).with_state(RunState::Running).with_note(note))
}

fn end(history: &mut History, run: RunNumber, value: Option<f64>) {
    let state = if value.is_some() { RunState::Finished } else { RunState::Failed };
    history.record(run, News::State(state)).unwrap();
    history.record(run, News::logged(0, value.into_iter().collect())).unwrap();
}

fn number(point: &Point, name: &str) -> f64 {
    point.get(&name.into()).and_then(Value::as_f64).unwrap()
}

#[test]
fn a_generation_of_fewer_runs_than_the_population_is_not_learned_from() {
    // As another population would have left it.
    let problem = problem(vec![("a", unit()), ("b", unit())], 3);
    let mut history = History::new();
    for learned in [None, Some(json!({"runs": [1], "valued": 1}))] {
        let mut suggestion = suggest(&problem, &history, 1).remove(0);
        if let Some(learned) = learned {
            suggestion.note.insert("generation".to_owned(), json!(1));
            suggestion.note.insert("learned_from".to_owned(), learned);
        }
        let run = push(&mut history, suggestion);
        end(&mut history, run, Some(0.5));
    }
    assert_eq!(suggest(&problem, &history, 2).len(), 2);
}

/// The history of this many runs of a function, one after the other; none has a value where the function has
/// none.
fn sweep(
    problem: &Problem,
    options: &Options,
    runs: usize,
    value: impl Fn(&Point) -> Option<f64>,
) -> History {
    let mut history = History::new();
    let mut search = CmaEs::new(problem, options).unwrap();
    for _ in 0..runs {
        let suggestion = ask(&mut search, problem, &history, 1).remove(0);
        let value = value(&suggestion.point);
        let run = push(&mut history, suggestion);
        end(&mut history, run, value);
    }
    history
}

#[test]
fn cma_es_satisfies_the_laws() {
    let problems = || mixed_problem().prop_filter("no conditions", |p| !p.space.is_conditional());
    laws::check_search(problems(), |problem| Ok(CmaEs::new(problem, &population(4))?));
    laws::check_search(problems(), |problem| Ok(CmaEs::new(problem, &Options::new())?));
}

#[test]
fn a_narrow_turned_valley_is_followed_to_its_lowest_point() {
    let names = ["a", "b", "c", "d"];
    let problem = problem(names.map(|name| (name, unit())).to_vec(), 3);
    // Along (1, 1, 1, 1) a thousand times flatter than across.
    let valley = |p: &Point| {
        let x = names.map(|name| number(p, name) - 0.6);
        let mean = x.iter().sum::<f64>() / 4.0;
        x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() + 1e-3 * mean * mean
    };
    let history = sweep(&problem, &Options::new(), 800, |p| Some(valley(p)));
    let best = history.runs().iter().map(|run| valley(&run.point)).fold(f64::INFINITY, f64::min);
    assert!(best < 1e-9, "{best}");
}

#[test]
fn a_generation_of_one_at_a_time_is_learned_from_when_it_is_full() {
    let problem = problem(vec![("x", unit()), ("y", unit())], 1);
    let history = sweep(&problem, &population(4), 9, |p| Some(number(p, "x")));
    let notes: Vec<_> = history.runs().iter().map(|run| &run.note).collect();
    let generations: Vec<u64> = notes.iter().map(|note| note["generation"].as_u64().unwrap()).collect();
    assert_eq!(generations, [0, 0, 0, 0, 1, 1, 1, 1, 2]);
    let mut ranked: Vec<u64> = vec![1, 2, 3, 4];
    ranked.sort_by(|a, b| {
        let x = |run: &u64| number(&history.get(RunNumber::new(*run).unwrap()).unwrap().point, "x");
        x(a).total_cmp(&x(b))
    });
    assert_eq!(notes[4]["learned_from"], json!({"runs": ranked, "valued": 4}));
    assert!(notes[5].get("learned_from").is_none());
    assert_eq!(notes[0]["kind"], json!("initial"));
    assert_eq!(
        notes[5]["why"],
        json!("around where the best 2 of 4 runs lead: run 2 of generation 2, which ends after 4")
    );
}

#[test]
fn a_run_that_lacks_a_parameter_is_learned_from() {
    let problem = problem(vec![("x", unit()), ("kind", list(&json!(["a", "b"])))], 2);
    let mut history = History::new();
    for Suggestion { note, .. } in suggest(&problem, &history, 8) {
        let run = push(&mut history, Suggestion::new(Point::default()).with_note(note));
        end(&mut history, run, Some(0.5 * f64::from(u8::try_from(run.get()).unwrap())));
    }
    let next = suggest(&problem, &history, 1).remove(0);
    assert_eq!(next.note["learned_from"]["valued"], json!(8));
    assert!(problem.space.is_complete(&next.point));
}

#[test]
fn a_lost_run_holds_up_nothing_and_counts_where_it_comes_back() {
    let problem = problem(vec![("x", unit()), ("y", unit())], 2);
    let mut history = History::new();
    let runs: Vec<_> = suggest(&problem, &history, 5).into_iter().map(|s| push(&mut history, s)).collect();
    for &run in &runs[1..4] {
        let x = number(&history.get(run).unwrap().point, "x");
        end(&mut history, run, Some(x));
    }
    // Three of five have ended: the first generation continues.
    assert_eq!(suggest(&problem, &history, 1)[0].note["generation"], json!(0));
    end(&mut history, runs[4], Some(0.1));
    let next = suggest(&problem, &history, 1).remove(0);
    assert_eq!(next.note["generation"], json!(1));
    let learned = next.note["learned_from"]["runs"].as_array().unwrap().clone();
    assert!(learned.len() == 4 && !learned.contains(&json!(1)), "{learned:?}");
    let step = next.note["step"].clone();
    push(&mut history, next);
    // The first run comes back. The second generation stays what it was.
    end(&mut history, runs[0], Some(-1.0));
    let other = suggest(&problem, &history, 1).remove(0);
    assert_eq!((&other.note["generation"], &other.note["step"]), (&json!(1), &step));
    let first = RunNumber::from_index(history.len() - 1);
    end(&mut history, first, Some(0.5));
    for suggestion in suggest(&problem, &history, 2) {
        let run = push(&mut history, suggestion);
        end(&mut history, run, Some(0.6));
    }
    let third = suggest(&problem, &history, 1).remove(0);
    assert_eq!(third.note["learned_from"]["runs"][0], json!(1));
}

#[test]
fn a_new_start_comes_when_there_is_nothing_to_choose_between() {
    let problem = problem(vec![("x", unit())], 4);
    let history = sweep(&problem, &population(4), 5, |_| Some(1.0));
    let note = &history.runs()[4].note;
    assert_eq!((&note["starts"], &note["kind"]), (&json!(1), &json!("initial")));
    assert_eq!(
        note["why"],
        json!(
            "around a new place, because start 1 found all it could: run 1 of generation 2, which ends after 8"
        )
    );
}

#[test]
fn failing_runs_push_the_search_away() {
    let problem = problem(vec![("x", unit()), ("y", unit())], 6);
    // The values lead towards the region where runs fail.
    let value = |p: &Point| (number(p, "x") < 0.6).then(|| (number(p, "x") - 0.7).powi(2) + number(p, "y"));
    let history = sweep(&problem, &Options::new(), 120, value);
    let failed = |runs: &[Run]| runs.iter().filter(|run| run.state == RunState::Failed).count();
    let (early, late) = (failed(&history.runs()[..60]), failed(&history.runs()[60..]));
    assert!(late <= early && late < 30, "{early} then {late}");
    let best = history.runs().iter().filter_map(|run| value(&run.point)).fold(f64::INFINITY, f64::min);
    assert!(best < 0.02, "{best}");
}

#[test]
fn a_sweep_in_which_nothing_works_stays_where_it_began() {
    let problem = problem(vec![("x", unit()), ("y", unit())], 7);
    let history = sweep(&problem, &population(4), 9, |_| None);
    let note = &history.runs()[8].note;
    assert_eq!((&note["generation"], &note["step"]), (&json!(2), &json!(0.3)));
    assert_eq!(
        note["why"],
        json!(
            "where the generation before was drawn, because none of its 4 runs has a value: run 1 of generation 3, \
             which ends after 4"
        )
    );
}

#[test]
fn whole_numbers_and_categories_are_found_too() {
    let problem = problem(
        vec![
            ("x", unit()),
            ("layers", Distribution::IntUniform { min: 1, max: 12 }),
            ("width", list(&json!([8, 16, 32, 64, 128]))),
            ("kind", list(&json!(["a", "b", "c"]))),
        ],
        5,
    );
    let value = |p: &Point| {
        let kind = f64::from(p.get(&"kind".into()) != Some(&json!("b")));
        let width = libm::log2(number(p, "width") / 64.0);
        (number(p, "x") - 0.3).powi(2)
            + 0.1 * (number(p, "layers") - 10.0).powi(2)
            + 0.1 * width * width
            + kind
    };
    let history = sweep(&problem, &Options::new(), 200, |p| Some(value(p)));
    let best = history.runs().iter().min_by(|a, b| value(&a.point).total_cmp(&value(&b.point))).unwrap();
    let found = best.point.to_json();
    assert_eq!((&found["layers"], &found["width"], &found["kind"]), (&json!(10), &json!(64), &json!("b")));
    assert!(value(&best.point) < 1e-3, "{found:?}");
}

#[test]
fn maximizing_is_minimizing_the_negative() {
    let minimize = problem(vec![("x", unit())], 5);
    let maximize =
        Problem::new(minimize.space.clone(), Metric::new("loss", Goal::Maximize)).seed(minimize.seed);
    let points = |problem: &Problem, sign: f64| {
        let history = sweep(problem, &population(4), 20, |p| Some(sign * number(p, "x").sin()));
        history.runs().iter().map(|run| run.point.clone()).collect::<Vec<_>>()
    };
    assert_eq!(points(&minimize, 1.0), points(&maximize, -1.0));
}

#[test]
fn what_cannot_be_searched_is_refused() {
    let constant = problem(vec![("x", Distribution::Constant(json!(1)))], 0);
    let constant = Problem::without_metric().space(constant.space).seed(constant.seed);
    let options = json!({"populaton": 9, "population": 3, "step": 0});
    let error = CmaEs::new(&constant, options.as_object().unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown option 'populaton', did you mean 'population'?; known: population, step; \
         option 'population' must be a whole number of at least 4, found 3; \
         option 'step' must be a number above 0 and at most 1, found 0; there is no metric to optimize; \
         there is no parameter to search: all are constant"
    );
    let names: Vec<String> = (0..201).map(|k| format!("x{k}")).collect();
    let wide = problem(names.iter().map(|name| (name.as_str(), unit())).collect(), 0);
    assert_eq!(
        CmaEs::new(&wide, &Options::new()).unwrap_err().to_string(),
        "cma-es search has 200 dimensions at most, and there are 201 parameters to search"
    );
}
