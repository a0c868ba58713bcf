//! Conversations in the ask-tell protocol, of any text: every request is answered by one line, the same one in every
//! execution, and a request that is refused might as well not have been made, unless some of the runs that it told of were taken.

#![no_main]

use besom::engine::ask_tell::converse;
use besom_fuzz::session::session;
use besom_fuzz::{Bytes, laws};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// Suggestions are slow to make, and more of them find no more.
const MOST_SUGGESTIONS: u64 = 100;

fuzz_target!(|input: &[u8]| {
    // Text begins with anything but a zero.
    let requests = match input.split_first() {
        Some((0, rest)) => session(&mut Bytes::new(rest)).into_bytes(),
        _ => input.to_vec(),
    };
    let requests = affordable(&requests);
    let replies = replies(&requests);
    assert_eq!(self::replies(&requests), replies, "asked the same again");
    assert!(replies.len() <= requests.len());
    let served: Vec<_> = requests.iter().zip(&replies).filter(|(_, reply)| !refused(reply)).collect();
    if served.len() < replies.len() {
        let requests: Vec<_> = served.iter().map(|(request, _)| (*request).clone()).collect();
        let expected: Vec<_> = served.into_iter().map(|(_, reply)| reply.clone()).collect();
        assert_eq!(self::replies(&requests), expected, "without the refused requests of {replies:?}");
    }
});

/// Whether the reply says that nothing was done. A request that tells of several runs is an error if one of them is wrong; the
/// others count, and are named.
fn refused(reply: &Value) -> bool {
    let told = reply.get("told").and_then(Value::as_array);
    reply.get("error").is_some() && told.is_none_or(Vec::is_empty)
}

/// The requests, without blank ones and those for too many suggestions.
fn affordable(input: &[u8]) -> Vec<Vec<u8>> {
    let mut suggestions = 0;
    let lines = input.split(|&byte| byte == b'\n').filter(|line| !line.iter().all(u8::is_ascii_whitespace));
    let affordable = lines.filter(|line| {
        let request: Option<Value> = serde_json::from_slice(line).ok();
        let asked = request.and_then(|request| request.get("ask").and_then(Value::as_u64)).unwrap_or(0);
        // What nobody can mean is to be refused.
        if asked <= 1 << 40 {
            suggestions += asked;
        }
        asked > 1 << 40 || suggestions <= MOST_SUGGESTIONS
    });
    affordable.map(seeded).collect()
}

/// The request with a seed, if it begins a sweep without one: a fresh one would differ in every execution.
fn seeded(line: &[u8]) -> Vec<u8> {
    match serde_json::from_slice(line) {
        Ok(Value::Object(mut request))
            if request.contains_key("config") && request.get("seed").is_none_or(Value::is_null) =>
        {
            request.insert("seed".to_owned(), Value::from(7));
            serde_json::to_vec(&request).expect("JSON")
        }
        _ => line.to_vec(),
    }
}

fn replies(requests: &[Vec<u8>]) -> Vec<Value> {
    let input = requests.join(&b'\n');
    let mut output = Vec::new();
    converse(&laws::registry(), &mut input.as_slice(), &mut output).expect("nothing fails in memory");
    let text = String::from_utf8(output).expect("replies are text");
    text.lines().map(|reply| serde_json::from_str(reply).expect("replies are JSON")).collect()
}
