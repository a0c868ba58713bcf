//! What a client says when there is no server as it should be, and what it does with messages of any size.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod server;

use std::io::BufReader;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use besom_core::{Goal, RunNumber, error_chain};
use besom_remote::{Answer, Call, HttpOptions, HttpStore, Scope};
use besom_store::{
    AgentId, Claim, MemoryStore, NewAgent, NewRun, NewSweep, Queue, Reply, Row, RunQuery, Store, StoreError,
    SweepId, SweepState, system_clock,
};
use serde_json::{Map, Value, json};
use server::{Fate, Server};

/// The error of a call to a server that answers so, once for each answer.
fn error_of(answers: Vec<Answer>) -> StoreError {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answering = thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            server::read(&mut BufReader::new(stream.try_clone().unwrap()));
            server::write(&stream, &answer);
        }
    });
    let mut store = HttpStore::connect(&url, &HttpOptions::default()).unwrap();
    let error = store.sweeps().unwrap_err();
    answering.join().unwrap();
    error
}

fn says(error: &StoreError, words: &str) {
    let chain = error_chain(error);
    assert!(chain.starts_with("cannot use the store at http"), "{chain}");
    assert!(chain.contains(words), "{chain}");
}

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, body: body.into() }
}

#[test]
fn each_error_names_the_url_and_says_what_to_do() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{unused}");
    let error = HttpStore::connect(&url, &HttpOptions::default()).unwrap().sweeps().unwrap_err();
    says(&error, &url);
    says(&error, "no server listens there");
    assert!(error.is_transient(), "a server that is started again is met again");

    let error = error_of(vec![answer(401, r#"{"error": {"code": "no_token", "message": "no"}}"#)]);
    says(&error, "set BESOM_TOKEN");
    assert!(!error.is_transient());
    says(
        &error_of(vec![answer(404, "<html>nginx</html>")]),
        "is not a besom server: check host, port and path",
    );
    says(&error_of(vec![answer(302, "")]), "it redirects");
    says(&error_of(vec![answer(200, "<html>hello</html>")]), "the answer to 'sweeps' is unreadable");
    let newer = r#"{"error": {"code": "protocol", "message": "speaks 2: upgrade the agent"}}"#;
    says(&error_of(vec![answer(426, newer)]), "upgrade the agent");
    let scope = r#"{"error": {"code": "scope", "message": "this token allows to read"}}"#;
    says(&error_of(vec![answer(403, scope)]), "this token allows to read");
    let error = error_of(vec![answer(502, "bad gateway")]);
    says(&error, "a proxy before the server cannot reach it");
    assert!(error.is_transient());
}

#[test]
fn what_cannot_be_a_server_is_refused_before_a_token_is_sent() {
    let refused =
        |url: &str, options: &HttpOptions| error_chain(&HttpStore::connect(url, options).unwrap_err());
    let options = HttpOptions::default();
    assert_eq!(
        refused("http://me:secret@10.1.2.3:7070/", &options),
        "cannot use the store at http://10.1.2.3:7070: leave out what stands before '@', and set BESOM_TOKEN to the token: \
         give a URL such as https://host:7070"
    );
    assert!(refused("http://10.1.2.3:7070", &options).contains("plain http shows the token"));
    assert!(
        refused("http://127.0.0.1", &options.clone().token("two words"))
            .contains("characters that no token has")
    );
    let missing = options.clone().ca_file("/nowhere/ca.pem");
    assert!(refused("https://host", &missing).contains("cannot read the certificates in /nowhere/ca.pem"));
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("ca.pem");
    std::fs::write(&empty, "no certificate").unwrap();
    assert!(refused("https://host", &options.ca_file(&empty)).contains("it has no certificate in PEM form"));
}

#[test]
fn https_to_a_server_without_tls_is_said_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let answering = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        server::write(&stream, &answer(400, "what?"));
    });
    let error = HttpStore::connect(&url, &HttpOptions::default()).unwrap().sweeps().unwrap_err();
    answering.join().unwrap();
    says(&error, "it does not speak TLS");
}

fn sweep() -> NewSweep {
    NewSweep::new("3k8s0x1q").metric("loss", Goal::Minimize).seed(u64::MAX - 1)
}

