//! Queues and stores around others, without writing each method again.

/// Writes methods of [`Queue`](crate::Queue) that call another queue: all that have no default, or those that are named.
///
/// The body is evaluated in each method; `call(&mut queue)` there makes the same call on `queue`.
///
/// ```
/// use besom_store::{Queue, StoreError, forward_queue};
///
/// /// Makes each call twice, as if the first reply had been lost.
/// struct Repeating<Q>(Q);
///
/// impl<Q: Queue> Queue for Repeating<Q> {
///     forward_queue!(|self, call| {
///         call(&mut self.0)?;
///         call(&mut self.0)
///     });
/// }
///
/// /// Loses the replies to ends.
/// struct Lossy<Q>(Q);
///
/// impl<Q: Queue> Queue for Lossy<Q> {
///     forward_queue!([finish] |self, call| {
///         call(&mut self.0)?;
///         Err(StoreError::transient("the reply was lost"))
///     });
///     forward_queue!(
///         [join, claim, report, describe, print, resume, idle, leave, held, running, give_up, give_back, quarantine, wait]
///         |self, call| call(&mut self.0)
///     );
/// }
/// ```
#[macro_export]
macro_rules! forward_queue {
    (|$self:ident, $call:ident| $body:expr) => {
        $crate::forward_queue!(
            [join, claim, report, describe, print, resume, finish, idle, leave, held, running, give_up, give_back,
             quarantine, wait]
            |$self, $call| $body
        );
    };
    ([$($method:ident),+ $(,)?] |$self:ident, $call:ident| $body:expr) => {
        $($crate::forward_queue!(@ $method $self $call $body);)+
    };
    (@ join $self:ident $call:ident $body:expr) => {
        $crate::__forward!(Queue $self $call $body, join(
            sweep: &$crate::SweepId, agent: &$crate::NewAgent,
        ) -> $crate::AgentId);
    };
    (@ claim $self:ident $call:ident $body:expr) => {
        $crate::__forward!(Queue $self $call $body, claim(agent: $crate::AgentId, request: u64,) -> $crate::Claim);
    };
    (@ claim_within $self:ident $call:ident $body:expr) => {
        $crate::__forward!(Queue $self $call $body, claim_within(
            agent: $crate::AgentId, request: u64, at_most: ::std::time::Duration, enough: &dyn Fn() -> bool,
        ) -> $crate::Claim);
    };
    (@ report $self:ident $call:ident $body:expr) => {
        $crate::__forward!(Queue $self $call $body, report(
            lease: &$crate::Lease, rows: &[$crate::Row],
        ) -> $crate::Reply);
    };
    (@ describe $self:ident $call:ident $body:expr) => {
        $crate::__forward!(Queue $self $call $body, describe(
            lease: &$crate::Lease, facts: &$crate::__Map,
        ) -> $crate::Reply);
    };
    (@ print $self:ident $call:ident $body:expr) => {
        $crate::__forward!(Queue $self $call $body, print(
            lease: &$crate::Lease, from: u64, text: &str,
        ) -> $crate::Reply);
    };
    (@ finish $self:ident $call:ident $body:expr) => {
        $crate::__forward!(Queue $self $call $body, finish(
            lease: &$crate::Lease, end: &$crate::End,
        ) -> $crate::Reply);
    };
    (@ resume $self:ident $call:ident $body:expr) => {
        $crate::__forward!(Queue $self $call $body, resume(lease: &$crate::Lease,) -> $crate::Reply);
    };
    (@ idle $self:ident $call:ident $body:expr) => {
        $crate::__forward!(Queue $self $call $body, idle(agent: $crate::AgentId,) -> bool);
    };
    (@ leave $self:ident $call:ident $body:expr) => {
        $crate::__forward!(Queue $self $call $body, leave(agent: $crate::AgentId,) -> ());
    };
    (@ held $self:ident $call:ident $body:expr) => {
        $crate::__forward!(Queue $self $call $body, held(
            agent: $crate::AgentId,
        ) -> ::std::vec::Vec<$crate::HeldRun>);
    };
    (@ running $self:ident $call:ident $body:expr) => {
        $crate::__forward!(Queue $self $call $body, running(
            sweep: &$crate::SweepId,
        ) -> ::std::vec::Vec<$crate::HeldRun>);
    };
    (@ give_up $self:ident $call:ident $body:expr) => {
        $crate::__forward!(Queue $self $call $body, give_up(lease: &$crate::Lease, beat: u64,) -> bool);
    };
    (@ give_back $self:ident $call:ident $body:expr) => {
        $crate::__forward!(Queue $self $call $body, give_back(lease: &$crate::Lease, why: &str,) -> bool);
    };
    (@ quarantine $self:ident $call:ident $body:expr) => {
        $crate::__forward!(Queue $self $call $body, quarantine(agent: $crate::AgentId, reason: &str,) -> bool);
    };
    (@ wait $self:ident $call:ident $body:expr) => {
        $crate::__forward!(Queue $self $call $body, wait(
            sweep: &$crate::SweepId, since: u64, at_most: ::std::time::Duration,
        ) -> u64);
    };
}

