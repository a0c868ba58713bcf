//! A request and its answer over HTTP.

use std::fs;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use besom_store::StoreError;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serializer as _;
use serde::de::DeserializeOwned;
use serde::ser::SerializeMap as _;
use ureq::http::{HeaderValue, Uri};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use super::MOMENT;
use super::url::is_loopback;
use crate::{HttpOptions, PROTOCOL, PROTOCOL_HEADER, RemoteError, STORE_PATH, fault};

/// How long a connection may take to come about, and how long its host may be looked for.
const CONNECTING: Duration = Duration::from_secs(10);

/// How long a connection is kept without a request: less than servers do, so that they rarely close one that is used again.
const IDLE: Duration = Duration::from_secs(8);

/// Messages of at least this many bytes are compressed: less fits into a few packets anyway.
const LARGE: usize = 16 * 1024;

/// What is not sent again when a connection breaks: if it was done the first time, the second would be refused.
const ONCE: [&str; 2] = ["create_with", "remove_sweep"];

/// The greatest answer that is read: more than the rows of the longest runs, and an end to what a broken server may send.
const GREATEST: u64 = 4 << 30;

/// The arguments of an operation, as they are written.
pub(super) type Message<'a> =
    <&'a mut serde_json::Serializer<&'a mut Vec<u8>> as serde::Serializer>::SerializeMap;

/// Whether a call that has waited for so long is to be given up.
pub(super) type GiveUp = Arc<dyn Fn(Duration) -> bool + Send + Sync>;

/// What carries requests to a server.
pub(super) struct Exchange {
    pub(super) url: String,
    wire: Wire,
    pub(super) give_up: Option<GiveUp>,
}

/// The connections to a server. A clone is the same ones.
#[derive(Clone)]
struct Wire {
    /// Before the name of an operation.
    base: String,
    agent: ureq::Agent,
    token: Option<HeaderValue>,
    timeout: Duration,
}

/// With connections of its own, so that threads don't wait for each other.
impl Clone for Exchange {
    fn clone(&self) -> Self {
        let agent = ureq::Agent::new_with_config(self.wire.agent.config().clone());
        let wire = Wire { agent, ..self.wire.clone() };
        Self { url: self.url.clone(), wire, give_up: self.give_up.clone() }
    }
}

impl Exchange {
    pub(super) fn new(url: &str, options: &HttpOptions) -> Result<Self, RemoteError> {
        let token = options.token.as_deref().map(bearer).transpose()?;
        let mut config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // A redirection would take the token to another place.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_resolve(Some(CONNECTING))
            .timeout_connect(Some(CONNECTING))
            .max_idle_age(IDLE)
            .timeout_send_body(Some(options.timeout))
            .user_agent(concat!("besom/", env!("CARGO_PKG_VERSION")));
        let host = url.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
        if host.is_some_and(|host| is_loopback(&host)) {
            config = config.proxy(None);
        }
        if let Some(path) = &options.ca_file {
            let roots =
                certificates(path).map_err(|source| RemoteError::CaFile { path: path.clone(), source })?;
            config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
        }
        let agent = ureq::Agent::new_with_config(config.build());
        let wire = Wire { base: format!("{url}{STORE_PATH}"), agent, token, timeout: options.timeout };
        Ok(Self { url: url.to_owned(), wire, give_up: None })
    }

    /// Makes a call.
    pub(super) fn call<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        arguments: impl FnOnce(&mut Message<'_>) -> serde_json::Result<()>,
    ) -> Result<T, StoreError> {
        self.call_for(operation, Duration::ZERO, arguments)
    }

    /// Makes a call for whose answer the server may wait.
    pub(super) fn call_for<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        wait: Duration,
        arguments: impl FnOnce(&mut Message<'_>) -> serde_json::Result<()>,
    ) -> Result<T, StoreError> {
        let message = message(arguments).map_err(StoreError::permanent)?;
        let (status, answer) = self.post(operation, message, wait).map_err(|error| at(&self.url, error))?;
        if status == 200 {
            let unreadable = |source| at(&self.url, RemoteError::Answer { operation, source });
            return serde_json::from_slice(&answer).map_err(unreadable);
        }
        Err(fault::error(&answer, &self.url)
            .unwrap_or_else(|| at(&self.url, refused(status, &answer, self.wire.token.is_some()))))
    }

