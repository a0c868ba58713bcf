//! The tables: how they are made, recognized and brought up to date.

use besom_store::StoreError;
use postgres::Client;

use crate::PostgresError;
use crate::columns::unsigned;
use crate::fault::{Outcome, server};
use crate::target::Target;
use crate::tx::PLACE_BITS;

/// The version that this program writes.
pub(crate) const VERSION: u64 = 1;

/// What brings the tables to each version from the one before, in order: the first from nothing to version 1.
const STEPS: &[&str] = &[include_str!("schema.sql")];

/// What everybody who makes or upgrades tables holds alone: the letters `besm`.
const SCHEMA_LOCK: i32 = i32::from_be_bytes(*b"besm");

/// What is known of a store that was opened.
pub(crate) struct Opened {
    /// What is added to the numbers of transactions. They begin anew in a database that a dump was restored into; those of
    /// changes must not.
    pub(crate) offset: u64,
    /// By which the locks of this store differ from those of others in the same database: the number of one of its tables, and room for
    /// the keys of sweeps.
    pub(crate) lock_base: i64,
}

/// Looks at the tables, and makes or upgrades them if they are not those of this version.
pub(crate) fn open(client: &mut Client, target: &Target) -> Outcome<Opened> {
    check_server(client, target)?;
    let (version, is_moved) = look(client, target)?;
    if version != Some(VERSION) || is_moved {
        prepare(client, target)?;
    }
    let row = client.query_one("SELECT offset_, 'sweeps'::regclass::oid::bigint FROM meta", &[])?;
    let (offset, table): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok(Opened { offset: unsigned(offset), lock_base: table << 32 })
}

/// That the tables are of a version that this program does not write.
pub(crate) fn other_version(url: &str, found: u64) -> StoreError {
    let known = |version: u64| u32::try_from(version).unwrap_or(u32::MAX);
    StoreError::TooNew { path: url.into(), found: known(found), supported: known(VERSION) }
}

fn check_server(client: &mut Client, target: &Target) -> Outcome<()> {
    let row = client.query_one(
        "SELECT current_setting('server_version_num')::bigint, current_setting('server_version'),
           current_setting('server_encoding')",
        &[],
    )?;
    let (number, found, encoding): (i64, String, String) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    // Which has `pg_current_xact_id`.
    if number < 130_000 {
        return Err(server(&target.url, PostgresError::TooOld { found }).into());
    }
    if encoding != "UTF8" {
        return Err(server(&target.url, PostgresError::Encoding { found: encoding }).into());
    }
    Ok(())
}

/// The version of the tables, if there are any, and whether they were restored in another cluster.
fn look(client: &mut Client, target: &Target) -> Outcome<(Option<u64>, bool)> {
    let meta = format!("{}.meta", target.quoted_schema());
    let row = client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&meta])?;
    if !row.try_get::<_, bool>(0)? {
        return Ok((None, false));
    }
    let columns = "version, cluster <> (SELECT system_identifier FROM pg_control_system())";
    let row = client.query_opt(&format!("SELECT {columns} FROM meta"), &[])?;
    let Some(row) = row else { return Ok((Some(0), false)) };
    Ok((Some(unsigned(row.try_get(0)?)), row.try_get(1)?))
}

/// Makes or upgrades the tables, in one transaction.
fn prepare(client: &mut Client, target: &Target) -> Outcome<()> {
    let mut transaction = client.transaction()?;
    transaction.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", &[&SCHEMA_LOCK, &target.schema])?;
    let schema = target.quoted_schema();
    let row = transaction.query_one("SELECT to_regclass($1) IS NOT NULL", &[&format!("{schema}.meta")])?;
    let mut version = 0;
    if row.try_get(0)? {
        version = unsigned(transaction.query_one("SELECT version FROM meta", &[])?.try_get(0)?);
    } else {
        let there = "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)";
        // Who may not create schemas can use one that is there.
        if !transaction.query_one(there, &[&target.schema])?.try_get::<_, bool>(0)? {
            transaction.batch_execute(&format!("CREATE SCHEMA {schema}"))?;
        }
    }
    if version > VERSION {
        return Err(other_version(&target.url, version).into());
    }
    for step in STEPS.iter().skip(usize::try_from(version).unwrap_or(usize::MAX)) {
        transaction.batch_execute(step)?;
    }
    let version = i64::try_from(VERSION).unwrap_or(i64::MAX);
    transaction.execute("UPDATE meta SET version = $1", &[&version])?;
    transaction.batch_execute(&moved())?;
    Ok(transaction.commit()?)
}

/// Numbers changes on from the largest one, where the tables are in another cluster than they were.
fn moved() -> String {
    format!(
        "UPDATE meta SET cluster = (SELECT system_identifier FROM pg_control_system()),
           offset_ = greatest(offset_, coalesce((SELECT max(seq) FROM events), 0) >> {PLACE_BITS},
             coalesce((SELECT max(change) FROM runs), 0) >> {PLACE_BITS})
         WHERE cluster <> (SELECT system_identifier FROM pg_control_system())"
    )
}
