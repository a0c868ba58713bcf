//! The worker: it owns the sweep, so nothing is shared and nothing is locked. It knows nothing of the front end but a function to send events to.

use std::sync::mpsc::{Receiver, TryRecvError};

use besom_controller::Sweep;
use besom_core::{Answer, BoxError, Problem};
use besom_search::{Bayes, BayesOptions};

/// What the front end gets to know.
pub enum Event {
    Finished { run: u64, loss: f64 },
    Paused(bool),
    Ended(String),
}

/// What the front end may want.
#[derive(Clone, Copy, PartialEq)]
pub enum Order {
    Pause,
    Resume,
    Cancel,
}

/// Runs a sweep to its end, or until the order to cancel it.
pub fn work(problem: Problem, orders: &Receiver<Order>, send: impl Fn(Event)) {
    let ended = run_all(problem, orders, &send);
    send(Event::Ended(ended.unwrap_or_else(|error| format!("failed: {error}"))));
}

fn run_all(problem: Problem, orders: &Receiver<Order>, send: &impl Fn(Event)) -> Result<String, BoxError> {
    let bayes = Bayes::with(&problem, BayesOptions::new())?;
    let mut sweep = Sweep::new(problem, bayes);
    while let Answer::Try(runs) = sweep.ask(1)? {
        for run in runs {
            if obey(orders, send) == Order::Cancel {
                return Ok("canceled".to_owned());
            }
            let point = sweep.history().get(run).map(|run| &run.point).ok_or("the run was just made")?;
            let loss = train(point.f64("lr")?, point.f64("layers")?);
            sweep.tell(run, loss)?;
            send(Event::Finished { run: run.get(), loss });
        }
    }
    Ok("finished".to_owned())
}

/// Follows the orders that have arrived; waits while the last of them is to pause. A front end that is gone cancels.
fn obey(orders: &Receiver<Order>, send: &impl Fn(Event)) -> Order {
    let mut latest = Order::Resume;
    loop {
        let order = match latest {
            Order::Pause => orders.recv().unwrap_or(Order::Cancel),
            Order::Cancel => return latest,
            Order::Resume => match orders.try_recv() {
                Ok(order) => order,
                Err(TryRecvError::Empty) => return latest,
                Err(TryRecvError::Disconnected) => Order::Cancel,
            },
        };
        if (order == Order::Pause) != (latest == Order::Pause) {
            send(Event::Paused(order == Order::Pause));
        }
        latest = order;
    }
}

/// Stands for your training.
fn train(lr: f64, layers: f64) -> f64 {
    (lr.log10() + 2.5).powi(2) + 0.1 * (layers - 3.0).abs()
}
