//! What the fuzz targets share: how bytes become problems, histories and JSON, and which laws are checked.
//!
//! A fuzzer changes bytes, so everything is read from bytes by a fixed recipe: a small change of the input is a small
//! change of the problem. Input that is used up goes on as zeros, so that every input means something.

mod bytes;
mod history;
mod json;
mod options;
mod problem;

pub mod config;
pub mod laws;
pub mod session;

pub use bytes::Bytes;
pub use history::{history, run};
pub use json::value;
pub use options::{search_options, stopper_options};
pub use problem::{distribution, finite_problem, metric, problem};
