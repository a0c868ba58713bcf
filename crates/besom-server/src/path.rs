//! The parts of a path, with words for what is wrong.

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
                let message = format!("{}; runs have numbers from 1 on", error.body_text());
                Err(Refusal::new(error.status(), "path", message))
            }
        }
    }
}
