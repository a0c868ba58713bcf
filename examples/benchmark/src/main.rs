//! A gate for a build of one's own: fails when the method is no longer clearly better than random search, or falls far behind `bayes`.
//!
//! `cargo run -p benchmark`

use std::process::ExitCode;

use besom_bench::{Bench, suites};
use besom_core::{BoxError, Options, Registry};
use own_algorithm::ThresholdAccepting;

fn main() -> Result<ExitCode, BoxError> {
    let mut registry = Registry::new();
    besom_search::register(&mut registry);
    let results = Bench::new(suites::quick())
        .method("threshold", |_problem| ThresholdAccepting::new(&Options::new()))
        .registry(&registry)
        .against(["random", "bayes"])
        .seeds(0..3)
        .runs(30)
        .jobs(2)
        .run()?;
    for standing in results.standings() {
        println!("{:<10} {:.3}", standing.method, standing.score.mean);
    }
    let (random, bayes) =
        (results.paired_difference("threshold", "random")?, results.paired_difference("threshold", "bayes")?);
    println!(
        "threshold - random: {:+.3} [{:+.3}, {:+.3}] over {} pairs",
        random.mean, random.low, random.high, random.pairs
    );
    println!(
        "threshold - bayes:  {:+.3} [{:+.3}, {:+.3}] over {} pairs",
        bayes.mean, bayes.low, bayes.high, bayes.pairs
    );
    // Everything is drawn from the seeds: this passes or fails the same on every machine of a kind.
    let good = random.low > 0.0 && bayes.low > -0.9;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
