//! The server is there, says what it is, and ends when it is told to.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::io::{Read, Write};

use stage::Stage;

#[test]
fn whoever_has_no_token_learns_that_the_server_is_there_and_nothing_more() {
    let stage = Stage::new();
    assert_eq!(stage.ask("GET", "/healthz", None, None).body, b"ok\n");
    let version = stage.ask("GET", "/v1/version", None, None).json();
    assert_eq!((&version["protocol"], &version["store"]), (&1.into(), &serde_json::Value::Null));
    assert_eq!(stage.get("/v1/version").json()["scope"], "owner");
}

#[test]
fn each_answer_has_the_headers_that_keep_browsers_safe() {
    let stage = Stage::new();
    for path in ["/healthz", "/v1/version", "/nothing/here"] {
        let answer = stage.get(path);
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
}

#[test]
fn a_server_that_is_stopped_closes_idle_connections_and_returns() {
    let mut stage = Stage::new();
    let mut idle = stage.connect();
    let host = stage.address;
    idle.write_all(format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"ok\n") {
        let mut byte = [0];
        idle.read_exact(&mut byte).unwrap();
        seen.extend(byte);
    }
    stage.end();
    assert_eq!(idle.read(&mut [0]).unwrap(), 0, "it is closed");
}
