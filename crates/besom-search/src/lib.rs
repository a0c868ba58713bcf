#![doc = include_str!("../README.md")]
//!
//! # Design
//!
//! Grid and random search are W&B's, so that a sweep file gives the same points; Sobol search fills the space more
//! evenly; a method that learns from results is a folder of its own. Adding a method costs its file or folder and its
//! line in [`register`].

mod auto;
mod axis;
mod bayes;
mod cma_es;
mod error;
mod failures;
mod grid;
mod options;
mod random;
mod sobol;
mod tpe;

pub use auto::{Auto, AutoOptions};
pub use bayes::{AcquisitionKind, Bayes, BayesOptions, InFlight, Observation, Observations, Warp};
pub use cma_es::{CmaEs, CmaEsOptions};
pub use error::SearchError;
pub use failures::{FailedRun, FailedRuns};
pub use grid::{Grid, GridOptions, GridOrder};
pub use random::{Random, RandomOptions};
pub use sobol::{Sobol, SobolOptions};
pub use tpe::{Tpe, TpeOptions};

use besom_core::Registry;

/// Adds every method of this crate under its name in sweep files (`method: ..`).
///
/// A method that is registered under one of these names is replaced, so call this before you add your own.
pub fn register(registry: &mut Registry) {
    registry.replace_search("auto", Auto::SPEC, |problem, options| Ok(Auto::new(problem, options)?));
    registry.replace_search("bayes", Bayes::SPEC, |problem, options| Ok(Bayes::new(problem, options)?));
    registry.replace_search("cma-es", CmaEs::SPEC, |problem, options| Ok(CmaEs::new(problem, options)?));
    registry.replace_search("grid", Grid::SPEC, |problem, options| Ok(Grid::new(problem, options)?));
    registry.replace_search("random", Random::SPEC, |problem, options| Ok(Random::new(problem, options)?));
    registry.replace_search("sobol", Sobol::SPEC, |problem, options| Ok(Sobol::new(problem, options)?));
    registry.replace_search("tpe", Tpe::SPEC, |problem, options| Ok(Tpe::new(problem, options)?));
}
