//! Runs that fail: by chance wherever they are, or always in a region.

use besom_core::Space;
use libm::log2;

use super::classic::{HARTMANN6_BEST, HARTMANN6_PLACE, hartmann6};
use super::draw::{generator, normals};
use super::mixed::{AckleyCat, Cliff, Hartmann6Log, Kind};
use super::{Failing, Function, built, cube, log_int};
use crate::{Suite, Task};

/// Runs that fail by chance (one in ten, three in ten), and runs that fail in a region next to the optimum.
pub fn failing() -> Suite {
    let tasks = vec![
        by_chance::<Hartmann6Log>(10),
        by_chance::<Hartmann6Log>(30),
        by_chance::<AckleyCat>(10),
        by_chance::<AckleyCat>(30),
        // A loss past the edge of divergence starts at 100.
        Task::new("failing_cliff", 60, |i| Ok(Cliff::instance(i)?.failing())),
        Task::new("failing_half", 60, |i| Ok(half(i))),
        Task::new("failing_memory", 60, |i| Ok(memory(i))),
    ];
    Suite::new("failing", "runs that fail by chance, or in a region next to the optimum", tasks)
}

fn by_chance<K: Kind>(percent: u8) -> Task {
    let make = move |i| Ok(Failing::by_chance(K::instance(i)?.objective(), f64::from(percent) / 100.0));
    Task::new(format!("failing{percent}_{}", K::NAME), 60, make)
}

/// Hartmann's function, of which half of the cube fails, beyond a plane close to the optimum.
fn half(instance: u64) -> Failing<Function> {
    let normal: [f64; 6] = normals(&mut generator("failing_half", instance), 1.0);
    let beyond = move |v: &[f64]| {
        let side: f64 = normal.iter().zip(v).zip(HARTMANN6_PLACE).map(|((n, x), best)| n * (x - best)).sum();
        side > 0.05
    };
    let space = built(cube(6, 0.0, 1.0));
    let function = Function::new(space, |v| hartmann6([v[0], v[1], v[2], v[3], v[4], v[5]]));
    Failing::in_region(function.best(HARTMANN6_BEST), beyond)
}

/// A network that must fit into memory: a product of three parameters is bounded, just above the best.
fn memory(instance: u64) -> Failing<Function> {
    let mut rng = generator("failing_memory", instance);
    let mut size = |low: i32, steps: usize| f64::from(low) + rng.below(steps) as f64;
    let best = [size(64, 400), size(3, 10), size(16, 100)].map(log2);
    let space = Space::builder().parameter("width", log_int(16, 2048)).parameter("depth", log_int(1, 24));
    let space = space.parameter("batch", log_int(8, 512)).log_uniform("lr", 1e-5, 1e-1);
    let at = |v: &[f64]| [log2(v[0]), log2(v[1]), log2(v[2])];
    let loss = move |v: &[f64]| {
        let bowl: f64 = at(v).iter().zip(best).map(|(x, best)| (x - best) * (x - best)).sum();
        let rate = (log2(v[3]) + 9.0 - 0.3 * (at(v)[2] - best[2])) / 4.0;
        0.05 * bowl + 0.2 * rate * rate
    };
    let limit = best.iter().sum::<f64>() + 0.3;
    Failing::in_region(Function::new(built(space), loss).best(0.0), move |v| {
        at(v).iter().sum::<f64>() > limit
    })
}
