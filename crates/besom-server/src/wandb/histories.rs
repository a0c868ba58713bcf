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
/// How many rows are read at a time where all are looked at.
const PART: u64 = 10_000;
/// The key of a row's step, which each row has, logged or not.
const STEP: &str = "_step";

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
            json!({ "history": texts(history.sampled(samples)?), "events": [] })
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
            let rows = history.live(&request.texts("liveKeys"))?;
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
pub(super) struct History<'a> {
    pub(super) store: &'a mut dyn Store,
    pub(super) known: &'a Indexes,
    pub(super) sweep: &'a SweepId,
    pub(super) run: &'a RunRow,
}

impl History<'_> {
    /// Looks at the rows that count, each with its step, a part of them at a time.
    fn each(&mut self, mut look: impl FnMut(Map<String, Value>)) -> Result<(), StoreError> {
        let mut read = 0;
        while read < self.run.rows {
            let rows = self.store.rows_after(self.sweep, self.run.number, None, read, PART)?;
            let Some(last) = rows.last() else { break };
            read = last.seq;
            numbered(rows).into_iter().for_each(&mut look);
        }
        Ok(())
    }

    /// At most so many rows, evenly spread, the first and the last among them. Only these are read.
    fn sampled(&mut self, samples: usize) -> Result<Vec<Map<String, Value>>, StoreError> {
        let places: Vec<u64> = spread(usize::try_from(self.run.rows).unwrap_or(usize::MAX), samples)
            .map(|place| place as u64)
            .collect();
        self.at(&places)
    }

    /// All rows, with these keys of them, or with all.
    fn live(&mut self, keys: &[&str]) -> Result<Vec<Value>, StoreError> {
        if keys == [STEP] {
            // The client asks for all steps, to know the first one and whether there is any.
            let [first, last] = self.steps()?;
            let step = |step: f64| strict(&json!({ STEP: whole(step) }));
            return Ok(if last < 0.0 { Vec::new() } else { vec![step(first), step(last)] });
        }
        let mut rows = Vec::new();
        self.each(|mut row| {
            row.retain(|key, _| keys.is_empty() || keys.contains(&key.as_str()));
            rows.push(strict(&Value::Object(row)));
        })?;
        Ok(rows)
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
    pub(super) fn curves(
        &mut self,
        specs: Option<&Value>,
        is_old: bool,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        let specs: Vec<Spec> = specs_of(specs, is_old).collect();
        if let [spec] = specs.as_slice()
            && let Some(rows) = self.few(spec)?
        {
            return Ok(vec![spec.curve(&rows)]);
        }
        let mut found = vec![Vec::new(); specs.len()];
        if specs.iter().any(|spec| spec.keys.is_some()) {
            self.each(|row| {
                for (spec, found) in specs.iter().zip(&mut found) {
                    found.extend(spec.chosen(&row));
                }
            })?;
        }
        Ok(specs.iter().zip(found).map(|(spec, found)| spec.spread(found)).collect())
    }

    /// The rows among which a curve is, if not all have to be looked at to find it.
    fn few(&mut self, spec: &Spec) -> Result<Option<Vec<Map<String, Value>>>, StoreError> {
        let (Some(keys), Some(samples)) = (&spec.keys, spec.samples) else { return Ok(None) };
        if spec.min_step.is_some() || spec.max_step.is_some() {
            return self.within(spec, usize::MAX).map(Some);
        }
        if self.run.rows <= samples as u64 {
            return Ok(None);
        }
        let logged = self.store.logged(self.sweep, self.run.number, None)?;
        let count = |key: &&String| logged.get(key).is_some_and(|key| key.count >= self.run.rows);
        let mut others = keys.iter().filter(|key| *key != STEP).peekable();
        let is_whole = others.peek().is_some() && others.all(|key| count(&key));
        if is_whole { self.sampled(samples).map(Some) } else { Ok(None) }
    }

    /// Its keys with the kinds of their values, and its last step.
    fn keys(&mut self) -> Result<Value, StoreError> {
        let logged = self.store.logged(self.sweep, self.run.number, None)?;
        let mut keys = Map::new();
        for Logged { key, last, count, .. } in logged.keys() {
            keys.insert(key.clone(), json!({ "typeCounts": [{ "type": kind(last), "count": count }] }));
        }
        let [_, last] = self.steps()?;
        Ok(json!({ "lastStep": whole(last), "sets": [], "keys": keys }))
    }

    /// The least and the greatest step, as far as that is known without its rows; -1 for the greatest if there is none.
    fn steps(&mut self) -> Result<[f64; 2], StoreError> {
        let logged = self.store.logged(self.sweep, self.run.number, None)?;
        let steps = logged.get(STEP);
        // A row without a step has its place for one.
        let is_stepped = steps.is_some_and(|steps| steps.count >= self.run.rows);
        let places = if is_stepped { None } else { self.run.rows.checked_sub(1).map(|last| last as f64) };
        let (min, max) = (steps.and_then(|steps| steps.min), steps.and_then(|steps| steps.max));
        let first = min.into_iter().chain(places.map(|_| 0.0)).reduce(f64::min).unwrap_or(0.0);
        Ok([first, max.into_iter().chain(places).fold(-1.0, f64::max)])
    }
}

/// A step as the client reads it.
#[expect(clippy::cast_possible_truncation, reason = "a step without a fraction, and a cast that saturates")]
fn whole(step: f64) -> i64 {
    step.trunc() as i64
}