fn row(seq: u64, text: &str) -> Row {
    let values = json!({"loss": 1.0, "text": text});
    Row::new(seq, values.as_object().cloned().unwrap_or_default())
}

#[test]
fn a_restart_of_the_server_between_two_calls_is_not_noticed() {
    let server = Server::start(|place, _| if place == 1 { Fate::Lost } else { Fate::Answered });
    let mut store = server.client_of(MemoryStore::new(system_clock()));
    store.create_sweep(&sweep()).unwrap();
    store.set_label(&sweep().id, "project", Some("x")).unwrap();
    assert_eq!(store.sweep(&sweep().id).unwrap().new.labels["project"], "x");
}

#[test]
fn large_messages_are_compressed_and_all_numbers_arrive() {
    let server = Server::start(|_, _| Fate::Answered);
    let mut store = server.client_of(MemoryStore::new(system_clock()));
    store.create_sweep(&sweep().text("x: 1\n".repeat(100_000))).unwrap();
    let found = store.sweep(&sweep().id).unwrap().new;
    assert_eq!((found.seed, found.text.len()), (u64::MAX - 1, 500_000));

    let point: Map<String, Value> =
        serde_json::from_str(r#"{"z": 0.30000000000000004, "a": 18446744073709551615}"#).unwrap();
    store.add_runs(&found.id, RunNumber::FIRST, &[NewRun::new(point.clone())], None).unwrap();
    let run = store.runs(&found.id, &RunQuery::default()).unwrap().remove(0);
    assert_eq!(serde_json::to_string(&run.point).unwrap(), serde_json::to_string(&point).unwrap());
}

#[test]
fn rows_and_output_that_are_too_much_for_one_message_arrive_in_parts() {
    let server = Server::start(|_, _| Fate::Answered);
    let mut store = server.client_of(MemoryStore::new(system_clock()));
    let id = sweep().id;
    store.create_sweep(&sweep()).unwrap();
    store.add_runs(&id, RunNumber::FIRST, &[NewRun::new(Map::new())], None).unwrap();
    let agent = store.join(&id, &NewAgent::new("me", Duration::from_secs(60))).unwrap();
    let Claim::Run(run) = store.claim(agent, 1).unwrap() else { panic!("there is a run") };
    let rows: Vec<Row> = (1..=40).map(|seq| row(seq, &"y".repeat(Server::LIMIT / 10))).collect();
    assert_eq!(store.report(&run.lease, &rows).unwrap(), Reply::Continue);
    assert_eq!(store.rows(&id, run.lease.run, None).unwrap(), rows);
    let text = "\u{1F9F9}".repeat(Server::LIMIT);
    assert_eq!(store.print(&run.lease, 0, &text).unwrap(), Reply::Continue);
    assert_eq!(store.output(&id, run.lease.run, None).unwrap().total, text.len() as u64);

    let large = row(41, &"y".repeat(Server::LIMIT));
    says(&store.report(&run.lease, &[large]).unwrap_err(), "it is too large");
}

#[test]
fn a_message_says_what_it_is_about_and_what_it_takes() {
    let call = |operation: &str, body: &str| Call::parse(operation, body.as_bytes()).unwrap();
    let claim = call("claim", r#"{"agent": 7, "request": 1, "wait_ms": 25000}"#);
    assert_eq!((claim.scope(), claim.writes(), claim.sweep()), (Scope::Agent, true, None));
    assert_eq!(claim.agent().map(|agent| agent.0), Some(7));
    assert_eq!(claim.patience(), Duration::from_secs(25));
    let report = call("report", r#"{"lease": {"sweep": "abc", "run": 1, "attempt": 1}, "rows": []}"#);
    assert_eq!(report.sweep(), Some(&SweepId::new("abc")));
    let wait = call("wait", r#"{"sweep": "abc", "since": "18446744073709551615", "at_most_ms": 5}"#);
    assert_eq!((wait.scope(), wait.writes(), wait.since()), (Scope::Read, false, Some(u64::MAX)));
    let status = |operation: &str, body: &str| Call::parse(operation, body.as_bytes()).unwrap_err().status;
    assert_eq!([status("explode", "{}"), status("sweep", "{}"), status("sweep", "no")], [404, 400, 400]);
    let huge =
        r#"{"lease": {"sweep": "a", "run": 1, "attempt": 1}, "from": 18446744073709551615, "text": "x"}"#;
    assert_eq!(status("print", huge), 400);
    let cancel = call("set_state", r#"{"id": "abc", "to": "canceled"}"#);
    assert_eq!(cancel.scope(), Scope::Owner);
}

/// From these the fuzz target begins; each operation is among them.
#[test]
fn the_seeds_of_the_fuzz_target_are_messages() {
    let seeds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/messages");
    let mut operations = std::collections::BTreeSet::new();
    for seed in std::fs::read_dir(seeds).unwrap() {
        let mut store = MemoryStore::new(system_clock());
        let seed = std::fs::read_to_string(seed.unwrap().path()).unwrap();
        for (name, body) in seed.lines().map(|line| line.split_once(' ').unwrap()) {
            let answer = besom_remote::dispatch(name, body.as_bytes(), &mut store);
            let body = String::from_utf8(answer.body).unwrap();
            assert!(answer.status != 400 && !body.contains("no_operation"), "{name}: {body}");
            operations.insert(name.to_owned());
        }
    }
    assert_eq!(operations.len(), 46, "{operations:?}");
}

#[test]
fn a_claim_that_got_nothing_is_told_from_one_that_got_a_run() {
    let mut store = MemoryStore::new(system_clock());
    store.create_sweep(&sweep()).unwrap();
    let agent = store.join(&sweep().id, &NewAgent::new("me", Duration::from_secs(60))).unwrap();
    let call = Call::parse("claim", format!(r#"{{"agent": {}, "request": 1}}"#, agent.0).as_bytes()).unwrap();
    assert!(call.run(&mut store).is_nothing());
    store.add_runs(&sweep().id, RunNumber::FIRST, &[NewRun::new(Map::new())], None).unwrap();
    let answer = call.run(&mut store);
    assert!(!answer.is_nothing());
    assert!(matches!(serde_json::from_slice(&answer.body).unwrap(), Claim::Run(_)));
}

#[test]
fn a_claim_waits_at_the_server_until_its_agent_has_had_enough() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (arrived, arrival) = mpsc::channel();
    let answering = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        server::read(&mut BufReader::new(stream.try_clone().unwrap()));
        arrived.send(()).unwrap();
        // The server has nothing to say for longer than anybody waits; the next claim comes on another connection.
        let (other, _) = listener.accept().unwrap();
        server::read(&mut BufReader::new(other.try_clone().unwrap()));
        server::write(&other, &answer(200, r#"{"nothing": "paused"}"#));
        stream
    });
    let mut store = HttpStore::connect(&url, &HttpOptions::default()).unwrap();
    let enough = || arrival.try_recv().is_ok();
    let claim = store.claim_within(AgentId(7), 1, Duration::from_secs(25), &enough).unwrap();
    assert_eq!(claim, Claim::Nothing(SweepState::Running));
    let claim = store.claim_within(AgentId(7), 1, Duration::from_secs(25), &|| false).unwrap();
    assert_eq!(claim, Claim::Nothing(SweepState::Paused));
    drop(answering.join().unwrap());
}

#[test]
fn a_call_that_hangs_is_given_up_when_somebody_wants_its_end() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let is_over = Arc::new(AtomicBool::new(false));
    let ends = Arc::clone(&is_over);
    let answering = thread::spawn(move || {
        let (silent, _) = listener.accept().unwrap();
        server::read(&mut BufReader::new(silent.try_clone().unwrap()));
        ends.store(true, Ordering::SeqCst);
        let (other, _) = listener.accept().unwrap();
        server::read(&mut BufReader::new(other.try_clone().unwrap()));
        server::write(&other, &answer(200, "[]"));
        silent
    });
    let mut store = HttpStore::connect(&url, &HttpOptions::default()).unwrap();
    // Only the first call is to end; a clone has the same wish.
    store.give_up_when(move |_| is_over.swap(false, Ordering::SeqCst));
    let mut store = store.clone();
    let error = store.sweeps().unwrap_err();
    assert!(error.is_transient());
    says(&error, "it has not answered for 0 s, and this process is to end");
    assert_eq!(store.sweeps().unwrap(), []);
    drop(answering.join().unwrap());
}
