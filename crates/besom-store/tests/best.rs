//! The store's best run is that of `besom-core`, whatever runs there are.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use besom_core::{Goal, History, Metric, Point, Problem, Run, RunState, Space};
use besom_store::{NewSweep, Order, Queue, RunQuery, SqliteStore, Store, Watched};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use stage::{claim, end, id, join, new_sweep, row, store};

/// Runs with their values, brought to their states by agents and their owner.
fn played(sweep: &NewSweep, runs: &[(RunState, Vec<f64>)]) -> SqliteStore {
    let (mut store, _) = store(sweep, runs.len());
    let agent = join(&mut store);
    let mut preempted = Vec::new();
    for (request, (state, values)) in (1..).zip(runs) {
        let lease = claim(&mut store, agent, request).lease;
        for (seq, value) in (1..).zip(values) {
            store.report(&lease, &[row(seq, json!({"loss": value, "size": seq}))]).unwrap();
        }
        match state {
            RunState::Running => {}
            // They would be claimed again before the later ones.
            RunState::Pending | RunState::Preempted => preempted.push(lease),
            state => drop(store.finish(&lease, &end(*state)).unwrap()),
        }
    }
    for lease in preempted {
        store.finish(&lease, &end(RunState::Preempted)).unwrap();
    }
    store
}

fn history(store: &mut SqliteStore) -> History {
    let changes = store.changes(&id(), 0).unwrap();
    let run = |change: besom_store::RunChange| {
        let mut run = Run::new(Point::default()).with_state(change.state);
        for part in change.curves {
            run.curve_mut(part.metric).values = part.values;
        }
        run
    };
    changes.runs.into_iter().map(run).collect()
}

fn values() -> impl Strategy<Value = Vec<f64>> {
    vec(prop_oneof![4 => (-3..3i8).prop_map(f64::from), 1 => Just(-0.0), 1 => Just(f64::NAN)], 0..4)
}

proptest! {
    #[test]
    fn best_run_and_order_are_those_of_the_core(
        runs in vec((select(RunState::ALL.to_vec()), values()), 1..12),
        goal in select(vec![Goal::Minimize, Goal::Maximize]),
        several in any::<bool>(),
    ) {
        let mut problem = Problem::new(Space::default(), Metric::new("loss", goal));
        problem.metrics.extend(several.then(|| Metric::new("size", Goal::Minimize)));
        let watched = problem.metrics.iter();
        let metrics = watched.map(|metric| Watched::new(metric.name.clone(), metric.goal)).collect();
        let mut new = new_sweep().retry_crashed(0);
        new.metrics = metrics;
        let mut store = played(&new, &runs);
        let history = history(&mut store);
        let status = store.status(&id()).unwrap();
        prop_assert_eq!(status.best, history.best(&problem));
        prop_assert_eq!(status.better_uncounted, history.better_uncounted(&problem));
        let query = RunQuery::default().order(Order::Best);
        let ranked = store.runs(&id(), &query).unwrap();
        prop_assert!(status.best.is_none_or(|best| ranked[0].number == best.run));
        for run in &ranked {
            prop_assert_eq!(run.best, problem.value(&history.runs()[run.number.index()], 0).map(|value| value + 0.0));
        }
        let uncounted = ranked.iter().position(|run| !run.state.can_be_best() && run.best.is_some());
        let counted = ranked.iter().rposition(|run| run.state.can_be_best() && run.best.is_some());
        prop_assert!(uncounted.zip(counted).is_none_or(|(uncounted, counted)| counted < uncounted));
    }
}
