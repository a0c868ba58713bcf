//! What can be typed: the subcommands and their options.

mod bench;
mod gpus;
mod look;
mod organize;
mod serve;
mod store;

use std::path::{Path, PathBuf};

use anyhow::Result;
use besom_engine::Place;
use besom_server::WandbMode;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

pub(crate) use bench::{BenchAction, BenchArguments, BenchRun, ReportArguments};
pub(crate) use gpus::{GpuArguments, GpuList};
pub(crate) use look::{LogsArguments, PlotArguments, RunsArguments, Sort, states};
pub(crate) use organize::{EnqueueArguments, NoteArguments, RemoveArguments, RenameArguments, TagArguments};
pub(crate) use serve::{LISTEN, ServeArguments, TokenArguments};
pub(crate) use store::{CopyArguments, StoreAction};

use crate::cli::output::Color;
use crate::cli::target::RunName;
use crate::error::InputError;

/// Where runs of other stores keep their files is part of the store.
const RUN_ROOT_IS_FOR_SERVERS: &str = "--run-root is for a store behind a server or in a database; otherwise, the files of runs are in the directory of the store";

/// The heading of the options that every subcommand takes, so that its own come first.
const GLOBAL: &str = "Global options";

/// Hyperparameter sweeps with no account, server or network.
#[derive(Debug, Parser)]
#[command(name = "besom", version, max_term_width = 100, infer_subcommands = false)]
#[command(
    after_help = "Exit codes: 0 success, 1 failure or nothing to show yet, 2 invalid input, 130 interrupted by Ctrl-C."
)]
pub(crate) struct Arguments {
    /// Directory of the store, or URL of a server [default: $BESOM_STORE, or the nearest .besom here or in a parent directory]
    #[arg(long, global = true, value_name = "STORE", help_heading = GLOBAL)]
    pub(crate) store: Option<PathBuf>,
    /// With a server or database, directory for run files on this machine [default: $BESOM_HOME, or .besom/remote]
    #[arg(long, global = true, value_name = "DIR", help_heading = GLOBAL, hide_short_help = true)]
    pub(crate) run_root: Option<PathBuf>,
    /// When to print colors: auto, always or never
    #[arg(
        long,
        global = true,
        help_heading = GLOBAL,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        hide_possible_values = true
    )]
    pub(crate) color: Color,
    /// If the store is new, give your group access to it
    #[arg(long, global = true, help_heading = GLOBAL, hide_short_help = true)]
    pub(crate) shared: bool,
    /// Allow a store on a network file system, which may damage it [default: $BESOM_ALLOW_NETWORK_FS]
    #[arg(long, global = true, help_heading = GLOBAL, hide_short_help = true)]
    pub(crate) allow_network_fs: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Arguments {
    /// The store that the arguments name.
    pub(crate) fn place(&self) -> Result<Place> {
        let mut place = Place::find(self.store.as_deref().map(Path::as_os_str))?;
        if let Some(directory) = self.run_root.as_deref() {
            if !place.is_elsewhere() {
                return Err(InputError::new(RUN_ROOT_IS_FOR_SERVERS).into());
            }
            place = place.with_directory(directory)?;
        }
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
    /// Suggest runs and stop bad ones until a sweep finishes
    Controller {
        /// Sweep id or unique prefix
        id: String,
    },
    /// Show the status of sweeps
    Status {
        /// Sweep id or unique prefix [default: all unfinished sweeps, or the newest]
        id: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Keep showing one sweep until it ends
        #[arg(long, conflicts_with = "json")]
        watch: bool,
    },
    /// List all sweeps
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the runs of a sweep
    Runs(RunsArguments),
    /// Show a run: its parameters, curve and events, and why it was suggested or stopped
    #[command(allow_missing_positional = true)]
    Show {
        /// Sweep id or unique prefix [default: the newest]
        id: Option<String>,
        /// Run number, best, or last (the run that started last)
        run: RunName,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the output of a run's program
    #[command(allow_missing_positional = true)]
    Logs(LogsArguments),
    /// Show the best run of a sweep
    Best {
        /// Sweep id or unique prefix [default: the newest]
        id: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Plot a sweep to SVG or PNG
    #[command(allow_missing_positional = true)]
    Plot(PlotArguments),
    /// Write a sweep's dashboard to stdout as a single HTML file that needs no server
    Export {
        /// Sweep id or unique prefix [default: the newest]
        id: Option<String>,
    },
    /// Pause a sweep: start no new runs until it is resumed
    Pause {
        /// Sweep id or unique prefix
        id: String,
    },
    /// Resume a paused sweep
    Resume {
        /// Sweep id or unique prefix
        id: String,
    },
    /// List the agents of a sweep
    Agents {
        /// Sweep id or unique prefix [default: the newest]
        id: Option<String>,
        /// Also list agents that have left
        #[arg(long)]
        all: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Drain agents: let each finish its run and exit, and start no other
    Drain {
        /// Sweep id or unique prefix
        id: String,
        /// Agent, as besom agents lists it; HOST or HOST/PID means all agents there
        #[arg(required = true, value_name = "AGENT")]
        agents: Vec<String>,
    },
    /// Stop a sweep: start no new runs, let running ones finish
    Stop {
        /// Sweep id or unique prefix
        #[arg(value_name = "ID")]
        target: PathBuf,
        // `stop FILE --runs RUNS` is `early-stop` as W&B's conformance suite calls it.
        #[arg(long, value_name = "FILE", hide = true)]
        runs: Option<PathBuf>,
        #[arg(long, requires = "runs", hide = true)]
        json: bool,
    },
    /// Print the runs that a stopping rule would stop, without a store
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
    /// Cancel a sweep: end it and kill its running runs now
    Cancel {
        /// Sweep id or unique prefix
        id: String,
    },
    /// Requeue failed, crashed or killed runs
    Retry(RetryArguments),
    /// Allow a sweep more runs, even if it has finished
    Extend {
        /// Sweep id or unique prefix
        id: String,
        /// How many more runs
        #[arg(value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        runs: u64,
    },
    /// Add a run with the parameters you give to a sweep
    Enqueue(EnqueueArguments),
    /// Delete sweeps with all their runs and files
    Rm(RemoveArguments),
    /// Rename a sweep
    Rename(RenameArguments),
    /// Tag a sweep or a run
    Tag(TagArguments),
    /// Attach a note to a sweep or a run
    Note(NoteArguments),
    /// Check a sweep file
    #[command(after_help = "Exit codes: 0 valid, 1 invalid, 2 the file cannot be read.")]
    Validate {
        /// Sweep file ("-" for stdin)
        file: PathBuf,
        /// Print JSON: the result, all problems, and the configuration with its defaults
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
    /// Show the runs and command lines of a sweep file without executing anything
    Plan(PlanArguments),
    /// Suggest the next runs from a sweep file and a list of runs, without a store
    Next {
        /// Sweep file ("-" for stdin)
        config: PathBuf,
        /// JSON file of runs in W&B's format ("-" for stdin)
        #[arg(long, value_name = "FILE")]
        runs: PathBuf,
        /// Number of suggestions
        #[arg(short, default_value_t = 1)]
        n: usize,
        /// Seed [default: the seed in the file, or a new one each time]
        #[arg(long)]
        seed: Option<u64>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Benchmark search methods and stopping rules on functions with a known optimum
    Bench(BenchArguments),
    /// Serve suggestions to another program over JSON lines on stdin and stdout
    AskTell,
    /// Log metrics from inside a run
    Log {
        /// Metrics to log; a value is a number, JSON or text
        #[arg(required = true, value_name = "NAME=VALUE")]
        values: Vec<String>,
    },
    /// Copy the store while it is in use
    Backup {
        /// New directory, or new file whose name ends in .db
        #[arg(value_name = "DIR|FILE")]
        to: PathBuf,
        /// Also copy the runs' directories, with their checkpoints
        #[arg(long)]
        runs: bool,
    },
    /// Copy sweeps from one store to another
    Store {
        #[command(subcommand)]
        action: StoreAction,
    },
    /// Check the store for damage, and salvage what can be read
    Doctor {
        /// Copy everything that can be read to a new store in this directory
        #[arg(long, value_name = "DIR")]
        salvage: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Serve the store: a dashboard for browsers, and agents on other machines
    Serve(ServeArguments),
    /// Create, list and revoke the tokens of besom serve
    Token(TokenArguments),
    /// Print a shell completion script
    Completion {
        /// Shell to complete for
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
    /// Seed [default: the seed in the file, or 0]
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
    /// Name of the sweep; overrides the one in the file
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Learn from the runs of another sweep, or of a JSON file in W&B's format; can be repeated
    #[arg(short = 'R', long, alias = "prior_run", value_name = "ID|FILE")]
    pub(crate) prior_runs: Vec<String>,
    /// Treat warnings as errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// Seed [default: the seed in the file, or a new one]
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
    /// Program to execute; overrides the one in the file
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) program: Option<String>,
    /// Project to store with the sweep; has no effect
    #[arg(short, long, value_name = "PROJECT")]
    pub(crate) project: Option<String>,
    /// Entity to store with the sweep; has no effect
    #[arg(short, long, value_name = "ENTITY")]
    pub(crate) entity: Option<String>,
    /// Control the new sweep until it finishes, as besom controller does
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

/// What one process executes of a sweep.
#[derive(Debug, Args)]
pub(crate) struct WorkArguments {
    /// Number of runs to execute in parallel [default: 1, or with --gpus as many as the GPUs allow]
    #[arg(short, long, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) jobs: Option<u32>,
    #[command(flatten)]
    pub(crate) gpus: GpuArguments,
    /// Stop after N runs
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u64>,
    /// Where metrics go that programs log with W&B's client: local (into the run), off (where the client sends them), or auto (local,
    /// unless you have set or logged in to another place)
    #[arg(long, value_name = "WHERE", default_value = "auto", hide_default_value = true, value_parser = wandb_modes())]
    pub(crate) wandb: WandbMode,
}

fn wandb_modes() -> impl TypedValueParser<Value = WandbMode> {
    let names = PossibleValuesParser::new(["auto", "local", "off"]);
    names.map(|name| WandbMode::parse(&name).unwrap_or_default())
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Sweep file, YAML or JSON ("-" for stdin)
    pub(crate) file: PathBuf,
    /// Treat warnings as errors
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) work: WorkArguments,
    /// Continue the newest unfinished sweep of this file
    #[arg(long)]
    pub(crate) resume: bool,
    /// Declare an agent dead after this long without a heartbeat
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) heartbeat_timeout: u64,
    /// How long a program has to exit after SIGTERM, before SIGKILL; keep it below the grace period of your platform
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) grace: u64,
    /// Limit the sweep to N runs; overrides run_cap in the file and, with --resume, extends a finished sweep
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) run_cap: Option<u64>,
    /// Seed [default: the seed in the file, or a new one]
    #[arg(long, conflicts_with = "resume")]
    pub(crate) seed: Option<u64>,
    /// Learn from the runs of another sweep, or of a JSON file in W&B's format; can be repeated
    #[arg(long, value_name = "ID|FILE", conflicts_with = "resume")]
    pub(crate) prior_runs: Vec<String>,
    /// Serve the store while the sweep runs, as besom serve does
    #[arg(long)]
    pub(crate) serve: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AgentArguments {
    /// Sweep id or unique prefix; a leading entity/project/ is ignored
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) work: WorkArguments,
    /// Declare an agent dead after this long without a heartbeat
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) heartbeat_timeout: u64,
    /// How long a program has to exit after SIGTERM, before SIGKILL; keep it below the grace period of your platform
    #[arg(
        long,
        visible_alias = "term-timeout",
        visible_short_alias = 't',
        value_name = "SECONDS",
        default_value_t = 30
    )]
    pub(crate) grace: u64,
    /// Execute only command lines that match, such as "python train.py *"; can be repeated
    ///
    /// The words of the pattern must match those of the command line. * matches any characters within a word, and any number of
    /// words where it is a separate word.
    #[arg(long, value_name = "PATTERN")]
    pub(crate) allow_command: Vec<String>,
    /// Project; has no effect
    #[arg(short, long, value_name = "PROJECT", help_heading = "W&B's flags")]
    pub(crate) project: Option<String>,
    /// Entity; has no effect
    #[arg(short, long, value_name = "ENTITY", help_heading = "W&B's flags")]
    pub(crate) entity: Option<String>,
    /// Forward signals to programs; besom always does
    #[arg(short, long, help_heading = "W&B's flags")]
    pub(crate) forward_signals: bool,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).multiple(true).args(["failed", "crashed", "killed"])))]
pub(crate) struct RetryArguments {
    /// Sweep id or unique prefix
    pub(crate) id: String,
    /// Requeue failed runs
    #[arg(long)]
    pub(crate) failed: bool,
    /// Requeue crashed runs, whose agent died
    #[arg(long)]
    pub(crate) crashed: bool,
    /// Requeue killed runs, which a cancel ended
    #[arg(long)]
    pub(crate) killed: bool,
}
