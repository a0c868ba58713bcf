//! Scripts: what agents and owners do, in an order that chance decides.

use std::collections::BTreeMap;

use besom_core::{Failure, RunState};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::{End, PausedBy, StopKind, SweepState};

/// A script: two sweeps, and what is done to them.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) sweeps: [Terms; 2],
    pub(super) steps: Vec<Step>,
}

/// What is decided of a sweep when it is created.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub(super) run_cap: Option<u64>,
    pub(super) retry_crashed: u32,
    pub(super) retry_failed: u32,
    pub(super) maximize: bool,
    /// How many of [`WATCHED`] are the metrics of the sweep.
    pub(super) metrics: usize,
    /// The ends and rows of runs that it begins with.
    pub(super) past: Vec<(End, Vec<Map<String, Value>>)>,
}

/// A step. Agents, leases and runs are picked by numbers that are taken modulo how many there are; runs from the
/// first, leases and calls from the newest.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Join { sweep: usize, timeout_ms: u64 },
    Claim { agent: usize, age: u64, lost: bool },
    Report { lease: usize, offset: i64, rows: Vec<Map<String, Value>>, lost: bool },
    Describe { lease: usize, facts: Map<String, Value>, lost: bool },
    Print { lease: usize, offset: i64, text: String, lost: bool },
    Resume { lease: usize, lost: bool },
    Finish { lease: usize, end: End, lost: bool },
    Idle { agent: usize },
    Leave { agent: usize, lost: bool },
    Again { call: usize },
    Add { sweep: usize, offset: i64, count: usize },
    SetState { sweep: usize, to: SweepState, reason: Option<String> },
    Label { sweep: usize, key: usize, value: Option<String> },
    Annotate { sweep: usize, run: usize, facts: Map<String, Value> },
    Pause { sweep: usize, by: PausedBy },
    Stops { sweep: usize, runs: Vec<usize>, kind: StopKind },
    GiveBack { lease: usize, lost: bool },
    Quarantine { agent: usize, lost: bool },
    Drain { sweep: usize, agents: Vec<usize> },
    GiveUp { lease: usize, beat: u64 },
    GiveUpAll { sweep: usize, later: bool },
    Cap { sweep: usize, cap: Option<u64> },
    Retry { sweep: usize, states: Vec<RunState> },
    RetryRuns { sweep: usize, runs: Vec<usize> },
    Pass { ms: i64 },
    Follow { sweep: usize, follower: usize },
    Group { steps: Vec<Step> },
}

/// How many follow the changes of each sweep.
pub(super) const FOLLOWERS: usize = 2;

/// The names of metrics that sweeps may watch.
pub(super) const WATCHED: [&str; 2] = ["loss", "a.b"];

/// All scripts. They begin with something to do and somebody who does it.
pub(super) fn script() -> impl Strategy<Value = Script> {
    let group = vec(step(), 1..5).prop_map(|steps| Step::Group { steps });
    let step = prop_oneof![24 => step(), 1 => group];
    ([terms(), terms()], 0..50u64, vec(step, 1..100)).prop_map(|(sweeps, timeout_ms, acts)| {
        let mut steps =
            vec![Step::Join { sweep: 0, timeout_ms }, Step::Add { sweep: 0, offset: 0, count: 2 }];
        steps.extend(acts);
        Script { sweeps, steps }
    })
}

