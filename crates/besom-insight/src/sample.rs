//! The runs of a history, laid out over parameters.

use besom_core::{History, Metric, Problem, Run, RunNumber, nearest};

use crate::{Axis, InsightError};

/// A run with a value of the metric.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Its number.
    pub number: RunNumber,
    /// The run.
    pub run: &'a Run,
    /// Its best value of the metric; finite.
    pub value: f64,
}

/// The runs of a history that have a value of the first metric, in whatever state, over some parameters.
#[derive(Clone, Debug)]
pub struct Sample<'a> {
    /// What the values are of.
    pub metric: &'a Metric,
    /// The parameters, one axis each.
    pub axes: Vec<Axis>,
    /// The runs with a value, in order; at least one.
    pub seen: Vec<Seen<'a>>,
}

impl<'a> Sample<'a> {
    /// The runs over the parameters of these names (nested ones joined by dots), in this order; over all that are not
    /// constant if none is named.
    pub fn new(problem: &'a Problem, history: &'a History, named: &[String]) -> Result<Self, InsightError> {
        let metric = problem.metric().ok_or(InsightError::NoMetric)?;
        let all: Vec<_> = problem.space.searchable().collect();
        let find = |name: &String| {
            all.iter().copied().find(|p| p.name.to_string() == *name).ok_or_else(|| {
                let known: Vec<String> = all.iter().map(|p| p.name.to_string()).collect();
                let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
                InsightError::UnknownParameter { name: name.clone(), known, nearest }
            })
        };
        let chosen =
            if named.is_empty() { all.clone() } else { named.iter().map(find).collect::<Result<_, _>>()? };
        let seen: Vec<Seen<'a>> = history
            .iter()
            .filter_map(|(number, run)| Some(Seen { number, run, value: run.curve(0).best(metric.goal)? }))
            .collect();
        if seen.is_empty() {
            return Err(InsightError::NoValues { metric: metric.name.clone() });
        }
        Ok(Self { metric, axes: chosen.into_iter().map(Axis::new).collect(), seen })
    }

    /// Where a run lies on the `k`-th axis; `None` if it has no such parameter or a foreign value.
    pub fn place(&self, run: &Run, k: usize) -> Option<f64> {
        self.axes[k].place(run.point.get(self.axes[k].name())?)
    }
}
