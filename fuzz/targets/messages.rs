//! Messages of any bytes to a store behind a server: each is answered, with JSON and a known status, and an error is one that the client
//! understands.

#![no_main]

use std::sync::Arc;

use besom_remote::{Answer, dispatch};
use besom_store::{MemoryStore, Store};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// How many messages of an input are sent.
const MESSAGES: usize = 40;

/// What an answer may be.
const STATUSES: [u16; 8] = [200, 400, 404, 409, 413, 422, 500, 503];

// A line is the name of an operation, a space, and its arguments.
fuzz_target!(|input: &[u8]| {
    let mut store = MemoryStore::new(Arc::new(|| 1_000));
    for line in input.split(|&byte| byte == b'\n').take(MESSAGES) {
        let cut = line.iter().position(|&byte| byte == b' ').unwrap_or(line.len());
        let (name, body) = line.split_at(cut);
        let name = String::from_utf8_lossy(name);
        check(&dispatch(&name, body, &mut store));
        // Safe to repeat.
        check(&dispatch(&name, body, &mut store));
    }
    store.sweeps().expect("the store works");
});

fn check(answer: &Answer) {
    assert!(STATUSES.contains(&answer.status), "status {}", answer.status);
    let value: Value = serde_json::from_slice(&answer.body).expect("an answer is JSON");
    if answer.status != 200 {
        let error = &value["error"];
        assert!(error["code"].is_string() && error["message"].is_string(), "{error}");
    }
}
