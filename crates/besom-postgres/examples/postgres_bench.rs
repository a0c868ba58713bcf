//! How fast a store in a database is. `benches/scripts/postgres.sh` starts one and compares with `pgbench`.
//!
//! ```text
//! cargo run --release -p besom-postgres --example postgres_bench URL [THREADS [RUNS [ROWS]]]
//! ```
//!
//! Prints the rate of claim and finish from so many threads, each with a connection of its own, and how long a claim takes. With
//! ROWS, each run reports so many metric rows besides, one by one.
#![expect(clippy::print_stdout, reason = "it is there to print")]

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use besom_core::{Goal, RunNumber, RunState};
use besom_postgres::{PostgresOptions, PostgresStore};
use besom_store::{Claim, End, NewAgent, NewRun, NewSweep, Queue, Row, Store, StoreError, SweepId};
use serde_json::json;

const FINISHED: End = End::new(RunState::Finished).exit_code(0);

fn main() -> Result<(), StoreError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let url = arguments.first().map_or("postgres://localhost/postgres", String::as_str);
    let number =
        |place: usize, default| arguments.get(place).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (threads, runs, rows): (usize, usize, u64) =
        (number(1, 16), number(2, 8000), number(3, 0).try_into().unwrap_or_default());
    let mut store = PostgresStore::open(url, &PostgresOptions::default())?;
    let id = SweepId::new(format!("bench{}", store.sweeps()?.len()));
    store.create_sweep(&NewSweep::new(id.clone()).metric("loss", Goal::Minimize).run_cap(runs as u64))?;
    let point = json!({"lr": 0.001, "layers": 3, "optimizer": {"name": "adam", "beta": 0.9}});
    let run = NewRun::new(point.as_object().cloned().unwrap_or_default());
    for first in (0..runs).step_by(10_000) {
        let part = vec![run.clone(); 10_000.min(runs - first)];
        store.add_runs(&id, RunNumber::from_index(first), &part, None)?;
    }
    let barrier = Barrier::new(threads + 1);
    let (took, mut claims) = thread::scope(|scope| -> Result<_, StoreError> {
        let agents: Vec<_> = (0..threads)
            .map(|place| {
                let (mut store, id, barrier) = (store.clone(), &id, &barrier);
                scope.spawn(move || work(&mut store, id, place, rows, barrier))
            })
            .collect();
        barrier.wait();
        let begun = Instant::now();
        let mut claims = Vec::new();
        for agent in agents {
            claims.extend(agent.join().expect("no agent panics")?);
        }
        Ok((begun.elapsed(), claims))
    })?;
    assert_eq!(claims.len(), runs, "each run is claimed once");
    claims.sort();
    let rate = 2.0 * runs as f64 / took.as_secs_f64();
    let at = |percent: usize| claims[(claims.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    println!(
        "claim, finish from {threads} threads: {rate:.0} /s; a claim takes {:.1} ms (median), {:.1} ms (99 %), {:.1} ms (slowest)",
        at(50),
        at(99),
        at(100)
    );
    Ok(())
}

/// Claims and finishes until there is no run left. Returns how long each claim took.
fn work(
    store: &mut PostgresStore,
    id: &SweepId,
    place: usize,
    rows: u64,
    barrier: &Barrier,
) -> Result<Vec<Duration>, StoreError> {
    let joined = store.join(id, &NewAgent::new(format!("bench/{place}"), Duration::from_secs(300)));
    barrier.wait();
    let (agent, mut claims) = (joined?, Vec::new());
    loop {
        let begun = Instant::now();
        let Claim::Run(run) = store.claim(agent, claims.len() as u64 + 1)? else { return Ok(claims) };
        claims.push(begun.elapsed());
        for seq in 1..=rows {
            let row = json!({"loss": 1.0 / seq as f64});
            store.report(&run.lease, &[Row::new(seq, row.as_object().cloned().unwrap_or_default())])?;
        }
        store.finish(&run.lease, &FINISHED)?;
    }
}
