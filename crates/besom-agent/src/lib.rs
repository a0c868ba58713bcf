#![doc = include_str!("../README.md")]
//!
//! # Design
//!
//! [`work`] is an agent: it takes runs from a [`Queue`](besom_store::Queue), hands each to a [`Runner`] and
//! returns it with its end. Two runners are provided: [`ProgramRunner`] executes programs in any language,
//! [`FunctionRunner`] calls a Rust closure. What a run logs goes through a file, one JSON object per line,
//! numbered by its place: **what is in the file is acknowledged**, and whoever finds a run without its agent
//! reads the file to its end before anything else. So neither the death of a program nor that of its agent
//! loses a row, and no row counts twice.
//!
//! No process of a run survives the run. Programs have a process group of their own; children that leave it
//! are found by a small supervisor process ([`supervise`]), which also ends everything when the agent itself
//! is killed.
//!
//! The queue is all that an agent sees of a store (decision 30); what happens while there is nothing to claim
//! is up to the caller of [`work`]. This crate installs no signal handlers; see [`Shutdown`].
//!
//! # Who must do what
//!
//! | who | must |
//! |---|---|
//! | a `Queue` | keep the contract of its trait: reply after commit, calls safe to repeat, leases fenced |
//! | a [`Runner`] | leave everything logged in the metrics file and no process behind; pump the [`Link`] about every second and obey its [`Signal`] |
//! | the caller of [`work`] | step the sweep in `idle`, if it wants to, with a store of its own; raise the [`Shutdown`] on signals; give each agent a queue of its own |
//! | the binary named as supervisor | call [`supervise`] first thing in its main thread |
//!
//! Modules: `work` (the life of an agent) with `work/crash_loop` (agents that seem unable to work), `work/health` (machines that
//! cannot begin runs) and `work/wait` (pauses), `record` (the end of a program, for when the store is gone), `notice`,
//! `recovery` (runs of agents that are gone) with `recovery/liveness` (lock files), `link` (between a run and
//! its queue), `run_dir` and `metrics` (a run's files), `program`, `process` and `function` (the runners),
//! `gpu` (what a slot's programs see), `bridge` (another tool's way to log), `retry`, `shutdown`.

mod bridge;
mod cause;
mod error;
mod function;
mod gpu;
mod link;
mod metrics;
mod notice;
mod private;
mod process;
mod program;
mod record;
mod recovery;
mod retry;
mod run_dir;
mod runner;
mod shutdown;
mod work;

pub use bridge::{Bridge, BridgedAttempt, Passage};
pub use error::AgentError;
pub use function::{FunctionRunner, LogError, RunContext};
pub use gpu::{GpuError, GpuInventory, Gpus};
pub use link::{Ear, Link, Signal};
pub use metrics::{MetricsWriter, append_metrics, quote_not_finite};
pub use notice::Notice;
pub use process::{adopt_orphans, raise_file_limit, supervise};
pub use program::{
    CommandLine, CommandPattern, DEFAULT_COMMAND, ProgramRunner, command_line, interpreter, wandb_config,
    word,
};
pub use recovery::{Watch, await_departure, outlast, recover};
pub use run_dir::{RunDir, run_directory, sweep_directory};
pub use runner::{Ended, Runner};
pub use shutdown::{Level, Shutdown, UserSignal};
pub use work::{AgentOptions, CrashLoopGuard, ExitReason, Idle, Outcome, work};
