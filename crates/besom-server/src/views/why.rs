//! Why a run was suggested, from the note that its search method wrote.

use besom_store::RunRow;
use serde_json::{Map, Value, json};

/// What a note says: a kind, a sentence, and what a model predicted in units of the metric, beside what came of it.
pub(super) fn why(run: &RunRow, method: Option<&str>) -> Value {
    let note = &run.note;
    let kind = text(note, "kind").unwrap_or_else(|| kind_without_one(note, method));
    let sentence = text(note, "why").or_else(|| usual_sentence(method));
    json!({
        "kind": kind,
        "sentence": sentence,
        "chosen": note.get("chosen"),
        "predicted": predicted(note),
        "expected_improvement": note.get("expected_improvement"),
        "probability_of_improvement": note.get("probability_of_improvement"),
        "best_then": note.get("best"),
        "length_scales": length_scales(note),
        "observed": run.best,
    })
}

/// What a model predicted of a run: its mean and standard deviation.
pub(super) fn predicted(note: &Map<String, Value>) -> Option<Value> {
    let number = |key| note.get(key).and_then(Value::as_f64);
    Some(json!({ "mean": number("predicted_mean")?, "sd": number("predicted_sd")? }))
}

fn text(note: &Map<String, Value>, key: &str) -> Option<String> {
    note.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// Runs of other sweeps and of the owner have a sentence and no kind; those of grids and random search have no note.
fn kind_without_one(note: &Map<String, Value>, method: Option<&str>) -> String {
    match text(note, "why") {
        Some(why) if why.starts_with("learned from") => "prior".to_owned(),
        Some(why) if why.starts_with("enqueued") => "enqueued".to_owned(),
        _ => method.unwrap_or("unknown").to_owned(),
    }
}

fn usual_sentence(method: Option<&str>) -> Option<String> {
    match method? {
        "grid" => Some("the next point of the grid".to_owned()),
        "random" => Some("drawn at random, whatever the others were".to_owned()),
        _ => None,
    }
}

/// The length scale of each parameter, the shortest first: along short ones the metric changes fast.
fn length_scales(note: &Map<String, Value>) -> Option<Vec<Value>> {
    let scales = note.get("length_scales")?.as_object()?;
    let mut scales: Vec<(&String, Option<f64>)> =
        scales.iter().map(|(name, scale)| (name, scale.as_f64())).collect();
    let size = |scale: Option<f64>| scale.unwrap_or(f64::INFINITY);
    scales.sort_by(|a, b| size(a.1).total_cmp(&size(b.1)));
    Some(scales.into_iter().map(|(name, value)| json!({ "parameter": name, "value": value })).collect())
}

#[cfg(test)]
mod tests {
    use besom_core::RunNumber;
    use besom_store::NewRun;

    use super::*;

    fn run(note: &Value) -> RunRow {
        let note = note.as_object().cloned().unwrap_or_default();
        RunRow::new(RunNumber::FIRST, NewRun::new(Map::new()).note(note), 0)
    }

    #[test]
    fn a_note_of_a_model_has_its_prediction_beside_what_came() {
        let mut run = run(&json!({
            "why": "largest expected improvement", "kind": "model", "predicted_mean": 0.5, "predicted_sd": 0.1,
            "expected_improvement": 0.02, "length_scales": {"lr": 0.5, "momentum": null, "batch": 0.1},
        }));
        run.best = Some(0.4);
        let why = why(&run, Some("bayes"));
        assert_eq!(why["predicted"], json!({"mean": 0.5, "sd": 0.1}));
        assert_eq!((&why["observed"], &why["kind"]), (&json!(0.4), &json!("model")));
        let names: Vec<&Value> =
            why["length_scales"].as_array().into_iter().flatten().map(|scale| &scale["parameter"]).collect();
        assert_eq!(names, ["batch", "lr", "momentum"]);
    }

    #[test]
    fn a_run_without_a_note_is_explained_by_its_method() {
        let kind = |note: Value, method| why(&run(&note), method)["kind"].clone();
        assert_eq!(kind(json!({}), Some("grid")), "grid");
        assert_eq!(kind(json!({"why": "learned from: run a-1"}), Some("bayes")), "prior");
        assert_eq!(kind(json!({"why": "enqueued by its owner"}), Some("bayes")), "enqueued");
        assert_eq!(kind(json!({}), None), "unknown");
    }
}
