//! A block of lines at the bottom of a terminal, drawn anew in its place, with finished lines above it.
//!
//! It is drawn on standard error, so that standard output can go into a file. The cursor rests at the beginning of the line
//! below the block. So the `^C` that a terminal echoes stands on a line of its own and goes with the next drawing, and the
//! block stays where it is.

use std::io::{IsTerminal, Write};

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};

use crate::cli::output::size;
use crate::cli::text::{Line, Paint};

/// The block.
pub(crate) struct Live {
    /// What is on the screen, without line ends.
    drawn: Vec<Line>,
}

impl Live {
    /// An empty block, if standard error is a terminal.
    pub(crate) fn new() -> Option<Self> {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        (std::io::stderr().is_terminal() && !dumb).then(|| Self { drawn: Vec::new() })
    }

    /// Puts the first of `total` rows and `summary` in place of what the block shows. Of rows that are not there or do not fit,
    /// the number is shown.
    pub(crate) fn show(&mut self, rows: Vec<Line>, total: usize, summary: Vec<Line>) {
        let (columns, lines) = size();
        let most = lines.saturating_sub(summary.len() + 2);
        let fitting = fitting(rows, total, most).into_iter().chain(summary);
        self.replace(&[], fitting.map(|row| row.cut(columns.saturating_sub(1))).collect());
    }

    /// Prints lines above the block.
    pub(crate) fn print(&mut self, lines: &[Line]) {
        let rows = self.drawn.clone();
        self.replace(lines, rows);
    }

    /// Takes the block away.
    pub(crate) fn clear(&mut self) {
        self.replace(&[], Vec::new());
    }

    fn replace(&mut self, above: &[Line], new: Vec<Line>) {
        let body: String = above.iter().chain(&new).map(|line| format!("{line}\n")).collect();
        let body = match AutoStream::choice(&std::io::stderr()) {
            ColorChoice::Never => strip_str(&body).to_string(),
            _ => body,
        };
        let frame = format!("{}{body}", back(&self.drawn, size().0));
        let mut out = std::io::stderr().lock();
        // The terminal may be gone; that must not end the sweep.
        drop(out.write_all(frame.as_bytes()).and_then(|()| out.flush()));
        self.drawn = new;
    }
}

/// At most `most` rows of `total`, of which `rows` are the first; the last one says how many there are besides.
fn fitting(mut rows: Vec<Line>, total: usize, most: usize) -> Vec<Line> {
    if rows.len() < total || total > most {
        rows.truncate(most.saturating_sub(1));
        let more = format!("  ... and {} more", total - rows.len());
        rows.push(Line::new(Paint::Dim, &more));
    }
    rows
}

/// What to write so that the cursor stands where `old` began, with nothing below.
fn back(old: &[Line], columns: usize) -> String {
    // A terminal that has become narrower has wrapped what was there.
    let height: usize = old.iter().map(|row| row.width().div_ceil(columns).max(1)).sum();
    let up = if height > 0 { format!("\x1b[{height}A") } else { String::new() };
    format!("\r{up}\x1b[J")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(texts: &[&str]) -> Vec<Line> {
        texts.iter().map(|&text| Line::from(text)).collect()
    }

    #[test]
    fn a_block_stands_in_place_of_the_one_before_it() {
        assert_eq!(back(&[], 80), "\r\x1b[J");
        assert_eq!(back(&rows(&["run 1", "1 of 2"]), 80), "\r\x1b[2A\x1b[J");
    }

    #[test]
    fn rows_that_a_narrower_terminal_has_wrapped_are_taken_away_whole() {
        assert_eq!(back(&rows(&[&"x".repeat(100), ""]), 40), "\r\x1b[4A\x1b[J");
    }

    #[test]
    fn of_rows_that_do_not_fit_the_number_is_shown() {
        assert_eq!(fitting(rows(&["1", "2", "3"]), 3, 3), rows(&["1", "2", "3"]));
        let cut = fitting(rows(&["1", "2", "3", "4", "5"]), 5, 3);
        assert_eq!(cut[..2], rows(&["1", "2"]));
        assert_eq!(cut[2], Line::new(Paint::Dim, "  ... and 3 more"));
    }

    #[test]
    fn rows_that_nobody_made_are_counted_too() {
        let more = |n: usize| Line::new(Paint::Dim, &format!("  ... and {n} more"));
        let made = || rows(&["1", "2", "3"]);
        assert_eq!(fitting(made(), 20, 9), [made(), vec![more(17)]].concat());
        assert_eq!(fitting(made(), 20, 3), [rows(&["1", "2"]), vec![more(18)]].concat());
    }
}
