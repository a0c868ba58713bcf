//! Scores are those of the peers' harness; intervals and differences keep what one expects of them.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]
#![expect(clippy::float_cmp, reason = "these are exact")]

use std::path::PathBuf;

use besom_bench::{Record, Reference, Results, Score};
use proptest::prelude::*;

fn near(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-9, "{a} is not {b}");
}

/// Sweeps of three peers, and what the peers' own `score.py` makes of them.
#[test]
fn scores_are_those_of_the_peers_harness() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/peers");
    let results = Results::read([folder]).unwrap();
    let standings = results.standings();
    // Method, score, half, decades, logarithm of speedup, rank, 95 % interval of 20,000 draws.
    let expected = [
        (
            "optuna-tpe",
            [
                0.7013121056813203,
                0.41741615640903895,
                0.6884670535893038,
                1.3150175694702226,
                1.3666666666666667,
            ],
            [0.64328323, 0.76677571],
        ),
        (
            "hyperopt",
            [0.4007919593069551, 0.03880997251538114, 0.2976615249237757, 0.9866027724177222, 2.2],
            [0.25632073, 0.53475314],
        ),
        (
            "random",
            [
                0.12727668534138775,
                -0.31046623466164086,
                0.20996671852593668,
                0.12331370426945551,
                2.433333333333333,
            ],
            [-0.06960247, 0.30496893],
        ),
    ];
    assert_eq!(standings.len(), 3);
    for (standing, (method, numbers, [low, high])) in standings.iter().zip(expected) {
        assert_eq!((&*standing.method, standing.problems, standing.pairs), (method, 5, 14));
        let found =
            [standing.score.mean, standing.half, standing.decades, standing.speedup.ln(), standing.rank];
        found.into_iter().zip(numbers).for_each(|(found, number)| near(found, number));
        assert!((standing.score.low - low).abs() < 0.02 && (standing.score.high - high).abs() < 0.02);
    }
}

fn sweep(method: &str, problem: usize, seed: u64, curve: Vec<f64>) -> Record {
    let mut record = Record::new(method, format!("p{problem}"), seed);
    (record.key, record.curve) = (format!("p{problem}"), curve);
    record
}

fn references() -> Vec<(String, Reference)> {
    (0..4).map(|problem| (format!("p{problem}"), Reference::new(vec![3.0, 2.0, 1.0], 0.0, true))).collect()
}

fn reference() -> Reference {
    Reference::new(vec![3.0, 2.0, 1.0], -1.0, true)
}

fn score(curve: &[f64]) -> Score {
    let record = sweep("mine", 0, 0, curve.to_vec());
    Score::of(&record, &reference(), -1.0).unwrap()
}

#[test]
fn random_search_scores_0_and_the_optimum_1() {
    let (random, optimum) = (score(&[3.0, 2.0, 1.0]), score(&[3.0, 1.0, -1.0]));
    assert_eq!((random.score, random.decades), (0.0, 0.0));
    assert_eq!((optimum.score, optimum.decades, optimum.log_speedup.exp()), (1.0, 4.0, 1.5));
    let nothing = score(&[f64::INFINITY; 3]);
    assert_eq!((nothing.score, nothing.half, nothing.log_speedup), (-1.0, -1.0, 0.5_f64.ln()));
    assert!(nothing.decades < 0.0 && nothing.decades.is_finite());
    assert_eq!(score(&[-1.0]).half, 1.0);
}

#[test]
fn later_sweeps_count_and_results_count_before_errors() {
    let mut failed = sweep("mine", 0, 0, Vec::new());
    failed.error = Some("no".to_owned());
    let first = Results::new([sweep("mine", 0, 0, vec![0.5])], references());
    let merged = first.clone().merge(Results::new([failed.clone()], [])).merge(Results::new([failed], []));
    assert_eq!(merged.records(), first.records());
    let later = merged.merge(Results::new([sweep("mine", 0, 0, vec![0.25])], []));
    assert_eq!(later.records().iter().map(Record::last).collect::<Vec<_>>(), [Some(0.25)]);
}

#[test]
fn where_the_optimum_is_not_known_the_best_that_anybody_found_stands_in() {
    let open = [("p0".to_owned(), Reference::new(vec![2.0], 1.0, false))];
    let results = Results::new([sweep("mine", 0, 0, vec![1.0]), sweep("other", 0, 0, vec![0.0])], open);
    let scores: Vec<f64> =
        results.records().iter().map(|record| results.score(record).unwrap().score).collect();
    assert_eq!(scores, [0.5, 1.0]);
}

