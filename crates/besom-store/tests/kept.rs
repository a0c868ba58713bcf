//! Attempts that go on from the checkpoint of an earlier one, and runs that a sweep begins with.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::time::Instant;

use besom_core::{Best, RunNumber, RunState};
use besom_store::{
    End, Lease, NewRun, PastRun, Queue, Reply, RunQuery, SqliteStore, Store, StoreError, SweepState,
};
use rusqlite::Connection;
use serde_json::json;
use stage::{Time, claim, end, id, join, new_runs, new_sweep, object, row, store};

const FIRST: RunNumber = RunNumber::FIRST;

fn log(store: &mut SqliteStore, lease: &Lease, losses: &[f64]) {
    let rows: Vec<_> = (1..).zip(losses).map(|(seq, loss)| row(seq, json!({"loss": loss}))).collect();
    assert_eq!(store.report(lease, &rows).unwrap(), Reply::Continue);
}

/// What the run shows: rows, kept ones, best, last, curve.
fn shown(store: &mut SqliteStore) -> (u64, u64, Option<f64>, Option<f64>, Vec<f64>) {
    let run = store.run(&id(), FIRST).unwrap();
    (run.rows, run.kept, run.best, run.last, store.curve(&id(), FIRST, 0).unwrap())
}

#[test]
fn a_run_that_announced_its_preemption_goes_on_with_all_that_it_logged() {
    let (mut store, _) = store(&new_sweep(), 1);
    let agent = join(&mut store);
    let first = claim(&mut store, agent, 1).lease;
    log(&mut store, &first, &[0.9, 0.5, 0.1]);
    let cursor = store.changes(&id(), 0).unwrap().upto;
    store.finish(&first, &end(RunState::Preempted).keeping_rows()).unwrap();
    let second = claim(&mut store, agent, 2).lease;
    assert_eq!(shown(&mut store), (3, 3, Some(0.1), Some(0.1), vec![0.9, 0.5, 0.1]));
    assert_eq!(store.running(&id()).unwrap()[0].rows, 0, "its agent numbers its own rows from 1");
    log(&mut store, &second, &[0.3, 0.4]);
    assert_eq!(shown(&mut store), (5, 3, Some(0.1), Some(0.4), vec![0.9, 0.5, 0.1, 0.3, 0.4]));
    assert_eq!(store.status(&id()).unwrap().best, Some(Best::new(FIRST, RunState::Running, 0.1)));
    // Whoever has seen the three values learns of the whole curve.
    let parts = &store.changes(&id(), cursor).unwrap().runs[0].curves;
    assert_eq!((parts[0].from, parts[0].values.len()), (0, 5));
    let rows = store.rows(&id(), FIRST, None).unwrap();
    assert!(rows.iter().map(|row| row.seq).eq(1..=5));
    assert_eq!(store.rows(&id(), FIRST, Some(2)).unwrap().len(), 2);
    // Whoever has seen that one too learns of the newest attempt only.
    let cursor = store.changes(&id(), 0).unwrap().upto;
    store.report(&second, &[row(3, json!({"loss": 0.2}))]).unwrap();
    let parts = &store.changes(&id(), cursor).unwrap().runs[0].curves;
    assert_eq!((parts[0].from, parts[0].values.as_slice()), (3, &[0.3, 0.4, 0.2][..]));
}

#[test]
fn what_a_run_that_went_on_has_logged_is_known_without_reading_its_rows() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("runs.db");
    let mut store = SqliteStore::open(&path, Time::default().clock()).unwrap();
    store.create_sweep(&new_sweep()).unwrap();
    store.add_runs(&id(), FIRST, &new_runs(1), None).unwrap();
    let agent = join(&mut store);
    for (request, losses) in [(1, &[0.9, 0.1][..]), (2, &[0.5]), (3, &[0.3])] {
        let lease = claim(&mut store, agent, request).lease;
        log(&mut store, &lease, losses);
        store.finish(&lease, &end(RunState::Preempted).keeping_rows()).unwrap();
    }
    let logged = store.logged(&id(), FIRST, None).unwrap();
    let loss = logged.get("loss").unwrap();
    assert_eq!((loss.count, loss.min, loss.max, &loss.last), (4, Some(0.1), Some(0.9), &json!(0.3)));
    let unreadable = "UPDATE chunks SET lines = 'no JSON'";
    Connection::open(&path).unwrap().execute(unreadable, []).unwrap();
    assert_eq!(store.logged(&id(), FIRST, None).unwrap(), logged);
    assert_eq!(store.logged_by_run(&id()).unwrap(), [(FIRST, logged)]);
}

#[test]
fn an_attempt_from_scratch_counts_alone() {
    let (mut store, _) = store(&new_sweep(), 1);
    let agent = join(&mut store);
    let first = claim(&mut store, agent, 1).lease;
    log(&mut store, &first, &[0.1]);
    // Only its agent knew of the preemption.
    store.finish(&first, &end(RunState::Preempted)).unwrap();
    let second = claim(&mut store, agent, 2).lease;
    log(&mut store, &second, &[0.3]);
    assert_eq!(shown(&mut store), (1, 0, Some(0.3), Some(0.3), vec![0.3]));
}

