//! Single values: is it a number, a text, one of a few words, and if not, what to say.

use besom_core::value::float;
use serde_json::Value;

use super::Checker;
use crate::aliases::meant;
use crate::collector::MAX_LISTED;
use crate::diagnostic::Diagnostic;
use crate::scalar::resolve;
use crate::tree::{Data, Entry, Node, Path, Place, integer_to_json, quote, shorten};

/// A finite number as it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Integer(i128),
    Float(f64),
}

impl Number {
    pub(super) fn as_f64(self) -> f64 {
        match self {
            Self::Integer(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    /// The number if it is whole and within 64 bits, whether or not it was written with a dot.
    pub(super) fn as_whole(self) -> Option<i64> {
        match self {
            Self::Integer(value) => i64::try_from(value).ok(),
            // Every float below 2^63 in size is a 64-bit integer if it is whole.
            Self::Float(value) if value.fract() == 0.0 && value.abs() < 9.2e18 => {
                #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
                let whole = value as i64;
                Some(whole)
            }
            Self::Float(_) => None,
        }
    }

    pub(crate) fn to_json(self) -> Value {
        match self {
            Self::Integer(value) => integer_to_json(value),
            Self::Float(value) => float(value),
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
        }
    }
}

/// The finite number that a node is.
pub(super) fn number(node: &Node) -> Option<Number> {
    match node.data {
        Data::Integer(value) => Some(Number::Integer(value)),
        Data::Float(value) if value.is_finite() => Some(Number::Float(value)),
        _ => None,
    }
}

/// Whether one of these keys was meant by an unknown one, or it is no text in YAML.
pub(super) fn is_meant(entry: &Entry, known: &[&str]) -> bool {
    meant(&entry.key, known.iter().copied()).is_some() || entry.odd_key.is_some()
}

impl Checker<'_> {
    /// Reports unknown keys.
    pub(super) fn check_keys(&mut self, node: &Node, path: &Path<'_>, known: &[&str]) {
        for entry in node.entries().iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            self.unknown_key(entry, path, known);
        }
    }

    pub(super) fn unknown_key(&mut self, entry: &Entry, path: &Path<'_>, known: &[&str]) {
        let full = self.diagnostics.is_full();
        let diagnostic = self.diagnostics.error(entry.place, &path.key(&entry.key), "unknown key");
        if full {
            return;
        }
        match meant(&entry.key, known.iter().copied()) {
            Some(nearest) => diagnostic.suggest_spelling(Some(nearest)),
            None => diagnostic.suggest(format!("known are {}", known.join(", "))),
        };
    }

    /// Warns of an unknown key with which W&B runs the file.
    pub(super) fn without_effect(&mut self, entry: &Entry, path: &Path<'_>) -> &mut Diagnostic {
        self.diagnostics.warn(
            entry.place,
            &path.key(&entry.key),
            "unknown key, which has no effect, as in W&B",
        )
    }

    /// Reports that a key is missing in `node`, whose own key stands at `place`, unless an unknown key there is
    /// near to it: a misspelled key is not reported as missing, too.
    pub(super) fn missing_in(
        &mut self,
        node: &Node,
        known: &[&str],
        place: Place,
        path: &Path<'_>,
        key: &str,
        why: &str,
    ) {
        let unknown =
            node.entries().iter().filter(|entry| !known.contains(&entry.key.as_str())).take(MAX_LISTED);
        if !unknown.map(|entry| meant(&entry.key, known.iter().copied())).any(|nearest| nearest == Some(key))
        {
            self.missing(place, path, key, why);
        }
    }

    /// Reports that a key is missing in the mapping whose key stands at `place`.
    pub(super) fn missing(&mut self, place: Place, path: &Path<'_>, key: &str, why: &str) {
        self.diagnostics.error(place, &path.key(key), format!("missing required key{why}"));
    }

    /// A mapping, or else a diagnostic.
    pub(super) fn mapping<'n>(&mut self, node: &'n Node, path: &Path<'_>, of: &str) -> Option<&'n [Entry]> {
        if let Data::Map(entries) = &node.data {
            return Some(entries);
        }
        self.diagnostics.error(node.place, path, format!("expected a mapping of {of}")).found(node);
        None
    }

    /// A list, or else a diagnostic.
    pub(super) fn list<'n>(
        &mut self,
        node: &'n Node,
        path: &Path<'_>,
        of: &str,
    ) -> Option<&'n [std::rc::Rc<Node>]> {
        if let Data::List(items) = &node.data {
            return Some(items);
        }
        self.diagnostics.error(node.place, path, format!("expected a list of {of}")).found(node);
        None
    }

    pub(super) fn text(&mut self, node: &Node, path: &Path<'_>) -> Option<String> {
        if let Data::Text(text) = &node.data {
            return Some(text.clone());
        }
        let diagnostic = self.diagnostics.error(node.place, path, "expected text").found(node);
        if matches!(node.data, Data::Null) {
            diagnostic.suggest("leave the key out");
        } else if let Some(written) = node.written.as_deref() {
            diagnostic.suggest(format!("for this text, write {}", quote(written)));
        }
        None
    }

    /// One of a few words, or else a diagnostic.
    pub(super) fn choice(
        &mut self,
        node: &Node,
        path: &Path<'_>,
        choices: &[&'static str],
    ) -> Option<&'static str> {
        if let Data::Text(text) = &node.data
            && let Some(choice) = choices.iter().find(|choice| *choice == text)
        {
            return Some(choice);
        }
        let message = match choices {
            [only] => format!("expected {only}"),
            _ => format!("expected one of {}", choices.join(", ")),
        };
        let diagnostic = self.diagnostics.error(node.place, path, message).found(node);
        if let Data::Text(text) = &node.data {
            diagnostic.suggest_nearest(text, choices.iter().copied());
        }
        None
    }

    /// A finite number, or else a diagnostic.
    pub(super) fn number(&mut self, node: &Node, path: &Path<'_>) -> Option<Number> {
        let number = number(node);
        if number.is_none() {
            let kind = if matches!(node.data, Data::Float(_)) { "a finite number" } else { "a number" };
            self.not_as(node, path, kind, |plain| self::number(plain).is_some());
        }
        number
    }

    /// A whole number of at least `min`, `5.0` included, or else a diagnostic.
    pub(super) fn whole(&mut self, node: &Node, path: &Path<'_>, min: i64) -> Option<i64> {
        let number = match node.data {
            Data::Integer(value) => Number::Integer(value).as_whole(),
            Data::Float(value) => Number::Float(value).as_whole(),
            _ => None,
        };
        let number = number.filter(|&number| number >= min);
        if number.is_none() {
            let too_large = matches!(node.data, Data::Integer(value) if value > i128::from(i64::MAX))
                || matches!(node.data, Data::Float(value) if value >= 9.2e18);
            let expected = match too_large {
                true => format!("a whole number from {min} to {}", i64::MAX),
                false => format!("a whole number of at least {min}"),
            };
            let whole = |plain: &Node| self::number(plain).and_then(Number::as_whole);
            self.not_as(node, path, &expected, |plain| whole(plain).is_some_and(|number| number >= min));
        }
        number
    }

    /// Reports a value that is not what it should be, and suggests removing the quotes if what is in them is `allowed`.
    pub(super) fn not_as(
        &mut self,
        node: &Node,
        path: &Path<'_>,
        expected: &str,
        allowed: impl Fn(&Node) -> bool,
    ) -> &mut Diagnostic {
        let diagnostic = self.diagnostics.error(node.place, path, format!("expected {expected}")).found(node);
        if let Data::Text(text) = &node.data {
            let plain = Node::new(node.place, resolve(text.trim()).data);
            if !matches!(plain.data, Data::Text(_) | Data::Null) && allowed(&plain) {
                diagnostic.suggest(format!("remove the quotes: {}", shorten(text.trim())));
            }
        }
        diagnostic
    }
}
