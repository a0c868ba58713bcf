#![doc = include_str!("../README.md")]
//!
//! # Design
//!
//! The wire is the trait [`Store`](besom_store::Store): an operation is a `POST /v1/store/OPERATION` with a JSON object of its
//! arguments, and the answer is what the method returns. Client and server are written from one table of the operations, so a new
//! method of the trait is one line here, and the laws of the trait are the test of both.
//!
//! Nothing is added to what the trait promises: every call may be repeated, so a broken connection is a
//! [transient](besom_store::StoreError::is_transient) error, and agents do what they do when a file is locked.
//!
//! Rules of the JSON: a point keeps the order of its keys; NaN is `null`; seeds and cursors, which may exceed 2⁵³, are texts in
//! answers, and texts or numbers in requests.

mod call;
mod client;
mod error;
mod fault;
mod lend;
mod operations;
mod options;

pub use call::{Answer, Call, check_protocol, dispatch, refuse};
pub use client::HttpStore;
pub use error::RemoteError;
pub use operations::Scope;
pub use options::HttpOptions;

/// The version of the protocol that this crate speaks.
pub const PROTOCOL: u32 = 1;

/// The header that says so in each request.
pub const PROTOCOL_HEADER: &str = "Besom-Protocol";

/// The path of the operations: the name of one follows.
pub const STORE_PATH: &str = "/v1/store/";