fn losses() -> impl Strategy<Value = Vec<Vec<f64>>> {
    prop::collection::vec(prop::collection::vec(-0.5..3.0, 1..6), 1..4)
}

fn sweeps(method: &str, losses: &[Vec<f64>]) -> Vec<Record> {
    let of = |(problem, losses): (usize, &Vec<f64>)| -> Vec<Record> {
        (0..).zip(losses).map(|(seed, loss)| sweep(method, problem, seed, vec![*loss])).collect()
    };
    losses.iter().enumerate().flat_map(of).collect()
}

proptest! {
    #[test]
    fn damaged_lines_are_errors_and_huge_losses_scores(
        place in any::<prop::sample::Index>(), byte in any::<u8>(), huge in prop::collection::vec(any::<f64>(), 1..5),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.jsonl");
        let mut bytes = Results::new(sweeps("mine", &[vec![0.5, 0.25]]), []).to_jsonl().into_bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        std::fs::write(&path, &bytes).unwrap();
        drop(Results::read([folder.path()]).map(|results| results.table()).map_err(|error| error.to_string()));
        let huge = Results::new([sweep("mine", 0, 0, huge.clone()), sweep("other", 0, 0, huge)], references());
        let score = huge.score(&huge.records()[0]).unwrap().score;
        prop_assert!((-1.0..=1.0).contains(&score));
        prop_assert!(huge.report(&[]).contains("| mine "));
    }

    #[test]
    fn equal_results_differ_by_nothing(losses in losses()) {
        let results = Results::new([sweeps("mine", &losses), sweeps("twin", &losses)].concat(), references());
        let difference = results.paired_difference("mine", "twin").unwrap();
        prop_assert_eq!([difference.mean, difference.low, difference.high], [0.0; 3]);
        let [one, other] = &results.standings()[..] else { panic!("two methods") };
        prop_assert_eq!((one.score, one.rank), (other.score, 1.5));
    }

    #[test]
    fn the_order_of_sweeps_does_not_matter(mine in losses(), theirs in losses(), turn in any::<prop::sample::Index>()) {
        let mut records = [sweeps("mine", &mine), sweeps("other", &theirs)].concat();
        let results = Results::new(records.clone(), references());
        let turn = turn.index(records.len());
        records.rotate_left(turn);
        let turned = Results::new(records, references());
        let difference = |results: &Results| results.paired_difference("mine", "other").unwrap();
        prop_assert_eq!(difference(&results), difference(&turned));
        let sorted = |results: &Results| {
            let mut standings = results.standings();
            standings.sort_by(|a, b| a.method.cmp(&b.method));
            standings
        };
        prop_assert_eq!(sorted(&results), sorted(&turned));
    }

    #[test]
    fn a_difference_turns_its_sign_with_its_sides(mine in losses(), theirs in losses()) {
        let results = Results::new([sweeps("mine", &mine), sweeps("other", &theirs)].concat(), references());
        let there = results.paired_difference("mine", "other").unwrap();
        let back = results.paired_difference("other", "mine").unwrap();
        prop_assert!((there.mean + back.mean).abs() < 1e-12 && there.low <= there.high);
        prop_assert!((there.low + back.high).abs() < 1e-9 && (there.high + back.low).abs() < 1e-9);
    }

    #[test]
    fn a_smaller_loss_never_scores_less(a in -1.0..9.0, b in -1.0..9.0) {
        let (low, high) = (f64::min(a, b), f64::max(a, b));
        let [better, worse] = [low, high].map(|loss| score(&[loss]));
        prop_assert!(better.score >= worse.score && better.decades >= worse.decades);
        prop_assert!((-1.0..=1.0).contains(&better.score));
    }

    #[test]
    fn lines_are_read_as_they_are_written(losses in losses()) {
        let mut records = sweeps("mine", &losses);
        records[0].curve.insert(0, f64::INFINITY);
        let results = Results::new(records.clone(), []);
        let read: Result<Vec<Record>, _> = results.to_jsonl().lines().map(serde_json::from_str).collect();
        prop_assert_eq!(read.unwrap(), records);
    }
}
