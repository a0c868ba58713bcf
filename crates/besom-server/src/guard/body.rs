//! Bodies: JSON, at most so large, at most so deep, within so long.

use std::future::poll_fn;
use std::io::Read;
use std::pin::pin;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use flate2::read::MultiGzDecoder;
use tokio::time::timeout;

use super::room::{Room, Share};
use crate::refusal::Refusal;

/// How large a body may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// In bytes, as it was sent.
    sent: usize,
    /// In bytes, when it is inflated.
    inflated: usize,
}

/// What people and pages send.
pub(super) const SMALL: Limits = Limits { sent: 64 << 10, inflated: 1 << 20 };
/// What agents send: rows and output.
pub(crate) const LARGE: Limits = Limits { sent: 8 << 20, inflated: 32 << 20 };
/// What W&B's client may send: up to 10 MiB of lines, each a JSON text within JSON. It repeats for days what is refused.
pub(crate) const STREAM: Limits = Limits { sent: 32 << 20, inflated: 32 << 20 };
/// Within what time it must be here.
const TIME: Duration = Duration::from_secs(30);
/// How deep arrays and objects may be nested; parsing takes stack for each level.
const DEPTH: usize = 64;

/// Refuses what a form of a page can send without asking: state changes only by JSON.
pub(super) fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = named.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let message = format!("a body must be application/json, not '{named}'");
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", message))
}

/// The request with its body read, inflated and looked at, and what it takes of the room. One without a body stays as it is.
pub(crate) async fn read(
    request: Request,
    limits: Limits,
    room: &Room,
) -> Result<(Request, Option<Share>), Refusal> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok((request, None));
    }
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > limits.sent as u64) {
        return Err(too_large(limits.sent));
    }
    let (mut parts, body) = request.into_parts();
    let mut share = room.share();
    let bytes = timeout(TIME, collected(body, limits.sent, &mut share)).await.unwrap_or_else(|_| {
        let message = format!("the body took longer than {} s", TIME.as_secs());
        Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "slow_body", message))
    })?;
    let bytes = inflated(parts.headers.remove(CONTENT_ENCODING).as_ref(), bytes, limits, &mut share)?;
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    if depth(&bytes) > DEPTH {
        return Err(bad(format!("arrays and objects may be nested {DEPTH} deep")));
    }
    Ok((Request::from_parts(parts, Body::from(bytes)), Some(share)))
}

/// The bytes of a body, which takes of the room what has come, and not what it says will come.
async fn collected(body: Body, limit: usize, share: &mut Share) -> Result<Vec<u8>, Refusal> {
    let mut body = pin!(body);
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame.map_err(|_| bad("the connection broke before the end of the body"))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > limit {
            return Err(too_large(limit));
        }
        share.take(data.len())?;
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

fn too_large(limit: usize) -> Refusal {
    let message = format!("a body may have {limit} bytes here");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message).with("limit", limit)
}

fn bad(message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "bad_body", message)
}

fn inflated(
    encoding: Option<&HeaderValue>,
    bytes: Vec<u8>,
    limits: Limits,
    share: &mut Share,
) -> Result<Vec<u8>, Refusal> {
    match encoding.map(HeaderValue::as_bytes) {
        None | Some(b"identity") => Ok(bytes),
        Some(b"gzip") => {
            share.take(limits.inflated)?;
            let mut text = Vec::new();
            let most = limits.inflated as u64;
            let read = MultiGzDecoder::new(&*bytes).take(most + 1).read_to_end(&mut text);
            read.map_err(|error| bad(format!("the body is not gzip: {error}")))?;
            if text.len() > limits.inflated {
                return Err(too_large(limits.inflated));
            }
            share.keep(text.len());
            Ok(text)
        }
        Some(_) => Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unknown_encoding",
            "a body may be compressed by gzip only",
        )),
    }
}

/// How deep the arrays and objects of a JSON text are nested; of another text it is some number.
fn depth(text: &[u8]) -> usize {
    let (mut depth, mut deepest, mut is_string, mut is_escaped) = (0_usize, 0, false, false);
    for &byte in text {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_string => is_escaped = true,
            b'"' => is_string = !is_string,
            b'[' | b'{' if !is_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !is_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn depth_counts_what_is_open_at_the_same_time_outside_of_texts() {
        for (text, deep) in [
            ("1", 0),
            ("[]", 1),
            ("[[],[]]", 2),
            (r#"{"a": [{"b": 1}]}"#, 3),
            (r#"["[[[[", "\"[[", "\\"]"#, 1),
        ] {
            assert_eq!(depth(text.as_bytes()), deep, "{text}");
        }
    }

    #[test]
    fn a_bomb_is_refused_at_the_limit_and_not_inflated_further() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&vec![b' '; 2 << 20]).expect("writing to memory does not fail");
        let bomb = gzip.finish().expect("writing to memory does not fail");
        let encoding = HeaderValue::from_static("gzip");
        let room = Room::of(40 << 20);
        let inflate = |limits: Limits, share: &mut Share| {
            inflated(Some(&encoding), bomb.clone(), limits, share).map(|text| text.len())
        };
        let refused = inflate(SMALL, &mut room.share()).err().map(|refusal| refusal.status());
        assert_eq!(refused, Some(StatusCode::PAYLOAD_TOO_LARGE));
        let (mut one, mut other) = (room.share(), room.share());
        assert_eq!(inflate(LARGE, &mut one).ok(), Some(2 << 20));
        assert_eq!(inflate(LARGE, &mut other).ok(), Some(2 << 20), "only what it holds is taken");
    }

    #[tokio::test]
    async fn bodies_beyond_the_room_for_all_are_refused_until_others_are_answered() {
        let room = Room::of(100);
        let read = async |bytes: usize| {
            let request = Request::post("/").body(Body::from("1".repeat(bytes))).expect("a request");
            read(request, SMALL, &room).await.map(|(_, share)| share).map_err(|refusal| refusal.status())
        };
        let first = read(60).await.expect("there is room");
        assert_eq!(read(60).await.err(), Some(StatusCode::SERVICE_UNAVAILABLE));
        let second = read(40).await;
        assert!(second.is_ok());
        drop(first);
        assert!(read(60).await.is_ok());
    }
}
