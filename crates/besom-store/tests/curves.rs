//! Curves and rows of any length, in reports of any size.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use besom_core::RunNumber;
use besom_store::{Queue, Reply, Row, Store};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use serde_json::json;
use stage::{claim, id, join, new_sweep, row, store};

/// Sizes of reports: mostly single rows, at times more than a segment or a chunk holds.
fn sizes() -> impl Strategy<Value = Vec<usize>> {
    vec(prop_oneof![4 => Just(1usize), 3 => 1..40usize, 1 => 100..300usize], 1..60)
}

fn rows(first: u64, count: usize) -> Vec<Row> {
    // Each seventh row lacks the metric, and each eleventh has no number.
    let values = |seq: u64| match seq {
        _ if seq.is_multiple_of(7) => json!({"step": seq}),
        _ if seq.is_multiple_of(11) => json!({"loss": "NaN"}),
        _ => json!({"loss": 1.0 / seq as f64, "text": "x".repeat(usize::try_from(seq % 100).unwrap())}),
    };
    (first..).take(count).map(|seq| row(seq, values(seq))).collect()
}

proptest! {
    #[test]
    fn reports_of_any_size_make_one_curve(sizes in sizes(), asks in vec(any::<bool>(), 60)) {
        let (mut store, _) = store(&new_sweep(), 1);
        let agent = join(&mut store);
        let lease = claim(&mut store, agent, 1).lease;
        let (mut cursor, mut followed, mut reported) = (store.changes(&id(), 0).unwrap().upto, Vec::new(), Vec::new());
        for (&size, ask) in sizes.iter().zip(asks) {
            let new = rows(reported.len() as u64 + 1, size);
            prop_assert_eq!(store.report(&lease, &new).unwrap(), Reply::Continue);
            reported.extend(new);
            if ask {
                let changes = store.changes(&id(), cursor).unwrap();
                cursor = changes.upto;
                for part in changes.runs.into_iter().flat_map(|run| run.curves) {
                    followed.truncate(part.from);
                    prop_assert_eq!(followed.len(), part.from);
                    followed.extend(part.values);
                }
                prop_assert_eq!(bits(&followed), bits(&store.curve(&id(), RunNumber::FIRST, 0).unwrap()));
            }
        }
        let expected: Vec<f64> = reported
            .iter()
            .filter_map(|row| row.values.get("loss"))
            .map(|loss| loss.as_f64().unwrap_or(f64::NAN))
            .collect();
        prop_assert_eq!(bits(&store.curve(&id(), RunNumber::FIRST, 0).unwrap()), bits(&expected));
        prop_assert_eq!(store.rows(&id(), RunNumber::FIRST, None).unwrap(), reported);
    }
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| if value.is_nan() { 0x7ff8 << 48 } else { value.to_bits() }).collect()
}

#[test]
fn news_of_a_long_curve_come_without_the_old_part() {
    let (mut store, _) = store(&new_sweep(), 1);
    let agent = join(&mut store);
    let lease = claim(&mut store, agent, 1).lease;
    for report in 0..20 {
        let new: Vec<Row> = (1..=1000).map(|seq| row(report * 1000 + seq, json!({"loss": seq}))).collect();
        store.report(&lease, &new).unwrap();
    }
    let cursor = store.changes(&id(), 0).unwrap().upto;
    store.report(&lease, &[row(20_001, json!({"loss": 0.5}))]).unwrap();
    let part = &store.changes(&id(), cursor).unwrap().runs[0].curves[0];
    assert_eq!((part.from, part.values.as_slice()), (20_000, &[0.5][..]));
}

#[test]
fn a_new_attempt_cuts_the_curve_before_it_has_logged_anything() {
    let (mut store, _) = store(&new_sweep(), 1);
    let agent = join(&mut store);
    let lease = claim(&mut store, agent, 1).lease;
    store.report(&lease, &[row(1, json!({"loss": 1}))]).unwrap();
    let cursor = store.changes(&id(), 0).unwrap().upto;
    assert!(store.give_up(&lease, 1).unwrap());
    claim(&mut store, agent, 2);
    let part = &store.changes(&id(), cursor).unwrap().runs[0].curves[0];
    assert_eq!((part.from, part.values.as_slice()), (0, &[][..]));
    assert!(store.changes(&id(), 0).unwrap().runs[0].curves.is_empty());
}
