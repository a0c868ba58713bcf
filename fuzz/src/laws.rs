//! What must hold for every input.

use besom_core::distribution::Continuous;
use besom_core::value::same;
use besom_core::{
    Answer, Ask, Distribution, History, Problem, Registry, Run, Search, Shown, Spec, Stop, Stopper, contract,
};
use serde_json::Value;

/// All built-in algorithms.
pub fn registry() -> Registry {
    let mut registry = Registry::new();
    besom_search::register(&mut registry);
    besom_stop::register(&mut registry);
    registry
}

/// Asks a search once: the instance that followed the history must answer as a fresh one, twice, with points of the
/// space, at most as many as wanted.
///
/// # Panics
/// If a law is broken.
pub fn ask(ask: &Ask<'_>, follower: &mut dyn Search, fresh: &mut dyn Search) -> Answer {
    let answer = fresh.suggest(ask).expect("every history gets an answer");
    // Printed, because the sign of zero counts.
    let shown = format!("{answer:?}");
    for _ in 0..2 {
        let followed = follower.suggest(ask).expect("every history gets an answer");
        assert_eq!(format!("{followed:?}"), shown, "history law: followed (left), fresh (right)");
    }
    let checked = contract::check_answer(ask, &Spec::new("of any kind"), &answer);
    assert_eq!(checked, Ok(()), "contract in {:?}", ask.problem.space);
    answer
}

/// Adds the suggestions of an answer as runs.
pub fn accept(history: &mut History, answer: &Answer) {
    if let Answer::Try(suggestions) = answer {
        for suggestion in suggestions {
            history.push(Run::new(suggestion.point.clone()).with_note(suggestion.note.clone()));
        }
    }
}

/// Asks a stopping rule once: the instance that followed the history must answer as a fresh one, and name running runs
/// that have logged something, each once and with a reason.
///
/// # Panics
/// If a law is broken.
pub fn stops(
    problem: &Problem,
    history: &History,
    follower: &mut dyn Stopper,
    fresh: &mut dyn Stopper,
) -> (Vec<Stop>, Shown) {
    let view = |rule: &mut dyn Stopper| {
        let stops = rule.stop(problem, history).expect("every history gets an answer");
        (stops, rule.show(problem, history).expect("every history is shown"))
    };
    let answer = view(fresh);
    for _ in 0..2 {
        assert_eq!(view(follower), answer, "history law: followed (left), fresh (right)");
    }
    assert_eq!(contract::check_stops(history, &answer.0), Ok(()), "contract");
    answer
}

/// How exact a cdf and its inverse are taken to be.
const ACCURACY: f64 = 1e-9;

/// A value that a distribution gave leads to a coordinate, and that back to the value: the same one of a list, and else
/// one between those at hardly smaller and hardly larger coordinates.
///
/// # Panics
/// If it does not.
pub fn round_trip(distribution: &Distribution, value: &Value) {
    assert!(distribution.contains(value), "{value} is no value of {distribution:?}");
    if distribution.is_constant() {
        return;
    }
    let u = distribution.coordinate(value).expect("every value has a coordinate");
    assert!((0.0..=1.0).contains(&u), "coordinate {u}");
    let back = distribution.quantile(u);
    assert!(distribution.contains(&back), "{back} is no value of {distribution:?}");
    if let Distribution::Categorical { .. } = distribution {
        assert!(same(&back, value), "{value} at {u} leads to {back}: {distribution:?}");
        return;
    }
    // Rounding may move a value to where the distribution is empty.
    let emptied = matches!(distribution, Distribution::Quantized(..)) && (u <= 0.0 || u >= 1.0);
    if emptied || is_lopsided(distribution) {
        return;
    }
    let at = |u: f64| distribution.quantile(u).as_f64().expect("a number");
    let (low, high) = (at(u * (1.0 - ACCURACY)), at(u * (1.0 + ACCURACY)));
    let x = value.as_f64().expect("a number");
    let slack = ACCURACY * x.abs() + f64::MIN_POSITIVE;
    let near = low - slack <= x && x <= high + slack;
    assert!(near, "{value} at {u} is not between {low} and {high}: {distribution:?}");
}

/// Whether nearly all of a beta distribution lies nearer to an end than floats tell apart: then its quantiles are values,
/// and no more is promised.
pub fn is_lopsided(distribution: &Distribution) -> bool {
    use Distribution::{Continuous as Plain, Quantized};
    matches!(
        distribution,
        Plain(Continuous::Beta { a, b }) | Quantized(Continuous::Beta { a, b }, _) if a.min(*b) < 0.05
    )
}
