//! What a run says besides its metrics: facts, and output.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The maximum size of the facts about an attempt, as JSON, in bytes; also that of a label's value.
pub const MAX_FACTS: usize = 256 * 1024;

/// The output of an attempt: what is kept of it, by its place in bytes.
///
/// Its first [`HEAD`](Self::HEAD) and its newest [`TAIL`](Self::TAIL) bytes are kept. A character counts with the first only
/// if all of it lies there, and with the newest if it begins there.
///
/// ```
/// use besom_store::Output;
///
/// let mut output = Output::default();
/// output.push(0, "epoch 1\n");
/// output.push(108, "epoch 9\n");
/// assert_eq!(output.total, 116);
/// assert_eq!(output.to_string(), "epoch 1\n[100 bytes of output are not kept]\nepoch 9\n");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Output {
    /// How many bytes there were, whether they are kept or not.
    pub total: u64,
    /// What is kept, in order. Between the end of one part and the beginning of the next, output is missing: it was dropped
    /// for its size, or has never arrived.
    pub parts: Vec<OutputPart>,
}

/// A part of an output without a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OutputPart {
    /// The place of its first byte in the output, from 0.
    pub from: u64,
    /// The text.
    pub text: String,
}

impl OutputPart {
    /// The text that begins at this byte.
    pub fn new(from: u64, text: impl Into<String>) -> Self {
        Self { from, text: text.into() }
    }

    /// The place after its last byte.
    pub fn end(&self) -> u64 {
        self.from + self.text.len() as u64
    }
}

impl Output {
    /// How many bytes at the beginning are kept.
    pub const HEAD: u64 = 64 * 1024;

    /// How many bytes at the end are kept.
    pub const TAIL: u64 = 256 * 1024;

    /// Appends text that begins at byte `from`, which is not before [`total`](Self::total). Drops nothing.
    pub fn push(&mut self, from: u64, text: &str) {
        if text.is_empty() {
            return;
        }
        self.total = from + text.len() as u64;
        match self.parts.last_mut() {
            Some(last) if last.end() == from => last.text.push_str(text),
            _ => self.parts.push(OutputPart::new(from, text)),
        }
    }

    /// What is kept after the first `from` bytes, for whoever has seen those.
    ///
    /// ```
    /// let mut output = besom_store::Output::default();
    /// output.push(0, "one\ntwo\n");
    /// assert_eq!(output.after(4).to_string(), "two\n");
    /// ```
    #[must_use]
    pub fn after(&self, from: u64) -> Self {
        let mut rest = Self { total: self.total, parts: Vec::new() };
        for part in self.parts.iter().filter(|part| part.end() > from) {
            let skipped = usize::try_from(from.saturating_sub(part.from)).unwrap_or(usize::MAX);
            let cut = part.text.ceil_char_boundary(skipped);
            rest.parts.push(OutputPart::new(part.from + cut as u64, &part.text[cut..]));
        }
        rest
    }
}

/// The text, with a line in place of each gap between its parts.
impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ends_line = true;
        for (place, part) in self.parts.iter().enumerate() {
            if let Some(before) = place.checked_sub(1) {
                let missing = part.from - self.parts[before].end();
                let line = if ends_line { "" } else { "\n" };
                writeln!(f, "{line}[{missing} bytes of output are not kept]")?;
            }
            f.write_str(&part.text)?;
            ends_line = part.text.ends_with('\n');
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_stated_on_a_line_of_its_own() {
        let mut output = Output::default();
        output.push(0, "half a li");
        output.push(20, "ne\n");
        assert_eq!(output.to_string(), "half a li\n[11 bytes of output are not kept]\nne\n");
        assert_eq!(output.after(21).to_string(), "e\n");
        assert_eq!(output.after(99).to_string(), "");
    }

    #[test]
    fn what_comes_after_a_byte_within_a_character_begins_with_the_next_one() {
        let mut output = Output::default();
        output.push(0, "\u{1F9F9}x");
        assert_eq!(output.after(1).parts, [OutputPart::new(4, "x")]);
    }
}
