//! What stands behind the question mark of a URL, read with words for what is wrong.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use besom_core::RunNumber;

use crate::refusal::Refusal;

/// The pairs of a query.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked(HashMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let pairs = Query::<HashMap<String, String>>::from_request_parts(parts, state).await;
        pairs.map(|Query(pairs)| Self(pairs)).map_err(|error| refused(error.body_text()))
    }
}

/// What is asked cannot be answered.
pub(super) fn refused(message: impl Into<String>) -> Refusal {
    Refusal::new(axum::http::StatusCode::BAD_REQUEST, "query", message)
}

impl Asked {
    /// The text of this name.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// The value of this name.
    pub(super) fn value<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let read = |text: &str| text.parse().map_err(|error| refused(format!("{name}={text}: {error}")));
        self.text(name).map(read).transpose()
    }

    /// A number of things, at most `most`.
    pub(super) fn limit(&self, usual: u64, most: u64) -> Result<u64, Refusal> {
        Ok(self.value::<u64>("limit")?.unwrap_or(usual).min(most))
    }

    /// Numbers of runs, separated by commas.
    pub(super) fn runs(&self, name: &str, most: usize) -> Result<Vec<RunNumber>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(Vec::new()) };
        let number =
            |word: &str| word.trim().parse().map_err(|error| refused(format!("{name}={text}: {error}")));
        let numbers = text.split(',').map(number).collect::<Result<Vec<_>, _>>()?;
        match numbers.len() {
            found if found > most => Err(refused(format!("{name}: {found} runs, at most {most} at once"))),
            _ => Ok(numbers),
        }
    }
}
