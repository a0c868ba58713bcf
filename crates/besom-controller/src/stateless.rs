//! The step in the form of W&B's engine: a configuration and a list of runs in; suggestions, or names of runs to
//! stop, out. Nothing is remembered between calls.

use besom_core::{Answer, Curve, History, Method, Note, Problem, Rule, Run, RunState, Shown};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{ControllerError, Sweep};

/// A run as W&B's engine has it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct SweepRun {
    /// A name, unique among the runs; needed to stop it.
    #[serde(default)]
    pub name: Option<String>,
    /// Its state; W&B's default is `pending`.
    #[serde(default)]
    pub state: SweepRunState,
    /// Its parameters: `{"lr": {"value": 0.1}}`.
    #[serde(default)]
    pub config: Option<Map<String, Value>>,
    /// What it logged, oldest first; a metric is found under its exact name, as by W&B's engine.
    #[serde(default)]
    pub history: Option<Vec<Map<String, Value>>>,
    /// The last value of each metric, or what else the program declared final.
    #[serde(default, alias = "summaryMetrics")]
    pub summary_metrics: Option<Map<String, Value>>,
    /// What the search said of its suggestion ([`Suggested`]), which is what it remembers.
    #[serde(default)]
    pub search_info: Option<Map<String, Value>>,
}

/// The states of W&B's engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
#[expect(missing_docs, reason = "W&B's names speak for themselves")]
pub enum SweepRunState {
    #[default]
    Pending,
    #[serde(alias = "proposed")]
    Running,
    Preempting,
    Preempted,
    Finished,
    Failed,
    Crashed,
    Killed,
}

impl From<SweepRunState> for RunState {
    fn from(state: SweepRunState) -> Self {
        match state {
            SweepRunState::Pending => Self::Pending,
            SweepRunState::Running => Self::Running,
            SweepRunState::Preempting | SweepRunState::Preempted => Self::Preempted,
            SweepRunState::Finished => Self::Finished,
            SweepRunState::Failed => Self::Failed,
            SweepRunState::Crashed => Self::Crashed,
            SweepRunState::Killed => Self::Killed,
        }
    }
}

impl SweepRun {
    /// The run as algorithms see it: parameters that the space knows, curves of the problem's metrics.
    pub fn to_run(&self, problem: &Problem) -> Run {
        let unwrap = |value: &Value| value.get("value").cloned().unwrap_or(Value::Null);
        let config =
            self.config.iter().flatten().map(|(name, value)| (name.clone(), unwrap(value))).collect();
        let mut run = Run::new(problem.space.read(&config));
        run.state = self.state.into();
        run.note = self.search_info.clone().unwrap_or_default();
        run.curves = problem.metrics.iter().map(|metric| self.curve(&metric.name)).collect();
        run
    }

    fn curve(&self, metric: &str) -> Curve {
        let rows = self.history.iter().flatten();
        let values: Vec<f64> = rows.filter_map(|row| row.get(metric)).map(number_or_nan).collect();
        let summary = self.summary_metrics.as_ref().and_then(|summary| summary.get(metric)?.as_f64());
        Curve::new(values).with_summary(summary)
    }
}

fn number_or_nan(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

/// The runs as a history, in their order.
pub fn history(problem: &Problem, runs: &[SweepRun]) -> History {
    runs.iter().map(|run| run.to_run(problem)).collect()
}

fn sweep(problem: &Problem, search: Method, runs: &[SweepRun]) -> Sweep {
    // W&B's engine knows no cap and no target here: its server applies them.
    let mut problem = problem.clone().run_cap(None);
    problem.metrics.iter_mut().for_each(|metric| metric.target = None);
    let mut sweep = Sweep::new(problem, search);
    for run in runs {
        let run = run.to_run(sweep.problem());
        sweep.import(run);
    }
    sweep
}

/// A suggestion in the form of W&B's engine.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Suggested {
    /// A run's `config`: `{"lr": {"value": 0.1}}`.
    pub config: Map<String, Value>,
    /// What the search says of its suggestion; W&B's `search_info`.
    pub note: Note,
}

