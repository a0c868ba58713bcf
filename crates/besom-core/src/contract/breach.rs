//! How an answer can break the contract, and what its author can do.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::value::spaced;
use crate::{RunNumber, RunState, did_you_mean};

/// What is wrong with an answer of a search or a stopping rule. As text it shows points as JSON, as sweep files write them, and
/// says what to do.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum Breach {
    /// The answer has no suggestion, or more than were asked for.
    #[error("it made {got} suggestions where 1 to {asked} were asked for; {}", count_remedy(*got))]
    Count {
        /// How many there are.
        got: usize,
        /// How many were asked for.
        asked: usize,
    },
    /// A suggested point does not belong to the space, or lacks parameters.
    #[error(
        "it suggested {}: {}; points of the space come from `Space::decode`",
        json(point),
        listed(faults)
    )]
    Point {
        /// The point.
        point: Map<String, Value>,
        /// All that is wrong with it.
        faults: Vec<PointFault>,
    },
    /// A suggested point breaks a constraint.
    #[error(
        "it suggested {}, which breaks {}; ask `Space::allows` before suggesting a point, or take one from `Space::draw`",
        json(point),
        quoted(broken)
    )]
    Constraint {
        /// The point.
        point: Map<String, Value>,
        /// The constraints that it breaks.
        broken: Vec<String>,
    },
    /// Two suggestions are the same point.
    #[error(
        "its suggestions {} and {} are both {}; take the chance of the i-th suggestion from `ask.rng(i)`, count the ones \
         before it as tried, or let the Spec say that points may repeat",
        places.0, places.1, json(point)
    )]
    Repeated {
        /// The point.
        point: Map<String, Value>,
        /// Their places in the answer, from 1.
        places: (usize, usize),
    },
    /// The search waits though no run is open.
    #[error(
        "it waits, but none of the {runs} runs is open, so nothing would ever change; suggest a point or answer `Done`"
    )]
    IdleWait {
        /// How many runs there are.
        runs: usize,
    },
    /// A note is too long.
    #[error(
        "its note on {} has {bytes} bytes, more than {limit}; a note holds only what the history does not show",
        json(point)
    )]
    LongNote {
        /// The suggested point.
        point: Map<String, Value>,
        /// How long the note is as JSON.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// The rule stops a run that does not exist.
    #[error("it stops run {run}, but there are only {runs} runs; take numbers from `History::iter`")]
    NoRun {
        /// The number.
        run: RunNumber,
        /// How many runs there are.
        runs: usize,
    },
    /// The rule stops a run that is not running.
    #[error("it stops run {run}, which is {state}; select from runs in state `Running`")]
    NotRunning {
        /// The run.
        run: RunNumber,
        /// Its state.
        state: RunState,
    },
    /// The rule names a run twice.
    #[error("it stops run {run} twice; name each run once")]
    Twice {
        /// The run.
        run: RunNumber,
    },
    /// The rule stops a run that has logged nothing.
    #[error("it stops run {run}, which has not logged a metric yet; skip runs whose curves are all empty")]
    Silent {
        /// The run.
        run: RunNumber,
    },
    /// A stop has no reason.
    #[error("it stops run {run} without a reason; say why in `Stop::reason`")]
    NoReason {
        /// The run.
        run: RunNumber,
    },
    /// The reason for a stop is too long.
    #[error("its reason to stop run {run} has {bytes} bytes, more than {limit}; one line is enough")]
    LongReason {
        /// The run.
        run: RunNumber,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
}

/// What is wrong with one parameter of a suggested point.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum PointFault {
    /// The space has no such parameter.
    #[error("the space has no parameter {parameter}{}; it has {}", did_you_mean(nearest.as_deref()), if known.is_empty() { "none".to_owned() } else { known.join(", ") })]
    Foreign {
        /// The name.
        parameter: String,
        /// All parameters of the space.
        known: Vec<String>,
        /// The one that is spelled most alike, if one is near.
        nearest: Option<String>,
    },
    /// A parameter has no value.
    #[error("{parameter} is missing")]
    Missing {
        /// The parameter.
        parameter: String,
    },
    /// A parameter has a value where it does not exist.
    #[error("{parameter} has a value, and exists only when {when}")]
    Inactive {
        /// The parameter.
        parameter: String,
        /// Its condition, in words.
        when: String,
    },
    /// The space does not give this value.
    #[error("{parameter} is {}, allowed is {allowed}", spaced(value))]
    Outside {
        /// The parameter.
        parameter: String,
        /// The value; `null` also for NaN and infinity, which JSON does not have.
        value: Value,
        /// What is allowed, in words.
        allowed: String,
    },
}

fn json(point: &Map<String, Value>) -> String {
    spaced(&Value::Object(point.clone()))
}

fn listed(faults: &[PointFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn count_remedy(got: usize) -> &'static str {
    match got {
        0 => "without a point to try, answer `Wait` or `Done`",
        _ => "make at most `ask.count`",
    }
}

fn quoted(constraints: &[String]) -> String {
    constraints.iter().map(|constraint| format!("`{constraint}`")).collect::<Vec<_>>().join(", ")
}