/// One method that evaluates the body, with the call itself at hand as a closure.
#[doc(hidden)]
#[macro_export]
macro_rules! __forward {
    ($trait:ident $self:ident $call:ident $body:expr, $name:ident($($arg:ident: $type:ty,)*) -> $out:ty) => {
        fn $name(&mut $self, $($arg: $type),*) -> ::std::result::Result<$out, $crate::StoreError> {
            #[allow(unused_mut, reason = "the body may make the call once or more often")]
            let mut $call = |inner: &mut _| $crate::$trait::$name(inner, $($arg),*);
            $body
        }
    };
}

/// Writes all methods of [`Store`](crate::Store) beyond those of `Queue`, which call another store.
macro_rules! forward_store {
    (|$self:ident, $call:ident| $body:expr) => {
        forward_store! { @ $self $call $body;
            create_sweep(sweep: &NewSweep) -> ();
            create_with(sweep: &NewSweep, past: &[PastRun]) -> ();
            set_run_cap(id: &SweepId, cap: Option<u64>) -> ();
            remove_sweep(id: &SweepId) -> ();
            sweep(id: &SweepId) -> SweepRow;
            sweeps() -> Vec<SweepRow>;
            set_state(id: &SweepId, to: SweepState, reason: Option<&str>) -> ();
            set_label(id: &SweepId, key: &str, value: Option<&str>) -> ();
            pause(id: &SweepId, by: PausedBy, reason: Option<&str>) -> ();
            changes(id: &SweepId, since: u64) -> Changes;
            add_runs(id: &SweepId, first: RunNumber, runs: &[NewRun], seen: Option<&Seen>) -> Added;
            request_stops(id: &SweepId, stops: &[(RunNumber, String)], kind: StopKind) -> u64;
            retry(id: &SweepId, states: &[RunState]) -> u64;
            retry_runs(id: &SweepId, runs: &[RunNumber]) -> u64;
            runs(id: &SweepId, query: &RunQuery) -> Vec<RunRow>;
            run(id: &SweepId, number: RunNumber) -> RunRow;
            outlines(id: &SweepId, since: u64) -> Outlines;
            seen(id: &SweepId, number: RunNumber) -> Option<Seen>;
            attempts(id: &SweepId, number: RunNumber) -> Vec<Attempt>;
            facts(id: &SweepId, number: RunNumber, attempt: Option<u64>) -> Map<String, Value>;
            annotate(id: &SweepId, number: RunNumber, facts: &Map<String, Value>) -> ();
            output(id: &SweepId, number: RunNumber, attempt: Option<u64>) -> Output;
            rows(id: &SweepId, number: RunNumber, attempt: Option<u64>) -> Vec<Row>;
            rows_after(id: &SweepId, number: RunNumber, attempt: Option<u64>, after: u64, limit: u64) -> Vec<Row>;
            logged(id: &SweepId, number: RunNumber, attempt: Option<u64>) -> LoggedKeys;
            logged_by_run(id: &SweepId) -> Vec<(RunNumber, LoggedKeys)>;
            curve(id: &SweepId, number: RunNumber, metric: usize) -> Vec<f64>;
            curve_view(
                id: &SweepId, number: RunNumber, metric: usize, from: usize, to: usize, buckets: usize
            ) -> Vec<Bucket>;
            events(id: &SweepId, run: Option<RunNumber>, after: u64, limit: u64) -> Vec<Event>;
            status(id: &SweepId) -> Status;
            agents(id: &SweepId) -> Vec<AgentRow>;
            drain(id: &SweepId, agents: &[AgentId]) -> u64;
            asked_by(who: &str, work: &mut dyn FnMut(&mut dyn Store)) -> ();
            group(work: &mut dyn FnMut(&mut dyn Store)) -> ();
        }
    };
    (@ $self:ident $call:ident $body:expr; $($name:ident($($arg:ident: $type:ty),*) -> $out:ty;)*) => {
        $($crate::__forward!(Store $self $call $body, $name($($arg: $type,)*) -> $out);)*
    };
}
pub(crate) use forward_store;