#[test]
fn a_program_that_says_it_resumed_keeps_what_the_attempt_before_it_logged() {
    let (mut store, _) = store(&new_sweep(), 1);
    let agent = join(&mut store);
    let first = claim(&mut store, agent, 1).lease;
    log(&mut store, &first, &[0.9, 0.1]);
    store.leave(agent).unwrap();
    let second = claim(&mut store, agent, 2).lease;
    log(&mut store, &second, &[0.3]);
    let cursor = store.changes(&id(), 0).unwrap().upto;
    for _ in 0..2 {
        assert_eq!(store.resume(&second).unwrap(), Reply::Continue);
    }
    assert_eq!(shown(&mut store), (3, 2, Some(0.1), Some(0.3), vec![0.9, 0.1, 0.3]));
    let change = &store.changes(&id(), cursor).unwrap().runs[0];
    assert_eq!((change.rows, change.curves[0].from, change.curves[0].values.len()), (3, 0, 3));
    assert_eq!(store.resume(&first).unwrap(), Reply::Lost);
    let events = store.events(&id(), Some(FIRST), 0, 99).unwrap();
    let continued: Vec<_> = events.iter().filter(|event| event.kind == "continued").collect();
    assert_eq!((continued.len(), continued[0].detail["from"].as_u64()), (1, Some(1)));
}

#[test]
fn an_attempt_that_logged_nothing_does_not_break_the_chain() {
    let (mut store, _) = store(&new_sweep().retry_crashed(9), 1);
    let agent = join(&mut store);
    let first = claim(&mut store, agent, 1).lease;
    log(&mut store, &first, &[0.5]);
    store.leave(agent).unwrap();
    claim(&mut store, agent, 2);
    store.leave(agent).unwrap();
    let third = claim(&mut store, agent, 3).lease;
    store.resume(&third).unwrap();
    log(&mut store, &third, &[0.4]);
    assert_eq!(shown(&mut store).4, [0.5, 0.4]);
}

/// Who begins from scratch must not get the rows of others, whatever those have gone on from.
#[test]
fn an_attempt_that_says_nothing_counts_alone_also_after_others_that_resumed() {
    let (mut store, _) = store(&new_sweep().retry_crashed(9), 1);
    let agent = join(&mut store);
    let mut attempt = |request: u64, resumes: bool, losses: &[f64]| {
        let lease = claim(&mut store, agent, request).lease;
        assert_eq!(shown(&mut store).1, 0, "nothing was said yet");
        if resumes {
            store.resume(&lease).unwrap();
        }
        log(&mut store, &lease, losses);
        let shown = shown(&mut store);
        store.leave(agent).unwrap();
        shown
    };
    assert_eq!(attempt(1, false, &[0.1]).4, [0.1]);
    assert_eq!(attempt(2, true, &[0.7]).4, [0.1, 0.7]);
    assert_eq!(attempt(3, false, &[0.5]), (1, 0, Some(0.5), Some(0.5), vec![0.5]));
    assert_eq!(attempt(4, true, &[0.4]).4, [0.5, 0.4], "with what the third had, which is nothing");
    assert_eq!(attempt(5, true, &[]).4, [0.5, 0.4]);
    assert_eq!(attempt(6, false, &[]).4, [0.0; 0]);
    assert_eq!(attempt(7, true, &[0.3]).4, [0.5, 0.4, 0.3]);
    assert_eq!(attempt(8, false, &[]).4, [0.0; 0]);
    let counts: Vec<bool> =
        store.attempts(&id(), FIRST).unwrap().iter().map(|attempt| attempt.kept).collect();
    assert_eq!(counts, [false; 8]);
}

/// What was announced counts for good, with all that counted before it.
#[test]
fn an_announced_preemption_keeps_what_counted_for_all_later_attempts() {
    let (mut store, _) = store(&new_sweep().retry_crashed(9), 1);
    let agent = join(&mut store);
    let mut attempt = |request: u64, resumes: bool, losses: &[f64], keeps: bool| {
        let lease = claim(&mut store, agent, request).lease;
        if resumes {
            store.resume(&lease).unwrap();
        }
        log(&mut store, &lease, losses);
        let curve = shown(&mut store).4;
        match keeps {
            true => drop(store.finish(&lease, &end(RunState::Preempted).keeping_rows()).unwrap()),
            false => store.leave(agent).unwrap(),
        }
        curve
    };
    assert_eq!(attempt(1, false, &[0.9], false), [0.9]);
    assert_eq!(attempt(2, true, &[0.8], true), [0.9, 0.8]);
    assert_eq!(attempt(3, false, &[0.7], false), [0.9, 0.8, 0.7]);
    assert_eq!(attempt(4, true, &[0.6], false), [0.9, 0.8, 0.7, 0.6]);
    assert_eq!(attempt(5, false, &[], false), [0.9, 0.8]);
    assert_eq!(attempt(6, false, &[0.5], false), [0.9, 0.8, 0.5]);
    assert_eq!(attempt(7, true, &[0.4], false), [0.9, 0.8, 0.5, 0.4]);
}

