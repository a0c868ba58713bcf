//! What a client needs to know beside the URL.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How a client speaks to its server.
///
/// ```
/// use besom_remote::HttpOptions;
///
/// let options = HttpOptions::default().token("mF3xyz").ca_file("/etc/besom/ca.pem");
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpOptions {
    /// The token that says who asks.
    pub token: Option<String>,
    /// A file in PEM form with the only certificates to trust, instead of the well-known authorities.
    pub ca_file: Option<PathBuf>,
    /// Whether http without TLS is allowed to another machine, which shows token and data to everybody on the way.
    pub insecure_http: bool,
    /// How long a server may take to answer, beyond what it was asked to wait. The default is 40 s: longer than the half minute that
    /// it waits for its store, and no longer than somebody waits for an agent that is to leave.
    pub timeout: Duration,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self { token: None, ca_file: None, insecure_http: false, timeout: Duration::from_secs(40) }
    }
}

/// Without the token.
impl fmt::Debug for HttpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpOptions")
            .field("has_token", &self.token.is_some())
            .field("ca_file", &self.ca_file)
            .field("insecure_http", &self.insecure_http)
            .field("timeout", &self.timeout)
            .finish()
    }
}

impl HttpOptions {
    /// The same with this token.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The same, trusting the certificates in this file only.
    #[must_use]
    pub fn ca_file(mut self, path: impl AsRef<Path>) -> Self {
        self.ca_file = Some(path.as_ref().to_owned());
        self
    }

    /// The same, where http without TLS is allowed to another machine.
    #[must_use]
    pub fn insecure_http(mut self) -> Self {
        self.insecure_http = true;
        self
    }

    /// The same with this time for an answer.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}
