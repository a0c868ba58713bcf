//! Two tasks that take no time, to see whether a method works at all.

use besom_core::distribution::Continuous;
use besom_core::rand::Rng as _;
use besom_core::{Distribution, Goal, Metric, Parameter, Point, Problem, Space, seed};

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
        let mut rng = seed::rng(instance, besom_core::RunNumber::FIRST);
        Self { at: [(); 2].map(|()| f64::from(rng.next_u32()) / f64::from(u32::MAX)), epochs }
    }
}

impl Objective for Bowl {
    fn problem(&self) -> Problem {
        let unit = Distribution::Continuous(Continuous::Uniform { min: 0.0, max: 1.0 });
        let parameter = |name: &str| Parameter { name: name.into(), distribution: unit.clone() };
        let space = Space::new(vec![parameter("x"), parameter("y")]).expect("two names");
        Problem::new(space, Metric::new("loss", Goal::Minimize))
    }

    fn best(&self) -> Option<f64> {
        Some(0.0)
    }

    fn run(&self, point: &Point, _: &mut Rng, log: &mut dyn FnMut(f64) -> Keep) -> Outcome {
        let coordinate = |name: &str| point.get(&name.into()).and_then(|value| value.as_f64());
        let (Some(x), Some(y)) = (coordinate("x"), coordinate("y")) else { return Outcome::Failed };
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
