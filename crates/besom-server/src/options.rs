//! How a server listens.

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
    /// Whether to report each request that is refused, and each start, on standard error.
    pub verbose: bool,
}
