#![doc = include_str!("../README.md")]
//!
//! # Six words, two laws
//!
//! The whole workspace uses six words and two laws. A [`Space`] defines what may be varied; a [`Run`] is one point
//! being tried; a [`History`] is all runs of a sweep; a [`Search`] suggests points to try; a [`Stopper`] selects runs to
//! end early; the store, which is another crate, keeps runs.
//!
//! **History law.** The list of runs is the whole state: an algorithm may cache what it likes, but must answer exactly
//! as a fresh instance with the same history. What it has to remember is a [`Note`] on its suggestion, which is stored
//! with the run and comes back in the history.
//!
//! **Seed law.** The generator for a run is a function of (sweep seed, run number), see [`seed::rng`].
//!
//! This crate is all that an author of an algorithm needs.

mod constraint;
pub mod contract;
pub mod distribution;
mod enumeration;
mod error;
mod expr;
mod failure;
mod front;
mod history;
#[cfg(any(test, feature = "laws"))]
pub mod laws;
mod levels;
mod logged;
mod macros;
mod method;
mod no_value;
mod objective;
mod options;
mod panics;
mod param_path;
pub mod pareto;
mod parse;
mod problem;
mod registry;
mod rng;
mod run;
mod search;
pub mod seed;
mod space;
mod spec;
pub mod special;
mod spelling;
mod stopper;
pub mod text;
mod typed;
pub mod value;
#[cfg(any(test, feature = "serde"))]
mod wire;

pub use constraint::Constraint;
pub use contract::{Breach, PointFault};
pub use distribution::{Distribution, DistributionFault};
pub use enumeration::{Enumeration, EnumerationError};
pub use error::{BoxError, error_chain};
pub use expr::{Expr, ExprError, ExprErrorKind};
pub use failure::{Culprit, Failure};
pub use front::{Front, FrontRun};
pub use history::{History, News};
pub use levels::Levels;
pub use logged::{Logged, LoggedKeys, logged_value};
pub use macros::Macro;
pub use method::{AlgorithmError, Method, Rule};
pub use no_value::{NoValue, NoValueCause};
pub use objective::{Best, Counted, worst_loss};
pub use options::{Fault, Faults, OptionError, OptionReader};
pub use param_path::ParamPath;
pub use parse::{ParseError, parse_word};
pub use problem::{Goal, Impute, ImputeWhileRunning, Metric, Problem};
pub use registry::{AlgorithmKind, Options, Registry, RegistryError, Taken};
pub use rng::Rng;
pub use run::{Curve, Run, RunNumber, RunState};
pub use search::{Answer, Ask, Note, Search, Suggestion};
pub use space::{
    LegalShare, Parameter, Point, PointError, Space, SpaceBuilder, SpaceError, SpaceFault, Wanted, When,
    WhenFault,
};
pub use spec::{Advice, Ends, OptionDefault, OptionKind, OptionSpec, Spec, Supports, TooManyMetrics};
pub use spelling::{UnknownName, did_you_mean, nearest};
pub use stopper::{Shown, Stop, Stopper};

// The crates whose types stand in signatures, so that nobody has to match versions.
#[cfg(any(test, feature = "laws"))]
pub use proptest;
pub use {rand, serde_json};
