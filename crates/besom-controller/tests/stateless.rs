//! The step in the form of W&B's engine.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

use besom_controller::stateless::{SweepRun, history, next_runs, next_runs_by_seed, stop_runs};
use besom_core::{
    BoxError, Distribution, Goal, History, Method, Metric, Options, Parameter, Problem, Registry, RunState,
    Shown, Space, Stop, Stopper,
};
use serde_json::{Value, json};

fn problem() -> Problem {
    let a = Distribution::IntUniform { min: 1, max: 3 };
    Problem::new(Space::new(vec![Parameter::new("a", a)]).unwrap(), Metric::new("loss", Goal::Minimize))
}

fn grid() -> Method {
    let mut registry = Registry::new();
    besom_search::register(&mut registry);
    registry.search("grid", &problem(), &Options::new()).unwrap()
}

fn runs(json: Value) -> Vec<SweepRun> {
    serde_json::from_value(json).unwrap()
}

/// Stops what logged more than 1, and shows the whole numbers that it saw.
struct Above;

impl Stopper for Above {
    fn stop(&mut self, _: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        let is_bad = |run: &besom_core::Run| run.curve(0).last().is_some_and(|x| x > 1.0);
        Ok(history.iter().filter(|(_, run)| is_bad(run)).map(|(run, _)| Stop::new(run, "above")).collect())
    }

    fn show(&mut self, _: &Problem, history: &History) -> Result<Shown, BoxError> {
        let seen: Vec<f64> = history.runs().iter().filter_map(|run| run.curve(0).last()).collect();
        let values = json!({"seen": seen, "half": 0.5, "huge": 1e300, "edge": 9_007_199_254_740_992.0});
        Ok(values.as_object().unwrap().clone())
    }
}

#[test]
fn runs_are_read_with_their_states_curves_and_notes() {
    let list = runs(json!([
        {"state": "preempting", "config": {"a": {"value": 2}}, "history": [{"loss": 3}, {"loss": "NaN"}, {"x": 1}]},
        {"state": "proposed", "search_info": {"why": "so"}, "summaryMetrics": {"loss": 0.5}},
        {},
    ]));
    let history = history(&problem(), &list);
    let states: Vec<RunState> = history.runs().iter().map(|run| run.state).collect();
    assert_eq!(states, [RunState::Preempted, RunState::Running, RunState::Pending]);
    let first = &history.runs()[0];
    assert_eq!(first.point.to_json()["a"], 2);
    let curve = &first.curve(0).values;
    assert!(curve.len() == 2 && curve[0].to_bits() == 3f64.to_bits() && curve[1].is_nan(), "{curve:?}");
    assert_eq!(history.runs()[1].note["why"], "so");
    assert_eq!(history.runs()[1].curve(0).summary, Some(0.5));
}

#[test]
fn suggestions_continue_the_list_and_exhaustion_ends_it() {
    let list = runs(json!([{"state": "finished", "config": {"a": {"value": 1}}}]));
    let next = next_runs(&problem().run_cap(1), grid(), &list, 5).unwrap();
    let values: Vec<_> =
        next.iter().map(|run| run.as_ref().map(|run| run.config["a"]["value"].clone())).collect();
    assert_eq!(values, [Some(json!(2)), Some(json!(3)), None], "a cap is the server's matter");
    assert_eq!(next_runs(&problem(), grid(), &list, 1).unwrap().len(), 1);
    assert!(next_runs(&problem(), grid(), &list, 0).unwrap().is_empty());
}

#[test]
fn a_target_is_the_servers_matter() {
    let mut problem = problem();
    problem.metrics[0].target = Some(9.0);
    let list = runs(json!([{"state": "finished", "config": {"a": {"value": 1}}, "history": [{"loss": 1}]}]));
    assert!(next_runs(&problem, grid(), &list, 1).unwrap()[0].is_some());
}

#[test]
fn runs_to_stop_are_called_by_their_names_or_places_and_whole_numbers_read_as_such() {
    let list = runs(json!([
        {"name": "good", "state": "running", "history": [{"loss": 1}]},
        {"name": "bad", "state": "running", "history": [{"loss": 2}]},
        {"state": "running", "history": [{"loss": 3}]},
    ]));
    let (names, shown) = stop_runs(&problem(), Above, &list).unwrap();
    assert_eq!(names, ["bad", "2"]);
    let text = Value::Object(shown).to_string();
    let expected = json!({"seen": [1, 2, 3], "half": 0.5, "huge": 1e300, "edge": 9_007_199_254_740_992.0});
    assert_eq!(text, expected.to_string());
}

#[test]
fn runs_with_a_seed_each_are_those_of_a_call_each() {
    let mut registry = Registry::new();
    besom_search::register(&mut registry);
    let x = Distribution::IntUniform { min: 1, max: 1000 };
    let space = Space::new(vec![Parameter::new("x", x)]).unwrap();
    let problem = Problem::new(space, Metric::new("loss", Goal::Minimize));
    for method in ["random", "bayes"] {
        let search =
            |problem: &Problem| Ok::<_, BoxError>(registry.search(method, problem, &Options::new())?);
        let at_once = next_runs_by_seed(&problem, &[], &[5, 3, 3, 8, 1, 2], search).unwrap();
        let mut past = Vec::new();
        for (suggested, seed) in at_once.iter().flatten().zip([5, 3, 3, 8, 1, 2]) {
            let problem = problem.clone().seed(seed);
            let one = next_runs(&problem, search(&problem).unwrap(), &past, 1).unwrap();
            assert_eq!(one[0].as_ref(), Some(suggested), "{method}");
            past.extend(runs(json!([{"config": suggested.config, "search_info": suggested.note}])));
        }
        assert_eq!(past.len(), 6, "{method}");
    }
}
