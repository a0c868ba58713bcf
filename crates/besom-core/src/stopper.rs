//! The trait that names runs to end.

use serde_json::{Map, Value};

use crate::{BoxError, History, Problem, RunNumber};

/// Names running runs to end early. History law and contract as for [`crate::Search`]: the answer is a function of
/// its arguments, names only runs in state `Running`, and each at most once.
pub trait Stopper: Send {
    /// The runs to end now, each with a reason for people.
    fn stop(&mut self, problem: &Problem, history: &History) -> Result<Vec<Stop>, BoxError>;

    /// What the rule would like to show of its present view (bands, thresholds), as a JSON object.
    fn show(&mut self, problem: &Problem, history: &History) -> Result<Shown, BoxError> {
        let _ = (problem, history);
        Ok(Shown::new())
    }
}

impl<S: Stopper + ?Sized> Stopper for Box<S> {
    fn stop(&mut self, problem: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        (**self).stop(problem, history)
    }

    fn show(&mut self, problem: &Problem, history: &History) -> Result<Shown, BoxError> {
        (**self).show(problem, history)
    }
}

/// A run to end, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The run.
    pub run: RunNumber,
    /// Why, for people: "17th of 20 at step 8 (0.91 > 0.44)".
    pub reason: String,
}

/// What a stopping rule shows of its view: a JSON object.
pub type Shown = Map<String, Value>;
