//! Each law catches its violator.

mod corpus;

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::*;
use crate::{Answer, Ask, Curve, History, Point, RunNumber, RunState, Stop};

/// A search made of a function and a place to keep a count in.
struct By<F>(F, usize);

impl<F: FnMut(&Ask<'_>, &mut usize) -> Answer + Send> Search for By<F> {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        Ok((self.0)(ask, &mut self.1))
    }
}

/// A stopping rule made of a function and a place to keep a count in.
struct Rule<F>(F, usize);

impl<F: FnMut(&History, &mut usize) -> Vec<Stop> + Send> Stopper for Rule<F> {
    fn stop(&mut self, _: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        Ok((self.0)(history, &mut self.1))
    }
}

fn search_breaks(law: Law, suggest: impl Fn(&Ask<'_>, &mut usize) -> Answer + Send + Copy) {
    let broken =
        Suite::default().try_search(mixed_problem(), |_| Ok(By(suggest, 0))).expect_err("a law is broken");
    assert_eq!(broken.law, law, "{broken}");
    assert!(broken.to_string().contains(&law.to_string()));
}

fn rule_breaks(law: Law, stop: impl Fn(&History, &mut usize) -> Vec<Stop> + Send + Copy) {
    let broken =
        Suite::default().try_stopper(mixed_problem(), |_| Ok(Rule(stop, 0))).expect_err("a law is broken");
    assert_eq!(broken.law, law, "{broken}");
}

/// The point of the space whose coordinates are all `u`.
fn diagonal(ask: &Ask<'_>, u: f64) -> Answer {
    let space = &ask.problem.space;
    Answer::Try(vec![space.decode(&vec![u; space.dimensions()]).into()])
}

fn running(history: &History) -> impl Iterator<Item = (RunNumber, &Curve)> {
    let runs = history.iter().filter(|(_, run)| run.state == RunState::Running);
    runs.map(|(number, run)| (number, run.curve(0))).filter(|(_, curve)| !curve.values.is_empty())
}

fn stop(run: RunNumber) -> Stop {
    Stop::new(run, "so it is")
}

#[test]
fn a_lawful_search_passes() {
    check_search(any_problem(), |_| {
        Ok(By(|ask: &Ask<'_>, _: &mut usize| diagonal(ask, 1.0 / (1.0 + ask.history.len() as f64)), 0))
    });
}

#[test]
fn a_lawful_stopper_passes() {
    check_stopper(|_| {
        let worst = |history: &History, _: &mut usize| {
            let worst =
                running(history).max_by(|(_, a), (_, b)| a.last().partial_cmp(&b.last()).expect("finite"));
            worst.map(|(run, _)| stop(run)).into_iter().collect()
        };
        Ok(Rule(worst, 0))
    });
}

#[test]
fn a_search_that_counts_its_calls_breaks_the_history_law() {
    search_breaks(Law::History, |ask, calls| {
        *calls += 1;
        diagonal(ask, 1.0 / *calls as f64)
    });
}

#[test]
fn a_search_that_never_forgets_what_it_saw_first_breaks_the_history_law() {
    search_breaks(Law::History, |ask, seen| {
        if *seen == 0 {
            *seen = ask.history.len() + 1;
        }
        diagonal(ask, 1.0 / *seen as f64)
    });
}

#[test]
fn a_search_with_a_generator_of_its_own_breaks_the_seed_law() {
    static DRAWS: AtomicUsize = AtomicUsize::new(0);
    search_breaks(Law::Seed, |ask, _| {
        diagonal(ask, (DRAWS.fetch_add(1, Ordering::Relaxed) % 97) as f64 / 97.0)
    });
}

#[test]
fn a_search_that_leaves_the_space_is_caught() {
    search_breaks(Law::Space, |ask, _| {
        let Answer::Try(suggestions) = diagonal(ask, 0.5) else { unreachable!() };
        let point = &suggestions[0].point;
        Answer::Try(vec![
            point.iter().map(|(name, _)| (name.clone(), json!("none of yours"))).collect::<Point>().into(),
        ])
    });
}

#[test]
fn a_search_that_forgets_parameters_is_caught() {
    search_breaks(Law::Space, |_, _| Answer::Try(vec![Point::default().into()]));
    search_breaks(Law::Space, |ask, _| match diagonal(ask, 0.5) {
        Answer::Try(suggestions) => {
            let entries = suggestions[0].point.iter().skip(1);
            let point: Point = entries.map(|(name, value)| (name.clone(), value.clone())).collect();
            Answer::Try(vec![point.into()])
        }
        other => other,
    });
}

#[test]
fn a_search_that_suggests_too_much_is_caught() {
    search_breaks(Law::Count, |ask, _| match diagonal(ask, 0.5) {
        Answer::Try(suggestions) => Answer::Try(vec![suggestions[0].clone(); 3]),
        other => other,
    });
}

#[test]
fn a_search_that_tries_nothing_is_caught() {
    search_breaks(Law::Count, |_, _| Answer::Try(Vec::new()));
}

#[test]
fn a_search_that_waits_for_nobody_is_caught() {
    search_breaks(Law::Wait, |_, _| Answer::Wait);
}

#[test]
fn a_search_that_resumes_after_it_was_done_is_caught() {
    search_breaks(Law::Done, |ask, _| if ask.history.len() == 2 { Answer::Done } else { diagonal(ask, 0.5) });
}

#[test]
fn a_search_that_panics_at_nan_is_caught() {
    search_breaks(Law::NoPanic, |ask, _| {
        let mut values: Vec<f64> =
            ask.history.runs().iter().flat_map(|run| run.curve(0).values.clone()).collect();
        values.sort_by(|a, b| a.partial_cmp(b).expect("comparable"));
        diagonal(ask, 0.5)
    });
}

#[test]
fn a_search_that_panics_at_foreign_points_is_caught() {
    search_breaks(Law::NoPanic, |ask, _| {
        for run in ask.history.runs() {
            ask.problem.space.encode(&run.point).expect("every point is ours");
        }
        diagonal(ask, 0.5)
    });
}

#[test]
fn a_search_that_gives_an_error_is_caught() {
    struct Sulking;
    impl Search for Sulking {
        fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
            if ask.history.count(RunState::Failed) > 0 {
                Err("a run has failed".into())
            } else {
                Ok(diagonal(ask, 0.5))
            }
        }
    }
    let broken = Suite::default().try_search(mixed_problem(), |_| Ok(Sulking)).expect_err("a law is broken");
    assert_eq!(broken.law, Law::Answered);
    assert!(broken.what.contains("a run has failed"));
}

#[test]
fn a_constructor_that_refuses_is_caught() {
    let make = |_: &Problem| Err::<Box<dyn Search>, BoxError>("not today".into());
    let broken = Suite::default().try_search(finite_problem(), make).expect_err("a law is broken");
    assert_eq!(broken.law, Law::Built);
}

#[test]
fn the_smallest_story_is_told() {
    let breaks = |ask: &Ask<'_>, _: &mut usize| {
        assert!(ask.history.count(RunState::Failed) == 0, "a run has failed");
        diagonal(ask, 0.5)
    };
    let broken =
        Suite::default().try_search(mixed_problem(), |_| Ok(By(breaks, 0))).expect_err("a law is broken");
    assert_eq!(broken.law, Law::NoPanic);
    assert!(broken.story.matches("failed").count() <= 1, "{broken}");
}

#[test]
fn a_rule_that_counts_its_calls_breaks_the_history_law() {
    rule_breaks(Law::History, |history, calls| {
        *calls += 1;
        running(history).skip(*calls).map(|(run, _)| stop(run)).collect()
    });
}

#[test]
fn a_rule_with_a_generator_of_its_own_breaks_the_seed_law() {
    static DRAWS: AtomicUsize = AtomicUsize::new(0);
    rule_breaks(Law::Seed, |history, _| {
        running(history).take(DRAWS.fetch_add(1, Ordering::Relaxed) % 2).map(|(run, _)| stop(run)).collect()
    });
}

#[test]
fn a_rule_that_names_runs_that_are_over_is_caught() {
    rule_breaks(Law::Running, |history, _| history.iter().map(|(run, _)| stop(run)).collect());
}

#[test]
fn a_rule_that_names_runs_that_do_not_exist_is_caught() {
    rule_breaks(Law::Running, |history, _| vec![stop(history.next_number())]);
}

#[test]
fn a_rule_that_names_a_run_twice_is_caught() {
    rule_breaks(Law::Running, |history, _| {
        running(history).flat_map(|(run, _)| [stop(run), stop(run)]).collect()
    });
}

#[test]
fn a_rule_without_reasons_is_caught() {
    rule_breaks(Law::Reason, |history, _| running(history).map(|(run, _)| Stop::new(run, " ")).collect());
}

#[test]
fn a_rule_that_stops_silent_runs_is_caught() {
    rule_breaks(Law::Silent, |history, _| {
        let runs = history.iter().filter(|(_, run)| run.state == RunState::Running);
        runs.map(|(run, _)| stop(run)).collect()
    });
}

#[test]
fn a_rule_that_panics_at_nan_is_caught() {
    rule_breaks(Law::NoPanic, |history, _| {
        let best = history.runs().iter().flat_map(|run| run.curve(0).values.iter().copied());
        best.min_by(|a, b| a.partial_cmp(b).expect("comparable"));
        Vec::new()
    });
}

/// A spec with one option.
const WIDTH: Spec = Spec::new("For tests").options(&[crate::OptionSpec::new(
    "width",
    crate::OptionKind::above(0.0),
    crate::OptionDefault::Number(0.5),
    "Where on the diagonal.",
)]);

fn on_diagonal(
    read: impl Fn(&Options) -> Result<f64, BoxError>,
) -> impl Fn(&Problem, &Options) -> Result<Box<dyn Search>, BoxError> {
    move |_, options| {
        let width = read(options)?;
        Ok(Box::new(By(move |ask: &Ask<'_>, _: &mut usize| diagonal(ask, width.min(1.0)), 0)))
    }
}

fn read_width(options: &Options) -> Result<f64, BoxError> {
    let read = crate::OptionReader::new(WIDTH, options);
    let width = read.number("width");
    Ok(read.finish(width)?)
}

#[test]
fn a_search_that_keeps_its_spec_passes() {
    check_search_spec(WIDTH, mixed_problem(), on_diagonal(read_width));
}

#[test]
#[should_panic(expected = "an option just outside its spec is refused")]
fn an_option_that_is_not_checked_is_caught() {
    let read =
        |options: &Options| Ok(options.get("width").and_then(serde_json::Value::as_f64).unwrap_or(0.5));
    check_search_spec(WIDTH, mixed_problem(), on_diagonal(read));
}

#[test]
#[should_panic(expected = "a default that is written out behaves as the option left out")]
fn a_default_that_is_not_the_one_of_the_spec_is_caught() {
    let read = |options: &Options| read_width(options).map(|w| if options.is_empty() { 0.25 } else { w });
    check_search_spec(WIDTH, mixed_problem(), on_diagonal(read));
}

#[test]
#[should_panic(expected = "a default that is written out behaves as the option left out")]
fn a_rule_whose_default_is_not_the_one_of_its_spec_is_caught() {
    check_stopper_spec(WIDTH, |_, options| {
        read_width(options)?;
        let (eager, rule) = (options.is_empty(), |history: &History, eager: &mut usize| {
            running(history).take(*eager).map(|(run, _)| stop(run)).collect()
        });
        Ok(Rule(rule, usize::from(eager)))
    });
}
