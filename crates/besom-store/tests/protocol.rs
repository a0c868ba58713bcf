//! Rules of the protocol that one would ask about, each by itself; the laws hold them all together.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use besom_core::{Best, RunNumber, RunState};
use besom_store::{
    AgentId, Claim, HeldRun, NewSweep, Order, PausedBy, Queue, Reply, RunQuery, StopKind, Store, StoreError,
    SweepId, SweepState,
};
use serde_json::json;
use stage::{claim, end, id, join, new_sweep, row, store};

const FIRST: RunNumber = RunNumber::FIRST;

#[test]
fn an_agent_that_was_given_up_and_returns_in_time_keeps_its_run() {
    let (mut store, _) = store(&new_sweep(), 1);
    let agent = join(&mut store);
    let lease = claim(&mut store, agent, 1).lease;
    assert_eq!(store.running(&id()).unwrap(), [HeldRun::new(lease.clone(), 0).beat(0, 100)]);
    assert!(store.give_up(&lease, 0).unwrap());
    assert!(store.running(&id()).unwrap().is_empty());
    assert_eq!(store.run(&id(), FIRST).unwrap().state, RunState::Pending);
    assert_eq!(store.report(&lease, &[row(1, json!({"loss": 1}))]).unwrap(), Reply::Continue);
    let run = store.run(&id(), FIRST).unwrap();
    assert_eq!((run.state, run.attempt, run.rows), (RunState::Running, 1, 1));
    assert_eq!(store.running(&id()).unwrap()[0].beat, 1);
}

#[test]
fn a_lost_lease_is_answered_with_lost_and_changes_nothing() {
    let (mut store, _) = store(&new_sweep(), 1);
    let (slow, fast) = (join(&mut store), join(&mut store));
    let old = claim(&mut store, slow, 1).lease;
    assert!(store.give_up(&old, 0).unwrap());
    let new = claim(&mut store, fast, 1).lease;
    assert_eq!((new.run, new.attempt), (old.run, 2));
    assert_eq!(store.report(&old, &[row(1, json!({"loss": 1}))]).unwrap(), Reply::Lost);
    assert_eq!(store.finish(&old, &end(RunState::Finished)).unwrap(), Reply::Lost);
    assert!(!store.give_up(&old, 0).unwrap());
    let run = store.run(&id(), FIRST).unwrap();
    assert_eq!((run.state, run.rows), (RunState::Running, 0));
}

#[test]
fn a_crashed_run_is_tried_again_until_its_budget_is_used_up() {
    let (mut store, _) = store(&new_sweep(), 1);
    for (attempt, state) in [(1, RunState::Pending), (2, RunState::Crashed)] {
        let agent = join(&mut store);
        assert_eq!(claim(&mut store, agent, 1).lease.attempt, attempt);
        store.leave(agent).unwrap();
        assert_eq!(store.run(&id(), FIRST).unwrap().state, state);
    }
}

#[test]
fn a_preempted_run_is_handed_out_again_before_later_ones() {
    let (mut store, _) = store(&new_sweep(), 2);
    let agent = join(&mut store);
    for request in 1..=5 {
        let lease = claim(&mut store, agent, request).lease;
        assert_eq!((lease.run, lease.attempt), (FIRST, request));
        store.report(&lease, &[row(1, json!({}))]).unwrap();
        assert_eq!(store.finish(&lease, &end(RunState::Preempted)).unwrap(), Reply::Continue);
        assert_eq!(store.run(&id(), FIRST).unwrap().state, RunState::Preempted);
    }
}

#[test]
fn a_run_that_is_preempted_without_a_row_waits_and_then_goes_last() {
    let (mut store, time) = store(&new_sweep(), 3);
    let agent = join(&mut store);
    let first = claim(&mut store, agent, 1).lease;
    store.finish(&first, &end(RunState::Preempted)).unwrap();
    assert_eq!(store.changes(&id(), 0).unwrap().held_back, 1);
    assert_eq!(claim(&mut store, agent, 2).lease.run, FIRST.plus(1));
    time.pass(500);
    assert_eq!(store.changes(&id(), 0).unwrap().held_back, 0);
    assert_eq!(claim(&mut store, agent, 3).lease.run, FIRST.plus(2), "others go first");
    assert_eq!(claim(&mut store, agent, 4).lease.run, FIRST);
}

