//! What a sweep has to solve: a space, metrics, a seed, a budget.

use serde::{Deserialize, Serialize};

use crate::Space;

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

/// Which value a run counts with that ended without a usable one (W&B's `metric.impute`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Impute {
    /// The worst value of any ended run.
    #[default]
    Worst,
    /// Its own best value.
    Best,
    /// Its own latest value.
    Latest,
}

/// Whether and how a running run counts (W&B's `metric.impute_while_running`). With anything but `False` it counts with its
/// own best value; what is named here would stand in for one that has logged nothing, and has nothing to take from it, so
/// that such a run counts as the worst. See [`Metric::counted`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
pub struct Metric {
    /// The key under which programs log it.
    pub name: String,
    /// Which way it is better.
    pub goal: Goal,
    /// The sweep finishes once a run reaches this value.
    pub target: Option<f64>,
    /// What stands in for a missing final value.
    pub impute: Impute,
    /// What stands in for the value of a running run.
    pub impute_while_running: ImputeWhileRunning,
}

impl Metric {
    /// A metric with W&B's defaults.
    pub fn new(name: impl Into<String>, goal: Goal) -> Self {
        Self {
            name: name.into(),
            goal,
            target: None,
            impute: Impute::default(),
            impute_while_running: ImputeWhileRunning::default(),
        }
    }
}

/// What a sweep has to solve. Plain data; algorithms read it and never change it.
#[derive(Clone, Debug, PartialEq)]
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
    /// A problem with one metric and seed 0.
    pub fn new(space: Space, metric: Metric) -> Self {
        Self { space, metrics: vec![metric], seed: 0, run_cap: None }
    }

    /// The first metric, which single-metric algorithms optimize.
    pub fn metric(&self) -> Option<&Metric> {
        self.metrics.first()
    }
}
