//! Two tasks that take no time, to see whether a method works at all.

use besom_core::{Point, Problem, Space};

use crate::{Keep, Objective, Outcome, Rng, Suite, Task};

/// Two tasks that take no time: a bowl, and a bowl that is reached in ten epochs.
pub fn smoke() -> Suite {
    let tasks = vec![
        Task::new("bowl", 20, |instance| Ok(Bowl::new(instance, 1))),
        Task::new("bowl_curve", 10, |instance| Ok(Bowl::new(instance, 10))).epochs(10),
    ];
    Suite::new("smoke", "two tasks that take no time, to see whether a method works", tasks)
}

/// The squared distance to a point in the square, approached over the epochs.
struct Bowl {
    at: [f64; 2],
    epochs: u32,
}

impl Bowl {
    fn new(instance: u64, epochs: u32) -> Self {
        let mut rng = Rng::new(instance);
        Self { at: [rng.f64(), rng.f64()], epochs }
    }
}

impl Objective for Bowl {
    fn problem(&self) -> Problem {
        let space = Space::builder().uniform("x", 0.0, 1.0).uniform("y", 0.0, 1.0).build();
        Problem::minimize("loss").space(space.expect("two intervals"))
    }

    fn best(&self) -> Option<f64> {
        Some(0.0)
    }

    fn run(&self, point: &Point, _: &mut Rng, log: &mut dyn FnMut(f64) -> Keep) -> Outcome {
        let (Ok(x), Ok(y)) = (point.f64("x"), point.f64("y")) else { return Outcome::Failed };
        let loss = (x - self.at[0]).powi(2) + (y - self.at[1]).powi(2);
        if self.epochs > 1 {
            for left in (0..self.epochs).rev() {
                if log(loss + f64::from(left)) == Keep::Stop {
                    break;
                }
            }
        }
        Outcome::exact(loss)
    }
}
