//! The vocabulary of besom.
//!
//! Six words and two laws carry the whole workspace. A [`Space`] says what may be varied; a [`Run`] is one point
//! being tried; a [`History`] is all runs of a sweep; a [`Search`] names points to try; a [`Stopper`] names runs to
//! end; the store, which lives in another crate, is where runs are kept.
//!
//! **History law.** The list of runs is the whole truth: an algorithm may cache what it likes, but answers exactly as
//! a fresh instance given the same history would. What it wants to remember it writes as a [`Note`] on its
//! suggestion; the note is stored with the run and comes back in the history.
//!
//! **Seed law.** The generator for a run is a function of (sweep seed, run number), see [`seed::rng`].
//!
//! This crate does no IO, knows no clock and starts no thread, so that an author of an algorithm needs nothing else.

pub mod distribution;
mod error;
mod history;
#[cfg(any(test, feature = "laws"))]
pub mod laws;
mod levels;
mod name;
mod objective;
mod options;
mod problem;
mod registry;
mod run;
mod search;
pub mod seed;
mod space;
pub mod special;
mod stopper;
pub mod value;

pub use distribution::Distribution;
pub use error::{BoxError, error_chain};
pub use history::{History, News};
pub use levels::Levels;
pub use name::Name;
pub use objective::{Best, Counted, worst_loss};
pub use options::{Faults, OptionError, OptionReader};
pub use problem::{Goal, Impute, ImputeWhileRunning, Metric, Problem};
pub use registry::{Options, Registry, RegistryError, nearest};
pub use run::{Curve, Run, RunNumber, RunState};
pub use search::{Answer, Ask, Note, Search, Suggestion};
pub use space::{Parameter, Point, Space, SpaceError};
pub use stopper::{Shown, Stop, Stopper};
