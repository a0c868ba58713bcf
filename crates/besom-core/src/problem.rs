//! What a sweep has to solve: a space, metrics, a seed, a budget.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::parse::parse_word;
use crate::{ParseError, Space, seed};

/// Which way a metric is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// Smaller is better.
    #[default]
    Minimize,
    /// Larger is better.
    Maximize,
}

impl Goal {
    /// Both goals.
    pub const ALL: [Self; 2] = [Self::Minimize, Self::Maximize];

    /// The value as a loss to minimize: itself, or its negative when maximizing. Its own inverse.
    pub fn to_loss(self, value: f64) -> f64 {
        match self {
            Self::Minimize => value,
            Self::Maximize => -value,
        }
    }

    /// The other goal.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Minimize => Self::Maximize,
            Self::Maximize => Self::Minimize,
        }
    }

    /// The goal's name in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minimize => "minimize",
            Self::Maximize => "maximize",
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Goal {
    type Err = ParseError;

    /// The goal of this name, as [`Goal::as_str`] writes it.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse_word("goal", text, &Self::ALL, Self::as_str)
    }
}

/// Which value a run counts with that ended without a usable one (W&B's `metric.impute`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Impute {
    /// The worst value of any ended run.
    #[default]
    Worst,
    /// Its own best value.
    Best,
    /// Its own latest value.
    Latest,
    /// None: it is left out, as if it had never been tried. Not of W&B.
    Ignore,
}

/// Whether and how a running run counts (W&B's `metric.impute_while_running`). With anything but `False` it counts with its
/// own best value; what is named here would stand in for one that has logged nothing, and has nothing to take from it, so
/// that such a run counts as the worst. See [`Metric::counted`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ImputeWhileRunning {
    /// It does not count: it is pending.
    #[default]
    False,
    /// It counts.
    Worst,
    /// It counts.
    Best,
    /// It counts.
    Latest,
}

/// A metric that runs log and the sweep optimizes.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(any(test, feature = "serde"), derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct Metric {
    /// The key under which programs log it.
    pub name: String,
    /// Which way it is better.
    #[cfg_attr(any(test, feature = "serde"), serde(default))]
    pub goal: Goal,
    /// The sweep finishes once a run reaches this value; with several metrics, once one run reaches the targets of all that
    /// have one.
    #[cfg_attr(any(test, feature = "serde"), serde(default, skip_serializing_if = "Option::is_none"))]
    pub target: Option<f64>,
    /// Worse than this is worth nothing beside other metrics: where the hypervolume of a front ends. A metric that stands
    /// alone has no use for it.
    #[cfg_attr(any(test, feature = "serde"), serde(default, skip_serializing_if = "Option::is_none"))]
    pub threshold: Option<f64>,
    /// What stands in for a missing final value.
    #[cfg_attr(any(test, feature = "serde"), serde(default))]
    pub impute: Impute,
    /// What stands in for the value of a running run.
    #[cfg_attr(any(test, feature = "serde"), serde(default))]
    pub impute_while_running: ImputeWhileRunning,
}

impl Metric {
    /// A metric with W&B's defaults.
    pub fn new(name: impl Into<String>, goal: Goal) -> Self {
        Self {
            name: name.into(),
            goal,
            target: None,
            threshold: None,
            impute: Impute::default(),
            impute_while_running: ImputeWhileRunning::default(),
        }
    }

    /// A metric to minimize.
    pub fn minimize(name: impl Into<String>) -> Self {
        Self::new(name, Goal::Minimize)
    }

    /// A metric to maximize.
    pub fn maximize(name: impl Into<String>) -> Self {
        Self::new(name, Goal::Maximize)
    }

    /// The metric with a target: the sweep finishes once a run reaches it.
    #[must_use]
    pub fn target(self, target: impl Into<Option<f64>>) -> Self {
        Self { target: target.into(), ..self }
    }

    /// The metric with a threshold: what is worse is worth nothing, however good other metrics are.
    #[must_use]
    pub fn threshold(self, threshold: impl Into<Option<f64>>) -> Self {
        Self { threshold: threshold.into(), ..self }
    }

    /// The metric with what stands in for a missing final value.
    #[must_use]
    pub fn impute(self, impute: Impute) -> Self {
        Self { impute, ..self }
    }

    /// The metric with what stands in for the value of a running run.
    #[must_use]
    pub fn impute_while_running(self, impute_while_running: ImputeWhileRunning) -> Self {
        Self { impute_while_running, ..self }
    }
}

/// What a sweep has to solve. Plain data; algorithms read it and never change it.
///
/// ```
/// use besom_core::{Metric, Problem, Space};
///
/// let space = Space::builder().log_uniform("lr", 1e-5, 1e-1).int("layers", 1, 8).build()?;
/// let problem = Problem::minimize("loss").space(space.clone()).seed(7).run_cap(60);
/// assert_eq!(problem.metric(), Some(&Metric::minimize("loss")));
///
/// let two = Problem::without_metric()
///     .with_metric(Metric::maximize("accuracy").target(0.99))
///     .with_metric(Metric::minimize("latency"))
///     .space(space);
/// assert_eq!(two.metrics.len(), 2);
/// # Ok::<(), besom_core::SpaceError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Problem {
    /// The search space.
    pub space: Space,
    /// What to optimize; empty if nothing (grid and random search need no metric). Curves of runs follow this
    /// order.
    pub metrics: Vec<Metric>,
    /// The seed of the sweep.
    pub seed: u64,
    /// The maximum number of runs, if there is one.
    pub run_cap: Option<u64>,
}

impl Problem {
    /// A problem with one metric and a seed of its own ([`seed::fresh`]).
    pub fn new(space: Space, metric: Metric) -> Self {
        Self::without_metric().with_metric(metric).space(space)
    }

    /// A problem that minimizes this metric, with nothing to vary yet and a seed of its own ([`seed::fresh`]).
    pub fn minimize(metric: impl Into<String>) -> Self {
        Self::without_metric().with_metric(Metric::minimize(metric))
    }

    /// A problem that maximizes this metric; else as [`Problem::minimize`].
    pub fn maximize(metric: impl Into<String>) -> Self {
        Self::without_metric().with_metric(Metric::maximize(metric))
    }

    /// A problem without a metric, for searches that need none; else as [`Problem::minimize`].
    pub fn without_metric() -> Self {
        Self { space: Space::default(), metrics: Vec::new(), seed: seed::fresh(), run_cap: None }
    }

    /// The problem with one more metric.
    #[must_use]
    pub fn with_metric(mut self, metric: Metric) -> Self {
        self.metrics.push(metric);
        self
    }

    /// The problem over this space.
    #[must_use]
    pub fn space(self, space: Space) -> Self {
        Self { space, ..self }
    }

    /// The problem with this seed, which makes its sweep repeatable.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The problem with at most this many runs.
    #[must_use]
    pub fn run_cap(self, run_cap: impl Into<Option<u64>>) -> Self {
        Self { run_cap: run_cap.into(), ..self }
    }

    /// The first metric: the only one, or one of several. A search or rule that takes it for the whole problem says in its
    /// [`Supports`](crate::Supports) that it takes one metric, so that nobody gives it several.
    pub fn metric(&self) -> Option<&Metric> {
        self.metrics.first()
    }
}
