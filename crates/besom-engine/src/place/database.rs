//! Stores in a database: what the environment says of them.

use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use besom_agent::Shutdown;
use besom_postgres::{PostgresOptions, PostgresStore};
use besom_store::{Store, StoreError};

use super::{Elsewhere, Kind, Place, files_directory};
use crate::EngineError;

/// The place of a database. The variables are those that the programs of PostgreSQL read.
pub(super) fn place(url: &str) -> Result<Place, EngineError> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let text = |name: &str| set(name).map(|value| value.to_string_lossy().into_owned());
    let mut options = PostgresOptions::default();
    // As whom the driver would log in; a file of passwords is asked for it, too.
    options.user = text("PGUSER").or_else(|| user(rustix::process::geteuid().as_raw()));
    options.password = text("PGPASSWORD");
    let home = || set("HOME").map(|home| PathBuf::from(home).join(".pgpass"));
    options.pass_file = set("PGPASSFILE").map(PathBuf::from).or_else(home);
    options.ssl_mode = text("PGSSLMODE");
    options.root_cert = set("PGSSLROOTCERT").map(PathBuf::from);
    // What cannot be used is refused now; connections are made by each who opens the place.
    let shown = PostgresStore::connect(url, &options)?.url().to_owned();
    let database = Arc::new(Database { url: url.to_owned(), options });
    let again = Arc::clone(&database);
    let open =
        move |_: Option<&Shutdown>| -> Result<Box<dyn Store>, StoreError> { Ok(Box::new(again.open()?)) };
    let elsewhere =
        Elsewhere { name: url.to_owned(), url: shown, is_server: false, database: Some(database) };
    Place::of(Kind::Opened(Arc::new(open), Some(elsewhere)), None, false).with_directory(files_directory())
}

/// The name of the user with this number on this machine.
fn user(number: u32) -> Option<String> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    user_in(&users, number).map(str::to_owned)
}

/// The name of a user in the text of `/etc/passwd`.
fn user_in(users: &str, number: u32) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, found) = (fields.next()?, fields.nth(1)?);
        (found.parse() == Ok(number)).then_some(name)
    })
}

/// What is needed to connect to a database.
pub(super) struct Database {
    url: String,
    options: PostgresOptions,
}

impl Database {
    /// The store there; a connection is made by its first call.
    pub(super) fn open(&self) -> Result<PostgresStore, StoreError> {
        PostgresStore::connect(&self.url, &self.options)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_that_of_the_system_if_none_is_named() {
        let users = "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\nbroken\n";
        assert_eq!(user_in(users, 1000), Some("ada"));
        assert_eq!(user_in(users, 1001), None);
    }

    #[test]
    fn a_place_in_a_database_is_named_without_its_password_and_has_no_server() {
        let url = "postgres://ada:s3cret@db.example.org/sweeps?schema=lab";
        let place = Place::new(url).unwrap();
        assert_eq!(place.to_string(), "postgres://db.example.org/sweeps");
        assert!(place.is_elsewhere() && place.url().is_none());
        assert_eq!(place.name().unwrap(), url);
        let told = |url| Place::new(url).unwrap().name_for_programs().unwrap();
        assert_eq!(told(url), "postgres://ada@db.example.org/sweeps?schema=lab");
        assert_eq!(
            told("postgres://db.example.org/sweeps?password=s3cret&user=ada"),
            "postgres://db.example.org/sweeps?user=ada"
        );
        assert_eq!(told("postgres://ada@db.example.org/sweeps"), "postgres://ada@db.example.org/sweeps");
        assert_eq!(place.directory().unwrap(), env::current_dir().unwrap().join(".besom/remote"));
        assert!(!format!("{place:?}").contains("s3cret"));
        let refused = place.examine().unwrap_err().to_string();
        assert_eq!(
            refused,
            "the store is in the database postgres://db.example.org/sweeps: copy and examine it with the programs of \
             PostgreSQL, such as pg_dump"
        );
    }
}
