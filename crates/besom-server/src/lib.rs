#![doc = include_str!("../README.md")]
//!
//! # Design
//!
//! The server adds nothing to what a store does: its face for agents is the trait [`Store`](besom_store::Store) over HTTP, and all it
//! knows is in the store, so that it may be killed at any time. Writes of all callers go through one thread, which commits those that came
//! together as one transaction and answers after it; reads go through a few connections beside. Nothing asynchronous is
//! part of the interface: [`Server::serve`] blocks until [`Stop::stop`] is called from another thread.

mod agents;
mod assets;
mod bridge;
mod columns;
mod guard;
mod hub;
mod lock;
mod log;
mod meta;
mod options;
mod path;
mod pool;
mod reaper;
mod recent;
mod refusal;
mod running;
mod server;
mod serving;
mod shared;
mod steps;
mod stop;
mod store;
mod tls;
mod tokens;
mod views;
mod wandb;

pub use bridge::{Wandb, WandbMode};
pub use options::ServerOptions;
pub use server::{Server, ServerError};
pub use serving::Serving;
pub use stop::Stop;
pub use tls::{Tls, TlsError};
pub use tokens::{Scope, Token, TokenError, Tokens, link, view_link};
pub use views::{ExportError, export};
