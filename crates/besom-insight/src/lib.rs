#![doc = include_str!("../README.md")]
//!
//! # Design
//!
//! [`Sample`] lays out the runs of a history over some parameters: with it come their ranks, the best so far
//! ([`Sample::records`]), how much of the metric's variation each parameter explains ([`Sample::importances`]) and a
//! [`Surface`] of the metric over one or two of them. [`Span`] chooses the range of values that is worth showing.
//! [`best_expected`] is the run to take where values are noisy.
//!
//! A crate of its own because pictures, the command and the Python package ask these questions, and the answers have
//! known values to test against.

mod axis;
mod error;
mod expected;
mod importance;
mod number;
mod sample;
mod span;
mod surface;
mod ticks;

pub use axis::{Axis, Layout};
pub use error::InsightError;
pub use expected::{BestExpected, best_expected};
pub use importance::Importance;
pub use number::number;
pub use sample::{Sample, ValuedRun};
pub use span::Span;
pub use surface::{Forecast, Surface};
pub use ticks::numbers;
