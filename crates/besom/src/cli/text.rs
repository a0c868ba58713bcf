//! Texts on their way to a terminal: whatever they hold, they can neither move the cursor nor pretend to be something else.
//!
//! Names, values, messages and output come from programs. [`clean`] is the border: every span of a [`Line`] passes it when
//! it is made, and [`output`](crate::cli::output) prints nothing else.

use std::fmt;

use anstyle::{AnsiColor, Style};
use besom_core::text::is_hostile;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text with escapes such as `\u{1b}` in place of what a terminal would obey: control characters, and the marks that
/// reorder or hide text. Line ends stay, tabs become blanks.
pub(crate) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => clean.push(c),
            '\t' => clean.push(' '),
            c if is_hostile(c) => clean.extend(c.escape_unicode()),
            c => clean.push(c),
        }
    }
    clean
}

/// As [`clean`], but colors stay.
pub(crate) fn clean_but_colors(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut cleaned = clean(parts.next().unwrap_or_default());
    for part in parts {
        let code =
            part.find(|c: char| !c.is_ascii_digit() && c != ';').filter(|&at| part[at..].starts_with('m'));
        let (color, rest) = part.split_at(code.map_or(0, |at| at + 1));
        cleaned.push_str(if color.is_empty() { "\\u{1b}[" } else { "\u{1b}[" });
        cleaned.push_str(color);
        cleaned.push_str(&clean(rest));
    }
    cleaned
}

/// As [`clean`], in one line: line ends become blanks.
pub(crate) fn one_line(text: &str) -> String {
    clean(&text.replace("\r\n", " ").replace(['\n', '\r'], " "))
}

/// How many columns a clean text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// As much of a text as fits into this many columns, with `..` at the end of what was cut.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    format!("{}{}", beginning(text, columns.saturating_sub(2)).trim_end(), &".."[..columns.min(2)])
}

/// As much of the beginning of a text as fits.
fn beginning(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > columns
    });
    end.map_or(text, |(end, _)| &text[..end])
}

/// The text with blanks up to this many columns.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// The text with blanks before it up to this many columns.
pub(crate) fn pad_left(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(width(text))))
}

/// How a part of a line looks where there are colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Paint {
    #[default]
    Plain,
    /// Finished well.
    Good,
    /// The best of the sweep.
    Best,
    /// Of less interest.
    Dim,
    /// Failed.
    Bad,
    /// Waits for its owner.
    Warn,
}

impl Paint {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Best => AnsiColor::Green.on_default().bold(),
            Self::Dim => AnsiColor::BrightBlack.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
            Self::Warn => AnsiColor::Yellow.on_default(),
        }
    }
}

/// A line of clean spans, each with its paint. Its `Display` has the colors; who prints takes them out where there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(Vec<(Paint, String)>);

impl Line {
    /// A line of one span.
    pub(crate) fn new(paint: Paint, text: &str) -> Self {
        Self::default().and(paint, text)
    }

    /// The same with one more span.
    pub(crate) fn and(mut self, paint: Paint, text: &str) -> Self {
        self.0.push((paint, one_line(text)));
        self
    }

    /// Its text, without paint.
    pub(crate) fn plain(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// How many columns it takes.
    pub(crate) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| width(text)).sum()
    }

    /// As much of it as fits into this many columns.
    pub(crate) fn cut(self, columns: usize) -> Self {
        if self.width() <= columns {
            return self;
        }
        let mut left = columns.saturating_sub(2);
        let mut kept = Self::default();
        for (paint, text) in self.0 {
            let part = beginning(&text, left);
            left -= width(part);
            let is_whole = part.len() == text.len();
            kept = kept.and(paint, part);
            if !is_whole {
                break;
            }
        }
        kept.and(Paint::Plain, &".."[..columns.min(2)])
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (paint, text) in &self.0 {
            let style = paint.style();
            write!(f, "{style}{text}{style:#}")?;
        }
        Ok(())
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self::new(Paint::Plain, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(clean("a\x1b[2Jb\u{9b}c\rd\u{7f}"), "a\\u{1b}[2Jb\\u{9b}c\\u{d}d\\u{7f}");
        assert_eq!(clean("x\u{202e}y\u{2066}z\u{200b}"), "x\\u{202e}y\\u{2066}z\\u{200b}");
        assert_eq!(clean("é ü 学 👩\u{200d}🔬\n"), "é ü 学 👩\u{200d}🔬\n");
        assert_eq!(
            clean_but_colors("a\x1b[1;31mb\x1b[0mc\x1b[2Jd\x1b]0;e"),
            "a\x1b[1;31mb\x1b[0mc\\u{1b}[2Jd\\u{1b}]0;e"
        );
        assert_eq!(one_line("a\r\nb\tc\nd"), "a b c d");
    }

    #[test]
    fn what_does_not_fit_is_cut_at_columns() {
        assert_eq!([cut("abcdef", 6), cut("abcdefg", 6), cut("äbcdefg", 6)], ["abcdef", "abcd..", "äbcd.."]);
        assert_eq!([cut("学学学学", 7), cut("abc", 1), cut("abc", 0)], ["学学..", ".", ""]);
        let line = Line::new(Paint::Bad, "abcd").and(Paint::Plain, "efgh");
        assert_eq!(
            [line.clone().cut(8).width(), line.clone().cut(7).width(), line.cut(4).width()],
            [8, 7, 4]
        );
    }
}
