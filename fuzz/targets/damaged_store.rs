//! Damaged stores: whatever bytes of its file change, opening, reading and using a store answers or fails, and never panics.

#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use besom_core::{Goal, RunNumber, RunState};
use besom_fuzz::Bytes;
use besom_store::{
    Claim, End, NewAgent, NewRun, NewSweep, Queue, Row, RunQuery, SqliteStore, Store, StoreError, SweepId,
};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, json};

/// Stores of older versions, which are upgraded first.
const OLD: [&[u8]; 2] = [
    include_bytes!("../../crates/besom-store/tests/data/version-1.db"),
    include_bytes!("../../crates/besom-store/tests/data/version-2-running.db"),
];

/// A store of the present version with a bit of everything.
static NEW: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let place = directory("new");
    fill(&place.join("besom.db")).expect("a sound store works");
    fs::read(place.join("besom.db")).expect("closing has written the log back")
});

fuzz_target!(|input: &[u8]| {
    let mut bytes = Bytes::new(input);
    let mut file = match bytes.below(16) {
        0 => OLD[0].to_vec(),
        1 => OLD[1].to_vec(),
        _ => NEW.clone(),
    };
    damage(&mut file, &mut bytes);
    let place = directory("damaged");
    let path = place.join("besom.db");
    fs::write(&path, file).expect("a temporary file can be written");
    // An error is an answer.
    let _ = SqliteStore::open_read_only(&path, Arc::new(|| 0)).and_then(|mut store| look(&mut store));
    let _ = SqliteStore::open_existing(&path, Arc::new(|| 0)).and_then(|mut store| {
        let _ = look(&mut store);
        work(&mut store)
    });
});

/// An empty directory of this process.
fn directory(name: &str) -> PathBuf {
    let place = std::env::temp_dir().join(format!("besom-fuzz-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(&place).expect("a temporary directory can be made");
    place
}

fn damage(file: &mut Vec<u8>, bytes: &mut Bytes<'_>) {
    while !bytes.is_empty() && !file.is_empty() {
        let at = usize::try_from(bytes.word()).unwrap_or(usize::MAX) % file.len();
        match bytes.below(8) {
            0 => file.truncate(at),
            1 => {
                let end = (at + 512).min(file.len());
                file[at..end].fill(bytes.byte());
            }
            _ => file[at] = bytes.byte(),
        }
    }
}

fn values(loss: f64) -> Map<String, serde_json::Value> {
    json!({"loss": loss, "text": "x".repeat(300)}).as_object().cloned().unwrap_or_default()
}

fn fill(path: &Path) -> Result<(), StoreError> {
    let mut store = SqliteStore::open(path, Arc::new(|| 0))?;
    let sweep = NewSweep::new("s").metric("loss", Goal::Minimize).retry_crashed(1);
    store.create_sweep(&sweep)?;
    let runs: Vec<NewRun> = (0..6).map(|x| NewRun::new(values(f64::from(x)))).collect();
    store.add_runs(&sweep.id, RunNumber::FIRST, &runs, None)?;
    let agent = store.join(&sweep.id, &NewAgent::new("a", Duration::from_secs(60)))?;
    let states = [RunState::Finished, RunState::Failed, RunState::Preempted, RunState::Crashed];
    for (request, state) in (1..).zip(states) {
        let Claim::Run(run) = store.claim(agent, request)? else { break };
        for seq in 1..=20 {
            store.report(&run.lease, &[Row::new(seq, values(1.0 / seq as f64))])?;
        }
        store.print(&run.lease, 0, "output\n")?;
        store.describe(&run.lease, &values(0.5))?;
        store.finish(&run.lease, &End::new(state).message("said").keeping_rows())?;
    }
    Ok(())
}

/// Reads all that there is, and stops at the first thing that cannot be read.
fn look(store: &mut dyn Store) -> Result<(), StoreError> {
    for sweep in store.sweeps()? {
        let id = sweep.new.id;
        let _ = (store.status(&id), store.agents(&id), store.events(&id, None, 0, 1000), store.running(&id));
        let _ = store.changes(&id, 0).map(|changes| store.changes(&id, changes.upto / 2));
        for run in store.runs(&id, &RunQuery::default().limit(100))? {
            let number = run.number;
            let _ = (store.attempts(&id, number), store.rows(&id, number, None), store.curve(&id, number, 0));
            let _ =
                (store.facts(&id, number, None), store.output(&id, number, None), store.seen(&id, number));
            let _ = store.logged(&id, number, None);
        }
    }
    Ok(())
}

/// Works on the sweep, as an agent does who knows nothing of the damage.
fn work(store: &mut dyn Store) -> Result<(), StoreError> {
    let id = SweepId::new("s");
    let agent = store.join(&id, &NewAgent::new("b", Duration::from_secs(60)))?;
    for request in 1..4 {
        let Claim::Run(run) = store.claim(agent, request)? else { break };
        store.resume(&run.lease)?;
        store.report(&run.lease, &[Row::new(1, values(0.1))])?;
        store.finish(&run.lease, &End::new(RunState::Finished))?;
    }
    store.leave(agent)
}
