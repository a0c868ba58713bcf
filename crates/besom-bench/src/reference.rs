//! What scores are relative to.

use serde::{Deserialize, Serialize};

use crate::record::null_is_infinite;

/// What random search reaches on an instance, and the best there is. Losses: smaller is better, whatever the metric's goal.
///
/// As JSON it is an entry of `reference.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reference {
    /// The true loss of the best observed run after each number of runs, the median over repeats of random search. Not
    /// increasing but for noise.
    #[serde(rename = "rand", with = "null_is_infinite")]
    pub random: Vec<f64>,
    /// The loss of the optimum, or the smallest known.
    pub best: f64,
    /// Whether `best` is that of the optimum.
    pub exact: bool,
}

impl Reference {
    /// A reference of these losses.
    pub fn new(random: Vec<f64>, best: f64, exact: bool) -> Self {
        Self { random, best, exact }
    }
}
