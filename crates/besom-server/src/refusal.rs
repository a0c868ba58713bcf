//! An answer that says no: a status, a code for programs, a sentence for people.

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use besom_core::error_chain;
use besom_engine::EngineError;
use besom_remote::Answer;
use besom_store::StoreError;
use serde_json::{Map, Value, json};

/// Why a request is not done: `{"error": {"code": .., "message": .., ..}}`.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    error: Map<String, Value>,
}

impl Refusal {
    /// With this status, a code for programs, and what people should know.
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let mut error = Map::new();
        error.insert("code".to_owned(), code.into());
        error.insert("message".to_owned(), Value::String(message.into()));
        Self { status, error }
    }

    /// The same with more for programs.
    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.error.insert(key.to_owned(), value.into());
        self
    }

    /// Nothing was done, and the same request may succeed in a moment.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message)
    }

    /// The server has a bug: whether it was done is unknown.
    pub(crate) fn broken() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "broken", "the server failed at this request")
    }

    /// Whether the store failed, or is another one now, which a new connection may mend.
    pub(crate) fn is_fault(&self) -> bool {
        self.status.is_server_error() || self.status == StatusCode::GONE
    }

    /// What people should know.
    pub(crate) fn message(&self) -> String {
        self.error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::from(&error)
    }
}

impl From<&StoreError> for Refusal {
    fn from(error: &StoreError) -> Self {
        Answer::from(error).into()
    }
}

/// What the protocol of the store's operations says.
impl From<Answer> for Refusal {
    fn from(answer: Answer) -> Self {
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let error = body.get("error").and_then(Value::as_object).cloned().unwrap_or_default();
        Self { status, error }
    }
}

impl From<&EngineError> for Refusal {
    fn from(error: &EngineError) -> Self {
        match error {
            EngineError::Store(error) => error.into(),
            other => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "store", error_chain(other)),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({ "error": self.error }))).into_response();
        match self.status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            StatusCode::UNAUTHORIZED => {
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}
