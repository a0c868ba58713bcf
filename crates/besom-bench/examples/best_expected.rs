//! How good the run is that is expected to be the best, beside the one that was observed to be, with noise and without.
//!
//! ```text
//! cargo run --release -p besom-bench --example best_expected -- METHOD SEEDS SUITE..
//! ```
//!
//! Sweeps of a method on all tasks of the suites (those of `besom bench`) that have no learning curves. For each task, after half of
//! the runs and after all: in how many sweeps a run is named as expected to be the best, the score of the true value of the best observed run,
//! and that of the run that one would take: the best expected one where it is named, otherwise the best observed one. 0 is what
//! median random search takes, 1 the optimum.

#![expect(clippy::print_stdout, reason = "it is a program that prints")]

use besom_bench::{Keep, Objective, Outcome, Rng, Task, suites};
use besom_controller::Sweep;
use besom_core::{Answer, BoxError, Goal, History, Options, Point, Problem, Registry, Run, RunNumber};
use besom_insight::best_expected;

/// Random points from which repeats of random search draw, and how many repeats there are.
const POOL: usize = 4000;
const REPEATS: usize = 200;

fn main() -> Result<(), BoxError> {
    let mut arguments = std::env::args().skip(1);
    let method = arguments.next().ok_or("METHOD SEEDS SUITE..")?;
    let seeds: u64 = arguments.next().ok_or("how many seeds?")?.parse()?;
    let mut registry = Registry::new();
    besom_search::register(&mut registry);
    println!(
        "| suite | task | runs | sweeps | named | best observed | taken |\n|---|---|---|---|---|---|---|"
    );
    let all = suites::all();
    for name in arguments {
        let suite = all.iter().find(|suite| suite.name == name).ok_or("no such suite")?;
        for task in suite.tasks.iter().filter(|task| task.full_epochs() == 1) {
            let mut found = [Vec::new(), Vec::new()];
            for seed in 0..seeds {
                let sweep = Played::new(&registry, &method, task, seed)?;
                found[0].extend(sweep.after(task.runs() / 2));
                found[1].extend(sweep.after(task.runs()));
            }
            for (found, runs) in found.iter().zip([task.runs() / 2, task.runs()]) {
                let mean = |of: fn(&Taken) -> f64| found.iter().map(of).sum::<f64>() / found.len() as f64;
                println!(
                    "| {name} | {} | {runs} | {} | {:.0} % | {:.2} | {:.2} |",
                    task.name(),
                    found.len(),
                    100.0 * mean(|taken| f64::from(u8::from(taken.is_named))),
                    mean(|taken| taken.observed),
                    mean(|taken| taken.taken),
                );
            }
        }
    }
    Ok(())
}

/// The scores of the runs that one would take.
struct Taken {
    is_named: bool,
    observed: f64,
    taken: f64,
}

/// A sweep that was played to its end.
struct Played {
    problem: Problem,
    history: History,
    /// The true loss of each run.
    truths: Vec<f64>,
    /// The true loss that median random search ends with, and the least that is known.
    random: f64,
    best: f64,
}

impl Played {
    fn new(registry: &Registry, method: &str, task: &Task, seed: u64) -> Result<Self, BoxError> {
        let objective = task.objective(seed)?;
        let problem = objective.problem().seed(seed).run_cap(task.runs() as u64);
        let goal = problem.metric().ok_or("a task has a metric")?.goal;
        let mut sweep = Sweep::new(problem.clone(), registry.search(method, &problem, &Options::new())?);
        let (mut truths, mut rng) = (Vec::new(), Rng::new(1000 + seed));
        while let Answer::Try(runs) = sweep.ask(1)? {
            for run in runs {
                let point = &sweep.history().get(run).ok_or("a run that has just begun")?.point;
                match play(&*objective, goal, point, &mut rng) {
                    Some((observed, truth)) => {
                        truths.push(truth);
                        sweep.tell(run, goal.to_loss(observed))?;
                    }
                    None => {
                        truths.push(f64::INFINITY);
                        sweep.fail(run)?;
                    }
                }
            }
        }
        let (random, pool) =
            random_search(&*objective, &problem, goal, &mut Rng::new(77 + task.instance(seed)));
        let found = truths.iter().copied().fold(pool, f64::min);
        let best = objective.best().map_or(found, |best| goal.to_loss(best));
        Ok(Self { problem, history: sweep.history().clone(), truths, random, best })
    }

    /// What one would take after so many runs; `None` if none has a value.
    fn after(&self, runs: usize) -> Option<Taken> {
        let history: History = self.history.runs().iter().take(runs).map(Run::clone).collect();
        let observed = history.best(&self.problem)?.run;
        let expected = best_expected(&self.problem, history.iter()).map(|best| best.run);
        let score = |run: RunNumber| {
            let gap = (self.random - self.best).max(1e-12);
            ((self.random - self.truths[run.index()]) / gap).clamp(-1.0, 1.0)
        };
        let (observed, taken) = (score(observed), score(expected.unwrap_or(observed)));
        Some(Taken { is_named: expected.is_some(), observed, taken })
    }
}

/// The observed and the true loss at a point; `None` if it fails.
fn play(objective: &dyn Objective, goal: Goal, point: &Point, rng: &mut Rng) -> Option<(f64, f64)> {
    match objective.run(point, rng, &mut |_| Keep::Going) {
        Outcome::Finished { observed, truth } => Some((goal.to_loss(observed), goal.to_loss(truth))),
        _ => None,
    }
}

/// The true loss of the best observed run of median random search, and the least one of all its points.
fn random_search(objective: &dyn Objective, problem: &Problem, goal: Goal, rng: &mut Rng) -> (f64, f64) {
    let runs = problem.run_cap.unwrap_or(1);
    let mut draw = |_| {
        let cube: Vec<f64> = (0..problem.space.dimensions()).map(|_| rng.f64()).collect();
        play(objective, goal, &problem.space.decode(&cube), rng)
    };
    let pool: Vec<(f64, f64)> = (0..POOL).filter_map(&mut draw).collect();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the pool")]
    let mut any = || pool[(rng.f64() * pool.len() as f64) as usize];
    let mut repeat =
        |_| (0..runs).map(|_| any()).min_by(|a, b| a.0.total_cmp(&b.0)).map_or(0.0, |best| best.1);
    let mut ends: Vec<f64> = (0..REPEATS).map(&mut repeat).collect();
    ends.sort_by(f64::total_cmp);
    (ends[REPEATS / 2], pool.iter().map(|(_, truth)| *truth).fold(f64::INFINITY, f64::min))
}
