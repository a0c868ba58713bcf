//! The client: a store whose every operation is a request.

mod exchange;
mod url;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use besom_core::{LoggedKeys, RunNumber, RunState};
use besom_store::forward_queue;
use besom_store::{
    Added, AgentId, AgentRow, Attempt, Bucket, Changes, Claim, End, Event, HeldRun, Lease, NewAgent, NewRun,
    NewSweep, Outlines, Output, PastRun, PausedBy, Queue, Reply, Row, RunQuery, RunRow, Seen, Status,
    StopKind, Store, StoreError, SweepId, SweepRow, SweepState,
};
use serde::ser::SerializeMap;
use serde_json::{Map, Value};

use self::exchange::{Exchange, attend};
use crate::HttpOptions;
use crate::lend::{Numbers, Wide};
use crate::operations::{queue_operations, store_operations};

/// The longest that one request asks a server to wait: proxies end connections on which nothing happens for a minute.
const LONGEST_WAIT: Duration = Duration::from_secs(25);

/// How often whoever waits is asked whether it is enough: a person who presses Ctrl-C notices no delay.
const MOMENT: Duration = Duration::from_millis(50);

/// A store behind a server, `besom serve`, or your own that uses [`Call`](crate::Call).
///
/// It keeps a connection open between calls. A clone has connections of its own, for another thread. No request is made until the
/// first call. A request that finds its connection closed is made once more on a new one, since every call may be repeated.
///
/// ```no_run
/// use besom_remote::{HttpOptions, HttpStore};
/// use besom_store::Store;
///
/// let options = HttpOptions::default().token("mF3...");
/// let mut store = HttpStore::connect("http://127.0.0.1:7070", &options)?;
/// for sweep in store.sweeps()? {
///     println!("{} is {}", sweep.id(), sweep.state);
/// }
/// # Ok::<(), besom_store::StoreError>(())
/// ```
pub struct HttpStore {
    exchange: Exchange,
    /// The connection on which claims wait.
    waiting: Option<Box<Exchange>>,
}

impl Clone for HttpStore {
    fn clone(&self) -> Self {
        Self { exchange: self.exchange.clone(), waiting: None }
    }
}

impl fmt::Debug for HttpStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpStore").field("url", &self.exchange.url).finish_non_exhaustive()
    }
}

impl HttpStore {
    /// The store behind the server at this URL, which may have a path (behind a proxy).
    ///
    /// # Errors
    /// [`StoreError::Server`] for a URL, token or file of certificates that cannot be used, and for http without TLS to another
    /// machine that is not [allowed](HttpOptions::insecure_http). Whether the server is there shows at the first call.
    pub fn connect(url: &str, options: &HttpOptions) -> Result<Self, StoreError> {
        let url = url.trim_end_matches('/');
        let exchange = url::check(url, options).and_then(|()| Exchange::new(url, options));
        let exchange = exchange.map_err(|error| exchange::at(&url::shown(url), error))?;
        Ok(Self { exchange, waiting: None })
    }

    /// Has calls given up that `give_up` wants to end, which is asked every 50 ms how long one has waited: by then, a process may have been told to
    /// end. The error is transient, and the server may have done what was asked of it, or may do it later, as when a connection breaks.
    /// Holds for clones, too.
    pub fn give_up_when(&mut self, give_up: impl Fn(Duration) -> bool + Send + Sync + 'static) {
        self.exchange.give_up = Some(Arc::new(give_up));
        self.waiting = None;
    }

    /// The URL of the server.
    pub fn url(&self) -> &str {
        &self.exchange.url
    }

    /// Sends what was too large for one request as two, the second if the first was stored.
    fn in_two(
        &mut self,
        error: StoreError,
        first: impl FnOnce(&mut Self) -> Result<Reply, StoreError>,
        second: impl FnOnce(&mut Self) -> Result<Reply, StoreError>,
    ) -> Result<Reply, StoreError> {
        if !exchange::is_too_large(&error) {
            return Err(error);
        }
        match first(self)? {
            reply @ (Reply::Gap { .. } | Reply::Lost) => Ok(reply),
            _ => second(self),
        }
    }
}

