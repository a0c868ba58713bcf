//! Typed options: a setter for each option, with the same effect as the option in a sweep file.
#![expect(clippy::unwrap_used, reason = "a failed computation is a failed test")]

use besom_core::{Options, Problem, Registry, Space, Spec};
use besom_stop::{
    Asha, AshaOptions, Envelope, EnvelopeOptions, Hyperband, HyperbandOptions, Median, MedianOptions,
    Patience, PatienceOptions, Threshold, ThresholdOptions,
};
use serde_json::{Value, json};

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
fn each_option_of_each_rule_has_its_setter() {
    check(
        Hyperband::SPEC,
        HyperbandOptions::new().min_iter(3).max_iter(81).s(4).eta(2.5).strict(false).metric("loss".into()),
        json!({"min_iter": 3, "max_iter": 81, "s": 4, "eta": 2.5, "strict": false, "metric": "loss"}),
    );
    check(
        Asha::SPEC,
        AshaOptions::new().eta(2.5).min_iter(2).min_peers(3).metric("loss".into()),
        json!({"eta": 2.5, "min_iter": 2, "min_peers": 3, "metric": "loss"}),
    );
    check(
        Envelope::SPEC,
        EnvelopeOptions::new().fraction(0.5).min_runs(4).start_iter(2).metric("loss".into()),
        json!({"fraction": 0.5, "min_runs": 4, "start_iter": 2, "metric": "loss"}),
    );
    check(
        Median::SPEC,
        MedianOptions::new().grace(2).min_peers(3).metric("loss".into()),
        json!({"grace": 2, "min_peers": 3, "metric": "loss"}),
    );
    check(
        Patience::SPEC,
        PatienceOptions::new().patience(5).min_delta(0.25).min_iter(3).metric("loss".into()),
        json!({"patience": 5, "min_delta": 0.25, "min_iter": 3, "metric": "loss"}),
    );
    check(
        Threshold::SPEC,
        ThresholdOptions::new()
            .nan(2)
            .upper(9.5)
            .lower(-1.5)
            .divergence(20.5)
            .min_iter(3)
            .metric("loss".into()),
        json!({"nan": 2, "upper": 9.5, "lower": -1.5, "divergence": 20.5, "min_iter": 3, "metric": "loss"}),
    );
}

#[test]
fn a_rule_with_typed_options_has_its_name_and_tells_what_is_wrong() {
    let space = Space::builder().uniform("x", 0.0, 1.0).build().unwrap();
    let problem = Problem::minimize("loss").space(space).seed(3);
    let mut registry = Registry::new();
    besom_stop::register(&mut registry);
    let built = [
        ("asha", Asha::with(&problem, AshaOptions::new())),
        ("envelope", Envelope::with(&problem, EnvelopeOptions::new())),
        ("hyperband", Hyperband::with(&problem, HyperbandOptions::new().min_iter(3))),
        ("median", Median::with(&problem, MedianOptions::new())),
        ("patience", Patience::with(&problem, PatienceOptions::new())),
        ("threshold", Threshold::with(&problem, ThresholdOptions::new())),
    ];
    for (name, rule) in built {
        let options = if name == "hyperband" { json!({"min_iter": 3}) } else { json!({}) };
        let named = registry.stopper(name, &problem, options.as_object().unwrap()).unwrap();
        assert_eq!(format!("{:?}", rule.unwrap()), format!("{named:?}"));
    }
    let error = Hyperband::with(&problem, HyperbandOptions::new().eta(1.0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "option 'eta' must be a number greater than 1, found 1.0; \
         option 'min_iter' is missing (give min_iter, or max_iter and s)"
    );
}
