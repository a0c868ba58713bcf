//! A corpus of broken algorithms: each is caught, by the law that it breaks, with what cures it and a story that a person can
//! follow.
//!
//! What no suite can find: a clock in seconds (unless the suite happens to see it change), an environment variable or a file that
//! stays the same while the suite runs, a panic at one certain number of runs that no story has, and a search that suggests one
//! point for ever, which may be meant; its spec can say that it is not.

mod answers;
mod chance;
mod memory;
mod panics;
mod rules;

use std::hash::{BuildHasher, Hasher, RandomState};

use super::*;
use crate::{Rng, Space};

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
