//! A corpus of broken algorithms: each is caught, by the law that it breaks, with what cures it and a story that a person can
//! follow.
//!
//! What no suite can find: a clock in seconds (unless the suite happens to see it change), an environment variable or a file that
//! stays the same while the suite runs, a panic at one certain number of runs that no story has, and a search that suggests one
//! point for ever, which may be meant; its spec can say that it is not.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::*;
use crate::{Note, Rng, Space};

/// A search by a function of the question and of what it keeps.
struct Keeps<T, F>(T, F);

impl<T: Send, F: FnMut(&Ask<'_>, &mut T) -> Answer + Send> Search for Keeps<T, F> {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        Ok((self.1)(ask, &mut self.0))
    }
}

/// Checks that the suite finds the law broken, and what it says.
fn caught<S: Search>(law: Law, make: impl Fn(&Problem) -> S) -> String {
    let found = Suite::default().try_search(mixed_problem(), |problem| Ok(make(problem)));
    told(law, found)
}

fn caught_rule<S: Stopper>(law: Law, make: impl Fn() -> S) -> String {
    told(law, Suite::default().try_stopper(mixed_problem(), |_| Ok(make())))
}

fn told(law: Law, found: Result<(), Broken>) -> String {
    let broken = found.expect_err("a law is broken");
    let text = broken.to_string();
    assert_eq!(broken.law, law, "{text}");
    assert!(text.contains(law.remedy()), "{text}");
    assert!(!text.contains("Point {") && !text.contains("Name("), "points are JSON: {text}");
    assert!(broken.story.lines().count() <= 16, "the story is small: {text}");
    text
}