#[test]
fn what_failed_at_an_agent_that_is_quarantined_goes_to_others_and_without_others_the_sweep_is_paused() {
    let (mut store, time) = store(&new_sweep(), 2);
    let bad = join(&mut store);
    let there = besom_store::NewAgent::new("there/1/1", std::time::Duration::from_millis(100));
    let good = store.join(&id(), &there).unwrap();
    let failed = claim(&mut store, bad, 1).lease;
    store.finish(&failed, &end(RunState::Failed)).unwrap();
    assert!(store.give_back(&failed, "all fails there").unwrap());
    assert!(!store.give_back(&failed, "all fails there").unwrap(), "a repeated call changes nothing");
    assert!(!store.quarantine(bad, "all fails there").unwrap());
    let sweep = store.sweep(&id()).unwrap();
    assert_eq!((sweep.state, sweep.reason), (SweepState::Running, None));
    assert_eq!(claim(&mut store, good, 1).lease.run, FIRST.plus(1), "others go first");
    time.pass(500);
    assert_eq!(claim(&mut store, good, 2).lease.run, FIRST);
    for _ in 0..2 {
        assert!(store.quarantine(good, "all fails here").unwrap());
        let sweep = store.sweep(&id()).unwrap();
        let expected = (SweepState::Paused, Some("all fails here"), Some(PausedBy::Program));
        assert_eq!((sweep.state, sweep.reason.as_deref(), sweep.paused_by), expected);
    }
}

#[test]
fn an_attempt_that_could_not_be_begun_costs_nothing() {
    let (mut store, _) = store(&new_sweep().retry_crashed(0), 1);
    let agent = join(&mut store);
    let lease = claim(&mut store, agent, 1).lease;
    assert!(store.give_back(&lease, "the disk is full").unwrap());
    let run = store.run(&id(), FIRST).unwrap();
    assert_eq!((run.state, run.message.as_deref()), (RunState::Pending, Some("the disk is full")));
    assert_eq!(store.finish(&lease, &end(RunState::Finished)).unwrap(), Reply::Lost);
    assert_eq!(store.attempts(&id(), FIRST).unwrap()[0].state, RunState::Preempted);
}

#[test]
fn an_early_stopped_run_ends_finished_and_keeps_the_reason() {
    let (mut store, _) = store(&new_sweep(), 1);
    let agent = join(&mut store);
    let lease = claim(&mut store, agent, 1).lease;
    let reason = "17th of 20".to_owned();
    assert_eq!(store.request_stops(&id(), &[(FIRST, reason.clone())], StopKind::Early).unwrap(), 1);
    assert_eq!(store.request_stops(&id(), &[(FIRST, "again".to_owned())], StopKind::Early).unwrap(), 0);
    let stop = Reply::Stop { reason: reason.clone(), kind: StopKind::Early };
    assert_eq!(store.report(&lease, &[]).unwrap(), stop);
    store.finish(&lease, &end(RunState::Killed)).unwrap();
    let run = store.run(&id(), FIRST).unwrap();
    assert_eq!((run.state, run.stop_reason), (RunState::Finished, Some(reason.clone())));
    assert_eq!(store.status(&id()).unwrap().stopped, 1);
    assert_eq!(store.changes(&id(), 0).unwrap().runs[0].stopped, Some(reason));
}

#[test]
fn a_run_whose_agent_dies_while_it_is_stopped_ends_stopped_with_its_curve() {
    let (mut store, _) = store(&new_sweep(), 1);
    let agent = join(&mut store);
    let lease = claim(&mut store, agent, 1).lease;
    store.report(&lease, &[row(1, json!({"loss": 3}))]).unwrap();
    store.request_stops(&id(), &[(FIRST, "slow".to_owned())], StopKind::Early).unwrap();
    store.leave(agent).unwrap();
    let run = store.run(&id(), FIRST).unwrap();
    assert_eq!((run.state, run.best), (RunState::Finished, Some(3.0)));
    // The agent was only cut off: what it says now comes too late.
    assert_eq!(store.report(&lease, &[row(2, json!({"loss": 1}))]).unwrap(), Reply::Lost);
    assert_eq!(store.run(&id(), FIRST).unwrap().rows, 1);
}

