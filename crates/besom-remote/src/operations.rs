//! The operations of a store by their names, what each may be used for, and the names of its arguments: one table, from which client
//! and server are written.

use std::time::Duration;

use besom_store::{AgentId, SweepId};

/// What a token must allow. A higher scope includes the lower ones.
///
/// ```
/// use besom_remote::Scope;
///
/// assert!(Scope::Owner > Scope::Agent && Scope::Agent > Scope::Read);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// To see sweeps and runs.
    Read,
    /// To execute runs: the operations of [`Queue`](besom_store::Queue).
    Agent,
    /// Everything, which includes what programs agents execute.
    Owner,
}

impl Scope {
    /// The name in messages and lists of tokens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Agent => "agent",
            Self::Owner => "owner",
        }
    }
}

/// Calls a macro with the operations of `Queue` but `wait`, whose time is a number of milliseconds in messages.
///
/// In a line: what a token must allow, whether something is written, and for each argument its type in the trait and in a message.
macro_rules! queue_operations {
    ($with:ident) => {
        $with! {
            Agent writes join(sweep: &SweepId = SweepId, agent: &NewAgent = NewAgent) -> AgentId;
            Agent writes claim(agent: AgentId = AgentId, request: u64 = u64) -> Claim;
            Agent writes report(lease: &Lease = Lease, rows: &[Row] = Vec<Row>) -> Reply;
            Agent writes describe(lease: &Lease = Lease, facts: &Map<String, Value> = Map<String, Value>) -> Reply;
            Agent writes print(lease: &Lease = Lease, from: u64 = u64, text: &str = String) -> Reply;
            Agent writes resume(lease: &Lease = Lease) -> Reply;
            Agent writes finish(lease: &Lease = Lease, end: &End = End) -> Reply;
            Agent writes idle(agent: AgentId = AgentId) -> bool;
            Agent writes leave(agent: AgentId = AgentId) -> ();
            Agent reads held(agent: AgentId = AgentId) -> Vec<HeldRun>;
            Agent reads running(sweep: &SweepId = SweepId) -> Vec<HeldRun>;
            Agent writes give_up(lease: &Lease = Lease, beat: u64 = u64) -> bool;
            Agent writes give_back(lease: &Lease = Lease, why: &str = String) -> bool;
            Agent writes quarantine(agent: AgentId = AgentId, reason: &str = String) -> bool;
        }
    };
}
pub(crate) use queue_operations;

/// Calls a macro with the operations of `Store` beyond those of `Queue`. `create_sweep` is a `create_with`, and a group is made
/// by the server, of the messages that come in.
macro_rules! store_operations {
    ($with:ident) => {
        $with! {
            Owner writes create_with(sweep: &NewSweep = NewSweep, past: &[PastRun] = Vec<PastRun>) -> ();
            Owner writes set_run_cap(id: &SweepId = SweepId, cap: Option<u64> = Option<u64>) -> ();
            Owner writes remove_sweep(id: &SweepId = SweepId) -> ();
            Read reads sweep(id: &SweepId = SweepId) -> SweepRow;
            Read reads sweeps() -> Vec<SweepRow>;
            Owner writes set_state(id: &SweepId = SweepId, to: SweepState = SweepState, reason: Option<&str> = Option<String>) -> ();
            Owner writes pause(id: &SweepId = SweepId, by: PausedBy = PausedBy, reason: Option<&str> = Option<String>) -> ();
            Owner writes set_label(id: &SweepId = SweepId, key: &str = String, value: Option<&str> = Option<String>) -> ();
            Read reads changes(id: &SweepId = SweepId, since: u64 = Wide) -> Changes;
            Owner writes add_runs(
                id: &SweepId = SweepId, first: RunNumber = RunNumber, runs: &[NewRun] = Vec<NewRun>, seen: Option<&Seen> = Option<Seen>
            ) -> Added;
            Owner writes request_stops(
                id: &SweepId = SweepId, stops: &[(RunNumber, String)] = Vec<(RunNumber, String)>, kind: StopKind = StopKind
            ) -> u64;
            Owner writes retry(id: &SweepId = SweepId, states: &[RunState] = Vec<RunState>) -> u64;
            Owner writes retry_runs(id: &SweepId = SweepId, runs: &[RunNumber] = Vec<RunNumber>) -> u64;
            Read reads outlines(id: &SweepId = SweepId, since: u64 = Wide) -> Outlines;
            Read reads runs(id: &SweepId = SweepId, query: &RunQuery = RunQuery) -> Vec<RunRow>;
            Read reads run(id: &SweepId = SweepId, number: RunNumber = RunNumber) -> RunRow;
            Read reads seen(id: &SweepId = SweepId, number: RunNumber = RunNumber) -> Option<Seen>;
            Read reads attempts(id: &SweepId = SweepId, number: RunNumber = RunNumber) -> Vec<Attempt>;
            Read reads facts(id: &SweepId = SweepId, number: RunNumber = RunNumber, attempt: Option<u64> = Option<u64>) -> Map<String, Value>;
            Owner writes annotate(
                id: &SweepId = SweepId, number: RunNumber = RunNumber, facts: &Map<String, Value> = Map<String, Value>
            ) -> ();
            Read reads output(id: &SweepId = SweepId, number: RunNumber = RunNumber, attempt: Option<u64> = Option<u64>) -> Output;
            Read reads rows(id: &SweepId = SweepId, number: RunNumber = RunNumber, attempt: Option<u64> = Option<u64>) -> Vec<Row>;
            Read reads rows_after(
                id: &SweepId = SweepId, number: RunNumber = RunNumber, attempt: Option<u64> = Option<u64>, after: u64 = u64, limit: u64 = Wide
            ) -> Vec<Row>;
            Read reads logged(id: &SweepId = SweepId, number: RunNumber = RunNumber, attempt: Option<u64> = Option<u64>) -> LoggedKeys;
            Read reads logged_by_run(id: &SweepId = SweepId) -> Vec<(RunNumber, LoggedKeys)>;
            Read reads curve(id: &SweepId = SweepId, number: RunNumber = RunNumber, metric: usize = usize) -> Vec<f64> = Numbers;
            Read reads curve_view(
                id: &SweepId = SweepId, number: RunNumber = RunNumber, metric: usize = usize, from: usize = usize, to: usize = usize,
                buckets: usize = usize
            ) -> Vec<Bucket>;
            Read reads events(
                id: &SweepId = SweepId, run: Option<RunNumber> = Option<RunNumber>, after: u64 = Wide, limit: u64 = Wide
            ) -> Vec<Event>;
            Read reads status(id: &SweepId = SweepId) -> Status;
            Read reads agents(id: &SweepId = SweepId) -> Vec<AgentRow>;
            Owner writes drain(id: &SweepId = SweepId, agents: &[AgentId] = Vec<AgentId>) -> u64;
        }
    };
}
pub(crate) use store_operations;

/// What a message is about, beside what it asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The sweep, if it names one.
    pub(crate) sweep: Option<SweepId>,
    /// The agent, if it names one and no sweep.
    pub(crate) agent: Option<AgentId>,
    /// How long the server may wait for an answer that is worth something.
    pub(crate) patience: Duration,
    /// The cursor after which a change is waited for.
    pub(crate) since: Option<u64>,
    /// Whether it is what a controller does by itself: runs that a search suggests, and stops that a rule wants.
    pub(crate) is_automatic: bool,
}
