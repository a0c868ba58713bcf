//! A page that is open learns of each change, and of the end.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sample;
mod stage;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use besom_server::Scope;
use besom_store::{Store, SweepId, SweepState};
use serde_json::Value;
use stage::Stage;

/// The events of a stream, as they come.
struct Events(BufReader<TcpStream>);

impl Events {
    fn open(stage: &Stage, path: &str) -> Self {
        Self::over(stage, stage.connect(), path)
    }

    /// The same over this connection.
    fn over(stage: &Stage, socket: TcpStream, path: &str) -> Self {
        Self::read_by(stage, &stage.tokens().owner(), socket, path)
    }

    /// The same for whoever has this token.
    fn read_by(stage: &Stage, token: &str, mut socket: TcpStream, path: &str) -> Self {
        let host = stage.address;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n");
        socket.write_all(request.as_bytes()).unwrap();
        let mut reader = BufReader::new(socket);
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            assert!(reader.read_line(&mut line).unwrap() > 0, "the stream has ended");
            assert!(!line.starts_with("HTTP") || line.contains(" 200 "), "{line}");
        }
        Self(reader)
    }

    /// The name and the data of the next event; `None` at the end.
    fn next(&mut self) -> Option<(String, Value)> {
        let (mut name, mut line) = (String::new(), String::new());
        loop {
            line.clear();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            if let Some(found) = line.strip_prefix("event: ") {
                found.trim_end().clone_into(&mut name);
            }
            // Other lines are ids, comments and the lengths of chunks.
            if let Some(data) = line.strip_prefix("data: ") {
                return Some((name, serde_json::from_str(data).unwrap()));
            }
        }
    }

    /// The first event from now on of which this holds.
    fn until(&mut self, mut holds: impl FnMut(&str, &Value) -> bool) -> Value {
        loop {
            let (name, data) = self.next().expect("the stream has ended");
            if holds(&name, &data) {
                return data;
            }
        }
    }
}

fn staged() -> (Stage, SweepId) {
    Stage::prepared(|store| sample::worked(store, 4))
}

#[test]
fn a_watched_sweep_tells_what_changed_since_a_cursor_and_then_each_change() {
    let (stage, id) = staged();
    let mut store = stage.store();
    let cursor = store.changes(&id, 0).unwrap().upto;
    let mut events = Events::open(&stage, &format!("/v1/sweeps/{id}/watch?since={cursor}"));
    let (name, first) = events.next().unwrap();
    assert_eq!(
        (name.as_str(), &first["upto"], &first["state"]),
        ("changes", &Value::from(cursor.to_string()), &"running".into())
    );
    assert!(first["runs"].as_array().unwrap().is_empty());
    sample::controller(&mut *store, &id).step(&mut *store, 1).unwrap();
    // The stopping rule may change another run in the same step.
    let sixth =
        |data: &Value| data["runs"].as_array().unwrap().iter().find(|run| run["number"] == 6).cloned();
    let new = sixth(&events.until(|_, data| sixth(data).is_some())).unwrap();
    assert_eq!((&new["state"], new["places"].as_array().map(Vec::len)), (&"pending".into(), Some(5)));
    store.set_state(&id, SweepState::Paused, Some("lunch")).unwrap();
    let paused = events.until(|_, data| data["state"] == "paused");
    assert_eq!((&paused["reason"], &paused["paused_by"]), (&"lunch".into(), &"owner".into()));
    store.remove_sweep(&id).unwrap();
    assert_eq!(events.until(|name, _| name == "gone"), serde_json::json!({}));
    assert_eq!(events.next(), None);
}

