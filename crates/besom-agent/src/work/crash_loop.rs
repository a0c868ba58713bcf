//! A broken program must not burn a sweep.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Counts quick failures in a row. All agents of a process share one by cloning it, so that eight agents
/// notice a broken program as soon as one does.
#[derive(Clone, Debug)]
pub struct CrashLoopGuard {
    limit: u32,
    quick: Duration,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    streak: u32,
    reason: Option<String>,
}

impl CrashLoopGuard {
    /// A guard that takes a program for broken after `limit` failures in a row of runs that took less than
    /// `quick`.
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

    /// Records a run that ended by itself. Returns whether the program looks broken now; then counting begins
    /// anew.
    pub(crate) fn record(&self, failed: bool, took: Duration) -> bool {
        let mut shared = self.shared();
        shared.streak = if failed && took < self.quick { shared.streak + 1 } else { 0 };
        let is_broken = shared.streak >= self.limit;
        if is_broken {
            shared.streak = 0;
        }
        is_broken
    }

    /// How many failures in a row it takes.
    pub(crate) fn limit(&self) -> u32 {
        self.limit
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_quick_failures_in_a_row_look_broken() {
        let guard = CrashLoopGuard::new(3, Duration::from_secs(10));
        let quick = Duration::from_secs(1);
        assert!(!guard.record(true, quick) && !guard.record(true, quick));
        assert!(!guard.record(true, Duration::from_secs(10)), "a slow failure does not count");
        assert!(!guard.record(true, quick) && !guard.record(true, quick));
        assert!(!guard.record(false, quick), "a success ends the streak");
        assert!(!guard.record(true, quick) && !guard.clone().record(true, quick));
        assert!(guard.clone().record(true, quick), "clones count together");
        assert!(!guard.record(true, quick), "counting begins anew");
    }

    #[test]
    fn clones_share_the_reason() {
        let guard = CrashLoopGuard::default();
        assert_eq!(guard.reason(), None);
        guard.clone().trip("no such file");
        assert_eq!(guard.reason().as_deref(), Some("no such file"));
    }
}
