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

/// The findings so far.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) dialect: Dialect,
    source: Arc<str>,
    list: Vec<Diagnostic>,
}

impl Findings {
    pub(crate) fn new(source: &str, dialect: Dialect) -> Self {
        Self { dialect, source: source.into(), list: Vec::new() }
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
    pub(crate) fn not_for_wandb(&mut self, place: Place, path: &Path<'_>, message: impl Into<String>) {
        if self.dialect == Dialect::Wandb {
            self.error(place, path, message);
        }
    }

    /// How many errors there are.
    pub(crate) fn errors(&self) -> usize {
        self.list.iter().filter(|finding| finding.severity == Severity::Error).count()
    }

    /// All findings in the order of the text.
    pub(crate) fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|finding| (finding.line, finding.column));
        self.list
    }

    fn add(&mut self, severity: Severity, place: Place, path: &Path<'_>, message: String) -> &mut Diagnostic {
        let known = |number: u32| (number > 0).then_some(number);
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

/// The candidate that `word` stands for: spelled nearly so, or the only one that begins with it.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Comparing spellings takes time in proportion to both lengths, and no known word is long.
    if word.len() > 64 {
        return None;
    }
    let candidates: Vec<&str> = candidates.into_iter().collect();
    besom_core::nearest(word, candidates.iter().copied()).or_else(|| {
        let lower = word.to_lowercase();
        let mut longer = candidates.iter().filter(|c| lower.len() >= 2 && c.starts_with(&lower));
        longer.next().copied().filter(|_| longer.next().is_none())
    })
}
