//! Tokens outlive the server, are worth what they were made for, and end when they are revoked.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use besom_server::{Scope, TokenError, Tokens};
use serde_json::Value;

use stage::Stage;

fn scope(stage: &Stage, token: &str) -> Value {
    let answer = stage.ask("GET", "/v1/version", Some(token), None);
    if answer.status == 200 { answer.json()["scope"].clone() } else { answer.code().into() }
}

#[test]
fn all_tokens_are_kept_over_a_restart() {
    let stage = Stage::new();
    let tokens = stage.tokens();
    let (_, reader) = tokens.add(Scope::Read, None).unwrap();
    let known = [tokens.owner(), tokens.agents(), reader];
    let scopes = |stage: &Stage| known.clone().map(|token| scope(stage, &token));
    assert_eq!(scopes(&stage), ["owner", "agent", "read"]);
    assert_eq!(scopes(&stage.restart()), ["owner", "agent", "read"]);
}

#[test]
fn a_revoked_token_is_worth_nothing_and_the_others_stay() {
    let stage = Stage::new();
    let tokens = stage.tokens();
    let (token, reader) = tokens.add(Scope::Read, Some("ada")).unwrap();
    let (owner, agents) = (tokens.owner(), tokens.agents());
    assert_eq!((token.name.as_str(), scope(&stage, &reader)), ("ada", "read".into()));
    for name in ["ada", "agents"] {
        tokens.revoke(name).unwrap();
    }
    let mut now = [&reader, &agents, &owner].map(|token| scope(&stage, token));
    while now[..2] != ["wrong_token", "wrong_token"] {
        // Within a moment; a second of too many tries is waited for as well.
        now = [&reader, &agents, &owner].map(|token| scope(&stage, token));
    }
    assert_eq!(now[2], "owner");
    assert_eq!(scope(&stage, &stage.tokens().agents()), "agent");
}

#[test]
fn only_the_owners_token_is_in_the_file_and_only_its_owner_can_read_it() {
    let directory = tempfile::tempdir().unwrap();
    let tokens = Tokens::open(Some(directory.path())).unwrap();
    let (_, reader) = tokens.add(Scope::Read, None).unwrap();
    let file = directory.path().join("server.json");
    let text = fs::read_to_string(&file).unwrap();
    let elsewhere = [reader, tokens.agents(), tokens.view()];
    assert!(text.contains(&tokens.owner()) && !elsewhere.iter().any(|token| text.contains(token)));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(Tokens::open(Some(directory.path())), Err(TokenError::Exposed { .. })));
}

#[test]
fn names_are_given_once_and_errors_name_what_was_meant() {
    let tokens = Tokens::open(None).unwrap();
    assert_eq!(tokens.add(Scope::Read, None).unwrap().0.name, "read-1");
    assert_eq!(tokens.add(Scope::Read, None).unwrap().0.name, "read-2");
    assert!(matches!(tokens.add(Scope::Read, Some("owner")), Err(TokenError::Taken { .. })));
    let error = tokens.revoke("raed-1").unwrap_err();
    assert_eq!(error.to_string(), "no token has the name 'raed-1', did you mean 'read-1'?");
}

#[test]
fn a_link_that_others_may_see_only_allows_reading_and_can_be_revoked() {
    let stage = Stage::new();
    let tokens = stage.tokens();
    let view = tokens.view();
    assert_eq!((scope(&stage, &view), tokens.view()), ("read".into(), view.clone()));
    tokens.revoke("view").unwrap();
    assert_ne!(tokens.view(), view);
    assert_eq!(scope(&stage, &stage.tokens().view()), "read");
}
