//! Mixed and awkward spaces: categories, integers, steps, log scales, parameters that do nothing, cliffs.
//!
//! Their first five instances have stored parameters, those of the benchmark that besom's figures were made by first;
//! others are drawn.

mod classics;
mod invented;

use std::sync::OnceLock;

use besom_core::{BoxError, Rng};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::draw;
pub(super) use classics::{AckleyCat, BraninNoisy, Hartmann6, Hartmann6Log, LevyQ};
pub(super) use invented::{Branch, CatOnly, Cliff, Embedded20, Int};

use crate::{Objective, Suite, Task};

/// What one kind of problem has in all its instances: the numbers in which they differ, and what becomes of them.
pub(super) trait Kind: DeserializeOwned + 'static {
    /// The task's name without `mix_`.
    const NAME: &str;

    /// The numbers of a new instance.
    fn draw(rng: &mut Rng) -> Self;

    fn objective(self) -> impl Objective + 'static;

    /// The instance with this number: stored, or drawn.
    fn instance(number: u64) -> Result<Self, BoxError> {
        match stored(Self::NAME, number) {
            Some(numbers) => Ok(serde_json::from_value(numbers.clone())?),
            None => Ok(Self::draw(&mut draw::generator(Self::NAME, number))),
        }
    }

    fn task(runs: usize) -> Task {
        Task::new(format!("mix_{}", Self::NAME), runs, |number| Ok(Self::instance(number)?.objective()))
    }
}

fn stored(name: &str, number: u64) -> Option<&'static Value> {
    static STORED: OnceLock<Value> = OnceLock::new();
    let stored = STORED.get_or_init(|| {
        serde_json::from_str(include_str!("../../data/mixed.json")).expect("the file is tested to be JSON")
    });
    stored.get(name)?.get(usize::try_from(number).ok()?.checked_sub(1)?)
}

/// Ten problems of mixed and awkward spaces.
pub fn mixed() -> Suite {
    let tasks = vec![
        AckleyCat::task(60),
        Branch::task(60),
        Int::task(60),
        BraninNoisy::task(60),
        Hartmann6::task(60),
        Hartmann6Log::task(60),
        LevyQ::task(60),
        CatOnly::task(60),
        Embedded20::task(80),
        Cliff::task(60),
    ];
    Suite::new("mixed", "categories, integers, steps, log scales, parameters that do nothing, cliffs", tasks)
}
