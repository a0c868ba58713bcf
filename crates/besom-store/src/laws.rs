//! The laws of a [`Store`], as a suite for implementors: hand over a constructor and it is put to the test.
//!
//! Random scripts are played on the store and on a model, [`MemoryStore`](crate::MemoryStore): several agents and
//! owners, lost replies (calls repeated at once or much later), leases that have ended, time that jumps. After each step
//! both must agree on what was answered and on the runs, and at the end on everything. What follows from the rows (curves,
//! ranks, the status, changes) is computed from them once more, by the plainest way. So it is checked that
//!
//! * numbers of runs are dense, and a cap is exact;
//! * no two live leases hold one run, and the holder of a lost lease gets `Lost` and changes nothing;
//! * acknowledged rows are never lost, doubled or put out of order;
//! * what has ended stays as it ended, unless it is tried again;
//! * a call that is repeated has no further effect and the same answer;
//! * an agent that was drained gets no new run, and keeps the one that it holds;
//! * [`Store::changes`] folded from any cursors is what it is from 0;
//! * the events of a run lead to the state that it is in, by allowed edges, one event each;
//! * a group answers as its operations one by one would, also when one of them fails;
//! * a curve in buckets shows what the curve holds, and a wait returns the cursor of the newest change;
//! * a removed sweep is gone for everybody, and nothing else is: no other sweep changes, no new agent gets an id of the old ones.
//!
//! Texts that a store makes up itself (why a run was given up) are its own matter, and so is who has asked for something.

mod compare;
mod fold;
mod outlines;
mod play;
mod removal;
mod script;
mod verdict;
mod view;

use besom_core::laws::runner;
use proptest::test_runner::{Config, TestCaseError, TestError};

use crate::{Clock, Store};

/// How many scripts [`check_store`] plays: a few seconds in memory, and enough to find every mutant (`tests/laws.rs`).
const CASES: u32 = 256;

/// Tests a store: `make` returns a new, empty one each time, which reads the time from the clock.
///
/// ```no_run
/// besom_store::laws::check_store(|clock| besom_store::SqliteStore::in_memory(clock).expect("SQLite works"));
/// ```
///
/// # Panics
/// If a law is broken; the text shows the shortest script that was found to show it.
pub fn check_store<S: Store>(make: impl Fn(Clock) -> S) {
    if let Some(violation) = find_violation(make, CASES) {
        panic!("{violation}");
    }
}

/// As [`check_store`], with `cases` scripts. Returns what broke, as text. The scripts are the same each time, unless
/// the variable `BESOM_LAWS_SEED` selects others.
pub fn find_violation<S: Store>(make: impl Fn(Clock) -> S, cases: u32) -> Option<String> {
    let broken = play(make, cases, 2000).err()?;
    Some(match *broken {
        TestError::Fail(reason, script) => format!("{reason}\nin the script {script:#?}"),
        TestError::Abort(reason) => format!("the suite was aborted: {reason}"),
    })
}

/// Whether any of `cases` scripts shows that a law is broken: as [`find_violation`], without the time that it takes to find a
/// short one.
pub fn has_violation<S: Store>(make: impl Fn(Clock) -> S, cases: u32) -> bool {
    play(make, cases, 0).is_err()
}

fn play<S: Store>(
    make: impl Fn(Clock) -> S,
    cases: u32,
    max_shrink_iters: u32,
) -> Result<(), Box<TestError<script::Script>>> {
    let config = Config { cases, failure_persistence: None, max_shrink_iters, ..Config::default() };
    let played = runner(config)
        .run(&script::script(), |script| play::play(&make, &script).map_err(TestCaseError::fail));
    played.map_err(Box::new)
}
