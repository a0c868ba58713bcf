//! The runs of a sweep as columns of numbers, kept up to date by what has changed.
//!
//! A page draws a hundred thousand runs from arrays of floats; as JSON objects they would be tens of megabytes. Values lie at their
//! places on the axes of [`besom_insight`], so that no two faces of besom draw a parameter in two ways.

use std::collections::HashMap;

use besom_core::{Goal, RunNumber, RunState, Space};
use besom_insight::Axis;
use besom_store::{RunOutline, RunQuery, RunRow, StopKind, Store, StoreError, SweepId};
use serde_json::{Value, json};

/// The states of runs as the page names them: `stopped` are those that a stopping rule has ended.
pub(crate) const STATES: [&str; 8] =
    ["pending", "running", "preempted", "finished", "failed", "crashed", "killed", "stopped"];

/// The place of `stopped` in [`STATES`].
const STOPPED: u8 = 7;

/// No agent.
const NOBODY: u32 = u32::MAX;

/// How many runs are read at once for their points: their memory is what is needed beside the columns.
const PAGE: u64 = 2_000;

/// The columns of a sweep.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    /// Up to where changes are in them.
    pub(crate) cursor: u64,
    value: Vec<f64>,
    last: Vec<f64>,
    state: Vec<u8>,
    attempt: Vec<u32>,
    rows: Vec<u32>,
    started_ms: Vec<f64>,
    ended_ms: Vec<f64>,
    agent: Vec<u32>,
    agents: Vec<String>,
    numbers_of_agents: HashMap<String, u32>,
    /// One of each axis, for the runs that are placed.
    places: Vec<Vec<f32>>,
}

/// The state of a run as the page names it.
pub(crate) fn state_name(state: RunState, stop: Option<StopKind>) -> &'static str {
    STATES[usize::from(state_place(state, stop))]
}

fn state_place(state: RunState, stop: Option<StopKind>) -> u8 {
    match (state, stop) {
        (RunState::Finished, Some(StopKind::Early)) => STOPPED,
        (RunState::Pending, _) => 0,
        (RunState::Running, _) => 1,
        (RunState::Preempted, _) => 2,
        (RunState::Finished, _) => 3,
        (RunState::Failed, _) => 4,
        (RunState::Crashed, _) => 5,
        (RunState::Killed, _) => 6,
    }
}

/// Where the parameters of a run lie; NaN for one that it lacks, or whose value is foreign.
pub(crate) fn places_of(space: &Space, axes: &[Axis], run: &RunRow) -> Vec<f32> {
    let point = space.read(&run.point);
    let place = |axis: &Axis| point.get(axis.name()).and_then(|value| axis.place(value));
    #[expect(clippy::cast_possible_truncation, reason = "a picture needs no more")]
    let places = axes.iter().map(|axis| place(axis).map_or(f32::NAN, |place| place as f32)).collect();
    places
}

impl Columns {
    /// How many runs there are.
    pub(crate) fn len(&self) -> usize {
        self.state.len()
    }

    /// Takes in what has changed, but for points.
    pub(crate) fn refresh(&mut self, store: &mut dyn Store, id: &SweepId) -> Result<(), StoreError> {
        let outlines = store.outlines(id, self.cursor)?;
        for run in &outlines.runs {
            self.set(run);
        }
        self.cursor = outlines.upto;
        Ok(())
    }

    /// Takes in the points of the runs whose places are not known yet.
    pub(crate) fn place(
        &mut self,
        store: &mut dyn Store,
        id: &SweepId,
        space: &Space,
        axes: &[Axis],
    ) -> Result<(), StoreError> {
        self.places.resize_with(axes.len(), Vec::new);
        loop {
            let placed = self.places.first().map_or(self.len(), Vec::len);
            if placed >= self.len() {
                return Ok(());
            }
            let after = placed.checked_sub(1).map(RunNumber::from_index);
            let page = store.runs(id, &RunQuery::default().after(after).limit(PAGE))?;
            if page.is_empty() {
                return Ok(());
            }
            for run in page {
                for (column, place) in self.places.iter_mut().zip(places_of(space, axes, &run)) {
                    column.push(place);
                }
            }
        }
    }

    fn set(&mut self, run: &RunOutline) {
        let at = run.number.index();
        if at >= self.len() {
            self.grow(at + 1);
        }
        let number = |x: Option<f64>| x.unwrap_or(f64::NAN);
        let time = |ms: Option<u64>| ms.map_or(f64::NAN, |ms| ms as f64);
        let whole = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        self.value[at] = number(run.best);
        self.last[at] = number(run.last);
        self.state[at] = state_place(run.state, run.stop_kind);
        self.attempt[at] = whole(run.attempt);
        self.rows[at] = whole(run.rows);
        self.started_ms[at] = time(run.started_ms);
        self.ended_ms[at] = time(run.ended_ms);
        self.agent[at] = run.agent.as_deref().map_or(NOBODY, |name| self.agent_number(name));
    }

    fn grow(&mut self, len: usize) {
        for column in [&mut self.value, &mut self.last, &mut self.started_ms, &mut self.ended_ms] {
            column.resize(len, f64::NAN);
        }
        self.state.resize(len, 0);
        self.attempt.resize(len, 0);
        self.rows.resize(len, 0);
        self.agent.resize(len, NOBODY);
    }

