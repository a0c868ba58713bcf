//! Gives up the runs of agents that are silent.
//!
//! Agents do this for each other; the server does it too, because the last agent of a sweep may be the silent one. It waits somewhat
//! longer than they do, since an agent on the machine of the silent one first reads what lies there.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use besom_agent::Watch;
use besom_store::{HeldRun, Store, StoreError, SweepId};
use tokio::time::sleep;

use crate::refusal::Refusal;
use crate::shared::Shared;

/// The bounds of the time between two looks.
const INTERVAL: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Looks at all running runs until the server ends. After a start, and after a gap in its own looks, everybody has a full silence.
pub(crate) async fn reap(shared: Shared) {
    let mut watched: BTreeMap<SweepId, Watch> = BTreeMap::new();
    // A sweep that has ended may have runs that end later: those are found once, and watched from then on.
    let mut is_first = true;
    loop {
        let known: Vec<SweepId> = watched.keys().cloned().collect();
        let running = shared.read(move |store| running(store, &known, is_first)).await;
        match running {
            Ok(running) => {
                is_first = false;
                look(&shared, &mut watched, running).await;
            }
            // While the store failed, nobody's heartbeat could move.
            Err(_) => watched.clear(),
        }
        let next = watched.values().map(Watch::interval).min().unwrap_or(INTERVAL.1);
        tokio::select! {
            () = sleep(next.clamp(INTERVAL.0, INTERVAL.1)) => {}
            () = shared.stop.stopped() => return,
        }
    }
}

/// The running runs of each sweep that may have some: those that have not ended, and those that had some at the last look.
fn running(
    store: &mut dyn Store,
    known: &[SweepId],
    is_first: bool,
) -> Result<Vec<(SweepId, Vec<HeldRun>)>, StoreError> {
    let mut found = Vec::new();
    for sweep in store.sweeps()? {
        let id = sweep.new.id;
        if is_first || !sweep.state.is_over() || known.contains(&id) {
            let held = store.running(&id)?;
            if !held.is_empty() {
                found.push((id, held));
            }
        }
    }
    Ok(found)
}

async fn look(
    shared: &Shared,
    watched: &mut BTreeMap<SweepId, Watch>,
    running: Vec<(SweepId, Vec<HeldRun>)>,
) {
    let now = Instant::now();
    watched.retain(|id, _| running.iter().any(|(running, _)| running == id));
    let mut overdue = Vec::new();
    for (id, held) in running {
        let watch = watched.entry(id).or_insert_with(|| Watch::new(Duration::ZERO));
        watch.look(now, held.into_iter().map(patient).collect());
        overdue.extend(watch.overdue());
    }
    for held in overdue {
        let given_up = shared.write(move |store| store.give_up(&held.lease, held.beat)).await;
        // It is overdue at the next look as well.
        drop::<Result<bool, Refusal>>(given_up);
    }
}

/// The run with a quarter more patience.
fn patient(mut held: HeldRun) -> HeldRun {
    held.heartbeat_timeout_ms = held.heartbeat_timeout_ms.saturating_add(held.heartbeat_timeout_ms / 4);
    held
}