#[test]
fn a_run_whose_agent_dies_while_it_is_canceled_is_killed() {
    let (mut store, _) = store(&new_sweep(), 1);
    let agent = join(&mut store);
    claim(&mut store, agent, 1);
    store.set_state(&id(), SweepState::Canceled, None).unwrap();
    store.leave(agent).unwrap();
    assert_eq!(store.run(&id(), FIRST).unwrap().state, RunState::Killed);
}

#[test]
fn a_paused_sweep_hands_out_nothing_but_repeats_its_answers() {
    let (mut store, _) = store(&new_sweep(), 2);
    let agent = join(&mut store);
    let run = claim(&mut store, agent, 1);
    store.set_state(&id(), SweepState::Paused, Some("by its owner")).unwrap();
    assert_eq!(store.claim(agent, 2).unwrap(), Claim::Nothing(SweepState::Paused));
    assert_eq!(store.claim(agent, 1).unwrap(), Claim::Run(run));
    store.set_state(&id(), SweepState::Running, None).unwrap();
    assert_eq!(claim(&mut store, agent, 2).lease.run, FIRST.plus(1));
}

#[test]
fn a_sweep_that_has_not_begun_can_be_paused() {
    let (mut store, _) = store(&new_sweep(), 1);
    let agent = join(&mut store);
    store.set_state(&id(), SweepState::Paused, Some("by its owner")).unwrap();
    assert_eq!(store.claim(agent, 1).unwrap(), Claim::Nothing(SweepState::Paused));
    store.set_state(&id(), SweepState::Running, None).unwrap();
    assert_eq!(claim(&mut store, agent, 1).lease.run, FIRST);
}

#[test]
fn who_paused_a_sweep_is_kept_until_it_is_resumed_whatever_the_reason_says() {
    let (mut store, _) = store(&new_sweep(), 1);
    store.pause(&id(), PausedBy::Search, Some("by its owner")).unwrap();
    assert_eq!(store.sweep(&id()).unwrap().paused_by, Some(PausedBy::Search));
    store.set_state(&id(), SweepState::Paused, None).unwrap();
    assert_eq!(store.sweep(&id()).unwrap().paused_by, Some(PausedBy::Search));
    store.set_state(&id(), SweepState::Running, None).unwrap();
    assert_eq!(store.sweep(&id()).unwrap().paused_by, None);
    store.set_state(&id(), SweepState::Paused, Some("the search method failed")).unwrap();
    assert_eq!(store.sweep(&id()).unwrap().paused_by, Some(PausedBy::Owner));
}

#[test]
fn a_canceled_sweep_kills_what_waits_and_asks_what_runs() {
    let (mut store, _) = store(&new_sweep(), 2);
    let agent = join(&mut store);
    let lease = claim(&mut store, agent, 1).lease;
    store.set_state(&id(), SweepState::Canceled, Some("enough")).unwrap();
    assert_eq!(store.run(&id(), FIRST.plus(1)).unwrap().state, RunState::Killed);
    let stop = Reply::Stop { reason: "enough".to_owned(), kind: StopKind::Cancel };
    assert_eq!(store.report(&lease, &[]).unwrap(), stop);
    store.finish(&lease, &end(RunState::Failed)).unwrap();
    assert_eq!(store.run(&id(), FIRST).unwrap().state, RunState::Failed);
    let back = store.set_state(&id(), SweepState::Running, None);
    assert!(matches!(back, Err(StoreError::Transition { from: SweepState::Canceled, .. })), "{back:?}");
}

