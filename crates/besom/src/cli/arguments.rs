//! What can be typed: the subcommands and their options.

mod bench;
mod gpus;
mod look;
mod organize;

use std::path::{Path, PathBuf};

use besom_engine::{EngineError, Place};
use clap::{Args, Parser, Subcommand};

pub(crate) use bench::{BenchAction, BenchArguments, BenchRun, ReportArguments};
pub(crate) use gpus::{GpuArguments, GpuList};
pub(crate) use look::{LogsArguments, PlotArguments, RunsArguments, Sort, states};
pub(crate) use organize::{EnqueueArguments, NoteArguments, RemoveArguments, RenameArguments, TagArguments};

use crate::cli::output::Color;
use crate::cli::target::RunName;

/// Hyperparameter sweeps with no account, server or network.
#[derive(Debug, Parser)]
#[command(name = "besom", version, max_term_width = 100, infer_subcommands = false)]
#[command(
    after_help = "Exit codes: 0 success, 1 failure or nothing to show yet, 2 invalid input, 130 ended by Ctrl-C."
)]
pub(crate) struct Arguments {
    /// Directory of the store [default: $BESOM_STORE, else .besom here or in a directory above]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// When to print colors
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        hide_possible_values = true
    )]
    pub(crate) color: Color,
    /// Let the group use a new store, too
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) shared: bool,
    /// Use a store on a network file system, which may damage it [default: $BESOM_ALLOW_NETWORK_FS]
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) allow_network_fs: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Arguments {
    /// Where the store is that is meant.
    pub(crate) fn place(&self) -> Result<Place, EngineError> {
        let mut place = Place::find(self.store.as_deref().map(Path::as_os_str))?;
        if self.shared {
            place = place.shared();
        }
        Ok(if self.allow_network_fs { place.allow_network() } else { place })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a sweep and run it to completion
    Run(RunArguments),
    /// Create a sweep and print its id
    Sweep(SweepArguments),
    /// Execute runs of a sweep until it finishes
    Agent(AgentArguments),
    /// Step a sweep until it finishes: suggest runs, stop bad ones
    Controller {
        /// Id of the sweep, or its beginning
        id: String,
    },
    /// Show the status of sweeps
    Status {
        /// Id of a sweep, or its beginning [default: unfinished sweeps, or the newest]
        id: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List all sweeps
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the runs of a sweep
    Runs(RunsArguments),
    /// Show a run: parameters, curve, events, why it was suggested or stopped
    #[command(allow_missing_positional = true)]
    Show {
        /// Id of the sweep, or its beginning [default: the newest]
        id: Option<String>,
        /// Number of the run, best, or last (the one that began last)
        run: RunName,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print what the program of a run has printed
    #[command(allow_missing_positional = true)]
    Logs(LogsArguments),
    /// Show the best run of a sweep
    Best {
        /// Id of the sweep, or its beginning [default: the newest]
        id: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Plot a sweep to SVG or PNG
    #[command(allow_missing_positional = true)]
    Plot(PlotArguments),
    /// Pause a sweep: start no new runs until resumed
    Pause {
        /// Id of the sweep, or its beginning
        id: String,
    },
    /// Resume a paused sweep
    Resume {
        /// Id of the sweep, or its beginning
        id: String,
    },
    /// Stop starting runs, let running ones finish
    Stop {
        /// Id of the sweep, or its beginning
        #[arg(value_name = "ID")]
        target: PathBuf,
        // `stop FILE --runs RUNS` is `early-stop` as W&B's conformance suite calls it.
        #[arg(long, value_name = "FILE", hide = true)]
        runs: Option<PathBuf>,
        #[arg(long, requires = "runs", hide = true)]
        json: bool,
    },
    /// Print the runs that an early-stopping rule would stop (stateless)
    EarlyStop {
        /// Sweep file ("-" for stdin)
        file: PathBuf,
        /// JSON file of runs in W&B's format ("-" for stdin)
        #[arg(long, value_name = "FILE")]
        runs: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Cancel a sweep: end it and its running runs now
    Cancel {
        /// Id of the sweep, or its beginning
        id: String,
    },
    /// Requeue failed, crashed or killed runs
    Retry(RetryArguments),
    /// Let a sweep have more runs, also a finished one
    Extend {
        /// Id of the sweep, or its beginning
        id: String,
        /// How many more runs
        #[arg(value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        runs: u64,
    },
    /// Add a run with parameters of your own to a sweep
    Enqueue(EnqueueArguments),
    /// Remove sweeps with all their runs and files
    Rm(RemoveArguments),
    /// Give a sweep another name
    Rename(RenameArguments),
    /// Tag a sweep or a run
    Tag(TagArguments),
    /// Write a note on a sweep or a run
    Note(NoteArguments),
    /// Check a sweep file
    #[command(after_help = "Exit codes: 0 valid, 1 invalid, 2 the file cannot be read.")]
    Validate {
        /// Sweep file ("-" for stdin)
        file: PathBuf,
        /// Print the result, all problems and the filled-in configuration as JSON
        #[arg(long)]
        json: bool,
        /// Also check whether W&B would accept the file
        #[arg(long)]
        wandb: bool,
        /// Treat warnings as errors
        #[arg(long)]
        strict: bool,
    },
    /// List search methods and stopping rules, or show the options of one
    Methods {
        /// Name of a search method or stopping rule
        name: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what a sweep file would do, without side effects
    Plan(PlanArguments),
    /// Suggest runs for a configuration and a list of runs (stateless)
    Next {
        /// Sweep file ("-" for stdin)
        config: PathBuf,
        /// JSON file of runs in W&B's format ("-" for stdin)
        #[arg(long, value_name = "FILE")]
        runs: PathBuf,
        /// Number of suggestions
        #[arg(short, default_value_t = 1)]
        n: usize,
        /// Seed [default: the seed in the file, or else another one at each call]
        #[arg(long)]
        seed: Option<u64>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Benchmark search methods and stopping rules on functions with a known optimum
    Bench(BenchArguments),
    /// Suggest and learn over newline-delimited JSON on stdin and stdout
    AskTell,
    /// Log metrics from inside a run: besom log loss=0.31 epoch=4
    Log {
        /// name=value; values are numbers, JSON or text
        #[arg(required = true, value_name = "NAME=VALUE")]
        values: Vec<String>,
    },
    /// Copy the store while it is in use
    Backup {
        /// New directory, or new file that ends in .db
        #[arg(value_name = "DIR|FILE")]
        to: PathBuf,
        /// Copy the directories of runs, too
        #[arg(long)]
        runs: bool,
    },
    /// Examine the store: what is wrong, what can be saved
    Doctor {
        /// Save what can be read in a new store in this directory
        #[arg(long, value_name = "DIR")]
        salvage: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a completion script for a shell
    Completion {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    /// Sweep file ("-" for stdin)
    pub(crate) file: PathBuf,
    /// Treat warnings as errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// Number of points to show
    #[arg(short, default_value_t = 5)]
    pub(crate) n: usize,
    /// Seed [default: the seed in the file, or else 0]
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SweepArguments {
    /// Sweep file, YAML or JSON ("-" for stdin)
    pub(crate) file: PathBuf,
    /// Name of the sweep, in place of that in the file
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Learn from the runs of a sweep, or of a JSON file in W&B's format; may be repeated
    #[arg(short = 'R', long, alias = "prior_run", value_name = "ID|FILE")]
    pub(crate) prior_runs: Vec<String>,
    /// Treat warnings as errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// Seed [default: the seed in the file, or else a fresh one]
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) wandb: WandbFlags,
}

/// W&B's flags of `sweep`, for scripts that have them.
#[derive(Debug, Args)]
#[command(next_help_heading = "W&B's flags")]
#[command(group(clap::ArgGroup::new("change").args(["stop", "cancel", "pause", "resume", "update"])))]
pub(crate) struct WandbFlags {
    /// Program, in place of that in the file
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) program: Option<String>,
    /// Project to keep with the sweep; no effect
    #[arg(short, long, value_name = "PROJECT")]
    pub(crate) project: Option<String>,
    /// Entity to keep with the sweep; no effect
    #[arg(short, long, value_name = "ENTITY")]
    pub(crate) entity: Option<String>,
    /// Step the new sweep until it finishes, as besom controller does
    #[arg(long, conflicts_with = "json")]
    pub(crate) controller: bool,
    /// Stop the sweep with this id, as besom stop does
    #[arg(long)]
    pub(crate) stop: bool,
    /// Cancel the sweep with this id
    #[arg(long)]
    pub(crate) cancel: bool,
    /// Pause the sweep with this id
    #[arg(long)]
    pub(crate) pause: bool,
    /// Resume the sweep with this id
    #[arg(long)]
    pub(crate) resume: bool,
    #[arg(long, hide = true)]
    pub(crate) update: Option<String>,
    #[arg(long, hide = true)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Sweep file, YAML or JSON ("-" for stdin)
    pub(crate) file: PathBuf,
    /// Treat warnings about the file as errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// Number of runs to execute in parallel [default: 1, or as many as the GPUs suffice for]
    #[arg(short, long, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) jobs: Option<u32>,
    #[command(flatten)]
    pub(crate) gpus: GpuArguments,
    /// Stop after N runs
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u64>,
    /// Continue the newest unfinished sweep of this file
    #[arg(long)]
    pub(crate) resume: bool,
    /// Treat an agent as dead after this long without a heartbeat
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) heartbeat_timeout: u64,
    /// Let programs take this long to end after SIGTERM; somewhat less than the platform that stops besom gives it
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) grace: u64,
    /// At most N runs in the sweep, in place of run_cap in the file; with --resume, a finished sweep has more runs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) run_cap: Option<u64>,
    /// Seed [default: the seed in the file, or else a fresh one]
    #[arg(long, conflicts_with = "resume")]
    pub(crate) seed: Option<u64>,
    /// Learn from the runs of a sweep, or of a JSON file in W&B's format; may be repeated
    #[arg(long, value_name = "ID|FILE", conflicts_with = "resume")]
    pub(crate) prior_runs: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AgentArguments {
    /// Id of the sweep, or its beginning; entity/project/ in front of it is ignored
    pub(crate) id: String,
    /// Number of runs to execute in parallel [default: 1, or as many as the GPUs suffice for]
    #[arg(short, long, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) jobs: Option<u32>,
    #[command(flatten)]
    pub(crate) gpus: GpuArguments,
    /// Stop after N runs
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u64>,
    /// Treat an agent as dead after this long without a heartbeat
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) heartbeat_timeout: u64,
    /// Let programs take this long to end after SIGTERM; somewhat less than the platform that stops besom gives it
    #[arg(
        long,
        visible_alias = "term-timeout",
        visible_short_alias = 't',
        value_name = "SECONDS",
        default_value_t = 30
    )]
    pub(crate) grace: u64,
    /// Project; no effect
    #[arg(short, long, value_name = "PROJECT", help_heading = "W&B's flags")]
    pub(crate) project: Option<String>,
    /// Entity; no effect
    #[arg(short, long, value_name = "ENTITY", help_heading = "W&B's flags")]
    pub(crate) entity: Option<String>,
    /// Pass signals on to programs, which besom always does
    #[arg(short, long, help_heading = "W&B's flags")]
    pub(crate) forward_signals: bool,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).multiple(true).args(["failed", "crashed", "killed"])))]
pub(crate) struct RetryArguments {
    /// Id of the sweep, or its beginning
    pub(crate) id: String,
    /// Runs that failed
    #[arg(long)]
    pub(crate) failed: bool,
    /// Runs whose agent died
    #[arg(long)]
    pub(crate) crashed: bool,
    /// Runs that were killed
    #[arg(long)]
    pub(crate) killed: bool,
}
