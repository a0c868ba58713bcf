//! A server with a certificate speaks TLS and nothing else; one that others can reach needs it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use besom_engine::{Place, registry};
use besom_remote::{HttpOptions, HttpStore};
use besom_server::{Server, ServerError, ServerOptions, Stop, Tls, TlsError};
use besom_store::Store;

use stage::Stage;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn options(certificate: &str, key: &str) -> ServerOptions {
    let mut options = ServerOptions::default();
    options.tls = Some(Tls { certificate: data(certificate), key: data(key) });
    options
}

#[test]
fn a_client_that_trusts_the_certificate_is_served_and_nobody_without_tls() {
    let stage = Stage::with(options("cert.pem", "key.pem"), |_| {});
    let port = stage.address.port();
    let options = HttpOptions::default().token(stage.tokens().owner()).ca_file(data("cert.pem"));
    let connect = |url: String| HttpStore::connect(&url, &options).unwrap();
    assert!(connect(format!("https://localhost:{port}")).sweeps().unwrap().is_empty());
    assert!(connect(format!("http://localhost:{port}")).sweeps().is_err());
    let suspicious = HttpOptions::default().token(stage.tokens().owner());
    let mut suspicious = HttpStore::connect(&format!("https://localhost:{port}"), &suspicious).unwrap();
    assert!(suspicious.sweeps().is_err(), "nobody vouches for the certificate");
}

#[test]
fn files_that_are_no_certificate_and_key_are_named() {
    let error = |certificate: &str, key: &str| match Server::new(
        Place::memory(),
        registry(),
        options(certificate, key),
    ) {
        Err(ServerError::Tls(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(error("cert.pem", "other-key.pem"), TlsError::Unusable { .. }));
    for (certificate, key, what) in [
        ("missing.pem", "key.pem", "certificate"),
        ("README.md", "key.pem", "certificate"),
        ("cert.pem", "cert.pem", "private key"),
    ] {
        let message = error(certificate, key).to_string();
        assert!(message.starts_with(&format!("no {what} can be read from ")), "{message}");
    }
}

#[test]
fn an_address_that_others_can_reach_needs_tls_or_the_word_that_it_need_not() {
    let listen = |options: ServerOptions| {
        let server = Server::new(Place::memory(), registry(), options).unwrap();
        let stop = Stop::new();
        stop.stop();
        server.serve(TcpListener::bind("0.0.0.0:0").unwrap(), &stop)
    };
    assert!(matches!(listen(ServerOptions::default()), Err(ServerError::Insecure(_))));
    assert!(listen(options("cert.pem", "key.pem")).is_ok());
    let mut insecure = ServerOptions::default();
    insecure.insecure_http = true;
    assert!(listen(insecure).is_ok());
}
