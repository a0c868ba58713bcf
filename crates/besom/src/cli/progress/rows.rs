//! One line a run: in columns on a terminal, in full elsewhere.

use std::collections::HashSet;

use besom_config::SweepConfig;
use besom_core::{RunNumber, RunState};
use besom_store::SweepRow;
use serde_json::{Map, Value};

use crate::cli::text::{Line, Paint, cut, pad, pad_left, width};
use crate::cli::{describe, front, table};

use super::follower::Ended;

/// The most columns that the name of the metric and a single `name=value` get.
const MOST: usize = 28;

/// The columns of a terminal's lines. Each grows with what it has to show, so that lines stay aligned.
pub(super) struct Columns {
    metric: String,
    /// Parameters with one value only, which no line repeats.
    constants: HashSet<String>,
    number: usize,
    value: usize,
    steps: usize,
    time: usize,
    /// Of each parameter in its order; those of a run may lack some.
    params: Vec<(String, usize)>,
}

/// What a line shows of a run.
pub(super) struct Row<'a> {
    number: RunNumber,
    state: &'static str,
    paint: Paint,
    is_best: bool,
    /// One per metric.
    values: Vec<Option<f64>>,
    steps: u64,
    took: Option<u64>,
    message: Option<&'a str>,
    /// The process that executed it, if it is another one.
    by: Option<&'a str>,
    params: &'a Map<String, Value>,
}

impl<'a> Row<'a> {
    pub(super) fn ended(ended: &'a Ended, metrics: usize) -> Self {
        let Ended { run, is_best, values, by } = ended;
        let is_best = *is_best;
        let values = match values {
            Some(values) => values.iter().copied().map(Some).collect(),
            None if metrics > 1 => vec![None; metrics],
            None => vec![run.best],
        };
        Self {
            number: run.number,
            state: table::state(run),
            paint: if is_best { Paint::Best } else { table::paint(run) },
            is_best,
            values,
            steps: run.rows,
            took: run.took_ms(0),
            message: run.message.as_deref(),
            by: by.as_deref(),
            params: &run.point,
        }
    }

    pub(super) fn running(
        number: RunNumber,
        values: Vec<Option<f64>>,
        step: usize,
        took: Option<u64>,
        params: &'a Map<String, Value>,
    ) -> Self {
        let (paint, steps) = (Paint::Plain, step as u64);
        let state = RunState::Running.as_str();
        Self { number, state, paint, is_best: false, values, steps, took, message: None, by: None, params }
    }
}

impl Columns {
    pub(super) fn new(sweep: &SweepRow, config: &SweepConfig) -> Self {
        let constants = constants(config);
        let names: Vec<&str> = sweep.new.metrics.iter().map(|metric| metric.name.as_str()).collect();
        let metric = cut(&crate::cli::text::one_line(&names.join(", ")), MOST);
        let value = width(&metric).max(9);
        Self { metric, constants, number: 4, value, steps: 5, time: 7, params: Vec::new() }
    }

    /// The names of the columns.
    pub(super) fn header(&self) -> Line {
        let Self { metric, number, value, steps, time, .. } = self;
        let text = format!(
            "  {:>number$}  {:<9}  {}  {:>steps$}  {:>time$}  parameters",
            "run",
            "state",
            pad_left(metric, *value),
            "steps",
            "time"
        );
        Line::new(Paint::Dim, &text)
    }

    /// The line of a run.
    pub(super) fn line(&mut self, row: &Row<'_>) -> Line {
        let number = grown(&mut self.number, row.number.to_string());
        let value = grown(&mut self.value, values(&row.values));
        let steps = grown(&mut self.steps, row.steps.to_string());
        let took = grown(&mut self.time, row.took.map_or_else(|| "-".into(), table::span));
        let mark = if row.is_best { "* " } else { "  " };
        let front = Line::new(row.paint, &format!("{mark}{number}  {:<9}", row.state));
        let value_paint = if row.is_best { Paint::Best } else { Paint::Plain };
        let front =
            front.and(value_paint, &format!("  {value}")).and(Paint::Dim, &format!("  {steps}  {took}  "));
        let message = row.message.map(|message| format!("{message}  ")).unwrap_or_default();
        let by = row.by.map(|by| format!("by {by}  ")).unwrap_or_default();
        front
            .and(row.paint, &message)
            .and(Paint::Dim, &by)
            .and(Paint::Plain, self.parameters(row.params).trim_end())
    }

    fn parameters(&mut self, params: &Map<String, Value>) -> String {
        let mut texts = Vec::new();
        for (name, text) in varying(params, &self.constants) {
            let place = self.params.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
                self.params.push((name, 0));
                self.params.len() - 1
            });
            let columns = &mut self.params[place].1;
            *columns = (*columns).max(width(&text));
            texts.push(pad(&text, *columns));
        }
        texts.join("  ")
    }
}

/// `0.12`, or `0.12, -` of several metrics.
fn values(values: &[Option<f64>]) -> String {
    let texts = values.iter().map(|value| table::maybe(*value));
    if values.is_empty() { table::maybe(None) } else { texts.collect::<Vec<_>>().join(", ") }
}

/// A text to the right of its column, which grows for it.
fn grown(columns: &mut usize, text: String) -> String {
    *columns = (*columns).max(width(&text));
    pad_left(&text, *columns)
}

/// The names of the parameters that have one value only.
pub(crate) fn constants(config: &SweepConfig) -> HashSet<String> {
    let parameters = config.space.parameters().iter();
    let constant = parameters.filter(|p| p.distribution.levels().is_some_and(|levels| levels.count() == 1));
    constant.map(|p| p.name.to_string()).collect()
}

/// The parameters of a run by name that are not constant, each as `name=value`, cut to what a column shows.
pub(crate) fn varying<'a>(
    params: &'a Map<String, Value>,
    constants: &'a HashSet<String>,
) -> impl Iterator<Item = (String, String)> + 'a {
    let varying = table::flat(params).into_iter().filter(|(name, _)| !constants.contains(name));
    varying.map(|(name, value)| {
        let text = cut(&format!("{name}={value}"), MOST.max(width(&name) + 12));
        (name, text)
    })
}

/// `run 12 finished: val_loss 0.234 (new best), 12 steps in 3.2 s | lr=0.1 ..`, with these parameters.
pub(crate) fn in_full(sweep: &SweepRow, ended: &Ended, parameters: &str) -> String {
    let Ended { run, is_best, values, by } = ended;
    let mut text = format!("run {} {}", run.number, table::state(run));
    if let Some(values) = values {
        let mark = if *is_best { " (on the front)" } else { "" };
        text.push_str(&format!(": {}{mark}", front::valued(sweep, values)));
    } else if let [_] = sweep.new.metrics[..]
        && let Some(value) = run.best
    {
        let mark = if *is_best { " (new best)" } else { "" };
        text.push_str(&format!(": {} {}{mark}", describe::metric(sweep), table::number(value)));
    }
    if let Some(took) = run.took_ms(0) {
        let steps = table::count(run.rows, "step");
        text.push_str(&format!(", {steps} in {}", table::span(took)));
    }
    let reason =
        if run.state == RunState::Finished { run.stop_reason.as_ref() } else { run.message.as_ref() };
    if let Some(reason) = reason {
        text.push_str(&format!(" ({reason})"));
    }
    if let Some(by) = by {
        text.push_str(&format!(" by {by}"));
    }
    if !parameters.is_empty() {
        text.push_str(&format!(" | {parameters}"));
    }
    crate::cli::text::one_line(&text)
}
