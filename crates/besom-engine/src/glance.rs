//! How sweeps and runs are seen at a glance, whoever shows them: the command, the Python package and the server say the same.

use besom_core::RunState;
use besom_store::{PausedBy, Status, StopKind, Store, StoreError, SweepRow, SweepState};

use crate::MissingMetric;

/// The label with a sweep's name in place of that in its file.
pub const NAME: &str = "name";

/// The label with a sweep's tags: a list in JSON.
pub const TAGS: &str = "tags";

/// The label with what its owner notes about a sweep.
pub const NOTES: &str = "notes";

/// The name of a sweep, if it has one.
pub fn sweep_name(sweep: &SweepRow) -> Option<&str> {
    sweep.new.labels.get(NAME).or(sweep.new.name.as_ref()).map(String::as_str)
}

/// Whether nobody works on a sweep that could be worked on.
pub fn is_idle(sweep: &SweepRow, status: &Status) -> bool {
    matches!(sweep.state, SweepState::Pending | SweepState::Running) && status.agents == 0
}

/// The state of a run in a word: one that a rule has ended is `stopped`, one that was asked to end `stopping`.
pub fn run_state(state: RunState, stop: Option<StopKind>) -> &'static str {
    match (state, stop) {
        (RunState::Finished, Some(StopKind::Early)) => "stopped",
        (RunState::Running, Some(_)) => "stopping",
        (state, _) => state.as_str(),
    }
}

/// Why a sweep is in a state to which its owner has brought it, where nobody says more.
pub fn usual_reason(to: SweepState) -> Option<&'static str> {
    match to {
        SweepState::Paused => Some("by its owner"),
        SweepState::Finished => Some("stopped by its owner"),
        SweepState::Canceled => Some("canceled by its owner"),
        SweepState::Pending | SweepState::Running => None,
    }
}

/// How many runs have ended.
pub fn over(status: &Status) -> u64 {
    status.counts.iter().filter(|(state, _)| !state.is_open()).map(|(_, count)| count).sum()
}

/// Why no finished run has a value of the metric, unless the sweep was paused for it, which says it already.
///
/// # Errors
/// If the store fails.
pub fn missing_metric(store: &mut dyn Store, sweep: &SweepRow) -> Result<Option<String>, StoreError> {
    if sweep.paused_by == Some(PausedBy::Metric) {
        return Ok(None);
    }
    Ok(MissingMetric::of(store, sweep.id())?.map(|missing| missing.conclusion()))
}

/// How fast a sweep gets on, judged by the runs that ended last and the agents that are alive: time between runs is not in it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Pace {
    /// How many runs end in an hour.
    pub runs_per_hour: f64,
    /// How long the rest will take, in milliseconds, where the number of runs is known.
    pub left_ms: Option<u64>,
}

impl Pace {
    /// The pace of a sweep that will have `planned` runs, if that is known. `None` if nobody works on it, or none of its runs
    /// has ended.
    ///
    /// ```
    /// use besom_core::RunState;
    /// use besom_engine::Pace;
    /// use besom_store::{NewSweep, Status, SweepRow, SweepState};
    ///
    /// let mut sweep = SweepRow::new(NewSweep::new("3k8s0x1q"), 0);
    /// sweep.state = SweepState::Running;
    /// let mut status = Status::default();
    /// status.counts = vec![(RunState::Finished, 6)];
    /// (status.agents, status.mean_run_ms) = (2, Some(60_000.0));
    /// let pace = Pace::of(&sweep, &status, Some(11)).unwrap();
    /// assert_eq!((pace.runs_per_hour, pace.left_ms), (120.0, Some(180_000)));
    /// ```
    pub fn of(sweep: &SweepRow, status: &Status, planned: Option<u64>) -> Option<Self> {
        let mean = status.mean_run_ms.filter(|_| sweep.state == SweepState::Running && status.agents > 0)?;
        let left = planned.map(|planned| planned.saturating_sub(over(status)));
        Some(Self {
            runs_per_hour: status.agents as f64 * 3_600_000.0 / mean.max(1.0),
            left_ms: left.map(|left| left_ms(left, mean, status.agents)),
        })
    }
}

/// How long this many runs take, each `mean_run_ms`, with `jobs` at a time.
pub fn left_ms(runs: u64, mean_run_ms: f64, jobs: u64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate; casts saturate"
    )]
    let left = (mean_run_ms * runs.div_ceil(jobs.max(1)) as f64) as u64;
    left
}
