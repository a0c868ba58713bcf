//! What is known of a run, by name: for columns, filters and orders.

use std::collections::{HashMap, HashSet};

use besom_core::{LoggedKeys, RunNumber, did_you_mean, nearest};
use besom_store::{RunRow, Store, StoreError, SweepId, SweepRow, system_clock};
use serde_json::{Map, Value, json};

use crate::{EngineError, leaf, leaves, run_state};

/// What besom itself knows of every run. A parameter or metric of the same name is `params.NAME` or `metrics.NAME`.
const BUILT_IN: [&str; 11] = [
    "run",
    "state",
    "best",
    "last",
    "steps",
    "time",
    "attempt",
    "exit_code",
    "failure",
    "message",
    "stop_reason",
];

/// The names of a sweep's runs, and how to find their values.
#[derive(Clone, Debug)]
pub struct Fields {
    sweep: SweepRow,
    params: Vec<String>,
    /// Every name that means something, with what it does not hide.
    names: Vec<String>,
    /// The last value of every key that a run has logged, once it was asked for.
    logged: Option<HashMap<RunNumber, Map<String, Value>>>,
    keys: Vec<String>,
    now: u64,
}

impl Fields {
    /// What is known of these runs, but for what they have logged besides the metric.
    pub fn new(sweep: SweepRow, runs: &[RunRow]) -> Self {
        let params = distinct(runs.iter().flat_map(|run| leaves(&run.point)).map(|(name, _)| name));
        let mut fields =
            Self { sweep, params, names: Vec::new(), logged: None, keys: Vec::new(), now: system_clock()() };
        fields.list_names();
        fields
    }

    fn list_names(&mut self) {
        let params = self.params.iter().flat_map(|name| [name.clone(), format!("params.{name}")]);
        let keys = self.keys.iter().flat_map(|name| [name.clone(), format!("metrics.{name}")]);
        // What is not there before it is loaded must not be taken for known.
        let known = if self.logged.is_some() { usize::MAX } else { 1 };
        let metrics = self.metrics().take(known).map(str::to_owned);
        let built_in = BUILT_IN.iter().map(|&name| name.to_owned());
        self.names = built_in.chain(metrics).chain(params).chain(keys).collect();
    }

    /// The sweep.
    pub fn id(&self) -> &SweepId {
        self.sweep.id()
    }

    /// Its first metric.
    pub fn metric(&self) -> Option<&str> {
        self.sweep.new.metrics.first().map(|metric| metric.name.as_str())
    }

    /// All its metrics.
    pub fn metrics(&self) -> impl Iterator<Item = &str> {
        self.sweep.new.metrics.iter().map(|metric| metric.name.as_str())
    }

    /// The parameters, nested names joined by dots.
    pub fn params(&self) -> &[String] {
        &self.params
    }

    /// The keys that runs have logged besides the metric, once they are loaded.
    pub fn other_keys(&self) -> Vec<&str> {
        self.keys.iter().map(String::as_str).filter(|&key| Some(key) != self.metric()).collect()
    }

