//! A sweep in which much has happened, and all that a store says of one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "each test file uses its own part")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use besom_core::{Goal, RunNumber, RunState};
use besom_store::{
    Claim, Clock, End, Lease, NewAgent, NewRun, NewSweep, Row, RunQuery, Seen, StopKind, Store, SweepId,
    SweepState,
};
use serde_json::{Map, Value, json};

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn rows(from: u64, upto: u64) -> Vec<Row> {
    let row = |seq| {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let loss = 1.0 / seq as f64;
        Row::new(seq, object(json!({"loss": loss, "acc": if seq == 3 { Value::Null } else { json!(seq) }})))
    };
    (from..=upto).map(row).collect()
}

/// A time that passes when it is told to.
#[derive(Clone, Default)]
pub(crate) struct Time(Arc<AtomicU64>);

impl Time {
    pub(crate) fn clock(&self) -> Clock {
        let time = self.clone();
        Arc::new(move || 1000 + time.0.load(Ordering::SeqCst))
    }
}

/// Fills a store of this time with a sweep, which is paused in the end, and has two runs that agents still hold.
pub(crate) fn fill(store: &mut dyn Store, time: &Time, id: &str) -> SweepId {
    let id = SweepId::new(id);
    let sweep = NewSweep::new(id.clone()).metric("loss", Goal::Minimize).metric("acc", Goal::Maximize);
    let mut sweep = sweep.seed(u64::MAX).text("method: grid").retry_crashed(2);
    sweep.name = Some("né \"0\"".to_owned());
    store.create_sweep(&sweep).unwrap();
    store.set_label(&id, "tags", Some("a b")).unwrap();
    let new = |x: u64| NewRun::new(object(json!({"x": x, "lr": 1e-5}))).note(object(json!({"by": "search"})));
    let seen = Seen::new(store.changes(&id, 0).unwrap().upto, 0, Vec::new());
    store.add_runs(&id, RunNumber::FIRST, &[1, 2, 3, 4, 5, 6].map(new), Some(&seen)).unwrap();
    let agents = ["host/1", "host/2"]
        .map(|name| store.join(&id, &NewAgent::new(name, Duration::from_secs(60))).unwrap());
    let claim = |store: &mut dyn Store, agent: usize, request| -> Lease {
        match store.claim(agents[agent], request).unwrap() {
            Claim::Run(run) => run.lease,
            other => panic!("{other:?}"),
        }
    };
    let first = claim(store, 0, 1);
    let second = claim(store, 1, 1);
    store.report(&first, &rows(1, 300)).unwrap();
    store.print(&first, 0, &"a line\0 of output\n".repeat(1000)).unwrap();
    store.describe(&first, &object(json!({"host": "node-1"}))).unwrap();
    store.finish(&first, &End::new(RunState::Finished).exit_code(0)).unwrap();
    store.annotate(&id, first.run, &object(json!({"note": "good"}))).unwrap();
    // Preempted with a checkpoint, and continued by the other agent.
    store.report(&second, &rows(1, 3)).unwrap();
    store.finish(&second, &End::new(RunState::Preempted).keeping_rows()).unwrap();
    let third = claim(store, 0, 2);
    assert_eq!(third.run, second.run);
    store.resume(&third).unwrap();
    store.report(&third, &rows(1, 2)).unwrap();
    assert_eq!(store.rows(&id, third.run, None).unwrap().len(), 5, "those of both attempts");
    store.finish(&third, &End::new(RunState::Failed).message("b\0ad").exit_code(1)).unwrap();
    let seen = Seen::new(store.changes(&id, 0).unwrap().upto, 6, vec![(second.run, 3)]);
    store.add_runs(&id, RunNumber::from_index(6), &[new(7)], Some(&seen)).unwrap();
    for request in 2..6 {
        let lease = claim(store, 1, request);
        store.report(&lease, &rows(1, 2)).unwrap();
        if request < 5 {
            store.finish(&lease, &End::new(RunState::Crashed)).unwrap();
        }
    }
    time.0.fetch_add(1_000_000, Ordering::SeqCst);
    claim(store, 0, 3);
    store.request_stops(&id, &[(RunNumber::from_index(5), "enough".to_owned())], StopKind::Early).unwrap();
    store.retry(&id, &[RunState::Failed]).unwrap();
    store.set_state(&id, SweepState::Paused, Some("a breath")).unwrap();
    id
}

/// All that a store says of a sweep, but for the numbers of changes and agents, and NUL, which not every store can hold.
pub(crate) fn all_of(store: &mut dyn Store, id: &SweepId) -> Value {
    let metrics = store.sweep(id).unwrap().new.metrics.len();
    let mut runs = Vec::new();
    for run in store.runs(id, &RunQuery::default()).unwrap() {
        let number = run.number;
        let attempts = store.attempts(id, number).unwrap();
        let of_attempts: Vec<Value> = (0..=attempts.len() as u64)
            .map(|attempt| {
                json!({
                    "rows": store.rows(id, number, Some(attempt)).unwrap(),
                    "facts": store.facts(id, number, Some(attempt)).unwrap(),
                    "output": store.output(id, number, Some(attempt)).unwrap().to_string(),
                    "logged": store.logged(id, number, Some(attempt)).unwrap(),
                })
            })
            .collect();
        let seen = store.seen(id, number).unwrap();
        let events = store.events(id, None, 0, u64::MAX).unwrap();
        // How much of the log it saw.
        let upto = seen.as_ref().map(|seen| events.iter().filter(|event| event.seq <= seen.upto).count());
        let curves: Vec<Vec<f64>> =
            (0..metrics).map(|metric| store.curve(id, number, metric).unwrap()).collect();
        runs.push(json!({
            "run": run,
            "attempts": attempts,
            "of_attempts": of_attempts,
            "rows": store.rows(id, number, None).unwrap(),
            "seen": [json!(upto), json!(seen.map(|seen| (seen.runs, seen.rows)))],
            "curves": format!("{curves:?}"),
        }));
    }
    let events = store.events(id, None, 0, u64::MAX).unwrap();
    let events: Vec<Value> = events
        .iter()
        .map(|event| json!([event.at_ms, event.run, event.kind, Value::Object(event.detail.clone())]))
        .collect();
    let mut agents = json!(store.agents(id).unwrap());
    for agent in agents.as_array_mut().unwrap() {
        agent.as_object_mut().unwrap().remove("id");
    }
    let status = json!(store.status(id).unwrap());
    let order: Vec<RunNumber> = store
        .runs(id, &RunQuery::default().order(besom_store::Order::Best))
        .unwrap()
        .iter()
        .map(|run| run.number)
        .collect();
    let all = json!({
        "sweep": store.sweep(id).unwrap(), "runs": runs, "events": events, "agents": agents, "status": status,
        "order": order, "held_back": store.changes(id, 0).unwrap().held_back,
    });
    serde_json::from_str(&all.to_string().replace("\\u0000", "")).unwrap()
}
