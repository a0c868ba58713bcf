//! What a command prints, and how it ends. Everything printed passes here, and so the border of [`text`](super::text).

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use anstream::ColorChoice;
use anyhow::Result;
use besom_core::text::is_hostile;
use clap::ValueEnum;
use terminal_size::{Height, Width};

use crate::cli::text::{self, Line};

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Code 0.
    Done,
    /// What it looked at is not well: code 1.
    Failed,
    /// A signal ended its work: code 128 and the signal, as a shell has it (130 for Ctrl-C).
    Interrupted(u8),
}

/// When to print colors. `NO_COLOR` in the environment is `never` unless the option says otherwise.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Color {
    /// If the output is a terminal and NO_COLOR is not set
    #[default]
    Auto,
    /// Also into files and pipes
    Always,
    /// Not at all
    Never,
}

impl Color {
    /// Makes it the choice of this process.
    pub(crate) fn set(self) {
        match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::AlwaysAnsi,
            Self::Never => ColorChoice::Never,
        }
        .write_global();
    }
}

/// Prints a text to standard output; a closed pipe is an error that ends the command quietly.
pub(crate) fn line(text: impl Display) -> Result<()> {
    // At once: a reader may have what it wants before the rest, and close the pipe.
    let text = format!("{}\n", text::clean(&text.to_string()));
    Ok(std::io::stdout().lock().write_all(text.as_bytes())?)
}

/// Prints a line with its colors to standard output.
pub(crate) fn painted(line: &Line) -> Result<()> {
    Ok(writeln!(anstream::stdout().lock(), "{line}")?)
}

/// Prints a report on a file, which may have colors, to standard output.
pub(crate) fn report(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{}", text::clean_but_colors(text))?)
}

/// As [`notice`], for a report on a file, which may have colors.
pub(crate) fn notice_report(text: &str) {
    let text = format!("{}\n", text::clean_but_colors(text));
    drop(std::io::stderr().lock().write_all(text.as_bytes()));
}

/// Prints a line to standard error: what is not the answer to the command. Standard error may be gone; that must not end
/// anything.
pub(crate) fn notice(text: impl Display) {
    // In one piece: programs that run at once may write to the same file.
    let text = format!("{}\n", text::clean(&text.to_string()));
    drop(std::io::stderr().lock().write_all(text.as_bytes()));
}

/// Asks on standard error; the cursor stays behind the question.
pub(crate) fn ask(question: impl Display) {
    drop(std::io::stderr().lock().write_all(text::clean(&question.to_string()).as_bytes()));
}

/// Prints a value as JSON, with `\u` escapes for what a terminal would obey.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && is_hostile(c) {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| safe.push_str(&format!("\\u{unit:04x}")));
        } else {
            safe.push(c);
        }
    }
    Ok(writeln!(std::io::stdout().lock(), "{safe}")?)
}

/// The size of a terminal that does not report one.
const USUAL: (usize, usize) = (80, 24);

/// Columns and lines of the terminal.
pub(crate) fn size() -> (usize, usize) {
    let reported = terminal_size::terminal_size_of(std::io::stderr())
        .or_else(|| terminal_size::terminal_size_of(std::io::stdout()));
    reported.map_or(USUAL, |(Width(columns), Height(lines))| {
        // Some terminals report a width of 0 columns.
        if columns == 0 || lines == 0 { USUAL } else { (columns.into(), lines.into()) }
    })
}

/// The columns that a table may take: those of the terminal but one, or any number where the output goes elsewhere.
pub(crate) fn columns() -> usize {
    if std::io::stdout().is_terminal() { size().0.saturating_sub(1) } else { usize::MAX }
}
