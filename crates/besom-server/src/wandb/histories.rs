//! What runs have logged, in the forms in which versions of the client ask for it.

use besom_core::{Logged, logged_value};
use besom_store::{Row, RunRow, Store, StoreError, SweepId};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::graphql::Request;
use super::lenient::{self, strict};
use super::steps::Indexes;

/// How many rows are in a sampled answer, unless the client says otherwise.
const SAMPLES: usize = 500;
/// Rows that are at most so far apart are read together.
const NEAR: u64 = 16;

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
    known: &Indexes,
    sweep: &SweepId,
    run: &RunRow,
    request: &Request,
) -> Result<Option<Value>, StoreError> {
    let texts = |rows: Vec<Map<String, Value>>| rows.iter().map(lenient::text).collect::<Vec<_>>();
    let mut history = History { store, known, sweep, run };
    Ok(Some(match request.operation.as_str() {
        "RunFullHistory" => {
            let samples = number(request, "samples").unwrap_or(SAMPLES);
            json!({ "history": texts(sampled(history.all()?, samples)), "events": [] })
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
            let size = number(request, "pageSize").unwrap_or(usize::MAX);
            json!({ "history": texts(history.within(&spec, size)?) })
        }
        "RunSampledHistory" => {
            json!({ "sampledHistory": history.curves(request.variables.get("specs"), request.is_old)? })
        }
        "SampledHistoryPage" => {
            json!({ "sampledHistory": history.curves(request.variables.get("spec"), request.is_old)? })
        }
        "RunParquetHistory" => {
            let rows: Vec<Value> =
                history.all()?.into_iter().map(|row| strict(&Value::Object(row))).collect();
            json!({ "parquetHistory": { "parquetUrls": [], "liveData": rows } })
        }
        "RunHistoryKeys" => json!({ "historyKeys": history.keys()? }),
        _ => return Ok(None),
    }))
}

fn number(request: &Request, name: &str) -> Option<usize> {
    request.number(name).and_then(|number| usize::try_from(number).ok())
}

/// What a run has logged.
struct History<'a> {
    store: &'a mut dyn Store,
    known: &'a Indexes,
    sweep: &'a SweepId,
    run: &'a RunRow,
}

impl History<'_> {
    /// The rows that count, each with its step.
    fn all(&mut self) -> Result<Vec<Map<String, Value>>, StoreError> {
        Ok(numbered(self.store.rows(self.sweep, self.run.number, None)?))
    }

    /// The first `size` of the rows between the steps. Only these are read.
    fn within(&mut self, spec: &Spec, size: usize) -> Result<Vec<Map<String, Value>>, StoreError> {
        if spec.min_step.is_none() && spec.max_step.is_none() {
            let limit = u64::try_from(size).unwrap_or(u64::MAX).min(self.run.rows);
            return Ok(numbered(self.store.rows_after(self.sweep, self.run.number, None, 0, limit)?));
        }
        let places: Vec<u64> = self.known.with(self.store, self.sweep, self.run, |steps| {
            let chosen = (0..).zip(steps).filter(|(_, step)| spec.takes(**step));
            chosen.map(|(place, _)| place).take(size).collect()
        })?;
        self.at(&places)
    }

    /// The rows at these places, counted from 0, in order.
    fn at(&mut self, places: &[u64]) -> Result<Vec<Map<String, Value>>, StoreError> {
        let mut rows = Vec::with_capacity(places.len());
        for near in places.chunk_by(|one, next| next - one <= NEAR) {
            let (Some(first), Some(last)) = (near.first(), near.last()) else { continue };
            let found = self.store.rows_after(self.sweep, self.run.number, None, *first, last - first + 1)?;
            rows.extend(found.into_iter().filter(|row| near.binary_search(&(row.seq - 1)).is_ok()));
        }
        Ok(numbered(rows))
    }

    /// The curves that specs ask for.
    fn curves(&mut self, specs: Option<&Value>, is_old: bool) -> Result<Vec<Vec<Value>>, StoreError> {
        let specs: Vec<Spec> = specs_of(specs, is_old).collect();
        let rows = match specs.as_slice() {
            specs if specs.iter().all(|spec| spec.keys.is_none()) => Vec::new(),
            [spec] => self.within(spec, usize::MAX)?,
            // Each takes its own from them.
            _ => self.all()?,
        };
        Ok(specs.iter().map(|spec| spec.curve(&rows)).collect())
    }

    /// Its keys with the kinds of their values, and its last step.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a step without a fraction, and a cast that saturates"
    )]
    fn keys(&mut self) -> Result<Value, StoreError> {
        let logged = self.store.logged(self.sweep, self.run.number, None)?;
        let mut keys = Map::new();
        for Logged { key, last, count, .. } in logged.keys() {
            keys.insert(key.clone(), json!({ "typeCounts": [{ "type": kind(last), "count": count }] }));
        }
        let steps = logged.get("_step");
        // A row without a step has its place for one.
        let is_stepped = steps.is_some_and(|steps| steps.count >= self.run.rows);
        let places = if is_stepped { None } else { self.run.rows.checked_sub(1).map(|last| last as f64) };
        let last = steps.and_then(|steps| steps.max).into_iter().chain(places).fold(-1.0, f64::max);
        Ok(json!({ "lastStep": last.trunc() as i64, "sets": [], "keys": keys }))
    }
}

