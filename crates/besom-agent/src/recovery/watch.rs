//! Whose heartbeats stand still, by the clock of whoever watches.
//!
//! No wall clock is asked, and no time of another process is compared with one's own: a beat is a number that moves, and the
//! watcher's own monotonic clock says for how long it did not. While the watcher itself was stopped (a suspended machine, Ctrl-Z),
//! the others may have been stopped too, so a gap in its own looks starts the count anew.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use besom_core::RunNumber;
use besom_store::HeldRun;

/// The bounds of the interval between two looks; each is one query, which a server answers for hundreds of agents. Somebody with
/// a shorter timeout than all others is seen at the next look at the latest.
const INTERVAL: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(30));
/// How many looks there are in the shortest heartbeat timeout.
const LOOKS: u32 = 8;

/// What a watcher knows of the running runs of a sweep, so that it can give up those of silent agents. Agents have one; so has whoever
/// serves them.
///
/// ```
/// use std::time::{Duration, Instant};
///
/// use besom_agent::Watch;
/// use besom_core::RunNumber;
/// use besom_store::{HeldRun, Lease, SweepId};
///
/// let lease = Lease { sweep: SweepId::new("s"), run: RunNumber::FIRST, attempt: 1 };
/// let silent = HeldRun::new(lease, 0).beat(7, 60_000);
/// let (mut watch, start) = (Watch::new(Duration::from_secs(60)), Instant::now());
/// for second in 0..=61 {
///     watch.look(start + Duration::from_secs(second), vec![silent.clone()]);
/// }
/// assert_eq!(watch.overdue(), [silent]);
/// ```
#[derive(Debug)]
pub struct Watch {
    /// The heartbeat timeout to expect of runs that it has not seen.
    expected: Duration,
    looked: Option<Instant>,
    runs: BTreeMap<(RunNumber, u64), Watched>,
}

#[derive(Debug)]
struct Watched {
    held: HeldRun,
    /// Since when its beat is known to stand still.
    since: Instant,
}

impl Watch {
    /// Knows nothing yet, and expects runs with this heartbeat timeout.
    pub fn new(expected: Duration) -> Self {
        Self { expected, looked: None, runs: BTreeMap::new() }
    }

    /// Whether it is time to look again: at least eight times within the shortest heartbeat timeout.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.looked.is_none_or(|looked| now.duration_since(looked) >= self.interval())
    }

    /// The time between two looks.
    pub fn interval(&self) -> Duration {
        let shortest = self.runs.values().map(|watched| timeout(&watched.held)).min();
        (shortest.unwrap_or(self.expected) / LOOKS).clamp(INTERVAL.0, INTERVAL.1)
    }

    /// Starts the count anew for all: they may have been kept from sending heartbeats.
    pub(crate) fn forget(&mut self) {
        *self = Self::new(self.expected);
    }

    /// Takes in what runs now.
    pub fn look(&mut self, now: Instant, running: Vec<HeldRun>) {
        let gap = self.looked.map_or(Duration::ZERO, |looked| now.duration_since(looked));
        self.looked = Some(now);
        let mut before = std::mem::take(&mut self.runs);
        for held in running {
            let key = (held.lease.run, held.lease.attempt);
            // An agent sends a beat within a third of its timeout: a gap below a half cannot make a healthy one look dead.
            let is_gap = gap > timeout(&held) / 2;
            let known = before.remove(&key).filter(|known| known.held.beat == held.beat && !is_gap);
            let since = known.map_or(now, |known| known.since);
            self.runs.insert(key, Watched { held, since });
        }
    }

    /// Whether nothing ran at the last look.
    pub(crate) fn sees_none(&self) -> bool {
        self.runs.is_empty()
    }

    /// The runs whose beats have stood still for their whole heartbeat timeout, as they were seen last.
    pub fn overdue(&self) -> Vec<HeldRun> {
        let Some(looked) = self.looked else { return Vec::new() };
        let overdue = |watched: &&Watched| looked.duration_since(watched.since) > timeout(&watched.held);
        self.runs.values().filter(overdue).map(|watched| watched.held.clone()).collect()
    }
}

fn timeout(held: &HeldRun) -> Duration {
    Duration::from_millis(held.heartbeat_timeout_ms)
}

#[cfg(test)]
mod tests {
    use besom_store::{Lease, SweepId};

    use super::*;

    const TIMEOUT: u64 = 60_000;

    /// A watcher and its clock.
    struct Scene {
        watch: Watch,
        now: Instant,
    }

    impl Scene {
        fn new() -> Self {
            Self { watch: Watch::new(Duration::from_millis(TIMEOUT)), now: Instant::now() }
        }

        /// Looks once a second for some seconds while `beat` says how far the only run is; the runs that are overdue at the end.
        fn watch(&mut self, seconds: u64, beat: impl Fn(u64) -> u64) -> usize {
            for second in 0..seconds {
                self.watch.look(self.now, vec![held(beat(second))]);
                self.now += Duration::from_secs(1);
            }
            self.watch.overdue().len()
        }
    }

    fn held(beat: u64) -> HeldRun {
        let lease = Lease { sweep: SweepId::new("s"), run: RunNumber::FIRST, attempt: 1 };
        HeldRun::new(lease, 0).beat(beat, TIMEOUT)
    }

    #[test]
    fn a_beat_that_stands_still_for_a_timeout_is_overdue() {
        let mut scene = Scene::new();
        assert_eq!(scene.watch(61, |_| 7), 0, "not before");
        assert_eq!(scene.watch(1, |_| 7), 1);
        assert_eq!(scene.watch(1, |_| 8), 0, "it was alive");
    }

    #[test]
    fn a_beat_that_moves_now_and_then_is_never_overdue() {
        assert_eq!(Scene::new().watch(1000, |second| second / 50), 0);
    }

    #[test]
    fn after_a_gap_of_the_watcher_a_whole_timeout_passes_first() {
        let mut scene = Scene::new();
        scene.watch(50, |_| 7);
        scene.now += Duration::from_secs(3600);
        assert_eq!(scene.watch(1, |_| 7), 0, "all were suspended, and it woke up first");
        assert_eq!(scene.watch(60, |_| 7), 0);
        assert_eq!(scene.watch(1, |_| 7), 1);
    }

    #[test]
    fn a_new_attempt_is_watched_afresh() {
        let mut scene = Scene::new();
        scene.watch(60, |_| 0);
        let mut again = held(0);
        again.lease.attempt = 2;
        scene.watch.look(scene.now, vec![again]);
        assert!(scene.watch.overdue().is_empty());
    }

    #[test]
    fn looks_are_as_frequent_as_the_shortest_timeout_needs() {
        let mut scene = Scene::new();
        assert!(scene.watch.is_due(scene.now));
        scene.watch.look(scene.now, vec![held(0)]);
        assert_eq!(scene.watch.interval(), Duration::from_millis(TIMEOUT / 8), "one query costs, too");
        scene.watch.look(scene.now, vec![]);
        assert_eq!(scene.watch.interval(), Duration::from_millis(TIMEOUT / 8), "as far as is known");
        scene.watch.look(scene.now, vec![held(0), held(0).beat(0, 800)]);
        assert!(!scene.watch.is_due(scene.now));
        assert_eq!(scene.watch.interval(), Duration::from_millis(100));
        assert!(scene.watch.is_due(scene.now + Duration::from_millis(100)));
    }
}
