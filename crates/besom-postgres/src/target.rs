//! Where a database is, by its URL.

mod pass_file;

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use besom_core::nearest;
use besom_store::{Clock, StoreError};
use percent_encoding::percent_decode_str;
use postgres::Config;
use postgres::config::{Host, SslMode};

use crate::fault::server;
use crate::tls::Tls;
use crate::{PostgresError, PostgresOptions};

/// How long a connection may take to come about, and how long a server may be silent while an answer is due.
const SILENCE: Duration = Duration::from_secs(30);

/// The schema that holds the tables where the URL names none.
const SCHEMA: &str = "besom";

/// What may follow `?` beside what the driver knows.
const OURS: [&str; 3] = ["schema", "sslmode", "sslrootcert"];

/// What the driver knows, for the nearest right spelling.
const THEIRS: [&str; 12] = [
    "user",
    "password",
    "dbname",
    "options",
    "application_name",
    "host",
    "hostaddr",
    "port",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "target_session_attrs",
];

/// The modes of TLS by the names that `libpq` has for them.
const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// A database, and how to connect to it.
#[derive(Clone)]
pub(crate) struct Target {
    /// The URL without what may be a secret.
    pub(crate) url: String,
    pub(crate) schema: String,
    pub(crate) config: Config,
    pub(crate) tls: Tls,
    pub(crate) clock: Option<Clock>,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("url", &self.url).field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Target {
    pub(crate) fn new(url: &str, options: &PostgresOptions) -> Result<Self, StoreError> {
        let shown = shown(url);
        Self::parse(url, &shown, options).map_err(|error| server(&shown, error))
    }

    fn parse(url: &str, shown: &str, options: &PostgresOptions) -> Result<Self, PostgresError> {
        let (theirs, ours) = split(url)?;
        let [schema, mode, roots] = ours;
        // The driver's own text may repeat what was written, so only what it complains of is taken.
        let mut config: Config = theirs.parse().map_err(|error: postgres::Error| PostgresError::Url {
            why: error.into_source().map_or_else(|| "this is no URL".to_owned(), |why| why.to_string()),
        })?;
        if config.get_hosts().is_empty() {
            return Err(bad("the name of the host is missing"));
        }
        if let (None, Some(user)) = (config.get_user(), &options.user) {
            config.user(user);
        }
        let mode = mode.or_else(|| options.ssl_mode.clone());
        config.ssl_mode(ssl_mode(mode.as_deref(), &config)?);
        if config.get_password().is_none() {
            match &options.password {
                Some(password) => config.password(password),
                None => pass_file::add_password(&mut config, options.pass_file.as_deref())?,
            };
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(SILENCE);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE);
        }
        if !theirs.contains("keepalives_idle=") {
            config.keepalives_idle(SILENCE);
        }
        if config.get_application_name().is_none() {
            config.application_name("besom");
        }
        let roots = roots.map(PathBuf::from).or_else(|| options.root_cert.clone());
        let tls = tls(roots.as_deref())?;
        let schema = schema.unwrap_or_else(|| SCHEMA.to_owned());
        if schema.is_empty() || schema.contains('\0') {
            return Err(bad("the name of the schema is empty"));
        }
        Ok(Self { url: shown.to_owned(), schema, config, tls, clock: options.clock.clone() })
    }

    /// The schema as it is written in a statement.
    pub(crate) fn quoted_schema(&self) -> String {
        format!("\"{}\"", self.schema.replace('"', "\"\""))
    }
}

fn bad(why: impl Into<String>) -> PostgresError {
    PostgresError::Url { why: why.into() }
}

fn tls(roots: Option<&Path>) -> Result<Tls, PostgresError> {
    let failed =
        |source| PostgresError::CaFile { path: roots.map(Path::to_owned).unwrap_or_default(), source };
    Tls::new(roots).map_err(failed)
}

/// The URL with the parameters that the driver knows, and the values of [`OURS`].
fn split(url: &str) -> Result<(String, [Option<String>; 3]), PostgresError> {
    let mut ours = [const { None }; 3];
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(bad("a database is named by postgres://"));
    }
    let Some((base, query)) = url.rsplit_once('?') else { return Ok((url.to_owned(), ours)) };
    if query.contains('@') {
        // It may be a password that holds a question mark, which must not be shown.
        return Err(bad("write '@', '?' and '/' in names and passwords as %40, %3F and %2F"));
    }
    let mut theirs = Vec::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if let Some(place) = OURS.iter().position(|known| *known == name) {
            let value = percent_decode_str(value).decode_utf8();
            let value: Cow<'_, str> =
                value.map_err(|_| bad(format!("the value of '{name}' is not UTF-8")))?;
            ours[place] = Some(value.into_owned());
        } else if name.starts_with("keepalives") || THEIRS.contains(&name) || is_rare(name) {
            theirs.push(parameter);
        } else {
            let near = besom_core::did_you_mean(nearest(name, OURS.into_iter().chain(THEIRS)));
            return Err(bad(format!("no parameter of a URL is called '{name}'{near}")));
        }
    }
    let theirs = if theirs.is_empty() { base.to_owned() } else { format!("{base}?{}", theirs.join("&")) };
    Ok((theirs, ours))
}

fn is_rare(name: &str) -> bool {
    ["sslnegotiation", "channel_binding", "load_balance_hosts"].contains(&name)
}

