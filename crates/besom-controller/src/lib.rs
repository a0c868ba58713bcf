#![doc = include_str!("../README.md")]
//!
//! # Design
//!
//! [`Sweep`] is the step as a pure type, for embedding, for other tools and for tests. [`Controller`] does the same against a store, where it
//! needs no leader: controllers that race compute the same suggestion, and the store takes one of them. The functions of [`stateless`] are the
//! same once more in the form of W&B's engine: a configuration and a list of runs in, suggestions or names of runs to stop out.
//!
//! This crate knows no algorithms: build a sweep with a search method and a stopping rule from a registry, or your
//! own.

mod controller;
mod error;
mod missing;
pub mod stateless;
mod sweep;

pub use controller::{Controller, Step};
pub use error::ControllerError;
pub use missing::MissingMetric;
pub use sweep::Sweep;
