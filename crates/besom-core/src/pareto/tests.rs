//! Fronts, volumes and cells against their definitions.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::Rng;

/// Losses with many ties: whole numbers below this.
const SIDE: u8 = 6;

/// Up to `most` vectors of one to four losses, each a small whole number.
fn losses(most: usize) -> impl Strategy<Value = Vec<Vec<f64>>> {
    (1..=4_usize).prop_flat_map(move |metrics| vec(vec((0..SIDE).prop_map(f64::from), metrics), 0..=most))
}

fn front_by_definition(losses: &[Vec<f64>]) -> Vec<usize> {
    let is_member = |&i: &usize| !losses.iter().any(|other| dominates(other, &losses[i]));
    (0..losses.len()).filter(is_member).collect()
}

/// All unit cubes below `[SIDE; metrics]`, by the corner with the smallest coordinates.
fn unit_cubes(metrics: usize) -> impl Iterator<Item = Vec<f64>> {
    let side = u32::from(SIDE);
    let digit =
        move |cube: u32, k: usize| f64::from(cube / side.pow(u32::try_from(k).expect("small")) % side);
    let count = side.pow(u32::try_from(metrics).expect("at most four"));
    (0..count).map(move |cube| (0..metrics).map(|k| digit(cube, k)).collect())
}

/// Whether a unit cube lies in what these losses dominate.
fn is_dominated(losses: &[Vec<f64>], cube: &[f64]) -> bool {
    losses.iter().any(|own| own.iter().zip(cube).all(|(own, corner)| own <= corner))
}

fn holds(cell: &Cell, point: &[f64]) -> bool {
    let bounds = cell.lower.iter().zip(&cell.upper);
    bounds.zip(point).all(|((lower, upper), x)| lower < x && x <= upper)
}

fn metrics(losses: &[Vec<f64>]) -> usize {
    losses.first().map_or(3, Vec::len)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn the_front_is_what_no_other_dominates(losses in losses(30)) {
        prop_assert_eq!(front(&losses), front_by_definition(&losses));
    }

    #[test]
    fn to_dominate_is_a_strict_partial_order(losses in vec(vec((0..3_u8).prop_map(f64::from), 3), 3)) {
        let [a, b, c] = [&losses[0], &losses[1], &losses[2]];
        prop_assert!(!dominates(a, a));
        prop_assert!(!(dominates(a, b) && dominates(b, a)));
        prop_assert!(!(dominates(a, b) && dominates(b, c)) || dominates(a, c));
    }
}

proptest! {
    #[test]
    fn hypervolume_counts_the_dominated_unit_cubes(losses in losses(12)) {
        let metrics = metrics(&losses);
        let reference = vec![f64::from(SIDE); metrics];
        let count = unit_cubes(metrics).filter(|cube| is_dominated(&losses, cube)).count();
        prop_assert_eq!(hypervolume(&losses, &reference), count as f64);
    }

    #[test]
    fn each_unit_cube_is_dominated_or_in_exactly_one_cell(losses in losses(12)) {
        let metrics = metrics(&losses);
        let cells = cells(&losses, &vec![f64::from(SIDE); metrics]);
        for cube in unit_cubes(metrics) {
            let middle: Vec<f64> = cube.iter().map(|x| x + 0.5).collect();
            let count = cells.iter().filter(|cell| holds(cell, &middle)).count();
            prop_assert_eq!(count, usize::from(!is_dominated(&losses, &cube)), "at {:?}", middle);
        }
    }

    #[test]
    fn cells_and_dominated_volume_fill_the_box(seed in any::<u64>(), metrics in 1..=4_usize, n in 0..30_usize) {
        let (losses, reference) = (random(seed, n, metrics), vec![0.8; metrics]);
        let cells = cells(&losses, &reference);
        let side = |(lower, upper): (&f64, &f64)| upper - lower.max(0.0);
        let volumes = cells.iter().map(|cell| cell.lower.iter().zip(&cell.upper).map(side).product::<f64>());
        let whole = 0.8_f64.powi(i32::try_from(metrics).expect("small"));
        prop_assert!((volumes.sum::<f64>() + hypervolume(&losses, &reference) - whole).abs() < 1e-12);
        if metrics <= 3 {
            let most = [1, n + 1, 2 * n + 1][metrics - 1];
            prop_assert!(cells.len() <= most, "{} cells of {n} points in {metrics} dimensions", cells.len());
        }
    }
}

