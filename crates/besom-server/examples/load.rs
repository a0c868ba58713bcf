//! How much a server does: claims and ends, rows, and agents that wait. The load runs in the same process, on the same cores.
//!
//! ```sh
//! cargo run --release -p besom-server --example load -- [SECONDS] [AGENTS ..]
//! ```
#![expect(clippy::unwrap_used, reason = "a measurement that fails says so by a panic")]
#![expect(clippy::print_stdout, reason = "it is a program")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use besom_core::{Goal, RunNumber};
use besom_engine::{Place, registry};
use besom_server::{Server, ServerOptions, Stop};
use besom_store::{NewRun, NewSweep, Store, SweepId, SweepState};
use serde_json::{Map, Value, json};

/// Runs of a sweep, more than are claimed.
const RUNS: usize = 120_000;
/// Rows of a report.
const ROWS: u64 = 1000;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|word| word.parse::<u64>().unwrap());
    let seconds = Duration::from_secs(arguments.next().unwrap_or(5));
    let agents: Vec<u64> = arguments.collect();
    let directory = tempfile::tempdir().unwrap();
    let place = Place::new(directory.path()).unwrap().allow_network();
    let mut store = place.open_or_create().unwrap();
    let server = Server::new(place.clone(), registry(), ServerOptions::default()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client { address: listener.local_addr().unwrap(), token: server.tokens().owner() };
    let stop = Stop::new();
    thread::scope(|scope| {
        let serving = scope.spawn(|| server.serve(listener, &stop));
        for count in if agents.is_empty() { vec![16, 200] } else { agents } {
            let id = filled(&mut *store, &format!("claims{count:03}"));
            claims(&client, &id, count, seconds);
        }
        rows(&client, &filled(&mut *store, "rows0001"), seconds);
        idle(&client, &mut *store, 200, seconds);
        stop.stop();
        serving.join().unwrap().unwrap();
    });
}

/// A sweep with all its runs, so that no search method takes part.
fn filled(store: &mut dyn Store, id: &str) -> SweepId {
    let text = "{method: random, metric: {name: loss}, parameters: {x: {min: 0.0, max: 1.0}}}";
    let new = NewSweep::new(id).text(text).metric("loss", Goal::Minimize);
    store.create_sweep(&new).unwrap();
    let mut first = 1;
    while first < RUNS {
        let run = |x: usize| NewRun::new(object(json!({"x": x as f64 / RUNS as f64})));
        let runs: Vec<_> = (first..first + 10_000).map(run).collect();
        store.add_runs(&new.id, RunNumber::new(first as u64).unwrap(), &runs, None).unwrap();
        first += runs.len();
    }
    new.id
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

/// Agents that claim and finish as fast as they are answered.
fn claims(client: &Client, id: &SweepId, agents: u64, time: Duration) {
    let until = Instant::now() + time;
    let work = || {
        let mut connection = client.connect();
        let agent = connection.join(id);
        let mut times = Vec::new();
        for request in 1_u64.. {
            let begun = Instant::now();
            let run = connection.call("claim", &json!({"agent": agent, "request": request}));
            times.push(begun.elapsed());
            let end = json!({"state": "finished", "exit_code": 0, "message": null, "keeps_rows": false});
            let begun = Instant::now();
            connection.call("finish", &json!({"lease": run["run"]["lease"], "end": end}));
            times.push(begun.elapsed());
            if Instant::now() >= until {
                break;
            }
        }
        times
    };
    let (begun, before) = (Instant::now(), cpu());
    let mut times: Vec<Duration> = thread::scope(|scope| {
        let threads: Vec<_> = (0..agents).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
    // On a busy machine this says more than the rate. The agents' side is in it.
    let cost = (cpu() - before) * 1e6 / times.len() as f64;
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    let (half, most) = (at(50), at(99));
    println!(
        "{agents} agents: {rate:.0} claims and ends/s, p50 {half:.1} ms, p99 {most:.1} ms, {cost:.0} us of CPU each"
    );
}

/// One agent that reports rows.
fn rows(client: &Client, id: &SweepId, time: Duration) {
    let mut connection = client.connect();
    let agent = connection.join(id);
    let run = connection.call("claim", &json!({"agent": agent, "request": 1}));
    let (begun, before, mut seq) = (Instant::now(), cpu(), 0);
    while begun.elapsed() < time {
        let row = |seq: u64| json!({"seq": seq, "values": {"loss": 1.0 / seq as f64, "step": seq}});
        let rows: Vec<_> = (seq + 1..=seq + ROWS).map(row).collect();
        let reply = connection.call("report", &json!({"lease": run["run"]["lease"], "rows": rows}));
        assert_eq!(reply, "continue");
        seq += ROWS;
    }
    let (rate, cost) = (seq as f64 / begun.elapsed().as_secs_f64(), (cpu() - before) * 1e6 / seq as f64);
    println!("one reporter, {ROWS} rows a report: {rate:.0} rows/s, {cost:.1} us of CPU each");
}

/// Agents that wait for a run of a paused sweep: what they cost the process, with their own side of it.
fn idle(client: &Client, store: &mut dyn Store, agents: u64, time: Duration) {
    let id = filled(store, "idle0001");
    store.set_state(&id, SweepState::Paused, None).unwrap();
    let mut connections: Vec<_> = (0..agents).map(|_| client.connect()).collect();
    for connection in &mut connections {
        let agent = connection.join(&id);
        connection.send("claim", &json!({"agent": agent, "request": 1, "wait_ms": 25_000}));
    }
    thread::sleep(Duration::from_secs(1));
    let (before, begun) = (cpu(), Instant::now());
    thread::sleep(time);
    let share = (cpu() - before) / begun.elapsed().as_secs_f64();
    println!("{agents} agents that wait: {:.2} % of a core", share * 100.0);
}

/// The CPU time of this process so far, in seconds.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().map(|field| field.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}

struct Client {
    address: SocketAddr,
    token: String,
}

impl Client {
    fn connect(&self) -> Connection {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        let head = format!(
            "HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n",
            self.address, self.token
        );
        Connection { stream: BufReader::new(stream), head }
    }
}

/// A connection that is kept.
struct Connection {
    stream: BufReader<TcpStream>,
    head: String,
}

impl Connection {
    fn join(&mut self, id: &SweepId) -> u64 {
        let agent = json!({"name": "load", "heartbeat_timeout_ms": 600_000});
        self.call("join", &json!({"sweep": id, "agent": agent})).as_u64().unwrap()
    }

    fn call(&mut self, operation: &str, body: &Value) -> Value {
        self.send(operation, body);
        let mut length = 0;
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let is_well = line.starts_with("HTTP/1.1 200");
        while line != "\r\n" {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        assert!(is_well, "{}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    fn send(&mut self, operation: &str, body: &Value) {
        let body = body.to_string();
        let head = &self.head;
        let text = format!("POST /v1/store/{operation} {head}Content-Length: {}\r\n\r\n{body}", body.len());
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
    }
}
