//! The run that is expected to be the best, where values are noisy.
//!
//! With noise, the best value observed is also the luckiest one. A Gaussian process on the runs knows better: at each run
//! it predicts the value without its noise, from the runs around it too. The run with the best of these is what to take (Frazier,
//! *A Tutorial on Bayesian Optimization*, 2018, section 3.2, with the choice restricted to points that were tried).
//!
//! The model is that of the search method `bayes`: Matérn 5/2 over quantiles of the parameters, one length scale each, on
//! warped losses. It is asked only where it finds noise: [`noise`] says how that is decided.

mod noise;

use besom_core::{Problem, Run, RunNumber, RunState};
use besom_gp::nalgebra::{DMatrix, DVector};
use besom_gp::{Dimension, GpError, Model, Posterior, Warp, by_loss, subset};
use serde::Serialize;

use crate::Axis;
use noise::Noise;

/// The fewest runs of which noise can be told from what the parameters do.
const FEWEST: usize = 10;

/// How many runs are looked at: of more, half of these are the best and half the newest. The posterior costs O(n³).
const MOST: usize = 500;

/// The most runs that decide the hyperparameters, and how many are chosen where there are more: fewer than in `bayes`, because somebody waits for
/// the answer.
const FITTED: usize = 200;
const CHOSEN: usize = 150;

/// The run with the best expected value, where the values of runs are noisy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BestExpected {
    /// The run.
    pub run: RunNumber,
    /// The value that runs with its parameters have on average, as the model expects it.
    pub value: f64,
    /// The standard deviation of that.
    pub sd: f64,
    /// The standard deviation of the noise: by how much the value of one run differs from the average.
    pub noise_sd: f64,
}

impl BestExpected {
    /// A run with its expected value, the standard deviation of that, and that of the noise.
    pub fn new(run: RunNumber, value: f64, sd: f64, noise_sd: f64) -> Self {
        Self { run, value, sd, noise_sd }
    }
}

/// The run with the best expected value of the metric; `None` unless the values are found to be noisy, and where there are several
/// metrics, which have a [front](besom_core::Front) instead.
///
/// Only runs count that finished with a value and were not stopped early. There is none with fewer than ten of them, where all
/// parameters are categories, and where runs with the same parameters always had the same value. The answer is a function of the runs
/// alone.
///
/// ```
/// use besom_core::{History, Problem, Rng, Run, Space};
/// use besom_insight::best_expected;
///
/// let problem = Problem::minimize("loss").space(Space::builder().uniform("x", -1.0, 1.0).build()?);
/// let mut rng = Rng::new(3);
/// let mut run = |x: f64, noise: f64| {
///     let point = problem.space.decode(&[(x + 1.0) / 2.0]);
///     Run::new(point).finished(x * x + noise * rng.normal())
/// };
/// let noisy: History = (0..80).map(|i| run(f64::from(i) / 40.0 - 1.0, 0.3)).collect();
/// let exact: History = (0..80).map(|i| run(f64::from(i) / 40.0 - 1.0, 0.0)).collect();
///
/// let best = best_expected(&problem, noisy.iter()).expect("the noise is seen");
/// assert!(best.value.abs() < 0.2 && best.sd < 0.15 && (best.noise_sd - 0.3).abs() < 0.1);
/// assert_eq!(best_expected(&problem, exact.iter()), None);
/// # Ok::<(), besom_core::SpaceError>(())
/// ```
pub fn best_expected<'a>(
    problem: &Problem,
    runs: impl IntoIterator<Item = (RunNumber, &'a Run)>,
) -> Option<BestExpected> {
    let [metric] = &problem.metrics[..] else { return None };
    let goal = metric.goal;
    let runs = Runs::read(problem, runs).filter(Runs::may_be_noisy)?;
    let found = runs.expected().ok()??;
    let value = goal.to_loss(found.value);
    let is_finite = [value, found.sd, found.noise_sd].iter().all(|number| number.is_finite());
    is_finite.then_some(BestExpected { value, ..found })
}

/// Whether a run counts: it finished, and no stopping rule ended it before it had the value that it would have reached.
fn counts(run: &Run) -> bool {
    run.state == RunState::Finished && run.stopped.is_none()
}

/// The runs that count, as rows of coordinates with losses.
struct Runs {
    axes: Vec<Axis>,
    numbers: Vec<RunNumber>,
    rows: Vec<Vec<f64>>,
    losses: Vec<f64>,
}

