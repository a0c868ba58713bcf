//! Runs as the client lists them, with all that filters and orders look at.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use besom_core::{Logged, LoggedKeys, RunNumber, RunState, logged_value};
use besom_store::{RunQuery, RunRow, StopKind, Store, StoreError, SweepId, SweepRow};
use serde_json::{Map, Value, json};

use super::run::{config, object};
use super::{found, lenient, names};
use crate::shared::Shared;

/// A run of a project.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) sweep: SweepId,
    pub(super) run: RunRow,
    pub(super) name: String,
    place: (String, String),
    is_alone: bool,
    known: Known,
    facts: Map<String, Value>,
    /// What the run says at last: its newest values, and what its program has stated.
    pub(super) summary: Map<String, Value>,
}

/// The time as the client reads it.
pub(super) fn time(ms: u64) -> String {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_millis(ms)).to_string()
}

/// How much of a run is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Known {
    /// Its parameters, state and times.
    Row,
    /// And what its program and its owner have said of it.
    Facts,
    /// And what it has logged at last.
    Summary,
}

impl Listed {
    /// A run of a sweep at this place, of which nothing is known but its row.
    pub(super) fn new(
        store: &mut dyn Store,
        sweep: &SweepRow,
        place: &(String, String),
        run: RunRow,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            name: found::name(store, sweep, &run)?,
            sweep: sweep.id().clone(),
            place: place.clone(),
            is_alone: found::is_alone(sweep),
            run,
            known: Known::Row,
            facts: Map::new(),
            summary: Map::new(),
        })
    }

    /// All runs of a sweep, by number, with so much of each.
    pub(super) fn all(
        store: &mut dyn Store,
        shared: &Shared,
        sweep: &SweepRow,
        known: Known,
    ) -> Result<Vec<Self>, StoreError> {
        let logged = if known == Known::Summary { store.logged_by_run(sweep.id())? } else { Vec::new() };
        let logged: BTreeMap<RunNumber, LoggedKeys> = logged.into_iter().collect();
        let (runs, none) = (store.runs(sweep.id(), &RunQuery::default())?, LoggedKeys::default());
        let place = found::place(shared, sweep);
        let listed = runs.into_iter().map(|run| {
            let logged = logged.get(&run.number).unwrap_or(&none);
            let mut listed = Self::new(store, sweep, &place, run)?;
            if known >= Known::Facts {
                listed.take_facts(store)?;
            }
            if known >= Known::Summary {
                listed.summarize(logged);
            }
            Ok(listed)
        });
        listed.collect()
    }

    /// Reads what is not known yet.
    pub(super) fn complete(&mut self, store: &mut dyn Store) -> Result<(), StoreError> {
        if self.known < Known::Facts {
            self.take_facts(store)?;
        }
        if self.known < Known::Summary {
            let logged = store.logged(&self.sweep, self.run.number, None)?;
            self.summarize(&logged);
        }
        Ok(())
    }

    fn take_facts(&mut self, store: &mut dyn Store) -> Result<(), StoreError> {
        self.facts = store.facts(&self.sweep, self.run.number, None)?;
        self.known = Known::Facts;
        Ok(())
    }

    fn summarize(&mut self, logged: &LoggedKeys) {
        let last = |key: &Logged| (key.key.clone(), key.last.clone());
        let mut summary = object(&self.facts, "summary").cloned().unwrap_or_default();
        // What its program has stated holds for all that is within it.
        let is_stated = |key: &str| key.match_indices('.').any(|(at, _)| summary.contains_key(&key[..at]));
        let unstated = |key: &&Logged| !summary.contains_key(&key.key) && !is_stated(&key.key);
        let logged: Vec<_> = logged.keys().iter().filter(unstated).map(last).collect();
        summary.extend(logged);
        self.summary = summary;
        self.known = Known::Summary;
    }

    /// How much of a run the value of a key of a filter or an order needs.
    pub(super) fn needs(key: &str) -> Known {
        match key {
            "name" | "sweep" | "sweepName" | "state" | "created_at" | "createdAt" | "heartbeat_at"
            | "heartbeatAt" | "updated_at" | "updatedAt" | "duration" | "runtime" | "username"
            | "user.username" | "user.name" => Known::Row,
            key if key.starts_with("summary") => Known::Summary,
            _ => Known::Facts,
        }
    }

    fn display_name(&self) -> &str {
        self.facts.get("name").and_then(Value::as_str).unwrap_or(&self.name)
    }

    fn tags(&self) -> Value {
        self.facts.get("tags").filter(|tags| tags.is_array()).cloned().unwrap_or_else(|| json!([]))
    }

    /// The value that a key of a filter or an order means.
    pub(super) fn value(&self, key: &str) -> Option<Value> {
        if let Some(name) = key.strip_prefix("summary_metrics.").or_else(|| key.strip_prefix("summary.")) {
            return logged_value(&self.summary, name).cloned();
        }
        if let Some(name) = key.strip_prefix("config.") {
            return self.configured(name);
        }
        let fact = |name: &str| self.facts.get(name).cloned();
        match key {
            "name" => Some(self.name.clone().into()),
            "display_name" | "displayName" => Some(self.display_name().into()),
            "sweep" | "sweepName" => (!self.is_alone).then(|| self.sweep.as_str().into()),
            "state" => Some(self.run.state.as_str().into()),
            "tags" => Some(self.tags()),
            "created_at" | "createdAt" => Some(time(self.run.created_ms).into()),
            "heartbeat_at" | "heartbeatAt" | "updated_at" | "updatedAt" => {
                Some(time(self.heartbeat_ms()).into())
            }
            "duration" | "runtime" => {
                Some(json!(self.run.ended_ms?.saturating_sub(self.run.started_ms?) / 1000))
            }
            "jobType" | "job_type" => fact("job_type"),
            "username" | "user.username" | "user.name" => Some(names::ENTITY.into()),
            "group" | "notes" | "host" | "commit" => fact(key),
            _ => None,
        }
    }

    /// A value of the configuration; the client's own `.value` may stand behind the name of its parameter.
    fn configured(&self, name: &str) -> Option<Value> {
        let plain: Vec<&str> = name.splitn(3, ".value").collect();
        let names = [name.to_owned(), plain.concat()];
        let added = object(&self.facts, "config");
        let look = |name: &String| logged_value(&self.run.point, name).or_else(|| logged_value(added?, name));
        names.iter().find_map(look).cloned()
    }

    fn heartbeat_ms(&self) -> u64 {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        match (self.run.ended_ms, self.run.state) {
            (Some(ended), _) => ended,
            (None, RunState::Running) => u64::try_from(now()).unwrap_or(u64::MAX),
            (None, _) => self.run.created_ms,
        }
    }

    fn id(&self) -> String {
        names::id("Run", &[&self.name, &self.place.1, &self.place.0])
    }

    /// The configuration as JSON text.
    fn config(&self) -> String {
        lenient::text(&config(&self.run.point, &self.facts))
    }

    /// The run as all versions of the client read it. `sweep_name` is left out for those that stumble over it.
    pub(super) fn fragment(&self, has_sweep: bool) -> Value {
        let fact = |name: &str| self.facts.get(name).cloned().unwrap_or_default();
        let run = &self.run;
        json!({
            "id": self.id(), "tags": self.tags(), "name": self.name, "displayName": self.display_name(),
            "sweepName": (has_sweep && !self.is_alone).then(|| self.sweep.as_str()), "state": run.state.as_str(),
            "config": self.config(), "group": fact("group"), "jobType": fact("job_type"), "commit": fact("commit"),
            "readOnly": false, "createdAt": time(run.created_ms), "heartbeatAt": time(self.heartbeat_ms()),
            "description": null, "notes": fact("notes"), "systemMetrics": "{}",
            "summaryMetrics": lenient::text(&self.summary), "historyLineCount": run.rows,
            "user": { "name": names::ENTITY, "username": names::ENTITY }, "projectId": "1",
            "stopped": run.stop_kind.is_some(), "host": fact("host"), "exitcode": run.exit_code,
            "project": names::project(&self.place.0, &self.place.1),
        })
    }

    /// The run as a controller on the client's side reads it, with these curves.
    pub(super) fn node(&self, curves: &[Vec<Value>]) -> Value {
        let run = &self.run;
        let is_early = run.stop_kind == Some(StopKind::Early);
        json!({
            "id": self.id(), "name": self.name, "state": run.state.as_str(), "config": self.config(), "exitcode": run.exit_code,
            "heartbeatAt": time(self.heartbeat_ms()), "shouldStop": run.stop_kind.is_some(),
            "failed": matches!(run.state, RunState::Failed | RunState::Crashed), "stopped": is_early && !run.state.is_open(),
            "running": run.state == RunState::Running, "summaryMetrics": lenient::text(&self.summary), "sampledHistory": curves,
            "historyLineCount": run.rows,
        })
    }
}

#[cfg(test)]
impl Listed {
    /// A run of these values.
    pub(super) fn sample(value: Value) -> Self {
        let object = |name: &str| value.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
        let new = besom_store::NewRun::new(object("config"));
        let created = value.get("createdAt").and_then(Value::as_str).unwrap_or("1970-01-01T00:00:00Z");
        let created =
            humantime::parse_rfc3339(created).ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let mut run = RunRow::new(
            RunNumber::FIRST,
            new,
            u64::try_from(created.unwrap_or_default().as_millis()).unwrap_or(0),
        );
        run.state = value
            .get("state")
            .and_then(Value::as_str)
            .and_then(|state| state.parse().ok())
            .unwrap_or(RunState::Finished);
        let tags = value.get("tags").cloned().unwrap_or_default();
        Self {
            sweep: SweepId::new("abc"),
            run,
            name: value["name"].as_str().unwrap_or_default().to_owned(),
            place: (String::new(), String::new()),
            is_alone: false,
            known: Known::Summary,
            facts: Map::from_iter([("tags".to_owned(), tags)]),
            summary: object("summary"),
        }
    }
}
