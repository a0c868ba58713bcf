//! Noise on the observed value, the same everywhere or not.

use super::choice;
use super::mixed::{AckleyCat, BraninNoisy, Embedded20, Hartmann6, Kind};
use super::noise::Noisy;
use crate::{Suite, Task};

/// Noise on the observed value. Methods are judged by the true value of the run that they saw as their best.
pub fn noisy() -> Suite {
    let tasks = vec![
        BraninNoisy::task(60),
        Task::new("noisy_hartmann6", 60, |i| Ok(Noisy::new(Hartmann6::instance(i)?.objective(), 0.3))),
        Task::new("noisy_embedded20", 80, |i| Ok(Noisy::new(Embedded20::instance(i)?.objective(), 0.2))),
        Task::new("noisy_ackley_cat", 60, |i| {
            Ok(Noisy::by_value(AckleyCat::instance(i)?.objective(), |truth| 0.1 * truth.max(0.0)))
        }),
        // The share of 100 held-out examples that are classified right.
        Task::new("noisy_accuracy", 60, |i| {
            let spread = |truth: f64| (truth * (1.0 - truth) / 100.0).max(0.0).sqrt();
            Ok(Noisy::by_value(choice::broad("noisy_accuracy", i), spread))
        }),
    ];
    Suite::new("noisy", "noise on the observed value, the same everywhere or growing with the value", tasks)
}
