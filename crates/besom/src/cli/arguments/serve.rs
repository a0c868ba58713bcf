//! What the commands take that serve a store.

use std::path::PathBuf;

use clap::Args;

/// Where a server listens if nothing is said.
pub(crate) const LISTEN: &str = "127.0.0.1:7070";

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Listen on this address; one that other machines can reach requires --tls-cert or --insecure-http
    #[arg(long, value_name = "ADDRESS:PORT", default_value = LISTEN)]
    pub(crate) listen: String,
    /// Also answer to this host name, such as that of a reverse proxy; can be repeated
    #[arg(long, value_name = "HOST")]
    pub(crate) name: Vec<String>,
    /// Certificate chain in PEM format
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key of the certificate in PEM format
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Allow other machines to connect without TLS; anyone on the network path can then read tokens
    #[arg(long, conflicts_with = "tls_cert")]
    pub(crate) insecure_http: bool,
    /// Open the dashboard in a browser
    #[arg(long)]
    pub(crate) open: bool,
    /// Log refused requests and failed steps to standard error
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("action").args(["agent", "read", "wandb", "revoke"])))]
pub(crate) struct TokenArguments {
    /// Create a token for agents of this sweep, or of all sweeps without an ID
    #[arg(long, value_name = "ID", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "clap: no option, an option without a value, one with a value")]
    pub(crate) agent: Option<Option<String>>,
    /// Create a token that only allows reading
    #[arg(long)]
    pub(crate) read: bool,
    /// Create a token for W&B's client, its WANDB_API_KEY
    #[arg(long)]
    pub(crate) wandb: bool,
    /// Name of the new token [default: agent-1, read-1, ...]
    #[arg(long, value_name = "NAME", requires = "action", conflicts_with = "revoke")]
    pub(crate) name: Option<String>,
    /// Revoke the token with this name; revoking owner, agents, wandb or view replaces it
    #[arg(long, value_name = "NAME")]
    pub(crate) revoke: Option<String>,
    /// Print JSON
    #[arg(long, conflicts_with = "revoke")]
    pub(crate) json: bool,
}
