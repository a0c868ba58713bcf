//! A server on a loopback port over a store in a temporary directory, and a client that can also be rude.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::thread::{self, JoinHandle};

use besom_engine::{Place, registry};
use besom_server::{Server, ServerError, ServerOptions, Stop, Tokens};
use besom_store::Store;
use serde_json::Value;
use tempfile::TempDir;

/// A server that is stopped when it is dropped.
pub(crate) struct Stage {
    directory: TempDir,
    pub(crate) address: SocketAddr,
    owner: String,
    stop: Stop,
    server: Option<JoinHandle<Result<(), ServerError>>>,
}

impl Stage {
    /// A server of an empty store.
    pub(crate) fn new() -> Self {
        Self::with(ServerOptions::default(), |_| {})
    }

    /// A server of a store that was prepared so, and what the preparation has answered.
    pub(crate) fn prepared<T>(prepare: impl FnOnce(&mut dyn Store) -> T) -> (Self, T) {
        let mut answer = None;
        let stage = Self::with(ServerOptions::default(), |store| answer = Some(prepare(store)));
        (stage, answer.unwrap())
    }

    /// A server with these options of a store that was prepared so.
    pub(crate) fn with(options: ServerOptions, prepare: impl FnOnce(&mut dyn Store)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        prepare(&mut *place(directory.path()).open_or_create().unwrap());
        Self::at(directory, options)
    }

    /// A server of a store whose files were put into its directory so.
    pub(crate) fn over(put: impl FnOnce(&Path)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        put(directory.path());
        Self::at(directory, ServerOptions::default())
    }

    /// A server of the store at this place, which has no directory.
    pub(crate) fn of(place: Place, options: ServerOptions) -> Self {
        Self::serving(tempfile::tempdir().unwrap(), place, options)
    }

    fn at(directory: TempDir, options: ServerOptions) -> Self {
        let place = place(directory.path());
        Self::serving(directory, place, options)
    }

    fn serving(directory: TempDir, place: Place, options: ServerOptions) -> Self {
        let server = Server::new(place, registry(), options).unwrap();
        let owner = server.tokens().owner();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), Stop::new());
        let server = thread::spawn({
            let stop = stop.clone();
            move || server.serve(listener, &stop)
        });
        Self { directory, address, owner, stop, server: Some(server) }
    }

    /// Stops the server and starts another one of the same store, at another port.
    pub(crate) fn restart(mut self) -> Self {
        self.end();
        let directory = std::mem::replace(&mut self.directory, tempfile::tempdir().unwrap());
        Self::at(directory, ServerOptions::default())
    }

    /// Stops the server and waits for its end.
    pub(crate) fn end(&mut self) {
        self.stop.stop();
        if let Some(server) = self.server.take() {
            server.join().unwrap().unwrap();
        }
    }

    /// The owner's token, as it was at the start.
    pub(crate) fn owner(&self) -> &str {
        &self.owner
    }

    /// The directory of the store.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The store, as another process would open it.
    pub(crate) fn store(&self) -> Box<dyn Store> {
        place(self.directory.path()).open().unwrap()
    }

    /// The tokens, as another process would read them.
    pub(crate) fn tokens(&self) -> Tokens {
        Tokens::open(Some(self.directory.path())).unwrap()
    }

    /// What the owner gets at a path.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, Some(&self.tokens().owner()), None)
    }

    /// What the owner gets for a JSON body.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, Some(&self.tokens().owner()), Some(body))
    }

    /// What whoever has this token gets.
    pub(crate) fn ask(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Answer {
        let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let body = body.map(ToString::to_string);
        let kind = body.as_ref().map_or_else(String::new, |body| {
            format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())
        });
        let host = self.address;
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{token}{kind}Connection: close\r\n\r\n");
        self.raw(format!("{head}{}", body.unwrap_or_default()).as_bytes())
    }

    /// All of a stream that ends by itself.
    pub(crate) fn follow(&self, path: &str) -> String {
        let (mut socket, mut text) = (self.connect(), String::new());
        let (host, token) = (self.address, self.tokens().owner());
        write!(socket, "GET {path} HTTP/1.0\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n")
            .unwrap();
        socket.read_to_string(&mut text).unwrap();
        text
    }

    /// What comes back for these bytes on a connection of their own.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Answer {
        let mut socket = self.connect();
        // A server that has seen enough answers and closes before it has read all.
        drop(socket.write_all(bytes));
        Answer::read(&mut socket)
    }

    /// A connection.
    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).unwrap()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.end();
        }
    }
}

fn place(directory: &Path) -> Place {
    Place::new(directory).unwrap().allow_network()
}

/// An answer that was read to the end of its connection.
#[derive(Debug)]
pub(crate) struct Answer {
    /// 0 if the connection was closed without one.
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Reads until the other side closes; of an answer that is a stream, the head.
    pub(crate) fn read(socket: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        let mut part = [0; 4096];
        let is_stream = |bytes: &[u8]| {
            let head = bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|end| &bytes[..end]);
            head.is_some_and(|head| String::from_utf8_lossy(head).contains("text/event-stream"))
        };
        // A reset after the answer is the end as well.
        while let Ok(count @ 1..) = socket.read(&mut part) {
            bytes.extend_from_slice(&part[..count]);
            if is_stream(&bytes) {
                break;
            }
        }
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Self { status: 0, headers: String::new(), body: bytes };
        };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let (first, headers) = head.split_once("\r\n").unwrap_or((&head, ""));
        let status = first.split(' ').nth(1).unwrap().parse().unwrap();
        let body = bytes[end + 4..].to_vec();
        let chunked = headers.to_ascii_lowercase().contains("transfer-encoding: chunked");
        let body = if chunked { joined(&body) } else { body };
        Self { status, headers: headers.to_owned(), body }
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.headers.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The code of an error.
    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// A body without the lengths of its chunks.
fn joined(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|window| window == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        let rest = &body[end + 2..];
        whole.extend_from_slice(&rest[..length.min(rest.len())]);
        body = rest.get(length + 2..).unwrap_or_default();
    }
    whole
}
