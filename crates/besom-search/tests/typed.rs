//! Typed options: a setter for each option, with the same effect as the option in a sweep file.
#![expect(clippy::unwrap_used, reason = "a failed computation is a failed test")]

use besom_core::{Answer, Ask, History, Method, OptionKind, Options, Problem, Registry, Space, Spec};
use besom_search::{
    AcquisitionKind, Auto, AutoOptions, Bayes, BayesOptions, CmaEs, CmaEsOptions, Grid, GridOptions,
    GridOrder, Random, RandomOptions, Sobol, SobolOptions, Tpe, TpeOptions,
};
use serde_json::{Value, json};

fn problem() -> Problem {
    let space = Space::builder().int("layers", 1, 4).choice("optimizer", ["adam", "sgd"]).build().unwrap();
    Problem::minimize("loss").space(space).seed(3)
}

/// Options with every setter called, and what they mean.
fn check(spec: Spec, options: impl Into<Options>, expected: Value) {
    let options = options.into();
    assert_eq!(Value::from(options.clone()), expected);
    spec.check(&options).unwrap();
    let keys: Vec<&str> = options.keys().map(String::as_str).collect();
    let all: Vec<&str> = spec.options.iter().map(|option| option.key).collect();
    assert_eq!(keys, all, "each option has its setter");
}

#[test]
fn each_option_of_each_method_has_its_setter() {
    let bayes = BayesOptions::new()
        .initial_points(5)
        .points_to_evaluate(vec![json!({"layers": 2})])
        .acquisition(AcquisitionKind::ConfidenceBound)
        .beta(2.5)
        .replicate(true);
    let meant = json!({
        "initial_points": 5, "points_to_evaluate": [{"layers": 2}], "acquisition": "confidence_bound",
        "beta": 2.5, "replicate": true,
    });
    check(Bayes::SPEC, bayes, meant);
    check(
        Tpe::SPEC,
        TpeOptions::new().initial_points(4).gamma(0.2).candidates(64),
        json!({"initial_points": 4, "gamma": 0.2, "candidates": 64}),
    );
    check(CmaEs::SPEC, CmaEsOptions::new().population(8).step(0.5), json!({"population": 8, "step": 0.5}));
    check(Grid::SPEC, GridOptions::new().order(GridOrder::Random), json!({"order": "random"}));
    check(Auto::SPEC, AutoOptions::new(), json!({}));
    check(Sobol::SPEC, SobolOptions::new(), json!({}));
    check(Random::SPEC, RandomOptions::new(), json!({}));
}

#[test]
fn choices_are_the_words_of_the_spec() {
    let words = |spec: Spec, key: &str| match spec.option(key).unwrap().kind {
        OptionKind::Choice(words) => words.iter().map(|&word| Value::from(word)).collect::<Vec<_>>(),
        other => panic!("{key} is {other}"),
    };
    let orders = [GridOrder::Sorted, GridOrder::Declared, GridOrder::Random].map(Value::from);
    assert_eq!(words(Grid::SPEC, "order"), orders);
    let acquisitions =
        [AcquisitionKind::ExpectedImprovement, AcquisitionKind::ConfidenceBound].map(Value::from);
    assert_eq!(words(Bayes::SPEC, "acquisition"), acquisitions);
}

fn points(method: &mut Method, problem: &Problem) -> Vec<Value> {
    let history = History::new();
    let Answer::Try(suggestions) = method.suggest(&Ask::new(problem, &history).count(3)).unwrap() else {
        panic!("nothing is suggested");
    };
    suggestions.iter().map(|suggestion| suggestion.point.to_json().into()).collect()
}

/// Also by name: what the registry builds as `bayes` is what `Bayes::with` builds.
#[test]
fn a_method_with_typed_options_is_that_of_the_registry() {
    let mut registry = Registry::new();
    besom_search::register(&mut registry);
    let problem = problem();
    let built = [
        ("auto", Auto::with(&problem, AutoOptions::new())),
        ("bayes", Bayes::with(&problem, BayesOptions::new().initial_points(2))),
        ("cma-es", CmaEs::with(&problem, CmaEsOptions::new())),
        ("grid", Grid::with(&problem, GridOptions::new().order(GridOrder::Random))),
        ("random", Random::with(&problem, RandomOptions::new())),
        ("sobol", Sobol::with(&problem, SobolOptions::new())),
        ("tpe", Tpe::with(&problem, TpeOptions::new())),
    ];
    for (name, method) in built {
        let mut method = method.unwrap();
        let options = match name {
            "bayes" => json!({"initial_points": 2}),
            "grid" => json!({"order": "random"}),
            _ => json!({}),
        };
        let options = options.as_object().unwrap();
        let mut named = registry.search(name, &problem, options).unwrap();
        assert_eq!(method.spec().summary, named.spec().summary, "{name}");
        assert_eq!(points(&mut method, &problem), points(&mut named, &problem), "{name}");
        assert_eq!(format!("{method:?}"), format!("{named:?}"), "it is called {name} in errors");
    }
}

#[test]
fn what_is_set_wrongly_is_told_as_in_a_sweep_file() {
    let error = Tpe::with(&problem(), TpeOptions::new().gamma(f64::NAN).candidates(0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "option 'gamma' must be a number between 0 and 1, found null; \
         option 'candidates' must be a whole number of at least 1, found 0"
    );
}
