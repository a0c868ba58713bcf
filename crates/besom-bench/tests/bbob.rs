//! The functions of BBOB against values of COCO itself (scripts/bbob_reference.py made the table).

use besom_bench::suites::bbob::Bbob;

type Row = (usize, usize, u32, f64, [f64; 3]);

fn table() -> Vec<Row> {
    serde_json::from_str(include_str!("data/bbob.json")).expect("the table is JSON")
}

/// The points of the script.
fn point(dimension: usize, width: f64, salt: f64) -> Vec<f64> {
    let unit = |i: usize| ((i as f64 + 2.0).sqrt() * (salt + 0.5)) % 1.0;
    (0..dimension).map(|i| width * (2.0 * unit(i) - 1.0)).collect()
}

#[test]
fn values_are_those_of_coco() {
    for (function, dimension, instance, best, values) in table() {
        let bbob = Bbob::new(function, dimension, instance).expect("it is in the suite");
        let salt = f64::from(instance);
        let points = [vec![0.0; dimension], point(dimension, 5.0, salt), point(dimension, 7.0, salt + 1.0)];
        for (x, expected) in points.iter().zip(values) {
            let value = bbob.value(x);
            // Functions with fast cosines lose some digits to the order of additions.
            let tolerance = 1e-10 * (1.0 + expected.abs());
            let what = format!("f{function} d{dimension} i{instance}");
            assert!((value - expected).abs() <= tolerance, "{what}: {value} for {expected}");
        }
        assert!((bbob.best_value() - best).abs() < 1e-12);
    }
}

#[test]
fn the_best_point_has_the_best_value_and_lies_in_the_box() {
    for (function, dimension, instance, ..) in table() {
        let bbob = Bbob::new(function, dimension, instance).expect("it is in the suite");
        assert!(bbob.best_point().iter().all(|x| x.abs() <= 5.0), "f{function}");
        let above = bbob.value(bbob.best_point()) - bbob.best_value();
        assert!((-1e-12..1e-7).contains(&above), "f{function} d{dimension} i{instance}: {above}");
    }
}

#[test]
fn what_is_not_in_the_suite_is_refused() {
    for (function, dimension, instance) in [(0, 5, 1), (25, 5, 1), (1, 1, 1), (1, 5, 0)] {
        assert!(Bbob::new(function, dimension, instance).is_none());
    }
}
