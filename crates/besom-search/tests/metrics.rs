//! Methods and several metrics: who takes them, and what the others say.
#![expect(clippy::unwrap_used, reason = "a failed computation is a failed test")]

use besom_core::{Answer, Ask, History, Metric, Options, Problem, Registry, Run, Space};
use besom_search::{CmaEs, Tpe};

fn problem(metrics: usize) -> Problem {
    let space = Space::builder().uniform("x", 0.0, 1.0).int("n", 1, 4).build().unwrap();
    let problem = Problem::without_metric().space(space).seed(3);
    (0..metrics).fold(problem, |problem, k| problem.with_metric(Metric::minimize(format!("m{k}"))))
}

fn registry() -> Registry {
    let mut registry = Registry::new();
    besom_search::register(&mut registry);
    registry
}

#[test]
fn methods_that_need_no_metric_take_any_number_and_suggest_the_same() {
    let suggested = |name: &str, metrics: usize| {
        let mut problem = problem(metrics);
        if name == "grid" {
            problem.space = Space::builder().int("n", 1, 4).build().unwrap();
        }
        let mut history = History::new();
        let mut method = registry().search(name, &problem, &Options::new()).unwrap();
        for value in 0..4 {
            let Answer::Try(suggestions) = method.suggest(&Ask::new(&problem, &history)).unwrap() else {
                break;
            };
            let point = suggestions[0].point.clone();
            let values = (0..metrics).map(|k| f64::from(value) + k as f64);
            history.push(Run::new(point).finished_with(values));
        }
        history.runs().iter().map(|run| run.point.clone()).collect::<Vec<_>>()
    };
    for name in ["random", "sobol", "grid"] {
        assert_eq!(suggested(name, 3), suggested(name, 1), "{name}");
        assert_eq!(suggested(name, 9).len(), 4, "{name}");
    }
}

#[test]
fn a_method_that_learns_from_one_metric_refuses_several_by_name() {
    for (name, direct) in [
        ("tpe", Tpe::new(&problem(2), &Options::new()).err()),
        ("cma-es", CmaEs::new(&problem(2), &Options::new()).err()),
    ] {
        let named = registry().search(name, &problem(2), &Options::new()).unwrap_err();
        let expected = "it takes one metric only, and there are 2: m0, m1; use ";
        assert!(direct.unwrap().to_string().contains(expected), "{name}");
        let chain = besom_core::error_chain(&named);
        assert!(
            chain.contains(&format!("'{name}'")) && chain.contains(expected) && chain.contains("random"),
            "{chain}"
        );
    }
}

#[test]
fn auto_chooses_a_method_that_takes_all_metrics() {
    for metrics in [2, 9] {
        let problem = problem(metrics).run_cap(50);
        let mut auto = registry().search("auto", &problem, &Options::new()).unwrap();
        let Answer::Try(suggestions) = auto.suggest(&Ask::new(&problem, &History::new())).unwrap() else {
            panic!()
        };
        let chosen = suggestions[0].note["chosen"].as_str().unwrap().to_owned();
        let taken = registry().search_spec(&chosen).unwrap().supports.metrics;
        assert!(taken >= metrics, "{chosen}");
    }
}
