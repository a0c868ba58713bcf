//! What runs that fail by chance cost: scores on a suite as it is, and with so many of its runs failing. Random search without
//! failures is 0 in all of them.
//!
//!     cargo run --release -p besom-bench --example failing -- [METHODS [SUITE [SEEDS]]]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::collections::BTreeMap;
use std::env;
use std::error::Error;

use besom_bench::suites::{self, Failing};
use besom_bench::{Bench, Keep, Objective, Outcome, Reference, Rng, Suite, Task};
use besom_core::{Point, Problem, Registry};

/// The shares of runs that fail.
const RATES: [f64; 3] = [0.0, 0.1, 0.3];

/// An objective whose runs fail by chance, measured by what random search reaches without failures.
struct Measured {
    failing: Failing<Box<dyn Objective>>,
    reference: Option<Reference>,
}

impl Objective for Measured {
    fn problem(&self) -> Problem {
        self.failing.problem()
    }

    fn best(&self) -> Option<f64> {
        self.failing.best()
    }

    fn reference(&self) -> Option<Reference> {
        self.reference.clone()
    }

    fn run(&self, point: &Point, rng: &mut Rng, log: &mut dyn FnMut(f64) -> Keep) -> Outcome {
        self.failing.run(point, rng, log)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let argument = |place, default: &str| env::args().nth(place).unwrap_or_else(|| default.to_owned());
    let (methods, name) = (argument(1, "bayes,tpe,cma-es"), argument(2, "quick"));
    let seeds: u64 = argument(3, "10").parse()?;
    let mut registry = Registry::new();
    besom_search::register(&mut registry);
    let suite = suites::all().into_iter().find(|suite| suite.name == name).ok_or("no such suite")?;
    let bench = |suite: Suite| Bench::new(suite).registry(&registry).seeds(0..seeds);
    let plain = bench(suite.clone()).against(["random"]).run()?;
    let references: BTreeMap<String, Reference> =
        plain.references().map(|(key, reference)| (key.to_owned(), reference.clone())).collect();
    println!("| runs that fail | method | score | half |\n|---:|:---|---:|---:|");
    for rate in RATES {
        let tasks = suite.tasks.iter().map(|task| failing(task, rate, references.clone())).collect();
        let suite = Suite::new(&suite.name, &suite.summary, tasks);
        for standing in bench(suite).against(methods.split(',')).run()?.standings() {
            let (method, score, half) = (standing.method, standing.score, standing.half);
            let interval = format!("{:.3} [{:.3}, {:.3}]", score.mean, score.low, score.high);
            println!("| {:.0} % | {method} | {interval} | {half:.3} |", 100.0 * rate);
        }
    }
    Ok(())
}

/// The task with this share of its runs failing.
fn failing(task: &Task, rate: f64, references: BTreeMap<String, Reference>) -> Task {
    let inner = task.clone();
    let make = move |instance: u64| {
        let seed = instance - 1;
        let reference = references.get(&inner.key(seed)).cloned();
        Ok(Measured { failing: Failing::by_chance(inner.objective(seed)?, rate), reference })
    };
    Task::new(task.name(), task.runs(), make).epochs(task.full_epochs()).instances(task.instance_count())
}