/// Up to `n` suggestions. Exhaustion ends the list with one `None`.
pub fn next_runs(
    problem: &Problem,
    search: impl Into<Method>,
    runs: &[SweepRun],
    n: usize,
) -> Result<Vec<Option<Suggested>>, ControllerError> {
    let mut sweep = sweep(problem, search.into(), runs);
    let mut suggestions = Vec::new();
    while suggestions.len() < n {
        let want = n - suggestions.len();
        if !suggest(&mut sweep, want, &mut suggestions)? {
            break;
        }
    }
    Ok(suggestions)
}

/// As many suggestions as there are seeds, each with its own: the same as by a call of [`next_runs`] for each. `search` makes a
/// fresh search method for a problem.
pub fn next_runs_by_seed<E: From<ControllerError>>(
    problem: &Problem,
    runs: &[SweepRun],
    seeds: &[u64],
    mut search: impl FnMut(&Problem) -> Result<Method, E>,
) -> Result<Vec<Option<Suggested>>, E> {
    let Some(first) = seeds.first() else { return Ok(Vec::new()) };
    let mut problem = problem.clone().seed(*first);
    let mut sweep = sweep(&problem, search(&problem)?, runs);
    let mut suggestions = Vec::new();
    for seed in seeds {
        problem.seed = *seed;
        sweep.reseed(*seed, search(&problem)?);
        if !suggest(&mut sweep, 1, &mut suggestions)? {
            break;
        }
    }
    Ok(suggestions)
}

/// Adds up to `want` suggestions, as runs of the sweep, too; whether there may be more.
fn suggest(
    sweep: &mut Sweep,
    want: usize,
    suggestions: &mut Vec<Option<Suggested>>,
) -> Result<bool, ControllerError> {
    match sweep.suggest(want)? {
        Answer::Try(new) => {
            for suggestion in new {
                let (config, note) = (wandb_config(suggestion.point.to_json()), suggestion.note);
                sweep.import(Run::new(suggestion.point).with_note(note.clone()));
                suggestions.push(Some(Suggested { config, note }));
            }
            return Ok(true);
        }
        Answer::Wait => {}
        Answer::Done => suggestions.push(None),
    }
    Ok(false)
}

fn wandb_config(point: Map<String, Value>) -> Map<String, Value> {
    point.into_iter().map(|(name, value)| (name, serde_json::json!({ "value": value }))).collect()
}

/// The names of the runs to stop, and what the rule shows of its view. A run without a name is called by its place,
/// from 0.
pub fn stop_runs(
    problem: &Problem,
    stopper: impl Into<Rule>,
    runs: &[SweepRun],
) -> Result<(Vec<String>, Shown), ControllerError> {
    let (history, mut stopper) = (history(problem, runs), stopper.into());
    let stops = stopper.stop(problem, &history).map_err(ControllerError::Stopper)?;
    let mut shown = stopper.show(problem, &history).map_err(ControllerError::Stopper)?;
    shown.values_mut().for_each(write_whole_numbers_as_such);
    let name = |index: usize| runs[index].name.clone().unwrap_or_else(|| index.to_string());
    Ok((stops.into_iter().map(|stop| name(stop.run.index())).collect(), shown))
}

/// A metric that was logged as 10 is a float to a stopping rule; people and tests expect to read 10, not 10.0.
fn write_whole_numbers_as_such(value: &mut Value) {
    /// Up to here every whole float is an integer exactly.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Array(values) => values.iter_mut().for_each(write_whole_numbers_as_such),
        Value::Number(number) => {
            if let Some(x) = number.as_f64().filter(|x| x.fract() == 0.0 && x.abs() < EXACT) {
                #[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53")]
                let whole = x as i64;
                *value = whole.into();
            }
        }
        _ => {}
    }
}