    fn agent_number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers_of_agents.get(name) {
            return number;
        }
        let number = u32::try_from(self.agents.len()).unwrap_or(NOBODY);
        self.agents.push(name.to_owned());
        self.numbers_of_agents.insert(name.to_owned(), number);
        number
    }

    /// The best value so far after each of at most `steps` equal parts of the runs, from the first one on that has a value.
    pub(crate) fn trend(&self, goal: Goal, steps: usize) -> Vec<f64> {
        let can_be_best =
            |state: u8| matches!(STATES[usize::from(state)], "running" | "finished" | "stopped");
        let (len, steps) = (self.len(), steps.min(self.len()));
        let (mut best, mut trend, mut next) = (f64::NAN, Vec::new(), 1);
        for at in 0..len {
            let value = self.value[at];
            let is_better = best.is_nan() || goal.to_loss(value) < goal.to_loss(best);
            if can_be_best(self.state[at]) && value.is_finite() && is_better {
                best = value;
            }
            if (at + 1) * steps >= next * len {
                trend.push(best);
                next += 1;
            }
        }
        trend.retain(|value| !value.is_nan());
        trend
    }

    /// The outline of each run that ended or runs, newest start last, for timelines: (agent, run, attempt, from, to, state).
    pub(crate) fn spans(&self) -> impl Iterator<Item = Span<'_>> {
        let begun = (0..self.len()).filter(|&at| !self.started_ms[at].is_nan() && self.agent[at] != NOBODY);
        begun.map(|at| Span {
            agent: &self.agents[self.agent[at] as usize],
            run: RunNumber::from_index(at),
            attempt: self.attempt[at],
            from_ms: self.started_ms[at],
            to_ms: Some(self.ended_ms[at]).filter(|ms| !ms.is_nan()),
            state: STATES[usize::from(self.state[at])],
        })
    }

    /// The columns with a header in JSON before them: see the guide's page on HTTP.
    pub(crate) fn encode(&self, axes: &[Value], names: &[String], metric: Option<&str>) -> Vec<u8> {
        let runs = self.places.first().map_or(self.len(), Vec::len).min(self.len());
        let metric = metric.unwrap_or("value");
        let mut columns: Vec<Value> = names
            .iter()
            .zip(axes)
            .map(|(name, axis)| json!({ "name": name, "role": "parameter", "type": "f32", "axis": axis }))
            .collect();
        let column = |name: &str, role: &str, form: &str| json!({ "name": name, "role": role, "type": form });
        columns.push(column(metric, "value", "f64"));
        columns.push(column(metric, "last", "f64"));
        columns.push(json!({ "name": "state", "role": "state", "type": "u8", "states": STATES }));
        columns.push(column("attempt", "attempt", "u32"));
        columns.push(column("started_ms", "started_ms", "f64"));
        columns.push(column("ended_ms", "ended_ms", "f64"));
        columns.push(column("agent", "agent", "u32"));
        columns.push(column("rows", "rows", "u32"));
        let header = json!({ "cursor": self.cursor.to_string(), "runs": runs, "agents": self.agents, "columns": columns });
        let mut out = Blocks::begin(&header.to_string());
        for places in &self.places {
            out.block(places[..runs].iter().map(|x| x.to_le_bytes()));
        }
        out.block(self.value[..runs].iter().map(|x| x.to_le_bytes()));
        out.block(self.last[..runs].iter().map(|x| x.to_le_bytes()));
        out.block(self.state[..runs].iter().map(|x| [*x]));
        out.block(self.attempt[..runs].iter().map(|x| x.to_le_bytes()));
        out.block(self.started_ms[..runs].iter().map(|x| x.to_le_bytes()));
        out.block(self.ended_ms[..runs].iter().map(|x| x.to_le_bytes()));
        out.block(self.agent[..runs].iter().map(|x| x.to_le_bytes()));
        out.block(self.rows[..runs].iter().map(|x| x.to_le_bytes()));
        out.0
    }
}

/// The newest attempt of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span<'a> {
    pub(crate) agent: &'a str,
    pub(crate) run: RunNumber,
    pub(crate) attempt: u32,
    pub(crate) from_ms: f64,
    pub(crate) to_ms: Option<f64>,
    pub(crate) state: &'static str,
}

/// Blocks of numbers, each at a multiple of eight bytes.
struct Blocks(Vec<u8>);

impl Blocks {
    /// The length of the header, and the header, padded with spaces.
    fn begin(header: &str) -> Self {
        let padded = (4 + header.len()).next_multiple_of(8) - 4;
        let length = u32::try_from(padded).unwrap_or(u32::MAX);
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.resize(4 + padded, b' ');
        Self(bytes)
    }

    fn block<const N: usize>(&mut self, numbers: impl ExactSizeIterator<Item = [u8; N]>) {
        self.0.reserve(numbers.len() * N + 8);
        numbers.for_each(|number| self.0.extend(number));
        self.0.resize(self.0.len().next_multiple_of(8), 0);
    }
}
