//! The model of the losses: a Gaussian process on warped values, fitted to the runs that are over.

use besom_gp::{GpError, Model, Posterior, Prior, fit};
use nalgebra::{DMatrix, DVector};

use super::encode::Encoding;
use super::transform::Warp;

/// The most runs whose values decide the hyperparameters; the others only enter the posterior.
const FITTED: usize = 300;
/// How many are chosen where there are more.
const CHOSEN: usize = 256;
/// The most runs in the posterior.
const CONDITIONED: usize = 1500;
/// How many are chosen where there are more.
const ACTIVE: usize = 1000;

/// Runs as the model sees them: coordinates and losses, in the order of the runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Data {
    pub(super) rows: Vec<Vec<f64>>,
    pub(super) losses: Vec<f64>,
}

/// A fitted model.
#[derive(Clone, Debug)]
pub(super) struct Surrogate {
    pub(super) posterior: Posterior,
    pub(super) warp: Warp,
    /// The smallest target.
    pub(super) best: f64,
    /// What a point must improve on: half way between the smallest target and the smallest predicted one. The first
    /// alone chases the luck of a noisy run, the second alone forgets what was really reached.
    pub(super) incumbent: f64,
    /// Coordinates of the best runs, best first.
    pub(super) leaders: Vec<Vec<f64>>,
    /// What the hyperparameters were fitted to.
    fitted: Fitted,
    /// Where runs without a value are, in the order in which they were believed.
    believed: Vec<Vec<f64>>,
}

/// The runs that decide the hyperparameters.
#[derive(Clone, Debug)]
struct Fitted {
    model: Model,
    x: DMatrix<f64>,
    t: DVector<f64>,
}

impl Surrogate {
    /// Fits the model. The fit is always a cold one from the mode of the prior: it takes milliseconds, and the answer
    /// depends on nothing but the data.
    pub(super) fn new(encoding: &Encoding, data: &Data) -> Result<Self, GpError> {
        let warp = Warp::new(&data.losses);
        let model = encoding.model();
        let dimensions = model.dimensions.len();
        let order = by_loss(&data.losses);
        let (x, t) = matrices(data, &chosen(&order, FITTED, CHOSEN), &warp, dimensions);
        let fitted = Fitted { model, x, t };
        let prior = Prior::for_dimensions(dimensions);
        let hyperparameters =
            fit(&fitted.model, &fitted.x, &fitted.t, &prior, &[prior.mode()])?.hyperparameters;
        let (x, t) = matrices(data, &chosen(&order, CONDITIONED, ACTIVE), &warp, dimensions);
        let posterior = Posterior::new(&fitted.model, &hyperparameters, &x, &t)?;
        let best = t.min();
        let incumbent = 0.5 * (best + posterior.smoothed().min());
        let leaders = order.iter().take(3).map(|&i| data.rows[i].clone()).collect();
        Ok(Self { posterior, warp, best, incumbent, leaders, fitted, believed: Vec::new() })
    }

    /// Takes note of a run without a value: the model believes what it predicts there (*Kriging believer*), which keeps
    /// the next suggestion away without distorting the rest.
    pub(super) fn believe(&mut self, coordinates: &[f64]) -> Result<(), GpError> {
        let mean = self.posterior.predict_with_gradient(coordinates)?.mean;
        self.posterior.extend(coordinates, mean)?;
        self.believed.push(coordinates.to_vec());
        Ok(())
    }

    /// The model of somebody who trusts less in what lies between the runs: length scales times `factor`.
    pub(super) fn doubting(&self, factor: f64) -> Result<Self, GpError> {
        let mut hyperparameters = self.posterior.hyperparameters().clone();
        hyperparameters.length_scales.iter_mut().for_each(|scale| *scale *= factor);
        let Fitted { model, x, t } = &self.fitted;
        let posterior = Posterior::new(model, &hyperparameters, x, t)?;
        let mut doubting = Self {
            posterior,
            warp: self.warp,
            leaders: self.leaders.clone(),
            fitted: self.fitted.clone(),
            believed: Vec::new(),
            ..*self
        };
        for coordinates in &self.believed {
            // As in the model itself, a copy of another run says nothing new.
            doubting.believe(coordinates).ok();
        }
        Ok(doubting)
    }
}

/// The places of the losses, best first; the earlier run first at a tie.
fn by_loss(losses: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..losses.len()).collect();
    order.sort_by(|&a, &b| losses[a].total_cmp(&losses[b]));
    order
}

/// All runs if they are at most `most`, else `count`: half of them the best, the others evenly from the rest. In the
/// order of the runs.
fn chosen(order: &[usize], most: usize, count: usize) -> Vec<usize> {
    let mut chosen = if order.len() <= most {
        order.to_vec()
    } else {
        let (best, rest) = order.split_at(count / 2);
        let mut rest = rest.to_vec();
        rest.sort_unstable();
        let share = count - best.len();
        let evenly = (0..share).map(|k| rest[k * rest.len() / share]);
        best.iter().copied().chain(evenly).collect()
    };
    chosen.sort_unstable();
    chosen
}

fn matrices(data: &Data, places: &[usize], warp: &Warp, dimensions: usize) -> (DMatrix<f64>, DVector<f64>) {
    let x = DMatrix::from_fn(places.len(), dimensions, |i, k| data.rows[places[i]][k]);
    let t = DVector::from_fn(places.len(), |i, _| warp.forward(data.losses[places[i]]));
    (x, t)
}
