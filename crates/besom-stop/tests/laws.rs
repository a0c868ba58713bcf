//! Every rule satisfies the laws of stopping rules, in all its forms.

use besom_core::{Options, laws};
use besom_stop::{Asha, Envelope, Hyperband, Median, Patience, Threshold};
use serde_json::{Value, json};

fn options(options: &Value) -> Options {
    options.as_object().cloned().unwrap_or_default()
}

#[test]
fn every_rule_keeps_its_spec() {
    laws::check_stopper_spec(Hyperband::SPEC, |problem, given| {
        let mut options = options(&json!({"min_iter": 2}));
        options.extend(given.clone());
        Ok(Hyperband::new(problem, &options)?)
    });
    laws::check_stopper_spec(Envelope::SPEC, |problem, options| Ok(Envelope::new(problem, options)?));
    laws::check_stopper_spec(Asha::SPEC, |problem, options| Ok(Asha::new(problem, options)?));
    laws::check_stopper_spec(Median::SPEC, |problem, options| Ok(Median::new(problem, options)?));
    laws::check_stopper_spec(Patience::SPEC, |problem, options| Ok(Patience::new(problem, options)?));
    laws::check_stopper_spec(Threshold::SPEC, |problem, options| Ok(Threshold::new(problem, options)?));
}

#[test]
fn hyperband_satisfies_the_laws() {
    let forms = [
        json!({"min_iter": 1}),
        json!({"min_iter": 2, "eta": 1.5, "strict": false}),
        json!({"max_iter": 27, "s": 3}),
        json!({"max_iter": 2700, "s": 9, "eta": 1.01, "strict": false}),
    ];
    for form in forms {
        let options = options(&form);
        laws::check_stopper(|problem| Ok(Hyperband::new(problem, &options)?));
    }
}

#[test]
fn envelope_satisfies_the_laws() {
    let forms = [
        json!({}),
        json!({"fraction": 1, "min_runs": 1, "start_iter": 0}),
        json!({"fraction": 9, "min_runs": 0}),
    ];
    for form in forms {
        let options = options(&form);
        laws::check_stopper(|problem| Ok(Envelope::new(problem, &options)?));
    }
}

#[test]
fn asha_satisfies_the_laws() {
    let forms = [
        json!({}),
        json!({"eta": 1.2, "min_iter": 1, "min_peers": 1}),
        json!({"min_iter": 9007199254740992_u64}),
    ];
    for form in forms {
        let options = options(&form);
        laws::check_stopper(|problem| Ok(Asha::new(problem, &options)?));
    }
}

#[test]
fn median_satisfies_the_laws() {
    let forms = [json!({}), json!({"grace": 1, "min_peers": 1})];
    for form in forms {
        let options = options(&form);
        laws::check_stopper(|problem| Ok(Median::new(problem, &options)?));
    }
}

#[test]
fn patience_satisfies_the_laws() {
    let forms = [json!({}), json!({"patience": 1, "min_delta": 0.5, "min_iter": 2})];
    for form in forms {
        let options = options(&form);
        laws::check_stopper(|problem| Ok(Patience::new(problem, &options)?));
    }
}

#[test]
fn threshold_satisfies_the_laws() {
    let forms = [
        json!({}),
        json!({"nan": 0, "upper": 1, "lower": -1}),
        json!({"nan": 2, "divergence": 1, "min_iter": 3}),
    ];
    for form in forms {
        let options = options(&form);
        laws::check_stopper(|problem| Ok(Threshold::new(problem, &options)?));
    }
}
