#![doc = include_str!("../README.md")]
//!
//! # Letters, numbers, errors
//!
//! Letters follow Rasmussen and Williams, *Gaussian Processes for Machine Learning* (2006): n observations in
//! d dimensions, inputs `x` (n by d, one row each; their X), targets `y`, covariance matrix K of the noisy
//! targets (their `K + sigma_n² I`), `a = K^-1 y` (their alpha). At a point x* with covariances k* the
//! posterior mean is `k*ᵀ a` and the variance `k(x*, x*) - k*ᵀ K^-1 k*` (equations 2.25 and 2.26).
//!
//! Matrices cross the border as nalgebra types; inside, faer does the work, on one thread and on storage that
//! is aligned always the same way, because the order of a vectorized sum depends on alignment: the same input
//! gives the same bits every time on the same kind of CPU. Other targets, and CPUs with registers of another
//! width, sum in another order and may differ in the last bits.
//!
//! Must not panic on degenerate input (duplicate rows, constant targets, one observation); what cannot be
//! solved is a [`GpError`].
//!
//! # Parts
//!
//! [`Gp`] is the whole case in the user's units. Its parts, for inputs in the unit cube and targets of about zero
//! mean and unit variance, are there for those who build something of their own; [`nalgebra`] is re-exported for
//! them:
//!
//! ```
//! use besom_gp::nalgebra::{DMatrix, DVector};
//! use besom_gp::{Model, Posterior, Prior, fit};
//!
//! let x = DMatrix::from_column_slice(5, 1, &[0.0, 0.25, 0.5, 0.75, 1.0]);
//! let y = DVector::from_iterator(5, x.iter().map(|x| f64::sin(6.0 * x)));
//! let model = Model::new(1);
//! let prior = Prior::for_dimensions(1);
//! let hyperparameters = fit(&model, &x, &y, &prior, &[prior.mode()])?.hyperparameters;
//! let posterior = Posterior::new(&model, &hyperparameters, &x, &y)?;
//! let prediction = posterior.predict(&DMatrix::from_element(1, 1, 0.6))?;
//! assert!((prediction.mean[0] - f64::sin(6.0 * 0.6)).abs() < 0.2);
//! assert!(prediction.sd[0] < 0.5);
//! # Ok::<(), besom_gp::GpError>(())
//! ```

mod cholesky;
mod covariance;
mod error;
mod fit;
mod gp;
pub mod improvement;
mod inputs;
mod joint;
mod kernel;
mod likelihood;
mod minimize;
mod model;
pub mod normal;
mod posterior;
mod prior;
mod scale;
mod subset;
mod warp;
mod whitening;
mod wide;

pub use nalgebra;

pub use error::GpError;
pub use fit::{Fit, fit, fit_until};
pub use gp::{Gp, GpBuilder, Prediction};
pub use joint::Joint;
pub use kernel::Kernel;
pub use likelihood::{LogLikelihood, MarginalLikelihood, log_marginal_likelihood};
pub use minimize::{Minimum, Tolerance, minimize};
pub use model::{Dimension, Hyperparameters, Model, Term};
pub use posterior::{CachedPrediction, Marginals, PointPrediction, Posterior};
pub use prior::{LogNormal, Prior};
pub use subset::{by_loss, subset};
pub use warp::Warp;
