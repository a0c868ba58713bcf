//! The model of the losses: a Gaussian process on warped values, fitted to the runs that are over.

use besom_gp::{GpError, Hyperparameters, Model, Posterior, Prior, fit};
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
    /// Coordinates of the best runs, best first.
    pub(super) leaders: Vec<Vec<f64>>,
}

impl Surrogate {
    /// Fits the model. The fit is always a cold one from the mode of the prior: it takes milliseconds, and the answer
    /// depends on nothing but the data.
    pub(super) fn new(encoding: &Encoding, data: &Data) -> Result<Self, GpError> {
        let warp = Warp::new(&data.losses);
        let model = encoding.model();
        let order = by_loss(&data.losses);
        let hyperparameters = hyperparameters(&model, data, &order, &warp)?;
        let active = chosen(&order, CONDITIONED, ACTIVE);
        let (x, t) = matrices(data, &active, &warp, model.dimensions.len());
        let posterior = Posterior::new(&model, &hyperparameters, &x, &t)?;
        let leaders = order.iter().take(3).map(|&i| data.rows[i].clone()).collect();
        Ok(Self { posterior, warp, best: t.min(), leaders })
    }

    /// Takes note of a run without a value: the model believes what it predicts there (*Kriging believer*), which keeps
    /// the next suggestion away without distorting the rest.
    pub(super) fn believe(&mut self, coordinates: &[f64]) -> Result<(), GpError> {
        let mean = self.posterior.predict_with_gradient(coordinates)?.mean;
        self.posterior.extend(coordinates, mean)
    }
}

fn hyperparameters(
    model: &Model,
    data: &Data,
    order: &[usize],
    warp: &Warp,
) -> Result<Hyperparameters, GpError> {
    let prior = Prior::for_dimensions(model.dimensions.len());
    let fitted = chosen(order, FITTED, CHOSEN);
    let (x, t) = matrices(data, &fitted, warp, model.dimensions.len());
    Ok(fit(model, &x, &t, &prior, &[prior.mode()])?.hyperparameters)
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
