#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::io::Write;

use besom_core::{RunNumber, RunState};
use besom_store::{HeldRun, StopKind, SweepId};

use super::fake::Fake;
use super::*;
use crate::recovery::salvage;
use crate::retry::{Patience, RetryingQueue};

/// A run whose program has a metrics file, and a store that can fail.
struct Scene {
    dir: tempfile::TempDir,
    store: Fake,
    lease: Lease,
    shutdown: Shutdown,
    options: AgentOptions,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let lease = Lease { sweep: SweepId::new("abc"), run: RunNumber::FIRST, attempt: 1 };
        let options = AgentOptions::new("a").directory(dir.path()).store_timeout(Duration::from_secs(20));
        RunDir::new(dir.path(), &lease).create().unwrap();
        Self { dir, store: Fake::default(), lease, shutdown: Shutdown::new(), options }
    }

    fn write(&self, lines: &str) {
        let path = RunDir::new(self.dir.path(), &self.lease).metrics();
        fs::File::options().append(true).open(path).unwrap().write_all(lines.as_bytes()).unwrap();
    }

    /// Does something with a link; returns the seqs of each report.
    fn reports(&self, act: impl FnOnce(&mut Link<'_>)) -> Vec<Vec<u64>> {
        let mut store = self.store.clone();
        act(&mut Link::new(&mut store, &self.lease, &self.options, &self.shutdown));
        std::mem::take(&mut self.store.script().reports)
    }

    /// Salvages the run as it is stored, and returns how many rows were missing.
    fn salvage(&self) -> u64 {
        let rows = self.store.script().rows.len() as u64;
        let held = HeldRun::new(self.lease.clone(), rows);
        let dir = RunDir::new(self.dir.path(), &self.lease);
        let patience = Patience::new(&self.options, &self.shutdown);
        salvage(&mut RetryingQueue::new(&mut self.store.clone(), patience), &held, &dir, None).unwrap().rows
    }

    fn stored(&self) -> String {
        let text = |row: &Row| format!("{}:{} ", row.seq, row.values["a"]);
        self.store.script().rows.iter().map(text).collect::<String>().trim().to_owned()
    }
}

#[test]
fn rows_are_reported_once_with_their_place_in_the_file() {
    let scene = Scene::new();
    let reports = scene.reports(|link| {
        assert_eq!(link.pump(), Signal::Continue);
        scene.write("{\"a\": 7}\nnonsense\n{\"a\": 8}\n{\"a\":");
        link.pump();
        link.pump();
        scene.write(" 9}");
        link.drain().unwrap();
        assert_eq!(link.warnings(), ["metrics line 2 is not a JSON object: 'nonsense'"]);
    });
    assert_eq!(reports, [vec![1, 2], vec![3]]);
    assert_eq!(scene.stored(), "1:7 2:8 3:9");
}

#[test]
fn all_that_is_left_is_reported_at_last_however_much_it_is() {
    const ROWS: u64 = 80;
    let scene = Scene::new();
    // More than one call of `pump` reports.
    let long = "x".repeat(100_000);
    scene.write(&(1..=ROWS).map(|i| format!("{{\"a\": {i}, \"b\": \"{long}\"}}\n")).collect::<String>());
    scene.reports(|link| link.drain().unwrap());
    assert_eq!(scene.store.script().rows.len() as u64, ROWS);
}

#[test]
fn a_last_line_without_newline_is_passed_on_even_if_it_is_no_row() {
    let scene = Scene::new();
    scene.write("{\"a\": 1}\n{\"_besom\": {\"tags\": [\"big\"]}}");
    scene.reports(|link| link.drain().unwrap());
    assert_eq!(scene.stored(), "1:1");
    let facts = serde_json::json!({"tags": ["big"]});
    assert_eq!(scene.store.script().facts, [facts.as_object().cloned().unwrap()]);
}

#[test]
fn a_store_may_ask_for_rows_again_but_not_without_end() {
    for (gaps, expected) in [(3, Signal::Continue), (4, Signal::Lost)] {
        let scene = Scene::new();
        scene.write("{\"a\": 1}\n");
        scene.store.script().answers.extend((0..gaps).map(|_| Ok(Reply::Gap { expected: 1 })));
        scene.reports(|link| assert_eq!(link.pump(), expected, "{gaps} gaps"));
    }
}

