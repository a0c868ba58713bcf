//! What is known of a sweep that was benchmarked: a line of a results file.

use besom_core::BoxError;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A sweep that was benchmarked, or the reason why it has no result. As JSON it is a line of a results file.
///
/// ```
/// use besom_bench::Record;
///
/// let line = r#"{"method": "mine", "problem": "bowl", "seed": 3, "key": "bowl_i4", "curve": [null, 0.5, 0.25]}"#;
/// let record: Record = serde_json::from_str(line)?;
/// assert_eq!((record.curve[0], record.last()), (f64::INFINITY, Some(0.25)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Record {
    /// The label of the method.
    pub method: String,
    /// The name of the task.
    pub problem: String,
    /// The seed, which chooses the instance and is the method's own seed.
    pub seed: u64,
    /// What names the instance; references are found under it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// The true loss of the best observed run after each run (with epochs: after as many epochs as a full run has); infinite,
    /// and `null` in JSON, while no run has a value. Shorter than the budget if the method had no more points to try.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "null_is_infinite")]
    pub curve: Vec<f64>,
    /// Wall time that the method took, in seconds.
    #[serde(default)]
    pub wall_s: f64,
    /// CPU time that the method took, in seconds.
    #[serde(default)]
    pub cpu_s: f64,
    /// CPU time of asking for one of the last ten runs and learning of it, in milliseconds; their median.
    #[serde(default)]
    pub cpu_ms_late: f64,
    /// The most memory that the method's process has used, in MiB; 0 for a method in this process.
    #[serde(default)]
    pub peak_mb: u64,
    /// The budget in runs, which `curve` may fall short of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<usize>,
    /// How many runs were in flight at a time.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub workers: usize,
    /// How many runs were begun, if not one for each value of the curve: some were stopped early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<usize>,
    /// Why the sweep has no result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Record {
    /// A record with nothing in it but whose it is.
    pub fn new(method: impl Into<String>, problem: impl Into<String>, seed: u64) -> Self {
        Self {
            method: method.into(),
            problem: problem.into(),
            seed,
            key: String::new(),
            curve: Vec::new(),
            wall_s: 0.0,
            cpu_s: 0.0,
            cpu_ms_late: 0.0,
            peak_mb: 0,
            runs: None,
            workers: 1,
            started: None,
            error: None,
        }
    }

    /// The loss that the sweep ended with; `None` without a result.
    pub fn last(&self) -> Option<f64> {
        self.curve.last().copied().filter(|_| self.error.is_none())
    }

    /// The budget in runs.
    pub(crate) fn budget(&self) -> usize {
        self.runs.unwrap_or(self.curve.len())
    }

    /// Reads a line of a results file; `None` if it is JSON, but of no sweep (files of latencies lie beside those of sweeps).
    pub(crate) fn read(line: &str) -> Result<Option<Self>, BoxError> {
        let value: serde_json::Value = serde_json::from_str(line)?;
        let object = value.as_object().ok_or("expected a JSON object")?;
        if !object.contains_key("problem") || !object.contains_key("method") {
            return Ok(None);
        }
        let record: Self = serde_json::from_value(value)?;
        if record.error.is_none() && record.curve.is_empty() {
            return Err("a sweep needs a curve or an error".into());
        }
        Ok(Some(record))
    }
}

fn one() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_one(workers: &usize) -> bool {
    *workers == 1
}

/// JSON has no infinity.
pub(crate) mod null_is_infinite {
    use super::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        let finite = |value: &f64| value.is_finite().then_some(*value);
        values.iter().map(finite).collect::<Vec<_>>().serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        let values = Vec::<Option<f64>>::deserialize(deserializer)?;
        Ok(values.into_iter().map(|value| value.unwrap_or(f64::INFINITY)).collect())
    }
}