/// Rows that hold anything, each with its step.
fn numbered(rows: Vec<Row>) -> Vec<Map<String, Value>> {
    let rows = rows.into_iter().filter(|row| !row.values.is_empty());
    rows.map(|row| {
        let mut values = row.values;
        values.entry("_step").or_insert_with(|| (row.seq - 1).into());
        values
    })
    .collect()
}

/// The kind of a value in the client's word.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Object(_) => "map",
        Value::Array(_) => "list",
        Value::Bool(_) => "bool",
        Value::String(text) if !lenient::is_word(text) => "string",
        _ => "number",
    }
}

/// What specs ask for: a list of JSON texts, or one. Their last step is among the rows, except for old clients.
fn specs_of(specs: Option<&Value>, is_old: bool) -> impl Iterator<Item = Spec> {
    let texts: Vec<&str> = match specs {
        Some(Value::Array(specs)) => specs.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(spec)) => vec![spec],
        _ => Vec::new(),
    };
    texts
        .into_iter()
        .map(move |text| Spec { is_exclusive: is_old, ..serde_json::from_str(text).unwrap_or_default() })
}

/// The curves that specs ask for of these rows.
pub(super) fn curves(rows: &[Map<String, Value>], specs: Option<&Value>, is_old: bool) -> Vec<Vec<Value>> {
    specs_of(specs, is_old).map(|spec| spec.curve(rows)).collect()
}

/// Whether specs ask for any rows.
pub(super) fn asks_for_rows(specs: Option<&Value>) -> bool {
    specs.is_some_and(|specs| specs.to_string().contains("keys"))
}

impl Spec {
    /// The rows among these that have all keys, between the steps.
    fn curve(&self, rows: &[Map<String, Value>]) -> Vec<Value> {
        let Some(keys) = &self.keys else { return Vec::new() };
        let chosen = |row: &Map<String, Value>| -> Option<Map<String, Value>> {
            let value = |key: &String| Some((key.clone(), logged_value(row, key)?.clone()));
            keys.iter().map(value).collect()
        };
        let has_step = |row: &&Map<String, Value>| {
            row.get("_step").and_then(Value::as_f64).is_none_or(|step| self.takes(step))
        };
        let found: Vec<_> = rows.iter().filter(has_step).filter_map(chosen).collect();
        sampled(found, self.samples.unwrap_or(usize::MAX))
            .into_iter()
            .map(|row| strict(&Value::Object(row)))
            .collect()
    }

    fn takes(&self, step: f64) -> bool {
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
    let mut places = (0..samples).map(|place| place * (count - 1) / (samples - 1)).peekable();
    let rows = rows.into_iter().enumerate().filter(|(place, _)| places.next_if_eq(place).is_some());
    rows.map(|(_, row)| row).collect()
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