impl Runs {
    fn read<'a>(problem: &Problem, runs: impl IntoIterator<Item = (RunNumber, &'a Run)>) -> Option<Self> {
        let goal = problem.metric()?.goal;
        let axes: Vec<Axis> = problem.space.searchable().map(Axis::new).collect();
        let counted = |(number, run): (RunNumber, &'a Run)| {
            let value = problem.value(run, 0).filter(|_| counts(run))?;
            Some((number, run, goal.to_loss(value)))
        };
        let mut counted: Vec<_> = runs.into_iter().filter_map(counted).collect();
        if counted.len() > MOST {
            counted = best_and_newest(counted);
        }
        let mut found = Self { axes, numbers: Vec::new(), rows: Vec::new(), losses: Vec::new() };
        for (number, run, loss) in counted {
            let place = |axis: &Axis| match run.point.get(axis.name()) {
                Some(value) => axis.place(value),
                // As in `bayes` (decision 33).
                None => Some(axis.canonical()),
            };
            if let Some(row) = found.axes.iter().map(place).collect::<Option<Vec<f64>>>() {
                found.numbers.push(number);
                found.rows.push(row);
                found.losses.push(loss);
            }
        }
        Some(found)
    }

    /// Whether there is anything to learn from: enough runs, a parameter with distances, and no proof that there is no noise.
    fn may_be_noisy(&self) -> bool {
        self.rows.len() >= FEWEST && !self.axes.iter().all(Axis::is_categorical) && !self.repeats_are_equal()
    }

    /// Whether points were tried again, and each time had the value that they had before.
    fn repeats_are_equal(&self) -> bool {
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        let bits = |i: usize| self.rows[i].iter().map(|u| u.to_bits());
        order.sort_by(|&a, &b| bits(a).cmp(bits(b)));
        let mut repeats = order.windows(2).filter(|pair| self.rows[pair[0]] == self.rows[pair[1]]).peekable();
        repeats.peek().is_some()
            && repeats.all(|pair| self.losses[pair[0]].total_cmp(&self.losses[pair[1]]).is_eq())
    }

    /// The run with the least expected loss, in units of the loss; `None` without noise.
    fn expected(&self) -> Result<Option<BestExpected>, GpError> {
        let warp = Warp::new(&self.losses);
        let (x, y) = self.data(&subset(&by_loss(&self.losses), FITTED, CHOSEN), &warp);
        let Some(hyperparameters) = Noise::new(&self.model(), &x, &y).hyperparameters()? else {
            return Ok(None);
        };
        let all: Vec<usize> = (0..self.rows.len()).collect();
        let (x, y) = self.data(&all, &warp);
        let posterior = Posterior::new(&self.model(), &hyperparameters, &x, &y)?;
        let Some(&best) = by_loss(posterior.smoothed().as_slice()).first() else { return Ok(None) };
        let at = posterior.predict_with_gradient(&self.rows[best])?;
        let sd = 0.5 * (warp.inverse(at.mean + at.sd) - warp.inverse(at.mean - at.sd));
        let noise_sd = hyperparameters.noise_variance.sqrt() * warp.slope();
        Ok(Some(BestExpected { run: self.numbers[best], value: warp.inverse(at.mean), sd, noise_sd }))
    }

    fn model(&self) -> Model {
        let kind = |axis: &Axis| {
            if axis.is_categorical() { Dimension::Categorical } else { Dimension::Numeric }
        };
        Model::new(self.axes.len()).dimensions(self.axes.iter().map(kind).collect::<Vec<_>>())
    }

    fn data(&self, places: &[usize], warp: &Warp) -> (DMatrix<f64>, DVector<f64>) {
        let x = DMatrix::from_fn(places.len(), self.axes.len(), |i, k| self.rows[places[i]][k]);
        (x, DVector::from_fn(places.len(), |i, _| warp.forward(self.losses[places[i]])))
    }
}

/// The best half of [`MOST`] runs, and the newest of the others, in their order.
fn best_and_newest<T>(runs: Vec<(RunNumber, T, f64)>) -> Vec<(RunNumber, T, f64)> {
    let losses: Vec<f64> = runs.iter().map(|(.., loss)| *loss).collect();
    let mut order = by_loss(&losses);
    order[MOST / 2..].sort_unstable_by(|a, b| b.cmp(a));
    order.truncate(MOST);
    let mut is_chosen = vec![false; runs.len()];
    order.into_iter().for_each(|i| is_chosen[i] = true);
    runs.into_iter().zip(is_chosen).filter_map(|(run, is_chosen)| is_chosen.then_some(run)).collect()
}
