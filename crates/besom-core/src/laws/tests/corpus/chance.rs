//! Where a search takes chance from.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use super::*;

#[test]
fn a_random_generator_of_its_own() {
    let text = caught(Law::Seed, plain(|ask| one(ask, chance())));
    assert!(text.contains("`ask.rng(i)` only"), "{text}");
    assert!(text.contains("asked for 1 after 0 runs"), "{text}");
}

#[test]
fn a_coin() {
    caught(Law::Seed, plain(|ask| one(ask, if chance() < 0.5 { 0.25 } else { 0.75 })));
}

#[test]
fn a_global_counter() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    caught(Law::Seed, plain(|ask| one(ask, 1.0 / (1.0 + CALLS.fetch_add(1, Ordering::Relaxed) as f64))));
}

#[test]
fn the_order_of_a_hash_map() {
    caught(
        Law::Seed,
        plain(|ask| {
            let map: HashMap<u32, f64> = (0..64).map(|i| (i, f64::from(i) / 64.0)).collect();
            one(ask, *map.values().next().expect("there are 64"))
        }),
    );
}

#[test]
#[expect(clippy::disallowed_methods, reason = "this is the fault that the law has to find")]
fn a_clock_in_nanoseconds() {
    caught(
        Law::Seed,
        plain(|ask| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.subsec_nanos());
            one(ask, f64::from(now) / 1e9)
        }),
    );
}

#[test]
fn thread_local_state() {
    thread_local!(static LAST: Cell<usize> = const { Cell::new(0) });
    caught(
        Law::Seed,
        plain(|ask| {
            // Each instance of this thread sees what the one before left.
            LAST.set(LAST.get().max(ask.history.len() + 1));
            one(ask, 1.0 / (1.0 + LAST.get() as f64))
        }),
    );
}

#[test]
fn the_name_of_the_thread() {
    caught(
        Law::Seed,
        plain(|ask| {
            one(ask, std::thread::current().name().map_or(0.25, |name| 1.0 / (1.0 + name.len() as f64)))
        }),
    );
}

#[test]
fn a_static_that_remembers_the_best_of_all_sweeps() {
    static BEST: Mutex<f64> = Mutex::new(0.0);
    caught(
        Law::Seed,
        plain(|ask| {
            let mut best = BEST.lock().expect("nobody panics");
            let longest = ask.history.len() as f64;
            *best = best.max(longest);
            one(ask, 1.0 / (1.0 + *best))
        }),
    );
}

#[test]
fn a_scratch_buffer_of_the_thread_that_is_not_cleared() {
    thread_local!(static SEEN: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) });
    caught(
        Law::Seed,
        plain(|ask| {
            SEEN.with_borrow_mut(|seen| {
                seen.push(0.0);
                one(ask, 1.0 / seen.len() as f64)
            })
        }),
    );
}
