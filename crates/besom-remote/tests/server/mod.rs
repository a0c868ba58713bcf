//! A server of stores in a few lines, for tests: threads that block, no limits, no tokens but one.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use besom_remote::{Answer, HttpOptions, HttpStore, check_protocol, dispatch, refuse};
use besom_store::{Lease, Store};
use flate2::read::GzDecoder;
use serde_json::Value;

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

/// Operations that answer what they did now, so that a repeated one says something else. Repeating them does no harm; those who call
/// them find out by what they see next.
const SAY_WHAT_IS_NEW: [&str; 11] = [
    "join",
    "create_with",
    "remove_sweep",
    "add_runs",
    "request_stops",
    "retry",
    "retry_runs",
    "drain",
    "give_up",
    "give_back",
    "quarantine",
];

/// Loses replies.
pub(crate) fn losing(place: u64, operation: &str) -> Fate {
    match place % 5 {
        2 if !SAY_WHAT_IS_NEW.contains(&operation) => Fate::Lost,
        _ => Fate::Answered,
    }
}

/// Makes requests twice.
pub(crate) fn doubling(place: u64, operation: &str) -> Fate {
    match place % 3 {
        1 if !SAY_WHAT_IS_NEW.contains(&operation) => Fate::Doubled,
        _ => Fate::Answered,
    }
}

type Stores = Arc<Mutex<HashMap<u64, Served>>>;

/// A store, and what was done to it twice.
struct Served {
    store: Box<dyn Store>,
    /// The beats that repeated requests have added, by lease: a repeated call is a sign of life, which is all that tells it
    /// from one that was not repeated.
    beats: HashMap<Lease, u64>,
    /// Whether the newest answer was lost, so that the request comes again.
    is_lost: bool,
}

impl Served {
    fn answer(&mut self, operation: &str, body: &[u8]) -> Answer {
        let body = self.shifted(operation, body);
        let mut answer = dispatch(operation, &body, &mut *self.store);
        if ["held", "running"].contains(&operation) && answer.status == 200 {
            let mut runs: Value = serde_json::from_slice(&answer.body).unwrap();
            for run in runs.as_array_mut().unwrap() {
                let beat = run["beat"].as_u64().unwrap() - self.extra(&run["lease"]);
                run["beat"] = beat.into();
            }
            answer.body = runs.to_string().into_bytes();
        }
        answer
    }

    /// The arguments with the beats that the store has counted.
    fn shifted(&self, operation: &str, body: &[u8]) -> Vec<u8> {
        if operation != "give_up" {
            return body.to_vec();
        }
        let mut arguments: Value = serde_json::from_slice(body).unwrap();
        let beat = arguments["beat"].as_u64().unwrap() + self.extra(&arguments["lease"]);
        arguments["beat"] = beat.into();
        arguments.to_string().into_bytes()
    }

    fn extra(&self, lease: &Value) -> u64 {
        let lease: Lease = serde_json::from_value(lease.clone()).unwrap();
        self.beats.get(&lease).copied().unwrap_or_default()
    }

    /// Answers a request that is made once more.
    fn answer_once_too_often(&mut self, operation: &str, body: &[u8]) -> Answer {
        let before = self.counted();
        let answer = self.answer(operation, body);
        for (lease, beat) in self.counted() {
            let known = before.iter().find(|(known, _)| *known == lease).map_or(beat, |(_, beat)| *beat);
            *self.beats.entry(lease).or_default() += beat - known;
        }
        answer
    }

    /// The beats of all that runs.
    fn counted(&mut self) -> Vec<(Lease, u64)> {
        let sweeps = self.store.sweeps().unwrap();
        let running = sweeps.iter().flat_map(|sweep| self.store.running(sweep.id()).unwrap());
        running.map(|held| (held.lease, held.beat)).collect()
    }
}

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
        let served = Served { store: Box::new(store), beats: HashMap::new(), is_lost: false };
        self.stores.lock().unwrap().insert(number, served);
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
        let refused = refusal(&request);
        let fate = fates(count.fetch_add(1, Ordering::SeqCst), operation);
        let told = refused.unwrap_or_else(|| {
            let mut stores = stores.lock().unwrap();
            let served = stores.get_mut(&number.parse().unwrap()).unwrap();
            match fate {
                _ if std::mem::take(&mut served.is_lost) => {
                    served.answer_once_too_often(operation, &request.body)
                }
                Fate::Answered => served.answer(operation, &request.body),
                Fate::Lost => {
                    served.is_lost = true;
                    served.answer(operation, &request.body)
                }
                Fate::Doubled => {
                    served.answer(operation, &request.body);
                    served.answer_once_too_often(operation, &request.body)
                }
            }
        });
        if fate == Fate::Lost {
            return None;
        }
        write(&stream, &told);
    }
}

/// Why a request is not done, if it is not.
fn refusal(request: &Request) -> Option<Answer> {
    let header = |name: &str| request.headers.get(name).map(String::as_str);
    if let Err(refused) = check_protocol(header("besom-protocol")) {
        return Some(refused);
    }
    if request.body.len() > Server::LIMIT {
        return Some(refuse(413, "body_too_large", "it is too large"));
    }
    let is_known = header("authorization").is_some_and(|token| token.ends_with(Server::TOKEN));
    (!is_known).then(|| refuse(401, "wrong_token", "no such token"))
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