#[test]
fn a_finished_sweep_lets_runs_end_and_is_reopened_by_retry() {
    let (mut store, _) = store(&new_sweep().retry_failed(5), 2);
    let agent = join(&mut store);
    let lease = claim(&mut store, agent, 1).lease;
    store.set_state(&id(), SweepState::Finished, None).unwrap();
    assert_eq!(store.report(&lease, &[]).unwrap(), Reply::Continue);
    store.finish(&lease, &end(RunState::Failed)).unwrap();
    assert_eq!(store.run(&id(), FIRST).unwrap().state, RunState::Failed);
    assert_eq!(store.retry(&id(), &[RunState::Finished]).unwrap(), 0);
    assert_eq!(store.sweep(&id()).unwrap().state, SweepState::Finished);
    assert_eq!(store.retry(&id(), &[RunState::Failed]).unwrap(), 1);
    assert_eq!(store.sweep(&id()).unwrap().state, SweepState::Running);
    assert_eq!(claim(&mut store, agent, 2).lease.attempt, 2);
}

#[test]
fn best_and_last_are_of_finite_values_only() {
    let (mut store, _) = store(&new_sweep(), 1);
    let agent = join(&mut store);
    let lease = claim(&mut store, agent, 1).lease;
    let values = [json!(3), json!("-Infinity"), json!(2), json!(null), json!(4), json!("NaN"), json!("1")];
    let rows: Vec<_> = (1..).zip(values).map(|(seq, loss)| row(seq, json!({"loss": loss}))).collect();
    store.report(&lease, &rows).unwrap();
    let run = store.run(&id(), FIRST).unwrap();
    assert_eq!((run.best, run.last, run.rows), (Some(2.0), Some(4.0), 7));
    let best = Best::new(FIRST, RunState::Running, 2.0);
    assert_eq!(store.status(&id()).unwrap().best, Some(best));
    let valid: Vec<bool> =
        store.curve(&id(), FIRST, 0).unwrap().iter().map(|value| value.is_finite()).collect();
    assert_eq!(valid, [true, false, true, false, true, false, false]);
}

#[test]
fn a_failed_run_is_not_the_best_however_good_its_values_were() {
    let (mut store, _) = store(&new_sweep(), 2);
    let agent = join(&mut store);
    for (request, loss, state) in [(1, 1.0, RunState::Finished), (2, -5.0, RunState::Failed)] {
        let lease = claim(&mut store, agent, request).lease;
        store.report(&lease, &[row(1, json!({ "loss": loss }))]).unwrap();
        store.finish(&lease, &end(state)).unwrap();
    }
    let status = store.status(&id()).unwrap();
    assert_eq!(status.best, Some(Best::new(FIRST, RunState::Finished, 1.0)));
    let failed = Best::new(FIRST.plus(1), RunState::Failed, -5.0);
    assert_eq!(status.better_uncounted, Some(failed));
    let order = RunQuery::default().order(Order::Best);
    let numbers: Vec<_> = store.runs(&id(), &order).unwrap().iter().map(|run| run.number).collect();
    assert_eq!(numbers, [FIRST, FIRST.plus(1)]);
}

#[test]
fn an_unknown_sweep_is_answered_with_the_nearest() {
    let (mut store, _) = store(&new_sweep(), 1);
    let error = store.sweep(&SweepId::new("abcd1243")).unwrap_err().to_string();
    assert_eq!(error, "no sweep has the id 'abcd1243', did you mean 'abcd1234'?");
    assert!(matches!(store.run(&id(), FIRST.plus(9)), Err(StoreError::NoRun { .. })));
    assert!(matches!(store.idle(besom_store::AgentId(99)), Err(StoreError::NoAgent(99))));
    assert!(matches!(store.run(&id(), RunNumber::new(u64::MAX).unwrap()), Err(StoreError::NoRun { .. })));
}

#[test]
fn a_run_that_its_owner_tries_again_has_a_fresh_budget() {
    let (mut store, _) = store(&new_sweep(), 1);
    let crash = |store: &mut besom_store::SqliteStore| {
        let agent = join(store);
        claim(store, agent, 1);
        store.leave(agent).unwrap();
        store.run(&id(), FIRST).unwrap().state
    };
    assert_eq!([crash(&mut store), crash(&mut store)], [RunState::Pending, RunState::Crashed]);
    assert_eq!(store.retry(&id(), &[RunState::Crashed]).unwrap(), 1);
    assert_eq!([crash(&mut store), crash(&mut store)], [RunState::Pending, RunState::Crashed]);
}