    /// Sends a message; returns status and answer. Where calls may be given up, a thread does it, which is left to itself then.
    fn post(&self, operation: &'static str, message: Vec<u8>, wait: Duration) -> Posted {
        let Some(give_up) = &self.give_up else { return self.wire.post(operation, &message, wait) };
        let wire = self.wire.clone();
        attend(move || wire.post(operation, &message, wait), |waited| give_up(waited))
            .map_err(RemoteError::Broken)?
            .unwrap_or_else(|waited| Err(RemoteError::GivenUp { waited }))
    }
}

/// What a thread answers; or how long it was waited for until it was enough, which is asked every [`MOMENT`]. The thread is left to
/// itself then.
pub(super) fn attend<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
    is_enough: impl Fn(Duration) -> bool,
) -> io::Result<Result<T, Duration>> {
    let (sender, answer) = mpsc::channel();
    // Nobody listens any more if it was enough.
    thread::Builder::new().spawn(move || drop(sender.send(work())))?;
    let mut waited = Duration::ZERO;
    loop {
        match answer.recv_timeout(MOMENT) {
            Ok(found) => return Ok(Ok(found)),
            Err(RecvTimeoutError::Timeout) => {
                waited += MOMENT;
                if is_enough(waited) {
                    return Ok(Err(waited));
                }
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(io::Error::other("the thread of a request has ended"));
            }
        }
    }
}

/// Status and body of an answer.
type Posted = Result<(u16, Vec<u8>), RemoteError>;

impl Wire {
    /// Sends a message, once more if the connection turns out to have been closed.
    fn post(&self, operation: &str, message: &[u8], wait: Duration) -> Posted {
        let packed = if message.len() < LARGE { None } else { gzip(message).ok() };
        let send = || self.send(operation, packed.as_deref().ok_or(message), wait);
        match send() {
            Err(error) if error.is_broken() && !ONCE.contains(&operation) => send(),
            sent => sent,
        }
    }

    /// Sends a message, compressed or plain.
    fn send(&self, operation: &str, body: Result<&[u8], &[u8]>, wait: Duration) -> Posted {
        let mut request = self
            .agent
            .post(format!("{}{operation}", self.base))
            .header("Content-Type", "application/json")
            .header(PROTOCOL_HEADER, PROTOCOL);
        if let Some(token) = &self.token {
            request = request.header("Authorization", token);
        }
        if body.is_ok() {
            request = request.header("Content-Encoding", "gzip");
        }
        let timeout = Some(self.timeout.saturating_add(wait));
        let request = request.config().timeout_recv_response(timeout).timeout_recv_body(timeout).build();
        let mut response = request.send(body.unwrap_or_else(|plain| plain)).map_err(broken)?;
        let answer = response.body_mut().with_config().limit(GREATEST).read_to_vec().map_err(broken)?;
        Ok((response.status().as_u16(), answer))
    }
}

fn message(
    arguments: impl FnOnce(&mut Message<'_>) -> serde_json::Result<()>,
) -> serde_json::Result<Vec<u8>> {
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut text);
    let mut map = serializer.serialize_map(None)?;
    arguments(&mut map)?;
    map.end()?;
    Ok(text)
}

fn gzip(message: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(message)?;
    encoder.finish()
}

fn bearer(token: &str) -> Result<HeaderValue, RemoteError> {
    let is_one = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    let header = is_one.then(|| HeaderValue::try_from(format!("Bearer {token}")));
    let mut header = header.and_then(Result::ok).ok_or(RemoteError::Token)?;
    header.set_sensitive(true);
    Ok(header)
}

