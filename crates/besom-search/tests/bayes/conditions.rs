//! Parameters under conditions.

use besom_core::When;

use super::*;

/// Three optimizers with parameters of their own beside one that all have.
fn tree(seed: u64) -> Problem {
    let space = Space::builder()
        .choice("optimizer", ["sgd", "adam", "lion"])
        .log_uniform("lr", 1e-5, 1.0)
        .uniform("momentum", 0.0, 0.99)
        .when(When::is("optimizer", "sgd"))
        .uniform("beta1", 0.0, 1.0)
        .when(When::one_of("optimizer", ["adam", "lion"]))
        .choice("amsgrad", [true, false])
        .when(When::is("optimizer", "adam"))
        .uniform("max_decay", 0.0, 1.0)
        .when(When::is("amsgrad", true))
        .build();
    Problem::minimize("loss").space(space.unwrap()).seed(seed)
}

/// Smallest, 0, for adam with amsgrad at lr = 1e-3, beta1 = .7, max_decay = .2.
fn tree_loss(point: &Point) -> f64 {
    let lr = 0.3 * (number(point, "lr").log10() + 3.0).powi(2);
    let optional = |name: &str| point.get(&name.into()).and_then(Value::as_f64);
    let beta = optional("beta1").map_or(0.0, |beta| 4.0 * (beta - 0.7).powi(2));
    let own = match point.get(&"optimizer".into()).unwrap().as_str().unwrap() {
        "sgd" => 0.3 + (number(point, "momentum") - 0.9).powi(2),
        "adam" => optional("max_decay").map_or(0.5, |decay| 2.0 * (decay - 0.2).powi(2)),
        _ => 0.4,
    };
    lr + beta + own
}

#[test]
fn a_tree_is_searched_better_than_by_chance() {
    let found = quality(tree, false, 40, tree_loss);
    let chance = quality(tree, true, 40, tree_loss);
    assert!(found < 0.02 && found < chance / 5.0, "{found}, by chance {chance}");
}

#[test]
fn a_condition_that_always_holds_changes_nothing() {
    let space = |conditions: bool| {
        let when = |builder: besom_core::SpaceBuilder, when: When| {
            if conditions { builder.when(when) } else { builder }
        };
        let space =
            Space::builder().choice("kind", ["a", "b", "c"]).int("layers", 1, 4).uniform("x", 0.0, 1.0);
        let space =
            when(space, When::one_of("kind", ["a", "b", "c"])).choice("norm", ["batch", "layer", "none"]);
        when(space, When::at_least("layers", 1.0)).build().unwrap()
    };
    let loss = |point: &Point| (number(point, "x") - 0.3).abs() + number(point, "layers") * 0.1;
    let points = |conditions: bool| -> Vec<Value> {
        let problem = Problem::minimize("loss").space(space(conditions)).seed(5);
        let history = sweep(&mut bayes(&problem), &problem, 24, loss);
        history.runs().iter().map(|run| Value::Object(run.point.to_json())).collect()
    };
    assert_eq!(points(true), points(false));
}

#[test]
fn values_of_inactive_parameters_change_no_suggestion() {
    let problem = tree(3);
    let history = sweep(&mut bayes(&problem), &problem, 16, tree_loss);
    let with = |momentum: f64| -> Vec<Suggestion> {
        let mut changed = History::new();
        for run in history.runs() {
            let mut run = run.clone();
            let more = [("momentum", json!(momentum)), ("max_decay", json!(1.0 - momentum))];
            let more = more.map(|(name, value)| (ParamPath::from(name), value));
            let kept = run.point.iter().map(|(name, value)| (name.clone(), value.clone()));
            let kept: Vec<_> = kept.collect();
            let lacking = more.into_iter().filter(|(name, _)| kept.iter().all(|(known, _)| known != name));
            run.point = kept.iter().cloned().chain(lacking).collect();
            changed.push(run);
        }
        ask(&mut bayes(&problem), &problem, &changed, 3)
    };
    let plain = ask(&mut bayes(&problem), &problem, &history, 3);
    assert_eq!(with(0.1), plain);
    assert_eq!(with(0.8), plain);
}

#[test]
fn the_fit_of_terms_is_kept_in_notes() {
    let problem = tree(1);
    let history = sweep(&mut bayes(&problem), &problem, 20, tree_loss);
    let note = &history.runs().iter().rev().find(|run| run.note.contains_key("fit")).unwrap().note;
    // Four conditions and the term over all parameters.
    assert_eq!(note["fit"]["variances"].as_array().unwrap().len(), 5);
    assert_eq!(note["fit"]["stretches"].as_array().unwrap().len(), 1);
}