#[test]
fn a_gap_is_filled_from_the_file() {
    let scene = Scene::new();
    scene.write("{\"a\": 1}\n{\"a\": 2}\n");
    let reports = scene.reports(|link| {
        link.pump();
        // The store was set back to an older copy.
        scene.store.script().rows.truncate(1);
        scene.write("{\"a\": 3}\n");
        link.pump();
    });
    assert_eq!(reports, [vec![1, 2], vec![3], vec![2, 3]]);
    assert_eq!(scene.stored(), "1:1 2:2 3:3");
}

#[test]
fn lost_rows_end_the_run_and_the_agent() {
    let scene = Scene::new();
    scene.write("{\"a\": 1}\n{\"a\": 2}\n");
    scene.reports(|link| {
        link.pump();
        scene.store.script().rows.clear();
        fs::write(link.dir().unwrap().metrics(), "{\"a\": 3}").unwrap();
        scene.store.script().answers.extend((0..9).map(|_| Ok(Reply::Gap { expected: 1 })));
        scene.write("\n");
        assert_eq!(link.pump(), Signal::Lost);
        assert!(matches!(link.drain(), Err(AgentError::RowsGone { expected: 1, .. })));
    });
}

#[test]
fn a_store_that_fails_for_a_while_loses_nothing() {
    let scene = Scene::new();
    scene.write("{\"a\": 1}\n");
    let busy = || Err(StoreError::Busy(5));
    scene.store.script().answers.extend([busy(), busy()]);
    scene.reports(|link| {
        assert_eq!(link.pump(), Signal::Continue);
        scene.write("{\"a\": 2}\n");
        link.drain().unwrap();
    });
    assert_eq!(scene.stored(), "1:1 2:2");
}

#[test]
fn a_store_that_fails_for_good_ends_the_run_at_once() {
    let scene = Scene::new();
    scene.write("{\"a\": 1}\n");
    scene.store.script().answers.push_back(Err(StoreError::Damaged("page 3".into())));
    scene.reports(|link| {
        assert_eq!(link.pump(), Signal::Lost);
        assert!(matches!(link.drain(), Err(AgentError::Store(StoreError::Damaged(_)))));
    });
}

#[test]
fn a_stopped_run_still_reports_rows_and_the_owner_overrides_a_rule() {
    let scene = Scene::new();
    scene.write("{\"a\": 1}\n");
    scene.store.script().stop = Some((StopKind::Early, "17th of 20".into()));
    scene.reports(|link| {
        assert_eq!(link.pump().end_state(), Some(RunState::Finished));
        scene.shutdown.raise_to(Level::Terminate);
        assert_eq!(link.signal().end_state(), Some(RunState::Finished), "a stop overrides a shutdown");
        scene.store.script().stop = Some((StopKind::Cancel, "enough".into()));
        scene.write("{\"a\": 2}\n");
        assert_eq!(link.pump().end_state(), Some(RunState::Killed));
    });
    assert_eq!(scene.stored(), "1:1 2:2");
}

#[test]
fn after_a_lost_lease_nothing_is_reported() {
    let scene = Scene::new();
    scene.write("{\"a\": 1}\n");
    scene.store.script().answers.push_back(Ok(Reply::Lost));
    let reports = scene.reports(|link| {
        assert_eq!(link.pump(), Signal::Lost);
        scene.write("{\"a\": 2}\n");
        assert_eq!(link.pump(), Signal::Lost);
        link.drain().unwrap();
    });
    assert_eq!(reports, [vec![1]]);
}

#[test]
fn a_shutdown_is_signaled() {
    let scene = Scene::new();
    scene.reports(|link| {
        scene.shutdown.raise();
        assert_eq!(link.pump(), Signal::Continue, "running runs may finish");
        scene.shutdown.raise();
        assert_eq!(link.pump(), Signal::Shutdown(Level::Terminate));
        assert_eq!(link.signal().end_state(), Some(RunState::Preempted));
    });
}

#[test]
fn a_heartbeat_is_sent_when_there_is_nothing_to_report() {
    let mut scene = Scene::new();
    scene.options.heartbeat_interval = Duration::ZERO;
    let reports = scene.reports(|link| {
        link.pump();
    });
    assert_eq!(reports, [Vec::<u64>::new()]);
}

