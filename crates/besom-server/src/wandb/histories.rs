//! What runs have logged, in the forms in which versions of the client ask for it.

use besom_core::{RunNumber, logged_value};
use besom_store::{RunRow, Store, StoreError, SweepId};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::graphql::Request;
use super::lenient::{self, strict};

/// How many rows are in a sampled answer, unless the client says otherwise.
const SAMPLES: usize = 500;

/// What is asked of a history: keys that a row must have, steps, and how many.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    keys: Option<Vec<String>>,
    samples: Option<usize>,
    min_step: Option<f64>,
    max_step: Option<f64>,
    /// Whether the row of the last step is left out.
    #[serde(skip)]
    is_exclusive: bool,
}

/// The answer to an operation about a history, as the fields of the run; `None` if it is another operation.
pub(super) fn answer(
    store: &mut dyn Store,
    sweep: &SweepId,
    run: &RunRow,
    request: &Request,
) -> Result<Option<Value>, StoreError> {
    let mut rows = || rows(store, sweep, run.number);
    let texts = |rows: Vec<Map<String, Value>>| rows.iter().map(lenient::text).collect::<Vec<_>>();
    Ok(Some(match request.operation.as_str() {
        "RunFullHistory" => {
            let samples = number(request, "samples").unwrap_or(SAMPLES);
            json!({ "history": texts(sampled(rows()?, samples)), "events": [] })
        }
        "HistoryPage" => {
            let step = |name: &str| request.variables.get(name).and_then(Value::as_f64);
            let spec = Spec {
                min_step: step("minStep"),
                max_step: step("maxStep"),
                is_exclusive: true,
                keys: None,
                samples: None,
            };
            let mut page: Vec<_> = rows()?.into_iter().filter(|row| spec.has_step(row)).collect();
            page.truncate(number(request, "pageSize").unwrap_or(usize::MAX));
            json!({ "history": texts(page) })
        }
        "RunSampledHistory" => {
            json!({ "sampledHistory": curves(&rows()?, request.variables.get("specs"), request.is_old) })
        }
        "SampledHistoryPage" => {
            json!({ "sampledHistory": curves(&rows()?, request.variables.get("spec"), request.is_old) })
        }
        "RunParquetHistory" => {
            let rows: Vec<Value> = rows()?.into_iter().map(|row| strict(&Value::Object(row))).collect();
            json!({ "parquetHistory": { "parquetUrls": [], "liveData": rows } })
        }
        "RunHistoryKeys" => json!({ "historyKeys": keys(&rows()?) }),
        _ => return Ok(None),
    }))
}

fn number(request: &Request, name: &str) -> Option<usize> {
    request.number(name).and_then(|number| usize::try_from(number).ok())
}

/// The rows that count, each with its step.
fn rows(
    store: &mut dyn Store,
    sweep: &SweepId,
    run: RunNumber,
) -> Result<Vec<Map<String, Value>>, StoreError> {
    let rows = store.rows(sweep, run, None)?.into_iter().filter(|row| !row.values.is_empty());
    Ok(rows
        .map(|row| {
            let mut values = row.values;
            values.entry("_step").or_insert_with(|| (row.seq - 1).into());
            values
        })
        .collect())
}

/// The curves that specs ask for: a list of JSON texts, or one. Their last step is among the rows, except for old clients.
pub(super) fn curves(rows: &[Map<String, Value>], specs: Option<&Value>, is_old: bool) -> Vec<Vec<Value>> {
    let texts: Vec<&str> = match specs {
        Some(Value::Array(specs)) => specs.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(spec)) => vec![spec],
        _ => Vec::new(),
    };
    texts.into_iter().map(|text| curve(rows, text, is_old)).collect()
}

/// Whether specs ask for any rows.
pub(super) fn asks_for_rows(specs: Option<&Value>) -> bool {
    specs.is_some_and(|specs| specs.to_string().contains("keys"))
}

