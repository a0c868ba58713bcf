//! Connections with TLS to a server whose certificate signs itself.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod server;

use std::net::TcpListener;
use std::path::Path;

use besom_core::error_chain;
use besom_postgres::{PostgresOptions, PostgresStore};
use besom_store::Store;
use server::Server;

/// The certificate, for `localhost` and `127.0.0.1`, and its key.
const CERTIFICATE: &str = include_str!("../../besom-server/tests/data/cert.pem");
const KEY: &str = include_str!("../../besom-server/tests/data/key.pem");

fn open(host: &str, port: u16, parameters: &str) -> Result<PostgresStore, String> {
    let url = format!("postgres://besom@{host}:{port}/postgres?{parameters}");
    PostgresStore::open(&url, &PostgresOptions::default()).map_err(|error| error_chain(&error))
}

#[test]
fn a_certificate_that_signs_itself_is_trusted_by_its_file_alone_and_for_its_names() {
    let test = "a_certificate_that_signs_itself_is_trusted_by_its_file_alone";
    let Some(server) = Server::start(test) else { return };
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root.pem");
    std::fs::write(&root, CERTIFICATE).unwrap();
    server.install("cert.pem", CERTIFICATE);
    server.install("key.pem", KEY);
    server.stop("fast");
    // Nobody else takes the port meanwhile: the system gives out others first.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listening = format!("-c fsync=off -c listen_addresses=127.0.0.1 -c port={port}");
    let encrypted = format!("{listening} -c ssl=on -c ssl_cert_file=cert.pem -c ssl_key_file=key.pem");
    server.begin(&encrypted);
    let trusted = |mode: &str| format!("sslmode={mode}&sslrootcert={}", shown(&root));
    for mode in ["require", "verify-ca", "verify-full"] {
        let mut store = open("localhost", port, &trusted(mode)).unwrap();
        assert!(store.sweeps().unwrap().is_empty(), "{mode}");
    }
    let unknown = open("localhost", port, "sslmode=require").unwrap_err();
    assert!(unknown.contains("its certificate is not trusted: name the file"), "{unknown}");
    let misnamed = open("localhost.localdomain", port, &format!("{}&hostaddr=127.0.0.1", trusted("require")))
        .unwrap_err();
    assert!(misnamed.contains("its certificate is not for the host of the URL"), "{misnamed}");
    server.stop("fast");
    server.begin(&listening);
    let plain = open("localhost", port, &trusted("verify-full")).unwrap_err();
    assert!(plain.contains("the server does not encrypt"), "{plain}");
    assert!(open("localhost", port, "sslmode=disable").is_ok());
}

/// A path in a URL.
fn shown(path: &Path) -> String {
    path.display().to_string().replace('/', "%2F")
}
