//! The parts of a path, with words for what is wrong.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::refusal::Refusal;

/// What stands in the places of a route's path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match path::Path::from_request_parts(parts, state).await {
            Ok(path::Path(found)) => Ok(Self(found)),
            Err(error) => {
                let is_value = matches!(&error, PathRejection::FailedToDeserializePathParams(error)
                    if !matches!(error.kind(), ErrorKind::InvalidUtf8InPathParam { .. }));
                let hint = if is_value { "; runs have numbers from 1 on" } else { "" };
                Err(Refusal::new(error.status(), "path", format!("{}{hint}", error.body_text())))
            }
        }
    }
}
