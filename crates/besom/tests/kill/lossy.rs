//! The agent's own loop on stores that lose replies, with an agent that wakes up after it was given up. All in one
//! thread, so that a seed decides everything but the pauses.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use besom_agent::{AgentOptions, Ended, Idle, Link, Runner, Shutdown, work};
use besom_core::{BoxError, Goal, RunNumber, RunState};
use besom_engine::Lossy;
use besom_store::{
    ClaimedRun, Mutant, Mutated, NewRun, NewSweep, RunQuery, SqliteStore, Store, StoreError, SweepId,
    SweepState,
};
use serde_json::{Map, Value, json};

use super::{Record, check};

const RUNS: u64 = 4;
const ROWS: u64 = 6;
const HEARTBEAT_TIMEOUT: Duration = Duration::from_millis(100);

/// A sweep in a store of its own, whose time stands still.
struct Stage {
    directory: PathBuf,
    sweep: SweepId,
    mutant: Option<Mutant>,
    seed: u64,
}

impl Stage {
    fn store(&self) -> Result<Mutated<SqliteStore>, StoreError> {
        let store = SqliteStore::open(&self.directory.join("besom.db"), Arc::new(|| 1))?;
        Ok(Mutated::new(store, self.mutant))
    }

    fn queue(&self, salt: u64) -> Result<Lossy, StoreError> {
        Ok(Lossy::new(Box::new(self.store()?), self.seed * 2 + salt))
    }

    fn create(&self, store: &mut dyn Store) -> Result<(), StoreError> {
        store.create_sweep(
            &NewSweep::new(self.sweep.clone())
                .seed(self.seed)
                .metric("loss", Goal::Minimize)
                .retry_crashed(1000)
                .retry_failed(1000),
        )?;
        let new = |a| NewRun::new(object(json!({ "a": a })));
        let runs: Vec<NewRun> = (1..=RUNS).map(new).collect();
        store.add_runs(&self.sweep, RunNumber::FIRST, &runs, None).map(|_| ())
    }

    /// An agent at work until the sweep is over, which it is when no run is open.
    fn work(&self, name: &str, queue: &mut Lossy, runner: &mut dyn Runner) -> Result<(), String> {
        let mut store = self.store().map_err(|error| error.to_string())?;
        let options = AgentOptions::new(name)
            .directory(&self.directory)
            .heartbeat_timeout(HEARTBEAT_TIMEOUT)
            .store_timeout(Duration::from_secs(3));
        let mut idle = || -> Result<Idle, BoxError> {
            if store.runs(&self.sweep, &RunQuery::default())?.iter().any(|run| run.state.is_open()) {
                return Ok(Idle::Waiting);
            }
            store.set_state(&self.sweep, SweepState::Finished, None)?;
            Ok(Idle::Worked)
        };
        let done = work(queue, &self.sweep, &options, runner, &Shutdown::new(), &mut idle);
        done.map(|_| ()).map_err(|error| error.to_string())
    }
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// Logs row after row.
fn log(run: &ClaimedRun, link: &mut Link<'_>, steps: std::ops::RangeInclusive<u64>) {
    for step in steps {
        link.log(&object(json!({"loss": step, "attempt": run.lease.attempt}))).unwrap();
        link.pump();
    }
}

/// Sends no heartbeat in its first run, during which others do all the work, and goes on when they are amid that same run.
struct Sleeper<'a> {
    stage: &'a Stage,
    slept: bool,
    trouble: Option<String>,
}

impl Runner for Sleeper<'_> {
    fn run(&mut self, run: &ClaimedRun, link: &mut Link<'_>) -> Ended {
        if self.slept {
            log(run, link, 1..=ROWS);
            return Ended::new(RunState::Finished);
        }
        self.slept = true;
        log(run, link, 1..=2);
        let mut other = Other { late: Some((run, link)) };
        let done = self.stage.queue(1).map_err(|error| error.to_string());
        self.trouble = done.and_then(|mut queue| self.stage.work("other", &mut queue, &mut other)).err();
        Ended::new(RunState::Finished)
    }
}

/// Does the work, and lets the sleeper wake up once.
struct Other<'a, 'b> {
    late: Option<(&'a ClaimedRun, &'a mut Link<'b>)>,
}

impl Runner for Other<'_, '_> {
    fn run(&mut self, run: &ClaimedRun, link: &mut Link<'_>) -> Ended {
        log(run, link, 1..=2);
        if let Some((old, late)) = self.late.take_if(|(old, _)| old.lease.run == run.lease.run) {
            log(old, late, 3..=4);
        }
        log(run, link, 3..=ROWS);
        Ended::new(RunState::Finished)
    }
}

/// Plays it once, and says what is wrong with what came of it.
fn play(seed: u64, mutant: Option<Mutant>) -> Result<(), String> {
    let directory = tempfile::tempdir().unwrap();
    let sweep = SweepId::new("sweep001");
    let stage = Stage { directory: directory.path().to_owned(), sweep, mutant, seed };
    let mut store = stage.store().map_err(|error| error.to_string())?;
    stage.create(&mut store).map_err(|error| error.to_string())?;
    let mut sleeper = Sleeper { stage: &stage, slept: false, trouble: None };
    let mut queue = stage.queue(0).map_err(|error| error.to_string())?;
    stage.work("sleeper", &mut queue, &mut sleeper)?;
    sleeper.trouble.take().map_or(Ok(()), Err)?;
    let rows = check(&mut store, &stage.sweep, &stage.directory, RUNS, &Record::default())?;
    let expected = usize::try_from(RUNS * ROWS + 2).unwrap();
    super::require(rows == expected, || format!("{rows} rows in place of {expected}"))?;
    for run in store.runs(&stage.sweep, &RunQuery::default()).map_err(|error| error.to_string())? {
        let handed_out = 1 + u64::from(run.number == RunNumber::FIRST);
        super::require(run.attempt == handed_out, || {
            format!("run {} in attempt {}", run.number, run.attempt)
        })?;
    }
    Ok(())
}

#[test]
fn lost_replies_and_late_writers_do_no_harm() {
    (1..=6).for_each(|seed| assert_eq!(play(seed, None), Ok(()), "seed {seed}"));
}

#[test]
fn stores_that_break_a_rule_are_caught() {
    for mutant in [Mutant::NoFencing, Mutant::NoStoredAnswer, Mutant::NoSequenceCheck] {
        let caught = (1..=6).find_map(|seed| play(seed, Some(mutant)).err());
        eprintln!("{mutant:?}: {caught:?}");
        assert!(caught.is_some(), "{mutant:?}");
    }
}
