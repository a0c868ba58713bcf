//! What W&B's client may send of a run: bodies of a file stream and requests of any bytes are read or refused, and JSON with the words that
//! it lacks comes out as it was.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

// The readers are no public part of their crate; they are compiled here once more.
#[path = "../../crates/besom-server/src/wandb/lenient.rs"]
mod lenient;
#[path = "../../crates/besom-server/src/wandb/stream.rs"]
mod stream;

use stream::Stream;

fuzz_target!(|input: &[u8]| {
    if let Ok(stream) = Stream::parse(input) {
        for line in stream.output.into_iter().flat_map(|(_, lines)| lines) {
            assert!(line.ends_with('\n') && !line[..line.len() - 1].ends_with('\n'), "{line:?}");
        }
        for row in stream.history.into_iter().flat_map(|(_, rows)| rows).chain(stream.summary) {
            check(&row);
        }
    }
    if let Ok(text) = std::str::from_utf8(input)
        && let Ok(object) = lenient::parse::<Map<String, Value>>(text)
    {
        check(&object);
    }
});

/// What was read is written so that it is read again.
fn check(object: &Map<String, Value>) {
    let text = lenient::text(object);
    let again: Map<String, Value> = lenient::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(&again, object);
    serde_json::to_string(&lenient::strict(&Value::Object(object.clone()))).expect("it can be written");
}
