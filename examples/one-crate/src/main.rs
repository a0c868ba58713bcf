//! A loop of one's own over one search method: no store, no file, no threads.
//!
//! `cargo run -p one-crate`

use besom_core::{Answer, Ask, BoxError, History, Problem, Run, Space};
use besom_search::{Bayes, BayesOptions};

/// What is to be minimized; its least value is 0.397887.
fn branin(x: f64, y: f64) -> f64 {
    let pi = std::f64::consts::PI;
    (y - 5.1 / (4.0 * pi * pi) * x * x + 5.0 / pi * x - 6.0).powi(2)
        + 10.0 * (1.0 - 1.0 / (8.0 * pi)) * x.cos()
        + 10.0
}

fn main() -> Result<(), BoxError> {
    let space = Space::builder().uniform("x", -5.0, 10.0).uniform("y", 0.0, 15.0).build()?;
    let problem = Problem::minimize("loss").space(space).seed(7);
    let mut bayes = Bayes::with(&problem, BayesOptions::new())?;
    let mut history = History::new();
    while history.len() < 30 {
        let Answer::Try(suggestions) = bayes.suggest(&Ask::new(&problem, &history))? else { break };
        for suggestion in suggestions {
            let loss = branin(suggestion.point.f64("x")?, suggestion.point.f64("y")?);
            history.push(Run::new(suggestion.point).with_note(suggestion.note).finished(loss));
        }
    }
    let best = history.best(&problem).ok_or("no run has a loss")?;
    println!("best loss {:.4} in run {} of {}", best.value, best.run, history.len());
    Ok(())
}