#[test]
fn a_heartbeat_after_the_last_look_saves_a_run_from_being_given_up() {
    let (mut store, time) = store(&new_sweep(), 1);
    let agent = join(&mut store);
    let lease = claim(&mut store, agent, 1).lease;
    let seen = store.running(&id()).unwrap()[0].beat;
    time.pass(3_600_000);
    store.report(&lease, &[]).unwrap();
    assert!(!store.give_up(&lease, seen).unwrap(), "the store asks no clock");
    assert_eq!(store.run(&id(), FIRST).unwrap().state, RunState::Running);
}

#[test]
fn only_finished_runs_count_as_stopped_early() {
    let (mut store, _) = store(&new_sweep(), 3);
    let agent = join(&mut store);
    for (request, state) in [(1, RunState::Failed), (2, RunState::Killed), (3, RunState::Crashed)] {
        let lease = claim(&mut store, agent, request).lease;
        store.request_stops(&id(), &[(lease.run, "slow".to_owned())], StopKind::Early).unwrap();
        assert_eq!(
            store.status(&id()).unwrap().stopped,
            request.saturating_sub(2),
            "not before it has ended"
        );
        store.finish(&lease, &end(state)).unwrap();
    }
    let states = store.runs(&id(), &RunQuery::default()).unwrap().into_iter().map(|run| run.state);
    assert!(states.eq([RunState::Failed, RunState::Finished, RunState::Finished]));
    assert_eq!(store.status(&id()).unwrap().stopped, 2);
    store.retry(&id(), &[RunState::Finished]).unwrap();
    assert_eq!(store.status(&id()).unwrap().stopped, 0);
}

#[test]
fn a_drained_agent_finishes_its_run_and_gets_no_other() {
    let (mut store, _) = store(&new_sweep(), 3);
    let (agent, other) = (join(&mut store), join(&mut store));
    let run = claim(&mut store, agent, 1);
    assert_eq!(store.drain(&id(), &[agent, agent]).unwrap(), 1);
    assert_eq!(store.drain(&id(), &[agent]).unwrap(), 0, "it is drained already");
    assert_eq!(store.claim(agent, 1).unwrap(), Claim::Run(run.clone()), "its reply may have been lost");
    assert_eq!(store.report(&run.lease, &[row(1, json!({"loss": 1.0}))]).unwrap(), Reply::Continue);
    store.finish(&run.lease, &end(RunState::Finished)).unwrap();
    assert_eq!(store.claim(agent, 2).unwrap(), Claim::Drained);
    assert_eq!(store.claim(agent, 2).unwrap(), Claim::Drained);
    assert_eq!((store.idle(agent).unwrap(), store.idle(other).unwrap()), (false, true));
    assert_eq!(claim(&mut store, other, 1).lease.run, FIRST.plus(1));
    let drained: Vec<bool> = store.agents(&id()).unwrap().iter().map(|row| row.draining).collect();
    assert_eq!(drained, [true, false]);
    let events = store.events(&id(), None, 0, 99).unwrap();
    let asked: Vec<_> = events.iter().filter(|event| event.kind == "drain_requested").collect();
    assert_eq!((asked.len(), &asked[0].detail["agent"]), (1, &json!("here/1/1")));
}

#[test]
fn an_agent_that_comes_back_after_it_was_drained_leaves_again() {
    let (mut store, _) = store(&new_sweep(), 1);
    let agent = join(&mut store);
    store.leave(agent).unwrap();
    assert_eq!(store.drain(&id(), &[agent]).unwrap(), 1);
    assert_eq!(store.claim(agent, 1).unwrap(), Claim::Drained);
    assert_eq!(store.status(&id()).unwrap().agents, 1, "it has shown a sign of life");
}

#[test]
fn agents_of_another_sweep_are_not_drained() {
    let (mut store, _) = store(&new_sweep(), 1);
    let agent = join(&mut store);
    store.create_sweep(&NewSweep::new("other")).unwrap();
    for (sweep, agents) in [("other", [agent, agent]), ("abcd1234", [agent, AgentId(99)])] {
        let refused = store.drain(&SweepId::new(sweep), &agents);
        assert!(matches!(refused, Err(StoreError::NoAgent(_))), "{refused:?}");
    }
    assert!(!store.agents(&id()).unwrap()[0].draining);
}