#[test]
fn what_changed_since_the_beginning_is_all_runs() {
    let (stage, id) = staged();
    let mut events = Events::open(&stage, &format!("/v1/sweeps/{id}/watch"));
    let (_, first) = events.next().unwrap();
    let runs = first["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 5);
    let mut store = stage.store();
    let last = store.run(&id, besom_core::RunNumber::from_index(4)).unwrap();
    assert_eq!((&runs[4]["last"], &runs[4]["agent"]), (&last.last.into(), &"host/1/1".into()));
    assert_eq!(stage.get("/v1/sweeps/nothing1/watch").status, 404);
}

#[test]
fn the_list_tells_of_sweeps_that_change_come_and_go() {
    let (stage, id) = staged();
    let mut store = stage.store();
    let mut events = Events::open(&stage, "/v1/watch");
    let (name, first) = events.next().unwrap();
    assert_eq!((name.as_str(), &first["sweeps"][0]["id"]), ("sweeps", &id.as_str().into()));
    let other = sample::created(&mut *store, sample::TEXT);
    let came = events.until(|_, data| data["sweeps"].as_array().is_some_and(|all| !all.is_empty()));
    assert_eq!(came["sweeps"][0]["id"], other.as_str());
    store.remove_sweep(&other).unwrap();
    let gone = events.until(|_, data| data["gone"].as_array().is_some_and(|all| !all.is_empty()));
    assert_eq!(gone["gone"][0], other.as_str());
}

#[test]
fn streams_end_with_the_server() {
    let (mut stage, id) = staged();
    let mut of_sweep = Events::open(&stage, &format!("/v1/sweeps/{id}/watch"));
    let mut of_list = Events::open(&stage, "/v1/watch");
    assert!(of_sweep.next().is_some() && of_list.next().is_some());
    stage.end();
    assert!(of_sweep.next().is_none());
    assert!(of_list.next().is_none());
}

/// A connection to the server that passes on what comes back in whole blocks only, as some proxies do.
fn through_a_buffer(stage: &Stage) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut back, _) = listener.accept().unwrap();
    let mut server = stage.connect();
    let (mut forth, mut request) = (back.try_clone().unwrap(), server.try_clone().unwrap());
    // Both end with their connections.
    thread::spawn(move || std::io::copy(&mut forth, &mut request));
    thread::spawn(move || {
        let mut block = [0; 4 << 10];
        while server.read_exact(&mut block).is_ok() && back.write_all(&block).is_ok() {}
    });
    client
}

#[test]
fn a_page_behind_a_proxy_that_buffers_learns_of_each_change() {
    let (stage, id) = staged();
    let mut events = Events::over(&stage, through_a_buffer(&stage), &format!("/v1/sweeps/{id}/watch"));
    for state in [SweepState::Paused, SweepState::Running] {
        stage.store().set_state(&id, state, None).unwrap();
        // Without being filled up, some hundred signs of life would have to come first, one each 15 s.
        let begun = Instant::now();
        events.until(|_, data| data["state"] == state.as_str());
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
}

#[test]
fn readers_that_have_gone_without_a_word_leave_their_places() {
    let (stage, id) = staged();
    let path = format!("/v1/sweeps/{id}/watch");
    let status = || stage.get(&path).status;
    let all: Vec<_> = (0..64).map(|_| Events::open(&stage, &path)).collect();
    assert_eq!(status(), 503);
    drop(all);
    while status() != 200 {
        thread::yield_now();
    }
}

/// A tab that lies in the background for a day: what it has not read is not queued, and what has changed meanwhile comes at once.
#[test]
fn a_reader_that_did_not_read_learns_how_things_stand() {
    let (stage, id) = staged();
    let mut store = stage.store();
    let mut events = Events::open(&stage, &format!("/v1/sweeps/{id}/watch"));
    for lap in 0..200 {
        let state = if lap % 2 == 0 { SweepState::Paused } else { SweepState::Running };
        store.set_state(&id, state, None).unwrap();
    }
    store.set_state(&id, SweepState::Canceled, Some("at last")).unwrap();
    let mut count = 0;
    events.until(|_, data| {
        count += 1;
        data["reason"] == "at last"
    });
    assert!(count < 200, "{count} events");
}

#[test]
fn streams_end_when_the_token_of_their_reader_is_revoked() {
    let (stage, id) = staged();
    let (_, token) = stage.tokens().add(Scope::Read, Some("ada")).unwrap();
    let open = |path: &str| Events::read_by(&stage, &token, stage.connect(), path);
    let mut streams = ["/v1/watch".to_owned(), format!("/v1/sweeps/{id}/watch")].map(|path| open(&path));
    let mut owners = Events::open(&stage, "/v1/watch");
    assert!(streams.iter_mut().all(|events| events.next().is_some()) && owners.next().is_some());
    stage.tokens().revoke("ada").unwrap();
    for events in &mut streams {
        while events.next().is_some() {}
    }
    sample::created(&mut *stage.store(), sample::TEXT);
    assert!(owners.next().is_some(), "others are not concerned");
}
