//! A store and its connection.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::thread;

use besom_store::{AgentId, StoreError, SweepId};
use postgres::{Client, SimpleQueryMessage};

use crate::fault::{Fault, LOCK_TIMEOUT_S, Outcome, damaged, server};
use crate::group::Group;
use crate::schema::{self, VERSION};
use crate::target::Target;
use crate::tx::{Lock, Prepared, Progress, Tx};
use crate::{PostgresError, PostgresOptions};

/// How often a transaction is done again that the database has undone because of others.
const ATTEMPTS: u32 = 8;

/// How many keys are remembered; more than a server has agents.
const REMEMBERED: usize = 10_000;

/// How transactions begin, prepared once for a connection: the lock of a sweep, if there is one, then the time of the database and by
/// which version of the store what follows is written.
const BEGINNINGS: &str = "
    PREPARE besom_alone(bigint) AS SELECT pg_advisory_xact_lock($1), (extract(epoch FROM clock_timestamp()) * 1000)::bigint, version FROM meta;
    PREPARE besom_shared(bigint) AS SELECT pg_advisory_xact_lock_shared($1), (extract(epoch FROM clock_timestamp()) * 1000)::bigint, version FROM meta;
    PREPARE besom_now AS SELECT NULL, (extract(epoch FROM clock_timestamp()) * 1000)::bigint, version FROM meta";

/// A store in PostgreSQL, which several threads, processes and machines may use at once, each by a `PostgresStore` of its own.
///
/// A connection that breaks is an error that is [transient](StoreError::is_transient); the next call makes a new one.
///
/// ```no_run
/// use besom_postgres::{PostgresOptions, PostgresStore};
/// use besom_store::Store;
///
/// let options = PostgresOptions::default().password("mF3...");
/// let mut store = PostgresStore::open("postgres://ada@db.example.org/sweeps", &options)?;
/// for sweep in store.sweeps()? {
///     println!("{} is {}", sweep.id(), sweep.state);
/// }
/// # Ok::<(), besom_store::StoreError>(())
/// ```
pub struct PostgresStore {
    target: Arc<Target>,
    session: Option<Session>,
    /// The group that has begun, if operations are part of one.
    pub(crate) group: Option<Group>,
    /// Who has asked for what is done, if that is known.
    pub(crate) asker: Option<Box<str>>,
    /// The keys of sweeps by their ids, and those of agents' sweeps.
    sweeps: HashMap<SweepId, i64>,
    agents: HashMap<AgentId, i64>,
}

/// A connection.
pub(crate) struct Session {
    pub(crate) client: Client,
    prepared: Prepared,
    offset: u64,
    lock_base: i64,
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("url", &self.target.url).finish_non_exhaustive()
    }
}

/// A clone has a connection of its own, for another thread, which the first call makes.
impl Clone for PostgresStore {
    fn clone(&self) -> Self {
        Self::of(Arc::clone(&self.target))
    }
}

/// Saying good-bye runs the connection, which must not happen on a worker of an asynchronous run time: that would panic.
impl Drop for PostgresStore {
    fn drop(&mut self) {
        if let Some(session) = self.session.take()
            && tokio::runtime::Handle::try_current().is_ok()
        {
            thread::spawn(move || drop(session));
        }
    }
}

impl PostgresStore {
    /// The store in the database at this URL, whose tables are made if there are none: in the schema `besom`, or the one that
    /// the parameter `schema` names. No connection is made until the first call.
    ///
    /// # Errors
    /// [`StoreError::Server`] for a URL, password file or file of certificates that cannot be used.
    pub fn connect(url: &str, options: &PostgresOptions) -> Result<Self, StoreError> {
        Ok(Self::of(Arc::new(Target::new(url, options)?)))
    }

    /// As [`Self::connect`], with a connection.
    ///
    /// # Errors
    /// As [`Self::connect`]; [`StoreError::Server`] if no connection comes about; [`StoreError::TooNew`] for tables that a newer
    /// besom has made.
    pub fn open(url: &str, options: &PostgresOptions) -> Result<Self, StoreError> {
        let mut store = Self::connect(url, options)?;
        store.session()?;
        Ok(store)
    }

    fn of(target: Arc<Target>) -> Self {
        Self {
            target,
            session: None,
            group: None,
            asker: None,
            sweeps: HashMap::new(),
            agents: HashMap::new(),
        }
    }

    /// The URL of the database, without user, password and parameters.
    pub fn url(&self) -> &str {
        &self.target.url
    }

