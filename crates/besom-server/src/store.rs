//! The store's operations over HTTP, one to one: what agents, commands and the Python package on other machines call.

mod waits;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use besom_remote::{Answer, Call, PROTOCOL_HEADER, check_protocol};
use besom_store::{AgentId, Store};

use crate::guard::{self, Caller};
use crate::path::Path;
use crate::pool::Urgency;
use crate::refusal::Refusal;
use crate::shared::{Shared, asked_by};
use crate::tokens::Scope;

/// A message of more bytes carries rows or output, which let others go first.
const LARGE: usize = 1 << 10;

/// The routes of the store's operations.
pub(crate) fn routes() -> Router<Shared> {
    Router::new().route("/v1/store/{operation}", guard::agent(post(operate)))
}

async fn operate(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(operation): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let version = headers.get(PROTOCOL_HEADER).map(|version| version.to_str().unwrap_or("none"));
    let called = check_protocol(version).and_then(|()| Call::parse(&operation, &body));
    let answer = match called {
        Ok(call) => answer(&shared, &caller, &operation, (call, body.len())).await,
        Err(answer) => Ok(answer),
    };
    match answer {
        Ok(answer) => response(answer),
        Err(refusal) => refusal.into_response(),
    }
}

fn response(answer: Answer) -> Response {
    if answer.status != 200 {
        return Refusal::from(answer).into_response();
    }
    let kind = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (StatusCode::OK, kind, answer.body).into_response()
}

/// Answers a call of `size` bytes.
async fn answer(
    shared: &Shared,
    caller: &Caller,
    operation: &str,
    (call, size): (Call, usize),
) -> Result<Answer, Refusal> {
    allow(shared, caller, &call).await?;
    let call = Arc::new(call);
    let urgency = if operation == "print" || size > LARGE { Urgency::Later } else { Urgency::First };
    let answer = match operation {
        "claim" => waits::claim(shared, &call).await?,
        "wait" => waits::change(shared, &call).await?,
        _ if call.is_request() => {
            let answer = request(shared, caller, &call, urgency).await?;
            if let (200, "drain", Some(sweep)) = (answer.status, operation, call.sweep()) {
                shared.agents.recall(sweep);
            }
            answer
        }
        _ => make(shared, &call, urgency).await?,
    };
    if answer.status == 200 && call.scope() == besom_remote::Scope::Agent {
        note(shared, operation, &call, &answer);
    }
    Ok(answer)
}

/// Makes a call on the connection that it needs.
async fn make(shared: &Shared, call: &Arc<Call>, urgency: Urgency) -> Result<Answer, Refusal> {
    let call = Arc::clone(call);
    if call.writes() {
        return shared.write_as(urgency, move |store| Ok::<_, Refusal>(call.run(store))).await;
    }
    let read = shared.read(move |store| match call.run(store) {
        // Its connection is not used again if the store has failed.
        failed if failed.status >= 400 => Err(Refusal::from(failed)),
        answer => Ok(answer),
    });
    read.await
}

/// Makes a call in the name of who asks for it.
async fn request(
    shared: &Shared,
    caller: &Caller,
    call: &Arc<Call>,
    urgency: Urgency,
) -> Result<Answer, Refusal> {
    let (call, who) = (Arc::clone(call), caller.signature());
    let work = move |store: &mut dyn Store| asked_by(&who, store, |store| Ok::<_, Refusal>(call.run(store)));
    shared.write_as(urgency, work).await
}

/// Refuses a call that a token does not allow.
async fn allow(shared: &Shared, caller: &Caller, call: &Call) -> Result<(), Refusal> {
    use besom_remote::Scope as Level;
    let granted = match &caller.scope {
        Scope::Owner => Level::Owner,
        Scope::Agent(_) => Level::Agent,
        Scope::Read => Level::Read,
        Scope::Wandb => {
            let message = "this token is for W&B's client and does not allow this request";
            return Err(Refusal::new(StatusCode::FORBIDDEN, "scope", message));
        }
    };
    if call.scope() > granted {
        let message = format!(
            "this token is for '{}', and this operation needs one for '{}'",
            granted.as_str(),
            call.scope().as_str()
        );
        return Err(Refusal::new(StatusCode::FORBIDDEN, "scope", message));
    }
    let Scope::Agent(Some(only)) = &caller.scope else { return Ok(()) };
    let about = match (call.sweep(), call.agent()) {
        (Some(sweep), _) => Some(sweep.clone()),
        (None, Some(agent)) => Some(shared.agents.sweep(shared, agent).await?),
        (None, None) => None,
    };
    if about.as_ref() == Some(only) {
        return Ok(());
    }
    let message = format!("this token is for agents of sweep {only} alone");
    Err(Refusal::new(StatusCode::FORBIDDEN, "scope", message))
}

/// Takes note of what an agent has done: whoever works on a sweep has it stepped.
fn note(shared: &Shared, operation: &str, call: &Call, answer: &Answer) {
    if operation == "leave"
        && let Some(agent) = call.agent()
    {
        shared.agents.left(agent);
        if let Some(sweep) = shared.agents.known(agent) {
            shared.steps.leave(shared, &sweep);
        }
    }
    let Some(sweep) = call.sweep() else { return };
    if operation == "join"
        && let Ok(agent) = serde_json::from_slice(&answer.body)
    {
        shared.agents.joined(AgentId(agent), sweep.clone());
    }
    shared.steps.touch(shared, sweep);
}
