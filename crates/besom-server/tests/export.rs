//! What an export holds: the answers of the server, by the paths that the page asks for.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sample;
mod stage;

use std::collections::BTreeMap;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde_json::Value;
use stage::Stage;

/// The index of a page, and the answers in it.
fn read(page: &str) -> (Value, BTreeMap<String, Value>) {
    let data = page.split("id=\"besom-data\">").nth(1).unwrap().split('<').next().unwrap();
    let mut bytes = Vec::new();
    GzDecoder::new(&*STANDARD.decode(data.trim()).unwrap()).read_to_end(&mut bytes).unwrap();
    let (length, rest) = bytes.split_at(4);
    let (index, answers) = rest.split_at(u32::from_le_bytes(length.try_into().unwrap()) as usize);
    let index: Value = serde_json::from_slice(index).unwrap();
    let parts = index["parts"].as_object().unwrap().iter().filter_map(|(path, place)| {
        let place: [usize; 2] = serde_json::from_value(place.clone()).unwrap();
        let answer = serde_json::from_slice(&answers[place[0]..place[0] + place[1]]).ok()?;
        Some((path.clone(), answer))
    });
    let parts = parts.collect();
    (index, parts)
}

#[test]
fn an_export_answers_what_the_page_of_a_run_asks_for_and_says_when_it_was_written() {
    let (stage, id) = Stage::prepared(|store| sample::worked(store, 6));
    let before = besom_store::system_clock()();
    let page = String::from_utf8(stage.get(&format!("/v1/sweeps/{id}.html")).body).unwrap();
    let (index, parts) = read(&page);
    assert!(index["at_ms"].as_u64().unwrap() >= before);
    for run in [1, 5, 7] {
        for asked in ["", "/rows?after=0&limit=50", "/output?attempt=1", "/events?after=0&limit=1000"] {
            let path = format!("/v1/sweeps/{id}/runs/{run}{asked}");
            assert_eq!(parts.get(&path), Some(&stage.get(&path).json()), "{path}");
        }
    }
    let curves = |metric: &str| format!("/v1/sweeps/{id}/curves?metric={metric}&runs=best:200&buckets=200");
    for metric in ["loss", "acc"] {
        assert_eq!(parts.get(&curves(metric)), Some(&stage.get(&curves(metric)).json()), "{metric}");
    }
}
