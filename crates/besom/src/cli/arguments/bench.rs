//! What `besom bench` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct BenchArguments {
    #[command(subcommand)]
    pub(crate) action: Option<BenchAction>,
    #[command(flatten)]
    pub(crate) run: BenchRun,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchAction {
    /// List the suites, or the tasks of one
    List {
        /// Name of a suite
        name: Option<String>,
        /// Folder of YAHPO's models, for the suite surrogates
        #[arg(long, value_name = "FOLDER")]
        surrogates: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Compare stored results, from one or several benchmarks
    Report(ReportArguments),
}

#[derive(Debug, Args)]
pub(crate) struct BenchRun {
    /// Search methods as NAME, NAME:OPTION=VALUE or LABEL=NAME:OPTION=VALUE; the first is compared with the others
    #[arg(long, value_delimiter = ',', default_value = "bayes,tpe,random", value_name = "METHOD,..")]
    pub(crate) methods: Vec<String>,
    /// Program that implements a method by the ask-tell protocol; can be repeated
    #[arg(long, value_parser = parse_exec, value_name = "LABEL=COMMAND")]
    pub(crate) exec: Vec<String>,
    /// Stopping rules to combine every method with: none, NAME or NAME:OPTION=VALUE
    #[arg(long, value_delimiter = ',', value_name = "RULE,..")]
    pub(crate) stopper: Vec<String>,
    /// Suites or tasks; besom bench list shows them
    #[arg(long, value_delimiter = ',', default_value = "quick", value_name = "SUITE,..")]
    pub(crate) suite: Vec<String>,
    /// Folder of YAHPO's models, for the suite surrogates
    #[arg(long, value_name = "FOLDER")]
    pub(crate) surrogates: Option<PathBuf>,
    /// Number of seeds, or a list of seeds such as 0-4 or 3,7
    #[arg(long, value_parser = parse_seeds, default_value = "10", value_name = "SEEDS")]
    pub(crate) seeds: Seeds,
    /// Number of runs per sweep [default: the task's own]
    #[arg(long, value_name = "N")]
    pub(crate) runs: Option<usize>,
    /// Number of simulated parallel workers
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) workers: usize,
    /// Number of sweeps to execute in parallel
    #[arg(short, long, default_value_t = 1, value_name = "N")]
    pub(crate) jobs: usize,
    /// Fail a sweep whose program takes longer than this to answer
    #[arg(long, default_value_t = 600, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) timeout: u64,
    /// Print one JSON line per sweep instead of the tables
    #[arg(long)]
    pub(crate) json: bool,
    /// Append results to METHOD.jsonl in this folder, and skip sweeps already in it
    #[arg(short, long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// Result folders or METHOD.jsonl files
    #[arg(required = true, value_name = "FOLDER|FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Write the report to this file, with pictures beside it
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
}

/// Seeds as a list of its own: clap would take a `Vec` for a repeated option.
pub(crate) type Seeds = std::sync::Arc<[u64]>;

/// The most seeds that make sense, so that a slip of the finger does not fill the memory.
const MOST_SEEDS: u64 = 100_000;

/// Reads `20` (the seeds 0 to 19), `0-4` (five seeds) and lists of ranges and seeds: `3,7`, `0-4,9`.
fn parse_seeds(text: &str) -> Result<Seeds, String> {
    let wrong = || {
        format!("expected a number of seeds such as 20, or seeds such as 0-4 or 3,7 (at most {MOST_SEEDS})")
    };
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| wrong());
    if let Ok(count) = number(text) {
        return if (1..=MOST_SEEDS).contains(&count) { Ok((0..count).collect()) } else { Err(wrong()) };
    }
    let mut seeds = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        if first > last || last - first >= MOST_SEEDS || seeds.len() as u64 >= MOST_SEEDS {
            return Err(wrong());
        }
        seeds.extend(first..=last);
    }
    Ok(seeds.into())
}

fn parse_exec(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((label, command)) if !label.is_empty() && !command.is_empty() => Ok(text.to_owned()),
        _ => Err("expected LABEL=COMMAND, such as mine='python my_method.py'".to_owned()),
    }
}
