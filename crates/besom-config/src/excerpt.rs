//! The line of a text at which a diagnostic points, with a caret under the place.

use std::fmt::{self, Write};

use besom_core::text::is_hostile;

/// The most characters of a line that are shown.
const SHOWN: usize = 100;

/// Whether to mark what is important by ANSI colors: for terminals, not for files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paint {
    /// No escape sequences.
    #[default]
    Plain,
    /// ANSI colors.
    Color,
}

impl Paint {
    /// The text in a color of ANSI's, if there are colors.
    pub(crate) fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Color => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }
}

/// A line of a text, and where in it something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    number: u32,
    /// What is shown of the line, control characters replaced.
    line: String,
    /// Characters before the place in what is shown, and characters of the place.
    before: usize,
    width: usize,
}

impl Excerpt {
    /// The excerpt of `text` at this line and column, both from 1; `None` beyond its end.
    pub(crate) fn of(text: &str, number: u32, column: u32) -> Option<Self> {
        let index = |n: u32| usize::try_from(n).ok()?.checked_sub(1);
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let line: Vec<char> = text.lines().nth(index(number)?)?.trim_end().chars().collect();
        let at = index(column)?.min(line.len());
        let width = token(&line[at..]);
        let from = if at + width > SHOWN { at.saturating_sub(SHOWN / 4) } else { 0 };
        let to = line.len().min(from + SHOWN);
        let mut shown: String = line[from..to].iter().map(|&c| if is_hostile(c) { ' ' } else { c }).collect();
        if to < line.len() {
            shown.push('…');
        }
        let width = width.min(to - at).max(1);
        Some(Self { number, line: shown, before: at - from, width })
    }

    /// The same with a caret under so many characters, if that is known.
    pub(crate) fn wide(self, width: Option<usize>) -> Self {
        let shown = self.line.chars().count().saturating_sub(self.before);
        let width = width.map_or(self.width, |width| width.min(shown).max(1));
        Self { width, ..self }
    }

    /// The excerpt as three lines without a line end, the caret in the color of this code.
    pub(crate) fn write(&self, f: &mut impl Write, paint: Paint, code: &str) -> fmt::Result {
        let number = self.number.to_string();
        let margin = " ".repeat(number.len());
        let bar = |text: &str| paint.paint("34", text);
        writeln!(f, "{}", bar(&format!("{margin} |")))?;
        writeln!(f, "{} {}", bar(&format!("{number} |")), self.line)?;
        let carets = paint.paint(code, &"^".repeat(self.width));
        write!(f, "{} {}{carets}", bar(&format!("{margin} |")), " ".repeat(self.before))
    }
}

/// How many characters the key or value has that begins here.
fn token(rest: &[char]) -> usize {
    let Some(first) = rest.first() else { return 1 };
    if let '"' | '\'' = first {
        return rest.iter().skip(1).position(|c| c == first).map_or(rest.len(), |end| end + 2);
    }
    if "[]{},:".contains(*first) {
        return 1;
    }
    let ends = |at: usize| match rest[at] {
        ',' | '[' | ']' | '{' | '}' => true,
        ':' => rest.get(at + 1).is_none_or(|next| next.is_whitespace()),
        '#' => at > 0 && rest[at - 1].is_whitespace(),
        _ => false,
    };
    let end = (0..rest.len()).find(|&at| ends(at)).unwrap_or(rest.len());
    rest[..end].iter().rposition(|c| !c.is_whitespace()).map_or(1, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, column: u32, expected: &str) {
        let mut out = String::new();
        let excerpt = Excerpt::of(line, 1, column).expect("a line");
        excerpt.write(&mut out, Paint::Plain, "31").expect("a string");
        assert_eq!(out.lines().last().unwrap_or_default(), expected);
    }

    #[test]
    fn the_caret_stands_under_the_whole_key_or_value() {
        check("goal: max", 7, "  |       ^^^");
        check("goal: max  # why", 7, "  |       ^^^");
        check("lr: {min: \"0.1\", max: 1}", 11, "  |           ^^^^^");
        check("lr: {min: 1}", 6, "  |      ^^^");
        check("é: [a, b]", 8, "  |        ^");
        check("command: python train.py", 10, "  |          ^^^^^^^^^^^^^^^");
        check("x", 9, "  |  ^");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let line = format!("{}x: 1", "a".repeat(300));
        let excerpt = Excerpt::of(&line, 1, 302).expect("a line");
        assert!(excerpt.line.chars().count() <= SHOWN + 1 && excerpt.before < SHOWN, "{excerpt:?}");
    }

    #[test]
    fn nothing_in_a_line_reaches_a_terminal_as_an_escape() {
        let excerpt = Excerpt::of("a: \x1b[31m\u{202e}b\tc", 1, 1).expect("a line");
        assert_eq!(excerpt.line, "a:  [31m b c");
    }
}
