//! A broken program must not burn a sweep.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Counts quick failures in a row. All agents of a process share one by cloning it, so that eight agents notice a
/// broken program as soon as one does.
#[derive(Clone, Debug)]
pub struct Guard {
    limit: u32,
    quick: Duration,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    streak: u32,
    reason: Option<String>,
}

impl Guard {
    /// Trips at the `limit`-th failure in a row of runs that took less than `quick`.
    pub fn new(limit: u32, quick: Duration) -> Self {
        Self { limit, quick, seen: Arc::default() }
    }

    /// Takes note of a run that ended by itself, and says whether the program looks broken now. Says so once: then
    /// counting begins anew.
    pub(crate) fn trips(&self, failed: bool, took: Duration) -> bool {
        let mut seen = self.seen();
        seen.streak = if failed && took < self.quick { seen.streak + 1 } else { 0 };
        let trips = seen.streak >= self.limit;
        if trips {
            seen.streak = 0;
        }
        trips
    }

    /// Tells all who share this guard why the sweep was paused: they leave ([`crate::Left::Broken`]) in place of waiting
    /// for it to go on.
    pub fn tell(&self, reason: &str) {
        self.seen().reason = Some(reason.to_owned());
    }

    /// Why one who shares this guard has paused the sweep.
    pub(crate) fn told(&self) -> Option<String> {
        self.seen().reason.clone()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many failures in a row it takes.
    pub(crate) fn limit(&self) -> u32 {
        self.limit
    }
}

impl Default for Guard {
    /// Three failures within ten seconds each.
    fn default() -> Self {
        Self::new(3, Duration::from_secs(10))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_quick_failures_in_a_row_trip_it() {
        let guard = Guard::new(3, Duration::from_secs(10));
        let quick = Duration::from_secs(1);
        assert!(!guard.trips(true, quick) && !guard.trips(true, quick));
        assert!(!guard.trips(true, Duration::from_secs(10)), "a slow failure is no quick one");
        assert!(!guard.trips(true, quick) && !guard.trips(true, quick));
        assert!(!guard.trips(false, quick), "a success ends the row");
        assert!(!guard.trips(true, quick) && !guard.clone().trips(true, quick));
        assert!(guard.clone().trips(true, quick), "clones count together");
        assert!(!guard.trips(true, quick), "counting begins anew");
    }
}