fn certificates(path: &std::path::Path) -> io::Result<RootCerts> {
    let pem = fs::read(path)?;
    let items: Result<Vec<_>, _> = parse_pem(&pem).collect();
    let items = items.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let certificate = |item| match item {
        PemItem::Certificate(certificate) => Some(certificate),
        _ => None,
    };
    let found: Vec<_> = items.into_iter().filter_map(certificate).collect();
    match found.is_empty() {
        true => Err(io::Error::new(io::ErrorKind::InvalidData, "it has no certificate in PEM form")),
        false => Ok(RootCerts::from(found)),
    }
}

/// The error of a server at this URL.
pub(super) fn at(url: &str, error: RemoteError) -> StoreError {
    let is_transient = error.is_transient();
    StoreError::Server { url: url.to_owned(), source: error.into(), is_transient }
}

/// Whether the server took a message for too large, which may be sent in parts.
pub(super) fn is_too_large(error: &StoreError) -> bool {
    let StoreError::Server { source, .. } = error else { return false };
    matches!(source.downcast_ref(), Some(RemoteError::Refused { status: 413, .. }))
}

/// What an answer says that is neither an answer of the store nor an error of it.
fn refused(status: u16, answer: &[u8], has_token: bool) -> RemoteError {
    let Some(refusal) = fault::refusal(answer) else {
        return match status {
            401 | 403 | 413 | 429 | 502..=504 => {
                RemoteError::Refused { status, message: from_between(status) }
            }
            300..=399 => not_besom("it redirects: give the URL to which it leads"),
            _ => not_besom("check host, port and path"),
        };
    };
    match (status, refusal.code.as_str()) {
        (401, _) => RemoteError::Unauthorized { given: has_token },
        (426, _) => RemoteError::Protocol { message: refusal.message },
        (404 | 405, _) => {
            let message =
                format!("{}: check the path of the URL, and the version of the server", refusal.message);
            RemoteError::Refused { status, message }
        }
        _ => RemoteError::Refused { status, message: refusal.message },
    }
}

/// What a proxy says that has no answer of a server.
fn from_between(status: u16) -> String {
    match status {
        401 | 403 => format!("a proxy before the server refuses the request (status {status})"),
        413 => "a proxy before the server takes no message that is so large".to_owned(),
        429 => "a proxy before the server asks for fewer requests".to_owned(),
        _ => format!("a proxy before the server cannot reach it (status {status})"),
    }
}

fn not_besom(hint: &'static str) -> RemoteError {
    RemoteError::NotBesom { hint }
}

/// Why there is no answer.
fn broken(error: ureq::Error) -> RemoteError {
    use ureq::Error as E;
    match error {
        E::Io(error) => broken_io(error),
        E::Timeout(_) => RemoteError::TimedOut,
        E::HostNotFound => RemoteError::NoHost,
        E::ConnectionFailed => RemoteError::NoServer,
        E::Rustls(error) => tls(&error.to_string()),
        E::Protocol(_) | E::LargeResponseHeader(..) | E::Http(_) => {
            not_besom("it does not speak HTTP; should the URL begin with https://?")
        }
        other => RemoteError::Broken(io::Error::other(other)),
    }
}

fn broken_io(error: io::Error) -> RemoteError {
    use io::ErrorKind as K;
    match error.kind() {
        K::ConnectionRefused | K::HostUnreachable | K::NetworkUnreachable | K::AddrNotAvailable => {
            RemoteError::NoServer
        }
        K::TimedOut | K::WouldBlock => RemoteError::TimedOut,
        // This is how the TLS library says what it did not like.
        K::InvalidData => tls(&error.to_string()),
        _ => RemoteError::Broken(error),
    }
}

fn tls(reason: &str) -> RemoteError {
    match reason.split_once("certificate: ") {
        Some((_, reason)) => RemoteError::Certificate { reason: reason.to_owned() },
        None => not_besom("it does not speak TLS; should the URL begin with http://?"),
    }
}
