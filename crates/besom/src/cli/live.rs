//! A block of lines at the bottom of a terminal, drawn anew in its place, with finished lines above it.
//!
//! The cursor rests at the beginning of the line below the block. So the `^C` that a terminal echoes stands on a line of
//! its own and goes with the next drawing, and the block stays where it is.

use std::io::{IsTerminal, Write};

use terminal_size::{Height, Width};

/// The size of a terminal that does not report one.
const USUAL: (usize, usize) = (80, 24);

/// The block.
pub(crate) struct Live {
    /// What is on the screen, without line ends.
    drawn: Vec<String>,
}

impl Live {
    /// An empty block, if standard output is a terminal.
    pub(crate) fn new() -> Option<Self> {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        (std::io::stdout().is_terminal() && !dumb).then(|| Self { drawn: Vec::new() })
    }

    /// Puts `rows` and `summary` in place of what the block shows. Rows that do not fit are left out.
    pub(crate) fn show(&mut self, rows: Vec<String>, summary: Vec<String>) {
        let (columns, lines) = size();
        let most = lines.saturating_sub(summary.len() + 2);
        let fitting = rows.into_iter().take(most).chain(summary);
        let new = fitting.map(|row| fit(&row, columns.saturating_sub(1))).collect();
        self.replace(columns, None, new);
    }

    /// Prints a line above the block.
    pub(crate) fn print(&mut self, text: &str) {
        let rows = self.drawn.clone();
        self.replace(size().0, Some(text), rows);
    }

    /// Takes the block away.
    pub(crate) fn clear(&mut self) {
        self.replace(size().0, None, Vec::new());
    }

    fn replace(&mut self, columns: usize, above: Option<&str>, new: Vec<String>) {
        let frame = frame(&self.drawn, columns, above, &new);
        let mut out = std::io::stdout().lock();
        // The terminal may be gone; that must not end the sweep.
        drop(out.write_all(frame.as_bytes()).and_then(|()| out.flush()));
        self.drawn = new;
    }
}

fn size() -> (usize, usize) {
    terminal_size::terminal_size().map_or(USUAL, |(Width(columns), Height(lines))| {
        // Some terminals report a width of 0 columns.
        if columns == 0 || lines == 0 { USUAL } else { (columns.into(), lines.into()) }
    })
}

/// What to write so that `new` stands where `old` was, below `above`.
fn frame(old: &[String], columns: usize, above: Option<&str>, new: &[String]) -> String {
    // A terminal that has become narrower has wrapped what was there.
    let height: usize = old.iter().map(|row| width(row).div_ceil(columns).max(1)).sum();
    let up = if height > 0 { format!("\x1b[{height}A") } else { String::new() };
    let lines = above.into_iter().chain(new.iter().map(String::as_str));
    format!("\r{up}\x1b[J{}", lines.map(|line| format!("{line}\n")).collect::<String>())
}

/// As much of a text as fits into this many columns, with `..` at the end of what was cut.
fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(2);
    let fitting = text.chars().take_while(|&c| {
        let fits = columns_of(c) <= left;
        left = left.saturating_sub(columns_of(c));
        fits
    });
    format!("{}..", fitting.collect::<String>())
}

fn width(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// An upper bound of the columns of a character: wide letters have two, and cutting too early does no harm.
fn columns_of(c: char) -> usize {
    if c.is_ascii() { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(rows: &[&str]) -> Vec<String> {
        rows.iter().map(|&row| row.to_owned()).collect()
    }

    #[test]
    fn a_block_replaces_the_one_before_it() {
        let old = owned(&["run 1", "1 of 2"]);
        assert_eq!(frame(&[], 80, None, &old), "\r\x1b[Jrun 1\n1 of 2\n");
        assert_eq!(frame(&old, 80, Some("done"), &owned(&["2 of 2"])), "\r\x1b[2A\x1b[Jdone\n2 of 2\n");
    }

    #[test]
    fn rows_that_a_narrower_terminal_has_wrapped_are_taken_away_whole() {
        let old = owned(&[&"x".repeat(100), ""]);
        assert_eq!(frame(&old, 40, None, &[]), "\r\x1b[4A\x1b[J");
    }

    #[test]
    fn what_does_not_fit_is_cut() {
        assert_eq!(fit("abcdef", 6), "abcdef");
        assert_eq!(fit("abcdefg", 6), "abcd..");
        assert_eq!(fit("äbcdefg", 6), "äbc.. ".trim_end());
    }
}