/// Rows that hold anything, each with its step.
fn numbered(rows: Vec<Row>) -> Vec<Map<String, Value>> {
    let rows = rows.into_iter().filter(|row| !row.values.is_empty());
    rows.map(|row| {
        let mut values = row.values;
        values.entry(STEP).or_insert_with(|| (row.seq - 1).into());
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

impl Spec {
    /// The rows among these that have all keys, between the steps.
    fn curve(&self, rows: &[Map<String, Value>]) -> Vec<Value> {
        self.spread(rows.iter().filter_map(|row| self.chosen(row)).collect())
    }

    /// What it asks for of a row; `None` if that has not all keys or is not between the steps.
    fn chosen(&self, row: &Map<String, Value>) -> Option<Map<String, Value>> {
        if row.get(STEP).and_then(Value::as_f64).is_some_and(|step| !self.takes(step)) {
            return None;
        }
        let value = |key: &String| Some((key.clone(), logged_value(row, key)?.clone()));
        self.keys.as_ref()?.iter().map(value).collect()
    }

    /// At most as many as it asks for.
    fn spread(&self, rows: Vec<Map<String, Value>>) -> Vec<Value> {
        let rows = sampled(rows, self.samples.unwrap_or(usize::MAX));
        rows.into_iter().map(|row| strict(&Value::Object(row))).collect()
    }

    fn takes(&self, step: f64) -> bool {
        let is_before = |end: f64| step < end || (step <= end && !self.is_exclusive);
        self.min_step.is_none_or(|least| step >= least) && self.max_step.is_none_or(is_before)
    }
}

/// At most so many of the rows, evenly spread, the first and the last among them.
fn sampled<T>(rows: Vec<T>, samples: usize) -> Vec<T> {
    let mut places = spread(rows.len(), samples).peekable();
    let rows = rows.into_iter().enumerate().filter(|(place, _)| places.next_if_eq(place).is_some());
    rows.map(|(_, row)| row).collect()
}

/// The places of at most so many of `count` things, evenly spread, the first and the last among them.
fn spread(count: usize, samples: usize) -> impl Iterator<Item = usize> {
    let samples = samples.max(2).min(count);
    (0..samples).map(move |place| if samples == count { place } else { place * (count - 1) / (samples - 1) })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::time::Duration;

    use besom_core::RunNumber;
    use besom_store::{Claim, MemoryStore, NewAgent, NewRun, NewSweep, Queue};

    use super::*;

    /// A run that has logged so many rows, and what specs ask for of it.
    fn curves(count: u64, specs: &Value, is_old: bool) -> Vec<Vec<Value>> {
        let (mut store, sweep, known) = (MemoryStore::default(), SweepId::new("one"), Indexes::default());
        store.create_sweep(&NewSweep::new(sweep.clone())).unwrap();
        store.add_runs(&sweep, RunNumber::FIRST, &[NewRun::new(Map::new())], None).unwrap();
        let agent = store.join(&sweep, &NewAgent::new("agent", Duration::from_secs(60))).unwrap();
        let Claim::Run(claimed) = store.claim(agent, 1).unwrap() else { panic!("there is a run") };
        let row = |step: u64| json!({ "_step": step, "loss": if step == 1 { json!("NaN") } else { json!(step) }, "val": { "acc": 1 } });
        let row = |step: u64| Row::new(step + 1, row(step).as_object().cloned().unwrap());
        store.report(&claimed.lease, &(0..count).map(row).collect::<Vec<_>>()).unwrap();
        let run = &store.run(&sweep, RunNumber::FIRST).unwrap();
        let mut history = History { store: &mut store, known: &known, sweep: &sweep, run };
        history.curves(Some(specs), is_old).unwrap()
    }

    #[test]
    fn a_curve_has_the_rows_with_all_keys_between_the_steps() {
        let specs = json!([r#"{"keys": ["_step", "val.acc"], "minStep": 1, "maxStep": 2}"#, "{}"]);
        let both = vec![json!({"_step": 1, "val.acc": 1}), json!({"_step": 2, "val.acc": 1})];
        assert_eq!(curves(4, &specs, false), [both.clone(), vec![]]);
        assert_eq!(curves(4, &specs, true), [both[..1].to_vec(), vec![]]);
        assert_eq!(curves(4, &specs[0], false), [both], "alone, it is found by its steps");
        let found = curves(2, &json!(r#"{"keys": ["loss"]}"#), false);
        assert_eq!(
            found,
            [vec![json!({"loss": 0}), json!({"loss": null})]],
            "NaN is null where JSON is strict"
        );
        assert_eq!(curves(2, &json!(r#"{"keys": ["other"]}"#), false), [Vec::<Value>::new()]);
    }

    #[test]
    fn a_curve_is_the_same_whether_all_rows_are_looked_at_or_not() {
        for keys in [json!(["loss"]), json!(["_step"]), json!(["_step", "val.acc"]), json!(["loss", "other"])]
        {
            for samples in [1, 2, 7, 99, 100, 101] {
                let spec = json!({ "keys": keys, "samples": samples }).to_string();
                let alone = curves(100, &json!(spec), false);
                assert_eq!(curves(100, &json!([spec, "{}"]), false)[0], alone[0], "{spec}");
            }
        }
    }

    #[test]
    fn samples_are_spread_evenly_and_have_both_ends() {
        let found = sampled((0..1000).collect(), 5);
        assert_eq!(found, [0, 249, 499, 749, 999]);
        assert_eq!(sampled(vec![1, 2], 5), [1, 2]);
    }
}
