use besom_core::{Failure, Goal, RunNumber, RunState};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::{AgentId, End, PausedBy, StopKind, StoreError, SweepId, SweepState, Watched};

fn sweep(state: SweepState) -> SweepRecord {
    SweepRecord {
        id: SweepId::new("s"),
        metrics: vec![metric(Goal::Minimize)],
        run_cap: None,
        retry_crashed: 1,
        retry_failed: 1,
        state,
        reason: None,
        paused_by: None,
        runs: 0,
        ended_ms: None,
    }
}

fn metric(goal: Goal) -> Watched {
    Watched { name: "loss".to_owned(), goal }
}

fn running() -> RunRecord {
    let mut run = RunRecord::new(RunNumber::FIRST);
    let _ = run.hand_out(AgentId(1), "here", 100, 5);
    run
}

/// What can happen to a run.
#[derive(Clone, Debug)]
enum Edge {
    HandOut,
    Finish(End),
    GiveUp,
    ComeBack,
    GiveBack,
    Stop(StopKind),
    Retry,
    Rows(Vec<f64>),
}

/// Does what happens where it may happen, as a store would. Returns what was logged.
fn apply(run: &mut RunRecord, sweep: &SweepRecord, edge: &Edge, now: u64) -> Vec<LogEntry> {
    let standing = run.standing(sweep.state, run.attempt);
    match edge {
        Edge::HandOut if is_waiting(run.state) && sweep.hands_out() => {
            vec![run.hand_out(AgentId(2), "there", 50, now)]
        }
        Edge::Finish(end) if standing == Standing::Live => run.finish(sweep, end, now).log,
        Edge::GiveUp if standing == Standing::Live => run.give_up(sweep, "gone".to_owned(), now).log,
        Edge::ComeBack if standing == Standing::GivenUp => vec![run.come_back()],
        Edge::GiveBack => {
            run.give_back(sweep, run.attempt, "bad luck", now).map(|ended| ended.log).unwrap_or_default()
        }
        Edge::Stop(kind) => run.request_stop(*kind, "why", now).into_iter().collect(),
        Edge::Retry if !run.state.is_open() && sweep.state != SweepState::Canceled => vec![run.retry()],
        Edge::Rows(values) if standing == Standing::Live => {
            run.add_rows(values.len(), &sweep.metrics, values);
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn edges() -> impl Strategy<Value = Vec<Edge>> {
    let ends: Vec<RunState> = RunState::ALL.into_iter().filter(|state| is_end(*state)).collect();
    let end = (select(ends), option::of(0..2i32), option::of(select(Failure::ALL.to_vec())))
        .prop_map(|(state, exit_code, failure)| Edge::Finish(End { exit_code, failure, ..End::new(state) }));
    let value = prop_oneof![3 => -9.0..9.0f64, 1 => Just(f64::NAN)];
    let edge = prop_oneof![
        4 => Just(Edge::HandOut),
        3 => end,
        2 => Just(Edge::GiveUp),
        2 => Just(Edge::ComeBack),
        2 => Just(Edge::GiveBack),
        2 => select(vec![StopKind::Early, StopKind::Cancel]).prop_map(Edge::Stop),
        1 => Just(Edge::Retry),
        2 => vec(value, 1..4).prop_map(Edge::Rows),
    ];
    vec(edge, 1..40)
}

fn check_edge(before: &RunRecord, after: &RunRecord, sweep: &SweepRecord, edge: &Edge, log: &[LogEntry]) {
    let is_handed_out = matches!(edge, Edge::HandOut) && !log.is_empty();
    assert_eq!(after.attempt, before.attempt + u64::from(is_handed_out));
    assert_eq!(after.ended_ms.is_some(), !after.state.is_open());
    assert!(after.crashes <= sweep.retry_crashed && after.failures <= sweep.retry_failed);
    assert!(!after.given_up || matches!(after.state, RunState::Crashed | RunState::Pending));
    if before.state != after.state {
        assert!(!log.is_empty(), "{edge:?} left no trace");
        let revived = matches!(edge, Edge::Retry | Edge::ComeBack | Edge::GiveBack);
        assert!(before.state.is_open() || revived, "{edge:?} changed what had ended as {}", before.state);
    }
    let is_again = after.state == RunState::Pending && before.state == RunState::Running;
    assert!(!is_again || (before.stop.is_none() && !sweep.state.is_over()), "{edge:?}");
    let is_owners = |run: &RunRecord| run.stop.as_ref().is_some_and(|stop| stop.kind == StopKind::Cancel);
    assert!(!is_owners(before) || is_owners(after) || matches!(edge, Edge::Retry));
}

proptest! {
    #[test]
    fn whatever_happens_to_a_run_it_moves_along_the_edges(
        state in select(SweepState::ALL.to_vec()),
        edges in edges(),
    ) {
        let sweep = sweep(state);
        let mut run = RunRecord::new(RunNumber::FIRST);
        for (edge, now) in edges.iter().zip(10..) {
            let before = run.clone();
            let log = apply(&mut run, &sweep, edge, now);
            check_edge(&before, &run, &sweep, edge, &log);
        }
    }

    #[test]
    fn coming_back_undoes_giving_up(edges in edges()) {
        let sweep = sweep(SweepState::Running);
        let mut run = running();
        // One that was to be ended has ended for good.
        for edge in edges.iter().filter(|edge| !matches!(edge, Edge::Stop(_))) {
            apply(&mut run, &sweep, edge, 7);
        }
        prop_assume!(run.state == RunState::Running);
        let before = run.clone();
        let _ = run.give_up(&sweep, "gone".to_owned(), 8);
        prop_assert_eq!(run.standing(SweepState::Running, run.attempt), Standing::GivenUp);
        prop_assert_eq!(run.standing(SweepState::Canceled, run.attempt), Standing::Over);
        let _ = run.come_back();
        prop_assert_eq!(run, before);
    }

    #[test]
    fn only_the_newest_attempt_stands(edges in edges(), attempt in 0..9u64) {
        let sweep = sweep(SweepState::Running);
        let mut run = running();
        for edge in &edges {
            apply(&mut run, &sweep, edge, 7);
        }
        prop_assume!(attempt != run.attempt);
        prop_assert_eq!(run.standing(SweepState::Running, attempt), Standing::Over);
    }

    #[test]
    fn a_run_is_ranked_alike_however_its_rows_are_reported(
        values in vec(prop_oneof![3 => -9.0..9.0f64, 1 => Just(f64::NAN)], 0..9),
        cut in 0..9usize,
        goal in select(vec![Goal::Minimize, Goal::Maximize]),
        several in any::<bool>(),
    ) {
        let mut metrics = vec![metric(goal)];
        metrics.extend(several.then(|| metric(Goal::Minimize)));
        let (first, rest) = values.split_at(cut.min(values.len()));
        let (mut at_once, mut in_parts) = (running(), running());
        at_once.add_rows(values.len(), &metrics, &values);
        in_parts.add_rows(first.len(), &metrics, first);
        in_parts.add_rows(rest.len(), &metrics, rest);
        prop_assert_eq!(&at_once, &in_parts);
        let curve = besom_core::Curve::new(values);
        let newest = curve.values.last().copied().filter(|value| value.is_finite());
        let value = if several { newest } else { curve.best(goal) };
        prop_assert_eq!(at_once.loss, value.map(|value| goal.to_loss(value)));
        prop_assert_eq!(at_once.last, curve.last());
    }

    #[test]
    fn a_sweep_moves_along_the_edges(moves in vec((select(SweepState::ALL.to_vec()), select(PausedBy::ALL.to_vec())), 1..20)) {
        let mut sweep = sweep(SweepState::Pending);
        for ((to, by), now) in moves.into_iter().zip(1..) {
            let before = sweep.clone();
            let done = match to {
                SweepState::Paused => sweep.pause(by, None, now),
                _ => sweep.set_state(to, None, now),
            };
            match done {
                Ok(Some(_)) => prop_assert!(sweep.state == to && !before.state.is_over()),
                Ok(None) => prop_assert!(before.state == to && sweep == before),
                Err(error) => {
                    let is_refusal = matches!(error, StoreError::Transition { .. });
                    prop_assert!(is_refusal && sweep == before);
                }
            }
            prop_assert_eq!(sweep.paused_by.is_some(), sweep.state == SweepState::Paused);
            prop_assert_eq!(sweep.ended_ms.is_some(), sweep.state.is_over());
            prop_assert_eq!(sweep.closes().is_empty(), !sweep.state.is_over());
        }
    }

    #[test]
    fn a_cap_is_exact_and_numbers_are_dense(cap in option::of(0..9u64), adds in vec((1..9u64, 0..4usize), 1..20)) {
        let mut sweep = SweepRecord { run_cap: cap, ..sweep(SweepState::Running) };
        for (first, count) in adds {
            let first = RunNumber::new(first).expect("numbers are drawn from 1");
            match sweep.admit(first, count) {
                Ok(admitted) => {
                    prop_assert!(first.get() == sweep.runs + 1 && admitted <= count);
                    sweep.runs += admitted as u64;
                    prop_assert!(admitted == count || Some(sweep.runs) == cap);
                }
                Err(crate::Added::Lost(next)) => prop_assert!(next != first && next.get() == sweep.runs + 1),
                Err(refused) => prop_assert!(refused == crate::Added::Capped && cap.is_some_and(|cap| sweep.runs >= cap)),
            }
            prop_assert!(cap.is_none_or(|cap| sweep.runs <= cap));
        }
    }
}

#[test]
fn rows_are_stored_once_and_in_order() {
    let rows =
        |seqs: &[u64]| -> Vec<Row> { seqs.iter().map(|&seq| Row { seq, values: Map::new() }).collect() };
    let check = |stored, seqs: &[u64], expected: Option<&[u64]>| {
        let rows = rows(seqs);
        let found = unstored(stored, &rows).map(|fresh| fresh.iter().map(|row| row.seq).collect::<Vec<_>>());
        assert_eq!(found.as_deref(), expected);
    };
    check(0, &[1, 2], Some(&[1, 2]));
    check(1, &[1, 2], Some(&[2]));
    check(2, &[1, 2], Some(&[]));
    check(0, &[2], None);
    check(0, &[1, 3], None);
    check(5, &[], Some(&[]));
}

#[test]
fn a_request_of_the_owner_replaces_one_of_a_rule_but_not_the_reverse() {
    let mut run = running();
    assert!(run.request_stop(StopKind::Early, "slow", 6).is_some());
    assert!(run.request_stop(StopKind::Early, "again", 6).is_none());
    assert!(run.request_stop(StopKind::Cancel, "enough", 6).is_some());
    assert!(run.request_stop(StopKind::Early, "slow", 6).is_none());
    let stop = StopRequest { kind: StopKind::Cancel, reason: "enough".to_owned() };
    assert_eq!(run.stop, Some(stop));
}

#[test]
fn a_run_that_is_being_stopped_ends_as_stopped_whoever_dies() {
    for (kind, expected) in [(StopKind::Early, RunState::Finished), (StopKind::Cancel, RunState::Killed)] {
        let mut run = running();
        let _ = run.request_stop(kind, "17th of 20", 6);
        let ended = run.give_up(&sweep(SweepState::Running), "gone".to_owned(), 7);
        assert_eq!((run.state, ended.state), (expected, expected));
        assert_eq!(
            run.standing(SweepState::Running, run.attempt),
            Standing::Over,
            "nobody adds to its curve"
        );
    }
}

#[test]
fn a_stop_that_comes_just_after_a_crash_is_a_stop_all_the_same() {
    let mut run = running();
    let _ = run.give_up(&sweep(SweepState::Running), "gone".to_owned(), 7);
    assert_eq!(run.state, RunState::Pending);
    let entry = run.request_stop(StopKind::Early, "17th of 20", 8);
    assert_eq!((run.state, entry.map(|entry| entry.kind)), (RunState::Finished, Some("finished")));
    let mut fresh = RunRecord::new(RunNumber::FIRST);
    let _ = fresh.request_stop(StopKind::Early, "17th of 20", 8);
    assert_eq!(fresh.state, RunState::Killed, "nothing ran that could have finished");
}

#[test]
fn a_failure_that_is_given_back_leaves_no_trace_in_the_budget() {
    let open = sweep(SweepState::Running);
    for retry_failed in [0, 1, 2] {
        let sweep = SweepRecord { retry_failed, ..open.clone() };
        let mut run = running();
        let _ = run.finish(&sweep, &End::new(RunState::Failed).message("exit status 1"), 6);
        assert!(run.give_back(&sweep, 1, "all fails there", 7).is_some());
        assert_eq!((run.state, run.failures, run.ended_ms), (RunState::Pending, 0, None));
        assert!(is_held_back(run.due_ms, 7) && !is_held_back(run.due_ms, 507));
        assert!(run.give_back(&sweep, 1, "all fails there", 8).is_none(), "once");
    }
}

#[test]
fn what_was_stopped_or_belongs_to_a_sweep_that_is_over_is_not_given_back() {
    let failed = |state| {
        let mut run = running();
        let _ = run.finish(&SweepRecord { retry_failed: 0, ..sweep(state) }, &End::new(RunState::Failed), 6);
        run
    };
    let mut run = failed(SweepState::Running);
    assert!(run.give_back(&sweep(SweepState::Finished), 1, "why", 7).is_none());
    assert!(run.give_back(&sweep(SweepState::Running), 2, "why", 7).is_none(), "another attempt");
    assert!(run.give_back(&sweep(SweepState::Paused), 1, "why", 7).is_some());
    let mut run = running();
    let _ = run.request_stop(StopKind::Cancel, "enough", 6);
    assert!(run.give_back(&sweep(SweepState::Running), 1, "why", 7).is_some());
    assert_eq!(run.state, RunState::Killed);
}

#[test]
fn a_run_that_is_preempted_for_nothing_again_and_again_waits_longer_and_fails_at_last() {
    let sweep = sweep(SweepState::Running);
    let mut run = RunRecord::new(RunNumber::FIRST);
    let mut now = 0;
    for times in 1..=MAX_FRUITLESS {
        let _ = run.hand_out(AgentId(1), "here", 100, now);
        let _ = run.finish(&sweep, &End::new(RunState::Preempted).message("asked"), now);
        assert_eq!((run.state, run.due_ms), (RunState::Preempted, Some(now + backoff_ms(times))), "{times}");
        now += backoff_ms(times);
    }
    let _ = run.hand_out(AgentId(1), "here", 100, now);
    let _ = run.finish(&sweep, &End::new(RunState::Preempted).message("asked"), now);
    let message = "preempted 21 times in a row without a new row: asked";
    assert_eq!((run.state, run.message.as_deref()), (RunState::Failed, Some(message)));
    assert_eq!((backoff_ms(1), backoff_ms(7), backoff_ms(8), backoff_ms(99)), (500, 32_000, 60_000, 60_000));
}

#[test]
fn a_preempted_run_that_has_logged_goes_first_as_ever() {
    let sweep = sweep(SweepState::Running);
    let mut run = running();
    run.add_rows(1, &sweep.metrics, &[1.0]);
    let _ = run.finish(&sweep, &End::new(RunState::Preempted), 6);
    assert_eq!((run.state, run.fruitless, run.due_ms), (RunState::Preempted, 0, None));
}

#[test]
fn a_drained_agent_gets_nothing_new_and_is_repeated_what_it_got() {
    let claims = [8, 7, 6].map(|number| Request::of(number, 7));
    assert_eq!(claims.map(|claim| claim.is_drained(true)), [true, false, false]);
    assert_eq!(claims.map(|claim| claim.is_drained(false)), [false; 3]);
}
