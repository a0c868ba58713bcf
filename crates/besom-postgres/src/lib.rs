#![doc = include_str!("../README.md")]
//!
//! # Design
//!
//! The rules are those of `besom_store::rules`; what is here is how rows are read, locked and written, so that many machines work on
//! one sweep at a time:
//!
//! - **Locks.** Each sweep has an advisory lock. What agents do most (claim, report, finish) holds it shared and locks the row of one
//!   run; what changes a sweep as a whole holds it alone. No row is written by everybody, so that nobody waits for
//!   the disk of another.
//! - **Changes** are numbered by the transaction that makes them: its id, then its place in it. A transaction gets its id after its
//!   locks, so that the changes of a run are numbered in their order.
//! - **Cursors.** A transaction with a lower id may commit after one with a higher one. So a cursor stays below the oldest
//!   transaction that still runs; what is above is given once more the next time. One that remembered the largest number
//!   seen would miss changes.
//! - **Time** is the database's, since its users' clocks differ.
//!
//! The interface is synchronous, like the trait. The driver runs its connection inside of its calls: do not call a store from a
//! worker of an asynchronous run time, but from a thread.

mod agents;
mod attempts;
mod changes;
mod claims;
mod columns;
mod curves;
mod error;
mod events;
mod facts;
mod fault;
mod group;
mod listing;
mod logged;
mod options;
mod outlines;
mod output;
mod past;
mod queue;
mod reports;
mod rows;
mod runs;
mod schema;
mod session;
mod status;
mod store;
mod sweeps;
mod target;
mod tls;
mod together;
mod transfer;
mod tx;
mod wait;

pub use error::PostgresError;
pub use options::PostgresOptions;
pub use session::PostgresStore;