#[test]
fn salvaging_reports_what_is_missing_including_the_last_line() {
    let scene = Scene::new();
    scene.write("{\"a\": 1}\n{\"a\": 2}\n");
    scene.reports(|link| {
        link.pump();
    });
    scene.write("x\n{\"a\": 3}\n{\"a\": 4}");
    assert_eq!(scene.salvage(), 2);
    assert_eq!(scene.stored(), "1:1 2:2 3:3 4:4");
    scene.store.script().reports.clear();
    assert_eq!(scene.salvage(), 0);
    assert_eq!(scene.store.script().reports, Vec::<Vec<u64>>::new(), "not even a sign of life");
}

#[test]
fn salvaging_ends_at_a_lease_that_is_over() {
    let scene = Scene::new();
    scene.write("{\"a\": 1}\n");
    scene.store.script().answers.push_back(Ok(Reply::Lost));
    assert_eq!(scene.salvage(), 0);
}

#[test]
fn salvaging_retries_while_the_store_is_busy() {
    let scene = Scene::new();
    scene.write("{\"a\": 1}\n{\"a\": 2}\n");
    scene.store.script().answers.push_back(Err(StoreError::Busy(1)));
    assert_eq!(scene.salvage(), 2);
    assert_eq!(scene.stored(), "1:1 2:2");
}

#[test]
fn a_run_that_takes_too_long_has_failed_unless_it_must_end_anyway() {
    let mut scene = Scene::new();
    scene.options.timeout = Some(Duration::ZERO);
    scene.reports(|link| {
        let signal = link.pump();
        assert_eq!(signal, Signal::Timeout(Duration::ZERO));
        let ended = signal.ended().unwrap();
        assert_eq!((ended.end.state, ended.timed_out), (RunState::Failed, true));
        assert_eq!(ended.end.message.as_deref(), Some("timeout after 0s"));
        scene.store.script().stop = Some((StopKind::Early, "17th of 20".into()));
        scene.write("{\"a\": 1}\n");
        assert_eq!(link.pump().end_state(), Some(RunState::Finished));
    });
    scene.options.timeout = Some(Duration::from_secs(3600));
    scene.store.script().stop = None;
    scene.reports(|link| assert_eq!(link.signal(), Signal::Continue));
}

#[test]
fn rows_for_a_server_are_sent_in_batches_and_the_last_ones_at_once() {
    let mut scene = Scene::new();
    scene.options.report_every = Duration::from_secs(3600);
    let reports = scene.reports(|link| {
        for i in 1..=9 {
            scene.write(&format!("{{\"a\": {i}}}\n"));
            link.pump();
        }
        link.drain().unwrap();
    });
    assert_eq!(reports, [vec![1], (2..=9).collect()]);
}

#[test]
fn the_end_of_the_output_waits_for_a_store_that_fails() {
    let scene = Scene::new();
    scene.store.script().prints.1 = 2;
    scene.reports(|link| {
        assert!(!link.print(0, "traceback"));
        link.print_later(0, "traceback".to_owned());
        link.drain().unwrap();
    });
    assert_eq!(scene.store.script().prints.0, [(0, "traceback".to_owned())]);
}

#[test]
fn what_hung_while_runs_are_terminated_is_not_asked_for_once_more() {
    let scene = Scene::new();
    let long_ago = Instant::now() - Duration::from_secs(6);
    let hangs = |link: &mut Link<'_>| link.note_failure(StoreError::Busy(1).into(), long_ago);
    scene.write("{\"a\": 7}\n");
    scene.shutdown.raise_to(Level::Terminate);
    let reports = scene.reports(|link| {
        hangs(link);
        assert!(matches!(link.drain(), Err(AgentError::Store(StoreError::Busy(1)))));
    });
    assert!(reports.is_empty(), "the rows are in the file: {reports:?}");
    let reports = scene.reports(|link| {
        hangs(link);
        // The program takes its time to end, and the store works again meanwhile.
        link.retry = None;
        link.pump();
        link.drain().unwrap();
    });
    assert_eq!(reports, [[1]]);
}