    /// Every name that means something.
    pub fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }

    /// Reads what the runs have logged besides the metric.
    ///
    /// # Errors
    /// If the store fails.
    pub fn load(&mut self, store: &mut dyn Store, runs: &[RunRow]) -> Result<(), StoreError> {
        if self.logged.is_some() {
            return Ok(());
        }
        let all = store.logged_by_run(self.sweep.id())?;
        let logged: HashMap<RunNumber, Map<String, Value>> =
            all.iter().map(|(run, keys)| (*run, last_values(keys))).collect();
        let keys = runs.iter().filter_map(|run| logged.get(&run.number)).flat_map(Map::keys);
        self.keys = distinct(keys.cloned());
        self.logged = Some(logged);
        self.list_names();
        Ok(())
    }

    /// Has what these runs have logged at hand, in place of the runs before, and the names of all of them so far.
    ///
    /// # Errors
    /// If the store fails.
    pub(crate) fn turn_to(&mut self, store: &mut dyn Store, runs: &[RunRow]) -> Result<(), StoreError> {
        let mut logged = HashMap::new();
        for run in runs {
            logged.insert(run.number, last_values(&store.logged(self.sweep.id(), run.number, None)?));
        }
        let params = runs.iter().flat_map(|run| leaves(&run.point)).map(|(name, _)| name);
        self.params = distinct(std::mem::take(&mut self.params).into_iter().chain(params));
        let keys = runs.iter().filter_map(|run| logged.get(&run.number)).flat_map(Map::keys).cloned();
        self.keys = distinct(std::mem::take(&mut self.keys).into_iter().chain(keys));
        self.logged = Some(logged);
        Ok(())
    }

    /// Makes sure that these names can be looked up; `option` is where they come from.
    ///
    /// # Errors
    /// [`EngineError::UnknownColumns`] with all that mean nothing.
    pub fn require(
        &mut self,
        store: &mut dyn Store,
        runs: &[RunRow],
        option: &str,
        wanted: &[String],
    ) -> Result<(), EngineError> {
        let is_known = |fields: &Self, name: &String| fields.names.contains(name);
        if wanted.iter().all(|name| is_known(self, name)) {
            return Ok(());
        }
        self.load(store, runs)?;
        let unknown = wanted.iter().filter(|name| !is_known(self, name)).map(|name| {
            let near = nearest(name, self.names.iter().map(String::as_str));
            format!("{option}: unknown column '{name}'{}", did_you_mean(near))
        });
        let problems: Vec<String> = unknown.collect();
        if problems.is_empty() {
            return Ok(());
        }
        let is_short = |name: &&String| !name.starts_with("params.") && !name.starts_with("metrics.");
        let known = self.names.iter().filter(is_short).cloned().collect();
        Err(EngineError::UnknownColumns { problems, known })
    }

    /// What a run has under a name.
    pub fn value(&self, run: &RunRow, name: &str) -> Option<Value> {
        if let Some(value) = self.built_in(run, name) {
            return value;
        }
        if Some(name) == self.metric() {
            return run.best.map(Value::from);
        }
        let (of_params, of_metrics) = (name.strip_prefix("params."), name.strip_prefix("metrics."));
        let param = |name: &str| leaf(&run.point, name).cloned();
        let logged = |name: &str| self.logged.as_ref()?.get(&run.number)?.get(name).cloned();
        param(name).or_else(|| param(of_params?)).or_else(|| logged(name)).or_else(|| logged(of_metrics?))
    }

    /// How long a run took, or had taken when the fields were made, in milliseconds.
    pub fn took_ms(&self, run: &RunRow) -> Option<u64> {
        run.took_ms(self.now)
    }

    /// What besom knows of it; `None` if the name is none of its own.
    fn built_in(&self, run: &RunRow, name: &str) -> Option<Option<Value>> {
        Some(match name {
            "run" => Some(json!(run.number)),
            "state" => Some(run_state(run.state, run.stop_kind).into()),
            "best" => run.best.map(Value::from),
            "last" => run.last.map(Value::from),
            "steps" => Some(run.rows.into()),
            "time" => self.took_ms(run).map(|ms| json!(ms as f64 / 1000.0)),
            "attempt" => Some(run.attempt.into()),
            "exit_code" => run.exit_code.map(Value::from),
            "failure" => run.failure.map(|failure| failure.as_str().into()),
            "message" => run.message.clone().map(Value::from),
            "stop_reason" => run.stop_reason.clone().map(Value::from),
            _ => return None,
        })
    }
}

/// The last value of each key.
fn last_values(logged: &LoggedKeys) -> Map<String, Value> {
    logged.keys().iter().map(|key| (key.key.clone(), key.last.clone())).collect()
}

/// Each different name once, in the order in which they first come.
fn distinct(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    names.filter(|name| seen.insert(name.clone())).collect()
}