fn curve(rows: &[Map<String, Value>], spec: &str, is_old: bool) -> Vec<Value> {
    let spec = Spec { is_exclusive: is_old, ..serde_json::from_str(spec).unwrap_or_default() };
    let Some(keys) = &spec.keys else { return Vec::new() };
    let chosen = |row: &Map<String, Value>| -> Option<Map<String, Value>> {
        let value = |key: &String| Some((key.clone(), logged_value(row, key)?.clone()));
        keys.iter().map(value).collect()
    };
    let found: Vec<_> = rows.iter().filter(|row| spec.has_step(row)).filter_map(chosen).collect();
    sampled(found, spec.samples.unwrap_or(usize::MAX))
        .into_iter()
        .map(|row| strict(&Value::Object(row)))
        .collect()
}

impl Spec {
    fn has_step(&self, row: &Map<String, Value>) -> bool {
        let Some(step) = row.get("_step").and_then(Value::as_f64) else { return true };
        let is_before = |end: f64| step < end || (step <= end && !self.is_exclusive);
        self.min_step.is_none_or(|least| step >= least) && self.max_step.is_none_or(is_before)
    }
}

/// At most so many of the rows, evenly spread, the first and the last among them.
fn sampled<T>(rows: Vec<T>, samples: usize) -> Vec<T> {
    let (count, samples) = (rows.len(), samples.max(2));
    if count <= samples {
        return rows;
    }
    let mut next = 0;
    let is_chosen = |(place, _): &(usize, T)| {
        let chosen = *place == next * (count - 1) / (samples - 1);
        next += usize::from(chosen);
        chosen
    };
    rows.into_iter().enumerate().filter(is_chosen).map(|(_, row)| row).collect()
}

fn keys(rows: &[Map<String, Value>]) -> Value {
    let mut keys = Map::new();
    for (key, value) in rows.iter().flatten() {
        let kind = match value {
            Value::Object(_) => "map",
            Value::Array(_) => "list",
            Value::Bool(_) => "bool",
            Value::String(text) if !matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") => "string",
            _ => "number",
        };
        keys.entry(key.clone()).or_insert_with(|| json!({ "typeCounts": [{ "type": kind, "count": 1 }] }));
    }
    let last = rows.iter().filter_map(|row| row.get("_step")?.as_i64()).max().unwrap_or(-1);
    json!({ "lastStep": last, "sets": [], "keys": keys })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: u64) -> Vec<Map<String, Value>> {
        let row = |step: u64| json!({ "_step": step, "loss": if step == 1 { json!("NaN") } else { json!(step) }, "val": { "acc": 1 } });
        (0..count).map(|step| row(step).as_object().cloned().unwrap_or_default()).collect()
    }

    #[test]
    fn a_curve_has_the_rows_with_all_keys_between_the_steps() {
        let specs = json!([r#"{"keys": ["_step", "val.acc"], "minStep": 1, "maxStep": 2}"#, "{}"]);
        let both = vec![json!({"_step": 1, "val.acc": 1}), json!({"_step": 2, "val.acc": 1})];
        assert_eq!(curves(&rows(4), Some(&specs), false), [both.clone(), vec![]]);
        assert_eq!(curves(&rows(4), Some(&specs), true), [both[..1].to_vec(), vec![]]);
        let found = curves(&rows(2), Some(&json!(r#"{"keys": ["loss"]}"#)), false);
        assert_eq!(
            found,
            [vec![json!({"loss": 0}), json!({"loss": null})]],
            "NaN is null where JSON is strict"
        );
        assert_eq!(curves(&rows(2), Some(&json!(r#"{"keys": ["other"]}"#)), false), [Vec::<Value>::new()]);
    }

    #[test]
    fn samples_are_spread_evenly_and_have_both_ends() {
        let found = sampled((0..1000).collect(), 5);
        assert_eq!(found, [0, 249, 499, 749, 999]);
        assert_eq!(sampled(vec![1, 2], 5), [1, 2]);
    }
}
