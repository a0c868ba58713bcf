//! Diagnostics as they are collected while a configuration is read.

use std::sync::Arc;

use crate::aliases::meant;
use crate::diagnostic::{Diagnostic, Part, Severity};
use crate::excerpt::Excerpt;
use crate::tree::{Node, Path, Place};

/// For whom the file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// For besom.
    Besom,
    /// For W&B, whose reader and engine understand some things otherwise, and some not at all.
    Wandb,
}

/// The most diagnostics that are listed one by one; nobody reads more, and a hostile file could have half a million.
pub(crate) const MAX_LISTED: usize = 1000;

/// The most diagnostics that show their line.
const MAX_EXCERPTS: usize = 100;

/// The diagnostics so far.
#[derive(Debug)]
pub(crate) struct Collector {
    pub(crate) dialect: Dialect,
    source: Arc<str>,
    list: Vec<Diagnostic>,
    /// How many there are beyond those that are listed.
    unlisted: usize,
    /// The newest of those, to which its caller may add something.
    newest_unlisted: Option<Diagnostic>,
    errors: usize,
}

impl Collector {
    pub(crate) fn new(source: &str, dialect: Dialect) -> Self {
        Self {
            dialect,
            source: source.into(),
            list: Vec::new(),
            unlisted: 0,
            newest_unlisted: None,
            errors: 0,
        }
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

    /// Whether further diagnostics will only be counted, so that none needs a suggestion.
    pub(crate) fn is_full(&self) -> bool {
        self.list.len() >= MAX_LISTED
    }

    /// How many errors there are.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// All diagnostics in the order of the text, with the lines of it that they point at.
    pub(crate) fn into_sorted(mut self, text: &str) -> Vec<Diagnostic> {
        self.list
            .iter_mut()
            .filter(|it| it.part.is_some())
            .take(MAX_EXCERPTS)
            .for_each(|it| it.find_part(text));
        self.list.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
        // Finding a line takes time in proportion to the text; nobody reads more of a hostile one.
        for diagnostic in self.list.iter_mut().take(MAX_EXCERPTS) {
            let place = diagnostic.line.zip(diagnostic.column);
            let excerpt = place.and_then(|(line, column)| Excerpt::of(text, line, column));
            let width = diagnostic.part.as_ref().map(|part| part.length);
            diagnostic.excerpt = excerpt.map(|excerpt| excerpt.wide(width));
        }
        if self.unlisted > 0 {
            // The last one, of the warnings if there is any, makes room for a stand-in for all that are not listed.
            let last = self.last_warning().unwrap_or(self.list.len() - 1);
            let diagnostic = self.list.remove(last);
            let stand_in = Diagnostic {
                severity: if self.errors > 0 { Severity::Error } else { Severity::Warning },
                line: None,
                column: None,
                path: String::new(),
                found: None,
                message: format!("and {} more diagnostics", self.unlisted + 1),
                suggestion: None,
                excerpt: None,
                ..diagnostic
            };
            self.list.push(stand_in);
        }
        self.list
    }

    fn add(&mut self, severity: Severity, place: Place, path: &Path<'_>, message: String) -> &mut Diagnostic {
        let known = |number: u32| (number > 0).then_some(number);
        self.errors += usize::from(severity == Severity::Error);
        let diagnostic = Diagnostic {
            severity,
            source: self.source.clone(),
            line: known(place.line),
            column: known(place.column),
            path: path.to_string(),
            found: None,
            message,
            suggestion: None,
            excerpt: None,
            part: None,
        };
        if !self.is_full() {
            self.list.push(diagnostic);
            return self.list.last_mut().expect("one was just added");
        }
        self.unlisted += 1;
        // No error is left out for a warning.
        match self.last_warning().filter(|_| severity == Severity::Error) {
            Some(place) => {
                self.list[place] = diagnostic;
                &mut self.list[place]
            }
            None => self.newest_unlisted.insert(diagnostic),
        }
    }

    fn last_warning(&self) -> Option<usize> {
        self.list.iter().rposition(|listed| listed.severity == Severity::Warning)
    }
}

impl Diagnostic {
    /// Records which value is at fault.
    pub(crate) fn found(&mut self, node: &Node) -> &mut Self {
        self.found = Some(node.describe());
        self
    }

    /// Records what to do about it.
    pub(crate) fn suggest(&mut self, suggestion: impl Into<String>) -> &mut Self {
        self.suggestion = Some(suggestion.into());
        self
    }

    /// Lets it point at a part of the text that stands at its place.
    pub(crate) fn at_part(&mut self, text: &str, at: usize, length: usize) -> &mut Self {
        self.part = Some(Part { text: text.to_owned(), at, length });
        self
    }

    /// Moves its place to the part that it points at, if the text stands there as it is, on one line, in quotes or without.
    fn find_part(&mut self, text: &str) {
        let (Some(part), Some(line), Some(column)) = (&self.part, self.line, self.column) else { return };
        let index = |number: u32| usize::try_from(number).ok()?.checked_sub(1);
        let line = index(line).and_then(|line| text.lines().nth(line));
        let Some(rest) = line.zip(index(column)).map(|(line, column)| line.chars().skip(column)) else {
            return;
        };
        let rest: String = rest.collect();
        let bare = rest.strip_prefix(['\'', '"']);
        let quote = u32::from(!rest.starts_with(&part.text));
        if (quote == 0 || bare.is_some_and(|bare| bare.starts_with(&part.text)))
            && let Ok(at) = u32::try_from(part.at)
        {
            self.column = Some(column + quote + at);
        } else {
            self.part = None;
        }
    }

    /// Offers the right spelling, if there is one.
    pub(crate) fn suggest_spelling(&mut self, spelling: Option<&str>) -> &mut Self {
        if let Some(spelling) = spelling {
            self.suggest(format!("did you mean {spelling:?}?"));
        }
        self
    }

    /// Offers the candidate that `word` stands for.
    pub(crate) fn suggest_nearest<'a>(
        &mut self,
        word: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> &mut Self {
        self.suggest_spelling(meant(word, candidates))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_is_left_out_for_a_warning() {
        let mut collector = Collector::new("sweep.yaml", Dialect::Besom);
        let place = |line| Place { line, column: 1 };
        for line in 2..=1001 {
            collector.error(place(line), &Path::Root, "wrong");
        }
        collector.warn(place(1), &Path::Root, "odd").suggest("something else");
        let listed = collector.into_sorted("");
        assert_eq!(listed.iter().filter(|it| it.message == "wrong").count(), MAX_LISTED - 1);
        assert_eq!(listed[MAX_LISTED - 1].message, "and 2 more diagnostics");
    }
}
