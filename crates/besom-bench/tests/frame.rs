//! The frame of benchmarks: what a sweep gets to know, what comes of it, and what goes wrong.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]
#![expect(clippy::float_cmp, reason = "these are exact")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use besom_bench::{Bench, BenchError, Keep, Objective, Outcome, Record, Results, Rng, Suite, Task, suites};
use besom_core::{Answer, Ask, BoxError, Point, Problem, Registry, RunState, Search, Space};

fn registry() -> Registry {
    let mut registry = Registry::new();
    besom_search::register(&mut registry);
    besom_stop::register(&mut registry);
    registry
}

fn smoke(registry: &Registry) -> Bench<'_> {
    Bench::new(suites::smoke()).registry(registry)
}

/// The lines without what differs from one time to the next.
fn timeless(results: &Results) -> Vec<Record> {
    let timeless = |record: &Record| {
        let mut record = record.clone();
        (record.wall_s, record.cpu_s, record.cpu_ms_late) = (0.0, 0.0, 0.0);
        record
    };
    results.records().iter().map(timeless).collect()
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let registry = registry();
    let run = |jobs| {
        let bench = smoke(&registry).against(["random", "tpe", "bayes"]).stoppers(["none", "asha"]);
        timeless(&bench.seeds(0..4).workers(2).jobs(jobs).run().unwrap())
    };
    let one = run(1);
    assert_eq!(one.len(), 3 * 2 * 2 * 4);
    assert!(one.iter().all(|record| record.error.is_none()), "{one:?}");
    assert_eq!(one, run(3));
}

/// A search that records how many runs were open when it was asked.
struct Watching<'a>(&'a Mutex<Vec<usize>>);

impl Search for Watching<'_> {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        let open = ask.history.runs().iter().filter(|run| run.state == RunState::Running).count();
        self.0.lock().unwrap().push(open);
        let cube: Vec<f64> = (0..ask.problem.space.dimensions()).map(|_| ask.rng(0).f64()).collect();
        Ok(Answer::Try(vec![ask.problem.space.decode(&cube).into()]))
    }
}

#[test]
fn as_many_runs_are_in_flight_as_there_are_workers() {
    static OPEN: Mutex<Vec<usize>> = Mutex::new(Vec::new());
    let bench = Bench::new(one_task(Task::new("flat", 6, |_| Ok(Flat))));
    let results = bench.method("watching", |_| Ok(Watching(&OPEN))).seeds([0]).workers(3).run().unwrap();
    assert_eq!(*OPEN.lock().unwrap(), [0, 1, 2, 2, 2, 2]);
    assert_eq!(results.records()[0].curve.len(), 6);
}

/// An objective without chance.
struct Flat;

impl Objective for Flat {
    fn problem(&self) -> Problem {
        Problem::maximize("score").space(Space::builder().uniform("x", 0.0, 1.0).build().unwrap())
    }

    fn best(&self) -> Option<f64> {
        Some(1.0)
    }

    fn run(&self, point: &Point, _: &mut Rng, _: &mut dyn FnMut(f64) -> Keep) -> Outcome {
        Outcome::exact(point.f64("x").unwrap())
    }
}

fn one_task(task: Task) -> Suite {
    Suite::new("one", "one task", vec![task])
}

/// Tries ever better points, and more than there are.
struct Steps;

impl Search for Steps {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        let x = ask.history.len() as f64 / 4.0;
        if x > 1.0 {
            return Ok(Answer::Done);
        }
        Ok(Answer::Try(vec![ask.problem.space.decode(&[x]).into()]))
    }
}

#[test]
fn a_method_that_has_no_more_points_ends_early_and_maximized_values_become_losses() {
    let results = Bench::new(one_task(Task::new("flat", 9, |_| Ok(Flat))))
        .method("steps", |_| Ok(Steps))
        .seeds([3])
        .run()
        .unwrap();
    let record = &results.records()[0];
    assert_eq!(record.curve, [0.0, -0.25, -0.5, -0.75, -1.0]);
    assert_eq!((record.runs, &*record.key), (Some(9), "flat_i4"));
    assert_eq!(results.score(record).unwrap().score, 1.0);
}

/// Fails with an error at one seed and with a panic at another.
struct Broken(u64);

impl Search for Broken {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        assert_ne!(self.0, 1, "a broken invariant");
        if self.0 == 2 {
            return Err("no model fits".into());
        }
        Ok(Answer::Try(vec![ask.problem.space.decode(&vec![0.5; ask.problem.space.dimensions()]).into()]))
    }
}

