//! How a server listens.

use crate::Tls;

/// What a server lets in. Make one by `ServerOptions::default()` and set its fields.
///
/// ```
/// let mut options = besom_server::ServerOptions::default();
/// options.names = vec!["sweeps.example.org".to_owned()];
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ServerOptions {
    /// Hosts under which the server is reached beside the address that it listens at and the name of its machine: the one of a
    /// reverse proxy, say. A request that names another is refused, because a browser may have been led here by a foreign page
    /// (DNS rebinding).
    pub names: Vec<String>,
    /// What makes its connections secure; needed at an address that others can reach.
    pub tls: Option<Tls>,
    /// Whether others may reach it without TLS: whoever can read the network then reads tokens, and can run commands on the machines
    /// of agents. For networks that are secure themselves, and for a reverse proxy on another machine.
    pub insecure_http: bool,
    /// Whether it only does what it is asked to: it steps no sweep, and gives up no silent agent. For somebody who does both, and for
    /// tests of what a store promises ([`besom_store::laws`](https://docs.rs/besom-store)).
    pub passive: bool,
    /// Whether to report each request that is refused, and each start, on standard error.
    pub verbose: bool,
}