/// Whether the connection is encrypted: always to another machine, unless it was said that it must not be. There is no
/// middle way that an attacker could choose, as `prefer` of `libpq` is one.
fn ssl_mode(mode: Option<&str>, config: &Config) -> Result<SslMode, PostgresError> {
    // An address is what is connected to, whatever the host is called.
    let (hosts, addresses) = (config.get_hosts(), config.get_hostaddrs());
    let is_local = hosts.iter().all(is_local) && addresses.iter().all(IpAddr::is_loopback);
    let is_socket = hosts.iter().all(is_socket) && addresses.is_empty();
    match mode {
        Some("disable") => Ok(SslMode::Disable),
        Some("require" | "verify-ca" | "verify-full") if is_socket => Ok(SslMode::Disable),
        Some("require" | "verify-ca" | "verify-full") => Ok(SslMode::Require),
        None | Some("allow" | "prefer") if is_local => Ok(SslMode::Disable),
        None | Some("allow" | "prefer") => Ok(SslMode::Require),
        Some(other) => {
            let near = besom_core::did_you_mean(nearest(other, MODES));
            Err(bad(format!(
                "sslmode '{other}' is none of disable, require, verify-ca and verify-full{near}"
            )))
        }
    }
}

fn is_socket(host: &Host) -> bool {
    matches!(host, Host::Unix(_))
}

/// Whether what is sent to this host stays on this machine.
fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name.eq_ignore_ascii_case("localhost")
                || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    }
}

/// The URL without what may be a secret: everything before the last `@`, and the parameters; its kind alone if one of these may be
/// the other.
pub(crate) fn shown(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    let (place, parameters) = rest.split_once(['?', '#']).unwrap_or((rest, ""));
    if parameters.contains('@') {
        return format!("{scheme}://...");
    }
    let host = place.rsplit_once('@').map_or(place, |(_, host)| host);
    format!("{scheme}://{host}")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use besom_core::error_chain;

    use super::*;

    fn target(url: &str) -> Target {
        Target::new(url, &PostgresOptions::default()).unwrap()
    }

    fn refused(url: &str) -> String {
        error_chain(&Target::new(url, &PostgresOptions::default()).unwrap_err())
    }

    #[test]
    fn a_secret_is_not_shown() {
        let (host, nothing) = ("postgres://host:5432/db", "postgres://...");
        for (url, expected) in [
            ("postgres://me:secret@host:5432/db?password=secret", host),
            ("postgres://me:se@cret@host:5432/db", host),
            ("postgres://me:se/cret@host:5432/db", host),
            ("postgres://me:se?cret@host:5432/db#secret", nothing),
            ("postgres://host:5432/db?password=se@cret", nothing),
        ] {
            assert_eq!(shown(url), expected, "{url}");
            let shows = format!("{:?}", Target::new(url, &PostgresOptions::default()));
            assert!(!shows.contains("cret"), "{shows}");
        }
        let options = PostgresOptions::default().password("secret");
        let target = Target::new("postgres://host/db", &options).unwrap();
        assert!(!format!("{options:?}{target:?}").contains("secret"));
    }

    #[test]
    fn what_goes_to_another_machine_is_encrypted_unless_it_must_not_be() {
        let mode = |url: &str| target(url).config.get_ssl_mode();
        assert_eq!(mode("postgres://localhost/db"), SslMode::Disable);
        assert_eq!(mode("postgres://127.0.0.1/db"), SslMode::Disable);
        assert_eq!(mode("postgres://%2Frun%2Fpg/db"), SslMode::Disable);
        assert_eq!(mode("postgres://10.0.0.1/db"), SslMode::Require);
        assert_eq!(mode("postgres://host/db?sslmode=prefer"), SslMode::Require);
        assert_eq!(mode("postgres://localhost/db?hostaddr=10.0.0.1"), SslMode::Require);
        assert_eq!(mode("postgres://%2Frun%2Fpg,host/db?sslmode=verify-full"), SslMode::Require);
        assert_eq!(mode("postgres://localhost/db?sslmode=verify-full"), SslMode::Require);
        assert_eq!(mode("postgres://host/db?sslmode=disable"), SslMode::Disable);
        assert!(refused("postgres://host/db?sslmode=disabled").contains("did you mean 'disable'?"));
    }

    #[test]
    fn a_url_that_is_none_of_a_database_is_refused() {
        assert!(refused("postgres:///db").contains("the name of the host is missing"));
        assert!(refused("postgres://host/db?shema=x").contains("did you mean 'schema'?"));
        assert!(
            refused("postgres://host:port/db")
                .starts_with("cannot use the store at postgres://host:port/db: ")
        );
        assert!(refused("http://host").contains("a database is named by postgres://"));
        assert!(
            refused("postgres://host/db?sslrootcert=/none").contains("cannot read the certificates in /none")
        );
    }

    #[test]
    fn the_schema_is_named_by_the_url() {
        assert_eq!(target("postgres://host/db").quoted_schema(), "\"besom\"");
        assert_eq!(target("postgres://host/db?schema=a%22b").quoted_schema(), "\"a\"\"b\"");
        assert_eq!(target("postgres://host/db?schema=x&user=me").config.get_user(), Some("me"));
    }
}