    /// The connection, which is made if there is none.
    fn session(&mut self) -> Result<&mut Session, StoreError> {
        let session = match self.session.take().filter(|session| !session.client.is_closed()) {
            Some(session) => session,
            None => Session::open(&self.target).map_err(|fault| fault.at(&self.target.url))?,
        };
        Ok(self.session.insert(session))
    }

    /// Does work on one state of the store, which others may be changing meanwhile.
    pub(crate) fn read<T>(
        &mut self,
        mut work: impl FnMut(&mut Tx<'_>) -> Outcome<T>,
    ) -> Result<T, StoreError> {
        if self.group.is_some() {
            return self.grouped(|tx| work(tx));
        }
        self.transact(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; EXECUTE besom_now",
            Progress::default(),
            work,
        )
    }

    /// Does work that writes, on no sweep or on one that the work locks.
    pub(crate) fn write<T>(
        &mut self,
        mut work: impl FnMut(&mut Tx<'_>) -> Outcome<T>,
    ) -> Result<T, StoreError> {
        if self.group.is_some() {
            return self.grouped(|tx| work(tx));
        }
        self.transact("BEGIN; EXECUTE besom_now", Progress::default(), work)
    }

    /// Does work that writes to a sweep.
    pub(crate) fn write_to<T>(
        &mut self,
        id: &SweepId,
        lock: Lock,
        mut work: impl FnMut(&mut Tx<'_>, i64) -> Outcome<T>,
    ) -> Result<T, StoreError> {
        let key = match self.sweeps.get(id) {
            Some(key) => *key,
            None => {
                let key = self.read(|tx| Ok(tx.sweep(id)?.key))?;
                if self.group.is_none() && self.sweeps.len() < REMEMBERED {
                    self.sweeps.insert(id.clone(), key);
                }
                key
            }
        };
        let done = self.locked(key, lock, |tx| work(tx, key));
        if matches!(done, Err(StoreError::NoSweep { .. })) {
            // Another may have been created under this id, but that is its own matter.
            self.sweeps.remove(id);
        }
        done
    }

    /// Does work that writes to the sweep of an agent.
    pub(crate) fn write_for<T>(
        &mut self,
        agent: AgentId,
        lock: Lock,
        work: impl FnMut(&mut Tx<'_>) -> Outcome<T>,
    ) -> Result<T, StoreError> {
        let key = match self.agents.get(&agent) {
            Some(key) => *key,
            None => {
                let key = self.read(|tx| Ok(tx.agent(agent)?.sweep))?;
                if self.group.is_none() && self.agents.len() < REMEMBERED {
                    self.agents.insert(agent, key);
                }
                key
            }
        };
        self.locked(key, lock, work)
    }

    fn locked<T>(
        &mut self,
        key: i64,
        mut lock: Lock,
        mut work: impl FnMut(&mut Tx<'_>) -> Outcome<T>,
    ) -> Result<T, StoreError> {
        if self.group.is_some() {
            // Two groups that hold a lock together, and want it alone, would wait for each other.
            return self.grouped(|tx| {
                tx.lock_in_group(key)?;
                work(tx)
            });
        }
        for _ in 0..ATTEMPTS {
            let lock_base = self.session()?.lock_base;
            let begin = match lock {
                // What agents do reads few rows by their keys, for which planning anew takes as long as all else.
                Lock::Shared => format!(
                    "BEGIN; SET LOCAL plan_cache_mode TO force_generic_plan; EXECUTE besom_shared({})",
                    lock_base | key
                ),
                Lock::Exclusive => format!("BEGIN; EXECUTE besom_alone({})", lock_base | key),
            };
            let progress = Progress::locking(key, lock);
            let mut again = None;
            let done = self.transact(&begin, progress, |tx| {
                again = None;
                let done = work(tx);
                if let Err(Fault::Again(lock)) = &done {
                    again = Some(*lock);
                }
                done
            });
            match again {
                Some(wanted) => lock = wanted,
                None => return done,
            }
        }
        Err(Fault::Again(lock).at(&self.target.url))
    }

    /// Does work in a transaction of its own, again if it was undone because of others.
    fn transact<T>(
        &mut self,
        begin: &str,
        progress: Progress,
        mut work: impl FnMut(&mut Tx<'_>) -> Outcome<T>,
    ) -> Result<T, StoreError> {
        let mut attempt = 1;
        loop {
            match self.try_once(begin, progress.clone(), &mut work) {
                Err(fault) if fault.is_conflict() && attempt < ATTEMPTS => attempt += 1,
                Err(fault) => return Err(fault.at(&self.target.url)),
                Ok(done) => return Ok(done),
            }
        }
    }

    fn try_once<T>(
        &mut self,
        begin: &str,
        mut progress: Progress,
        work: &mut impl FnMut(&mut Tx<'_>) -> Outcome<T>,
    ) -> Outcome<T> {
        let now = self.begin(begin)?;
        let asker = self.asker.as_deref();
        // A panic of the work drops the connection, and with it the transaction.
        let mut session = self.session.take().ok_or_else(no_connection)?;
        let mut tx = session.tx(&mut progress, now, asker);
        let done = work(&mut tx);
        let is_soft = tx.is_soft;
        let end = match &done {
            Ok(_) if is_soft => "SET LOCAL synchronous_commit TO off; COMMIT",
            Ok(_) => "COMMIT",
            Err(_) => "ROLLBACK",
        };
        let ended = session.client.batch_execute(end);
        if ended.is_ok() {
            self.session = Some(session);
        }
        // Why the work failed matters more than that the transaction could not be ended.
        let done = done?;
        ended?;
        Ok(done)
    }

    /// Begins a transaction and returns the time. On a connection that has broken since the last call, it is begun on a new one:
    /// nothing was done yet.
    pub(crate) fn begin(&mut self, begin: &str) -> Outcome<u64> {
        let (url, clock) = (self.target.url.clone(), self.target.clock.clone());
        let is_new = self.session.is_none();
        let started = match self.session()?.start(begin, &url) {
            Err(fault) if fault.is_end_of_connection() && !is_new => {
                self.session = None;
                self.session()?.start(begin, &url)
            }
            started => started,
        };
        match started {
            Ok(now) => Ok(clock.map_or(now, |clock| clock())),
            Err(fault) => {
                let undone = self.session.as_mut().map(|session| session.client.batch_execute("ROLLBACK"));
                if !matches!(undone, Some(Ok(()))) {
                    self.session = None;
                }
                Err(fault)
            }
        }
    }

    pub(crate) fn existing_session(&mut self) -> Outcome<&mut Session> {
        self.session.as_mut().ok_or_else(no_connection)
    }

    /// The parts that an operation of a group needs.
    pub(crate) fn parts(&mut self) -> Outcome<(&mut Session, &mut Group, Option<&str>)> {
        match (&mut self.session, &mut self.group) {
            (Some(session), Some(group)) => Ok((session, group, self.asker.as_deref())),
            _ => Err(no_connection()),
        }
    }

    pub(crate) fn now_of_clock(&self) -> Option<u64> {
        self.target.clock.as_ref().map(|clock| clock())
    }

    /// The error for the caller.
    pub(crate) fn fail(&self, fault: Fault) -> StoreError {
        fault.at(&self.target.url)
    }

    /// A connection after whose error nothing is known of its transaction.
    pub(crate) fn disconnect(&mut self) {
        self.session = None;
    }
}

fn no_connection() -> Fault {
    StoreError::transient("the connection to the database was closed").into()
}

impl Session {
    fn open(target: &Target) -> Outcome<Self> {
        let failed = |error| Fault::Store(server(&target.url, PostgresError::of(error)));
        let mut client = target.config.connect(target.tls.clone()).map_err(failed)?;
        client.batch_execute(&format!(
            "SET search_path TO {}; SET lock_timeout TO '{LOCK_TIMEOUT_S}s'; SET default_transaction_isolation TO 'read committed';
             SET idle_in_transaction_session_timeout TO '{}s'; SET client_min_messages TO warning",
            target.quoted_schema(),
            2 * LOCK_TIMEOUT_S
        ))?;
        let opened = schema::open(&mut client, target)?;
        client.batch_execute(BEGINNINGS)?;
        Ok(Self { client, prepared: Prepared::default(), offset: opened.offset, lock_base: opened.lock_base })
    }

    pub(crate) fn tx<'a>(
        &'a mut self,
        progress: &'a mut Progress,
        now: u64,
        asker: Option<&'a str>,
    ) -> Tx<'a> {
        Tx {
            client: &mut self.client,
            prepared: &mut self.prepared,
            progress,
            now,
            asker,
            offset: self.offset,
            lock_base: self.lock_base,
            is_soft: false,
        }
    }

    /// Executes the beginning of a transaction; returns the time. Refuses tables that a newer program has upgraded meanwhile.
    fn start(&mut self, begin: &str, url: &str) -> Outcome<u64> {
        let messages = self.client.simple_query(begin)?;
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let row = rows.last().ok_or_else(|| damaged("the table meta", "empty"))?;
        let number = |column| row.get(column).and_then(|text| text.parse::<u64>().ok());
        match (number(1), number(2)) {
            (Some(now), Some(VERSION)) => Ok(now),
            (_, Some(version)) => Err(schema::other_version(url, version).into()),
            _ => Err(damaged("the table meta", "no numbers")),
        }
    }
}
