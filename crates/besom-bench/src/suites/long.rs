//! Long budgets: whether a method still gets on when the first valley is explored.

use super::bbob;
use super::mixed::{AckleyCat, Kind, LevyQ};
use crate::{Suite, Task};

/// 300 runs over rugged landscapes.
pub fn long() -> Suite {
    let tasks = vec![
        Task::new("mix_levy_q_long", 300, |i| Ok(LevyQ::instance(i)?.objective())),
        Task::new("mix_ackley_cat_long", 300, |i| Ok(AckleyCat::instance(i)?.objective())),
        Task::new("bbob_f15_d5_long", 300, |i| bbob::objective(15, 5, i)),
        Task::new("bbob_f21_d5_long", 300, |i| bbob::objective(21, 5, i)),
        Task::new("bbob_f23_d5_long", 300, |i| bbob::objective(23, 5, i)),
    ];
    Suite::new("long", "300 runs over rugged landscapes", tasks)
}
