//! Why a database could not be used.

use std::io;
use std::path::PathBuf;

use postgres::error::SqlState;
use thiserror::Error;

/// Why a database could not be used. It is the source of a [`StoreError::Server`](besom_store::StoreError::Server), which names the
/// URL. No variant holds a password.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// The URL is none of a database.
    #[error("{why}: give a URL such as postgres://user@host:5432/database")]
    Url {
        /// What is wrong with it.
        why: String,
    },
    /// The file of certificates cannot be used.
    #[error("cannot read the certificates in {}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file of passwords may be read by others, so that it is not used.
    #[error("others may read the file of passwords {}: make it yours alone with `chmod 600`", path.display())]
    PassFile {
        /// The file.
        path: PathBuf,
    },
    /// Nothing listens there.
    #[error("no PostgreSQL server answers there: is it running, and are host and port right?")]
    NoServer(#[source] io::Error),
    /// The connection broke, or the server ended it.
    #[error("the connection to the database broke")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server's certificate is not trusted.
    #[error(
        "its certificate is not trusted: name the file with the certificate of who issued it by `?sslrootcert=FILE` or PGSSLROOTCERT; \
         `?sslmode=disable` goes without encryption where the network itself is trusted"
    )]
    Certificate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server's certificate is for other names.
    #[error("its certificate is not for the host of the URL: use a name that the certificate has")]
    HostName(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server speaks no TLS.
    #[error(
        "the server does not encrypt, and the password and all data would be readable on the way: turn `ssl` on there, or say \
         `?sslmode=disable` where the network itself is trusted"
    )]
    NoTls,
    /// The server asks for a password, and none was given.
    #[error("the server asks for a password: set PGPASSWORD, or write it into ~/.pgpass")]
    NoPassword,
    /// The server is older than this program needs.
    #[error("it is PostgreSQL {found}, and besom needs 13 or newer")]
    TooOld {
        /// Its version.
        found: String,
    },
    /// The database does not store UTF-8.
    #[error(
        "the database stores texts as {found}: create one with `createdb --encoding=UTF8 --template=template0`"
    )]
    Encoding {
        /// What it does store.
        found: String,
    },
    /// What the database answered.
    #[error("{message}{}", hint.as_deref().map(|hint| format!(" ({hint})")).unwrap_or_default())]
    Refused {
        /// In its words.
        message: String,
        /// What it says may help.
        hint: Option<String>,
        /// Its five characters for the kind of error.
        code: String,
    },
}

impl PostgresError {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::NoServer(_) | Self::Broken(_) => true,
            // Connection, transaction rolled back, resources, limits, operator, system; a transaction in which a machine slept.
            Self::Refused { code, .. } => {
                let class = code.get(..2).unwrap_or_default();
                code == "25P03" || ["08", "40", "53", "55", "57", "58"].contains(&class)
            }
            _ => false,
        }
    }

    /// What an error of the driver means. The driver's own text is not shown where it might hold what was configured.
    pub(crate) fn of(error: postgres::Error) -> Self {
        if let Some(answer) = error.as_db_error() {
            let hint = answer.hint().map(str::to_owned).or_else(|| advice(answer.code()));
            let message = answer.message().to_owned();
            return Self::Refused { message, hint, code: answer.code().code().to_owned() };
        }
        let text = error.to_string();
        let is_closed = error.is_closed();
        let Some(source) = error.into_source() else {
            let why = if is_closed { "it was closed" } else { "it ended" };
            return Self::Broken(if text.contains("timeout") {
                "it took too long".into()
            } else {
                why.into()
            });
        };
        if source.to_string() == "password missing" {
            return Self::NoPassword;
        }
        if text.contains("TLS") {
            let why = source.to_string();
            return if why.contains("server does not support TLS") {
                Self::NoTls
            } else if ["not valid for name", "NotValidForName"].iter().any(|text| why.contains(text)) {
                Self::HostName(source)
            } else {
                Self::Certificate(source)
            };
        }
        match source.downcast::<io::Error>() {
            Ok(source) if is_absent(&source) => Self::NoServer(*source),
            Ok(source) => Self::Broken(source),
            Err(source) => Self::Broken(source),
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(error.kind(), K::ConnectionRefused | K::NotFound | K::HostUnreachable | K::NetworkUnreachable)
        // What the look-up of a name fails with has no kind of its own.
        || error.to_string().contains("failed to lookup address")
}

/// What to do about some errors for which the server has no hint.
fn advice(code: &SqlState) -> Option<String> {
    let text = match *code {
        SqlState::UNDEFINED_DATABASE => "create it with `createdb`",
        SqlState::INSUFFICIENT_PRIVILEGE => {
            "its owner can create the schema once: CREATE SCHEMA besom AUTHORIZATION user"
        }
        SqlState::INVALID_PASSWORD => "the password is that of the URL, of PGPASSWORD, or of ~/.pgpass",
        _ => return None,
    };
    Some(text.to_owned())
}
