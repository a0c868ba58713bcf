//! What a history reveals about its parameters.
//!
//! [`Sample`] lays out the runs of a history over some parameters: with it come their ranks, the best so far
//! ([`Sample::records`]), how much of the metric's variation each parameter explains ([`Sample::importances`]) and a
//! [`Surface`] of the metric over one or two of them, which shows what no single run does. [`Span`] chooses the range of
//! values that is worth showing. Nothing is stored and nothing is random: the same history gives the same answers.
//!
//! A crate of its own because pictures, the command and the Python package ask these questions, and the answers have
//! known values to test against. It draws nothing.
//!
//! ```
//! use besom_core::distribution::Continuous;
//! use besom_core::{Distribution, Goal, History, Metric, Parameter, Problem, Run, Space};
//! use besom_insight::Sample;
//!
//! let uniform = Distribution::Continuous(Continuous::Uniform { min: -1.0, max: 1.0 });
//! let parameter = |name: &str| Parameter { name: name.into(), distribution: uniform.clone() };
//! let space = Space::new(vec![parameter("x"), parameter("y")])?;
//! let problem = Problem::new(space, Metric::new("loss", Goal::Minimize));
//! let mut history = History::new();
//! for i in 1..=40 {
//!     let (u, v) = (f64::from(i) * 0.7549 % 1.0, f64::from(i) * 0.5698 % 1.0);
//!     let mut run = Run::new(problem.space.decode(&[u, v]));
//!     run.curve_mut(0).values.push((u - 0.5).abs()); // a valley over x; y makes no difference
//!     history.push(run);
//! }
//! let sample = Sample::new(&problem, &history, &[])?;
//! let importances = sample.importances()?;
//! assert_eq!(importances[0].parameter.to_string(), "x");
//! assert!(importances[0].alone > 0.9 && importances[1].total < 0.05);
//! let valley = sample.surface(&[0])?.cells(5)?;
//! assert!(valley[2] < valley[0] && valley[2] < valley[4]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod axis;
mod error;
mod importance;
mod number;
mod sample;
mod span;
mod surface;

pub use axis::Axis;
pub use error::InsightError;
pub use importance::Importance;
pub use number::number;
pub use sample::{Sample, ValuedRun};
pub use span::Span;
pub use surface::Surface;
