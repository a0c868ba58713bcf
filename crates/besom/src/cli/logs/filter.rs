//! Output of a program on its way to a terminal: colors and carriage returns pass, other escapes do not.

use std::fmt::Write;

use anstyle_parse::{DefaultCharAccumulator, Params, Parser, Perform};
use besom_core::text::is_hostile;

/// Takes escapes out of a stream, which may be cut anywhere.
pub(super) struct Filter {
    parser: Parser<DefaultCharAccumulator>,
    passed: Passed,
}

#[derive(Default)]
struct Passed {
    text: String,
    has_colors: bool,
}

impl Filter {
    /// One that lets colors pass, or takes them out as well.
    pub(super) fn new(has_colors: bool) -> Self {
        Self {
            parser: Parser::<DefaultCharAccumulator>::new(),
            passed: Passed { text: String::new(), has_colors },
        }
    }

    /// What passes of the next bytes of the stream.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> String {
        for &byte in bytes {
            self.parser.advance(&mut self.passed, byte);
        }
        std::mem::take(&mut self.passed.text)
    }
}

impl Perform for Passed {
    fn print(&mut self, c: char) {
        if is_hostile(c) {
            self.text.extend(c.escape_unicode());
        } else {
            self.text.push(c);
        }
    }

    fn execute(&mut self, byte: u8) {
        if matches!(byte, b'\n' | b'\r' | b'\t') {
            self.text.push(char::from(byte));
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: u8) {
        if action != b'm' || ignore || !intermediates.is_empty() || !self.has_colors {
            return;
        }
        let part = |values: &[u16]| values.iter().map(u16::to_string).collect::<Vec<_>>().join(":");
        let params: Vec<String> = params.iter().map(part).collect();
        // A text takes whatever is written to it.
        let _ = write!(self.text, "\x1b[{}m", params.join(";"));
    }
}

#[cfg(test)]
mod tests {
    use super::Filter;

    #[test]
    fn colors_and_carriage_returns_pass_and_nothing_else() {
        let bytes = "a\x1b[1;31mred\x1b[0m\r 10%\x1b[2J\x1b]0;title\x07\x1b]8;;http://x\x1b\\b\x1b[5Ac\u{202e}\x08\x07\t\u{9b}2J\n".as_bytes();
        let expected = "a\x1b[1;31mred\x1b[0m\r 10%bc\\u{202e}\t\\u{9b}2J\n";
        assert_eq!(Filter::new(true).pass(bytes), expected);
        let mut filter = Filter::new(true);
        let pieces: String = bytes.iter().map(|byte| filter.pass(&[*byte])).collect();
        assert_eq!(pieces, expected);
        assert_eq!(Filter::new(false).pass(b"\x1b[31mred\x1b[0m \xff\n"), "red \n");
    }
}
