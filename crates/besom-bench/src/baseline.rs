//! What random search reaches on an instance, and the best that is there.
//!
//! As in the peers' harness: points are drawn once into a pool, repeats of random search draw from it, and the median over the
//! repeats is what scores are relative to. Where the optimum is not known, local searches from the best of the pool stand in.

use besom_core::{BoxError, Goal, Space};

use crate::{Keep, Objective, Outcome, Reference, Rng, numbers};

/// Points in the pool.
const POOL: usize = 4000;
/// Repeats of random search.
const REPEATS: usize = 200;
/// Local searches, and steps of each.
const STARTS: usize = 24;
const STEPS: usize = 1500;
/// How likely a step varies a coordinate, and then stays near in place of being drawn anew.
const VARIES: f64 = 0.35;
const NEAR: f64 = 0.9;

/// A point of the pool with what it came to.
struct Tried {
    cube: Vec<f64>,
    observed: f64,
    truth: f64,
}

/// Measures an instance for sweeps of `runs` runs. The same instance gives the same numbers.
pub(crate) fn measure(objective: &dyn Objective, key: &str, runs: usize) -> Result<Reference, BoxError> {
    let problem = objective.problem();
    let goal = problem.metric().ok_or("an objective needs a metric")?.goal;
    let mut rng = Rng::new(numbers::digest(key));
    let pool = pool(objective, goal, &problem.space, &mut rng)?;
    let random = median_of_random(&pool, runs, &mut rng);
    if let Some(best) = objective.best() {
        return Ok(Reference::new(random, goal.to_loss(best), true));
    }
    let best = local_searches(objective, goal, &problem.space, pool, &mut rng);
    Ok(Reference::new(random, best, false))
}

/// Tries random points. A run that failed counts as the worst of those that did not, so that all numbers are finite.
fn pool(objective: &dyn Objective, goal: Goal, space: &Space, rng: &mut Rng) -> Result<Vec<Tried>, BoxError> {
    let dimensions = space.dimensions();
    let mut draw = |_| {
        let cube: Vec<f64> = (0..dimensions).map(|_| rng.f64()).collect();
        let (observed, truth) = losses(objective, goal, space, &cube, rng).unwrap_or((f64::NAN, f64::NAN));
        Tried { cube, observed, truth }
    };
    let mut pool: Vec<Tried> = (0..POOL).map(&mut draw).collect();
    let finite = |loss: &f64| loss.is_finite();
    let worst = |loss: fn(&Tried) -> f64| pool.iter().map(loss).filter(finite).reduce(f64::max);
    let (Some(observed), Some(truth)) = (worst(|tried| tried.observed), worst(|tried| tried.truth)) else {
        return Err(format!("all of {POOL} random points failed").into());
    };
    for tried in pool.iter_mut().filter(|tried| !(tried.observed.is_finite() && tried.truth.is_finite())) {
        (tried.observed, tried.truth) = (observed, truth);
    }
    Ok(pool)
}

/// The observed and the true loss of a point; `None` if its run failed. Of a learning curve the best value counts.
fn losses(
    objective: &dyn Objective,
    goal: Goal,
    space: &Space,
    cube: &[f64],
    rng: &mut Rng,
) -> Option<(f64, f64)> {
    let mut least = f64::INFINITY;
    let outcome = objective.run(&space.decode(cube), rng, &mut |value| {
        least = least.min(goal.to_loss(value));
        Keep::Going
    });
    let Outcome::Finished { observed, truth } = outcome else { return None };
    match least.is_finite() {
        true => Some((least, least)),
        false => Some((goal.to_loss(observed), goal.to_loss(truth))),
    }
}

/// The true loss of the best observed point after each run, the median over repeats.
fn median_of_random(pool: &[Tried], runs: usize, rng: &mut Rng) -> Vec<f64> {
    let curves: Vec<Vec<f64>> = (0..REPEATS).map(|_| random_curve(pool, runs, rng)).collect();
    let after = |run: usize| numbers::median(&mut curves.iter().map(|curve| curve[run]).collect::<Vec<_>>());
    (0..runs).map(after).collect()
}

/// One random search: no point of the pool is drawn twice until all are drawn.
fn random_curve(pool: &[Tried], runs: usize, rng: &mut Rng) -> Vec<f64> {
    let mut places: Vec<usize> = (0..pool.len()).collect();
    let mut best = (f64::INFINITY, f64::INFINITY);
    let mut draw = |run: usize| {
        let run = run % places.len();
        let drawn = run + rng.below(places.len() - run);
        places.swap(run, drawn);
        let tried = &pool[places[run]];
        if (tried.observed, tried.truth) < best {
            best = (tried.observed, tried.truth);
        }
        best.1
    };
    (0..runs).map(&mut draw).collect()
}

/// The smallest true loss that local searches from the best of the pool find.
fn local_searches(
    objective: &dyn Objective,
    goal: Goal,
    space: &Space,
    mut pool: Vec<Tried>,
    rng: &mut Rng,
) -> f64 {
    pool.sort_by(|a, b| a.truth.total_cmp(&b.truth));
    let searches = pool.into_iter().take(STARTS).map(|start| {
        let (mut at, mut least, mut width) = (start.cube, start.truth, 0.2);
        for _ in 0..STEPS {
            let tried = step(&at, width, rng);
            match losses(objective, goal, space, &tried, rng) {
                Some((_, truth)) if truth < least => {
                    (at, least, width) = (tried, truth, f64::min(0.3, width * 1.3));
                }
                _ => width = f64::max(1e-4, width * 0.99),
            }
        }
        least
    });
    searches.fold(f64::INFINITY, f64::min)
}

fn step(from: &[f64], width: f64, rng: &mut Rng) -> Vec<f64> {
    let mut vary = |&u: &f64| {
        if rng.f64() >= VARIES {
            u
        } else if rng.f64() < NEAR {
            (u + width * rng.normal()).clamp(0.0, 1.0)
        } else {
            rng.f64()
        }
    };
    from.iter().map(&mut vary).collect()
}
