//! A server of stores in a few lines, for tests: threads that block, no limits, no tokens but one.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use besom_remote::{Answer, HttpOptions, HttpStore, check_protocol, dispatch, refuse};
use besom_store::Store;
use flate2::read::GzDecoder;

/// What happens to a request on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is done and answered.
    Answered,
    /// It is done, and the connection breaks before the answer.
    Lost,
    /// It is done twice.
    Doubled,
}

/// What is decided of the n-th request for an operation.
pub(crate) type Fates = fn(u64, &str) -> Fate;

type Stores = Arc<Mutex<HashMap<u64, Box<dyn Store>>>>;

/// A server whose stores have numbers, which are the first component of their paths.
pub(crate) struct Server {
    address: SocketAddr,
    stores: Stores,
    count: AtomicU64,
}

/// What a request says.
pub(crate) struct Request {
    path: String,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Server {
    /// The token that it asks for, if any is given.
    pub(crate) const TOKEN: &'static str = "a-token-of-this-test";

    /// How large a message may be.
    pub(crate) const LIMIT: usize = 1 << 20;

    pub(crate) fn start(fates: Fates) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stores = Stores::default();
        let (served, count) = (Arc::clone(&stores), Arc::new(AtomicU64::new(0)));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (stores, count) = (Arc::clone(&served), Arc::clone(&count));
                thread::spawn(move || serve(stream, &stores, &count, fates));
            }
        });
        Self { address, stores, count: AtomicU64::new(0) }
    }

    /// The URL of one more store.
    pub(crate) fn url_of(&self, store: impl Store + 'static) -> String {
        let number = self.count.fetch_add(1, Ordering::SeqCst);
        self.stores.lock().unwrap().insert(number, Box::new(store));
        format!("http://{}/{number}", self.address)
    }

    /// A client of one more store.
    pub(crate) fn client_of(&self, store: impl Store + 'static) -> HttpStore {
        let options = HttpOptions::default().token(Self::TOKEN);
        HttpStore::connect(&self.url_of(store), &options).unwrap()
    }
}

fn serve(stream: TcpStream, stores: &Stores, count: &AtomicU64, fates: Fates) -> Option<()> {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let request = read(&mut reader)?;
        let (number, operation) = request.path.trim_start_matches('/').split_once("/v1/store/")?;
        let answer = || {
            check_protocol(request.headers.get("besom-protocol").map(String::as_str)).err().unwrap_or_else(
                || match request.headers.get("authorization") {
                    _ if request.body.len() > Server::LIMIT => {
                        refuse(413, "body_too_large", "it is too large")
                    }
                    Some(token) if token.ends_with(Server::TOKEN) => {
                        let mut stores = stores.lock().unwrap();
                        let store = stores.get_mut(&number.parse().unwrap()).unwrap();
                        dispatch(operation, &request.body, &mut **store)
                    }
                    _ => refuse(401, "wrong_token", "no such token"),
                },
            )
        };
        let mut told = answer();
        match fates(count.fetch_add(1, Ordering::SeqCst), operation) {
            Fate::Answered => {}
            Fate::Lost => return None,
            Fate::Doubled => told = answer(),
        }
        write(&stream, &told);
    }
}

/// Reads a request.
pub(crate) fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|&read| read > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    if headers.get("content-encoding").is_some_and(|encoding| encoding == "gzip") {
        let packed = std::mem::take(&mut body);
        GzDecoder::new(packed.as_slice()).read_to_end(&mut body).ok()?;
    }
    Some(Request { path, headers, body })
}

/// Writes an answer.
pub(crate) fn write(mut stream: &TcpStream, answer: &Answer) {
    let Answer { status, body } = answer;
    let mut text = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    text.extend(body);
    // The client may be gone.
    let _ = stream.write_all(&text);
}
