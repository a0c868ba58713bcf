//! A broken program must not burn a sweep, and neither must one bad host.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use besom_store::{Lease, SweepState};

/// When an agent takes itself for unable to work: after some quick failures in a row, whatever other agents do. It leaves then
/// and gives back what has failed; if no other agent is left, the sweep is paused.
///
/// Each agent counts for itself. What clones share is why the sweep was paused, and that it has ended, so that all agents of a
/// process leave then.
#[derive(Clone, Debug)]
pub struct CrashLoopGuard {
    limit: u32,
    quick: Duration,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    reason: Option<String>,
    ended: Option<SweepState>,
}

/// How many times as many failures in a row it takes once an agent has finished a run: the host can execute the program, and
/// neighbors in a grid fail together.
const PROVEN: u32 = 3;

impl CrashLoopGuard {
    /// A guard that takes an agent for unable to work after `limit` failures in a row of runs that took less than `quick`; three
    /// times as many if it has finished a run before.
    pub fn new(limit: u32, quick: Duration) -> Self {
        Self { limit, quick, shared: Arc::default() }
    }

    /// Makes all agents that share this guard leave the paused sweep ([`crate::ExitReason::Broken`]) instead
    /// of waiting for it to be resumed.
    pub fn trip(&self, reason: &str) {
        self.shared().reason = Some(reason.to_owned());
    }

    /// Why this guard was tripped, if it was.
    pub fn reason(&self) -> Option<String> {
        self.shared().reason.clone()
    }

    /// Makes all agents that share this guard leave because the sweep has ended: one that waits for something on its machine
    /// does not learn of it from the queue.
    pub fn end(&self, state: SweepState) {
        self.shared().ended = Some(state);
    }

    /// The state in which the sweep ended, if that was said.
    pub(super) fn ended(&self) -> Option<SweepState> {
        self.shared().ended
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for CrashLoopGuard {
    /// Three failures within ten seconds each: one or two may be bad luck with the parameters, and importing
    /// a large library before a typo is reached takes seconds.
    fn default() -> Self {
        Self::new(3, Duration::from_secs(10))
    }
}

/// The quick failures in a row of one agent.
#[derive(Debug)]
pub(super) struct Streak {
    guard: CrashLoopGuard,
    failed: Vec<Lease>,
    /// Whether the agent has finished a run.
    is_proven: bool,
}

impl Streak {
    pub(super) fn new(guard: &CrashLoopGuard) -> Self {
        Self { guard: guard.clone(), failed: Vec::new(), is_proven: false }
    }

    /// Records a run that ended by itself, or failed for a reason that all will share. Returns the failures in a row if they
    /// are so many that the agent seems unable to work.
    pub(super) fn record(&mut self, lease: &Lease, end: RunEnd, took: Duration) -> Option<Vec<Lease>> {
        if end == RunEnd::Success || (end == RunEnd::Failure && took >= self.guard.quick) {
            self.failed.clear();
            self.is_proven |= end == RunEnd::Success;
            return None;
        }
        self.failed.push(lease.clone());
        let limit = self.guard.limit * if self.is_proven { PROVEN } else { 1 };
        let is_unable = end == RunEnd::Hopeless || self.failed.len() as u64 >= u64::from(limit);
        is_unable.then(|| std::mem::take(&mut self.failed))
    }
}

/// How a run ended that nobody has asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunEnd {
    Success,
    Failure,
    /// A failure that every other run at this agent will share.
    Hopeless,
}

#[cfg(test)]
mod tests {
    use besom_core::RunNumber;
    use besom_store::SweepId;

    use super::*;

    const QUICK: Duration = Duration::from_secs(1);
    const SLOW: Duration = Duration::from_secs(10);

    /// The runs that are given back after these ends.
    fn given_back(ends: &[(RunEnd, Duration)]) -> Vec<Option<usize>> {
        let mut streak = Streak::new(&CrashLoopGuard::new(3, SLOW));
        let lease = Lease { sweep: SweepId::new("s"), run: RunNumber::FIRST, attempt: 1 };
        ends.iter().map(|&(end, took)| streak.record(&lease, end, took).map(|failed| failed.len())).collect()
    }

    #[test]
    fn only_quick_failures_in_a_row_make_an_agent_seem_unable() {
        use RunEnd::{Failure, Hopeless, Success};
        let (bad, good) = ((Failure, QUICK), (Success, QUICK));
        assert_eq!(given_back(&[bad, bad, bad, bad]), [None, None, Some(3), None]);
        assert_eq!(
            given_back(&[bad, bad, (Failure, SLOW), bad, bad]),
            [None; 5],
            "a slow one does not count"
        );
        assert_eq!(given_back(&[bad, bad, good, bad, bad, bad]), [None; 6], "a success proves the host");
        let mut ends = vec![good];
        ends.resize(10, bad);
        assert_eq!(given_back(&ends).last(), Some(&Some(9)), "but it may break later");
        assert_eq!(given_back(&[bad, (Hopeless, SLOW)]), [None, Some(2)]);
    }

    #[test]
    fn clones_share_the_reason() {
        let guard = CrashLoopGuard::default();
        assert_eq!(guard.reason(), None);
        guard.clone().trip("no such file");
        assert_eq!(guard.reason().as_deref(), Some("no such file"));
    }
}