macro_rules! queue {
    ($($scope:ident $kind:ident $name:ident($($arg:ident: $type:ty = $owned:ty),*) -> $out:ty $(= $sent:ty)?;)*) => {
        /// Each operation is one request.
        impl Queue for Exchange {
            $(fn $name(&mut self, $($arg: $type),*) -> Result<$out, StoreError> {
                self.call(stringify!($name), |message| {
                    $(message.serialize_entry(stringify!($arg), &$arg)?;)*
                    Ok(())
                })
            })*

            fn wait(&mut self, sweep: &SweepId, since: u64, at_most: Duration) -> Result<u64, StoreError> {
                let at_most = at_most.min(LONGEST_WAIT);
                let Wide(cursor) = self.call_for("wait", at_most, |message| {
                    message.serialize_entry("sweep", sweep)?;
                    message.serialize_entry("since", &since)?;
                    message.serialize_entry("at_most_ms", &at_most.as_millis())
                })?;
                Ok(cursor)
            }
        }
    };
}
queue_operations!(queue);

impl Exchange {
    /// A claim for which the server waits.
    fn claim_for(&self, agent: AgentId, request: u64, at_most: Duration) -> Result<Claim, StoreError> {
        self.call_for("claim", at_most, |message| {
            message.serialize_entry("agent", &agent)?;
            message.serialize_entry("request", &request)?;
            message.serialize_entry("wait_ms", &at_most.as_millis())
        })
    }
}

/// One request an operation; rows and output that are too much for one are sent in several.
impl Queue for HttpStore {
    forward_queue!(
        [
            join, claim, describe, resume, finish, idle, leave, held, running, give_up, give_back,
            quarantine, wait
        ] | self,
        call | call(&mut self.exchange)
    );

    /// The request is made by a thread, which is left to itself when it is enough. What the server answers it then is for the next
    /// claim, which has the same number.
    fn claim_within(
        &mut self,
        agent: AgentId,
        request: u64,
        at_most: Duration,
        enough: &dyn Fn() -> bool,
    ) -> Result<Claim, StoreError> {
        let at_most = at_most.min(LONGEST_WAIT);
        if at_most.is_zero() {
            return self.claim(agent, request);
        }
        let exchange = self.waiting.take().unwrap_or_else(|| Box::new(self.exchange.clone()));
        let work = move || {
            let claim = exchange.claim_for(agent, request, at_most);
            (exchange, claim)
        };
        match attend(work, |_| enough()).map_err(StoreError::transient)? {
            Ok((exchange, claim)) => {
                self.waiting = Some(exchange);
                claim
            }
            Err(_) => Ok(Claim::Nothing(SweepState::Running)),
        }
    }

    fn report(&mut self, lease: &Lease, rows: &[Row]) -> Result<Reply, StoreError> {
        self.exchange.report(lease, rows).or_else(|error| {
            if rows.len() < 2 {
                return Err(error);
            }
            let (first, second) = rows.split_at(rows.len() / 2);
            self.in_two(error, |store| store.report(lease, first), |store| store.report(lease, second))
        })
    }

    fn print(&mut self, lease: &Lease, from: u64, text: &str) -> Result<Reply, StoreError> {
        self.exchange.print(lease, from, text).or_else(|error| {
            let (first, second) = text.split_at(text.floor_char_boundary(text.len() / 2));
            if first.is_empty() {
                return Err(error);
            }
            let middle = from + first.len() as u64;
            self.in_two(
                error,
                |store| store.print(lease, from, first),
                |store| store.print(lease, middle, second),
            )
        })
    }
}

/// What is read as an answer.
macro_rules! sent {
    ($out:ty) => {
        $out
    };
    ($out:ty, $sent:ty) => {
        $sent
    };
}

macro_rules! store {
    ($($scope:ident $kind:ident $name:ident($($arg:ident: $type:ty = $owned:ty),*) -> $out:ty $(= $sent:ty)?;)*) => {
        impl Store for HttpStore {
            $(fn $name(&mut self, $($arg: $type),*) -> Result<$out, StoreError> {
                let answer: sent!($out $(, $sent)?) = self.exchange.call(stringify!($name), |_message| {
                    $(_message.serialize_entry(stringify!($arg), &$arg)?;)*
                    Ok(())
                })?;
                Ok(answer.into())
            })*
        }
    };
}
store_operations!(store);
