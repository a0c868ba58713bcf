//! Runs from elsewhere, for a new sweep to learn from.

use besom_controller::stateless::SweepRun;
use besom_core::{Failure, RunNumber, RunState};
use besom_store::{End, NewRun, PastRun, Row, RunQuery, Store, SweepId};
use serde_json::{Map, Value};

use crate::EngineError;

/// A run that has ended, as it will stand in another sweep.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PriorRun {
    /// Its parameters, nested.
    pub point: Map<String, Value>,
    /// How it ended.
    pub state: RunState,
    /// What it logged.
    pub rows: Vec<Row>,
    /// The exit code of its program.
    pub exit_code: Option<i32>,
    /// Why it failed, if that is known.
    pub failure: Option<Failure>,
    /// Where it comes from.
    pub origin: String,
}

impl PriorRun {
    /// A run that has logged nothing.
    pub fn new(point: Map<String, Value>, state: RunState, origin: impl Into<String>) -> Self {
        Self { point, state, rows: Vec::new(), exit_code: None, failure: None, origin: origin.into() }
    }

    /// A run of a sweep of the store.
    pub fn of_store(store: &mut dyn Store, sweep: &SweepId, number: RunNumber) -> Result<Self, EngineError> {
        let run = store.run(sweep, number)?;
        let rows = store.rows(sweep, number, None)?;
        let origin = format!("run {}", sweep.run_name(number));
        let (exit_code, failure) = (run.exit_code, run.failure);
        Self { point: run.point, state: run.state, rows, exit_code, failure, origin }.over()
    }

    /// The runs of a sweep of the store that have ended.
    pub fn all_of_store(store: &mut dyn Store, sweep: &SweepId) -> Result<Vec<Self>, EngineError> {
        let runs = store.runs(sweep, &RunQuery::default())?;
        let over = runs.into_iter().filter(|run| !run.state.is_open());
        over.map(|run| Self::of_store(store, sweep, run.number)).collect()
    }

    /// A run in W&B's form: its history, or its summary if it has none, is what it logged.
    pub fn of_wandb(run: &SweepRun, place: usize) -> Result<Self, EngineError> {
        let value = |value: &Value| value.get("value").unwrap_or(value).clone();
        let point = run.config.iter().flatten().map(|(name, v)| (name.clone(), value(v))).collect();
        let logged = match &run.history {
            Some(history) if !history.is_empty() => history.clone(),
            _ => run.summary_metrics.iter().cloned().collect(),
        };
        let rows = (1..).zip(logged).map(|(seq, values)| Row::new(seq, values)).collect();
        let origin =
            run.name.as_ref().map_or(format!("run {} of the list", place + 1), |name| format!("run {name}"));
        Self { point, state: run.state.into(), rows, exit_code: None, failure: None, origin }.over()
    }

    fn over(self) -> Result<Self, EngineError> {
        match self.state.is_open() {
            true => Err(EngineError::OpenRun { origin: self.origin, state: self.state }),
            false => Ok(self),
        }
    }
}

impl From<&PriorRun> for PastRun {
    /// The run as a new sweep begins with it; its note names its origin. One that crashed is one that failed because it lost its
    /// agent.
    fn from(run: &PriorRun) -> Self {
        let origin = format!("learned from: {}", run.origin);
        let note = Map::from_iter([("why".to_owned(), origin.clone().into())]);
        let crashed = run.state == RunState::Crashed;
        let mut end = End::new(if crashed { RunState::Failed } else { run.state }).message(origin);
        end.exit_code = run.exit_code;
        end.failure = run.failure.or(crashed.then_some(Failure::LostAgent));
        let rows = run.rows.iter().map(|row| row.values.clone()).collect();
        PastRun::new(NewRun::new(run.point.clone()).note(note), end).rows(rows)
    }
}