/// Vectors of losses that are uniform in [0, 1).
fn random(seed: u64, n: usize, metrics: usize) -> Vec<Vec<f64>> {
    let mut rng = Rng::new(seed);
    (0..n).map(|_| (0..metrics).map(|_| rng.f64()).collect()).collect()
}

#[test]
fn hypervolume_and_cells_agree_with_draws() {
    const DRAWS: usize = 100_000;
    for metrics in 1..=4 {
        let (losses, reference) = (random(7, 8, metrics), vec![1.0; metrics]);
        let cells = cells(&losses, &reference);
        let draws = random(8, DRAWS, metrics);
        let dominated = draws.iter().filter(|draw| is_dominated(&losses, draw)).count();
        for draw in &draws {
            let count = cells.iter().filter(|cell| holds(cell, draw)).count();
            assert_eq!(count, usize::from(!is_dominated(&losses, draw)), "{draw:?}");
        }
        let (share, volume) = (dominated as f64 / DRAWS as f64, hypervolume(&losses, &reference));
        // Four standard deviations of the share.
        assert!((share - volume).abs() < 4.0 * (0.25 / DRAWS as f64).sqrt(), "{share} {volume}");
    }
}

#[test]
fn hypervolumes_that_are_known() {
    let two = [vec![0.2, 0.8], vec![0.5, 0.4], vec![0.9, 0.1]];
    assert!((hypervolume(&two, &[1.0, 1.0]) - 0.39).abs() < 1e-15);
    let three = [vec![0.2, 0.8, 0.5], vec![0.5, 0.4, 0.6], vec![0.9, 0.1, 0.3], vec![0.3, 0.6, 0.9]];
    // By inclusion and exclusion.
    assert!((hypervolume(&three, &[1.0; 3]) - 0.201).abs() < 1e-15);
    let four = [vec![1.0, 2.0, 3.0, 4.0], vec![4.0, 3.0, 2.0, 1.0]];
    assert_eq!(hypervolume(&four, &[5.0; 4]), 24.0 + 24.0 - 4.0);
    assert_eq!(hypervolume(&[vec![1.0; 5]], &[3.0; 5]), 32.0);
}

#[test]
fn what_is_no_result_is_nowhere() {
    let losses = [vec![f64::NAN, 0.0], vec![0.5, 0.5], vec![0.0, f64::NAN], vec![0.1], vec![0.5, 0.5]];
    // The length of the first counts.
    assert_eq!(front(&losses), [1, 4]);
    assert!(!dominates(&losses[1], &losses[0]) && !dominates(&losses[0], &losses[1]));
    assert_eq!(hypervolume(&losses, &[1.0, 1.0]), 0.25);
    assert_eq!(cells(&losses, &[1.0, 1.0]).len(), 2);
    assert_eq!(front(&[]), Vec::<usize>::new());
    assert_eq!((hypervolume(&[], &[1.0, 1.0]), hypervolume(&losses, &[f64::NAN, 1.0])), (0.0, 0.0));
    assert_eq!((hypervolume(&losses, &[]), cells(&losses, &[])), (0.0, Vec::new()));
}

#[test]
fn infinite_losses_are_compared_as_numbers() {
    const MAX: f64 = f64::INFINITY;
    let losses = [vec![0.0, MAX], vec![-MAX, 1.0], vec![0.0, 0.0], vec![MAX, MAX], vec![MAX, -MAX]];
    assert_eq!(front(&losses), [1, 2, 4]);
    assert_eq!(hypervolume(&losses[2..], &[1.0, 2.0]), 2.0);
    assert_eq!(hypervolume(&losses, &[1.0, 2.0]), MAX);
    assert_eq!(hypervolume(&[vec![-MAX, 1.0, 1.0], vec![0.0, 0.0, -MAX]], &[1.0; 3]), MAX);
    // One whose first loss cannot be better leaves the strip below its second.
    assert_eq!(cells(&losses[..2], &[1.0, 2.0]).len(), 1);
}

/// Takes minutes where each is compared with each in three dimensions.
#[test]
fn fronts_of_many_runs_are_found() {
    let many = random(3, 100_000, 3);
    let on_a_plane = |own: &Vec<f64>| vec![own[0], own[1], 2.0 - own[0] - own[1]];
    let losses: Vec<Vec<f64>> = many.iter().map(on_a_plane).collect();
    assert!(front(&losses).len() > 99_000);
    let losses: Vec<Vec<f64>> = many.iter().map(|own| vec![own[0], -own[0]]).collect();
    assert_eq!(front(&losses).len(), losses.len());
}
