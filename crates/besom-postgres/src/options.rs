//! What a connection needs beside its URL.

use std::fmt;
use std::path::PathBuf;

use besom_store::Clock;

/// What a connection needs beside its URL, which has precedence. This crate reads no environment: whoever opens a store passes
/// `PGPASSWORD` and its like here.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct PostgresOptions {
    /// The name of the user (`PGUSER`); that of the system's user if there is none.
    pub user: Option<String>,
    /// The password (`PGPASSWORD`).
    pub password: Option<String>,
    /// A file of passwords as of `libpq` (`PGPASSFILE`, else `~/.pgpass`), asked if there is no password yet.
    pub pass_file: Option<PathBuf>,
    /// `disable`, `require`, `verify-ca` or `verify-full` (`PGSSLMODE`).
    pub ssl_mode: Option<String>,
    /// A file with the certificates to trust (`PGSSLROOTCERT`), in place of those that browsers trust.
    pub root_cert: Option<PathBuf>,
    /// The time, in place of the database's: for tests.
    pub clock: Option<Clock>,
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions").field("user", &self.user).finish_non_exhaustive()
    }
}

impl PostgresOptions {
    /// The same with this password.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// The same with the time of this clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }
}