#[test]
fn a_method_that_fails_is_a_row_and_stops_nobody() {
    let registry = registry();
    let bench = smoke(&registry).against(["random"]).method("broken", |problem| Ok(Broken(problem.seed)));
    let results = bench.seeds(0..4).run().unwrap();
    let errors: Vec<_> =
        results.errors().map(|record| (record.seed, record.error.clone().unwrap())).collect();
    assert_eq!(errors.len(), 4, "{errors:?}");
    assert!(errors.iter().all(|(seed, error)| match seed {
        1 => error.contains("a broken invariant"),
        _ => *seed == 2 && error.contains("no model fits"),
    }));
    let standings = results.standings();
    assert!(standings.iter().all(|standing| standing.pairs == 4), "{standings:?}");
    assert_eq!(standings.iter().map(|standing| standing.failed).sum::<usize>(), 4);
}

#[test]
fn a_rule_gets_more_runs_out_of_the_same_epochs() {
    let registry = registry();
    let results = smoke(&registry).against(["random"]).stoppers(["none", "asha"]).seeds(0..3).run().unwrap();
    for record in results.records().iter().filter(|record| record.problem == "bowl_curve") {
        let started = record.started.unwrap();
        assert_eq!(record.curve.len(), 10);
        assert_eq!(started > 10, record.method == "random+asha", "{record:?}");
    }
}

#[test]
fn a_folder_is_filled_up_and_what_is_there_is_not_run_again() {
    let registry = registry();
    let folder = tempfile::tempdir().unwrap();
    let bench = || smoke(&registry).against(["random", "tpe"]).folder(folder.path());
    let first = bench().seeds(0..2).run().unwrap();
    let path = folder.path().join("tpe.jsonl");
    // Somebody pulled the plug in the middle of a line.
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &text[..text.len() - 30]).unwrap();
    let ran = Mutex::new(Vec::new());
    let all = bench()
        .seeds(0..3)
        .progress(|progress| ran.lock().unwrap().push((progress.last.method.clone(), progress.last.seed)))
        .run()
        .unwrap();
    let mut ran = ran.into_inner().unwrap();
    ran.sort();
    let new = [("random", 2), ("random", 2), ("tpe", 1), ("tpe", 2), ("tpe", 2)];
    assert_eq!(ran, new.map(|(method, seed)| (method.to_owned(), seed)));
    let read = Results::read([folder.path()]).unwrap();
    assert_eq!((all.records().len(), read.records().len()), (12, 12));
    assert_eq!(read.standings(), all.standings());
    assert!(timeless(&first).iter().all(|record| timeless(&read).contains(record)));
    let other = bench().seeds(0..1).runs(5).run().unwrap_err().to_string();
    assert!(other.contains("choose another folder"), "{other}");
}

#[test]
fn damaged_files_are_named_with_every_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.jsonl");
    let good = r#"{"method": "mine", "problem": "bowl", "seed": 0, "key": "bowl_i1", "curve": [0.5]}"#;
    let lines =
        [good, "{\"method\": 3, \"problem\": 4}", "[1]", "\u{0}\u{1}", good, "{\"latency\": 3}", "{\"met"];
    std::fs::write(&path, lines.join("\n")).unwrap();
    let BenchError::Damaged { problems, .. } = Results::read([&path]).unwrap_err() else {
        panic!("not damaged")
    };
    let places: Vec<&str> = problems.iter().map(|problem| problem.split(':').next().unwrap()).collect();
    assert_eq!(places, ["line 2", "line 3", "line 4"]);
}

#[test]
fn all_that_is_wrong_with_a_benchmark_is_said_at_once() {
    let registry = registry();
    let bench = smoke(&registry).against(["random", "random"]).exec("a/b", "x 'y").seeds([]).runs(0);
    let text = bench.run().unwrap_err().to_string();
    for part in ["'random' is named twice", "label 'a/b'", "not closed", "no seed", "runs must be from 1"] {
        assert!(text.contains(part), "{text}");
    }
    let unknown = smoke(&registry).against(["beyas"]).run().unwrap_err().to_string();
    assert!(unknown.contains("did you mean 'bayes'?"), "{unknown}");
    let option = smoke(&registry).against(["bayes:inital_points=3"]).run().unwrap_err().to_string();
    assert!(option.contains("did you mean 'initial_points'?"), "{option}");
}

#[test]
fn a_canceled_benchmark_returns_what_is_finished() {
    let registry = registry();
    let cancel = AtomicBool::new(false);
    let bench = smoke(&registry).against(["random"]).seeds(0..50).cancel(&cancel);
    let results =
        bench.progress(|progress| cancel.store(progress.done == 3, Ordering::Relaxed)).run().unwrap();
    assert_eq!(results.records().len(), 3);
    assert!(results.records().iter().all(|record| results.score(record).is_some()));
    let folder = tempfile::tempdir().unwrap();
    let none = smoke(&registry)
        .against(["random"])
        .folder(folder.path().join("new"))
        .cancel(&AtomicBool::new(true))
        .run();
    assert_eq!(none.unwrap().records(), []);
}
