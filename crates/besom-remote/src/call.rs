//! The server's side: a message becomes a call of a store, and what the call returns an answer.

use std::any::Any;
use std::fmt;
use std::time::Duration;

use besom_core::{LoggedKeys, RunNumber, RunState};
use besom_store::{
    Added, AgentId, AgentRow, Attempt, Bucket, Changes, Claim, End, Event, HeldRun, Lease, NewAgent, NewRun,
    NewSweep, Outlines, Output, PastRun, PausedBy, Reply, Row, RunQuery, RunRow, Seen, Status, StopKind,
    Store, StoreError, SweepId, SweepRow, SweepState,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::lend::{Lend, Wide};
use crate::operations::{Scope, Subject, queue_operations, store_operations};
use crate::{PROTOCOL, fault};

/// What a call answers when it has been made.
type Made = Result<Vec<u8>, StoreError>;
type Make = dyn Fn(&mut dyn Store) -> Made + Send + Sync;

/// An answer to a request: a status and a JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, which is `application/json`.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether this answers a claim for which there was no run.
    pub fn is_nothing(&self) -> bool {
        self.status == 200 && self.body.starts_with(b"{\"nothing\":")
    }
}

/// A message that was understood, and has not been done yet.
pub struct Call {
    scope: Scope,
    writes: bool,
    subject: Subject,
    make: Box<Make>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scope, writes, subject, .. } = self;
        f.debug_struct("Call")
            .field("scope", scope)
            .field("writes", writes)
            .field("subject", subject)
            .finish_non_exhaustive()
    }
}

impl Call {
    /// Reads a message: the name of an operation, and the JSON object of its arguments (nothing at all is an empty one).
    ///
    /// # Errors
    /// The answer to send if there is no such operation (404), or the arguments are not what it takes (400).
    pub fn parse(operation: &str, body: &[u8]) -> Result<Self, Answer> {
        let body = if body.is_empty() { b"{}" } else { body };
        parse_wait(operation, body)
            .or_else(|| parse_queue(operation, body))
            .or_else(|| parse_store(operation, body))
            .ok_or_else(|| {
                refuse(
                    404,
                    "no_operation",
                    &format!("this server knows no operation '{operation}' of a store"),
                )
            })?
            .map_err(|error| {
                refuse(400, "bad_message", &format!("the arguments of '{operation}' are invalid: {error}"))
            })
    }

    /// What a token must allow.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Whether something is written, so that the call belongs to the writer's connection.
    pub fn writes(&self) -> bool {
        self.writes
    }

    /// Whether somebody asks for something that is to be done, rather than a controller or an agent for what it always does. Whoever
    /// serves a store says under whose name, by [`Store::asked_by`].
    pub fn is_request(&self) -> bool {
        self.writes && self.scope == Scope::Owner && !self.subject.is_automatic
    }

    /// The sweep that it is about, if it names one.
    pub fn sweep(&self) -> Option<&SweepId> {
        self.subject.sweep.as_ref()
    }

    /// The agent that makes it, if it names one and no sweep.
    pub fn agent(&self) -> Option<AgentId> {
        self.subject.agent
    }

    /// How long the server may wait until there is something to answer: a run for a claim, a change after
    /// [`since`](Self::since) for a wait. [`run`](Self::run) itself never waits.
    pub fn patience(&self) -> Duration {
        self.subject.patience
    }

    /// The cursor after which a wait looks for a change.
    pub fn since(&self) -> Option<u64> {
        self.subject.since
    }

    /// Makes the call. Each operation may be repeated, so a call may be made again.
    pub fn run(&self, store: &mut dyn Store) -> Answer {
        match (self.make)(store) {
            Ok(body) => Answer { status: 200, body },
            Err(error) => (&error).into(),
        }
    }
}

/// The answer that says what went wrong with a store.
impl From<&StoreError> for Answer {
    fn from(error: &StoreError) -> Self {
        fault::answer(error)
    }
}

/// Reads a message, makes the call, and returns the answer: the whole protocol but for its transport.
///
/// ```
/// use besom_store::MemoryStore;
///
/// let mut store = MemoryStore::default();
/// let answer = besom_remote::dispatch("sweeps", b"{}", &mut store);
/// assert_eq!((answer.status, answer.body.as_slice()), (200, &b"[]"[..]));
/// let answer = besom_remote::dispatch("sweep", br#"{"id": "nowhere"}"#, &mut store);
/// assert_eq!(answer.status, 404);
/// ```
pub fn dispatch(operation: &str, body: &[u8], store: &mut dyn Store) -> Answer {
    match Call::parse(operation, body) {
        Ok(call) => call.run(store),
        Err(refusal) => refusal,
    }
}

/// An answer that refuses a request, for this reason: a code for programs, a sentence for people.
pub fn refuse(status: u16, code: &str, message: &str) -> Answer {
    let body = serde_json::json!({"error": {"code": code, "message": message}});
    Answer { status, body: body.to_string().into_bytes() }
}

/// Checks the version of the protocol that a request says it speaks; one that says nothing speaks the present one.
///
/// # Errors
/// The answer to send if it is another one.
pub fn check_protocol(header: Option<&str>) -> Result<(), Answer> {
    match header.map(|text| text.trim().parse::<u32>()) {
        None | Some(Ok(PROTOCOL)) => Ok(()),
        Some(Ok(newer)) if newer > PROTOCOL => Err(refuse(
            426,
            "protocol",
            &format!("this server speaks the protocol {PROTOCOL} and not {newer}: upgrade the server"),
        )),
        Some(_) => Err(refuse(
            426,
            "protocol",
            &format!("this server speaks the protocol {PROTOCOL}: upgrade the agent"),
        )),
    }
}

