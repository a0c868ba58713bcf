//! What a search remembers between questions.

use std::collections::HashMap;

use super::*;

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
