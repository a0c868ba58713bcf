//! `besom logs`: what the program of a run has printed.

mod filter;

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context, Result};
use besom_engine::Place;
use besom_store::{RunRow, Store, SweepId};

use crate::cli::arguments::LogsArguments;
use crate::cli::files::Files;
use crate::cli::output::{Outcome, notice};
use crate::cli::target;
use filter::Filter;

/// How often a run is looked at for more output.
const PACE: Duration = Duration::from_millis(200);

/// The same for output in the store, which agents send once in a while, and which is read as a whole.
const KEPT_PACE: Duration = Duration::from_secs(1);

pub(crate) fn logs(place: &Place, arguments: &LogsArguments) -> Result<Outcome> {
    let mut store = place.open_to_read()?;
    let sweep = target::sweep_or_newest(&mut *store, place, arguments.id.as_deref())?;
    let run = target::run(&mut *store, &sweep, arguments.run)?;
    let files = Files::new(place.directory(), sweep.id());
    let mut printer = Printer::new();
    match files.output(&run) {
        Some(path) => print_file(&mut *store, &path, sweep.id(), &run, arguments, &mut printer)?,
        None => print_kept(&mut *store, sweep.id(), &run, arguments, &mut printer)?,
    }
    Ok(Outcome::Done)
}

/// Prints what the store keeps of the output, as of a run on another machine, and with `--follow` what comes until the run ends.
fn print_kept(
    store: &mut dyn Store,
    id: &SweepId,
    run: &RunRow,
    arguments: &LogsArguments,
    printer: &mut Printer,
) -> Result<()> {
    let mut output = store.output(id, run.number, Some(run.attempt))?;
    let text = output.to_string();
    if text.is_empty() && !arguments.follow {
        notice(format!("run {} is {} and has printed nothing", run.number, run.state));
    }
    printer.print(last_lines(text.as_bytes(), arguments.lines))?;
    let mut is_over = !arguments.follow;
    while !is_over {
        std::thread::sleep(KEPT_PACE);
        // Looked at before the output is read: what it printed at last is then there.
        let now = store.run(id, run.number)?;
        is_over = !now.state.is_open() || now.attempt != run.attempt;
        let newer = store.output(id, run.number, Some(run.attempt))?;
        printer.print(newer.after(output.total).to_string().as_bytes())?;
        output = newer;
    }
    Ok(())
}

/// Prints the file, and with `--follow` what comes.
fn print_file(
    store: &mut dyn Store,
    path: &Path,
    id: &SweepId,
    run: &RunRow,
    arguments: &LogsArguments,
    printer: &mut Printer,
) -> Result<()> {
    let mut file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    if bytes.is_empty() && !arguments.follow {
        notice(format!("run {} is {} and has printed nothing", run.number, run.state));
    }
    printer.print(last_lines(&bytes, arguments.lines))?;
    if arguments.follow { follow(store, &mut file, id, run, printer) } else { Ok(()) }
}

/// Prints what comes until the run ends.
fn follow(
    store: &mut dyn Store,
    file: &mut File,
    id: &SweepId,
    run: &RunRow,
    printer: &mut Printer,
) -> Result<()> {
    loop {
        // Looked at before the file is read: what it printed at last is then in the file.
        let now = store.run(id, run.number)?;
        let is_over = !now.state.is_open() || now.attempt != run.attempt;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        printer.print(&bytes)?;
        if is_over {
            return Ok(());
        }
        std::thread::sleep(PACE);
    }
}

/// The last lines, or all.
fn last_lines(bytes: &[u8], most: Option<usize>) -> &[u8] {
    let Some(most) = most else { return bytes };
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let ends = body.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    match most {
        0 => &[],
        most => &bytes[ends.into_iter().nth(most - 1).unwrap_or(0)..],
    }
}

/// Standard output, behind the filter.
struct Printer {
    filter: Filter,
}

impl Printer {
    fn new() -> Self {
        let has_colors = AutoStream::choice(&std::io::stdout()) != ColorChoice::Never;
        Self { filter: Filter::new(has_colors) }
    }

    fn print(&mut self, bytes: &[u8]) -> Result<()> {
        let text = self.filter.pass(bytes);
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())?;
        Ok(out.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use super::last_lines;

    #[test]
    fn last_lines_are_counted_from_the_end() {
        let text = b"one\ntwo\nthree\n";
        let last = |most| String::from_utf8_lossy(last_lines(text, most)).into_owned();
        assert_eq!(
            [last(None), last(Some(2)), last(Some(9))],
            ["one\ntwo\nthree\n", "two\nthree\n", "one\ntwo\nthree\n"]
        );
        assert_eq!(last(Some(0)), "");
        assert_eq!(last_lines(b"one\ntwo", Some(1)), b"two");
    }
}
