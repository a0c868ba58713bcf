//! What makes a search panic, or fail.

use super::*;

#[test]
fn comparing_floats_that_are_not_comparable() {
    let text = caught(
        Law::NoPanic,
        plain(|ask| {
            let mut losses = losses(ask);
            losses.sort_by(|a, b| a.partial_cmp(b).unwrap_or_else(|| panic!("no order of {a} and {b}")));
            one(ask, 0.5)
        }),
    );
    assert!(text.contains("laws/tests/corpus/panics.rs:") && text.contains("`f64::total_cmp`"), "{text}");
}

#[test]
fn points_of_other_spaces() {
    caught(
        Law::NoPanic,
        plain(|ask| {
            for run in ask.history.runs() {
                ask.problem.space.encode(&run.point).expect("every point is ours");
            }
            one(ask, 0.5)
        }),
    );
}

#[test]
fn a_mean_that_is_nan_as_a_coordinate() {
    let text = caught(
        Law::NoPanic,
        plain(|ask| {
            let losses = losses(ask);
            let mean = losses.iter().sum::<f64>() / losses.len() as f64;
            one(ask, mean.clamp(0.0, 1.0))
        }),
    );
    assert!(text.contains("is NaN"), "{text}");
}

#[test]
fn a_number_below_zero_that_cannot_be() {
    caught(
        Law::NoPanic,
        plain(|ask| one(ask, 1.0 / (ask.history.len() - usize::from(ask.count > 2)) as f64)),
    );
}

#[test]
fn a_buffer_that_is_too_short_for_many_runs() {
    caught(
        Law::NoPanic,
        plain(|ask| {
            let mut buffer = [0.0; 256];
            for (place, run) in ask.history.runs().iter().enumerate() {
                buffer[place] = run.curve(0).last().unwrap_or(0.0);
            }
            one(ask, 0.5)
        }),
    );
}

#[test]
fn a_best_run_that_is_always_there() {
    caught(
        Law::NoPanic,
        plain(|ask| {
            if !ask.history.is_empty() {
                ask.history.best(ask.problem).expect("a run has a value");
            }
            one(ask, 0.5)
        }),
    );
}

#[test]
fn an_error_at_a_failed_run() {
    struct Sulking;
    impl Search for Sulking {
        fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
            if ask.history.count(RunState::Failed) > 0 {
                Err("a run failed".into())
            } else {
                Ok(one(ask, 0.5))
            }
        }
    }
    caught(Law::Answered, |_| Sulking);
}

#[test]
fn a_constructor_that_wants_a_metric() {
    let make = |problem: &Problem| {
        problem.metric().ok_or("annealing needs a metric")?;
        Ok(Keeps((), |ask: &Ask<'_>, (): &mut ()| one(ask, 0.5)))
    };
    let text = told(Law::Built, Suite::default().try_search(any_problem(), make));
    assert!(text.contains("`laws::mixed_problem()`") && text.contains("annealing needs a metric"), "{text}");
    assert_eq!(Suite::default().try_search(mixed_problem(), make), Ok(()));
}
