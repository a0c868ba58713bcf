//! Expressions of any text: read or refused at a place within it, checked against parameters, and evaluated without harm.

#![no_main]

use besom_core::{Constraint, Expr, Rng, Space};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let expr = match Expr::parse(text) {
        Ok(expr) => expr,
        Err(error) => {
            assert!(error.at <= text.chars().count(), "{error} in {text:?}");
            error.excerpt(text);
            return;
        }
    };
    for values in
        [json!({}), json!({"a": 1, "b": 0.5, "c": "x"}), json!({"a": "x", "b": [1, null], "c": true})]
    {
        let value = |name: &str| values.get(name).cloned();
        let violation = expr.violation(&value);
        match expr.holds(&value) {
            Some(true) => assert!(violation <= 0.0, "{violation}: {text:?}"),
            Some(false) => assert!(violation > 0.0, "{violation}: {text:?}"),
            None => assert!(violation == 0.0, "{violation}: {text:?}"),
        }
    }
    check_space(text);
});

/// As a constraint it is refused at a place, or kept by whatever is drawn.
fn check_space(text: &str) {
    let space = Space::builder().uniform("a", -1.0, 2.0).int("b", 0, 9).choice("c", [json!("x"), json!("y")]);
    let space = space.build().expect("a space");
    let constraint = Constraint::parse(text).expect("it was read before");
    let faults = constraint.faults(space.parameters());
    assert!(faults.iter().all(|fault| fault.at <= text.chars().count()), "{faults:?}");
    let Ok(space) = space.with_constraints([text]) else { return };
    // Thousands of draws for each input take too long for a fuzzer.
    if text.len() < 40
        && text.len().is_multiple_of(8)
        && let Some(cube) = space.draw(&mut Rng::new(1))
    {
        assert!(space.allows(&space.decode(&cube)), "{text:?}");
    }
    let _: Vec<Value> = constraint.names().into_iter().map(Value::from).collect();
}
