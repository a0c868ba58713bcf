//! The listener on loopback, and its routes.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, serve};
use ring::digest::{SHA256, digest};
use serde_json::Value;

use super::attempt::Attempt;
use crate::guard::{Room, STREAM, read_body, secret};
use crate::lock::lock;
use crate::stop::Stop;
use crate::tokens::fresh;
use crate::wandb::graphql::{self, Request as Operation};
use crate::wandb::stream::Stream;
use crate::wandb::{SinkError, run};

/// How large a body may be that nobody reads.
const UNREAD: usize = 8 << 20;

/// What a stranger's key is answered. The client shows it.
const STRANGER: &str = "besom executes this program and takes what it logs, with the key that it has set as WANDB_API_KEY only; the program \
                        has used another key, or its run has ended; to log to W&B itself, use besom's option --wandb off";

/// The listener of one process.
pub(super) struct Door {
    port: u16,
    guests: Guests,
    stop: Stop,
}

/// Attempts by the hash of their key, so that how long a comparison takes says nothing of a key.
type Guests = Arc<Mutex<HashMap<Vec<u8>, Arc<Attempt>>>>;

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("port", &self.port).finish_non_exhaustive()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

impl Door {
    /// Listens at a free port, in a thread of its own, until it is dropped.
    pub(super) fn open() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let door = Self { port, guests: Guests::default(), stop: Stop::new() };
        let (guests, stop) = (Arc::clone(&door.guests), door.stop.clone());
        thread::Builder::new().name("besom-wandb".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    // It ends by an error only if there is no listener, which was there a moment ago.
                    _ = listen(listener, guests) => {}
                    () = stop.stopped() => {}
                }
            });
            runtime.shutdown_background();
        })?;
        Ok(door)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Lets the code of this attempt in; its key.
    pub(super) fn admit(&self, attempt: &Arc<Attempt>) -> String {
        let key = fresh();
        lock(&self.guests).insert(hash(&key), Arc::clone(attempt));
        key
    }

    /// Lets whoever has this key in no more.
    pub(super) fn forget(&self, key: &str) {
        lock(&self.guests).remove(&hash(key));
    }
}

fn hash(key: &str) -> Vec<u8> {
    digest(&SHA256, key.as_bytes()).as_ref().to_vec()
}

async fn listen(listener: TcpListener, guests: Guests) -> io::Result<()> {
    let router = Router::new()
        .route("/graphql", post(operate))
        .route("/files/{entity}/{project}/{run}/file_stream", post(stream))
        .fallback(otherwise)
        .layer(DefaultBodyLimit::max(UNREAD))
        .with_state(guests);
    serve(tokio::net::TcpListener::from_std(listener)?, router).await
}

/// `POST /graphql`.
async fn operate(State(guests): State<Guests>, request: Request) -> Response {
    let (attempt, body) = match enter(&guests, request).await {
        Ok(entered) => entered,
        Err(refused) => return refused,
    };
    match Operation::parse(&body) {
        Ok(operation) => done(&attempt, &operation),
        Err(why) => refuse(StatusCode::BAD_REQUEST, "request", &why),
    }
}

fn done(attempt: &Attempt, operation: &Operation) -> Response {
    let name = &operation.operation;
    if let Some(data) = graphql::generic(operation) {
        return Json(graphql::answer(&data)).into_response();
    }
    let resumed = if name == "RunResumeStatus" { attempt.resume() } else { Ok(()) };
    match resumed.and_then(|()| attempt.with(|sink| run::operate(operation, sink))) {
        Ok(Some(data)) => Json(graphql::answer(&data)).into_response(),
        Ok(None) => match graphql::unknown(operation) {
            Ok(data) => Json(graphql::answer(&data)).into_response(),
            Err(why) => refuse(StatusCode::BAD_REQUEST, name, &why),
        },
        Err(SinkError::Lost) => refuse(StatusCode::UNAUTHORIZED, name, STRANGER),
        Err(SinkError::Failed(why)) => refuse(StatusCode::SERVICE_UNAVAILABLE, name, &why),
    }
}

/// `POST /files/ENTITY/PROJECT/RUN/file_stream`. Which run it is the key says.
async fn stream(State(guests): State<Guests>, request: Request) -> Response {
    let (attempt, body) = match enter(&guests, request).await {
        Ok(entered) => entered,
        Err(refused) => return refused,
    };
    let stream = match Stream::parse(&body) {
        Ok(stream) => stream,
        Err(why) => return refuse(StatusCode::BAD_REQUEST, "file_stream", &why),
    };
    match attempt.with(|sink| run::stream(stream, sink)) {
        Ok(answer) => Json(answer).into_response(),
        Err(why) => refuse(StatusCode::SERVICE_UNAVAILABLE, "file_stream", &why),
    }
}

/// What the client sends besides: telemetry, which is read and dropped, and what people open in a browser.
async fn otherwise(method: Method, _: Bytes) -> Response {
    match method {
        Method::GET | Method::HEAD => {
            (StatusCode::NOT_FOUND, "besom executes this run; look at it with besom show, or besom serve\n")
                .into_response()
        }
        _ => StatusCode::OK.into_response(),
    }
}

/// The attempt of a request's key, and its body.
async fn enter(guests: &Guests, request: Request) -> Result<(Arc<Attempt>, Bytes), Response> {
    let key = secret(request.headers()).ok().flatten();
    let attempt = key.and_then(|key| lock(guests).get(&hash(&key)).cloned());
    let Some(attempt) = attempt else {
        return Err(refuse(StatusCode::UNAUTHORIZED, "request", STRANGER));
    };
    // The few clients of this machine need not share their room.
    let read = read_body(request, STREAM, &Room::default()).await;
    let (request, _share) = read.map_err(IntoResponse::into_response)?;
    let body = axum::body::to_bytes(request.into_body(), usize::MAX).await;
    Ok((attempt, body.map_err(|_| StatusCode::BAD_REQUEST.into_response())?))
}

fn refuse(status: StatusCode, operation: &str, why: &str) -> Response {
    let body: Value = graphql::failed(operation, why);
    (status, Json(body)).into_response()
}
