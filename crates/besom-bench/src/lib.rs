#![doc = include_str!("../README.md")]
//!
//! # Design
//!
//! An [`Objective`] is a function with a space, and perhaps with noise, failures and a learning curve. A [`Task`] is a
//! family of them under one name, of which a sweep's seed picks an instance; a [`Suite`] is a list of tasks.
//! [`suites`] has those that come with this crate.

mod baseline;
mod bench;
mod bootstrap;
mod check;
mod clock;
mod error;
mod execute;
mod files;
mod markdown;
mod method;
mod numbers;
mod objective;
mod process;
mod program;
mod record;
mod reference;
mod report;
mod results;
mod score;
mod select;
mod session;
mod simulate;
mod suite;
pub mod suites;
mod table;

pub use bench::Bench;
pub use bootstrap::Interval;
pub use error::BenchError;
pub use execute::Progress;
pub use objective::{Keep, Objective, Outcome};
pub use record::Record;
pub use reference::Reference;
pub use results::{Difference, Results, Standing};
pub use score::Score;
pub use suite::{Suite, Task};

/// The generator from which an objective takes chance.
pub use besom_core::Rng;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/benchmark.md")]
struct Guide;
