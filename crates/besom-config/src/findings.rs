//! Findings as they are collected while a configuration is read.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity};
use crate::tree::{Node, Path, Place};

/// For whom the file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// For besom.
    Besom,
    /// For W&B, whose reader and engine understand some things otherwise, and some not at all.
    Wandb,
}

/// The most findings that are told one by one; nobody reads more, and a hostile file could have half a million.
pub(crate) const MAX_TOLD: usize = 1000;

/// The findings so far.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) dialect: Dialect,
    source: Arc<str>,
    list: Vec<Diagnostic>,
    /// Findings beyond those that are told.
    untold: usize,
    errors: usize,
}

impl Findings {
    pub(crate) fn new(source: &str, dialect: Dialect) -> Self {
        Self { dialect, source: source.into(), list: Vec::new(), untold: 0, errors: 0 }
    }

    /// Adds an error, to which the caller may add what was found and what to do.
    pub(crate) fn error(
        &mut self,
        place: Place,
        path: &Path<'_>,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.add(Severity::Error, place, path, message.into())
    }

    /// Adds a warning.
    pub(crate) fn warn(
        &mut self,
        place: Place,
        path: &Path<'_>,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.add(Severity::Warning, place, path, message.into())
    }

    /// Adds an error if the file is read for W&B.
    pub(crate) fn not_for_wandb(
        &mut self,
        place: Place,
        path: &Path<'_>,
        message: impl Into<String>,
    ) -> Option<&mut Diagnostic> {
        (self.dialect == Dialect::Wandb).then(|| self.error(place, path, message))
    }

    /// Whether no further finding will be told, so that there is no need to think of a suggestion.
    pub(crate) fn is_full(&self) -> bool {
        self.list.len() >= MAX_TOLD
    }

    /// How many errors there are.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// All findings in the order of the text.
    pub(crate) fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|finding| (finding.line, finding.column));
        if self.untold > 0 {
            // The last one told has become a stand-in for all that came after it.
            let finding = self.list.pop();
            let stand_in = finding.map(|finding| Diagnostic {
                severity: if self.errors > 0 { Severity::Error } else { Severity::Warning },
                line: None,
                column: None,
                path: String::new(),
                found: None,
                message: format!("and {} more findings", self.untold + 1),
                suggestion: None,
                ..finding
            });
            self.list.extend(stand_in);
        }
        self.list
    }

    fn add(&mut self, severity: Severity, place: Place, path: &Path<'_>, message: String) -> &mut Diagnostic {
        let known = |number: u32| (number > 0).then_some(number);
        self.errors += usize::from(severity == Severity::Error);
        if self.is_full() {
            self.untold += 1;
            self.list.pop();
        }
        self.list.push(Diagnostic {
            severity,
            source: self.source.clone(),
            line: known(place.line),
            column: known(place.column),
            path: path.to_string(),
            found: None,
            message,
            suggestion: None,
        });
        self.list.last_mut().expect("one was just added")
    }
}

impl Diagnostic {
    /// Says which value is at fault.
    pub(crate) fn found(&mut self, node: &Node) -> &mut Self {
        self.found = Some(node.describe());
        self
    }

    /// Says what to do about it.
    pub(crate) fn suggest(&mut self, suggestion: impl Into<String>) -> &mut Self {
        self.suggestion = Some(suggestion.into());
        self
    }

    /// Offers the candidate that is spelled most like `word`.
    pub(crate) fn suggest_nearest<'a>(
        &mut self,
        word: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> &mut Self {
        if let Some(nearest) = nearest(word, candidates) {
            self.suggest(format!("did you mean {nearest:?}?"));
        }
        self
    }
}

/// The candidate that `word` stands for: spelled nearly so, the only one that begins with it, or one of the same parts.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Comparing spellings takes time in proportion to both lengths, and no known word is long.
    if word.len() > 64 {
        return None;
    }
    let candidates: Vec<&str> = candidates.into_iter().collect();
    besom_core::nearest(word, candidates.iter().copied()).or_else(|| {
        let short = squashed(word);
        let mut longer = candidates.iter().filter(|c| short.len() >= 2 && squashed(c).starts_with(&short));
        let begun = longer.next().copied().filter(|_| longer.next().is_none());
        begun.or_else(|| candidates.iter().copied().find(|c| sorted_parts(c) == sorted_parts(word)))
    })
}

/// A word without case and without what joins its parts.
fn squashed(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

fn sorted_parts(word: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = word.split(['_', '-', ' ']).collect();
    parts.sort_unstable();
    parts
}