fn write(answer: &impl serde::Serialize) -> Made {
    serde_json::to_vec(answer).map_err(StoreError::permanent)
}

/// Writes an answer, with the numbers that may exceed 2⁵³ as texts.
fn write_of(operation: &str, answer: &impl serde::Serialize) -> Made {
    let wide = match operation {
        "sweep" | "sweeps" => "seed",
        "events" => "seq",
        "seen" => "upto",
        _ => return write(answer),
    };
    let mut value = serde_json::to_value(answer).map_err(StoreError::permanent)?;
    match &mut value {
        Value::Array(items) => items.iter_mut().for_each(|item| make_text(item, wide)),
        item => make_text(item, wide),
    }
    write(&value)
}

fn make_text(item: &mut Value, key: &str) {
    if let Some(number) = item.get_mut(key).filter(|value| value.is_number()) {
        *number = Value::String(number.to_string());
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(body)
}

impl Subject {
    /// Takes note of an argument that says what the message is about.
    fn note(&mut self, argument: &dyn Any) {
        if let Some(sweep) = argument.downcast_ref::<SweepId>() {
            self.sweep = Some(sweep.clone());
        } else if let Some(lease) = argument.downcast_ref::<Lease>() {
            self.sweep = Some(lease.sweep.clone());
        } else if let Some(agent) = argument.downcast_ref::<AgentId>() {
            self.agent = Some(*agent);
        } else if let Some(seen) = argument.downcast_ref::<Option<Seen>>() {
            self.is_automatic = seen.is_some();
        } else if let Some(kind) = argument.downcast_ref::<StopKind>() {
            self.is_automatic = *kind == StopKind::Early;
        }
    }
}

/// The arguments of a wait.
#[derive(Deserialize)]
struct Wait {
    sweep: SweepId,
    since: Wide,
    #[serde(default)]
    at_most_ms: u64,
}

/// The greatest number that a store must take: nobody has printed, claimed or waited so much.
const GREATEST: u64 = 1 << 53;

/// What the table of operations does not say of the arguments of some.
#[derive(Deserialize)]
struct Numbers {
    #[serde(default)]
    wait_ms: u64,
    #[serde(default)]
    request: u64,
    #[serde(default)]
    from: u64,
    agent: Option<Value>,
}

/// Checks and reads what the table of operations does not say.
fn complete(operation: &str, body: &[u8], call: &mut Call) -> serde_json::Result<()> {
    if !["join", "claim", "print"].contains(&operation) {
        return Ok(());
    }
    let Numbers { wait_ms, request, from, agent } = read(body)?;
    let timeout =
        agent.as_ref().and_then(|agent| agent.get("heartbeat_timeout_ms")?.as_u64()).unwrap_or_default();
    for (name, number) in [("request", request), ("from", from), ("heartbeat_timeout_ms", timeout)] {
        if number > GREATEST {
            return Err(serde::de::Error::custom(format!(
                "{name} is {number}; at most {GREATEST} is allowed"
            )));
        }
    }
    call.subject.patience = Duration::from_millis(wait_ms);
    Ok(())
}

fn parse_wait(operation: &str, body: &[u8]) -> Option<serde_json::Result<Call>> {
    let call = |Wait { sweep, since: Wide(since), at_most_ms }: Wait| Call {
        scope: Scope::Read,
        writes: false,
        subject: Subject {
            sweep: Some(sweep.clone()),
            patience: Duration::from_millis(at_most_ms),
            since: Some(since),
            ..Subject::default()
        },
        make: Box::new(move |store| write(&store.wait(&sweep, since, Duration::ZERO)?.to_string())),
    };
    (operation == "wait").then(|| read(body).map(call))
}

macro_rules! kind {
    (reads) => {
        false
    };
    (writes) => {
        true
    };
}

/// The call of an operation by its name.
macro_rules! parse {
    ($operation:ident, $body:ident, $($scope:ident $kind:ident $name:ident($($arg:ident: $owned:ty),*) -> $out:ty $(= $sent:ty)?;)*) => {
        match $operation {
            $(stringify!($name) => {
                #[derive(Deserialize)]
                struct Message {
                    $($arg: $owned,)*
                }
                let call = |Message { $($arg),* }: Message| {
                    #[allow(unused_mut, reason = "not every message names what it is about")]
                    let mut subject = Subject::default();
                    $(subject.note(&$arg);)*
                    let make = move |store: &mut dyn Store| {
                        let answer: $out = store.$name($($arg.lend()),*)?;
                        write_of(stringify!($name), &answer)
                    };
                    Call { scope: Scope::$scope, writes: kind!($kind), subject, make: Box::new(make) }
                };
                Some(read($body).map(call))
            })*
            _ => None,
        }
    };
}

macro_rules! parse_queue {
    ($($scope:ident $kind:ident $name:ident($($arg:ident: $type:ty = $owned:ty),*) -> $out:ty $(= $sent:ty)?;)*) => {
        fn parse_queue(operation: &str, body: &[u8]) -> Option<serde_json::Result<Call>> {
            let mut parsed = parse! { operation, body, $($scope $kind $name($($arg: $owned),*) -> $out;)* };
            if let Some(Ok(call)) = &mut parsed
                && let Err(error) = complete(operation, body, call)
            {
                return Some(Err(error));
            }
            parsed
        }
    };
}

macro_rules! parse_store {
    ($($scope:ident $kind:ident $name:ident($($arg:ident: $type:ty = $owned:ty),*) -> $out:ty $(= $sent:ty)?;)*) => {
        fn parse_store(operation: &str, body: &[u8]) -> Option<serde_json::Result<Call>> {
            parse! { operation, body, $($scope $kind $name($($arg: $owned),*) -> $out;)* }
        }
    };
}

queue_operations!(parse_queue);
store_operations!(parse_store);