fn terms() -> impl Strategy<Value = Terms> {
    let past = vec((end(), vec(row(), 0..3)), 0..3);
    let past = prop_oneof![2 => Just(Vec::new()), 1 => past];
    (option::of(0..7u64), 0..3u32, 0..2u32, any::<bool>(), 1..=WATCHED.len(), past).prop_map(
        |(run_cap, retry_crashed, retry_failed, maximize, metrics, past)| Terms {
            run_cap,
            retry_crashed,
            retry_failed,
            maximize,
            metrics,
            past,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let sweep = || prop_oneof![4 => Just(0usize), 1 => Just(1usize)];
    let near = || prop_oneof![6 => 0..2usize, 1 => 0..8usize];
    let agent = || 0..4usize;
    let lost = || any::<bool>();
    let offset = || prop_oneof![6 => Just(0i64), 1 => -3..3i64];
    let first = || prop_oneof![6 => Just(0i64), 1 => -1..2i64];
    prop_oneof![
        3 => (sweep(), 0..50u64).prop_map(|(sweep, timeout_ms)| Step::Join { sweep, timeout_ms }),
        8 => (agent(), age(), lost()).prop_map(|(agent, age, lost)| Step::Claim { agent, age, lost }),
        8 => (near(), offset(), vec(row(), 0..4), lost())
            .prop_map(|(lease, offset, rows, lost)| Step::Report { lease, offset, rows, lost }),
        3 => (near(), facts(), lost()).prop_map(|(lease, facts, lost)| Step::Describe { lease, facts, lost }),
        3 => (near(), -3..9i64, printed(), lost())
            .prop_map(|(lease, offset, text, lost)| Step::Print { lease, offset, text, lost }),
        1 => (sweep(), 0..2usize, option::of(label()))
            .prop_map(|(sweep, key, value)| Step::Label { sweep, key, value }),
        1 => (sweep(), 0..4usize, facts()).prop_map(|(sweep, run, facts)| Step::Annotate { sweep, run, facts }),
        2 => (near(), lost()).prop_map(|(lease, lost)| Step::Resume { lease, lost }),
        4 => (near(), end(), lost()).prop_map(|(lease, end, lost)| Step::Finish { lease, end, lost }),
        1 => agent().prop_map(|agent| Step::Idle { agent }),
        1 => (agent(), lost()).prop_map(|(agent, lost)| Step::Leave { agent, lost }),
        4 => (0..10usize).prop_map(|call| Step::Again { call }),
        5 => (sweep(), first(), 0..4usize).prop_map(|(sweep, offset, count)| Step::Add { sweep, offset, count }),
        2 => (sweep(), sweep_state(), option::of(Just("so".to_owned())))
            .prop_map(|(sweep, to, reason)| Step::SetState { sweep, to, reason }),
        1 => (sweep(), select(PausedBy::ALL.to_vec())).prop_map(|(sweep, by)| Step::Pause { sweep, by }),
        3 => (sweep(), vec(prop_oneof![3 => 0..2usize, 1 => 0..8usize], 0..4), select(vec![StopKind::Early, StopKind::Cancel]))
            .prop_map(|(sweep, runs, kind)| Step::Stops { sweep, runs, kind }),
        2 => (near(), 0..5u64).prop_map(|(lease, beat)| Step::GiveUp { lease, beat }),
        3 => (sweep(), any::<bool>()).prop_map(|(sweep, later)| Step::GiveUpAll { sweep, later }),
        3 => (near(), lost()).prop_map(|(lease, lost)| Step::GiveBack { lease, lost }),
        1 => (agent(), lost()).prop_map(|(agent, lost)| Step::Quarantine { agent, lost }),
        1 => (sweep(), vec(agent(), 0..3)).prop_map(|(sweep, agents)| Step::Drain { sweep, agents }),
        1 => (sweep(), option::of(0..9u64)).prop_map(|(sweep, cap)| Step::Cap { sweep, cap }),
        2 => (sweep(), vec(prop_oneof![2 => select(vec![RunState::Failed, RunState::Crashed]), 1 => select(RunState::ALL.to_vec())], 0..4))
            .prop_map(|(sweep, states)| Step::Retry { sweep, states }),
        1 => (sweep(), vec(0..8usize, 0..4)).prop_map(|(sweep, runs)| Step::RetryRuns { sweep, runs }),
        4 => prop_oneof![4 => 0..30i64, 1 => -30..0i64, 1 => 0..1000i64].prop_map(|ms| Step::Pass { ms }),
        3 => (sweep(), 0..FOLLOWERS).prop_map(|(sweep, follower)| Step::Follow { sweep, follower }),
    ]
}

/// 0 for a new claim, 1 for the newest again, 2 for the one before.
fn age() -> impl Strategy<Value = u64> {
    prop_oneof![6 => Just(0u64), 2 => Just(1u64), 1 => Just(2u64)]
}

fn end() -> impl Strategy<Value = End> {
    use RunState as S;
    let states = vec![
        S::Finished,
        S::Finished,
        S::Failed,
        S::Killed,
        S::Preempted,
        S::Crashed,
        S::Pending,
        S::Running,
    ];
    let failure = option::of(select(Failure::ALL.to_vec()));
    (select(states), option::of(-1..3i32), option::of(Just("said".to_owned())), failure, any::<bool>())
        .prop_map(|(state, exit_code, message, failure, keeps_rows)| End {
            state,
            exit_code,
            message,
            failure,
            keeps_rows,
        })
}

fn sweep_state() -> impl Strategy<Value = SweepState> {
    use SweepState as S;
    prop_oneof![1 => Just(S::Pending), 6 => Just(S::Running), 3 => Just(S::Paused), 1 => Just(S::Finished), 1 => Just(S::Canceled)]
}

fn row() -> impl Strategy<Value = Map<String, Value>> {
    let nested = option::of(value().prop_map(|value| json!({"b": value, "c": {"d": 1}})));
    (option::weighted(0.9, value()), option::of(value()), option::of(value()), nested).prop_map(|values| {
        let entries = [(WATCHED[0], values.0), (WATCHED[1], values.1), ("other", values.2), ("a", values.3)];
        entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    })
}

fn value() -> impl Strategy<Value = Value> {
    let odd = [
        json!(null),
        json!(true),
        json!("NaN"),
        json!("-Infinity"),
        json!("0.5"),
        json!([1]),
        json!({"x": {"y": 1}}),
        json!(0.0),
        json!(-0.0),
        json!(0.1 + 0.2),
        json!(f64::MAX),
        json!(5e-324),
        json!(u64::MAX),
        json!(i64::MIN),
        json!("two\nlines \u{1F9F9}"),
    ];
    prop_oneof![
        4 => any::<i8>().prop_map(|x| json!(x)),
        2 => (-1e3..1e3f64).prop_map(|x| json!(x)),
        2 => select(odd.to_vec()),
    ]
}

/// Facts, now and then too many.
fn facts() -> impl Strategy<Value = Map<String, Value>> {
    let inner = vec((select(vec!["lr", "seed"]), option::of(value())), 0..3);
    let nested = inner.prop_map(|entries| json!(entries.into_iter().collect::<BTreeMap<_, _>>()));
    let large = (150_000..300_000usize).prop_map(|size| json!("x".repeat(size)));
    let fact = prop_oneof![8 => Just(Value::Null), 16 => value(), 16 => nested, 1 => large];
    vec((select(vec!["name", "tags", "config", "summary"]), fact), 0..3)
        .prop_map(|entries| entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// What a program prints at once, now and then more than is kept.
fn printed() -> impl Strategy<Value = String> {
    let line = |size: usize| "line\n\u{1F9F9}\0 ".chars().cycle().take(size).collect();
    prop_oneof![16 => 0..20usize, 4 => 1_000..5_000usize, 1 => 60_000..80_000usize, 1 => 100_000..200_000usize]
        .prop_map(line)
}

fn label() -> impl Strategy<Value = String> {
    prop_oneof![8 => (0..9usize).prop_map(|size| "y".repeat(size)), 1 => Just("z".repeat(300_000))]
}