/// An attempt that was to go on and came to nothing changes nothing for those after it.
#[test]
fn an_announcement_without_rows_keeps_what_its_attempt_had() {
    for (resumes, kept) in [(true, vec![0.9]), (false, vec![])] {
        let (mut store, time) = store(&new_sweep().retry_crashed(9), 1);
        let agent = join(&mut store);
        let first = claim(&mut store, agent, 1).lease;
        log(&mut store, &first, &[0.9]);
        store.leave(agent).unwrap();
        let second = claim(&mut store, agent, 2).lease;
        if resumes {
            store.resume(&second).unwrap();
        }
        store.finish(&second, &end(RunState::Preempted).keeping_rows()).unwrap();
        time.pass(1_000);
        claim(&mut store, agent, 3);
        store.leave(agent).unwrap();
        let fourth = claim(&mut store, agent, 4).lease;
        assert_eq!(shown(&mut store).4, kept);
        store.resume(&fourth).unwrap();
        assert_eq!(shown(&mut store).4, [0.9]);
    }
}

#[test]
fn a_first_attempt_has_nothing_to_go_on_from() {
    let (mut store, _) = store(&new_sweep(), 1);
    let agent = join(&mut store);
    let first = claim(&mut store, agent, 1).lease;
    assert_eq!(store.resume(&first).unwrap(), Reply::Continue);
    assert_eq!(shown(&mut store).0, 0);
}

fn past(count: usize) -> Vec<PastRun> {
    let run = |x: usize| {
        let rows = vec![object(json!({"loss": x as f64})), object(json!({"loss": 0.5 * x as f64}))];
        PastRun::new(NewRun::new(object(json!({"x": x}))), End::new(RunState::Finished)).rows(rows)
    };
    (1..=count).map(run).collect()
}

#[test]
fn past_runs_are_there_whole_or_the_sweep_is_not() {
    let (mut store, _) = stage::store(&new_sweep(), 0);
    let mut sweep = new_sweep();
    sweep.id = "withpast".into();
    (sweep.retry_failed, sweep.run_cap) = (3, Some(3));
    let mut runs = past(3);
    runs[2].end = End::new(RunState::Running);
    let refused = store.create_with(&sweep, &runs);
    assert!(matches!(refused, Err(StoreError::NotAnEnd(RunState::Running))));
    let refused = store.create_with(&sweep, &past(4));
    assert!(matches!(refused, Err(StoreError::TooManyRuns { runs: 4, cap: 3 })));
    assert_eq!(store.sweeps().unwrap().len(), 1);
    runs[2].end = End::new(RunState::Failed).exit_code(3);
    store.create_with(&sweep, &runs).unwrap();
    let found = store.runs(&sweep.id, &RunQuery::default()).unwrap();
    let found: Vec<_> = found.iter().map(|run| (run.state, run.rows, run.best)).collect();
    let done = RunState::Finished;
    assert_eq!(found, [(done, 2, Some(0.5)), (done, 2, Some(1.0)), (RunState::Failed, 2, Some(1.5))]);
    assert_eq!(store.sweep(&sweep.id).unwrap().state, SweepState::Running);
}

#[test]
fn a_hundred_thousand_past_runs_take_seconds() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(&dir.path().join("runs.db"), std::sync::Arc::new(|| 0)).unwrap();
    let began = Instant::now();
    store.create_with(&new_sweep(), &past(100_000)).unwrap();
    // A laptop needs 4 s; this machine may be busy.
    assert!(began.elapsed().as_secs() < 120, "{:?}", began.elapsed());
    assert_eq!(store.status(&id()).unwrap().counts[2].1 + store.status(&id()).unwrap().counts[3].1, 100_000);
}

#[test]
fn a_raised_cap_lets_a_finished_sweep_run_again() {
    let (mut store, _) = store(&new_sweep().run_cap(1), 1);
    store.set_state(&id(), SweepState::Finished, None).unwrap();
    store.set_run_cap(&id(), Some(1)).unwrap();
    assert_eq!(store.sweep(&id()).unwrap().state, SweepState::Finished, "no change");
    store.set_run_cap(&id(), Some(2)).unwrap();
    let row = store.sweep(&id()).unwrap();
    assert_eq!((row.state, row.new.run_cap), (SweepState::Running, Some(2)));
    assert_eq!(store.changes(&id(), 0).unwrap().run_cap, Some(2));
    store.set_state(&id(), SweepState::Canceled, None).unwrap();
    assert!(matches!(store.set_run_cap(&id(), None), Err(StoreError::Transition { .. })));
}
