//! What can go wrong between a client and its server.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

/// Why a server could not be used. It is the source of a [`StoreError::Server`](besom_store::StoreError::Server), which names the URL.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// The URL is none of a server.
    #[error("{why}: give a URL such as https://host:7070")]
    Url {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The token would be readable by everybody on the way.
    #[error(
        "plain http shows the token and all data to everybody on the way: use https, or a tunnel to a loopback address, or set \
         BESOM_INSECURE_HTTP=1 where the network itself is trusted"
    )]
    PlainHttp,
    /// The token has characters that no token has.
    #[error(
        "the token has characters that no token has: copy it again from the lines that `besom serve` prints into BESOM_TOKEN"
    )]
    Token,
    /// The file of certificates cannot be used.
    #[error("cannot read the certificates in {}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Nothing listens there.
    #[error("no server listens there: is `besom serve` running, and is this the address that it printed?")]
    NoServer,
    /// The name of the host is unknown.
    #[error("no host has this name: check the spelling, or the network")]
    NoHost,
    /// The connection broke, or the server took too long.
    #[error("the connection broke")]
    Broken(#[source] io::Error),
    /// The server did not answer in time.
    #[error("it did not answer in time")]
    TimedOut,
    /// The call was given up: see [`HttpStore::give_up_when`](crate::HttpStore::give_up_when).
    #[error("it has not answered for {} s, and this process is to end", waited.as_secs())]
    GivenUp {
        /// For how long there was no answer.
        waited: Duration,
    },
    /// Something else answered.
    #[error("what answers there is not a besom server: {hint}")]
    NotBesom {
        /// What it may be, or what to check.
        hint: &'static str,
    },
    /// The server's certificate is not trusted.
    #[error(
        "its certificate is not trusted ({reason}): name a file with the certificate of the server, or of who issued it, in \
         BESOM_CA_FILE"
    )]
    Certificate {
        /// What is wrong with it.
        reason: String,
    },
    /// No token was given, or one that the server does not know.
    #[error("{}", if *given { WRONG_TOKEN } else { NO_TOKEN })]
    Unauthorized {
        /// Whether there was one.
        given: bool,
    },
    /// Server and client have no version of the protocol in common.
    #[error("{message}")]
    Protocol {
        /// Which of them is to be upgraded.
        message: String,
    },
    /// The server refused the request, for a reason in its own words.
    #[error("{message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The reason.
        message: String,
    },
    /// The answer is none that this program understands.
    #[error("the answer to '{operation}' is unreadable; server and client may be of different versions")]
    Answer {
        /// The operation.
        operation: &'static str,
        /// Why.
        source: serde_json::Error,
    },
}

const NO_TOKEN: &str =
    "the server asks for a token: set BESOM_TOKEN to one that `besom serve` prints or `besom token` makes";
const WRONG_TOKEN: &str = "the server does not know the token in BESOM_TOKEN: it may have been revoked, or be one of another server";

impl RemoteError {
    /// Whether the same request may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::NoServer | Self::NoHost | Self::Broken(_) | Self::TimedOut | Self::GivenUp { .. } => true,
            Self::Refused { status, .. } => matches!(status, 408 | 425 | 429 | 502..=504),
            _ => false,
        }
    }

    /// Whether the request may have reached the server on a connection that had been closed there long before.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self, Self::Broken(_))
    }
}
