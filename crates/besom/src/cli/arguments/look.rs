//! What the commands take that show runs, their output and pictures of them.

use std::path::PathBuf;

use besom_core::RunState;
use besom_plot::{Kind, Plot};
use clap::Args;

use crate::cli::target::RunName;

#[derive(Debug, Args)]
pub(crate) struct RunsArguments {
    /// Sweep id or unique prefix [default: the newest]
    pub(crate) id: Option<String>,
    /// Show only runs in these states, as named in the table
    #[arg(long, value_delimiter = ',', value_name = "STATE,..", value_parser = parse_state)]
    pub(crate) state: Vec<String>,
    /// Show only runs that satisfy this condition: "lr < 1e-3 and state = failed"
    #[arg(long = "where", value_name = "CONDITION")]
    pub(crate) filter: Option<String>,
    /// Sort by number, newest, best or any column; -COLUMN puts the greatest first
    #[arg(long, value_name = "ORDER", allow_hyphen_values = true)]
    pub(crate) sort: Option<Sort>,
    /// Columns to show: run, state, best, last, steps, time, attempt, exit_code, failure, message, stop_reason, parameters, logged metrics
    #[arg(long, value_delimiter = ',', value_name = "NAME,..")]
    pub(crate) columns: Vec<String>,
    /// Show at most N rows [default: on a terminal the 50 best, elsewhere all]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Show all rows, even on a terminal
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Print CSV; a quote precedes text that a spreadsheet would take for a formula
    #[arg(long)]
    pub(crate) csv: bool,
    /// Don't protect text from spreadsheets
    #[arg(long, requires = "csv")]
    pub(crate) raw: bool,
}

/// An order of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Number,
    /// Newest first.
    Newest,
    /// Best metric first.
    Best,
    /// By the values of a column.
    By {
        column: String,
        is_descending: bool,
    },
}

impl std::str::FromStr for Sort {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "number" => Self::Number,
            "newest" => Self::Newest,
            "best" => Self::Best,
            _ => {
                let (column, is_descending) =
                    text.strip_prefix('-').map_or((text, false), |name| (name, true));
                Self::By { column: column.to_owned(), is_descending }
            }
        })
    }
}

/// The states of runs that a table prints: those of the store, and what a stopping rule makes of them.
pub(crate) fn states() -> impl Iterator<Item = &'static str> {
    RunState::ALL.into_iter().map(RunState::as_str).chain(["stopped", "stopping"])
}

fn parse_state(text: &str) -> Result<String, String> {
    if states().any(|state| state == text) {
        return Ok(text.to_owned());
    }
    let near = besom_core::did_you_mean(besom_core::nearest(text, states()));
    Err(format!("unknown state{near}; states: {}", states().collect::<Vec<_>>().join(", ")))
}

#[derive(Debug, Args)]
pub(crate) struct LogsArguments {
    /// Sweep id or unique prefix [default: the newest]
    pub(crate) id: Option<String>,
    /// Run number, best, or last (the run that started last)
    pub(crate) run: RunName,
    /// Keep printing new output until the run ends
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Start with the last N lines
    #[arg(short = 'n', long, value_name = "N")]
    pub(crate) lines: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct PlotArguments {
    /// Sweep id or unique prefix [default: the newest]
    pub(crate) id: Option<String>,

    /// Plot to draw: history, parallel, importance, slice, contour, curves or front
    #[arg(value_name = "PLOT")]
    pub(crate) kind: Kind,

    /// Output file, .svg or .png ("-" for SVG on stdout) [default: PLOT.svg]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Show only these parameters, in this order; contour takes two
    #[arg(short, long, value_delimiter = ',', value_name = "NAME,..")]
    pub(crate) parameters: Vec<String>,

    /// For curves: plot this logged key instead of the metric
    #[arg(long, value_name = "KEY")]
    pub(crate) metric: Option<String>,

    /// Width and height in pixels; the text size stays the same
    #[arg(long, value_parser = parse_size, value_name = "WIDTHxHEIGHT")]
    pub(crate) size: Option<(u32, u32)>,

    /// Scale everything, including text, by 0.1 to 10; 2 suits a PNG for high-resolution screens
    #[arg(long, value_parser = parse_scale, value_name = "FACTOR", default_value_t = 1.0)]
    pub(crate) scale: f64,
}

fn parse_scale(text: &str) -> Result<f64, String> {
    let (least, most) = (Plot::SCALES.start(), Plot::SCALES.end());
    let scale = text.parse().ok().filter(|scale| Plot::SCALES.contains(scale));
    scale.ok_or_else(|| format!("expected a factor from {least} to {most}, such as 2"))
}

/// Reads a size such as `900x520`.
fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let sides =
        text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    let (least, most) = (Plot::SIDES.start(), Plot::SIDES.end());
    sides
        .filter(|(width, height)| [width, height].into_iter().all(|side| Plot::SIDES.contains(side)))
        .ok_or_else(|| {
            format!("expected WIDTHxHEIGHT in pixels, each from {least} to {most}, such as 900x520")
        })
}
