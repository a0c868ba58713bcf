//! How good search methods and stopping rules are: objectives in suites, scores with intervals, paired differences.
//!
//! An [`Objective`] is a function with a space, and perhaps with noise, failures and a learning curve. A [`Task`] is a
//! family of them under one name, of which a sweep's seed picks an instance; a [`Suite`] is a list of tasks.
//! [`suites`] has those that come with this crate.

mod objective;
mod reference;
mod suite;
pub mod suites;

pub use objective::{Keep, Objective, Outcome};
pub use reference::Reference;
pub use suite::{Suite, Task};

/// The generator from which an objective takes chance.
pub use besom_core::Rng;
