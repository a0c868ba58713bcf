//! Objectives with a learning curve.

use std::fmt;

use besom_core::{Goal, Metric, Point, Problem, Space};

use super::function::numbers;
use crate::{Keep, Objective, Outcome, Rng};

type Loss = dyn Fn(&[f64], f64) -> f64 + Send + Sync;

/// An objective made of a space and a closure that gives the loss after each epoch.
///
/// The closure gets one number per parameter, as that of a [`Function`](super::Function), and the epoch, from 1. A loss that
/// is not finite is logged, and then the run fails.
///
/// ```
/// use besom_bench::suites::Training;
/// use besom_bench::{Keep, Objective, Rng};
/// use besom_core::Space;
///
/// let space = Space::builder().log_uniform("lr", 1e-5, 1.0).build()?;
/// let training = Training::new(space.clone(), 20, |v, epoch| v[0] + 1.0 / epoch).noise(0.01);
///
/// let (point, mut losses) = (space.decode(&[0.4]), Vec::new());
/// let mut log = |loss| {
///     losses.push(loss);
///     if losses.len() == 5 { Keep::Stop } else { Keep::Going }
/// };
/// training.run(&point, &mut Rng::new(7), &mut log);
/// assert!(losses.len() == 5 && losses[4] < losses[0]);
/// # Ok::<(), besom_core::SpaceError>(())
/// ```
pub struct Training {
    space: Space,
    epochs: u16,
    noise: f64,
    best: Option<f64>,
    loss: Box<Loss>,
}

impl Training {
    /// A loss to minimize, logged after each of these epochs.
    pub fn new(space: Space, epochs: u16, loss: impl Fn(&[f64], f64) -> f64 + Send + Sync + 'static) -> Self {
        Self { space, epochs, noise: 0.0, best: None, loss: Box::new(loss) }
    }

    /// The same with normal noise on every logged loss, of this share of it.
    #[must_use]
    pub fn noise(self, noise: f64) -> Self {
        Self { noise, ..self }
    }

    /// The same with the least loss that there is.
    #[must_use]
    pub fn best(self, best: f64) -> Self {
        Self { best: Some(best), ..self }
    }
}

impl Objective for Training {
    fn problem(&self) -> Problem {
        Problem::new(self.space.clone(), Metric::new("loss", Goal::Minimize))
    }

    fn best(&self) -> Option<f64> {
        self.best
    }

    fn run(&self, point: &Point, rng: &mut Rng, log: &mut dyn FnMut(f64) -> Keep) -> Outcome {
        let Some(v) = numbers(&self.space, point) else { return Outcome::Failed };
        let mut outcome = Outcome::Failed;
        for epoch in 1..=self.epochs {
            let truth = (self.loss)(&v, f64::from(epoch));
            let observed = truth * (1.0 + self.noise * rng.normal());
            let keep = log(observed);
            if !truth.is_finite() {
                return Outcome::Failed;
            }
            outcome = Outcome::noisy(observed, truth);
            if keep == Keep::Stop {
                break;
            }
        }
        outcome
    }
}

impl fmt::Debug for Training {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { space, epochs, noise, best, loss: _ } = self;
        let mut training = f.debug_struct("Training");
        training.field("space", space).field("epochs", epochs).field("noise", noise).field("best", best);
        training.finish_non_exhaustive()
    }
}
