//! Many parameters, of which few matter.

use besom_core::SpaceBuilder;

use super::classic::{HARTMANN6_BEST, hartmann6};
use super::draw::{array, generator, permutation};
use super::{Function, built, cube, square};
use crate::{Suite, Task};

/// 30 to 100 parameters, few of which have an effect.
pub fn wide() -> Suite {
    let tasks = vec![
        Task::new("wide_hartmann6_d30", 100, |i| Ok(hidden::<30>(i))),
        Task::new("wide_hartmann6_d100", 100, |i| Ok(hidden::<100>(i))),
        Task::new("wide_decay_d100", 100, |i| Ok(decay(i))),
    ];
    Suite::new("wide", "30 to 100 parameters, few of which have an effect", tasks)
}

fn space(dimension: usize) -> SpaceBuilder {
    cube(dimension, 0.0, 1.0)
}

/// Hartmann's function of six of the parameters.
fn hidden<const D: usize>(instance: u64) -> Function {
    let order: [usize; D] = permutation(&mut generator("wide_hartmann6", instance));
    let value = move |v: &[f64]| hartmann6(std::array::from_fn(|i| v[order[i]]));
    Function::new(built(space(D)), value).best(HARTMANN6_BEST)
}

/// A bowl whose curvature falls off as 1/k² from the parameter that matters most to that which matters least.
fn decay(instance: u64) -> Function {
    let mut rng = generator("wide_decay_d100", instance);
    let order: [usize; 100] = permutation(&mut rng);
    let bottom: [f64; 100] = array(&mut rng, 0.15, 0.85);
    let value = move |v: &[f64]| {
        let share = |(rank, &i): (usize, &usize)| square((v[i] - bottom[i]) / (rank + 1) as f64);
        order.iter().enumerate().map(share).sum()
    };
    Function::new(built(space(100)), value).best(0.0)
}
