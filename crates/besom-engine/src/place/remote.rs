//! Stores behind a server: what the environment says of them.

use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use besom_agent::Shutdown;
use besom_remote::{HttpOptions, HttpStore};

use super::{Elsewhere, Kind, Place, files_directory};
use crate::EngineError;

/// The environment variable with the token.
const TOKEN: &str = "BESOM_TOKEN";

/// The environment variable that names a file of certificates.
const CA_FILE: &str = "BESOM_CA_FILE";

/// The environment variable that allows http without TLS to another machine.
const INSECURE: &str = "BESOM_INSECURE_HTTP";

/// The place of a server.
pub(super) fn place(url: &str) -> Result<Place, EngineError> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let mut options = HttpOptions::default();
    options.token = set(TOKEN).map(|token| token.to_string_lossy().trim().to_owned());
    options.ca_file = set(CA_FILE).map(PathBuf::from);
    options.insecure_http = set(INSECURE).is_some_and(|value| value == "1");
    let store = HttpStore::connect(url, &options)?;
    let url = store.url().to_owned();
    let elsewhere = Some(Elsewhere {
        name: url.clone(),
        url,
        is_server: true,
        #[cfg(feature = "postgres")]
        database: None,
    });
    let kind = Kind::Opened(Arc::new(move |heeds| Ok(Box::new(connection(&store, heeds)))), elsewhere);
    Place::of(kind, None, false).with_directory(files_directory())
}

/// Connections of their own, on which calls that hang are given up as the shutdown wants it.
fn connection(store: &HttpStore, heeds: Option<&Shutdown>) -> HttpStore {
    let mut store = store.clone();
    if let Some(shutdown) = heeds.cloned() {
        store.give_up_when(move |waited| shutdown.gives_up(waited));
    }
    store
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_place_behind_a_server_keeps_files_of_runs_here_and_says_where_the_store_is() {
        let place = Place::new("http://127.0.0.1:7070/").unwrap();
        assert_eq!(
            (place.to_string().as_str(), place.url()),
            ("http://127.0.0.1:7070", Some("http://127.0.0.1:7070"))
        );
        assert_eq!(place.directory().unwrap(), env::current_dir().unwrap().join(".besom/remote"));
        let moved = place.with_directory("/scratch/runs").unwrap();
        assert_eq!(moved.directory().unwrap(), PathBuf::from("/scratch/runs"));
        assert_eq!(moved.name().unwrap(), "http://127.0.0.1:7070");
        assert!(Place::new("HTTPS://host").unwrap().url().is_some());
        assert!(Place::new("http:/host").is_err(), "it is no directory either");
    }

    #[test]
    fn what_is_done_with_files_is_done_where_they_are() {
        let place = Place::new("http://127.0.0.1:7070").unwrap();
        let refused = place.examine().unwrap_err().to_string();
        assert_eq!(
            refused,
            "the store is behind the server http://127.0.0.1:7070: run this command on the server's machine, with --store DIRECTORY"
        );
    }

    #[test]
    fn a_url_that_cannot_be_used_is_refused_with_the_reason() {
        let refused = Place::new("http://10.1.2.3:7070").unwrap_err();
        let chain = besom_core::error_chain(&refused);
        assert!(
            chain.starts_with("cannot use the store at http://10.1.2.3:7070: plain http shows the token"),
            "{chain}"
        );
    }
}