/// A search that keeps nothing.
fn plain(
    suggest: impl Fn(&Ask<'_>) -> Answer + Send + Copy + 'static,
) -> impl Fn(&Problem) -> Box<dyn Search> {
    move |_| Box::new(Keeps((), move |ask: &Ask<'_>, (): &mut ()| suggest(ask)))
}

fn at(space: &Space, u: f64) -> Point {
    space.decode(&vec![u; space.dimensions()])
}

fn one(ask: &Ask<'_>, u: f64) -> Answer {
    Answer::Try(vec![at(&ask.problem.space, u).into()])
}

fn uniform(ask: &Ask<'_>, mut rng: Rng) -> Point {
    let space = &ask.problem.space;
    space.decode(&(0..space.dimensions()).map(|_| rng.f64()).collect::<Vec<_>>())
}

/// A number from 0 to 1 from the operating system's generator, as `rand::rng()` gives.
fn chance() -> f64 {
    RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64
}

fn losses(ask: &Ask<'_>) -> Vec<f64> {
    ask.history.runs().iter().flat_map(|run| run.curve(0).values.iter().copied()).collect()
}

// What a search remembers.

#[test]
fn a_counter_in_memory() {
    caught(Law::History, |_| {
        Keeps(0_u32, |ask: &Ask<'_>, calls: &mut u32| {
            *calls += 1;
            one(ask, 1.0 / f64::from(*calls))
        })
    });
}

#[test]
fn a_generator_kept_from_construction() {
    caught(Law::History, |problem: &Problem| {
        let rng = crate::seed::rng(problem.seed, RunNumber::FIRST);
        Keeps(rng, |ask: &Ask<'_>, rng: &mut Rng| one(ask, rng.f64()))
    });
}

#[test]
fn a_cache_keyed_on_the_number_of_runs_only() {
    caught(Law::History, |_| {
        Keeps(HashMap::new(), |ask: &Ask<'_>, cache: &mut HashMap<usize, f64>| {
            let best = losses(ask).into_iter().filter(|x| x.is_finite()).fold(0.0, f64::max);
            let u = *cache.entry(ask.history.len()).or_insert(best / (1.0 + best));
            one(ask, u)
        })
    });
}

#[test]
fn runs_seen_in_the_past_that_are_counted_once_only() {
    caught(Law::History, |_| {
        Keeps((0_usize, 0_usize), |ask: &Ask<'_>, (seen, failed): &mut (usize, usize)| {
            let fresh = &ask.history.runs()[(*seen).min(ask.history.len())..];
            *failed += fresh.iter().filter(|run| run.state == RunState::Failed).count();
            *seen = ask.history.len();
            one(ask, 1.0 / (1.0 + *failed as f64))
        })
    });
}

// Where a search takes chance from.

#[test]
fn a_random_generator_of_its_own() {
    let text = caught(Law::Seed, plain(|ask| one(ask, chance())));
    assert!(text.contains("`ask.rng(i)` only"), "{text}");
    assert!(text.contains("asked for 1 after 0 runs"), "{text}");
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

// What a search answers.

#[test]
fn more_than_asked() {
    let text = caught(Law::Count, plain(|ask| Answer::Try(vec![at(&ask.problem.space, 0.5).into(); 4])));
    assert!(text.contains("it made 4 suggestions where 1 to 1 were asked for"), "{text}");
}

#[test]
fn an_empty_answer() {
    caught(Law::Count, plain(|_| Answer::Try(Vec::new())));
}

/// The middle of the space with its first value replaced.
fn with_value(ask: &Ask<'_>, value: impl Fn(&serde_json::Value) -> serde_json::Value) -> Answer {
    let point = at(&ask.problem.space, 0.5);
    let entries = point.iter().enumerate();
    let replaced =
        entries.map(|(i, (name, old))| (name.clone(), if i == 0 { value(old) } else { old.clone() }));
    Answer::Try(vec![replaced.collect::<Point>().into()])
}

#[test]
fn a_null_in_a_point() {
    let text = caught(Law::Space, plain(|ask| with_value(ask, |_| json!(null))));
    assert!(text.contains(" is null, allowed is "), "{text}");
}

#[test]
fn a_value_from_elsewhere() {
    caught(Law::Space, plain(|ask| with_value(ask, |_| json!("none of yours"))));
}

#[test]
fn a_value_beyond_the_range() {
    caught(Law::Space, plain(|ask| with_value(ask, |old| json!(old.as_f64().unwrap_or(0.0) + 1e12))));
}

#[test]
fn a_number_as_text() {
    caught(Law::Space, plain(|ask| with_value(ask, |old| json!(format!("{old:?}")))));
}

#[test]
fn a_parameter_that_does_not_exist() {
    let text = caught(
        Law::Space,
        plain(|ask| {
            let point = at(&ask.problem.space, 0.5);
            let entries = point.iter().map(|(name, value)| (name.clone(), value.clone()));
            Answer::Try(vec![entries.chain([("zzz".into(), json!(3))]).collect::<Point>().into()])
        }),
    );
    assert!(text.contains("the space has no parameter zzz"), "{text}");
}

#[test]
fn constants_left_out() {
    caught(
        Law::Space,
        plain(|ask| {
            let point = at(&ask.problem.space, 0.5);
            let varied: Vec<_> = ask.problem.space.searchable().map(|p| &p.name).collect();
            let entries = point.iter().filter(|(name, _)| varied.contains(name));
            Answer::Try(vec![
                entries.map(|(name, value)| (name.clone(), value.clone())).collect::<Point>().into(),
            ])
        }),
    );
}

#[test]
fn the_same_generator_for_each_of_a_batch() {
    let text = caught(
        Law::Distinct,
        plain(|ask| Answer::Try((0..ask.count).map(|_| uniform(ask, ask.rng(0)).into()).collect())),
    );
    assert!(text.contains("its suggestions 1 and 2 are both {\"") && text.contains("`ask.rng(i)`"), "{text}");
    assert!(text.contains("asked for 3 after 0 runs"), "{text}");
}

#[test]
fn a_batch_of_one_point_passes_where_it_is_meant() {
    let repeats = plain(|ask| Answer::Try(vec![at(&ask.problem.space, 0.5).into(); ask.count]));
    let make = |problem: &Problem| Ok(repeats(problem));
    assert_eq!(Suite::default().allow_repeats().try_search(mixed_problem(), make), Ok(()));
}

#[test]
#[should_panic(expected = "its spec says `never_repeats`, but asked for 1 after 1 run, it suggested")]
fn the_same_point_for_ever_against_its_spec() {
    let make = plain(|ask| one(ask, 0.5));
    check_search_spec(Spec::new("Middle").never_repeats(), mixed_problem(), |problem, options| {
        crate::OptionReader::new(Spec::new("Middle"), options).finish(())?;
        Ok(make(problem))
    });
}

#[test]
fn strata_by_the_number_asked_for() {
    let text = caught(
        Law::Prefix,
        plain(|ask| {
            let place = |i: usize| (i as f64 + ask.rng(i).f64()) / ask.count as f64;
            Answer::Try((0..ask.count).map(|i| at(&ask.problem.space, place(i)).into()).collect())
        }),
    );
    assert!(text.contains("asked for 3 after 0 runs"), "{text}");
}

#[test]
fn the_best_last() {
    caught(
        Law::Prefix,
        plain(|ask| Answer::Try((0..ask.count).rev().map(|i| uniform(ask, ask.rng(i)).into()).collect())),
    );
}

#[test]
fn waiting_for_a_whole_batch() {
    caught(
        Law::Prefix,
        plain(|ask| match ask.count {
            1 => Answer::Done,
            _ => Answer::Try((0..ask.count).map(|i| uniform(ask, ask.rng(i)).into()).collect()),
        }),
    );
}

#[test]
fn a_note_of_100_kilobytes() {
    let text = caught(
        Law::Note,
        plain(|ask| {
            let note = Note::from_iter([("state".to_owned(), json!("x".repeat(100_000)))]);
            Answer::Try(vec![crate::Suggestion { note, ..at(&ask.problem.space, 0.5).into() }])
        }),
    );
    assert!(text.len() < 3000, "the note is not shown in full");
}

#[test]
fn a_note_that_grows_with_the_history() {
    let text = caught(
        Law::Note,
        plain(|ask| {
            let note = Note::from_iter([("losses".to_owned(), json!(losses(ask)))]);
            Answer::Try(vec![crate::Suggestion { note, ..at(&ask.problem.space, 0.5).into() }])
        }),
    );
    assert!(text.contains("it would reach the limit"), "{text}");
}

#[test]
fn waiting_for_ever() {
    caught(Law::Wait, plain(|_| Answer::Wait));
}

#[test]
fn waiting_after_a_failure() {
    caught(
        Law::Wait,
        plain(|ask| match ask.history.runs().last().map(|run| run.state) {
            Some(RunState::Failed) => Answer::Wait,
            _ => one(ask, 0.5),
        }),
    );
}

#[test]
fn done_and_again() {
    caught(Law::Done, plain(|ask| if ask.history.len() == 1 { Answer::Done } else { one(ask, 0.5) }));
}

#[test]
fn done_while_everything_fails() {
    caught(
        Law::Done,
        plain(|ask| match ask.history.runs().last().map(|run| run.state) {
            Some(RunState::Failed) => Answer::Done,
            _ => one(ask, 0.5),
        }),
    );
}

// What makes a search panic.

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
    assert!(text.contains("laws/tests/corpus.rs:") && text.contains("`f64::total_cmp`"), "{text}");
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

// Stopping rules.

#[test]
fn a_rule_that_stops_all_runs() {
    let text = caught_rule(Law::Running, || {
        Rule(|history: &History, _: &mut usize| history.iter().map(|(run, _)| stop(run)).collect(), 0)
    });
    assert!(text.contains("which is "), "{text}");
}

#[test]
fn a_rule_that_stops_silent_runs() {
    caught_rule(Law::Silent, || {
        let rule = |history: &History, _: &mut usize| {
            let runs = history.iter().filter(|(_, run)| run.state == RunState::Running);
            runs.map(|(run, _)| stop(run)).collect()
        };
        Rule(rule, 0)
    });
}

#[test]
fn a_rule_with_an_empty_reason() {
    caught_rule(Law::Reason, || {
        let rule = |history: &History, _: &mut usize| {
            running(history).map(|(run, _)| Stop { run, reason: String::new() }).collect()
        };
        Rule(rule, 0)
    });
}

#[test]
fn a_rule_that_tells_its_whole_view_as_a_reason() {
    caught_rule(Law::Reason, || {
        let rule = |history: &History, _: &mut usize| {
            running(history).map(|(run, _)| Stop { run, reason: "x".repeat(100_000) }).collect()
        };
        Rule(rule, 0)
    });
}

#[test]
fn a_rule_with_patience_in_memory() {
    caught_rule(Law::History, || {
        let rule = |history: &History, calls: &mut usize| {
            *calls += 1;
            let patient = *calls < 2;
            running(history).filter(|_| !patient).map(|(run, _)| stop(run)).collect()
        };
        Rule(rule, 0)
    });
}

#[test]
fn a_rule_by_chance() {
    caught_rule(Law::Seed, || {
        let rule = |history: &History, _: &mut usize| {
            running(history).filter(|_| chance() < 0.5).map(|(run, _)| stop(run)).collect()
        };
        Rule(rule, 0)
    });
}

#[test]
fn a_rule_that_stops_a_run_twice() {
    caught_rule(Law::Running, || {
        let rule = |history: &History, _: &mut usize| {
            running(history).flat_map(|(run, _)| [stop(run), stop(run)]).collect()
        };
        Rule(rule, 0)
    });
}

#[test]
fn a_rule_that_cannot_compare_nan() {
    caught_rule(Law::NoPanic, || {
        let rule = |history: &History, _: &mut usize| {
            let values = running(history).filter_map(|(_, curve)| curve.values.last().copied());
            let worst = values.max_by(|a, b| a.partial_cmp(b).unwrap_or_else(|| panic!("{a}, {b}")));
            worst.map_or(Vec::new(), |_| Vec::new())
        };
        Rule(rule, 0)
    });
}

#[test]
fn a_rule_whose_view_counts_calls() {
    struct Shows(u32);
    impl Stopper for Shows {
        fn stop(&mut self, _: &Problem, _: &History) -> Result<Vec<Stop>, BoxError> {
            Ok(Vec::new())
        }
        fn show(&mut self, _: &Problem, _: &History) -> Result<crate::Shown, BoxError> {
            self.0 += 1;
            Ok(crate::Shown::from_iter([("calls".to_owned(), json!(self.0))]))
        }
    }
    caught_rule(Law::History, || Shows(0));
}
