//! Where the stopping rule of a sweep would stop a run, as thresholds over the steps of its curve.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use besom_controller::Controller;
use besom_core::{Goal, Registry, Shown, error_chain};
use besom_store::{Store, SweepRow};
use serde_json::{Value, json};

use super::known::Kept;
use super::reading;
use crate::guard;
use crate::path::Path;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// The most runs of which a rule is asked: it sees all curves, which must fit in memory.
const RUNS: u64 = 20_000;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/v1/sweeps/{id}/stopper", guard::read(get(stopper)))
}

async fn stopper(State(shared): State<Shared>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    let registry = shared.registry.clone();
    let read =
        move |store: &mut dyn Store, sweep: &SweepRow, kept: &Kept| shown(store, sweep, kept, &registry);
    Ok(Json(reading(shared, id, read).await?))
}

/// What the rule shows; null if the sweep has none.
pub(super) fn shown(
    store: &mut dyn Store,
    sweep: &SweepRow,
    kept: &Kept,
    registry: &Registry,
) -> Result<Value, Refusal> {
    let Some(config) = &kept.known.config else { return Ok(Value::Null) };
    let Some(rule) = &config.early_terminate else { return Ok(Value::Null) };
    let nothing = |sentence: String| json!({ "rule": rule.name, "thresholds": [], "sentence": sentence });
    if sweep.runs > RUNS {
        return Ok(nothing(format!("thresholds are shown of sweeps of at most {RUNS} runs")));
    }
    let cursor = kept.columns(store, sweep.id())?.cursor;
    let bytes = kept.answer("stopper", cursor, || {
        let value = match besom_engine::build(registry, config, sweep.new.seed) {
            Ok(built) => {
                let mut controller = Controller::new(sweep.id().clone(), built);
                match controller.refresh(store).and_then(|_| controller.show_stopper()) {
                    Ok(view) => read(&rule.name, &view, sweep.goal()),
                    Err(error) => nothing(error_chain(&error)),
                }
            }
            Err(error) => nothing(error_chain(&error)),
        };
        Ok::<_, Refusal>(value.to_string().into_bytes())
    })?;
    serde_json::from_slice(&bytes).map_err(|_| Refusal::broken())
}

/// The view of a rule as thresholds: those of the built-in rules, and of others that show what they do in the same words.
fn read(rule: &str, view: &Shown, goal: Goal) -> Value {
    let list = |key: &str| view.get(key).and_then(Value::as_array);
    let mut thresholds: Vec<(f64, f64)> = Vec::new();
    let mut add = |step: Option<f64>, loss: Option<f64>| {
        thresholds.extend(step.zip(loss).map(|(step, loss)| (step, goal.to_loss(loss))));
    };
    if let (Some(steps), Some(losses)) = (list("rungs").or_else(|| list("bands")), list("thresholds")) {
        steps.iter().zip(losses).for_each(|(step, loss)| add(step.as_f64(), loss.as_f64()));
    }
    if let Some(medians) = view.get("medians").and_then(Value::as_object) {
        medians.iter().for_each(|(step, loss)| add(step.parse().ok(), loss.as_f64()));
    }
    if let Some(envelope) = list("envelope") {
        envelope.iter().enumerate().for_each(|(at, loss)| add(Some(at as f64 + 1.0), loss.as_f64()));
    }
    let mut bounds = Vec::new();
    for key in ["upper", "lower"] {
        // These are values of the metric, and hold at each step.
        if let Some(value) = view.get(key).and_then(Value::as_f64) {
            thresholds.push((1.0, value));
            bounds.push(format!("{} {value}", if key == "upper" { "above" } else { "below" }));
        }
    }
    thresholds.sort_by(|a, b| a.0.total_cmp(&b.0));
    let sentence = match (thresholds.len(), bounds.as_slice()) {
        (0, _) => format!("{rule} stops no run at present"),
        (_, []) => format!("{rule} stops a run that is worse than the threshold at its step"),
        (_, bounds) => format!("{rule} stops a run that is {}", bounds.join(" or ")),
    };
    let thresholds: Vec<Value> =
        thresholds.iter().map(|(step, value)| json!({ "step": step, "value": value })).collect();
    json!({ "rule": rule, "thresholds": thresholds, "sentence": sentence, "view": view })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thresholds(view: Value, goal: Goal) -> Value {
        read("rule", view.as_object().expect("an object"), goal)["thresholds"].clone()
    }

    #[test]
    fn thresholds_are_values_of_the_metric_in_the_order_of_steps() {
        let bands = json!({"bands": [1, 3, 9], "thresholds": [-0.5, -0.7, "Infinity"]});
        let expected = json!([{"step": 1.0, "value": 0.5}, {"step": 3.0, "value": 0.7}]);
        assert_eq!(thresholds(bands, Goal::Maximize), expected);
        let medians = json!({"grace": 1, "medians": {"10": 0.2, "9": 0.3, "11": null}});
        let expected = json!([{"step": 9.0, "value": 0.3}, {"step": 10.0, "value": 0.2}]);
        assert_eq!(thresholds(medians, Goal::Minimize), expected);
        let envelope = json!({"envelope": [0.9, 0.8]});
        assert_eq!(thresholds(envelope, Goal::Minimize)[1], json!({"step": 2.0, "value": 0.8}));
        assert_eq!(thresholds(json!({"upper": 3.0, "lower": null}), Goal::Minimize)[0]["value"], 3.0);
        assert_eq!(thresholds(json!({"envelope": null}), Goal::Minimize), json!([]));
    }
}
