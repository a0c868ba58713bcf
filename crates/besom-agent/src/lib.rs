//! Claims runs, executes their program or function, reports their metrics, ends them when told.
//!
//! [`work`] is an agent: it takes runs from a store, hands each to a [`Runner`] and gives it back with its end. Two
//! runners are here: [`ProgramRunner`] executes programs in any language, [`FunctionRunner`] calls a Rust closure. What
//! a run logs goes through a file, one JSON object a line, numbered by its place: **what is in the file is
//! acknowledged**, and whoever finds a run without its agent reads the file to its end before anything else. So neither the death of a program nor of its agent loses a row, and none is ever counted twice.
//!
//! No process of a run survives the run. Programs have a process group of their own; children that leave it are found
//! by a small supervisor process ([`supervise`]), which also ends everything when the agent itself is killed.
//!
//! An agent sees a [`Queue`](besom_store::Queue) and nothing else of a store: what is done while there is nothing to
//! claim is up to the caller of [`work`]. This crate installs no signal handlers; see [`Shutdown`].

mod command_line;
mod error;
#[cfg(test)]
mod fake;
mod function;
mod guard;
mod link;
mod liveness;
mod metrics;
mod output;
mod patience;
mod process;
mod program;
mod python;
mod recover;
mod run_dir;
mod runner;
mod shutdown;
mod sweep_path;
mod work;

pub use command_line::{CommandLine, DEFAULT_COMMAND, command_line, wandb_config, word};
pub use error::AgentError;
pub use function::{FunctionRunner, LogError, RunContext};
pub use guard::Guard;
pub use link::{Link, Signal};
pub use metrics::{MetricsWriter, append_metrics};
pub use process::supervise;
pub use program::ProgramRunner;
pub use run_dir::{RunDir, run_directory};
pub use runner::{Ended, Runner};
pub use shutdown::{Level, Shutdown};
pub use sweep_path::SweepPath;
pub use work::{AgentOptions, Idle, Left, Outcome, work};
