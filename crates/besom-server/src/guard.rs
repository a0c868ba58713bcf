//! What a server refuses, before a handler sees it.
//!
//! Each route says where it is added who may use it: `.route("/v1/sweeps", guard::read(get(list)))`. What holds for all routes is checked
//! in [`enter`], which stands before them.

mod body;
mod headers;
mod room;
mod site;
mod wrong;

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::log;
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::tokens::Scope;
use room::Share;

pub(crate) use crate::tokens::Token as Caller;
pub(crate) use body::{STREAM, read as read_body};
pub(crate) use room::Room;
pub(crate) use wrong::Wrong;

/// The ends of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    /// Who calls.
    pub(crate) peer: SocketAddr,
    /// The address at which it was called.
    pub(crate) local: SocketAddr,
}

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// Anybody.
    Open,
    /// Whoever may look at all sweeps.
    Read,
    /// Whoever has a token; the handler decides what it is worth.
    Agent,
    /// W&B's client.
    Wandb,
    /// The owner.
    Owner,
}

/// A route for everybody.
pub(crate) fn open(route: MethodRouter<Shared>) -> MethodRouter<Shared> {
    guarded(Need::Open, route)
}

/// A route for those who may look.
pub(crate) fn read(route: MethodRouter<Shared>) -> MethodRouter<Shared> {
    guarded(Need::Read, route)
}

/// A route for those with any token, whose handler asks what the [`Caller`] may do. Bodies may be large.
pub(crate) fn agent(route: MethodRouter<Shared>) -> MethodRouter<Shared> {
    guarded(Need::Agent, route)
}

/// A route for W&B's client. Bodies may be large.
pub(crate) fn wandb(route: MethodRouter<Shared>) -> MethodRouter<Shared> {
    guarded(Need::Wandb, route)
}

/// A route for the owner.
pub(crate) fn owner(route: MethodRouter<Shared>) -> MethodRouter<Shared> {
    guarded(Need::Owner, route)
}

fn guarded(need: Need, route: MethodRouter<Shared>) -> MethodRouter<Shared> {
    route.layer(from_fn(move |request: Request, next: Next| async move {
        match admit(need, request).await {
            Ok((request, share)) => {
                let response = next.run(request).await;
                drop(share);
                response
            }
            Err(refusal) => refusal.into_response(),
        }
    }))
}

/// The request with its body read, if its caller has the right, and what it takes of the room for bodies.
async fn admit(need: Need, request: Request) -> Result<(Request, Option<Share>), Refusal> {
    let caller: Option<&Caller> = request.extensions().get();
    match (need, caller.map(|caller| &caller.scope)) {
        (Need::Open, _)
        | (Need::Agent, Some(_))
        | (Need::Read, Some(Scope::Owner | Scope::Read | Scope::Agent(None)))
        | (Need::Wandb, Some(Scope::Owner | Scope::Wandb))
        | (Need::Owner, Some(Scope::Owner)) => {}
        (_, None) => return Err(Refusal::new(StatusCode::UNAUTHORIZED, "no_token", NO_TOKEN)),
        (_, Some(scope)) => {
            let message = format!("this token is for '{}' and does not allow this request", scope.as_str());
            return Err(Refusal::new(StatusCode::FORBIDDEN, "scope", message));
        }
    }
    if is_dropped(request.uri().path()) {
        return Ok((request, None));
    }
    let limits = match need {
        Need::Agent => body::LARGE,
        Need::Wandb => body::STREAM,
        _ => body::SMALL,
    };
    let room = request.extensions().get::<Room>().cloned().ok_or_else(Refusal::broken)?;
    body::read(request, limits, &room).await
}

const NO_TOKEN: &str =
    "this request needs a token, in a header 'Authorization: Bearer TOKEN'; besom serve prints them";

/// What holds for all routes: hosts, origins, forms, tokens, and the headers of each answer.
pub(crate) async fn enter(State(shared): State<Shared>, mut request: Request, next: Next) -> Response {
    let asked = (request.method().clone(), request.uri().path().to_owned());
    let peer = request.extensions().get::<Ends>().map(|ends| ends.peer);
    let mut response = match identify(&shared, &mut request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    if let (true, Some(peer)) = (is_refused(response.status()), peer) {
        let (method, path) = asked;
        log::say(&shared, format_args!("{} to {peer}: {method} {path}", response.status()));
    }
    headers::add(response.headers_mut());
    response
}

/// Whether an answer says no; that something is not there is no refusal.
fn is_refused(status: StatusCode) -> bool {
    (status.is_client_error() && status != StatusCode::NOT_FOUND) || status.is_server_error()
}

/// Refuses what no route takes, and adds who calls.
fn identify(shared: &Shared, request: &mut Request) -> Result<(), Refusal> {
    let ends = request.extensions().get::<Ends>().copied().ok_or_else(Refusal::broken)?;
    site::check(request, ends, &shared.options.names)?;
    if !matches!(*request.method(), Method::GET | Method::HEAD) && !is_dropped(request.uri().path()) {
        body::check_type(request.headers())?;
    }
    request.extensions_mut().insert(shared.room.clone());
    let Some(secret) = secret(request.headers())? else { return Ok(()) };
    match shared.tokens.check(&secret) {
        Some((caller, ticket)) => {
            request.extensions_mut().insert(caller);
            request.extensions_mut().insert(ticket);
        }
        None => return Err(shared.wrong.refuse(ends.peer.ip())),
    }
    Ok(())
}

/// Whether what is sent to this path is dropped, so that it may be anything.
fn is_dropped(path: &str) -> bool {
    path.starts_with("/sdk/otel/")
}

/// The key that W&B's client sends in `Authorization: Basic base64("api:KEY")`.
fn api_key(text: &str) -> Option<String> {
    let pair = String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?;
    Some(pair.strip_prefix("api:")?.to_owned())
}

/// The token of a request, if it has one: `Bearer TOKEN`, or as W&B's client sends it, `Basic` with the user `api`.
pub(crate) fn secret(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(header) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let named = header.to_str().ok().and_then(|text| text.split_once(' '));
    let secret = named.and_then(|(scheme, secret)| match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(secret.trim().to_owned()),
        "basic" => api_key(secret),
        _ => None,
    });
    match secret {
        Some(secret) => Ok(Some(secret)),
        None => Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "wrong_token",
            "the header Authorization must be 'Bearer TOKEN'",
        )),
    }
}
