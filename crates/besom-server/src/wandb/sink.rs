//! Where what a client says of one run goes: the store of a server, or the metrics file of a run on this machine.

use serde_json::{Map, Value};

/// One run as W&B's client sees it. Calls come one at a time; each may be repeated after a lost answer.
pub(crate) trait RunSink {
    /// Who the run is, and what is known of it.
    fn known(&mut self) -> Result<KnownRun, SinkError>;

    /// Merges facts (RFC 7386): `name`, `tags`, `notes`, `group`, `job_type`, `host`, `program`, `commit`, `config` (what the program
    /// added), `summary`, `alerts`. A sign of life, also without any.
    fn describe(&mut self, facts: &Map<String, Value>) -> Result<(), SinkError>;

    /// Rows of the history from number `first` on, counted from 0. Those that are stored are skipped; those that are missing before
    /// become empty ones, because the client cannot be asked for them.
    fn rows(&mut self, first: u64, rows: Vec<Map<String, Value>>) -> Result<(), SinkError>;

    /// Lines of output from number `first` on, counted from 0; each ends in a newline.
    fn print(&mut self, first: u64, lines: &[String]) -> Result<(), SinkError>;

    /// The program is about to be preempted.
    fn preempting(&mut self) -> Result<(), SinkError>;

    /// The program has ended with this exit code.
    fn finish(&mut self, exit_code: i32) -> Result<(), SinkError>;

    /// Whether it is to end: a stop is requested, or what it logs is wanted no more. A sign of life.
    fn stop_asked(&mut self) -> Result<bool, SinkError>;
}

/// What is known of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct KnownRun {
    /// The entity and project that it belongs to for the client.
    pub(crate) entity: String,
    /// See `entity`.
    pub(crate) project: String,
    /// Its name for the client, which is its id in URLs.
    pub(crate) name: String,
    /// The sweep that the client finds it in.
    pub(crate) sweep: Option<String>,
    /// The parameters of its point.
    pub(crate) params: Map<String, Value>,
    /// What was [described](RunSink::describe).
    pub(crate) facts: Map<String, Value>,
    /// How many rows there are of the present attempt.
    pub(crate) lines: u64,
    /// The last row that counts, also one of an earlier attempt.
    pub(crate) tail: Option<Map<String, Value>>,
}

/// Why something was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SinkError {
    /// The attempt has ended otherwise: the client is asked to stop.
    Lost,
    /// It may be taken when it is sent again.
    Failed(String),
}
